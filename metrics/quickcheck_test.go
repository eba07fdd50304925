package metrics_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
)

// TestQuickCheckScores are the cases of Quick Check's own tests (dora.dev, svelte/quick-check,
// data-service.test.ts): a share is a percentage there.
func TestQuickCheckScores(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m            metrics.Metric
		answer, want float64
	}{
		{metrics.LeadTime, 1, 0}, {metrics.LeadTime, 6, 10}, {metrics.LeadTime, 3.5, 5},
		{metrics.Frequency, 1, 0}, {metrics.Frequency, 6, 10}, {metrics.RecoveryTime, 6, 10},
		{metrics.FailRate, 0, 10}, {metrics.FailRate, 1, 0}, {metrics.FailRate, 0.5, 5}, {metrics.ReworkRate, 1, 0},
	} {
		got, err := metrics.QuickCheckScore(c.m, c.answer)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s %v", c.m, c.answer)
	}
	best := map[metrics.Metric]float64{metrics.LeadTime: 6, metrics.Frequency: 6, metrics.RecoveryTime: 6, metrics.FailRate: 0}
	got, err := metrics.QuickCheckOf(best, 2024)
	require.NoError(t, err)
	require.Equal(t, [3]float64{10, 10, 10}, [3]float64{got.Overall, got.Throughput, got.Stability})
	best[metrics.ReworkRate] = 0
	got, err = metrics.QuickCheckOf(best, 2025)
	require.NoError(t, err)
	require.Equal(t, [3]float64{10, 10, 10}, [3]float64{got.Overall, got.Throughput, got.Stability})
	require.Len(t, got.Metrics, 5)

	got, err = metrics.QuickCheckOf(map[metrics.Metric]float64{metrics.LeadTime: 4, metrics.FailRate: 0.2}, 2025)
	require.NoError(t, err)
	require.Equal(t, [3]float64{7, 6, 8}, [3]float64{got.Overall, got.Throughput, got.Stability}, "what was not answered is no zero")
	got, err = metrics.QuickCheckOf(nil, 2025)
	require.NoError(t, err)
	require.True(t, math.IsNaN(got.Overall) && math.IsNaN(got.Throughput) && math.IsNaN(got.Stability))
}

func TestQuickCheckRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, c := range []struct {
		m      metrics.Metric
		answer float64
	}{{metrics.LeadTime, 0}, {metrics.LeadTime, 7}, {metrics.Frequency, nan}, {metrics.RecoveryTime, math.Inf(1)}, {metrics.FailRate, 2},
		{metrics.FailRate, -0.1}, {metrics.ReworkRate, nan}, {metrics.MetricUnknown, 3}, {metrics.Metric(99), 3}} {
		v, err := metrics.QuickCheckScore(c.m, c.answer)
		require.Error(t, err)
		require.True(t, math.IsNaN(v))
		_, err = metrics.QuickCheckOf(map[metrics.Metric]float64{c.m: c.answer}, 2025)
		require.Error(t, err)
	}
	for _, edition := range []int{0, 2023, 2026} {
		_, err := metrics.QuickCheckOf(nil, edition)
		require.ErrorContains(t, err, "no edition")
		_, err = metrics.AllIndustries(edition)
		require.ErrorContains(t, err, "no edition")
		_, err = metrics.ReadQuickCheck(strings.NewReader("{}"), edition)
		require.ErrorContains(t, err, "no edition")
		_, err = metrics.QuickCheckResults(nil, edition)
		require.ErrorContains(t, err, "no edition")
	}
	_, err := metrics.QuickCheckOf(map[metrics.Metric]float64{metrics.ReworkRate: 0}, 2024)
	require.ErrorContains(t, err, "2024 does not ask")
	two := leads([]float64{1, 2})
	_, err = metrics.QuickCheckResults(two, 2025)
	require.ErrorContains(t, err, "two results")
}

func TestQuickCheckOfResults(t *testing.T) {
	t.Parallel()
	day := 86400.0
	results := []metrics.Result{leads([]float64{3 * day})[0], frequencies([]int{1})[0], rates(10, []int{2})[0]}
	none := leads([]float64{math.NaN()})[0]
	none.Metric = metrics.RecoveryTime
	rework := rates(10, []int{5})[0]
	rework.Metric = metrics.ReworkRate
	results = append(results, none, rework)
	got, err := metrics.QuickCheckResults(results, 2024)
	require.NoError(t, err)
	require.Equal(t, map[metrics.Metric]float64{metrics.LeadTime: 6, metrics.Frequency: 6, metrics.FailRate: 8}, got.Metrics)
	got, err = metrics.QuickCheckResults(results, 2025)
	require.NoError(t, err)
	require.Equal(t, 6.5, got.Stability, "8 and 5")
	require.Equal(t, 6.0, got.Throughput)
}

func readBenchmarks(t *testing.T, name string, edition int) map[string]metrics.Benchmark {
	f, err := os.Open(realdata.Path(t, "dora/quickcheck/editions/"+name))
	require.NoError(t, err)
	defer f.Close()
	bs, err := metrics.ReadQuickCheck(f, edition)
	require.NoError(t, err)
	out := map[string]metrics.Benchmark{}
	for _, b := range bs {
		out[b.Key] = b
	}
	require.Len(t, out, len(bs))
	return out
}

// TestQuickCheckBenchmarks reads the four real files; the numbers of 2025 are those of Quick
// Check's own tests.
func TestQuickCheckBenchmarks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ edition, rows int }{
		"2024/industry_metrics.json": {2024, 14}, "2024/organization_size_metrics.json": {2024, 10},
		"2025/industry_metrics.json": {2025, 14}, "2025/organization_size_metrics.json": {2025, 9},
	} {
		bs := readBenchmarks(t, name, c.edition)
		require.Len(t, bs, c.rows, name)
		for key, b := range bs {
			turned := name == "2025/organization_size_metrics.json"
			require.Equal(t, turned, b.Turned, "%s %s", name, key)
			sum := 0.0
			for _, s := range b.Metrics {
				require.True(t, s.Mean > 0 && s.Mean < 10 && s.SD > 0)
				sum += s.Mean
			}
			require.InDelta(t, sum/float64(len(b.Metrics)), b.Overall.Mean, 1e-12)
			require.Len(t, b.Metrics, c.edition-2020, "four metrics in 2024, five in 2025")
			if c.edition == 2025 { // published with one digit
				mean := (b.Metrics[metrics.LeadTime].Mean + b.Metrics[metrics.Frequency].Mean + b.Metrics[metrics.RecoveryTime].Mean) / 3
				require.InDelta(t, b.Throughput.Mean, mean, 0.2, "%s %s", name, key)
			}
		}
		all, err := metrics.AllIndustries(c.edition)
		require.NoError(t, err)
		if strings.Contains(name, "industry") {
			require.Equal(t, bs["all"], all, name)
		} else { // the same respondents
			require.Equal(t, bs["all"].Metrics, all.Metrics, name)
		}
	}
	all := readBenchmarks(t, "2025/industry_metrics.json", 2025)["all"]
	require.Equal(t, "All industries", all.Name)
	require.InDelta(t, 8.1, all.Metrics[metrics.FailRate].Mean, 1e-12)
	require.InDelta(t, 7.8, all.Metrics[metrics.ReworkRate].Mean, 1e-12)
	require.InDelta(t, 7.9, all.Stability.Mean, 1e-12)
	require.InDelta(t, 6.72, all.Overall.Mean, 1e-12)
	old := readBenchmarks(t, "2024/industry_metrics.json", 2024)["all"]
	require.NotContains(t, old.Metrics, metrics.ReworkRate)
	require.Zero(t, old.Stability)
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	s := metrics.Score{Mean: 5.5, SD: 2.4}
	require.Equal(t, 0.5, s.Percentile(5.5))
	require.InDelta(t, 0.8413447460685429, s.Percentile(7.9), 1e-12, "one standard deviation above")
	require.InDelta(t, 0.15865525393145707, s.Percentile(3.1), 1e-12)
	require.True(t, math.IsNaN(metrics.Score{Mean: 5}.Percentile(5)), "without a deviation there is none")
	require.True(t, math.IsNaN(metrics.Score{Mean: 5, SD: math.NaN()}.Percentile(5)))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(0, 10).Draw(t, "a"), rapid.Float64Range(0, 10).Draw(t, "b")
		p, q := s.Percentile(min(a, b)), s.Percentile(max(a, b))
		require.True(t, p >= 0 && p <= q && q <= 1)
	})
}

// quickRow is a good row of 2024, as text to spoil.
const quickRow = `{"all":{"name":"All","performance_average":{"mean":6,"std":1},"leadtime":{"mean":5,"std":2},` +
	`"deployfreq":{"mean":5,"std":2},"changefailure":{"mean":2,"std":2},"failurerecovery":{"mean":7,"std":2}}}`

func TestReadQuickCheckRefuses(t *testing.T) {
	t.Parallel()
	bs, err := metrics.ReadQuickCheck(strings.NewReader(quickRow), 2024)
	require.NoError(t, err)
	require.Equal(t, 8.0, bs[0].Metrics[metrics.FailRate].Mean)
	for _, c := range [][3]string{
		{"leadtime", "leadtime2", `"leadtime" is missing`}, {`"mean":7`, `"mean":11`, "has the mean 11"}, {`"mean":7`, `"mean":-1`, "has the mean -1"},
		{`"std":1`, `"std":0`, "standard deviation 0"}, {`"std":1`, `"sd":1`, `has no number "std"`}, {`"std":1`, `"std":null`, `has no number "std"`},
		{`"std":1`, `"std":1,"n":4`, "more than a mean and a std"}, {`"std":1`, `"std":1,"std":2`, "stands twice"}, {`"mean":7`, `"mean":"7"`, "has no number"},
		{`"All"`, `""`, "it has no name"}, {`"All"`, `3`, "name"}, {`"name":"All",`, `"name":"All","rework":{"mean":1,"std":1},`, `"rework" is not known`},
		{`{"mean":7,"std":2}`, `[7,2]`, "it is no object"}, {`{"all"`, `[{"all"`, "it is no object"}, {`2}}}`, `2}}} {}`, "something after"},
		{quickRow, `{}`, "it is empty"}, {quickRow, ``, "no object"}, {quickRow, "{\"\xff\":{}}", "not UTF-8"}, {quickRow, strings.Repeat(" ", 1<<20) + "{}", "more than"},
		{`2}}}`, `2}}`, "EOF"}, {`"All"`, `"All","name":"Some"`, "stands twice"},
	} {
		text := strings.Replace(quickRow, c[0], c[1], 1)
		require.NotEqual(t, quickRow, text)
		bs, err := metrics.ReadQuickCheck(strings.NewReader(text), 2024)
		require.ErrorContains(t, err, c[2], text[:min(len(text), 300)])
		require.Nil(t, bs)
	}
	_, err = metrics.ReadQuickCheck(strings.NewReader(quickRow), 2025)
	require.ErrorContains(t, err, "is missing", "an edition of 2024 is none of 2025")
}

func FuzzReadQuickCheck(f *testing.F) {
	f.Add([]byte(quickRow), true)
	f.Add([]byte(`{"all":{}}`), false)
	f.Fuzz(func(t *testing.T, text []byte, old bool) {
		edition := 2025
		if old {
			edition = 2024
		}
		bs, err := metrics.ReadQuickCheck(strings.NewReader(string(text)), edition)
		if err != nil {
			require.Nil(t, bs)
			return
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal(text, &plain), "what is read is JSON")
		require.Len(t, bs, len(plain))
		for i, key := range slices.Sorted(maps.Keys(plain)) {
			require.Equal(t, key, bs[i].Key)
			for _, s := range bs[i].Metrics {
				require.True(t, s.Mean >= 0 && s.Mean <= 10 && s.SD > 0 && s.SD <= 10)
			}
		}
	})
}
