package rollout_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

var someDays = rapid.SampledFrom([]calendar.Days{calendar.Weekdays, calendar.EveryDay, calendar.Tuesday | calendar.Friday})

// someCalendar is open at some time of some days, or nil.
func someCalendar(rt *rapid.T) *calendar.Calendar {
	if rapid.IntRange(0, 2).Draw(rt, "calendar") == 0 {
		return nil
	}
	c := &calendar.Calendar{Zone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin"}).Draw(rt, "zone")}
	if rapid.Bool().Draw(rt, "hours") {
		from := rapid.IntRange(0, 20).Draw(rt, "from")
		to := rapid.IntRange(from+1, 24).Draw(rt, "to")
		c.Open = []calendar.Hours{{Days: someDays.Draw(rt, "days"),
			From: calendar.Clock(fmt.Sprintf("%02d:00", from)), To: calendar.Clock(fmt.Sprintf("%02d:00", to))}}
	}
	if rapid.Bool().Draw(rt, "freeze") {
		c.Freezes = []calendar.Freeze{{Name: "launch", From: "2026-11-24T07:30", To: "2026-11-26T00:00"}}
	}
	return c
}

// somePlan is valid.
func somePlan(rt *rapid.T) rollout.Plan {
	p := rollout.Plan{Target: production, Release: version("2"), Previous: version("1"), Calendar: someCalendar(rt),
		Poll: rapid.SampledFrom([]time.Duration{20 * time.Minute, 47 * time.Minute, 3 * time.Hour}).Draw(rt, "poll")}
	duration := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 700).Draw(t, "minutes")) * time.Minute
	})
	switch rapid.IntRange(0, 7).Draw(rt, "shape") {
	case 0:
		p.Stages, p.Budget = rollout.TierRings(rapid.SampledFrom([]release.Tier{1, 2, 3, 4}).Draw(rt, "tier"), release.RolloutRequirement{MaxStepPercent: 60},
			rollout.RingOptions{Region: "eu", RegionPercent: 30, Gates: []string{"a"}, LastGates: []string{"b"}})
		return p
	case 1:
		o := safe()
		o.Gates = []string{"b"}
		p.Stages, p.Budget = rollout.SafeDeployment(o)
		return p
	case 2: // nothing serves yet, and several slices are all there is
		p.Previous, p.First = release.Ref{}, true
		p.Stages = []rollout.Stage{
			{Name: "a", Slices: []rollout.Slice{{Region: "eu", Percent: 50}}, Percent: 20, MinBake: time.Hour},
			{Name: "b", Slices: []rollout.Slice{{Region: "eu", Percent: 100}, {Region: "us", Percent: 100}}, Percent: 100, PerSlice: true, MaxWithdrawn: 1, MinBake: time.Hour},
		}
		return p
	}
	n := rapid.IntRange(1, 4).Draw(rt, "stages")
	least := 0.0
	for i := range n {
		share := 100 * float64(i+1) / float64(n)
		s := rollout.Stage{Name: fmt.Sprint("s", i), Slices: []rollout.Slice{{Percent: share}}, MinBake: duration.Draw(rt, "bake"),
			Health:    rapid.SampledFrom([]rollout.HealthRule{rollout.HealthRequired, rollout.HealthWatched, rollout.HealthIgnored}).Draw(rt, "rule"),
			Approvals: rapid.IntRange(0, 2).Draw(rt, "approvals"), AnyTime: rapid.IntRange(0, 4).Draw(rt, "any") == 0,
			PerSlice: rapid.Bool().Draw(rt, "each")}
		for _, gate := range []string{"a", "b"} {
			if rapid.IntRange(0, 3).Draw(rt, "gate") == 0 {
				s.Gates = append(s.Gates, gate)
			}
		}
		if rapid.IntRange(0, 2).Draw(rt, "max") == 0 {
			s.MaxBake = s.MinBake + duration.Draw(rt, "more") + time.Minute
			s.OnUndecided = rapid.SampledFrom([]rollout.OnUndecided{rollout.UndecidedHold, rollout.UndecidedRollback}).Draw(rt, "undecided")
		}
		s.Irreversible = len(s.Gates) > 0 && rapid.IntRange(0, 3).Draw(rt, "irreversible") == 0
		if i < n-1 {
			least += s.Share() * s.MinBake.Hours()
		}
		p.Stages = append(p.Stages, s)
	}
	if rapid.Bool().Draw(rt, "budget") {
		p.Budget = rollout.Budget{PercentHours: least*1.001 + rapid.Float64Range(1, 500).Draw(rt, "slack"),
			OnSpent: rapid.SampledFrom([]rollout.OnUndecided{rollout.UndecidedUnset, rollout.UndecidedRollback}).Draw(rt, "spent")}
	}
	if rapid.Bool().Draw(rt, "after") {
		p.After = []rollout.Dependency{{Target: rollout.Target{Service: "db", Environment: "production"},
			Release: release.Ref{Service: "db", Version: "9", Digest: release.DigestOf([]byte("db 9"))}}}
	}
	return p
}

// What a preview says is what the engine then does, to the nanosecond, when the host's
// world is as the preview assumes.
func TestPreviewIsWhatHappens(t *testing.T) {
	t.Parallel()
	ends := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		plan := somePlan(rt)
		require.NoError(rt, plan.Validate())
		// Clocks are changed in Berlin at the end of October and of March.
		day := rapid.SampledFrom([]time.Time{nine, nine.AddDate(0, 0, -31), time.Date(2027, 3, 26, 22, 0, 0, 0, time.UTC)}).Draw(rt, "day")
		clock := day.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(rt, "start")) * time.Minute)
		begin := clock
		retry := map[string]time.Time{}
		for _, s := range plan.Stages {
			for _, gate := range []string{"a", "b"} {
				if rapid.IntRange(0, 3).Draw(rt, "holds") == 0 {
					retry[gate+s.Name] = begin.Add(time.Duration(rapid.IntRange(1, 4000).Draw(rt, "retry")) * time.Minute)
				}
			}
		}
		store, deployer := new(journal.Memory), new(deploytest.Simulated)
		if !plan.First {
			deployer.Serve(production, plan.Previous)
		}
		options := rollout.Options{Journal: store, Deployer: deployer, Now: func() time.Time { return clock }, Gates: map[string]rollout.Gate{},
			Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) {
				return health.Verdict{Kind: health.KindHealthy, Why: "fine"}, nil
			})}
		for _, gate := range []string{"a", "b"} {
			options.Gates[gate] = rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
				if t := retry[gate+q.Stage.Name]; q.Now.Before(t) {
					return rollout.GateResult{Verdict: release.VerdictHold, Retry: t, Reason: release.Reason{Text: "later"}}, nil
				}
				return rollout.GateResult{Verdict: release.VerdictAllow}, nil
			})
		}
		engine, err := rollout.New(options)
		require.NoError(rt, err)
		for _, d := range plan.After {
			deployer.Serve(d.Target, d.Release)
			_, err := engine.Adopt(ctx, d.Target, d.Release, ada)
			require.NoError(rt, err)
		}
		want, err := engine.Preview(ctx, plan)
		require.NoError(rt, err)
		end := begin.Add(20 * 24 * time.Hour) // more than any of these plans takes
		if len(want.Stops) == 1 && want.Stops[0].Code == "rollout/waiting-forever" {
			for _, s := range want.Stages {
				if !s.Exposed.IsZero() {
					end = s.Left.Add(4 * 24 * time.Hour)
				}
			}
		}

		_, err = engine.Start(ctx, plan, ada)
		require.NoError(rt, err)
		for _, who := range []string{"github:bob", "github:eve"} {
			_, err = engine.Approve(ctx, production, "", rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: who}, Reason: "yes"})
			require.NoError(rt, err)
		}
		s, err := engine.Run(ctx, production, func(_ context.Context, s rollout.State, until time.Time) error {
			if clock = until; clock.After(end) {
				return errBoom
			}
			return nil
		})
		if err != nil {
			require.ErrorIs(rt, err, errBoom)
		}
		var recs []journal.Record
		for rec, err := range store.Load(ctx, production.Stream(), 0) {
			require.NoError(rt, err)
			recs = append(recs, rec)
		}
		events, err := rollout.Events(production, recs)
		require.NoError(rt, err)
		exposed := map[string]time.Time{}
		for _, e := range events {
			if e.Kind == release.EventExposed {
				exposed[e.Stage] = e.At
			}
		}
		spent, last := 0.0, time.Time{}
		for i, v := range want.Stages {
			require.Equal(rt, exposed[v.Name], v.Exposed, "stage %s\n%s", v.Name, want)
			if v.Exposed.IsZero() {
				continue
			}
			if i > 0 {
				spent += want.Stages[i-1].Share * v.Exposed.Sub(last).Hours()
			}
			last = v.Exposed
			require.InDelta(rt, spent, v.PercentHours, 1e-6)
			at := begin
			if i > 0 {
				at = want.Stages[i-1].Left
			}
			for _, w := range v.Waits {
				require.Equal(rt, at, w.From, "waits follow one another\n%s", want)
				require.True(rt, w.Until.After(w.From))
				at = w.Until
			}
			require.Equal(rt, at, v.Exposed, "and all of the time is told\n%s", want)
		}
		switch {
		case err == nil && s.Rollout.Phase == rollout.PhaseDeployed:
			require.Equal(rt, s.Rollout.Ended, want.Deployed)
			require.Empty(rt, want.Stops)
			ends["deployed"]++
		case s.Rollout.Phase.Ended():
			require.Len(rt, want.Stops, 1)
			require.Equal(rt, s.Rollout.Cause.Code, want.Stops[0].Code)
			require.Contains(rt, want.Stops[0].Text, s.Rollout.Ended.UTC().Format(time.RFC3339))
			require.Zero(rt, want.Deployed)
			ends["taken back"]++
		default:
			require.Len(rt, want.Stops, 1)
			require.Equal(rt, "rollout/waiting-forever", want.Stops[0].Code)
			require.Zero(rt, want.Deployed)
			ends["for ever"]++
		}
	})
	t.Log(ends)
}
