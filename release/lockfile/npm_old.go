package lockfile

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// oldList lists the nested list of version 1.
func (r *npmReader) oldList() {
	if len(r.keys) > 0 {
		r.fail(release.GapAmbiguous, "it says version 1 and has packages")
		return
	}
	r.root(nil)
	r.packages = map[string]*npmEntry{} // so that names are resolved alike
	for _, e := range r.old {
		r.packages[e.at] = e
	}
	r.purls = map[string]release.PURL{}
	for _, e := range r.old {
		c, ok := r.component(e)
		if !ok {
			continue
		}
		r.purls[e.at] = c.PURL
		r.add(c)
	}
	for _, e := range r.old {
		for _, name := range e.needs[npmRuntime] {
			if at, ok := r.resolve(e.at, name); ok {
				r.edge(r.purls[e.at], r.purls[at])
			}
		}
		if r.failed {
			return
		}
	}
}

// compare checks that the two lists of version 2 agree. npm 6 reads the one, npm 7 and
// later the other: what they disagree about is given as both have it.
func (r *npmReader) compare() {
	seen := map[string]bool{}
	for _, e := range r.old {
		key := r.movedKey(e.at)
		seen[key] = true
		other := r.packages[key]
		if other == nil {
			r.disagree(e, "it is in dependencies and not in packages")
			continue
		}
		if what := differ(e, other); what != "" {
			r.disagree(e, "dependencies and packages have different "+what)
		}
		if r.failed {
			return
		}
	}
	for _, key := range r.keys {
		if nameAt(key) != "" && !seen[key] {
			r.gap(release.GapAmbiguous, key, "it is in packages and not in dependencies")
		}
	}
}

func (r *npmReader) disagree(e *npmEntry, detail string) {
	r.gap(release.GapAmbiguous, e.at, "%s", detail)
	if c, ok := r.component(e); ok {
		r.add(c)
	}
}

// movedKey is the key of an entry below a workspace: the old list has it below the
// link in node_modules, packages below the directory that this leads to.
func (r *npmReader) movedKey(at string) string {
	for i := strings.Index(at, "/node_modules/"); i >= 0; {
		if link := r.packages[at[:i]]; link != nil && link.link {
			return strings.TrimPrefix(link.resolved, "./") + at[i:]
		}
		next := strings.Index(at[i+1:], "/node_modules/")
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return at
}

// differ says what two entries disagree about, or "".
func differ(old, e *npmEntry) string {
	name, version, address := cmpOr(e.name, nameAt(e.at)), old.version, old.resolved
	isFile := strings.HasPrefix(old.version, "file:")
	switch alias, ok := strings.CutPrefix(old.version, "npm:"); {
	case e.link || isFile && old.resolved == "":
		if !e.link && !strings.HasPrefix(e.resolved, "file:") {
			return "kinds"
		}
		if strings.TrimPrefix(old.version, "file:") != strings.TrimPrefix(e.resolved, "file:") {
			return "directories"
		}
		return ""
	case ok:
		if i := strings.LastIndexByte(alias, '@'); i > 0 && (alias[:i] != name || alias[i+1:] != e.version) {
			return "names or versions"
		}
		version = e.version
	case strings.ContainsAny(old.version, ":/"):
		version, address = e.version, old.version
	case nameAt(old.at) != name:
		return "names"
	}
	switch {
	case version != e.version:
		return "versions"
	case address != e.resolved && address != "" && e.resolved != "" && cleanGit(address) != cleanGit(e.resolved):
		return "addresses"
	case (address == "") != (e.resolved == "") && !plainAddress(address+e.resolved, name, version):
		return "addresses"
	case old.integrity != e.integrity && old.integrity != "" && e.integrity != "":
		return "hashes"
	}
	return ""
}

// plainAddress reports whether an address says no more than the name and the version.
func plainAddress(s, name, version string) bool {
	usual, _ := npmUsual(s, name, version)
	return usual
}

// cleanGit is an address of a repository in the one form of the several that npm writes.
func cleanGit(s string) string {
	s = strings.TrimPrefix(s, "git+")
	for _, forge := range []string{"github.com", "gitlab.com", "bitbucket.org"} {
		if i := strings.Index(s, forge); i >= 0 && i < 20 {
			rest := strings.TrimLeft(s[i+len(forge):], ":/")
			base, fragment, _ := strings.Cut(rest, "#")
			return forge + "/" + strings.TrimSuffix(base, ".git") + "#" + fragment
		}
	}
	if short, fragment, ok := strings.Cut(s, "#"); ok {
		for prefix, forge := range map[string]string{"github:": "github.com", "gitlab:": "gitlab.com", "bitbucket:": "bitbucket.org"} {
			if name, ok := strings.CutPrefix(short, prefix); ok {
				return forge + "/" + name + "#" + fragment
			}
		}
	}
	return s
}
