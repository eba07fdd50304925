package sigstore_test

import (
	"crypto/elliptic"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
)

// throwAway is the trust of testdata, and the one bundle that was signed there.
func throwAway(t testing.TB, edit func(*sigstore.Options)) (*sigstore.Trust, []byte) {
	t.Helper()
	file, err := os.ReadFile("testdata/trusted_root.json")
	require.NoError(t, err)
	root, err := sigstore.ParseTrustedRoot(file)
	require.NoError(t, err)
	opts := sigstore.Options{Root: root, Identities: []sigstore.Identity{{Issuer: issuer, Subject: subject, Kind: release.ActorHuman, Roles: []string{"owner"}}}}
	edit(&opts)
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	raw, err := os.ReadFile("testdata/keyless.sigstore.json")
	require.NoError(t, err)
	return trust, []byte(strings.TrimSpace(string(raw)))
}

// TestTrustDigest: whatever differs between two trusts, their digests do, so that a
// cache does not answer for the one with what the other said.
func TestTrustDigest(t *testing.T) {
	t.Parallel()
	other, err := sigstore.ParseTrustedRoot(newInstance(t).trustedRoot())
	require.NoError(t, err)
	file, err := os.ReadFile("testdata/trusted_root.json")
	require.NoError(t, err)
	longer, err := sigstore.ParseTrustedRoot(append(file, '\n'))
	require.NoError(t, err)
	key := evidence.Key{Public: newKey(t, elliptic.P256()).Public()}
	first := func(edit func(*sigstore.Identity)) func(*sigstore.Options) {
		return func(o *sigstore.Options) { edit(&o.Identities[0]) }
	}
	edits := map[string]func(*sigstore.Options){
		"Root":           func(o *sigstore.Options) { o.Root = other },
		"Root, one byte": func(o *sigstore.Options) { o.Root = longer },
		"Identities": func(o *sigstore.Options) {
			o.Identities = append(o.Identities, sigstore.Identity{Issuer: issuer, Subject: "bob@example.com"})
		},
		"Identities, order": func(o *sigstore.Options) {
			o.Identities = append([]sigstore.Identity{{Issuer: issuer, Subject: "bob@example.com"}}, o.Identities...)
		},
		"Keys":                    func(o *sigstore.Options) { o.Keys = []evidence.Key{key} },
		"Keys, kind":              func(o *sigstore.Options) { k := key; k.Kind = release.ActorBot; o.Keys = []evidence.Key{k} },
		"Keys, end":               func(o *sigstore.Options) { k := key; k.NotAfter = time.Unix(1, 0); o.Keys = []evidence.Key{k} },
		"Logs":                    func(o *sigstore.Options) { o.Logs = 2 },
		"Times":                   func(o *sigstore.Options) { o.Times = 2 },
		"SCTs":                    func(o *sigstore.Options) { o.SCTs = 2 },
		"WithoutLogs":             func(o *sigstore.Options) { o.WithoutLogs = true },
		"WithoutSCTs":             func(o *sigstore.Options) { o.WithoutSCTs = true },
		"Intermediates":           func(o *sigstore.Options) { o.Intermediates = true },
		"WithoutIssuer":           first(func(i *sigstore.Identity) { i.WithoutIssuer = true }),
		"Issuer":                  first(func(i *sigstore.Identity) { i.Issuer = "https://other.example.com" }),
		"IssuerPattern":           first(func(i *sigstore.Identity) { i.Issuer, i.IssuerPattern = "", issuer }),
		"Subject":                 first(func(i *sigstore.Identity) { i.Subject = "eve@example.com" }),
		"SubjectPattern":          first(func(i *sigstore.Identity) { i.Subject, i.SubjectPattern = "", subject }),
		"Kind":                    first(func(i *sigstore.Identity) { i.Kind = release.ActorBot }),
		"Roles":                   first(func(i *sigstore.Identity) { i.Roles = nil }),
		"Roles, one of two words": first(func(i *sigstore.Identity) { i.Roles = []string{`owner" "security`} }),
		"Roles, two":              first(func(i *sigstore.Identity) { i.Roles = []string{"owner", "security"} }),
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[sigstore.Options](), reflect.TypeFor[sigstore.Identity]()} {
		for _, f := range reflect.VisibleFields(typ) {
			require.Contains(t, edits, f.Name, "a field of %s that no case changes: does the digest know it?", typ)
		}
	}
	base, raw := throwAway(t, func(*sigstore.Options) {})
	again, _ := throwAway(t, func(*sigstore.Options) {})
	require.Equal(t, base.TrustDigest(base), again.TrustDigest(again), "the same options make the same trust")
	require.Zero(t, base.TrustDigest(again), "it speaks for itself alone")
	require.Zero(t, (*sigstore.Trust)(nil).TrustDigest((*sigstore.Trust)(nil)))
	seen := map[release.Digest]string{base.TrustDigest(base): "base"}
	cache := evidence.NewCache(1 << 20)
	_, err = cache.Verify(t.Context(), base, raw)
	require.NoError(t, err)
	for name, edit := range edits {
		trust, _ := throwAway(t, edit)
		d := trust.TrustDigest(trust)
		require.False(t, d.IsZero(), name)
		require.Empty(t, seen[d], "%s is %s", name, seen[d])
		seen[d] = name
		// A cache that knows the bundle says what this trust says.
		want, wantErr := evidence.Verify(t.Context(), trust, raw)
		v, err := cache.Verify(t.Context(), trust, raw)
		require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err), name)
		if err == nil {
			require.Equal(t, want.By(), v.By(), name)
		}
	}
}

// TestTrustAsksNoClock: what a trust says is the same in 2000, where synctest's
// clock begins and before anything here was signed, and a century later. So a
// verdict may be kept.
func TestTrustAsksNoClock(t *testing.T) {
	t.Parallel()
	trust, raw := throwAway(t, func(*sigstore.Options) {})
	untimed := []byte(strings.Replace(string(raw), `"rfc3161Timestamps"`, `"x"`, 1))
	synctest.Test(t, func(t *testing.T) {
		for _, raw := range [][]byte{raw, untimed} {
			start := time.Now()
			require.Less(t, start.Year(), 2200)
			v, first := evidence.Verify(t.Context(), trust, raw)
			time.Sleep(100 * 365 * 24 * time.Hour)
			w, later := evidence.Verify(t.Context(), trust, raw)
			require.Greater(t, time.Since(start), 99*365*24*time.Hour)
			require.Equal(t, fmt.Sprint(first), fmt.Sprint(later))
			if first == nil {
				require.Equal(t, v.By(), w.By())
				require.Equal(t, 2026, v.By().Times[0].T.Year())
			} else {
				require.ErrorIs(t, first, evidence.ErrNoTrustedTime)
			}
		}
	})
}
