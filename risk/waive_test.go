package risk_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

func humanOf(id string) release.Actor { return release.Actor{Kind: release.ActorHuman, ID: id} }

var ada, bob, eve = humanOf("email:ada@example.com"), humanOf("email:bob@example.com"), humanOf("email:eve@example.com")

// writtenBy is a change set whose commits these wrote.
func writtenBy(cs release.ChangeSet, authors ...release.Actor) release.ChangeSet {
	return with(cs, func(cs *release.ChangeSet) {
		cs.Commits = nil
		for _, a := range authors {
			cs.Commits = append(cs.Commits, release.Commit{ID: head, Author: a, Committer: a})
		}
	})
}

// login is a high release for one reason.
func login() release.ChangeSet { return writtenBy(changes(file("auth/login.go", 1, 1)), eve) }

func testWaiver(change ...func(*release.Waiver)) release.Waiver {
	w := release.Waiver{ID: "w1", Rule: "sensitive", Subject: "auth/login.go", Floor: release.TierLow, Owner: ada, Second: bob,
		Reason: "it is a test server", From: now.Add(-time.Hour), Expires: now.Add(time.Hour)}
	for _, f := range change {
		f(&w)
	}
	return w
}

func mustAssess(t require.TestingT, in risk.Input) risk.Assessment {
	a, err := risk.Assess(in, now)
	require.NoError(t, err)
	return a
}

func TestWaiverIsFollowed(t *testing.T) {
	t.Parallel()
	digest := release.DigestOf([]byte("x"))
	for name, w := range map[string]release.Waiver{
		"as it is":                       testWaiver(),
		"from now on":                    testWaiver(func(w *release.Waiver) { w.From = now }),
		"for an instant yet":             testWaiver(func(w *release.Waiver) { w.Expires = now.Add(1) }),
		"as long as may be":              testWaiver(func(w *release.Waiver) { w.Expires = w.From.Add(90 * 24 * time.Hour) }),
		"to moderate":                    testWaiver(func(w *release.Waiver) { w.Floor = release.TierModerate }),
		"in another zone":                testWaiver(func(w *release.Waiver) { w.From = now.In(time.FixedZone("x", -3600)) }),
		"for this change set":            testWaiver(func(w *release.Waiver) { w.Changes = digest }),
		"owned by the author":            testWaiver(func(w *release.Waiver) { w.Owner = eve }),
		"of an address like an author's": testWaiver(func(w *release.Waiver) { w.Second = humanOf("email:eve@example.org") }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := mustAssess(t, risk.Input{Changes: login(), Digest: digest, Waivers: []release.Waiver{w}})
			require.Equal(t, w.Floor, a.Tier, "%v", a.Reasons)
			require.Len(t, a.Waivers, 1)
			require.Equal(t, risk.WaiverFollowed, a.Waivers[0].Status)
			require.Equal(t, "it lowers high to "+w.Floor.String(), a.Waivers[0].Why)
			require.Equal(t, risk.Hit{Rule: "sensitive", Version: 1, Waived: "w1", From: release.TierHigh, Finding: risk.Finding{Floor: w.Floor, Subject: "auth/login.go",
				Text: "it is about who somebody is: identity, authentication or sessions"}}, a.Findings[0])
			told := a.Reasons[slices.IndexFunc(a.Reasons, func(r release.Reason) bool { return r.Code == "risk/sensitive" })].Text
			require.Contains(t, told, fmt.Sprintf("; lowered from high to %s until %s by waiver w1 of %s and %s: it is a test server",
				w.Floor, w.Expires.UTC().Format("2006-01-02 15:04 UTC"), w.Owner, w.Second))
			require.Len(t, a.Record().Waivers, 1)
			_, err := json.Marshal(a)
			require.NoError(t, err)
		})
	}
}

func TestWaiverIsNotFollowed(t *testing.T) {
	t.Parallel()
	const idle, orphaned, early, expired, refused = risk.WaiverIdle, risk.WaiverOrphaned, risk.WaiverEarly, risk.WaiverExpired, risk.WaiverRefused
	change := func(f func(*release.Waiver)) []release.Waiver { return []release.Waiver{testWaiver(f)} }
	for _, c := range []struct {
		name   string
		in     risk.Input
		ws     []release.Waiver
		status risk.WaiverStatus
		why    string
	}{
		{"expired, to the instant", risk.Input{}, change(func(w *release.Waiver) { w.Expires = now }), expired, "it ended 2026-11-23 09:00 UTC"},
		{"not yet", risk.Input{}, change(func(w *release.Waiver) { w.From = now.Add(1) }), early, "it counts from"},
		{"too long", risk.Input{}, change(func(w *release.Waiver) { w.Expires = w.From.Add(90*24*time.Hour + 1) }), refused, "lasts longer than the policy allows"},
		{"for ever", risk.Input{}, change(func(w *release.Waiver) {
			w.From, w.Expires = time.Unix(0, 0), time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
		}), refused, "lasts longer"},
		{"another rule, the same subject", risk.Input{}, change(func(w *release.Waiver) { w.Rule = "gap" }), orphaned, "nothing was found"},
		{"a rule that is not", risk.Input{}, change(func(w *release.Waiver) { w.Rule = "sensitives" }), orphaned, "nothing was found"},
		{"the rule as reasons call it", risk.Input{}, change(func(w *release.Waiver) { w.Rule = "risk/sensitive" }), orphaned, "nothing was found"},
		{"another subject", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "auth/logout.go" }), orphaned, "nothing was found"},
		{"a subject that looks alike", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "аuth/login.go" }), orphaned, "nothing was found"}, // a Cyrillic letter
		{"another case", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "auth/Login.go" }), orphaned, "nothing was found"},
		{"a pattern", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "auth/*" }), orphaned, "nothing was found"},
		{"a directory", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "auth/" }), orphaned, "nothing was found"},
		{"all subjects", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "" }), orphaned, "nothing was found"},
		{"another change set", risk.Input{}, change(func(w *release.Waiver) { w.Changes = release.DigestOf([]byte("y")) }), orphaned, "another change set"},
		{"no floor", risk.Input{}, change(func(w *release.Waiver) { w.Floor = 0 }), refused, "the floor is unknown"},
		{"a floor above critical", risk.Input{}, change(func(w *release.Waiver) { w.Floor = 5 }), refused, "the floor is release.Tier(5)"},
		{"a subject with NUL", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "auth/login.go\x00" }), refused, "a subject that no finding has"},
		{"a subject that is no text", risk.Input{}, change(func(w *release.Waiver) { w.Subject = "auth/login.go\xff" }), refused, "a subject that no finding has"},
		{"no second person", risk.Input{}, change(func(w *release.Waiver) { w.Second = release.Actor{} }), refused, "the second person has no identity"},
		{"the same person twice", risk.Input{}, change(func(w *release.Waiver) { w.Second = w.Owner }), refused, "are the same"},
		{"the same person, with a plus sign", risk.Input{}, change(func(w *release.Waiver) { w.Second.ID = "email:ada+second@example.com" }), refused, "the two are one person"},
		{"the same person, with a dot behind", risk.Input{}, change(func(w *release.Waiver) { w.Second.ID = "email:Ada@Example.com." }), refused, "the two are one person"},
		{"the same person, as the host knows", risk.Input{Same: [][]string{{"email:ada@example.com", "email:x@example.org"}, {"email:bob@example.com", "email:X@example.org"}}}, change(func(*release.Waiver) {}), refused, "the two are one person"},
		{"the same account, by its private address", risk.Input{}, change(func(w *release.Waiver) {
			w.Owner, w.Second = humanOf("github:Ada"), humanOf("email:1234+ada@users.noreply.github.com")
		}), refused, "the two are one person"},
		{"the same account elsewhere", risk.Input{}, change(func(w *release.Waiver) {
			w.Owner, w.Second = humanOf("gitlab:ada"), humanOf("email:1234-Ada@users.noreply.gitlab.com")
		}), refused, "the two are one person"},
		{"a machine that says that it is a person", risk.Input{}, change(func(w *release.Waiver) { w.Second = humanOf("email:noreply@anthropic.com") }), refused, "is the name of a program (agent)"},
		{"an account of a machine", risk.Input{}, change(func(w *release.Waiver) { w.Owner = humanOf("github:dependabot[bot]") }), refused, "is the name of a program (bot)"},
		{"a bot", risk.Input{}, change(func(w *release.Waiver) { w.Owner.Kind = release.ActorBot }), refused, "the owner is bot and not human"},
		{"second is an author", risk.Input{}, change(func(w *release.Waiver) { w.Second = eve }), refused, "is an author"},
		{"second is an author, in other letters", risk.Input{}, change(func(w *release.Waiver) { w.Second = humanOf("email:Eve+x@example.com") }), refused, "is an author"},
		{"second is an author, as the host knows", risk.Input{Same: [][]string{{"email:bob@example.com", "email:eve@example.com"}}}, change(func(*release.Waiver) {}), refused, "is an author"},
		{"second is a co-author", risk.Input{Changes: with(login(), func(cs *release.ChangeSet) { cs.Commits[0].CoAuthors = []release.Actor{bob} })}, change(func(*release.Waiver) {}), refused, "is an author"},
		{"second is a committer", risk.Input{Changes: with(login(), func(cs *release.ChangeSet) { cs.Commits[0].Committer = bob })}, change(func(*release.Waiver) {}), refused, "is an author"},
		{"an author without an identity", risk.Input{Changes: writtenBy(login(), eve, release.Actor{Name: "Bob"})}, change(func(*release.Waiver) {}), refused, "an author has no identity"},
		{"no authors", risk.Input{Changes: writtenBy(login())}, change(func(*release.Waiver) {}), refused, "nobody is named as an author"},
		{"second named by another scheme", risk.Input{}, change(func(w *release.Waiver) { w.Owner, w.Second = humanOf("github:ada"), humanOf("github:bob") }), refused, "authors are named by email and the second person by github"},
		{"owner and second named by two schemes", risk.Input{}, change(func(w *release.Waiver) { w.Owner = humanOf("github:bob2") }), refused, "nobody can tell whether they are two"},
		{"it changes nothing", risk.Input{}, change(func(w *release.Waiver) { w.Floor, w.UpTo = release.TierHigh, release.TierCritical }), idle, "the finding is no more than high"},
		{"the finding is worse than they agreed to", risk.Input{}, change(func(w *release.Waiver) { w.UpTo = release.TierModerate }), refused, "the finding is high, and it is for no more than moderate"},
		{"the table, for ever", risk.Input{}, change(func(w *release.Waiver) { w.Rule, w.Subject = "table", "" }), refused, "only for one change set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := c.in
			if in.Changes.Head == "" {
				in.Changes = login()
			}
			before := mustAssess(t, in)
			in.Waivers = c.ws
			a := mustAssess(t, in)
			require.Equal(t, release.TierHigh, a.Tier)
			require.Equal(t, before.Findings, a.Findings)
			require.Len(t, a.Waivers, 1)
			require.Equal(t, c.status, a.Waivers[0].Status, a.Waivers[0].Why)
			require.Contains(t, a.Waivers[0].Why, c.why)
			require.Empty(t, a.Record().Waivers)
			text, err := json.Marshal(a)
			require.NoError(t, err, "whatever was given, there is a verdict")
			var back risk.Assessment
			require.NoError(t, json.Unmarshal(text, &back))
			require.Equal(t, a, back)
			record := a.Record()
			_, err = (&release.Record{Assessment: record}).Canonical()
			require.NoError(t, err)
			// Who wonders why the tier is high is told of the waivers for what was found.
			told := slices.ContainsFunc(a.Reasons, func(r release.Reason) bool { return r.Code == "risk/waiver" && strings.Contains(r.Text, c.why) })
			found := c.ws[0].Rule == "sensitive" && c.ws[0].Subject == "auth/login.go" || c.ws[0].Rule == "table"
			require.Equal(t, found && c.status != idle && c.status != orphaned, told, "%v", a.Reasons)
		})
	}
}

// Firm rules: those of the module whatever the policy says, and those that the policy names.
func TestFirmRulesRefuseWaivers(t *testing.T) {
	t.Parallel()
	codeowners := writtenBy(changes(file("CODEOWNERS", 1, 0)), eve)
	w := testWaiver(func(w *release.Waiver) { w.Rule, w.Subject, w.UpTo = "policy", "CODEOWNERS", release.TierCritical })
	a := mustAssess(t, risk.Input{Changes: codeowners, Waivers: []release.Waiver{w}})
	require.Equal(t, release.TierCritical, a.Tier)
	require.Equal(t, "no waiver lowers what this rule finds", a.Waivers[0].Why)
	w.Changes = a.Changes
	a = mustAssess(t, risk.Input{Changes: codeowners, Waivers: []release.Waiver{w}})
	require.Equal(t, release.TierCritical, a.Tier, "an override neither")

	firm := policy(func(p *risk.Policy) { p.Firm = append(p.Firm, "sensitive") })
	a, err := assessBy(firm, nil, risk.Input{Changes: login(), Waivers: []release.Waiver{testWaiver()}})
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)
	require.Equal(t, risk.WaiverRefused, a.Waivers[0].Status)

	base := with(login(), func(cs *release.ChangeSet) { cs.Base = "" })
	w = testWaiver(func(w *release.Waiver) { w.Rule, w.Subject = "revision", "base" })
	a = mustAssess(t, risk.Input{Changes: base, Waivers: []release.Waiver{w, testWaiver(func(w *release.Waiver) { w.ID = "w2" })}})
	require.Equal(t, release.TierHigh, a.Tier)
}

// A finding that has become more severe since is lowered only by those who said so: a flaw that was
// waived when nobody exploited it comes back when somebody does.
func TestWaiverOfWhatIsWorseNow(t *testing.T) {
	t.Parallel()
	worse := policy(func(p *risk.Policy) {
		p.Rules = append(p.Rules, risk.Rule{ID: "mine", Doc: "x.", Version: 1, Run: func(*risk.Facts) []risk.Finding {
			return []risk.Finding{{Floor: release.TierCritical, Subject: "GO-1", Text: "it is exploited"}, {Floor: release.TierHigh, Subject: "GO-1", Text: "it comes in"}}
		}})
	})
	in := risk.Input{Changes: writtenBy(changes(), eve), Waivers: []release.Waiver{testWaiver(func(w *release.Waiver) { w.Rule, w.Subject = "mine", "GO-1" })}}
	a, err := assessBy(worse, nil, in)
	require.NoError(t, err)
	require.Equal(t, release.TierCritical, a.Tier)
	require.Equal(t, risk.WaiverFollowed, a.Waivers[0].Status, "the milder of the two findings is lowered")
	require.Equal(t, []release.Tier{release.TierCritical, release.TierLow}, []release.Tier{a.Findings[0].Floor, a.Findings[1].Floor})
	in.Waivers[0].UpTo = release.TierCritical
	a, err = assessBy(worse, nil, in)
	require.NoError(t, err)
	require.Equal(t, release.TierLow, a.Tier)
}

// The table's answer is lowered for one change set alone, and never where the likelihood is not known.
func TestOverrideOfTheTable(t *testing.T) {
	t.Parallel()
	cs := writtenBy(changes(file("server/handler.go", 900, 0)), eve)
	digest, err := cs.Digest()
	require.NoError(t, err)
	w := testWaiver(func(w *release.Waiver) { w.Rule, w.Subject, w.Changes, w.Floor = "table", "", digest, release.TierLow })
	a := mustAssess(t, risk.Input{Changes: cs, Waivers: []release.Waiver{w}})
	require.Equal(t, release.TierLow, a.Tier)
	require.Equal(t, release.TierLow, a.Table)
	require.Equal(t, release.TierHigh, a.TableFrom)
	require.Equal(t, "w1", a.TableWaived)
	require.Contains(t, a.Reasons[0].Text, "give high; 0 of 25")
	require.Contains(t, a.Reasons[0].Text, "; lowered from high to low until")

	a, err = assessBy(nil, &risk.Model{ID: "broken", Bias: math.NaN()}, risk.Input{Changes: cs, Waivers: []release.Waiver{w}})
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)
	require.Contains(t, a.Waivers[0].Why, "the likelihood is not known")

	other := writtenBy(changes(file("server/handler.go", 901, 0)), eve)
	a = mustAssess(t, risk.Input{Changes: other, Waivers: []release.Waiver{w}})
	require.Equal(t, release.TierHigh, a.Tier)
	require.Equal(t, risk.WaiverOrphaned, a.Waivers[0].Status)

	// It lowers no answer that is worse than they agreed to.
	mild := w
	mild.Changes, mild.UpTo = a.Changes, release.TierModerate
	a = mustAssess(t, risk.Input{Changes: other, Waivers: []release.Waiver{mild}})
	require.Equal(t, release.TierHigh, a.Tier)
	require.Contains(t, a.Waivers[0].Why, "it is for no more than moderate")
	// It lowers no finding.
	cs = writtenBy(changes(file("auth/login.go", 900, 0)), eve)
	digest, err = cs.Digest()
	require.NoError(t, err)
	w.Changes = digest
	a = mustAssess(t, risk.Input{Changes: cs, Waivers: []release.Waiver{w}})
	require.Equal(t, release.TierLow, a.Table)
	require.Equal(t, release.TierHigh, a.Tier)
	w.Second = eve
	a = mustAssess(t, risk.Input{Changes: cs, Waivers: []release.Waiver{w}})
	require.Equal(t, release.TierHigh, a.Table)
}

// Several waivers for one finding: the lowest counts, in whatever order they come; two with one ID count as none.
func TestSeveralWaiversForOneFinding(t *testing.T) {
	t.Parallel()
	low := testWaiver(func(w *release.Waiver) { w.ID = "b" })
	same := testWaiver(func(w *release.Waiver) { w.ID = "a" })
	moderate := testWaiver(func(w *release.Waiver) { w.ID, w.Floor = "0", release.TierModerate })
	want := map[string]risk.WaiverStatus{"a": risk.WaiverFollowed, "b": risk.WaiverIdle, "0": risk.WaiverIdle}
	for _, ws := range [][]release.Waiver{{low, same, moderate}, {moderate, same, low}, {same, low, moderate}} {
		a := mustAssess(t, risk.Input{Changes: login(), Waivers: ws})
		require.Equal(t, release.TierLow, a.Tier)
		require.Equal(t, "a", a.Findings[0].Waived)
		for _, u := range a.Waivers {
			require.Equal(t, want[u.Waiver.ID], u.Status)
		}
		require.True(t, slices.IsSortedFunc(a.Waivers, func(a, b risk.WaiverUse) int { return strings.Compare(a.Waiver.ID, b.Waiver.ID) }))
	}
	twice := []release.Waiver{testWaiver(), testWaiver(func(w *release.Waiver) { w.Floor = release.TierModerate }), low}
	a := mustAssess(t, risk.Input{Changes: login(), Waivers: twice[:2]})
	require.Equal(t, release.TierHigh, a.Tier)
	require.Equal(t, "another waiver has the same id", a.Waivers[0].Why)
	require.Equal(t, "another waiver has the same id", a.Waivers[1].Why)
	require.Equal(t, release.TierLow, mustAssess(t, risk.Input{Changes: login(), Waivers: twice}).Tier)
}

// slowFloor says which of the waivers could be followed if nobody else gave one, and to which tier, by
// reading the rules one by one.
func slowFloor(p *risk.Policy, in risk.Input, digest release.Digest, h risk.Hit) release.Tier {
	floor := h.Floor
	for i, w := range in.Waivers {
		ok := w.ID != "" && w.Floor >= 1 && w.Floor <= 4 && w.UpTo <= 4 && w.Reason != "" && !w.From.IsZero() && !w.Expires.IsZero()
		for j, v := range in.Waivers {
			ok = ok && (i == j || v.ID != w.ID)
		}
		ok = ok && w.Rule == h.Rule && w.Subject == h.Subject && !slices.Contains(p.Firm, h.Rule) && h.Rule != "policy" && h.Rule != "revision"
		ok = ok && w.From.Unix() <= now.Unix() && now.Unix() < w.Expires.Unix() && w.Expires.Unix()-w.From.Unix() <= int64(p.MaxWaiver/time.Second)
		ok = ok && (w.Changes == release.Digest{} || w.Changes == digest)
		ok = ok && h.Floor > w.Floor && (h.Floor <= w.UpTo || w.UpTo == 0 && h.Floor <= release.TierHigh)
		ok = ok && w.Owner.Kind == release.ActorHuman && w.Second.Kind == release.ActorHuman && w.Owner.ID != "" && w.Second.ID != "" && w.Owner.ID != w.Second.ID
		written := false
		for _, c := range in.Changes.Commits {
			for _, a := range append([]release.Actor{c.Author, c.Committer}, c.CoAuthors...) {
				written = true
				ok = ok && a.ID != "" && a.ID != w.Second.ID
			}
		}
		if ok && written {
			floor = min(floor, w.Floor)
		}
	}
	return floor
}

// waiversFor draws waivers that are for some finding or other, most of them nearly good.
func waiversFor(hits []risk.Hit, digest release.Digest) *rapid.Generator[release.Waiver] {
	odd := func(t *rapid.T, name string) bool { return rapid.IntRange(0, 11).Draw(t, name) == 0 }
	people := rapid.SampledFrom([]release.Actor{ada, bob, eve, humanOf("email:mallory@example.com")})
	return rapid.Custom(func(t *rapid.T) release.Waiver {
		w := testWaiver(func(w *release.Waiver) {
			w.ID = "w" + rapid.StringMatching("[0-9]{4}").Draw(t, "id")
			w.Floor, w.UpTo = release.Tier(rapid.IntRange(0, 4).Draw(t, "floor")), release.Tier(rapid.IntRange(0, 5).Draw(t, "up to"))
			w.Owner, w.Second = people.Draw(t, "owner"), people.Draw(t, "second")
		})
		if len(hits) > 0 {
			h := rapid.SampledFrom(hits).Draw(t, "finding")
			w.Rule, w.Subject = h.Rule, h.Subject
			if odd(t, "another rule") {
				w.Rule = rapid.SampledFrom(hits).Draw(t, "rule").Rule
			}
		}
		switch {
		case odd(t, "early"):
			w.From = now.Add(time.Minute)
		case odd(t, "expired"):
			w.Expires = now
		case odd(t, "long"):
			w.Expires = now.Add(9000 * time.Hour)
		case odd(t, "override"):
			w.Changes = digest
		case odd(t, "other"):
			w.Changes[3]++
		case odd(t, "no reason"):
			w.Reason = ""
		case odd(t, "a bot"):
			w.Owner.Kind = release.ActorBot
		case odd(t, "nobody"):
			w.Second.ID = ""
		case odd(t, "the table"):
			w.Rule, w.Subject, w.Changes = "table", "", digest
		}
		return w
	})
}

// The findings come out as the slow reading says, and the tier is the highest of what is left. A
// waiver more never raises the tier, never lowers it below a finding that it does not name, and the order of
// waivers changes nothing.
func TestWaiversAgreeWithASlowReading(t *testing.T) {
	t.Parallel()
	authors := rapid.SliceOfN(rapid.SampledFrom([]release.Actor{eve, eve, eve, bob, {}}), 0, 2)
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		in.Model = nil // what models do to floors is tested elsewhere
		in.Changes = writtenBy(in.Changes, authors.Draw(t, "authors")...)
		in.Policy.Firm = append(in.Policy.Firm, rapid.SliceOfN(rapid.SampledFrom([]string{"gap", "coverage", "sensitive"}), 0, 1).Draw(t, "firm")...)
		plain, err := in.assess()
		require.NoError(t, err)
		in.Waivers = rapid.SliceOfN(waiversFor(plain.Findings, in.Digest), 0, 8).Draw(t, "waivers")
		a, err := in.assess()
		require.NoError(t, err)
		require.Len(t, a.Waivers, len(in.Waivers))

		left := map[string]int{} // the findings that must be there, whatever their order
		tier := a.Table
		for _, h := range plain.Findings {
			floor := slowFloor(in.Policy, in.Input, in.Digest, h)
			left[fmt.Sprint(h.Rule, h.Subject, h.Text, floor)]++
			tier = max(tier, floor)
		}
		for _, h := range a.Findings {
			left[fmt.Sprint(h.Rule, h.Subject, h.Text, h.Floor)]--
			require.Equal(t, h.Waived != "", h.From != 0)
		}
		for key, n := range left {
			require.Zero(t, n, key)
		}
		require.Equal(t, tier, a.Tier)
		if !slices.ContainsFunc(in.Waivers, func(w release.Waiver) bool { return w.Rule == "table" }) {
			require.Equal(t, plain.Table, a.Table)
		}

		other := in
		other.Waivers = slices.Clone(in.Waivers)
		slices.Reverse(other.Waivers)
		b, err := other.assess()
		require.NoError(t, err)
		x, err := json.Marshal(a)
		require.NoError(t, err)
		y, err := json.Marshal(b)
		require.NoError(t, err)
		require.Equal(t, string(x), string(y), "order")

		more := waiversFor(plain.Findings, in.Digest).Draw(t, "more")
		if slices.ContainsFunc(in.Waivers, func(w release.Waiver) bool { return w.ID == more.ID }) {
			return // two with one ID count as none
		}
		other.Waivers = append(slices.Clone(in.Waivers), more)
		c, err := other.assess()
		require.NoError(t, err)
		require.LessOrEqual(t, c.Tier, a.Tier, "a waiver more does not raise")
		for _, h := range a.Findings {
			if h.Rule != more.Rule || h.Subject != more.Subject {
				require.GreaterOrEqual(t, c.Tier, h.Floor, "a waiver more lowers only what it names")
			}
		}
		if more.Rule != "table" {
			require.GreaterOrEqual(t, c.Tier, a.Table)
		}
	})
}

func TestWaiverStatus(t *testing.T) {
	t.Parallel()
	for s := risk.WaiverUnknown; s <= risk.WaiverRefused; s++ {
		b, err := s.MarshalText()
		require.NoError(t, err)
		back, err := risk.ParseWaiverStatus(string(b))
		require.NoError(t, err)
		require.Equal(t, s, back)
		require.Equal(t, s.String(), string(b))
	}
	_, err := (risk.WaiverRefused + 1).MarshalText()
	require.Error(t, err)
	_, err = risk.ParseWaiverStatus("Followed")
	require.Error(t, err)
}

// Groups that share a name are one person, however often they are told.
func TestSame(t *testing.T) {
	t.Parallel()
	in := risk.Input{Changes: login(), Waivers: []release.Waiver{testWaiver(func(w *release.Waiver) { w.Second = humanOf("github:bob") })}}
	require.Equal(t, release.TierHigh, mustAssess(t, in).Tier, "nobody can tell")
	in.Same = [][]string{{"github:bob", "email:bob@example.com"}}
	require.Equal(t, release.TierLow, mustAssess(t, in).Tier, "bob has an address, and it is not the author's")
	for range 64 {
		in.Same = append(in.Same, []string{"github:bob", "email:bob@example.com", "github:bob"}, []string{"email:BOB@example.com", "key:sha256:1"})
	}
	require.Equal(t, release.TierLow, mustAssess(t, in).Tier)
	in.Same = append(in.Same, []string{"key:sha256:1", "email:eve@example.com"})
	require.Equal(t, release.TierHigh, mustAssess(t, in).Tier)
	in.Same = [][]string{nil, {}, {""}, {"", ""}, {"github:bob"}}
	require.Equal(t, release.TierHigh, mustAssess(t, in).Tier)
}

// BenchmarkWaivers gives 10,000 waivers, of which none, one in ten or all are for what was found.
func BenchmarkWaivers(b *testing.B) {
	cs := writtenBy(fiveHundred(), eve)
	digest, err := cs.Digest()
	require.NoError(b, err)
	assessor, err := risk.New(nil, nil)
	require.NoError(b, err)
	for _, every := range []int{0, 10, 1} {
		in := risk.Input{Changes: cs, Digest: digest}
		for i := range 10_000 {
			in.Waivers = append(in.Waivers, testWaiver(func(w *release.Waiver) {
				w.ID = fmt.Sprintf("w%08d", i*7919%10_000)
				w.Owner, w.Second = humanOf(fmt.Sprintf("email:a%d@example.com", i)), humanOf(fmt.Sprintf("email:b%d@example.com", i))
				w.Subject = fmt.Sprintf("old%d.go", i)
				if every > 0 && i%every == 0 {
					w.Subject = fmt.Sprintf("internal/auth/login%d.go", i%9)
				}
			}))
		}
		for name, in := range map[string]risk.Input{"none": {Changes: cs, Digest: digest}, "10000": in} {
			b.Run(fmt.Sprintf("1-in-%d/%s", every, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					a, err := assessor.Assess(in, now)
					if err != nil || a.Tier != release.TierHigh || len(a.Waivers) != len(in.Waivers) {
						b.Fatal(a.Tier, err)
					}
				}
			})
		}
	}
}

// A waiver is for what people read in it, and for nothing that somebody named alike: a file with a space in its name is not
// a setting or a resource in another file.
func TestWaiverIsForOneThing(t *testing.T) {
	t.Parallel()
	identity := []release.Label{release.LabelIdentity}
	setting := func(file, key string) release.ChangeSet {
		return with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: release.Path(file), Key: key, Op: release.OpModified, Labels: identity}}
		})
	}
	drift := func(file, address string) release.ChangeSet {
		return with(changes(), func(cs *release.ChangeSet) {
			cs.Drift = []release.ResourceChange{{File: release.Path(file), Address: address, Type: "x", Op: release.OpModified, Labels: identity}}
		})
	}
	labelled := func(path string) release.ChangeSet {
		return with(changes(file(path, 1, 0)), func(cs *release.ChangeSet) { cs.Files[0].Labels = identity })
	}
	subjects := map[string]string{}
	for name, cs := range map[string]release.ChangeSet{
		"a setting": setting("a.toml", "b c"), "of a file with a space": setting("a.toml b", "c"), "of a file with two": setting("a.toml b c", "d"),
		"a setting with a quote": setting(`"a.toml`, "b c"), "a file that looks quoted": labelled(`"a.toml" b c`), "and with an escape": labelled(`a.toml\u0020b c`),
		"a file": labelled("a.toml b c"), "another file": labelled(`"a.toml b c"`), "without a space": labelled("a.toml"), "not printable": labelled("a.toml b\x00c"),
		"a resource": drift("a.tf", "b c"), "of a .tf with a space": drift("a.tf b", "c"), "by itself": labelled("a.tf b c"),
	} {
		a := mustAssess(t, risk.Input{Changes: writtenBy(cs, eve)})
		i := slices.IndexFunc(a.Findings, func(h risk.Hit) bool {
			return h.Text == "it is about who somebody is: identity, authentication or sessions"
		})
		require.GreaterOrEqual(t, i, 0, name)
		subject := a.Findings[i].Subject
		require.Empty(t, subjects[subject], "%s and %s are both %s", name, subjects[subject], subject)
		subjects[subject] = name
	}
	for _, plain := range []string{"a.toml", "a.toml b c", "a.tf b c"} {
		require.NotEmpty(t, subjects[plain], "as people would write it")
	}
}
