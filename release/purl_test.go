package release_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
		{"qualifiers are sorted, keys small", "pkg:deb/debian/curl@1?Distro=bookworm&ARCH=amd64", "pkg:deb/debian/curl@1?arch=amd64&distro=bookworm"},
		{"a qualifier without a value is none", "pkg:npm/x@1?a", "pkg:npm/x@1"},
		{"an empty qualifier is none", "pkg:npm/x@1?a=&b=1", "pkg:npm/x@1?b=1"},
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

	for _, bad := range []release.PURL{"", "x", "pkg:npm"} {
		require.Empty(t, bad.Type()+bad.Name()+bad.Version())
		require.Empty(t, bad.Package())
		require.Empty(t, bad.At("1"))
	}
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
	})
}
