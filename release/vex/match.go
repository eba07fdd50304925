package vex

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// names are an advisory's ID and aliases, in capitals: no two advisories have names
// that differ in case alone.
func names(a *release.AdvisoryChange) []string {
	out := []string{strings.ToUpper(a.ID)}
	for _, alias := range a.Aliases {
		out = append(out, strings.ToUpper(alias))
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// speaksOf reports whether a statement is about the whole of an advisory, of which it
// has one name at least. An advisory with several names of one database ("CVE-1",
// "CVE-2") is about several flaws: then the statement must name each, or the
// advisory by an ID of its own.
func (c *candidate) speaksOf(a *release.AdvisoryChange) bool {
	said := c.said
	database := func(name string) string { d, _, _ := strings.Cut(name, "-"); return d }
	count := map[string]int{}
	all := names(a)
	for _, n := range all {
		count[database(n)]++
	}
	if id := strings.ToUpper(a.ID); said[id] && count[database(id)] == 1 {
		return true
	}
	for _, n := range all {
		if count[database(n)] > 1 && !said[n] {
			return false
		}
	}
	return true
}

// parts are a canonical package URL cut at its marks, which are escaped everywhere
// else: "pkg:npm/x" "1.0" "?arch=arm". Cutting is far cheaper than parsing, and
// documents of others can name very many.
type parts struct{ name, version, rest string }

func cut(p release.PURL) parts {
	s, rest := string(p), ""
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s, rest = s[:i], s[i:]
	}
	name, version, _ := strings.Cut(s, "@")
	return parts{name, version, rest}
}

// canonical are the parts of a purl that a caller gave; none where it is not one.
func canonical(p release.PURL) (parts, bool) {
	q, err := release.ParsePURL(string(p))
	return cut(q), err == nil
}

// identity is a product of ours, or the affected component, as subjects are compared
// with it.
type identity struct {
	names  []parts
	digest release.Digest
}

func (p *Product) identity() identity {
	id := identity{digest: p.Digest}
	for _, q := range p.PURLs {
		if n, ok := canonical(q); ok && n.version != "" {
			id.names = append(id.names, n)
		}
	}
	return id
}

// componentIdentity is of a package in a version; without names if nobody can name it.
func componentIdentity(pkg release.PURL, version string) identity {
	if n, ok := canonical(pkg.At(version)); ok && n.version != "" {
		return identity{names: []parts{n}}
	}
	return identity{}
}

// is reports whether a statement's product is surely ours: each package URL and hash
// that it gives is one of ours, and at least one is given.
func (s *Subject) is(ours *identity, anyVersion bool) bool {
	if s.Opaque != "" || len(s.PURLs) == 0 && s.Digest.IsZero() {
		return false
	}
	if !s.Digest.IsZero() {
		if s.Digest != ours.digest {
			return false
		}
		if len(ours.names) == 0 {
			return true // we have no other name to compare, and the content is the same
		}
	}
	for _, q := range s.PURLs {
		p := cut(q)
		if !slices.ContainsFunc(ours.names, func(n parts) bool {
			return p.name == n.name && p.rest == n.rest && (p.version == n.version || anyVersion && p.version == "")
		}) {
			return false
		}
	}
	return true
}

// fit is how a statement's components fit an affected one.
type fit uint8

const (
	fitNone       fit = iota // another component
	fitVersion               // the component in another version
	fitAnyVersion            // the component, in whatever version
	fitExact                 // the component in this version
)

// fit is how a component that a statement names fits an affected one: all that it is
// called must.
func (s *Subject) fit(component *identity) fit {
	if s.Opaque != "" || len(s.PURLs) == 0 {
		return fitNone
	}
	least := fitExact
	for _, q := range s.PURLs {
		least = min(least, fitOf(cut(q), component.names[0]))
	}
	return least
}

// fitOf compares all of a package URL, so that one with a qualifier, which is about
// some builds of the package, does not fit a package without.
func fitOf(p, ours parts) fit {
	switch {
	case p.name != ours.name || p.rest != ours.rest:
		return fitNone
	case p.version == "":
		return fitAnyVersion
	case p.version == ours.version:
		return fitExact
	}
	return fitVersion
}

// bare is a version in the form in which doubts are compared: other tools write
// "v1.3.0", "1.3" or "0:1.3.0" for what is "1.3.0" here.
func bare(version string) string {
	v := strings.ToLower(version)
	if i := strings.IndexByte(v, ':'); i >= 0 {
		v = v[i+1:] // an epoch
	}
	v = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(v, "v"), "+incompatible"), "%2bincompatible")
	for strings.HasSuffix(v, ".0") {
		v = v[:len(v)-2]
	}
	return v
}

// mayBe reports whether a subject may be what has this identity: something that both
// have is the same, or they have nothing in common that could be compared.
func (s *Subject) mayBe(id *identity) bool {
	digests := !s.Digest.IsZero() && !id.digest.IsZero()
	if digests && s.Digest == id.digest {
		return true
	}
	purls := len(s.PURLs) > 0 && len(id.names) > 0
	for _, q := range s.PURLs {
		p := cut(q)
		for _, n := range id.names {
			if strings.EqualFold(p.name, n.name) && (p.version == "" || bare(p.version) == bare(n.version)) {
				return true
			}
		}
		if !id.digest.IsZero() && strings.EqualFold(p.version, id.digest.String()) {
			return true // the purl of an image has its content for a version
		}
	}
	return !digests && !purls
}
