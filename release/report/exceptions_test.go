package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
)

// Who was let off what, until when and by whom, and what is owed: each is shown, and nothing where there is nothing.
func TestExceptionsAreShown(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	human := func(name string) release.Actor {
		return release.Actor{Kind: release.ActorHuman, ID: "email:" + name + "@example.com"}
	}
	debt := func(id string, due time.Time) release.Debt {
		return release.Debt{ID: id, Changes: release.DigestOf([]byte("c")), Tier: release.TierHigh, By: human("eve"), Second: human("bob"), Reason: "the shop | is down",
			Owed: []release.Requirement{{ID: "a", Evidence: release.EvidenceApproval, Count: 2}, {ID: "t", Evidence: release.EvidenceTest}}, Opened: at.Add(-time.Hour), Due: due}
	}
	paid := debt("inc-1", at.Add(-time.Minute))
	paid.Paid, paid.PaidBy = at.Add(-2*time.Minute), []release.Digest{release.DigestOf([]byte("e"))}
	rec := release.Record{At: at, Assessment: release.AssessmentRecord{Tier: release.TierHigh, Lane: release.LaneBreakGlass, At: at.Add(-24 * time.Hour),
		Waivers: []release.Waiver{
			{ID: "w1", Rule: "sensitive", Subject: "auth/login.go", Floor: release.TierLow, Owner: human("ada"), Second: human("bob"), Reason: "a test server", Expires: at},
			{ID: "w2\x1b", Rule: "table", Floor: release.TierLow, Changes: release.DigestOf([]byte("c")), Owner: human("ada"), Second: release.Actor{}, Reason: release.Text(strings.Repeat("long ", 1000)), Expires: at},
		},
		Debts: []release.Debt{paid, debt("inc-2", at.Add(time.Hour)), debt("inc-3", at), {ID: "inc-4\n"}}}}
	out := render(t, report.Of(rec)...)
	for _, want := range []string{
		"Lane: break-glass. Two people let it out as an emergency",
		"## Waivers that were followed: 2",
		"| `w1` | `sensitive` | `auth/login.go` | low | any release | `email:ada@example.com` | `email:bob@example.com` | 2026-11-23 09:00:00 UTC | a test server |",
		"| low | this release |", "somebody unknown",
		"## Debts: 2 overdue, 1 open, 1 paid",
		"| `inc-2` | open | 2026-11-23 10:00:00 UTC | 2 x approval, 1 x test-result | `email:eve@example.com` | `email:bob@example.com` | the shop \\| is down |",
		"| `inc-3` | overdue |", "overdue | not known |", "| `inc-1` | paid |", "2026-11-23 08:58:00 UTC by 1 piece |",
	} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "\x1b")
	require.Less(t, len(out), 6000)
	require.Less(t, strings.Index(out, "inc-3"), strings.Index(out, "inc-2"), "the most pressing first")
	require.Less(t, strings.Index(out, "inc-2"), strings.Index(out, "inc-1"))

	plain := render(t, report.Of(release.Record{})...)
	for _, word := range []string{"Lane", "Waivers", "Debts"} {
		require.NotContains(t, plain, word)
	}
	rec.Assessment.Lane = release.LaneExpedite
	require.Contains(t, render(t, report.Of(rec)...), "Lane: expedite.")
	rec.Assessment.Lane = 77
	require.Contains(t, render(t, report.Of(rec)...), "Lane: release.Lane(77).")

	// A long list hides no debt that is overdue behind those that are not.
	rec.Assessment.Debts = nil
	for i := range 100 {
		rec.Assessment.Debts = append(rec.Assessment.Debts, debt(fmt.Sprintf("inc-%d", i), at.Add(time.Hour)))
	}
	rec.Assessment.Debts = append(rec.Assessment.Debts, debt("late", at))
	out = render(t, report.Of(rec)...)
	require.Contains(t, out, "## Debts: 1 overdue, 100 open, 0 paid")
	require.Contains(t, out, "`late` | overdue")
	require.Contains(t, out, "And 61 more; record.json has them all.")
	// The record's time counts, or that of the assessment where it has none.
	rec.At = time.Time{}
	require.Contains(t, render(t, report.Of(rec)...), "## Debts: 0 overdue, 101 open, 0 paid")
}
