package review

import (
	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

// accountKind is what an account is, by its name and by what the forge says of it.
func accountKind(login string, a *account) release.ActorKind {
	kind := credit.KindOfAccount(login)
	switch {
	case kind != release.ActorUnknown:
		return kind
	case a.Type == "Bot", a.Bot != nil && *a.Bot:
		return release.ActorBot
	case a.Type == "User", a.Bot != nil:
		return release.ActorHuman
	}
	return release.ActorUnknown
}

// automatic reports whether an actor is known to be no person.
func automatic(a release.Actor) bool {
	return a.Kind != release.ActorHuman && a.Kind != release.ActorUnknown
}
