package lockfile

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

type uvFile struct {
	Version  int         `toml:"version"`
	Revision int         `toml:"revision"`
	Package  []uvPackage `toml:"package"`
	Old      []uvPackage `toml:"distribution"`
}

type uvPackage struct {
	Name         string              `toml:"name"`
	Version      string              `toml:"version"`
	Source       uvSource            `toml:"source"`
	Dependencies []uvNeed            `toml:"dependencies"`
	Optional     map[string][]uvNeed `toml:"optional-dependencies"`
	Dev          map[string][]uvNeed `toml:"dev-dependencies"`
	Sdist        uvArchive           `toml:"sdist"`
	Wheels       []uvArchive         `toml:"wheels"`
}

type uvSource struct {
	Registry     string `toml:"registry"`
	Git          string `toml:"git"`
	URL          string `toml:"url"`
	Path         string `toml:"path"`
	Directory    string `toml:"directory"`
	Editable     string `toml:"editable"`
	Virtual      string `toml:"virtual"`
	Subdirectory string `toml:"subdirectory"`
}

type uvNeed struct {
	Name    string   `toml:"name"`
	Version string   `toml:"version"`
	Source  uvSource `toml:"source"`
}

type uvArchive struct {
	URL  string `toml:"url"`
	Path string `toml:"path"`
	Hash string `toml:"hash"`
}

// UvLock reads uv.lock, version 1
// (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile). Packages without
// a registry, repository or archive are directories; what those of the repository ask
// for is direct, and their groups and extras tell the scope. Archives that lie on
// another host than those of PyPI, for a package of PyPI, are an origin.
func UvLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "pypi", b)
	l.inv.Source.Format = "uv"
	var f uvFile
	if !l.toml(b, &f) {
		return l.done()
	}
	l.inv.Source.Format += "/" + strconv.Itoa(f.Version)
	switch {
	case f.Version != 1 || len(f.Old) > 0:
		l.fail(release.GapUnsupported, "version %d, or one from before 0.4", f.Version)
	case len(f.Package) > MaxComponents:
		l.fail(release.GapTooLarge, "more than %d packages", MaxComponents)
	default:
		r := uvReader{list: l, packages: f.Package, byName: map[string][]int{}}
		r.read()
	}
	return l.done()
}

type uvReader struct {
	*list
	packages []uvPackage
	byName   map[string][]int
	needs    [][]uvEdge
	steps    int
	edges    int
}

type uvEdge struct {
	to    int
	scope release.Scope
}

// directory is where a package of the repository lies, or somebody else's directory. What
// has an address as well is none: uv takes the address.
func (s uvSource) directory() (string, bool) {
	if s.Registry != "" || s.Git != "" || s.URL != "" || s.Path != "" {
		return "", false
	}
	for _, d := range []string{s.Virtual, s.Editable, s.Directory} {
		if d != "" {
			return d, true
		}
	}
	return "", false
}

func (r *uvReader) read() {
	for i, p := range r.packages {
		r.byName[normalPyPI(p.Name)] = append(r.byName[normalPyPI(p.Name)], i)
	}
	r.needs = make([][]uvEdge, len(r.packages))
	for i, p := range r.packages {
		_, own := p.Source.directory()
		r.resolve(i, p.Dependencies, release.ScopeRuntime)
		for _, name := range slices.Sorted(maps.Keys(p.Optional)) {
			r.resolve(i, p.Optional[name], release.ScopeOptional)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Dev)) {
			if own {
				r.resolve(i, p.Dev[name], release.ScopeDevelopment)
			}
		}
		if r.failed {
			return
		}
	}
	scopes := r.scopes()
	direct := map[int]bool{}
	purls := make([]release.PURL, len(r.packages))
	for i, p := range r.packages {
		if dir, own := p.Source.directory(); own {
			if dir == "." {
				r.inv.Root, _ = r.purl(normalPyPI(p.Name), p.Version)
				purls[i] = r.inv.Root
			}
			for _, n := range r.needs[i] {
				direct[n.to] = true
			}
		}
	}
	for i, p := range r.packages {
		c, ok := r.component(p)
		if !ok {
			continue
		}
		purls[i] = c.PURL
		c.Scope = scopes[i]
		switch {
		case direct[i]:
			c.Relation = release.RelationDirect
		case scopes[i] != release.ScopeUnknown:
			c.Relation = release.RelationTransitive
		}
		if r.add(c); r.failed {
			return
		}
	}
	for i, needs := range r.needs {
		for _, n := range needs {
			if r.edge(purls[i], purls[n.to]); r.failed {
				return
			}
		}
	}
}

// resolve finds what is needed. A need names as much as it takes to tell one package.
func (r *uvReader) resolve(from int, needs []uvNeed, scope release.Scope) {
	const most = 2_000_000 // steps for a whole file
	for _, n := range needs {
		found := false
		for _, i := range r.byName[normalPyPI(n.Name)] {
			if r.steps++; r.steps > most || r.edges > MaxEdges {
				r.fail(release.GapTooLarge, "too many relations, or packages of one name")
				return
			}
			p := &r.packages[i]
			if n.Version != "" && p.Version != n.Version || n.Source != (uvSource{}) && p.Source != n.Source {
				continue
			}
			found = true
			r.edges++
			r.needs[from] = append(r.needs[from], uvEdge{i, scope})
		}
		if !found {
			r.gap(release.GapUnreadable, r.packages[from].Name, "it needs %s, which is not listed", short(n.Name))
		}
	}
}

// scopes follows what the packages of the repository ask for. Which extras of others
// are asked for makes no difference: what they need counts as needed.
func (r *uvReader) scopes() []release.Scope {
	scope := make([]release.Scope, len(r.packages))
	type step struct {
		at    int
		scope release.Scope
	}
	var todo []step
	for i, p := range r.packages {
		if _, own := p.Source.directory(); own {
			todo = append(todo, step{i, release.ScopeRuntime})
		}
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if scope[s.at] != release.ScopeUnknown && scope[s.at] <= s.scope {
			continue
		}
		scope[s.at] = s.scope
		_, own := r.packages[s.at].Source.directory()
		for _, n := range r.needs[s.at] {
			to := s.scope
			if own {
				to = max(to, n.scope)
			}
			todo = append(todo, step{n.to, to})
		}
	}
	return scope
}

// component is what a package stands for.
func (r *uvReader) component(p uvPackage) (c release.Component, ok bool) {
	name := normalPyPI(p.Name)
	if dir, own := p.Source.directory(); own {
		r.local(name, dir)
		return c, false
	}
	purl, ok := r.purl(name, p.Version)
	if !ok {
		return c, false
	}
	c.PURL = purl
	archives := slices.Clone(p.Wheels)
	if p.Sdist != (uvArchive{}) {
		archives = append(archives, p.Sdist)
	}
	var hashes []string
	for _, a := range archives {
		if a.Hash != "" {
			hashes = append(hashes, a.Hash)
		}
	}
	slices.Sort(hashes)
	c.Integrity = strings.Join(slices.Compact(hashes), " ")
	r.source(&c, p, archives)
	if p.Version == "" || !pipVersion.MatchString(p.Version) {
		if p.Source.Git == "" && p.Source.URL == "" && p.Source.Path == "" {
			r.gap(release.GapUnpinned, string(purl), "%q is no version", p.Version)
		}
	}
	return c, true
}

func (r *uvReader) source(c *release.Component, p uvPackage, archives []uvArchive) {
	s := p.Source
	kinds := 0
	for _, v := range []string{s.Registry, s.Git, s.URL, s.Path, s.Directory, s.Editable, s.Virtual} {
		if v != "" {
			kinds++
		}
	}
	if kinds > 1 {
		r.gap(release.GapAmbiguous, string(c.PURL), "it has several sources")
	}
	switch {
	case s.Registry != "":
		r.registry(c, p, archives)
	case s.Git != "":
		c.Origin = originOf(s.Git)
		if !pinsCommit(s.Git) {
			r.gap(release.GapUnpinned, string(c.PURL), "%s has no commit", short(cleanURL(s.Git)))
		}
	case s.URL != "" || s.Path != "":
		c.Origin = originOf(within(s.URL+s.Path, "subdirectory", s.Subdirectory))
		if c.Integrity == "" {
			r.gap(release.GapUnpinned, string(c.PURL), "%s has no hash", short(cleanURL(s.URL+s.Path)))
		}
		if s.Path != "" && outside(r.dir, s.Path) {
			r.gap(release.GapDependencyOrigin, string(c.PURL), "it is outside the repository")
		}
	default:
		r.gap(release.GapUnsupported, string(c.PURL), "it has no source that is known")
	}
}

// registry checks the archives of a package of an index.
func (r *uvReader) registry(c *release.Component, p uvPackage, archives []uvArchive) {
	usual := strings.TrimSuffix(p.Source.Registry, "/") == "https://pypi.org/simple"
	if !usual {
		c.Origin = originOf(p.Source.Registry)
		if !strings.Contains(p.Source.Registry, "://") && outside(r.dir, p.Source.Registry) {
			r.gap(release.GapDependencyOrigin, string(c.PURL), "it is outside the repository")
		}
	}
	for _, a := range archives {
		switch {
		case a.URL == "" && a.Path == "":
			continue
		case usual && !strings.HasPrefix(a.URL, "https://files.pythonhosted.org/packages/"):
			c.Origin = originOf(a.URL + a.Path)
		}
		if !archiveOf(a.URL+a.Path, p.Name, p.Version) {
			r.gap(release.GapAmbiguous, string(c.PURL), "the archive %s is named after something else", short(cleanURL(a.URL+a.Path)))
		}
		if a.Hash == "" {
			r.gap(release.GapUnpinned, string(c.PURL), "%s has no hash", short(cleanURL(a.URL+a.Path)))
		}
	}
}
