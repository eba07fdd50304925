package rollout

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Dependency is a release that another target must have before this one goes on. While
// anything is exposed the other one is looked at again and again, and when it goes back
// this one does.
type Dependency struct {
	// Target is the other one. Its rollouts must be in the same journal.
	Target Target `json:"target"`
	// Release is what it must have, pinned by digest.
	Release release.Ref `json:"release"`
	// Stage is the stage of the other target's rollout that must be exposed, with no slice
	// taken back, nothing held, production seen to be what the stage says, and health as the
	// rule of the stage that is exposed there demands, by what was recorded last; "" is the
	// whole: the other one has ended, deployed.
	Stage string `json:"stage,omitempty"`
}

// ready says whether the other target, in the state s, has what d demands. A release
// that is being taken back, or was, is a deny: what rests on it goes back too, and first.
func (d Dependency) ready(s State) GateResult {
	say := func(v release.Verdict, code, format string, args ...any) GateResult {
		return answer(v, "rollout/after-"+code, d.Target, s, format, args...)
	}
	want := d.Release.Digest
	r := s.Rollout
	if r != nil && r.Plan.Release.Digest == want && r.Phase != PhaseDeployed {
		switch {
		case r.leaving() || r.Phase == PhaseRolledBack || r.Phase == PhaseHalted || r.Phase == PhaseReplaced:
			return say(release.VerdictDeny, "gone", "takes %s back: %s", d.Release.Version, r.leavingFor())
		case d.Stage != "" && r.Plan.index(d.Stage) < 0:
			return say(release.VerdictHold, "missing", "does not have %s yet: there is no stage %q in its plan, so the whole is waited for", d.Release.Version, d.Stage)
		case d.Stage == "" || !r.reached(d.Stage):
			return say(release.VerdictHold, "missing", "does not have %s yet: it is %v", d.Release.Version, r.Phase)
		case r.Drift != "":
			return say(release.VerdictHold, "unwell", "has %s at stage %s, but is not well: production is not what the stage says: %s", d.Release.Version, d.Stage, r.Drift)
		case r.Held != nil || len(r.Withdrawn) > 0 || !r.wellNow():
			return say(release.VerdictHold, "unwell", "has %s at stage %s, but is not well: %s", d.Release.Version, d.Stage, r.Waiting().Text)
		}
		return say(release.VerdictAllow, "met", "has %s at stage %s", d.Release.Version, d.Stage)
	}
	_, bad := s.PoisonOf(want)
	switch {
	case s.Running() && r.Plan.Previous.Digest == want && r.out():
		// A newer release is on its way there: what was demanded is still what it goes back to.
		return say(release.VerdictHold, "replacing", "is replacing %s with %s", d.Release.Version, r.Plan.Release.Version)
	case s.Known && s.Current.Digest == want:
		return say(release.VerdictAllow, "met", "has %s", d.Release.Version)
	case bad || slices.Contains(s.takenBack, want):
		return say(release.VerdictDeny, "gone", "has taken %s back", d.Release.Version)
	}
	return say(release.VerdictHold, "missing", "does not have %s", d.Release.Version)
}

// answer is what the state of another target says.
func answer(v release.Verdict, code string, t Target, s State, format string, args ...any) GateResult {
	g := GateResult{Verdict: v, Reason: release.Reason{Code: code, Subject: t.String(), Text: fmt.Sprintf("%v ", t) + fmt.Sprintf(format, args...)}}
	if s.Head.Seq > 0 {
		g.Reason.Refs = []release.Digest{s.Head.Hash}
	}
	return g
}

// unread is the answer where another target's state cannot be had. It holds, and hides
// nothing that others say.
func unread(code string, t Target, err error) GateResult {
	return answer(release.VerdictHold, code, t, State{}, "cannot be read: %s", describe(err))
}

// leaving reports whether the release is being taken back, or is about to be.
func (r *Rollout) leaving() bool {
	return r.Phase == PhaseRetreating || r.Phase == PhaseRollingBack || !r.Phase.Ended() && (r.Abort != nil || r.Superseded != nil)
}

// leavingFor is why it is being taken back, was, or is about to be.
func (r *Rollout) leavingFor() string {
	switch {
	case r.Cause.Text != "":
		return r.Cause.Text
	case r.Abort != nil:
		return r.Abort.Reason
	case r.Superseded != nil:
		return r.Superseded.Reason
	}
	return r.Phase.String()
}

// reached reports whether the stage is exposed and observed.
func (r *Rollout) reached(stage string) bool {
	i := r.Plan.index(stage)
	return i >= 0 && i <= r.Stage
}

// wellNow reports whether the last that health said of the exposed stage is enough
// for its rule.
func (r *Rollout) wellNow() bool {
	if r.Stage < 0 {
		return false
	}
	return r.healthy(r.Stage, r.Health, r.SliceHealth)
}

// under reports whether what rests on these has something taken from under it when r
// goes back.
func (r *Rollout) under(after []Dependency) bool {
	return slices.ContainsFunc(after, func(d Dependency) bool {
		return d.Target == r.Plan.Target && (d.Release.Digest == r.Plan.Release.Digest ||
			r.Base != nil && (d.Release.Digest == r.Base.Release.Digest || slices.Contains(r.Base.before, d.Release.Digest)))
	})
}

// clear says whether a dependent in the state s lets r go back: whether nothing that it
// serves rests on what goes. What is on its way back holds, and what is not denies.
func (r *Rollout) clear(t Target, s State) GateResult {
	say := func(v release.Verdict, code, format string, args ...any) GateResult {
		return answer(v, "rollout/dependents-"+code, t, s, format, args...)
	}
	if r.under(s.rests) {
		what := "has what rests on it, and was halted"
		if s.Known {
			what = "has " + s.Current.Version + ", which rests on it"
		}
		return say(release.VerdictDeny, "rest", "%s", what)
	}
	switch o := s.Rollout; {
	case o == nil || !o.out() || o.Phase == PhaseDeployed || o.Phase == PhaseRolledBack:
	case o.based() && r.under(o.Base.after) && !r.under(o.Plan.After):
		return say(release.VerdictDeny, "rest", "still serves %s, which rests on it, until %s takes its place", o.Base.Release.Version, o.Plan.Release.Version)
	case !r.under(o.Plan.After) && !(o.based() && r.under(o.Base.after)):
	case o.Phase == PhaseHalted || o.irreversible() || o.Phase == PhaseRetreating && o.Held != nil && o.Abort == nil:
		return say(release.VerdictDeny, "stay", "has %s, which rests on it, and does not go back: it is %v", o.Plan.Release.Version, o.Phase)
	default:
		return say(release.VerdictHold, "wait", "is not back yet: it is %v", o.Phase)
	}
	return say(release.VerdictAllow, "clear", "serves nothing that rests on it")
}

// based reports whether what was there before the rollout's release took over may
// still serve.
func (r *Rollout) based() bool { return r.Base != nil && r.Stage < 0 }

// resting is what everything that may serve in r rests on, beside the previous release.
func (r *Rollout) resting() []Dependency {
	if !r.based() {
		return r.Plan.After
	}
	return slices.Concat(r.Base.after, r.Plan.After)
}

// together is the worst of several answers, with the first reason for it; allow if
// there are none.
func together(results []GateResult) GateResult {
	worst := GateResult{Verdict: release.VerdictAllow}
	var refs []release.Digest
	for _, g := range results {
		refs = append(refs, g.Reason.Refs...)
		if g.Verdict < worst.Verdict || worst.Reason.Code == "" {
			worst.Verdict, worst.Reason = g.Verdict, g.Reason
		}
	}
	worst.Reason.Refs = refs
	return worst
}
