package rollout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Before it begins: a rollout in working hours, with a budget, that somebody must still
// approve.
func ExampleEngine_Preview() {
	clock := time.Date(2026, 11, 26, 15, 0, 0, 0, time.UTC) // a Thursday
	plan := rollout.Plan{
		Target:   rollout.Target{Service: "api", Environment: "production"},
		Release:  version("1.5.0"),
		Previous: version("1.4.2"),
		Stages: []rollout.Stage{
			{Name: "canary", Slices: []rollout.Slice{{Percent: 5}}, Gates: []string{"evidence"}, MinBake: time.Hour},
			{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: time.Hour, MaxBake: 4 * time.Hour, OnUndecided: rollout.UndecidedRollback},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: 2 * time.Hour, Health: rollout.HealthWatched, Approvals: 1},
		},
		Calendar: &calendar.Calendar{Zone: "UTC", Open: []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "16:00"}}},
		Budget:   rollout.Budget{PercentHours: 150},
	}
	deployer := new(deploytest.Simulated) // nothing is deployed here
	deployer.Serve(plan.Target, plan.Previous)
	engine, err := rollout.New(rollout.Options{Journal: new(journal.Memory), Deployer: deployer, Now: func() time.Time { return clock },
		Gates: map[string]rollout.Gate{"evidence": rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: release.VerdictAllow}, nil
		})},
		Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) {
			return health.Verdict{}, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	preview, err := engine.Preview(context.Background(), plan)
	fmt.Print(preview)
	fmt.Println(len(preview.Stops), err)
	// Output:
	// api@production: 1.5.0 in place of 1.4.2, if it began at 2026-11-26T15:00:00Z
	// as things are now it would be held, as told below; without that:
	// stage   share  exposed               baked                 percent-hours  if undecided
	// canary  5 %    2026-11-26T15:00:00Z  2026-11-26T16:00:00Z  0
	// half    50 %   2026-11-27T09:00:00Z  2026-11-27T10:00:00Z  90             rollback at 2026-11-27T13:00:00Z
	// all     100 %  2026-11-27T10:00:00Z  2026-11-27T12:00:00Z  140
	// deployed at 2026-11-27T12:00:00Z, after 21h0m0s; 140 percent-hours before everything is exposed, of a budget of 150: 10 are left for delays
	// waits before half from 2026-11-26T16:00:00Z until 2026-11-27T09:00:00Z: gate rollout/calendar holds: closed outside of business hours until Fri 2026-11-27 09:00 +00:00
	// calendar open from 2026-11-26T15:00:00Z to 2026-11-26T16:00:00Z
	// calendar open from 2026-11-27T09:00:00Z to 2026-11-27T16:00:00Z
	// calendar open from 2026-11-30T09:00:00Z to 2026-11-30T16:00:00Z
	// would hold it: before stage all: it needs 1 approval
	// assumed: the deployer does at once what it is told, and serves what the plan says until then
	// assumed: health says healthy whenever it is asked
	// assumed: it is stepped whenever it is due; nobody pauses, skips, overrides, supersedes or aborts
	// assumed: gates allow when they are asked, whatever they say now, or from the time on that they named
	// assumed: people approve before it is needed
	// 0 <nil>
}

// previewed is a preview of the world's plan, of which nothing remains.
func (w *world) previewed() rollout.Preview {
	before := w.records()
	effects := len(w.real.Effects(w.plan.Target))
	v, err := w.engine().Preview(w.t.Context(), w.plan)
	require.NoError(w.t, err)
	again, err := w.engine().Preview(w.t.Context(), w.plan)
	require.NoError(w.t, err)
	require.Equal(w.t, v, again, "it depends on nothing else")
	require.Equal(w.t, v.String(), again.String())
	require.Equal(w.t, before, w.records(), "it writes nothing")
	require.Len(w.t, w.real.Effects(w.plan.Target), effects, "it deploys nothing")
	return v
}

// unseen is a deployer that cannot be observed.
type unseen struct{ rollout.Deployer }

func (unseen) Observe(context.Context, rollout.Target) (rollout.Observed, error) {
	return rollout.Observed{}, errBoom
}

func codes(reasons []release.Reason) []string {
	out := []string{}
	for _, r := range reasons {
		out = append(out, r.Code+" "+r.Subject)
	}
	return out
}

// What keeps a rollout from beginning, ends it or makes it wait is told, each under its
// own heading, and the rest of the table is there all the same.
func TestPreviewTellsWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	db := rollout.Target{Service: "db", Environment: "production"}
	db9 := release.Ref{Service: "db", Version: "9", Digest: release.DigestOf([]byte("db 9"))}
	hours := func(days calendar.Days, from, to calendar.Clock) *calendar.Calendar {
		return &calendar.Calendar{Zone: "UTC", Open: []calendar.Hours{{Days: days, From: from, To: to}}}
	}
	for _, c := range []struct {
		name         string
		edit         func(w *world)
		stops, holds []string
		text         string        // among what it prints
		takes        time.Duration // until everything is deployed; 0 if it is not
	}{
		{"nothing", func(*world) {}, nil, nil, "deployed at 2026-11-23T12:00:00Z, after 3h0m0s; 55 percent-hours", 3 * time.Hour},
		{"a gate that holds", func(w *world) { w.verdict["first"] = release.VerdictHold }, nil, []string{"rollout/gate-hold first"},
			"would hold it: before stage canary: gate says so", 3 * time.Hour},
		{"a gate without a verdict", func(w *world) { w.verdict["first"] = release.VerdictUnknown }, nil, []string{"rollout/gate-hold first"}, "", 3 * time.Hour},
		{"a gate that fails", func(w *world) { w.gateErr["last"] = errBoom }, nil, []string{"rollout/gate-hold last"}, "before stage all: no verdict: boom", 3 * time.Hour},
		{"a gate that holds until noon", func(w *world) {
			w.verdict["first"], w.retry["first"] = release.VerdictHold, nine.Add(3*time.Hour)
		}, nil, nil, "waits before canary from 2026-11-23T09:00:00Z until 2026-11-23T12:00:00Z: gate first holds: it is to be asked again", 6 * time.Hour},
		{"a gate that held until this morning", func(w *world) {
			w.verdict["first"], w.retry["first"] = release.VerdictHold, nine
		}, nil, []string{"rollout/gate-hold first"}, "", 3 * time.Hour},
		{"a gate that holds for ten years", func(w *world) {
			w.verdict["last"], w.retry["last"] = release.VerdictHold, nine.AddDate(10, 0, 0)
		}, []string{"rollout/preview-too-long last"}, nil, "not deployed", 0},
		{"a gate that holds until the end of time", func(w *world) {
			w.verdict["first"], w.retry["first"] = release.VerdictHold, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		}, []string{"rollout/preview-too-long first"}, nil, "not deployed", 0},
		{"a gate that denies", func(w *world) { w.verdict["last"] = release.VerdictDeny }, []string{"rollout/gate-deny last"}, nil,
			"would stop it: before stage all: gate says so", 3 * time.Hour},
		{"a gate that denies each stage", func(w *world) { w.verdict["first"] = release.VerdictDeny }, []string{"rollout/gate-deny first"}, nil, "", 3 * time.Hour},
		{"a gate that nobody has", func(w *world) { w.plan.Stages[1].Gates = []string{"other"} }, nil, []string{"rollout/gate-hold other"},
			"no gate of this name", 3 * time.Hour},
		{"no way back", func(w *world) {
			w.plan.RollbackGates, w.verdict["back"] = []string{"back"}, release.VerdictDeny
		}, nil, nil, "the way back: gate back: deny: gate says so", 3 * time.Hour},
		{"approvals", func(w *world) { w.plan.Stages[2].Approvals = 2 }, nil, []string{"rollout/gate-hold rollout/approvals"},
			"before stage all: it needs 2 approvals", 3 * time.Hour},
		{"approvals, and authors of odd names", func(w *world) {
			w.plan.Stages[2].Approvals, w.plan.Authors = 1, []release.Actor{{Kind: release.ActorHuman, ID: "preview:0"}}
		}, nil, []string{"rollout/gate-hold rollout/approvals"}, "", 3 * time.Hour},
		{"another rollout", func(w *world) { w.start() }, []string{"rollout/busy api@production"}, nil, "another rollout of the target is under way", 3 * time.Hour},
		{"a poisoned release", func(w *world) {
			w.start()
			w.step()
			w.abort()
			w.step()
		}, []string{"rollout/poisoned api@production"}, nil, "was rolled back before", 3 * time.Hour},
		{"both poisoned, and something else serves", func(w *world) {
			w.start()
			w.step()
			w.abort()
			w.step()
			other := w.plan
			other.Release = version("3")
			_, err := w.engine().Start(w.t.Context(), other, ada)
			require.NoError(w.t, err)
			w.step()
			w.abort()
			w.step()
			w.plan.Previous = version("3")
		}, []string{"rollout/previous api@production", "rollout/poisoned api@production", "rollout/poisoned api@production"},
			[]string{"rollout/waiting-observation api@production"}, "what keeps it from beginning is out of the way", 3 * time.Hour},
		{"production is something else", func(w *world) { w.real.Serve(production, version("0")) }, nil,
			[]string{"rollout/waiting-observation api@production"}, "production is not what the plan says it replaces", 3 * time.Hour},
		{"production cannot be seen", func(w *world) { w.deploy = unseen{w.real} }, nil,
			[]string{"rollout/waiting-observation api@production"}, "", 3 * time.Hour},
		{"another target that has nothing", func(w *world) {
			w.plan.After = []rollout.Dependency{{Target: db, Release: db9}}
		}, nil, []string{"rollout/gate-hold rollout/after"}, "db@production does not have 9", 3 * time.Hour},
		{"another target that is ready", func(w *world) {
			w.plan.After = []rollout.Dependency{{Target: db, Release: db9}}
			w.real.Serve(db, db9)
			_, err := w.engine().Adopt(w.t.Context(), db, db9, ada)
			require.NoError(w.t, err)
		}, nil, nil, "comes after: db@production has 9", 3 * time.Hour},
		{"another target that took it back", func(w *world) {
			w.plan.After = []rollout.Dependency{{Target: db, Release: db9}}
			w.real.Serve(db, release.Ref{Service: "db", Version: "8", Digest: release.DigestOf([]byte("db 8"))})
			other := world{t: w.t, clock: w.clock, journal: w.journal, real: w.real, deploy: w.real, verdict: w.verdict, plan: w.plan}
			other.plan.Target, other.plan.Release, other.plan.After = db, db9, nil
			other.plan.Previous = release.Ref{Service: "db", Version: "8", Digest: release.DigestOf([]byte("db 8"))}
			other.start()
			other.step()
			other.abort()
			other.step()
		}, []string{"rollout/gate-deny rollout/after"}, nil, "db@production takes 9 back", 3 * time.Hour},
		{"working hours", func(w *world) { w.plan.Calendar = hours(calendar.Weekdays, "09:00", "10:30") }, nil, nil,
			"waits before all from 2026-11-23T11:00:00Z until 2026-11-24T09:00:00Z: gate rollout/calendar holds", 25 * time.Hour},
		{"a closed year", func(w *world) {
			w.plan.Calendar = &calendar.Calendar{Zone: "UTC", Freezes: []calendar.Freeze{{Name: "audit", From: "2026-11-23T00:00", To: "2027-11-23T00:00"}}}
		}, nil, nil, "freeze", 365*24*time.Hour - 9*time.Hour + 3*time.Hour},
		{"closed for ever", func(w *world) {
			w.plan.Calendar = &calendar.Calendar{Zone: "UTC", Freezes: []calendar.Freeze{{Name: "end of life", From: "2026-11-23T00:00", To: "2999-12-31T00:00"}}}
		}, []string{"rollout/preview-too-long rollout/calendar"}, nil, "not deployed", 0},
		{"a zone that nobody knows", func(w *world) {
			w.plan.Calendar = &calendar.Calendar{Zone: "Mars/Olympus"}
		}, []string{"rollout/waiting-forever rollout/calendar"}, nil, "the zone is not known", 0},
		{"a budget that a night spends", func(w *world) {
			w.plan.Calendar, w.plan.Budget.PercentHours = hours(calendar.Weekdays, "09:00", "10:30"), 100
		}, []string{"rollout/waiting-forever rollout/budget"}, nil, "percent-hours were exposed, the budget is 100", 0},
		{"a budget that goes back when it is spent", func(w *world) {
			w.plan.Calendar, w.plan.Budget = hours(calendar.Weekdays, "09:00", "10:30"), rollout.Budget{PercentHours: 100, OnSpent: rollout.UndecidedRollback}
		}, []string{"rollout/budget-spent half"}, nil, "at 2026-11-23T11:54:15Z it would be rolled back", 0},
		{"a deny, and a budget that a night spends", func(w *world) {
			w.verdict["first"] = release.VerdictDeny
			w.plan.Calendar, w.plan.Budget.PercentHours = hours(calendar.Weekdays, "09:00", "10:30"), 100
		}, []string{"rollout/gate-deny first", "rollout/waiting-forever rollout/budget"}, nil, "percent-hours were exposed, the budget is 100", 0},
		{"a budget without room", func(w *world) { w.plan.Budget.PercentHours = 55 }, nil, nil, "of a budget of 55: 0 are left for delays", 3 * time.Hour},
		{"a budget of requests", func(w *world) { w.plan.Budget.Served = 1000 }, nil, nil, "serves fewer than the budget of 1000", 3 * time.Hour},
		{"the most it may be undecided", func(w *world) {
			w.plan.Stages[1].MaxBake, w.plan.Stages[1].OnUndecided, w.plan.Stages[1].OnNoData = 5*time.Hour, rollout.UndecidedRollback, rollout.UndecidedHold
		}, nil, nil, "rollback at 2026-11-23T15:00:00Z (without data hold)", 3 * time.Hour},
		{"days of it", func(w *world) {
			for i := range w.plan.Stages {
				w.plan.Stages[i].MinBake = 100 * 24 * time.Hour
			}
			w.plan.Poll = time.Nanosecond
		}, nil, nil, "after 7200h0m0s", 300 * 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.retry = map[string]time.Time{}
			c.edit(w)
			began := time.Now()
			v := w.previewed()
			require.Less(t, time.Since(began), 5*time.Second, "it comes to an end")
			if c.stops == nil {
				c.stops = []string{}
			}
			if c.holds == nil {
				c.holds = []string{}
			}
			require.Equal(t, c.stops, codes(v.Stops), "%s", v)
			require.Equal(t, c.holds, codes(v.Holds), "%s", v)
			require.Contains(t, v.String(), c.text)
			require.Equal(t, v.Deployed.IsZero(), strings.Contains(v.String(), "\nnot deployed; "))
			stops := len(c.stops)
			if v.Deployed.IsZero() {
				stops-- // how the simulation ends
			}
			require.Equal(t, stops > 0, strings.Contains(v.String(), "\nas things are now it would be stopped, as told below; without that:\nstage "))
			require.Equal(t, stops == 0 && len(c.holds) > 0, strings.Contains(v.String(), "\nas things are now it would be held, as told below; without that:\nstage "))
			if c.takes == 0 {
				require.Zero(t, v.Deployed)
			} else {
				require.Equal(t, c.takes, v.Deployed.Sub(v.At), "%s", v)
			}
		})
	}
}

// A gate that names a time is asked then, also where the budget leaves no room any more:
// which look finds the budget spent depends on it.
func TestPreviewOfABudgetBesideAGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[1].Gates = []string{"last"}
	w.plan.Poll = time.Minute
	w.plan.Stages[0].MaxBake = 150 * time.Minute // a look between the end of the room and the gate's time
	w.plan.Budget = rollout.Budget{PercentHours: 60, OnSpent: rollout.UndecidedRollback}
	w.verdict["last"], w.retry = release.VerdictHold, map[string]time.Time{"last": nine.Add(3*time.Hour + 7*time.Second)}
	v := w.previewed()
	require.Equal(t, []string{"rollout/budget-spent canary"}, codes(v.Stops), "%s", v)
	w.start()
	s, err := w.engine().Run(t.Context(), production, func(_ context.Context, _ rollout.State, until time.Time) error {
		w.clock = until
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
	require.Equal(t, nine.Add(12*time.Hour+7*time.Second), s.Rollout.Ended.UTC())
	require.Contains(t, v.Stops[0].Text, "at 2026-11-23T21:00:07Z it would be rolled back")
}

// A plan with mistakes, and a journal that cannot be read, give no preview.
func TestPreviewOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[0].Name = ""
	v, err := w.engine().Preview(t.Context(), w.plan)
	require.ErrorContains(t, err, "no name")
	require.Zero(t, v)

	w = newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = w.engine().Preview(ctx, w.plan)
	require.ErrorIs(t, err, context.Canceled)

	require.NoError(t, w.journal.Close())
	v, err = w.engine().Preview(t.Context(), w.plan)
	require.ErrorIs(t, err, journal.ErrClosed)
	require.Zero(t, v)
}

// Where an engine has no health source, nothing that must be watched goes on.
func TestPreviewWithoutHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[2].Health = rollout.HealthIgnored
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Now: func() time.Time { return w.clock }})
	require.NoError(t, err)
	v, err := e.Preview(t.Context(), w.plan)
	require.NoError(t, err)
	require.Equal(t, []string{"rollout/gate-hold first", "rollout/gate-hold last", "rollout/waiting-health canary", "rollout/waiting-health half"}, codes(v.Holds))
}

// The host's gates are asked about the stages before which they would be asked, and can
// tell that there is no rollout yet.
func TestPreviewAsksGatesAboutEachStage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.RollbackGates = []string{"back"}
	_, err := w.engine().Preview(t.Context(), w.plan)
	require.NoError(t, err)
	require.Equal(t, []string{"first canary", "first half", "first all", "last all", "back all"}, w.asked)

	var queries []rollout.GateQuery
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Now: func() time.Time { return w.clock },
		Gates: map[string]rollout.Gate{"back": rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
			queries = append(queries, q)
			return rollout.GateResult{}, nil
		})}})
	require.NoError(t, err)
	_, err = e.Preview(t.Context(), w.plan)
	require.NoError(t, err)
	require.Len(t, queries, 1)
	digest, err := w.plan.Digest()
	require.NoError(t, err)
	require.Equal(t, rollout.GateQuery{Gate: "back", Target: production, Release: w.plan.Release, Previous: w.plan.Previous,
		PlanDigest: digest, Stage: w.plan.Stages[2], Back: true, Now: nine}, queries[0])
}

// The largest plan that is valid, with a poll that would look for ever, is simulated in
// bounded time: looks that find nothing new are left out.
func TestPreviewOfALargePlanIsCheap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.retry = map[string]time.Time{}
	gates := map[string]rollout.Gate{}
	w.plan.Stages, w.plan.Poll = nil, time.Nanosecond
	w.plan.Calendar = &calendar.Calendar{Zone: "Europe/Berlin", Open: []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "10:00"}}}
	w.plan.Budget = rollout.Budget{PercentHours: 50_000, OnSpent: rollout.UndecidedRollback}
	asked := 0
	for i := range 100 {
		name := fmt.Sprint("s", i)
		gates[name] = rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
			asked++
			return rollout.GateResult{Verdict: release.VerdictHold, Retry: nine.Add(time.Duration(asked) * time.Minute)}, nil
		})
		w.plan.Stages = append(w.plan.Stages, rollout.Stage{Name: name, Gates: []string{name}, Slices: []rollout.Slice{{Percent: float64(i + 1)}}, MinBake: time.Hour})
	}
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Now: func() time.Time { return w.clock }, Gates: gates})
	require.NoError(t, err)
	began := time.Now()
	v, err := e.Preview(t.Context(), w.plan)
	require.NoError(t, err)
	require.Equal(t, 5050, asked, "each gate about each stage before which it is asked")
	require.Len(t, v.Stops, 1)
	require.Equal(t, "rollout/budget-spent", v.Stops[0].Code, "%.2000s", v)
	require.InDelta(t, 50_000, v.PercentHours, 1e-6, "to the nanosecond")
	require.Less(t, time.Since(began), 30*time.Second)
	t.Log(time.Since(began))
}

// readOnly fails the test on whatever would leave a trace.
type readOnly struct {
	journal.Journal
	t *testing.T
}

func (j readOnly) Append(context.Context, journal.Append) ([]journal.Record, error) {
	j.t.Error("a preview appended")
	return nil, errBoom
}

func (j readOnly) Claim(context.Context, journal.Claim) ([]journal.Lease, error) {
	j.t.Error("a preview claimed a lease")
	return nil, errBoom
}

// watched fails the test when something is deployed.
type watched struct {
	rollout.Deployer
	t *testing.T
}

func (d watched) Apply(context.Context, rollout.Action) error {
	d.t.Error("a preview deployed")
	return errBoom
}

// Neither the journal nor the deployer sees more than a question, in a rollout that is
// taken back too.
func TestPreviewLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal, w.deploy = readOnly{w.journal, t}, watched{w.real, t}
	w.plan.After = []rollout.Dependency{{Target: rollout.Target{Service: "db", Environment: "production"},
		Release: release.Ref{Service: "db", Version: "9", Digest: release.DigestOf([]byte("db 9"))}}}
	w.plan.Dependents, w.plan.RollbackGates = []rollout.Target{{Service: "web", Environment: "production"}}, []string{"back"}
	w.plan.Calendar = &calendar.Calendar{Zone: "UTC", Open: []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "10:30"}}}
	w.plan.Budget = rollout.Budget{PercentHours: 100, OnSpent: rollout.UndecidedRollback}
	v := w.previewed()
	require.Equal(t, []string{"rollout/budget-spent half"}, codes(v.Stops))
}
