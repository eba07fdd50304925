package review

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

// account is a user as GitHub and GitLab write one.
type account struct {
	ID       int64  `json:"id"`
	Login    string `json:"login"`    // GitHub
	Username string `json:"username"` // GitLab
	Type     string `json:"type"`     // GitHub: User, Bot, Organization, Mannequin
	Bot      *bool  `json:"bot"`      // GitLab, in some answers
}

// directory knows who is who.
type directory struct {
	scheme string // "github" or "gitlab"
	hosts  map[string]release.Actor
	// humans are the actors that the host calls people.
	humans map[string]bool
	// logins are the first login that each account's number was seen with: a login may
	// change between two answers.
	logins map[int64]string
	met    map[string]bool // the logins of all accounts
}

// newDirectory takes the host's identities in lower case, so that no spelling hides
// who is who.
func newDirectory(scheme string, identities map[string]release.Actor) *directory {
	d := &directory{scheme: scheme, hosts: map[string]release.Actor{}, humans: map[string]bool{}, logins: map[int64]string{}, met: map[string]bool{}}
	for _, id := range slices.Sorted(maps.Keys(identities)) {
		a := identities[id]
		a.ID = strings.ToLower(a.ID)
		if _, ok := d.hosts[strings.ToLower(id)]; !ok {
			d.hosts[strings.ToLower(id)] = a
		}
		if a.Kind == release.ActorHuman && a.ID != "" {
			d.humans[a.ID] = true
		}
	}
	return d
}

// account is who an account is; nobody for a deleted one.
func (d *directory) account(a *account) release.Actor {
	if a == nil {
		return release.Actor{}
	}
	login := a.Login
	if d.scheme == "gitlab" {
		login = a.Username
	}
	login = strings.ToLower(strings.TrimSpace(login))
	if login == "" || login == "ghost" || login == "ghost1" && d.scheme == "gitlab" { // those that stand in for deleted accounts
		return release.Actor{}
	}
	if a.ID != 0 {
		if first, ok := d.logins[a.ID]; ok {
			login = first
		}
		d.logins[a.ID] = login
	}
	if a.ID != 0 || a.Type != "" {
		d.met[login] = true
	}
	kind := accountKind(login, a)
	return d.resolve(release.Actor{Kind: kind, ID: d.scheme + ":" + release.Text(login).String(), Name: release.Text(login)})
}

// resolve is who the host says that an actor is. Of names that lead to each other in
// a circle, the first in order stands for all.
func (d *directory) resolve(a release.Actor) release.Actor {
	machine := automatic(a)
	seen := []release.Actor{}
	for {
		if i := slices.IndexFunc(seen, a.Same); i >= 0 {
			kind := a.Kind
			a = slices.MinFunc(seen[i:], func(a, b release.Actor) int { return strings.Compare(a.ID, b.ID) })
			a.Kind = kind
			break
		}
		seen = append(seen, a)
		to, ok := d.hosts[a.ID]
		if !ok || to.ID == "" {
			break
		}
		if machine || to.Kind == release.ActorUnknown {
			to.Kind = a.Kind
		}
		a = to
	}
	if a.Kind == release.ActorUnknown && d.humans[a.ID] {
		a.Kind = release.ActorHuman
	}
	return a
}

// email is who an address in a commit belongs to, and whether anybody knows.
func (d *directory) email(name, address string) (who release.Actor, mapped bool) {
	claim := release.EmailActor(credit.KindOf(name, address), name, address)
	if claim.ID == "" {
		return claim, false
	}
	if _, ok := d.hosts[claim.ID]; ok {
		return d.resolve(claim), true
	}
	if login := d.noreply(strings.TrimPrefix(claim.ID, "email:")); login != "" {
		a := d.account(&account{Login: login, Username: login})
		a.Kind = max(a.Kind, claim.Kind)
		return a, a.ID != ""
	}
	return claim, false
}

// noreply is the login in an address that the forge itself gives to an account:
// "123+ada@users.noreply.github.com", "123-ada@users.noreply.gitlab.com". The number
// stays when the login changes. Addresses from before GitHub wrote one are believed
// only if the login is that of an account that was met: it may be a former one.
func (d *directory) noreply(address string) string {
	local, host, _ := strings.Cut(address, "@")
	sep := "+"
	switch {
	case d.scheme == "github" && host == "users.noreply.github.com":
	case d.scheme == "gitlab" && host == "users.noreply.gitlab.com":
		sep = "-"
	default:
		return ""
	}
	number, login, ok := strings.Cut(local, sep)
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n <= 0 {
		if d.met[local] {
			return local
		}
		return ""
	}
	if known, ok := d.logins[n]; ok {
		return known
	}
	return login
}
