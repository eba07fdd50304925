package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

const (
	codeAborted    = "rollout/aborted"
	codeSuperseded = "rollout/superseded"
	codeRegressed  = "rollout/regressed"
)

// takeBack says why the release must go, the surest cause first. Being undecided
// for too long does not count while somebody has paused.
func (r *Rollout) takeBack(f Facts) (release.Reason, bool) {
	switch {
	case r.Abort != nil:
		return release.Reason{Code: codeAborted, Subject: r.Abort.Actor.ID, Text: r.Abort.Reason}, true
	case r.Superseded != nil:
		return release.Reason{Code: codeSuperseded, Subject: r.Superseded.Actor.ID, Text: r.Superseded.Reason}, true
	}
	if cause, bad := r.worse(f); bad {
		return cause, true
	}
	for _, g := range f.Gates {
		if g.Verdict() == release.VerdictDeny {
			return g.reason(), true
		}
	}
	if cause, bad := r.undecided(f); bad {
		return cause, true
	}
	if r.Plan.Budget.OnSpent == UndecidedRollback && r.Widest >= 0 && r.watched() < r.Plan.last() &&
		!r.lifted(GateBudget, r.watched()) && !r.lifted(GateBudget, r.next()) {
		if why := r.spent(f); why.Code != "" {
			return release.Reason{Code: "rollout/budget-spent", Subject: r.Plan.Stages[r.watched()].Name, Text: why.Text}, true
		}
	}
	return release.Reason{}, false
}

// worse says that health calls the release worse, everywhere or in more slices than
// may be taken back by themselves.
func (r *Rollout) worse(f Facts) (release.Reason, bool) {
	if i := r.watched(); i >= 0 && r.lifted(GateHealth, i) {
		return release.Reason{}, false
	}
	if f.Health.regressed() {
		return release.Reason{Code: codeRegressed, Subject: f.Health.Verdict.Metric, Text: f.Health.Verdict.Why}, true
	}
	bad := f.regressedSlices()
	if len(bad) == 0 || len(r.withdrawals(f)) > 0 {
		return release.Reason{}, false
	}
	return bad[0].cause(), true
}

// cause is the regression of a slice.
func (a *HealthAnswer) cause() release.Reason {
	return release.Reason{Code: codeRegressed, Subject: a.Slice.String(), Text: clip(fmt.Sprintf("%v: %s", *a.Slice, a.Verdict.Why))}
}

// withdrawals are all slices that are to be left out, those that are already
// included; none if no more may be, or need to be.
func (r *Rollout) withdrawals(f Facts) []Withdrawn {
	if r.Phase != PhaseBaking && r.Phase != PhaseWithdrawing || r.irreversible() || r.lifted(GateHealth, r.Stage) {
		return nil
	}
	out := slices.Clip(r.Withdrawn)
	for _, h := range f.regressedSlices() {
		if h.Slice != nil && !isWithdrawn(out, *h.Slice) && slices.Contains(r.Plan.Stages[r.Stage].Slices, *h.Slice) {
			out = append(out, Withdrawn{Slice: *h.Slice, Cause: h.cause()})
		}
	}
	stage := r.Plan.Stages[r.Stage]
	if len(out) == len(r.Withdrawn) || len(out) > stage.MaxWithdrawn || len(out) >= len(stage.Slices) {
		return nil
	}
	return out
}

// undecided says that the watched stage was not decided in its time.
func (r *Rollout) undecided(f Facts) (release.Reason, bool) {
	deadline, ok := r.deadline()
	if !ok || r.Paused != nil || f.Now.Before(deadline) {
		return release.Reason{}, false
	}
	exposing := r.Phase == PhaseExposing
	stage := r.Plan.Stages[r.watched()]
	if !exposing && (r.Skipped != nil || r.healthy(r.watched(), f.Health, f.Slices)) {
		return release.Reason{}, false
	}
	then := stage.OnUndecided
	if stage.OnNoData != UndecidedUnset && !exposing && !f.informed() {
		then = stage.OnNoData
	}
	if then != UndecidedRollback {
		return release.Reason{}, false
	}
	text := fmt.Sprintf("still undecided after %v: %v", stage.MaxBake, f.Health)
	switch {
	case exposing:
		text = fmt.Sprintf("still not observed after %v", stage.MaxBake)
	case stage.PerSlice:
		text = fmt.Sprintf("still undecided after %v: %d slices were asked about", stage.MaxBake, len(f.Slices))
	}
	return release.Reason{Code: "rollout/undecided", Subject: stage.Name, Text: text}, true
}

// informed reports whether health gave a verdict, from data, about all that it was
// asked about.
func (f Facts) informed() bool {
	known := func(a *HealthAnswer) bool { return a.Error == "" && !a.Verdict.NoData }
	for i := range f.Slices {
		if !known(&f.Slices[i]) {
			return false
		}
	}
	return len(f.Slices) > 0 || f.Health != nil && known(f.Health)
}

// back is what follows from a cause to take the release back: stay if nothing that
// is not done yet.
func (r *Rollout) back(cause release.Reason) verdict {
	switch {
	case !r.out():
		return verdict{what: end, phase: PhaseStopped, cause: cause}
	case r.irreversible() && r.Abort != nil:
		return verdict{what: end, phase: PhaseHalted, cause: cause}
	case r.irreversible() && r.Held == nil:
		return verdict{what: hold, cause: cause, why: release.Reason{Code: "rollout/irreversible", Subject: r.Plan.Release.Version,
			Text: "it cannot be taken back: " + cause.Text}}
	case r.irreversible():
		return verdict{}
	case len(r.Plan.backGates()) == 0:
		return verdict{what: rollback, cause: cause}
	}
	return verdict{what: retreat, cause: cause}
}

const defaultDependentsWait = 10 * time.Minute

// retreat says whether the release may go back now, by what the gates on the way
// back say in f.
func (r *Rollout) retreat(f Facts) verdict {
	poll := f.Now.Add(r.Plan.poll())
	if !asked(r.Plan.backGates(), f.Gates) {
		return verdict{wake: f.Now}
	}
	until := r.RetreatAt.Add(r.Plan.dependentsWait())
	waits := false
	for _, a := range f.Gates {
		switch v := a.Verdict(); {
		case r.lifted(a.Gate, -1):
		case v == release.VerdictDeny && r.Abort == nil && (r.Held == nil || a.Gate == GateDependents && !r.heldByDependents()):
			return verdict{what: hold, cause: r.Cause, why: a.reason()}
		case v == release.VerdictDeny && r.Abort == nil:
			return verdict{wake: poll}
		case v == release.VerdictHold && a.Gate == GateDependents && (f.Now.Before(until) || r.heldByDependents()):
			waits = true
		}
	}
	switch {
	case !waits:
		return verdict{what: rollback, cause: r.Cause}
	case f.Now.Before(until) && until.Before(poll):
		return verdict{wake: until}
	}
	return verdict{wake: poll}
}

// heldByDependents reports whether the rollback was held because a dependent stays.
// People decide then, and no time that goes by: it goes on when all dependents are
// clear, or by an abort.
func (r *Rollout) heldByDependents() bool {
	return r.Held != nil && r.Held.Why.Subject == GateDependents && r.Abort == nil
}
