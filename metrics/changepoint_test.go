package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

func TestChangesFindTheWeek(t *testing.T) {
	t.Parallel()
	var failed, counts []int
	var medians []float64
	for i := range 40 {
		k := 4 + i%3
		if i >= 25 {
			k += 9
		}
		failed, counts, medians = append(failed, k), append(counts, 3*k), append(medians, 1000*float64(k))
	}
	for name, series := range map[string][]metrics.Result{
		metrics.MethodSplitShares: rates(50, failed), metrics.MethodSplitRates: frequencies(counts), metrics.MethodSplitMedians: leads(medians),
	} {
		got, err := metrics.Changes(series, metrics.ChangeOptions{})
		require.NoError(t, err)
		require.Len(t, got, 1, name)
		require.Equal(t, weekWindow(25), got[0].Window)
		require.Equal(t, name, got[0].Method)
		require.Less(t, got[0].P, 0.01)
		require.Less(t, got[0].Before, got[0].After)
	}
	got, err := metrics.Changes(rates(50, failed), metrics.ChangeOptions{})
	require.NoError(t, err)
	before, after := 0, 0
	for i, k := range failed {
		if i < 25 {
			before += k
		} else {
			after += k
		}
	}
	require.InDelta(t, float64(before)/1250, got[0].Before, 1e-12)
	require.InDelta(t, float64(after)/750, got[0].After, 1e-12)
	// Two changes: up and down again; each level goes up to its neighbours.
	there := append(append([]int{}, failed...), failed[:25]...)
	got, err = metrics.Changes(rates(50, there), metrics.ChangeOptions{})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, [2]metrics.Window{weekWindow(25), weekWindow(40)}, [2]metrics.Window{got[0].Window, got[1].Window})
	require.Equal(t, got[0].After, got[1].Before)
	require.Equal(t, got[0].Before, got[1].After)
}

// TestChangesFirstSplit: a change is found if and only if the smallest p value of all splits,
// times their number, is at most alpha; each split is tested anew.
func TestChangesFirstSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, least := 30, rapid.IntRange(1, 6).Draw(t, "least")
		counts := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 16).Draw(t, "before")
		counts = append(counts, rapid.SliceOfN(rapid.IntRange(2, 20), 0, 16).Draw(t, "after")...)
		share := rapid.Bool().Draw(t, "share")
		series := frequencies(counts)
		if share {
			series = rates(n, counts)
		}
		best, splits := math.Inf(1), 0
		for at := least; at <= len(counts)-least; at++ {
			a, b := 0, 0
			for i, k := range counts {
				if i < at {
					a += k
				} else {
					b += k
				}
			}
			_, p := stats.RateRatio(stats.Count{Events: a, Exposure: float64(at)}, stats.Count{Events: b, Exposure: float64(len(counts) - at)}, 0.9)
			if share {
				p = stats.Hypergeometric(a, n*at, b, n*(len(counts)-at)).Central()
			}
			best, splits = min(best, p), splits+1
		}
		got, err := metrics.Changes(series, metrics.ChangeOptions{Alpha: 0.05, MinWindows: least})
		require.NoError(t, err)
		if splits == 0 || best*float64(splits) > 0.05 {
			require.Empty(t, got)
			return
		}
		require.NotEmpty(t, got)
		found, last := false, -1
		for _, c := range got {
			at := int(c.Window.From.Sub(weekWindow(0).From).Hours() / 24 / 7)
			require.True(t, at-max(last, 0) >= least && len(counts)-at >= least, "each side has its windows")
			require.LessOrEqual(t, c.P, 0.05)
			found, last = found || math.Abs(c.P-min(1, best*float64(splits))) < 1e-9, at
		}
		require.True(t, found, "the best split is among them")
		// A gap changes nothing.
		gap := frequencies([]int{-1})[0]
		if share {
			gap = rates(n, []int{0})[0]
			gap.Partial = true
		}
		gap.Window = weekWindow(len(series))
		with, err := metrics.Changes(append(series[:len(series):len(series)], gap), metrics.ChangeOptions{Alpha: 0.05, MinWindows: least})
		require.NoError(t, err)
		require.Equal(t, got, with)
	})
}

// TestChangesHoldTheirLevel simulates series without a change.
func TestChangesHoldTheirLevel(t *testing.T) {
	t.Parallel()
	runs := 400
	if *long {
		runs = 5000
	}
	for name, draw := range map[string]func(r *rand.Rand) []metrics.Result{
		"share": func(r *rand.Rand) []metrics.Result {
			k := make([]int, 52)
			for i := range k {
				k[i] = binomial(r, 20, 0.1)
			}
			return rates(20, k)
		},
		"frequency": func(r *rand.Rand) []metrics.Result {
			k := make([]int, 52)
			for i := range k {
				k[i] = poisson(r, 7)
			}
			return frequencies(k)
		},
		"median": func(r *rand.Rand) []metrics.Result {
			v := make([]float64, 52)
			for i := range v {
				v[i] = math.Exp(r.NormFloat64())
			}
			return leads(v)
		},
	} {
		r := rand.New(rand.NewPCG(2026, 11))
		wrong := 0
		for range runs {
			got, err := metrics.Changes(draw(r), metrics.ChangeOptions{Alpha: 0.05})
			require.NoError(t, err)
			if len(got) > 0 {
				wrong++
			}
		}
		t.Logf("%s: %d of %d", name, wrong, runs)
		require.LessOrEqual(t, stats.ClopperPearson(wrong, runs, 0.99).Lo, 0.05, name)
	}
}

func TestChangesRefuse(t *testing.T) {
	t.Parallel()
	good := rates(10, []int{1, 2, 3})
	for name, o := range map[string]metrics.ChangeOptions{"alpha": {Alpha: 1}, "negative": {Alpha: -0.1}, "NaN": {Alpha: math.NaN()}, "windows": {MinWindows: -1}} {
		_, err := metrics.Changes(good, o)
		require.Error(t, err, name)
	}
	_, err := metrics.Changes(nil, metrics.ChangeOptions{})
	require.ErrorContains(t, err, "the series is empty")
	got, err := metrics.Changes(good, metrics.ChangeOptions{})
	require.NoError(t, err)
	require.Empty(t, got, "too short for two sides")
	for _, bad := range []float64{0, -3} {
		series := leads([]float64{1, 2})
		series[1].N = int(bad)
		_, err := metrics.Changes(series, metrics.ChangeOptions{})
		require.ErrorContains(t, err, "result 2 of the series: a median of")
	}
	for _, v := range []float64{-1, 0} { // below zero; and zero of 3
		series := frequencies([]int{2, 3})
		series[1].Value = v
		_, err := metrics.Changes(series, metrics.ChangeOptions{})
		require.ErrorContains(t, err, "result 2 of the series: a frequency of")
	}
}
