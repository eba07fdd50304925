package rollout

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// deadline is when the watched stage must be decided, if ever.
func (r *Rollout) deadline() (time.Time, bool) {
	switch r.Phase {
	case PhaseExposing, PhaseBaking, PhaseWithdrawing:
	default:
		return time.Time{}, false
	}
	most := r.Plan.Stages[r.watched()].MaxBake
	return r.stageSince().Add(most), most != 0
}

func (r *Rollout) retry(now time.Time) time.Time {
	p := r.Pending
	wake := now.Add(r.Plan.poll())
	if p.NotBefore.After(now) {
		wake = p.NotBefore
	}
	return r.beforeDeadline(wake, now)
}

// looked reports whether somebody must look at each poll while the stage bakes.
func (r *Rollout) looked() bool {
	b := r.Plan.Budget
	return r.Plan.Stages[r.Stage].Health != HealthIgnored || len(r.Plan.After) > 0 || b.bounded() && b.OnSpent == UndecidedRollback
}

func (r *Rollout) bakeWake(now time.Time) time.Time {
	wake := now.Add(r.Plan.poll())
	if baked := r.baked(); r.Skipped == nil && now.Before(baked) && (!r.looked() || baked.Before(wake)) {
		wake = baked
	}
	return r.beforeDeadline(wake, now)
}

func (r *Rollout) gateWake(f Facts, now time.Time) time.Time {
	wake := time.Time{}
	for _, g := range f.Gates {
		if t := g.Result.Retry; t.After(now) && (wake.IsZero() || t.Before(wake)) && g.Verdict() == release.VerdictHold && !r.lifted(g.Gate, r.next()) {
			wake = t
		}
	}
	poll := now.Add(r.Plan.poll())
	if wake.IsZero() || r.Stage >= 0 && r.looked() && poll.Before(wake) {
		wake = poll // health is watched while a gate keeps the rollout waiting
	}
	return r.beforeDeadline(wake, now)
}

func (r *Rollout) beforeDeadline(wake, now time.Time) time.Time {
	if d, ok := r.deadline(); ok && d.After(now) && d.Before(wake) {
		return d
	}
	return wake
}
