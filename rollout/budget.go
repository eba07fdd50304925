package rollout

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Budget bounds what the stages before the last may expose: what a release may
// cost before it is known to be good.
type Budget struct {
	// PercentHours is the most of all traffic, in percent, times hours that may have
	// gone to the release: 5 percent for 2 hours are 10. 0 sets no bound. A stage counts
	// from its order, by [Stage.Share], so there must be room for more than the least bake
	// times: for what is not observed at once, and for every wait.
	PercentHours float64 `json:"percentHours,omitempty"`
	// Served is the most requests, or users, that the release may have served by the
	// deployer's count, [Observed.Served]. 0 sets no bound. With a bound, a deployer that
	// does not count holds the rollout.
	Served uint64 `json:"served,omitempty"`
	// OnSpent is what happens when the budget is spent before the last stage is ordered.
	// Nothing widens then; the zero value leaves it at that.
	OnSpent OnUndecided `json:"onSpent,omitempty"`
}

// exceeded reports whether so many percent-hours are more than the budget, and not only by
// what is lost in adding fractions up: 0.1 and 0.2 fit into 0.3.
func (b Budget) exceeded(percentHours float64) bool {
	const lost = 1e-12 // of the budget: more than a hundred additions can lose
	return b.PercentHours > 0 && percentHours > float64(b.PercentHours*lost)+b.PercentHours
}

// bounded reports whether the budget bounds anything.
func (b Budget) bounded() bool { return b.PercentHours > 0 || b.Served > 0 }

// Exposed is what the release has cost until now, in percent-hours of all traffic:
// each stage's share times the hours since it was ordered, until the next was, or until
// the rollout ended. Slices that were taken back by themselves count on.
func (r *Rollout) Exposed(now time.Time) float64 {
	if r.exposedSince.IsZero() || !now.After(r.exposedSince) || r.Phase.Ended() {
		return r.exposed
	}
	return float64(r.share()*now.Sub(r.exposedSince).Hours()) + r.exposed
}

// count closes the account of the share that was exposed until now.
func (r *Rollout) count(now time.Time) {
	r.exposed, r.exposedSince = r.Exposed(now), now
}

// overBudget says why stage i may not be exposed for the sake of the budget. The
// last stage may while the budget is not spent.
func (r *Rollout) overBudget(i int, f Facts) release.Reason {
	b := r.Plan.Budget
	if why := r.spent(f); why.Code != "" {
		return why
	}
	if i > r.Widest && i < r.Plan.last() {
		s := r.Plan.Stages[i]
		if need := float64(s.Share()*s.MinBake.Hours()) + r.Exposed(f.Now); b.exceeded(need) {
			return release.Reason{Code: "rollout/gate-hold", Subject: GateBudget,
				Text: fmt.Sprintf("stage %s would bring the exposure to %.8g percent-hours, the budget is %g", s.Name, need, b.PercentHours)}
		}
	}
	if b.Served > 0 && r.Widest >= 0 && (f.Observed == nil || f.Observed.Served == nil) {
		return release.Reason{Code: "rollout/gate-hold", Subject: GateBudget,
			Text: "the deployer does not say how many the release has served, and the budget bounds it"}
	}
	return release.Reason{}
}

// spent says that the budget is used up, as far as f knows.
func (r *Rollout) spent(f Facts) release.Reason {
	b := r.Plan.Budget
	if used := r.Exposed(f.Now); b.exceeded(used) {
		return release.Reason{Code: "rollout/gate-hold", Subject: GateBudget,
			Text: fmt.Sprintf("%.4g percent-hours were exposed, the budget is %g", used, b.PercentHours)}
	}
	if o := f.Observed; b.Served > 0 && o != nil && o.Served != nil && *o.Served > b.Served {
		return release.Reason{Code: "rollout/gate-hold", Subject: GateBudget,
			Text: fmt.Sprintf("the release has served %d, the budget is %d", *o.Served, b.Served)}
	}
	return release.Reason{}
}

// within reports whether the budget lets the next stage be exposed, as f says.
func (r *Rollout) within(f Facts) bool {
	return r.next() > r.Plan.last() || r.overBudget(r.next(), f).Code == ""
}
