package release_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/package-url/packageurl-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
)

func TestParsePURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain", "pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.3.0"},
		{"scope", "pkg:npm/%40babel/core@7.0.0", "pkg:npm/%40babel/core@7.0.0"},
		{"slashes in front", "pkg://golang/golang.org/x/mod@v0.1.0", "pkg:golang/golang.org/x/mod@v0.1.0"},
		{"capital scheme and type", "PKG:NPM/x", "pkg:npm/x"},
		{"pypi writes dashes and small letters", "pkg:pypi/Django_x@1", "pkg:pypi/django-x@1"},
		{"github writes small letters", "pkg:github/A/B@v1", "pkg:github/a/b@v1"},
		{"golang writes small letters", "pkg:golang/github.com/BurntSushi/toml@v1.0.0", "pkg:golang/github.com/burntsushi/toml@v1.0.0"},
		{"plus", "pkg:golang/x.io/y@v2.0.0+incompatible", "pkg:golang/x.io/y@v2.0.0%2Bincompatible"},
		{"qualifiers are sorted", "pkg:deb/debian/curl@1?distro=bookworm&arch=amd64", "pkg:deb/debian/curl@1?arch=amd64&distro=bookworm"},
		{"a qualifier without a value is none", "pkg:npm/x@1?a", "pkg:npm/x@1"},
		{"an empty qualifier is none", "pkg:npm/x@1?a=&b=1", "pkg:npm/x@1?b=1"},
		{"a repository's host and path are small", "pkg:git/Host.io/Team/Repo@V1", "pkg:git/host.io/team/repo@V1"},
		{"a repository's path with its slash encoded", "pkg:git/host.io/team%2Frepo@v1", "pkg:git/host.io/team/repo@v1"},
		{"maven may write keys with capitals", "pkg:maven/g/a@1?Type=pom", "pkg:maven/g/a@1?type=pom"},
		{"an unknown type stays as it is", "pkg:sometype/X/Y@1", "pkg:sometype/X/Y@1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := release.ParsePURL(c.in)
			require.NoError(t, err)
			require.Equal(t, release.PURL(c.want), p)
			var q release.PURL
			b, err := json.Marshal(p)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(b, &q))
			require.Equal(t, p, q)
			require.NoError(t, json.Unmarshal([]byte(`"`+c.in+`"`), &q))
			require.Equal(t, p, q, "JSON normalises too")
		})
	}
}

func TestParsePURLRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "left-pad", "npm/left-pad", "pkg:", "pkg:npm", "pkg:npm/", "pkg:npm/@1", "http://x/y", "pkg:n pm/x", "pkg:npm/x@%zz", "pkg:npm/%ff", "pkg:npm/a%0Ab", "pkg:npm/a@1%1b", "pkg:npm/%e2%80%ae/x", "pkg:npm/x?a=%00", "pkg:golang/x@\xff",
		"pkg:git/host.io", "pkg:git//repo", "pkg:npm/x@1?Arch=a", "pkg:npm/x@1?a=1&%41=2", "pkg:npm/x@1?a=1&A=2", "pkg:maven/g/a@1?type=a&Type=b", "pkg:deb/x@1?ARCH",
		"pkg:" + strings.Repeat("a", 9000)} {
		p, err := release.ParsePURL(bad)
		require.ErrorContains(t, err, "release: purl", "%.50q", bad)
		require.Empty(t, p)
		if bad != "" {
			was := release.PURL("pkg:npm/was")
			require.Error(t, was.UnmarshalText([]byte(bad)))
			require.Equal(t, release.PURL("pkg:npm/was"), was)
		}
	}
	was := release.PURL("pkg:npm/was")
	require.NoError(t, was.UnmarshalText(nil))
	require.Empty(t, was)
}

func TestPURLParts(t *testing.T) {
	t.Parallel()
	p, err := release.NewPURL("golang", "example.com/x/v2", "v2.1.0+incompatible")
	require.NoError(t, err)
	require.Equal(t, "golang", p.Type())
	require.Equal(t, "example.com/x/v2", p.Name())
	require.Equal(t, "v2.1.0+incompatible", p.Version())
	require.Equal(t, release.PURL("pkg:golang/example.com/x/v2"), p.Package())
	require.Equal(t, p, p.Package().At("v2.1.0+incompatible"))
	require.Equal(t, p.Package(), p.At("v9").Package(), "two versions of one package")

	q, err := release.ParsePURL("pkg:deb/debian/curl@1?arch=amd64")
	require.NoError(t, err)
	require.Equal(t, release.PURL("pkg:deb/debian/curl"), q.Package())
	require.Equal(t, "debian/curl", q.Name())
	require.Equal(t, release.PURL("pkg:deb/debian/curl@2?arch=amd64"), q.At("2"))

	one, err := release.NewPURL("npm", "x", "")
	require.NoError(t, err)
	require.Equal(t, "x", one.Name())
	require.Equal(t, "", one.Version())
	_, err = release.NewPURL("npm", "", "1")
	require.Error(t, err)
	_, err = release.NewPURL("", "x", "1")
	require.Error(t, err)

	// A Julia package is named by its uuid as well, so what names the package has it.
	j, err := release.ParsePURL("pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a")
	require.NoError(t, err)
	require.Equal(t, release.PURL("pkg:julia/Dates?uuid=ade2ca70-3891-5945-98fb-dc099432e06a"), j.Package())
	require.Equal(t, j.Package(), j.Package().Package())
	require.Empty(t, j.At("1\n2"))
	require.Empty(t, j.At("\xff"))
	require.Equal(t, "ade2ca70-3891-5945-98fb-dc099432e06a", j.Qualifier("uuid"))
	require.Empty(t, j.Qualifier("uui"))
	h, err := release.NewPURL("huggingface", "a/b", "ABC")
	require.NoError(t, err)
	require.Equal(t, release.PURL("pkg:huggingface/a/b@def"), h.At("DEF"))

	for _, bad := range []release.PURL{"", "x", "pkg:npm", "pkg:npm/", "pkg:/x", "npm/x@1"} {
		require.Empty(t, bad.Type()+bad.Name()+bad.Version()+bad.Qualifier("a"))
		require.Equal(t, release.PURLParts{}, bad.Parts())
		require.Empty(t, bad.Package())
		require.Empty(t, bad.At("1"))
	}
}

// The cases of purl-spec's own tests that packageurl-go v0.1.7 gets wrong.
func TestOfficialCases(t *testing.T) {
	t.Parallel()
	const commit = "a72d2c07cfca03b55371089de6aa230d8c951fa0"
	for _, c := range []struct{ name, in string }{
		{"gem: a qualifier key with a capital is refused", "pkg:gem/jruby-launcher@1.1.2?Platform=java"},
		{"rpm: qualifier keys with capitals are refused", "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25"},
	} {
		_, err := release.ParsePURL(c.in)
		require.ErrorContains(t, err, "lower case", c.name)
	}
	// As for all input that is not canonical, putting it right is another question.
	p, err := release.NormalizePURL("pkg:Rpm/fedora/curl@7.50.3-1.fc25?Distro=fedora-25&Arch=i386")
	require.NoError(t, err)
	require.Equal(t, release.PURL("pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25"), p)
	_, err = release.NormalizePURL("pkg:rpm/curl?arch=1&Arch=2")
	require.ErrorContains(t, err, "duplicate")

	for _, c := range []struct {
		name, purl string
		parts      release.PURLParts
	}{
		{"git: the name has slashes", "pkg:git/codeberg.org/forgejo/forgejo@" + commit,
			release.PURLParts{Type: "git", Namespace: "codeberg.org", Name: "forgejo/forgejo", Version: commit}},
		{"git: with a subpath", "pkg:git/codeberg.org/forgejo/forgejo@" + commit + "#options/locale_readme.md",
			release.PURLParts{Type: "git", Namespace: "codeberg.org", Name: "forgejo/forgejo", Version: commit, Subpath: "options/locale_readme.md"}},
	} {
		p, err := release.ParsePURL(c.purl)
		require.NoError(t, err, c.name)
		require.Equal(t, c.parts, p.Parts(), "%s: parse", c.name)
		built, err := c.parts.PURL()
		require.NoError(t, err, c.name)
		require.Equal(t, release.PURL(c.purl), built, "%s: build", c.name)
		require.Equal(t, "codeberg.org/forgejo/forgejo", p.Name())
	}
	p, err = release.ParsePURL("pkg:git/github/Package-url/purl-Spec@244fd47e07d1004f0aed9c")
	require.NoError(t, err)
	require.Equal(t, release.PURL("pkg:git/github/package-url/purl-spec@244fd47e07d1004f0aed9c"), p, "git: lower case")
}

// The parts of a canonical purl are what the library makes of it.
func requireLibraryAgrees(t require.TestingT, p release.PURL, version string) {
	lib, err := packageurl.FromString(p.String())
	require.NoError(t, err)
	full := strings.TrimPrefix(lib.Namespace+"/"+lib.Name, "/")
	require.Equal(t, []string{lib.Type, full, lib.Version}, []string{p.Type(), p.Name(), p.Version()}, "%s", p)
	parts := p.Parts()
	require.Equal(t, []string{lib.Type, full, lib.Version, lib.Subpath},
		[]string{parts.Type, strings.TrimPrefix(parts.Namespace+"/"+parts.Name, "/"), parts.Version, parts.Subpath})
	require.Len(t, parts.Qualifiers, len(lib.Qualifiers))
	for _, q := range lib.Qualifiers {
		require.Equal(t, q.Value, p.Qualifier(q.Key))
		require.Equal(t, q.Value, parts.Qualifiers[q.Key])
	}
	again, err := parts.PURL()
	require.NoError(t, err)
	require.Equal(t, p, again)

	at := p.At(version)
	lib.Version = version
	if lib.Type != "chrome-extension" && lib.Type != "huggingface" {
		require.Equal(t, lib.ToString(), at.String())
	}
	if at != "" {
		same, err := release.ParsePURL(at.String())
		require.NoError(t, err)
		require.Equal(t, at, same)
	}
	if lib.Type != "julia" {
		lib.Version, lib.Qualifiers = "", nil
		require.Equal(t, lib.ToString(), p.Package().String())
	}
	back, err := release.ParsePURL(p.Package().String())
	require.NoError(t, err, "a package is a purl too")
	require.Equal(t, p.Package(), back)
	require.Equal(t, p.Package(), at.Package())
}

func TestPURLAgreesWithTheLibrary(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[a-zA-Z0-9@/?#&=%:+ ~._é-]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		parts := release.PURLParts{
			Type: rapid.SampledFrom([]string{"npm", "golang", "deb", "git", "pypi", "oci", "acme", "github"}).Draw(t, "type"), Namespace: rapid.OneOf(rapid.Just(""), text).Draw(t, "namespace"), Name: text.Draw(t, "name"),
			Version: rapid.OneOf(rapid.Just(""), text).Draw(t, "version"), Subpath: rapid.OneOf(rapid.Just(""), text).Draw(t, "subpath"),
			Qualifiers: rapid.MapOfN(rapid.SampledFrom([]string{"arch", "distro", "vcs_url"}), text, 0, 3).Draw(t, "qualifiers"),
		}
		p, err := parts.PURL()
		if err != nil {
			t.Skip(err)
		}
		read, err := release.ParsePURL(p.String())
		require.NoError(t, err)
		require.Equal(t, p, read)
		requireLibraryAgrees(t, p, text.Draw(t, "other"))
	})
}

// What is accepted is canonical: reading it again changes nothing, and the parts
// make it anew.
func FuzzPURL(f *testing.F) {
	for _, s := range []string{"pkg:npm/%40babel/core@7?a=b#c/d", "pkg:golang/a/../b@v1+x", "pkg:sometype/X%2FY/Z@1%40", "pkg:pypi/A_b@1", "pkg:npm/a%25b", "pkg:oci/x@sha256%3Aab?tag=1", "pkg:generic/%2e%2e/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := release.ParsePURL(s)
		if err != nil {
			require.Empty(t, p)
			return
		}
		again, err := release.ParsePURL(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
		require.NotEmpty(t, p.Type())
		require.NotEmpty(t, p.Name())
		require.True(t, printable(p.String()), "%q", p)
		require.Equal(t, p.Package(), p.Package().Package())
		require.Empty(t, p.Package().Version())
		requireLibraryAgrees(t, p, "1.0+b@2/3")
		normal, err := release.NormalizePURL(s)
		require.NoError(t, err)
		require.Equal(t, p, normal)
	})
}

// Package is called for each component in loops.
func BenchmarkPURL(b *testing.B) {
	p := release.PURL("pkg:golang/github.com/burntsushi/toml@v1.0.0")
	b.Run("parts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p.Package() == "" || p.Type() == "" || p.Name() == "" || p.Version() == "" {
				b.Fatal()
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := packageurl.FromString(p.String()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
