package risk_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

func testGlass(cs release.ChangeSet, change ...func(*release.BreakGlass)) *release.BreakGlass {
	d, err := cs.Digest()
	if err != nil {
		panic(err)
	}
	b := &release.BreakGlass{ID: "inc-7", Changes: d, By: eve, Second: bob, Reason: "nobody can sign in", At: now.Add(-time.Hour), Expires: now.Add(time.Hour)}
	for _, f := range change {
		f(b)
	}
	return b
}

func TestBreakGlass(t *testing.T) {
	t.Parallel()
	cs := login()
	plain := mustAssess(t, risk.Input{Changes: cs})
	require.Equal(t, release.LaneNormal, plain.Lane)
	a := mustAssess(t, risk.Input{Changes: cs, BreakGlass: testGlass(cs)})
	p := risk.Default()
	require.Equal(t, plain.Tier, a.Tier, "the tier stays what it is")
	require.Equal(t, plain.Findings, a.Findings)
	require.Equal(t, release.LaneBreakGlass, a.Lane)
	require.Equal(t, p.BreakGlass.Requirements, stripped(a.Requirements))
	require.Equal(t, p.BreakGlass.Rollout, a.Rollout)
	require.Len(t, a.Debts, 1)
	d := a.Debts[0]
	require.NoError(t, d.Validate())
	require.Equal(t, "inc-7", d.ID)
	require.Equal(t, a.Changes, d.Changes)
	require.Equal(t, release.TierHigh, d.Tier)
	require.Equal(t, now.Add(-time.Hour), d.Opened, "when it was said, not when it was assessed")
	require.Equal(t, d.Opened.Add(p.BreakGlass.Due), d.Due)
	require.Len(t, d.Owed, len(plain.Requirements), "two approvals are more than one")
	for _, r := range d.Owed {
		require.True(t, slices.ContainsFunc(plain.Requirements, func(q release.Requirement) bool { return q.ID == r.ID && q.Count == r.Count }))
	}
	told := a.Reasons[len(a.Reasons)-1]
	require.Equal(t, "risk/break-glass", told.Code)
	require.Equal(t, "inc-7", told.Subject)
	require.Equal(t, "email:eve@example.com and email:bob@example.com let it out as an emergency, until 2026-11-23 10:00 UTC: nobody can sign in; "+
		"what high demands besides is owed by 2026-11-26 08:00 UTC", told.Text)

	r := a.Record()
	require.Equal(t, a.Lane, r.Lane)
	require.Equal(t, a.Debts, r.Debts)
	r.Debts[0].Owed[0].ID = "x"
	require.NotEqual(t, a.Debts, r.Debts, "the record shares nothing")

	// Later, with the debt on the list: the same debt, once.
	later, err := risk.Assess(risk.Input{Changes: cs, BreakGlass: testGlass(cs), Debts: a.Debts}, now.Add(30*time.Minute))
	require.NoError(t, err)
	require.Equal(t, a.Debts, later.Debts)
	require.Equal(t, release.LaneBreakGlass, later.Lane)

	// A floor that no waiver lowers is not lowered here either: its tier's demand is owed.
	firm, err := assessBy(policy(func(p *risk.Policy) { p.Firm = append(p.Firm, "sensitive") }), nil, risk.Input{Changes: cs, BreakGlass: testGlass(cs)})
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, firm.Tier)
	require.Equal(t, a.Debts, firm.Debts)

	// What a tier does not demand is not owed.
	calm := writtenBy(changes(file("server/handler.go", 1, 0)), eve)
	a = mustAssess(t, risk.Input{Changes: calm, BreakGlass: testGlass(calm)})
	require.Equal(t, release.TierLow, a.Tier)
	require.Equal(t, []string{"test/passed"}, idsOf(a.Debts[0].Owed), "the one approval is asked for anyway")
}

// stripped is rs with nil in place of empty lists, as policies have them.
func stripped(rs []release.Requirement) []release.Requirement {
	out := slices.Clone(rs)
	for i := range out {
		if len(out[i].Roles) == 0 {
			out[i].Roles = nil
		}
	}
	return out
}

func idsOf(rs []release.Requirement) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

func TestBreakGlassIsRefused(t *testing.T) {
	t.Parallel()
	cs := login()
	closed := func(f func(*risk.BreakGlassPolicy)) *risk.Policy {
		return policy(func(p *risk.Policy) { f(&p.BreakGlass) })
	}
	paid := release.Debt{ID: "inc-7", Changes: release.DigestOf([]byte("another")), Tier: release.TierHigh, Owed: risk.Default().Demands[0].Requirements,
		By: eve, Second: bob, Reason: "nobody can sign in", Opened: now.Add(-time.Hour), Due: now.Add(time.Hour), Paid: now.Add(-time.Minute), PaidBy: []release.Digest{{1}}}
	again := mustAssess(t, risk.Input{Changes: cs, BreakGlass: testGlass(cs)}).Debts[0] // of another release of this change set
	again.Paid, again.PaidBy = now.Add(-time.Minute), []release.Digest{{1}}
	for _, c := range []struct {
		name string
		in   judged
		why  string
	}{
		{"another change set", judged{Input: risk.Input{Changes: cs, BreakGlass: testGlass(changes())}}, "it is for another change set"},
		{"said later", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.At = now.Add(1) })}}, "it was said later than now"},
		{"ended", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Expires = now })}}, "it ended 2026-11-23 09:00 UTC"},
		{"too long", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Expires = b.At.Add(4*time.Hour + 1) })}}, "lasts longer than the policy allows: 4h0m0s"},
		{"alone", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Second = b.By })}}, "are the same"},
		{"alone, by another address", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Second = humanOf("email:Eve+2@example.com") })}}, "the two are one person"},
		{"the second is an author", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.By, b.Second = bob, eve })}}, "the second person is an author"},
		{"the second is a program", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Second = humanOf("github:devin-ai-integration[bot]") })}}, "is the name of a program (agent)"},
		{"no reason", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Reason = "\x00" })}}, "no reason"},
		{"nothing", judged{Input: risk.Input{BreakGlass: &release.BreakGlass{}}}, "no id; no change set"},
		{"an id that nobody can read", judged{Input: risk.Input{BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.ID = "\xff\x1b" })}}, "the id cannot be read"},
		{"an id that was used, for another release", judged{Input: risk.Input{BreakGlass: testGlass(cs), Debts: []release.Debt{paid}}}, "its id is that of an earlier emergency"},
		{"what it put off was paid", judged{Input: risk.Input{BreakGlass: testGlass(cs), Debts: []release.Debt{again}}}, "its debt is paid"},
		{"a demand that cannot be written down", judged{Policy: policy(func(p *risk.Policy) {
			for i := 2; i < 4; i++ {
				p.Demands[i].Requirements[0].Why = strings.Repeat("long ", 1000)
			}
		}), Input: risk.Input{BreakGlass: testGlass(cs)}}, "its debt cannot be written down"},
		{"all is asked for anyway", judged{Policy: closed(func(b *risk.BreakGlassPolicy) { b.Requirements = risk.Default().Demands[2].Requirements }), Input: risk.Input{BreakGlass: testGlass(cs)}}, "there is nothing to put off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.in.Changes.Head == "" {
				c.in.Changes = cs
			}
			plain := judged{Policy: c.in.Policy, Input: risk.Input{Changes: c.in.Changes}}
			want, err := plain.assess()
			require.NoError(t, err)
			a, err := c.in.assess()
			require.NoError(t, err)
			require.Equal(t, release.LaneNormal, a.Lane)
			require.Equal(t, want.Requirements, a.Requirements)
			require.Equal(t, want.Rollout, a.Rollout)
			require.Empty(t, a.Debts)
			told := a.Reasons[len(a.Reasons)-1]
			require.Equal(t, "risk/break-glass", told.Code)
			require.True(t, strings.HasPrefix(told.Text, "refused: "), told.Text)
			require.Contains(t, told.Text, c.why)
			_, err = (&release.Record{Assessment: a.Record()}).Canonical()
			require.NoError(t, err)
		})
	}
	for name, cs := range map[string]release.ChangeSet{
		"the policy itself":      writtenBy(changes(file("CODEOWNERS", 1, 0), file("auth/login.go", 1, 0)), eve),
		"nobody knows from what": with(login(), func(cs *release.ChangeSet) { cs.Base = "" }),
		"nobody knows to what":   with(login(), func(cs *release.ChangeSet) { cs.Head = "" }),
	} {
		a := mustAssess(t, risk.Input{Changes: cs, BreakGlass: testGlass(cs)})
		require.Equal(t, release.LaneNormal, a.Lane, name)
		require.Contains(t, a.Reasons[len(a.Reasons)-1].Text, "is never put off", name)
	}
}

// A debt shows in each later assessment, whatever is released, until it is paid; nothing that is said of
// a debt hides another.
func TestDebtsShow(t *testing.T) {
	t.Parallel()
	cs := login()
	debt := mustAssess(t, risk.Input{Changes: cs, BreakGlass: testGlass(cs)}).Debts[0]
	due := debt.Due
	paid := func(change ...func(*release.Debt)) release.Debt {
		d := debt
		d.Paid, d.PaidBy = now, []release.Digest{{1}}
		for _, f := range change {
			f(&d)
		}
		return d
	}
	is := func(f func(*release.Debt)) release.Debt {
		d := debt
		f(&d)
		return d
	}
	other := is(func(d *release.Debt) { d.ID, d.Due = "inc-6", due.Add(time.Hour) })
	for _, c := range []struct {
		name  string
		debts []release.Debt
		want  []string
	}{
		{"none", nil, nil},
		{"open", []release.Debt{debt}, []string{"inc-7 open"}},
		{"paid", []release.Debt{paid()}, nil},
		{"told open and paid", []release.Debt{debt, paid(), debt}, nil},
		{"the earliest due first", []release.Debt{other, debt, other}, []string{"inc-7 open", "inc-6 open"}},
		{"paid for less than is owed", []release.Debt{paid(func(d *release.Debt) { d.Owed = d.Owed[:1] }), debt}, []string{"inc-7 open"}},
		{"paid tomorrow", []release.Debt{paid(func(d *release.Debt) { d.Paid = now.Add(time.Hour) })}, []string{"inc-7 open"}},
		{"paid by nothing", []release.Debt{paid(func(d *release.Debt) { d.PaidBy = nil })}, []string{"inc-7 overdue"}},
		{"another's with the same id is paid", []release.Debt{debt, paid(func(d *release.Debt) { d.Changes[0]++ })}, []string{"inc-7 open"}},
		{"the same with other people is paid", []release.Debt{paid(func(d *release.Debt) { d.Second = ada }), debt}, []string{"inc-7 open"}},
		{"overdue", []release.Debt{is(func(d *release.Debt) { d.Opened, d.Due = now.Add(-time.Hour), now })}, []string{"inc-7 overdue"}},
		{"nothing at all", []release.Debt{{}}, []string{" overdue"}},
		{"garbage", []release.Debt{{ID: "\xff", Tier: 77, Owed: []release.Requirement{{ID: "\xff"}}, Reason: "\xff", Opened: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)}}, []string{`"\xff" overdue`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []risk.Input{{Changes: changes(), Debts: c.debts}, {Changes: login(), Debts: reversed(c.debts)}} {
				a := mustAssess(t, in)
				var got []string
				for _, d := range a.Debts {
					got = append(got, d.ID+" "+d.Status(now).String())
				}
				require.Equal(t, c.want, got)
				require.Equal(t, len(a.Debts), len(a.Record().Debts))
				for _, d := range a.Debts {
					if d.Validate() != nil {
						require.True(t, slices.ContainsFunc(a.Reasons, func(r release.Reason) bool {
							return r.Code == "risk/debt" && r.Subject == d.ID && strings.Contains(r.Text, "cannot be relied on")
						}), "%v", a.Reasons)
					}
				}
				_, err := json.Marshal(a)
				require.NoError(t, err)
				_, err = (&release.Record{Assessment: a.Record()}).Canonical()
				require.NoError(t, err)
			}
		})
	}
}

func reversed[T any](s []T) []T {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}
