package metrics_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// predictions has, for each tier, how many failed and how many did not.
func predictions(tiers map[release.Tier][2]int) []metrics.Prediction {
	var out []metrics.Prediction
	for t := release.TierUnknown; t <= release.TierCritical; t++ {
		for k, outcome := range []release.OutcomeKind{release.OutcomeFailed, release.OutcomeFine} {
			for range tiers[t][k] {
				out = append(out, metrics.Prediction{Tier: t, Outcome: outcome})
			}
		}
	}
	return out
}

func TestTierVerdicts(t *testing.T) {
	t.Parallel()
	type table = map[release.Tier][2]int
	const low, moderate, high, critical = release.TierLow, release.TierModerate, release.TierHigh, release.TierCritical
	for _, c := range []struct {
		name  string
		tiers table
		want  metrics.TierVerdict
		exact bool
		says  string
	}{
		{"it works", table{low: {2, 248}, moderate: {6, 119}, high: {14, 61}, critical: {18, 32}}, metrics.TierWorks, true, "shuffled is rejected"},
		{"it works, many failures", table{low: {10, 240}, moderate: {16, 109}, high: {24, 51}, critical: {30, 20}}, metrics.TierWorks, false, "0.70 is required"},
		{"it is weak", table{low: {60, 440}, moderate: {45, 205}, high: {35, 115}, critical: {25, 75}}, metrics.TierWeak, false, "below the 0.70"},
		{"shuffled", table{low: {25, 225}, moderate: {12, 113}, high: {8, 67}, critical: {5, 45}}, metrics.TierUseless, false, "cannot be told from shuffled"},
		{"all in one tier", table{high: {50, 450}}, metrics.TierUseless, false, "(p = 1 against"},
		{"inverted", table{low: {30, 220}, moderate: {10, 115}, high: {1, 74}, critical: {0, 50}}, metrics.TierInverted, false, "lower tiers fail more"},
		{"too few failures", table{low: {0, 300}, critical: {4, 20}}, metrics.TierTooFew, true, "at least 5 of each"},
		{"too few that are fine", table{low: {0, 4}, critical: {40, 0}}, metrics.TierTooFew, true, "at least 5 of each"},
		{"all failed", table{low: {9, 0}, critical: {40, 0}}, metrics.TierTooFew, false, "at least 5 of each"},
		{"undecided", table{low: {3, 20}, critical: {4, 20}}, metrics.TierTooFew, true, "neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := metrics.Stratify(predictions(c.tiers), metrics.StratifyOptions{})
			require.NoError(t, err)
			require.Equal(t, c.want, r.Verdict, r.Reason)
			require.Contains(t, r.Reason, c.says)
			require.Equal(t, c.exact, r.Trend != nil && r.Trend.Exact)
			if c.want > metrics.TierTooFew {
				require.Less(t, r.P, 0.01)
			} else {
				require.GreaterOrEqual(t, r.P, 0.01)
			}
			require.Nil(t, r.Probability, "no probability was foretold")
		})
	}
}

func TestTierRows(t *testing.T) {
	t.Parallel()
	ps := predictions(map[release.Tier][2]int{release.TierUnknown: {1, 2}, release.TierLow: {1, 7}, release.TierCritical: {3, 1}})
	ps = append(ps, metrics.Prediction{Tier: release.TierCritical, Why: "blocked"}, metrics.Prediction{Tier: release.TierCritical, Why: "blocked"},
		metrics.Prediction{Tier: release.TierHigh, Why: "stopped"}, metrics.Prediction{Why: "stopped"})
	r, err := metrics.Stratify(ps, metrics.StratifyOptions{})
	require.NoError(t, err)
	require.Equal(t, 12, r.Deployments, "those without a tier are apart")
	require.Equal(t, 4, r.Failed)
	require.Len(t, r.Tiers, 3, "nothing is moderate")
	low, high, critical := r.Tiers[0], r.Tiers[1], r.Tiers[2]
	require.Equal(t, []release.Tier{release.TierLow, release.TierHigh, release.TierCritical}, []release.Tier{low.Tier, high.Tier, critical.Tier})
	require.Equal(t, []int{4, 3, 2}, []int{critical.Deployments, critical.Failed, critical.NoOutcome})
	require.Equal(t, []float64{0.75, 4.0 / 12, 0.75}, []float64{critical.Rate, critical.Share, critical.Caught})
	require.InDelta(t, 0.3006418, critical.Lo, 1e-7) // Wilson for 3 of 4
	require.InDelta(t, 0.9544127, critical.Hi, 1e-7)
	require.Equal(t, []float64{1, 1}, []float64{low.Share, low.Caught})
	require.True(t, math.IsNaN(high.Rate), "no outcome is no rate of 0")
	require.Equal(t, []int{3, 1, 1}, []int{r.Untiered.Deployments, r.Untiered.Failed, r.Untiered.NoOutcome})
	require.Equal(t, []metrics.NoOutcome{{Why: "stopped", Count: 1}, {Tier: release.TierHigh, Why: "stopped", Count: 1},
		{Tier: release.TierCritical, Why: "blocked", Count: 2}}, r.NoOutcome)
	require.Contains(t, r.Caveats[0], "3 of 15 releases with a tier have no outcome, among them 3 of the 7 that are high or critical")
	require.Contains(t, strings.Join(r.Caveats, "\n"), "4 releases have no tier")
	require.Contains(t, strings.Join(r.Caveats, "\n"), "watched more")
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.Contains(t, string(text), `"tier":"high","deployments":0,"failed":0,"noOutcome":1,"rate":null`)
}

func TestProbabilities(t *testing.T) {
	t.Parallel()
	var ps []metrics.Prediction
	for i := range 40 {
		p := metrics.Prediction{Tier: release.TierLow, Risk: 0.125, Outcome: release.OutcomeFine}
		if i%8 == 0 {
			p.Outcome = release.OutcomeFailed
		}
		ps = append(ps, p, metrics.Prediction{Tier: release.TierHigh, Risk: 0.5, Outcome: release.OutcomeKind(1 + i%2)})
	}
	ps = append(ps, metrics.Prediction{Tier: release.TierHigh, Outcome: release.OutcomeFine})
	r, err := metrics.Stratify(ps, metrics.StratifyOptions{})
	require.NoError(t, err)
	p := r.Probability
	require.Equal(t, []int{80, 25, 1, 2}, []int{p.Deployments, p.Failed, p.Missing, len(p.Bins)})
	require.InDelta(t, 25, p.Expected, 1e-12)
	require.InDelta(t, 0, p.Reliability, 1e-15, "each bin fails as foretold")
	require.InDelta(t, (40*0.125*0.875+40*0.25)/80, p.Brier, 1e-15)
	require.InDelta(t, 0, p.Calibrated.Z, 1e-12)
	require.InDelta(t, 1, p.Calibrated.P, 1e-12)
	require.Equal(t, 5, p.Bins[0].Failed)
	require.Equal(t, []float64{0.125, 0.125, 0.125, 0.125}, []float64{p.Bins[0].From, p.Bins[0].To, p.Bins[0].Mean, p.Bins[0].Rate})
	require.InDelta(t, 0.5+(20.0/25*35/55-5.0/25*20/55)/2, p.AUC.Value, 1e-12)
	require.Contains(t, strings.Join(r.Caveats, "\n"), "1 deployments with an outcome have no probability")

	// Foretold half as often as it came.
	for i := range ps {
		ps[i].Risk /= 2
	}
	r, err = metrics.Stratify(ps, metrics.StratifyOptions{})
	require.NoError(t, err)
	require.Greater(t, r.Probability.Calibrated.Z, 2.5)
	require.Less(t, r.Probability.Calibrated.P, 0.01)
	require.InDelta(t, 12.5, r.Probability.Expected, 1e-12)
}

func TestStratifyRefuses(t *testing.T) {
	t.Parallel()
	good := metrics.Prediction{Tier: release.TierLow, Outcome: release.OutcomeFine}
	with := func(f func(*metrics.Prediction)) []metrics.Prediction {
		p := good
		f(&p)
		return []metrics.Prediction{good, p}
	}
	for name, c := range map[string]struct {
		ps   []metrics.Prediction
		o    metrics.StratifyOptions
		want string
	}{
		"nothing":           {nil, metrics.StratifyOptions{}, "none of 0 predictions has a tier"},
		"no tier":           {[]metrics.Prediction{{Outcome: release.OutcomeFine}}, metrics.StratifyOptions{}, "none of 1 predictions has a tier"},
		"a tier beyond":     {with(func(p *metrics.Prediction) { p.Tier = 5 }), metrics.StratifyOptions{}, "prediction 1"},
		"a risk of 1":       {with(func(p *metrics.Prediction) { p.Risk = 1 }), metrics.StratifyOptions{}, "no probability"},
		"a risk above":      {with(func(p *metrics.Prediction) { p.Risk = 1.5 }), metrics.StratifyOptions{}, "no probability"},
		"a risk below":      {with(func(p *metrics.Prediction) { p.Risk = -0.1 }), metrics.StratifyOptions{}, "no probability"},
		"a risk of NaN":     {with(func(p *metrics.Prediction) { p.Risk = math.NaN() }), metrics.StratifyOptions{}, "no probability"},
		"an outcome beyond": {with(func(p *metrics.Prediction) { p.Outcome = 3 }), metrics.StratifyOptions{}, "is none"},
		"no reason":         {with(func(p *metrics.Prediction) { p.Outcome = 0 }), metrics.StratifyOptions{}, "no reason why"},
		"a reason too many": {with(func(p *metrics.Prediction) { p.Why = "blocked" }), metrics.StratifyOptions{}, "a reason why it has none"},
		"a level of 1":      {[]metrics.Prediction{good}, metrics.StratifyOptions{Level: 1}, "the level 1"},
		"a level of NaN":    {[]metrics.Prediction{good}, metrics.StratifyOptions{Level: math.NaN()}, "the level NaN"},
		"an error of 1":     {[]metrics.Prediction{good}, metrics.StratifyOptions{Alpha: 1}, "the error 1"},
		"a negative error":  {[]metrics.Prediction{good}, metrics.StratifyOptions{Alpha: -0.01}, "the error -0.01"},
		"an AUC of 1/2":     {[]metrics.Prediction{good}, metrics.StratifyOptions{MinAUC: 0.5}, "the least AUC 0.5"},
		"an AUC of 1":       {[]metrics.Prediction{good}, metrics.StratifyOptions{MinAUC: 1}, "the least AUC 1"},
		"negative counts":   {[]metrics.Prediction{good}, metrics.StratifyOptions{MinEach: -1}, "at least -1"},
		"no bins":           {[]metrics.Prediction{good}, metrics.StratifyOptions{Bins: -1}, "-1 bins"},
		"many bins":         {[]metrics.Prediction{good}, metrics.StratifyOptions{Bins: 1001}, "1001 bins"},
	} {
		r, err := metrics.Stratify(c.ps, c.o)
		require.ErrorContains(t, err, c.want, name)
		require.Zero(t, r, name)
	}
	_, err := metrics.Stratify([]metrics.Prediction{good}, metrics.StratifyOptions{})
	require.NoError(t, err)
}

// drawPredictions are any predictions, one with a tier among them.
func drawPredictions(t *rapid.T) []metrics.Prediction {
	ps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) metrics.Prediction {
		p := metrics.Prediction{Tier: release.Tier(rapid.IntRange(0, 4).Draw(t, "tier")), Outcome: release.OutcomeKind(rapid.IntRange(0, 2).Draw(t, "outcome")),
			Risk: float64(rapid.IntRange(0, 9).Draw(t, "risk")) / 10}
		if p.Outcome == release.OutcomeUnknown {
			p.Why = rapid.SampledFrom([]string{"blocked", "stopped"}).Draw(t, "why")
		}
		return p
	}), 0, 80).Draw(t, "predictions")
	return append(ps, metrics.Prediction{Tier: release.TierModerate, Outcome: release.OutcomeFine})
}

// The order changes no bit, nobody is lost, and the parts come to the whole.
func TestStratifyProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ps := drawPredictions(t)
		o := metrics.StratifyOptions{Bins: rapid.IntRange(1, 12).Draw(t, "bins")}
		r, err := metrics.Stratify(ps, o)
		require.NoError(t, err)
		n := len(ps)
		failed := 0
		for _, row := range append(r.Tiers, r.Untiered) {
			n -= row.Deployments + row.NoOutcome
			failed += row.Failed
			if row.Deployments > 0 {
				require.LessOrEqual(t, row.Lo, row.Rate)
				require.LessOrEqual(t, row.Rate, row.Hi)
			}
		}
		require.Zero(t, n, "each prediction is counted once")
		require.Equal(t, failed, r.Failed+r.Untiered.Failed)
		none := 0
		for _, m := range r.NoOutcome {
			none += m.Count
		}
		for _, p := range ps {
			if p.Outcome == release.OutcomeUnknown {
				none--
			}
		}
		require.Zero(t, none)
		if r.AUC != nil {
			wins, pairs := 0.0, 0.0
			for _, a := range ps {
				for _, b := range ps {
					if a.Outcome == release.OutcomeFailed && b.Outcome == release.OutcomeFine && a.Tier > 0 && b.Tier > 0 {
						pairs++
						switch {
						case a.Tier > b.Tier:
							wins++
						case a.Tier == b.Tier:
							wins += 0.5
						}
					}
				}
			}
			require.InDelta(t, wins/pairs, r.AUC.Value, 1e-12, "AUC by all pairs")
		}
		if p := r.Probability; p != nil {
			require.InDelta(t, p.Brier, p.Reliability-p.Resolution+p.Uncertainty+p.Within-2*p.Covariance, 1e-12)
			in := 0
			for i, b := range p.Bins {
				in += b.Deployments
				require.LessOrEqual(t, b.From, b.To)
				if i > 0 {
					require.Less(t, p.Bins[i-1].To, b.From, "equal probabilities are in one bin")
				}
			}
			require.Equal(t, p.Deployments, in)
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(1, seed)).Shuffle(len(ps), func(i, j int) { ps[i], ps[j] = ps[j], ps[i] })
		r, err = metrics.Stratify(ps, o)
		require.NoError(t, err)
		again, err := json.Marshal(r)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again), "in another order")
	})
}
