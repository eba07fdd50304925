package lockfile

import (
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

type poetryFile struct {
	Package  []poetryPackage `toml:"package"`
	Metadata struct {
		LockVersion string                  `toml:"lock-version"`
		Files       map[string][]poetryHash `toml:"files"`
		Hashes      map[string][]string     `toml:"hashes"`
	} `toml:"metadata"`
}

type poetryPackage struct {
	Name         string         `toml:"name"`
	Version      string         `toml:"version"`
	Optional     bool           `toml:"optional"`
	Category     string         `toml:"category"`
	Groups       []string       `toml:"groups"`
	Files        []poetryHash   `toml:"files"`
	Dependencies map[string]any `toml:"dependencies"`
	Source       *poetrySource  `toml:"source"`
}

type poetryHash struct {
	File string `toml:"file"`
	Hash string `toml:"hash"`
}

type poetrySource struct {
	Type         string `toml:"type"`
	URL          string `toml:"url"`
	Resolved     string `toml:"resolved_reference"`
	Subdirectory string `toml:"subdirectory"`
}

// PoetryLock reads poetry.lock, lock-version 1 and 2
// (https://python-poetry.org/docs/basic-usage). The file does not tell what is direct;
// what is needed to build or to test only it tells up to Poetry 1.4 and from 2.0 on. A
// dependency whose version depends on the environment is related to all of them.
func PoetryLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "pypi", b)
	l.inv.Source.Format = "poetry"
	var f poetryFile
	if !l.toml(b, &f) {
		return l.done()
	}
	version := f.Metadata.LockVersion
	switch {
	case version == "":
		l.fail(release.GapUnreadable, "it has no lock-version")
	case !strings.HasPrefix(version, "1.") && !strings.HasPrefix(version, "2."):
		l.fail(release.GapUnsupported, "lock-version %q", version)
	case len(f.Package) > MaxComponents:
		l.fail(release.GapTooLarge, "more than %d packages", MaxComponents)
	}
	if l.failed {
		return l.done()
	}
	l.inv.Source.Format += "/" + short(version)
	byName := map[string][]release.PURL{}
	purls := make([]release.PURL, len(f.Package))
	for i, p := range f.Package {
		if c, ok := l.poetry(p, &f); ok {
			purls[i] = c.PURL
			byName[normalPyPI(p.Name)] = append(byName[normalPyPI(p.Name)], c.PURL)
			l.add(c)
		}
	}
	for i, p := range f.Package {
		for _, name := range slices.Sorted(maps.Keys(p.Dependencies)) {
			for _, to := range byName[normalPyPI(name)] {
				if l.edge(purls[i], to); l.failed {
					return l.done()
				}
			}
		}
	}
	return l.done()
}

// poetry is the component that a package stands for.
func (l *list) poetry(p poetryPackage, f *poetryFile) (c release.Component, ok bool) {
	name := normalPyPI(p.Name)
	source := poetrySource{}
	if p.Source != nil {
		source = *p.Source
	}
	if source.Type == "directory" {
		l.local(name, source.URL)
		return c, false
	}
	purl, ok := l.purl(name, p.Version)
	if !ok {
		return c, false
	}
	c.PURL = purl
	if !pipVersion.MatchString(p.Version) {
		l.gap(release.GapUnpinned, string(purl), "%q is no version", p.Version)
	}
	files := append(slices.Clone(p.Files), f.Metadata.Files[p.Name]...)
	var hashes []string
	for _, h := range files {
		if h.Hash != "" {
			hashes = append(hashes, h.Hash)
		}
		if h.File != "" && source.Type != "url" && !archiveOf(h.File, name, p.Version) {
			l.gap(release.GapAmbiguous, string(purl), "the archive %s is named after something else", short(h.File))
		}
	}
	for _, h := range f.Metadata.Hashes[p.Name] {
		hashes = append(hashes, "sha256:"+h)
	}
	slices.Sort(hashes)
	c.Integrity = strings.Join(slices.Compact(hashes), " ")
	switch {
	case slices.Contains(p.Groups, "main") || p.Category == "main":
		c.Scope = release.ScopeRuntime
	case len(p.Groups) > 0 || p.Category == "dev":
		c.Scope = release.ScopeDevelopment
	}
	if p.Optional && c.Scope != release.ScopeDevelopment {
		c.Scope = release.ScopeOptional
	}
	l.poetrySource(&c, source)
	return c, true
}

func (l *list) poetrySource(c *release.Component, s poetrySource) {
	switch s.Type {
	case "":
		if s.URL != "" {
			l.gap(release.GapUnreadable, string(c.PURL), "a source without a type")
		}
		return
	case "legacy":
		if u := strings.TrimSuffix(s.URL, "/"); u == "https://pypi.org/simple" {
			return
		}
		if c.Integrity == "" {
			l.gap(release.GapUnpinned, string(c.PURL), "%s is another index, and there is no hash", short(cleanURL(s.URL)))
		}
		c.Origin = originOf(s.URL)
	case "git":
		c.Origin = originOf(within(s.URL+"#"+s.Resolved, "subdirectory", s.Subdirectory))
		if !commit.MatchString(s.Resolved) {
			l.gap(release.GapUnpinned, string(c.PURL), "%s has no commit", short(cleanURL(s.URL)))
		}
	case "url", "file":
		c.Origin = originOf(within(s.URL, "subdirectory", s.Subdirectory))
		if c.Integrity == "" {
			l.gap(release.GapUnpinned, string(c.PURL), "%s has no hash", short(cleanURL(s.URL)))
		}
		if s.Type == "file" && outside(l.dir, s.URL) {
			l.gap(release.GapDependencyOrigin, string(c.PURL), "it is outside the repository")
		}
	default:
		c.Origin = originOf(s.URL)
		l.gap(release.GapUnsupported, string(c.PURL), "a source of type %q", s.Type)
	}
}
