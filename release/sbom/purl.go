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

// packageURL reads a package URL; one without a version gets the component's. Users,
// passwords, queries and most fragments of URLs in it are left out; cut says whether
// that left out more than a user.
func packageURL(text, version string) (p release.PURL, cut bool, err error) {
	if len(text) < 4 || !strings.EqualFold(text[:4], "pkg:") {
		return "", false, errNoPURL
	}
	text, cut, ok := withoutSecrets(text)
	if !ok {
		return "", false, errEscape
	}
	if p, err = release.NormalizePURL(text); err != nil {
		return "", false, errParse
	}
	if version != "" && p.Version() == "" {
		if with, err := release.NormalizePURL(string(p.At(version))); err == nil {
			p = with
		}
	}
	return escaped(p, cut)
}

// escaped is packageURL for URLs in any part of a package URL that were escaped, as
// most are: then they are found only once it has been read.
func escaped(p release.PURL, cut bool) (release.PURL, bool, error) {
	if !strings.Contains(string(p), "//") && !strings.Contains(string(p), "2F%2") && !strings.Contains(string(p), "2f%2") { // as they are, escaped once or twice
		return p, cut, nil
	}
	parts, changed := p.Parts(), false
	clean := func(part string) string {
		out, more := inner(part)
		changed, cut = changed || out != part, cut || more
		return out
	}
	parts.Namespace, parts.Name, parts.Version, parts.Subpath = clean(parts.Namespace), clean(parts.Name), clean(parts.Version), clean(parts.Subpath)
	for key, value := range parts.Qualifiers {
		parts.Qualifiers[key] = clean(value)
	}
	if !changed {
		return p, cut, nil
	}
	p, err := parts.PURL()
	if err != nil {
		return "", false, errParse
	}
	return p, cut, nil
}

// inner is location of a URL, whether as it is or escaped once or twice, and else the
// text.
func inner(text string) (clean string, cut bool) {
	plain := text
	for try := 0; ; try++ {
		if strings.Contains(plain, "://") {
			return location(plain)
		}
		next, err := url.PathUnescape(plain)
		if try == 2 || err != nil || next == plain {
			return text, false
		}
		plain = next
	}
}

// withoutSecrets removes user, password and query from URLs in a package URL that were
// not escaped, and from those in its qualifiers (vcs_url, download_url,
// repository_url), before anybody reads it: a "?" or "#" in them would divide it. It
// returns false if it cannot know.
func withoutSecrets(text string) (clean string, cut, ok bool) {
	head, rest, ok := strings.Cut(text, "?")
	head = withoutUsers(head)
	if !ok {
		return head, false, true
	}
	if strings.Contains(head[len("pkg:"):], "://") { // the query of that URL, and no qualifiers
		return head, true, true
	}
	rest, subpath, fragment := strings.Cut(rest, "#")
	pairs := strings.Split(rest, "&")
	for i, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		plain, err := url.PathUnescape(value)
		if err != nil {
			return "", false, false
		}
		clean, more := plain, false
		if strings.Contains(plain, "://") {
			clean, more = location(plain)
		} else if strings.HasSuffix(strings.ToLower(key), "url") {
			clean = withoutUser(plain)
		}
		cut = cut || more
		if clean != plain {
			pairs[i] = key + "=" + url.QueryEscape(clean)
		}
	}
	text = head + "?" + strings.Join(pairs, "&")
	switch {
	case !fragment:
	case strings.Contains(rest, "://") && strings.Contains(subpath, "="): // the end of a URL that was not escaped
		cut = true
	default:
		text += "#" + withoutUsers(subpath)
	}
	return text, cut, true
}

// location is a URL without user, password and query: they may be secrets. Of a
// repository's location the fragment stays, since it is a commit or a directory, unless
// it looks like a query. cut says that a query or fragment was left out: two URLs that
// differ there are the same now.
func location(text string) (clean string, cut bool) {
	text, fragment, _ := strings.Cut(text, "#")
	if i := strings.IndexAny(text, "?;"); i >= 0 {
		text, cut = text[:i], true
	}
	scheme, _, _ := strings.Cut(text, "://")
	text = withoutUser(text)
	switch {
	case fragment == "":
	case strings.ContainsAny(fragment, "=?") || !strings.Contains(scheme, "+") && !strings.Contains(text, "git"):
		cut = true
	default:
		text += "#" + withoutUsers(fragment)
	}
	return text, cut
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

// agree reports whether a component's version is the one of its package URL: the same
// but for an epoch ("1:2.3-4"), a leading "v" or "go".
func agree(purl, version string) bool {
	return version == "" || bare(purl) == bare(version)
}

func bare(version string) string {
	if epoch, rest, ok := strings.Cut(version, ":"); ok && strings.Trim(epoch, "0123456789") == "" {
		version = rest
	}
	return strings.TrimPrefix(strings.TrimPrefix(version, "go"), "v")
}

// ranges reports whether what stands for a version says which versions would do, as
// exports that were made of manifests have it: "^1.2.3", ">= 1, < 2", "1.*".
func ranges(version string) bool {
	return strings.ContainsAny(version, "^<>=*|, ") || strings.HasPrefix(version, "~") || version == "latest"
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
// for the package or nobody says. User, password and query are left out; cut says that
// there was a query.
func origin(p release.PURL, text string) (from release.Text, cut bool) {
	text = strings.TrimSpace(text)
	if text == "" || text == "NOASSERTION" || text == "NONE" {
		return "", false
	}
	clean, cut := location(text)
	for _, usual := range registries[p.Type()] {
		if strings.HasPrefix(clean, usual) && !strings.Contains(clean, "/..") {
			return "", cut
		}
	}
	const most = 1000
	if len(clean) > most {
		return release.Text(strings.ToValidUTF8(clean[:most], "") + "..."), true
	}
	return release.Text(clean), cut
}
