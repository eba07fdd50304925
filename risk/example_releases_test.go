package risk_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// known is a change set between two revisions of which all kinds of change that the examples have were read.
func known(cs release.ChangeSet) release.ChangeSet {
	cs.Base, cs.Head = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete,
		release.KindDependency: release.CoverageComplete, release.KindAdvisory: release.CoverageComplete}
	return cs
}

func modified(path release.Path, added, deleted int64) release.FileChange {
	return release.FileChange{Path: path, Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: added, Deleted: deleted}
}

// assess prints the tier, the lane, and why.
func assess(in risk.Input) {
	a, err := risk.Assess(in, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println("no verdict, so no:", err)
		return
	}
	fmt.Printf("%s, %s lane\n", a.Tier, a.Lane)
	for _, r := range a.Reasons {
		fmt.Println(" because", r)
	}
	for _, r := range a.Requirements {
		fmt.Printf(" needs %d x %s\n", r.Needed(), r.ID)
	}
	fmt.Printf(" in %d stages: %s\n", a.Rollout.MinStages, a.Rollout.Why)
}

// Four hundred lines of documentation are no risk: one approval, and it may go out at once.
func Example_documentation() {
	assess(risk.Input{Changes: known(release.ChangeSet{Files: []release.FileChange{modified("docs/guide.md", 400, 120)}})})
	// Output:
	// low, normal lane
	//  because risk/table: likelihood minimal and impact unknown (counts as major) give low; 0 of 25 mature outcomes, no percentage yet
	//  needs 1 x test/passed
	//  needs 1 x approval/any
	//  in 1 stages: It may go out at once.
}

// One line of the identity management is high, however small.
func Example_identity() {
	assess(risk.Input{Changes: known(release.ChangeSet{Files: []release.FileChange{modified("identity/session.go", 1, 1)}}), Impact: risk.ImpactMinor})
	// Output:
	// high, normal lane
	//  because risk/sensitive identity/session.go: it is about who somebody is: identity, authentication or sessions, so at least high
	//  because risk/table: likelihood minimal and impact minor give low; 0 of 25 mature outcomes, no percentage yet
	//  needs 1 x test/passed
	//  needs 2 x approval/independent
	//  needs 1 x scan/clean
	//  needs 1 x provenance/builder
	//  in 3 stages: A small part of the traffic sees it first, and each step is watched.
}

// An upgrade that brings in a flaw that is listed as exploited is critical, though it is two lines long and the service is not exposed.
func Example_exploited() {
	assess(risk.Input{Exposed: release.AnswerNo, Changes: known(release.ChangeSet{
		Files:   []release.FileChange{modified("go.mod", 1, 1), modified("go.sum", 2, 2)},
		Sources: []release.Source{{Path: "go.mod"}, {Path: "go.sum"}},
		Dependencies: []release.DependencyChange{{File: "go.mod", Op: release.OpUpgraded, Relation: release.RelationDirect,
			Package: "pkg:golang/example.com/logging", Before: "v2.13.0", After: "v2.14.1"}},
		Advisories: []release.AdvisoryChange{{ID: "CVE-2021-44228", Effect: release.EffectIntroduced, Package: "pkg:golang/example.com/logging",
			After: []string{"v2.14.1"}, Exploited: release.AnswerYes, Automatable: release.AnswerYes, TotalImpact: release.AnswerYes}},
	})})
	// Output:
	// critical, normal lane
	//  because risk/exploited CVE-2021-44228: it comes in with pkg:golang/example.com/logging v2.14.1, and is listed as exploited; BOD 26-04: 3 days & forensic investigation (exploited yes, exposed no, automatable yes, total impact yes), so at least critical
	//  because risk/dependency pkg:golang/example.com/logging: a direct dependency goes from v2.13.0 up to v2.14.1
	//  because risk/table: likelihood minimal and impact unknown (counts as major) give low; 0 of 25 mature outcomes, no percentage yet
	//  needs 1 x test/passed
	//  needs 3 x approval/independent
	//  needs 1 x approval/security
	//  needs 1 x scan/clean
	//  needs 1 x provenance/builder
	//  in 4 stages: The smallest part of the traffic sees it first, and each step is watched for an hour.
}

// A release that does nothing but mend an urgent flaw of an exposed service takes the expedite lane: its tier stays, and it
// goes out faster.
func Example_expedite() {
	assess(risk.Input{Exposed: release.AnswerYes, Changes: known(release.ChangeSet{
		Files:   []release.FileChange{modified("go.mod", 3, 3), modified("go.sum", 12, 12), modified("CHANGELOG.md", 2, 0)},
		Sources: []release.Source{{Path: "go.mod"}, {Path: "go.sum"}},
		Dependencies: []release.DependencyChange{{File: "go.mod", Op: release.OpUpgraded, Relation: release.RelationDirect,
			Package: "pkg:golang/golang.org/x/net", Before: "v0.22.0", After: "v0.23.0"}},
		Advisories: []release.AdvisoryChange{{ID: "GO-2024-2687", Effect: release.EffectFixed, Package: "pkg:golang/golang.org/x/net",
			Before: []string{"v0.22.0"}, FixedIn: []string{"0.23.0"}, Published: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
			Exploited: release.AnswerNo, Automatable: release.AnswerYes, TotalImpact: release.AnswerNo}},
	})})
	// Output:
	// moderate, expedite lane
	//  because risk/table: likelihood low and impact unknown (counts as major) give moderate; 0 of 25 mature outcomes, no percentage yet
	//  because risk/advisory GO-2024-2687: it is mended in pkg:golang/golang.org/x/net
	//  because risk/dependency pkg:golang/golang.org/x/net: a direct dependency goes from v0.22.0 up to v0.23.0
	//  because risk/lane GO-2024-2687: the expedite lane is open: the release does nothing but mend published flaws, and this one is urgent (BOD 26-04: 14 days)
	//  needs 1 x test/passed
	//  needs 1 x approval/independent
	//  needs 1 x scan/clean
	//  in 2 stages: A part of the traffic sees it first, for a short while: waiting is a risk too.
}
