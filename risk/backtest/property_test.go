package backtest_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// fixed are options that make a case cheap.
func fixed(p *risk.Policy, rules ...risk.Rule) backtest.Options {
	return backtest.Options{Policy: p, Model: risk.Prior(), Draws: 40, Hypothetical: rules}
}

func run(t require.TestingT, cs []backtest.Case, o backtest.Options) backtest.Report {
	r, err := backtest.Run(inOrder(cs), o)
	require.NoError(t, err)
	return r
}

// with is the default policy with further rules.
func with(rules ...risk.Rule) *risk.Policy {
	p := risk.Default()
	p.Rules = append(p.Rules, rules...)
	return p
}

// drawRule draws a rule that finds some releases, at some tier.
func drawRule(t *rapid.T, id string) risk.Rule {
	least, floor := rapid.Int64Range(0, 400).Draw(t, "least"), release.Tier(rapid.IntRange(1, 4).Draw(t, "floor"))
	return risk.Rule{ID: id, Doc: "Drawn.", Version: 1, Run: func(f *risk.Facts) []risk.Finding {
		if f.Features.LinesAdded < least {
			return nil
		}
		return []risk.Finding{{Floor: floor, Text: "drawn"}}
	}}
}

func TestAllCriticalCatchesAll(t *testing.T) {
	t.Parallel()
	all := risk.Rule{ID: "all", Doc: "Critical, always.", Version: 1, Run: func(*risk.Facts) []risk.Finding {
		return []risk.Finding{{Floor: release.TierCritical, Text: "always"}}
	}}
	rapid.Check(t, func(t *rapid.T) {
		cs := drawHistory(t, 1)
		r := run(t, cs, fixed(with(all)))
		for _, l := range r.Tiers {
			require.Equal(t, 1.0, l.AtLeast.Share.Value)
			require.Equal(t, r.Outcomes.Failed, l.AtLeast.Failed)
			if r.Outcomes.Failed > 0 {
				require.Equal(t, 1.0, l.AtLeast.Caught.Value)
			}
		}
		if r.TierAUC.Known {
			require.Equal(t, 0.5, r.TierAUC.Value, "one tier for all separates nothing")
		}
	})
}

// A further rule raises and never lowers, and its effect as a hypothetical rule is what
// then happens.
func TestAddingARule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cs, rule := drawHistory(t, 1), drawRule(t, "drawn")
		cmp, err := backtest.Compare(inOrder(cs), fixed(nil, rule), fixed(with(rule)))
		require.NoError(t, err)
		for i, b := range cmp.B.Tiers {
			a := cmp.A.Tiers[i]
			require.GreaterOrEqual(t, b.AtLeast.Releases, a.AtLeast.Releases)
			require.GreaterOrEqual(t, b.AtLeast.Failed, a.AtLeast.Failed)
		}
		require.Zero(t, cmp.Lowered.Releases)
		for i, d := range cmp.Tiers {
			a, b := cmp.A.Tiers[i+1].AtLeast, cmp.B.Tiers[i+1].AtLeast
			require.InDelta(t, b.Share.Value-a.Share.Value, d.Share.Value, 1e-12)
			if b.Releases > a.Releases {
				require.GreaterOrEqual(t, d.Share.Lo, 0.0)
			} else {
				require.Equal(t, -stats.ClopperPearson(0, len(cs), 0.95).Hi, d.Share.Lo, "they may differ on the next")
			}
			if cmp.A.Outcomes.Failed > 0 {
				require.InDelta(t, b.Caught.Value-a.Caught.Value, d.Caught.Value, 1e-12)
				require.Equal(t, cmp.A.Outcomes.Failed, d.Caught.N)
			}
		}
		foretold, came := cmp.A.Rules[len(cmp.A.Rules)-1], cmp.B.Rules[len(cmp.B.Rules)-1]
		require.True(t, foretold.Hypothetical)
		came.Hypothetical = true
		require.Equal(t, foretold, came)
		gate := cmp.B.Tiers[2].AtLeast.Releases - cmp.A.Tiers[2].AtLeast.Releases
		require.Equal(t, gate, foretold.Only.Releases)
	})
}

// What only a rule blocks is what passes without it.
func TestTakingARuleAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cs := drawHistory(t, 1)
		rules := []risk.Rule{drawRule(t, "one"), drawRule(t, "two")}
		r := run(t, cs, fixed(with(rules...)))
		without := run(t, cs, fixed(with(rules[1])))
		only := r.Rules[slices.IndexFunc(r.Rules, func(e backtest.Effect) bool { return e.Rule == "one" })].Only
		require.Equal(t, r.Tiers[2].AtLeast.Releases-without.Tiers[2].AtLeast.Releases, only.Releases)
		require.Equal(t, r.Tiers[2].AtLeast.Failed-without.Tiers[2].AtLeast.Failed, only.Failed)
	})
}

// Outcomes that change places among the releases change no load, and no number that
// counts releases.
func TestOutcomesChangeNoLoad(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cs := drawHistory(t, 2)
		a := run(t, cs, fixed(nil))
		shuffled := slices.Clone(cs)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rnd.Shuffle(len(cs), func(i, j int) {
			x, y := &shuffled[i].Outcome, &shuffled[j].Outcome
			x.Kind, y.Kind = y.Kind, x.Kind
		})
		b := run(t, shuffled, fixed(nil))
		for i := range a.Tiers {
			require.Equal(t, a.Tiers[i].Exactly.Share, b.Tiers[i].Exactly.Share)
			require.Equal(t, a.Tiers[i].AtLeast.Share, b.Tiers[i].AtLeast.Share)
		}
		for i := range a.Rules {
			require.Equal(t, a.Rules[i].Raised.Share, b.Rules[i].Raised.Share)
			require.Equal(t, a.Rules[i].Only.Share, b.Rules[i].Only.Share)
		}
	})
}

// Releases that are censored change no rate.
func TestCensoredChangeNoRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cs := drawHistory(t, 2)
		o := fixed(nil)
		for _, c := range cs {
			o.End = later(later(o.End, c.At), c.Outcome.At)
		}
		a := run(t, cs, o)
		var known []backtest.Case
		for _, c := range cs {
			old := !c.Outcome.Deployed.Add(horizon).After(o.End)
			if old && (c.Outcome.Kind == release.OutcomeFailed ||
				c.Outcome.Kind == release.OutcomeFine && !c.Outcome.At.Before(c.Outcome.Deployed.Add(horizon))) {
				known = append(known, c)
			}
		}
		b := run(t, known, o)
		require.Zero(t, b.Outcomes.Censored())
		require.Equal(t, a.Outcomes.Mature, b.Outcomes.Mature)
		require.Equal(t, []any{a.AUC, a.TierAUC, a.Capture, a.Calibration}, []any{b.AUC, b.TierAUC, b.Capture, b.Calibration})
		for i := range a.Tiers {
			require.Equal(t, a.Tiers[i].Exactly.Rate, b.Tiers[i].Exactly.Rate)
			require.Equal(t, a.Tiers[i].Exactly.Caught, b.Tiers[i].Exactly.Caught)
		}
	})
}

func TestSameInSameOut(t *testing.T) {
	t.Parallel()
	text := func(o backtest.Options) string {
		r, err := backtest.Run(simulated(500, 3), o)
		require.NoError(t, err)
		b, err := json.Marshal(r)
		require.NoError(t, err)
		var back backtest.Report
		require.NoError(t, json.Unmarshal(b, &back))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again), "a report is plain data")
		return string(b)
	}
	o := backtest.Options{Draws: 100, Seed: 5, Refit: 100}
	require.Equal(t, text(o), text(o))
	require.NotEqual(t, text(o), text(backtest.Options{Draws: 100, Seed: 6, Refit: 100}))
}
