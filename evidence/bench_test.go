package evidence_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// BenchmarkVerify verifies key-based bundles of provenance. x-ecdsa is the cost
// in raw P-256 verifications, measured in the same run.
func BenchmarkVerify(b *testing.B) {
	for _, size := range []struct {
		name           string
		subjects, deps int
	}{{"3KB", 1, 20}, {"29KB", 8, 200}, {"290KB", 100, 2000}} {
		b.Run(size.name, func(b *testing.B) {
			p := provenanceOK
			p.BuildDefinition.ResolvedDependencies = nil
			for i := range size.deps {
				p.BuildDefinition.ResolvedDependencies = append(p.BuildDefinition.ResolvedDependencies, predicate.Resource{
					URI: fmt.Sprintf("pkg:golang/example.com/module/number%d@v1.%d.0", i, i), Digest: map[string]string{"sha256": release.DigestOf([]byte{byte(i)}).Hex()}})
			}
			r := shop()
			r.Artifacts = nil
			for i := range size.subjects {
				r.Artifacts = append(r.Artifacts, release.Artifact{Name: fmt.Sprintf("artifact-%d", i), Digest: release.DigestOf([]byte{byte(i)})})
			}
			st := statement(b, r, p)
			key := newKey(b)
			raw, err := evidence.Sign(ctx, st, key)
			require.NoError(b, err)
			trust := ring(b, keyOf(key, "ada"))
			digest := sha256.Sum256(st.Bytes())
			sig, err := ecdsa.SignASN1(nil, key, digest[:])
			require.NoError(b, err)
			const rounds = 200
			start := time.Now()
			for range rounds {
				if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
					b.Fatal("raw verification")
				}
			}
			unit := time.Since(start) / rounds
			b.ReportAllocs()
			for b.Loop() {
				if _, err := evidence.Verify(ctx, trust, raw); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(unit), "x-ecdsa")
			b.ReportMetric(float64(len(st.Bytes())), "bytes")
		})
	}
}

// BenchmarkDecide decides on a release with many statements.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var s set
			for i := range n / 2 {
				s = append(s, service(fmt.Sprint("ci", i)).of(b, shop(), passed()))
			}
			a := approval(b, predicate.Approve, shop(), s[:2]...)
			for i := range n - n/2 {
				s = append(s, human(fmt.Sprint("p", i)).of(b, shop(), a))
			}
			q := question(needTests, needTwo, needApart)
			b.ReportAllocs()
			for b.Loop() {
				d, err := evidence.Decide(q, s, noon)
				if err != nil || !d.Verdict.Allowed() {
					b.Fatal(err, d.Reasons)
				}
			}
		})
	}
}
