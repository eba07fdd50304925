package release_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
)

func TestDigestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := release.DigestOf(rapid.SliceOf(rapid.Byte()).Draw(t, "content"))
		require.False(t, d.IsZero())
		back, err := release.ParseDigest(d.String())
		require.NoError(t, err)
		require.Equal(t, d, back)
		require.Equal(t, "sha256:"+d.Hex(), d.String())
		require.True(t, strings.HasPrefix(d.Hex(), d.Short()))
		require.Len(t, d.Short(), 12)
		b, err := json.Marshal(d)
		require.NoError(t, err)
		var e release.Digest
		require.NoError(t, json.Unmarshal(b, &e))
		require.Equal(t, d, e)
		other := release.DigestOf(rapid.SliceOf(rapid.Byte()).Draw(t, "other"))
		require.Equal(t, d == other, d.Compare(other) == 0)
		require.Equal(t, d.Compare(other), -other.Compare(d))
	})
	var none release.Digest
	require.Equal(t, "", none.String())
	full := release.DigestOf(nil)
	require.NoError(t, full.UnmarshalText(nil))
	require.True(t, full.IsZero(), "no text is no digest")
	require.Equal(t, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", release.DigestOf(nil).String())
}

func TestDigestRefuses(t *testing.T) {
	t.Parallel()
	hex := release.DigestOf(nil).Hex()
	for _, bad := range []string{"", hex, "sha256:", "sha256:" + hex[1:], "sha256:" + hex + "0", "sha256:" + strings.ToUpper(hex), "SHA256:" + hex, "sha512:" + hex,
		"sha256: " + hex[1:], "sha256:" + hex[:63] + "g", "sha256:" + hex[:62] + "é", "sha256:" + strings.Repeat("0", 64), "\nsha256:" + hex} {
		d, err := release.ParseDigest(bad)
		require.ErrorContains(t, err, "release: digest", "%q", bad)
		require.Zero(t, d)
		if bad != "" {
			was := release.DigestOf([]byte("was"))
			require.Error(t, was.UnmarshalText([]byte(bad)))
			require.Equal(t, release.DigestOf([]byte("was")), was)
		}
	}
}

func TestRevision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9a-f]{40}|[0-9a-f]{64}`).Draw(t, "id")
		r, err := release.ParseRevision(s)
		require.NoError(t, err)
		require.Equal(t, s, r.String())
		require.Equal(t, s[:12], r.Short())
		b, err := json.Marshal(r)
		require.NoError(t, err)
		var back release.Revision
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, r, back)
	})
	id := strings.Repeat("ab", 20)
	for _, bad := range []string{"", "main", "HEAD", "v1.0.0", id[1:], id + "a", strings.ToUpper(id), id[:39] + "g", id[:39] + "\n", " " + id[1:], id[:38] + "é", "-" + id[1:]} {
		r, err := release.ParseRevision(bad)
		require.ErrorContains(t, err, "release: revision", "%q", bad)
		require.Empty(t, r)
		if bad != "" {
			was := release.Revision(id)
			require.Error(t, was.UnmarshalText([]byte(bad)))
			require.Equal(t, release.Revision(id), was)
		}
	}
	was := release.Revision(id)
	require.NoError(t, was.UnmarshalText(nil))
	require.Empty(t, was)
	require.Equal(t, "abc", release.Revision("abc").Short())
}
