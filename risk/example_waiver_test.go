package risk_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// A waiver counts until it expires, and what became of it is told before and after.
func Example_waiver() {
	ada := release.Actor{Kind: release.ActorHuman, ID: "email:ada@example.com", Name: "Ada"}
	bob := release.Actor{Kind: release.ActorHuman, ID: "email:bob@example.com", Name: "Bob"}
	eve := release.Actor{Kind: release.ActorHuman, ID: "email:eve@example.com", Name: "Eve"}

	changes := release.ChangeSet{
		Base:    "1111111111111111111111111111111111111111",
		Head:    "2222222222222222222222222222222222222222",
		Commits: []release.Commit{{ID: "2222222222222222222222222222222222222222", Author: eve, Committer: eve}},
		Files: []release.FileChange{
			{Path: "auth/testserver.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 2, Deleted: 1},
		},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
	}
	waiver := release.Waiver{
		ID: "2026-14", Rule: "sensitive", Subject: "auth/testserver.go", Floor: release.TierLow,
		Owner: ada, Second: bob, Reason: "only tests start it; it moves out of auth in December",
		From:    time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Expires: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, now := range []time.Time{waiver.Expires.Add(-time.Hour), waiver.Expires.Add(time.Hour)} {
		a, err := risk.Assess(risk.Input{Changes: changes, Waivers: []release.Waiver{waiver}}, now)
		if err != nil {
			fmt.Println("no verdict, so no:", err)
			return
		}
		fmt.Println(now.Format("2 January:"), a.Tier)
		for _, r := range a.Reasons {
			if r.Code != "risk/table" {
				fmt.Println(" because", r)
			}
		}
	}
	// Output:
	// 30 November: low
	//  because risk/sensitive auth/testserver.go: it is about who somebody is: identity, authentication or sessions; lowered from high to low until 2026-12-01 00:00 UTC by waiver 2026-14 of Ada <email:ada@example.com> and Bob <email:bob@example.com>: only tests start it; it moves out of auth in December
	// 1 December: high
	//  because risk/sensitive auth/testserver.go: it is about who somebody is: identity, authentication or sessions, so at least high
	//  because risk/waiver 2026-14: the waiver for sensitive auth/testserver.go is not followed: expired: it ended 2026-12-01 00:00 UTC
}
