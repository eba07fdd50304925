package risk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

func debt(change ...func(*release.Debt)) release.Debt {
	d := release.Debt{ID: "glass-1", Changes: release.DigestOf([]byte("x")), Tier: release.TierHigh,
		Owed: []release.Requirement{{ID: "approval/independent", Evidence: release.EvidenceApproval, Count: 2, Independent: true}},
		By:   release.Actor{Kind: release.ActorHuman, ID: "user:ada"}, Second: release.Actor{Kind: release.ActorHuman, ID: "user:grace"}, Reason: "the shop was down",
		Opened: now.Add(-24 * time.Hour), Due: now.Add(24 * time.Hour)}
	for _, f := range change {
		f(&d)
	}
	return d
}

// Open debts are told, overdue ones raise, and only what was paid with evidence, by now, is silent.
func TestDebtsAreTold(t *testing.T) {
	t.Parallel()
	paid := func(at time.Time, by ...release.Digest) func(*release.Debt) {
		return func(d *release.Debt) { d.Paid, d.PaidBy = at, by }
	}
	evidence := release.DigestOf([]byte("approval"))
	for _, c := range []struct {
		name string
		debt release.Debt
		want release.Tier // unknown: nothing is told
		text string
	}{
		{"open", debt(), release.TierLow, "an earlier emergency's debt of 1 requirement is due by 2026-11-24T09:00:00Z"},
		{"almost due", debt(func(d *release.Debt) { d.Due = now.Add(1) }), release.TierLow, "due by"},
		{"overdue", debt(func(d *release.Debt) { d.Due = now }), release.TierHigh, "an earlier emergency's debt of 1 requirement is overdue since 2026-11-23T09:00:00Z"},
		{"of several", debt(func(d *release.Debt) {
			d.Owed, d.Due = append(d.Owed, release.Requirement{ID: "scan", Evidence: release.EvidenceScan}), now
		}), release.TierHigh, "debt of 2 requirements"},
		{"without a day", debt(func(d *release.Debt) { d.Due = time.Time{} }), release.TierHigh, "an earlier emergency's debt of 1 requirement does not say all that it must, and counts as overdue"},
		{"paid", debt(paid(now, evidence)), release.TierUnknown, ""},
		{"paid late", debt(func(d *release.Debt) { d.Due = now.Add(-time.Hour) }, paid(now, evidence)), release.TierUnknown, ""},
		{"paid tomorrow", debt(paid(now.Add(time.Hour), evidence)), release.TierLow, "due by"},
		{"paid tomorrow, too late", debt(func(d *release.Debt) { d.Due = now }, paid(now.Add(time.Hour), evidence)), release.TierHigh, "overdue"},
		{"paid by nothing", debt(func(d *release.Debt) { d.Due = now }, paid(now)), release.TierHigh, "overdue"},
		{"evidence, and no time", debt(func(d *release.Debt) { d.Due, d.PaidBy = now, []release.Digest{evidence} }), release.TierHigh, "overdue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := risk.Input{Changes: changes(file("a.go", 1, 0)), Impact: risk.ImpactMinor, Debts: []release.Debt{c.debt}}
			a, err := risk.Assess(in, now)
			require.NoError(t, err)
			if c.want == release.TierUnknown {
				require.Empty(t, a.Findings)
				return
			}
			require.Len(t, a.Findings, 1)
			require.Equal(t, "debt", a.Findings[0].Rule)
			require.Equal(t, "glass-1", a.Findings[0].Subject)
			require.Contains(t, a.Findings[0].Text, c.text)
			require.Equal(t, c.want, a.Tier)
		})
	}
}

// A rule that is run by itself, at no time, takes a debt for overdue.
func TestDebtAtNoTime(t *testing.T) {
	t.Parallel()
	for _, r := range risk.Rules() {
		if r.ID == "debt" {
			fs := r.Run(&risk.Facts{Changes: &release.ChangeSet{}, Debts: []release.Debt{debt()}})
			require.Len(t, fs, 1)
			require.Equal(t, release.TierHigh, fs[0].Floor)
		}
	}
}
