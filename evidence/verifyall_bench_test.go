package evidence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// BenchmarkVerifyAll verifies 1,000 bundles again that are signed with a key, the
// cheapest that there are to verify. warm-% is the time of that, with a cache that
// knows them, in percent of the time without; both on all cores. Every envelope's
// bytes are read and compared each time. The statements are those of
// BenchmarkVerify/3KB, and approvals of about 1 KB. Package sigstore has the same
// for certificates.
func BenchmarkVerifyAll(b *testing.B) {
	provenance := provenanceOK
	provenance.BuildDefinition.ResolvedDependencies = nil
	for i := range 20 {
		provenance.BuildDefinition.ResolvedDependencies = append(provenance.BuildDefinition.ResolvedDependencies, predicate.Resource{
			URI: fmt.Sprintf("pkg:golang/example.com/module/number%d@v1.%d.0", i, i), Digest: map[string]string{"sha256": release.DigestOf([]byte{byte(i)}).Hex()}})
	}
	for _, bench := range []struct {
		name string
		says predicate.Predicate
	}{{"key/provenance", provenance}, {"key/approval", approval(b, predicate.Approve, shop(), tests(b))}} {
		b.Run(bench.name, func(b *testing.B) {
			const bundles = 1000
			key := newKey(b)
			trust := ring(b, keyOf(key, "ada"))
			raw := make([][]byte, bundles)
			for i := range raw {
				r := shop()
				r.Artifacts = append(r.Artifacts, release.Artifact{Name: fmt.Sprint("artifact", i), Digest: release.DigestOf([]byte(fmt.Sprint(i)))})
				var err error
				raw[i], err = evidence.Sign(ctx, statement(b, r, bench.says), key)
				require.NoError(b, err)
			}
			run := func(c *evidence.Cache) {
				n := 0
				for v, err := range c.VerifyAll(ctx, trust, evidence.RawEnvelopes(raw...)) {
					if err != nil || v.IsZero() {
						b.Fatal(err)
					}
					n++
				}
				require.Equal(b, bundles, n)
			}
			const rounds = 3
			start := time.Now()
			for range rounds {
				run(nil)
			}
			cold := time.Since(start) / rounds
			cache := evidence.NewCache(1 << 30)
			run(cache)
			b.ReportAllocs()
			for b.Loop() {
				run(cache)
			}
			warm := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(100*float64(warm)/float64(cold), "warm-%")
			b.ReportMetric(float64(len(raw[0])), "bytes")
		})
	}
}
