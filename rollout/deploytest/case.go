package deploytest

import (
	"context"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Case is one demand of the contract.
type Case struct {
	// Name is unique among [Cases].
	Name string
	// Doc says what is demanded.
	Doc string

	needs []Feature
	run   func(ctx context.Context, s *subject) error
}

// Run tries the demand on a fresh deployer. It returns nil if the demand was met, an
// [ErrNotProven] if it could not be tried, and else what is wrong with the deployer or
// the options.
func (c Case) Run(ctx context.Context, d rollout.Deployer, o *Options) error {
	s, err := newSubject(d, o)
	if err != nil {
		return err
	}
	if err := c.lack(s); err != nil {
		return err
	}
	return c.run(ctx, s)
}

// lack says why the demand cannot be tried on s, or nil.
func (c Case) lack(s *subject) error {
	for _, f := range c.needs {
		if err := s.why(f); err != nil {
			return err
		}
	}
	return nil
}

// Cases are all demands.
func Cases() []Case {
	need := func(f ...Feature) []Feature { return f }
	return []Case{
		// Each action once.
		{"fresh", "of a target that it has not seen, no fence is observed", need(fences), fresh},
		{"in-order", "each stage and the rollback are observed", nil, inOrder},
		{"duplicate", "the same action again changes nothing", nil, duplicate},
		{"same-slices", "a later action with the slices of an earlier one is not taken for it", nil, sameSlices},
		{"undone", "a rollback is done again over an exposure that came late, or that was kept out", nil, undone},
		{"next-rollout", "the next rollout restores what the one before left", nil, nextRollout},
		{"first-deployment", "without a previous release, a rollback leaves nothing", need(FeatureFirst), firstDeployment},
		{"targets", "an action on one target says nothing about another", nil, targets},
		{"names", "names that look alike are different targets, and long ones are kept whole", need(FeatureNames), names},
		{"digests", "releases are told apart by their digests, not by their versions", need(FeatureNames), digests},

		// What serves.
		{"replaced", "slices are replaced, not added to", need(FeatureSlices), replaced},
		{"slice-order", "the order of slices means nothing", need(FeatureSlices), sliceOrder},
		{"many-slices", "hundreds of slices are all served and all observed", need(FeatureSlices, FeatureNames), manySlices},
		{"percents", "percents are those that were ordered", need(FeaturePercent), percents},
		{"fractions", "percents need not be whole", need(FeaturePercent, FeatureFraction), fractions},
		{"withdrawn", "a slice can be taken back alone, and shown again", need(FeatureSlices), withdrawn},
		{"whole", "slices that are all there is leave nothing to the previous release", need(FeatureSlices), whole},
		{"environments", "a slice of an environment is of that environment alone", need(FeatureEnvironment), environments},
		{"regions", "a slice of a region is of that region alone", need(FeatureRegion), regions},
		{"cells", "a slice of a cell is of that cell alone", need(FeatureCell), cells},
		{"cohorts", "a slice of a cohort is of that cohort alone", need(FeatureCohort), cohorts},
		{"lacking", "what the deployer lacks, it refuses", nil, lacking},

		// Fences.
		{"replay", "an action that was done and overtaken is refused", need(fences), replay},
		{"reorder", "an action that arrives after a later one is refused", need(fences), reorder},
		{"zombie", "an exposure ordered before the rollback never comes back", need(fences), zombie},
		{"late-first", "a rollback that arrives before its exposure keeps it out", need(fences), lateFirst},
		{"two-histories", "another action with the same fence is refused", need(fences), twoHistories},
		{"other-body", "the same key and fence with other slices has no effect", need(fences), otherBody},
		{"no-fence", "an action without a fence or a key is refused", need(fences), noFence},
		{"late-slice", "an exposure of slices, one of which was taken back, never comes back", need(FeatureSlices, fences), lateSlice},
		{"old-rollout", "an action of the rollout before is refused", need(fences), oldRollout},
		{"numbers", "fences are compared as numbers, of up to 53 bits", need(fences), numbers},

		// Time.
		{"cancelled", "an attempt whose outcome nobody knows can be repeated", nil, cancelled},
		{"timeout", "wherever the context ends, the action can be repeated, and nothing comes late", nil, timeout},
		{"slow", "the same when the context ends at any time", nil, slow},
		{"bounded", "calls return when their context has ended", nil, ends},

		// Many at once.
		{"concurrent", "of many at once, the highest fence stays", need(fences), concurrent},
		{"concurrent-duplicate", "one action many times at once is that action once", nil, concurrentDuplicate},
		{"under-way", "an action that is overtaken while it is under way has no effect afterwards", need(fences), underWay},
		{"seen", "once a fence was observed, no lower one has an effect", need(fences), seen},
		{"watched", "whatever is observed in between is true", need(fences), watched},
		{"processes", "what one process has seen binds the other", need(fences, beside), processes},

		// Crashes.
		{"restart", "the highest fence outlives the process", need(fences, restart), restarted},
		{"crash", "wherever the process ends, the fence is remembered if the action serves", need(fences, restart), crashed},
		{"crash-repeat", "wherever the process ends, the action can be repeated", need(restart), crashRepeat},

		// The world.
		{"drift", "what is observed is what serves, not what was ordered", need(drift), drifted},
		{"repair", "an action that is repeated makes up for what happened in between", need(drift), repaired},
		{"blind", "what cannot be seen is an error, or not known, but not left out", need(blind), blinded},
		{"partial", "what was done in part is not observed as done, and can be completed", need(breaks), partial},
	}
}
