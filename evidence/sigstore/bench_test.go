package sigstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
)

const (
	beaconIssuer  = "https://token.actions.githubusercontent.com"
	beaconSubject = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)

// BenchmarkVerifyKeyless verifies a public bundle with a certificate, a promise of
// certificate transparency, and an entry of Rekor v1 with promise and proof: from
// the bytes to the matched artifact, as sigstore-go alone does and as we do. They
// take turns, with a raw P-256 verification beside them, so that a busy machine
// slows all three. Reported are medians, as multiples of the raw one's.
func BenchmarkVerifyKeyless(b *testing.B) {
	dir := realdata.Path(b, "sigstore/bundle-verify")
	raw, err := os.ReadFile(filepath.Join(dir, "happy-path-intoto-in-dsse-v3", "bundle.sigstore.json"))
	require.NoError(b, err)
	file, err := os.ReadFile(filepath.Join(dir, "..", "a.txt"))
	require.NoError(b, err)
	digest := release.DigestOf(file)
	public := publicRoot(b)

	r, err := sigstore.ParseTrustedRoot(public)
	require.NoError(b, err)
	trust, err := sigstore.New(sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: beaconIssuer, Subject: beaconSubject}}})
	require.NoError(b, err)
	ours := func() {
		v, err := evidence.Verify(b.Context(), trust, raw)
		if err != nil || !v.Statement().Subjects()[0].Matches("sha256", digest.Hex()) {
			b.Fatal(err)
		}
	}

	material, err := root.NewTrustedRootFromJSON(public)
	require.NoError(b, err)
	verifier, err := verify.NewVerifier(root.TrustedMaterial(material), verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	require.NoError(b, err)
	identity, err := verify.NewShortCertificateIdentity(beaconIssuer, "", beaconSubject, "")
	require.NoError(b, err)
	theirs := func() {
		var s bundle.Bundle
		if err := s.UnmarshalJSON(raw); err != nil {
			b.Fatal(err)
		}
		if _, err := verifier.Verify(&s, verify.NewPolicy(verify.WithArtifactDigest("sha256", digest[:]), verify.WithCertificateIdentity(identity))); err != nil {
			b.Fatal(err)
		}
	}

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	sum := sha256.Sum256(raw)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	require.NoError(b, err)
	plain := func() {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig) {
			b.Fatal("raw signature")
		}
	}

	var took [3][]time.Duration
	for b.Loop() {
		for i, f := range []func(){ours, theirs, plain} {
			begin := time.Now()
			f()
			took[i] = append(took[i], time.Since(begin))
		}
	}
	var median [3]float64
	for i := range took {
		slices.Sort(took[i])
		median[i] = float64(took[i][len(took[i])/2])
	}
	b.ReportMetric(median[0]/median[2], "x-ecdsa")
	b.ReportMetric(median[1]/median[2], "sigstore-go-x-ecdsa")
	b.ReportMetric(median[0]/median[1], "of-sigstore-go")
	b.ReportMetric(testing.AllocsPerRun(10, ours), "our-allocs")
	b.ReportMetric(testing.AllocsPerRun(10, theirs), "sigstore-go-allocs")
}
