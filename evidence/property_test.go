package evidence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// pool is statements to draw from, in three heaps: what supports the release,
// what speaks against it, and what is odd.
type pool struct{ good, bad, odd set }

func newPool(t testing.TB) pool {
	var p pool
	times := [][]time.Time{nil, {noon.Add(-3 * time.Hour)}, {noon.Add(-time.Hour)}}
	for i, name := range []string{"ci", "ci2"} {
		for _, at := range times {
			s := service(name).at(at...)
			p.good = append(p.good, s.of(t, shop(), passed()))
			if i == 0 {
				p.good = append(p.good, s.of(t, shop(), scan()), s.of(t, shop(), provenanceOK))
			}
			p.bad = append(p.bad, s.of(t, shop(), failed()), rejected(t, s))
		}
	}
	for i, run := range []string{"1", "2"} {
		at := noon.Add(-time.Duration(i) * time.Hour)
		p.good = append(p.good, service("ci").at(at).of(t, shop(), inRun(run)), service("ci2").at(at).of(t, shop(), provenanceOf(run)),
			service("generator").at(at).of(t, shop(), workflow("refs/tags/v1.4.0", shopCommit)),
			service("verifier").at(at).of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_3")))
		p.bad = append(p.bad, service("verifier").at(at.Add(-30*time.Minute)).of(t, shop(), vsa("FAILED", "FAILED")))
	}
	looks := []set{nil, p.good, p.good[:1], p.good[:3], p.good[3:7], p.good[len(p.good)-8:]}
	approvers := []puppet{human("ada", "owner"), human("bob"), human("cyd", "owner"), human("eve", "owner"), human("olga"), service("bot")}
	for _, by := range approvers {
		for i, at := range times {
			by := by.at(at...)
			for _, look := range looks {
				p.good = append(p.good, by.of(t, shop(), approval(t, predicate.Approve, shop(), look...)))
			}
			p.bad = append(p.bad, rejected(t, by))
			if i > 0 {
				a := approval(t, predicate.Approve, shop(), looks[i+1]...)
				a.Expires = noon.Add(time.Duration(i-2)*time.Hour + 1)
				p.good = append(p.good, by.of(t, shop(), a))
				p.odd = append(p.odd, by.of(t, shop(), approval(t, predicate.Abstain, shop())))
			}
		}
	}
	p.good = append(p.good, human("ada", "owner").of(t, shop(), passed()))
	// One key under two names, one name with two keys.
	alias, second := human("ada lovelace", "owner"), human("bob")
	alias.Key = human("ada").Key
	second.Key = release.DigestOf([]byte("bob's other key"))
	for _, look := range looks {
		p.odd = append(p.odd, alias.of(t, shop(), approval(t, predicate.Approve, shop(), look...)), second.of(t, shop(), approval(t, predicate.Approve, shop(), look...)))
	}
	w := passed()
	w.Result = predicate.TestWarned
	p.odd = append(p.odd, service("ci").of(t, shop(), w), service("ci").of(t, shop(), scan("X-1")))
	return p
}

func drawQuestion(t *rapid.T) evidence.Question {
	reqs := []release.Requirement{needTests, needOne, needTwo, needApart, needScan, needBuild, role("owner"), young(2 * time.Hour),
		{ID: "approval/young", Evidence: release.EvidenceApproval, MaxAge: 2 * time.Hour}, {ID: "tests/two", Evidence: release.EvidenceTest, Count: 2}}
	q := question(rapid.SliceOfN(rapid.SampledFrom(reqs), 0, 4).Draw(t, "requirements")...)
	if rapid.Bool().Draw(t, "same") {
		q.Same = [][]evidence.Principal{{person("ada"), person("cyd")}}
	}
	if rapid.IntRange(0, 2).Draw(t, "ruled") == 0 {
		q.Rules = rapid.SliceOfN(rapid.SampledFrom(drawnRules), 1, 3).Draw(t, "rules")
	}
	return q
}

// drawnRules has each kind of rule that takes only what is there into account.
var drawnRules = []evidence.Rule{
	evidence.Require{Type: predicate.TypeTestResult},
	evidence.Threshold{Count: 2, Type: predicate.TypeTestResult},
	evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: 2 * time.Hour},
	evidence.Fresh{Type: predicate.TypeApproval, MaxAge: 2 * time.Hour},
	evidence.CommitMatches{},
	evidence.CommitMatches{Tag: "v1.4.0", TagCommit: shop().Commit},
	evidence.CommitMatches{Tag: "v1.4.0", TagCommit: otherCommit},
	sameRun,
	evidence.SameField{Name: "signer", Fields: []evidence.Field{{Type: predicate.TypeTestResult, Pointer: evidence.FieldSigner}, {Type: predicate.TypeProvenance, Pointer: evidence.FieldSigner}}},
	evidence.SameField{Name: "approver", Fields: []evidence.Field{{Type: predicate.TypeApproval, Pointer: evidence.FieldSigner}}},
	evidence.SameField{Name: "evidence", Fields: []evidence.Field{{Type: predicate.TypeApproval, Pointer: "/evidenceSet"}}},
	evidence.Separate{Duties: []evidence.Duty{evidence.DutyApprover, evidence.DutyTester}},
	evidence.Separate{Duties: []evidence.Duty{evidence.DutyAuthor, evidence.DutyRequester, evidence.DutyApprover, evidence.DutyTester, evidence.DutyBuilder}},
	evidence.Separate{Duties: []evidence.Duty{evidence.DutyTester, evidence.DutyScanner}},
	slsaRule(3),
	summarized(),
	func() evidence.Rule { r := summarized(); r.MaxAge = 2 * time.Hour; return r }(),
	evidence.NoVulnerabilities{},
}

func draw(t *rapid.T, heaps ...set) set {
	var all set
	for _, h := range heaps {
		all = append(all, h...)
	}
	return rapid.SliceOfN(rapid.SampledFrom(all), 0, 14).Draw(t, "set")
}

func decide(t require.TestingT, q evidence.Question, s set) evidence.Decision {
	d, err := evidence.Decide(q, s, noon)
	require.NoError(t, err)
	return d
}

// TestOrderAndDuplicatesChangeNothing: not the verdict, and no byte of the rest.
func TestOrderAndDuplicatesChangeNothing(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	verdicts := map[release.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		q, s := drawQuestion(t), draw(t, p.good, p.good, p.good, p.bad, p.odd)
		want := decide(t, q, s)
		verdicts[want.Verdict]++
		for range variations {
			again := rapid.Permutation(s).Draw(t, "order")
			for range rapid.IntRange(0, 3).Draw(t, "duplicates") {
				if len(s) > 0 {
					again = append(again, rapid.SampledFrom(s).Draw(t, "again"))
				}
			}
			require.Equal(t, want, decide(t, q, again))
		}
	})
	for _, v := range []release.Verdict{allow, hold, deny} {
		require.Greater(t, verdicts[v], (verdicts[allow]+verdicts[hold]+verdicts[deny])/100, "the cases are worth something: %v", verdicts)
	}
}

// TestTakingAwayNeverAllows: without supporting evidence, a no stays a no.
func TestTakingAwayNeverAllows(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	cases, allowed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		q, good := drawQuestion(t), draw(t, p.good)
		var bad set
		if rapid.IntRange(0, 3).Draw(t, "bad") == 0 {
			bad = draw(t, p.bad)
		}
		before := decide(t, q, append(append(set{}, good...), bad...))
		if before.Verdict.Allowed() {
			allowed++
		}
		for range variations {
			keep := set{}
			for _, v := range good {
				if rapid.Bool().Draw(t, "keep") {
					keep = append(keep, v)
				}
			}
			after := decide(t, q, append(keep, bad...))
			require.LessOrEqual(t, after.Verdict, before.Verdict, "%v\n%v", before.Reasons, after.Reasons)
		}
	})
	require.Greater(t, allowed, cases/50, "the cases are worth something")
}

// TestAddingAgainstNeverAllows: what speaks against a release never helps it.
func TestAddingAgainstNeverAllows(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	turned := 0
	heap := append(append(set{}, p.bad...), p.odd[len(p.odd)-2:]...)
	rapid.Check(t, func(t *rapid.T) {
		q, s := drawQuestion(t), draw(t, p.good, p.good, p.odd)
		before := decide(t, q, s)
		for range variations {
			against := rapid.SliceOfN(rapid.SampledFrom(heap), 1, 4).Draw(t, "against")
			after := decide(t, q, append(append(set{}, s...), against...))
			require.LessOrEqual(t, after.Verdict, before.Verdict)
			if after.Verdict < before.Verdict {
				turned++
			}
		}
	})
	require.Greater(t, turned, 100)
}

// TestAllowLastsUntil: between now and Until nothing changes; what is allowed
// was counted by a plain recount.
func TestAllowLastsUntil(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	rapid.Check(t, func(t *rapid.T) {
		q, s := drawQuestion(t), draw(t, p.good)
		d := decide(t, q, s)
		if !d.Verdict.Allowed() || d.Until.IsZero() {
			return
		}
		require.True(t, d.Until.After(noon))
		left := d.Until.Sub(noon)
		at := noon.Add(time.Duration(rapid.Int64Range(0, int64(left)-1).Draw(t, "at")))
		for _, when := range []time.Time{at, d.Until.Add(-1)} {
			later, err := evidence.Decide(q, s, when)
			require.NoError(t, err)
			require.Equal(t, allow, later.Verdict)
			require.Equal(t, d.Until, later.Until)
		}
		end, err := evidence.Decide(q, s, d.Until)
		require.NoError(t, err)
		require.NotEqual(t, allow, end.Verdict)
	})
}

// TestPeopleAreCountedOnce compares the count with connected components found
// the slow way, over random keys and names.
func TestPeopleAreCountedOnce(t *testing.T) {
	t.Parallel()
	names, keys := []string{"a", "b", "c", "d", "e"}, []string{"1", "2", "3", "4", "5"}
	var all [5][5]evidence.Verified
	first := tests(t)
	for i, n := range names {
		for k := range keys {
			p := human(n)
			p.Key = release.DigestOf([]byte(keys[k]))
			all[i][k] = p.of(t, shop(), approval(t, predicate.Approve, shop(), first))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := set{first}
		var edges [][2]int
		for range rapid.IntRange(0, 7).Draw(t, "n") {
			i, k := rapid.IntRange(0, 4).Draw(t, "name"), rapid.IntRange(0, 4).Draw(t, "key")
			edges = append(edges, [2]int{i, 5 + k})
			s = append(s, all[i][k])
		}
		// Label every node with the least node that it is connected to.
		label := [10]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		for range 10 {
			for _, e := range edges {
				least := min(label[e[0]], label[e[1]])
				label[e[0]], label[e[1]] = least, least
			}
		}
		people := map[int]bool{}
		for _, e := range edges {
			people[label[e[0]]] = true
		}
		d := decide(t, question(needTests, needOne), s)
		require.Equal(t, len(people), d.Results[1].Have)
	})
}
