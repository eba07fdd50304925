package backtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// Where times are days, what became of a day's releases is known on none of that day: of several things at one
// moment, none is known to the others.
func TestNothingIsKnownAtItsOwnMoment(t *testing.T) {
	t.Parallel()
	history := func(kind release.OutcomeKind) []backtest.Case {
		var out []backtest.Case
		for i := range 60 {
			o := fineFor(i, start, 0)
			if i%2 == 0 {
				o.Kind = kind
			}
			out = append(out, backtest.Case{At: start, Outcome: o, Input: risk.Input{Changes: changes("a.go", int64(i))}})
		}
		later := start.AddDate(0, 0, 1)
		return append(out, backtest.Case{At: later, Outcome: fineFor(60, later, 0), Input: risk.Input{Changes: changes("a.go", 9)}})
	}
	seen := map[release.OutcomeKind][]risk.Estimate{}
	for _, kind := range []release.OutcomeKind{release.OutcomeFine, release.OutcomeFailed} {
		r, err := backtest.Run(inOrder(history(kind)), backtest.Options{Refit: 1, Draws: 40, Learner: &risk.Learner{Horizon: 1},
			Each: func(_ backtest.Case, a risk.Assessment) { seen[kind] = append(seen[kind], a.Likelihood) }})
		require.NoError(t, err)
		require.Equal(t, 61, r.Releases)
	}
	require.Equal(t, seen[release.OutcomeFine][:60], seen[release.OutcomeFailed][:60], "the same day")
	require.NotEqual(t, seen[release.OutcomeFine][60], seen[release.OutcomeFailed][60], "the next day")
}
