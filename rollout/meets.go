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
// first shows there hurts all of them. One's own people are counted like everybody else.
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
		if want.MaxFirstPercent != 0 && !(s.Share() <= want.MaxFirstPercent) { // a demand that is no number is not met
			lack("rollout/first-stage-too-wide", s.Name, "the first public stage exposes %g %%; the tier allows %g", s.Share(), want.MaxFirstPercent)
		}
		break
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

// shareError is how far a difference of two shares may be off because neither is a binary fraction: 65.1 - 5.1.
const shareError = 1e-9
