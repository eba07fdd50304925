package backtest_test

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// commits are those of a public project as releases of one file each: the lines that they
// added are the data's, the file is made up. Defects are known after delay; nothing is
// known to be fine before the horizon.
func commits(t testing.TB, project string, share float64, delay time.Duration) iter.Seq2[backtest.Case, error] {
	t.Helper()
	rows := realdata.CSV(t, "defects/"+project+".csv.gz")
	column := func(name string) int { return slices.Index(rows[0], name) }
	date, bug, la := column("date"), column("bug"), column("la")
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return v
	}
	rows = rows[1:]
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(number(a[date]), number(b[date])) })
	return func(yield func(backtest.Case, error) bool) {
		for i, row := range rows[int(float64(len(rows))*(1-share)):] {
			at := time.Unix(int64(number(row[date])), 0)
			o := fineFor(i, at, 400)
			if row[bug] == "1" {
				o.Kind, o.At = release.OutcomeFailed, at.Add(delay)
			}
			cs := changes("main.go", int64(number(row[la])))
			if !yield(backtest.Case{At: at, Outcome: o, Input: risk.Input{Changes: cs, Digest: name(i), Impact: risk.ImpactModerate}}, nil) {
				return
			}
		}
	}
}

// The prior on public data: its AUC is the published one of lines added alone (LApredict,
// ISSTA 2021), whose order it keeps.
func TestPublicData(t *testing.T) {
	t.Parallel()
	for project, want := range map[string]float64{"gerrit": .7495, "jdt": .6757, "platform": .7461} {
		r, err := backtest.Run(commits(t, project, 0.2, 0), backtest.Options{Model: risk.Prior(), Draws: 200})
		require.NoError(t, err)
		require.Empty(t, r.Refused)
		require.Equal(t, r.Releases, r.Outcomes.Mature)
		require.InDelta(t, want, r.AUC.Value, 5e-5, project)
		require.Less(t, r.AUC.Lo, want)
		require.Greater(t, r.AUC.Hi, want)
		require.False(t, r.Calibration.ECE.Known, "the prior has learned nothing, so it shows no percentage")
		t.Logf("%s: %d of %d failed; AUC %s, of the tiers %s; top 5, 10, 50 %%: %s, %s, %s; %s", project, r.Outcomes.Failed, r.Releases,
			r.AUC, r.TierAUC, r.Capture[0].Caught.Percent(), r.Capture[1].Caught.Percent(), r.Capture[2].Caught.Percent(), r.Lowest())
	}
}

// Learning as it goes makes percentages of the same data, from outcomes that are known 30
// days late. The delay is made up; the data have none.
func TestPublicDataLearned(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("assesses a whole project")
	}
	r, err := backtest.Run(commits(t, "jdt", 1, 30*24*time.Hour), backtest.Options{Draws: 200, Refit: 300})
	require.NoError(t, err)
	c := r.Calibration
	t.Logf("jdt: %d of %d failed; AUC %s; of %d percentages ECE %s where chance gives %.3f, Brier skill %s; %s",
		r.Outcomes.Failed, r.Releases, r.AUC, c.Mature, c.ECE, c.Chance, c.BrierSkill, r.Lowest())
	require.True(t, c.ECE.Known && c.ECE.Bounded)
	require.Positive(t, c.BrierSkill.Lo, "better than the base rate of the whole project")
	require.Positive(t, c.Mature)
	require.Less(t, c.Mature, r.Outcomes.Mature)
}
