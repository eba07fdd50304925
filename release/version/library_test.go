package version_test

import (
	"testing"

	"deps.dev/util/semver"
	"github.com/google/osv-scalibr/semantic"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release/version"
)

// suffixes are what stands behind the numbers of versions as packages plainly have
// them, by type, with the library that knows the order, and OSV's name of it.
var suffixes = map[string]struct {
	sys       semver.System // 0 where deps.dev/util/semver does not know it
	ecosystem string
	texts     []string
}{
	"npm":     {semver.NPM, "npm", []string{"-alpha", "-alpha.1", "-alpha.10", "-alpha.9", "-beta.2", "-rc.1", "-0", "-20240102030405", "-next.1a", "+build", "-rc.1+b"}},
	"cargo":   {semver.Cargo, "crates.io", []string{"-alpha", "-alpha.1", "-alpha.10", "-alpha.9", "-beta.2", "-rc.1", "-pre-1", "+wasi"}},
	"golang":  {semver.Go, "Go", []string{"-alpha", "-rc.1", "-rc.10", "-rc.9", "-0.20240102030405-abcdefabcdef", "-0.20230102030405-abcdefabcdef", "-rc.1.0.20240102030405-abcdefabcdef", "+incompatible"}},
	"nuget":   {semver.NuGet, "NuGet", []string{"-alpha", "-Alpha.2", "-beta", "-rc.10", "-rc.9", "+meta", ".1", ".2-rc", ".0"}},
	"pypi":    {semver.PyPI, "PyPI", []string{"a1", "a10", "b2", "rc1", ".dev1", ".dev2", ".post1", ".post2", "a1.dev1", ".0", ".4"}},
	"gem":     {semver.RubyGems, "RubyGems", []string{".alpha", ".alpha.1", ".beta2", ".pre", ".rc1", ".rc10", ".4", ".a"}},
	"maven":   {semver.Maven, "Maven", []string{"-alpha-1", "-alpha-2", "-beta1", "-M1", "-M10", "-RC1", "-rc-2", "-SNAPSHOT", ".Final", "-jre", "-android", "-1", "-sp1", ".4"}},
	"deb":     {0, "Debian", []string{"-1", "-1+deb12u1", "-1ubuntu2", "~rc1-1", "+dfsg-2", "+git20240101-1", "a-1", "-10", "-1~bpo12+1"}},
	"rpm":     {0, "Red Hat", []string{"-1.el8", "-1.el9", "-10.el8_4.1", "~rc1-1", "^git1-1", "-1.module+el8.1.0+1+abcdef", "a-1"}},
	"apk":     {0, "Alpine", []string{"-r0", "-r1", "-r10", "_rc1-r0", "_p1-r0", "_alpha2-r0", "_git20240101-r0", "a-r0", "b-r1"}},
	"hackage": {0, "Hackage", []string{".1", ".10", ".0", ".0.1"}},
	"cran":    {0, "CRAN", []string{"-1", "-10", ".9000", "-0"}},
	"pub":     {0, "Pub", []string{"-dev", "-dev.1", "-beta.2", "+1", "+2", "-dev+1"}},
	"hex":     {0, "Hex", []string{"-rc.1", "-rc.10", "-dev", "+b"}},
}

// Where both libraries know an order, they and we agree.
func TestLibrariesAgree(t *testing.T) {
	t.Parallel()
	for kind, c := range suffixes {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o, ok := version.Of(kind)
			require.True(t, ok)
			texts := append([]string{"", "", ""}, c.texts...)
			if kind == "apk" {
				texts = c.texts // no package is without its revision
			}
			numbers := rapid.SampledFrom([]string{"0.1.0", "0.9.2", "0.10.0", "1.0.0", "1.0.1", "1.9.3", "1.10.3", "2.0.0", "10.0.0"})
			rapid.Check(t, func(t *rapid.T) {
				x := numbers.Draw(t, "x") + rapid.SampledFrom(texts).Draw(t, "behind x")
				y := numbers.Draw(t, "y") + rapid.SampledFrom(texts).Draw(t, "behind y")
				got, err := o.Compare(x, y)
				require.NoError(t, err)

				v, err := semantic.Parse(x, c.ecosystem)
				require.NoError(t, err)
				n, err := v.CompareStr(y)
				require.NoError(t, err)
				require.Equal(t, sign(n), sign(got), "osv-scalibr: %s with %s", x, y)

				if c.sys == 0 {
					return
				}
				if c.sys == semver.Go {
					x, y = "v"+x, "v"+y
				}
				n, diff, err := c.sys.Difference(x, y)
				require.NoError(t, err)
				require.Equal(t, sign(n), sign(got), "deps.dev: %s with %s", x, y)
				differs, known := o.Major(x, y)
				require.True(t, known)
				require.Equal(t, diff == semver.DiffMajor, differs, "deps.dev: %s with %s", x, y)
			})
		})
	}
}
