// Package version orders the versions of packages, each ecosystem by its own
// rules.
//
// Whether a version lies in an advisory's range, and whether a release moves a
// dependency up or down, depends on an order, and the orders differ: 1.0-1 is
// before 1.0 to npm and after it to PyPI. [Of] gives the [Order] of a package URL's
// type, [OfEcosystem] that of an ecosystem as OSV names it:
//
//	order, ok := version.Of("npm")
//	c, err := order.Compare("1.10.0", "1.9.0") // +1
//
// Ranges that are searched often are kept as parsed values: [Order.Parse] gives a
// [Version], and comparing two of those neither fails nor parses.
//
// # Unknown is not an answer
//
// An ecosystem whose order is not known here has none: ok is false, and nobody may
// take its versions for ordered. Nor is a text ordered that the ecosystem does not
// take for a version: it is an error, and never equal to anything or the lowest of
// all. Parsers are stricter than the libraries below them for this reason; they
// accept what the ecosystem's specification accepts, without wildcards.
//
// Every order is total: on what parses, Compare is antisymmetric and transitive,
// so that events sorted by it can be searched. Where an ecosystem's own tool is not
// transitive, the versions that break it do not parse.
//
// # Sources
//
//   - golang, npm, cargo, swift, hex and others: Semantic Versioning 2.0.0
//     (https://semver.org), and nuget
//     (https://learn.microsoft.com/nuget/concepts/package-versioning): compared by
//     deps.dev/util/semver. julia, pub and bitnami differ from it in what stands
//     behind "+" or "-": compared here, and so are all that follow.
//   - maven: https://maven.apache.org/pom.html#version-order-specification. pypi:
//     https://packaging.python.org/specifications/version-specifiers; versions from
//     before it, such as "2004d", do not parse. gem: Gem::Version. composer:
//     https://getcomposer.org/doc/articles/versions.md. conan:
//     https://docs.conan.io/2/tutorial/versioning/version_ranges.html. hackage:
//     Data.Version. cran: R's numeric_version.
//   - deb: deb-version(7). rpm: rpm-version(7). apk: apk-package(5).
//
// # Go
//
// Versions of modules may stand with or without "v", as OSV writes them without.
// The standard library and the toolchain have versions of their own form:
// "go1.22.3", "1.22rc1" and "1.22", in go.mod files and purls, are the same as
// "1.22.3", "1.22.0-rc.1" and, since Go 1.21, the version before the first release
// candidate of 1.22 (https://go.dev/doc/toolchain#version).
package version
