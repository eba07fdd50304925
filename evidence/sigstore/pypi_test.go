package sigstore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
)

// asPyPI says what a bundle says as PyPI does (PEP 740). The parts are copied.
func asPyPI(t testing.TB, raw []byte) string {
	t.Helper()
	var b struct {
		VerificationMaterial struct {
			Certificate struct{ RawBytes json.RawMessage }
			TlogEntries json.RawMessage
		}
		DsseEnvelope struct {
			Payload    json.RawMessage
			Signatures []struct{ Sig json.RawMessage }
		}
	}
	require.NoError(t, json.Unmarshal(raw, &b))
	return `{"version":1,"verification_material":{"certificate":` + string(b.VerificationMaterial.Certificate.RawBytes) + `, "transparency_entries":` + string(b.VerificationMaterial.TlogEntries) +
		`},"envelope":{"signature":` + string(b.DsseEnvelope.Signatures[0].Sig) + `, "statement":` + string(b.DsseEnvelope.Payload) + `}}`
}

// TestPyPIAttestations: what was a bundle before PyPI took it apart is one again.
// Its log must give the time, since PyPI keeps no timestamps.
func TestPyPIAttestations(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Logs: in.rekor(1)}))
	require.NoError(t, err)
	want, err := evidence.Verify(t.Context(), in.trust(), raw)
	require.NoError(t, err)
	text := `{"version":1,"attestation_bundles":[{"publisher":{"kind":"Example"},"attestations":[` + asPyPI(t, raw) + `]}]}`
	n := 0
	for v, err := range evidence.VerifyAll(t.Context(), in.trust(), evidence.Envelopes([]byte(text))) {
		require.NoError(t, err)
		require.Equal(t, want.Statement(), v.Statement())
		require.Equal(t, want.By(), v.By())
		n++
	}
	require.Equal(t, 1, n)
	// Another statement under the same signature is nothing.
	other := strings.Replace(asPyPI(t, raw), `"statement":"ey`, `"statement":"e30=`, 1)
	other = other[:strings.Index(other, "e30=")+4] + `"}}`
	n = 0
	for v, err := range evidence.VerifyAll(t.Context(), in.trust(), evidence.Envelopes([]byte(other))) {
		require.ErrorIs(t, err, evidence.ErrUntrusted)
		require.True(t, v.IsZero())
		n++
	}
	require.Equal(t, 1, n)
	// Without the log entry nobody knows when it was signed.
	bare, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
	require.NoError(t, err)
	for v, err := range evidence.VerifyAll(t.Context(), in.trust(), evidence.Envelopes([]byte(asPyPI(t, bare)))) {
		require.ErrorIs(t, err, evidence.ErrNoTrustedTime)
		require.True(t, v.IsZero())
	}
}
