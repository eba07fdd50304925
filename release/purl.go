package release

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/package-url/packageurl-go"
)

// PURL is a package URL in canonical form (https://github.com/package-url/purl-spec).
// Values made by ParsePURL and NewPURL may be compared with ==. The empty PURL
// names nothing.
type PURL string

// maxPURL bounds what ParsePURL reads; real ones stay below 1 KiB.
const maxPURL = 8 << 10

// ParsePURL reads a package URL and normalises it. What the specification forbids
// is refused, and so are qualifier keys with capitals, but for those of type maven:
// so the specification's own tests want it. Types that nobody has heard of are read
// like others, and nothing of them is normalised.
func ParsePURL(s string) (PURL, error) {
	p, err := parsePURL(s)
	if err != nil {
		return "", err
	}
	if key := capitalKey(s); key != "" && p.Type() != "maven" {
		return "", fmt.Errorf("release: purl %q: qualifier key %q is not in lower case", s, key)
	}
	return p, nil
}

// NormalizePURL is ParsePURL for package URLs that other tools wrote: qualifier keys
// with capitals are put in lower case, as the specification recommends.
func NormalizePURL(s string) (PURL, error) { return parsePURL(s) }

func parsePURL(s string) (PURL, error) {
	if len(s) > maxPURL {
		return "", fmt.Errorf("release: purl of %d bytes is longer than %d", len(s), maxPURL)
	}
	p, err := packageurl.FromString(s)
	if err != nil {
		return "", fmt.Errorf("release: purl %q: %w", s, err)
	}
	return canonicalPURL(p)
}

// NewPURL makes a package URL of its parts: the type ("golang", "npm"), the name
// with its namespace in front ("golang.org/x/mod", "@babel/core"), and the version,
// which may be empty.
func NewPURL(kind, name, version string) (PURL, error) {
	namespace := ""
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	return canonicalPURL(packageurl.PackageURL{Type: kind, Namespace: namespace, Name: name, Version: version})
}

// canonicalPURL normalises. A part that is not printable UTF-8 once its percent
// signs are resolved is refused: no registry has such a name, and Name and Version
// would carry it into reports.
func canonicalPURL(p packageurl.PackageURL) (PURL, error) {
	if strings.EqualFold(p.Type, "git") {
		// The library knows nothing of this type: the namespace is the host, and the
		// name all of the path on it, in lower case.
		name := strings.ToLower(strings.Trim(p.Namespace+"/"+p.Name, "/"))
		i := strings.LastIndexByte(name, '/')
		if i < 0 || p.Name == "" {
			return "", fmt.Errorf("release: purl %q: a repository has a host and a path", p.String())
		}
		p.Namespace, p.Name = name[:i], name[i+1:]
	}
	if err := p.Normalize(); err != nil {
		return "", fmt.Errorf("release: purl %q: %w", p.String(), err)
	}
	parts := []string{p.Type, p.Namespace, p.Name, p.Version, p.Subpath}
	for _, q := range p.Qualifiers {
		parts = append(parts, q.Key, q.Value)
	}
	for _, part := range parts {
		if !utf8.ValidString(part) || strings.ContainsFunc(part, unprintable) {
			return "", fmt.Errorf("release: purl %q: %q is not printable", p.ToString(), part)
		}
	}
	return PURL(p.ToString()), nil
}

// capitalKey is a qualifier key that has a capital, or "".
func capitalKey(s string) string {
	s, _, _ = strings.Cut(s, "#")
	_, query, _ := strings.Cut(s, "?")
	for query != "" {
		var q string
		q, query, _ = strings.Cut(query, "&")
		if key, _, _ := strings.Cut(q, "="); strings.ContainsFunc(key, unicode.IsUpper) {
			return key
		}
	}
	return ""
}

// String is the package URL.
func (p PURL) String() string { return string(p) }

// MarshalText is the package URL.
func (p PURL) MarshalText() ([]byte, error) { return []byte(p), nil }

// UnmarshalText is ParsePURL; "" names nothing.
func (p *PURL) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*p = ""
		return nil
	}
	v, err := ParsePURL(string(b))
	if err != nil {
		return err
	}
	*p = v
	return nil
}

// cut is a canonical purl in its parts, still encoded: in that form, the characters
// that divide it stand nowhere else.
type cut struct{ kind, name, version, query, subpath string }

// cut divides a canonical purl; of what is none, it is empty.
func (p PURL) cut() (c cut) {
	rest, ok := strings.CutPrefix(string(p), "pkg:")
	if !ok {
		return cut{}
	}
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		rest, c.subpath = rest[:i], rest[i+1:]
	}
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest, c.query = rest[:i], rest[i+1:]
	}
	i := strings.IndexByte(rest, '/')
	if i <= 0 || i == len(rest)-1 {
		return cut{}
	}
	c.kind, c.name = rest[:i], rest[i+1:]
	if i := strings.LastIndexByte(c.name, '@'); i > 0 && strings.IndexByte(c.name[i:], '/') < 0 {
		c.name, c.version = c.name[:i], c.name[i+1:]
	}
	return c
}

// join is the purl of parts that are encoded.
func (c cut) join() PURL {
	s := "pkg:" + c.kind + "/" + c.name
	if c.version != "" {
		s += "@" + c.version
	}
	if c.query != "" {
		s += "?" + c.query
	}
	if c.subpath != "" {
		s += "#" + c.subpath
	}
	return PURL(s)
}

// decoded resolves the percent signs of a canonical part.
func decoded(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	if v, err := url.PathUnescape(s); err == nil {
		return v
	}
	return s
}

// encoded is a part as a canonical purl has it
// (https://ecma-tc54.github.io/ECMA-427/#sec-purl-specification-character-encoding).
func encoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~:", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Type is the package's type, such as "golang".
func (p PURL) Type() string { return p.cut().kind }

// Name is the package's name with its namespace, such as "golang.org/x/mod".
func (p PURL) Name() string { return decoded(p.cut().name) }

// Version is the version, or "".
func (p PURL) Version() string { return decoded(p.cut().version) }

// Qualifier is the value of a qualifier, such as "arch", or "".
func (p PURL) Qualifier(key string) string {
	if strings.IndexByte(string(p), '?') < 0 {
		return ""
	}
	value, _ := p.cut().qualifier(key)
	return decoded(value)
}

// qualifier is the encoded value of a qualifier.
func (c cut) qualifier(key string) (string, bool) {
	for query := c.query; query != ""; {
		var q string
		q, query, _ = strings.Cut(query, "&")
		if name, value, _ := strings.Cut(q, "="); name == key {
			return value, true
		}
	}
	return "", false
}

// Package is the purl without version and qualifiers: which package it is,
// whatever the version. Two versions of one package have the same Package. The
// uuid of a Julia package stays: it is part of the name.
func (p PURL) Package() PURL {
	c := p.cut()
	query := ""
	if c.kind == "julia" {
		if uuid, ok := c.qualifier("uuid"); ok {
			query = "uuid=" + uuid
		}
	}
	switch {
	case c.version == "" && c.query == query && c.kind != "":
		return p
	case c.version != "" && c.query == "" && c.subpath == "":
		return p[:len(p)-len(c.version)-len("@")]
	}
	if c.version, c.query = "", query; c.kind == "" {
		return ""
	}
	return c.join()
}

// At is the same package in another version, which is empty for none. It is empty
// where there cannot be one: of the empty PURL, and for a version that is not
// printable.
func (p PURL) At(version string) PURL {
	c := p.cut()
	if c.kind == "" || !utf8.ValidString(version) || strings.ContainsFunc(version, unprintable) {
		return ""
	}
	if c.version = encoded(version); c.kind == "huggingface" || c.kind == "chrome-extension" {
		q, _ := ParsePURL(string(c.join())) // these have rules for versions
		return q
	}
	return c.join()
}

// Parts are the parts of the package URL, decoded.
func (p PURL) Parts() PURLParts {
	c := p.cut()
	i := strings.LastIndexByte(c.name, '/')
	if c.kind == "git" {
		i = strings.IndexByte(c.name, '/')
	}
	out := PURLParts{Type: c.kind, Namespace: decoded(c.name[:max(i, 0)]), Name: decoded(c.name[i+1:]), Version: decoded(c.version), Subpath: decoded(c.subpath)}
	for query := c.query; query != ""; {
		var q string
		q, query, _ = strings.Cut(query, "&")
		if out.Qualifiers == nil {
			out.Qualifiers = map[string]string{}
		}
		key, value, _ := strings.Cut(q, "=")
		out.Qualifiers[key] = decoded(value)
	}
	return out
}

// PURLParts are the parts of a package URL, not encoded. Type and Name are
// required.
type PURLParts struct {
	// Type is the package's type, such as "deb".
	Type string
	// Namespace stands before the name: a scope, a distribution, a host with a path.
	// Parts are separated by "/".
	Namespace string
	// Name is the package's name.
	Name string
	// Version is its version, or "".
	Version string
	// Qualifiers are further facts by key: "arch", "distro". Keys are written small;
	// those without a value are left out.
	Qualifiers map[string]string
	// Subpath is a path in the package, or "".
	Subpath string
}

// PURL makes a package URL of its parts.
func (p PURLParts) PURL() (PURL, error) {
	return canonicalPURL(packageurl.PackageURL{Type: p.Type, Namespace: p.Namespace, Name: p.Name, Version: p.Version,
		Qualifiers: packageurl.QualifiersFromMap(p.Qualifiers), Subpath: p.Subpath})
}
