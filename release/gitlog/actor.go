package gitlog

import (
	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

// actor is who a name and an address claim to be.
func actor(name, email string) release.Actor {
	name = cutText(name, maxSubject)
	if len(email) > maxSubject {
		email = "" // cut, it could be taken for another one's
	}
	return release.EmailActor(credit.KindOf(name, email), name, email)
}

func actors(people []credit.Person) []release.Actor {
	var out []release.Actor
	for _, p := range people {
		out = append(out, actor(p.Name, p.Email))
	}
	return distinct(out)
}
