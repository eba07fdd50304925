package lockfile

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// BerryLock reads the yarn.lock of Yarn 2 and later, which has a mapping __metadata
// (https://yarnpkg.com/features/security and the package @yarnpkg/core). What the
// workspaces ask for is direct; the file does not tell what they need to build or to
// test only. Checksums are of Yarn's own archives, so that they are marked as such. A
// patch is the origin of what it changes.
func BerryLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "npm", b)
	l.inv.Source.Format = "yarn-berry"
	if l.failed {
		return l.done()
	}
	r := berryReader{yarnFile: newYarn(l)}
	if err := readYAML(string(b), 0, r.item); err != nil {
		l.fail(release.GapUnreadable, "%v", err)
	}
	if r.version == "" {
		l.fail(release.GapUnreadable, "it has no __metadata with a version")
	} else {
		l.inv.Source.Format += "/" + short(r.version)
	}
	if !l.failed {
		r.listAll()
	}
	return l.done()
}

type berryReader struct {
	yarnFile
	version string
	entry   *yarnEntry
	unsure  map[string]bool // names of which a workspace asks for nobody knows which version
	direct  map[*yarnEntry]bool
}

func (r *berryReader) item(it yamlItem) error {
	p := it.path
	switch {
	case p[0] == "__metadata":
		if len(p) == 2 && p[1] == "version" && it.scalar {
			r.version = it.text
		}
		return nil
	case len(p) == 1 && it.scalar:
		return &yamlError{it.line, "an entry must be a mapping"}
	case len(p) == 1:
		patterns := strings.Split(p[0], ",")
		for i, s := range patterns {
			patterns[i] = strings.TrimSpace(s)
		}
		r.entry = r.open(patterns, it.line)
	case berryCase(p[1]):
		return &yamlError{it.line, short(p[1]) + " differs from a known name by case alone"}
	case p[1] == "dependencies" && (it.opaque || it.scalar != (len(p) == 3)):
		return &yamlError{it.line, "dependencies must have a range for each name"}
	case len(p) == 2 && it.scalar:
		switch p[1] {
		case "version":
			r.entry.version = it.text
		case "resolution":
			r.entry.resolved = it.text
		case "checksum":
			r.entry.integrity = it.text
		case "conditions": // Yarn fetches it on some platforms only, and has no checksum of it
			r.entry.conditions = true
		}
	case len(p) == 3 && p[1] == "dependencies" && it.scalar:
		if r.needs++; r.needs > MaxEdges {
			r.fail(release.GapTooLarge, "more than %d relations", MaxEdges)
		}
		r.entry.needs = append(r.entry.needs, yarnNeed{p[2], it.text})
	}
	if r.failed {
		return &yamlError{it.line, "too large"}
	}
	return nil
}

// berryNames are the fields of an entry that are read.
var berryNames = []string{"version", "resolution", "dependencies", "checksum", "conditions"}

// berryCase reports whether a name is that of a field but for its case.
func berryCase(name string) bool {
	return !slices.Contains(berryNames, name) && slices.ContainsFunc(berryNames, func(n string) bool { return strings.EqualFold(n, name) })
}

func (r *berryReader) listAll() {
	r.direct, r.unsure = map[*yarnEntry]bool{}, map[string]bool{}
	workspaces := false
	for _, e := range r.entries {
		if _, ref := splitKey(e.resolved); strings.HasPrefix(ref, "workspace:") {
			workspaces = true
			for _, n := range e.needs {
				if to := r.find(n); to != nil {
					r.direct[to] = true
				} else {
					r.unsure[n.name] = true
				}
			}
		}
	}
	for _, e := range r.entries {
		r.entryOf(e, workspaces)
		if r.failed {
			return
		}
	}
	r.edges()
}

// entryOf lists what an entry stands for, by the protocol of its resolution.
func (r *berryReader) entryOf(e *yarnEntry, workspaces bool) {
	name, ref := splitKey(e.resolved)
	protocol, rest, ok := strings.Cut(ref, ":")
	if !ok {
		r.gap(release.GapUnreadable, e.patterns[0], "line %d: its resolution has no protocol", e.line)
		return
	}
	dir, _, _ := strings.Cut(rest, "::")
	switch protocol {
	case "workspace":
		if dir == "." {
			r.inv.Root, _ = r.purl(name, "")
			e.purl = r.inv.Root
		}
		r.local(name, dir)
		return
	case "link", "portal":
		r.local(name, dir)
		return
	}
	p, ok := r.purl(name, e.version)
	if !ok {
		return
	}
	e.purl = p
	if !semverLike(e.version) {
		r.gap(release.GapUnpinned, string(p), "%q is no version", e.version)
	}
	c := release.Component{PURL: p, Relation: release.RelationTransitive}
	switch {
	case !workspaces || r.unsure[name]:
		c.Relation = release.RelationUnknown
	case r.direct[e]:
		c.Relation = release.RelationDirect
	}
	if e.integrity != "" {
		c.Integrity = "yarn:" + e.integrity
	}
	switch protocol {
	case "npm":
		c.Origin = r.npm(p, name, e, rest)
	case "patch":
		c.Origin = r.patch(p, name, ref)
	case "file", "exec":
		c.Origin = originOf(ref)
		if outside(r.dir, dir) {
			r.gap(release.GapDependencyOrigin, string(p), "it is taken from %s, which is outside the repository", short(cleanURL(dir)))
		}
	default:
		c.Origin = r.origin(p, name, e.version, ref, c.Integrity)
	}
	r.mayLackHash = e.conditions
	r.add(c)
}

// npm is the origin of a package of a registry: version, or version::__archiveUrl=….
func (r *berryReader) npm(p release.PURL, name string, e *yarnEntry, rest string) release.Text {
	for _, pattern := range e.patterns { // an alias says so in its range
		asked, span := splitKey(pattern)
		if alias, ok := strings.CutPrefix(span, "npm:"); ok && strings.Contains(alias[min(1, len(alias)):], "@") {
			asked, _ = splitKey(alias)
		}
		if asked != name {
			r.gap(release.GapAmbiguous, string(p), "line %d: an entry for %s is resolved to it", e.line, short(asked))
		}
	}
	version, parameters, _ := strings.Cut(rest, "::")
	if version != e.version {
		r.gap(release.GapAmbiguous, string(p), "its resolution has version %q", version)
	}
	values, err := url.ParseQuery(parameters)
	if err != nil {
		r.gap(release.GapUnreadable, string(p), "the address of its archive cannot be read")
		return "(unreadable URL)"
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key != "locator" && key != "__archiveUrl" {
			r.gap(release.GapUnsupported, string(p), "its resolution has the parameter %s", short(key))
		}
	}
	addresses := values["__archiveUrl"]
	if len(addresses) == 0 {
		return ""
	}
	if len(addresses) > 1 {
		r.gap(release.GapAmbiguous, string(p), "its resolution has several addresses")
	}
	return r.origin(p, name, version, addresses[len(addresses)-1], e.integrity)
}

// patch is the origin patch:name@reference#patch without secrets, and without the place
// that the patch belongs to. The inner reference is escaped once.
func (r *berryReader) patch(p release.PURL, outer, ref string) release.Text {
	inner, patch, _ := strings.Cut(strings.TrimPrefix(ref, "patch:"), "#")
	if s, err := url.PathUnescape(inner); err == nil {
		inner = s
	}
	name, of := splitKey(inner)
	if name != outer {
		r.gap(release.GapAmbiguous, string(p), "what is patched is %s", short(name))
	}
	patch, parameters, _ := strings.Cut(patch, "::")
	pairs := slices.DeleteFunc(strings.Split(parameters, "&"), func(s string) bool { return s == "" || strings.HasPrefix(s, "locator=") })
	if len(pairs) > 0 {
		patch += "::" + strings.Join(pairs, "&")
	}
	return originOf("patch:"+name) + "@" + originOf(of) + "#" + originOf(patch)
}
