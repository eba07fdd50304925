package rollout

import "time"

// RingOptions says how wide the rings of [Rings] are and how long each bakes.
type RingOptions struct {
	// Cohort is the cohort of the internal ring. If empty, "internal".
	Cohort string
	// CohortPercent is the share of all traffic that Cohort makes. If zero, 0.1.
	CohortPercent float64
	// Canary is the share of everything that the canary ring adds, in percent. If zero, 5.
	Canary float64
	// Region is the first whole region. It has no default.
	Region string
	// RegionPercent is the share of all traffic that the region ring comes to,
	// the rings before it included. It has no default.
	RegionPercent float64
	// Gates are asked before every ring, LastGates also before the last.
	Gates, LastGates []string
	// LastApprovals is how many people must approve the last ring ([Stage.Approvals]).
	LastApprovals int
	// MinBake is the least bake time of each ring but the last. If zero, 1 hour.
	MinBake time.Duration
	// MaxBake bounds how long a ring waits for health. If zero, there is no bound.
	MaxBake time.Duration
	// OnUndecided is what happens at MaxBake.
	OnUndecided OnUndecided
	// LastBake is how long everything is watched before the release counts as
	// deployed. If zero, MinBake.
	LastBake time.Duration
}

const defaultCohortPercent = 0.1

// Rings are the four stages that most services want: internal, canary, region,
// all. Internal has too little traffic for a certificate of health, and all has
// nothing to compare with: these two are watched. Canary and region must be
// certified healthy. Missing options are found by [Plan.Validate].
func Rings(o RingOptions) []Stage {
	if o.Cohort == "" {
		o.Cohort = "internal"
	}
	if o.CohortPercent == 0 {
		o.CohortPercent = defaultCohortPercent
	}
	if o.Canary == 0 {
		o.Canary = 5
	}
	if o.MinBake == 0 {
		o.MinBake = time.Hour
	}
	if o.LastBake == 0 {
		o.LastBake = o.MinBake
	}
	internal := Slice{Cohort: o.Cohort, Percent: 100}
	canary := Slice{Percent: o.Canary}
	ring := func(name string, share float64, slices ...Slice) Stage {
		return Stage{Name: name, Slices: slices, Percent: share,
			MinBake: o.MinBake, MaxBake: o.MaxBake, Health: HealthRequired, OnUndecided: o.OnUndecided}
	}
	stages := []Stage{
		ring("internal", o.CohortPercent, internal),
		ring("canary", o.CohortPercent+o.Canary, internal, canary),
		ring("region", o.RegionPercent, internal, canary, Slice{Region: o.Region, Percent: 100}),
		ring("all", 100, Slice{Percent: 100}),
	}
	stages[0].Internal, stages[0].Health, stages[0].Gates = true, HealthWatched, o.Gates
	stages[3].Health, stages[3].Gates, stages[3].Approvals = HealthWatched, o.LastGates, o.LastApprovals
	if stages[3].MinBake = o.LastBake; o.MaxBake != 0 && o.MaxBake <= o.LastBake {
		stages[3].MaxBake, stages[3].OnUndecided = 0, UndecidedHold
	}
	return stages
}
