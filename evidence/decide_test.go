package evidence_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

const (
	allow = release.VerdictAllow
	hold  = release.VerdictHold
	deny  = release.VerdictDeny
)

var (
	needTests    = release.Requirement{ID: "tests", Evidence: release.EvidenceTest}
	needOne      = release.Requirement{ID: "approval", Evidence: release.EvidenceApproval}
	needTwo      = release.Requirement{ID: "approval/two", Evidence: release.EvidenceApproval, Count: 2}
	needApart    = release.Requirement{ID: "approval/independent", Evidence: release.EvidenceApproval, Independent: true}
	needScan     = release.Requirement{ID: "scan", Evidence: release.EvidenceScan}
	needBuild    = release.Requirement{ID: "provenance", Evidence: release.EvidenceProvenance}
	eve          = release.Actor{Kind: release.ActorHuman, ID: "email:eve@example.com", Name: "Eve"}
	rob          = release.Actor{Kind: release.ActorBot, ID: "email:bot@example.com"}
	olga         = release.Actor{Kind: release.ActorHuman, ID: "github:olga"}
	knownPeople  = map[string]evidence.Principal{eve.ID: person("eve"), rob.ID: person("rob"), olga.ID: person("olga")}
	provenanceOK = predicate.Provenance{
		BuildDefinition: predicate.BuildDefinition{BuildType: "https://example.com/make/v1", ResolvedDependencies: []predicate.Resource{
			{URI: "git+https://example.com/tool", Digest: map[string]string{"gitCommit": strings.Repeat("1", 40)}},
			{URI: "git+https://example.com/shop", Digest: map[string]string{"gitCommit": "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}}}},
		RunDetails: predicate.RunDetails{Builder: predicate.Builder{ID: "https://example.com/ci"}},
	}
)

func scan(ids ...string) predicate.Vulns {
	v := predicate.Vulns{Scanner: predicate.Scanner{URI: "pkg:generic/scan", DB: predicate.ScannerDB{LastUpdate: noon}, Result: []predicate.VulnFound{}},
		Metadata: predicate.ScanMetadata{ScanStartedOn: noon, ScanFinishedOn: noon}}
	for _, id := range ids {
		v.Scanner.Result = append(v.Scanner.Result, predicate.VulnFound{ID: id})
	}
	return v
}

func question(reqs ...release.Requirement) evidence.Question {
	return evidence.Question{Release: shop(), Requirements: reqs, Environment: "production",
		Authors: []release.Actor{eve, rob}, Requester: olga, Identities: knownPeople}
}

type set = []evidence.Verified

// decisions is what [evidence.Decide] must say. code, if given, is a reason that
// must be among the decision's.
var decisions = []struct {
	name string
	q    func(q *evidence.Question)
	reqs []release.Requirement
	set  func(t testing.TB) set
	want release.Verdict
	code string
}{
	{name: "no requirements", want: hold, code: evidence.CodeNoRequirements, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "zero requirement", reqs: []release.Requirement{{}}, want: hold, code: evidence.CodeMissing, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "unknown kind", reqs: []release.Requirement{{ID: "x", Evidence: "dance"}}, want: hold, code: evidence.CodeMissing},
	{name: "no evidence", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeMissing},
	{name: "tests and an approval", reqs: []release.Requirement{needTests, needOne}, want: allow, code: evidence.CodeMet, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "only tests", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeMissing, set: func(t testing.TB) set { return set{tests(t)} }},
	{name: "only the approval", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeMissing, set: func(t testing.TB) set { return approved(t, human("ada"))[1:] }},

	// People, not keys.
	{name: "two people", reqs: []release.Requirement{needTests, needTwo}, want: allow, set: func(t testing.TB) set { return approved(t, human("ada"), human("bob")) }},
	{name: "the same approval twice", reqs: []release.Requirement{needTests, needTwo}, want: hold, set: func(t testing.TB) set {
		s := approved(t, human("ada"))
		return append(s, s[1], s[1])
	}},
	{name: "two keys of one person", reqs: []release.Requirement{needTests, needTwo}, want: hold, set: func(t testing.TB) set {
		second := human("ada")
		second.Key = release.DigestOf([]byte("second key of ada"))
		return approved(t, human("ada"), second)
	}},
	{name: "one key under two names", reqs: []release.Requirement{needTests, needTwo}, want: hold, set: func(t testing.TB) set {
		second := human("ada l.")
		second.Key = human("ada").Key
		return approved(t, human("ada"), second)
	}},
	{name: "two keys, linked by a third name", reqs: []release.Requirement{needTests, needTwo}, want: hold, set: func(t testing.TB) set {
		one, two := human("x"), human("x")
		one.Key, two.Key = human("ada").Key, human("bob").Key
		return approved(t, human("ada"), human("bob"), one, two)
	}},
	{name: "two names that the host knows to be one", reqs: []release.Requirement{needTests, needTwo}, want: hold,
		q: func(q *evidence.Question) {
			q.Same = [][]evidence.Principal{{person("bob"), person("x"), person("ada")}}
		},
		set: func(t testing.TB) set { return approved(t, human("ada"), human("bob")) }},

	// Who may not approve.
	{name: "the author", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthor, set: func(t testing.TB) set { return approved(t, human("eve")) }},
	{name: "the author with a second key", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthor,
		q: func(q *evidence.Question) {
			q.Identities = map[string]evidence.Principal{eve.ID: evidence.KeyPrincipal(human("eve").Key), rob.ID: person("rob"), olga.ID: person("olga")}
			q.Same = [][]evidence.Principal{{evidence.KeyPrincipal(human("eve").Key), evidence.KeyPrincipal(release.DigestOf([]byte("second")))}}
		},
		set: func(t testing.TB) set {
			second := human("e.")
			second.Key = release.DigestOf([]byte("second"))
			return approved(t, second)
		}},
	{name: "the author, mapped by key", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthor,
		q: func(q *evidence.Question) {
			q.Identities = map[string]evidence.Principal{eve.ID: evidence.KeyPrincipal(human("eve").Key), rob.ID: person("rob"), olga.ID: person("olga")}
		}, set: func(t testing.TB) set { return approved(t, human("eve")) }},
	{name: "an author who wrote as a bot", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthor, set: func(t testing.TB) set { return approved(t, human("rob")) }},
	{name: "unmapped author", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthorUnknown,
		q: func(q *evidence.Question) {
			q.Authors = append(q.Authors, release.Actor{Kind: release.ActorHuman, ID: "email:new@example.com"})
		},
		set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "unmapped bot", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthorUnknown,
		q: func(q *evidence.Question) {
			q.Authors = append(q.Authors, release.Actor{Kind: release.ActorBot, ID: "email:b2@example.com"})
		},
		set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "author without identity", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthorUnknown,
		q: func(q *evidence.Question) {
			q.Authors = append(q.Authors, release.Actor{Kind: release.ActorHuman, Name: "Eve"})
		},
		set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "no authors", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeAuthorUnknown,
		q: func(q *evidence.Question) { q.Authors = nil }, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "authors do not matter to tests", reqs: []release.Requirement{needTests}, want: allow,
		q: func(q *evidence.Question) { q.Authors = nil }, set: func(t testing.TB) set { return set{tests(t)} }},
	{name: "a service", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeNotPerson, set: func(t testing.TB) set { return approved(t, service("deployer")) }},
	{name: "an agent", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeNotPerson, set: func(t testing.TB) set { return approved(t, kind(release.ActorAgent)) }},
	{name: "a bot", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeNotPerson, set: func(t testing.TB) set { return approved(t, kind(release.ActorBot)) }},
	{name: "somebody of no known kind", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeNotPerson, set: func(t testing.TB) set { return approved(t, kind(release.ActorUnknown)) }},
	{name: "the requester", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set { return approved(t, human("olga")) }},
	{name: "the requester, independently", reqs: []release.Requirement{needTests, needApart}, want: hold, code: evidence.CodeNotIndependent, set: func(t testing.TB) set { return approved(t, human("olga")) }},
	{name: "somebody else, independently", reqs: []release.Requirement{needTests, needApart}, want: allow, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "who tested it, independently", reqs: []release.Requirement{needTests, needApart}, want: hold, code: evidence.CodeNotIndependent, set: func(t testing.TB) set {
		own := human("ada").of(t, shop(), passed())
		return set{own, human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), own))}
	}},
	{name: "who tested it", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		own := human("ada").of(t, shop(), passed())
		return set{own, human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), own))}
	}},
	{name: "unknown requester, independently", reqs: []release.Requirement{needTests, needApart}, want: hold, code: evidence.CodeRequester,
		q: func(q *evidence.Question) { q.Requester = release.Actor{} }, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "unmapped requester, independently", reqs: []release.Requirement{needTests, needApart}, want: hold, code: evidence.CodeRequester,
		q: func(q *evidence.Question) { q.Requester.ID = "github:x" }, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "independent tests by a service", reqs: []release.Requirement{{ID: "t", Evidence: release.EvidenceTest, Independent: true}}, want: hold, code: evidence.CodeNotPerson,
		set: func(t testing.TB) set { return set{tests(t)} }},

	// Roles.
	{name: "role", reqs: []release.Requirement{needTests, role("owner", "security")}, want: allow, set: func(t testing.TB) set { return approved(t, human("ada", "security")) }},
	{name: "no role", reqs: []release.Requirement{needTests, role("owner")}, want: hold, code: evidence.CodeRole, set: func(t testing.TB) set { return approved(t, human("ada")) }},
	{name: "role that only the approval claims", reqs: []release.Requirement{needTests, role("owner")}, want: hold, code: evidence.CodeRole, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Role = "owner" })
	}},
	{name: "approval in another of the roles", reqs: []release.Requirement{needTests, role("owner")}, want: hold, code: evidence.CodeRole, set: func(t testing.TB) set {
		return edited(t, human("ada", "owner", "dev"), func(a *predicate.Approval) { a.Role = "dev" })
	}},
	{name: "for another environment than none", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeOtherPlace, q: func(q *evidence.Question) { q.Environment = "" }, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Environment = "staging" })
	}},
	{name: "a role that only the approval claims, where none is asked for", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeRole, set: func(t testing.TB) set {
		return edited(t, human("ada", "dev"), func(a *predicate.Approval) { a.Role = "owner" })
	}},
	{name: "a role that the approver holds, where none is asked for", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		return edited(t, human("ada", "dev", "owner"), func(a *predicate.Approval) { a.Role = "owner" })
	}},
	{name: "empty role", reqs: []release.Requirement{needTests, role("")}, want: hold, code: evidence.CodeRole, set: func(t testing.TB) set { return approved(t, human("ada", "")) }},

	// What an approval is bound to.
	{name: "another release", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeOtherRelease, set: func(t testing.TB) set {
		other := shop()
		other.Version = "v1.5.0" // the same artifacts
		s := set{tests(t)}
		return append(s, human("ada").of(t, other, approval(t, predicate.Approve, other, s...)))
	}},
	{name: "other changes", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeOtherRelease, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Changes = release.DigestOf(nil) })
	}},
	{name: "this environment", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Environment = "production" })
	}},
	{name: "another environment", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeOtherPlace, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Environment = "staging" })
	}},
	{name: "expired", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeExpired, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Expires = noon })
	}},
	{name: "not yet expired", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		return edited(t, human("ada"), func(a *predicate.Approval) { a.Expires = noon.Add(1) })
	}},
	{name: "nothing was looked at", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeOldEvidence, set: func(t testing.TB) set {
		return set{human("ada").of(t, shop(), approval(t, predicate.Approve, shop())), tests(t)}
	}},
	{name: "older evidence set", reqs: []release.Requirement{needTests, needScan, needOne}, want: hold, code: evidence.CodeOldEvidence, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), service("scanner").of(t, shop(), scan()))
	}},
	{name: "more evidence than was needed", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), service("scanner").of(t, shop(), scan()))
	}},
	{name: "looked at evidence that is gone", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeOldEvidence, set: func(t testing.TB) set {
		gone := service("scanner").of(t, shop(), scan())
		return set{tests(t), human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), tests(t), gone))}
	}},

	// What evidence is about.
	{name: "one artifact of two", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeNotWhole, set: func(t testing.TB) set {
		r := shop()
		r.Artifacts = r.Artifacts[:1]
		return set{service("ci").of(t, r, passed())}
	}},
	{name: "swapped names", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeNotWhole, set: func(t testing.TB) set {
		r := shop()
		r.Artifacts[0].Name, r.Artifacts[1].Name = r.Artifacts[1].Name, r.Artifacts[0].Name
		return set{service("ci").of(t, r, passed())}
	}},
	{name: "another artifact", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeMissing, set: func(t testing.TB) set {
		r := shop()
		r.Artifacts[0].Digest, r.Artifacts[1].Digest = release.DigestOf([]byte("x")), release.DigestOf([]byte("y"))
		return set{service("ci").of(t, r, passed())}
	}},
	{name: "more artifacts", reqs: []release.Requirement{needTests}, want: allow, set: func(t testing.TB) set {
		r := shop()
		r.Artifacts = append(r.Artifacts, release.Artifact{Name: "more", Digest: release.DigestOf([]byte("more"))})
		return set{service("ci").of(t, r, passed())}
	}},

	// Results.
	{name: "warning", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeInconclusive, set: func(t testing.TB) set {
		r := passed()
		r.Result = predicate.TestWarned
		return set{service("ci").of(t, shop(), r)}
	}},
	{name: "failed tests", reqs: []release.Requirement{needTests}, want: deny, code: evidence.CodeFailed, set: func(t testing.TB) set { return set{service("ci").of(t, shop(), failed())} }},
	{name: "failed and passed", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeFailed, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), service("ci").of(t, shop(), failed()))
	}},
	{name: "failed tests that nobody asked for", reqs: []release.Requirement{needOne}, want: deny, code: evidence.CodeFailed, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), service("ci").of(t, shop(), failed()))
	}},
	{name: "failed for one artifact under another name", reqs: []release.Requirement{needTests}, want: deny, code: evidence.CodeFailed, set: func(t testing.TB) set {
		r := shop()
		r.Artifacts = []release.Artifact{{Name: "other", Digest: r.Artifacts[1].Digest}}
		return set{tests(t), service("ci").of(t, r, failed())}
	}},
	{name: "failed for something else", reqs: []release.Requirement{needTests}, want: allow, set: func(t testing.TB) set {
		r := shop()
		r.Artifacts = []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("other"))}}
		return set{tests(t), service("ci").of(t, r, failed())}
	}},
	{name: "clean scan", reqs: []release.Requirement{needScan}, want: allow, set: func(t testing.TB) set { return set{service("s").of(t, shop(), scan())} }},
	{name: "findings", reqs: []release.Requirement{needScan}, want: deny, code: evidence.CodeFailed, set: func(t testing.TB) set {
		return set{service("s").of(t, shop(), scan()), service("s2").of(t, shop(), scan("GO-2026-0001"))}
	}},
	{name: "findings that nobody asked for", reqs: []release.Requirement{needTests}, want: allow, set: func(t testing.TB) set {
		return set{tests(t), service("s2").of(t, shop(), scan("GO-2026-0001"))}
	}},
	{name: "provenance", reqs: []release.Requirement{needBuild}, want: allow, set: func(t testing.TB) set { return set{service("ci").of(t, shop(), provenanceOK)} }},
	{name: "provenance of another commit", reqs: []release.Requirement{needBuild}, want: hold, code: evidence.CodeOtherCommit, set: func(t testing.TB) set {
		p := provenanceOK
		p.BuildDefinition.ResolvedDependencies = p.BuildDefinition.ResolvedDependencies[:1]
		return set{service("ci").of(t, shop(), p)}
	}},
	{name: "a failed test with its digest in upper case", reqs: []release.Requirement{needTests}, want: deny, code: evidence.CodeFailed, set: func(t testing.TB) set {
		loud := statement(t, shop(), failed()).Bytes()
		for _, a := range shop().Artifacts {
			loud = bytes.ReplaceAll(loud, []byte(a.Digest.Hex()), []byte(strings.ToUpper(a.Digest.Hex())))
		}
		return set{tests(t), service("ci2").says(t, loud)}
	}},
	{name: "a passed test with its digest in upper case", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeNotWhole, set: func(t testing.TB) set {
		loud := statement(t, shop(), passed()).Bytes()
		for _, a := range shop().Artifacts {
			loud = bytes.ReplaceAll(loud, []byte(a.Digest.Hex()), []byte(strings.ToUpper(a.Digest.Hex())))
		}
		return set{service("ci2").says(t, loud)}
	}},
	{name: "an unreadable result", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeUnreadable, set: func(t testing.TB) set {
		st, err := evidence.NewStatement("https://example.com/x", evidence.SubjectsOf(shop()), json.RawMessage(`{"result":"FAIL"}`))
		require.NoError(t, err)
		bad := strings.Replace(string(st.Bytes()), "https://example.com/x", predicate.TypeTestResult, 1)
		return set{tests(t), service("ci").says(t, []byte(bad))}
	}},
	{name: "a string where a result must be", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeUnreadable, set: func(t testing.TB) set {
		st, err := evidence.NewStatement("https://example.com/x", evidence.SubjectsOf(shop()), "PASSED")
		require.NoError(t, err)
		bad := strings.Replace(string(st.Bytes()), "https://example.com/x", predicate.TypeTestResult, 1)
		return set{service("ci").says(t, []byte(bad))}
	}},
	{name: "unknown predicates are evidence of nothing", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeMissing, set: func(t testing.TB) set {
		st, err := evidence.NewStatement(predicate.TypeTestResult+"x", evidence.SubjectsOf(shop()), json.RawMessage(`{"result":"PASSED"}`))
		require.NoError(t, err)
		return set{service("ci").says(t, st.Bytes())}
	}},

	// Rejections.
	{name: "rejected", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), rejected(t, human("bob")))
	}},
	{name: "rejected by a service", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), rejected(t, service("scanner")))
	}},
	{name: "rejected where no approval is asked for", reqs: []release.Requirement{needTests}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return set{tests(t), rejected(t, human("bob"))}
	}},
	{name: "rejected for another version of the same artifacts", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		other := shop()
		other.Version = "x"
		return append(approved(t, human("ada")), human("bob").of(t, other, approval(t, predicate.Reject, other)))
	}},
	{name: "rejected by digest, about something else", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		other := shop()
		other.Artifacts = []release.Artifact{{Name: "x", Digest: release.DigestOf([]byte("x"))}}
		return append(approved(t, human("ada")), human("bob").of(t, other, approval(t, predicate.Reject, shop())))
	}},
	{name: "rejected and approved, nobody knows in which order", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada")), rejected(t, human("ada")))
	}},
	{name: "rejected, then approved", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-1))), rejected(t, human("ada").at(noon.Add(-3), noon.Add(-2))))
	}},
	{name: "approved, then rejected", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-2))), rejected(t, human("ada").at(noon.Add(-1))))
	}},
	{name: "times that overlap", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-3), noon.Add(-1))), rejected(t, human("ada").at(noon.Add(-2))))
	}},
	{name: "rejected, then approved by somebody else", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("bob").at(noon.Add(-1))), rejected(t, human("ada").at(noon.Add(-2))))
	}},
	{name: "rejected, then approved, which has expired", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		s := edited(t, human("ada").at(noon.Add(-1)), func(a *predicate.Approval) { a.Expires = noon })
		return append(s, rejected(t, human("ada").at(noon.Add(-2))), approved(t, human("bob"))[1])
	}},
	{name: "rejected, then approved from the future", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(1)), human("bob")), rejected(t, human("ada").at(noon.Add(-2))))
	}},
	{name: "rejected, then approved, then abstained", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		s := approved(t, human("ada").at(noon.Add(-2)), human("bob"))
		return append(s, rejected(t, human("ada").at(noon.Add(-3))), human("ada").at(noon.Add(-1)).of(t, shop(), approval(t, predicate.Abstain, shop())))
	}},
	{name: "rejected and approved at one time", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-1))), rejected(t, human("ada").at(noon.Add(-1))))
	}},
	{name: "rejected, seen once more after the approval", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-2))), rejected(t, human("ada").at(noon.Add(-3), noon.Add(-1))))
	}},
	{name: "an approval for elsewhere lifts nothing", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		s := edited(t, human("ada").at(noon.Add(-1)), func(a *predicate.Approval) { a.Environment = "staging" })
		return append(s, rejected(t, human("ada").at(noon.Add(-2))), approved(t, human("bob"))[1])
	}},
	{name: "an approval of a part lifts nothing", reqs: []release.Requirement{needTests, needOne}, want: deny, code: evidence.CodeRejected, set: func(t testing.TB) set {
		s, part := approved(t, human("bob")), shop()
		part.Artifacts = part.Artifacts[:1]
		return append(s, rejected(t, human("ada").at(noon.Add(-2))), human("ada").at(noon.Add(-1)).of(t, part, approval(t, predicate.Approve, shop(), s[0])))
	}},
	{name: "approved and abstained at one time", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeWithdrawn, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-1))), human("ada").at(noon.Add(-1)).of(t, shop(), approval(t, predicate.Abstain, shop())))
	}},
	{name: "an independent test where nobody is the author", reqs: []release.Requirement{{ID: "t", Evidence: release.EvidenceTest, Independent: true}}, want: hold, code: evidence.CodeAuthorUnknown,
		q: func(q *evidence.Question) { q.Authors = nil }, set: func(t testing.TB) set { return set{human("bob").of(t, shop(), passed())} }},
	{name: "abstained", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeMissing, set: func(t testing.TB) set {
		return set{tests(t), human("ada").of(t, shop(), approval(t, predicate.Abstain, shop(), tests(t)))}
	}},
	{name: "approved, then abstained", reqs: []release.Requirement{needTests, needOne}, want: hold, code: evidence.CodeWithdrawn, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-2))), human("ada").at(noon.Add(-1)).of(t, shop(), approval(t, predicate.Abstain, shop())))
	}},
	{name: "abstained, then approved", reqs: []release.Requirement{needTests, needOne}, want: allow, set: func(t testing.TB) set {
		return append(approved(t, human("ada").at(noon.Add(-1))), human("ada").at(noon.Add(-2)).of(t, shop(), approval(t, predicate.Abstain, shop())))
	}},

	// Age.
	{name: "fresh", reqs: []release.Requirement{young(time.Hour)}, want: allow, set: func(t testing.TB) set { return set{service("ci").at(noon.Add(1-time.Hour)).of(t, shop(), passed())} }},
	{name: "stale", reqs: []release.Requirement{young(time.Hour)}, want: hold, code: evidence.CodeStale, set: func(t testing.TB) set { return set{service("ci").at(noon.Add(-time.Hour)).of(t, shop(), passed())} }},
	{name: "first seen too long ago", reqs: []release.Requirement{young(time.Hour)}, want: hold, code: evidence.CodeStale, set: func(t testing.TB) set {
		return set{service("ci").at(noon.Add(-1), noon.Add(-2*time.Hour)).of(t, shop(), passed())}
	}},
	{name: "age without trusted time", reqs: []release.Requirement{young(time.Hour)}, want: hold, code: evidence.CodeNoTrustedTime, set: func(t testing.TB) set { return set{tests(t)} }},
	{name: "from the future", reqs: []release.Requirement{needTests}, want: hold, code: evidence.CodeFuture, set: func(t testing.TB) set { return set{service("ci").at(noon.Add(1)).of(t, shop(), passed())} }},
}

func kind(k release.ActorKind) puppet {
	p := human("ada")
	p.Kind = k
	return p
}

func role(roles ...string) release.Requirement {
	r := needOne
	r.Roles = roles
	return r
}

func young(d time.Duration) release.Requirement {
	r := needTests
	r.MaxAge = d
	return r
}

func tests(t testing.TB) evidence.Verified { return service("ci").of(t, shop(), passed()) }

// approved is a passed test and approvals that looked at it.
func approved(t testing.TB, by ...puppet) set {
	out := set{tests(t)}
	for _, p := range by {
		out = append(out, p.of(t, shop(), approval(t, predicate.Approve, shop(), out[0])))
	}
	return out
}

func edited(t testing.TB, by puppet, edit func(*predicate.Approval)) set {
	a := approval(t, predicate.Approve, shop(), tests(t))
	edit(&a)
	return set{tests(t), by.of(t, shop(), a)}
}

func rejected(t testing.TB, by puppet) evidence.Verified {
	return by.of(t, shop(), approval(t, predicate.Reject, shop()))
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range decisions {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := question(tt.reqs...)
			if tt.q != nil {
				tt.q(&q)
			}
			var s set
			if tt.set != nil {
				s = tt.set(t)
			}
			d, err := evidence.Decide(q, s, noon)
			require.NoError(t, err)
			require.Equal(t, tt.want, d.Verdict, "%v", d.Reasons)
			require.NotEmpty(t, d.Reasons)
			require.Len(t, d.Results, len(tt.reqs))
			if tt.code != "" {
				codes := []string{}
				for _, r := range d.Reasons {
					codes = append(codes, r.Code)
				}
				require.Contains(t, codes, tt.code)
			}
			for _, r := range d.Results {
				require.Equal(t, r.Status == evidence.StatusMet, r.Have >= r.Need && r.Status != evidence.StatusFailed)
			}
			require.Equal(t, map[release.Verdict]int{allow: 0, deny: 1, hold: 3}[d.Verdict], d.ExitCode())
			digest, err := q.Release.Digest()
			require.NoError(t, err)
			require.Equal(t, release.DecisionRecord{Release: digest, Changes: q.Release.Changes, Requirements: tt.reqs, Verdict: d.Verdict, At: noon, Policy: d.Policy, Reasons: d.Reasons, Used: d.Used, Until: d.Until}, d.Record())
		})
	}
}

func TestDecideErrors(t *testing.T) {
	t.Parallel()
	good := approved(t, human("ada"))
	for name, f := range map[string]func(q *evidence.Question, s *set, now *time.Time){
		"zero Verified":     func(_ *evidence.Question, s *set, _ *time.Time) { *s = append(*s, evidence.Verified{}) },
		"no time":           func(_ *evidence.Question, _ *set, now *time.Time) { *now = time.Time{} },
		"no release":        func(q *evidence.Question, _ *set, _ *time.Time) { q.Release = release.Release{} },
		"no artifacts":      func(q *evidence.Question, _ *set, _ *time.Time) { q.Release.Artifacts = nil },
		"an artifact twice": func(q *evidence.Question, _ *set, _ *time.Time) { q.Release.Artifacts[1].Name = "shop" },
		"negative age":      func(q *evidence.Question, _ *set, _ *time.Time) { q.Requirements[0].MaxAge = -1 },
		"nobody's identity": func(q *evidence.Question, _ *set, _ *time.Time) {
			q.Identities = map[string]evidence.Principal{"x": {}}
		},
		"environment that is no text": func(q *evidence.Question, _ *set, _ *time.Time) { q.Environment = "\xff" },
		"requirement that is no text": func(q *evidence.Question, _ *set, _ *time.Time) { q.Requirements[0].ID = "\xff" },
		"role that is no text":        func(q *evidence.Question, _ *set, _ *time.Time) { q.Requirements[0].Roles = []string{"\xff"} },
		"identity that is no text": func(q *evidence.Question, _ *set, _ *time.Time) {
			q.Identities = map[string]evidence.Principal{"x": person("\xff")}
		},
		"one person who is no text": func(q *evidence.Question, _ *set, _ *time.Time) {
			q.Same = [][]evidence.Principal{{person("\xff"), person("a")}}
		},
		"one person who is nobody": func(q *evidence.Question, _ *set, _ *time.Time) {
			q.Same = [][]evidence.Principal{{person("a"), {}}}
		},
		"identity of nothing": func(q *evidence.Question, _ *set, _ *time.Time) {
			q.Identities = map[string]evidence.Principal{"": person("a")}
		},
	} {
		q, s, now := question(needTests, needOne), append(set{}, good...), noon
		f(&q, &s, &now)
		d, err := evidence.Decide(q, s, now)
		require.Error(t, err, name)
		require.Equal(t, evidence.Decision{}, d, name)
		require.Equal(t, 2, d.ExitCode(), name)
	}
	_, err := evidence.NewApproval(predicate.Approve, shop(), set{{}})
	require.Error(t, err)
	_, err = evidence.Supporting(shop(), set{{}})
	require.Error(t, err)
	require.Equal(t, release.EvidenceRecord{}, evidence.Verified{}.Record())
}

func TestUntil(t *testing.T) {
	t.Parallel()
	old, recent := young(time.Hour), young(2*time.Hour)
	old.Count = 2
	s := set{service("a").at(noon).of(t, shop(), passed()), service("b").at(noon.Add(-time.Minute)).of(t, shop(), passed()), service("c").at(noon.Add(-time.Hour/2)).of(t, shop(), passed())}
	a := approval(t, predicate.Approve, shop(), s[0], s[2]) // enough for recent, and for old until c is stale
	a.Expires = noon.Add(45 * time.Minute)
	for _, tt := range []struct {
		name string
		reqs []release.Requirement
		set  set
		want time.Duration
	}{
		{"no end", []release.Requirement{needTests}, s, 0},
		{"the last of three", []release.Requirement{recent}, s, 2 * time.Hour},
		{"the second of three", []release.Requirement{old}, s, 59 * time.Minute},
		{"the approval expires", []release.Requirement{recent, needOne}, append(s, human("ada").of(t, shop(), a)), 45 * time.Minute},
		{"what the approval looked at grows old", []release.Requirement{old, needOne}, append(s, human("ada").of(t, shop(), a)), 30 * time.Minute},
		{"what lifts a rejection expires", []release.Requirement{recent}, append(s, rejected(t, human("ada").at(noon.Add(-2))), human("ada").at(noon.Add(-1)).of(t, shop(), a)), 45 * time.Minute},
	} {
		d, err := evidence.Decide(question(tt.reqs...), tt.set, noon)
		require.NoError(t, err)
		require.Equal(t, allow, d.Verdict, "%s: %v", tt.name, d.Reasons)
		if tt.want == 0 {
			require.Zero(t, d.Until, tt.name)
			continue
		}
		require.Equal(t, noon.Add(tt.want), d.Until, tt.name)
		d, err = evidence.Decide(question(tt.reqs...), tt.set, noon.Add(tt.want-1))
		require.NoError(t, err)
		require.Equal(t, allow, d.Verdict, tt.name)
		d, err = evidence.Decide(question(tt.reqs...), tt.set, noon.Add(tt.want))
		require.NoError(t, err)
		require.NotEqual(t, allow, d.Verdict, tt.name)
		require.Zero(t, d.Until)
	}
}

// Whatever zones times are told in, Until is one text.
func TestUntilIsUTC(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 2*60*60)
	ends := func(at time.Time) func(a *predicate.Approval) {
		return func(a *predicate.Approval) { a.Expires = at }
	}
	s := append(edited(t, human("ada"), ends(noon.Add(time.Hour))), edited(t, human("bob"), ends(noon.Add(time.Hour).In(east)))...)
	want := mustJSON(t, decide(t, question(needOne), s))
	require.Contains(t, string(want), `"Until":"2026-03-01T13:00:00Z"`)
	require.NotContains(t, string(want), "+02:00")
	for range 20 { // the order of maps
		require.Equal(t, want, mustJSON(t, decide(t, question(needOne), s)))
	}
	// One envelope, verified by trusts that tell the same time in two zones.
	at := noon.Add(-time.Minute)
	one := service("ci").at(at).of(t, shop(), passed())
	two, err := evidence.Verify(ctx, service("ci").at(at.In(east)), one.Raw())
	require.NoError(t, err)
	q := question(release.Requirement{ID: "tests", Evidence: release.EvidenceTest, MaxAge: time.Hour})
	require.Equal(t, mustJSON(t, decide(t, q, set{one, two})), mustJSON(t, decide(t, q, set{two, one})))
	require.Equal(t, mustJSON(t, one.Record()), mustJSON(t, two.Record()))
}

func TestPolicyDigest(t *testing.T) {
	t.Parallel()
	base := question(needTests, needOne)
	digest := func(f func(q *evidence.Question)) release.Digest {
		q := base
		f(&q)
		d, err := evidence.Decide(q, nil, noon)
		require.NoError(t, err)
		return d.Policy
	}
	same := digest(func(*evidence.Question) {})
	require.False(t, same.IsZero())
	require.Equal(t, same, digest(func(q *evidence.Question) { q.Release.Version = "other"; q.Authors = nil }), "the policy is not about the release")
	for name, f := range map[string]func(q *evidence.Question){
		"requirements": func(q *evidence.Question) { q.Requirements = q.Requirements[:1] },
		"age": func(q *evidence.Question) {
			q.Requirements = []release.Requirement{young(200 * 24 * time.Hour), needOne}
		},
		"id": func(q *evidence.Question) {
			q.Requirements = []release.Requirement{needTests, needOne}
			q.Requirements[0].ID = "x"
		},
		"kind": func(q *evidence.Question) {
			q.Requirements = []release.Requirement{needTests, needOne}
			q.Requirements[0].Evidence = release.EvidenceScan
		},
		"count": func(q *evidence.Question) {
			q.Requirements = []release.Requirement{needTests, needOne}
			q.Requirements[0].Count = 2
		},
		"independent": func(q *evidence.Question) {
			q.Requirements = []release.Requirement{needTests, needOne}
			q.Requirements[0].Independent = true
		},
		"roles": func(q *evidence.Question) {
			q.Requirements = []release.Requirement{needTests, needOne}
			q.Requirements[0].Roles = []string{"owner"}
		},
		"environment": func(q *evidence.Question) { q.Environment = "x" },
		"identities":  func(q *evidence.Question) { q.Identities = nil },
		"same":        func(q *evidence.Question) { q.Same = [][]evidence.Principal{{person("a"), person("b")}} },
	} {
		require.NotEqual(t, same, digest(f), name)
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	s := approved(t, human("ada"), human("bob"))
	scanned := service("s").of(t, shop(), scan())
	other := shop()
	other.Artifacts = []release.Artifact{{Name: "x", Digest: release.DigestOf([]byte("x"))}}
	elsewhere := service("ci").of(t, other, passed())
	allowed := decide(t, question(needTests, needOne), s)
	summary, err := evidence.VSA(allowed, evidence.SummaryOptions{VerifierID: "https://v.example", ResourceURI: "pkg:generic/shop"})
	require.NoError(t, err)
	s = append(s, service("gate").says(t, summary.Bytes()))
	looked, err := evidence.Supporting(shop(), append(s, scanned, scanned, elsewhere))
	require.NoError(t, err)
	require.Len(t, looked, 2, "the test and the scan; no approval or summary, nothing about others, nothing twice")
	require.Equal(t, evidence.SetDigest(looked), evidence.SetDigest(set{scanned, s[1], s[0], scanned, {}}))
	require.NotEqual(t, evidence.SetDigest(looked), evidence.SetDigest(looked[:1]))
	require.False(t, evidence.SetDigest(nil).IsZero())
	d, err := evidence.Decide(question(needTests), append(s, scanned, elsewhere), noon)
	require.NoError(t, err)
	require.Equal(t, evidence.SetDigest(looked), d.Evidence)
	require.Equal(t, release.EvidenceRecord{Digest: s[0].Digest(), Kind: release.EvidenceTest, PredicateType: predicate.TypeTestResult, By: "ci (test)", Summary: "PASSED"}, s[0].Record())
}

// A link between two principals that one statement alone shows is lost with it, unless
// the host says it too; a store's list shows that it is withheld.
func TestLinksOfPeople(t *testing.T) {
	t.Parallel()
	link := human("ada") // by another trust, which knows bob's key as ada's
	link.Key = human("bob").Key
	s, linked := approved(t, human("ada"), human("bob")), link.at(noon.Add(-time.Minute)).of(t, shop(), passed())
	q := question(needTests, needTwo)
	require.Equal(t, hold, decide(t, q, append(s, linked)).Verdict)
	require.Equal(t, allow, decide(t, q, s).Verdict, "documented at Question.Same")
	told := q
	told.Same = [][]evidence.Principal{{person("ada"), person("bob")}}
	require.Equal(t, hold, decide(t, told, s).Verdict)
	// A key is a principal too, whoever else has it.
	told.Same = [][]evidence.Principal{{person("ada"), evidence.KeyPrincipal(human("bob").Key)}}
	require.Equal(t, hold, decide(t, told, s).Verdict)
	told.Same, told.Identities = nil, maps.Clone(q.Identities)
	told.Identities[eve.ID] = evidence.KeyPrincipal(human("ada").Key)
	requireWhy(t, decide(t, told, s), evidence.CodeAuthor)
	c, err := evidence.NewCheckpoint(shop(), append(s, linked), 1, noon)
	require.NoError(t, err)
	q.Rules = []evidence.Rule{evidence.NotRevoked{By: []evidence.Principal{person("store")}, MaxAge: time.Hour}}
	d := decide(t, q, append(s, service("store").at(noon).of(t, shop(), c)))
	require.Equal(t, hold, d.Verdict)
	requireWhy(t, d, evidence.CodeIncomplete)
}
