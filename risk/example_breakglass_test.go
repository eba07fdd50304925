package risk_test

import (
	"fmt"
	"log"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// At three in the morning two people let a release out with less than its tier demands. What was not
// asked for is a debt, which each later assessment shows until a decision on the evidence owed pays it.
func Example_breakGlass() {
	actor := func(name string) release.Actor {
		return release.Actor{Kind: release.ActorHuman, ID: "email:" + name + "@example.com"}
	}
	night := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

	changes := release.ChangeSet{
		Base:    "1111111111111111111111111111111111111111",
		Head:    "2222222222222222222222222222222222222222",
		Commits: []release.Commit{{ID: "2222222222222222222222222222222222222222", Author: actor("eve"), Committer: actor("eve")}},
		Files: []release.FileChange{
			{Path: "auth/login.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 1, Deleted: 1},
		},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
	}
	digest, err := changes.Digest()
	if err != nil {
		log.Fatal(err)
	}

	// assess shows the lane and the debts.
	assess := func(in risk.Input, now time.Time) risk.Assessment {
		a, err := risk.Assess(in, now)
		if err != nil {
			log.Fatal(err) // no verdict, so no
		}
		fmt.Printf("%s: %s, lane %s, %d requirements\n", now.Format("Mon 15:04"), a.Tier, a.Lane, len(a.Requirements))
		for _, d := range a.Debts {
			fmt.Printf("  debt %s is %s, due %s\n", d.ID, d.Status(now), d.Due.Format("Mon 15:04"))
			for _, r := range d.Owed {
				fmt.Printf("    owed: %d x %s\n", r.Needed(), r.Evidence)
			}
		}
		return a
	}
	a := assess(risk.Input{Changes: changes, BreakGlass: &release.BreakGlass{ID: "inc-7", Changes: digest, By: actor("eve"), Second: actor("bob"),
		Reason: "nobody can sign in", At: night, Expires: night.Add(2 * time.Hour)}}, night.Add(5*time.Minute))

	debts, err := release.MergeDebts(nil, a.Debts) // the host keeps them
	if err != nil {
		log.Fatal(err)
	}
	other := changes
	other.Files = []release.FileChange{{Path: "docs/guide.md", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 1}}
	noon := night.Add(9 * time.Hour)
	assess(risk.Input{Changes: other, Debts: debts}, noon)

	// By day the evidence that the tier demands is made, and package evidence decides on it: this is
	// what its Decision.Record would be.
	decision := release.DecisionRecord{Release: release.DigestOf([]byte("shop v1.4.1")), Changes: digest, Requirements: debts[0].Owed,
		Verdict: release.VerdictAllow, At: noon, Used: []release.Digest{release.DigestOf([]byte("two approvals, tests, a scan, provenance"))}}
	paid, err := debts[0].Pay(decision, noon)
	if err != nil {
		log.Fatal(err)
	}
	if debts, err = release.MergeDebts(debts, []release.Debt{paid}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the debt is", debts[0].Status(noon))
	assess(risk.Input{Changes: other, Debts: debts}, noon)
	// Output:
	// Mon 03:05: high, lane break-glass, 1 requirements
	//   debt inc-7 is open, due Thu 03:00
	//     owed: 2 x approval
	//     owed: 1 x provenance
	//     owed: 1 x scan
	//     owed: 1 x test-result
	// Mon 12:00: low, lane normal, 2 requirements
	//   debt inc-7 is open, due Thu 03:00
	//     owed: 2 x approval
	//     owed: 1 x provenance
	//     owed: 1 x scan
	//     owed: 1 x test-result
	// the debt is paid
	// Mon 12:00: low, lane normal, 2 requirements
}
