package rollout_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// watchedStream are the entries of the stream of a target whose rollouts were watched
// closely: health goes from undecided to healthy and back every few looks, so that most
// records are facts. Deciding is pure, and so the stream is made without a store: through
// the engine each step would read all that was there.
func watchedStream(t testing.TB, target rollout.Target, n int) []journal.Entry {
	var entries []journal.Entry
	s, clock := rollout.NewState(target), nine
	var deployer deploytest.Simulated
	deployer.Serve(target, version("0"))
	add := func(es ...journal.Entry) {
		for _, e := range es {
			entries = append(entries, e)
			after, err := rollout.Reduce(s, journal.Seal(s.Head, e))
			require.NoError(t, err)
			s = after
		}
	}
	for round := 1; len(entries) < n; round++ {
		add(startEntry(t, target, clock, round))
		for look := 0; s.Running(); look++ {
			clock = clock.Add(time.Minute)
			f := watchedAnswers(t, &deployer, rollout.Ask(s, clock), target, clock, look)
			d, err := rollout.Decide(s, f)
			require.NoError(t, err)
			for {
				add(d.Entries...)
				if d.Apply == nil {
					break
				}
				require.NoError(t, deployer.Apply(t.Context(), *d.Apply))
				o, err := deployer.Observe(t.Context(), target)
				require.NoError(t, err)
				d, err = rollout.Decide(s, rollout.Facts{Now: clock, Actor: "service:sallyport",
					Applied: &rollout.Applied{Fence: d.Apply.Fence}, Observed: &rollout.Observation{Observed: o}})
				require.NoError(t, err)
			}
		}
		require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase)
	}
	return entries[:n]
}

// startEntry is the first record of a target's n-th rollout, as an engine makes it.
func startEntry(t testing.TB, target rollout.Target, at time.Time, n int) journal.Entry {
	var memory journal.Memory
	e, err := rollout.New(rollout.Options{Journal: &memory, Deployer: new(deploytest.Simulated), Now: func() time.Time { return at }})
	require.NoError(t, err)
	stages := rollout.Rings(rollout.RingOptions{Region: "eu", RegionPercent: 30, Gates: []string{"evidence", "calendar"}})
	_, err = e.Start(t.Context(), rollout.Plan{Target: target, Release: version(fmt.Sprint(n)), Previous: version(fmt.Sprint(n - 1)), Stages: stages}, ada)
	require.NoError(t, err)
	for r, err := range memory.Load(t.Context(), target.Stream(), 0) {
		require.NoError(t, err)
		return r.Entry
	}
	return journal.Entry{}
}

// watchedAnswers are what gates, health and deployer say at the n-th look.
func watchedAnswers(t testing.TB, d rollout.Deployer, q rollout.Questions, target rollout.Target, now time.Time, n int) rollout.Facts {
	f := rollout.Facts{Now: now, Actor: "service:sallyport"}
	if q.Observe {
		o, err := d.Observe(context.Background(), target)
		require.NoError(t, err)
		f.Observed = &rollout.Observation{Observed: o}
	}
	if q.Health != nil {
		v := health.Verdict{Kind: health.KindUndecided, Metric: "errors", LogE: math.Round(-1e9*(1.234567891+float64(n)/7)) / 1e9, LogCertificate: 2.345678912,
			Canary: health.Count{Bad: uint64(n), Total: 1000 * uint64(n+1)}, Control: health.Count{Bad: uint64(n) * 3, Total: 10000 * uint64(n+1)},
			Why: fmt.Sprintf("errors: %d of %d requests failed beside %d of %d", n, 1000*(n+1), 3*n, 10000*(n+1))}
		if n%3 != 0 {
			v.Kind = health.KindHealthy
		}
		f.Health = &rollout.HealthAnswer{Verdict: v}
	}
	for _, g := range q.Gates {
		f.Gates = append(f.Gates, rollout.GateAnswer{Gate: g.Gate, Result: rollout.GateResult{Verdict: release.VerdictAllow,
			Reason: release.Reason{Code: "evidence/all-checks", Subject: "api", Text: "all 14 checks hold", Refs: []release.Digest{release.DigestOf([]byte(g.Gate))}}}})
	}
	return f
}

// appendAll appends to a stream of its own.
func appendAll(t testing.TB, j journal.Journal, stream string, entries []journal.Entry) {
	const most = 500
	for at := 0; at < len(entries); at += most {
		_, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: uint64(at), Entries: entries[at:min(at+most, len(entries))]})
		require.NoError(t, err)
	}
}
