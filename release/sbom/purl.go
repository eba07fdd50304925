package sbom

import (
	"errors"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Errors do not repeat a text that may hold a password.
var (
	errNoPURL = errors.New("sbom: its package URL does not begin with the scheme pkg")
	errParse  = errors.New("sbom: its package URL is not one that can be parsed")
	errEscape = errors.New("sbom: its package URL has an escape sequence that is none")
)

// packageURL reads a package URL; one without a version gets the component's.
// Users, passwords and queries of the URLs that qualifiers may hold are left out.
func packageURL(text, version string) (release.PURL, error) {
	if len(text) < 4 || !strings.EqualFold(text[:4], "pkg:") {
		return "", errNoPURL
	}
	text, ok := withoutSecrets(text)
	if !ok {
		return "", errEscape
	}
	p, err := release.ParsePURL(text)
	if err != nil {
		return "", errParse
	}
	if version == "" || p.Version() != "" {
		return p, nil
	}
	if with, err := release.ParsePURL(string(p.At(version))); err == nil {
		return with, nil
	}
	return p, nil
}

// withoutSecrets removes user, password and query from URLs in a package URL: from
// those in its qualifiers (vcs_url, download_url, repository_url), which are escaped,
// and from what else looks like one. It returns false if it cannot know.
func withoutSecrets(text string) (string, bool) {
	head, rest, ok := strings.Cut(text, "?")
	head = withoutUsers(head)
	if !ok {
		return head, true
	}
	rest, subpath, fragment := strings.Cut(rest, "#")
	pairs := strings.Split(rest, "&")
	for i, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		plain, err := url.PathUnescape(value)
		if err != nil {
			return "", false
		}
		clean := plain
		if strings.Contains(plain, "://") {
			clean = location(plain)
		} else if strings.HasSuffix(key, "url") {
			clean = withoutUser(plain)
		}
		if clean != plain {
			pairs[i] = key + "=" + url.QueryEscape(clean)
		}
	}
	text = head + "?" + strings.Join(pairs, "&")
	if fragment && !(strings.Contains(rest, "://") && strings.Contains(subpath, "=")) {
		text += "#" + withoutUsers(subpath) // else it is the end of a URL that was not escaped
	}
	return text, true
}

// location is a URL without user, password and query.
func location(text string) string {
	if i := strings.IndexByte(text, '?'); i >= 0 {
		query := text[i:]
		text = text[:i]
		if j := strings.IndexByte(query, '#'); j >= 0 {
			text += query[j:]
		}
	}
	if !strings.Contains(text, "git") { // of a git location the fragment is the commit
		text, _, _ = strings.Cut(text, "#")
	}
	return withoutUser(text)
}

// withoutUser is a URL without what stands in front of an @ in its authority. It does
// not care whether the rest can be parsed: slashes may be missing or lean backwards, and
// "user@host:path" counts too.
func withoutUser(text string) string {
	if strings.Contains(text, "://") {
		return withoutUsers(text)
	}
	scheme := 0
	if i := strings.IndexAny(text, `:/\`); i >= 0 && (text[i] != ':' || i+1 < len(text) && strings.IndexByte(`/\`, text[i+1]) >= 0) {
		scheme = i
	}
	start := scheme + len(text[scheme:]) - len(strings.TrimLeft(text[scheme:], `:/\`))
	return text[:start] + withoutAuthorityUser(text[start:])
}

// withoutUsers is withoutUser for each "://" in a text.
func withoutUsers(text string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(text, "://")
		if !ok {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(before + "://")
		text = withoutAuthorityUser(after)
	}
}

// withoutAuthorityUser removes the user from a text that begins with an authority
// (RFC 3986, 3.2).
func withoutAuthorityUser(text string) string {
	end := strings.IndexAny(text, `/?#\`)
	if end < 0 {
		end = len(text)
	}
	return text[strings.LastIndexByte(text[:end], '@')+1:]
}

// agree reports whether a component's version is the one of its package URL: the same,
// or one is part of the other, as with epochs ("1:2.3-4" and "2.3-4") and a leading v.
func agree(purl, version string) bool {
	return version == "" || strings.Contains(purl, version) || strings.Contains(version, purl)
}

// registries are where the packages of a type come from if nobody says otherwise.
var registries = map[string][]string{
	"npm":      {"https://registry.npmjs.org/", "https://www.npmjs.com/package/", "https://registry.yarnpkg.com/"},
	"pypi":     {"https://files.pythonhosted.org/", "https://pypi.org/", "https://pypi.python.org/"},
	"golang":   {"https://proxy.golang.org/", "https://pkg.go.dev/"},
	"cargo":    {"https://crates.io/", "https://static.crates.io/", "https://index.crates.io/"},
	"maven":    {"https://repo1.maven.org/maven2/", "https://repo.maven.apache.org/maven2/", "https://central.sonatype.com/"},
	"gem":      {"https://rubygems.org/"},
	"nuget":    {"https://api.nuget.org/", "https://www.nuget.org/"},
	"composer": {"https://packagist.org/", "https://repo.packagist.org/"},
}

// origin is a location that content was taken from, or "" where that is the usual one
// for the package or nobody says. User, password and query are left out.
func origin(p release.PURL, text string) release.Text {
	text = strings.TrimSpace(text)
	if text == "" || text == "NOASSERTION" || text == "NONE" {
		return ""
	}
	clean := location(text)
	for _, usual := range registries[p.Type()] {
		if strings.HasPrefix(clean, usual) && !strings.Contains(clean, "/..") {
			return ""
		}
	}
	const most = 1000
	if len(clean) > most {
		clean = strings.ToValidUTF8(clean[:most], "") + "..."
	}
	return release.Text(clean)
}
