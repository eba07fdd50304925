package backtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// What waivers let through is told beside what the rule blocked: one of two files, both,
// and the table's answer.
func TestWaived(t *testing.T) {
	t.Parallel()
	people := func(id string) release.Actor { return release.Actor{ID: id, Kind: release.ActorHuman} }
	waiver := func(rule, subject string, cs *release.ChangeSet) release.Waiver {
		w := release.Waiver{ID: rule + subject, Rule: rule, Subject: subject, Floor: release.TierLow, Owner: people("mail:a@example.org"), Second: people("mail:b@example.org"),
			Reason: "looked at", From: start.Add(-time.Hour), Expires: start.AddDate(0, 0, 30)}
		if cs != nil {
			d, err := cs.Digest()
			require.NoError(t, err)
			w.Changes = d
		}
		return w
	}
	two := changes("auth/login.go", 1)
	two.Files = append(two.Files, changes("auth/logout.go", 1).Files...)
	two.Commits = []release.Commit{{ID: two.Head, Author: people("mail:c@example.org"), Committer: people("mail:c@example.org")}}
	large := changes("shop/cart.go", 1_000_000)
	large.Commits = two.Commits
	var cs []backtest.Case
	for i, in := range []risk.Input{
		{Changes: two},
		{Changes: two, Waivers: []release.Waiver{waiver("sensitive", "auth/login.go", nil)}},
		{Changes: two, Waivers: []release.Waiver{waiver("sensitive", "auth/login.go", nil), waiver("sensitive", "auth/logout.go", nil)}},
		{Changes: large, Impact: risk.ImpactMajor},
		{Changes: large, Impact: risk.ImpactMajor, Waivers: []release.Waiver{waiver("table", "", &large)}},
	} {
		o := fineFor(i, start, 90)
		o.Kind = release.OutcomeFailed
		cs = append(cs, backtest.Case{At: start, Outcome: o, Input: in})
	}
	r := run(t, cs, backtest.Options{Draws: 40, Each: func(_ backtest.Case, a risk.Assessment) {
		for _, w := range a.Waivers {
			require.Equal(t, risk.WaiverFollowed, w.Status, fmt.Sprint(w.Why))
		}
	}})
	got := map[string][3]int{}
	for _, e := range r.Rules {
		got[e.Rule] = [3]int{e.Raised.Releases, e.Waived.Releases, e.Waived.Failed}
	}
	require.Equal(t, [3]int{2, 1, 1}, got["sensitive"])
	require.Equal(t, [3]int{1, 1, 1}, got["table"])
}
