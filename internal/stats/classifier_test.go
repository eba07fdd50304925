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
// testdata/classifier.py made with exact fractions (the command stands in it).
func TestClassifierGolden(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/classifier.csv")
	require.NoError(t, err)
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	require.NotEmpty(t, lines)
	ints := func(s string) (out []int) {
		for _, x := range strings.Fields(s) {
			n, err := strconv.Atoi(x)
			require.NoError(t, err)
			out = append(out, n)
		}
		return out
	}
	for _, line := range lines {
		failed, of := ints(line[1]), ints(line[2])
		fine := make([]int, len(of))
		for i := range of {
			fine[i] = of[i] - failed[i]
		}
		want, err := strconv.ParseFloat(line[3], 64)
		require.NoError(t, err)
		area, variance := stats.AUC(failed, fine)
		tails, exact := stats.Trend(failed, of)
		require.True(t, exact, line)
		got, ok := map[string]float64{"auc": area, "delong": variance, "trendLower": tails.Lower, "trendUpper": tails.Upper}[line[0]]
		require.True(t, ok, line[0])
		require.InEpsilon(t, want, got, 1e-12, line)
	}
}

// TestTrendBeyondTheExactOne: where it is no longer enumerated the tails are those
// of the enumeration, nearly.
func TestTrendBeyondTheExactOne(t *testing.T) {
	t.Parallel()
	exact, yes := stats.Trend([]int{60, 50, 50, 40}, []int{1000, 800, 700, 500})
	require.True(t, yes)
	normal, yes := stats.Trend([]int{60, 50, 50, 41}, []int{1000, 800, 700, 500})
	require.False(t, yes)
	require.InDelta(t, exact.Upper, normal.Upper, 0.05)
	require.InDelta(t, exact.Lower, normal.Lower, 0.05)
	rising, _ := stats.Trend([]int{40, 50, 70, 90}, []int{1000, 800, 700, 500})
	require.Less(t, rising.Upper, 1e-9)
	require.Greater(t, rising.Lower, 0.999)
	// Where the successes are fewer it is the same test seen from the other side.
	a, _ := stats.Trend([]int{3, 4, 9}, []int{30, 30, 30})
	b, _ := stats.Trend([]int{27, 26, 21}, []int{30, 30, 30})
	require.InEpsilon(t, a.Upper, b.Lower, 1e-12)
	require.InEpsilon(t, a.Lower, b.Upper, 1e-12)
}

// TestTrendIsAPermutationTest: the tails are shares of all ways to deal the
// failures.
func TestTrendIsAPermutationTest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.IntRange(0, 4), 2, 4).Draw(t, "of")
		var scores []int
		for i, n := range groups {
			for range n {
				scores = append(scores, i)
			}
		}
		mask := 0
		if len(scores) > 0 {
			mask = rapid.IntRange(0, 1<<len(scores)-1).Draw(t, "failed")
		}
		sum := func(mask int) (s, k int) {
			for i, score := range scores {
				if mask>>i&1 == 1 {
					s, k = s+score, k+1
				}
			}
			return s, k
		}
		observed, k := sum(mask)
		failed := make([]int, len(groups))
		for i, score := range scores {
			failed[score] += mask >> i & 1
		}
		lower, upper, all := 0, 0, 0
		for m := range 1 << len(scores) {
			if s, n := sum(m); n == k {
				all++
				if s <= observed {
					lower++
				}
				if s >= observed {
					upper++
				}
			}
		}
		got, exact := stats.Trend(failed, groups)
		distinct := 0
		for _, n := range groups {
			if n > 0 {
				distinct++
			}
		}
		if distinct < 2 || k == 0 || k == len(scores) {
			if exact || !math.IsNaN(got.Lower) || !math.IsNaN(got.Upper) {
				t.Fatalf("%v of %v: %v where nothing can vary", failed, groups, got)
			}
			return
		}
		if !exact || math.Abs(got.Lower-float64(lower)/float64(all)) > 1e-12 || math.Abs(got.Upper-float64(upper)/float64(all)) > 1e-12 {
			t.Fatalf("%v of %v: %v, not %d and %d of %d", failed, groups, got, lower, upper, all)
		}
	})
}

func TestClassifierRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range [][2][]int{{{0, 0}, {5, 5}}, {{5, 5}, {0, 0}}, {nil, nil}, {{-1, 2}, {3, 3}}} {
		area, variance := stats.AUC(c[0], c[1])
		require.True(t, math.IsNaN(area) && math.IsNaN(variance), c)
	}
	area, variance := stats.AUC([]int{0, 1}, []int{5, 5})
	require.Equal(t, 0.75, area)
	require.True(t, math.IsNaN(variance), "one failure has no variance")
	for _, c := range [][2][]int{{{1}, {5}}, {{1, 1}, {5}}, {{6, 1}, {5, 5}}, {{-1, 1}, {5, 5}}, {{0, 0}, {5, 5}}, {{5, 5}, {5, 5}}} {
		tails, exact := stats.Trend(c[0], c[1])
		require.True(t, !exact && math.IsNaN(tails.Lower) && math.IsNaN(tails.Upper), c)
	}
}

func TestSpiegelhalter(t *testing.T) {
	t.Parallel()
	// By hand: (1-.2)(.6) + (0-.1)(.8) over the root of .36*.16 + .64*.09.
	require.InEpsilon(t, 0.4/math.Sqrt(0.1152), stats.Spiegelhalter([]float64{0.2, 0.1}, []bool{true, false}), 1e-14)
	for _, p := range [][]float64{{0.5, 0.5}, {0, 1}, {math.NaN(), 0.1}, {-0.1, 0.2}, {0.1, 1.1}, {}} {
		require.True(t, math.IsNaN(stats.Spiegelhalter(p, make([]bool, len(p)))), p)
	}
	require.InDelta(t, 0.025, stats.NormalTail(1.959963984540054), 1e-15)
}
