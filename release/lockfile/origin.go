package lockfile

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// kept are the parameters of URLs whose values say which content is meant.
var kept = map[string]bool{
	"ref": true, "rev": true, "branch": true, "tag": true, "commit": true, "path": true, "subdirectory": true,
	"version": true, "locator": true, "egg": true, "hash": true, "semver": true, "workspace": true,
	"sha256": true, "sha384": true, "sha512": true, "sha1": true, "md5": true,
}

// cleanURL is where content comes from without what may be secret: the user and the
// password, and the values of parameters that are not known. The user name git is no
// secret. What cannot be taken apart is named by its scheme alone.
func cleanURL(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		if i := strings.IndexByte(s, '@'); i >= 0 && strings.Contains(s[:i], ":") && !strings.ContainsAny(s[:i], "/#") {
			return "(unreadable URL)"
		}
		if t, err := url.PathUnescape(s); t != s && (err != nil || strings.Contains(t, "://")) { // a URL within
			return "(unreadable URL)"
		}
		return cleanParameters(s) // git@host:path, a directory, a name
	}
	if strings.ContainsAny(scheme, "/@?# ") {
		return "(unreadable URL)"
	}
	end := strings.IndexAny(rest, "/?#\\")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		user := ""
		if host[:i] == "git" {
			user = "git@"
		}
		host = user + host[i+1:]
	}
	// What looks like a host may be a user and the first part of a password.
	_, port, _ := strings.Cut(host, ":")
	noPort := strings.Trim(port, "0123456789") != "" && !strings.HasSuffix(scheme, "ssh") && !strings.HasPrefix(host, "[")
	if noPort || strings.Contains(host, ":") && strayAt.MatchString(tail) {
		return scheme + "://(unreadable)"
	}
	return scheme + "://" + host + cleanParameters(tail)
}

// strayAt is an @ in the path of a URL that begins no npm scope.
var strayAt = regexp.MustCompile(`^[^?#]*[^/?#]@`)

// cleanParameters leaves out the values of unknown parameters behind ? and #.
func cleanParameters(s string) string {
	base, fragment, hasFragment := strings.Cut(s, "#")
	base, query, hasQuery := strings.Cut(base, "?")
	if hasQuery {
		base += "?" + cleanPairs(query)
	}
	if hasFragment {
		base += "#" + cleanPairs(fragment)
	}
	return base
}

func cleanPairs(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '&' || r == ';' })
	for i, p := range parts {
		name, value, ok := strings.Cut(p, "=")
		name = strings.TrimLeft(name, ":") // Yarn writes ::version=
		if ok && value != "" && !kept[name] {
			parts[i] = p[:len(p)-len(value)] + "(left out)"
		}
	}
	return strings.Join(parts, "&")
}

// within is an address with the directory in what it leads to.
func within(address, parameter, dir string) string {
	switch {
	case dir == "":
		return address
	case strings.Contains(address, "#"):
		return address + "&" + parameter + "=" + dir
	}
	return address + "#" + parameter + "=" + dir
}

// originOf is a URL as a component's origin.
func originOf(s string) release.Text {
	return release.Text(clip.Text(cleanURL(s), 1000))
}

var commit = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// pinsCommit reports whether a URL of a repository, or of a known forge's archive of
// one, names a commit. Any other host may serve what it likes under such a name.
func pinsCommit(s string) bool {
	base, fragment, _ := strings.Cut(s, "#")
	base, _, _ = strings.Cut(base, "?")
	name := path.Base(base)
	for _, end := range []string{".tgz", ".tar.gz", ".zip", ".tar"} {
		if stem, ok := strings.CutSuffix(name, end); ok {
			return forge.MatchString(base) && commit.MatchString(stem)
		}
	}
	if strings.HasPrefix(base, "https://codeload.github.com/") {
		return commit.MatchString(name)
	}
	for _, p := range strings.Split(fragment, "&") {
		if commit.MatchString(strings.TrimPrefix(p, "commit=")) {
			return true
		}
	}
	return false
}

var forge = regexp.MustCompile(`^https://(codeload\.github|github|api\.github|gitlab|bitbucket)\.(com|org)/.*(archive|tar\.gz|tarball|get)/`)

// isFile reports whether npm and Yarn take what a package was resolved to for a path of an
// archive: not so "user/name", which is a repository of GitHub's, nor "name", which is a
// tag in the registry.
func isFile(s string) bool {
	for _, start := range []string{"file:", "./", "../", "/", "~/"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return !strings.ContainsAny(s, ":/") && (strings.HasSuffix(s, ".tgz") || strings.HasSuffix(s, ".tar.gz") || strings.HasSuffix(s, ".tar"))
}

// isRepository reports whether an address is that of a repository, of which npm and Yarn
// check no hash: by its scheme, as a known forge's, or in a short form.
func isRepository(s string) bool {
	s, _, _ = strings.Cut(s, "#")
	scheme, _, ok := strings.Cut(s, "://")
	if !ok {
		return strings.ContainsAny(s, ":/")
	}
	return strings.HasPrefix(scheme, "git") || strings.HasPrefix(scheme, "ssh") || strings.HasSuffix(s, ".git") || forgeRepository.MatchString(s)
}

var forgeRepository = regexp.MustCompile(`(?i)^https?://([^/@]*@)?(www\.)?((github\.com|bitbucket\.org|gitlab\.com)/[^/]+/[^/]+(/tree/.*)?/?|gist\.github\.com/.*)$`)

// npmUsual reports whether a URL is that of a version of a package on npm's own
// registry; known says whether it is on that registry at all.
func npmUsual(s, name, version string) (usual, known bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || (u.Host != "registry.npmjs.org" && u.Host != "registry.yarnpkg.com") {
		return false, false
	}
	version, _, _ = strings.Cut(version, "+") // npm drops build metadata from file names
	base := path.Base(name)
	file := strings.TrimPrefix(u.Path, "/"+name+"/-/")
	return file == base+"-"+version+".tgz", true
}

// normalPyPI is a name as PEP 503 writes it.
func normalPyPI(name string) string {
	name = strings.ToLower(name)
	if !strings.ContainsAny(name, "_.") && !strings.Contains(name, "--") {
		return name
	}
	return separators.ReplaceAllString(name, "-")
}

var separators = regexp.MustCompile(`[-_.]+`)

// archiveOf reports whether a file of PyPI is named after a package and version: a wheel
// (name-version-...whl, PEP 427) or a source archive (name-version.tar.gz, PEP 625).
func archiveOf(file, name, version string) bool {
	file, _, _ = strings.Cut(file, "#")
	file, _, _ = strings.Cut(file, "?")
	if i := strings.LastIndexByte(file, '/'); i >= 0 {
		file = file[i+1:]
	}
	if f, err := url.PathUnescape(file); err == nil {
		file = f
	}
	want := normalPyPI(name) + "-" + loose(version)
	if stem, ok := strings.CutSuffix(file, ".whl"); ok {
		parts := strings.Split(stem, "-")
		return len(parts) >= 2 && normalPyPI(parts[0])+"-"+loose(parts[1]) == want
	}
	for _, end := range []string{".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".egg", ".exe"} {
		if stem, ok := strings.CutSuffix(file, end); ok {
			rest, ok := strings.CutPrefix(normalPyPI(stem), normalPyPI(name)+"-")
			binary := end == ".egg" || end == ".exe" // the platform follows
			return ok && (loose(rest) == loose(version) || binary && strings.HasPrefix(loose(rest), loose(version)))
		}
	}
	return false
}

// loose is a version without what the spellings that PEP 440 normalises differ in:
// separators, a leading v, 1.0-1 for 1.0.post1, c for rc.
func loose(v string) string {
	v = strings.TrimPrefix(strings.ToLower(v), "v")
	return looseVersion.Replace(v)
}

var looseVersion = strings.NewReplacer("-", "", "_", "", ".", "", "+", "", "!", "", "post", "", "c", "", "r", "")
