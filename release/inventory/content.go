package inventory

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// replaced says in what way the content of a version is another, or comes from
// elsewhere; "" where nothing says so.
func replaced(was, is *release.Component) string {
	var out []string
	if was.Origin != is.Origin {
		out = append(out, "origin "+place(was.Origin)+", now "+place(is.Origin))
	}
	qualified(was.PURL, is.PURL, func(key string, a, b release.Text) {
		if slices.Contains(contents, key) || slices.Contains(makers, key) {
			out = append(out, key+" "+place(a)+", now "+place(b))
		}
	})
	if text := rehashed(was.Integrity, is.Integrity); text != "" {
		out = append(out, text)
	}
	switch {
	case was.Digest == is.Digest || was.Digest.IsZero():
	case is.Digest.IsZero():
		out = append(out, "its digest is gone")
	default:
		out = append(out, "another digest")
	}
	return strings.Join(out, "; ")
}

// contents are the qualifiers that say which content a version has, or where it
// comes from. makers say who made it.
var (
	contents = []string{"checksum", "download_url", "file_name", "prev", "repository_url", "rrev", "vcs_url"}
	makers   = []string{"channel", "user"}
)

// place is an origin for people.
func place(origin release.Text) string {
	if origin == "" {
		return "not named"
	}
	const most = 300
	if len(origin) > most {
		return (origin[:most] + "…").String()
	}
	return origin.String()
}

// rehashed says in what way hashes of one version do not vouch for the same
// content. Several hashes stand with spaces between; whoever installs it accepts
// content that fits one of them.
func rehashed(was, is string) string {
	if was == is || was == "" {
		return ""
	}
	if is == "" {
		return "its hash is gone"
	}
	before, algorithms := map[string]bool{}, map[string]bool{}
	strong := false
	for h := range strings.FieldsSeq(was) {
		before[h], algorithms[algorithm(h)] = true, true
		strong = strong || !weak[algorithm(h)]
	}
	shared, onlyWeak := false, true
	for h := range strings.FieldsSeq(is) {
		onlyWeak = onlyWeak && weak[algorithm(h)]
		switch {
		case before[h]:
			shared = true
		case algorithms[algorithm(h)]:
			return "another hash"
		}
	}
	switch {
	case !shared:
		return "no hash of an algorithm that it had before"
	case strong && onlyWeak:
		return "only a weak hash is left"
	}
	return ""
}

// weak are the algorithms for which somebody can make two contents of one hash.
var weak = map[string]bool{"md5": true, "sha1": true}

// algorithm is the algorithm of a hash: what stands before the first of "-", ":"
// and "=".
func algorithm(hash string) string {
	if i := strings.IndexAny(hash, "-:="); i >= 0 {
		return strings.ToLower(hash[:i])
	}
	return ""
}

// moved reports whether two versions of a package come from different places. URLs
// of registries name the version, so only their hosts count, and the package where
// they name it as npm's do; those of repositories count as a whole, but for what is
// checked out.
func moved(was, is *release.Component) bool {
	if was.Origin == is.Origin && query(was.PURL) == query(is.PURL) {
		return false
	}
	return source(was) != source(is)
}

// originOf is where an entry comes from, in the file's words or in its purl's.
func originOf(c *release.Component) release.Text {
	if c.Origin != "" {
		return c.Origin
	}
	for _, key := range []string{"vcs_url", "download_url", "repository_url"} {
		if v := c.PURL.Qualifier(key); v != "" {
			return release.Text(v)
		}
	}
	return ""
}

func source(c *release.Component) string {
	origin := string(originOf(c))
	scheme, rest, ok := strings.Cut(origin, "://")
	if !ok || strings.ContainsFunc(origin, func(r rune) bool { return r <= ' ' || r == '\\' }) { // programs differ in what host this is
		origin, _, _ = strings.Cut(origin, "#")
		return origin
	}
	scheme = strings.ToLower(scheme)
	open := strings.HasSuffix(scheme, "http") // anybody on the way can change the content
	scheme, _, _ = strings.Cut(scheme, "+")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	host, path, _ := strings.Cut(rest, "/")
	host = strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
	if open {
		host = "http:" + host
	}
	switch {
	case scheme == "git", scheme == "ssh", strings.HasSuffix(path, ".git"):
		path, _, _ = strings.Cut(path, "@")
		return host + "/" + path
	case strings.Contains(host, "github"), strings.Contains(host, "gitlab"), strings.Contains(host, "bitbucket"), strings.Contains(host, "codeberg"):
		parts := strings.SplitN(path, "/", 3) // archives of a repository: its owner and name
		return host + "/" + strings.Join(parts[:min(2, len(parts))], "/")
	}
	if pkg, _, ok := strings.Cut(path, "/-/"); ok {
		return host + "/" + pkg
	}
	return host
}
