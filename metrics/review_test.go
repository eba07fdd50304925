package metrics_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

func ExampleReport_Reviews() {
	at := func(hour int) time.Time { return time.Date(2026, time.June, 1, hour, 0, 0, 0, time.UTC) }
	meta := func(source, id string, hour int) metrics.Meta {
		return metrics.Meta{Source: source, ID: id, At: at(hour), Seen: at(hour), Service: "shop", Environment: "production"}
	}
	var log metrics.Log
	if _, err := log.Add(
		metrics.Deployment{Meta: meta("ci", "1", 9), Version: "1.4.0", Outcome: metrics.DeploymentSucceeded},
		metrics.Deployment{Meta: meta("ci", "2", 11), Version: "1.5.0", Outcome: metrics.DeploymentSucceeded, Tier: release.TierLow, Risk: 0.02},
		metrics.Incident{Meta: meta("pager", "77", 12), Resolved: at(14), NoticedBy: "alert checkout-errors", CausedBy: metrics.Ref{Source: "ci", ID: "2"}},
	); err != nil {
		fmt.Println(err)
		return
	}
	report, err := metrics.Compute(log.Snapshot(at(20)), metrics.DORA(), metrics.Query{From: at(0), To: at(20), Window: metrics.WindowWhole})
	if err != nil {
		fmt.Println(err)
		return
	}
	reviews, err := report.Reviews(metrics.ReviewOptions{Catch: func(metrics.Review) ([]metrics.Catch, error) {
		// A host asks its policies here: which of them would have stopped it?
		return []metrics.Catch{{By: "rule identity", Reason: "it changed the login"}}, nil
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range reviews {
		fmt.Println(v)
		fmt.Println(v.Signs[0].Link.Reason)
	}
	// Output:
	// shop 1.5.0: foretold low (2 %), failed; noticed after 1h0m0s by alert checkout-errors, over after 3h0m0s; would have been caught by rule identity
	// the incident names the deployment
}

func TestReviews(t *testing.T) {
	t.Parallel()
	d1, d2, d3, d4 := deploy("1", 1, "v1"), deploy("2", 50, "v2"), deploy("3", 60, "v1"), deploy("4", 70, "v4")
	d4.Outcome, d4.Detected = metrics.DeploymentFailed, hours(72)
	n := incident("77", 55, 65)
	n.NoticedBy, n.Severity, n.Mitigated = "a user", "SEV2", hours(60)
	var log metrics.Log
	_, err := log.Add(d1, d2, d3, d4, n)
	require.NoError(t, err)
	report := func(q metrics.Query) *metrics.Report {
		q.From, q.To, q.Window = hours(0), hours(168), metrics.WindowWhole
		r, err := metrics.Compute(log.Snapshot(hours(100)), metrics.DORA(), q)
		require.NoError(t, err)
		return r
	}
	asked := 0
	got, err := report(metrics.Query{}).Reviews(metrics.ReviewOptions{All: true, Catch: func(v metrics.Review) ([]metrics.Catch, error) {
		asked++
		require.Equal(t, release.OutcomeFailed, v.Kind)
		return nil, nil
	}})
	require.NoError(t, err)
	require.Equal(t, 2, asked, "of those that failed")
	require.Len(t, got, 3, "the rollback is no deployment of its own")
	require.Equal(t, []release.OutcomeKind{release.OutcomeFine, release.OutcomeFailed, release.OutcomeFailed}, []release.OutcomeKind{got[0].Kind, got[1].Kind, got[2].Kind})

	taken := got[1]
	require.Equal(t, d2.Ref(), taken.Deployment)
	require.Len(t, taken.Signs, 2)
	noticed, ok := taken.Noticed()
	require.True(t, ok)
	require.Equal(t, n.Ref(), noticed.Fact)
	require.Equal(t, float64(5*3600), noticed.After)
	require.Equal(t, "a user", noticed.By)
	require.Equal(t, hours(60), noticed.Mitigated)
	require.Equal(t, d3.Ref(), taken.Signs[1].Fact)
	require.Nil(t, taken.Signs[1].Link)
	require.Equal(t, hours(65), taken.Over)

	failed := got[2]
	require.Equal(t, hours(72), failed.Signs[0].At)
	require.Equal(t, d4.Ref(), failed.Signs[0].Fact)
	require.True(t, failed.Over.IsZero())
	require.Contains(t, failed.String(), "not over")
	_, ok = got[0].Noticed()
	require.False(t, ok)

	// Only those that failed, and an error says which.
	got, err = report(metrics.Query{}).Reviews(metrics.ReviewOptions{})
	require.NoError(t, err)
	require.Len(t, got, 2)
	broken := errors.New("no policy")
	got, err = report(metrics.Query{}).Reviews(metrics.ReviewOptions{Catch: func(metrics.Review) ([]metrics.Catch, error) { return nil, broken }})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, `"ci/2"`)
	require.Nil(t, got)
}

// TestReviewsDoNotGuess: where nobody would have recorded a failure, nothing is
// fine.
func TestReviewsDoNotGuess(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	_, err := log.Add(deploy("1", 1, "v1"))
	require.NoError(t, err)
	for _, observed := range []bool{false, true} {
		r, err := metrics.Compute(log.Snapshot(hours(100)), metrics.DORA(), metrics.Query{From: hours(0), To: hours(168), Window: metrics.WindowWhole, FailuresObserved: observed})
		require.NoError(t, err)
		got, err := r.Reviews(metrics.ReviewOptions{All: true})
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, map[bool]release.OutcomeKind{false: release.OutcomeUnknown, true: release.OutcomeFine}[observed], got[0].Kind)
	}
}

// TestOutcomesAreThoseOfEachRelease: on random histories, of any definition.
func TestOutcomesAreThoseOfEachRelease(t *testing.T) {
	t.Parallel()
	failed := 0
	for k := range uint64(400) {
		r := rand.New(rand.NewPCG(21, k))
		var log metrics.Log
		for _, f := range randomHistory(r) {
			if d, ok := f.(metrics.Deployment); ok {
				d.Release = release.Digest{byte(1 + r.IntN(4))}
				f = d
			}
			if _, err := log.Add(f); err != nil && !errors.Is(err, metrics.ErrContradiction) {
				require.NoError(t, err)
			}
		}
		s := log.Snapshot(hours(24 * 30))
		q := metrics.Query{From: hours(0), To: hours(24 * 21), Window: metrics.WindowWeek, FailuresObserved: k%2 == 0}
		report, err := metrics.Compute(s, metrics.DORA(), q)
		require.NoError(t, err)
		seen := map[release.Digest]bool{}
		for _, o := range report.Outcomes() {
			require.False(t, seen[o.Release])
			seen[o.Release] = true
			want, err := s.Outcome(metrics.DORA(), metrics.OutcomeQuery{Release: o.Release, FailuresObserved: q.FailuresObserved})
			require.NoError(t, err)
			require.Equal(t, want, o)
			if o.Kind == release.OutcomeFailed {
				failed++
			}
		}
		reviews, err := report.Reviews(metrics.ReviewOptions{})
		require.NoError(t, err)
		for _, v := range reviews {
			require.True(t, seen[v.Release], "what is reviewed has an outcome")
			require.NotEmpty(t, v.Signs, "what failed shows by something")
		}
	}
	require.Greater(t, failed, 100)
}
