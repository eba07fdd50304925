package rollout

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// Meets lists what the plan lacks of what a tier demands; none means that it meets it. A plan that is
// not valid meets nothing. A demand of more than one stage is a demand to look at each: then no public
// stage may have HealthIgnored, though it may have HealthWatched.
//
// What a stage adds is its share less that of the stage before, by the plan's own word ([Stage.Share]).
// However many slices it has side by side, it is one step: they are exposed at once, so a flaw that
// first shows there hurts all of them. One's own people are counted like everybody else. That health
// is asked about each slice changes nothing of this, nor do approvals: people who say yes see no more
// of a flaw that has not shown.
//
// Stages are there to find a flaw while it can still be taken back. So where more than one is demanded,
// the first may not be irreversible, and no stage may be that time alone leads to: health must have
// certified the stage before, or people must approve the irreversible one itself.
//
// A bound of percent-hours is a demand of a budget, [Plan.Budget], at most as large. Without one nothing
// keeps a stage from waiting for ever, so that a plan without a budget does not meet it.
//
// What people do while it runs is not the plan's: [Engine.Skip] and [Engine.Override] are recorded with
// their names and reasons, for others to judge.
func (p Plan) Meets(want release.RolloutRequirement) []release.Reason {
	if err := p.Validate(); err != nil {
		return []release.Reason{{Code: "rollout/plan-invalid", Subject: p.Target.String(), Text: err.Error()}}
	}
	var lacks []release.Reason
	lack := func(code, subject, format string, args ...any) {
		lacks = append(lacks, release.Reason{Code: code, Subject: subject, Text: fmt.Sprintf(format, args...)})
	}
	if len(p.Stages) < want.MinStages {
		lack("rollout/too-few-stages", p.Target.String(), "%d stages; the tier demands %d", len(p.Stages), want.MinStages)
	}
	for _, s := range p.Stages[:len(p.Stages)-1] {
		if s.MinBake < want.MinBake {
			lack("rollout/bake-too-short", s.Name, "bakes %v; the tier demands %v", s.MinBake, want.MinBake)
		}
	}
	if want.MinStages > 1 {
		for _, s := range p.Stages {
			if !s.Internal && s.Health == HealthIgnored {
				lack("rollout/health-ignored", s.Name, "nobody looks how the release fares; a tier that demands stages demands that it is watched")
			}
		}
	}
	for _, s := range p.Stages {
		if s.Internal {
			continue
		}
		if want.MaxFirstPercent != 0 && !(s.Share() <= want.MaxFirstPercent+shareError) { // a demand that is no number is not met
			lack("rollout/first-stage-too-wide", s.Name, "the first public stage exposes %g %%; the tier allows %g", s.Share(), want.MaxFirstPercent)
		}
		break
	}
	if b := p.Budget.PercentHours; want.MaxPercentHours != 0 && !(b > 0 && b <= want.MaxPercentHours) {
		text := fmt.Sprintf("the budget is %g percent-hours; the tier allows %g", b, want.MaxPercentHours)
		if b == 0 {
			text = fmt.Sprintf("the plan has no budget of percent-hours; the tier allows %g", want.MaxPercentHours)
		}
		lack("rollout/budget-too-large", p.Target.String(), "%s", text)
	}
	for i, s := range p.Stages {
		switch {
		case !s.Irreversible || want.MinStages < 2:
		case i == 0:
			lack("rollout/irreversible-at-first", s.Name, "the first stage cannot be taken back; a tier that demands stages demands one that can")
		case s.Approvals == 0 && p.Stages[i-1].Health > HealthRequired:
			lack("rollout/irreversible-unproven", s.Name, "it cannot be taken back, and neither has health certified stage %s before it nor does anybody approve it", p.Stages[i-1].Name)
		}
	}
	before := 0.0
	for _, s := range p.Stages {
		if added := s.Share() - before; want.MaxStepPercent != 0 && !(added <= want.MaxStepPercent+shareError) {
			lack("rollout/step-too-wide", s.Name, "the stage adds %.4g %% of all traffic; the tier allows %g at once", added, want.MaxStepPercent)
		}
		before = s.Share()
	}
	return lacks
}

// shareError is how far a sum or difference of two shares may be off because neither is a binary fraction: 65.1 - 5.1.
const shareError = 1e-9
