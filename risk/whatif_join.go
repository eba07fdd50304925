package risk

import (
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// home says with which file something goes that has no file of its own.
type home struct {
	path   release.Path
	pinned bool // with none: it is in both parts
}

type homes struct{ advisories, outdated, deviations []home }

// homesOf finds where advisories, outdated components and deviations belong. What cannot be
// placed stays in both parts: it takes no floor away.
func homesOf(cs *release.ChangeSet) homes {
	packages := make(map[release.PURL]release.Path, len(cs.Dependencies))
	paths := make(map[string]release.Path, len(cs.Files))
	changed := make(map[release.Path]bool, len(cs.Files))
	for i := range cs.Dependencies {
		d := &cs.Dependencies[i]
		if _, ok := packages[d.Package]; !ok && d.Package != "" {
			packages[d.Package] = d.File
		}
	}
	for i := range cs.Files {
		changed[cs.Files[i].Path] = true
		if len(cs.Deviations) > 0 {
			paths[release.Text(cs.Files[i].Path).String()] = cs.Files[i].Path
		}
	}
	of := func(p release.Path, ok bool) home { return home{p, !ok} }
	var h homes
	for i := range cs.Advisories {
		a := &cs.Advisories[i]
		p, ok := packages[a.Package]
		if !ok { // nothing says that the package changes, but perhaps the file that lists it does
			p, ok = a.File, changed[a.File]
		}
		h.advisories = append(h.advisories, of(p, ok))
	}
	for i := range cs.Outdated {
		p, ok := packages[cs.Outdated[i].Component.Package()]
		h.outdated = append(h.outdated, of(p, ok))
	}
	for i := range cs.Deviations {
		d := &cs.Deviations[i]
		p, ok := paths[d.Subject]
		outside := d.Kind == "outside-subjects" || d.Kind == "outside-components"
		h.deviations = append(h.deviations, of(p, ok && outside && d.Change == release.KindCode))
	}
	return h
}

// joins are the sets of paths that only move together.
type joins struct {
	of   map[release.Path]int // a path's number
	root []int                // union-find with halved paths
}

func (j *joins) number(p release.Path) int {
	n, ok := j.of[p]
	if !ok {
		n = len(j.root)
		j.of[p], j.root = n, append(j.root, n)
	}
	return n
}

func (j *joins) find(n int) int {
	for j.root[n] != n {
		j.root[n] = j.root[j.root[n]]
		n = j.root[n]
	}
	return n
}

func (j *joins) join(a, b int) {
	if a, b = j.find(a), j.find(b); a != b {
		j.root[max(a, b)] = min(a, b)
	}
}

// together joins what was read from elsewhere with all the files that it may be about; where there
// are none, it moves by itself.
func (j *joins) together(foreign, files []int) {
	if len(foreign) == 0 || len(files) == 0 {
		return
	}
	for _, n := range slices.Concat(foreign, files) {
		j.join(files[0], n)
	}
}

// joinsOf finds what belongs together in a labelled change set. Where it errs, it joins too
// much: then a split is larger than it need be, and never one that tears something apart.
func joinsOf(cs *release.ChangeSet) *joins {
	j := &joins{of: make(map[release.Path]int, len(cs.Files))}
	var declaring, infrastructure, foreign []int // numbers
	var manifests []*release.FileChange
	blobs := map[release.Revision]int{}
	for i := range cs.Files {
		f := &cs.Files[i]
		n := j.number(f.Path)
		if f.Op == release.OpRemoved && f.Old != "" {
			blobs[f.Old] = n
		}
		if declares(f) {
			declaring, manifests = append(declaring, n), append(manifests, f)
		}
		if declaresResources(f.Path) {
			infrastructure = append(infrastructure, n)
		}
	}
	own := len(j.root) // paths from here on are no files of the release
	for i := range cs.Files {
		if f := &cs.Files[i]; f.Op == release.OpAdded && f.New != "" {
			if n, ok := blobs[f.New]; ok {
				j.join(n, j.number(f.Path))
			}
		}
	}
	for i := range cs.Dependencies {
		if n := j.number(cs.Dependencies[i].File); n >= own {
			foreign = append(foreign, n)
		}
	}
	j.together(foreign, declaring)
	foreign = nil
	for i := range cs.Resources {
		if n := j.number(cs.Resources[i].File); n >= own {
			foreign = append(foreign, n)
		}
	}
	j.together(foreign, infrastructure)
	for i := range cs.Settings {
		j.number(cs.Settings[i].File)
	}
	j.manifests(manifests)
	j.siblings(cs)
	j.packages(cs)
	return j
}

// packages joins the files that list a package which something is known about.
func (j *joins) packages(cs *release.ChangeSet) {
	told := make(map[release.PURL]int, len(cs.Advisories)+len(cs.Outdated))
	for i := range cs.Advisories {
		told[cs.Advisories[i].Package] = -1
	}
	for i := range cs.Outdated {
		told[cs.Outdated[i].Component.Package()] = -1
	}
	for i := range cs.Dependencies {
		d := &cs.Dependencies[i]
		first, ok := told[d.Package]
		switch n := j.number(d.File); {
		case !ok || d.Package == "":
		case first < 0:
			told[d.Package] = n
		default:
			j.join(first, n)
		}
	}
}

// siblings joins the files of one directory that differ only by what is behind the name: a file with
// its test and with what is generated from it, the two directions of a migration, a manifest with its lock file.
func (j *joins) siblings(cs *release.ChangeSet) {
	first := make(map[string]int, len(cs.Files))
	for i := range cs.Files {
		p := cs.Files[i].Path
		if declaresResources(p) { // "main.tf" is not made of main.go
			continue
		}
		key, n := dirOf(p)+stem(path.Base(string(p))), j.number(p)
		if at, ok := first[key]; ok {
			j.join(at, n)
			continue
		}
		first[key] = n
	}
}

// stem is the name without endings, and without what tools put before or behind it.
func stem(name string) string {
	if i := strings.IndexByte(name[min(1, len(name)):], '.'); i >= 0 {
		name = name[:i+1]
	}
	name = strings.TrimPrefix(name, "test_")
	for _, tail := range []string{"_grpc", "_pb2", "_test", "_spec", "_mock"} { // "x_pb2_grpc.py"
		name = strings.TrimSuffix(name, tail)
	}
	return name
}

// declares reports whether dependencies may come in with the file: manifests, lock files, vendored code.
func declares(f *release.FileChange) bool {
	return slices.Contains(f.Labels, release.LabelDeps) || slices.Contains(f.Labels, release.LabelVendored) || f.Submodule()
}

// ecosystemDir is a directory and an ecosystem.
type ecosystemDir struct{ dir, family string }

// maxDepth is how many directories deep a manifest may be to be told apart from the others.
const maxDepth = 64

// manifests joins the files that declare dependencies of one ecosystem in one directory, and those
// in the directories below it: a lock file is for a whole workspace. The ecosystem of a file
// that is not known here may be any.
func (j *joins) manifests(files []*release.FileChange) {
	at := map[ecosystemDir]int{}      // the first manifest of a family in a directory
	families := map[string][]string{} // the families in a directory
	deep := false
	for _, f := range files {
		p, n := ecosystemDir{manifestDir(f.Path), family(f)}, j.number(f.Path)
		deep = deep || strings.Count(p.dir, "/") > maxDepth
		if first, ok := at[p]; ok {
			j.join(first, n)
			continue
		}
		at[p] = n
		families[p.dir] = append(families[p.dir], p.family)
	}
	for p, n := range at { // in any order: the sets are the same
		if deep {
			j.join(j.number(files[0].Path), n)
			continue
		}
		for dir := p.dir; ; dir = dirOf(release.Path(strings.TrimSuffix(dir, "/"))) {
			for _, other := range families[dir] {
				if other == p.family || other == "" || p.family == "" {
					j.join(n, at[ecosystemDir{dir, other}])
				}
			}
			if dir == "" {
				break
			}
		}
	}
}

// manifestDir is the directory that a manifest speaks for: Gradle's catalogue of versions lies in one of its own.
func manifestDir(p release.Path) string {
	dir := dirOf(p)
	if dir == "gradle/" || strings.HasSuffix(dir, "/gradle/") {
		return strings.TrimSuffix(dir, "gradle/")
	}
	return dir
}

// dirOf is the directory of a path, with a slash behind it; "" is the top.
func dirOf(p release.Path) string { return string(p[:strings.LastIndexByte(string(p), '/')+1]) }

// familyNames are the files of each ecosystem in which manifests and lock files are common.
var familyNames = map[string]string{
	"cargo":    "cargo.toml cargo.lock",
	"composer": "composer.json composer.lock",
	"gem":      "gemfile gemfile.lock",
	"golang":   "go.mod go.sum go.work go.work.sum",
	"hex":      "mix.exs mix.lock",
	"maven":    "pom.xml build.gradle build.gradle.kts gradle.lockfile libs.versions.toml",
	"npm":      "package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml bun.lock bun.lockb deno.json deno.lock",
	"nuget":    "packages.config packages.lock.json directory.packages.props paket.lock",
	"pub":      "pubspec.yaml pubspec.lock",
	"pypi":     "setup.py setup.cfg pyproject.toml poetry.lock uv.lock pdm.lock pylock.toml pipfile pipfile.lock",
	"swift":    "package.swift package.resolved podfile podfile.lock cartfile cartfile.resolved",
	"git":      ".gitmodules",
}

var familyOf = func() map[string]string {
	out := map[string]string{}
	for family, names := range familyNames {
		for _, name := range strings.Fields(names) {
			out[name] = family
		}
	}
	return out
}()

// family is the ecosystem of a file that declares dependencies; "" where that is not known.
func family(f *release.FileChange) string {
	name := strings.ToLower(path.Base(string(f.Path)))
	switch {
	case f.Submodule():
		return "git"
	case slices.Contains(f.Labels, release.LabelVendored):
		return "" // its name says nothing: it came with the code of others
	case (strings.HasPrefix(name, "requirements") || strings.HasPrefix(name, "constraints")) && (strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".in")):
		return "pypi"
	}
	return familyOf[name]
}
