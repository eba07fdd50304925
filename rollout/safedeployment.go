package rollout

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// SafeDeploymentOptions say who is in the phases of [SafeDeployment] and how long each
// takes. Internal and the slices of Waves must not overlap, so that each can be judged and
// taken back by itself: give all of them the same kind of scope, as cells, or as the
// cohorts "employees" and "customers", those of customers with a region each.
type SafeDeploymentOptions struct {
	// Internal is one's own people and machines, and InternalPercent their share of all
	// traffic. The percent of the slice is 100 if zero; InternalPercent is 0.1 if zero.
	Internal        Slice
	InternalPercent float64
	// Canary is a part of a slice of the first wave, and CanaryPercent the share of all
	// traffic that the canary stage comes to, Internal included. They have no default.
	Canary        Slice
	CanaryPercent float64
	// Waves are exposed one after another. Without any, everybody comes after the canary.
	Waves []Wave
	// Gates are asked before every stage, LastGates also before everything is exposed.
	Gates, LastGates []string
	// Approvals is how many people must approve what comes next after the canary, and with
	// it all the rest. If zero, 1; none if below zero.
	Approvals int
	// InternalBake is how long one's own people use it first: 24 hours if zero. CanaryBake
	// is 1 hour if zero, FirstBake, of the first wave, 12 hours, and WaveBake, of the later
	// ones and of everything, 4 hours.
	InternalBake, CanaryBake, FirstBake, WaveBake time.Duration
	// WaveHealth is what health must say of each slice of a wave. If unset,
	// [HealthWatched]: one's own people, who are among them, are often too few for a
	// certificate.
	WaveHealth HealthRule
	// MaxWithdrawn is how many slices of a wave may be taken back by themselves. If zero, 1;
	// none if below zero.
	MaxWithdrawn int
	// Demand is what a tier demands. No bake is shorter than its MinBake, and the budget no
	// larger than its MaxPercentHours; the rest is for [Plan.Meets] to see.
	Demand release.RolloutRequirement
}

// Wave is a part of the production that is exposed at once.
type Wave struct {
	// Name is the stage's.
	Name string
	// Slices are what the wave adds, side by side: regions or cells.
	Slices []Slice
	// Percent is the share of all traffic that the wave comes to, those before included.
	Percent float64
}

// SafeDeployment is the order that CISA, the FBI and Australia's ASD recommend: one's own
// people use the release first, then a canary is measured, then it is rolled out in
// waves under control, and then everybody has it. The phases before (planning,
// development and testing) are what gates ask about, and what comes after, feedback into
// planning, rests on [Events].
//
// Whatever is undecided is held. The canary must be certified healthy, and somebody must
// then approve the first wave. In a wave each slice is judged by itself and may be taken
// back by itself, which holds the rest. The budget is twice what the stages before the last
// expose by their bakes: a rollout that is held for longer than it was to take exposes
// nothing more until somebody looks.
//
//	plan.Stages, plan.Budget = rollout.SafeDeployment(options)
//
// What is missing in o is found by [Plan.Validate].
//
// Sources: "Safe Software Deployment: How Software Manufacturers Can Ensure Reliability for
// Customers", CISA, FBI and ASD's ACSC, October 2024, for the phases and their order. It
// names no times; the bakes of the canary and of the waves are of the size that Amazon
// gives in "Automating safe, hands-off deployments" (Builders' Library): an hour after the
// first box, 12 after the first wave of regions, 2 to 4 after each later one.
func SafeDeployment(o SafeDeploymentOptions) ([]Stage, Budget) {
	o = o.withDefaults()
	stages := []Stage{
		{Name: "internal", Slices: []Slice{o.Internal}, Percent: o.InternalPercent, Internal: true, Gates: o.Gates, MinBake: o.InternalBake, Health: HealthWatched},
		{Name: "canary", Slices: []Slice{o.Internal, o.Canary}, Percent: o.CanaryPercent, MinBake: o.CanaryBake, Health: HealthRequired},
	}
	exposed := []Slice{o.Internal}
	for i, w := range o.Waves {
		exposed = append(slices.Clip(exposed), w.Slices...)
		s := Stage{Name: w.Name, Slices: exposed, Percent: w.Percent, MinBake: o.WaveBake, Health: o.WaveHealth,
			PerSlice: true, MaxWithdrawn: min(o.MaxWithdrawn, len(exposed)-1)}
		if i == 0 {
			s.MinBake = o.FirstBake
		}
		stages = append(stages, s)
	}
	budget := Budget{}
	for _, s := range stages {
		budget.PercentHours = float64(2*s.Percent*s.MinBake.Hours()) + budget.PercentHours
	}
	budget.PercentHours = min(budget.PercentHours, maxPercentHours)
	if most := o.Demand.MaxPercentHours; most > 0 {
		budget.PercentHours = min(budget.PercentHours, most)
	}
	stages = append(stages, Stage{Name: "everyone", Slices: []Slice{{Percent: 100}}, Gates: o.LastGates, MinBake: o.WaveBake, Health: HealthWatched})
	stages[2].Approvals = o.Approvals
	return stages, budget
}

func (o SafeDeploymentOptions) withDefaults() SafeDeploymentOptions {
	if o.Internal.Percent == 0 {
		o.Internal.Percent = 100
	}
	if o.InternalPercent == 0 {
		o.InternalPercent = defaultCohortPercent
	}
	if o.WaveHealth == HealthUnset {
		o.WaveHealth = HealthWatched
	}
	for _, n := range []*int{&o.Approvals, &o.MaxWithdrawn} {
		if *n == 0 {
			*n = 1
		}
		*n = max(*n, 0)
	}
	for _, d := range []struct {
		bake   *time.Duration
		unless time.Duration
	}{{&o.InternalBake, 24 * time.Hour}, {&o.CanaryBake, time.Hour}, {&o.FirstBake, 12 * time.Hour}, {&o.WaveBake, 4 * time.Hour}} {
		if *d.bake == 0 {
			*d.bake = d.unless
		}
		*d.bake = max(*d.bake, o.Demand.MinBake)
	}
	return o
}
