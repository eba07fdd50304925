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
func defaultDemands() []Demand {
	return []Demand{
		{release.TierLow, []release.Requirement{
			testsPass(),
			{ID: "approval/any", Evidence: release.EvidenceApproval, Count: 1, Why: "Somebody looked at the release and said yes."},
		}, release.RolloutRequirement{MinStages: 1, Why: "It may go out at once."}},
		{release.TierModerate, []release.Requirement{
			testsPass(),
			independent(1, 0, "Somebody who neither wrote nor built it looked at it: authors do not see their own mistakes."),
			scanned(7*day, "A scanner looked for known vulnerabilities within the week."),
		}, release.RolloutRequirement{MinStages: 2, MinBake: 10 * time.Minute, MaxFirstPercent: 25,
			Why: "A part of the traffic sees it first, long enough for health to be read a few times."}},
		{release.TierHigh, []release.Requirement{
			testsPass(),
			independent(2, 7*day, "Two people who neither wrote nor built it agree: no single account can let it out."),
			scanned(day, "A scanner looked for known vulnerabilities within the day."),
			built(),
		}, release.RolloutRequirement{MinStages: 3, MinBake: 30 * time.Minute, MaxFirstPercent: 10,
			Why: "A small part of the traffic sees it first, and each step is watched."}},
		{release.TierCritical, []release.Requirement{
			testsPass(),
			independent(3, 3*day, "Three people who neither wrote nor built it agree, and lately."),
			{ID: "approval/security", Evidence: release.EvidenceApproval, Count: 1, Independent: true, MaxAge: 3 * day, Roles: []string{RoleSecurity},
				Why: "Somebody responsible for security is among those who agree."},
			scanned(day, "A scanner looked for known vulnerabilities within the day."),
			built(),
		}, release.RolloutRequirement{MinStages: 4, MinBake: time.Hour, MaxFirstPercent: 5,
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
		if i > 0 {
			out = append(out, lintWeaker(path, ds[i-1], d)...)
		}
		if d.Tier >= release.TierHigh && !slices.ContainsFunc(d.Requirements, func(r release.Requirement) bool { return r.Evidence == release.EvidenceApproval && r.Independent }) {
			out = append(out, Problem{path, fmt.Sprintf("tier %s asks for no independent approval: its author could let it out alone", d.Tier)})
		}
		if d.Rollout.MinStages < 1 || d.Rollout.MinBake < 0 || !(d.Rollout.MaxFirstPercent >= 0 && d.Rollout.MaxFirstPercent <= 100) {
			out = append(out, Problem{path + ".rollout", "less than one stage, a bake below zero, or a share that is no percentage"})
		}
	}
	return out
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
	l, u := lower.Rollout, upper.Rollout
	if u.MinStages < l.MinStages || u.MinBake < l.MinBake || bound(u.MaxFirstPercent) > bound(l.MaxFirstPercent) {
		out = append(out, Problem{path + ".rollout", fmt.Sprintf("tier %s may go out faster than %s", upper.Tier, lower.Tier)})
	}
	return out
}

// atLeast reports whether whoever meets q meets r too.
func atLeast(q, r release.Requirement) bool {
	return q.Evidence == r.Evidence && q.Needed() >= r.Needed() && (q.Independent || !r.Independent) &&
		(r.MaxAge == 0 || q.MaxAge > 0 && q.MaxAge <= r.MaxAge) &&
		(len(r.Roles) == 0 || len(q.Roles) > 0 && !slices.ContainsFunc(q.Roles, func(s string) bool { return !slices.Contains(r.Roles, s) }))
}

// bound is a share that 0 leaves open.
func bound(percent float64) float64 {
	if percent == 0 {
		return 100
	}
	return percent
}
