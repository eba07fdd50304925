package gomod

import (
	"cmp"
	"fmt"
	"go/version"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/sallyport-dev/sallyport/release"
)

// Read is what a go.mod asks for, in the versions that a build takes. Integrity is
// the hash of the content that go.sum has. The standard library is among the
// components, in the lowest version that the file allows a build to take, and so is
// the toolchain where the file names one.
//
// The target of a replace directive is a component, with the directive as its Origin.
// What it replaces is one, too, in the version that is required and without a hash:
// a fork mostly has the flaws of the original, and advisories name only that. Its
// Origin is "replaced by" the fork; where an advisory does not hold for the fork, a
// statement may say so. A module that is replaced by another version of itself is
// listed once. One that comes from a directory has no version.
//
// Coverage is complete only for files from Go 1.17 on, which list all modules, and
// only without gaps; missing where the file could not be read. Gaps say what comes
// from a directory or has no hash. Modules whose paths differ only in case share a
// PURL: each stands in the list, and a gap names them. A File without Mod has no
// components; where it is to say that there is no such file, give
// [github.com/sallyport-dev/sallyport/release/inventory.Diff] nil.
//
// Where there is a go.sum, Source has the format "go.mod+go.sum", and its digest is
// what "sha256sum go.mod go.sum | sha256sum" says.
func Read(f File) release.Inventory {
	inv := release.Inventory{Source: f.source()}
	c, gaps, ok := read(f)
	inv.Gaps = gaps
	if !ok {
		return inv
	}
	inv.Coverage = release.CoverageComplete
	if c.present {
		l := lister{file: f.path(), at: map[component]int{}}
		l.list(&c)
		inv.Root, _ = release.NewPURL("golang", c.module, "")
		inv.Components = l.components
		inv.Gaps = append(append(append(inv.Gaps, l.gaps...), c.bare(f)...), c.collisions(f.path())...)
		if !c.lists() {
			inv.Gaps = append(inv.Gaps, release.Gap{Kind: release.GapIncomplete, Subject: f.path().String(), Detail: "before go 1.17, a go.mod leaves out what dependencies need"})
		}
	}
	if len(inv.Gaps) > 0 {
		inv.Coverage = release.CoveragePartial
	}
	return inv
}

// component is what makes two entries of the list one: a fork may stand in for
// several modules.
type component struct{ path, version string }

type lister struct {
	file       release.Path
	at         map[component]int
	origins    [][]string // of the components: the directives that put them there
	components []release.Component
	gaps       []release.Gap
}

func (l *lister) add(name, v, origin string, c release.Component) {
	i, ok := l.at[component{name, v}]
	if !ok {
		p, err := release.NewPURL("golang", name, v)
		if err != nil {
			l.gaps = append(l.gaps, release.Gap{Kind: release.GapUnreadable, Subject: l.file.String(), Detail: release.Text(err.Error()).String()})
			return
		}
		i = len(l.components)
		l.at[component{name, v}] = i
		c.PURL = p
		l.components, l.origins = append(l.components, c), append(l.origins, nil)
	}
	l.components[i].Relation = min(l.components[i].Relation, c.Relation) // direct is the lower
	l.components[i].Integrity = cmp.Or(l.components[i].Integrity, c.Integrity)
	if origin != "" {
		l.origins[i] = append(l.origins[i], origin)
	}
}

func (l *lister) list(c *contents) {
	hashes := func(path, v string) string {
		return strings.Join(c.sums.hashes[module.Version{Path: path, Version: v}], " ")
	}
	for _, path := range union(c.requires, nil) {
		r := c.requires[path]
		t, replaced := c.replaced(path, r.version)
		switch {
		case replaced && t.local():
			l.gaps = append(l.gaps, localGap(l.file, path, t))
			l.add(path, "", t.path, release.Component{Relation: relation(r.direct)})
		case replaced:
			if !strings.EqualFold(t.path, path) {
				l.add(path, r.version, "replaced by "+t.String(), release.Component{Relation: relation(r.direct)})
			}
			l.add(t.path, t.version, "replace "+path+" "+r.version+" => "+t.path+" "+t.version, release.Component{Relation: relation(r.direct), Integrity: hashes(t.path, t.version)})
		default:
			l.add(path, r.version, "", release.Component{Relation: relation(r.direct), Integrity: hashes(path, r.version)})
		}
	}
	if least := c.leastGo(); least != "" {
		least, _, _ = strings.Cut(least, "-") // a vendor's toolchain has Go's standard library
		l.add(stdlib, least, "", release.Component{Relation: release.RelationDirect, Scope: release.ScopeRuntime})
	}
	if tool, ok := strings.CutPrefix(c.toolchain, "go"); ok {
		if strings.Contains(tool, "-") {
			tool = c.toolchain // versions with a vendor's name are written in full
		}
		l.add(toolchain, tool, "", release.Component{Relation: release.RelationDirect, Scope: release.ScopeDevelopment})
	}
	for i, origins := range l.origins {
		l.components[i].Origin = release.Text(shortList(origins))
	}
	slices.SortStableFunc(l.components, func(a, b release.Component) int { return strings.Compare(string(a.PURL), string(b.PURL)) })
}

// bare is a gap for the modules whose content no hash vouches for.
func (c *contents) bare(f File) []release.Gap {
	var bare []string
	for _, p := range slices.Sorted(maps.Keys(c.requires)) {
		name, v := p, c.requires[p].version
		if t, ok := c.replaced(p, v); ok {
			if t.local() {
				continue
			}
			name, v = t.path, t.version
		}
		if !c.sums.pins(name, v) {
			bare = append(bare, name+" "+v)
		}
	}
	if len(bare) == 0 {
		return nil
	}
	return []release.Gap{{Kind: release.GapDependencyOrigin, Subject: f.sumPath().String(), Detail: "no hash for " + shortList(bare)}}
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
