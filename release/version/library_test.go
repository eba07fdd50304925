package version_test

import (
	"testing"

	"deps.dev/util/semver"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release/version"
)

// suffixes are what stands behind the numbers of versions as packages plainly have
// them, by type, with the system that deps.dev/util/semver knows the order as.
var suffixes = map[string]struct {
	sys   semver.System
	texts []string
}{
	"npm":    {semver.NPM, []string{"-alpha", "-alpha.1", "-alpha.10", "-alpha.9", "-beta.2", "-rc.1", "-0", "-20240102030405", "-next.1a", "+build", "-rc.1+b"}},
	"cargo":  {semver.Cargo, []string{"-alpha", "-alpha.1", "-alpha.10", "-alpha.9", "-beta.2", "-rc.1", "-pre-1", "+wasi"}},
	"golang": {semver.Go, []string{"-alpha", "-rc.1", "-rc.10", "-rc.9", "-0.20240102030405-abcdefabcdef", "-0.20230102030405-abcdefabcdef", "-rc.1.0.20240102030405-abcdefabcdef", "+incompatible"}},
	"nuget":  {semver.NuGet, []string{"-alpha", "-Alpha.2", "-beta", "-rc.10", "-rc.9", "+meta", ".1", ".2-rc", ".0"}},
	"pypi":   {semver.PyPI, []string{"a1", "a10", "b2", "rc1", ".dev1", ".dev2", ".post1", ".post2", "a1.dev1", ".0", ".4"}},
	"gem":    {semver.RubyGems, []string{".alpha", ".alpha.1", ".beta2", ".pre", ".rc1", ".rc10", ".4", ".a"}},
	"maven":  {semver.Maven, []string{"-alpha-1", "-alpha-2", "-beta1", "-M1", "-M10", "-RC1", "-rc-2", "-SNAPSHOT", ".Final", "-jre", "-android", "-1", "-sp1", ".4"}},
}

// Where deps.dev/util/semver knows an order, it and we agree on plain versions: for
// pypi, gem and maven it is a second opinion, for the others it says that nothing is
// lost on the way to it.
func TestLibraryAgrees(t *testing.T) {
	t.Parallel()
	for kind, c := range suffixes {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o, ok := version.Of(kind)
			require.True(t, ok)
			texts := append([]string{"", "", ""}, c.texts...)
			numbers := rapid.SampledFrom([]string{"0.1.0", "0.9.2", "0.10.0", "1.0.0", "1.0.1", "1.9.3", "1.10.3", "2.0.0", "10.0.0"})
			rapid.Check(t, func(t *rapid.T) {
				x := numbers.Draw(t, "x") + rapid.SampledFrom(texts).Draw(t, "behind x")
				y := numbers.Draw(t, "y") + rapid.SampledFrom(texts).Draw(t, "behind y")
				got, err := o.Compare(x, y)
				require.NoError(t, err)
				differs, known := o.Major(x, y)
				require.True(t, known)
				if c.sys == semver.Go {
					x, y = "v"+x, "v"+y
				}
				n, diff, err := c.sys.Difference(x, y)
				require.NoError(t, err)
				require.Equal(t, sign(n), sign(got), "deps.dev: %s with %s", x, y)
				require.Equal(t, diff == semver.DiffMajor, differs, "deps.dev: %s with %s", x, y)
			})
		})
	}
}
