package metrics_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// deploy is a successful deployment of service a in production, at hour h.
func deploy(id string, h int, version string) metrics.Deployment {
	return metrics.Deployment{Outcome: metrics.DeploymentSucceeded, Version: version,
		Meta: metrics.Meta{Source: "ci", ID: id, At: hours(h), Seen: hours(h), Service: "a", Environment: "production"}}
}

// incident is one of service a in production; open where to is 0.
func incident(id string, from, to int) metrics.Incident {
	n := metrics.Incident{Meta: metrics.Meta{Source: "pager", ID: id, At: hours(from), Seen: hours(from), Service: "a", Environment: "production"}}
	if to != 0 {
		n.Resolved = hours(to)
	}
	return n
}

func TestLogSaysWhatItDid(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	d := deploy("1", 1, "v1")
	d.Rev = 5
	late, early, again := d, d, d
	late.Rev, late.Version = 7, "v2"
	early.Rev, early.Version = 6, "v3"
	again.Seen = hours(9)
	for _, step := range []struct {
		fact metrics.Fact
		want metrics.Tally
	}{
		{d, metrics.Tally{Added: 1}},
		{&again, metrics.Tally{Duplicate: 1}},
		{late, metrics.Tally{Corrected: 1}},
		{early, metrics.Tally{Superseded: 1}},
		{early, metrics.Tally{Duplicate: 1}},
	} {
		got, err := log.Add(step.fact)
		require.NoError(t, err)
		require.Equal(t, step.want, got)
	}
	require.Equal(t, 3, log.Len())
	ds := slices.Collect(log.Snapshot(hours(1)).Deployments())
	require.Equal(t, "v2", ds[0].Version)

	other := d
	other.Version = "v9"
	tally, err := log.Add(other, deploy("2", 2, ""))
	require.ErrorIs(t, err, metrics.ErrContradiction)
	require.Equal(t, metrics.Tally{Refused: 1, Added: 1}, tally, "one that is refused keeps no other out")
	require.ErrorContains(t, err, `fact 1 of 2: deployment "ci/1", revision 5`)
}

// Contradictions too are settled in one way, whatever came first.
func TestContradictionsDoNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	a, b, c := deploy("1", 1, "va"), deploy("1", 1, "vb"), deploy("1", 1, "vc")
	a.Seen, b.Seen, c.Seen = hours(7), hours(5), hours(5)
	again := a
	again.Seen = hours(3)
	facts := []metrics.Fact{a, b, c, again}
	r := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		var log metrics.Log
		tally, err := log.Add(facts...)
		require.ErrorIs(t, err, metrics.ErrContradiction)
		require.Equal(t, 1, tally.Added)
		require.Positive(t, tally.Refused)
		require.Equal(t, 1, log.Len())
		ds := slices.Collect(log.Snapshot(hours(9)).Deployments())
		require.Len(t, ds, 1)
		require.Equal(t, "va", ds[0].Version, "the one that was seen first")
		require.Equal(t, hours(3), ds[0].Seen)
	}
}

func TestSnapshotIsWhatWasKnownThen(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	d := deploy("1", 1, "v1")
	corrected, gone := d, metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: "1", Rev: 2, Deleted: true, Seen: hours(30)}}
	corrected.Rev, corrected.Version, corrected.Seen = 1, "v2", hours(20)
	_, err := log.Add(gone, corrected, d)
	require.NoError(t, err)
	versions := func(h int) (out []string) {
		for d := range log.Snapshot(hours(h)).Deployments() {
			out = append(out, d.Version)
		}
		return out
	}
	require.Nil(t, versions(0))
	require.Equal(t, []string{"v1"}, versions(1))
	require.Equal(t, []string{"v1"}, versions(19))
	require.Equal(t, []string{"v2"}, versions(20))
	require.Nil(t, versions(30))
}

func TestLogKeepsCopies(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	d := deploy("1", 1, "v1")
	d.Dims, d.Changes = metrics.Dims{"team": "x"}, []metrics.Ref{{Source: "git", ID: "1"}}
	_, err := log.Add(d)
	require.NoError(t, err)
	d.Dims["team"], d.Changes[0].ID = "y", "2"
	s := log.Snapshot(hours(2))
	for range 2 {
		for got := range s.Deployments() {
			require.Equal(t, "x", got.Dims["team"])
			require.Equal(t, "1", got.Changes[0].ID)
			got.Dims["team"], got.Changes[0].ID = "z", "3"
		}
	}
}

func TestMalformedFactsAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(d *metrics.Deployment){
		"no source":             func(d *metrics.Deployment) { d.Source = "" },
		"no id":                 func(d *metrics.Deployment) { d.ID = "" },
		"no time at which it h": func(d *metrics.Deployment) { d.At = time.Time{} },
		"no time at which it w": func(d *metrics.Deployment) { d.Seen = time.Time{} },
		"no service":            func(d *metrics.Deployment) { d.Service = "" },
		"no environment":        func(d *metrics.Deployment) { d.Environment = "" },
		"the year 2500":         func(d *metrics.Deployment) { d.At = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC) },
		"the year 1":            func(d *metrics.Deployment) { d.Started = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC) },
		"not valid UTF-8":       func(d *metrics.Deployment) { d.Version = "\xff" },
		"unprintable":           func(d *metrics.Deployment) { d.Service = "a\x1b[2J" },
		"more than 4096":        func(d *metrics.Deployment) { d.ID = strings.Repeat("x", 5000) },
		"did not fail":          func(d *metrics.Deployment) { d.Recovered = d.At },
		"started after":         func(d *metrics.Deployment) { d.Started = d.At.Add(1) },
		"rolls back itself":     func(d *metrics.Deployment) { d.RollbackOf = d.Ref() },
		"has no name":           func(d *metrics.Deployment) { d.Outcome = 99 },
		"no source or no id":    func(d *metrics.Deployment) { d.Changes = []metrics.Ref{{ID: "7"}} },
		"cannot be set here":    func(d *metrics.Deployment) { d.Dims = metrics.Dims{"service": "b"} },
	} {
		var log metrics.Log
		d := deploy("1", 1, "v1")
		change(&d)
		tally, err := log.Add(d)
		require.ErrorContains(t, err, name)
		require.Equal(t, metrics.Tally{Refused: 1}, tally, name)
		require.Zero(t, log.Len())
	}
	var log metrics.Log
	_, err := log.Add(nil, (*metrics.Incident)(nil))
	require.ErrorContains(t, err, "fact 2 of 2: it is nil")
}

// TestTooManyResults: a query cannot take all memory.
func TestTooManyResults(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for h := 1; h < 300; h++ {
		d := deploy(hours(h).String(), h, "")
		d.Service = d.ID
		_, err := log.Add(d)
		require.NoError(t, err)
	}
	_, err := metrics.Compute(log.Snapshot(hours(300)), metrics.DORA(), metrics.Query{From: hours(0).AddDate(-100, 0, 0), To: hours(0).AddDate(90, 0, 0), Window: metrics.WindowWeek})
	require.ErrorContains(t, err, "299 groups")
}

func TestLogConcurrently(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for h := 1; h < 200; h++ {
				if _, err := log.Add(deploy(hours(h).String(), h, "")); err != nil {
					t.Error(err)
				}
				log.Snapshot(hours(h))
			}
		})
	}
	wg.Wait()
	require.Equal(t, 199, log.Len())
}

func TestFactsAreJSON(t *testing.T) {
	t.Parallel()
	d := deploy("1", 1, "v1")
	d.Dims = metrics.Dims{"team": "x"}
	b, err := json.Marshal(d)
	require.NoError(t, err)
	var back metrics.Deployment
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, d, back)
}

func TestRolloutEvents(t *testing.T) {
	t.Parallel()
	event := func(id string, kind release.EventKind, h int) release.Event {
		return release.Event{ID: id, Kind: kind, At: hours(h), Rollout: "r1", Environment: "production", Started: hours(1),
			Release: release.Ref{Service: "a", Version: "v2", Digest: release.Digest{2}}, Previous: release.Ref{Service: "a", Version: "v1"}}
	}
	for _, kind := range []release.EventKind{release.EventStarted, release.EventExposed, release.EventRegressed, "", "other"} {
		_, ok := metrics.FromEvent(event("1", kind, 2))
		require.False(t, ok, kind)
	}
	d, ok := metrics.FromEvent(event("1", release.EventDeployed, 2))
	require.True(t, ok)
	require.Equal(t, metrics.DeploymentSucceeded, d.Outcome)
	d, ok = metrics.FromEvent(event("1", release.EventStopped, 2))
	require.True(t, ok)
	require.Equal(t, metrics.DeploymentNotExposed, d.Outcome)

	ds := metrics.FromEvents([]release.Event{event("1", release.EventExposed, 3), event("3", release.EventRolledBack, 8),
		event("2", release.EventRegressed, 6), event("3", release.EventRolledBack, 8)})
	require.Len(t, ds, 1)
	d = ds[0]
	require.Equal(t, metrics.DeploymentFailed, d.Outcome)
	require.Equal(t, []time.Time{hours(3), hours(6), hours(8)}, []time.Time{d.Started, d.Detected, d.Recovered})
	require.Equal(t, "v1", d.Follows)
	var log metrics.Log
	_, err := log.Add(d)
	require.NoError(t, err)
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	bad, good, never, lost := release.Digest{1}, release.Digest{2}, release.Digest{3}, release.Digest{4}
	d1, d2, d3, d4 := deploy("1", 1, "v1"), deploy("2", 50, "v2"), deploy("3", 60, "v3"), deploy("4", 70, "v4")
	d1.Release, d2.Release, d3.Release, d4.Release = bad, good, never, lost
	d3.Outcome, d4.Outcome = metrics.DeploymentNotExposed, metrics.DeploymentUnknown
	n := incident("77", 10, 0)
	n.Seen = hours(12)
	var log metrics.Log
	_, err := log.Add(d1, d2, d3, d4, n)
	require.NoError(t, err)
	outcome := func(h int, r release.Digest) release.Outcome {
		o, err := log.Snapshot(hours(h)).Outcome(metrics.DORA(), metrics.OutcomeQuery{Release: r, FailuresObserved: true})
		require.NoError(t, err)
		return o
	}
	require.Equal(t, release.Outcome{Release: bad, Kind: release.OutcomeUnknown, At: hours(0)}, outcome(0, bad))
	require.Equal(t, release.Outcome{Release: bad, Kind: release.OutcomeFine, Deployed: hours(1), At: hours(11)}, outcome(11, bad))
	require.Equal(t, release.Outcome{Release: bad, Kind: release.OutcomeFailed, Deployed: hours(1), At: hours(12), Cause: "incident pager/77"}, outcome(100, bad))
	require.Equal(t, release.OutcomeFine, outcome(100, good).Kind)
	require.Equal(t, release.OutcomeUnknown, outcome(100, never).Kind, "it exposed nobody")
	require.Equal(t, release.OutcomeUnknown, outcome(100, lost).Kind, "nobody said how it ended")

	// At hour 11 the log holds no failure of anything, and at hour 100 an incident.
	o, err := log.Snapshot(hours(11)).Outcome(metrics.DORA(), metrics.OutcomeQuery{Release: bad})
	require.NoError(t, err)
	require.Equal(t, release.OutcomeUnknown, o.Kind, "nobody vouches that a failure would be known")
	o, err = log.Snapshot(hours(100)).Outcome(metrics.DORA(), metrics.OutcomeQuery{Release: good})
	require.NoError(t, err)
	require.Equal(t, release.OutcomeFine, o.Kind)

	def := metrics.DORA()
	def.OutcomeFails = false
	failed := deploy("5", 80, "v5")
	failed.Release, failed.Outcome = release.Digest{5}, metrics.DeploymentFailed
	_, err = log.Add(failed)
	require.NoError(t, err)
	o, err = log.Snapshot(hours(100)).Outcome(def, metrics.OutcomeQuery{Release: failed.Release, FailuresObserved: true})
	require.NoError(t, err)
	require.Equal(t, release.OutcomeUnknown, o.Kind, "a failure that does not count is not fine")
	_, err = log.Snapshot(hours(100)).Outcome(def, metrics.OutcomeQuery{FailuresObserved: true})
	require.Error(t, err)
}
