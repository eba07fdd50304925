package evidence_test

import (
	"context"
	"crypto"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

// TestFlippedBits flips each bit of envelopes of every form (with -long, of several
// statements and with a second kind of key each). Most
// are refused. What is accepted says the same, by the same, with the same key: the
// bit was in a part that nobody signs, and only in one of those that are listed.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	r := shop()
	r.Artifacts = r.Artifacts[:1]
	statements := map[string]evidence.Statement{"test": statement(t, r, passed()), "approval": statement(t, r, approval(t, predicate.Approve, r))}
	const hint = "/verificationMaterial/publicKey/hint"
	forms := []struct {
		name string
		sign func(context.Context, evidence.Statement, crypto.Signer) ([]byte, error)
		free []string
	}{
		{"bundle", evidence.Sign, []string{hint, hint + " name"}},
		{"DSSE", evidence.SignDSSE, nil},
		{"bundle v0.1 with more in it", func(ctx context.Context, st evidence.Statement, key crypto.Signer) ([]byte, error) {
			raw, err := evidence.Sign(ctx, st, key)
			text := asVersion("0.1")(string(raw))
			text = replace(`"verificationMaterial":{`, `"verificationMaterial":{ "tlogEntries":[{"logIndex":"1"}],`)(text)
			return []byte(replace(`"sig":`, `"keyid":"k", "sig":`)(text)), err
		}, []string{hint, hint + " name", "/mediaType", "/verificationMaterial/tlogEntries name", "/verificationMaterial/tlogEntries/0/logIndex",
			"/verificationMaterial/tlogEntries/0/logIndex name", "/dsseEnvelope/signatures/0/keyid", "/dsseEnvelope/signatures/0/keyid name"}},
	}
	keys := allKeys(t)
	for _, alg := range []string{"P-256", "Ed25519"} {
		trust := ring(t, keyOf(keys[alg], "ada"), keyOf(newKey(t), "bob"))
		for what, st := range statements {
			for _, form := range forms {
				if !*long && (alg != "P-256" || what != "test") && (alg != "Ed25519" || what != "test" || form.name != "bundle") {
					continue
				}
				raw, err := form.sign(ctx, st, keys[alg])
				require.NoError(t, err)
				want, err := evidence.Verify(ctx, trust, raw)
				require.NoError(t, err)
				tried, free := hostile.Flips(raw, 1, func(changed []byte) bool {
					v, err := evidence.Verify(ctx, trust, changed)
					if err != nil {
						require.True(t, v.IsZero())
						return false
					}
					require.Equal(t, want.Statement(), v.Statement(), "%q", changed)
					require.Equal(t, want.By(), v.By(), "%q", changed)
					require.Equal(t, release.DigestOf(changed), v.Digest())
					return true
				})
				require.Equal(t, 8*len(raw), tried)
				require.Equal(t, slices.Sorted(slices.Values(form.free)), slices.Sorted(maps.Keys(free)), "%s %s %s: %v", alg, what, form.name, free)
				t.Logf("%s, %s, %s: %d bits flipped, accepted as the same: %v", alg, what, form.name, tried, free)
			}
		}
	}
}
