package risk_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// month is a horizon that the tests use.
const month = 30 * 24 * time.Hour

func outcome(i int, kind release.OutcomeKind, watched time.Duration) release.Outcome {
	deployed := now.Add(time.Duration(i) * time.Hour)
	return release.Outcome{Release: release.DigestOf(fmt.Append(nil, i)), Kind: kind, Deployed: deployed, At: deployed.Add(watched)}
}

func TestSilenceIsNotSuccess(t *testing.T) {
	t.Parallel()
	f := risk.Features{LinesAdded: 10}
	for _, c := range []struct {
		name     string
		outcomes []release.Outcome
		want     risk.Counts
	}{
		{"nothing", nil, risk.Counts{}},
		{"fine, just out", []release.Outcome{outcome(1, release.OutcomeFine, time.Hour)}, risk.Counts{Censored: 1}},
		{"fine, a moment too early", []release.Outcome{outcome(1, release.OutcomeFine, month-time.Hour)}, risk.Counts{Censored: 1}},
		{"fine for the horizon", []release.Outcome{outcome(1, release.OutcomeFine, month)}, risk.Counts{Mature: 1}},
		{"failed at once", []release.Outcome{outcome(1, release.OutcomeFailed, 0)}, risk.Counts{Mature: 1, Failed: 1}},
		{"not known for years", []release.Outcome{outcome(1, release.OutcomeUnknown, 1e6*time.Hour)}, risk.Counts{Censored: 1}},
		{"fine, then failed", []release.Outcome{outcome(1, release.OutcomeFine, month), outcome(1, release.OutcomeFailed, 2*month)}, risk.Counts{Mature: 1, Failed: 1}},
		{"failed, then found to be fine", []release.Outcome{outcome(1, release.OutcomeFailed, time.Hour), outcome(1, release.OutcomeFine, 2*time.Hour)}, risk.Counts{Censored: 1}},
		{"failed and fine at once", []release.Outcome{outcome(1, release.OutcomeFailed, month), outcome(1, release.OutcomeFine, month)}, risk.Counts{Mature: 1, Failed: 1}},
		{"failed, then not known", []release.Outcome{outcome(1, release.OutcomeFailed, time.Hour), outcome(1, release.OutcomeUnknown, 9*time.Hour)}, risk.Counts{Mature: 1, Failed: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			forth, back := risk.Learner{Horizon: month}, risk.Learner{Horizon: month}
			for i := range c.outcomes {
				require.NoError(t, forth.Observe(risk.Observed{Outcome: c.outcomes[i], Features: f}))
				require.NoError(t, forth.Observe(risk.Observed{Outcome: c.outcomes[0], Features: f}))
				require.NoError(t, back.Observe(risk.Observed{Outcome: c.outcomes[len(c.outcomes)-1-i], Features: f}))
			}
			require.Equal(t, c.want, forth.Counts())
			require.Equal(t, c.want, back.Counts())
		})
	}
}

func TestObserveRefuses(t *testing.T) {
	t.Parallel()
	good := outcome(1, release.OutcomeFine, time.Hour)
	for name, change := range map[string]func(*release.Outcome, *risk.Features){
		"no release":          func(o *release.Outcome, _ *risk.Features) { o.Release = release.Digest{} },
		"no deployment":       func(o *release.Outcome, _ *risk.Features) { o.Deployed = time.Time{} },
		"no time":             func(o *release.Outcome, _ *risk.Features) { o.At = time.Time{} },
		"known before":        func(o *release.Outcome, _ *risk.Features) { o.At = o.Deployed.Add(-1) },
		"outside the scale":   func(o *release.Outcome, _ *risk.Features) { o.Kind = 9 },
		"count below zero":    func(_ *release.Outcome, f *risk.Features) { f.Files = -1 },
		"count beyond a JSON": func(_ *release.Outcome, f *risk.Features) { f.LinesAdded = math.MaxInt64 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := risk.Learner{Horizon: month}
			o, f := good, risk.Features{}
			change(&o, &f)
			require.Error(t, l.Observe(risk.Observed{Outcome: o, Features: f}))
			require.Equal(t, risk.Counts{}, l.Counts())
		})
	}
}

// teach gives the learner n mature outcomes, every k-th of which failed.
func teach(t require.TestingT, l *risk.Learner, n, k int) {
	l.Horizon = month
	for i := range n {
		kind := release.OutcomeFine
		if i%k == 0 {
			kind = release.OutcomeFailed
		}
		require.NoError(t, l.Observe(risk.Observed{Outcome: outcome(i, kind, month), Features: risk.Features{LinesAdded: int64(i * i % 301)}, Tier: release.TierModerate}))
	}
}

// Percentages are shown from 25 mature outcomes with 5 failures on, and not before.
func TestWhenPercentagesAreShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, k  int
		shown bool
		want  string
	}{
		{0, 1, false, "0 of 25 mature outcomes, no percentage yet"},
		{1, 1, false, "1 of 25 mature outcomes, no percentage yet"},
		{24, 2, false, "24 of 25 mature outcomes, no percentage yet"},
		{25, 7, false, "25 mature outcomes with 4 of 5 failures, no percentage yet"},
		{25, 5, true, "25 mature outcomes with 5 failures"},
	} {
		l := risk.Learner{Horizon: month}
		teach(t, &l, c.n, c.k)
		require.Equal(t, c.want, l.Counts().String())
		m := l.Model()
		require.NoError(t, m.Validate())
		a, err := assessBy(nil, m, risk.Input{Changes: changes(file("a.go", 10, 0))})
		require.NoError(t, err)
		require.Equal(t, c.shown, a.Likelihood.Shown)
		require.Contains(t, a.Likelihood.String(), c.want)
		if c.shown {
			require.True(t, 0 < a.Likelihood.Lo && a.Likelihood.Lo < a.Likelihood.P && a.Likelihood.P < a.Likelihood.Hi && a.Likelihood.Hi < 1)
			require.Contains(t, a.Likelihood.String(), "%")
		} else {
			require.NotContains(t, a.Likelihood.String(), "%")
			require.Nil(t, m.Calibration)
		}
	}
}

// The fit is the best there is: no point of a fine grid, and no point of an ever
// finer search around it, has a higher posterior. The posterior is written here as in the
// documentation, not as in the code.
func TestCalibrationIsTheMostProbable(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		var samples []risk.Sample
		type point struct {
			s float64
			y float64
		}
		var data []point
		prior := risk.Prior()
		for range 40 + 60*int(seed) {
			lines := int64(math.Exp(8 * r.Float64()))
			s := prior.Bias + prior.Weights[0].Weight*math.Log(1+float64(lines))
			y, kind := 0.0, release.OutcomeFine
			// From a ranking that is right to one that is turned round.
			if r.Float64() < 1/(1+math.Exp(-(s*(2-float64(seed))+0.5))) {
				y, kind = 1, release.OutcomeFailed
			}
			data = append(data, point{s, y})
			samples = append(samples, risk.Sample{Features: risk.Features{LinesAdded: lines}, Failed: kind == release.OutcomeFailed, Weight: 1, At: now})
		}
		negLogPosterior := func(shift, slope float64) float64 {
			sum := 0.25/2*shift*shift + 80.0/2*(slope-1)*(slope-1)
			for _, d := range data {
				p := 1 / (1 + math.Exp(-(shift + slope*d.s)))
				sum -= d.y*math.Log(p) + (1-d.y)*math.Log(1-p)
			}
			return sum
		}
		m, ok := prior.Recalibrate(samples)
		require.True(t, ok, "seed %d", seed)
		c := m.Calibration
		// Brute force: a grid that shrinks around its best point; slopes from 0 up.
		bestShift, bestSlope, best := 0.0, 1.0, math.Inf(1)
		for width := 8.0; width > 1e-7; width /= 3 {
			midShift, midSlope := bestShift, bestSlope
			for i := -8; i <= 8; i++ {
				for j := -8; j <= 8; j++ {
					shift, slope := midShift+width*float64(i)/8, max(0, midSlope+width*float64(j)/8)
					if v := negLogPosterior(shift, slope); v < best {
						bestShift, bestSlope, best = shift, slope, v
					}
				}
			}
		}
		require.InDelta(t, bestShift, c.Shift, 1e-5, "seed %d", seed)
		require.InDelta(t, bestSlope, c.Slope, 1e-5, "seed %d", seed)

		// The covariance is the inverse of the curvature, here by finite differences.
		const h = 1e-4
		f := negLogPosterior
		h00 := (f(c.Shift+h, c.Slope) - 2*f(c.Shift, c.Slope) + f(c.Shift-h, c.Slope)) / (h * h)
		h11 := (f(c.Shift, c.Slope+h) - 2*f(c.Shift, c.Slope) + f(c.Shift, c.Slope-h)) / (h * h)
		h01 := (f(c.Shift+h, c.Slope+h) - f(c.Shift+h, c.Slope-h) - f(c.Shift-h, c.Slope+h) + f(c.Shift-h, c.Slope-h)) / (4 * h * h)
		det := h00*h11 - h01*h01
		require.InEpsilon(t, h11/det, c.Covariance[0], 1e-3)
		require.InDelta(t, -h01/det, c.Covariance[1], 1e-3*(c.Covariance[0]+c.Covariance[2]))
		require.InEpsilon(t, h00/det, c.Covariance[2], 1e-3)

		// And the interval is that of shift + slope*s under it.
		e := m.Estimate(risk.Features{LinesAdded: 500})
		s := prior.Bias + prior.Weights[0].Weight*math.Log(501)
		eta := c.Shift + c.Slope*s
		sd := math.Sqrt(h11/det - 2*s*h01/det + s*s*h00/det)
		require.True(t, e.Shown)
		for want, got := range map[float64]float64{eta: e.P, eta - 1.96*sd: e.Lo, eta + 1.96*sd: e.Hi} {
			require.InDelta(t, 1/(1+math.Exp(-want)), got, 1e-3)
		}
	}
}

// A base that no number can be trusted of stays uncalibrated, and Assess takes the worst.
func TestUnsoundBase(t *testing.T) {
	t.Parallel()
	for _, w := range []float64{math.NaN(), math.Inf(1), -1e6} {
		l := risk.Learner{Base: &risk.Model{ID: "x", Weights: []risk.Weight{{Term: "files", Weight: w}}}}
		teach(t, &l, 60, 3)
		m := l.Model()
		require.Nil(t, m.Calibration)
		a, err := assessBy(nil, m, risk.Input{Changes: changes()})
		require.NoError(t, err)
		require.Equal(t, risk.LevelUnknown, a.Likelihood.Level)
		require.Equal(t, release.TierHigh, a.Tier)
	}
	huge := risk.Learner{Base: &risk.Model{ID: "x", Bias: -3, Weights: []risk.Weight{{Term: "lines-added", Weight: 1e300}}}}
	teach(t, &huge, 60, 3)
	require.NoError(t, huge.Model().Validate())
}

// Any order of telling, any repetition, and a trip through JSON: the same state.
func TestOrderOfTelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) risk.Observed {
			return risk.Observed{Outcome: outcome(rapid.IntRange(0, 4).Draw(t, "release"), release.OutcomeKind(rapid.IntRange(0, 2).Draw(t, "kind")),
				time.Duration(rapid.IntRange(0, 3).Draw(t, "watched"))*month/2), Features: risk.Features{LinesAdded: int64(rapid.IntRange(0, 2).Draw(t, "lines"))},
				Tier: release.Tier(rapid.IntRange(0, 4).Draw(t, "tier")), Lane: release.Lane(rapid.IntRange(0, 2).Draw(t, "lane"))}
		}), 0, 12).Draw(t, "told")
		a, b := risk.Learner{Horizon: month}, risk.Learner{Horizon: month}
		for _, x := range all {
			require.NoError(t, a.Observe(x))
		}
		for _, i := range rapid.Permutation(indexes(len(all))).Draw(t, "order") {
			require.NoError(t, b.Observe(all[i]))
			require.NoError(t, b.Observe(all[0]))
		}
		x, err := json.Marshal(&a)
		require.NoError(t, err)
		y, err := json.Marshal(&b)
		require.NoError(t, err)
		require.Equal(t, string(x), string(y))

		var back risk.Learner
		require.NoError(t, json.Unmarshal(x, &back))
		require.Equal(t, a.Counts(), back.Counts())
		z, err := json.Marshal(&back)
		require.NoError(t, err)
		require.Equal(t, string(x), string(z))
	})
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestLearnerStateRefuses(t *testing.T) {
	t.Parallel()
	l := risk.Learner{Horizon: month}
	teach(t, &l, 2, 2)
	good, err := json.Marshal(&l)
	require.NoError(t, err)
	first := strings.SplitAfter(string(good), `"observations":[`)
	one, _, _ := strings.Cut(first[1], `},{"outcome"`)
	for name, state := range map[string]string{
		"empty":                         ``,
		"null schema":                   `{}`,
		"another schema":                strings.Replace(string(good), "learner/v2", "learner/v3", 1),
		"unknown member":                strings.Replace(string(good), `"schema"`, `"extra":1,"schema"`, 1),
		"first version without horizon": `{"schema":"sallyport/risk/learner/v1","horizon":0,"observations":[]}`,
		"first version with a tier":     strings.Replace(string(good), "learner/v2", "learner/v1", 1),
		"no observations":               `{"schema":"sallyport/risk/learner/v2","horizon":1}`,
		"no tier of that name":          strings.Replace(string(good), `"tier":"moderate"`, `"tier":"tiny"`, 1),
		"a name twice":                  strings.Replace(string(good), `"horizon"`, `"horizon":7,"horizon"`, 1),
		"a name in another case":        strings.Replace(string(good), `"horizon"`, `"Horizon"`, 1),
		"null":                          strings.Replace(string(good), `"lane":"normal"`, `"lane":null`, 1),
		"something follows":             string(good) + "{}",
		"unknown outcome":               strings.Replace(string(good), `"failed"`, `"great"`, 1),
		"a release twice":               first[0] + one + "}," + first[1],
		"negative feature":              strings.Replace(string(good), `"files":0`, `"files":-4`, 1),
		"truncated":                     string(good[:len(good)-2]),
		"horizon below zero":            strings.Replace(string(good), `"horizon":2592000000000000`, `"horizon":-1`, 1),
		"unknown member of an outcome":  strings.Replace(string(good), `"features":{`, `"extra":1,"features":{`, 1),
		"no list":                       `{"schema":"sallyport/risk/learner/v2","horizon":1,"observations":{}}`,
		"null list":                     `{"schema":"sallyport/risk/learner/v2","horizon":1,"observations":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, string(good), state)
			kept := risk.Learner{}
			teach(t, &kept, 3, 1)
			require.Error(t, json.Unmarshal([]byte(state), &kept))
			require.Equal(t, risk.Counts{Mature: 3, Failed: 3}, kept.Counts())
		})
	}
}

// FuzzLearnerState: what is read writes back to a state that reads as the same.
func FuzzLearnerState(f *testing.F) {
	l := risk.Learner{Horizon: month}
	teach(f, &l, 3, 2)
	good, err := json.Marshal(&l)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"schema":"sallyport/risk/learner/v2","horizon":1,"observations":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := risk.Learner{Horizon: month}
		if err := json.Unmarshal(b, &l); err != nil {
			require.Equal(t, risk.Counts{}, l.Counts())
			return
		}
		out, err := json.Marshal(&l)
		require.NoError(t, err)
		var again risk.Learner
		require.NoError(t, json.Unmarshal(out, &again))
		twice, err := json.Marshal(&again)
		require.NoError(t, err)
		require.Equal(t, string(out), string(twice))
		require.NoError(t, again.Model().Validate())
	})
}

// The oldest are forgotten, and being told of them again changes nothing.
func TestForgets(t *testing.T) {
	t.Parallel()
	l := risk.Learner{Horizon: month}
	for i := range 4_010 {
		require.NoError(t, l.Observe(risk.Observed{Outcome: outcome(i, release.OutcomeFailed, 0), Features: risk.Features{}}))
	}
	require.Equal(t, risk.Counts{Mature: 1_000, Failed: 1_000}, l.Counts())
	before, err := json.Marshal(&l)
	require.NoError(t, err)
	require.Equal(t, 4_000, strings.Count(string(before), `"outcome":`))
	require.NotContains(t, string(before), release.DigestOf([]byte("9")).String(), "the tenth is the last that is forgotten")
	require.Contains(t, string(before), release.DigestOf([]byte("10")).String())
	require.NoError(t, l.Observe(risk.Observed{Outcome: outcome(3, release.OutcomeFailed, 0), Features: risk.Features{}}))
	after, err := json.Marshal(&l)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

// A state may be as large as it may be, and no larger.
func TestLearnerStateLimits(t *testing.T) {
	t.Parallel()
	l := risk.Learner{Horizon: month}
	teach(t, &l, 4_000, 3)
	full, err := json.Marshal(&l)
	require.NoError(t, err)
	var back risk.Learner
	require.NoError(t, back.UnmarshalJSON(full))
	require.Equal(t, l.Counts(), back.Counts())
	fat, cause := risk.Learner{}, strings.Repeat("<", 1_000) // as long as it may be, of what JSON writes as six
	for i := range 4_000 {
		o := outcome(i, release.OutcomeFailed, month)
		o.Cause = cause
		require.NoError(t, fat.Observe(risk.Observed{Outcome: o, Tier: release.TierModerate, Lane: release.LaneBreakGlass,
			Features: risk.Features{LinesAdded: 1<<53 - 1, LinesDeleted: 1<<53 - 1, EarlierAdded: 1<<53 - 1, Files: 1<<53 - 1, Directories: 1<<53 - 1}}))
	}
	fattest, err := json.Marshal(&fat)
	require.NoError(t, err)
	require.NoError(t, back.UnmarshalJSON(fattest), "%d bytes", len(fattest))
	one := func(s string) string { return s[:strings.Index(s, `},{"outcome"`)+1] }
	_, list, _ := strings.Cut(string(full), `"observations":[`)
	more := strings.Replace(string(full), `"observations":[`, `"observations":[`+one(list)+",", 1)
	require.ErrorContains(t, new(risk.Learner).UnmarshalJSON([]byte(more)), "4000")

	const small = `{"schema":"sallyport/risk/learner/v2","horizon":7,"observations":[]}`
	require.NoError(t, back.UnmarshalJSON([]byte(small+strings.Repeat(" ", 32<<20-len(small)))))
	require.Equal(t, time.Duration(7), back.Horizon)
	require.Zero(t, back.Counts())
	require.ErrorContains(t, back.UnmarshalJSON([]byte(small+strings.Repeat(" ", 32<<20-len(small)+1))), "33554433")
	require.ErrorContains(t, back.UnmarshalJSON([]byte(small+"{}")), "follows")
	require.Equal(t, time.Duration(7), back.Horizon)
}

// Beyond 1,000 mature outcomes it is the newest that are learned from, whatever their digests.
func TestNewestAreFitted(t *testing.T) {
	t.Parallel()
	l := risk.Learner{Horizon: month}
	for i := range 1_100 {
		kind := release.OutcomeFine
		if i < 103 {
			kind = release.OutcomeFailed
		}
		require.NoError(t, l.Observe(risk.Observed{Outcome: outcome(i, kind, month), Features: risk.Features{}}))
	}
	require.Equal(t, risk.Counts{Mature: 1_000, Failed: 3}, l.Counts())
}

// The zone that a time was written in is no part of what is known.
func TestZonesDoNotMatter(t *testing.T) {
	t.Parallel()
	here, there := risk.Learner{Horizon: month}, risk.Learner{Horizon: month}
	o := outcome(1, release.OutcomeFailed, time.Hour)
	require.NoError(t, here.Observe(risk.Observed{Outcome: o, Features: risk.Features{}}))
	east := time.FixedZone("", 9*3600)
	o.Deployed, o.At = o.Deployed.In(east), o.At.In(east)
	require.NoError(t, there.Observe(risk.Observed{Outcome: o, Features: risk.Features{}}))
	a, err := json.Marshal(&here)
	require.NoError(t, err)
	b, err := json.Marshal(&there)
	require.NoError(t, err)
	require.Equal(t, string(a), string(b))
}

// The caller owns the model, and the base stays the caller's too.
func TestModelSharesNothingWithTheBase(t *testing.T) {
	t.Parallel()
	l := risk.Learner{Base: risk.Prior()}
	l.Model().Weights[0].Weight = 9
	require.Equal(t, risk.Prior(), l.Base)
}
