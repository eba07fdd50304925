package layout

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// statements are those of all that are links in the form of the in-toto
// attestation framework, each once, sorted.
func statements(all []evidence.Verified) ([]evidence.Verified, error) {
	var out []evidence.Verified
	for i, v := range all {
		if v.IsZero() {
			return nil, fmt.Errorf("layout: statement %d was never verified", i+1)
		}
		if v.Statement().PredicateType() == predicate.TypeLink {
			out = append(out, v)
		}
	}
	compare := func(a, b evidence.Verified) int {
		return cmp.Or(a.Digest().Compare(b.Digest()), a.By().Key.Compare(b.By().Key))
	}
	slices.SortFunc(out, compare)
	return slices.CompactFunc(out, func(a, b evidence.Verified) bool { return compare(a, b) == 0 }), nil
}

// linkOf is the link that a statement holds: its subjects are the products
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/link.md).
func linkOf(st evidence.Statement) (in_toto.Link, error) {
	l, err := evidence.As[predicate.Link](st)
	if err != nil {
		return in_toto.Link{}, err
	}
	link := in_toto.Link{Type: "link", Name: l.Name, Command: l.Command, Materials: map[string]in_toto.HashObj{}, Products: map[string]in_toto.HashObj{}}
	for _, m := range l.Materials { // each has a name of its own
		link.Materials[m.Name] = m.Digest
	}
	for _, s := range st.Subjects() {
		if s.Name == "" {
			return in_toto.Link{}, errors.New("a product has no name")
		}
		if _, ok := link.Products[s.Name]; ok {
			return in_toto.Link{}, fmt.Errorf("two products are called %.100q", s.Name)
		}
		digests := in_toto.HashObj{}
		for _, d := range s.Digests {
			digests[d.Algorithm] = d.Value
		}
		link.Products[s.Name] = digests
	}
	return link, nil
}

// collectStatements is collect for links that are statements, whose signatures
// were checked before: what is left to ask is whether the key may do the step.
func (r *Result) collectStatements(p plan, links []evidence.Verified, claims map[string][]claim) {
	for _, v := range links {
		aside := func(code, step, text string) {
			r.Notes = append(r.Notes, release.Reason{Code: code, Subject: step, Text: text, Refs: []release.Digest{v.Digest()}})
		}
		link, err := linkOf(v.Statement())
		if err != nil {
			aside("layout/link-unreadable", "", "the link cannot be read: "+short(err))
			continue
		}
		i := p.step(link.Name)
		switch {
		case i < 0:
			aside("layout/link-of-no-step", "", fmt.Sprintf("the link is for step %.100q, which the layout does not have", link.Name))
			continue
		case !p.may(p.layout.Steps[i], v.By().Key):
			aside("layout/link-unauthorized", link.Name, "nobody who may do the step has signed the link")
			continue
		}
		r.claim(p.layout.Steps[i], claim{v.Digest(), link, []release.Digest{v.By().Key}}, claims)
	}
}

// step is the number of the step of that name, less than 0 if there is none.
func (p plan) step(name string) int {
	return slices.IndexFunc(p.layout.Steps, func(s in_toto.Step) bool { return s.Name == name })
}

// may reports whether the key may do s.
func (p plan) may(s in_toto.Step, key release.Digest) bool {
	return slices.ContainsFunc(s.PubKeys, func(id string) bool { return p.keys[id].digest == key })
}

// claim adds a link that somebody who may do s has signed to the claims, unless
// it says less than it seems to.
func (r *Result) claim(s in_toto.Step, c claim, claims map[string][]claim) {
	aside := func(code, text string) {
		r.Notes = append(r.Notes, release.Reason{Code: code, Subject: s.Name, Text: text, Refs: []release.Digest{c.digest}})
	}
	link, err := checkLink(c.link)
	if err != nil {
		aside("layout/link-invalid", "the link cannot count: "+short(err))
		return
	}
	c.link = link
	if want := s.ExpectedCommand; !slices.Equal(want, link.Command) {
		aside("layout/command-differs", fmt.Sprintf("the command was %q, expected was %q", clipped(link.Command), clipped(want)))
	}
	claims[s.Name] = append(claims[s.Name], c)
}
