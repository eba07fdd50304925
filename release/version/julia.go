package version

import (
	"cmp"
	"strings"

	"deps.dev/util/semver"
)

// juliaSyntax is Semantic Versioning, but that build metadata counts: packages of
// binaries are built again as 1.2.3+1
// (https://docs.julialang.org/en/v1/manual/strings/#man-version-number-literals).
var juliaSyntax = syntax{
	name: "julia",
	parse: func(s string) (any, error) {
		key, err := semverSyntax.parse(s)
		if err != nil {
			return nil, err
		}
		_, _, build := cutSemver(s)
		if build != "" && !numbers(build[1:]) {
			return nil, errSyntax // how Julia orders 1+a and 1+1 is written nowhere
		}
		// As a pre-release it has the order that Julia gives to it.
		b, err := semver.DefaultSystem.Parse("0.0.0-0" + strings.Replace(build, "+", ".", 1))
		return juliaKey{key.(*semver.Version), b}, err
	},
	compare: func(a, b any) int {
		x, y := a.(juliaKey), b.(juliaKey)
		return cmp.Or(x.version.Compare(y.version), x.build.Compare(y.build))
	},
	major: func(key any, text string) (string, bool) { return semverSyntax.major(key.(juliaKey).version, text) },
}

type juliaKey struct{ version, build *semver.Version }
