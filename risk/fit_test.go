package risk_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/risk"
)

// invented are n samples whose failures follow the lines added, the pause and the fixes, and nothing else.
func invented(seed uint64, n int) []risk.Sample {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]risk.Sample, n)
	for i := range out {
		f := risk.Features{LinesAdded: int64(math.Exp(r.Float64() * 7)), LinesDeleted: r.Int64N(100), Files: 1 + r.Int64N(8), Directories: 1, Subsystems: 1, Commits: 1 + r.Int64N(4),
			Fixes: r.Int64N(2), Spread: r.Int64N(300), Pause: risk.Known(int64(math.Exp(r.Float64() * 13))), PriorChanges: risk.Known(r.Int64N(50))}
		if r.IntN(10) == 0 {
			f.PriorChanges = risk.Reading{}
		}
		out[i] = risk.Sample{Features: f, Failed: r.Float64() < chance(f), Weight: 1, At: now.Add(time.Duration(i-n) * time.Hour)}
	}
	return out
}

// chance is the probability that invented gives a release to fail.
func chance(f risk.Features) float64 {
	x := -4 + 0.5*math.Log1p(float64(f.LinesAdded)) + 0.8*float64(f.Fixes)
	if f.Pause.Value > 3600 {
		x++
	}
	return risk.Sigmoid(x)
}

func fit(t require.TestingT, base *risk.Model, samples []risk.Sample, o risk.FitOptions) *risk.Model {
	m, err := risk.Fit(base, samples, o)
	require.NoError(t, err)
	require.NoError(t, m.Validate())
	return m
}

// posterior is the negative log posterior of a fitted model, written as in the documentation: logistic loss, and
// Gaussian priors of the slopes about the base's, of their steps, and of the bias.
func posterior(m, base *risk.Model, samples []risk.Sample, units map[string]float64, tau, smooth float64) float64 {
	sum := 0.1 / 2 * (m.Bias - base.Bias) * (m.Bias - base.Bias)
	for _, s := range samples {
		x := m.Estimate(s.Features).LogOdds
		if s.Failed {
			x = -x
		}
		sum += s.Weight * (math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))))
	}
	for _, w := range m.Weights {
		if len(w.Curve) == 0 {
			continue
		}
		slope := 0.0
		for _, b := range base.Weights {
			if b.Term == w.Term {
				slope = b.Weight
			}
		}
		unit := units[w.Term]
		whole := w.Curve[len(w.Curve)-1].At - w.Curve[0].At
		before := math.NaN()
		for i := 1; i < len(w.Curve); i++ {
			a, b := w.Curve[i-1], w.Curve[i]
			d := ((b.LogOdds-a.LogOdds)/(b.At-a.At) - slope) / unit
			sum += tau / 2 * (b.At - a.At) / whole * d * d
			if i > 1 {
				sum += smooth / 2 * (d - before) * (d - before)
			}
			before = d
		}
	}
	return sum
}

// unitsOf are what terms are multiplied by to have a standard deviation of 2.
func unitsOf(m *risk.Model, samples []risk.Sample) map[string]float64 {
	values := map[string][]float64{}
	for _, s := range samples {
		for _, c := range m.Estimate(s.Features).Contributions {
			if !c.Unknown {
				values[c.Term] = append(values[c.Term], c.Value)
			}
		}
	}
	out := map[string]float64{}
	for term, xs := range values {
		mean, square := 0.0, 0.0
		for _, x := range xs {
			mean += x / float64(len(xs))
		}
		for _, x := range xs {
			square += (x - mean) * (x - mean) / float64(len(xs))
		}
		out[term] = 2 / math.Sqrt(square)
	}
	return out
}

// No allowed change of the slopes or the bias, one at a time or all at once, has a higher posterior.
func TestFitIsTheMostProbable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n           int
		tau, smooth float64
	}{{30, 80, 2}, {200, 80, 2}, {200, 5, 0.5}, {400, 1, 50}} {
		samples := invented(uint64(c.n), c.n)
		for i := range samples { // equal weights: the scale of a term is simpler to write down
			samples[i].Weight = 0.8
		}
		m := fit(t, nil, samples, risk.FitOptions{Tau: c.tau, Smooth: c.smooth, Pieces: 4, HalfLife: -1})
		units := unitsOf(m, samples)
		at := posterior(m, risk.Prior(), samples, units, c.tau, c.smooth)
		better := func(m *risk.Model) float64 { return at - posterior(m, risk.Prior(), samples, units, c.tau, c.smooth) }
		r := rand.New(rand.NewPCG(1, 1))
		for range 200 {
			other := &risk.Model{ID: "m", Bias: m.Bias}
			size := math.Exp(-r.Float64() * 6)
			only := r.IntN(len(m.Weights) + 1)
			for i, w := range m.Weights {
				next := risk.Weight{Term: w.Term, Weight: w.Weight, Curve: slices.Clone(w.Curve)}
				v := 0.0
				for k := 1; k < len(w.Curve); k++ {
					rise := w.Curve[k].LogOdds - w.Curve[k-1].LogOdds
					if i == only || only == len(m.Weights) {
						rise = math.Max(0, rise+size*r.NormFloat64())
					}
					v += rise
					next.Curve[k].LogOdds = v
				}
				other.Weights = append(other.Weights, next)
			}
			if only == len(m.Weights) {
				other.Bias += size * r.NormFloat64()
			}
			require.NoError(t, other.Validate())
			require.LessOrEqual(t, better(other), 1e-4, "%d samples", c.n)
		}
	}
}

// What the samples say is found, with the signs that the terms must have, whatever the samples say.
func TestFitFindsWhatThereIs(t *testing.T) {
	t.Parallel()
	samples := invented(7, 4000)
	m := fit(t, nil, samples, risk.FitOptions{Pause: true})
	off := 0.0
	for _, s := range invented(8, 1000) {
		p := chance(s.Features)
		off += math.Abs(m.Estimate(s.Features).LogOdds-math.Log(p/(1-p))) / 1000
	}
	require.Less(t, off, 0.25)
	require.Equal(t, 4000, m.Outcomes.Mature)
	require.Nil(t, m.Calibration)

	// The world upside down: what grows is what helps. Nothing of it is believed.
	for i := range samples {
		samples[i].Failed = !samples[i].Failed
	}
	flat := fit(t, nil, samples, risk.FitOptions{})
	for _, w := range flat.Weights {
		if w.Term == "lines-added" || w.Term == "fixes" {
			last := w.Curve[len(w.Curve)-1].LogOdds
			require.GreaterOrEqual(t, last, 0.0)
			require.Less(t, last, map[string]float64{"lines-added": 0.5, "fixes": 0.05}[w.Term], w.Term) // 4.2 and 0 without samples
		}
	}
}

// Releases that are sent ahead lower nothing, however much less failed what came soon after another: a model
// looks at Pause only where that is asked for.
func TestReleasesSentAheadLowerNothing(t *testing.T) {
	t.Parallel()
	samples := invented(3, 1000)
	for i := range samples {
		samples[i].Failed = samples[i].Features.Pause.Value > 3600
	}
	m, asked := fit(t, nil, samples, risk.FitOptions{}), fit(t, nil, samples, risk.FitOptions{Pause: true})
	rapid.Check(t, func(t *rapid.T) {
		cs := changeSets.Draw(t, "changes")
		alone := risk.History{At: now, Recent: []risk.Past{}}
		ahead := alone
		for range rapid.IntRange(1, 3).Draw(t, "ahead") {
			ahead.Recent = append(ahead.Recent, risk.Past{At: now.Add(-time.Duration(rapid.IntRange(0, 99_999).Draw(t, "ago")) * time.Second), Features: risk.Features{LinesAdded: lines.Draw(t, "added")}})
		}
		require.GreaterOrEqual(t, m.Estimate(risk.FeaturesOf(&cs, ahead)).LogOdds, m.Estimate(risk.FeaturesOf(&cs, alone)).LogOdds)
	})
	cs := changes(file("a.go", 100, 0))
	decoy := risk.History{At: now, Recent: []risk.Past{{At: now, Features: risk.Features{LinesAdded: 10}}}}
	require.Less(t, asked.Estimate(risk.FeaturesOf(&cs, decoy)).LogOdds, asked.Estimate(risk.FeaturesOf(&cs, risk.History{At: now, Recent: []risk.Past{}})).LogOdds,
		"which is why it must be asked for")
}

// Few samples leave the base nearly as it was; none that weighs anything, or a term that is the same in all or
// hardly ever known, leaves it entirely.
func TestFitStaysNearItsBase(t *testing.T) {
	t.Parallel()
	three := invented(3, 3)
	m := fit(t, nil, three, risk.FitOptions{})
	f := risk.Features{LinesAdded: 500, Files: 3, Pause: risk.Known(60)}
	g := f
	g.LinesAdded = 5
	slope := func(m *risk.Model) float64 { return m.Estimate(f).LogOdds - m.Estimate(g).LogOdds }
	require.InDelta(t, slope(risk.Prior()), slope(m), 0.25)

	base := fit(t, nil, invented(4, 300), risk.FitOptions{})
	base.Weights = append(base.Weights, risk.Weight{Term: "recency", Curve: points(0, 0, 2, 0.7)}, risk.Weight{Term: "experience", Curve: points(0, 0, 2, -0.7)})
	slices.SortFunc(base.Weights, func(a, b risk.Weight) int {
		return slices.Index(risk.TermNames(), a.Term) - slices.Index(risk.TermNames(), b.Term)
	})
	again := invented(5, 300)
	for i := range again {
		again[i].Features.Settings = 4
		again[i].Features.Experience = risk.Known(int64(i))
	}
	m = fit(t, base, again, risk.FitOptions{})
	kept := 0
	for _, w := range m.Weights {
		if w.Term == "recency" || w.Term == "experience" {
			require.Contains(t, base.Weights, w)
			kept++
		}
		require.NotEqual(t, "settings", w.Term)
	}
	require.Equal(t, 2, kept)

	// Opted in, experience is learned, and only downwards.
	m = fit(t, base, again, risk.FitOptions{Experience: true})
	for _, w := range m.Weights {
		if w.Term == "experience" {
			require.NotContains(t, base.Weights, w)
		}
	}
}

// The same samples in another order give the same model, and times count where a half-life is set.
func TestFitDoesNotLookAtTheOrder(t *testing.T) {
	t.Parallel()
	samples := invented(9, 250)
	for i := range samples {
		samples[i].At = samples[i].At.Truncate(6 * time.Hour)
		samples[i].Weight = 1 - float64(i%5)/5
	}
	want, err := fit(t, nil, samples, risk.FitOptions{HalfLife: 50}).MarshalJSON()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(2, 2))
	for range 5 {
		got, err := fit(t, nil, shuffled(r, samples), risk.FitOptions{HalfLife: 50}).MarshalJSON()
		require.NoError(t, err)
		require.True(t, string(want) == string(got))
	}
	for i := range samples {
		samples[i].At = now.Add(-time.Duration(i) * time.Hour)
	}
	other, err := fit(t, nil, samples, risk.FitOptions{HalfLife: 50}).MarshalJSON()
	require.NoError(t, err)
	require.False(t, string(want) == string(other))
}

func TestWhatFitRefuses(t *testing.T) {
	t.Parallel()
	good := invented(1, 30)
	with := func(change func(*risk.Sample)) []risk.Sample {
		out := slices.Clone(good)
		change(&out[3])
		return out
	}
	nothing := slices.Clone(good)
	for i := range nothing {
		nothing[i].Weight = 0
	}
	foreign := curved(risk.Weight{Term: "files", Weight: 1})
	foreign.Extractor = "mine/1"
	for name, c := range map[string]struct {
		base    *risk.Model
		samples []risk.Sample
		o       risk.FitOptions
	}{
		"no samples":              {samples: nil},
		"none that weighs":        {samples: nothing},
		"a weight above 1":        {samples: with(func(s *risk.Sample) { s.Weight = 1.01 })},
		"a weight below 0":        {samples: with(func(s *risk.Sample) { s.Weight = -0.01 })},
		"a weight of NaN":         {samples: with(func(s *risk.Sample) { s.Weight = math.NaN() })},
		"a negative count":        {samples: with(func(s *risk.Sample) { s.Features.Files = -1 })},
		"a negative reading":      {samples: with(func(s *risk.Sample) { s.Features.Pause = risk.Known(-1) })},
		"two extractors":          {samples: with(func(s *risk.Sample) { s.Features.Extractor = "mine/1" })},
		"an extractor not base's": {base: foreign, samples: good},
		"an unsound base":         {base: curved(risk.Weight{Term: "files", Weight: -1}), samples: good},
		"tau":                     {samples: good, o: risk.FitOptions{Tau: -1}},
		"tau of NaN":              {samples: good, o: risk.FitOptions{Tau: math.NaN()}},
		"infinite smoothness":     {samples: good, o: risk.FitOptions{Smooth: math.Inf(1)}},
		"negative pieces":         {samples: good, o: risk.FitOptions{Pieces: -1}},
		"too many pieces":         {samples: good, o: risk.FitOptions{Pieces: 61}},
		"a half-life of NaN":      {samples: good, o: risk.FitOptions{HalfLife: math.NaN()}},
		"a tiny half-life":        {samples: good, o: risk.FitOptions{HalfLife: 0.5}},
	} {
		m, err := risk.Fit(c.base, c.samples, c.o)
		require.Error(t, err, name)
		require.Nil(t, m, name)
	}
}

// Whatever the samples are, what comes out is a valid model, and numbers at the ends of what may be do no harm.
func TestFitOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var samples []risk.Sample
		for range rapid.IntRange(1, 12).Draw(t, "n") {
			samples = append(samples, risk.Sample{Features: features.Draw(t, "features"), Failed: rapid.Bool().Draw(t, "failed"),
				Weight: rapid.SampledFrom([]float64{1, 1, 0.5, 1e-300}).Draw(t, "weight"), At: now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "at")))})
		}
		o := risk.FitOptions{Tau: rapid.SampledFrom([]float64{0, 1e-6, 1e9}).Draw(t, "tau"), Smooth: rapid.SampledFrom([]float64{0, 1e-6, 1e9}).Draw(t, "smooth"),
			Pieces: rapid.SampledFrom([]int{1, 3, 3, 0}).Draw(t, "pieces"), HalfLife: rapid.SampledFrom([]float64{0, -1, 1, 1e300, math.Inf(1)}).Draw(t, "half-life"), Experience: rapid.Bool().Draw(t, "experience")}
		var base *risk.Model
		if rapid.Bool().Draw(t, "base") {
			base = learned.Draw(t, "model")
		}
		m, err := risk.Fit(base, samples, o)
		require.NoError(t, err)
		b, err := json.Marshal(m)
		require.NoError(t, err)
		back, err := risk.ParseModel(b)
		require.NoError(t, err)
		require.Equal(t, m.Estimate(samples[0].Features), back.Estimate(samples[0].Features))
		if m.Outcomes.Enough() {
			t.Fatal("12 samples are not enough")
		}
		_, ok := m.Recalibrate(samples)
		require.False(t, ok)
	})
}

// Recalibration keeps the ranking and does what the two numbers say.
func TestRecalibrate(t *testing.T) {
	t.Parallel()
	samples := invented(11, 600)
	m := fit(t, nil, samples[:300], risk.FitOptions{})
	c, ok := m.Recalibrate(samples[300:])
	require.True(t, ok)
	require.NoError(t, c.Validate())
	require.Nil(t, m.Calibration, "the model is not changed")
	a, b := m.Estimate(samples[0].Features), c.Estimate(samples[0].Features)
	require.True(t, b.Shown && b.Lo < b.P && b.P < b.Hi)
	require.InDelta(t, c.Calibration.Shift+c.Calibration.Slope*a.LogOdds, b.LogOdds, 1e-12)
	require.Equal(t, 300, c.Outcomes.Mature)

	again, ok := c.Recalibrate(samples[300:])
	require.True(t, ok)
	require.Equal(t, c, again, "an earlier calibration does not count")

	// Half the weight is half the samples.
	half, twice := slices.Clone(samples[300:500]), samples[300:500]
	for i := range half {
		half[i].Weight = 0.5
	}
	x, ok := m.Recalibrate(slices.Concat(half, half))
	require.True(t, ok)
	y, ok := m.Recalibrate(twice)
	require.True(t, ok)
	require.InDelta(t, y.Calibration.Shift, x.Calibration.Shift, 1e-9)
	require.InDelta(t, y.Calibration.Slope, x.Calibration.Slope, 1e-9)

	for name, samples := range map[string][]risk.Sample{
		"none":        nil,
		"24":          samples[:24],
		"no failures": slices.DeleteFunc(slices.Clone(samples), func(s risk.Sample) bool { return s.Failed }),
		"not sure":    half[:49],
		"NaN":         append(slices.Clone(samples), risk.Sample{Weight: math.NaN()}),
		"mixed":       append(slices.Clone(samples), risk.Sample{Weight: 1, Features: risk.Features{Extractor: "mine/1"}}),
		"unsound":     append(slices.Clone(samples), risk.Sample{Weight: 1, Features: risk.Features{Files: -1}}),
	} {
		_, ok := m.Recalibrate(samples)
		require.False(t, ok, name)
	}
	_, ok = curved(risk.Weight{Term: "files", Weight: math.NaN()}).Recalibrate(samples)
	require.False(t, ok)
}

// The 95 % interval holds the share of failures among releases of nearly the same log-odds about that often, where
// the samples of the recalibration are not those of the fit.
func TestIntervalsHold(t *testing.T) {
	t.Parallel()
	type bin struct{ n, p, lo, hi float64 }
	population := invented(777, 1000)
	held, all := 0.0, 0.0
	for rep := range uint64(16) {
		samples := invented(100+rep, 400)
		m, ok := fit(t, nil, samples[:200], risk.FitOptions{}).Recalibrate(samples[200:])
		require.True(t, ok)
		bins := map[float64]*bin{}
		for _, s := range population {
			e := m.Estimate(s.Features)
			k := math.Floor(e.LogOdds / 0.25)
			if bins[k] == nil {
				bins[k] = &bin{}
			}
			b := bins[k]
			b.n, b.p, b.lo, b.hi = b.n+1, b.p+chance(s.Features), b.lo+e.Lo, b.hi+e.Hi
		}
		for _, b := range bins {
			all += b.n
			if b.lo <= b.p && b.p <= b.hi {
				held += b.n
			}
		}
	}
	require.InDelta(t, 0.95, held/all, 0.05)
}
