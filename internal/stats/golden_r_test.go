package stats_test

import (
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// nonmaintained is the other group of the data set aml of R's package survival.
var nonmaintained = []stats.Duration{{Time: 5}, {Time: 5}, {Time: 8}, {Time: 8}, {Time: 12}, {Time: 16, Censored: true},
	{Time: 23}, {Time: 27}, {Time: 30}, {Time: 33}, {Time: 43}, {Time: 45}}

// The values that testdata/golden.R charts and adjusts.
var (
	goldenP = []float64{0.01, 0.013, 0.014, 0.19, 0.35, 0.5, 0.63, 0.67, 0.75, 0.81, 0.0001, 0.04}
	goldenX = []float64{5.1, 2.25, 9, 7.5, 1, 3.75, 8, 12.5, 0.5, 4}
	goldenK = []int{3, 5, 2, 8, 4, 0, 6, 9, 3, 5}
	goldenN = []int{50, 60, 40, 55, 70, 30, 50, 80, 45, 60}
)

func goldenMood(which float64) float64 {
	run := func(from, to int) (out []float64) {
		for v := from; v <= to; v++ {
			out = append(out, float64(v))
		}
		return out
	}
	pairs := [][2][]float64{{run(1, 6), run(5, 11)}, {{1, 1, 2}, {2, 2, 2, 9}}, {run(1, 20), run(15, 40)}}
	p := pairs[int(which)-1]
	return stats.Mood(p[0], p[1], slices.Sorted(slices.Values(slices.Concat(p[0], p[1]))))
}

func goldenU() []stats.Limits {
	var counts []stats.Count
	for i := range goldenK {
		counts = append(counts, stats.Count{Events: goldenK[i], Exposure: float64(goldenN[i]) / 10})
	}
	return stats.U(counts)
}

// goldenFunctions are those of golden_r.csv.
func goldenFunctions() map[string]func(a []float64) float64 {
	share := func(f func(k, n int, level float64) stats.Interval, hi bool) func(a []float64) float64 {
		return func(a []float64) float64 { return end(f(int(a[0]), int(a[1]), a[2]), hi) }
	}
	newcombe := func(hi bool) func(a []float64) float64 {
		return func(a []float64) float64 {
			return end(stats.Newcombe(int(a[0]), int(a[1]), int(a[2]), int(a[3]), a[4]), hi)
		}
	}
	tails := func(a []float64) stats.Tails { return stats.Hypergeometric(int(a[0]), int(a[1]), int(a[2]), int(a[3])) }
	counts := func(a []float64) (x, y stats.Count) {
		return stats.Count{Events: int(a[0]), Exposure: a[1]}, stats.Count{Events: int(a[2]), Exposure: a[3]}
	}
	ratio := func(a []float64) (stats.Interval, float64) { x, y := counts(a); return stats.RateRatio(x, y, a[4]) }
	rate := func(a []float64) stats.Interval { x, y := counts(a); return stats.RateDifference(x, y, a[4]) }
	steps := [][]stats.Step{nil, stats.KaplanMeier(aml), stats.KaplanMeier(nonmaintained)}
	step := func(a []float64) stats.Step {
		i := slices.IndexFunc(steps[int(a[0])], func(s stats.Step) bool { return s.Time == a[1] })
		return steps[int(a[0])][i]
	}
	x, ranges := stats.XmR(goldenX)
	times, u, laney := stats.T(goldenX), goldenU(), stats.Laney(goldenK, goldenN)
	sorted := slices.Sorted(slices.Values(goldenX))
	return map[string]func(a []float64) float64{
		"wilsonLo": share(stats.Wilson, false), "wilsonHi": share(stats.Wilson, true),
		"cpLo": share(stats.ClopperPearson, false), "cpHi": share(stats.ClopperPearson, true),
		"jeffreysLo": share(stats.Jeffreys, false), "jeffreysHi": share(stats.Jeffreys, true),
		"garwoodLo":  func(a []float64) float64 { return stats.Garwood(int(a[0]), a[1]).Lo },
		"garwoodHi":  func(a []float64) float64 { return stats.Garwood(int(a[0]), a[1]).Hi },
		"newcombeLo": newcombe(false), "newcombeHi": newcombe(true),
		"hyperLower": func(a []float64) float64 { return tails(a).Lower }, "hyperUpper": func(a []float64) float64 { return tails(a).Upper },
		"ratioLo": func(a []float64) float64 { in, _ := ratio(a); return in.Lo },
		"ratioHi": func(a []float64) float64 { in, _ := ratio(a); return in.Hi },
		"ratioP":  func(a []float64) float64 { _, p := ratio(a); return p },
		"rateLo":  func(a []float64) float64 { return rate(a).Lo }, "rateHi": func(a []float64) float64 { return rate(a).Hi },
		"mood":      func(a []float64) float64 { return goldenMood(a[0]) },
		"bh":        func(a []float64) float64 { return stats.BenjaminiHochberg(goldenP)[int(a[0])] },
		"by":        func(a []float64) float64 { return stats.BenjaminiYekutieli(goldenP)[int(a[0])] },
		"quantile7": func(a []float64) float64 { return stats.Quantile(sorted, a[0]) },
		"xmrCentre": func([]float64) float64 { return x.Centre }, "xmrLo": func([]float64) float64 { return x.Lo },
		"xmrHi": func([]float64) float64 { return x.Hi }, "xmrRange": func([]float64) float64 { return ranges.Hi },
		"laneyLo": func(a []float64) float64 { return laney[int(a[0])].Lo }, "laneyHi": func(a []float64) float64 { return laney[int(a[0])].Hi },
		"uLo": func(a []float64) float64 { return u[int(a[0])].Lo }, "uHi": func(a []float64) float64 { return u[int(a[0])].Hi },
		"tCentre": func([]float64) float64 { return times.Centre }, "tLo": func([]float64) float64 { return times.Lo },
		"tHi":      func([]float64) float64 { return times.Hi },
		"kmS":      func(a []float64) float64 { return step(a).Survival },
		"kmAtRisk": func(a []float64) float64 { return float64(step(a).AtRisk) }, "kmEvents": func(a []float64) float64 { return float64(step(a).Events) },
		"kmSE": func(a []float64) float64 { return step(a).Survival * math.Sqrt(step(a).Variance) },
		"kmLo": func(a []float64) float64 { return step(a).Band(0.95).Lo }, "kmHi": func(a []float64) float64 { return step(a).Band(0.95).Hi },
		"kmQuantile":   func(a []float64) float64 { return stats.SurvivalQuantile(steps[int(a[0])], a[1]) },
		"kmQuantileLo": func(a []float64) float64 { return stats.SurvivalQuantileInterval(steps[int(a[0])], a[1], 0.95).Lo },
		"kmQuantileHi": func(a []float64) float64 { return stats.SurvivalQuantileInterval(steps[int(a[0])], a[1], 0.95).Hi },
		"kmRMST":       func(a []float64) float64 { return stats.RestrictedMean(steps[int(a[0])], a[1]) },
	}
}

func end(in stats.Interval, hi bool) float64 {
	if hi {
		return in.Hi
	}
	return in.Lo
}

// TestGoldenR compares with R itself, to 1e-12 of each value: testdata/golden_r.csv, which
// testdata/golden.R made. The command stands in it.
func TestGoldenR(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/golden_r.csv")
	require.NoError(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 282)
	functions, met, worst := goldenFunctions(), map[string]bool{}, 0.0
	for _, row := range rows {
		var v []float64
		for _, s := range row[1:] {
			x, err := strconv.ParseFloat(s, 64)
			require.NoError(t, err)
			v = append(v, x)
		}
		args, want := v[:len(v)-1], v[len(v)-1]
		met[row[0]] = true
		require.Contains(t, functions, row[0])
		got := functions[row[0]](args)
		if want != 0 {
			worst = max(worst, math.Abs(got/want-1))
		}
		require.InDelta(t, want, got, 1e-12*math.Abs(want), "%s, got %v", strings.Join(row, ","), got)
	}
	require.Len(t, met, len(functions), "each function is compared")
	t.Logf("%d values, the worst by %.1g", len(rows), worst)
}
