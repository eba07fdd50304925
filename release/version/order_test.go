package version_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/version"
)

// chains are versions in rising order by type; those on one line, with "=" between,
// are the same.
var chains = map[string]string{
	// semver.org, items 9 to 11, and what registries hold.
	"npm": `
		0.0.0-alpha
		0.0.1 = v0.0.1
		1.0.0-0
		1.0.0-2
		1.0.0-11
		1.0.0-11.a
		1.0.0--
		1.0.0-1a
		1.0.0-Alpha
		1.0.0-alpha
		1.0.0-alpha.1
		1.0.0-alpha.1.0
		1.0.0-alpha.beta
		1.0.0-beta
		1.0.0-beta.2
		1.0.0-beta.11
		1.0.0-rc.1
		1.0.0 = 1.0.0+build.5 = 1.0 = 1
		1.0.1-20240102030405
		1.0.1
		1.2.0
		1.10.0
		2.0.0
		10.0.0
		999999999999999999.0.0`,
	"cargo": `
		0.1.0-alpha.1
		0.1.0 = 0.1.0+wasi
		0.2.0
		0.10.0
		1.0.0-rc.9
		1.0.0-rc.10
		1.0.0`,
	"swift": `
		1.0.0-beta
		1.0.0 = v1.0.0
		1.1`,
	"julia": `
		1.2.3-rc1
		1.2.3
		1.2.3+0
		1.2.3+1
		1.2.3+10
		1.2.4-rc1+5
		1.2.4`,
	// go.dev/ref/mod#versions, #pseudo-versions, #incompatible-versions; go.dev/doc/toolchain#version.
	"golang": `
		v0.0.0-20190102030405-abcdefabcdef
		v0.0.0-20200102030405-000000000000
		v0.0.0
		1.9beta1
		1.9rc1 = go1.9rc1
		1.9 = go1.9 = 1.9.0 = v1.9
		1.9.2rc2
		1.9.2
		1.20 = 1.20.0
		1.21 = go1.21 = 1.21.0-0
		1.21beta1 = 1.21.0-beta.1
		1.21rc1
		1.21rc2 = 1.21.0-rc.2
		1.21.0 = v1.21.0 = go1.21.0
		1.22.3 = go1.22.3 = go1.22.3-acme
		1.100 = 1.100.0-0
		v1.100.0
		v2.0.0+incompatible = v2.0.0 = 2.0
		v2.1.0-pre
		v2.1.0-pre.0.20200102030405-abcdefabcdef
		v2.1.0
		v2.1.1-0.20200102030405-abcdefabcdef
		v2.1.1`,
	// maven.apache.org/pom.html#version-order-specification.
	"maven": `
		1-alpha = 1.0-alpha = 1.0.0.ALPHA = 1.alpha = 1alpha
		1-alpha2-snapshot
		1-alpha2 = 1-a2 = 1a2
		1-alpha-123
		1-beta-2
		1-beta123
		1-m2 = 1-milestone-2
		1-m11
		1-rc = 1-cr = 1.0.RC
		1-rc2
		1-cr123
		1-SNAPSHOT = 1.0-snapshot
		1 = 1.0 = 1.0.0 = 1-ga = 1.final = 1.0.0.RELEASE = 1-0 = 1. = 01
		1-sp
		1-sp2
		1-abc
		1-def
		1-pom-1
		1-1-snapshot
		1-1
		1-2
		1-123
		1.0.2
		1.0.123
		1.1.0-a
		1.1b
		1.1-c
		1.1-1
		1.1.0.1
		1.2
		1.123
		2
		20240102.030405
		12345678901234567`,
	// learn.microsoft.com/nuget/concepts/package-versioning.
	"nuget": `
		1.0.0-alpha = 1.0-ALPHA
		1.0.0-alpha.1
		1.0.0-beta
		1.0.0 = 1 = 1.0 = 1.0.0.0 = 01.0.0 = 1.0.0+meta
		1.0.0.1
		1.0.1
		1.1
		2.0.0-rc
		2.0.0`,
	// packaging.python.org/specifications/version-specifiers.
	"pypi": `
		0
		1.dev0 = 1.0.dev = 1.0_dev
		1.0.dev456
		1.0a1.dev1
		1.0a1 = 1.0alpha1 = 1.0-a.1 = 1.0A1 = v1.0a1
		1.0a2.dev456
		1.0a12.dev456
		1.0a12
		1.0b1.dev456
		1.0b2 = 1.0.beta-2
		1.0b2.post345.dev456
		1.0b2.post345
		1.0rc1.dev456
		1.0rc1 = 1.0c1 = 1.0pre1 = 1.0-preview_1
		1.0 = 1 = 1.0.0 = 01.0
		1.0+abc.5
		1.0+abc.7
		1.0+5 = 1.0+05
		1.0+5.a
		1.0.post456.dev34
		1.0.post456 = 1.0-456 = 1.0.r456 = 1.0rev456
		1.0.post456+local
		1.0.15
		1.1.dev1
		1.1
		2004.4
		1!0.5 = 1!0.5.0
		1!2`,
	// rubydoc.info, Gem::Version.
	"gem": `
		0.9
		1.0.a
		1.0.a.2
		1.0.a10
		1.0.b1 = 1.0.0.b1 = 1.00.b1
		1.0.pre
		1.0.pre.1 = 1.0-1
		1.0.rc1
		1.0 = 1 = 1.0.0
		1.0.1.pre
		1.0.1
		1.0.2
		1.0.10`,
	// getcomposer.org/doc/articles/versions.md.
	"composer": `
		1.0.0-dev = 1.0-dev = v1.0.0.0-DEV
		1.0.0-alpha = 1.0a
		1.0.0-alpha2 = 1.0.0-a.2 = 1.0.0-ALPHA.2
		1.0.0-beta1 = 1.0b1
		1.0.0-beta11
		1.0.0-RC1-dev
		1.0.0-RC1 = 1.0.0rc1
		1.0.0 = v1.0 = 1 = 1.0.0.0 = 1.0.0-stable = 1.0.0+meta
		1.0.0-p-dev
		1.0.0-patch
		1.0.0-patch1 = 1.0.0-p1 = 1.0.0-pl1
		1.0.0-patch1.1
		1.0.0-patch2
		1.0.0.1
		1.2
		1.10
		2010.01.02`,
	// deb-version(7).
	"deb": `
		1.0~beta1~svn1245
		1.0~beta1
		1.0 = 0:1.0 = 1.0-0 = 1.00
		1.0-0ubuntu1
		1.0-1~bpo1
		1.0-1
		1.0-1+b1
		1.0a
		1.0+dfsg-1
		1.0.1-1
		1.2-1
		1.10-1
		1:0.1
		2:0`,
	// rpm-version(7).
	"rpm": `
		1.0~~
		1.0~rc1
		1.0~rc2
		1.0
		1.0-0.1~rc1
		1.0-1.el8~bootstrap
		1.0-1.el8
		1.0-1.el9 = 0:1.0-1.el9 = 1.0-01.el9
		1.0-2.el8
		1.0^git1~pre
		1.0^git1
		1.0^20240101 = 1.0^0020240101
		1.0^20240101^git1
		1.0a
		1.0.rc
		1.0.1 = 1.0_1 = 1.0..1.
		1.0.10
		1.1
		2
		1:0.1-1 = 01:0.1-1`,
	// apk-package(5).
	"apk": `
		0.1
		1_alpha
		1_alpha2
		1_beta
		1_pre1
		1_rc1
		1_rc1-r1
		1
		1-r1
		1_cvs
		1_git20240101
		1_p1
		1a
		1.0
		1.0-r0
		1.01
		1.09
		1.1_rc1
		1.1
		1.1-r0
		1.1-r1 = 1.1-r01
		1.1-r10
		1.1~a1b2
		1.1_p1
		1.1b_rc1
		1.1b
		1.1b-r0
		1.1b_p1
		1.1b0-r1
		1.1b1_rc1
		1.1b1-r1
		1.1b2 = 1.1b02
		1.1b10
		1.1c
		1.1.1
		1.9
		1.10
		10`,
	// hackage.haskell.org/package/base, Data.Version.
	"hackage": `
		0.1
		1
		1.0
		1.0.0
		1.1 = 01.01
		1.10`,
	// cran.r-project.org, R-exts and ?numeric_version.
	"cran": `
		0.1-0 = 0.1.0
		0.9
		0.75
		1.2-3 = 1.02-03
		1.10-1`,
	// docs.conan.io, version ranges.
	"conan": `
		1.0-alpha = 1-alpha
		1.0-beta
		1.0-beta.2
		1.0-beta.10
		1.0 = 1 = 1.0.0
		1.0+b1
		1.0.1
		1.9
		1.10
		2.0-pre+b1
		2.0
		20240101
		cci.20230101
		cci.20240101`,
	// dart.dev/tools/pub/versioning; pub_semver orders build metadata, too.
	"pub": `
		1.0.0-dev
		1.0.0-dev+1
		1.0.0
		1.0.0+1 = 1.0.0+01
		1.0.0+9
		1.0.0+9.1
		1.0.0+10
		1.0.0+1a
		1.0.0+a
		1.0.1`,
	// github.com/bitnami/go-version: what stands behind a dash is a revision.
	"bitnami": `
		1.2.3 = 1.2.3-0
		1.2.3-1 = 1.2.3-1+b
		1.2.3-9
		1.2.3-10
		1.2.4`,
}

func TestChains(t *testing.T) {
	t.Parallel()
	for kind, text := range chains {
		t.Run(kind, func(t *testing.T) {
			o, ok := version.Of(kind)
			require.True(t, ok)
			type place struct {
				v    version.Version
				line int
			}
			var all []place
			for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
				for s := range strings.SplitSeq(strings.TrimSpace(line), " = ") {
					v, err := o.Parse(s)
					require.NoError(t, err)
					require.Equal(t, s, v.String())
					require.Equal(t, o, v.Order())
					all = append(all, place{v, i})
				}
			}
			require.Greater(t, len(all), 3)
			for _, a := range all {
				for _, b := range all {
					require.Equal(t, sign(a.line-b.line), sign(a.v.Compare(b.v)), "%s with %s", a.v, b.v)
					n, err := o.Compare(a.v.String(), b.v.String())
					require.NoError(t, err)
					require.Equal(t, sign(a.line-b.line), sign(n))
				}
			}
		})
	}
}

// Refused are texts that are no versions, and versions whose place no order says:
// never the lowest, never equal to something.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	everywhere := []string{"", " ", "latest", "*", "1.*", "^1.0.0", "~>1.0", ">=1.0", "[1.0,2.0)", "1.0 2.0", "1.0\n", "1.0\x00", "é1", "1.0.0 || 2", "∞", "1.∞", "${version}", "..", "-1", "a b",
		"1.0/../2", "1\u0660", strings.Repeat("1", version.MaxLength+1), "1." + strings.Repeat("0.", version.MaxLength)}
	refused := map[string][]string{
		"npm":      {"1.x.x", "1.0.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0+", "1.0.0-a..b", "1..0", "vv1.0.0", "1.0.0-a_b", "git+https://x", "file:../x", "9999999999999999999.0.0", "1.0.0-9999999999999999999", "1.0.0--10", "1.0.0-a.-0"},
		"cargo":    {"1.x.x", "v1.0.0", "1.0.0.0", "1.0.0-", "1.0.0-01"},
		"golang":   {"1.x.x", "(devel)", "devel go1.23-abcdef", "v1.0.0.0", "v01.0.0", "go", "go1.x", "v1.22rc1", "1.22rc", "1.22rc1.2", "1.22rc01", "v", "1.0.0-", "gov1.0.0", "../x", "1.022"},
		"maven":    {"LATEST", "RELEASE", "1,2", "(1.0)", "1:2"},
		"nuget":    {"1.x.x", "1.0.0.0.0", "v1.0", "1.0-", "1.0-a..b", "1.0-01"},
		"pypi":     {"1.x.x", "2004d", "1.0-bulbasaur", "1.0.fix1", "1.0++a", "1.0+a+b", "1.0+", "1.0+a..b", "1.0+_a", "1!", "!1", "1.0dev1a1", "1.0a1a1", "1.", "1..0", ".1", "1.0.post1.post2", "1.0-1-1", "x!1"},
		"gem":      {"1beta", "a.1", "1..2", "1.-2", "1.0_1", "1.0-x86_64-linux", ".1"},
		"composer": {"1.x.x", "dev-master", "1.0.x-dev", "1.2.3.4.5", "1.0-foo", "1.0-stable1", "1.0-beta-beta", "v", "1.0+", "1..0"},
		"deb":      {"1.0-", ":1.0", "a:1.0", "1:", "-1", "1.0_1", "+1.0", "1:2_", "latest-1"},
		"rpm":      {"R-1", "1.0-1-1", "a:1.0", "1.0-", "-1", "1:", "~1", "1.0/1"},
		"apk":      {"1.0-1", "1.0_foo", "1.0_", "a1", "1.0-r", "1.0ab", "1.0~", "1.0~xyz", "1..0", ".1", "1.0-r1-r2", "1.0_p1a", "1.0_P1", "1.0A1", "1.0a1b", "1.0a1.1"},
		"hackage":  {"1.0-1", "1.0a", "1.", ".1"},
		"cran":     {"1.0a", "1.0--1", "1.0+1"},
		"conan":    {"1.1.1w", "1..0", "1.0-", "1.0+", "1.0-1a", "1.0.*", "[>1]"},
		"pub":      {"1.x.x", "1.0.0.0", "1.0.0-", "1.0.0+-1", "1.0.0--1", "1.0.0+0x1f", "1.0.0-a.0X1F", "1.0.0+9999999999999999999"},
		"bitnami":  {"1.x.x", "1.0.0.0", "1.0.0-", "1.0.0-rc.1", "1.0.0-01", "1.2.3-debian-12-r1", "1.0-r1"},
		"julia":    {"1.0.0+a", "1.0.0.0"},
		"hex":      {"1.x.x", "1.0.0.0", "1.0-"},
	}
	for kind, texts := range refused {
		o, ok := version.Of(kind)
		require.True(t, ok, kind)
		fine := "1.0.0"
		for _, s := range append(texts, everywhere...) {
			if (kind == "pypi" || kind == "gem" || kind == "composer") && strings.TrimSpace(s) != s && strings.TrimSpace(s) != "" {
				continue // space around is no part of a version there
			}
			v, err := o.Parse(s)
			if err == nil {
				t.Errorf("%s takes %q", kind, s)
				continue
			}
			require.ErrorContains(t, err, "version: ", "%s %q", kind, s)
			require.True(t, v.IsZero())
			_, err = o.Compare(s, fine)
			require.Error(t, err)
			_, err = o.Compare(fine, s)
			require.Error(t, err, "%s %q", kind, s)
			_, known := o.Major(fine, s)
			require.False(t, known)
			_, known = o.Major(s, fine)
			require.False(t, known)
		}
	}
}

func TestMajor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, a, b     string
		differs, known bool
	}{
		{"npm", "1.2.3", "1.9.0", false, true},
		{"npm", "1.2.3", "2.0.0-rc.1", true, true},
		{"npm", "0.1.0", "1.0.0", true, true},
		{"golang", "v1.0.0", "v2.0.0+incompatible", true, true},
		{"golang", "1.21rc1", "go1.22", false, true},
		{"pypi", "1.0", "1!1.0", true, true},
		{"pypi", "0", "0.0.1", false, true},
		{"pypi", "1.0", "2", true, true},
		{"deb", "1:1.0", "2:1.0", true, true},
		{"deb", "0:1.0", "1.9", false, true},
		{"deb", "a1", "1", false, false},
		{"rpm", "1.0-1", "2.0-1", true, true},
		{"apk", "1.0", "01.1", false, true},
		{"apk", "1.0", "2", true, true},
		{"maven", "1.0", "2-alpha", true, true},
		{"maven", "1.0", "1.5", false, true},
		{"maven", "r09", "r10", false, false},
		{"nuget", "1.0.0.0", "2", true, true},
		{"gem", "3.0", "4.0.a", true, true},
		{"composer", "v1.0", "2.0", true, true},
		{"composer", "v1.0", "1.5", false, true},
		{"conan", "1.0", "2.0", true, true},
		{"conan", "0", "0.1", false, true},
		{"conan", "cci.2023", "cci.2024", false, true},
		{"julia", "1.0+1", "2.0", true, true},
		{"npm", "x", "1", false, false},
	} {
		o, _ := version.Of(c.kind)
		differs, known := o.Major(c.a, c.b)
		require.Equal(t, [2]bool{c.differs, c.known}, [2]bool{differs, known}, "%s %s %s", c.kind, c.a, c.b)
		differs, known = o.Major(c.b, c.a)
		require.Equal(t, [2]bool{c.differs, c.known}, [2]bool{differs, known})
	}
	_, known := version.Version{}.Major()
	require.False(t, known)
}
