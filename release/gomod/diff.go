package gomod

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/sallyport-dev/sallyport/release"
)

// Diff compares a go.mod and its go.sum before and after. The result has
// dependencies, gaps, sources and the coverage of [release.KindDependency], ready for
// [release.ChangeSet.Add]. A file that is on one side only adds or removes all
// that it asks for.
//
// Coverage is missing if a go.mod could not be read, partial if a go.sum could
// not, complete otherwise. Changes are sorted by package.
func Diff(before, after File) release.ChangeSet {
	d := differ{file: after.path()}
	if after.Mod == nil {
		d.file = before.path()
	}
	var gaps []release.Gap
	var okBefore, okAfter bool
	d.before, d.gaps, okBefore = read(before)
	d.after, gaps, okAfter = read(after)
	for _, g := range gaps { // the same file on both sides has the same gap
		if !slices.Contains(d.gaps, g) {
			d.gaps = append(d.gaps, g)
		}
	}
	coverage := release.CoverageComplete
	if len(d.gaps) > 0 {
		coverage = release.CoveragePartial
	}
	if okBefore && okAfter {
		d.requires()
		d.moves()
		d.replacements()
		d.directives()
		d.sums()
		d.origins(after)
	} else {
		coverage = release.CoverageMissing
	}
	slices.SortStableFunc(d.changes, func(a, b release.DependencyChange) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After), cmp.Compare(a.Detail, b.Detail))
	})
	sources := before.sources()
	for _, s := range after.sources() {
		if !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	return release.ChangeSet{
		Dependencies: d.changes,
		Sources:      sources,
		Gaps:         d.gaps,
		Coverage:     map[release.Kind]release.Coverage{release.KindDependency: coverage},
	}
}

type differ struct {
	file          release.Path
	before, after contents
	changes       []release.DependencyChange
	gaps          []release.Gap
	// added and removed are the indexes of such changes, by the path without major version.
	added, removed map[string][]int
}

// add appends a change of the module at path; details are joined. It returns false,
// and leaves a gap, if the module cannot be named.
func (d *differ) add(path string, c release.DependencyChange, details ...string) bool {
	p, err := release.NewPURL("golang", path, "")
	if err != nil {
		d.gaps = append(d.gaps, release.Gap{Kind: release.GapUnreadable, Subject: d.file.String(), Detail: release.Text(err.Error()).String()})
		return false
	}
	if p.Name() != path {
		details = append(details, "module path "+path)
	}
	c.File, c.Package = d.file, p
	c.Detail = strings.Join(slices.DeleteFunc(details, func(s string) bool { return s == "" }), "; ")
	d.changes = append(d.changes, c)
	return true
}

func relation(direct bool) release.Relation {
	if direct {
		return release.RelationDirect
	}
	return release.RelationTransitive
}

// union are the keys of both maps, sorted.
func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// requires compares the required modules.
func (d *differ) requires() {
	d.added, d.removed = map[string][]int{}, map[string][]int{}
	for _, p := range union(d.before.requires, d.after.requires) {
		was, had := d.before.requires[p]
		is, has := d.after.requires[p]
		c := release.DependencyChange{Before: was.version, After: is.version, Relation: relation(is.direct)}
		var details []string
		stem, _, _ := module.SplitPathVersion(p)
		switch {
		case !had:
			c.Op = release.OpAdded
			if d.before.present && !d.before.lists() && d.after.lists() && !is.direct {
				c.Op, details = listed(release.OpListed, release.OpAdded, d.before.sums, p, is.version)
			}
		case !has:
			c.Op, c.Relation = release.OpRemoved, relation(was.direct)
			if d.after.present && !d.after.lists() && d.before.lists() && !was.direct {
				c.Op, details = listed(release.OpUnlisted, release.OpRemoved, d.after.sums, p, was.version)
			}
		default:
			switch order := semver.Compare(is.version, was.version); {
			case order > 0:
				c.Op = release.OpUpgraded
			case order < 0:
				c.Op = release.OpDowngraded
			case is.version != was.version: // only the build metadata differs
				c.Op = release.OpModified
			case is.direct == was.direct:
				continue
			default:
				c.Op = release.OpModified
			}
			c.Major = semver.Major(is.version) != semver.Major(was.version)
			if is.direct != was.direct {
				details = append(details, map[bool]string{true: "now direct", false: "now indirect"}[is.direct])
			}
		}
		details = append(details, oddity(was.version), oddity(is.version))
		if t, ok := d.after.replaced(p, is.version); ok && has {
			details = append(details, "replaced by "+t.String())
		}
		if !d.add(p, c, slices.Compact(details)...) {
			continue
		}
		switch c.Op {
		case release.OpAdded:
			d.added[stem] = append(d.added[stem], len(d.changes)-1)
		case release.OpRemoved:
			d.removed[stem] = append(d.removed[stem], len(d.changes)-1)
		}
	}
}

// listed tells a module that a file began (or ceased) to list when its go
// directive crossed 1.17 from one that was added (or removed): old, the go.sum of
// the side that lists less, must know the version.
func listed(yes, no release.Op, old sums, path, v string) (release.Op, []string) {
	if old.knew(path, v) {
		return yes, []string{"listed since go 1.17, in go.sum before"}
	}
	if known := old.highest[path]; known != "" {
		return no, []string{"go 1.17 lists indirect modules, but go.sum knew this one up to " + known}
	}
	return no, []string{"go 1.17 lists indirect modules, but go.sum did not know this one"}
}

// oddity says what is unusual about a version.
func oddity(v string) string {
	switch {
	case module.IsPseudoVersion(v):
		at, err := module.PseudoVersionTime(v)
		rev, err2 := module.PseudoVersionRev(v)
		if err != nil || err2 != nil {
			return "pseudo-version"
		}
		return fmt.Sprintf("%s is untagged commit %s of %s", v, rev, at.Format("2006-01-02"))
	case strings.HasSuffix(v, "+incompatible"):
		return v + " is without a go.mod of its major version"
	}
	return ""
}

// moves marks a module that was removed under one path and added under that of
// another major version. Where there are several, the highest stand for all.
func (d *differ) moves() {
	highest := func(indexes []int, v func(release.DependencyChange) string) release.DependencyChange {
		return d.changes[slices.MaxFunc(indexes, func(i, j int) int { return semver.Compare(v(d.changes[i]), v(d.changes[j])) })]
	}
	for _, stem := range slices.Sorted(maps.Keys(d.added)) {
		if len(d.removed[stem]) == 0 {
			continue
		}
		from := highest(d.removed[stem], func(c release.DependencyChange) string { return c.Before })
		to := highest(d.added[stem], func(c release.DependencyChange) string { return c.After })
		text := fmt.Sprintf("moved from %s %s to %s %s", from.Package.Name(), from.Before, to.Package.Name(), to.After)
		for _, i := range slices.Concat(d.removed[stem], d.added[stem]) {
			c := &d.changes[i]
			c.Major = semver.Major(from.Before) != semver.Major(to.After)
			c.Detail = strings.Join(slices.DeleteFunc([]string{c.Detail, text}, func(s string) bool { return s == "" }), "; ")
		}
	}
}

// replacements compares the replace directives.
func (d *differ) replacements() {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(d.before.replaces)), maps.Keys(d.after.replaces))
	slices.SortFunc(keys, func(a, b module.Version) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Version, b.Version))
	})
	for _, k := range slices.Compact(keys) {
		was, had := d.before.replaces[k]
		is, has := d.after.replaces[k]
		if had && has && was == is {
			continue
		}
		req, prev := d.after.requires[k.Path], d.before.requires[k.Path]
		c := release.DependencyChange{Op: release.OpReplaced, Before: prev.version, After: req.version, Relation: relation(req.direct)}
		of := ""
		if k.Version != "" {
			of = k.Version + " "
		}
		switch {
		case !had:
			d.add(k.Path, c, of+"replaced by "+is.String())
		case !has:
			c.Relation = relation(prev.direct)
			d.add(k.Path, c, of+"no longer replaced by "+was.String())
		default:
			d.add(k.Path, c, of+"replaced by "+is.String()+", before by "+was.String())
		}
		if has && is.local() {
			d.gaps = append(d.gaps, localGap(d.file, k.Path, is))
		}
	}
}

func localGap(file release.Path, path string, t target) release.Gap {
	return release.Gap{Kind: release.GapDependencyOrigin, Subject: path, Detail: file.String() + " takes it from the directory " + t.String()}
}

// sums compares the hashes of the same versions.
func (d *differ) sums() {
	for _, mod := range tampered(d.before.sums, d.after.sums) {
		req := d.after.requires[mod.Path]
		name := release.Text(mod.Path + " " + mod.Version).String()
		d.add(mod.Path, release.DependencyChange{Op: release.OpReplaced, Before: mod.Version, After: mod.Version, Relation: relation(req.direct)},
			"go.sum has another hash for the same version")
		d.gaps = append(d.gaps, release.Gap{Kind: release.GapDependencyOrigin, Subject: name,
			Detail: "go.sum has another hash for the same version: its content was changed after it was published, or the file was edited"})
	}
}

// origins reports what the file after takes from where nobody can see.
func (d *differ) origins(after File) {
	for _, k := range slices.SortedFunc(maps.Keys(d.after.replaces), func(a, b module.Version) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Version, b.Version))
	}) {
		// replacements has told of those that are new.
		t := d.after.replaces[k]
		if was, ok := d.before.replaces[k]; ok && was == t && t.local() && outside(after.path(), t.path) {
			d.gaps = append(d.gaps, localGap(d.file, k.Path, t))
		}
	}
	d.gaps = append(d.gaps, d.after.bare(after)...)
	d.gaps = append(d.gaps, d.after.collisions(d.file)...)
}

// outside reports whether a directory, as a go.mod names it, lies outside the
// repository.
func outside(mod release.Path, dir string) bool {
	if path.IsAbs(dir) || strings.ContainsAny(dir, `\:`) {
		return true
	}
	joined := path.Join(path.Dir(string(mod)), dir)
	return joined == ".." || strings.HasPrefix(joined, "../")
}
