package rollout

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// String is one line for people: the target, what serves, and what the rollout
// is doing and waiting for, as far as it is recorded.
func (s State) String() string {
	r := s.Rollout
	switch {
	case r == nil && s.Known:
		return fmt.Sprintf("%v: %v serves, no rollout", s.Target, s.Current)
	case r == nil:
		return fmt.Sprintf("%v: no rollout", s.Target)
	}
	return fmt.Sprintf("%v: %s: %v", s.Target, r.Plan.Release.Version, r)
}

// String is the phase and what it waits for.
func (r *Rollout) String() string {
	text := r.Phase.String()
	switch {
	case r.Phase == PhaseExposing:
		text += fmt.Sprintf(" %s (%g %%)", r.Plan.Stages[r.Pending.Stage].Name, r.share())
	case r.Phase == PhaseBaking || r.Phase == PhaseWithdrawing:
		text += fmt.Sprintf(" %s (%g %%)", r.Plan.Stages[r.Stage].Name, r.share())
	}
	if r.Paused != nil && !r.Phase.Ended() {
		text += ", paused"
	}
	if w := r.Waiting(); w.Code != "" {
		text += ": " + w.Text
	} else if r.Cause.Code != "" {
		text += ": " + r.Cause.Text
	}
	return clip(text)
}

// Waiting says what keeps the rollout where it is, by the last records; the zero
// Reason if it has ended. It is for showing progress; [Decide] asks anew.
func (r *Rollout) Waiting() release.Reason {
	switch {
	case r.Phase.Ended():
		return release.Reason{}
	case r.failed() && r.Phase != PhaseExposing:
		return r.failure()
	case r.Phase == PhaseRollingBack && r.Pending != nil && !r.Pending.Seen.IsZero():
		return waiting("observation", "rollback", "the previous release serves since "+r.Pending.Seen.Format(time.RFC3339)+
			"; the deployer cannot fence, so it is watched for a while ("+r.Cause.Text+")")
	case r.Phase == PhaseRollingBack:
		return waiting("observation", "rollback", "the previous release is not yet observed everywhere ("+r.Cause.Text+")")
	case r.Phase == PhaseRetreating && r.Held != nil && r.Abort == nil:
		return waiting("abort", r.Held.Why.Subject, "it should be taken back ("+r.Cause.Text+"), and may not be: "+r.Held.Why.Text+
			"; abort it, roll forward, or override that")
	case r.Phase == PhaseRetreating:
		for _, g := range r.Gates {
			if !g.Verdict().Allowed() {
				return waiting("gate", g.Gate, "it is to be taken back ("+r.Cause.Text+"); "+g.reason().Text)
			}
		}
		return waiting("step", "rollback", "it is to be taken back: "+r.Cause.Text)
	case r.Abort != nil:
		return waiting("step", "abort", "aborted, about to be taken back: "+r.Abort.Reason)
	case r.Superseded != nil:
		return waiting("step", "superseded", "about to be taken back for another release: "+r.Superseded.Reason)
	case r.Held != nil:
		return waiting("resume", r.Held.Why.Subject, r.Held.Why.Text+"; roll forward, abort it where it stands, or resume")
	case r.Phase == PhaseWithdrawing:
		return waiting("observation", r.Plan.Stages[r.Stage].Name, fmt.Sprintf("taking back %s: %s", count(len(r.Withdrawn), "slice"), r.Withdrawn[len(r.Withdrawn)-1].Cause.Text))
	case len(r.Withdrawn) > 0 && !r.Restore:
		return waiting("resume", r.Plan.Stages[r.Stage].Name, fmt.Sprintf("%s taken back; resume or abort: %s", count(len(r.Withdrawn), "slice"), r.Withdrawn[0].Cause.Text))
	case r.Paused != nil:
		return waiting("resume", r.Paused.Actor.ID, "paused by "+r.Paused.Actor.String()+": "+r.Paused.Reason)
	}
	return r.waitingToWiden()
}

func waiting(code, subject, text string) release.Reason {
	return release.Reason{Code: "rollout/waiting-" + code, Subject: subject, Text: text}
}

// waitingToWiden says what keeps the release from being exposed to more where nobody's
// word does: the bake, health, gates, or production.
func (r *Rollout) waitingToWiden() release.Reason {
	if r.Phase == PhaseBaking && r.Skipped == nil && !r.Restore {
		stage := r.Plan.Stages[r.Stage]
		if r.Facts.Now.Before(r.baked()) {
			return waiting("bake", stage.Name, "it bakes until "+r.baked().Format(time.RFC3339))
		}
		if bad := r.unwell(); bad != nil {
			return waiting("health", stage.Name, bad.String())
		}
	}
	next := r.next()
	for _, g := range r.Gates {
		if v := g.Verdict(); !v.Allowed() && !(v == release.VerdictHold && r.lifted(g.Gate, next)) {
			return waiting("gate", g.Gate, fmt.Sprintf("gate %s holds: %s", g.Gate, g.reason().Text))
		}
	}
	if next < len(r.Plan.Stages) {
		if w := r.unready(next, r.Facts); w.Code != "" {
			return waiting("gate", w.Subject, w.Text)
		}
	}
	before := ""
	if !r.Plan.Previous.IsZero() {
		before = ", " + r.Plan.Previous.String()
	}
	switch {
	case r.failed(): // nothing keeps it from being tried again
		return r.failure()
	case r.Drift != "" && r.Stage < 0:
		return waiting("observation", "", "production is not what the plan says it replaces"+before+": "+r.Drift)
	case r.Drift != "":
		return waiting("observation", r.Plan.Stages[r.Stage].Name, "production is not what the stage says: "+r.Drift+"; put that right, or abort it")
	}
	if r.Pending != nil {
		return waiting("observation", r.Plan.Stages[next].Name, "the exposure is not yet observed")
	}
	return waiting("step", "", "the next step decides")
}

// unwell is the last answer of health that is not enough for the exposed stage's rule; nil
// if there is none.
func (r *Rollout) unwell() *HealthAnswer {
	switch {
	case r.wellNow():
		return nil
	case r.Health != nil:
		return r.Health
	}
	for i := range r.SliceHealth {
		if !r.SliceHealth[i].meets(r.Plan.Stages[r.Stage].Health) {
			return &r.SliceHealth[i]
		}
	}
	return nil
}

// failed reports whether the deployer failed at the pending action.
func (r *Rollout) failed() bool { return r.Pending != nil && r.Pending.Error != "" }

// failure is what the deployer said of the pending action.
func (r *Rollout) failure() release.Reason {
	p := r.Pending
	return waiting("deployer", p.Action.Kind.String(), fmt.Sprintf("the deployer failed %d times, next try at %s: %s",
		p.Failures, p.NotBefore.Format(time.RFC3339), p.Error))
}
