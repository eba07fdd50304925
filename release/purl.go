package release

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/package-url/packageurl-go"
)

// PURL is a package URL in canonical form (https://github.com/package-url/purl-spec).
// Values made by ParsePURL and NewPURL may be compared with ==. The empty PURL
// names nothing.
type PURL string

// maxPURL bounds what ParsePURL reads; real ones stay below 1 KiB.
const maxPURL = 8 << 10

// ParsePURL reads a package URL and normalises it.
func ParsePURL(s string) (PURL, error) {
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

// parts parses a canonical purl; of anything else it is empty.
func (p PURL) parts() packageurl.PackageURL {
	v, err := packageurl.FromString(string(p))
	if err != nil {
		return packageurl.PackageURL{}
	}
	return v
}

// Type is the package's type, such as "golang".
func (p PURL) Type() string { return p.parts().Type }

// Name is the package's name with its namespace, such as "golang.org/x/mod".
func (p PURL) Name() string {
	v := p.parts()
	if v.Namespace == "" {
		return v.Name
	}
	return v.Namespace + "/" + v.Name
}

// Version is the version, or "".
func (p PURL) Version() string { return p.parts().Version }

// Package is the purl without version and qualifiers: which package it is,
// whatever the version. Two versions of one package have the same Package.
func (p PURL) Package() PURL {
	v := p.parts()
	if v.Type == "" {
		return ""
	}
	v.Version, v.Qualifiers = "", nil
	return PURL(v.ToString())
}

// At is the same package in another version.
func (p PURL) At(version string) PURL {
	v := p.parts()
	if v.Type == "" {
		return ""
	}
	v.Version = version
	return PURL(v.ToString())
}
