package backtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// few are releases of which some, at random among the larger, failed.
func few(n, failures int) []backtest.Case {
	var out []backtest.Case
	for i := range n {
		at := start.AddDate(0, 0, i)
		o := fineFor(i, at, 40)
		if i*7%n < failures {
			o.Kind = release.OutcomeFailed
		}
		out = append(out, backtest.Case{At: at, Outcome: o, Input: risk.Input{Impact: risk.ImpactModerate, Changes: changes("a.go", int64(i*31%n))}})
	}
	return out
}

// From fewer than ten failures, or ten others, no interval of a Brier skill or of a difference of AUCs is told, and
// that of an AUC is wider than the draws have it.
func TestFewFailures(t *testing.T) {
	t.Parallel()
	m := risk.Prior()
	m.Outcomes = risk.Counts{Mature: 100, Failed: 20}
	m.Calibration = &risk.Calibration{Slope: 1, Covariance: [3]float64{0.2, 0.01, 0.1}}
	other := risk.Prior()
	other.Weights = []risk.Weight{{Term: "files", Weight: 1}}
	const n = 101
	for _, c := range []struct {
		failures int
		want     bool
	}{{9, false}, {10, true}, {50, true}, {n - 10, true}, {n - 9, false}} {
		r, err := backtest.Compare(inOrder(few(n, c.failures)), backtest.Options{Model: m}, backtest.Options{Model: other})
		require.NoError(t, err)
		require.Equal(t, c.failures, r.A.Outcomes.Failed)
		require.Equal(t, n, r.A.Calibration.Mature)
		for _, x := range []backtest.Measure{r.A.Calibration.BrierSkill, r.AUC} {
			require.True(t, x.Known)
			require.Equal(t, c.want, x.Bounded, c.failures)
			if !c.want {
				require.Zero(t, [2]float64{x.Lo, x.Hi})
				require.Contains(t, x.String(), "no interval: fewer than 10 failures, or than 10 others")
			}
		}
		require.True(t, r.A.AUC.Bounded)
		require.LessOrEqual(t, r.A.AUC.Lo, r.A.AUC.Value)
	}
	// 50 of each kind are enough for the draws alone.
	width := func(failures int) float64 {
		r, err := backtest.Run(inOrder(few(n, failures)), backtest.Options{Model: m})
		require.NoError(t, err)
		return r.AUC.Hi - r.AUC.Lo
	}
	require.Greater(t, width(9), 1.5*width(50))
}
