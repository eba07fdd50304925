package risk

import (
	"cmp"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// search looks for ways to a lower tier. It judges by [Assessor.assess] and nothing else, on
// change sets whose labels were put on once.
type search struct {
	a     *Assessor
	whole Input // as it was given
	other Input // the same for other change sets: without what counts for the given one alone
	cs    *release.ChangeSet
	now   time.Time

	p       *pieces
	all     []int // the pieces
	present Assessment
	found   map[finding]release.Tier // in present
	bare    Assessment               // of what is in every part
	known   [2][]single              // what is said of each piece by itself, and with the fixes
	todo    []step

	budget int // in changes looked at
	limit  int // of the budget, where it is not 0
	fixed  int // what every part costs, however small it is
	spent  bool
	greedy bool // do not try all smaller splits
	buf    release.ChangeSet
	in     []bool
}

func newSearch(a *Assessor, in Input, now time.Time) *search {
	s := &search{a: a, whole: in, other: in, now: now, cs: a.labels.copyOf(&in.Changes)}
	s.other.Digest = release.Digest{}
	s.other.BreakGlass = nil
	s.other.History.Files = s.looked(in.History.Files)
	s.other.Waivers = slices.DeleteFunc(slices.Clone(in.Waivers), func(w release.Waiver) bool { return !w.Changes.IsZero() })
	s.present = a.assess(in, s.cs, in.Digest, now)
	return s
}

// prepare divides the release, where there is anything to lower.
func (s *search) prepare() {
	s.p = divide(s.cs)
	s.in = make([]bool, len(s.p.list))
	for i := range s.p.list {
		s.all = append(s.all, i)
	}
	s.fixed = s.whatever()
	s.budget = cmp.Or(s.limit, 400_000+min(35*(20+weight(s.cs)), 800_000))
	s.todo = s.steps()
	s.bare = s.judge(nil, nil)
	s.found = make(map[finding]release.Tier, len(s.present.Findings))
	for i := range s.present.Findings {
		h := &s.present.Findings[i]
		at := finding{h.Rule, h.Subject}
		s.found[at] = max(s.found[at], h.Floor)
	}
}

// looked are the histories of those files that change: nobody looks at the others.
func (s *search) looked(files []PastFile) []PastFile {
	if len(files) == 0 {
		return files // nil and empty do not say the same
	}
	changed := make(map[release.Path]bool, len(s.cs.Files))
	for i := range s.cs.Files {
		changed[s.cs.Files[i].Path] = true
	}
	out := make([]PastFile, 0, min(len(files), len(changed)))
	for i := range files {
		if changed[files[i].Path] {
			out = append(out, files[i])
		}
	}
	return out
}

// weight is how much there is in pieces.
func weight(cs *release.ChangeSet) int {
	return len(cs.Files) + len(cs.Dependencies) + len(cs.Resources) + len(cs.Settings) + len(cs.Advisories) + len(cs.Outdated) + len(cs.Deviations)
}

// whatever is the weight of what is looked at in every part. What a rule has words for weighs more than a file.
func (s *search) whatever() int {
	in := &s.other
	n := 20 + len(s.p.advisories) + len(s.p.outdated) + len(s.p.deviations) + len(s.cs.Gaps) + len(s.cs.Drift) + len(s.cs.Artifacts) +
		len(s.cs.Sources) + 4*len(in.Waivers) + 10*len(in.Debts) + len(in.Same) + len(in.History.Recent) + len(in.History.Files)/4 + len(s.cs.Commits)/4
	for i := range in.Same {
		n += len(in.Same[i])
	}
	for i := range s.cs.Commits {
		n += len(s.cs.Commits[i].Files) / 4
	}
	for _, k := range s.p.leaving {
		n += 1 + 4*max(len(s.p.list[k].stay), len(s.p.list[k].ship))
	}
	return n
}

// cost is the weight of a part.
func (s *search) cost(keep []int) int {
	n := s.fixed
	for _, k := range keep {
		q := &s.p.list[k]
		n += q.changes + len(q.advisories) + len(q.outdated) + len(q.deviations)
	}
	return n
}

// left is what would be said of the given pieces after the given steps. ok is false when the
// budget is spent.
func (s *search) left(keep []int, steps []step) (out Assessment, ok bool) {
	if !s.spent {
		s.budget -= s.cost(keep) + len(steps)
		s.spent = s.budget < 0
	}
	if s.spent {
		return Assessment{}, false
	}
	return s.judge(keep, steps), true
}

// judge is left, whatever it costs.
func (s *search) judge(keep []int, steps []step) Assessment {
	in, cs := s.other, *s.p.part(keep, false, &s.buf, s.in)
	now, changes := s.take(steps, &in, &cs, s.now)
	if len(keep) == len(s.all) && !changes {
		in.Digest, in.BreakGlass, in.Waivers = s.whole.Digest, s.whole.BreakGlass, s.whole.Waivers
	}
	return s.a.assess(in, &cs, in.Digest, now)
}

// reaches reports whether what is left is of the goal's tier or a lower one.
func (s *search) reaches(keep []int, steps []step, goal release.Tier) bool {
	a, ok := s.left(keep, steps)
	return ok && a.Tier <= goal
}

// ways are the answer.
func (s *search) ways() []Counterfactual {
	if s.present.Tier == release.TierLow {
		return nil
	}
	s.prepare()
	var out []Counterfactual
	split, stepped, both := s.present.Tier, s.present.Tier, s.present.Tier // the lowest tier told of each
	for goal := s.present.Tier - 1; goal >= release.TierLow; goal-- {
		if split > goal {
			if c, ok := s.splitWay(goal); ok {
				out, split = append(out, c), c.Tier
			}
		}
		if stepped > goal {
			if c, ok := s.stepsWay(goal); ok {
				out, stepped = append(out, c), c.Tier
			}
		}
		if min(split, stepped, both) > goal {
			if c, ok := s.bothWays(goal); ok {
				out, both = append(out, c), c.Tier
			}
		}
		if min(split, stepped, both) > goal {
			out = append(out, s.none(goal))
		}
	}
	return out
}

// splitWay takes pieces out and does nothing else.
func (s *search) splitWay(goal release.Tier) (Counterfactual, bool) {
	if len(s.stay(goal)) > 0 {
		return Counterfactual{}, false
	}
	keep, smallest, ok := s.split(nil, goal)
	if !ok {
		return Counterfactual{}, false
	}
	return s.tell(keep, smallest, nil), true
}

// stepsWay does steps and takes nothing out.
func (s *search) stepsWay(goal release.Tier) (Counterfactual, bool) {
	steps, ok := s.fewest(s.all, s.todo, goal)
	if !ok {
		return Counterfactual{}, false
	}
	return s.tell(s.all, true, s.soonest(s.all, steps, goal)), true
}

// bothWays does what steps it must and takes out the rest.
func (s *search) bothWays(goal release.Tier) (Counterfactual, bool) {
	if len(s.todo) == 0 {
		return Counterfactual{}, false
	}
	keep, _, ok := s.split(s.todo, goal)
	if !ok {
		return Counterfactual{}, false
	}
	steps, ok := s.fewest(keep, s.todo, goal)
	if !ok {
		return Counterfactual{}, false
	}
	steps = s.soonest(keep, steps, goal)
	if keep, ok = s.putBack(s.all, keep, steps, goal); !ok || len(keep) == len(s.all) {
		return Counterfactual{}, false
	}
	return s.tell(keep, false, steps), true
}

// fewest are steps of which none can be spared, found by halving (Junker, QuickXplain, AAAI
// 2004).
func (s *search) fewest(keep []int, all []step, goal release.Tier) ([]step, bool) {
	if len(all) == 0 || !s.reaches(keep, all, goal) {
		return nil, false
	}
	var find func(base, list []step, grown bool) []step
	find = func(base, list []step, grown bool) []step {
		if grown && s.reaches(keep, base, goal) || len(list) == 0 {
			return nil
		}
		if len(list) == 1 || s.spent {
			return list
		}
		a, b := list[:len(list)/2], list[len(list)/2:]
		second := find(slices.Concat(base, a), b, true)
		first := find(slices.Concat(base, second), a, len(second) > 0)
		return slices.Concat(first, second)
	}
	out := find(nil, all, false)
	for i := 0; i < len(out) && !s.spent; { // what depends on each other may have hidden one
		if fewer := slices.Delete(slices.Clone(out), i, i+1); s.reaches(keep, fewer, goal) {
			out = fewer
			continue
		}
		i++
	}
	return out, !s.spent && len(out) > 0 && s.reaches(keep, out, goal)
}

// soonest does not wait longer than it must.
func (s *search) soonest(keep []int, steps []step, goal release.Tier) []step {
	i := slices.IndexFunc(steps, func(t step) bool { return t.Kind == StepWait })
	if i < 0 {
		return steps
	}
	for _, at := range s.leaving() {
		sooner := slices.Clone(steps)
		sooner[i].At = at
		if s.reaches(keep, sooner, goal) {
			return sooner
		}
	}
	return steps
}

// tell puts a way into words, after judging what it leads to once more.
func (s *search) tell(keep []int, smallest bool, steps []step) Counterfactual {
	rest := s.judge(keep, steps)
	c := Counterfactual{Tier: rest.Tier, Lane: rest.Lane, Requirements: rest.Requirements, Unsearched: s.spent}
	for i := range steps {
		c.Steps = append(c.Steps, steps[i].Step)
	}
	if out := without(s.all, keep); len(out) > 0 {
		c.Split = s.p.split(out)
		c.Split.Smallest = smallest
		c.Split.Tier = s.after(out, rest.Features).Tier
	}
	c.Text = c.sentence()
	return c
}

// after is what would be said of what was taken out, right after the rest went out.
func (s *search) after(out []int, rest Features) Assessment {
	in := s.other
	in.History.Recent = append(slices.Clip(in.History.Recent), Past{At: s.now, Features: rest})
	return s.a.assess(in, s.p.part(out, true, &s.buf, s.in), release.Digest{}, s.now)
}

// without is all but some. Both are sorted.
func without(all, some []int) []int {
	out := make([]int, 0, len(all)-len(some))
	for _, k := range all {
		if len(some) > 0 && some[0] == k {
			some = some[1:]
			continue
		}
		out = append(out, k)
	}
	return out
}

// none says what stands in the way.
func (s *search) none(goal release.Tier) Counterfactual {
	c := Counterfactual{Tier: goal, Unsearched: s.spent, Blockers: s.stay(goal)}
	if declared := s.present; s.whole.Impact == ImpactUnknown && s.present.Table > goal && s.declared(&declared) <= goal {
		c.Blockers = append(c.Blockers, release.Reason{Code: "risk/table", Subject: "impact",
			Text: "how bad would a failure of this service be? Nobody declared it, so it counts as " + s.present.Impact.String() + "; it is the same for every release"})
	}
	c.Text = c.sentence()
	if c.Blockers == nil && !c.Unsearched && len(s.all) == 1 {
		c.Text = "no way to " + goal.String() + " was found: it is one change that cannot be split"
	}
	return c
}

// stay is what is said of the release even if all that can be taken out is.
func (s *search) stay(goal release.Tier) []release.Reason {
	var out []release.Reason
	next := 0 // the finding whose reason comes next: they stand in the same order, with the table's among them
	for _, r := range s.bare.Reasons {
		switch {
		case r.Code == "risk/table":
			if s.bare.Table > goal {
				out = append(out, r)
			}
		case next < len(s.bare.Findings):
			h := &s.bare.Findings[next]
			next++
			// What is only found where nothing else changes is none of the release's.
			if h.Floor > goal && s.found[finding{h.Rule, h.Subject}] >= h.Floor {
				out = append(out, r)
			}
		}
	}
	return out
}

// finding is which rule found something, and of what.
type finding struct{ rule, subject string }

// declared is the least that the table could say if the impact were known.
func (s *search) declared(a *Assessment) release.Tier {
	a.Impact = ImpactNegligible
	a.judge(s.a.policy)
	return a.Table
}
