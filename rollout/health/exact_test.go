package health_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// binomial has the probabilities of 0..n bad events of n with rate p.
func binomial(n int, p float64) []float64 {
	out := make([]float64, n+1)
	for k := range out {
		lg := func(v int) float64 { g, _ := math.Lgamma(float64(v + 1)); return g }
		out[k] = math.Exp(lg(n)-lg(k)-lg(n-k)) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
	}
	return out
}

// The proof in the package comment, checked by counting: the mean of e over all
// outcomes of one window is at most 1 wherever the canary is tolerable, and the
// mean of the certificate is at most 1 wherever it is worse by MDE, for rare
// failures and for common ones.
func TestMeansAreAtMostOne(t *testing.T) {
	t.Parallel()
	type sides struct{ n, m int }
	sizes := []sides{{1, 1}, {3, 17}, {12, 12}, {17, 3}}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, metric := range []health.Metric{
		{Name: "a", Tolerance: 1, MDE: 1.5}, {Name: "a", Tolerance: 1, MDE: 2}, {Name: "a", Tolerance: 1.2, MDE: 2}, {Name: "a", Tolerance: 3, MDE: 10},
	} {
		for _, size := range sizes {
			// What a window with x and y bad events says does not depend on the rates.
			e := make([][]float64, size.n+1)
			c := make([][]float64, size.n+1)
			for x := range e {
				e[x], c[x] = make([]float64, size.m+1), make([]float64, size.m+1)
				for y := range e[x] {
					mon, err := health.New(health.Policy{WarmUp: -1, Metrics: []health.Metric{metric}})
					require.NoError(t, err)
					require.NoError(t, mon.Add(health.Sample{ID: "1", Metric: "a",
						Canary: health.Count{Bad: uint64(x), Total: uint64(size.n)}, Control: health.Count{Bad: uint64(y), Total: uint64(size.m)}}))
					v := mon.Verdict()
					e[x][y], c[x][y] = math.Exp(v.LogE), math.Exp(v.LogCertificate)
				}
			}
			mean := func(table [][]float64, p1, p0 float64) float64 {
				px, py := binomial(size.n, p1), binomial(size.m, p0)
				sum := 0.0
				for x := range table {
					for y := range table[x] {
						sum += px[x] * py[y] * table[x][y]
					}
				}
				return sum
			}
			for _, p0 := range []float64{0, 1e-6, .001, .01, .1, .3, .5, .7, .9, 1} {
				for _, share := range []float64{0, .3, .9, 1} {
					p1 := min(1, share*metric.Tolerance*p0)
					require.LessOrEqual(t, mean(e, p1, p0), 1+1e-7, "evidence at %v %v p1=%v p0=%v", metric, size, p1, p0)
				}
				for _, share := range []float64{1, 1.2, 3} {
					if p1 := share * metric.MDE * p0; p1 <= 1 {
						require.LessOrEqual(t, mean(c, p1, p0), 1+1e-7, "certificate at %v %v p1=%v p0=%v", metric, size, p1, p0)
					}
				}
			}
			// The bound is not slack where failures are rare, and evidence grows where
			// the canary is really worse: the test could fail.
			require.Greater(t, mean(e, metric.Tolerance*1e-6, 1e-6), 0.999)
			require.Greater(t, mean(e, min(1, 4*metric.MDE*.02), .02), 1.0)
			require.Greater(t, mean(c, .1, .1), 1.0)
		}
	}
}
