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
		text += fmt.Sprintf(" %s (%g %%)", r.Plan.Stages[r.Stage+1].Name, r.share())
	case r.Phase == PhaseBaking:
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
	why := func(code, subject, text string) release.Reason {
		return release.Reason{Code: "rollout/waiting-" + code, Subject: subject, Text: text}
	}
	switch {
	case r.Phase.Ended():
		return release.Reason{}
	case r.Pending != nil && r.Pending.Error != "":
		return why("deployer", r.Pending.Action.Kind.String(), fmt.Sprintf("the deployer failed %d times, next try at %s: %s",
			r.Pending.Failures, r.Pending.NotBefore.Format(time.RFC3339), r.Pending.Error))
	case r.Abort != nil && r.Phase != PhaseRollingBack:
		return why("step", "abort", "aborted, about to be taken back: "+r.Abort.Reason)
	case r.Phase == PhaseRollingBack:
		return why("observation", "rollback", "the previous release is not yet observed everywhere ("+r.Cause.Text+")")
	case r.Paused != nil:
		return why("resume", r.Paused.Actor.ID, "paused by "+r.Paused.Actor.String()+": "+r.Paused.Reason)
	}
	if r.Phase == PhaseBaking && r.Facts.Now.Before(r.baked()) {
		return why("bake", r.Plan.Stages[r.Stage].Name, "it bakes until "+r.baked().Format(time.RFC3339))
	}
	if r.Phase == PhaseBaking && !r.Health.meets(r.Plan.Stages[r.Stage].Health) && r.Health != nil {
		return why("health", r.Plan.Stages[r.Stage].Name, r.Health.String())
	}
	for _, g := range r.Gates {
		if !g.Verdict().Allowed() {
			return why("gate", g.Gate, fmt.Sprintf("gate %s holds: %s", g.Gate, g.reason().Text))
		}
	}
	switch {
	case r.Drift != "" && r.Stage < 0:
		return why("observation", "", "production is not what the plan says it replaces: "+r.Drift)
	case r.Drift != "":
		return why("observation", r.Plan.Stages[r.Stage].Name, "production is not what the stage says: "+r.Drift)
	}
	if r.Pending != nil {
		return why("observation", r.Plan.Stages[r.Stage+1].Name, "the exposure is not yet observed")
	}
	return why("step", "", "the next step decides")
}
