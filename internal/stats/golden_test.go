package stats_test

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// TestGolden compares with testdata/golden.csv, which testdata/golden.py made
// with 60 digits (the command stands in it).
func TestGolden(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/golden.csv")
	require.NoError(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	require.NoError(t, err)

	curve := map[float64]stats.Step{}
	for _, s := range stats.KaplanMeier(aml) {
		curve[s.Time] = s
	}
	functions := map[string]func(a []float64) float64{
		"P":         func(a []float64) float64 { return stats.GammaP(a[0], a[1]) },
		"Q":         func(a []float64) float64 { return stats.GammaQ(a[0], a[1]) },
		"I":         func(a []float64) float64 { return stats.BetaI(a[0], a[1], a[2]) },
		"z":         func(a []float64) float64 { return stats.NormalQuantile(a[0]) },
		"chi2":      func(a []float64) float64 { return stats.ChiSquareQuantile(a[0], a[1]) },
		"beta":      func(a []float64) float64 { return stats.BetaQuantile(a[0], a[1], a[2]) },
		"wilsonLo":  func(a []float64) float64 { return stats.Wilson(int(a[0]), int(a[1]), a[2]).Lo },
		"wilsonHi":  func(a []float64) float64 { return stats.Wilson(int(a[0]), int(a[1]), a[2]).Hi },
		"garwoodLo": func(a []float64) float64 { return stats.Garwood(int(a[0]), a[1]).Lo },
		"garwoodHi": func(a []float64) float64 { return stats.Garwood(int(a[0]), a[1]).Hi },
		"cpLo":      func(a []float64) float64 { return stats.ClopperPearson(int(a[0]), int(a[1]), a[2]).Lo },
		"cpHi":      func(a []float64) float64 { return stats.ClopperPearson(int(a[0]), int(a[1]), a[2]).Hi },
		"kmS":       func(a []float64) float64 { return curve[a[0]].Survival },
		"kmSE":      func(a []float64) float64 { return curve[a[0]].Survival * math.Sqrt(curve[a[0]].Variance) },
		"kmLo":      func(a []float64) float64 { return curve[a[0]].Band(0.95).Lo },
		"kmHi":      func(a []float64) float64 { return curve[a[0]].Band(0.95).Hi },
	}
	require.Len(t, rows, 108)
	met := map[string]bool{}
	for _, row := range rows {
		var args []float64
		for _, s := range row[1 : len(row)-1] {
			v, err := strconv.ParseFloat(s, 64)
			require.NoError(t, err)
			args = append(args, v)
		}
		want, err := strconv.ParseFloat(row[len(row)-1], 64)
		require.NoError(t, err)
		met[row[0]] = true
		got := functions[row[0]](args)
		require.InDelta(t, want, got, 1e-12*math.Abs(want), "%s, got %v", strings.Join(row, ","), got)
	}
	require.Len(t, met, len(functions), "each function is compared")
}

// aml is the maintained group of the data set aml of R's package survival.
var aml = []stats.Duration{{Time: 9}, {Time: 13}, {Time: 13, Censored: true}, {Time: 18}, {Time: 23}, {Time: 28, Censored: true},
	{Time: 31}, {Time: 34}, {Time: 45, Censored: true}, {Time: 48}, {Time: 161, Censored: true}}

func TestMedianOfAML(t *testing.T) {
	t.Parallel()
	steps := stats.KaplanMeier(aml)
	require.Equal(t, 31.0, stats.Median(steps))
	// The lower band is 0.508 at 9 and 0.447 at 13, the upper band is still 0.525 at 48.
	require.Equal(t, stats.Interval{Lo: 13, Hi: math.Inf(1)}, stats.MedianInterval(steps, 0.95))
}

func TestQuantilesInvert(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{1e-6, 0.01, 0.025, 0.3, 0.5, 0.77, 0.975, 0.9999} {
		for _, a := range []float64{0.05, 0.5, 1, 3.5, 40, 1e4, 1e6} {
			x := stats.GammaQuantile(p, a)
			require.InDelta(t, p, stats.GammaP(a, x), 2e-10*p, "a=%v p=%v", a, p)
			for _, b := range []float64{0.3, 1, 7, 2e3} {
				y := stats.BetaQuantile(p, a, b)
				if y < 1-1e-9 { // closer to 1, x itself is too coarse
					require.InDelta(t, p, stats.BetaI(y, a, b), 1e-6*p, "a=%v b=%v p=%v", a, b, p)
				}
			}
		}
	}
}

func TestOutsideOfDomain(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, v := range map[string]float64{
		"P negative":      stats.GammaP(-1, 1),
		"Q of NaN":        stats.GammaQ(nan, 1),
		"I beyond 1":      stats.BetaI(1.1, 1, 1),
		"I of a zero":     stats.BetaI(0.5, 0, 1),
		"z above 1":       stats.NormalQuantile(1.5),
		"z of NaN":        stats.NormalQuantile(nan),
		"gamma p":         stats.GammaQuantile(-0.1, 1),
		"beta p":          stats.BetaQuantile(2, 1, 1),
		"quantile none":   stats.Quantile(nil, 0.5),
		"wilson none":     stats.Wilson(0, 0, 0.95).Lo,
		"wilson k>n":      stats.Wilson(3, 2, 0.95).Hi,
		"wilson level 1":  stats.Wilson(1, 2, 1).Hi,
		"garwood":         stats.Garwood(-1, 0.95).Hi,
		"garwood level 0": stats.Garwood(1, 0).Hi,
		"cp":              stats.ClopperPearson(1, 0, 0.95).Lo,
		"median none":     stats.Median(nil),
		"mean":            stats.RestrictedMean(nil, -1),
	} {
		require.True(t, math.IsNaN(v), "%s: %v", name, v)
	}
	require.Nil(t, stats.KaplanMeier([]stats.Duration{{Time: nan}}))
	require.Equal(t, 0.0, stats.NormalQuantile(0.5))
	require.Equal(t, math.Inf(-1), stats.NormalQuantile(0))
	require.Equal(t, math.Inf(1), stats.GammaQuantile(1, 2))
	require.Equal(t, 0.0, stats.Wilson(0, 9, 0.95).Lo)
	require.Equal(t, 1.0, stats.Wilson(9, 9, 0.95).Hi)
}
