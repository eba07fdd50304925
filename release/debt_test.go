package release_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
)

func owed() []release.Requirement {
	return []release.Requirement{
		{ID: "approval/independent", Evidence: release.EvidenceApproval, Count: 2, Independent: true, MaxAge: 24 * time.Hour},
		{ID: "test/passed", Evidence: release.EvidenceTest, Count: 1},
	}
}

func goodDebt() release.Debt {
	return release.Debt{ID: "g1", Changes: release.DigestOf([]byte("c")), Tier: release.TierHigh, Owed: owed(), By: ada, Second: bob,
		Reason: "the shop is down", Opened: at, Due: at.Add(72 * time.Hour)}
}

// paying is a decision that pays goodDebt an hour after it was made.
func paying() release.DecisionRecord {
	return release.DecisionRecord{Release: release.DigestOf([]byte("r")), Changes: release.DigestOf([]byte("c")), Requirements: owed(),
		Verdict: release.VerdictAllow, At: at.Add(time.Hour), Used: []release.Digest{release.DigestOf([]byte("2")), release.DigestOf([]byte("1")), release.DigestOf([]byte("2"))}, Until: at.Add(48 * time.Hour)}
}

func TestPay(t *testing.T) {
	t.Parallel()
	d := goodDebt()
	require.Equal(t, release.DebtOpen, d.Status(at))
	require.Equal(t, release.DebtOpen, d.Status(d.Due.Add(-1)))
	require.Equal(t, release.DebtOverdue, d.Status(d.Due), "it is due then, not after")
	require.Equal(t, release.DebtOverdue, d.Status(time.Time{}))

	when := at.Add(2 * time.Hour)
	paid, err := d.Pay(paying(), when)
	require.NoError(t, err)
	require.NoError(t, paid.Validate())
	require.Equal(t, when, paid.Paid)
	require.Len(t, paid.PaidBy, 2, "each once")
	require.True(t, slices.IsSortedFunc(paid.PaidBy, release.Digest.Compare))
	require.Equal(t, release.DebtPaid, paid.Status(when))
	require.Equal(t, release.DebtPaid, paid.Status(d.Due.Add(time.Hour)))
	require.Equal(t, release.DebtOpen, paid.Status(when.Add(-1)), "not before it was")
	require.Equal(t, goodDebt(), d, "it is a value")
	paid.Owed[0].ID = "x"
	require.Equal(t, goodDebt(), d, "and shares nothing")

	_, err = paid.Pay(paying(), when)
	require.Error(t, err)

	late := paying()
	late.At, late.Until = d.Due.Add(time.Hour), time.Time{}
	paid, err = d.Pay(late, d.Due.Add(2*time.Hour))
	require.NoError(t, err, "late is better than never")
	require.Equal(t, release.DebtPaid, paid.Status(d.Due.Add(3*time.Hour)))
	require.Equal(t, release.DebtOverdue, paid.Status(d.Due.Add(time.Hour)))

	bound := goodDebt()
	bound.Release = paying().Release
	_, err = bound.Pay(paying(), when)
	require.NoError(t, err)
	bound.Release = release.DigestOf([]byte("another release of the change set"))
	_, err = bound.Pay(paying(), when)
	require.ErrorContains(t, err, "not on what went out")

	stricter := paying()
	stricter.Requirements[0].Count, stricter.Requirements[0].MaxAge = 3, time.Hour
	stricter.Requirements[0].Roles = []string{"sre"}
	stricter.Requirements = append(stricter.Requirements, release.Requirement{ID: "x", Evidence: release.EvidenceScan})
	_, err = d.Pay(stricter, when)
	require.NoError(t, err, "what asked for more asked for this")
}

func TestWhatDoesNotPay(t *testing.T) {
	t.Parallel()
	when := at.Add(2 * time.Hour)
	for want, change := range map[string]func(*release.DecisionRecord, *time.Time){
		"says hold":    func(d *release.DecisionRecord, _ *time.Time) { d.Verdict = release.VerdictHold },
		"says deny":    func(d *release.DecisionRecord, _ *time.Time) { d.Verdict = release.VerdictDeny },
		"says unknown": func(d *release.DecisionRecord, _ *time.Time) { d.Verdict = 0 },
		"says release": func(d *release.DecisionRecord, _ *time.Time) { d.Verdict = 77 },
		"not on what went out": func(d *release.DecisionRecord, _ *time.Time) {
			d.Changes = release.DigestOf([]byte("another"))
		},
		"the decision is not on":                    func(d *release.DecisionRecord, _ *time.Time) { d.Changes = release.Digest{} },
		"not on what":                               func(d *release.DecisionRecord, _ *time.Time) { d.Release = release.Digest{} },
		"before the debt was made":                  func(d *release.DecisionRecord, _ *time.Time) { d.At = at.Add(-time.Hour) },
		"taken before the debt was made":            func(d *release.DecisionRecord, _ *time.Time) { d.At = at },
		"taken before the debt":                     func(d *release.DecisionRecord, _ *time.Time) { d.At = time.Time{} },
		"does not hold at that time":                func(d *release.DecisionRecord, _ *time.Time) { d.At = when.Add(1) },
		"does not hold at that":                     func(d *release.DecisionRecord, _ *time.Time) { d.Until = when },
		"does not hold at":                          func(_ *release.DecisionRecord, now *time.Time) { *now = time.Time{} },
		"does not hold":                             func(_ *release.DecisionRecord, now *time.Time) { *now = at.Add(-time.Hour) },
		"did not ask for approval/independent":      func(d *release.DecisionRecord, _ *time.Time) { d.Requirements = d.Requirements[1:] },
		"did not ask for test/passed":               func(d *release.DecisionRecord, _ *time.Time) { d.Requirements = nil },
		"not ask for approval/independent":          func(d *release.DecisionRecord, _ *time.Time) { d.Requirements[0].Count = 1 },
		"ask for approval/independent":              func(d *release.DecisionRecord, _ *time.Time) { d.Requirements[0].Independent = false },
		"for approval/independent":                  func(d *release.DecisionRecord, _ *time.Time) { d.Requirements[0].MaxAge = 0 },
		"approval/independent":                      func(d *release.DecisionRecord, _ *time.Time) { d.Requirements[0].MaxAge = 25 * time.Hour },
		"debt g1 is not paid: the decision did not": func(d *release.DecisionRecord, _ *time.Time) { d.Requirements[1].Evidence = release.EvidenceScan },
		"rests on no evidence":                      func(d *release.DecisionRecord, _ *time.Time) { d.Used = nil },
		"on no evidence":                            func(d *release.DecisionRecord, _ *time.Time) { d.Used[1] = release.Digest{} },
	} {
		by, now := paying(), when
		change(&by, &now)
		paid, err := goodDebt().Pay(by, now)
		require.ErrorContains(t, err, want)
		require.Zero(t, paid)
	}
	_, err := goodDebt().Pay(release.DecisionRecord{}, time.Time{})
	for _, want := range []string{"says unknown", "what went out", "before the debt", "at that time", "did not ask", "no evidence"} {
		require.ErrorContains(t, err, want, "all at once")
	}
	_, err = release.Debt{}.Pay(paying(), when)
	require.Error(t, err, "a debt that says nothing cannot be paid")
}

func TestDebtValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, goodDebt().Validate())
	lines := goodDebt()
	lines.Owed[0].Why = "two lines,\nas a policy may have them"
	require.NoError(t, lines.Validate())
	for want, change := range map[string]func(*release.Debt){
		"no id":                   func(d *release.Debt) { d.ID = "" },
		"no change set":           func(d *release.Debt) { d.Changes = release.Digest{} },
		"the tier is unknown":     func(d *release.Debt) { d.Tier = 0 },
		"the tier is release":     func(d *release.Debt) { d.Tier = 5 },
		"nothing is owed":         func(d *release.Debt) { d.Owed = nil },
		"nothing can meet":        func(d *release.Debt) { d.Owed[0] = release.Requirement{} },
		"that nothing can meet":   func(d *release.Debt) { d.Owed[0].MaxAge = -1 },
		"requirement that":        func(d *release.Debt) { d.Owed[0].Roles = []string{""} },
		"owes a requirement":      func(d *release.Debt) { d.Owed[0].Count = 1 << 40 },
		"it owes a requirement":   func(d *release.Debt) { d.Owed[0].ID = "\xff" },
		"person who asked":        func(d *release.Debt) { d.By.ID = "" },
		"are the same":            func(d *release.Debt) { d.Second = d.By },
		"no reason":               func(d *release.Debt) { d.Reason = "" },
		"at which it was made":    func(d *release.Debt) { d.Opened = time.Time{} },
		"at which it is due":      func(d *release.Debt) { d.Due = time.Time{} },
		"due before it was made":  func(d *release.Debt) { d.Due = d.Opened },
		"it was paid, by nothing": func(d *release.Debt) { d.Paid = at.Add(1) },
		"at no time":              func(d *release.Debt) { d.PaidBy = []release.Digest{{1}} },
		"paid before":             func(d *release.Debt) { d.Paid, d.PaidBy = at, []release.Digest{{1}} },
		"without a digest":        func(d *release.Debt) { d.Paid, d.PaidBy = at.Add(1), []release.Digest{{}} },
		"at which it was paid": func(d *release.Debt) {
			d.Paid, d.PaidBy = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), []release.Digest{{1}}
		},
	} {
		d := goodDebt()
		change(&d)
		require.ErrorContains(t, d.Validate(), want)
		require.Equal(t, release.DebtOverdue, d.Status(at.Add(time.Hour)), "%s: it cannot be relied on", want)
	}
}

// versions are what may be told of three emergencies.
var versions = rapid.Custom(func(t *rapid.T) release.Debt {
	d := goodDebt()
	d.ID = rapid.SampledFrom([]string{"g1", "g2", "g3"}).Draw(t, "id")
	all := []release.Requirement{{ID: "a", Evidence: release.EvidenceApproval, Count: 1}, {ID: "a", Evidence: release.EvidenceApproval, Count: 2}, {ID: "t", Evidence: release.EvidenceTest, Roles: []string{"b", "a"}}}
	d.Owed = rapid.SliceOfN(rapid.SampledFrom(all), 1, 3).Draw(t, "owed")
	d.Tier = release.Tier(rapid.IntRange(1, 4).Draw(t, "tier"))
	d.Due = d.Opened.Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "due")) * time.Hour)
	if rapid.Bool().Draw(t, "zone") {
		d.Due = d.Due.In(time.FixedZone("x", 3600))
	}
	if rapid.Bool().Draw(t, "paid") {
		d.Paid = d.Opened.Add(time.Duration(rapid.IntRange(1, 2).Draw(t, "when")) * time.Hour)
		d.PaidBy = rapid.SliceOfN(rapid.SampledFrom([]release.Digest{{1}, {2}}), 1, 2).Draw(t, "by")
	}
	return d
})

// However often and in whichever order debts are told, the list is the same; what one version owes, the list owes,
// and it is paid only where a version paid for all of it.
func TestMergeDebts(t *testing.T) {
	t.Parallel()
	text := func(t require.TestingT, ds []release.Debt, err error) string {
		require.NoError(t, err)
		b, err := json.Marshal(ds)
		require.NoError(t, err)
		return string(b)
	}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(versions, 0, 6).Draw(t, "all")
		before, err := json.Marshal(all)
		require.NoError(t, err)
		merged, err := release.MergeDebts(all)
		want := text(t, merged, err)
		again, err := release.MergeDebts(merged, all, merged)
		require.Equal(t, want, text(t, again, err))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		other := slices.Clone(all)
		r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		cut := r.IntN(len(other) + 1)
		first, err := release.MergeDebts(other[:cut])
		require.NoError(t, err)
		second, err := release.MergeDebts(other[cut:])
		require.NoError(t, err)
		parts, err := release.MergeDebts(second, first)
		require.Equal(t, want, text(t, parts, err))
		after, err := json.Marshal(all)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), "the lists stay the caller's")

		for _, m := range merged {
			require.NoError(t, m.Validate())
			paid := false
			for _, d := range all {
				if d.ID != m.ID {
					continue
				}
				require.GreaterOrEqual(t, m.Tier, d.Tier)
				require.False(t, m.Due.After(d.Due))
				for _, q := range d.Owed {
					require.True(t, slices.ContainsFunc(m.Owed, func(r release.Requirement) bool { return r.ID == q.ID && r.Count == q.Count }))
				}
				covers := true
				for _, q := range m.Owed { // by hand: two approvals cover one
					covers = covers && slices.ContainsFunc(d.Owed, func(r release.Requirement) bool { return r.ID == q.ID && r.Count >= q.Count })
				}
				paid = paid || covers && !d.Paid.IsZero()
			}
			require.Equal(t, paid, !m.Paid.IsZero())
		}
		back, err := release.ParseDebts([]byte(want))
		require.Equal(t, want, text(t, back, err))
	})
}

func TestMergeDebtsRefuses(t *testing.T) {
	t.Parallel()
	good := goodDebt()
	for want, change := range map[string]func(*release.Debt){
		"debt g1 is the name of two emergencies": func(d *release.Debt) { d.Changes = release.DigestOf([]byte("another")) },
		"debt g1 is the name of two":             func(d *release.Debt) { d.Release = release.DigestOf([]byte("another")) },
		"is the name of two emergencies":         func(d *release.Debt) { d.Second.ID = "email:eve@example.com" },
		"the name of two emergencies":            func(d *release.Debt) { d.By.ID = "email:eve@example.com" },
		"name of two emergencies":                func(d *release.Debt) { d.Reason = "another" },
		"of two emergencies":                     func(d *release.Debt) { d.Opened = d.Opened.Add(-time.Hour) },
		"nothing is owed":                        func(d *release.Debt) { d.Owed = nil },
	} {
		d := goodDebt()
		change(&d)
		got, err := release.MergeDebts([]release.Debt{good}, []release.Debt{d})
		require.ErrorContains(t, err, want)
		require.Nil(t, got)
	}
	got, err := release.MergeDebts()
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestParseDebtsRefuses(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal([]release.Debt{goodDebt()})
	require.NoError(t, err)
	good := string(b)
	_, err = release.ParseDebts(b)
	require.NoError(t, err)
	empty, err := release.ParseDebts([]byte(" [ ] "))
	require.NoError(t, err)
	require.Empty(t, empty)
	for name, bad := range map[string]string{
		"nothing":                      "",
		"null":                         "null",
		"an object":                    "{}",
		"something behind":             good + "x",
		"twice":                        "[" + good[1:len(good)-1] + "," + good[1:],
		"an unknown member":            strings.Replace(good, `"tier"`, `"x":1,"tier"`, 1),
		"a member twice":               strings.Replace(good, `"tier"`, `"tier":"low","tier"`, 1),
		"another case":                 strings.Replace(good, `"tier"`, `"Tier"`, 1),
		"unknown in what is owed":      strings.Replace(good, `"count"`, `"x":1,"count"`, 1),
		"another case in what is owed": strings.Replace(good, `"count"`, `"Count"`, 1),
		"twice in what is owed":        strings.Replace(good, `"count":2`, `"count":9,"count":2`, 1),
		"no such tier":                 strings.Replace(good, `"high"`, `"High"`, 1),
		"a zone":                       strings.Replace(good, `12:30:00.0000005Z`, `13:30:00.0000005+01:00`, 1),
		"invalid":                      strings.Replace(good, `"human"`, `"bot"`, 1),
		"no reason":                    strings.Replace(good, `"the shop is down"`, `""`, 1),
		"too deep":                     strings.Repeat("[", 1000),
	} {
		require.NotEqual(t, good, bad, name)
		got, err := release.ParseDebts([]byte(bad))
		require.Error(t, err, name)
		require.Nil(t, got, name)
	}
}

// What parses is what would be written.
func FuzzParseDebts(f *testing.F) {
	paid, err := goodDebt().Pay(paying(), at.Add(2*time.Hour))
	require.NoError(f, err)
	other := goodDebt()
	other.ID = "g0"
	merged, err := release.MergeDebts([]release.Debt{paid, other})
	require.NoError(f, err)
	b, err := json.Marshal(merged)
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte("[]"))
	f.Add([]byte(`[{"id":"\u0000"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := release.ParseDebts(b)
		if err != nil {
			require.Nil(t, got)
			return
		}
		for i, d := range got {
			require.NoError(t, d.Validate())
			require.True(t, i == 0 || got[i-1].ID < d.ID)
		}
		text, err := json.Marshal(got)
		require.NoError(t, err)
		again, err := release.ParseDebts(text)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

// Covering is an order: what covers what covers it covers it, and each covers itself.
func TestCovers(t *testing.T) {
	t.Parallel()
	requirement := rapid.Custom(func(t *rapid.T) release.Requirement {
		return release.Requirement{Evidence: rapid.SampledFrom([]release.EvidenceKind{release.EvidenceTest, release.EvidenceApproval}).Draw(t, "kind"),
			Count: rapid.IntRange(-1, 3).Draw(t, "count"), Independent: rapid.Bool().Draw(t, "independent"),
			MaxAge: time.Duration(rapid.IntRange(0, 2).Draw(t, "age")), Roles: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "roles")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := requirement.Draw(t, "a"), requirement.Draw(t, "b"), requirement.Draw(t, "c")
		require.True(t, a.Covers(a))
		if a.Covers(b) && b.Covers(c) {
			require.True(t, a.Covers(c))
		}
		more := a
		more.Count, more.Independent = a.Needed()+1, true
		require.True(t, more.Covers(a))
		require.False(t, a.Covers(more))
	})
}
