package version

import "strings"

// Of is the order of the packages of a package URL type, such as "golang". It is
// false for types whose order is not known here.
func Of(purlType string) (Order, bool) {
	s, ok := byType[purlType]
	return Order{s}, ok
}

// OfEcosystem is the order of an ecosystem as OSV names it, such as "crates.io" or
// "Debian:12"; what follows the first colon says which release of a distribution,
// and has no bearing on the order. It is false for ecosystems whose order is not
// known here: Android, GitHub Actions, Linux and others, those that have packages of
// several kinds (Docker Hardened Images, whose packages are of Alpine or of Debian:
// their purl's type says which), and names that differ in case from OSV's
// (https://ossf.github.io/osv-schema/#defined-ecosystems).
func OfEcosystem(osvName string) (Order, bool) {
	name, _, _ := strings.Cut(osvName, ":")
	s, ok := byEcosystem[name]
	return Order{s}, ok
}

// byType is by package URL type (https://github.com/package-url/purl-spec,
// directory types). Types that name content by digest or commit are not in it, nor
// are those without advisories to learn the order from.
var byType = map[string]*syntax{
	"apk":      &apkSyntax,
	"bitnami":  &bitnamiSyntax,
	"cargo":    &cargoSyntax,
	"composer": &composerSyntax,
	"conan":    &conanSyntax,
	"cran":     &cranSyntax,
	"deb":      &debSyntax,
	"gem":      &gemSyntax,
	"golang":   &goSyntax,
	"hackage":  &hackageSyntax,
	"hex":      &semverSyntax,
	"julia":    &juliaSyntax,
	"maven":    &mavenSyntax,
	"npm":      &npmSyntax,
	"nuget":    &nugetSyntax,
	"pub":      &pubSyntax,
	"pypi":     &pypiSyntax,
	"rpm":      &rpmSyntax,
	"swift":    &semverSyntax,
}

// byEcosystem is by OSV's name without suffix.
var byEcosystem = map[string]*syntax{
	"AlmaLinux":                    &rpmSyntax,
	"Alpaquita":                    &apkSyntax,
	"Alpine":                       &apkSyntax,
	"BellSoft Hardened Containers": &apkSyntax,
	"Bioconductor":                 &semverSyntax,
	"Bitnami":                      &bitnamiSyntax,
	"Chainguard":                   &apkSyntax,
	"ConanCenter":                  &conanSyntax,
	"CRAN":                         &cranSyntax,
	"crates.io":                    &cargoSyntax,
	"Debian":                       &debSyntax,
	"GHC":                          &semverSyntax,
	"Go":                           &goSyntax,
	"Hackage":                      &hackageSyntax,
	"Hex":                          &semverSyntax,
	"Julia":                        &juliaSyntax,
	"Mageia":                       &rpmSyntax,
	"Maven":                        &mavenSyntax,
	"MinimOS":                      &apkSyntax,
	"npm":                          &npmSyntax,
	"NuGet":                        &nugetSyntax,
	"openEuler":                    &rpmSyntax,
	"openSUSE":                     &rpmSyntax,
	"Packagist":                    &composerSyntax,
	"Pub":                          &pubSyntax,
	"PyPI":                         &pypiSyntax,
	"Red Hat":                      &rpmSyntax,
	"Rocky Linux":                  &rpmSyntax,
	"RubyGems":                     &gemSyntax,
	"SUSE":                         &rpmSyntax,
	"SwiftURL":                     &semverSyntax,
	"Ubuntu":                       &debSyntax,
	"Wolfi":                        &apkSyntax,
}
