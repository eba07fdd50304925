package version_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// The ecosystems that OSV's schema names, and whether their order is known.
func TestOfEcosystem(t *testing.T) {
	t.Parallel()
	for _, known := range []string{"AlmaLinux", "AlmaLinux:9", "Alpaquita", "Alpine", "Alpine:v3.20", "BellSoft Hardened Containers:23", "Bioconductor:3.18", "Bitnami", "Chainguard", "ConanCenter", "CRAN", "crates.io",
		"Debian", "Debian:12", "GHC", "Go", "Hackage", "Hex", "Julia", "Mageia:9", "Maven", "Maven:https://repo1.maven.org/maven2", "MinimOS", "npm", "NuGet", "openEuler:24.03-LTS", "openSUSE:Leap 15.5",
		"Packagist", "Packagist:https://packages.drupal.org/8", "Pub", "PyPI", "Red Hat:enterprise_linux:9::baseos", "Rocky Linux:9", "RubyGems", "SUSE:Linux Enterprise Server 15 SP5", "SwiftURL", "Ubuntu:22.04:LTS", "Ubuntu:Pro:16.04:LTS", "Wolfi"} {
		o, ok := version.OfEcosystem(known)
		require.True(t, ok, known)
		require.True(t, o.Known())
		require.NotEqual(t, "unknown", o.String())
		_, err := o.Parse("1.2.3")
		require.NoError(t, err, known)
	}
	// T6: an unsupported ecosystem is unknown, never "not affected".
	for _, unknown := range []string{"Android", "Android:12", "Azure Linux:3", "CleanStart", "Docker Hardened Images", "Echo", "FreeBSD:ports", "GitHub Actions", "GIT", "Kubernetes", "Linux", "OSS-Fuzz", "Photon OS:5.0", "Root", "Root:Alpine:3.18", "TuxCare", "VSCode", "opam",
		"", ":", "Nobody's", "NPM", "npm ", " npm", "pypi", "debian", "go", "Debian12", ":npm"} {
		o, ok := version.OfEcosystem(unknown)
		requireUnknown(t, o, ok, unknown)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for kind := range chains {
		_, ok := version.Of(kind)
		require.True(t, ok)
	}
	for _, unknown := range []string{"", "github", "git", "generic", "oci", "docker", "bitbucket", "huggingface", "mlflow", "swid", "alpm", "conda", "cocoapods", "cpan", "luarocks", "opam", "otp", "qpkg", "vscode-extension", "chrome-extension", "brew", "vcpkg", "yocto", "bazel", "NPM", "Go", "acme"} {
		o, ok := version.Of(unknown)
		requireUnknown(t, o, ok, unknown)
	}
	requireUnknown(t, version.Order{}, false, "the zero value")

	// The two ways to name an ecosystem lead to one order.
	for kind, ecosystem := range map[string]string{"golang": "Go", "npm": "npm", "pypi": "PyPI", "cargo": "crates.io", "maven": "Maven:https://repo1.maven.org/maven2", "nuget": "NuGet", "gem": "RubyGems", "composer": "Packagist",
		"deb": "Debian:12", "rpm": "Red Hat", "apk": "Alpine:v3.20", "hex": "Hex", "pub": "Pub", "cran": "CRAN", "hackage": "Hackage", "conan": "ConanCenter", "swift": "SwiftURL", "julia": "Julia", "bitnami": "Bitnami"} {
		a, ok := version.Of(kind)
		require.True(t, ok)
		b, ok := version.OfEcosystem(ecosystem)
		require.True(t, ok)
		require.Equal(t, a, b, kind)
		require.True(t, a == b)
	}
}

// requireUnknown requires that nothing is said about versions.
func requireUnknown(t *testing.T, o version.Order, ok bool, name string) {
	t.Helper()
	require.False(t, ok, name)
	require.False(t, o.Known(), name)
	require.Equal(t, "unknown", o.String())
	_, err := o.Parse("1.0.0")
	require.ErrorIs(t, err, version.ErrNoOrder)
	_, err = o.Compare("1.0.0", "1.0.0")
	require.ErrorIs(t, err, version.ErrNoOrder, "not even with itself")
	_, known := o.Major("1.0.0", "1.0.0")
	require.False(t, known)
}

func TestCompareOfDifferentOrders(t *testing.T) {
	t.Parallel()
	npm, _ := version.Of("npm")
	deb, _ := version.Of("deb")
	a, err := npm.Parse("1.0.0")
	require.NoError(t, err)
	b, err := deb.Parse("1.0.0")
	require.NoError(t, err)
	for _, f := range []func(){func() { a.Compare(b) }, func() { a.Compare(version.Version{}) }, func() { version.Version{}.Compare(version.Version{}) }} {
		require.PanicsWithValue(t, version.ErrNotComparable, f)
	}
}

func TestOfPURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		purl release.PURL
		want string // "" for an error
	}{
		{"pkg:npm/%40babel/core@7.0.0", "7.0.0"},
		{"pkg:golang/a.io/b@v2.0.0%2Bincompatible", "v2.0.0+incompatible"},
		{"pkg:golang/stdlib@1.22rc1", "1.22rc1"},
		{"pkg:deb/debian/curl@1%3A7.88-1?arch=amd64", "1:7.88-1"},
		{"pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&epoch=2", "2:7.50.3-1.fc25"},
		{"pkg:rpm/fedora/curl@1%3A7.50.3-1?epoch=2", "1:7.50.3-1"},
		{"pkg:deb/debian/curl@7.88?epoch=2", "2:7.88"},
		{"pkg:deb/debian/curl@2%3A7.88?epoch=2", "2:7.88"},
		{"pkg:deb/debian/curl?epoch=2", ""},
		{"pkg:npm/a@1.0.0?epoch=2", "1.0.0"},
		{"pkg:npm/a", ""},
		{"pkg:rpm/a?epoch=1", ""},
		{"pkg:rpm/a@1-1?epoch=x", ""},
		{"pkg:generic/a@1.0", ""},
		{"pkg:npm/a@latest", ""},
		{"", ""},
	} {
		v, err := version.OfPURL(c.purl)
		if c.want == "" {
			require.Error(t, err, "%s", c.purl)
			require.True(t, v.IsZero())
			continue
		}
		require.NoError(t, err, "%s", c.purl)
		require.Equal(t, c.want, v.String())
	}
}
