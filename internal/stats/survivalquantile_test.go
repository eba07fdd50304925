package stats_test

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

func drawDurations(t *rapid.T) []stats.Duration {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Duration {
		return stats.Duration{Time: float64(rapid.IntRange(1, 30).Draw(t, "time")), Censored: rapid.IntRange(0, 3).Draw(t, "censored") == 0}
	}), 1, 40).Draw(t, "durations")
}

// exactQuantile is the quantile by exact fractions: the first time at which at most
// 1-num/den survive, or the middle up to the next event where exactly as many do.
func exactQuantile(ds []stats.Duration, num, den int64) float64 {
	ds = slices.SortedFunc(slices.Values(ds), func(a, b stats.Duration) int { return cmp.Compare(a.Time, b.Time) })
	left, s := big.NewRat(den-num, den), big.NewRat(1, 1)
	found := math.NaN()
	for i := 0; i < len(ds); {
		at, risk, events := ds[i].Time, int64(len(ds)-i), int64(0)
		for ; i < len(ds) && ds[i].Time == at; i++ {
			if !ds[i].Censored {
				events++
			}
		}
		if events == 0 {
			continue
		}
		if !math.IsNaN(found) {
			return found + (at-found)/2
		}
		s.Mul(s, big.NewRat(risk-events, risk))
		if c := s.Cmp(left); c < 0 {
			return at
		} else if c == 0 {
			found = at
		}
	}
	return found
}

func TestSurvivalQuantile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ds := drawDurations(t)
		steps := stats.KaplanMeier(ds)
		below := math.Inf(-1)
		for _, p := range []int64{10, 25, 50, 75, 90} {
			v, want := stats.SurvivalQuantile(steps, float64(p)/100), exactQuantile(ds, p, 100)
			require.True(t, v == want || math.IsNaN(v) && math.IsNaN(want), "%d %%: %v, not %v", p, v, want)
			require.False(t, v < below, "quantiles ascend")
			if !math.IsNaN(v) {
				below = v
			}
			in := stats.SurvivalQuantileInterval(steps, float64(p)/100, 0.95)
			require.False(t, in.Lo > v || in.Hi < v, "%v is not in %v", v, in)
		}
		require.Equal(t, math.Float64bits(stats.Median(steps)), math.Float64bits(stats.SurvivalQuantile(steps, 0.5)))
		a, b := stats.MedianInterval(steps, 0.9), stats.SurvivalQuantileInterval(steps, 0.5, 0.9)
		require.Equal(t, math.Float64bits(a.Hi), math.Float64bits(b.Hi))
		require.True(t, a.Lo == b.Lo || math.IsNaN(a.Lo) && math.IsNaN(b.Lo))
	})
	require.True(t, math.IsNaN(stats.SurvivalQuantile(nil, 0.5)), "nothing is no quantile")
	require.True(t, math.IsNaN(stats.SurvivalQuantile(stats.KaplanMeier([]stats.Duration{{Time: 1, Censored: true}}), 0.9)))
}
