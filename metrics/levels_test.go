package metrics_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
)

const (
	hour  = 3600.0
	day   = 24 * hour
	week  = 7 * day
	month = 365.2425 / 12 * day
)

func TestAnswerBin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m     metrics.Metric
		value float64
		want  metrics.Bin
	}{
		{metrics.LeadTime, -5, 6}, {metrics.LeadTime, 0, 6}, {metrics.LeadTime, hour - 1, 6}, {metrics.LeadTime, hour, 5}, {metrics.LeadTime, day - 1, 5}, {metrics.LeadTime, day, 4},
		{metrics.LeadTime, week, 3}, {metrics.LeadTime, month, 2}, {metrics.LeadTime, 6*month - 1, 2}, {metrics.LeadTime, 6 * month, 1}, {metrics.RecoveryTime, math.Inf(1), 1},
		{metrics.RecoveryTime, 2 * day, 4}, {metrics.Frequency, 0, 1}, {metrics.Frequency, 1.0 / 27, 1}, {metrics.Frequency, 1.0 / 26, 2}, {metrics.Frequency, 0.2, 2},
		{metrics.Frequency, 0.25, 3}, {metrics.Frequency, 1, 4}, {metrics.Frequency, 6.9, 4}, {metrics.Frequency, 7, 5}, {metrics.Frequency, 13.9, 5}, {metrics.Frequency, 14, 6},
		{metrics.FailRate, 0, 6}, {metrics.FailRate, 0.154, 6}, {metrics.FailRate, 0.155, 5}, {metrics.FailRate, 0.31, 4}, {metrics.FailRate, 0.5, 3}, {metrics.FailRate, 0.7, 2}, {metrics.FailRate, 1, 1},
	} {
		got, err := metrics.AnswerBin(c.m, c.value)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s of %v", c.m, c.value)
		require.NotEmpty(t, got.Words(c.m))
	}
	nan := math.NaN()
	for m, bad := range map[metrics.Metric][]float64{metrics.LeadTime: {nan}, metrics.RecoveryTime: {nan}, metrics.Frequency: {nan, -1},
		metrics.FailRate: {nan, -0.1, 1.1}, metrics.ReworkRate: {0.5}, metrics.MetricUnknown: {1}, metrics.Metric(77): {1}} {
		for _, v := range bad {
			got, err := metrics.AnswerBin(m, v)
			require.Error(t, err, "%s of %v", m, v)
			require.Zero(t, got)
		}
	}
	require.Equal(t, "", metrics.Bin(0).Words(metrics.LeadTime))
	require.Equal(t, "", metrics.Bin(7).Words(metrics.LeadTime))
	require.Equal(t, "", metrics.Bin(3).Words(metrics.ReworkRate))
}

// TestBinsAreTheSurveys: the words are Quick Check's answers, in its order.
func TestBinsAreTheSurveys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(realdata.Path(t, "dora/quickcheck/metrics_question_responses.json"))
	require.NoError(t, err)
	var answers map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &answers))
	plain := func(s string) string {
		s = strings.ToLower(s)
		for _, cut := range [][2]string{{"between ", ""}, {"every ", "per "}, {" and ", " to "}, {"six months", "six months"}} {
			s = strings.ReplaceAll(s, cut[0], cut[1])
		}
		return strings.ReplaceAll(s, "once per six", "per six")
	}
	for m, name := range map[metrics.Metric]string{metrics.LeadTime: "leadtime", metrics.Frequency: "deployfreq", metrics.RecoveryTime: "failurerecovery"} {
		for b := range 6 {
			want := answers[name][string(rune('1'+b))]
			require.NotEmpty(t, want, name)
			require.Equal(t, plain(want), plain(metrics.Bin(b+1).Words(m)), "%s %d", name, b+1)
		}
	}
}

// levelResults are four results of one group and window.
func levelResults(lead, recovery float64, perWeek, failed, of int) []metrics.Result {
	out := []metrics.Result{leads([]float64{lead})[0], frequencies([]int{perWeek})[0], leads([]float64{recovery})[0], rates(of, []int{failed})[0]}
	out[2].Metric = metrics.RecoveryTime
	for _, i := range []int{0, 2} {
		out[i].Lo, out[i].Hi = out[i].Value/1.1, out[i].Value*1.1
	}
	return out
}

func TestLevelsOf2024(t *testing.T) {
	t.Parallel()
	// The median respondents of 2024's high cluster: every day to week, one day to a week, less
	// than a day, 20 %. The medium one failed less, and deployed less.
	got, err := metrics.Levels(levelResults(3*day, 5*hour, 4, 200, 1000), 2024)
	require.NoError(t, err)
	require.Empty(t, got.Missing)
	require.Len(t, got.Bins, 4)
	require.Len(t, got.Clusters, 4)
	high, medium := got.Clusters[1], got.Clusters[2]
	require.Equal(t, [2]string{"high", "medium"}, [2]string{high.Name, medium.Name})
	require.Equal(t, [2]float64{0.22, 0.35}, [2]float64{high.Share, medium.Share})
	require.Equal(t, 4, high.Of)
	for i, want := range []string{"one day to one week", "once per day to once per week", "less than one day", "20 %"} {
		require.Equal(t, want, high.Metrics[i].Description)
	}
	require.Greater(t, high.Metrics[0].P, 0.999)
	require.Greater(t, high.Metrics[3].P, 0.999)
	require.Less(t, medium.Metrics[3].P, 0.001)
	require.InDelta(t, 0.957, high.Metrics[1].P, 0.1, "four deployments of one week say little")
	require.InDelta(t, high.Metrics[1].P, high.AtMost, 1e-12)
	require.Greater(t, high.AtLeast, 0.5)
	require.Less(t, medium.AtMost, 0.001)

	// Minutes do not fit the elite of 2024, whose median respondent needed less than one day.
	fast, err := metrics.Levels(levelResults(600, 600, 30, 5, 100), 2024)
	require.NoError(t, err)
	require.Less(t, fast.Clusters[0].Metrics[0].P, 0.001)
	fast, err = metrics.Levels(levelResults(600, 600, 30, 5, 100), 2018)
	require.NoError(t, err)
	require.Greater(t, fast.Clusters[0].Metrics[0].P, 0.999)
}

func TestLevelsYears(t *testing.T) {
	t.Parallel()
	results := levelResults(3*day, 5*hour, 4, 200, 1000)
	for year, want := range map[int]int{2016: 3, 2018: 4, 2019: 4, 2021: 4, 2023: 4, 2024: 4} {
		got, err := metrics.Levels(results, year)
		require.NoError(t, err)
		require.Equal(t, year, got.Year)
		require.Len(t, got.Clusters, want)
		share := 0.0
		for _, c := range got.Clusters {
			share += c.Share
			for _, f := range c.Metrics {
				require.Equal(t, f.Description == "", math.IsNaN(f.P), "%d %s %s", year, c.Name, f.Metric)
			}
		}
		require.True(t, share == 0 || math.Abs(share-1) < 0.02, "%d: %v", year, share)
	}
	for year, why := range map[int]string{2013: "no report of that year is known", 2014: "no table", 2017: "could not be verified", 2020: "there was no report",
		2022: "could not be verified", 2025: "seven team archetypes", 2026: "no report of that year"} {
		got, err := metrics.Levels(results, year)
		require.ErrorContains(t, err, why)
		require.Nil(t, got)
	}
}

func TestLevelsRefuseAndMiss(t *testing.T) {
	t.Parallel()
	results := levelResults(3*day, 5*hour, 4, 200, 1000)
	for name, spoil := range map[string]func(rs []metrics.Result){
		"twice":          func(rs []metrics.Result) { rs[1] = rs[0] },
		"another key":    func(rs []metrics.Result) { rs[2].Key = nil },
		"another window": func(rs []metrics.Result) { rs[2].Window = weekWindow(3) },
		"unknown metric": func(rs []metrics.Result) { rs[3].Metric = metrics.MetricUnknown },
	} {
		rs := levelResults(3*day, 5*hour, 4, 200, 1000)
		spoil(rs)
		_, err := metrics.Levels(rs, 2024)
		require.Error(t, err, name)
	}
	got, err := metrics.Levels(nil, 2024)
	require.NoError(t, err)
	require.Len(t, got.Missing, 4)
	for _, c := range got.Clusters {
		require.Equal(t, [3]float64{0, 0, 0}, [3]float64{float64(c.Of), c.AtLeast, c.AtMost}, "nothing known is no fit")
	}
	results[0].Status, results[0].Reason, results[0].Value = metrics.StatusNoData, "nothing was observed", math.NaN()
	results[2].Hi = math.Inf(1)
	results[3].Method = metrics.MethodIncidents
	got, err = metrics.Levels(results, 2024)
	require.NoError(t, err)
	require.Equal(t, []string{"change-lead-time: no-data, nothing was observed", "failed-deployment-recovery-time: its interval is not bounded",
		"change-fail-rate: incidents by deployments are no share"}, got.Missing)
	require.Len(t, got.Bins, 1)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.Contains(t, string(text), `"p":null`)
}

// TestLevelChances: the answers of one result sum up to 1, the one of a certain value is
// certain, and all of a cluster fit at once no more than the least of them.
func TestLevelChances(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 400).Draw(t, "of")
		results := levelResults(rapid.Float64Range(60, 1e8).Draw(t, "lead"), rapid.Float64Range(60, 1e8).Draw(t, "recovery"),
			rapid.IntRange(0, 60).Draw(t, "per week"), rapid.IntRange(0, of).Draw(t, "failed"), of)
		year := rapid.SampledFrom([]int{2016, 2018, 2019, 2021, 2023, 2024}).Draw(t, "year")
		got, err := metrics.Levels(results, year)
		require.NoError(t, err)
		for _, b := range got.Bins {
			sum := 0.0
			for _, p := range b.P {
				require.True(t, p >= 0 && p <= 1)
				sum += p
			}
			require.InDelta(t, 1, sum, 1e-9, "%s", b.Metric)
		}
		nearest := 0.0
		for _, c := range got.Clusters {
			require.True(t, c.AtLeast >= 0 && c.AtLeast <= c.AtMost+1e-12 && c.AtMost <= 1)
			least := 1.0
			for _, f := range c.Metrics {
				if !math.IsNaN(f.P) {
					least = min(least, f.P)
				}
			}
			require.Equal(t, least, c.AtMost)
			nearest += c.Metrics[3].P
		}
		if year >= 2023 { // each fail rate is nearest to one of the clusters
			require.InDelta(t, 1, nearest, 1e-9)
		}
		// Without uncertainty the answer is certain.
		results[0].Lo, results[0].Hi = results[0].Value, results[0].Value
		sure, err := metrics.Levels(results, year)
		require.NoError(t, err)
		require.Equal(t, 1.0, sure.Bins[0].P[sure.Bins[0].Bin-1])
	})
}

// TestLevelsOfALopsidedInterval: each side of a median has its own spread, so that Lo and Hi are
// the quantiles of the level, and half lies on each side of the value.
func TestLevelsOfALopsidedInterval(t *testing.T) {
	t.Parallel()
	results := levelResults(2*day, 5*hour, 4, 200, 1000)
	results[0].Lo, results[0].Hi = day, 60*day
	got, err := metrics.Levels(results, 2024)
	require.NoError(t, err)
	p := got.Bins[0].P
	require.InDelta(t, 0.025, p[4]+p[5], 1e-9, "less than one day, which is Lo")
	longer := math.Erfc(math.Log(7.0/2)/(math.Log(60.0/2)/1.959963984540054)/math.Sqrt2) / 2
	require.InDelta(t, longer, p[0]+p[1]+p[2], 1e-9, "a week and more")
}
