package sigstore_test

import (
	"crypto/elliptic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
)

// A verdict is a function of the root, the options and the bundle: it is the same
// in 2000, where synctest's clock begins and before anything here was signed, and
// when every certificate has ended long ago, for each kind of time and signer. So a
// verdict may be kept.
func TestNoClockIsAsked(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	type bundle struct {
		name      string
		raw, file []byte
	}
	var all []bundle
	for name, w := range map[string]sigstore.Witnesses{
		"timestamp and Rekor v2": {Timestamps: in.timestamps(), Logs: in.rekor(2)}, "Rekor v1": {Logs: in.rekor(1)},
		"Rekor v2": {Logs: in.rekor(2)}, "timestamp": {Timestamps: in.timestamps()}, "nobody": {}} {
		certified, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
		require.NoError(t, err)
		keyed, err := sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
		require.NoError(t, err)
		all = append(all, bundle{name: "certificate, " + name, raw: certified}, bundle{name: "key, " + name, raw: keyed})
	}
	all = append(all, bundle{name: "file", raw: in.signFile([]byte("the release"), true), file: []byte("the release")})
	in.expired = true
	late, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
	require.NoError(t, err)
	all = append(all, bundle{name: "certificate that had ended", raw: late})
	opts := in.options()
	opts.Keys = []evidence.Key{{Public: key.Public(), NotBefore: in.now.AddDate(0, 0, -1), NotAfter: in.now.AddDate(0, 0, 1)}}
	accepted := 0
	synctest.Test(t, func(t *testing.T) {
		type verdict struct {
			by   evidence.Identity
			text string
		}
		say := func() map[string]verdict {
			trust, err := sigstore.New(opts) // nothing is remembered from before
			require.NoError(t, err)
			out := map[string]verdict{}
			for _, b := range all {
				if b.file != nil {
					id, err := trust.CheckArtifact(t.Context(), b.raw, release.DigestOf(b.file))
					require.NoError(t, err)
					out[b.name] = verdict{by: id}
				} else if v, err := evidence.Verify(t.Context(), trust, b.raw); err != nil {
					out[b.name] = verdict{text: err.Error()}
				} else {
					out[b.name] = verdict{by: v.By()}
					accepted++
				}
			}
			return out
		}
		require.Equal(t, 2000, time.Now().UTC().Year())
		first := say()
		time.Sleep(100 * 365 * 24 * time.Hour)
		require.Equal(t, first, say())
	})
	require.Equal(t, 2*5, accepted, "certificates: timestamp with a log, Rekor v1; keys: timestamp with a log or alone, Rekor v1")
}
