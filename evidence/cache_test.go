package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// counted is a trust that counts what it is asked, and lets its verdicts be kept
// under a digest that a test sets.
type counted struct {
	evidence.Trust
	digest release.Digest
	asked  *int
}

func count(t evidence.Trust) *counted {
	return &counted{t, release.DigestOf([]byte("counted")), new(int)}
}

func (c *counted) Check(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	*c.asked++
	return c.Trust.Check(ctx, s)
}

func (c *counted) TrustDigest(asked evidence.Trust) release.Digest {
	if asked != evidence.Trust(c) {
		return release.Digest{}
	}
	return c.digest
}

func TestCacheHits(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	trust := count(ringed)
	c := evidence.NewCache(1 << 20)
	first, err := c.Verify(ctx, trust, raw)
	require.NoError(t, err)
	for range 3 {
		v, err := c.Verify(ctx, trust, bytes.Clone(raw))
		require.NoError(t, err)
		require.Equal(t, first, v)
	}
	require.Equal(t, 1, *trust.asked)
	require.Equal(t, 1, c.Len())
	// What the caller does to his bytes later changes nothing, and is seen.
	text := bytes.Clone(raw)
	_, err = c.Verify(ctx, trust, text)
	require.NoError(t, err)
	text[len(text)-1] = ' '
	_, err = c.Verify(ctx, trust, text)
	require.Error(t, err)
	require.Equal(t, raw, first.Raw())
}

// TestCacheMissesEveryOtherEnvelope: a change of any one byte is another envelope,
// and so are one more and one less.
func TestCacheMissesEveryOtherEnvelope(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	trust := count(ringed)
	c := evidence.NewCache(1 << 20)
	_, err := c.Verify(ctx, trust, raw)
	require.NoError(t, err)
	known := *trust.asked
	require.Equal(t, 1, known)
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1 << (i % 8)
		fresh, want := evidence.Verify(ctx, ringed, changed)
		v, err := c.Verify(ctx, trust, changed)
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(err), "byte %d", i)
		if err == nil {
			require.Equal(t, fresh.Digest(), v.Digest(), "byte %d", i)
			require.Equal(t, release.DigestOf(changed), v.Digest())
		}
	}
	for _, other := range [][]byte{append(bytes.Clone(raw), ' '), raw[:len(raw)-1], append([]byte("\n"), raw...), {}, nil} {
		v, err := c.Verify(ctx, trust, other)
		if err == nil {
			require.Equal(t, release.DigestOf(other), v.Digest())
		}
	}
}

// TestCacheOfEnvelopesThatEndAlike: what differs only before the end, in a part that
// nobody signed, is kept as well, each for itself.
func TestCacheOfEnvelopesThatEndAlike(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	trust := count(ringed)
	c := evidence.NewCache(1 << 20)
	alike := make([][]byte, 30)
	for i := range alike {
		alike[i] = append(fmt.Appendf(nil, `{"note":"%02d",`, i), raw[1:]...)
	}
	for round := range 3 {
		for _, b := range alike {
			v, err := c.Verify(ctx, trust, b)
			require.NoError(t, err)
			require.Equal(t, release.DigestOf(b), v.Digest(), round)
			require.Equal(t, b, v.Raw())
		}
		require.Equal(t, len(alike), *trust.asked, "none takes the place of another")
		require.Equal(t, len(alike), c.Len())
	}
	// What is dropped makes room for the others, which are not lost.
	small := evidence.NewCache(4 * (1024 + 5*len(raw)))
	for range 2 {
		for _, b := range append(alike, bytes.ToUpper(raw)) {
			v, err := small.Verify(ctx, ringed, b)
			require.Equal(t, b[0] == '{' && b[2] == 'n', err == nil)
			if err == nil {
				require.Equal(t, b, v.Raw())
			}
		}
		require.Positive(t, small.Len())
		require.Less(t, small.Len(), 10)
	}
}

// TestZeroCache: a Cache that NewCache did not make keeps nothing.
func TestZeroCache(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	c := new(evidence.Cache)
	for range 2 {
		_, err := c.Verify(ctx, ringed, raw)
		require.NoError(t, err)
		require.Zero(t, c.Len())
	}
}

// TestCacheMissesEveryOtherTrust: whatever differs between two keyrings, one knows
// nothing of the other's verdicts.
func TestCacheMissesEveryOtherTrust(t *testing.T) {
	t.Parallel()
	ada, bob, eve := newKey(t), newKey(t), newKey(t)
	base := func() evidence.Key {
		return evidence.Key{Public: ada.Public(), Principal: person("ada"), Kind: release.ActorHuman, Roles: []string{"owner", "security"},
			NotBefore: noon, NotAfter: noon.Add(time.Hour)}
	}
	edits := map[string]func(k *evidence.Key){
		"Public":              func(k *evidence.Key) { k.Public = bob.Public() },
		"Principal":           func(k *evidence.Key) { k.Principal.Subject = "bob" },
		"issuer":              func(k *evidence.Key) { k.Principal.Issuer = "other" },
		"boundary":            func(k *evidence.Key) { k.Principal = evidence.Principal{Issuer: "tes", Subject: "tada"} },
		"nobody":              func(k *evidence.Key) { k.Principal = evidence.Principal{} },
		"Kind":                func(k *evidence.Key) { k.Kind = release.ActorBot },
		"Roles":               func(k *evidence.Key) { k.Roles = []string{"owner"} },
		"no roles":            func(k *evidence.Key) { k.Roles = nil },
		"a role of two words": func(k *evidence.Key) { k.Roles = []string{`owner" "security`} },
		"NotBefore":           func(k *evidence.Key) { k.NotBefore = noon.Add(1) },
		"NotAfter, a moment":  func(k *evidence.Key) { k.NotAfter = noon.Add(time.Hour + 1) },
		"NotAfter":            func(k *evidence.Key) { k.NotAfter = noon.Add(time.Hour - 1) },
		"no begin":            func(k *evidence.Key) { k.NotBefore = time.Time{} },
		"no end":              func(k *evidence.Key) { k.NotAfter = time.Time{} },
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[evidence.Key]()) {
		require.Contains(t, edits, f.Name, "a field of Key that no case changes: does the digest know it?")
	}
	digest := func(keys ...evidence.Key) release.Digest { r := ring(t, keys...); return r.TrustDigest(r) }
	seen := map[release.Digest]string{digest(base()): "base"}
	different := func(name string, d release.Digest) {
		require.False(t, d.IsZero(), name)
		require.Empty(t, seen[d], "%s is %s", name, seen[d])
		seen[d] = name
	}
	for name, edit := range edits {
		k := base()
		edit(&k)
		different(name, digest(k))
	}
	different("another key too", digest(base(), evidence.Key{Public: eve.Public()}))
	different("another order", digest(evidence.Key{Public: eve.Public()}, base()))
	different("no keys", digest())
	require.Equal(t, "base", seen[digest(base())], "the same keyring, made again, is the same trust")

	// And with a cache: who was somebody else's, or nobody's, is so at once.
	raw, err := evidence.Sign(ctx, statement(t, shop(), passed()), ada)
	require.NoError(t, err)
	c := evidence.NewCache(1 << 20)
	v, err := c.Verify(ctx, ring(t, keyOf(ada, "ada")), raw)
	require.NoError(t, err)
	require.Equal(t, person("ada"), v.By().Principal)
	v, err = c.Verify(ctx, ring(t, keyOf(ada, "bob")), raw)
	require.NoError(t, err)
	require.Equal(t, person("bob"), v.By().Principal)
	for name, other := range map[string]evidence.Trust{"the key is gone": ring(t, keyOf(eve, "eve")), "nobody is trusted": ring(t), "nil keyring": (*evidence.Keyring)(nil), "nil": nil,
		"the key has an end": ring(t, evidence.Key{Public: ada.Public(), NotAfter: noon})} {
		v, err := c.Verify(ctx, other, raw)
		require.Error(t, err, name)
		require.True(t, v.IsZero(), name)
	}
}

// TestCacheKeepsOnlyYes: after a failure of any kind the trust is asked again, and
// its yes is a yes.
func TestCacheKeepsOnlyYes(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	for name, failure := range map[string]error{"untrusted": evidence.ErrUntrusted, "no time": evidence.ErrNoTrustedTime, "cancelled": context.Canceled,
		"too late": context.DeadlineExceeded, "broken": errBroken} {
		broken := true
		trust := count(trustFunc(func(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
			if broken {
				return evidence.Identity{}, failure
			}
			return ringed.Check(ctx, s)
		}))
		c := evidence.NewCache(1 << 20)
		for range 2 {
			v, err := c.Verify(ctx, trust, raw)
			require.ErrorIs(t, err, failure, name)
			require.True(t, v.IsZero())
			require.Zero(t, c.Len(), name)
		}
		broken = false
		_, err := c.Verify(ctx, trust, raw)
		require.NoError(t, err, name)
		require.Equal(t, 3, *trust.asked, name)
		require.Equal(t, 1, c.Len())
	}
	// The statement of a good signature may be no statement; nor is that kept.
	c := evidence.NewCache(1 << 20)
	trust := count(ringed)
	_, err := c.Verify(ctx, count(human("ada")), dsse([]byte("{}"), "c2ln"))
	require.Error(t, err)
	// An ended context is an error, for what is known too, as it is for Verify.
	_, err = c.Verify(ctx, trust, raw)
	require.NoError(t, err)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.Verify(over, trust, raw)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Verify(ctx, trust, raw)
	require.NoError(t, err)
	require.Equal(t, 2, *trust.asked)
}

// embedded is what a host may write to refuse more: the keyring's TrustDigest comes
// with it, and must not speak for it.
type embedded struct {
	*evidence.Keyring
	revoked map[string]bool
}

func (e *embedded) Check(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	id, err := e.Keyring.Check(ctx, s)
	if err == nil && e.revoked[id.Principal.Subject] {
		err = evidence.ErrUntrusted
	}
	return id, err
}

func TestCacheAsksWhoIsNotCacheable(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	c := evidence.NewCache(1 << 20)
	_, err := c.Verify(ctx, ringed, raw)
	require.NoError(t, err)
	require.Equal(t, 1, c.Len())
	host := &embedded{ringed, map[string]bool{}}
	_, err = c.Verify(ctx, host, raw)
	require.NoError(t, err)
	host.revoked["ada"] = true
	_, err = c.Verify(ctx, host, raw)
	require.ErrorIs(t, err, evidence.ErrUntrusted)
	require.Equal(t, 1, c.Len())

	none := count(ringed)
	none.digest = release.Digest{} // zero: never
	for range 2 {
		_, err = c.Verify(ctx, none, raw)
		require.NoError(t, err)
	}
	require.Equal(t, 2, *none.asked)
	// Two types of trust that give the same digest are still two.
	k := ring(t, evidence.Key{Public: newKey(t).Public()})
	other := count(human("eve"))
	other.digest = k.TrustDigest(k)
	_, err = c.Verify(ctx, other, raw)
	require.NoError(t, err)
	_, err = c.Verify(ctx, k, raw)
	require.ErrorIs(t, err, evidence.ErrUntrusted)

	for _, c := range []*evidence.Cache{nil, evidence.NewCache(0), evidence.NewCache(-1), evidence.NewCache(10)} {
		trust := count(ringed)
		for range 2 {
			_, err = c.Verify(ctx, trust, raw)
			require.NoError(t, err)
		}
		require.Equal(t, 2, *trust.asked)
		require.Zero(t, c.Len())
	}
}

// changing is a trust whose digest changes while it is asked.
type changing struct {
	evidence.Trust
	n *int
}

func (c changing) TrustDigest(evidence.Trust) release.Digest {
	*c.n++
	return release.DigestOf([]byte{byte(*c.n)})
}

func TestCacheOfATrustThatChanges(t *testing.T) {
	t.Parallel()
	ringed, raw := bundle(t, func(s string) string { return s })
	c := evidence.NewCache(1 << 20)
	_, err := c.Verify(ctx, changing{ringed, new(int)}, raw)
	require.NoError(t, err)
	require.Zero(t, c.Len(), "whose verdict was it?")
}

// TestCacheIsBounded: it takes no more than it may, and drops what was not used.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	trust, text := mixed(t, 500)
	var good [][]byte
	for e, err := range evidence.Envelopes(text) {
		if err == nil {
			if _, err := evidence.Verify(ctx, trust, e.Raw); err == nil {
				good = append(good, e.Raw)
			}
		}
	}
	require.Len(t, good, 200)
	c := evidence.NewCache(50_000)
	counting := count(trust)
	for i, raw := range good {
		_, err := c.Verify(ctx, counting, raw)
		require.NoError(t, err)
		require.LessOrEqual(t, c.Len()*len(raw), 50_000)
		if i > 0 {
			_, err = c.Verify(ctx, counting, good[0]) // used all the time, and so kept
			require.NoError(t, err)
		}
	}
	require.Equal(t, len(good), *counting.asked)
	require.Greater(t, c.Len(), 3)
	require.Less(t, c.Len(), 20)
	_, err := c.Verify(ctx, counting, good[1])
	require.NoError(t, err)
	require.Equal(t, len(good)+1, *counting.asked, "what was not used is gone")
}

// TestCacheCountsWhatIsRead: many small values take more memory once they are read
// than the text that they stand in. Here it was 64 MB for 6.4 MB, measured.
func TestCacheCountsWhatIsRead(t *testing.T) {
	t.Parallel()
	trust := count(human("ada"))
	raw := func(resource string, n int) []byte {
		st, err := evidence.ParseStatement(fmt.Appendf(nil, `{"_type":%q,"subject":[{"digest":{"sha256":"00"}}],"predicateType":%q,"predicate":{"buildDefinition":{"resolvedDependencies":[%s{}]}}}`,
			evidence.StatementType, predicate.TypeProvenance, strings.Repeat(resource+",", n)))
		require.NoError(t, err)
		out, err := evidence.Sign(ctx, st, newKey(t))
		require.NoError(t, err)
		return out
	}
	for _, tt := range []struct {
		raw  []byte
		want int
	}{{raw(`{"digest":{"a":"b"}}`, 130_000), 0}, {raw(`{"uri":"a text that is as long as many small values together"}`, 40_000), 1}} {
		c := evidence.NewCache(32 << 20)
		_, err := c.Verify(ctx, trust, tt.raw)
		require.NoError(t, err)
		require.Equal(t, tt.want, c.Len())
	}
}

func TestCacheOfSeveralGoroutines(t *testing.T) {
	t.Parallel()
	trust, text := mixed(t, 50)
	c := evidence.NewCache(30_000) // too small for all
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for e, err := range evidence.Envelopes(text) {
				if err != nil {
					continue
				}
				v, err := c.Verify(ctx, trust, e.Raw)
				fresh, want := evidence.Verify(ctx, trust, e.Raw)
				if fmt.Sprint(want) != fmt.Sprint(err) || err == nil && (v.Digest() != fresh.Digest() || !reflect.DeepEqual(v.By(), fresh.By())) {
					t.Error("the cache says something else", err, want)
				}
				c.Len()
			}
		})
	}
	wg.Wait()
}

// TestKeyringAsksNoClock: what a keyring says is the same in 2000, where synctest's
// clock begins, and a century later. So a verdict may be kept.
func TestKeyringAsksNoClock(t *testing.T) {
	t.Parallel()
	ada := newKey(t)
	raw, err := evidence.Sign(ctx, statement(t, shop(), passed()), ada)
	require.NoError(t, err)
	for name, k := range map[string]evidence.Key{"no bounds": {Public: ada.Public()}, "from 2050": {Public: ada.Public(), NotBefore: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)},
		"to 2050": {Public: ada.Public(), NotAfter: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		trust := ring(t, k)
		synctest.Test(t, func(t *testing.T) {
			v, first := evidence.Verify(t.Context(), trust, raw)
			require.Equal(t, 2000, time.Now().Year())
			time.Sleep(100 * 365 * 24 * time.Hour)
			require.Equal(t, 2099, time.Now().Year())
			w, later := evidence.Verify(t.Context(), trust, raw)
			require.Equal(t, fmt.Sprint(first), fmt.Sprint(later), name)
			require.Equal(t, name == "no bounds", first == nil, name)
			if first == nil {
				require.Equal(t, v.By(), w.By())
			} else {
				require.True(t, errors.Is(first, evidence.ErrNoTrustedTime), name)
			}
		})
	}
}
