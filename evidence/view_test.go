package evidence_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

// A finding that is settled by what an approver did not look at is not settled for
// that approval, even where another scan of what was looked at found nothing.
func TestApprovalRestsOnWhatSettledFindings(t *testing.T) {
	t.Parallel()
	clean, found := service("s1").of(t, shop(), scan()), service("s2").of(t, shop(), scan("X-1"))
	vex := vexOf(t, service("psirt"), shop(), not("X-1"))
	says := func(looks ...evidence.Verified) evidence.Verified {
		return human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), looks...))
	}
	q := question(needOne)
	q.Rules = []evidence.Rule{believing}
	for _, c := range []struct {
		name  string
		looks set
		want  release.Verdict
	}{
		{"all", set{clean, found, vex}, allow},
		{"what was settled", set{found, vex}, allow},
		{"the clean scan", set{clean}, allow},
		{"a finding that was open then", set{clean, found}, hold},
		{"nothing but the finding", set{found}, hold},
		{"nothing but the document", set{vex}, hold},
	} {
		d := decide(t, q, set{clean, found, vex, says(c.looks...)})
		require.Equal(t, c.want, d.Verdict, "%s: %v", c.name, d.Reasons)
		if c.want == hold {
			requireWhy(t, d, evidence.CodeOldEvidence)
		}
	}
}

// A document with another value settles nothing, although another scan found nothing:
// the finding stands whatever value its scan has.
func TestFindingsAreSettledInOneWorld(t *testing.T) {
	t.Parallel()
	s1, psirt := service("s1"), service("psirt")
	clean, found := s1.of(t, shop(), scan()), s1.of(t, shop(), scan("X-1"))
	elsewhere, about := vexOf(t, psirt, shop(), not("X-1")), vexOf(t, s1, shop(), not("X-9"))
	rule := evidence.NoVulnerabilities{VEXBy: []evidence.Principal{person("psirt"), person("s1")}}
	same := evidence.SameField{Name: "signer", Fields: []evidence.Field{
		{Type: predicate.TypeVulns, Pointer: evidence.FieldSigner}, {Type: elsewhere.Statement().PredicateType(), Pointer: evidence.FieldSigner}}}
	require.Equal(t, allow, decide(t, ruled(rule), set{clean, found, elsewhere}).Verdict)
	d := decide(t, ruled(rule, same), set{clean, found, elsewhere, about})
	require.Equal(t, hold, d.Verdict, "%v", d.Reasons)
	requireWhy(t, d, evidence.CodeFailed)
	require.Equal(t, evidence.StatusMissing, d.Results[0].Status)
	require.Equal(t, allow, decide(t, ruled(rule, same), set{clean, found, elsewhere, vexOf(t, s1, shop(), not("X-1"))}).Verdict)
	require.Equal(t, allow, decide(t, ruled(rule, same), set{clean, elsewhere, about}).Verdict)
}

// The evidence behind an approval is looked up once, however many choices are tried.
func TestLongApprovalInManyWorlds(t *testing.T) {
	t.Parallel()
	ci, other := service("ci"), service("other")
	s := set{other.of(t, shop(), inRun("x")), other.of(t, shop(), provenanceOf("x"))}
	for i := range 250 {
		s = append(s, ci.of(t, shop(), inRun(fmt.Sprint(i))), ci.of(t, shop(), provenanceOf(fmt.Sprint(i))))
	}
	long := approval(t, predicate.Approve, shop(), s...)
	good := human("bob").of(t, shop(), long)
	for i := range predicate.MaxElements - len(s) {
		long.Evidence = append(long.Evidence, release.DigestOf(fmt.Append(nil, i)))
	}
	slices.SortFunc(long.Evidence, release.Digest.Compare)
	long.EvidenceSet = predicate.SetDigest(long.Evidence)
	s = append(s, good, human("ada").of(t, shop(), long))
	q := ruled(sameRun, separate(evidence.DutyTester, evidence.DutyBuilder), evidence.Require{Type: predicate.TypeApproval})
	require.Equal(t, hold, decide(t, q, s).Verdict) // reads the predicates
	hostile.Within(t, func() {
		_, err := evidence.Decide(q, s, noon)
		require.NoError(t, err)
	})
}
