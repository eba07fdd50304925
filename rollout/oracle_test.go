package rollout_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// book is what the test itself knows of a rollout: what people ordered, and what the
// deployer was asked and did. It reads no record and calls no Decide. From it and
// from the world as it is at that moment follows what the engine may ask for.
type book struct {
	plan                    rollout.Plan
	starter                 string
	began                   time.Time
	consents                map[[2]string]bool // stage, person
	paused, aborted, giving bool               // giving way to another release
	withdrawn, resumed      bool
	lifted                  map[string][]int // by gate, the two stages of which one was meant
	widest, skipped         int              // stages, -1 for none
	restoring               bool
	shown, before           time.Time // when the widest stage and the one before it first showed, by the clock then
	shownBy                 time.Time // and by the latest clock
	spent                   float64   // percent-hours until shown
	cause                   time.Time // when something first called for going back
}

func newBook(p rollout.Plan, starter string, now time.Time) *book {
	return &book{plan: p, starter: starter, began: now, before: now, widest: -1, skipped: -1, consents: map[[2]string]bool{}, lifted: map[string][]int{}}
}

func (b *book) stage(i int) rollout.Stage { return b.plan.Stages[i] }

func (b *book) irreversible(i int) bool {
	return slices.ContainsFunc(b.plan.Stages[:i+1], func(s rollout.Stage) bool { return s.Irreversible })
}

// exposed is the least that the engine may count: it counts from the order.
func (b *book) exposed(now time.Time) float64 {
	if b.shown.IsZero() {
		return 0
	}
	return b.spent + b.stage(b.widest).Share()*max(0, now.Sub(b.shownBy).Hours())
}

// mayExpose says why the deployer must not be asked for a now, or "". An action is
// fresh if it was not ordered before this step.
func (b *book) mayExpose(u *universe, a rollout.Action, fresh bool) string {
	i := slices.IndexFunc(b.plan.Stages, func(s rollout.Stage) bool { return s.Name == a.Stage })
	lifted := func(gate string, stage int) bool { return slices.Contains(b.lifted[gate], stage) }
	restore := fresh && i == b.widest || !fresh && b.restoring
	switch {
	case i < 0 || i > b.widest+1 || i < b.widest || !slices.Equal(a.Slices, b.stage(i).Slices):
		return "it is not the next stage of the plan"
	case b.paused || b.aborted || b.giving:
		return "somebody has said no"
	case b.withdrawn && !b.resumed:
		return "slices were taken back, and nobody has resumed"
	case fresh && (u.foreign || u.mode == modeUnsettled || u.mode == modeBlind):
		return "production is not seen as the rollout left it"
	case b.plan.Calendar != nil && !b.stage(i).AnyTime && !u.clock.Before(freezeFrom) && u.high.Before(freezeTo) && !lifted(rollout.GateCalendar, i):
		return "the calendar is closed"
	case len(b.plan.After) > 0 && !u.webShows(b.plan.After[0].Stage) && !lifted(rollout.GateAfter, i):
		return "what it comes after is not there"
	}
	for _, s := range b.plan.Stages[:i+1] {
		for _, g := range s.Gates {
			denies := u.gateErr[g] == nil && u.verdict[g] == release.VerdictDeny
			if allows := u.gateErr[g] == nil && u.verdict[g] == release.VerdictAllow; denies || !allows && !lifted(g, i) {
				return "gate " + g
			}
		}
		people := map[string]bool{}
		for c := range b.consents {
			if c[0] == s.Name || c[0] == "" {
				people[c[1]] = true
			}
		}
		if len(people) < s.Approvals && !lifted(rollout.GateApprovals, i) {
			return fmt.Sprintf("%d people approved stage %s", len(people), s.Name)
		}
	}
	last := len(b.plan.Stages) - 1
	if most := b.plan.Budget; !lifted(rollout.GateBudget, i) {
		used := b.exposed(u.clock)
		if fresh && i > b.widest && i < last {
			used += b.stage(i).Share() * b.stage(i).MinBake.Hours()
		}
		if most.PercentHours > 0 && used > most.PercentHours+1e-9 || most.Served > 0 && b.widest >= 0 && (u.served == nil || *u.served > most.Served) {
			return "the budget is spent"
		}
	}
	if i == 0 || restore || b.skipped == i-1 {
		return ""
	}
	left, asked := b.stage(i-1), i-1
	if !fresh {
		asked = i
	}
	rule := left.Health
	switch {
	case fresh && u.high.Before(b.shown.Add(left.MinBake)):
		return "it baked too little"
	case rule == rollout.HealthIgnored || lifted(rollout.GateHealth, i-1) || lifted(rollout.GateHealth, i):
		return ""
	case u.hErr != nil || u.health.NoData || u.health.Kind == health.KindInvalid || u.health.Kind == health.KindRegressed,
		u.health.Kind != health.KindHealthy && rule != rollout.HealthWatched:
		return "health does not say so"
	}
	if b.stage(asked).PerSlice && slices.ContainsFunc(b.stage(asked).Slices, u.ill) {
		return "a slice is sick"
	}
	return ""
}

// calls reports whether anything that can be seen now calls for going back, and
// whether it surely must: health says worse of what is exposed, or somebody ordered it.
func (b *book) calls(u *universe) (may, must bool) {
	if b.aborted || b.giving {
		return true, true
	}
	worse := u.hErr == nil && u.health.Kind == health.KindRegressed
	sick := len(u.sick) > 0
	denies := slices.ContainsFunc([]string{"first", "last"}, func(g string) bool { return u.gateErr[g] == nil && u.verdict[g] == release.VerdictDeny })
	undecided := slices.ContainsFunc(b.plan.Stages, func(s rollout.Stage) bool {
		return s.MaxBake > 0 && !u.high.Before(b.before.Add(s.MaxBake)) && (s.OnUndecided == rollout.UndecidedRollback || s.OnNoData == rollout.UndecidedRollback)
	})
	most := b.plan.Budget
	spent := most.OnSpent == rollout.UndecidedRollback && (most.PercentHours > 0 && 100*u.high.Sub(b.began).Hours() > most.PercentHours ||
		most.Served > 0 && u.served != nil && *u.served > most.Served)
	may = worse || sick || denies || undecided || spent || len(b.plan.After) > 0 && !u.webShows(b.plan.After[0].Stage)
	must = worse && b.widest >= 0 && b.stage(b.widest).Health != rollout.HealthIgnored && len(b.lifted[rollout.GateHealth]) == 0
	return may, must
}

// mayGoBack says why the deployer must not be asked to take all of it away, or "".
func (b *book) mayGoBack(u *universe, fresh bool) string {
	wait := b.plan.DependentsWait
	switch {
	case b.irreversible(max(b.widest, 0)) && b.widest >= 0:
		return "it is irreversible"
	case b.cause.IsZero():
		return "nothing calls for it"
	case !fresh:
	case len(b.plan.RollbackGates) > 0 && u.gateErr["back"] == nil && u.verdict["back"] == release.VerdictDeny && !b.aborted && b.lifted["back"] == nil:
		return "the gate on the way back denies"
	case len(b.plan.Dependents) > 0 && u.webRests() && b.lifted[rollout.GateDependents] == nil:
		if u.webRuns() && u.high.Before(b.cause.Add(wait)) || !u.webRuns() && !b.aborted {
			return "a dependent still rests on it"
		}
	}
	return ""
}
