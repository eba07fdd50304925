package stats_test

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// TestClassifierGolden compares with testdata/classifier.csv, which
// testdata/classifier.py made with fractions and 60 digits.
func TestClassifierGolden(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/classifier.csv")
	require.NoError(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	require.NoError(t, err)
	ranked := func(a [][]float64) stats.Ranked { return stats.DeLong(a[0], a[1]) }
	brier := func(a [][]float64) stats.BrierParts { return stats.Brier(forecastBins(a)) }
	functions := map[string]func(a [][]float64) float64{
		"auc":           func(a [][]float64) float64 { return ranked(a).AUC },
		"delong":        func(a [][]float64) float64 { return ranked(a).Variance },
		"aucLo":         func(a [][]float64) float64 { return ranked(a).Interval(0.95).Lo },
		"aucHi":         func(a [][]float64) float64 { return ranked(a).Interval(0.95).Hi },
		"aucBelow":      func(a [][]float64) float64 { return ranked(a).Against(a[2][0]).Lower },
		"aucAbove":      func(a [][]float64) float64 { return ranked(a).Against(a[2][0]).Upper },
		"trend":         func(a [][]float64) float64 { return stats.CochranArmitage(whole(a[0]), whole(a[1])) },
		"trendLower":    func(a [][]float64) float64 { return stats.TrendExact(whole(a[0]), whole(a[1])).Lower },
		"trendUpper":    func(a [][]float64) float64 { return stats.TrendExact(whole(a[0]), whole(a[1])).Upper },
		"brier":         func(a [][]float64) float64 { return brier(a).Score },
		"reliability":   func(a [][]float64) float64 { return brier(a).Reliability },
		"resolution":    func(a [][]float64) float64 { return brier(a).Resolution },
		"uncertainty":   func(a [][]float64) float64 { return brier(a).Uncertainty },
		"within":        func(a [][]float64) float64 { return brier(a).Within },
		"covariance":    func(a [][]float64) float64 { return brier(a).Covariance },
		"spiegelhalter": func(a [][]float64) float64 { return stats.Spiegelhalter(oneBin(a[0], a[1])) },
	}
	met := map[string]bool{}
	for _, row := range rows {
		var args [][]float64
		for _, list := range row[1 : len(row)-1] {
			var one []float64
			for _, s := range strings.Fields(list) {
				v, err := strconv.ParseFloat(s, 64)
				require.NoError(t, err)
				one = append(one, v)
			}
			args = append(args, one)
		}
		want, err := strconv.ParseFloat(row[len(row)-1], 64)
		require.NoError(t, err)
		met[row[0]] = true
		got := functions[row[0]](args)
		require.InDelta(t, want, got, max(1e-12*math.Abs(want), 1e-17), "%s, got %v", strings.Join(row, ","), got)
	}
	require.Len(t, met, len(functions), "each function is compared")
}

func whole(v []float64) []int {
	out := make([]int, len(v))
	for i := range v {
		out[i] = int(v[i])
	}
	return out
}

func oneBin(p, y []float64) stats.ForecastBin {
	b := stats.ForecastBin{P: p}
	for _, v := range y {
		b.Hit = append(b.Hit, v == 1)
	}
	return b
}

func forecastBins(a [][]float64) []stats.ForecastBin {
	var out []stats.ForecastBin
	for i := range len(a[2]) - 1 {
		from, to := int(a[2][i]), int(a[2][i+1])
		out = append(out, oneBin(a[0][from:to], a[1][from:to]))
	}
	return out
}

func TestClassifierOutsideOfDomain(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	ok := stats.DeLong([]float64{1, 2}, []float64{0, 1})
	bad := stats.ForecastBin{P: []float64{1.5}, Hit: []bool{true}}
	for name, v := range map[string]float64{
		"auc of none":          stats.DeLong(nil, []float64{1}).AUC,
		"auc of none below":    stats.DeLong([]float64{1}, nil).AUC,
		"auc of NaN":           stats.DeLong([]float64{nan}, []float64{1}).AUC,
		"variance of one":      stats.DeLong([]float64{1}, []float64{1, 2}).Variance,
		"interval of no AUC":   stats.DeLong(nil, nil).Interval(0.95).Lo,
		"interval at level 1":  ok.Interval(1).Hi,
		"against 0":            ok.Against(0).Lower,
		"against 1":            ok.Against(1).Upper,
		"against NaN":          ok.Against(nan).Upper,
		"against of no AUC":    stats.DeLong(nil, nil).Against(0.5).Lower,
		"trend of no counts":   stats.CochranArmitage([]int{2}, []int{1}),
		"trend below zero":     stats.CochranArmitage([]int{-1, 1}, []int{3, 3}),
		"trend of two lengths": stats.CochranArmitage([]int{1}, []int{1, 2}),
		"trend without marked": stats.CochranArmitage([]int{0, 0}, []int{1, 2}),
		"trend in one group":   stats.CochranArmitage([]int{1, 0}, []int{3, 0}),
		"exact of no counts":   stats.TrendExact([]int{2}, []int{1}).Lower,
		"brier of none":        stats.Brier(nil).Score,
		"brier above 1":        stats.Brier([]stats.ForecastBin{bad}).Within,
		"brier of NaN":         stats.Brier([]stats.ForecastBin{{P: []float64{nan}, Hit: []bool{true}}}).Score,
		"brier of two lengths": stats.Brier([]stats.ForecastBin{{P: []float64{0.5}}}).Score,
		"spiegelhalter above":  stats.Spiegelhalter(bad),
		"spiegelhalter at 1/2": stats.Spiegelhalter(stats.ForecastBin{P: []float64{0.5}, Hit: []bool{true}}),
		"spiegelhalter none":   stats.Spiegelhalter(stats.ForecastBin{}),
	} {
		require.True(t, math.IsNaN(v), "%s: %v", name, v)
	}
}

// A ranking without a mistake has no variance, and is not certain for that.
func TestRankingWithoutVariance(t *testing.T) {
	t.Parallel()
	perfect := stats.DeLong([]float64{5, 6, 7}, []float64{1, 2, 3, 4})
	require.Equal(t, 1.0, perfect.AUC)
	require.Zero(t, perfect.Variance)
	in := perfect.Interval(0.95)
	require.Equal(t, 1.0, in.Hi)
	require.Less(t, in.Lo, 0.9)
	require.InDelta(t, 0.025, perfect.Against(in.Lo).Upper, 1e-9, "the end is where the test has half of the error")
	same := stats.DeLong([]float64{1, 1}, []float64{1, 1, 1})
	require.Equal(t, 0.5, same.AUC)
	require.Less(t, same.Interval(0.95).Lo, 0.3)
	require.Greater(t, same.Interval(0.95).Hi, 0.7)
}

func TestTrendProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.IntRange(1, 4).Draw(t, "groups")
		k, n := make([]int, groups), make([]int, groups)
		back, backN := make([]int, groups), make([]int, groups)
		for i := range n {
			n[i] = rapid.IntRange(0, 30).Draw(t, "n")
			k[i] = rapid.IntRange(0, n[i]).Draw(t, "k")
			back[groups-1-i], backN[groups-1-i] = k[i], n[i]
		}
		tails, turned := stats.TrendExact(k, n), stats.TrendExact(back, backN)
		require.InDelta(t, tails.Lower, turned.Upper, 1e-12, "turned round")
		require.InDelta(t, tails.Upper, turned.Lower, 1e-12, "turned round")
		require.GreaterOrEqual(t, tails.Lower+tails.Upper, 1-1e-12, "the table itself is in both")
		if groups == 2 {
			want := stats.Hypergeometric(k[1], n[1], k[0], n[0])
			require.InDelta(t, want.Lower, tails.Lower, 1e-12, "two groups are Fisher's test")
			require.InDelta(t, want.Upper, tails.Upper, 1e-12)
		}
		if z := stats.CochranArmitage(k, n); !math.IsNaN(z) {
			require.InDelta(t, -z, stats.CochranArmitage(back, backN), 1e-12)
		}
	})
}
