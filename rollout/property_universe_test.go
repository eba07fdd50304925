package rollout_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// deployMode says what the deployer of a [universe] does with a call.
type deployMode int

const (
	modeWorks     deployMode = iota
	modeRefuses              // an error, and nothing is done
	modeTimesOut             // it is done, and then an error
	modeLate                 // no error, and it is done when it is delivered
	modeUnsettled            // it is done, and a change is under way for ever
	modeBlind                // it is done, and nothing can be seen
	modeDies                 // the driver dies before it is done
	modeDiesAfter            // or after it
)

// universe is a world in which everything goes wrong. It is the deployer too, and
// asks the [book] about each call.
type universe struct {
	*world
	rt       *rapid.T
	high     time.Time // the latest that any clock has shown: clocks go back, recorded time does not
	store    journal.Journal
	known    map[rollout.Target]rollout.State
	mode     deployMode
	foreign  bool
	served   *uint64
	late     []rollout.Action
	book     *book
	pending  release.Digest // the action that was ordered before this step
	fences   map[rollout.Target]uint64
	keys     map[release.Digest]bool
	poisoned map[release.Digest]bool
	seen     map[string]int // what happened, so that the test can say what it covers
}

func newUniverse(t *testing.T, rt *rapid.T) *universe {
	w := newWorld(t)
	w.plan = drawPlan(rt)
	w.sick = map[string]bool{}
	w.real = new(deploytest.Simulated)
	if !w.plan.First {
		w.real.Serve(production, w.plan.Previous)
	}
	w.real.Serve(web, webVersion("1"))
	w.verdict["back"] = release.VerdictAllow
	return &universe{world: w, store: w.journal, known: map[rollout.Target]rollout.State{}, rt: rt, high: nine, fences: map[rollout.Target]uint64{}, keys: map[release.Digest]bool{}, poisoned: map[release.Digest]bool{}, seen: map[string]int{}, served: new(uint64)}
}

func (u *universe) ill(s rollout.Slice) bool {
	return slices.ContainsFunc([]string{s.Region, s.Cell, s.Cohort, s.Environment}, func(name string) bool { return name != "" && u.sick[name] })
}

// webShows reports whether production of web shows its release to the stage or more;
// "" is all.
func (u *universe) webShows(stage string) bool {
	effects := u.real.Effects(web)
	if len(effects) == 0 {
		return false
	}
	last := effects[len(effects)-1]
	return last.Kind == rollout.ActionExpose && (last.Stage == "all" || last.Stage == stage)
}

// webRests reports whether web serves what rests on a release that production still
// shows. A release that took the place of the one that web was made for, after that
// had gone, carries nothing.
func (u *universe) webRests() bool {
	o, err := u.real.Observe(u.t.Context(), production)
	require.NoError(u.rt, err)
	return u.webShows("half") && slices.ContainsFunc(o.Shares, func(s rollout.Share) bool {
		return s.Release == u.plan.Release.Digest && s.Slice.Percent > 0
	})
}

func (u *universe) webRuns() bool {
	return u.load(web).Running()
}

func (u *universe) engine(actor string) *rollout.Engine {
	gates := map[string]rollout.Gate{}
	for _, name := range []string{"first", "last", "back"} {
		gates[name] = rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: u.verdict[name], Retry: u.retry[name]}, u.gateErr[name]
		})
	}
	e, err := rollout.New(rollout.Options{Journal: u.journal, Deployer: u, Gates: gates, Actor: actor, Now: func() time.Time { return u.clock },
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			if q.Slice != nil && u.hErr == nil && u.ill(*q.Slice) {
				return health.Verdict{Kind: health.KindRegressed, Why: "sick"}, nil
			}
			return u.health, u.hErr
		})})
	require.NoError(u.rt, err)
	return e
}

// Apply implements [rollout.Deployer].
func (u *universe) Apply(ctx context.Context, a rollout.Action) error {
	if a.Target == production {
		u.judge(a)
	}
	switch u.mode {
	case modeRefuses:
		return errBoom
	case modeDies:
		panic(faulty.Killed)
	case modeLate:
		u.late = append(u.late, a)
		return nil
	}
	err := u.do(ctx, a)
	switch u.mode {
	case modeTimesOut:
		return errBoom
	case modeDiesAfter:
		panic(faulty.Killed)
	}
	return err
}

// judge is the oracle's word on what the deployer is asked.
func (u *universe) judge(a rollout.Action) {
	if a.Release != u.book.plan.Release { // another one began in this step
		u.turn(u.load(production))
	}
	u.look()
	b, fresh := u.book, a.Key != u.pending
	require.Equal(u.rt, b.plan.Release.Version, a.Release.Version)
	why := ""
	switch a.Kind {
	case rollout.ActionExpose:
		why = b.mayExpose(u, a, fresh)
		i := slices.IndexFunc(b.plan.Stages, func(s rollout.Stage) bool { return s.Name == a.Stage })
		if fresh {
			b.restoring = i == b.widest
		}
		b.widest, b.withdrawn, b.resumed = max(i, b.widest), false, false
	case rollout.ActionWithdraw:
		all := b.stage(b.widest)
		if gone := len(all.Slices) - len(a.Slices); b.irreversible(b.widest) || gone > all.MaxWithdrawn || b.aborted || b.giving ||
			fresh && !slices.ContainsFunc(all.Slices, func(s rollout.Slice) bool { return u.ill(s) && !slices.Contains(a.Slices, s) }) {
			why = "it may not be taken back in part"
		}
		b.withdrawn, b.resumed = true, b.resumed && !fresh
	default:
		why = b.mayGoBack(u, fresh)
	}
	u.seen[a.Kind.String()]++
	if why != "" {
		u.rt.Fatalf("the deployer is asked to %v %s (fresh=%v) at %v, but %s: %v\n%+v", a.Kind, a.Stage, fresh, u.high, why, u.load(production), *b)
	}
	u.pending = a.Key
}

// do has the effect of a, if it was not overtaken.
func (u *universe) do(ctx context.Context, a rollout.Action) error {
	before := len(u.real.Effects(a.Target))
	err := u.real.Apply(ctx, a)
	if len(u.real.Effects(a.Target)) == before {
		return err
	}
	require.Greater(u.rt, a.Fence, u.fences[a.Target], "fences rise")
	require.False(u.rt, u.keys[a.Key], "keys are unique")
	u.fences[a.Target], u.keys[a.Key] = a.Fence, true
	if b := u.book; a.Target == production && a.Release == b.plan.Release && a.Kind == rollout.ActionExpose && !b.restoring {
		if !b.shown.IsZero() {
			b.spent, b.before = b.spent+b.stage(b.widest-1).Share()*max(0, u.clock.Sub(b.shownBy).Hours()), b.shown
		}
		b.shown, b.shownBy = u.clock, u.high
	}
	return err
}

// Observe implements [rollout.Deployer].
func (u *universe) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	if u.mode == modeBlind {
		return rollout.Observed{}, errBoom
	}
	o, err := u.real.Observe(ctx, t)
	o.Settled = u.mode != modeUnsettled
	if t == production {
		o.Served = u.served
		if u.foreign {
			o.Shares = append(o.Shares, rollout.Share{Release: version("foreign").Digest, Slice: rollout.Slice{Region: "moon", Percent: 3}})
		}
	}
	return o, err
}

// load is where a target stands, by a journal that does not fail. It goes on from
// where it was last.
func (u *universe) load(t rollout.Target) rollout.State {
	s, known := u.known[t]
	if !known {
		s = rollout.NewState(t)
	}
	for rec, err := range u.store.Load(u.t.Context(), t.Stream(), s.Head.Seq) {
		require.NoError(u.rt, err)
		s, err = rollout.Reduce(s, rec)
		require.NoError(u.rt, err)
	}
	u.known[t] = s
	return s
}

// replayed audits the stream, and compares it with what is known of it.
func (u *universe) replayed() {
	u.audit()
	s, err := rollout.Replay(production, u.records())
	require.NoError(u.rt, err)
	require.Equal(u.rt, u.load(production), s)
}

// drive calls step of production as an engine of this name. The journal's k-th call
// fails, unless k is 0. It returns false if the driver did not survive it.
func (u *universe) drive(actor string, k int, how faulty.Mode) (s rollout.State, wake time.Time, ok bool) {
	if u.clock.After(u.high) {
		u.high = u.clock
	}
	if s := u.load(production); s.Running() {
		u.turn(s)
		if s.Rollout.Pending != nil {
			u.pending = s.Rollout.Pending.Action.Key
		}
		u.look()
	}
	under := u.journal
	defer func() {
		u.journal = under
		if p := recover(); p != nil {
			if p != faulty.Killed {
				panic(p)
			}
			u.seen["killed"]++
			ok = false
		}
		if u.mode == modeDies || u.mode == modeDiesAfter {
			u.mode = modeWorks // the driver dies once
		}
	}()
	if k > 0 {
		u.journal = faulty.Journal(under, k, how)
	}
	s, wake, err := u.engine(actor).Step(u.t.Context(), production)
	if err != nil {
		require.ErrorIs(u.rt, err, faulty.ErrInjected)
		return s, wake, false
	}
	return s, wake, true
}

// look notes when something first called for going back.
func (u *universe) look() {
	if may, _ := u.book.calls(u); may && u.book.cause.IsZero() {
		u.book.cause = u.high
	}
}

// turn opens a new book if another rollout has begun.
func (u *universe) turn(s rollout.State) {
	if u.book.plan.Release != s.Rollout.Plan.Release {
		u.book = newBook(s.Rollout.Plan, s.Rollout.By.Actor.ID, u.high)
	}
}

// checked is a step whose outcome is looked at from all sides.
func (u *universe) checked(actor string, k int, how faulty.Mode) {
	before := u.load(production)
	s, wake, ok := u.drive(actor, k, how)
	if !ok || before.Rollout == nil {
		return
	}
	u.require(before, s, wake)
	// Once more at the same moment: nothing happens. What was applied and not seen yet may
	// call for one record, of questions that were not asked in the step that ordered it.
	was, rounds := u.mode, 1
	if s.Running() && s.Rollout.Pending != nil {
		rounds = 2
	}
	effects := len(u.real.Effects(production))
	var again rollout.State
	for range rounds {
		if again, _, ok = u.drive("service:again", 0, faulty.ModeNone); !ok || was != u.mode {
			return
		}
		before, s = s, again
	}
	if rounds == 1 || s.Rollout.Pending != nil {
		require.Equal(u.rt, before.Head.Seq, s.Head.Seq, "one more step at the same moment appends")
		require.Equal(u.rt, effects, len(u.real.Effects(production)))
	}
}

func (u *universe) require(before, s rollout.State, wake time.Time) {
	rt := u.rt
	require.Equal(rt, u.load(production), s, "the journal says what Step said")
	r, b := s.Rollout, u.book
	if s.Running() {
		require.True(rt, wake.After(u.clock), "wake %v, now %v: %v", wake, u.clock, s)
		if r.Pending == nil && r.Stage >= 0 && r.Plan.Stages[r.Stage].Health != rollout.HealthIgnored && r.Abort == nil {
			require.False(rt, wake.After(u.high.Add(r.Plan.Poll)), "nobody looks until %v, now %v: %v", wake, u.clock, s)
		}
		require.False(rt, wake.After(u.high.Add(12*time.Hour)), "wake %v, now %v: %v", wake, u.clock, s)
	} else {
		require.True(rt, wake.IsZero())
	}
	if !before.Running() || r.Plan.Release != b.plan.Release {
		return
	}
	u.seen[r.Phase.String()]++
	if !r.Phase.Ended() && r.Held != nil {
		u.seen["held"]++
	}
	_, must := b.calls(u)
	works := u.mode == modeWorks && !u.foreign && (r.Pending == nil || !r.Pending.NotBefore.After(u.clock))
	switch {
	case !must || !works || r.Phase == rollout.PhaseDeployed:
	case r.Phase == rollout.PhaseRetreating:
		require.True(rt, len(r.Plan.RollbackGates)+len(r.Plan.Dependents) > 0)
	case b.aborted || b.giving:
		require.True(rt, r.Phase.Ended(), "aborted, and it goes on: %v", s)
	case b.irreversible(b.widest):
		require.True(rt, r.Held != nil, "%v", s)
	default:
		require.Equal(rt, rollout.PhaseRolledBack, r.Phase, "%v", s)
	}
	o, err := u.real.Observe(u.t.Context(), production)
	require.NoError(rt, err)
	shows := slices.ContainsFunc(o.Shares, func(s rollout.Share) bool { return s.Release == r.Plan.Release.Digest && s.Slice.Percent > 0 })
	switch r.Phase {
	case rollout.PhaseRolledBack, rollout.PhaseStopped:
		require.False(rt, shows, "%v", s)
	case rollout.PhaseDeployed:
		require.False(rt, slices.ContainsFunc(o.Shares, func(s rollout.Share) bool { return s.Release == r.Plan.Previous.Digest }), "%v", s)
	}
	if s.LastKnownGood == r.Plan.Release {
		watch := b.stage(len(b.plan.Stages) - 1)
		require.True(rt, watch.MinBake > 0 && watch.Health != rollout.HealthIgnored && b.skipped != len(b.plan.Stages)-1)
		require.False(rt, s.GoodSince.Before(b.shown.Add(watch.MinBake)))
		u.seen["last known good"]++
	}
	if r.Phase.Ended() && !b.giving && b.widest >= 0 && (r.Phase == rollout.PhaseRolledBack || r.Phase == rollout.PhaseHalted) {
		u.poisoned[r.Plan.Release.Digest] = true
	}
}

// orders calls a command and writes it down if it was accepted.
func (u *universe) orders(name string, by rollout.By, command func(e *rollout.Engine) error, noted func(b *book)) {
	if s := u.load(production); s.Running() {
		u.turn(s)
	}
	err := command(u.engine("service:test"))
	if err == nil {
		u.seen[name]++
		noted(u.book)
	}
	require.False(u.rt, errors.Is(err, journal.ErrConflict) || errors.Is(err, rollout.ErrUnknownRecord), "%v", err)
}
