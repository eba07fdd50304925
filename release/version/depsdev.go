package version

import (
	"strconv"

	"deps.dev/util/semver"
)

// depsdev is an order of deps.dev/util/semver. rewrite refuses what the library
// would read as something else, and puts the rest as it wants it.
func depsdev(name string, sys semver.System, rewrite func(string) (string, error)) syntax {
	return syntax{
		name: name,
		parse: func(s string) (any, error) {
			s, err := rewrite(s)
			if err != nil {
				return nil, err
			}
			return sys.Parse(s)
		},
		compare: func(a, b any) int { return a.(*semver.Version).Compare(b.(*semver.Version)) },
		major: func(key any, _ string) (string, bool) {
			n, ok := key.(*semver.Version).Major()
			return strconv.FormatInt(n, 10), ok
		},
	}
}

var (
	semverSyntax = depsdev("semver", semver.DefaultSystem, func(s string) (string, error) { s = trimV(s); return s, checkSemver(s) })
	npmSyntax    = depsdev("npm", semver.NPM, func(s string) (string, error) { s = trimV(s); return s, checkSemver(s) })
	cargoSyntax  = depsdev("cargo", semver.Cargo, func(s string) (string, error) { return s, checkSemver(s) })
	nugetSyntax  = depsdev("nuget", semver.NuGet, func(s string) (string, error) { return s, checkNuget(s) })
)
