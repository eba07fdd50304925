package risk_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// assessing is what is under test: the assessor, or one with a mistake put in.
type assessing func(c *floorsCase) (risk.Assessment, error)

func asItIs(c *floorsCase) (risk.Assessment, error) {
	return c.policy.assessor.WithModel(c.model).Assess(c.in, now)
}

// hearing lets a case be assessed as if something else had been said.
func hearing(change func(c *floorsCase, in *risk.Input)) assessing {
	return func(c *floorsCase) (risk.Assessment, error) {
		in := c.in
		in.Waivers, in.Changes.Commits = slices.Clone(in.Waivers), slices.Clone(in.Changes.Commits)
		if in.BreakGlass != nil {
			b := *in.BreakGlass
			in.BreakGlass = &b
		}
		change(c, &in)
		return c.policy.assessor.WithModel(c.model).Assess(in, now)
	}
}

func eachWaiver(change func(c *floorsCase, w *release.Waiver)) assessing {
	return hearing(func(c *floorsCase, in *risk.Input) {
		for i := range in.Waivers {
			change(c, &in.Waivers[i])
		}
	})
}

// afterwards changes what came out.
func afterwards(change func(c *floorsCase, a *risk.Assessment)) assessing {
	return func(c *floorsCase) (risk.Assessment, error) {
		a, err := asItIs(c)
		change(c, &a)
		return a, err
	}
}

// The oracle. It knows nothing of the code under test but its types: it reads waivers one by one, as the
// documentation says that they are to be read.

func oraclePerson(id string) string {
	id = strings.TrimSuffix(strings.ToLower(id), ".")
	if at := strings.IndexByte(id, '@'); at >= 0 {
		if plus := strings.IndexByte(id, '+'); plus >= 0 && plus < at {
			id = id[:plus] + id[at:]
		}
	}
	return id
}

// oracleClear reports whether an identity can be written in one way alone, and a person has one such.
func oracleClear(id string) bool {
	return strings.Trim(strings.ToLower(id), "abcdefghijklmnopqrstuvwxyz0123456789@.+:") == "" && !strings.HasPrefix(id, "key:")
}

// oraclePeople reports whether the two may answer for the change set.
func oraclePeople(in *risk.Input, first, second release.Actor) bool {
	if first.Kind != release.ActorHuman || second.Kind != release.ActorHuman || first.ID == "" || second.ID == "" || !oracleClear(first.ID) || !oracleClear(second.ID) {
		return false
	}
	same := func(a, b string) bool {
		a, b = oraclePerson(a), oraclePerson(b)
		if a == b {
			return true
		}
		for _, group := range in.Same { // of two, as the generator makes them
			x, y := oraclePerson(group[0]), oraclePerson(group[1])
			if a == x && b == y || a == y && b == x {
				return true
			}
		}
		return false
	}
	if same(first.ID, second.ID) || len(in.Changes.Commits) == 0 {
		return false
	}
	for _, c := range in.Changes.Commits {
		for _, a := range append([]release.Actor{c.Author, c.Committer}, c.CoAuthors...) {
			if a.ID == "" || same(a.ID, second.ID) {
				return false
			}
		}
	}
	return true
}

// oracleWaiver reports whether a waiver could be followed, were there a finding for it.
func oracleWaiver(c *floorsCase, i int) bool {
	w := &c.in.Waivers[i]
	for j := range c.in.Waivers {
		if j != i && c.in.Waivers[j].ID == w.ID {
			return false
		}
	}
	return w.Floor >= release.TierLow && w.Floor <= release.TierCritical && w.UpTo <= release.TierCritical && strings.Trim(string(w.Reason), " \x00") != "" &&
		!w.From.IsZero() && !now.Before(w.From) && now.Before(w.Expires) && w.Expires.Sub(w.From) <= c.policy.MaxWaiver &&
		(w.Changes == release.Digest{} && w.Rule != "table" || w.Changes == c.in.Digest) && oraclePeople(&c.in, w.Owner, w.Second)
}

// oracleFloor is what is left of a floor when all has been waived that may be.
func oracleFloor(c *floorsCase, h *risk.Hit) release.Tier {
	left := h.Floor
	for i := range c.in.Waivers {
		w := &c.in.Waivers[i]
		limit := w.UpTo
		if limit == 0 {
			limit = release.TierHigh
		}
		if w.Rule == h.Rule && w.Subject == h.Subject && h.Floor <= limit && w.Floor < left && oracleWaiver(c, i) &&
			!slices.Contains(c.policy.Firm, h.Rule) && h.Rule != "policy" && h.Rule != "revision" {
			left = w.Floor
		}
	}
	return left
}

// oracleGlass reports whether the glass may be broken.
func oracleGlass(c *floorsCase) bool {
	b := c.in.BreakGlass
	if b == nil || b.ID == "" || b.Changes != c.in.Digest || strings.Trim(string(b.Reason), " \x00") == "" ||
		now.Before(b.At) || !now.Before(b.Expires) || b.Expires.Sub(b.At) > c.policy.BreakGlass.MaxAge || !oraclePeople(&c.in, b.By, b.Second) {
		return false
	}
	for i := range c.plain {
		if h := &c.plain[i]; (h.Rule == "policy" || h.Rule == "revision") && h.Floor > release.TierLow {
			return false
		}
	}
	return true
}

// violation says what is wrong with an assessment; "" where nothing is.
func violation(c *floorsCase, a *risk.Assessment) string {
	if a.Tier < release.TierLow || a.Tier > release.TierCritical {
		return fmt.Sprintf("the tier is %s", a.Tier)
	}
	for _, m := range c.must {
		if !slices.ContainsFunc(c.plain, func(h risk.Hit) bool { return h.Subject == m.subject && h.Floor >= m.floor }) {
			return fmt.Sprintf("no rule sets %s for %s", m.floor, m.subject)
		}
	}
	for i := range c.plain {
		if floor := oracleFloor(c, &c.plain[i]); a.Tier < floor {
			return fmt.Sprintf("the tier is %s, and %s %s calls for %s", a.Tier, c.plain[i].Rule, c.plain[i].Subject, floor)
		}
	}
	if a.Tier < a.Table {
		return "the tier is below the table's"
	}
	if want := oracleTable(c, a); a.Table < want {
		return fmt.Sprintf("the table gives %s and not %s", a.Table, want)
	}
	if why := laneViolation(c, a); why != "" {
		return why
	}
	return debtViolation(c, a)
}

// oracleTable is what the table may give at the least: the worst row for a model that is not sound, and otherwise what is
// left when the overrides are heard.
func oracleTable(c *floorsCase, a *risk.Assessment) release.Tier {
	impact := min(max(int(c.in.Impact), 1), 5)
	if c.in.Impact == risk.ImpactUnknown {
		impact = int(c.policy.UnknownImpact)
	}
	row, sound := 3, a.Likelihood.Level != risk.LevelUnknown && c.model.Validate() == nil
	if sound {
		for row = 0; row < 3 && !(a.Likelihood.P < c.policy.Cuts[row]); {
			row++
		}
	}
	tiers := []string{"unknown", "low", "moderate", "high", "critical"}
	tier := release.Tier(slices.Index(tiers, c.policy.Table.Cells[row*5+impact-1]))
	if !sound {
		return tier
	}
	return oracleFloor(c, &risk.Hit{Rule: "table", Finding: risk.Finding{Floor: tier}})
}

// debtViolation says which debt is hidden. One that is not valid is hidden where fewer such are shown than were told.
func debtViolation(c *floorsCase, a *risk.Assessment) string {
	invalid := func(ds []release.Debt) (n int) {
		for i := range ds {
			if ds[i].Validate() != nil {
				n++
			}
		}
		return n
	}
	if invalid(a.Debts) < invalid(c.in.Debts) {
		return "a debt that cannot be relied on is not shown"
	}
	for i := range c.in.Debts {
		d := &c.in.Debts[i]
		same := func(e release.Debt) bool {
			return e.ID == d.ID && e.Changes == d.Changes && e.Release == d.Release && e.Opened.Equal(d.Opened) && e.By == d.By && e.Second == d.Second && e.Reason == d.Reason
		}
		paid := func(e release.Debt) bool {
			return same(e) && e.Validate() == nil && !e.Paid.IsZero() && !e.Paid.After(now)
		}
		if d.Validate() == nil && !slices.ContainsFunc(c.in.Debts, paid) && !slices.ContainsFunc(a.Debts, same) {
			return "a debt is not shown"
		}
	}
	return ""
}

// laneViolation says where less is demanded than the tier's demand, and nobody owes it.
func laneViolation(c *floorsCase, a *risk.Assessment) string {
	has := func(rs []release.Requirement, r release.Requirement) bool {
		return slices.ContainsFunc(rs, func(q release.Requirement) bool {
			return q.Evidence == r.Evidence && q.Count >= r.Count && (q.Independent || !r.Independent)
		})
	}
	all := a.Requirements
	switch a.Lane {
	case release.LaneBreakGlass:
		if !oracleGlass(c) {
			return "the glass was broken by nobody who may"
		}
		i := slices.IndexFunc(a.Debts, func(d release.Debt) bool { return d.ID == c.in.BreakGlass.ID && d.Changes == c.in.Digest })
		if i < 0 {
			return "the glass was broken and nothing is owed"
		}
		all = slices.Concat(all, a.Debts[i].Owed)
	case release.LaneExpedite:
		return "" // nothing here mends flaws alone; its own tests are elsewhere
	}
	for _, r := range c.policy.Demands[a.Tier-1].Requirements {
		if !has(all, r) {
			return fmt.Sprintf("%s demands %s, and nobody asks for it or owes it", a.Tier, r.ID)
		}
	}
	return ""
}

// floorsRun is a run of cases on all processors.
type floorsRun struct {
	assess assessing
	seed   uint64
	cases  int
	// text writes each assessment as JSON too; one ends the run at the first violation.
	text, one bool
}

// violations says how many of the cases violated something, and how the first did.
func (f floorsRun) violations() (violations int64, first string, err error) {
	policies, err := floorsPolicies()
	if err != nil {
		return 0, "", err
	}
	var next, bad atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	lowest := int64(f.cases)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			g := newFloorsGenerator(f.seed, policies)
			for {
				n := next.Add(1) - 1
				if n >= int64(f.cases) || f.one && bad.Load() > 0 {
					return
				}
				c, e := g.make(uint64(n))
				why := ""
				if e == nil {
					var a risk.Assessment
					if a, e = f.assess(c); e == nil {
						why = violation(c, &a)
						if f.text && why == "" {
							_, e = json.Marshal(a)
						}
					}
				}
				if e != nil {
					why = "no verdict: " + e.Error()
				}
				if why != "" {
					bad.Add(1)
					mu.Lock()
					if n < lowest {
						lowest, first = n, fmt.Sprintf("case %d of seed %d: %s", n, f.seed, why)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return bad.Load(), first, nil
}

// Whatever the model, and whatever is said in waivers, overrides, emergencies, debts, histories and labels, no tier
// is below a floor that no valid waiver names. BenchmarkFloors does the same with more cases.
func TestFloorsHoldWhateverIsSaid(t *testing.T) {
	t.Parallel()
	cases := 5_000
	if testing.Short() {
		cases = 1_000
	}
	n, first, err := floorsRun{assess: asItIs, seed: 1, cases: cases, text: true}.violations()
	require.NoError(t, err)
	require.Zero(t, n, first)
}

// An assessor with a mistake is found out.
func TestFloorsFindMistakes(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]assessing{
		"a model that says minimal is believed": afterwards(func(_ *floorsCase, a *risk.Assessment) {
			if a.Likelihood.Level == risk.LevelMinimal {
				a.Tier = a.Table
			}
		}),
		"a floor is averaged with the table": afterwards(func(_ *floorsCase, a *risk.Assessment) { a.Tier = (a.Tier + a.Table) / 2 }),
		"a model that is not sound is low": afterwards(func(c *floorsCase, a *risk.Assessment) {
			if c.model.Validate() != nil {
				a.Table = release.TierLow
			}
		}),
		"waivers never end": eachWaiver(func(_ *floorsCase, w *release.Waiver) {
			if w.From.Before(now) && w.Expires.After(now.Add(-time.Hour)) {
				w.Expires = now.Add(1)
			}
		}),
		"waivers begin early": eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.From = now.Add(-1) }),
		"waivers may last for ever": eachWaiver(func(_ *floorsCase, w *release.Waiver) {
			w.From, w.Expires = laterOf(w.From, now.Add(-time.Minute)), earlierOf(w.Expires, now.Add(time.Minute))
		}),
		"waivers are for every change":    eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.Changes = release.Digest{} }),
		"waivers are for every subject":   eachWaiver(func(c *floorsCase, w *release.Waiver) { w.Rule, w.Subject = c.plain0(); w.Changes = release.Digest{} }),
		"subjects are trimmed":            eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.Subject = strings.Trim(w.Subject, "\x00 /*\u200b") }),
		"waivers lower what is worse now": eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.UpTo = release.TierCritical }),
		"one person is enough":            eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.Second = humanOf("email:somebody@example.com") }),
		"any kind answers":                eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.Owner.Kind = release.ActorHuman }),
		"no reason is needed":             eachWaiver(func(_ *floorsCase, w *release.Waiver) { w.Reason = "because" }),
		"unknown floors are low": eachWaiver(func(_ *floorsCase, w *release.Waiver) {
			if w.Floor == 0 || w.Floor > 4 {
				w.Floor = release.TierLow
			}
		}),
		"authors agree with themselves": hearing(func(_ *floorsCase, in *risk.Input) {
			in.Changes.Commits = []release.Commit{{Author: humanOf("email:nobody@example.com"), Committer: humanOf("email:nobody@example.com")}}
		}),
		"a spelling is a person": eachWaiver(func(_ *floorsCase, w *release.Waiver) {
			if slices.Contains(floorsSpellings[1:5], w.Second) {
				w.Second = floorsSpellings[5]
			}
		}),
		"overrides of the table are for every change set": eachWaiver(func(c *floorsCase, w *release.Waiver) {
			if w.Rule == "table" {
				w.Changes = c.in.Digest
			}
		}),
		"the table is low":    afterwards(func(_ *floorsCase, a *risk.Assessment) { a.Table = release.TierLow }),
		"debts are forgotten": hearing(func(_ *floorsCase, in *risk.Input) { in.Debts = nil }),
		"an emergency that was paid owes nothing": afterwards(func(c *floorsCase, a *risk.Assessment) {
			if c.in.BreakGlass != nil && slices.ContainsFunc(c.in.Debts, func(d release.Debt) bool { return d.Changes == c.in.Digest }) && oracleGlass(c) {
				a.Lane, a.Requirements = release.LaneBreakGlass, c.policy.BreakGlass.Requirements
			}
		}),
		"nobody is the same": hearing(func(_ *floorsCase, in *risk.Input) { in.Same = nil }),
		"two of one id count": hearing(func(_ *floorsCase, in *risk.Input) {
			for i := range in.Waivers {
				in.Waivers[i].ID = fmt.Sprint(i)
			}
		}),
		"firm is not firm": afterwards(func(c *floorsCase, a *risk.Assessment) {
			for _, w := range c.in.Waivers {
				if w.Rule == "policy" {
					a.Tier = a.Table
				}
			}
		}),
		"labels calm": hearing(func(_ *floorsCase, in *risk.Input) {
			in.Changes.Files = slices.DeleteFunc(slices.Clone(in.Changes.Files), func(f release.FileChange) bool { return slices.Contains(f.Labels, release.LabelDocs) })
		}),
		"gaps do not matter": hearing(func(_ *floorsCase, in *risk.Input) { in.Changes.Gaps = nil }),
		"the glass is for every release": hearing(func(_ *floorsCase, in *risk.Input) {
			setGlass(in, func(b *release.BreakGlass) { b.Changes = in.Digest })
		}),
		"the glass stays broken": hearing(func(_ *floorsCase, in *risk.Input) {
			setGlass(in, func(b *release.BreakGlass) { b.Expires = earlierOf(laterOf(b.Expires, now.Add(1)), now.Add(1)) })
		}),
		"the glass needs no second": hearing(func(_ *floorsCase, in *risk.Input) {
			setGlass(in, func(b *release.BreakGlass) { b.Second = humanOf("email:x@example.com") })
		}),
		"nothing is owed": afterwards(func(_ *floorsCase, a *risk.Assessment) { a.Debts = nil }),
		"the demand of the tier below": afterwards(func(c *floorsCase, a *risk.Assessment) {
			a.Requirements = c.policy.Demands[max(a.Tier, 2)-2].Requirements
		}),
		"no verdict is an allow": func(*floorsCase) (risk.Assessment, error) { return risk.Assessment{}, nil },
		"an emergency lowers the tier": afterwards(func(_ *floorsCase, a *risk.Assessment) {
			if a.Lane == release.LaneBreakGlass {
				a.Tier = release.TierLow
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			n, _, err := floorsRun{assess: broken, seed: 2, cases: 20_000, one: true}.violations()
			require.NoError(t, err)
			require.Positive(t, n)
		})
	}
}

// The cases are those that matter: waivers and overrides that count, emergencies, rules that are firm, models that are sound.
func TestFloorsCasesAreHard(t *testing.T) {
	t.Parallel()
	policies, err := floorsPolicies()
	require.NoError(t, err)
	g, n := newFloorsGenerator(4, policies), map[string]int{}
	count := func(what string, is bool) {
		if is {
			n[what]++
		}
	}
	const cases = 2_000
	for i := range uint64(cases) {
		c, err := g.make(i)
		require.NoError(t, err)
		a, err := asItIs(c)
		require.NoError(t, err)
		in := c.in
		in.Waivers = nil
		before, err := c.policy.assessor.WithModel(c.model).Assess(in, now)
		require.NoError(t, err)
		found := func(rule string) bool {
			return slices.ContainsFunc(a.Findings, func(h risk.Hit) bool { return h.Rule == rule })
		}
		count("a floor that is known", len(c.must) > 0)
		count("a model that is sound", c.model.Validate() == nil)
		count("a model that is not", c.model.Validate() != nil)
		count("a waiver that counts", slices.ContainsFunc(a.Waivers, func(u risk.WaiverUse) bool { return u.Status == risk.WaiverFollowed }))
		count("a tier that a waiver lowers", a.Tier < before.Tier)
		count("a table that an override lowers", a.TableFrom != 0)
		count("an emergency", a.Lane == release.LaneBreakGlass)
		count("an emergency that is refused", c.in.BreakGlass != nil && a.Lane == release.LaneNormal)
		count("a debt", len(a.Debts) > 0)
		count("a flaw that is exploited", found("exploited"))
		count("the policy", found("policy"))
		count("a revision that is not known", found("revision"))
	}
	for what, percent := range map[string]int{"a floor that is known": 50, "a model that is sound": 50, "a model that is not": 10, "a waiver that counts": 20, "a tier that a waiver lowers": 4,
		"a table that an override lowers": 4, "an emergency": 2, "an emergency that is refused": 10, "a debt": 15, "a flaw that is exploited": 2, "the policy": 8, "a revision that is not known": 8} {
		require.GreaterOrEqual(t, 100*n[what], percent*cases, what)
	}
}

// plain0 is the rule and the subject of the worst that was found.
func (c *floorsCase) plain0() (rule, subject string) {
	if len(c.plain) == 0 {
		return "", ""
	}
	return c.plain[0].Rule, c.plain[0].Subject
}

func setGlass(in *risk.Input, change func(*release.BreakGlass)) {
	if in.BreakGlass != nil {
		change(in.BreakGlass)
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlierOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// BenchmarkFloors counts violations among b.N cases: with -benchtime=10000000x, ten million. Each is a release, a
// model, and waivers, overrides, an emergency, debts and a history; see floors_case_test.go.
func BenchmarkFloors(b *testing.B) {
	start := time.Now()
	n, first, err := floorsRun{assess: asItIs, seed: 3, cases: b.N}.violations()
	require.NoError(b, err)
	b.ReportMetric(float64(n), "violations")
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "triples/s")
	if n > 0 {
		b.Error(first)
	}
}
