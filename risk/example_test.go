package risk_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// A release that changes one line of the sign-in and a page of documentation is
// as risky as the sign-in.
func Example() {
	changes := release.ChangeSet{
		Base: "1111111111111111111111111111111111111111",
		Head: "2222222222222222222222222222222222222222",
		Files: []release.FileChange{
			{Path: "auth/login.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 1, Deleted: 1},
			{Path: "docs/guide.md", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 400},
		},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
	}

	a, err := risk.Assess(risk.Input{Changes: changes}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println("no verdict, so no:", err)
		return
	}
	fmt.Println(a.Tier)
	for _, r := range a.Reasons {
		fmt.Println(" because", r)
	}
	for _, r := range a.Requirements {
		fmt.Printf(" needs %d x %s: %s\n", r.Needed(), r.Evidence, r.Why)
	}
	fmt.Printf(" in %d stages: %s\n", a.Rollout.MinStages, a.Rollout.Why)
	// Output:
	// high
	//  because risk/sensitive auth/login.go: it is about who somebody is: identity, authentication or sessions, so at least high
	//  because risk/table: likelihood minimal and impact unknown (counts as major) give low; 0 of 25 mature outcomes, no percentage yet
	//  needs 1 x test-result: Tests ran on this release and passed.
	//  needs 2 x approval: Two people who neither wrote nor built it agree: no single account can let it out.
	//  needs 1 x scan: A scanner looked for known vulnerabilities within the day.
	//  needs 1 x provenance: It is known who built the artifacts, and from what: what was reviewed is what runs.
	//  in 3 stages: A small part of the traffic sees it first, and each step is watched.
}
