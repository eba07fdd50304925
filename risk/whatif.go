package risk

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Counterfactual is one way to a lower tier, or why there is none.
type Counterfactual struct {
	// Tier is the tier that would result. Where there is neither Split nor Steps it is the
	// tier that no way was found to.
	Tier release.Tier `json:"tier"`
	// Lane is the way by which the rest may go out, Requirements the evidence that is then
	// demanded. They are zero where no way was found.
	Lane         release.Lane          `json:"lane,omitzero"`
	Requirements []release.Requirement `json:"requirements,omitempty"`
	// Split is what to send in a release of its own; nil where nothing is.
	Split *Split `json:"split,omitempty"`
	// Steps are what to do besides, all of them.
	Steps []Step `json:"steps,omitempty"`
	// Blockers are why no way was found: what stays whatever is split out, and what no step mends.
	// Without any, each change by itself calls for more than Tier.
	Blockers []release.Reason `json:"blockers,omitempty"`
	// Unsearched says that the release is so large that the search was ended: there may be
	// a way, or a smaller one. What is told is true all the same.
	Unsearched bool `json:"unsearched,omitempty"`
	// Text is one sentence for people; it may change from version to version.
	Text string `json:"text"`
}

// String is Text.
func (c Counterfactual) String() string { return c.Text }

// Split divides a release in two: what is taken out, and the rest, which goes out first.
type Split struct {
	// Paths are the files to take out, sorted, and with each goes all that was read from it. Some may
	// be none of the release's own, such as a plan; the empty one is that of changes which name none.
	Paths []release.Path `json:"paths"`
	// Dependencies are the packages, Resources, Settings and Advisories the names of what
	// goes with them, each sorted, as findings have them.
	Dependencies []string `json:"dependencies,omitempty"`
	Resources    []string `json:"resources,omitempty"`
	Settings     []string `json:"settings,omitempty"`
	Advisories   []string `json:"advisories,omitempty"`
	// Changes counts all that is taken out, Lines the lines added and deleted in it.
	Changes int   `json:"changes"`
	Lines   int64 `json:"lines"`
	// Tier is that of what is taken out, when it goes out right after the rest: it finds the rest
	// among the releases before it (see [Policy.Window]). So slicing gains nothing by a rule that looks at the
	// window, nor by the prior. A model that weighs what the window does not tell it, such as files, may
	// hold both parts for less likely to fail.
	Tier release.Tier `json:"tier"`
	// Smallest says that no split of fewer pieces gives the tier, as far as more change never lowers
	// one. Otherwise no single piece can stay, but fewer others might do: where nothing was tried but
	// taking out the largest first, 1,226 of 1,229 splits of random releases of up to 11 files were the smallest all
	// the same, and three had one piece too many (TestWhatIfIsMostlyTheSmallest).
	Smallest bool `json:"smallest"`
}

// StepKind says what a [Step] is.
type StepKind string

// The kinds of steps.
const (
	StepRead    StepKind = "read"    // read something that was not read
	StepCover   StepKind = "cover"   // read all changes of a kind of which some were not
	StepUpgrade StepKind = "upgrade" // take a version that mends the advisories
	StepPay     StepKind = "pay"     // show what an earlier release still owes
	StepWait    StepKind = "wait"    // until earlier releases have left the window
)

// Step is a change besides splitting. That it leads to a tier holds where it
// brings nothing new to light: what is then read, a new version, and what goes out in the
// meantime are assessed like everything else.
type Step struct {
	// Kind is what is done, Subject what it is done to: a path, a kind of change, a package, a debt.
	Kind    StepKind `json:"kind"`
	Subject string   `json:"subject,omitempty"`
	// Versions are those that mend the package's advisories, as these have them.
	Versions []string `json:"versions,omitempty"`
	// At is the moment to wait for.
	At time.Time `json:"at,omitzero"`
}

// WhatIf lists the smallest changes of a release that would lower its tier; none for a
// low one. Every tier and lane in it comes from assessing what would be left, by the same policy and
// model, with the same impact, exposure, history, debts and waivers. Overrides and broken
// glass are for one change set, and count for no part of it.
//
// The nearest tier stands first, and for each tier at most one split, then steps, then
// both where neither does alone; a way that leads further down than its tier is told once. A tier
// that nothing leads to is told with its blockers.
//
// What belongs together is taken out together: a file with all that was read from it, and with those beside it
// of the same name but for the endings (its test, what is generated from it); manifests, lock
// files and vendored code of one directory and those below it; the two sides of an exact
// rename; a dependency wherever it is listed if an advisory is about it; and with a plan or a
// bill of materials all files that it may have been made of. A split is smallest by the number of
// such pieces, then of changes, then of lines, then by path; see [Split.Smallest]. A flaw whose
// fix is taken out stays. Commits are not split. What needs what across files is not known: the rest must build, and
// run, without what is taken out, a migration too, and its tests say whether it does. A
// part counts as declared as what it is: no deviation is foreseen.
//
// That nobody declared the impact is never a step, only a question beside the blockers: the answer belongs
// to the service, and must not be looked for in the tier.
//
// The search is bounded: see [Counterfactual.Unsearched]. An error is that of [Assessor.Assess].
func (a *Assessor) WhatIf(in Input, now time.Time) ([]Counterfactual, error) {
	if now.IsZero() {
		return nil, errors.New("risk: no time of assessment")
	}
	if in.Digest.IsZero() {
		var err error
		if in.Digest, err = in.Changes.Digest(); err != nil {
			return nil, fmt.Errorf("risk: digest of the change set: %w", err)
		}
	}
	s := newSearch(a, in, now.UTC())
	return s.ways(), nil
}

// Apply divides a change set by the split that [Assessor.WhatIf] gave for it. Neither part shares
// slices of what was divided with cs. What is not split (commits, artifacts, gaps, …) is
// in both.
func (p *Split) Apply(cs *release.ChangeSet) (rest, out release.ChangeSet) {
	taken := make(map[release.Path]bool, len(p.Paths))
	for _, path := range p.Paths {
		taken[path] = true
	}
	homes := homesOf(cs)
	part := func(want bool, leave func(release.AdvisoryChange) (release.AdvisoryChange, bool)) release.ChangeSet {
		c := *cs
		c.Files = only(cs.Files, func(i int) bool { return taken[cs.Files[i].Path] == want })
		c.Dependencies = only(cs.Dependencies, func(i int) bool { return taken[cs.Dependencies[i].File] == want })
		c.Resources = only(cs.Resources, func(i int) bool { return taken[cs.Resources[i].File] == want })
		c.Settings = only(cs.Settings, func(i int) bool { return taken[cs.Settings[i].File] == want })
		in := func(h home) bool { return h.pinned || taken[h.path] == want }
		c.Outdated = only(cs.Outdated, func(i int) bool { return in(homes.outdated[i]) })
		c.Deviations = only(cs.Deviations, func(i int) bool { return in(homes.deviations[i]) })
		c.Advisories = nil
		for i, adv := range cs.Advisories {
			keep := true
			if homes.advisories[i].pinned && len(p.Paths) > 0 {
				adv = unplaced(adv)
			} else if !in(homes.advisories[i]) {
				adv, keep = leave(adv)
			}
			if keep {
				c.Advisories = append(c.Advisories, adv)
			}
		}
		return c
	}
	return part(false, stays), part(true, shipped)
}

// only are the elements whose index f wants.
func only[T any](list []T, f func(int) bool) []T {
	var out []T
	for i := range list {
		if f(i) {
			out = append(out, list[i])
		}
	}
	return out
}

// stays is what a release does about an advisory if it leaves out what concerns it: it goes on
// with what was there before.
func stays(a release.AdvisoryChange) (release.AdvisoryChange, bool) {
	if a.Effect == release.EffectIntroduced || len(a.Before) == 0 && a.Effect != release.EffectFixed && a.Effect != release.EffectCarried {
		return a, false
	}
	a.Effect, a.After = release.EffectCarried, slices.Clone(a.Before)
	return a, true
}

// unplaced is what a part does about an advisory of which nobody can say where it belongs: no part is the
// one that mends it.
func unplaced(a release.AdvisoryChange) release.AdvisoryChange {
	if a.Effect == release.EffectFixed {
		a.Effect, a.After = release.EffectCarried, slices.Clone(a.Before)
	}
	return a
}

// shipped is what a release does about an advisory if what concerns it went out before.
func shipped(a release.AdvisoryChange) (release.AdvisoryChange, bool) {
	if a.Effect == release.EffectFixed || len(a.After) == 0 && a.Effect != release.EffectIntroduced && a.Effect != release.EffectCarried {
		return a, false
	}
	a.Effect, a.Before = release.EffectCarried, slices.Clone(a.After)
	return a, true
}
