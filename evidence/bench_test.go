package evidence_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// BenchmarkVerify verifies key-based bundles of provenance: statements of 3.4, 29
// and 290 KB at least, with 1, 8 and 100 subjects and 20, 200 and 2,000 resolved
// dependencies. x-ecdsa is the cost in raw P-256 verifications, x-ecdsa-digest with
// the envelope's [evidence.Verified.Digest], which is computed when it is asked for.
// Raw verifications are measured in turn with the others, and the median of the
// turns is told, so that a busy machine slows both.
func BenchmarkVerify(b *testing.B) {
	for _, size := range []struct {
		name                  string
		subjects, deps, bytes int
	}{{"3KB", 1, 20, 3400}, {"29KB", 8, 200, 29_000}, {"290KB", 100, 2000, 290_000}} {
		b.Run(size.name, func(b *testing.B) {
			st := bigProvenance(b, size.subjects, size.deps)
			require.GreaterOrEqual(b, len(st.Bytes()), size.bytes)
			key := newKey(b)
			raw, err := evidence.Sign(ctx, st, key)
			require.NoError(b, err)
			trust := ring(b, keyOf(key, "ada"))
			digest := sha256.Sum256(st.Bytes())
			sig, err := ecdsa.SignASN1(nil, key, digest[:])
			require.NoError(b, err)
			const turn = 4
			var verified [turn]evidence.Verified
			var ratios, withDigest []float64
			i, start := 0, time.Now()
			b.ReportAllocs()
			for b.Loop() {
				v, err := evidence.Verify(ctx, trust, raw)
				if err != nil {
					b.Fatal(err)
				}
				verified[i] = v
				if i++; i < turn {
					continue
				}
				ours := time.Since(start)
				b.StopTimer()
				start = time.Now()
				for _, v := range verified {
					if v.Digest().IsZero() {
						b.Fatal("no digest")
					}
				}
				digests := time.Since(start)
				start = time.Now()
				for range turn {
					if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
						b.Fatal("raw verification")
					}
				}
				unit := float64(time.Since(start))
				ratios = append(ratios, float64(ours)/unit)
				withDigest = append(withDigest, float64(ours+digests)/unit)
				b.StartTimer()
				i, start = 0, time.Now()
			}
			if len(ratios) > 0 {
				b.ReportMetric(median(ratios), "x-ecdsa")
				b.ReportMetric(median(withDigest), "x-ecdsa-digest")
			}
			b.ReportMetric(float64(len(st.Bytes())), "bytes")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// bigProvenance is provenance with many subjects and dependencies.
func bigProvenance(t testing.TB, subjects, deps int) evidence.Statement {
	p := provenanceOK
	p.BuildDefinition.ExternalParameters = json.RawMessage(`{"workflow":{"ref":"refs/heads/main","repository":"https://git.example.com/shop/payments","path":".ci/release.yml"},"inputs":{"channel":"stable","sign":true,"retries":3}}`)
	p.BuildDefinition.ResolvedDependencies = nil
	for i := range deps {
		p.BuildDefinition.ResolvedDependencies = append(p.BuildDefinition.ResolvedDependencies, predicate.Resource{
			URI: fmt.Sprintf("pkg:golang/example.com/module/number%d@v1.%d.0", i, i), Digest: map[string]string{"sha256": release.DigestOf([]byte{byte(i)}).Hex()}})
	}
	r := shop()
	r.Artifacts = nil
	for i := range subjects {
		r.Artifacts = append(r.Artifacts, release.Artifact{Name: fmt.Sprintf("artifact-%d", i), Digest: release.DigestOf([]byte{byte(i)})})
	}
	return statement(t, r, p)
}

// BenchmarkDecide decides on a release with many statements. The last case asks, with
// rules, for as much as it can.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchmarkDecide(b, n, func(i int) evidence.Verified { return service(fmt.Sprint("ci", i)).of(b, shop(), passed()) })
		})
	}
	b.Run("rules/10000", func(b *testing.B) {
		said := func(i int) evidence.Verified {
			by, run := service(fmt.Sprint("ci", i)).at(noon.Add(-time.Duration(i)*time.Second)), fmt.Sprint(i/4)
			switch i % 4 {
			case 0:
				return by.of(b, shop(), inRun(run))
			case 1:
				return by.of(b, shop(), provenanceOf(run))
			case 2:
				return service("generator").of(b, shop(), workflow("refs/tags/v1.4.0", fmt.Sprintf("%040d", i)))
			}
			return service("verifier").at(by.Times[0].T).of(b, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_3"))
		}
		benchmarkDecide(b, 10000, said, sameRun, summarized(), evidence.CommitMatches{}, evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: 24 * time.Hour},
			evidence.Separate{Duties: []evidence.Duty{evidence.DutyAuthor, evidence.DutyApprover, evidence.DutyTester, evidence.DutyBuilder}})
	})
}

func benchmarkDecide(b *testing.B, n int, said func(i int) evidence.Verified, rules ...evidence.Rule) {
	var s set
	for i := range n / 2 {
		s = append(s, said(i))
	}
	a := approval(b, predicate.Approve, shop(), s[:2]...)
	for i := range n - n/2 {
		s = append(s, human(fmt.Sprint("p", i)).of(b, shop(), a))
	}
	q := question(needTests, needTwo, needApart)
	q.Rules = rules
	_, err := evidence.Decide(q, s, noon) // reads the predicates and hashes the envelopes
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		d, err := evidence.Decide(q, s, noon)
		if err != nil || !d.Verdict.Allowed() {
			b.Fatal(err, d.Reasons)
		}
	}
}
