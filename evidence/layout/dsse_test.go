package layout_test

import (
	"encoding/json"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// The library with which in-toto's Go tools verify envelopes takes what SignDSSE
// writes, whatever it calls the key, and nothing else.
func TestDSSELibraryVerifiesWhatSignDSSEWrites(t *testing.T) {
	t.Parallel()
	rel := release.Release{Service: "shop", Version: "v1", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("x"))}}}
	st, err := evidence.For(rel, predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	require.NoError(t, err)
	who, other := newPerson(t, "p256"), newPerson(t, "p256")
	raw, err := evidence.SignDSSE(t.Context(), st, who.signer)
	require.NoError(t, err)
	var e dsse.Envelope
	require.NoError(t, json.Unmarshal(raw, &e))
	verify := func(p person, e *dsse.Envelope) error {
		k, err := signerverifier.NewECDSASignerVerifierFromSSLibKey(&signerverifier.SSLibKey{KeyID: p.key.KeyID, KeyVal: signerverifier.KeyVal{Public: p.key.KeyVal.Public}})
		require.NoError(t, err)
		v, err := dsse.NewEnvelopeVerifier(k)
		require.NoError(t, err)
		_, err = v.Verify(t.Context(), e)
		return err
	}
	require.NoError(t, verify(who, &e))
	require.Error(t, verify(other, &e))
	payload, err := e.DecodeB64Payload()
	require.NoError(t, err)
	require.Equal(t, st.Bytes(), payload)
	e.PayloadType = "text/plain"
	require.Error(t, verify(who, &e))
}
