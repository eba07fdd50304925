package kayenta_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

// What the package comment warns of, measured: a pass is not evidence of health. Of
// releases that double the error rate, more than half pass after an hour of 100
// requests a minute on each side; at ten times the traffic none does. The reference
// is 59.8 % of 600 simulated releases, of a port of the judge that others made.
func TestPassIsNotHealth(t *testing.T) {
	t.Parallel()
	n := 1000
	if testing.Short() {
		n = 200
	}
	j := kayenta.Judge{}
	m := kayenta.Metric{Name: "errors", Direction: kayenta.DirectionIncrease}
	passes := func(requests int, before, after float64) stats.Interval {
		passed := 0
		for run := range n {
			rng := rand.New(rand.NewPCG(uint64(requests), uint64(run)))
			rates := func(p float64) []float64 {
				out := make([]float64, 60)
				for i := range out {
					for range requests {
						if rng.Float64() < p {
							out[i] += 1 / float64(requests)
						}
					}
				}
				return out
			}
			if j.Classify(m, rates(after), rates(before)).Class == kayenta.ClassPass {
				passed++
			}
		}
		got := stats.ClopperPearson(passed, n, 0.99)
		t.Logf("%d/min, %v to %v: %.1f %% of %d pass (99 %%: %.1f-%.1f)", requests, before, after,
			100*float64(passed)/float64(n), n, 100*got.Lo, 100*got.Hi)
		return got
	}
	reference := stats.ClopperPearson(359, 600, 0.99)
	doubled := passes(100, 0.01, 0.02)
	require.Less(t, doubled.Lo, reference.Hi)
	require.Greater(t, doubled.Hi, reference.Lo)
	require.Less(t, passes(1000, 0.01, 0.02).Hi, 0.05)
	require.Less(t, 1-passes(100, 0.01, 0.01).Lo, 0.08, "a healthy release passes, once")
}
