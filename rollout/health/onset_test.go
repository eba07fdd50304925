package health_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// A release that was fine for a day and then breaks is not called healthy for
// longer than a few minutes, and is soon found to be worse.
func TestLateOnset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		canary        health.Count // of each minute after the onset
		doubt, rolled int          // minutes until it is not healthy, and is regressed, at most
	}{
		{"half fail", count(50, 100), 1, 2},
		{"ten times", count(10, 100), 2, 5},
		{"three times", count(3, 100), 9, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := errorsOnly(t)
			for minute := range 24 * 60 {
				v := add(t, m, health.Sample{ID: fmt.Sprint(minute), Metric: "errors", Canary: count(1, 100), Control: count(9, 900)})
				require.NotEqual(t, health.KindRegressed, v.Kind)
			}
			require.Equal(t, health.KindHealthy, m.Verdict().Kind)
			doubt, rolled := 0, 0
			for minute := 1; rolled == 0 && minute < 2000; minute++ {
				v := add(t, m, health.Sample{ID: fmt.Sprint("late", minute), Metric: "errors", Canary: c.canary, Control: count(9, 900)})
				if v.Kind != health.KindHealthy && doubt == 0 {
					doubt = minute
				}
				if v.Kind == health.KindRegressed {
					rolled = minute
				}
			}
			t.Logf("not healthy after %d min, regressed after %d min", doubt, rolled)
			require.LessOrEqual(t, doubt, c.doubt)
			require.Positive(t, rolled)
			require.LessOrEqual(t, rolled, c.rolled)
		})
	}
}
