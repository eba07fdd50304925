package backtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// A policy against itself differs by nothing, which is no proof for the next release.
func TestCompareWithItself(t *testing.T) {
	t.Parallel()
	c, err := backtest.Compare(simulated(400, 1), backtest.Options{Draws: 100, Refit: 100}, backtest.Options{Draws: 100, Refit: 100})
	require.NoError(t, err)
	require.Equal(t, c.A, c.B)
	require.Zero(t, c.Raised.Releases+c.Lowered.Releases)
	none := func(n int) backtest.Measure {
		most := stats.ClopperPearson(0, n, 0.95).Hi
		return backtest.Measure{Known: true, Lo: -most, Hi: most, Bounded: true, N: n}
	}
	for _, d := range c.Tiers {
		require.Equal(t, none(400), d.Share)
		require.Equal(t, none(c.A.Outcomes.Failed), d.Caught)
	}
	require.Equal(t, backtest.Measure{Known: true, N: c.A.Outcomes.Mature, Why: "the data give none"}, c.AUC)
	require.Equal(t, c.AUC, c.TierAUC)
}

// A stricter policy blocks more and catches more; the pairs make the interval narrower than
// the two reports by themselves would.
func TestCompareStricter(t *testing.T) {
	t.Parallel()
	strict := risk.Default()
	strict.ID, strict.Cuts = "strict", [3]float64{0.02, 0.05, 0.12}
	c, err := backtest.Compare(simulated(1000, 2), backtest.Options{Seed: 1, Model: risk.Prior()}, backtest.Options{Seed: 1, Model: risk.Prior(), Policy: strict})
	require.NoError(t, err)
	require.NotEqual(t, c.A.Policy, c.B.Policy)
	require.Positive(t, c.Raised.Releases)
	require.Zero(t, c.Lowered.Releases)
	d := c.Tiers[0]
	require.Equal(t, release.TierModerate, d.Tier)
	require.True(t, d.Caught.Known && d.Caught.Bounded)
	require.Positive(t, d.Share.Lo)
	require.Positive(t, d.Caught.Lo)
	require.LessOrEqual(t, d.Caught.Lo, d.Caught.Value)
	require.LessOrEqual(t, d.Caught.Value, d.Caught.Hi)
	apart := c.A.Tiers[1].AtLeast.Caught
	other := c.B.Tiers[1].AtLeast.Caught
	require.Less(t, d.Caught.Hi-d.Caught.Lo, apart.Hi-apart.Lo+other.Hi-other.Lo)
	require.Zero(t, c.AUC.Value, "the models are the same")
	require.False(t, c.AUC.Bounded)
}

func TestCompareRefused(t *testing.T) {
	t.Parallel()
	shared := &risk.Learner{}
	for name, c := range map[string][2]backtest.Options{
		"one learner for both": {{Learner: shared}, {Learner: shared}},
		"two gates":            {{}, {Gate: release.TierCritical}},
		"two horizons":         {{}, {Horizon: 1}},
		"two ends":             {{}, {End: start}},
		"two seeds":            {{}, {Seed: 1}},
		"two levels":           {{}, {Level: 0.9}},
		"draws":                {{}, {Draws: 50}},
		"blocks":               {{Block: 2}, {}},
		"an unsound option":    {{}, {Draws: 1}},
		"an unusable policy":   {{Policy: &risk.Policy{}}, {}},
	} {
		_, err := backtest.Compare(simulated(10, 1), c[0], c[1])
		require.Error(t, err, name)
	}
	_, err := backtest.Compare(nil, backtest.Options{}, backtest.Options{})
	require.Error(t, err)
}
