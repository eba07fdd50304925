package scan

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// types are the purl types of OSV's ecosystems, with the namespace where the
// ecosystem is one distribution's. Others have no purl here.
var types = map[string]struct{ kind, namespace string }{
	"Go":             {"golang", ""},
	"npm":            {"npm", ""},
	"PyPI":           {"pypi", ""},
	"crates.io":      {"cargo", ""},
	"Maven":          {"maven", ""},
	"RubyGems":       {"gem", ""},
	"NuGet":          {"nuget", ""},
	"Packagist":      {"composer", ""},
	"Hex":            {"hex", ""},
	"Pub":            {"pub", ""},
	"SwiftURL":       {"swift", ""},
	"Hackage":        {"hackage", ""},
	"CRAN":           {"cran", ""},
	"GitHub Actions": {"github", ""},
	"Debian":         {"deb", "debian"},
	"Ubuntu":         {"deb", "ubuntu"},
	"Alpine":         {"apk", "alpine"},
	"Chainguard":     {"apk", "chainguard"},
	"Wolfi":          {"apk", "wolfi"},
	"Red Hat":        {"rpm", "redhat"},
	"AlmaLinux":      {"rpm", "almalinux"},
	"Rocky Linux":    {"rpm", "rocky-linux"},
}

// ecosystemPURL is the purl of a package that is named as OSV names it, or "" where
// there is none.
func ecosystemPURL(ecosystem, name, version string) release.PURL {
	ecosystem, _, _ = strings.Cut(ecosystem, ":") // "Debian:12"
	t, ok := types[ecosystem]
	if !ok || name == "" {
		return ""
	}
	if t.kind == "golang" {
		return goPURL(name, version)
	}
	if t.kind == "maven" {
		name = strings.Replace(name, ":", "/", 1)
	}
	if t.namespace != "" {
		name = t.namespace + "/" + name
	}
	p, err := release.NewPURL(t.kind, name, version)
	if err != nil {
		return ""
	}
	return p
}

// purl reads a package URL; what is none is "".
func purl(s string) release.PURL {
	p, err := release.ParsePURL(s)
	if err != nil {
		return ""
	}
	return p
}

// goPURL is the purl of a Go module, with the version as go.mod has it: with a "v"
// before it, which OSV leaves out, and the standard library's without.
func goPURL(module, version string) release.PURL {
	switch {
	case module == "stdlib" || module == "toolchain":
		version = strings.TrimPrefix(strings.TrimPrefix(version, "go"), "v")
	case version != "" && version[0] >= '0' && version[0] <= '9':
		version = "v" + version
	}
	p, err := release.NewPURL("golang", module, version)
	if err != nil {
		return ""
	}
	return p
}

// named is a package and its version in one text.
func named(parts ...string) release.Text {
	return text(strings.Join(parts, " "))
}
