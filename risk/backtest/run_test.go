package backtest_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	knows := &risk.Learner{}
	require.NoError(t, knows.Observe(risk.Observed{Outcome: fineFor(1, start, 90)}))
	half := risk.Rule{ID: "half", Version: 1, Run: func(*risk.Facts) []risk.Finding { return nil }}
	again := risk.Rules()[0]
	for name, o := range map[string]backtest.Options{
		"a model and a learner":         {Model: risk.Prior(), Learner: &risk.Learner{}},
		"a learner that knows already":  {Learner: knows},
		"a gate that is none":           {Gate: 9},
		"negative refit":                {Refit: -1},
		"negative horizon":              {Horizon: -time.Hour},
		"an end that no text holds":     {End: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"negative draws":                {Draws: -1},
		"draws without end":             {Draws: math.MaxInt},
		"draws too few for the level":   {Draws: 39},
		"level 1":                       {Level: 1},
		"level NaN":                     {Level: math.NaN()},
		"negative level":                {Level: -0.5},
		"negative blocks":               {Block: -1},
		"no policy to speak of":         {Policy: &risk.Policy{ID: "empty"}},
		"a rule without documentation":  {Hypothetical: []risk.Rule{half}},
		"a rule that the policy has":    {Hypothetical: []risk.Rule{again}},
		"a hypothetical rule of no run": {Hypothetical: []risk.Rule{{ID: "none", Doc: "None.", Version: 1}}},
	} {
		r, err := backtest.Run(simulated(10, 1), o)
		require.Error(t, err, name)
		require.Equal(t, backtest.Report{}, r, name)
	}
}

func TestSequenceRefused(t *testing.T) {
	t.Parallel()
	early := backtest.Case{At: start, Outcome: fineFor(1, start, 90), Input: risk.Input{Changes: changes("a.go", 1)}}
	late := early
	late.At, late.Outcome = start.Add(time.Nanosecond), fineFor(2, start.Add(time.Hour), 90)

	_, err := backtest.Run(inOrder([]backtest.Case{late, early}), backtest.Options{})
	require.ErrorContains(t, err, "case 2")
	require.ErrorContains(t, err, "order of time")
	bad := late
	bad.Outcome.Release = release.Digest{} // what is refused has a time too
	_, err = backtest.Run(inOrder([]backtest.Case{bad, early}), backtest.Options{})
	require.ErrorContains(t, err, "order of time")

	broken := errors.New("the archive is broken")
	_, err = backtest.Run(func(yield func(backtest.Case, error) bool) {
		_ = yield(early, nil) && yield(backtest.Case{}, broken)
	}, backtest.Options{})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "case 2")

	_, err = backtest.Run(nil, backtest.Options{})
	require.Error(t, err)
}

// No data is a status everywhere, and never a number.
func TestNoData(t *testing.T) {
	t.Parallel()
	r, err := backtest.Run(inOrder(nil), backtest.Options{})
	require.NoError(t, err)
	require.Zero(t, r.Releases)
	require.Equal(t, "no release was assessed", r.Lowest())
	measures := []backtest.Measure{r.AUC, r.TierAUC, r.Calibration.ECE, r.Calibration.BrierSkill}
	for _, l := range r.Tiers {
		measures = append(measures, l.Exactly.Share, l.Exactly.Rate, l.Exactly.Caught, l.AtLeast.Share)
	}
	for _, c := range r.Capture {
		measures = append(measures, c.Caught)
	}
	for _, e := range r.Rules {
		measures = append(measures, e.Raised.Rate, e.Only.Caught, e.Waived.Share)
	}
	for _, m := range measures {
		require.False(t, m.Known)
		require.NotEmpty(t, m.Why)
		require.True(t, strings.HasPrefix(m.String(), "no data: "))
		require.True(t, strings.HasPrefix(m.Percent(), "no data: "))
	}
	var out strings.Builder
	require.NoError(t, report.Markdown(&out, "Back-test", r.Sections()))
	require.Contains(t, out.String(), "no release was assessed")

	// One failure has a rate and an AUC, and no interval for the AUC.
	cs := []backtest.Case{}
	for i := range 6 {
		at := start.AddDate(0, 0, i)
		c := backtest.Case{At: at, Outcome: fineFor(i, at, 90), Input: risk.Input{Changes: changes("a.go", int64(i))}}
		if i == 3 {
			c.Outcome.Kind = release.OutcomeFailed
		}
		cs = append(cs, c)
	}
	r = run(t, cs, backtest.Options{})
	require.Equal(t, backtest.Measure{Value: 0.6, Known: true, N: 6, Why: "the data give none"}, r.AUC)
	require.Equal(t, "0.60 (no interval: the data give none)", r.AUC.String())
}

// What an outcome counts as, one release at a time beside one that is old enough.
func TestMaturity(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	end := start.Add(100 * day)
	for _, c := range []struct {
		name           string
		kind           release.OutcomeKind
		deployed, seen time.Duration // before the end
		want           backtest.Outcomes
	}{
		{"fine for the horizon", release.OutcomeFine, 90 * day, 60 * day, backtest.Outcomes{Mature: 1}},
		{"a moment less", release.OutcomeFine, 90 * day, 60*day + 1, backtest.Outcomes{Unwatched: 1}},
		{"fine, just old enough", release.OutcomeFine, 30 * day, 0, backtest.Outcomes{Mature: 1}},
		{"fine, a moment too young", release.OutcomeFine, 30*day - 1, 0, backtest.Outcomes{Young: 1}},
		{"failed at once", release.OutcomeFailed, 90 * day, 90 * day, backtest.Outcomes{Mature: 1, Failed: 1}},
		{"failed at the horizon", release.OutcomeFailed, 90 * day, 60 * day, backtest.Outcomes{Mature: 1, Failed: 1}},
		{"failed late", release.OutcomeFailed, 90 * day, 60*day - 1, backtest.Outcomes{Mature: 1, Failed: 1, Late: 1}},
		{"failed young", release.OutcomeFailed, 10 * day, 9 * day, backtest.Outcomes{Young: 1, YoungFailed: 1}},
		{"failure that is not known yet", release.OutcomeFailed, 90 * day, -day, backtest.Outcomes{Mature: 1}},
		{"young, and the failure not known yet", release.OutcomeFailed, 5 * day, -day, backtest.Outcomes{Young: 1}},
		{"not deployed yet", release.OutcomeFine, -day, -90 * day, backtest.Outcomes{Unknown: 1}},
		{"nobody said", release.OutcomeUnknown, 90 * day, 0, backtest.Outcomes{Unknown: 1}},
	} {
		o := release.Outcome{Release: name(1), Kind: c.kind, Deployed: end.Add(-c.deployed), At: end.Add(-c.seen)}
		r := run(t, []backtest.Case{{At: start, Outcome: o, Input: risk.Input{Changes: changes("a.go", 1)}}}, backtest.Options{Model: risk.Prior(), End: end, Draws: 40})
		require.Equal(t, c.want, r.Outcomes, c.name)
		require.Equal(t, 1, r.Releases)
		require.Equal(t, c.want.Censored() == 1, strings.Contains(strings.Join(r.Notes, "\n"), "1 of 1 releases count in no rate"), c.name)
		require.Equal(t, c.want.Mature, r.Tiers[0].AtLeast.Mature, c.name)
		require.Equal(t, c.want.Failed, r.Tiers[0].AtLeast.Failed, c.name)
	}
}

// The learner that was given has learned the whole history in the end.
func TestLearner(t *testing.T) {
	t.Parallel()
	l := &risk.Learner{Horizon: 20 * 24 * time.Hour}
	r, err := backtest.Run(simulated(300, 4), backtest.Options{Learner: l, Draws: 40, Refit: 50})
	require.NoError(t, err)
	require.Equal(t, "480h0m0s", r.Horizon)
	require.True(t, r.Model.Learned)
	require.Greater(t, r.Model.Models, 2)
	require.NotEqual(t, r.Model.First, r.Model.Last)
	require.Equal(t, 300, l.Counts().Mature+l.Counts().Censored)
	require.GreaterOrEqual(t, l.Counts().Failed, r.Outcomes.Failed)
	require.True(t, r.Calibration.ECE.Known && r.Calibration.ECE.Bounded)
	require.Less(t, r.Calibration.Mature, r.Outcomes.Mature, "of the first no percentage is shown")
	notes := strings.Join(r.Notes, "\n")
	for _, say := range []string{"got more care", "looks better on them", "knew only outcomes that were known then"} {
		require.Contains(t, notes, say)
	}

	r, err = backtest.Run(simulated(300, 4), backtest.Options{Model: l.Model(), Draws: 40})
	require.NoError(t, err)
	require.False(t, r.Model.Learned)
	require.Equal(t, 1, r.Model.Models)
	require.Contains(t, strings.Join(r.Notes, "\n"), "was fitted on outcomes")
	r, err = backtest.Run(simulated(300, 4), backtest.Options{Learner: &risk.Learner{Base: l.Model()}, Draws: 40, Refit: 150})
	require.NoError(t, err)
	require.Contains(t, strings.Join(r.Notes, "\n"), "was fitted on outcomes", "a base may know the future, too")
}

// A model of nonsense says that every release is the worst, and the report says so.
func TestNonsenseModel(t *testing.T) {
	t.Parallel()
	for _, bias := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		r, err := backtest.Run(simulated(400, 5), backtest.Options{Model: &risk.Model{ID: "bad\nmodel", Bias: bias}, Draws: 40})
		require.NoError(t, err)
		require.Equal(t, 0.5, r.AUC.Value)
		require.Contains(t, strings.Join(r.Notes, "\n"), "not sound")
		require.NotContains(t, r.Model.ID, "\n")
		require.Equal(t, 400, r.Tiers[1].AtLeast.Releases)
	}
}

// A loop that stops early is stopped, and reads no further.
func TestAsOf(t *testing.T) {
	t.Parallel()
	looks := 0
	for range backtest.AsOf(simulated(10, 1), func(backtest.Case, time.Time) (release.ChangeSet, error) {
		looks++
		return release.ChangeSet{}, nil
	}) {
		if looks == 3 {
			break
		}
	}
	require.Equal(t, 3, looks)

	// What was looked up is in the change set, whose digest is another then.
	given := backtest.Case{At: start, Outcome: fineFor(1, start, 90), Input: risk.Input{Changes: changes("a.go", 1), Digest: name(7)}}
	more := changes("b.go", 2)
	var got risk.Assessment
	_, err := backtest.Run(backtest.AsOf(inOrder([]backtest.Case{given}), func(c backtest.Case, at time.Time) (release.ChangeSet, error) {
		require.Equal(t, given, c)
		require.Equal(t, start, at)
		return more, nil
	}), backtest.Options{Draws: 40, Each: func(_ backtest.Case, a risk.Assessment) { got = a }})
	require.NoError(t, err)
	want := given.Input.Changes
	want.Add(more)
	digest, err := want.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, got.Changes)
	require.Len(t, given.Input.Changes.Files, 1, "the caller's is not changed")
	broken := errors.New("no database")
	_, err = backtest.Run(backtest.AsOf(simulated(10, 1), func(backtest.Case, time.Time) (release.ChangeSet, error) {
		return release.ChangeSet{}, broken
	}), backtest.Options{})
	require.ErrorIs(t, err, broken)
}
