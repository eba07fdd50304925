package sigstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
)

// shop is the release of these tests.
func shop() release.Release {
	return release.Release{Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("binary"))}}}
}

func tested(t testing.TB) evidence.Statement {
	t.Helper()
	st, err := evidence.For(shop(), predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	require.NoError(t, err)
	return st
}

// built is provenance whose builder claims to have begun at a time.
func built(t testing.TB, claimed time.Time) evidence.Statement {
	t.Helper()
	st, err := evidence.NewStatement("https://example.com/build/v1", evidence.SubjectsOf(shop()), map[string]any{"startedOn": claimed, "timestamp": claimed})
	require.NoError(t, err)
	return st
}

// decide is what a host does with bundles that anybody may have sent: what does
// not verify is not there.
func decide(t testing.TB, trust evidence.Trust, now time.Time, q evidence.Question, bundles ...[]byte) release.Verdict {
	t.Helper()
	var set []evidence.Verified
	for _, raw := range bundles {
		if v, err := evidence.Verify(t.Context(), trust, raw); err == nil {
			set = append(set, v)
		}
	}
	q.Release = shop()
	d, err := evidence.Decide(q, set, now)
	require.NoError(t, err)
	return d.Verdict
}

const (
	allow = release.VerdictAllow
	hold  = release.VerdictHold
)

// A key is retired and another takes its place. What the first signed while it
// was valid stays good for ever; whatever its signatures claim, it signs nothing
// good afterwards, though nobody can stop whoever has it from signing.
func TestRotation(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	opts := in.options() // before the clock of the doubles is moved
	retired := in.now
	day := 24 * time.Hour
	first, second := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	ada := evidence.Principal{Issuer: "https://hr.example.com", Subject: "ada"}
	opts.Identities = nil
	opts.Keys = []evidence.Key{
		{Public: first.Public(), Principal: ada, NotBefore: retired.Add(-20 * day), NotAfter: retired},
		{Public: second.Public(), Principal: ada, NotBefore: retired},
	}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	claim := built(t, retired.Add(-2*day))
	sign := func(key *ecdsa.PrivateKey, w func() sigstore.Witnesses, seen ...time.Duration) []byte {
		raw, err := evidence.Sign(t.Context(), claim, key)
		require.NoError(t, err)
		for _, at := range seen {
			in.now = retired.Add(at)
			raw, err = sigstore.Witness(t.Context(), raw, key.Public(), w(), nil)
			require.NoError(t, err)
		}
		return raw
	}
	tsa := func() sigstore.Witnesses { return sigstore.Witnesses{Timestamps: in.timestamps()} }
	rekor1 := func() sigstore.Witnesses { return sigstore.Witnesses{Logs: in.rekor(1)} }
	rekor2 := func() sigstore.Witnesses { return sigstore.Witnesses{Logs: in.rekor(2)} }
	either := func(all ...func() sigstore.Witnesses) func() sigstore.Witnesses { // one after the other
		next := 0
		return func() sigstore.Witnesses { next++; return all[next-1]() }
	}
	stranger := func() sigstore.Witnesses {
		other := newInstance(t)
		other.now = in.now
		return sigstore.Witnesses{Timestamps: other.timestamps()}
	}
	require1 := evidence.Question{Rules: []evidence.Rule{evidence.Require{Type: "https://example.com/build/v1"}}}
	tests := []struct {
		name string
		raw  []byte
		err  error
	}{
		{"signed and stamped before", sign(first, tsa, -day), nil},
		{"stamped in the last moment", sign(first, tsa, 0), nil},
		{"logged before", sign(first, rekor1, -day), nil},
		{"stamped a second late, and says it is older", sign(first, tsa, time.Second), evidence.ErrUntrusted},
		{"stamped a day late", sign(first, tsa, day), evidence.ErrUntrusted},
		{"logged a day late", sign(first, rekor1, day), evidence.ErrUntrusted},
		{"stamped before the key was valid", sign(first, tsa, -21*day), evidence.ErrUntrusted},
		{"nobody saw it, and it says when", sign(first, nil), evidence.ErrNoTrustedTime},
		{"a log proves that it was logged and not when", sign(first, rekor2, -day), evidence.ErrNoTrustedTime},
		{"stamped by somebody who is not trusted", sign(first, stranger, -day), evidence.ErrNoTrustedTime},
		{"stamped before, and again after: an authority is heard once, and it was there before", sign(first, tsa, -day, day), nil},
		{"stamped before, and logged after: every witness must have seen it in time", sign(first, either(tsa, rekor1), -day, day), evidence.ErrUntrusted},
		{"the new key, after", sign(second, tsa, day), nil},
		{"the new key, stamped before it was valid", sign(second, tsa, -day), evidence.ErrUntrusted},
		{"the new key, which has a bound too, and nobody saw it", sign(second, nil), evidence.ErrNoTrustedTime},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := evidence.Verify(t.Context(), trust, tt.raw)
			want := hold
			if tt.err == nil {
				require.NoError(t, err)
				require.Equal(t, ada, v.By().Principal)
				want = allow
			} else {
				require.ErrorIs(t, err, tt.err)
			}
			for _, later := range []time.Duration{2 * day, 400 * day, 4000 * day} {
				require.Equal(t, want, decide(t, trust, retired.Add(later), require1, tt.raw), "%s later", later)
			}
		})
	}
	in.now = retired

	// Fresh goes by the trusted time, whatever is claimed.
	fresh := require1
	fresh.Rules = append(fresh.Rules, evidence.Fresh{Type: "https://example.com/build/v1", MaxAge: 3 * day})
	require.Equal(t, allow, decide(t, trust, retired.Add(day), fresh, tests[0].raw))
	require.Equal(t, hold, decide(t, trust, retired.Add(3*day), fresh, tests[0].raw))

	// Without a root nobody's word about times counts, and a bound is never met.
	rootless, err := sigstore.New(sigstore.Options{Keys: opts.Keys})
	require.NoError(t, err)
	for _, tt := range tests {
		_, err := evidence.Verify(t.Context(), rootless, tt.raw)
		require.ErrorIs(t, err, evidence.ErrNoTrustedTime, tt.name)
	}
}

// Certificates live for minutes. What was signed with one is good years later,
// when the authority and the timestamp authority are long gone, and what they are
// made to say after that is not.
func TestAuthoritiesRetire(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	sign := func() []byte {
		raw, err := sigstore.SignKeyless(t.Context(), tested(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
		require.NoError(t, err)
		return raw
	}
	file := in.trustedRoot()
	end := in.now.Add(time.Hour)
	before := sign()
	in.now = in.now.Add(2 * time.Hour)
	after := sign()
	until := func(members ...string) *sigstore.Trust {
		var v map[string]any
		require.NoError(t, json.Unmarshal(file, &v))
		for _, name := range members {
			for _, a := range v[name].([]any) {
				a.(map[string]any)["validFor"].(map[string]any)["end"] = end.Format(time.RFC3339)
			}
		}
		b, err := json.Marshal(v)
		require.NoError(t, err)
		r, err := sigstore.ParseTrustedRoot(b)
		require.NoError(t, err)
		opts := in.options()
		opts.Root = r
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		return trust
	}
	q := evidence.Question{Requirements: []release.Requirement{{ID: "tests", Evidence: release.EvidenceTest, Count: 1}}}
	for _, tt := range []struct {
		name  string
		trust *sigstore.Trust
		late  release.Verdict
	}{
		{"all are in service", until(), allow},
		{"the certificate authority retires", until("certificateAuthorities"), hold},
		{"the timestamp authority retires", until("timestampAuthorities"), hold},
		{"both retire", until("certificateAuthorities", "timestampAuthorities"), hold},
	} {
		now := end.AddDate(10, 0, 0)
		require.Equal(t, allow, decide(t, tt.trust, now, q, before), tt.name)
		require.Equal(t, tt.late, decide(t, tt.trust, now, q, after), tt.name)
	}
}

// People are counted, and neither keys nor certificates, of which one person has
// a new one for each signature.
func TestPeopleAreCountedOnce(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	adas, bobs, orphan := newKey(t, elliptic.P256()), newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	certified := func(who string) []byte {
		in.sans = []string{who}
		raw, err := sigstore.SignKeyless(t.Context(), tested(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
		require.NoError(t, err)
		return raw
	}
	keyed := func(k *ecdsa.PrivateKey) []byte {
		raw, err := evidence.Sign(t.Context(), tested(t), k)
		require.NoError(t, err)
		return raw
	}
	ada := evidence.Principal{Issuer: issuer, Subject: subject}
	hrBob := evidence.Principal{Issuer: "https://hr.example.com", Subject: "bob"}
	opts := in.options()
	opts.Identities = []sigstore.Identity{{Issuer: issuer, SubjectPattern: `[a-z]+@example\.com`, Kind: release.ActorHuman}}
	opts.Keys = []evidence.Key{{Public: adas.Public(), Principal: ada}, {Public: bobs.Public(), Principal: hrBob}, {Public: orphan.Public()}}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	bob := evidence.Principal{Issuer: issuer, Subject: "bob@example.com"}
	d, err := evidence.KeyDigest(orphan.Public())
	require.NoError(t, err)
	tests := []struct {
		name    string
		bundles [][]byte
		same    [][]evidence.Principal
		people  int
	}{
		{"two certificates of one person", [][]byte{certified(subject), certified(subject)}, nil, 1},
		{"a certificate and a key that bears the same name", [][]byte{certified(subject), keyed(adas)}, nil, 1},
		{"one key, two signatures", [][]byte{keyed(adas), keyed(adas)}, nil, 1},
		{"two people", [][]byte{certified(subject), certified("bob@example.com")}, nil, 2},
		{"a certificate and a key that nobody has connected", [][]byte{certified("bob@example.com"), keyed(bobs)}, nil, 2},
		{"a certificate and a key that the host connects", [][]byte{certified("bob@example.com"), keyed(bobs)}, [][]evidence.Principal{{bob, hrBob}}, 1},
		{"three that the host connects in two steps", [][]byte{certified("bob@example.com"), keyed(bobs), keyed(orphan)},
			[][]evidence.Principal{{bob, hrBob}, {evidence.KeyPrincipal(d), bob}}, 1},
		{"three that are two", [][]byte{certified("bob@example.com"), keyed(bobs), certified(subject), certified(subject)}, [][]evidence.Principal{{bob, hrBob}}, 2},
		{"another spelling is another subject", [][]byte{certified("bob@example.com"), certified("rob@example.com")}, nil, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= 4; n++ {
				want := hold
				if n <= tt.people {
					want = allow
				}
				q := evidence.Question{Same: tt.same, Rules: []evidence.Rule{evidence.Threshold{Count: n, Type: predicate.TypeTestResult}}}
				require.Equal(t, want, decide(t, trust, in.now.Add(time.Hour), q, tt.bundles...), "%d of %d", n, tt.people)
				require.Equal(t, want, decide(t, trust, in.now.Add(time.Hour), q, append(tt.bundles, tt.bundles...)...), "%d of %d, each twice", n, tt.people)
			}
		})
	}
}
