package gomod

import (
	"go/version"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Components are what a go.mod asks for, in the versions that a build takes: the
// target of a replace directive in place of what it replaces. They are sorted by
// PURL. The standard library is among them, in the lowest version that the file
// allows a build to take.
//
// The list is what the file says and no more: files from before Go 1.17 leave out
// most modules of dependencies. Gaps say what could not be read and what comes
// from a directory; a nil list with gaps is not an empty one.
func Components(f File) ([]release.Component, []release.Gap) {
	c, gaps, ok := read(f)
	if !ok || !c.present {
		return nil, gaps
	}
	var out []release.Component
	add := func(name, v string, direct bool) {
		p, err := release.NewPURL("golang", name, v)
		if err != nil {
			gaps = append(gaps, release.Gap{Kind: release.GapUnreadable, Subject: f.path().String(), Detail: release.Text(err.Error()).String()})
			return
		}
		out = append(out, release.Component{PURL: p, Direct: direct})
	}
	for _, path := range union(c.requires, nil) {
		r := c.requires[path]
		t, replaced := c.replaced(path, r.version)
		switch {
		case replaced && t.local():
			gaps = append(gaps, localGap(f.path(), path, t))
			add(path, "", r.direct)
		case replaced:
			add(t.path, t.version, r.direct)
		default:
			add(path, r.version, r.direct)
		}
	}
	if least := c.leastGo(); least != "" {
		add(stdlib, least, true)
	}
	slices.SortFunc(out, func(a, b release.Component) int { return strings.Compare(string(a.PURL), string(b.PURL)) })
	return slices.Compact(out), gaps
}

// leastGo is the higher of the go and toolchain directives, without "go".
func (c *contents) leastGo() string {
	if tool := strings.TrimPrefix(c.toolchain, "go"); version.Compare("go"+tool, "go"+c.golang) > 0 {
		return tool
	}
	return c.golang
}
