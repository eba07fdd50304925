package backtest_test

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

const horizon = 30 * 24 * time.Hour

// drawHistory draws releases in order of time: some of them at one time, some with every
// kind of outcome, on few numbers of lines so that likelihoods tie.
func drawHistory(t *rapid.T, least int) []backtest.Case {
	n := rapid.IntRange(least, least+30).Draw(t, "n")
	paths := []string{"shop/cart.go", "auth/login.go", ".github/workflows/release.yml", "docs/guide.md", "db/migrations/1.sql"}
	at, out := start, make([]backtest.Case, 0, n)
	for i := range n {
		at = at.AddDate(0, 0, rapid.IntRange(0, 4).Draw(t, "days"))
		o := fineFor(i, at.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "wait"))*time.Hour), rapid.IntRange(0, 60).Draw(t, "watched"))
		o.Kind = rapid.SampledFrom([]release.OutcomeKind{release.OutcomeFine, release.OutcomeFailed, release.OutcomeFailed, release.OutcomeUnknown}).Draw(t, "kind")
		out = append(out, backtest.Case{At: at, Outcome: o,
			Shown: release.Tier(rapid.IntRange(0, 5).Draw(t, "shown")),
			Input: risk.Input{Impact: risk.Impact(rapid.IntRange(0, 5).Draw(t, "impact")),
				Changes: changes(rapid.SampledFrom(paths).Draw(t, "path"), rapid.SampledFrom([]int64{0, 3, 30, 300, 3000}).Draw(t, "lines"))}})
	}
	return out
}

// inOrder is a history of its cases.
func inOrder(cs []backtest.Case) iter.Seq2[backtest.Case, error] {
	return func(yield func(backtest.Case, error) bool) {
		for _, c := range cs {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// judged is a case with what is known of it in the end.
type judged struct {
	backtest.Case
	a            risk.Assessment
	mature, fail bool
}

// judge assesses each case by itself, by the definition of maturity.
func judge(t require.TestingT, cs []backtest.Case, p *risk.Policy, m *risk.Model) []judged {
	assessor, err := risk.New(p, m)
	require.NoError(t, err)
	end := time.Time{}
	for _, c := range cs {
		end = later(later(end, c.At), c.Outcome.At)
	}
	var out []judged
	for _, c := range cs {
		a, err := assessor.Assess(c.Input, c.At)
		require.NoError(t, err)
		o := c.Outcome
		old := !o.Deployed.Add(horizon).After(end)
		j := judged{Case: c, a: a}
		j.fail = old && o.Kind == release.OutcomeFailed
		j.mature = j.fail || old && o.Kind == release.OutcomeFine && !o.At.Before(o.Deployed.Add(horizon))
		out = append(out, j)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// requireLoad checks a load against the judged releases that are in it.
func requireLoad(t require.TestingT, js []judged, in func(*judged) bool, got backtest.Load, what ...any) {
	var n, mature, fail, all int
	for i := range js {
		j := &js[i]
		if j.fail {
			all++
		}
		if !in(j) {
			continue
		}
		n++
		if j.mature {
			mature++
		}
		if j.fail {
			fail++
		}
	}
	require.Equal(t, []int{n, mature, fail}, []int{got.Releases, got.Mature, got.Failed}, what...)
	requireShare(t, n, len(js), got.Share)
	requireShare(t, fail, mature, got.Rate)
	requireShare(t, fail, all, got.Caught)
}

func requireShare(t require.TestingT, k, n int, got backtest.Measure) {
	if n == 0 {
		require.NotEmpty(t, got.Why)
		require.Equal(t, backtest.Measure{Why: got.Why}, got)
		return
	}
	i := stats.ClopperPearson(k, n, 0.95)
	require.Equal(t, backtest.Measure{Value: float64(k) / float64(n), Known: true, Lo: i.Lo, Hi: i.Hi, Bounded: true, N: n}, got)
}

// slowAUC counts pairs.
func slowAUC(js []judged, score func(*judged) float64) (float64, bool) {
	won, pairs := 0.0, 0.0
	for i := range js {
		for k := range js {
			if a, b := &js[i], &js[k]; a.fail && b.mature && !b.fail {
				pairs++
				switch x, y := score(a), score(b); {
				case x > y:
					won++
				case x == y:
					won += 0.5
				}
			}
		}
	}
	return won / pairs, pairs > 0
}

func requireMeasure(t require.TestingT, want float64, ok bool, got backtest.Measure) {
	require.Equal(t, ok, got.Known)
	if ok {
		require.InDelta(t, want, got.Value, 1e-12)
		return
	}
	require.NotEmpty(t, got.Why)
	require.Zero(t, got.Value)
}

// lines300 finds more than 300 lines.
var lines300 = risk.Rule{ID: "big", Doc: "High for more than 300 lines.", Version: 3, Run: func(f *risk.Facts) []risk.Finding {
	if f.Features.LinesAdded < 300 {
		return nil
	}
	return []risk.Finding{{Floor: release.TierHigh, Text: "many"}, {Floor: release.TierLow, Text: "lines"}}
}}

// The report with a fixed model against one that follows the definitions.
func TestAgainstTheSlowVersion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cs := drawHistory(t, 0)
		gate := rapid.SampledFrom([]release.Tier{release.TierModerate, release.TierHigh, release.TierCritical}).Draw(t, "gate")
		var each []risk.Assessment
		r, err := backtest.Run(inOrder(cs), backtest.Options{Model: risk.Prior(), Draws: 40, Gate: gate, Hypothetical: []risk.Rule{lines300},
			Each: func(_ backtest.Case, a risk.Assessment) { each = append(each, a) }})
		require.NoError(t, err)
		js := judge(t, cs, risk.Default(), risk.Prior())
		require.Equal(t, len(cs), r.Releases)
		require.Empty(t, r.Refused)
		require.Equal(t, r.Releases, r.Outcomes.Mature+r.Outcomes.Censored())
		require.Len(t, each, len(js))
		for i := range js {
			require.Equal(t, js[i].a, each[i])
		}

		require.Len(t, r.Tiers, 4)
		for i, l := range r.Tiers {
			tier := release.TierLow + release.Tier(i)
			require.Equal(t, tier, l.Tier)
			requireLoad(t, js, func(j *judged) bool { return j.a.Tier == tier }, l.Exactly, tier)
			requireLoad(t, js, func(j *judged) bool { return j.a.Tier >= tier }, l.AtLeast, tier)
		}
		p := func(j *judged) float64 { return j.a.Likelihood.P }
		want, ok := slowAUC(js, p)
		requireMeasure(t, want, ok, r.AUC)
		want, ok = slowAUC(js, func(j *judged) float64 { return float64(j.a.Tier) })
		requireMeasure(t, want, ok, r.TierAUC)
		require.False(t, r.Calibration.ECE.Known, "the prior shows no percentages")

		for i, top := range []float64{0.05, 0.1, 0.5} {
			want, ok := slowCapture(js, p, top)
			require.Equal(t, top, r.Capture[i].Top)
			require.Equal(t, top, r.Capture[i].Constant)
			requireMeasure(t, want, ok, r.Capture[i].Caught)
			if ok {
				require.LessOrEqual(t, r.Capture[i].Caught.Value, r.Capture[i].Best+1e-12)
			}
		}

		require.Len(t, r.Rules, len(risk.Rules())+2)
		for i, e := range r.Rules {
			raises := func(j *judged) bool { return raisers(j, gate)[e.Rule] }
			only := func(j *judged) bool { return len(raisers(j, gate)) == 1 && raises(j) }
			found := func(j *judged) bool {
				return slices.ContainsFunc(j.a.Findings, func(h risk.Hit) bool { return h.Rule == e.Rule })
			}
			if e.Hypothetical {
				require.Equal(t, len(r.Rules)-1, i)
				require.Equal(t, []any{"big", 3}, []any{e.Rule, e.Version})
				found = func(j *judged) bool { return j.a.Features.LinesAdded >= 300 }
				raises = func(j *judged) bool { return found(j) && gate <= release.TierHigh }
				only = func(j *judged) bool { return raises(j) && j.a.Tier < gate }
			}
			n := 0
			for i := range js {
				if found(&js[i]) {
					n++
				}
			}
			require.Equal(t, n, e.Found, e.Rule)
			requireLoad(t, js, raises, e.Raised, e.Rule)
			requireLoad(t, js, only, e.Only, e.Rule)
		}

		for _, x := range r.Treatments {
			in := func(j *judged) bool { return j.Shown == x.Shown || x.Shown == 0 && j.Shown > release.TierCritical }
			requireLoad(t, js, in, x.All)
			requireLoad(t, js, func(j *judged) bool { return in(j) && x.Shown != 0 && j.a.Tier < x.Shown }, x.Lowered)
		}
	})
}

// raisers are the parts of the policy by which a release is at the gate.
func raisers(j *judged, gate release.Tier) map[string]bool {
	out := map[string]bool{}
	if j.a.Table >= gate {
		out["table"] = true
	}
	for _, h := range j.a.Findings {
		if h.Floor >= gate {
			out[h.Rule] = true
		}
	}
	return out
}

func slowCapture(js []judged, score func(*judged) float64, top float64) (float64, bool) {
	var p []float64
	var y []bool
	all := 0.0
	for i := range js {
		if js[i].mature {
			p, y = append(p, score(&js[i])), append(y, js[i].fail)
			if js[i].fail {
				all++
			}
		}
	}
	// Each release takes the place after those above it, and shares it with its equals.
	caught := 0.0
	for i := range p {
		if !y[i] {
			continue
		}
		above, equal := 0.0, 0.0
		for k := range p {
			switch {
			case p[k] > p[i]:
				above++
			case p[k] == p[i]:
				equal++
			}
		}
		caught += math.Min(math.Max(top*float64(len(p))-above, 0)/equal, 1)
	}
	return caught / all, all > 0
}

// some calls f with a few drawn histories, which is enough where a case costs much.
func some(t *testing.T, least int, f func(t *testing.T, cs []backtest.Case, r *rand.Rand)) {
	t.Helper()
	n := 6
	if testing.Short() {
		n = 2
	}
	for seed := range n {
		cs := rapid.Custom(func(t *rapid.T) []backtest.Case { return drawHistory(t, least) }).Example(seed)
		f(t, cs, rand.New(rand.NewPCG(uint64(seed), 1)))
	}
}

// The model of each moment against a learner that is told anew, before each release,
// what was known at its time.
func TestLearningKnowsOnlyThePast(t *testing.T) {
	t.Parallel()
	calibrated := 0
	some(t, 50, func(t *testing.T, cs []backtest.Case, r *rand.Rand) {
		h := time.Duration(1+r.IntN(20)) * 24 * time.Hour
		i := 0
		var before []backtest.Case
		var features []risk.Features
		report, err := backtest.Run(inOrder(cs), backtest.Options{Refit: 1, Draws: 40, Horizon: h, Each: func(c backtest.Case, a risk.Assessment) {
			l := risk.Learner{Horizon: h}
			for k, b := range before {
				o := b.Outcome
				switch {
				case o.Kind == release.OutcomeUnknown:
					continue
				case o.At.Before(c.At):
				case !o.Deployed.Before(c.At):
					continue
				default: // it was out, and nothing had been seen yet
					o.Kind, o.At = release.OutcomeFine, c.At.Add(-1)
				}
				require.NoError(t, l.Observe(observed(o, features[k], b.Shown)))
			}
			m := l.Model()
			want, err := m.Digest()
			require.NoError(t, err)
			require.Equal(t, want, a.Model, "release %d: another model than its past gives", i)
			if m.Calibration != nil {
				calibrated++
			}
			before, features = append(before, c), append(features, a.Features)
			i++
		}})
		require.NoError(t, err)
		require.True(t, report.Model.Learned)
		require.Equal(t, len(cs), i)
	})
	require.Positive(t, calibrated)
}

func observed(o release.Outcome, f risk.Features, shown release.Tier) risk.Observed {
	if shown > release.TierCritical {
		shown = release.TierUnknown
	}
	return risk.Observed{Outcome: o, Features: f, Tier: shown}
}

// What becomes known after a release changes nothing about how it was assessed.
func TestTheFutureChangesNothing(t *testing.T) {
	t.Parallel()
	some(t, 50, func(t *testing.T, cs []backtest.Case, r *rand.Rand) {
		at := cs[len(cs)/2+r.IntN(len(cs)/2)].At
		other := slices.Clone(cs)
		changed := 0
		for i := range other {
			if o := &other[i].Outcome; !o.At.Before(at) && o.Kind != release.OutcomeUnknown {
				o.Kind = release.OutcomeFine + release.OutcomeKind(r.IntN(2))
				o.At = o.At.AddDate(0, 0, r.IntN(9))
				changed++
			}
		}
		require.Positive(t, changed)
		run := func(cs []backtest.Case) (out []risk.Assessment) {
			_, err := backtest.Run(inOrder(cs), backtest.Options{Refit: 8, Draws: 40, Horizon: 5 * 24 * time.Hour, Each: func(c backtest.Case, a risk.Assessment) {
				if !c.At.After(at) {
					out = append(out, a)
				}
			}})
			require.NoError(t, err)
			return out
		}
		require.Equal(t, run(cs), run(other))
	})
}
