package rollout

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Bounds of a simulation: what comes after is not looked at.
const (
	maxPreviewTime  = 5 * 366 * 24 * time.Hour
	maxPreviewSteps = 20_000
)

// simulation is the world of a previewed rollout. It is the deployer, which does at once
// what it is told, and the journal, which keeps nothing but where it stands.
type simulation struct {
	*journal.Memory // for what the engine does not ask of it
	v               *Preview
	plan            *Plan
	now             time.Time
	state           State
	told            *Action                   // the last action
	retry           map[[2]string]time.Time   // of gate and stage, where it holds until then
	others          map[string]journal.Record // the one record of each target that the plan comes after
	hours           *calendar.Schedule        // nil without a calendar, or without its zone
}

// simulate runs the engine from s on.
func (e *Engine) simulate(ctx context.Context, v *Preview, s State) error {
	plan := &s.Rollout.Plan
	sim := &simulation{Memory: new(journal.Memory), v: v, plan: plan, now: v.At, retry: map[[2]string]time.Time{}, others: map[string]journal.Record{}}
	if err := sim.fulfil(); err != nil {
		return err
	}
	s, err := sim.approve(s)
	if err != nil {
		return err
	}
	sim.state = s
	o := Options{Journal: sim, Deployer: told{sim}, Gates: map[string]Gate{}, Actor: "preview", MaxAnswerAge: e.opts.MaxAnswerAge,
		Now: func() time.Time { return sim.now },
		Health: HealthFunc(func(context.Context, HealthQuery) (health.Verdict, error) {
			return health.Verdict{Kind: health.KindHealthy, Why: "assumed"}, nil
		})}
	for i := range v.Stages {
		for _, a := range v.Stages[i].Gates {
			o.Gates[a.Gate] = GateFunc(sim.gate)
			if a.holdsUntil(v.At) {
				sim.retry[[2]string{a.Gate, v.Stages[i].Name}] = a.Result.Retry
			}
		}
	}
	for _, g := range plan.RollbackGates {
		o.Gates[g] = GateFunc(sim.gate)
	}
	return sim.run(ctx, &Engine{o, nil})
}

// run steps the engine until the rollout has ended, or nothing more would happen.
func (sim *simulation) run(ctx context.Context, engine *Engine) error {
	for range maxPreviewSteps {
		s, wake, err := engine.stepFrom(ctx, sim.state, 0)
		if err != nil {
			return err
		}
		if wake.IsZero() {
			sim.ended(s.Rollout)
			return nil
		}
		why := sim.waits(s.Rollout)
		wake, more := sim.leap(s.Rollout, wake)
		if !more {
			sim.stop("rollout/waiting-forever", why.Subject, "from "+stamp(sim.now)+" on it waits for what does not come: "+why.Text)
			return nil
		}
		if wake.After(sim.v.At.Add(maxPreviewTime)) {
			sim.stop("rollout/preview-too-long", why.Subject, fmt.Sprintf("it would take more than %d days, and was not simulated further: %s", maxPreviewTime/(24*time.Hour), why.Text))
			return nil
		}
		sim.now = wake
	}
	sim.stop("rollout/preview-too-long", "", fmt.Sprintf("it was not simulated further than %s: it takes more than %d steps", stamp(sim.now), maxPreviewSteps))
	return nil
}

func (sim *simulation) stop(code, subject, text string) {
	sim.v.Stops = append(sim.v.Stops, release.Reason{Code: code, Subject: subject, Text: clip(text)})
	if r := sim.state.Rollout; r.Stage < sim.plan.last() {
		sim.v.PercentHours = r.Exposed(sim.now)
	}
}

// ended takes in how it ended.
func (sim *simulation) ended(r *Rollout) {
	if r.Phase == PhaseDeployed {
		sim.v.Deployed = r.Ended
		return
	}
	sim.stop(r.Cause.Code, r.Cause.Subject, fmt.Sprintf("at %s it would be %v: %s", stamp(r.Ended), r.Phase, r.Cause.Text))
}

// waits takes in what the next stage waits for now, and says what it is.
func (sim *simulation) waits(r *Rollout) release.Reason {
	why := r.Waiting()
	if sim.baking(r) || r.next() > sim.plan.last() {
		return why
	}
	if over := sim.over(r); over.Code != "" {
		why = release.Reason{Code: "rollout/waiting-gate", Subject: GateBudget, Text: over.Text}
	}
	stage := &sim.v.Stages[r.next()]
	if n := len(stage.Waits); n > 0 {
		if last := &stage.Waits[n-1]; last.Why.Code == why.Code && last.Why.Subject == why.Subject {
			return why
		}
		stage.Waits[n-1].Until = sim.now
	}
	stage.Waits = append(stage.Waits, Wait{From: sim.now, Why: why})
	return why
}

// baking reports whether the least bake time of the exposed stage is not over.
func (sim *simulation) baking(r *Rollout) bool {
	return r.Phase == PhaseBaking && sim.now.Before(r.baked())
}

// over says that the budget keeps the next stage from being exposed, for good: what is
// spent only grows.
func (sim *simulation) over(r *Rollout) release.Reason {
	if sim.baking(r) || r.next() > sim.plan.last() {
		return release.Reason{}
	}
	f := r.Facts
	f.Now = sim.now
	return r.overBudget(r.next(), f)
}

// leap is when to step next: wake, or, where the engine would only look again at a world
// that has not changed, the last such look before something does. It reports false when
// nothing ever will. The looks in between find what the last one found: the simulated
// world is constant but for what is listed here.
func (sim *simulation) leap(r *Rollout, wake time.Time) (time.Time, bool) {
	poll := r.Plan.poll()
	if !wake.Equal(sim.now.Add(poll)) {
		return wake, true
	}
	most := maxPreviewTime/poll + 2
	looks := sim.spends(r, most)
	next := time.Time{}
	event := func(t time.Time) {
		if t.After(sim.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	baking := sim.baking(r)
	if baking {
		event(r.baked())
	}
	if d, ok := r.deadline(); ok {
		event(d)
	}
	// Over the budget nothing opens the way any more. But it is woken when a gate might,
	// and that moves the looks of which one finds the budget spent.
	if spent := looks < most && r.Plan.Budget.OnSpent == UndecidedRollback; !baking && (spent || sim.over(r).Code == "") {
		if next := r.next(); next <= sim.plan.last() {
			for _, gate := range sim.plan.hostGates(next) {
				event(sim.retry[[2]string{gate, sim.plan.Stages[next].Name}])
			}
		}
		if sim.hours != nil {
			if at, err := sim.hours.At(sim.now); err == nil {
				event(at.Until)
			}
		}
	}
	if next.IsZero() && looks == most {
		return wake, false
	}
	if !next.IsZero() {
		looks = min(looks, (next.Sub(sim.now)-1)/poll)
	}
	return sim.now.Add(max(looks, 1) * poll), true
}

// spends is the first of the looks from now on, of which there are fewer than most, that
// finds the budget spent; most if none does.
func (sim *simulation) spends(r *Rollout, most time.Duration) time.Duration {
	b := r.Plan.Budget
	if b.PercentHours == 0 || b.exceeded(r.Exposed(sim.now)) {
		return most
	}
	low, high := time.Duration(0), most
	for low < high {
		if k := low + (high-low)/2; b.exceeded(r.Exposed(sim.now.Add(k * r.Plan.poll()))) {
			high = k
		} else {
			low = k + 1
		}
	}
	return low
}

// fulfil makes the records in which the targets that the plan comes after have what is
// demanded of them, and reads the calendar's zone.
func (sim *simulation) fulfil() error {
	for _, d := range sim.plan.After {
		by := By{Actor: release.Actor{Kind: release.ActorService, ID: "preview"}, Reason: "assumed"}
		ent, err := entry(sim.v.At, by.Actor.ID, RecordAdopted, by.Reason, adoptedData{recordVersion, d.Release, by})
		if err != nil {
			return err
		}
		sim.others[d.Target.Stream()] = journal.Seal(NewState(d.Target).Head, ent)
	}
	if sim.plan.Calendar != nil {
		sim.hours, _ = sim.plan.Calendar.Load() // the simulated gate says why it cannot
	}
	return nil
}

// approve has as many people approve as any stage needs.
func (sim *simulation) approve(s State) (State, error) {
	need := 0
	for _, stage := range sim.plan.Stages {
		need = max(need, stage.Approvals)
	}
	for i := 0; len(s.Rollout.Approvals) < need; i++ {
		a := release.Actor{Kind: release.ActorHuman, ID: fmt.Sprintf("preview:%d", i)}
		if s.Rollout.mayApprove("", a) != nil {
			continue // an author of that name
		}
		by := By{Actor: a, Reason: "assumed"}
		var err error
		if s, err = s.after(sim.v.At, by, RecordApproved, by.Reason, commandData{V: recordVersion, By: by}); err != nil {
			return s, err
		}
	}
	return s, nil
}

// gate is every host's gate: it allows, from the time on that the real one named.
func (sim *simulation) gate(_ context.Context, q GateQuery) (GateResult, error) {
	if t, ok := sim.retry[[2]string{q.Gate, q.Stage.Name}]; ok && q.Now.Before(t) && !q.Back {
		return GateResult{Verdict: release.VerdictHold, Retry: t, Reason: release.Reason{Text: "it is to be asked again at " + stamp(t)}}, nil
	}
	return GateResult{Verdict: release.VerdictAllow}, nil
}

// Load is of the simulated targets.
func (sim *simulation) Load(_ context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		if rec, ok := sim.others[stream]; ok && after == 0 {
			yield(rec, nil)
		}
	}
}

// Append takes in what the engine decides, and keeps none of it.
func (sim *simulation) Append(_ context.Context, a journal.Append) ([]journal.Record, error) {
	var recs []journal.Record
	for _, ent := range a.Entries {
		rec := journal.Seal(sim.state.Head, ent)
		after, err := Reduce(sim.state, rec)
		if err != nil {
			return nil, err
		}
		sim.saw(sim.state.Rollout, after.Rollout, rec)
		sim.state = after
		recs = append(recs, rec)
	}
	return recs, nil
}

// saw takes in a record that led from a to b.
func (sim *simulation) saw(a, b *Rollout, rec journal.Record) {
	if b.Widest > a.Widest {
		stage := &sim.v.Stages[b.Widest]
		stage.PercentHours = b.Exposed(rec.At)
		sim.v.PercentHours = stage.PercentHours
		if n := len(stage.Waits); n > 0 {
			stage.Waits[n-1].Until = rec.At
		}
	}
	if b.Stage > a.Stage {
		s, stage := sim.plan.Stages[b.Stage], &sim.v.Stages[b.Stage]
		stage.Exposed, stage.Left = rec.At, b.baked()
		if s.MaxBake != 0 {
			stage.Deadline = rec.At.Add(s.MaxBake)
			stage.OnUndecided = max(s.OnUndecided, UndecidedHold)
			if stage.OnNoData = s.OnNoData; s.OnNoData == UndecidedUnset {
				stage.OnNoData = stage.OnUndecided
			}
		}
	}
}

// told is the simulated deployer.
type told struct{ sim *simulation }

// Apply does at once what it is told.
func (d told) Apply(_ context.Context, a Action) error {
	d.sim.told = &a
	return nil
}

// Observe is what was told last, and before that what the plan says serves.
func (d told) Observe(context.Context, Target) (Observed, error) {
	o := Observed{Settled: true, Served: new(uint64)}
	rest := 100.0
	if a := d.sim.told; a != nil {
		o.Fence = a.Fence
		for _, s := range a.Slices {
			o.Shares = append(o.Shares, Share{Release: a.Release.Digest, Slice: s})
			if s.Everything() {
				rest = 100 - s.Percent
			}
		}
		if a.Whole {
			rest = 0
		}
	}
	if previous := d.sim.plan.Previous; !previous.IsZero() && rest > 0 {
		o.Shares = append(o.Shares, Share{Release: previous.Digest, Slice: Slice{Percent: rest}})
	}
	return o, nil
}
