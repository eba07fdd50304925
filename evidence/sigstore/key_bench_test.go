package sigstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// BenchmarkVerifyKey is the core's Verify beside sigstore-go alone on the bundles of
// package evidence's BenchmarkVerify, in raw P-256 verifications of the same run.
func BenchmarkVerifyKey(b *testing.B) {
	for _, size := range []struct {
		name           string
		subjects, deps int
	}{{"3KB", 1, 20}, {"29KB", 8, 200}, {"290KB", 100, 2000}} {
		p := predicate.Provenance{BuildDefinition: predicate.BuildDefinition{BuildType: "https://example.com/build/v1",
			ExternalParameters: []byte(`{"workflow":{"ref":"refs/heads/main","repository":"https://git.example.com/shop/payments","path":".ci/release.yml"},"inputs":{"channel":"stable","sign":true,"retries":3}}`)},
			RunDetails: predicate.RunDetails{Builder: predicate.Builder{ID: "https://example.com/builder"}}}
		for i := range size.deps {
			p.BuildDefinition.ResolvedDependencies = append(p.BuildDefinition.ResolvedDependencies, predicate.Resource{
				URI: fmt.Sprintf("pkg:golang/example.com/module/number%d@v1.%d.0", i, i), Digest: map[string]string{"sha256": release.DigestOf([]byte{byte(i)}).Hex()}})
		}
		r := release.Release{Service: "shop", Version: "v1", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}
		for i := range size.subjects {
			r.Artifacts = append(r.Artifacts, release.Artifact{Name: fmt.Sprintf("artifact-%d", i), Digest: release.DigestOf([]byte{byte(i)})})
		}
		st, err := evidence.For(r, p)
		require.NoError(b, err)
		key := newKey(b, elliptic.P256())
		raw, err := evidence.Sign(b.Context(), st, key)
		require.NoError(b, err)

		trust, err := evidence.NewKeyring(evidence.Key{Public: key.Public()})
		require.NoError(b, err)
		d, err := evidence.KeyDigest(key.Public())
		require.NoError(b, err)
		loaded, err := signature.LoadDefaultVerifier(key.Public())
		require.NoError(b, err)
		verifier, err := verify.NewVerifier(root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{
			evidence.KeyHint(d): root.NewExpiringKey(loaded, time.Time{}, time.Time{})}), verify.WithNoObserverTimestamps())
		require.NoError(b, err)
		artifact, one := r.Artifacts[0].Digest, r
		one.Artifacts = r.Artifacts[:1]

		for _, who := range []struct {
			name   string
			verify func() error
		}{
			{"sallyport", func() error {
				v, err := evidence.Verify(b.Context(), trust, raw)
				if err == nil && !v.Statement().MatchAny(one) {
					err = fmt.Errorf("no subject matches")
				}
				return err
			}},
			{"sigstore-go", func() error {
				var bun bundle.Bundle
				if err := bun.UnmarshalJSON(raw); err != nil {
					return err
				}
				_, err := verifier.Verify(&bun, verify.NewPolicy(verify.WithArtifactDigest("sha256", artifact[:]), verify.WithKey()))
				return err
			}},
		} {
			b.Run(size.name+"/"+who.name, func(b *testing.B) {
				digest := sha256.Sum256(st.Bytes())
				sig, err := ecdsa.SignASN1(nil, key, digest[:])
				require.NoError(b, err)
				const turn = 4
				var ratios []float64
				start := time.Now()
				b.ReportAllocs()
				for i := 1; b.Loop(); i++ {
					if err := who.verify(); err != nil {
						b.Fatal(err)
					}
					if i%turn != 0 {
						continue
					}
					theirs := time.Since(start)
					b.StopTimer()
					start = time.Now()
					for range turn {
						if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
							b.Fatal("raw verification")
						}
					}
					ratios = append(ratios, float64(theirs)/float64(time.Since(start)))
					b.StartTimer()
					start = time.Now()
				}
				if len(ratios) > 0 {
					slices.Sort(ratios)
					b.ReportMetric(ratios[len(ratios)/2], "x-ecdsa")
				}
			})
		}
	}
}
