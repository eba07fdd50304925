package health_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// What a phi that depends on the window's own events means, counted over all outcomes
// of one window: the mean of tempered evidence is at most 1 at tolerance 1 whatever the
// rate, and at a higher tolerance where failures are rare. Common failures beyond that
// are not covered by the proof; here the mean is still at most 1.
func TestTemperedEvidenceOverAllOutcomes(t *testing.T) {
	t.Parallel()
	most := 0.0
	for _, tolerance := range []float64{1, 1.2, 3} {
		for _, d := range []health.Dispersion{{Factor: 1.1, Events: 1}, {Factor: 2, Events: .5}, {Factor: 2, Events: 5}, {Factor: 10, Events: .1}} {
			for _, size := range [][2]int{{1, 1}, {2, 8}, {8, 8}, {10, 3}} {
				e := make([][]float64, size[0]+1)
				for x := range e {
					for y := range size[1] + 1 {
						m := errorsLike(t, health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors", Tolerance: tolerance, MDE: 2 * tolerance, Dispersion: d}}})
						v := add(t, m, health.Sample{ID: "1", Metric: "errors", Canary: count(uint64(x), uint64(size[0])), Control: count(uint64(y), uint64(size[1]))})
						e[x] = append(e[x], math.Exp(v.LogE))
					}
				}
				for _, p0 := range []float64{1e-5, .01, .1, .3, .5, .8, 1} {
					p1 := min(1, p0*tolerance)
					px, py := binomial(size[0], p1), binomial(size[1], p1/tolerance)
					mean := 0.0
					for x := range e {
						for y := range e[x] {
							mean += px[x] * py[y] * e[x][y]
						}
					}
					most = max(most, mean)
					require.LessOrEqual(t, mean, 1+1e-8, fmt.Sprint(tolerance, d, size, p0))
				}
			}
		}
	}
	require.Greater(t, most, .999, "the bound is nearly reached, so the test could fail")
}
