package gomod

import (
	"fmt"
	"go/version"
	"maps"
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
// from a directory; a nil list with gaps is not an empty one. Modules whose paths
// differ only in case share a PURL: each stands in the list, and a gap names them.
func Components(f File) ([]release.Component, []release.Gap) {
	c, gaps, ok := read(f)
	if !ok || !c.present {
		return nil, gaps
	}
	gaps = append(gaps, c.collisions(f.path())...)
	var out []release.Component
	type component struct{ path, version string }
	at := map[component]int{} // one fork may stand in for several modules
	add := func(name, v string, direct bool) {
		if i, ok := at[component{name, v}]; ok {
			out[i].Relation = min(out[i].Relation, relation(direct)) // direct is the lower
			return
		}
		p, err := release.NewPURL("golang", name, v)
		if err != nil {
			gaps = append(gaps, release.Gap{Kind: release.GapUnreadable, Subject: f.path().String(), Detail: release.Text(err.Error()).String()})
			return
		}
		at[component{name, v}] = len(out)
		out = append(out, release.Component{PURL: p, Relation: relation(direct)})
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
	return out, gaps
}

// collisions are gaps for the modules that the file takes content from and whose
// paths differ only in case, so that their PURLs do not differ.
func (c *contents) collisions(file release.Path) []release.Gap {
	paths := map[string][]string{}
	for name, r := range c.requires {
		if t, ok := c.replaced(name, r.version); ok && !t.local() {
			name = t.path
		}
		lower := strings.ToLower(name)
		paths[lower] = append(paths[lower], name)
	}
	var out []release.Gap
	for _, lower := range slices.Sorted(maps.Keys(paths)) {
		names := paths[lower]
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > 1 {
			out = append(out, release.Gap{Kind: release.GapUnsupported, Subject: file.String(), Detail: shortList(names) +
				" differ only in case: pkg:golang/" + lower + " names them all"})
		}
	}
	return out
}

// shortList is the first few names, and how many more there are.
func shortList(names []string) string {
	const most = 5
	text := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// leastGo is the higher of the go and toolchain directives, without "go".
func (c *contents) leastGo() string {
	if tool := strings.TrimPrefix(c.toolchain, "go"); version.Compare("go"+tool, "go"+c.golang) > 0 {
		return tool
	}
	return c.golang
}
