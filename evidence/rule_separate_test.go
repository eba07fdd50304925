package evidence_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

func separate(duties ...evidence.Duty) evidence.Separate { return evidence.Separate{Duties: duties} }

func TestSeparate(t *testing.T) {
	t.Parallel()
	ada, bob, cyd, eve := human("ada"), human("bob"), human("cyd"), human("eve")
	alias := human("ada lovelace")
	alias.Key = ada.Key
	tested := func(by ...puppet) (out set) {
		for _, p := range by {
			out = append(out, p.of(t, shop(), passed()))
		}
		return out
	}
	approvedBy := func(s set, by ...puppet) set {
		out := slices.Clone(s)
		for _, p := range by {
			out = append(out, p.of(t, shop(), approval(t, predicate.Approve, shop(), s...)))
		}
		return out
	}
	testers := separate(evidence.DutyApprover, evidence.DutyTester)
	for _, c := range []struct {
		name string
		rule evidence.Separate
		reqs []release.Requirement
		set  set
		want release.Verdict
		code string
	}{
		{"two people", testers, nil, approvedBy(tested(bob), ada), allow, ""},
		{"one of two does both", testers, nil, approvedBy(tested(ada, bob), ada), allow, ""},
		{"each does both", testers, nil, approvedBy(tested(ada, bob), ada, bob), allow, ""},
		{"two approvers of three", testers, []release.Requirement{needTwo}, approvedBy(tested(ada, bob), ada, bob, cyd), allow, ""},
		{"three approvers and testers", testers, []release.Requirement{needTwo}, approvedBy(tested(ada, bob, cyd), ada, bob, cyd), allow, ""},
		{"the author does nothing", separate(evidence.DutyAuthor, evidence.DutyTester), nil, tested(bob), allow, ""},
		{"author and another tester", separate(evidence.DutyAuthor, evidence.DutyTester), nil, tested(eve, bob), allow, ""},
		{"a duty that is not listed", separate(evidence.DutyApprover, evidence.DutyBuilder), nil, approvedBy(append(tested(ada), bob.of(t, shop(), provenanceOK)), ada), allow, ""},
		{"a person may meet two requirements of a duty", testers, []release.Requirement{needOne, needTwo, needApart}, approvedBy(tested(bob), ada, cyd), allow, ""},

		{"nothing", testers, nil, nil, hold, evidence.CodeMissing},
		{"nobody approves", testers, nil, tested(ada, bob), hold, evidence.CodeMissing},
		{"one person", testers, nil, approvedBy(tested(ada), ada), hold, evidence.CodeNotSeparate},
		{"one person, two names", testers, nil, approvedBy(tested(ada), alias), hold, evidence.CodeNotSeparate},
		{"two people, three places", testers, []release.Requirement{needTwo}, approvedBy(tested(ada, bob), ada, bob), hold, evidence.CodeNotSeparate},
		{"two people, three duties", separate(evidence.DutyApprover, evidence.DutyTester, evidence.DutyBuilder), nil,
			approvedBy(append(tested(ada, bob), ada.of(t, shop(), provenanceOK), bob.of(t, shop(), provenanceOK)), ada, bob), hold, evidence.CodeNotSeparate},
		{"the author tests", separate(evidence.DutyAuthor, evidence.DutyTester), nil, tested(eve), hold, evidence.CodeNotSeparate},
		{"the requester tests", separate(evidence.DutyRequester, evidence.DutyTester), nil, tested(human("olga")), hold, evidence.CodeNotSeparate},
		{"a duty that nothing asks for", separate(evidence.DutyTester, evidence.DutyScanner), nil, tested(ada), hold, evidence.CodeMissing},
		{"an approval that does not count", testers, nil, approvedBy(tested(bob), eve), hold, evidence.CodeMissing},
		{"failed tests", testers, nil, append(approvedBy(tested(bob), ada), cyd.of(t, shop(), failed())), deny, evidence.CodeFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := question(c.reqs...)
			q.Rules = []evidence.Rule{c.rule}
			d := decide(t, q, c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			requireWhy(t, d, c.code)
		})
	}
	// It says who collides.
	d := decide(t, ruled(separate(evidence.DutyAuthor, evidence.DutyTester, evidence.DutyApprover)), approvedBy(tested(ada, eve), ada))
	var texts []string
	for _, r := range d.Results[0].Reasons {
		texts = append(texts, r.Text)
	}
	require.Equal(t, []string{"1 of 2 duties can be done by different people", "ada (test) is tester and approver", "eve (test) is author and tester"}, texts)
	require.Equal(t, 1, d.Results[0].Have)
}

// Nobody knows whether somebody without an identity does another duty.
func TestSeparateKnowsPeople(t *testing.T) {
	t.Parallel()
	s := set{human("bob").of(t, shop(), passed())}
	for duty, change := range map[evidence.Duty]func(q *evidence.Question){
		evidence.DutyAuthor:    func(q *evidence.Question) { q.Authors[0].ID = "email:unknown@example.com" },
		evidence.DutyRequester: func(q *evidence.Question) { q.Requester = release.Actor{} },
	} {
		q := ruled(separate(duty, evidence.DutyTester))
		require.Equal(t, allow, decide(t, q, s).Verdict)
		change(&q)
		require.Equal(t, hold, decide(t, q, s).Verdict)
	}
	q := ruled(separate(evidence.DutyAuthor, evidence.DutyTester))
	q.Authors = nil
	requireWhy(t, decide(t, q, s), evidence.CodeAuthorUnknown)
}

// The rule ends when too few different people are left, and not when each duty
// still has somebody.
func TestSeparateEnds(t *testing.T) {
	t.Parallel()
	ada, bob := human("ada"), human("bob")
	q := ruled(separate(evidence.DutyScanner, evidence.DutyTester), evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour})
	s := set{ada.at(noon.Add(-time.Minute)).of(t, shop(), passed()), bob.at(noon.Add(-10*time.Minute)).of(t, shop(), passed()), ada.of(t, shop(), scan())}
	d := decide(t, q, s)
	require.Equal(t, allow, d.Verdict)
	require.Equal(t, noon.Add(50*time.Minute), d.Until)
	require.Equal(t, noon.Add(59*time.Minute), d.Results[1].Until)
	d, err := evidence.Decide(q, s, d.Until)
	require.NoError(t, err)
	require.Equal(t, hold, d.Verdict)
	requireWhy(t, d, evidence.CodeNotSeparate)
}

// TestSeparateAgreesWithTryingAll compares with every way to give people duties,
// where duties have several jobs each with people of its own.
func TestSeparateAgreesWithTryingAll(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c", "d", "e"}
	types := []string{predicate.TypeTestResult, predicate.TypeVulns, predicate.TypeProvenance}
	says := []predicate.Predicate{passed(), scan(), provenanceOK}
	var all [3][]evidence.Verified
	for d := range types {
		for _, n := range names {
			all[d] = append(all[d], human(n).of(t, shop(), says[d]))
		}
	}
	type job struct{ duty, need, who int }
	both, none, cases := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		var signed [3]int // by duty, as bits
		var s set
		q := ruled(separate(evidence.DutyTester, evidence.DutyScanner, evidence.DutyBuilder))
		for d := range types {
			signed[d] = rapid.IntRange(1, 31).Draw(t, "signed")
			for i := range names {
				if signed[d]&(1<<i) != 0 {
					s = append(s, all[d][i])
				}
			}
		}
		var jobs []job
		for d := range types {
			for range rapid.IntRange(0, 3).Draw(t, "jobs") {
				j := job{d, rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "need"), rapid.IntRange(1, 31).Draw(t, "who")}
				var by []evidence.Principal
				for i, n := range names {
					if j.who&(1<<i) != 0 {
						by = append(by, person(n))
					}
				}
				jobs = append(jobs, j)
				q.Rules = append(q.Rules, evidence.Threshold{Count: j.need, Type: types[d], By: by})
			}
			jobs = append(jobs, job{d, 1, 31})
		}
		can := func(given *[5]int) bool {
			for _, j := range jobs {
				n := 0
				for i, d := range given {
					if (d < 0 || d == j.duty) && j.who&signed[j.duty]&(1<<i) != 0 {
						n++
					}
				}
				if n < j.need {
					return false
				}
			}
			return true
		}
		separable := false
		for code := range 243 {
			given := [5]int{}
			for i := range given {
				given[i], code = code%3, code/3
			}
			separable = separable || can(&given)
		}
		d := decide(t, q, s)
		require.Equal(t, separable, d.Results[0].Status == evidence.StatusMet, "%v %v\n%v", signed, jobs, d.Reasons)
		if separable {
			both++
		} else if can(&[5]int{-1, -1, -1, -1, -1}) {
			none++
			require.Equal(t, evidence.CodeNotSeparate, d.Results[0].Reasons[0].Code)
		}
	})
	require.Greater(t, both, cases/20, "the cases are worth something")
	require.Greater(t, none, cases/20)
}

func TestSeparatesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]evidence.Separate{
		"zero":            {},
		"one duty":        separate(evidence.DutyTester),
		"no such duty":    separate(evidence.DutyTester, "cook"),
		"an empty duty":   separate(evidence.DutyTester, ""),
		"twice":           separate(evidence.DutyTester, evidence.DutyTester),
		"nothing to show": separate(evidence.DutyAuthor, evidence.DutyRequester),
	} {
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0", name)
	}
	// Each Count is small enough, and their product is not.
	q := ruled(separate(evidence.DutyTester, evidence.DutyScanner))
	for i := range 6 {
		q.Requirements = append(q.Requirements, release.Requirement{ID: fmt.Sprint(i), Evidence: release.EvidenceTest, Count: 9})
	}
	_, err := evidence.Decide(q, nil, noon)
	require.ErrorContains(t, err, "too many people")
	q.Requirements = []release.Requirement{{ID: "many", Evidence: release.EvidenceTest, Count: math.MaxInt}}
	_, err = evidence.Decide(q, nil, noon)
	require.ErrorContains(t, err, "too many people")
}
