package risk_test

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/risk"
)

// curved is a model of one weight.
func curved(w risk.Weight) *risk.Model {
	return &risk.Model{ID: "m", Bias: -2, Weights: []risk.Weight{w}}
}

func points(xy ...float64) []risk.Point {
	var out []risk.Point
	for i := 0; i < len(xy); i += 2 {
		out = append(out, risk.Point{At: xy[i], LogOdds: xy[i+1]})
	}
	return out
}

// logs is a count whose logarithm with 1 is x, nearly.
func logs(x float64) int64 { return int64(math.Round(math.Expm1(x))) }

func TestWhatACurveAdds(t *testing.T) {
	t.Parallel()
	steep := risk.Weight{Term: "lines-added", Weight: 2, Curve: points(1, 0.5, 3, 1.5, 4, 1.5)}
	pause := risk.Weight{Term: "pause", Curve: points(0, 0, 6, 1.2)}
	seen := risk.Weight{Term: "experience", Curve: points(0, 0, 4, -1)}
	for name, c := range map[string]struct {
		weight risk.Weight
		f      risk.Features
		want   float64
	}{
		"before the first point":               {steep, risk.Features{}, 0.5},
		"between":                              {steep, risk.Features{LinesAdded: logs(2)}, 0.5 + (math.Log1p(float64(logs(2)))-1)/2},
		"flat":                                 {steep, risk.Features{LinesAdded: logs(3.5)}, 1.5},
		"beyond":                               {steep, risk.Features{LinesAdded: logs(10)}, 1.5 + 2*(math.Log1p(float64(logs(10)))-4)},
		"not known is the most":                {pause, risk.Features{}, 1.2},
		"known to be none":                     {pause, risk.Features{Pause: risk.Known(0)}, 0},
		"beyond the most":                      {pause, risk.Features{Pause: risk.Known(1 << 40)}, 1.2},
		"no experience known is the worst":     {seen, risk.Features{}, 0},
		"experience":                           {seen, risk.Features{Experience: risk.Known(1 << 20)}, -1},
		"experience that cannot be":            {seen, risk.Features{Experience: risk.Known(-5)}, 0},
		"more experience than there is":        {seen, risk.Features{Experience: risk.Known(1 << 60)}, 0},
		"a pause that cannot be":               {pause, risk.Features{Pause: risk.Known(-5)}, 1.2},
		"a straight line":                      {risk.Weight{Term: "files", Weight: 0.5}, risk.Features{Files: 9}, math.Log(10) / 2},
		"a negative count counts as very many": {risk.Weight{Term: "files", Weight: 0.5}, risk.Features{Files: -9}, 53 * math.Ln2 / 2},
	} {
		m := curved(c.weight)
		require.NoError(t, m.Validate(), name)
		e := m.Estimate(c.f)
		require.Len(t, e.Contributions, 2, name)
		require.InDelta(t, c.want, e.Contributions[1].LogOdds, 1e-9, name)
		require.InDelta(t, c.want-2, e.LogOdds, 1e-9, name)
		unknown := strings.Contains(name, "known is") || strings.Contains(name, "cannot be") || strings.Contains(name, "than there is")
		require.Equal(t, unknown, e.Contributions[1].Unknown, name)
	}
	// What is not known costs nothing where the model does not look at it.
	require.Equal(t, risk.Prior().Estimate(risk.Features{LinesAdded: 7}), risk.Prior().Estimate(risk.Features{LinesAdded: 7, Pause: risk.Known(3)}))
}

func TestModelsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	long := make([]float64, 0, 130)
	for i := range 65 {
		long = append(long, float64(i), float64(i))
	}
	for name, w := range map[string]risk.Weight{
		"a made-up term":            {Term: "made-up"},
		"a weight below zero":       {Term: "files", Weight: -1e-300},
		"NaN":                       {Term: "files", Weight: math.NaN()},
		"infinite":                  {Term: "files", Weight: math.Inf(1)},
		"a line that never ends":    {Term: "pause", Weight: 1},
		"a curve that never ends":   {Term: "pause", Weight: 1, Curve: points(0, 0, 1, 1)},
		"experience as danger":      {Term: "experience", Curve: points(0, 0, 1, 1)},
		"experience without end":    {Term: "experience", Weight: 1},
		"one point":                 {Term: "files", Curve: points(0, 0)},
		"65 points":                 {Term: "files", Curve: points(long...)},
		"falls":                     {Term: "files", Curve: points(0, 1, 1, 0.999)},
		"falls later":               {Term: "files", Curve: points(0, 0, 1, 2, 2, 1)},
		"goes back":                 {Term: "files", Curve: points(1, 0, 0, 1)},
		"stands still":              {Term: "files", Curve: points(1, 0, 1, 1)},
		"begins before zero":        {Term: "files", Curve: points(-1, 0, 1, 1)},
		"NaN at":                    {Term: "files", Curve: points(0, 0, math.NaN(), 1)},
		"NaN log-odds":              {Term: "files", Curve: points(0, 0, 1, math.NaN())},
		"infinite log-odds":         {Term: "files", Curve: points(0, 0, 1, math.Inf(1))},
		"infinite at":               {Term: "files", Curve: points(0, 0, math.Inf(1), 1)},
		"begins minus infinite":     {Term: "files", Curve: points(0, math.Inf(-1), 1, 0)},
		"a tail that falls":         {Term: "files", Weight: -1, Curve: points(0, 0, 1, 1)},
		"a curve of the experience": {Term: "experience", Curve: points(0, 0, 1, -1, 2, -0.5)},
	} {
		m := curved(w)
		require.Error(t, m.Validate(), name)
		e := m.Estimate(risk.Features{Files: 3})
		require.Equal(t, 1.0, e.P, name)
		require.False(t, e.Shown, name)
		_, err := m.MarshalJSON()
		require.Error(t, err, name)
	}
	twice := curved(risk.Weight{Term: "files", Curve: points(0, 0, 1, 1)})
	twice.Weights = append(twice.Weights, risk.Weight{Term: "files"})
	require.ErrorContains(t, twice.Validate(), "twice")
	require.Error(t, (&risk.Model{ID: "\xff"}).Validate())
	require.Error(t, (&risk.Model{Extractor: string(make([]byte, 101))}).Validate())
}

// A model says nothing of what another extractor measured, unless it rests on nothing but lines added.
func TestExtractorsAreNotMixed(t *testing.T) {
	t.Parallel()
	mine := risk.Features{LinesAdded: 50, Extractor: "mine/1"}
	require.Equal(t, risk.Prior().Estimate(risk.Features{LinesAdded: 50}).P, risk.Prior().Estimate(mine).P)
	for _, m := range []*risk.Model{
		{ID: "m", Weights: []risk.Weight{{Term: "files", Weight: 1}}},
		{ID: "m", Weights: []risk.Weight{{Term: "lines-added", Weight: 1}, {Term: "files"}}},
		{ID: "m", Weights: []risk.Weight{{Term: "lines-added", Curve: points(0, 0, 1, 1)}}},
		{ID: "m"},
	} {
		require.NoError(t, m.Validate())
		require.Equal(t, 1.0, m.Estimate(mine).P)
		require.Empty(t, m.Estimate(mine).Contributions)
		require.Less(t, m.Estimate(risk.Features{LinesAdded: 50}).P, 1.0)
		require.Equal(t, m.Estimate(risk.Features{LinesAdded: 50}), m.Estimate(risk.Features{LinesAdded: 50, Extractor: risk.Extractor}))
		m.Extractor = "mine/1"
		require.Less(t, m.Estimate(mine).P, 1.0)
		require.Equal(t, 1.0, m.Estimate(risk.Features{LinesAdded: 50}).P)
		m.Extractor = "mine/2"
		require.Equal(t, 1.0, m.Estimate(mine).P)
	}
}

var (
	// learned are valid models with curves.
	learned = rapid.Custom(func(t *rapid.T) *risk.Model {
		size := rapid.OneOf(rapid.Float64Range(0, 2), rapid.SampledFrom([]float64{0, 0, 1e-9, 1e6}))
		m := &risk.Model{ID: "m", Bias: rapid.Float64Range(-9, 9).Draw(t, "bias")}
		for _, name := range risk.TermNames() {
			if rapid.Bool().Draw(t, "without") {
				continue
			}
			w := risk.Weight{Term: name}
			at, v := 0.0, size.Draw(t, "start")
			for range rapid.IntRange(2, 6).Draw(t, "points") {
				w.Curve = append(w.Curve, risk.Point{At: at, LogOdds: v})
				step := size.Draw(t, "rise")
				if name == "experience" {
					step = -step
				}
				at, v = at+rapid.Float64Range(0.01, 6).Draw(t, "run"), v+step
			}
			if unsure := name == "experience" || slices.Contains(unsureTerms, name); !unsure {
				w.Weight = size.Draw(t, "tail")
				if rapid.Bool().Draw(t, "straight") {
					w.Curve = nil
				}
			}
			m.Weights = append(m.Weights, w)
		}
		if rapid.Bool().Draw(t, "calibrated") {
			m.Outcomes = risk.Counts{Mature: 30, Failed: 9}
			m.Calibration = &risk.Calibration{Shift: rapid.Float64Range(-3, 3).Draw(t, "shift"), Slope: size.Draw(t, "slope"), Covariance: [3]float64{0.2, 0.01, 0.1}}
		}
		return m
	})
	unsureTerms = []string{"pause", "relative-churn", "recency", "dormancy", "prior-changes", "prior-developers", "changes-per-developer", "fix-recency", "fix-changes-per-developer"}
	readings    = rapid.Custom(func(t *rapid.T) risk.Reading {
		if rapid.IntRange(0, 3).Draw(t, "unknown") == 0 {
			return risk.Reading{}
		}
		return risk.Known(counts.Draw(t, "count"))
	})
	counts   = rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, 1<<20), rapid.Int64Range(0, 1<<53-1))
	features = rapid.Custom(func(t *rapid.T) risk.Features {
		n, r := func() int64 { return counts.Draw(t, "n") }, func() risk.Reading { return readings.Draw(t, "r") }
		return risk.Features{LinesAdded: n(), LinesDeleted: n(), EarlierAdded: n(), Files: n(), Directories: n(), Commits: n(), Dependencies: n(),
			Resources: n(), Settings: n(), Subsystems: n(), Spread: n(), Fixes: n(), Pause: r(), RelativeChurn: r(), Recency: r(), Dormancy: r(),
			PriorChanges: r(), PriorDevelopers: r(), ChangesPerDeveloper: r(), FixRecency: r(), FixChangesPerDeveloper: r(), Experience: r()}
	})
)

// The contributions add up to the log-odds, also where curves are followed by exact arithmetic.
func TestContributionsOfCurvesAgainstExactArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, f := learned.Draw(t, "model"), features.Draw(t, "features")
		require.NoError(t, m.Validate())
		e := m.Estimate(f)
		require.Len(t, e.Contributions, 1+len(m.Weights))
		exact := func(x float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(x) }
		sum, size := exact(0), 1.0
		for _, c := range e.Contributions {
			sum.Add(sum, exact(c.LogOdds))
			size += math.Abs(c.LogOdds)
		}
		d, _ := sum.Sub(sum, exact(e.LogOdds)).Float64()
		require.LessOrEqual(t, math.Abs(d), 1e-12*max(1, size))

		slope, shift := 1.0, 0.0
		if m.Calibration != nil {
			slope, shift = m.Calibration.Slope, m.Calibration.Shift
		}
		require.InDelta(t, shift+slope*m.Bias, e.Contributions[0].LogOdds, 1e-12*size)
		for _, c := range e.Contributions[1:] {
			w := m.Weights[slices.IndexFunc(m.Weights, func(w risk.Weight) bool { return w.Term == c.Term })]
			want := slope * walk(w, c)
			require.InDelta(t, want, c.LogOdds, 1e-9*max(1, math.Abs(want)), "%+v %+v", w, c)
		}
	})
}

// walk follows a curve point by point.
func walk(w risk.Weight, c risk.Contribution) float64 {
	if len(w.Curve) == 0 {
		return w.Weight * c.Value
	}
	v := w.Curve[0].LogOdds
	if c.Unknown {
		for _, p := range w.Curve {
			v = max(v, p.LogOdds)
		}
		return v
	}
	for i := 1; i < len(w.Curve); i++ {
		a, b := w.Curve[i-1], w.Curve[i]
		v += (b.LogOdds - a.LogOdds) * min(max((c.Value-a.At)/(b.At-a.At), 0), 1)
	}
	return v + w.Weight*max(c.Value-w.Curve[len(w.Curve)-1].At, 0)
}

// A count that grows, or that is not known any more, never lowers the log-odds, to the last bit; experience
// never raises it.
func TestGrowingCountsNeverLowerTheLogOdds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, f := learned.Draw(t, "model"), features.Draw(t, "features")
		g := f
		for _, n := range []*int64{&g.LinesAdded, &g.LinesDeleted, &g.EarlierAdded, &g.Files, &g.Directories, &g.Commits, &g.Dependencies, &g.Resources, &g.Settings, &g.Subsystems, &g.Spread, &g.Fixes} {
			*n = min(*n+rapid.SampledFrom([]int64{0, 0, 1, 100, 1 << 50}).Draw(t, "more"), 1<<53-1)
		}
		for _, r := range []*risk.Reading{&g.Pause, &g.RelativeChurn, &g.Recency, &g.Dormancy, &g.PriorChanges, &g.PriorDevelopers, &g.ChangesPerDeveloper, &g.FixRecency, &g.FixChangesPerDeveloper} {
			switch {
			case rapid.IntRange(0, 3).Draw(t, "lost") == 0:
				*r = risk.Reading{}
			case r.Known:
				r.Value = min(r.Value+rapid.SampledFrom([]int64{0, 1, 100, 1 << 50}).Draw(t, "more"), 1<<53-1)
			}
		}
		if g.Experience.Known {
			g.Experience = risk.Known(rapid.Int64Range(0, g.Experience.Value).Draw(t, "less"))
		}
		require.GreaterOrEqual(t, m.Estimate(g).LogOdds, m.Estimate(f).LogOdds)
	})
}
