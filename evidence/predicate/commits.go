package predicate

import "strings"

// commitOf is the git commit among the digests of one resource, "" if there is
// none: what stands under gitCommit, or else what producers wrote before that name
// existed and some still do. That is a SHA-1 of something at a git URI, and 40
// digits under sha256, which no SHA-256 has and GitLab's runner writes for the
// commit.
func commitOf(uri string, digest map[string]string) string {
	switch c := digest["gitCommit"]; {
	case c != "":
		return c
	case digest["sha1"] != "" && gitURI(uri):
		return digest["sha1"]
	case len(digest["sha256"]) == 40:
		return digest["sha256"]
	}
	return ""
}

// gitURI reports whether a URI is that of a git repository.
func gitURI(uri string) bool {
	if strings.HasPrefix(uri, "git+") || strings.HasPrefix(uri, "git:") {
		return true
	}
	if i := strings.IndexAny(uri, "#?"); i >= 0 {
		uri = uri[:i]
	}
	if i := strings.LastIndexByte(uri, '/'); i >= 0 { // a name and, maybe, @ and a revision
		name, _, _ := strings.Cut(uri[i:], "@")
		return strings.HasSuffix(name, ".git")
	}
	return false
}

// distinct is list with each text once, in the order of first appearance, and
// without the empty one.
func distinct(list []string) []string {
	seen := map[string]bool{"": true}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
