package rollout

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// ErrNotApprover says that somebody's approval of a rollout does not count: who
// started it, an author of the release, who is no person, and who has approved already.
var ErrNotApprover = errors.New("rollout: this approval does not count")

// Approval is a person's consent to a stage.
type Approval struct {
	// Stage is the stage's name; "" is every stage.
	Stage string
	// By is who approved and why, At is when.
	By By
	At time.Time
}

// mayApprove reports why a's approval of the stage would not count.
func (r *Rollout) mayApprove(stage string, a release.Actor) error {
	refuse := func(why string) error { return fmt.Errorf("%w: %v %s", ErrNotApprover, a, why) }
	switch {
	case a.Kind != release.ActorHuman:
		return refuse("is no person")
	case a.Same(r.By.Actor):
		return refuse("started the rollout")
	case slices.ContainsFunc(r.Plan.Authors, a.Same):
		return refuse("is an author of the release")
	case slices.ContainsFunc(r.Approvals, func(v Approval) bool { return v.Stage == stage && a.Same(v.By.Actor) }):
		return refuse("has approved already")
	}
	return nil
}

// unapproved says which stage up to i lacks approvals.
func (r *Rollout) unapproved(i int) release.Reason {
	for _, s := range r.Plan.Stages[:i+1] {
		if s.Approvals == 0 {
			continue
		}
		if n := len(r.approvers(s.Name)); n < s.Approvals {
			return release.Reason{Code: "rollout/gate-hold", Subject: GateApprovals,
				Text: fmt.Sprintf("stage %s has %d of %d approvals", s.Name, n, s.Approvals)}
		}
	}
	return release.Reason{}
}

// approvers are the IDs of who has approved the stage, each once.
func (r *Rollout) approvers(stage string) []string {
	var who []string // few: not worth a map
	for _, v := range r.Approvals {
		if (v.Stage == "" || v.Stage == stage) && !slices.Contains(who, v.By.Actor.ID) {
			who = append(who, v.By.Actor.ID)
		}
	}
	return who
}
