package skill_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/internal/skill"
)

func TestAgainstTheSlowVersions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, failed := drawData(t, 1)
		some := slices.Contains(failed, true)
		both := some && slices.Contains(failed, false)

		got, ok := skill.AUC(p, failed)
		require.Equal(t, both, ok)
		if ok {
			require.InDelta(t, slowAUC(p, failed), got, 1e-12)
		}
		share := rapid.Float64Range(0.001, 1).Draw(t, "share")
		got, ok = skill.Capture(p, failed, share)
		require.Equal(t, some, ok)
		if ok {
			require.InDelta(t, slowCapture(p, failed, share), got, 1e-12)
			require.GreaterOrEqual(t, got, 0.0)
			require.LessOrEqual(t, got, 1.0)
		}
		bins := rapid.IntRange(1, 20).Draw(t, "bins")
		got, ok = skill.ECE(p, failed, bins)
		require.Equal(t, len(p) >= bins*skill.MinPerBin, ok)
		if ok {
			require.InDelta(t, slowECE(p, failed, bins), got, 1e-12)
		}
		brier, ok := skill.Brier(p, failed)
		require.True(t, ok)
		require.InDelta(t, slowBrier(p, failed), brier, 1e-12)
		got, ok = skill.BrierSkill(p, failed)
		require.Equal(t, both, ok)
		if ok {
			s, _ := skill.Of(p, failed)
			base := make([]float64, len(p))
			for i := range base {
				base[i] = s.BaseRate()
			}
			require.InDelta(t, 1-brier/slowBrier(base, failed), got, 1e-12)
		}
	})
}

func TestEffortAgainstTheSlowVersion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, failed := drawData(t, 2)
		lines := make([]int64, len(p))
		worth := func(f func(i int, n float64) float64) []float64 {
			out := make([]float64, len(p))
			for i := range out {
				out[i] = f(i, float64(max(lines[i], 1)))
			}
			return out
		}
		for i := range lines {
			lines[i] = rapid.Int64Range(0, 9).Draw(t, "lines")
		}
		got, ok := skill.EffortAware(p, failed, lines)
		if !slices.Contains(failed, true) {
			require.False(t, ok)
			return
		}
		_, best := slowReading(worth(func(i int, n float64) float64 { return one(failed[i]) / n }), failed, lines)
		_, worst := slowReading(worth(func(i int, n float64) float64 { return -one(failed[i]) / n }), failed, lines)
		if !ok {
			require.InDelta(t, best, worst, 1e-9)
			return
		}
		for _, c := range []struct {
			name string
			got  skill.Reading
			key  []float64
		}{
			{"score", got.ByScore, p},
			{"density", got.ByDensity, worth(func(i int, n float64) float64 { return p[i] / n })},
			{"constant", got.Constant, worth(func(_ int, n float64) float64 { return 1 / n })},
		} {
			recall, area := slowReading(c.key, failed, lines)
			require.InDelta(t, recall, c.got.Recall20, 1e-9, c.name)
			require.InDelta(t, (area-worst)/(best-worst), c.got.Popt, 1e-9, c.name)
		}
	})
}

// Everything small: all samples up to 6 outcomes on 3 scores.
func TestEverySmallSample(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 6; n++ {
		for code := range int(math.Pow(6, float64(n))) {
			p, failed := make([]float64, n), make([]bool, n)
			for i := range n {
				p[i], failed[i] = float64(code%3)/2, code%6 >= 3
				code /= 6
			}
			if got, ok := skill.AUC(p, failed); ok {
				require.InDelta(t, slowAUC(p, failed), got, 1e-12)
			}
			for _, share := range []float64{0.1, 1.0 / 3, 0.5, 1} {
				if got, ok := skill.Capture(p, failed, share); ok {
					require.InDelta(t, slowCapture(p, failed, share), got, 1e-12)
				}
			}
			if got, ok := skill.ECE(p, failed, 1); ok {
				require.InDelta(t, slowECE(p, failed, 1), got, 1e-12)
			}
		}
	}
}

func TestOrderChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, failed := drawData(t, 10)
		lines := make([]int64, len(p))
		for i := range p {
			p[i] /= 3 // no exact sums
			lines[i] = rapid.Int64Range(0, 1000).Draw(t, "lines")
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		p2, failed2, lines2 := slices.Clone(p), slices.Clone(failed), slices.Clone(lines)
		r.Shuffle(len(p), func(i, j int) {
			p2[i], p2[j] = p2[j], p2[i]
			failed2[i], failed2[j] = failed2[j], failed2[i]
			lines2[i], lines2[j] = lines2[j], lines2[i]
		})
		a, ok := skill.Of(p, failed)
		require.True(t, ok)
		b, _ := skill.Of(p2, failed2)
		for _, f := range []skill.Statistic{(*skill.Sample).AUC, (*skill.Sample).Brier, skill.OwnBrierSkill,
			func(s *skill.Sample) (float64, bool) { return s.ECE(2) },
			func(s *skill.Sample) (float64, bool) { return s.Capture(0.33) }} {
			x, okx := f(a)
			y, oky := f(b)
			require.Equal(t, okx, oky)
			require.Equal(t, math.Float64bits(x), math.Float64bits(y))
		}
		x, _ := skill.EffortAware(p, failed, lines)
		y, _ := skill.EffortAware(p2, failed2, lines2)
		require.Equal(t, x, y)
	})
}

func TestConstantScore(t *testing.T) {
	t.Parallel()
	p, failed := make([]float64, 200), make([]bool, 200)
	for i := range p {
		p[i], failed[i] = 0.25, i%8 == 0 // all at the front of every order there is
	}
	slices.SortFunc(failed, func(a, b bool) int { return int(one(b) - one(a)) })
	got, ok := skill.AUC(p, failed)
	require.True(t, ok)
	require.Equal(t, 0.5, got)
	for _, share := range []float64{0.05, 0.1, 0.5, 1} {
		got, ok = skill.Capture(p, failed, share)
		require.True(t, ok)
		require.InDelta(t, share, got, 1e-12)
	}
	got, ok = skill.ECE(p, failed, 20)
	require.True(t, ok)
	require.InDelta(t, 0.125, got, 1e-12)
	lines := make([]int64, 200)
	for i := range lines {
		lines[i] = int64(i)
	}
	e, ok := skill.EffortAware(p, failed, lines)
	require.True(t, ok)
	require.Equal(t, e.Constant, e.ByDensity, "a constant score by density is the baseline")
	require.InDelta(t, 0.2, e.ByScore.Recall20, 1e-12, "a constant score reads all side by side")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	mixed := []bool{true, false, true, false, true}
	good := []float64{.1, .2, .3, .4, .5}
	lines := []int64{1, 2, 3, 4, 5}
	for name, f := range map[string]func() bool{
		"AUC of nothing":            func() bool { _, ok := skill.AUC(nil, nil); return ok },
		"AUC, lengths differ":       func() bool { _, ok := skill.AUC(good, mixed[:4]); return ok },
		"AUC, NaN":                  func() bool { _, ok := skill.AUC([]float64{nan, 1}, mixed[:2]); return ok },
		"AUC, no failure":           func() bool { _, ok := skill.AUC(good[:2], make([]bool, 2)); return ok },
		"AUC, no success":           func() bool { _, ok := skill.AUC(good[:1], mixed[:1]); return ok },
		"capture of no share":       func() bool { _, ok := skill.Capture(good, mixed, 0); return ok },
		"capture below 0":           func() bool { _, ok := skill.Capture(good, mixed, -0.1); return ok },
		"capture above 1":           func() bool { _, ok := skill.Capture(good, mixed, 1.01); return ok },
		"capture of NaN":            func() bool { _, ok := skill.Capture(good, mixed, nan); return ok },
		"capture without failures":  func() bool { _, ok := skill.Capture(good, make([]bool, 5), 0.5); return ok },
		"ECE in no bins":            func() bool { _, ok := skill.ECE(good, mixed, 0); return ok },
		"ECE in -1 bins":            func() bool { _, ok := skill.ECE(good, mixed, -1); return ok },
		"ECE with too few":          func() bool { _, ok := skill.ECE(good, mixed, 2); return ok },
		"ECE of no probabilities":   func() bool { _, ok := skill.ECE([]float64{1, 1, 1, 1, 1.1}, mixed, 1); return ok },
		"ECE in too many bins":      func() bool { _, ok := skill.ECE(good, mixed, math.MaxInt); return ok },
		"Brier of infinity":         func() bool { _, ok := skill.Brier([]float64{inf}, mixed[:1]); return ok },
		"Brier below 0":             func() bool { _, ok := skill.Brier([]float64{-.1}, mixed[:1]); return ok },
		"Brier skill of one class":  func() bool { _, ok := skill.BrierSkill(good[:1], mixed[:1]); return ok },
		"Brier skill over 2":        func() bool { s, _ := skill.Of(good, mixed); _, ok := s.BrierSkill(2); return ok },
		"Brier skill over NaN":      func() bool { s, _ := skill.Of(good, mixed); _, ok := s.BrierSkill(nan); return ok },
		"Brier skill over a seer":   func() bool { s, _ := skill.Of(good[:1], mixed[:1]); _, ok := s.BrierSkill(1); return ok },
		"effort, negative lines":    func() bool { _, ok := skill.EffortAware(good, mixed, []int64{1, 2, 3, 4, -5}); return ok },
		"effort, lengths differ":    func() bool { _, ok := skill.EffortAware(good, mixed, lines[:4]); return ok },
		"effort, no failure":        func() bool { _, ok := skill.EffortAware(good, make([]bool, 5), lines); return ok },
		"effort, negative score":    func() bool { _, ok := skill.EffortAware([]float64{-1, 1, 1, 1, 1}, mixed, lines); return ok },
		"effort, infinite score":    func() bool { _, ok := skill.EffortAware([]float64{1, 1, 1, 1, inf}, mixed, lines); return ok },
		"effort, too many lines":    func() bool { _, ok := skill.EffortAware(good, mixed, []int64{math.MaxInt64, 1, 1, 1, 1}); return ok },
		"effort, all orders equal":  func() bool { _, ok := skill.EffortAware(good[:1], mixed[:1], lines[:1]); return ok },
		"bootstrap of one":          func() bool { _, ok := skill.Bootstrap(1, skill.Resampling{}, first); return ok },
		"bootstrap of -1":           func() bool { _, ok := skill.Bootstrap(-1, skill.Resampling{}, first); return ok },
		"bootstrap at level 1":      func() bool { _, ok := skill.Bootstrap(9, skill.Resampling{Level: 1}, first); return ok },
		"bootstrap at level NaN":    func() bool { _, ok := skill.Bootstrap(9, skill.Resampling{Level: nan}, first); return ok },
		"bootstrap, few draws":      func() bool { _, ok := skill.Bootstrap(9, skill.Resampling{Draws: 39}, first); return ok },
		"bootstrap, -1 draws":       func() bool { _, ok := skill.Bootstrap(9, skill.Resampling{Draws: -1}, first); return ok },
		"bootstrap, block too long": func() bool { _, ok := skill.Bootstrap(9, skill.Resampling{Block: 5}, first); return ok },
		"bootstrap, negative block": func() bool { _, ok := skill.Bootstrap(9, skill.Resampling{Block: -1}, first); return ok },
		"bootstrap, no number": func() bool {
			_, ok := skill.Bootstrap(9, skill.Resampling{}, func([]int) (float64, bool) { return 0, false })
			return ok
		},
		"bootstrap, all draws agree": func() bool {
			_, ok := skill.Bootstrap(9, skill.Resampling{}, func([]int) (float64, bool) { return 1, true })
			return ok
		},
		"AUC's interval of a perfect ranking": func() bool {
			s, _ := skill.Of(good, []bool{false, false, false, true, true})
			return s.Estimates(skill.Resampling{}, (*skill.Sample).AUC)[0].Bounded
		},
		"bootstrap, NaN": func() bool {
			_, ok := skill.Bootstrap(9, skill.Resampling{}, func([]int) (float64, bool) { return nan, true })
			return ok
		},
		"bootstrap, infinite": func() bool {
			_, ok := skill.Bootstrap(9, skill.Resampling{}, func([]int) (float64, bool) { return inf, true })
			return ok
		},
		// One failure: a third of the draws have none, so the rest would flatter.
		"AUC's interval of one failure": func() bool {
			s, _ := skill.Of(good, []bool{true, false, false, false, false})
			return s.Estimates(skill.Resampling{}, (*skill.Sample).AUC)[0].Bounded
		},
		"ECE's interval of too few": func() bool {
			s, _ := skill.Of(good, mixed)
			e, _ := s.ECEEstimate(skill.Resampling{}, 2)
			return e.Known || e.Bounded
		},
	} {
		require.False(t, f(), name)
	}
}

func first(index []int) (float64, bool) { return float64(index[0]), true }

// A release of all the failures in one place changes the answer, not the panic.
func TestExtremeScores(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	got, ok := skill.AUC([]float64{-inf, inf, math.Copysign(0, -1), 0}, []bool{false, true, true, false})
	require.True(t, ok)
	require.Equal(t, 3.5/4, got)
}

// These are the published figures of lines added alone on the newest 20 %
// (LApredict, ISSTA 2021), to four digits.
func TestPublishedAUC(t *testing.T) {
	t.Parallel()
	for project, want := range map[string]float64{"gerrit": .7495, "jdt": .6757, "platform": .7461} {
		p, failed, lines := newest(t, project)
		got, ok := skill.AUC(p, failed)
		require.True(t, ok)
		require.InDelta(t, want, got, 5e-5, project)
		s, _ := skill.Of(p, failed)
		e := s.Estimates(skill.Resampling{Draws: 200}, (*skill.Sample).AUC)[0]
		require.True(t, e.Bounded && e.Interval.Lo < got && got < e.Interval.Hi)
		effort, ok := skill.EffortAware(p, failed, lines)
		require.True(t, ok)
		// Trap T1: lines added divided by lines is worse than saying nothing.
		t.Logf("%s: n %d, AUC %.4f (%.4f to %.4f), effort %+v", project, len(p), got, e.Interval.Lo, e.Interval.Hi, effort)
		require.Less(t, effort.ByScore.Recall20, effort.Constant.Recall20)
	}
}

// newest is the newest 20 % of a project: lines added, defects, lines changed.
func newest(t testing.TB, project string) (p []float64, failed []bool, lines []int64) {
	rows := realdata.CSV(t, "defects/"+project+".csv.gz")
	column := func(name string) int { return slices.Index(rows[0], name) }
	date, bug, la, ld := column("date"), column("bug"), column("la"), column("ld")
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return v
	}
	rows = rows[1:]
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(number(a[date]), number(b[date])) })
	for _, row := range rows[int(float64(len(rows))*0.8):] {
		p, failed = append(p, number(row[la])), append(failed, row[bug] == "1")
		lines = append(lines, int64(number(row[la])+number(row[ld])))
	}
	return p, failed, lines
}
