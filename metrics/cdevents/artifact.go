package cdevents

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The specification's own examples write a purl's colon as %3A, while the purl
// specification wants it as it is: one artifact must not have two names.
var colons = strings.NewReplacer("%3A", ":", "%3a", ":")

// artifactName is an artifact's identity in the one form that facts have.
func artifactName(id string) string {
	if !strings.HasPrefix(id, "pkg:") {
		return id
	}
	return colons.Replace(id)
}

// artifactKey is what events of one artifact share: a purl without its qualifiers and
// subpath, which say where it is and not what it is. A purl without version has none:
// it names all versions.
func artifactKey(name string) string {
	if !strings.HasPrefix(name, "pkg:") {
		return name
	}
	if i := strings.IndexAny(name, "?#"); i >= 0 {
		name = name[:i]
	}
	if artifactVersion(name) == "" {
		return ""
	}
	return name
}

// artifactVersion is the version that a purl names, and of what is no purl all of it.
func artifactVersion(name string) string {
	if !strings.HasPrefix(name, "pkg:") {
		return name
	}
	if i := strings.IndexAny(name, "?#"); i >= 0 {
		name = name[:i]
	}
	i := strings.LastIndexByte(name, '@')
	if i < 0 || strings.IndexByte(name[i:], '/') >= 0 { // the @ of a namespace
		return ""
	}
	version := decodePercent(name[i+1:])
	if !utf8.ValidString(version) || strings.ContainsFunc(version, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name[i+1:]
	}
	return version
}
