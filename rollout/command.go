package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Pause keeps a rollout from widening until [Engine.Resume]. Health is still asked,
// and a regression is still rolled back.
func (e *Engine) Pause(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordPaused, commandData{By: by})
}

// Resume ends a pause, and what the engine holds: after slices were taken back by
// themselves they are exposed again, when all gates allow. What was the reason is
// looked at anew, and may hold it again at once. It does not call off a rollback.
func (e *Engine) Resume(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordResumed, commandData{By: by})
}

// Abort ends a rollout in whatever state it is, paused or not: the next
// [Engine.Step] stops it if nothing was exposed, ends it where it stands if that
// cannot be taken back, and rolls it back otherwise, whatever the gates on the way back
// say; only dependents that are still on their way are waited for. It needs nothing of
// the release that is taken back. A release that was to take its place does not begin,
// also where what it was to take over from is halted already.
// Call Step at once: nobody else may be awake.
func (e *Engine) Abort(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordAborted, commandData{By: by})
}

// Approve records a person's consent to a stage, "" for every stage; see
// [Stage.Approvals]. It counts in this rollout only. Whose approval does not count is
// refused with [ErrNotApprover]. That by is who he says he is, is the host's to know.
func (e *Engine) Approve(ctx context.Context, t Target, stage string, by By) (State, error) {
	return e.command(ctx, t, RecordApproved, commandData{By: by, Stage: stage})
}

// Revoke takes back by's own approval of a stage, "" for all that he gave. What is
// exposed stays; nothing more is exposed without it.
func (e *Engine) Revoke(ctx context.Context, t Target, stage string, by By) (State, error) {
	return e.command(ctx, t, RecordRevoked, commandData{By: by, Stage: stage})
}

// Skip ends the bake of the exposed stage before its time and without health's
// certificate. Gates are still asked, production must still be as it should, and a
// regression is still rolled back. A watch that was skipped makes no release the last
// known good one.
func (e *Engine) Skip(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordSkipped, commandData{By: by})
}

// Override lifts one gate's hold for the stage that comes next, if the plan's
// Overridable names it and the gate is asked before that stage. A deny it does not lift,
// but of a gate on the way back. [GateHealth] lets the exposed stage go on without
// health's certificate, and keeps a regression from taking it back; while health calls
// the release worse, nothing widens.
func (e *Engine) Override(ctx context.Context, t Target, gate string, by By) (State, error) {
	return e.command(ctx, t, RecordOverridden, commandData{By: by, Gate: gate})
}

// Supersede has p take the place of the rollout of its target that runs: that one is
// taken back, as if aborted but without poisoning its release, and p begins when it
// has ended. The running plan must allow it, or it is refused with [ErrBusy]. p goes
// back to the same previous release.
func (e *Engine) Supersede(ctx context.Context, p Plan, by By) (State, error) {
	return e.supersede(ctx, p, by, false)
}

// RollForward has p take over what the running rollout of its target, or one that
// was halted, has exposed, without going back first: the way out when going back is
// impossible or worse. The other rollout ends as replaced, and its release is poisoned.
// p's first stage must cover what the other has exposed, and p goes back to the same
// previous release. What the other could not take back, p cannot either. All gates of
// p's stages are asked.
func (e *Engine) RollForward(ctx context.Context, p Plan, by By) (State, error) {
	return e.supersede(ctx, p, by, true)
}

func (e *Engine) supersede(ctx context.Context, p Plan, by By, forward bool) (State, error) {
	by, digest, err := p.ordered(by, true)
	if err != nil {
		return State{}, err
	}
	return e.record(ctx, p.Target, func(at time.Time) (journal.Entry, error) {
		return entry(at, by.Actor.ID, RecordSuperseded, by.Reason, supersededData{recordVersion, p, digest, by, forward})
	})
}

func (e *Engine) command(ctx context.Context, t Target, kind string, d commandData) (State, error) {
	d.V, d.By = recordVersion, d.By.text()
	if err := d.By.check(true); err != nil {
		return State{}, err
	}
	return e.record(ctx, t, func(at time.Time) (journal.Entry, error) {
		return entry(at, d.By.Actor.ID, kind, d.By.Reason, d)
	})
}

// Adopt records that the target runs r by other means than a rollout: a repair by
// hand, or what ran before this library did. The deployer must observe that
// nothing else serves. It is refused while a rollout runs.
func (e *Engine) Adopt(ctx context.Context, t Target, r release.Ref, by By) (State, error) {
	by = by.text()
	if err := errors.Join(t.Validate(), checkRef("release", r, t.Service), by.check(true)); err != nil {
		return State{}, err
	}
	return e.record(ctx, t, func(at time.Time) (journal.Entry, error) {
		// Looked at anew when others appended meanwhile: they may have changed it.
		o := e.observe(ctx, t)
		if err := o.seen(); err != nil {
			return journal.Entry{}, fmt.Errorf("rollout: adopt %v: %w", t, err)
		}
		all := Action{Release: r, Slices: []Slice{{Percent: 100}}, Fence: o.Fence}
		if err := all.Check(o.Observed); err != nil {
			return journal.Entry{}, fmt.Errorf("rollout: adopt %v: %w", r, err)
		}
		return entry(at, by.Actor.ID, RecordAdopted, by.Reason, adoptedData{recordVersion, r, by})
	})
}
