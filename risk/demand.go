package risk

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Demand is what a tier demands.
type Demand struct {
	// Tier is the tier that demands it.
	Tier release.Tier `json:"tier"`
	// Requirements are the evidence that must be shown before a release goes out,
	// Rollout how slowly it must then be exposed.
	Requirements []release.Requirement      `json:"requirements"`
	Rollout      release.RolloutRequirement `json:"rollout"`
	// Owners demands besides that the code owners of the touched paths approve, as the CODEOWNERS file
	// of the base revision has them ([Input.Owners]): one requirement for each distinct set of owners,
	// of whom as many must agree as the file asks for (one, or what a section of GitLab's says),
	// independently, and as lately as the tier's other independent approvals.
	//
	// Its roles are the owners as written: "@ada", "@org/team", "ada@example.com", "@@maintainers". The
	// host maps them: the trust that checks signatures gives each person the roles that stand for them
	// and their teams (evidence.Keyring, evidence.Identity). A role that nobody holds holds the
	// release.
	//
	// Files that no rule matches, or whose rule says nobody, ask for nothing, and a reason
	// "risk/owners" counts them; optional sections ask for nothing. Where there are more than
	// [MaxOwnerSets] sets, two who hold [RoleOwners] must agree instead, or as many as the set that asks
	// for most. Where it is not known which files change, two of them must agree besides. Without a file
	// (nil) nothing is asked for.
	Owners bool `json:"owners,omitempty"`
}

// Roles that the default policy asks for. The host says who holds them.
const RoleSecurity = "security"

const day = 24 * time.Hour

func testsPass() release.Requirement {
	return release.Requirement{ID: "test/passed", Evidence: release.EvidenceTest, Count: 1,
		Why: "Tests ran on this release and passed."}
}

func independent(count int, maxAge time.Duration, why string) release.Requirement {
	return release.Requirement{ID: "approval/independent", Evidence: release.EvidenceApproval, Count: count, Independent: true, MaxAge: maxAge, Why: why}
}

func scanned(maxAge time.Duration, why string) release.Requirement {
	return release.Requirement{ID: "scan/clean", Evidence: release.EvidenceScan, Count: 1, MaxAge: maxAge, Why: why}
}

func built() release.Requirement {
	return release.Requirement{ID: "provenance/builder", Evidence: release.EvidenceProvenance, Count: 1,
		Why: "It is known who built the artifacts, and from what: what was reviewed is what runs."}
}

// defaultDemands are choices: each tier asks for all that the one below asks for.
//
// A budget of exposure is what the first stage costs at its widest in a night of 16 hours, and a
// little more: a rollout may wait through a night for working hours or for somebody to approve, but a
// weekend of 64 hours is too long to leave a release that is not known to be good with so many.
func defaultDemands() []Demand {
	return []Demand{
		{Tier: release.TierLow, Requirements: []release.Requirement{
			testsPass(),
			{ID: "approval/any", Evidence: release.EvidenceApproval, Count: 1, Why: "Somebody looked at the release and said yes."},
		}, Rollout: release.RolloutRequirement{MinStages: 1, Why: "It may go out at once."}},
		{Tier: release.TierModerate, Owners: true, Requirements: []release.Requirement{
			testsPass(),
			independent(1, 0, "Somebody who neither wrote nor built it looked at it: authors do not see their own mistakes."),
			scanned(7*day, "A scanner looked for known vulnerabilities within the week."),
		}, Rollout: release.RolloutRequirement{MinStages: 2, MinBake: 10 * time.Minute, MaxFirstPercent: 25, MaxStepPercent: 75, MaxPercentHours: 500,
			Why: "A part of the traffic sees it first, long enough for health to be read a few times."}},
		{Tier: release.TierHigh, Owners: true, Requirements: []release.Requirement{
			testsPass(),
			independent(2, 7*day, "Two people who neither wrote nor built it agree: no single account can let it out."),
			scanned(day, "A scanner looked for known vulnerabilities within the day."),
			built(),
		}, Rollout: release.RolloutRequirement{MinStages: 3, MinBake: 30 * time.Minute, MaxFirstPercent: 10, MaxStepPercent: 60, MaxPercentHours: 300,
			Why: "A small part of the traffic sees it first, and each step is watched."}},
		{Tier: release.TierCritical, Owners: true, Requirements: []release.Requirement{
			testsPass(),
			independent(3, 3*day, "Three people who neither wrote nor built it agree, and lately."),
			{ID: "approval/security", Evidence: release.EvidenceApproval, Count: 1, Independent: true, MaxAge: 3 * day, Roles: []string{RoleSecurity},
				Why: "Somebody responsible for security is among those who agree."},
			scanned(day, "A scanner looked for known vulnerabilities within the day."),
			built(),
		}, Rollout: release.RolloutRequirement{MinStages: 4, MinBake: time.Hour, MaxFirstPercent: 5, MaxStepPercent: 50, MaxPercentHours: 150,
			Why: "The smallest part of the traffic sees it first, and each step is watched for an hour."}},
	}
}

// lintDemands wants one demand per tier, in rising order, none without
// requirements, and none that asks for less than the tier below.
func lintDemands(ds []Demand) []Problem {
	var out []Problem
	if len(ds) != int(release.TierCritical) {
		return []Problem{{"demands", fmt.Sprintf("%d of them, and there are %d tiers", len(ds), release.TierCritical)}}
	}
	for i, d := range ds {
		path := fmt.Sprintf("demands[%d]", i)
		if want := release.Tier(i + 1); d.Tier != want {
			out = append(out, Problem{path, fmt.Sprintf("tier %s stands where %s belongs", d.Tier, want)})
		}
		out = append(out, lintRequirements(path, d.Requirements)...)
		out = append(out, lintRollout(path, d.Rollout)...)
		if i > 0 {
			out = append(out, lintWeaker(path, ds[i-1], d)...)
		}
		if d.Tier >= release.TierHigh && !slices.ContainsFunc(d.Requirements, func(r release.Requirement) bool { return r.Evidence == release.EvidenceApproval && r.Independent }) {
			out = append(out, Problem{path, fmt.Sprintf("tier %s asks for no independent approval: its author could let it out alone", d.Tier)})
		}
	}
	return out
}

// minStep is the least that a stage must be allowed to add: a rollout has 100 stages at most, and ends
// with everything.
const minStep = 1

func lintRollout(path string, r release.RolloutRequirement) []Problem {
	share := func(percent float64) bool { return percent >= 0 && percent <= 100 }
	switch {
	case r.MinStages < 1 || r.MinBake < 0 || !share(r.MaxFirstPercent) || !share(r.MaxStepPercent):
		return []Problem{{path + ".rollout", "less than one stage, a bake below zero, or a share that is no percentage"}}
	case r.MaxStepPercent > 0 && r.MaxStepPercent < minStep:
		return []Problem{{path + ".rollout", fmt.Sprintf("no rollout gets to everything in steps of %v %%", r.MaxStepPercent)}}
	case !(r.MaxPercentHours >= 0 && r.MaxPercentHours <= maxPercentHours):
		return []Problem{{path + ".rollout", fmt.Sprintf("a budget of %v percent-hours, which is not within 0 and %v", r.MaxPercentHours, float64(maxPercentHours))}}
	case r.MaxPercentHours > 0 && leastExposure(r) > float64(r.MaxPercentHours*1e-12)+r.MaxPercentHours: // no less than what a plan may do
		return []Problem{{path + ".rollout", fmt.Sprintf("no rollout fits into %v percent-hours: its stages alone take %.4g", r.MaxPercentHours, leastExposure(r))}}
	}
	return nil
}

// maxPercentHours is what a plan's budget may be at most.
const maxPercentHours = 1e6

// leastExposure is what the stages before the last cost at least, in percent-hours: each step as wide,
// and each bake as short, as may be.
func leastExposure(r release.RolloutRequirement) float64 {
	percent := 0.0
	if r.MaxStepPercent > 0 {
		for left := 100 - r.MaxStepPercent; left > 0; left -= r.MaxStepPercent {
			percent += left
		}
	}
	return percent * r.MinBake.Hours()
}

func lintRequirements(path string, rs []release.Requirement) []Problem {
	var out []Problem
	if len(rs) == 0 {
		out = append(out, Problem{path, "no requirements"})
	}
	for j, r := range rs {
		at := fmt.Sprintf("%s.requirements[%d]", path, j)
		if r.ID == "" || slices.ContainsFunc(rs[:j], func(q release.Requirement) bool { return q.ID == r.ID }) {
			out = append(out, Problem{at, fmt.Sprintf("id %q is empty or stands twice", r.ID)})
		}
		if r.Evidence == "" {
			out = append(out, Problem{at, "no kind of evidence"})
		}
		if r.Count < 1 || r.MaxAge < 0 {
			out = append(out, Problem{at, fmt.Sprintf("count %d or age %s is out of range", r.Count, r.MaxAge)})
		}
		if slices.Contains(r.Roles, "") {
			out = append(out, Problem{at, "a role without a name"})
		}
		if r.Why == "" {
			out = append(out, Problem{at, "it does not say why"})
		}
	}
	return out
}

// lintWeaker finds what the lower tier demands and the upper does not.
func lintWeaker(path string, lower, upper Demand) []Problem {
	var out []Problem
	for _, r := range lower.Requirements {
		if !slices.ContainsFunc(upper.Requirements, func(q release.Requirement) bool { return atLeast(q, r) }) {
			out = append(out, Problem{path, fmt.Sprintf("tier %s asks for %q, and %s for nothing as strict", lower.Tier, r.ID, upper.Tier)})
		}
	}
	if lower.Owners && !upper.Owners {
		out = append(out, Problem{path, fmt.Sprintf("tier %s asks for the code owners, and %s does not", lower.Tier, upper.Tier)})
	}
	if !slower(upper.Rollout, lower.Rollout) {
		out = append(out, Problem{path + ".rollout", fmt.Sprintf("tier %s may go out faster than %s", upper.Tier, lower.Tier)})
	}
	return out
}

// slower reports whether whoever meets r meets q too.
func slower(r, q release.RolloutRequirement) bool {
	return r.MinStages >= q.MinStages && r.MinBake >= q.MinBake &&
		bound(r.MaxFirstPercent) <= bound(q.MaxFirstPercent) && bound(r.MaxStepPercent) <= bound(q.MaxStepPercent) &&
		(q.MaxPercentHours == 0 || r.MaxPercentHours > 0 && r.MaxPercentHours <= q.MaxPercentHours)
}

// atLeast reports whether whoever meets q meets r too.
func atLeast(q, r release.Requirement) bool { return q.Covers(r) }

// bound is a share that 0 leaves open.
func bound(percent float64) float64 {
	if percent == 0 {
		return 100
	}
	return percent
}
