package version

import (
	"cmp"
	"slices"
	"strings"

	"deps.dev/util/semver"
)

// juliaSyntax is Semantic Versioning, but that build metadata counts: packages of
// binaries are built again as 1.2.3+1
// (https://docs.julialang.org/en/v1/manual/strings/#man-version-number-literals).
// How Julia orders 1+a and 1+1 is written nowhere.
var juliaSyntax = buildSyntax("julia", func(_, build string) bool { return build == "" || numbers(build) })

// pubSyntax is Semantic Versioning, but that build metadata counts, as most packages
// of Flutter's own are released as 1.2.3+4 (https://dart.dev/tools/pub/versioning and
// https://github.com/dart-lang/pub_semver, Version.compareTo).
var pubSyntax = buildSyntax("pub", func(pre, build string) bool {
	return pubIDs(pre) && pubIDs(build)
})

// pubIDs is false where Dart takes an identifier for a number that is written in
// another way: "-1", "0x1f".
func pubIDs(s string) bool {
	for id := range strings.SplitSeq(strings.ToLower(s), ".") {
		if strings.HasPrefix(strings.TrimPrefix(id, "-"), "0x") || strings.HasPrefix(id, "-") && digits(id[1:]) || digits(id) && !number(id) {
			return false
		}
	}
	return true
}

// buildKey is a version and the identifiers of its build metadata, numbers without
// zeros in front.
type buildKey struct {
	version *semver.Version
	build   []string
}

// buildSyntax is Semantic Versioning, but that of two versions that are the same
// otherwise, the one without build metadata is before the one with it, and build
// metadata is ordered as pre-releases are. known says of pre-release and build
// metadata whether they have a place in that order.
func buildSyntax(name string, known func(pre, build string) bool) syntax {
	return syntax{
		name: name,
		parse: func(s string) (any, error) {
			key, err := semverSyntax.parse(s)
			if err != nil {
				return nil, err
			}
			_, pre, build := cutSemver(s)
			pre, build = strings.TrimPrefix(pre, "-"), strings.TrimPrefix(build, "+")
			if !known(pre, build) {
				return nil, errSyntax
			}
			out := &buildKey{version: key.(*semver.Version)}
			if build != "" {
				out.build = strings.Split(build, ".")
			}
			for i, id := range out.build {
				if digits(id) {
					out.build[i] = trimZeros(id)
				}
			}
			return out, nil
		},
		compare: func(a, b any) int {
			x, y := a.(*buildKey), b.(*buildKey)
			return cmp.Or(x.version.Compare(y.version), slices.CompareFunc(x.build, y.build, compareItems))
		},
		major: func(key any, text string) (string, bool) { return semverSyntax.major(key.(*buildKey).version, text) },
	}
}

// compareItems orders numbers without zeros in front by value, before texts.
func compareItems(a, b string) int {
	x, y := a == "" || digits(a), b == "" || digits(b)
	switch {
	case x && y:
		return compareNumbers(a, b)
	case x != y:
		if x {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// bitnamiSyntax is Semantic Versioning, but that a number behind the dash is a
// revision, which is later than none (https://github.com/bitnami/go-version). What
// else may stand there has no order that is written down.
var bitnamiSyntax = syntax{
	name: "bitnami",
	parse: func(s string) (any, error) {
		core, revision, build := cutSemver(s)
		if revision != "" && !canonical(revision[1:]) {
			return nil, errSyntax
		}
		key, err := semverSyntax.parse(core + build)
		if err != nil {
			return nil, err
		}
		return &bitnamiKey{key.(*semver.Version), trimZeros(strings.TrimPrefix(revision, "-"))}, nil
	},
	compare: func(a, b any) int {
		x, y := a.(*bitnamiKey), b.(*bitnamiKey)
		return cmp.Or(x.version.Compare(y.version), compareNumbers(x.revision, y.revision))
	},
	major: func(key any, text string) (string, bool) {
		return semverSyntax.major(key.(*bitnamiKey).version, text)
	},
}

type bitnamiKey struct {
	version  *semver.Version
	revision string // without zeros in front
}
