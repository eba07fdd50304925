package rollout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// TestBudgetOfFractions: a budget that is exactly what the stages take is enough for a
// rollout that nothing delays, although its fractions do not add up in binary; and less
// is not.
func TestBudgetOfFractions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shares []float64
		bake   time.Duration
		exact  float64
	}{
		{[]float64{0.1, 0.2}, time.Hour, 0.3},
		{[]float64{0.1, 0.2, 0.4}, time.Hour, 0.7},
		{[]float64{1.1, 2.2}, time.Hour, 3.3},
		{[]float64{5, 50}, time.Hour, 55},
		{[]float64{0.3, 0.6}, 20 * time.Minute, 0.3},
	} {
		w := newWorld(t)
		w.plan.Stages = nil
		for i, share := range append(c.shares, 100) {
			w.plan.Stages = append(w.plan.Stages, rollout.Stage{Name: string(rune('a' + i)), Slices: []rollout.Slice{{Percent: share}}, MinBake: c.bake})
		}
		w.plan.Budget.PercentHours = c.exact * (1 - 1e-9)
		require.ErrorContains(t, w.plan.Validate(), "even without waiting", "%v", c)
		w.plan.Budget.PercentHours = c.exact
		require.NoError(t, w.plan.Validate(), "%v", c)
		require.Empty(t, w.plan.Meets(release.RolloutRequirement{MaxPercentHours: c.exact}))
		require.Empty(t, w.previewed().Stops, "%v", c)
		w.start()
		s := w.step()
		for range w.plan.Stages {
			s = w.later(c.bake)
		}
		require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v: %v", c, s)
		w.audit()
	}
}
