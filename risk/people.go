package risk

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

// people tells whether somebody may be one of the authors of a change set. Identities are compared by
// their names: one identity has several where it is known to stand for the same person as others.
type people struct {
	groups  map[string]*group // of [Input.Same], by each name in them
	authors map[string]bool   // all names of all authors
	schemes [][]string        // for each author, the schemes of its names; each list once
	nobody  string            // why nobody can be told from the authors; "" where somebody can
}

// group are the names of one person that the host told.
type group struct {
	name    string // of the group itself, which no identity has
	members []string
	schemes []string
}

func newPeople(cs *release.ChangeSet, same [][]string) *people {
	p := &people{groups: map[string]*group{}, authors: map[string]bool{}}
	for i, ids := range same {
		g := &group{name: fmt.Sprintf("\x00%d", i)}
		for _, id := range ids {
			for _, n := range aliases(nil, id) {
				if n != "" {
					g = p.join(g, n)
				}
			}
		}
	}
	authors := cs.Authors()
	if len(authors) == 0 {
		p.nobody = "nobody is named as an author, so the second person could be one"
	}
	for _, a := range authors {
		if a.ID == "" {
			p.nobody = "an author has no identity, so the second person could be that author"
			continue
		}
		names := p.names(nil, a.ID)
		if odd(a.ID) && !slices.ContainsFunc(names, func(n string) bool { return p.groups[n] != nil }) {
			p.nobody = "an author has an identity that can be written in several ways, so the second person could be that author (see Input.Same)"
		}
		for _, n := range names {
			p.authors[n] = true
		}
		if schemes := p.schemesOf(names); !slices.ContainsFunc(p.schemes, func(s []string) bool { return slices.Equal(s, schemes) }) {
			p.schemes = append(p.schemes, schemes)
		}
	}
	return p
}

// join enters a name into a group, with all whose group it was in; the larger of two takes in the smaller.
func (p *people) join(g *group, name string) *group {
	less := p.groups[name]
	switch {
	case less == g:
		return g
	case less == nil:
		less = &group{members: []string{name}, schemes: []string{scheme(name)}}
	case len(less.members) > len(g.members):
		g, less = less, g
	}
	for _, n := range less.members {
		p.groups[n] = g
	}
	g.members = append(g.members, less.members...)
	for _, s := range less.schemes {
		if !slices.Contains(g.schemes, s) {
			g.schemes = append(g.schemes, s)
		}
	}
	return g
}

// names appends the names of an identity, and that of the group of the same person's.
func (p *people) names(out []string, id string) []string {
	n := len(out)
	out = aliases(out, id)
	for _, own := range out[n:] {
		if g := p.groups[own]; g != nil {
			return append(out, g.name) // names of one identity are in one group, or in none
		}
	}
	return out
}

// schemesOf are the schemes by which whoever has these names is known. Keys are none: one person may have many.
func (p *people) schemesOf(names []string) []string {
	var out []string
	for _, n := range names {
		if g := p.groups[n]; g != nil {
			out = append(out, g.schemes...)
		}
		if !strings.HasPrefix(n, "\x00") { // a group's own
			out = append(out, scheme(n))
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "key" })
}

// against says why the two cannot answer for the change set, "" where they can: both must be people,
// two of them, and the second none of the authors.
func (p *people) against(first, second release.Actor) string {
	for _, a := range []release.Actor{first, second} {
		if k := kindOf(a.ID); k != release.ActorUnknown {
			return fmt.Sprintf("%s is the name of a program (%s)", a.ID, k)
		}
		if odd(a.ID) {
			return fmt.Sprintf("%s can be written in several ways, so nobody can tell whose it is", a.ID)
		}
	}
	var rooms [2][4]string // there may be many waivers, and few have more names
	other, them := p.names(rooms[0][:0], first.ID), p.names(rooms[1][:0], second.ID)
	for _, n := range them {
		switch {
		case slices.Contains(other, n):
			return "the two are one person"
		case p.authors[n]:
			return "the second person is an author of the change"
		}
	}
	known := p.schemesOf(them)
	shared := func(schemes []string) bool {
		return slices.ContainsFunc(schemes, func(s string) bool { return slices.Contains(known, s) })
	}
	if !shared(p.schemesOf(other)) {
		return fmt.Sprintf("one is named by %s and the other by %s, so nobody can tell whether they are two (see Input.Same)", scheme(first.ID), scheme(second.ID))
	}
	if p.nobody != "" {
		return p.nobody
	}
	for _, schemes := range p.schemes {
		if !shared(schemes) {
			return fmt.Sprintf("authors are named by %s and the second person by %s, so nobody can tell whether they are the same (see Input.Same)",
				cmp.Or(strings.Join(schemes, ", "), "key"), scheme(second.ID))
		}
	}
	return ""
}

// aliases appends what an identity is compared by: small letters, an address without what follows a plus
// sign, one of Google's without the dots that it does not count, and beside a forge's private address the account that
// it stands for. That two names differ does not say that two people do; that they are equal says that one does.
func aliases(out []string, id string) []string {
	id = strings.ToLower(strings.TrimSpace(id))
	address, ok := strings.CutPrefix(id, "email:")
	if !ok {
		return append(out, id)
	}
	local, host, _ := strings.Cut(address, "@")
	switch host = strings.TrimRight(host, "."); host {
	case "users.noreply.github.com": // 1234+ada, or ada alone on old accounts
		if _, account, ok := strings.Cut(local, "+"); ok {
			local = account
		}
		return append(out, "email:"+local+"@"+host, "github:"+local)
	case "users.noreply.gitlab.com": // 1234-ada
		if number, account, ok := strings.Cut(local, "-"); ok && strings.Trim(number, "0123456789") == "" {
			local = account
		}
		return append(out, "email:"+local+"@"+host, "gitlab:"+local)
	}
	plain, _, _ := strings.Cut(local, "+")
	if host == "gmail.com" || host == "googlemail.com" { // https://support.google.com/mail/answer/7436150
		plain, host = strings.ReplaceAll(plain, ".", ""), "gmail.com"
	}
	if len("email:")+len(plain)+1+len(host) == len(id) {
		return append(out, id) // as it is, which spares the copy
	}
	return append(out, "email:"+plain+"@"+host)
}

var (
	// plainAddress has words joined by dots on the left (RFC 5322, section 3.2.3; no quotes, no comments), an application's mark
	// too, and on the right a host's name.
	plainAddress = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\[\\]-]+@[A-Za-z0-9.-]+$")
	// plainAccount is an account on a forge.
	plainAccount = regexp.MustCompile(`^[A-Za-z0-9._-]+(\[bot\])?$`)
)

// odd reports whether an identity may have another spelling that aliases does not bring together with it: letters that
// are no ASCII, of which there are composed, wide and encoded ones, and what is no plain address or account.
func odd(id string) bool {
	if strings.ContainsFunc(id, func(r rune) bool { return r > '~' || r <= ' ' }) {
		return true
	}
	s, rest, _ := strings.Cut(id, ":")
	switch strings.ToLower(s) {
	case "email":
		return !plainAddress.MatchString(rest)
	case "github", "gitlab":
		return !plainAccount.MatchString(rest)
	}
	return false
}

// scheme is the first part of a name.
func scheme(id string) string {
	s, _, _ := strings.Cut(id, ":")
	return s
}

// kindOf tells automation and agents by their identity. It never says human.
func kindOf(id string) release.ActorKind {
	s, rest, _ := strings.Cut(id, ":")
	if strings.EqualFold(s, "email") {
		return credit.KindOf("", rest)
	}
	return credit.KindOfAccount(rest)
}
