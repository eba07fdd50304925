package lockfile

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// PnpmLock reads pnpm-lock.yaml with lockfileVersion 9
// (https://github.com/pnpm/spec/blob/master/lockfile/9.0.md). Older versions are not
// supported, which is a gap.
//
// A package that stands in snapshots with several sets of peers is one component.
// Scope follows from what the importers ask for and how. A patch is part of its
// package's origin. pnpm writes no install scripts from version 9 on. The document in
// front, in which pnpm 11 and later lock themselves, is read too: its packages are needed
// to build.
func PnpmLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "npm", b)
	l.inv.Source.Format = "pnpm-lock"
	if l.failed {
		return l.done()
	}
	version := ""
	for _, d := range documents(string(b)) {
		r := pnpmReader{list: l, packages: map[string]*pnpmPackage{}, snapshots: map[string]*pnpmSnapshot{}, importers: map[string]bool{}}
		if err := readYAML(d.text, d.line, r.item); err != nil {
			l.fail(release.GapUnreadable, "%v", err)
		}
		major, _, _ := strings.Cut(r.version, ".")
		switch {
		case r.version == "":
			l.fail(release.GapUnreadable, "it has no lockfileVersion")
		case major != "9":
			l.fail(release.GapUnsupported, "lockfileVersion %q; 9 is read", r.version)
		}
		version = cmpOr(r.version, version)
		if !l.failed {
			r.listAll()
		}
	}
	if version != "" {
		l.inv.Source.Format += "/" + short(version)
	}
	return l.done()
}

type document struct {
	text string
	line int // lines before it
}

// documents takes a text apart at its "---" lines. pnpm 11 and later put a document in
// front that locks pnpm itself.
func documents(s string) []document {
	lines := 0
	if t, ok := strings.CutPrefix(s, "---\n"); ok {
		s, lines = t, 1
	}
	var out []document
	for {
		i := strings.Index(s, "\n---\n")
		if i < 0 {
			return append(out, document{s, lines})
		}
		out = append(out, document{s[:i+1], lines})
		lines += strings.Count(s[:i+1], "\n") + 1
		s = s[i+len("\n---\n"):]
	}
}

type pnpmPackage struct {
	integrity, tarball, directory, repo, commit, path, url, name, version, kind string
	resolved, script, odd                                                       bool
	purl                                                                        release.PURL
}

type pnpmSnapshot struct {
	needs []pnpmNeed
	scope release.Scope
	reach bool
}

// pnpmNeed is what an importer or a snapshot asks for.
type pnpmNeed struct {
	from, name, version string
	scope               release.Scope // of an importer's; of a snapshot's, optional or runtime
}

type pnpmReader struct {
	*list
	version   string
	packages  map[string]*pnpmPackage
	order     []string // of packages
	snapshots map[string]*pnpmSnapshot
	snapOrder []string
	importers map[string]bool
	roots     []pnpmNeed
	patched   map[string]string // hashes and paths of patches by package
	needs     int
}

// item takes one item of the file.
func (r *pnpmReader) item(it yamlItem) error {
	p := it.path
	switch {
	case p[0] == "lockfileVersion" && len(p) == 1:
		r.version = it.text
	case strings.EqualFold(p[0], "packages") && p[0] != "packages", strings.EqualFold(p[0], "snapshots") && p[0] != "snapshots",
		strings.EqualFold(p[0], "importers") && p[0] != "importers", strings.EqualFold(p[0], "lockfileVersion") && p[0] != "lockfileVersion":
		return &yamlError{it.line, short(p[0]) + " differs from a known name by case alone"}
	case len(p) == 1:
		if it.scalar && it.text != "" && slices.Contains([]string{"packages", "snapshots", "importers"}, p[0]) {
			return &yamlError{it.line, p[0] + " must be a mapping"}
		}
	case p[0] == "importers":
		return r.importer(it)
	case p[0] == "packages":
		return r.pkg(it)
	case p[0] == "snapshots":
		return r.snapshot(it)
	case p[0] == "patchedDependencies" && it.scalar && (len(p) == 2 || len(p) == 3 && p[2] == "hash"):
		if r.patched == nil {
			r.patched = map[string]string{}
		}
		r.patched[p[1]] = it.text
	}
	return nil
}

// maxEntries bounds the entries of each part of the file.
func (r *pnpmReader) room(n int) error {
	if n > MaxComponents {
		r.fail(release.GapTooLarge, "more than %d entries", MaxComponents)
		return &yamlError{0, "too large"}
	}
	return nil
}

func (r *pnpmReader) need(list *[]pnpmNeed, n pnpmNeed) error {
	if r.needs++; r.needs > MaxEdges {
		r.fail(release.GapTooLarge, "more than %d relations", MaxEdges)
		return &yamlError{0, "too large"}
	}
	*list = append(*list, n)
	return nil
}

func (r *pnpmReader) importer(it yamlItem) error {
	p := it.path
	if len(p) == 2 {
		if it.scalar {
			return &yamlError{it.line, "an importer must be a mapping"}
		}
		r.importers[p[1]] = true
		return r.room(len(r.importers))
	}
	if it.opaque {
		return &yamlError{it.line, "a list in an importer"}
	}
	scopes := map[string]release.Scope{"dependencies": release.ScopeRuntime, "devDependencies": release.ScopeDevelopment, "optionalDependencies": release.ScopeOptional,
		"configDependencies": release.ScopeDevelopment, "packageManagerDependencies": release.ScopeDevelopment}
	scope, ok := scopes[p[2]]
	switch {
	case !ok:
		return nil
	case it.scalar && len(p) < 5:
		return &yamlError{it.line, short(p[2]) + " must have a specifier and a version for each name"}
	case !it.scalar || len(p) != 5 || p[4] != "version":
		return nil
	}
	return r.need(&r.roots, pnpmNeed{p[1], p[3], it.text, scope})
}

func (r *pnpmReader) pkg(it yamlItem) error {
	p := it.path
	if len(p) == 2 {
		if it.scalar {
			return &yamlError{it.line, "a package must be a mapping"}
		}
		r.packages[p[1]] = &pnpmPackage{}
		r.order = append(r.order, p[1])
		return r.room(len(r.order))
	}
	e := r.packages[p[1]]
	switch {
	case it.opaque || len(p) > 4 && p[2] == "resolution":
		e.odd = e.odd || p[2] == "resolution"
	case len(p) == 3 && p[2] == "resolution":
		e.resolved = !it.scalar
	case !it.scalar:
	case len(p) == 3 && p[2] == "name":
		e.name = it.text
	case len(p) == 3 && p[2] == "version":
		e.version = it.text
	case len(p) == 3 && p[2] == "requiresBuild":
		e.script = e.script || it.text != "false"
	case len(p) == 4 && p[2] == "resolution":
		switch p[3] {
		case "integrity":
			e.integrity = it.text
		case "tarball":
			e.tarball = it.text
		case "directory":
			e.directory = it.text
		case "repo":
			e.repo = it.text
		case "commit":
			e.commit = it.text
		case "type":
			e.kind = it.text
			e.odd = e.odd || it.text != "git" && it.text != "directory"
		case "path":
			e.path = it.text
		case "url":
			e.url = it.text
		case "gitHosted":
		default:
			e.odd = true
			for _, known := range []string{"integrity", "tarball", "directory", "repo", "commit", "path", "url", "type"} {
				if strings.EqualFold(known, p[3]) {
					return &yamlError{it.line, short(p[3]) + " differs from a known name by case alone"}
				}
			}
		}
	}
	return nil
}

func (r *pnpmReader) snapshot(it yamlItem) error {
	p := it.path
	if len(p) == 2 {
		if it.scalar {
			return &yamlError{it.line, "a snapshot must be a mapping"}
		}
		r.snapshots[p[1]] = &pnpmSnapshot{}
		r.snapOrder = append(r.snapOrder, p[1])
		return r.room(len(r.snapOrder))
	}
	s := r.snapshots[p[1]]
	isNeed := p[2] == "dependencies" || p[2] == "optionalDependencies"
	switch {
	case isNeed && (it.opaque || it.scalar != (len(p) == 4)):
		return &yamlError{it.line, p[2] + " must have a version for each name"}
	case !isNeed || !it.scalar:
		return nil
	}
	switch p[2] {
	case "dependencies":
		return r.need(&s.needs, pnpmNeed{p[1], p[3], it.text, release.ScopeRuntime})
	case "optionalDependencies":
		return r.need(&s.needs, pnpmNeed{p[1], p[3], it.text, release.ScopeOptional})
	}
	return nil
}

// withoutPeers cuts off the peers and patches that pnpm writes behind a version.
func withoutPeers(key string) string {
	key, _, _ = strings.Cut(key, "(")
	return key
}

// splitKey takes name@version apart.
func splitKey(key string) (name, version string) {
	if len(key) < 2 {
		return key, ""
	}
	name, version, _ = strings.Cut(key[1:], "@")
	return key[:1] + name, version
}

// target is the snapshot that a need means; "" and no error is a directory.
func (r *pnpmReader) target(n pnpmNeed, dir string) string {
	if to, ok := strings.CutPrefix(n.version, "link:"); ok {
		if !strings.HasPrefix(to, "/") {
			to = path.Join(dir, to)
		}
		r.local(n.name, to)
		return ""
	}
	for _, key := range []string{n.name + "@" + n.version, n.version} { // the second is an alias's
		if r.snapshots[key] != nil {
			return key
		}
	}
	r.gap(release.GapUnreadable, n.from, "it needs %s %s, which has no snapshot", short(n.name), short(cleanURL(n.version)))
	return ""
}

func (r *pnpmReader) listAll() {
	direct := map[string]bool{} // packages' keys
	type step struct {
		key   string
		scope release.Scope
	}
	var todo []step
	for _, dir := range slices.Sorted(maps.Keys(r.importers)) {
		r.local(dir, dir)
	}
	for _, n := range r.roots {
		if key := r.target(n, n.from); key != "" {
			direct[withoutPeers(key)] = true
			todo = append(todo, step{key, n.scope})
		}
	}
	next := map[string][]step{}
	for _, key := range r.snapOrder {
		for _, n := range r.snapshots[key].needs {
			if to := r.target(n, ""); to != "" {
				next[key] = append(next[key], step{to, n.scope})
			}
		}
	}
	for len(todo) > 0 { // each snapshot is visited once for each scope at most
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		snap := r.snapshots[s.key]
		if snap.reach && snap.scope <= s.scope {
			continue
		}
		snap.reach, snap.scope = true, s.scope
		for _, n := range next[s.key] {
			todo = append(todo, step{n.key, max(s.scope, n.scope)})
		}
	}
	scope := map[string]release.Scope{}
	reached := map[string]bool{}
	patches := map[string]string{} // hashes
	for _, key := range r.snapOrder {
		base := withoutPeers(key)
		if r.packages[base] == nil {
			r.gap(release.GapUnreadable, key, "the snapshot has no package")
			continue
		}
		if _, hash, ok := strings.Cut(key, "(patch_hash="); ok {
			hash, _, _ = strings.Cut(hash, ")")
			patches[base] = hash
		}
		if s := r.snapshots[key]; s.reach && (!reached[base] || s.scope < scope[base]) {
			reached[base], scope[base] = true, s.scope
		}
	}
	for _, key := range r.order {
		c, ok := r.component(key)
		if !ok {
			continue
		}
		r.packages[key].purl = c.PURL
		c.Scope = scope[key]
		switch {
		case direct[key]:
			c.Relation = release.RelationDirect
		case reached[key]:
			c.Relation = release.RelationTransitive
		}
		hash, ok := r.patch(key)
		if of := patches[key]; of != "" && of != hash {
			hash, ok = strings.TrimSpace(hash+" "+of), true
		}
		if ok {
			c.Origin = release.Text(strings.TrimSpace(string(c.Origin) + " patched " + short(hash)))
		}
		r.add(c)
		if r.failed {
			return
		}
	}
	for _, key := range r.snapOrder {
		if from := r.packages[withoutPeers(key)]; from != nil {
			for _, n := range next[key] {
				if to := r.packages[withoutPeers(n.key)]; to != nil {
					r.edge(from.purl, to.purl)
				}
			}
		}
	}
}

// patch is what patchedDependencies has for a package: for its version, or for all.
func (r *pnpmReader) patch(key string) (string, bool) {
	if hash, ok := r.patched[key]; ok {
		return hash, true
	}
	name, version := splitKey(key)
	if v := r.packages[key].version; v != "" {
		version = v
	}
	if hash, ok := r.patched[name+"@"+version]; ok {
		return hash, true
	}
	hash, ok := r.patched[name]
	return hash, ok
}

// component is what an entry of packages stands for.
func (r *pnpmReader) component(key string) (c release.Component, ok bool) {
	e := r.packages[key]
	name, version := splitKey(key)
	address := ""
	if strings.ContainsAny(version, ":/") {
		address, version = version, e.version
	}
	if !e.resolved {
		r.gap(release.GapUnreadable, key, "it has no resolution")
		return c, false
	}
	if e.kind == "directory" {
		if e.tarball+e.repo+e.url != "" {
			r.gap(release.GapAmbiguous, key, "it is a directory and has an address")
		}
		r.local(name, e.directory)
		return c, false
	}
	odd := e.odd || e.directory != "" // without the type pnpm takes it for a package
	p, ok := r.purl(name, version)
	if !ok {
		return c, false
	}
	c = release.Component{PURL: p, Integrity: e.integrity, InstallScript: e.script}
	if e.name != "" && e.name != name {
		r.gap(release.GapAmbiguous, string(p), "its key and its name %q differ", short(e.name))
	}
	if e.version != "" && address == "" && e.version != version {
		r.gap(release.GapAmbiguous, string(p), "its key and its version %q differ", e.version)
	}
	if version != "" && !semverLike(version) {
		r.gap(release.GapUnpinned, string(p), "%q is no version", version)
	}
	switch {
	case odd:
		c.Origin = originOf(cmpOr(cmpOr(e.url, e.tarball), cmpOr(cmpOr(e.repo, address), e.kind)))
		r.gap(release.GapUnsupported, string(p), "its resolution is of a kind that is not known: %q", e.kind)
	case e.repo != "" || e.kind == "git":
		c.Origin = originOf(within(e.repo+"#"+e.commit, "path", e.path))
		if !commit.MatchString(e.commit) {
			r.gap(release.GapUnpinned, string(p), "%s has no commit", short(cleanURL(e.repo)))
		}
	case e.tarball != "":
		c.Origin = release.Text(within(string(r.origin(p, name, version, e.tarball, e.integrity)), "path", short(e.path)))
	case address != "":
		c.Origin = r.origin(p, name, version, address, e.integrity)
	}
	return c, true
}
