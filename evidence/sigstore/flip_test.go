package sigstore_test

import (
	"flag"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

var long = flag.Bool("long", false, "flip every bit of a keyless bundle: half a minute")

// TestEveryBit flips bits of a keyless bundle: every one with -long, and
// otherwise one of 61. Most are refused. What is accepted says the same, by the
// same, with the same key, at the same times: the bit was in a part that nobody
// signs and nothing rests on.
func TestEveryBit(t *testing.T) {
	t.Parallel()
	trust, raw := throwAway(t, func(*sigstore.Options) {})
	want, err := evidence.Verify(t.Context(), trust, raw)
	require.NoError(t, err)
	step := 61
	if *long {
		step = 1
	}
	tried, free := hostile.Flips(raw, step, func(changed []byte) bool {
		v, err := evidence.Verify(t.Context(), trust, changed)
		if err != nil {
			require.True(t, v.IsZero())
			return false
		}
		require.Equal(t, want.Statement(), v.Statement(), "%q", changed)
		require.Equal(t, want.By(), v.By(), "%q", changed)
		require.Equal(t, release.DigestOf(changed), v.Digest())
		return true
	})
	n := 0
	for _, c := range free {
		n += c
	}
	t.Logf("%d bits flipped, %d accepted as the same, in %d places: %v", tried, n, len(free), free)
	for place := range free {
		require.Contains(t, unsigned, place, "a part that was thought to be signed")
	}
	if *long {
		require.Equal(t, unsigned, slices.Sorted(maps.Keys(free)))
	}
}

// unsigned are the places of testdata's bundle in which a bit may differ, with why.
// Of an entry of Rekor v2, sigstore-go makes the logged bytes anew of signature,
// certificate and payload, and takes root and size of the tree from the signed
// checkpoint: what the entry says of those itself is not looked at.
var unsigned = []string{
	"/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp", // what surrounds the signed time
	"/verificationMaterial/tlogEntries/0/canonicalizedBody",
	"/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope", // bits of no byte at the end of base64
	"/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0",            // bits of no byte
	"/verificationMaterial/tlogEntries/0/inclusionProof/logIndex",
	"/verificationMaterial/tlogEntries/0/inclusionProof/logIndex name",
	"/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
	"/verificationMaterial/tlogEntries/0/inclusionProof/rootHash name",
	"/verificationMaterial/tlogEntries/0/inclusionProof/treeSize",
	"/verificationMaterial/tlogEntries/0/inclusionProof/treeSize name",
	"/verificationMaterial/tlogEntries/0/kindVersion/kind",
	"/verificationMaterial/tlogEntries/0/kindVersion/kind name",
	"/verificationMaterial/tlogEntries/0/kindVersion/version",
	"/verificationMaterial/tlogEntries/0/kindVersion/version name",
	"/verificationMaterial/tlogEntries/0/logId/keyId", // bits of no byte
}
