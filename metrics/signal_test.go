package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// weekWindow is the i-th ISO week from 2020-01-06 on.
func weekWindow(i int) metrics.Window {
	from := time.Date(2020, 1, 6+7*i, 0, 0, 0, 0, time.UTC)
	return metrics.Window{Kind: metrics.WindowWeek, From: from, To: from.AddDate(0, 0, 7)}
}

// rates is a series of fail rates, failed[i] of n; of n = 0 there is no data.
func rates(n int, failed []int) []metrics.Result {
	out := make([]metrics.Result, len(failed))
	for i, k := range failed {
		out[i] = metrics.Result{Metric: metrics.FailRate, Key: []string{"pay"}, Window: weekWindow(i), Status: metrics.StatusOK,
			Value: float64(k) / float64(n), N: n, Level: 0.95, Method: metrics.MethodWilson}
	}
	return out
}

// frequencies is a series of counts by week; one without a count has no data.
func frequencies(counts []int) []metrics.Result {
	out := make([]metrics.Result, len(counts))
	for i, n := range counts {
		out[i] = metrics.Result{Metric: metrics.Frequency, Key: []string{"pay"}, Window: weekWindow(i), Status: metrics.StatusOK,
			Value: float64(n), N: n, Level: 0.95, Method: metrics.MethodGarwood}
		if n < 0 {
			out[i].Status, out[i].Value, out[i].N = metrics.StatusNoData, math.NaN(), 0
		}
	}
	return out
}

// leads is a series of medians.
func leads(medians []float64) []metrics.Result {
	out := make([]metrics.Result, len(medians))
	for i, v := range medians {
		out[i] = metrics.Result{Metric: metrics.LeadTime, Key: []string{"pay"}, Window: weekWindow(i), Status: metrics.StatusOK,
			Value: v, N: 9, Level: 0.95, Method: metrics.MethodOrder}
	}
	return out
}

func binomial(r *rand.Rand, n int, p float64) (k int) {
	for range n {
		if r.Float64() < p {
			k++
		}
	}
	return k
}

// logBinomial is the log of the binomial probability without the coefficient, and
// logPoisson that of the Poisson one without the factorial: both cancel in a ratio.
func logBinomial(k, n int, p float64) float64 {
	return float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p)
}

func logPoisson(k int, mean float64) float64 { return float64(k)*math.Log(mean) - mean }

// slowWatch looks at every beginning of a change anew for the window t: the evidence is
// that of the best of them, from the first watched window on, or 0.
func slowWatch(counts []int, n, t, warm, lag int, factor float64) float64 {
	ratio := func(i int) float64 {
		sum := 0
		for _, k := range counts[:i-lag+1] {
			sum += k
		}
		weeks := float64(i - lag + 1)
		if n == 0 {
			base := (float64(sum) + 0.5) / weeks
			return logPoisson(counts[i], base*factor) - logPoisson(counts[i], base)
		}
		base := (float64(sum) + 0.5) / (weeks*float64(n) + 1)
		other := base * factor
		if other > 0.9 {
			other = base * factor / (1 - base + base*factor)
		}
		return logBinomial(counts[i], n, other) - logBinomial(counts[i], n, base)
	}
	best, sum := 0.0, 0.0
	for i := t; i >= warm; i-- {
		sum += ratio(i)
		best = max(best, sum)
	}
	return best
}

func TestWatchAgainstEveryBeginning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := metrics.WatchOptions{Warmup: rapid.IntRange(8, 14).Draw(t, "warmup"), Lag: rapid.IntRange(1, 7).Draw(t, "lag"),
			Factor: rapid.SampledFrom([]float64{0.5, 1.5, 2, 4}).Draw(t, "factor"), Horizon: 26}
		n := rapid.SampledFrom([]int{0, 1, 12}).Draw(t, "n") // 0: a frequency
		counts := rapid.SliceOfN(rapid.IntRange(0, max(1, n)), 1, 30).Draw(t, "counts")
		series := frequencies(counts)
		if n > 0 {
			series = rates(n, counts)
		}
		signals, err := metrics.Watch(series, o)
		require.NoError(t, err)
		require.Len(t, signals, max(0, len(counts)-o.Warmup))
		signals = append([]metrics.Signal{}, signals...)
		for i, s := range signals {
			at := o.Warmup + i
			want := slowWatch(counts, n, at, o.Warmup, o.Lag, o.Factor)
			require.InDelta(t, want, s.Evidence, 1e-9, "window %d", at)
			require.Equal(t, series[at].Window, s.Window)
			require.InDelta(t, min(1, 0.4*26*math.Exp(-want)), s.P, 1e-9)
			require.Equal(t, s.Evidence > 0, !s.Since.From.IsZero())
			require.False(t, s.Since.From.After(s.Window.From))
		}
		// What comes later changes nothing; nor do gaps.
		cut := rapid.IntRange(1, len(series)).Draw(t, "cut")
		past, err := metrics.Watch(series[:cut], o)
		require.NoError(t, err)
		require.Equal(t, signals[:len(past)], append([]metrics.Signal{}, past...))
		gap := series[cut-1]
		gap.Window = weekWindow(len(series))
		gap.Partial = true
		with, err := metrics.Watch(append(series[:len(series):len(series)], gap), o)
		require.NoError(t, err)
		require.Equal(t, signals, append([]metrics.Signal{}, with...), "a partial window is left out")
	})
}

func TestWatchFindsADoubledRate(t *testing.T) {
	t.Parallel()
	failed := make([]int, 80)
	for i := range failed {
		failed[i] = 5
		if i >= 70 {
			failed[i] = 10
		}
	}
	signals, err := metrics.Watch(rates(50, failed), metrics.WatchOptions{})
	require.NoError(t, err)
	require.Len(t, signals, 28)
	for i, s := range signals {
		week := 52 + i
		if week < 78 { // eight windows are left out of it
			require.InDelta(t, 0.1, s.Baseline, 0.001)
		}
		switch {
		case week < 70:
			require.Zero(t, s.Evidence)
			require.Equal(t, 1.0, s.P)
		default:
			require.Equal(t, weekWindow(70), s.Since)
		}
		require.Equal(t, week >= 73, s.P <= 0.01, "%d: %v", week, s.P)
	}
	falling, err := metrics.Watch(rates(50, failed), metrics.WatchOptions{Factor: 0.5})
	require.NoError(t, err)
	require.Equal(t, 1.0, falling[len(falling)-1].P, "a rise is no fall")
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	good := rates(10, make([]int, 60))
	_, err := metrics.Watch(good, metrics.WatchOptions{})
	require.NoError(t, err)
	for name, o := range map[string]metrics.WatchOptions{
		"factor 1": {Factor: 1}, "negative factor": {Factor: -2}, "infinite": {Factor: math.Inf(1)}, "NaN": {Factor: math.NaN()},
		"short warm-up": {Warmup: 7}, "negative lag": {Lag: -1}, "lag of the warm-up": {Warmup: 10, Lag: 10}, "horizon": {Horizon: -1}, "long": {Horizon: 1 << 40},
	} {
		_, err := metrics.Watch(good, o)
		require.Error(t, err, name)
	}
	_, err = metrics.Watch(leads([]float64{1, 2}), metrics.WatchOptions{})
	require.ErrorContains(t, err, "Changes looks at medians")
	for name, want := range badSeries() {
		series := rates(10, []int{1, 2, 3})
		want.spoil(series)
		_, err := metrics.Watch(series, metrics.WatchOptions{})
		require.ErrorContains(t, err, want.says, name)
		_, err = metrics.Changes(series, metrics.ChangeOptions{})
		require.ErrorContains(t, err, want.says, name)
		_, err = metrics.ControlChart(series, metrics.ChartP)
		require.ErrorContains(t, err, want.says, name)
	}
	for _, series := range [][]metrics.Result{nil, {}} {
		_, err := metrics.Watch(series, metrics.WatchOptions{})
		require.ErrorContains(t, err, "the series is empty")
	}
}

type spoiled struct {
	says  string
	spoil func(s []metrics.Result)
}

// badSeries are the ways in which three results are no series.
func badSeries() map[string]spoiled {
	return map[string]spoiled{
		"no metric":      {"of the metric unknown", func(s []metrics.Result) { s[0].Metric = metrics.MetricUnknown }},
		"two metrics":    {"result 2 of the series is of deployment-rework-rate", func(s []metrics.Result) { s[1].Metric = metrics.ReworkRate }},
		"two keys":       {`result 3 of the series is of ["x"]`, func(s []metrics.Result) { s[2].Key = []string{"x"} }},
		"two meanings":   {"result 3 of the series is of another definition", func(s []metrics.Result) { s[2].Definition[0]++ }},
		"two kinds":      {"result 2 of the series is of a month", func(s []metrics.Result) { s[1].Window.Kind = metrics.WindowMonth }},
		"empty window":   {"result 2 of the series has an empty window", func(s []metrics.Result) { s[1].Window.To = s[1].Window.From }},
		"order":          {"result 3 of the series does not come after", func(s []metrics.Result) { s[2].Window = s[1].Window }},
		"above 1":        {"result 2 of the series: a rate of 1.5 of 10", func(s []metrics.Result) { s[1].Value = 1.5 }},
		"below 0":        {"result 2 of the series: a rate of -1 of 10", func(s []metrics.Result) { s[1].Value = -1 }},
		"of none":        {"result 2 of the series: a rate of 0.2 of 0", func(s []metrics.Result) { s[1].N = 0 }},
		"of no incident": {"result 2 of the series is of incidents by deployments", func(s []metrics.Result) { s[1].Method = metrics.MethodIncidents }},
	}
}

// TestWatchHoldsItsLevel simulates series without a change whose baseline is not known:
// at most one of 100 years shows an alarm at P <= 0.01. The margin is three standard errors.
func TestWatchHoldsItsLevel(t *testing.T) {
	t.Parallel()
	runs := 800
	if testing.Short() {
		runs = 300
	}
	if *long {
		runs = 20_000
	}
	for _, c := range []struct {
		n      int
		rate   float64
		factor float64
	}{{4, 0.3, 2}, {8, 0.3, 2}, {20, 0.1, 2}, {50, 0.05, 2}, {100, 0.02, 2}, {20, 0.3, 1.5}, {100, 0.1, 1.5}, {8, 0.1, 3}, {100, 0.05, 0.5}} {
		r := rand.New(rand.NewPCG(1954, uint64(c.n)))
		wrong := 0
		for range runs {
			failed := make([]int, 104)
			for i := range failed {
				failed[i] = binomial(r, c.n, c.rate)
			}
			signals, err := metrics.Watch(rates(c.n, failed), metrics.WatchOptions{Factor: c.factor})
			require.NoError(t, err)
			for _, s := range signals {
				if s.P <= 0.01 {
					wrong++
					break
				}
			}
		}
		t.Logf("%d a week, %v, factor %v: %.2f of 100 years", c.n, c.rate, c.factor, 100*float64(wrong)/float64(runs))
		require.LessOrEqual(t, float64(wrong), 0.01*float64(runs)+3*math.Sqrt(0.01*float64(runs)), "%+v", c)
		require.LessOrEqual(t, stats.Garwood(wrong, 0.99).Lo/float64(runs), 0.01, "%+v", c)
	}
}
