package evidence_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

var (
	needReview  = release.Requirement{ID: "review", Evidence: release.EvidenceReview}
	needReviews = release.Requirement{ID: "review/two", Evidence: release.EvidenceReview, Count: 2}
	needOutside = release.Requirement{ID: "review/independent", Evidence: release.EvidenceReview, Independent: true}
	needFresh   = release.Requirement{ID: "review/young", Evidence: release.EvidenceReview, MaxAge: time.Hour}
	needWitness = release.Requirement{ID: "review/witness", Evidence: release.EvidenceReview, Roles: []string{"witness"}}
	forge       = service("forge")
)

func account(login string) release.Actor {
	return release.Actor{Kind: release.ActorHuman, ID: "github:" + login}
}

// reviewing is a question with the accounts of everybody but mallory, and eve's.
func reviewing(reqs ...release.Requirement) evidence.Question {
	q := question(reqs...)
	q.Identities = map[string]evidence.Principal{"github:ada-work": person("ada")}
	for id, p := range knownPeople {
		q.Identities[id] = p
	}
	for _, who := range []string{"ada", "bob", "cyd", "eve", "olga", "rob"} {
		q.Identities["github:"+who] = person(who)
	}
	return q
}

// review is a change by eve, of the release's commit, that somebody approved.
func review(by ...string) predicate.Review {
	r := predicate.Review{Forge: "github", Change: "https://github.com/shop/shop/pull/7", Head: shop().Commit, Contributors: []release.Actor{account("eve")}, Complete: true,
		Approvals: []predicate.ReviewApproval{}, Objections: []predicate.ReviewObjection{},
		Sources: []release.Source{{Path: "pull.json", Format: "github/pull", Digest: release.DigestOf([]byte("{}")), Tool: "github", Version: "2022-11-28", At: noon}}}
	for _, who := range by {
		r.Approvals = append(r.Approvals, predicate.ReviewApproval{By: account(who), Commit: r.Head, At: noon, Counts: true})
	}
	return r
}

func edit(r predicate.Review, f func(*predicate.Review)) predicate.Review {
	f(&r)
	return r
}

func objected(r predicate.Review, by string) predicate.Review {
	r.Objections = append(r.Objections, predicate.ReviewObjection{By: account(by)})
	return r
}

func TestReviews(t *testing.T) {
	t.Parallel()
	other := release.Revision(strings.Repeat("c", 40))
	says := func(by puppet, r predicate.Review) evidence.Verified { return by.of(t, shop(), r) }
	person1, author := human("zoe"), service("eve")
	early, late := noon.Add(-2*time.Hour), noon.Add(-time.Minute)
	for _, c := range []struct {
		name string
		q    func(*evidence.Question)
		req  release.Requirement
		set  set
		want release.Verdict
		code string
	}{
		{"one", nil, needReview, set{says(forge, review("ada"))}, allow, evidence.CodeMet},
		{"none", nil, needReview, set{says(forge, review())}, hold, evidence.CodeNoReviewer},
		{"no statement", nil, needReview, nil, hold, evidence.CodeMissing},
		{"one of two", nil, needReviews, set{says(forge, review("ada"))}, hold, evidence.CodeMissing},
		{"two in one statement", nil, needReviews, set{says(forge, review("ada", "bob"))}, allow, evidence.CodeMet},
		{"two in two statements", nil, needReviews, set{says(forge, review("ada")), says(service("forge2"), review("bob"))}, allow, evidence.CodeMet},
		{"one by two witnesses", nil, needReviews, set{says(forge, review("ada")), says(service("forge2"), review("ada"))}, hold, evidence.CodeMissing},
		{"one by two statements", nil, needReviews, set{says(forge, review("ada")), says(forge.at(noon), review("ada"))}, hold, evidence.CodeMissing},
		{"one person with two accounts", nil, needReviews, set{says(forge, review("ada", "ada-work"))}, hold, evidence.CodeMissing},
		{"two accounts that the host says are one", func(q *evidence.Question) { q.Same = [][]evidence.Principal{{person("ada"), person("bob")}} }, needReviews, set{says(forge, review("ada", "bob"))}, hold, evidence.CodeMissing},
		{"the witness is no reviewer", nil, needReviews, set{says(forge, review("ada")), says(service("bob"), review("ada"))}, hold, evidence.CodeMissing},
		{"nobody knows the account", nil, needReview, set{says(forge, review("mallory"))}, hold, evidence.CodeNoReviewer},
		{"nobody knows a contributor", nil, needReview, set{says(forge, edit(review("ada"), func(r *predicate.Review) { r.Contributors = append(r.Contributors, account("mallory")) }))}, hold, evidence.CodeNoReviewer},
		{"a contributor without a name", nil, needReview, set{says(forge, edit(review("ada"), func(r *predicate.Review) { r.Contributors = append(r.Contributors, release.Actor{}) }))}, hold, evidence.CodeNoReviewer},
		{"a contributor by another account", nil, needReview, set{says(forge, edit(review("ada-work"), func(r *predicate.Review) { r.Contributors = append(r.Contributors, account("ada")) }))}, hold, evidence.CodeNoReviewer},
		{"an author of the release", func(q *evidence.Question) { q.Authors = append(q.Authors, account("ada")) }, needReview, set{says(forge, review("ada"))}, hold, evidence.CodeNoReviewer},
		{"no authors are named", func(q *evidence.Question) { q.Authors = nil }, needReview, set{says(forge, review("ada"))}, hold, evidence.CodeAuthorUnknown},
		{"an author whom nobody knows", func(q *evidence.Question) { q.Authors = append(q.Authors, account("mallory")) }, needReview, set{says(forge, review("ada"))}, hold, evidence.CodeAuthorUnknown},
		{"the requester", nil, needReview, set{says(forge, review("olga"))}, allow, evidence.CodeMet},
		{"the requester, where independence is asked for", nil, needOutside, set{says(forge, review("olga"))}, hold, evidence.CodeNoReviewer},
		{"independent", nil, needOutside, set{says(forge, review("olga", "ada"))}, allow, evidence.CodeMet},
		{"it does not count at the forge", nil, needReview, set{says(forge, edit(review("ada"), func(r *predicate.Review) { r.Approvals[0].Counts, r.Approvals[0].Why = false, []string{"bot"} }))}, hold, evidence.CodeNoReviewer},

		{"another commit", nil, needReview, set{says(forge, edit(review(), func(r *predicate.Review) { r.Head = other }))}, hold, evidence.CodeOtherCommit},
		{"another commit that was approved", nil, needReview, set{says(forge, edit(review("ada"), func(r *predicate.Review) { r.Head, r.Approvals[0].Commit = other, other }))}, hold, evidence.CodeOtherCommit},
		{"merged as the release's", nil, needReview, set{says(forge, edit(review("ada"), func(r *predicate.Review) { r.Head, r.Approvals[0].Commit, r.Merged = other, other, shop().Commit }))}, allow, evidence.CodeMet},
		{"merged as another", nil, needReview, set{says(forge, edit(review("ada"), func(r *predicate.Review) { r.Merged = other }))}, allow, evidence.CodeMet},

		{"a person's word", nil, needReview, set{says(person1, review("ada"))}, hold, evidence.CodeWitness},
		{"an agent's word", nil, needReview, set{says(edited2(forge, release.ActorAgent), review("ada"))}, hold, evidence.CodeWitness},
		{"a person's word that is asked for", nil, needWitness, set{says(human("zoe", "witness"), review("ada"))}, allow, evidence.CodeMet},
		{"another service than the role's", nil, needWitness, set{says(forge, review("ada"))}, hold, evidence.CodeRole},
		{"an author's word", nil, needReview, set{says(author, review("ada"))}, hold, evidence.CodeAuthor},
		{"an author's word in the role", nil, needWitness, set{says(human("eve", "witness"), review("ada"))}, hold, evidence.CodeAuthor},
		{"fresh", nil, needFresh, set{says(forge.at(late), review("ada"))}, allow, evidence.CodeMet},
		{"stale", nil, needFresh, set{says(forge.at(early), review("ada"))}, hold, evidence.CodeStale},
		{"from the future", nil, needReview, set{says(forge.at(noon.Add(1)), review("ada"))}, hold, evidence.CodeFuture},
		{"of some of the artifacts", nil, needReview, set{forge.of(t, edited3(func(r *release.Release) { r.Artifacts = r.Artifacts[:1] }), review("ada"))}, hold, evidence.CodeNotWhole},
		{"of another release", nil, needReview, set{forge.of(t, edited3(func(r *release.Release) { r.Artifacts[0].Digest, r.Artifacts[1].Digest = r.Changes, r.Changes }), review("ada"))}, hold, evidence.CodeMissing},

		{"an objection", nil, needReview, set{says(forge, objected(review("ada"), "bob"))}, hold, evidence.CodeObjected},
		{"an objection by somebody whom nobody knows", nil, needReview, set{says(forge, objected(review("ada"), "mallory"))}, hold, evidence.CodeObjected},
		{"an objection, and no review is asked for", nil, needTests, set{tests(t), says(forge, objected(review(), "bob"))}, hold, evidence.CodeObjected},
		{"an objection to an older commit", nil, needReview, set{says(forge, objected(edit(review(), func(r *predicate.Review) { r.Head = other }), "bob")), says(forge, review("ada"))}, hold, evidence.CodeObjected},
		{"an objection that another witness does not see", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(service("forge2").at(late), review("ada"))}, hold, evidence.CodeObjected},
		{"resolved", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(forge.at(late), review("ada"))}, allow, evidence.CodeMet},
		{"resolved before", nil, needReview, set{says(forge.at(late), objected(review("ada"), "bob")), says(forge.at(early), review("ada"))}, hold, evidence.CodeObjected},
		{"resolved, and nobody knows when", nil, needReview, set{says(forge, objected(review("ada"), "bob")), says(forge.at(late), review("ada"))}, hold, evidence.CodeObjected},
		{"resolved in another change", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(forge.at(late), edit(review("ada"), func(r *predicate.Review) { r.Change += "1" }))}, hold, evidence.CodeObjected},
		{"resolved at another commit", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(forge.at(late), edit(review(), func(r *predicate.Review) { r.Head = other }))}, hold, evidence.CodeObjected},
		{"resolved in the future", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(forge.at(noon.Add(1)), review("ada"))}, hold, evidence.CodeObjected},
		{"resolved in part of the artifacts", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), forge.at(late).of(t, edited3(func(r *release.Release) { r.Artifacts = r.Artifacts[:1] }), review("ada"))}, hold, evidence.CodeObjected},
		{"resolved, and that is revoked", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(forge.at(late), review("ada")), service("security").revokes(t, ever, principal("forge"))}, hold, evidence.CodeObjected},
		{"an objection that is revoked", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(service("forge2").at(late), review("ada")), service("security").revokes(t, ever, principal("forge"))}, hold, evidence.CodeObjected},
		{"resolved, but perhaps seen before", nil, needReview, set{says(forge.at(early, late), objected(review("ada"), "bob")), says(forge.at(early.Add(1), noon), review("ada"))}, hold, evidence.CodeObjected},
		{"an objection again", nil, needReview, set{says(forge.at(early), objected(review("ada"), "bob")), says(forge.at(early.Add(1)), review("ada")), says(forge.at(late), objected(review("ada"), "bob"))}, hold, evidence.CodeObjected},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := reviewing(c.req)
			if c.q != nil {
				c.q(&q)
			}
			d := decide(t, q, c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			var codes []string
			for _, r := range d.Reasons {
				codes = append(codes, r.Code)
			}
			require.Contains(t, codes, c.code, "%v", d.Reasons)
		})
	}
}

func edited2(p puppet, kind release.ActorKind) puppet {
	p.Kind = kind
	return p
}

func edited3(f func(*release.Release)) release.Release {
	r := shop()
	f(&r)
	return r
}

// The rules of the host count reviewers as requirements do, and an approval may rest
// on a review.
func TestReviewsInRules(t *testing.T) {
	t.Parallel()
	two := forge.of(t, shop(), review("ada", "bob"))
	q := reviewing()
	q.Rules = []evidence.Rule{evidence.Threshold{Count: 2, Type: predicate.TypeReview}}
	require.Equal(t, allow, decide(t, q, set{two}).Verdict)
	q.Rules = []evidence.Rule{evidence.Threshold{Count: 3, Type: predicate.TypeReview}}
	require.Equal(t, hold, decide(t, q, set{two}).Verdict)
	q.Rules = []evidence.Rule{evidence.Require{Type: predicate.TypeReview, By: []evidence.Principal{person("forge2")}}}
	require.Equal(t, hold, decide(t, q, set{two}).Verdict)
	q.Rules = []evidence.Rule{evidence.Separate{Duties: []evidence.Duty{evidence.DutyReviewer, evidence.DutyTester}}}
	require.Equal(t, allow, decide(t, q, set{two, service("ada").of(t, shop(), passed())}).Verdict, "bob reviewed, ada's key tested")
	one := forge.of(t, shop(), review("ada"))
	require.NotEqual(t, allow, decide(t, q, set{one, service("ada").of(t, shop(), passed())}).Verdict, "ada did both")

	q = reviewing(needReviews, needApart)
	cyd := human("cyd").of(t, shop(), approval(t, predicate.Approve, shop(), two))
	require.Equal(t, allow, decide(t, q, set{two, cyd}).Verdict)
	require.Equal(t, hold, decide(t, q, set{cyd}).Verdict)
	blind := human("cyd").of(t, shop(), approval(t, predicate.Approve, shop(), one))
	require.Equal(t, hold, decide(t, q, set{two, one, blind}).Verdict, "who looked at one review did not look at enough")
}

// TestReviewsAreMonotone: reviews that are taken away make no no a yes, objections
// that are added neither, and the order changes nothing. People are counted by a slow
// version besides.
func TestReviewsAreMonotone(t *testing.T) {
	t.Parallel()
	names := []string{"ada", "ada-work", "bob", "cyd", "eve", "olga", "mallory"}
	var good, bad set
	for i, by := range []puppet{forge, forge.at(noon.Add(-time.Hour)), service("forge2"), human("zoe"), human("eve")} {
		for j := range 1 << 3 {
			var who []string
			for k := range 3 {
				if j&(1<<k) != 0 {
					who = append(who, names[(i+2*k)%len(names)])
				}
			}
			good = append(good, by.of(t, shop(), edit(review(), func(r *predicate.Review) {
				for _, w := range who {
					a := predicate.ReviewApproval{By: account(w), Commit: r.Head, At: noon, Counts: w != "eve"}
					if w == "eve" {
						a.Why = []string{"author"}
					}
					r.Approvals = append(r.Approvals, a)
				}
			})))
		}
		bad = append(bad, by.of(t, shop(), objected(review("ada"), "bob")))
	}
	allowed := 0
	rapid.Check(t, func(t *rapid.T) {
		q := reviewing(rapid.SampledFrom([]release.Requirement{needReview, needReviews, needOutside, needFresh, {ID: "three", Evidence: release.EvidenceReview, Count: 3}}).Draw(t, "requirement"))
		s := rapid.SliceOfN(rapid.SampledFrom(good), 0, 8).Draw(t, "set")
		d := decide(t, q, s)
		if d.Verdict.Allowed() {
			allowed++
		}
		if q.Requirements[0].MaxAge == 0 {
			require.Equal(t, slowReviewers(t, q, s), d.Results[0].Have)
		}
		require.Equal(t, d, decide(t, q, rapid.Permutation(append(append(set{}, s...), s...)).Draw(t, "order")))
		fewer := s
		if len(s) > 0 {
			fewer = s[:rapid.IntRange(0, len(s)-1).Draw(t, "keep")]
		}
		require.LessOrEqual(t, decide(t, q, fewer).Verdict, d.Verdict)
		require.LessOrEqual(t, decide(t, q, append(append(set{}, s...), rapid.SampledFrom(bad).Draw(t, "bad"))).Verdict, min(d.Verdict, hold))
	})
	require.Greater(t, allowed, 100)
}

// slowReviewers counts the people of a set that is all about the release's commit.
func slowReviewers(t require.TestingT, q evidence.Question, s set) int {
	found := map[evidence.Principal]bool{}
	for _, v := range s {
		r, err := evidence.As[predicate.Review](v.Statement())
		require.NoError(t, err)
		if k := v.By().Kind; k != release.ActorService || v.By().Principal == person("eve") {
			continue
		}
		for _, a := range r.Approvals {
			if p, ok := q.Identities[a.By.ID]; ok && a.Counts && p != person("eve") && !(q.Requirements[0].Independent && p == person("olga")) {
				found[p] = true
			}
		}
	}
	return len(found)
}

func TestReviewRefuses(t *testing.T) {
	t.Parallel()
	require.NoError(t, review("ada").Validate())
	require.NoError(t, review().Validate())
	for name, f := range map[string]func(*predicate.Review){
		"no forge":                         func(r *predicate.Review) { r.Forge = "" },
		"no URL":                           func(r *predicate.Review) { r.Change = "shop/shop#7" },
		"a script":                         func(r *predicate.Review) { r.Change = "javascript:alert(1)" },
		"a user in the URL":                func(r *predicate.Review) { r.Change = "https://ada:secret@github.com/a/b/pull/1" },
		"no head":                          func(r *predicate.Review) { r.Head = "" },
		"a branch":                         func(r *predicate.Review) { r.Head = "main" },
		"upper case":                       func(r *predicate.Review) { r.Merged = release.Revision(strings.Repeat("A", 40)) },
		"nil contributors":                 func(r *predicate.Review) { r.Contributors = nil },
		"nobody complete":                  func(r *predicate.Review) { r.Contributors = []release.Actor{} },
		"nil approvals":                    func(r *predicate.Review) { r.Approvals = nil },
		"nil objections":                   func(r *predicate.Review) { r.Objections = nil },
		"no sources":                       func(r *predicate.Review) { r.Sources = nil },
		"a source without a digest":        func(r *predicate.Review) { r.Sources[0].Digest = release.Digest{} },
		"a source without a time":          func(r *predicate.Review) { r.Sources[0].At = time.Time{} },
		"a source without a version":       func(r *predicate.Review) { r.Sources[0].Version = "" },
		"counts and has a reason":          func(r *predicate.Review) { r.Approvals[0].Why = []string{"stale"} },
		"does not count and has no reason": func(r *predicate.Review) { r.Approvals[0].Counts = false },
		"an empty reason":                  func(r *predicate.Review) { r.Approvals[0].Counts, r.Approvals[0].Why = false, []string{""} },
		"counts for another commit":        func(r *predicate.Review) { r.Approvals[0].Commit = "" },
		"counts for a bot":                 func(r *predicate.Review) { r.Approvals[0].By.Kind = release.ActorBot },
		"counts for nobody":                func(r *predicate.Review) { r.Approvals[0].By.ID = "" },
		"counts for a contributor":         func(r *predicate.Review) { r.Approvals[0].By = account("eve") },
		"counts without a time":            func(r *predicate.Review) { r.Approvals[0].At = time.Time{} },
		"counts and is not complete":       func(r *predicate.Review) { r.Complete = false },
		"long":                             func(r *predicate.Review) { r.Forge = strings.Repeat("x", 4097) },
	} {
		r := review("ada")
		f(&r)
		require.Error(t, r.Validate(), name)
		_, err := evidence.For(shop(), r)
		require.Error(t, err, name)
	}
}

// The schema refuses what the type refuses, as far as a schema can, and both refuse
// what neither knows.
func TestReviewSchema(t *testing.T) {
	t.Parallel()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(predicate.ReviewSchema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(predicate.TypeReview, doc))
	schema, err := c.Compile(predicate.TypeReview)
	require.NoError(t, err)
	valid := func(b []byte) bool {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
		require.NoError(t, err)
		return schema.Validate(v) == nil
	}
	full := objected(review("ada"), "bob")
	full.Merged = full.Head
	full.Approvals[0].ID = "17"
	b := mustJSON(t, full)
	require.True(t, valid(b))
	_, err = predicate.Parse(predicate.TypeReview, b)
	require.NoError(t, err)
	spec, err := os.ReadFile("predicate/review.md")
	require.NoError(t, err)

	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b, &fields))
	for name := range fields {
		require.Contains(t, string(spec), "`"+name+"`")
		for _, value := range []string{"", "null", "1", `"x"`, "[]", "{}", `[null]`, `[{"x":1}]`} {
			changed := map[string]json.RawMessage{}
			for n, v := range fields {
				if n != name || value != "" {
					changed[n] = v
				}
			}
			if value != "" {
				changed[name] = json.RawMessage(value)
			}
			text := mustJSON(t, changed)
			_, err := predicate.Parse(predicate.TypeReview, text)
			if !valid(text) {
				require.Error(t, err, "%s", text)
			}
		}
	}
	for _, more := range []string{`{"future":1,`, `{"Head":"x",`, `{"forge":"github",`} {
		text := strings.Replace(string(b), "{", more, 1)
		_, err := predicate.Parse(predicate.TypeReview, json.RawMessage(text))
		require.Error(t, err, text)
	}
	for _, place := range []string{`"by":{`, `"objections":[{`, `"sources":[{`, `"contributors":[{`} {
		text := strings.Replace(string(b), place, place+`"future":1,`, 1)
		require.NotEqual(t, string(b), text)
		require.False(t, valid([]byte(text)))
		_, err := predicate.Parse(predicate.TypeReview, json.RawMessage(text))
		require.Error(t, err, text)
	}
}

// FuzzReview checks that what is read as a review is written and read again as the
// same value, and that no approval counts that must not.
func FuzzReview(f *testing.F) {
	f.Add([]byte(mustJSON(f, review("ada"))))
	f.Add([]byte(mustJSON(f, objected(review("ada", "bob"), "cyd"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		again[predicate.Review](t, b)
		p, err := predicate.Read[predicate.Review](predicate.TypeReview, b)
		if err != nil {
			return
		}
		for _, a := range p.Approvals {
			if a.Counts && (a.By.Kind != release.ActorHuman || a.By.ID == "" || a.Commit != p.Head || len(a.Why) > 0 || !p.Complete || a.At.IsZero()) {
				t.Fatalf("it counts: %+v", a)
			}
		}
	})
}

// What is written is written with a value.
func TestReviewWritesNoEmptyRevision(t *testing.T) {
	t.Parallel()
	full := objected(review("ada"), "bob")
	full.Merged = full.Head
	full.Objections[0].Commit = full.Head
	text := string(mustJSON(t, full))
	_, err := predicate.Parse(predicate.TypeReview, json.RawMessage(text))
	require.NoError(t, err)
	places := regexp.MustCompile(`"(head|merged|commit)":"[0-9a-f]{40}"`).FindAllStringSubmatchIndex(text, -1)
	require.Len(t, places, 4)
	for _, at := range places {
		changed := text[:at[3]] + `":""` + text[at[1]:]
		_, err := predicate.Parse(predicate.TypeReview, json.RawMessage(changed))
		require.Error(t, err, changed)
	}
}
