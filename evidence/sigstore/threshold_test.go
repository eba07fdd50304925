package sigstore_test

import (
	"crypto/elliptic"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/stretchr/testify/require"
)

// logsWithin is a root whose logs are to be trusted from and to a time.
func (in *instance) logsWithin(from, to time.Time) sigstore.TrustedRoot {
	in.t.Helper()
	var v map[string]any
	require.NoError(in.t, json.Unmarshal(in.trustedRoot(), &v))
	for _, l := range v["tlogs"].([]any) {
		l.(map[string]any)["publicKey"].(map[string]any)["validFor"] = map[string]string{"start": from.Format(time.RFC3339), "end": to.Format(time.RFC3339)}
	}
	b, err := json.Marshal(v)
	require.NoError(in.t, err)
	r, err := sigstore.ParseTrustedRoot(b)
	require.NoError(in.t, err)
	return r
}

// A log proves nothing about a signature that was made when the log was no
// longer to be trusted: its key may be anybody's by now.
func TestLogsThatAreOver(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	for _, version := range []uint32{1, 2} {
		w := sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(version)}
		certified, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
		require.NoError(t, err)
		keyed, err := sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
		require.NoError(t, err)
		w.Timestamps = nil
		untimed, err := sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
		require.NoError(t, err)
		for _, window := range [][2]time.Duration{{-2 * time.Hour, -time.Hour}, {-time.Hour, time.Hour}, {time.Hour, 2 * time.Hour}} {
			opts := in.options()
			opts.Root = in.logsWithin(in.now.Add(window[0]), in.now.Add(window[1]))
			opts.Keys = []evidence.Key{{Public: key.Public()}}
			opts.Logs = 1
			trust, err := sigstore.New(opts)
			require.NoError(t, err)
			for name, raw := range map[string][]byte{"certificate": certified, "key": keyed, "key without a timestamp": untimed} {
				_, err = evidence.Verify(t.Context(), trust, raw)
				ok := window[0] < 0 && window[1] > 0
				if name == "key without a timestamp" && version == 2 {
					ok = false // nobody says when
				}
				require.Equal(t, ok, err == nil, "Rekor v%d, %s, %s: %v", version, name, window, err)
			}
		}
	}
}

// Of two logs that are demanded, one that is over is none.
func TestOneOfTwoLogsIsOver(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	w := sigstore.Witnesses{Timestamps: in.timestamps(), Logs: append(in.rekor(1), in.rekor(2)...)}
	certified, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
	require.NoError(t, err)
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	keyed, err := sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
	require.NoError(t, err)
	for _, over := range []bool{false, true} {
		var v struct {
			Tlogs []map[string]any `json:"tlogs"`
		}
		all := map[string]any{}
		require.NoError(t, json.Unmarshal(in.trustedRoot(), &all))
		require.NoError(t, json.Unmarshal(in.trustedRoot(), &v))
		require.Len(t, v.Tlogs, 2)
		if over {
			v.Tlogs[1]["publicKey"].(map[string]any)["validFor"] = map[string]string{
				"start": in.now.Add(-2 * time.Hour).Format(time.RFC3339), "end": in.now.Add(-time.Hour).Format(time.RFC3339)}
		}
		all["tlogs"] = v.Tlogs
		b, err := json.Marshal(all)
		require.NoError(t, err)
		opts := in.options()
		opts.Root, err = sigstore.ParseTrustedRoot(b)
		require.NoError(t, err)
		opts.Keys, opts.Logs = []evidence.Key{{Public: key.Public()}}, 2
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		for name, raw := range map[string][]byte{"certificate": certified, "key": keyed} {
			_, err = evidence.Verify(t.Context(), trust, raw)
			require.Equal(t, !over, err == nil, "%s: %v", name, err)
		}
	}
}

// Two entries of one log are one log, two timestamps of one authority one time.
func TestDistinctWitnesses(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	stamps, v1, v2 := in.timestamps(), in.rekor(1), in.rekor(2)
	twice := append(stamps, stamps...)
	tests := []struct {
		name        string
		w           sigstore.Witnesses
		logs, times int
		ok          bool
	}{
		{"one authority twice is one time", sigstore.Witnesses{Timestamps: twice, Logs: v2}, 1, 2, false},
		{"one authority twice", sigstore.Witnesses{Timestamps: twice, Logs: v2}, 1, 1, true},
		{"an authority and a log are two times", sigstore.Witnesses{Timestamps: stamps, Logs: v1}, 1, 2, true},
		{"three times", sigstore.Witnesses{Timestamps: twice, Logs: v1}, 1, 3, false},
		{"two logs", sigstore.Witnesses{Timestamps: stamps, Logs: append(v1, v2...)}, 2, 1, true},
		{"one log where two are demanded", sigstore.Witnesses{Timestamps: stamps, Logs: v2}, 2, 1, false},
		{"no logs", sigstore.Witnesses{Timestamps: stamps}, 1, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := in.options()
			opts.Logs, opts.Times = tt.logs, tt.times
			opts.Keys = []evidence.Key{{Public: key.Public()}}
			trust, err := sigstore.New(opts)
			require.NoError(t, err)
			certified, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(tt.w))
			require.NoError(t, err)
			_, err = evidence.Verify(t.Context(), trust, certified)
			require.Equal(t, tt.ok, err == nil, "certificate: %v", err)
			keyed, err := sigstore.Witness(t.Context(), plain, key.Public(), tt.w, nil)
			require.NoError(t, err)
			_, err = evidence.Verify(t.Context(), trust, keyed)
			require.Equal(t, tt.ok, err == nil, "key: %v", err)
		})
	}
	// The same log again, as another entry: the index is not signed in the bundle.
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: stamps, Logs: v2}))
	require.NoError(t, err)
	var parsed struct {
		VerificationMaterial struct{ TlogEntries []json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(raw, &parsed))
	entry := string(parsed.VerificationMaterial.TlogEntries[0])
	again := strings.Replace(string(raw), entry, entry+","+strings.Replace(entry, `"logIndex":"1"`, `"logIndex":"2"`, 1), 1)
	require.NotEqual(t, string(raw), again)
	opts := in.options()
	opts.Logs = 2
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	_, err = evidence.Verify(t.Context(), trust, []byte(again))
	require.Error(t, err)
}

// Only a signature to which nothing but a time is missing may become evidence.
func TestForgedIsNotUntimed(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Logs: in.rekor(2)}))
	require.NoError(t, err)
	unlogged, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{}))
	require.NoError(t, err)
	swap := func(raw []byte, name string) []byte {
		i := strings.Index(string(raw), name) + len(name) + 20
		b := []byte(string(raw))
		b[i] = map[bool]byte{true: 'B', false: 'A'}[b[i] == 'A']
		return b
	}
	stranger := newInstance(t)
	foreign, err := sigstore.SignKeyless(t.Context(), statement(t), stranger.keyless(sigstore.Witnesses{}))
	require.NoError(t, err)
	in.noSCT = true
	unlisted, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Logs: in.rekor(2)}))
	require.NoError(t, err)
	eve := in.options()
	eve.Identities[0].Subject = "eve@example.com"
	logless := in.options()
	logless.WithoutLogs = true
	tests := []struct {
		name string
		opts sigstore.Options
		raw  []byte
		want error
	}{
		{"good and untimed", in.options(), raw, evidence.ErrNoTrustedTime},
		{"good, untimed, no logs", logless, unlogged, evidence.ErrNoTrustedTime},
		{"neither a time nor a log", in.options(), unlogged, evidence.ErrUntrusted},
		{"another payload", in.options(), swap(raw, `"payload":"`), evidence.ErrUntrusted},
		{"another payload, no logs", logless, swap(unlogged, `"payload":"`), evidence.ErrUntrusted},
		{"another signature, no logs", logless, swap(unlogged, `"sig":"`), evidence.ErrUntrusted},
		{"another identity", eve, raw, evidence.ErrUntrusted},
		{"another authority", logless, foreign, evidence.ErrUntrusted},
		{"a certificate that no log has", in.options(), unlisted, evidence.ErrUntrusted},
	}
	for _, tt := range tests {
		trust, err := sigstore.New(tt.opts)
		require.NoError(t, err)
		_, err = evidence.Verify(t.Context(), trust, tt.raw)
		require.ErrorIs(t, err, tt.want, tt.name)
	}
}

// One Trust serves many goroutines.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	opts := in.options()
	opts.Keys = []evidence.Key{{Public: key.Public()}}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	keyed, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	all := [][]byte{in.attest(statementText, evidence.PayloadType), keyed}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = evidence.Verify(t.Context(), trust, all[i%2]) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// The time that a log writes into an entry is one only if the log promised it:
// beside a proof of inclusion alone it is anybody's, and is returned for nobody.
func TestIntegratedTimeWithoutPromise(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	w := sigstore.Witnesses{Logs: in.rekor(1)}
	certified, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
	require.NoError(t, err)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	keyed, err := sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
	require.NoError(t, err)
	trusts := map[string]*sigstore.Trust{}
	for name, k := range map[string]evidence.Key{"bounded": {Public: key.Public(), NotAfter: in.now.AddDate(0, 0, 1)}, "unbounded": {Public: key.Public()}} {
		opts := in.options()
		opts.Keys, opts.Logs = []evidence.Key{k}, 1
		trusts[name], err = sigstore.New(opts)
		require.NoError(t, err)
	}
	for _, raw := range [][]byte{certified, keyed} {
		v, err := evidence.Verify(t.Context(), trusts["bounded"], raw)
		require.NoError(t, err)
		require.Equal(t, []evidence.Time{{T: in.now, Source: "rekor"}}, v.By().Times)

		var b map[string]any
		require.NoError(t, json.Unmarshal(raw, &b))
		e := b["verificationMaterial"].(map[string]any)["tlogEntries"].([]any)[0].(map[string]any)
		require.Contains(t, e, "inclusionPromise")
		delete(e, "inclusionPromise")
		for _, at := range []any{e["integratedTime"], "0", nil} {
			if e["integratedTime"] = at; at == nil {
				delete(e, "integratedTime")
			}
			changed, err := json.Marshal(b)
			require.NoError(t, err)
			_, err = evidence.Verify(t.Context(), trusts["bounded"], changed)
			require.ErrorIs(t, err, evidence.ErrNoTrustedTime)
			if &raw[0] == &keyed[0] {
				v, err = evidence.Verify(t.Context(), trusts["unbounded"], changed)
				require.NoError(t, err, "the log has it, and no time is asked for")
				require.Empty(t, v.By().Times)
			}
		}
	}
}
