package lockfile

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// PackageLock reads npm's package-lock.json and npm-shrinkwrap.json, lockfileVersion 1 to
// 3 (https://docs.npmjs.com/cli/configuring-npm/package-lock-json).
//
// Version 2 lists all twice, once for old versions of npm; where the two lists
// disagree there is a gap, and the components of both are given. Relation is known from
// version 2 on. Content of bundled dependencies comes with another package, which is
// their origin.
func PackageLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "npm", b)
	l.inv.Source.Format = "package-lock"
	if l.failed {
		return l.done()
	}
	r := npmReader{list: l}
	if !r.parse(b) {
		return l.done()
	}
	l.inv.Source.Format += "/" + cmpOr(short(r.version), "0")
	switch r.version {
	case "", "0", "1": // before npm 5 there was no number
		r.oldList()
	case "2", "3":
		if r.packages == nil {
			l.fail(release.GapUnreadable, "it has no packages")
			break
		}
		r.root(r.packages[""])
		r.listAll()
		if (r.version == "2" || len(r.old) > 0) && !l.failed { // npm 6 reads the old list of version 3 too
			r.compare()
		}
	default:
		l.fail(release.GapUnsupported, "lockfileVersion %q", r.version)
	}
	return l.done()
}

// npmEntry is one entry of either list.
type npmEntry struct {
	at                          string // its key in packages; of the old list, what that key would be
	name, version, resolved     string
	integrity, license, problem string
	dev, optional, devOptional  bool
	peer, link, bundled, script bool
	// needs are the names of what it asks for, by kind.
	needs [npmKinds][]string
}

// maxKey is how long the place of a package in node_modules may be.
const maxKey = 1000

// The kinds of needs.
const (
	npmRuntime = iota
	npmDev
	npmOptional
	npmPeer
	npmKinds
)

type npmReader struct {
	*list
	version  string
	name     string // of the project
	own      string // its version
	packages map[string]*npmEntry
	keys     []string // of packages, in the file's order
	old      []*npmEntry
	entries  int
	needs    int
	steps    int                     // of resolve
	purls    map[string]release.PURL // of entries by their key
}

var npmLimits = strictjson.Limits{Package: "package-lock", Bytes: MaxBytes, Depth: MaxDepth, Names: MaxComponents + 1000, Elements: MaxComponents}

func (r *npmReader) parse(b []byte) bool {
	s, err := strictjson.NewScanner(b, npmLimits)
	if err == nil {
		err = s.Share()
	}
	if err == nil {
		err = r.top(s)
	}
	if err == nil {
		err = s.End()
	}
	switch {
	case err == nil:
		return !r.failed
	case r.failed:
	case strings.Contains(err.Error(), "more than"):
		r.fail(release.GapTooLarge, "%v", err)
	default:
		r.fail(release.GapUnreadable, "%v", err)
	}
	return false
}

// object passes over an object and calls visit for the names that are known.
func object(s *strictjson.Scanner, known [][]string, visit func(field string) error) error {
	return s.Object(func(name []byte) error {
		i, err := s.Field(name, known)
		if err != nil {
			return err
		}
		if i < 0 {
			_, err = s.Value()
			return err
		}
		return visit(known[i][0])
	})
}

func fields(names ...string) [][]string {
	out := make([][]string, len(names))
	for i, n := range names {
		out[i] = []string{n}
	}
	return out
}

var (
	npmTop    = fields("name", "version", "lockfileVersion", "packages", "dependencies")
	npmFields = fields("name", "version", "resolved", "integrity", "license", "dev", "optional", "devOptional", "peer", "link", "inBundle", "bundled",
		"hasInstallScript", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "requires")
)

func (r *npmReader) top(s *strictjson.Scanner) error {
	return object(s, npmTop, func(field string) error {
		k, err := s.Peek()
		switch {
		case err != nil:
			return err
		case field == "packages" && k == strictjson.Object:
			return r.readPackages(s)
		case field == "dependencies" && k == strictjson.Object:
			return r.readOld(s, "")
		case field == "packages" || field == "dependencies":
			return s.Errorf("%s must be an object", field)
		case field == "lockfileVersion":
			at := s.Offset()
			if _, err = s.Value(); err == nil {
				r.version = strings.TrimSpace(string(s.Since(at)))
			}
			return err
		case k != strictjson.String:
			_, err = s.Value()
			return err
		case field == "name":
			r.name, err = s.Str()
		case field == "version":
			r.own, err = s.Str()
		}
		return err
	})
}

func (r *npmReader) count(s *strictjson.Scanner) error {
	if r.entries++; r.entries > 2*MaxComponents {
		r.fail(release.GapTooLarge, "more than %d entries", 2*MaxComponents)
		return s.Errorf("more than %d entries", 2*MaxComponents)
	}
	return nil
}

func (r *npmReader) readPackages(s *strictjson.Scanner) error {
	r.packages = map[string]*npmEntry{}
	return s.Object(func(name []byte) error {
		if err := r.count(s); err != nil {
			return err
		}
		if len(name) > maxKey {
			return s.Errorf("a name of more than %d bytes", maxKey)
		}
		e := &npmEntry{at: string(name)}
		r.packages[e.at] = e
		r.keys = append(r.keys, e.at)
		return r.readEntry(s, e, false)
	})
}

// readOld reads the nested list of version 1. under is the key of the package whose
// node_modules it lists.
func (r *npmReader) readOld(s *strictjson.Scanner, under string) error {
	return s.Object(func(name []byte) error {
		if err := r.count(s); err != nil {
			return err
		}
		e := &npmEntry{at: under + "/node_modules/" + string(name)}
		if under == "" {
			e.at = "node_modules/" + string(name)
		}
		if len(e.at) > maxKey {
			return s.Errorf("a place of more than %d bytes", maxKey)
		}
		r.old = append(r.old, e)
		return r.readEntry(s, e, true)
	})
}

// readEntry reads what it understands. A value of another kind is the entry's problem
// and not that of the file.
func (r *npmReader) readEntry(s *strictjson.Scanner, e *npmEntry, old bool) error {
	if k, err := s.Peek(); err != nil || k != strictjson.Object {
		e.problem = "it is no object"
		_, err := s.Value()
		return err
	}
	return object(s, npmFields, func(field string) error {
		k, err := s.Peek()
		if err != nil {
			return err
		}
		text, flag, kind := e.text(field), e.flag(field), needKind(field)
		switch {
		case text != nil && k == strictjson.String:
			*text, err = s.Str()
			return err
		case flag != nil && k == strictjson.Bool:
			at := s.Offset()
			_, err = s.Value()
			*flag = *flag || strings.HasPrefix(strings.TrimSpace(string(s.Since(at))), "true")
			return err
		case field == "license" && k == strictjson.String:
			e.license, err = s.Str()
			return err
		case old && field == "dependencies" && k == strictjson.Object:
			return r.readOld(s, e.at)
		case kind >= 0 && k == strictjson.Object:
			return s.Object(func(name []byte) error {
				e.needs[kind] = append(e.needs[kind], string(name))
				if r.needs++; r.needs > MaxEdges {
					r.fail(release.GapTooLarge, "more than %d relations", MaxEdges)
					return s.Errorf("more than %d relations", MaxEdges)
				}
				_, err := s.Value()
				return err
			})
		case field == "license", field == "requires" && k == strictjson.Bool:
		case field == "resolved" && k == strictjson.Bool: // npm writes false for what it did not resolve
		default:
			e.problem = field + " is of the wrong kind"
		}
		_, err = s.Value()
		return err
	})
}

// text is where a field of text goes, or nil.
func (e *npmEntry) text(field string) *string {
	switch field {
	case "name":
		return &e.name
	case "version":
		return &e.version
	case "resolved":
		return &e.resolved
	case "integrity":
		return &e.integrity
	}
	return nil
}

// flag is where a yes or no goes, or nil.
func (e *npmEntry) flag(field string) *bool {
	switch field {
	case "dev":
		return &e.dev
	case "optional":
		return &e.optional
	case "devOptional":
		return &e.devOptional
	case "peer":
		return &e.peer
	case "link":
		return &e.link
	case "inBundle", "bundled":
		return &e.bundled
	case "hasInstallScript":
		return &e.script
	}
	return nil
}

// needKind is which needs a field lists, or -1.
func needKind(field string) int {
	switch field {
	case "dependencies", "requires":
		return npmRuntime
	case "devDependencies":
		return npmDev
	case "optionalDependencies":
		return npmOptional
	case "peerDependencies":
		return npmPeer
	}
	return -1
}

// root names what the file is of.
func (r *npmReader) root(e *npmEntry) {
	name, version := r.name, r.own
	if e != nil && e.name != "" {
		if name != "" && name != e.name {
			r.gap(release.GapAmbiguous, "", "it is of %s and of %s", short(name), short(e.name))
		}
		name, version = e.name, e.version
	}
	if name != "" {
		r.inv.Root, _ = r.purl(name, version)
	}
}

// nameAt is the name of the directory that a key names: what stands behind the last
// node_modules. There is none for the project and its workspaces.
func nameAt(key string) string {
	if i := strings.LastIndex("/"+key, "/node_modules/"); i >= 0 {
		return key[i+len("node_modules/"):]
	}
	return ""
}

// scope is what an entry is needed for.
func (e *npmEntry) scope() release.Scope {
	switch {
	case e.dev:
		return release.ScopeDevelopment
	case e.optional, e.devOptional, e.peer:
		return release.ScopeOptional
	}
	return release.ScopeRuntime
}

// component makes the component that an entry stands for; ok is false for directories
// and for what cannot be read, of which it leaves a gap.
func (r *npmReader) component(e *npmEntry) (c release.Component, ok bool) {
	name := nameAt(e.at)
	if e.problem != "" {
		r.gap(release.GapUnreadable, e.at, "%s", e.problem)
		return c, false
	}
	if e.link || e.integrity == "" && (isDirectory(e.resolved) || e.resolved == "" && isDirectory(e.version) && strings.HasPrefix(e.version, "file:")) {
		target := e.resolved
		if target == "" {
			target = e.version
		}
		r.local(e.at, target)
		return c, false
	}
	if e.name != "" {
		name = e.name
	}
	version, resolved := e.version, e.resolved
	if alias, ok := strings.CutPrefix(version, "npm:"); ok { // version 1
		if i := strings.LastIndexByte(alias, '@'); i > 0 {
			name, version = alias[:i], alias[i+1:]
		}
	} else if strings.ContainsAny(version, ":/") {
		resolved, version = version, ""
	}
	p, ok := r.purl(name, version)
	if !ok {
		return c, false
	}
	if version != "" && !semverLike(version) {
		r.gap(release.GapUnpinned, string(p), "%q is no version", version)
	}
	c = release.Component{PURL: p, Scope: e.scope(), Integrity: e.integrity, License: e.license, InstallScript: e.script}
	const project = "the project"
	from := ""
	if e.bundled {
		from = r.bundler(e, project)
	}
	switch {
	case e.bundled && from != project: // whatever its address is, it is not asked
		c.Origin = release.Text("bundled with " + short(from))
	case resolved == "" && version == "":
		r.gap(release.GapUnpinned, string(p), "%s has neither a version nor an address", short(e.at))
	case resolved != "":
		c.Origin = r.origin(p, name, version, resolved, hashFor(resolved, e.integrity))
	}
	return c, true
}

// hashFor is the hash that npm and Yarn 1 compare content from an address with: of what
// comes from a repository they look at none.
func hashFor(resolved, integrity string) string {
	registry := strings.HasPrefix(resolved, "https://registry.npmjs.org/") || strings.HasPrefix(resolved, "https://registry.yarnpkg.com/")
	if !registry && isRepository(resolved) {
		return ""
	}
	return integrity
}

// isDirectory reports whether what a package was resolved to is a path of a directory.
func isDirectory(s string) bool {
	s, isFile := strings.CutPrefix(s, "file:")
	if s == "" || strings.HasSuffix(s, ".tgz") || strings.HasSuffix(s, ".tar.gz") || strings.HasSuffix(s, ".tar") {
		return false
	}
	return isFile || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || strings.HasPrefix(s, "/")
}

// origin is where an npm package comes from, "" for the usual place.
func (l *list) origin(p release.PURL, name, version, resolved, integrity string) release.Text {
	usual, known := npmUsual(resolved, name, version)
	switch {
	case usual:
		return ""
	case known:
		l.gap(release.GapAmbiguous, string(p), "its archive is that of another package: %s", short(cleanURL(resolved)))
	case isFile(resolved):
		if outside(l.dir, resolved) {
			l.gap(release.GapDependencyOrigin, string(p), "it is taken from %s, which is outside the repository", short(cleanURL(resolved)))
		}
	case integrity == "" && !pinsCommit(resolved):
		l.gap(release.GapUnpinned, string(p), "%s has no hash and names no commit", short(cleanURL(resolved)))
	}
	return originOf(resolved)
}

// semverLike reports whether text begins like a version and is no range.
func semverLike(v string) bool {
	return v != "" && v[0] >= '0' && v[0] <= '9' && !strings.ContainsAny(v, " |<>^~*=,")
}

// bundler is the package that a bundled one comes with: the nearest around it that is
// not bundled itself, or else the project.
func (r *npmReader) bundler(e *npmEntry, project string) string {
	for at := e.at; ; {
		i := strings.LastIndex(at, "/node_modules/")
		if i < 0 {
			return project
		}
		at = at[:i]
		if parent := r.packages[at]; parent == nil || !parent.bundled {
			return cmpOr(nameAt(at), at)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// listAll lists what packages has.
func (r *npmReader) listAll() {
	direct := map[string]bool{} // keys
	for _, key := range r.keys {
		if e := r.packages[key]; nameAt(key) == "" {
			for _, names := range e.needs {
				for _, name := range names {
					if at, ok := r.resolve(key, name); ok {
						direct[at] = true
					}
				}
			}
		}
	}
	r.purls = map[string]release.PURL{"": r.inv.Root}
	for _, key := range r.keys {
		e := r.packages[key]
		if nameAt(key) == "" {
			r.directory(key, e)
			continue
		}
		c, ok := r.component(e)
		if !ok {
			continue
		}
		c.Relation = release.RelationTransitive
		if direct[key] {
			c.Relation = release.RelationDirect
		}
		if r.packages[""] == nil { // nobody says what is direct
			c.Relation = release.RelationUnknown
		}
		r.purls[key] = c.PURL
		r.add(c)
		if r.failed {
			return
		}
	}
	for _, key := range r.keys {
		for kind, names := range r.packages[key].needs {
			for _, name := range names {
				if at, ok := r.resolve(key, name); ok {
					r.edge(r.purls[key], r.purls[at])
				} else if kind == npmRuntime && r.packages[key].problem == "" && !slices.Contains(r.packages[key].needs[npmPeer], name) && !slices.Contains(r.packages[key].needs[npmOptional], name) {
					r.gap(release.GapAmbiguous, cmpOr(key, r.name), "it needs %s, which is not listed", short(name))
				}
			}
		}
		if r.failed {
			return
		}
	}
}

// directory checks an entry that is the project or a directory of it.
func (r *npmReader) directory(key string, e *npmEntry) {
	if e.problem != "" {
		r.gap(release.GapUnreadable, key, "%s", e.problem)
	}
	switch {
	case key == "":
	case strings.Contains("/"+key+"/", "/node_modules/"):
		r.gap(release.GapUnreadable, key, "a place for packages that names none")
	case e.resolved != "" || e.integrity != "":
		r.gap(release.GapAmbiguous, key, "a directory that has an address or a hash")
		fallthrough
	default:
		r.local(key, key)
	}
}

// resolve finds what Node.js finds for a name from a package: in its node_modules or
// that of a directory around it.
func (r *npmReader) resolve(from, name string) (key string, ok bool) {
	const most = 2_000_000 // steps for a whole file
	for dir := from; ; {
		at := "node_modules/" + name
		if dir != "" {
			at = dir + "/" + at
		}
		if _, ok := r.packages[at]; ok {
			return at, true
		}
		if r.steps++; r.steps > most {
			r.fail(release.GapTooLarge, "packages nested too deep to look for each other")
		}
		if dir == "" || r.failed {
			return "", false
		}
		for dir = parent(dir); dir == "node_modules" || strings.HasSuffix(dir, "/node_modules"); {
			dir = parent(dir)
		}
	}
}

// parent is the directory around one, "" for that of the file.
func parent(dir string) string { return dir[:max(strings.LastIndexByte(dir, '/'), 0)] }
