package evidence_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// Every decision of the table can be told, is read back as what it was, comes out
// the same to the byte when it is decided again, and is no evidence for itself.
func TestDecisionStatement(t *testing.T) {
	t.Parallel()
	rng := mathrand.New(mathrand.NewPCG(1, 2))
	verdicts := map[release.Verdict]int{}
	for _, c := range decisions {
		q := question(c.reqs...)
		if c.q != nil {
			c.q(&q)
		}
		var s set
		if c.set != nil {
			s = c.set(t)
		}
		d, err := evidence.Decide(q, s, noon)
		require.NoError(t, err, c.name)
		st, err := d.Statement()
		require.NoError(t, err, c.name)
		require.NoError(t, st.MatchAll(q.Release), c.name)
		verdicts[d.Verdict]++

		p, err := evidence.As[predicate.Decision](st)
		require.NoError(t, err, c.name)
		require.Equal(t, d.Record(), p.Record(), c.name)
		require.Equal(t, d.Evidence, p.EvidenceSet, c.name)
		require.Equal(t, q.Environment, p.Environment, c.name)
		require.Len(t, p.Results, len(d.Results), c.name)

		// In another order, with repetitions, with its own statement, in another zone.
		told, err := evidence.Verify(ctx, service("gate"), dsse(st.Bytes(), "c2ln"))
		require.NoError(t, err)
		again := append(slices.Clone(s), told)
		again = append(again, again[rng.IntN(len(again))])
		rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		d, err = evidence.Decide(q, again, p.At.In(time.FixedZone("", 3600)))
		require.NoError(t, err, c.name)
		st2, err := d.Statement()
		require.NoError(t, err, c.name)
		require.Equal(t, string(st.Bytes()), string(st2.Bytes()), c.name)
	}
	for _, v := range []release.Verdict{allow, hold, deny} {
		require.Greater(t, verdicts[v], 5, v)
	}
}

// A record tells the moment as the statement does, whatever the zone of the clock; and
// what JSON would change is not told.
func TestDecisionRecordIsOfNoMachine(t *testing.T) {
	t.Parallel()
	q := question(release.Requirement{ID: "tests", Evidence: release.EvidenceTest, MaxAge: time.Hour})
	s := set{service("ci").at(noon.In(time.FixedZone("", -3600))).of(t, shop(), passed())}
	want := decide(t, q, s)
	d, err := evidence.Decide(q, s, noon.In(time.FixedZone("", 7200)))
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Hour).String(), d.Record().Until.String())
	require.Equal(t, string(mustJSON(t, want.Record())), string(mustJSON(t, d.Record())))

	d.Results[0].Requirement.Why = "\xff"
	_, err = d.Statement()
	require.ErrorContains(t, err, "UTF-8")
	d.Results[0].Requirement.Why = ""
	d.Reasons[0].Text = "\xff"
	_, err = d.Statement()
	require.ErrorContains(t, err, "UTF-8")
}

// From nothing but what was stored, the decision is given again; from less, or
// under another policy, another one is.
func TestReplay(t *testing.T) {
	t.Parallel()
	ci, ada, gate := newKey(t), newKey(t), newKey(t)
	trust := ring(t, keyOf(ci, "ci"), keyOf(ada, "ada"), keyOf(gate, "gate"))
	sign := func(key crypto.Signer, st evidence.Statement) []byte {
		raw, err := evidence.Sign(ctx, st, key)
		require.NoError(t, err)
		return raw
	}
	load := func(stored ...[]byte) (out set) {
		for _, raw := range stored {
			v, err := evidence.Verify(ctx, trust, raw)
			require.NoError(t, err)
			out = append(out, v)
		}
		return out
	}
	q := question(needTests, needOne)
	q.Rules = []evidence.Rule{evidence.Require{Type: predicate.TypeTestResult}}
	tested := sign(ci, statement(t, shop(), passed()))
	stored := [][]byte{tested, sign(ada, statement(t, shop(), approval(t, predicate.Approve, shop(), load(tested)...)))}
	d, err := evidence.Decide(q, load(stored...), noon)
	require.NoError(t, err)
	require.Equal(t, allow, d.Verdict)
	st, err := d.Statement()
	require.NoError(t, err)
	envelope := sign(gate, st)

	told := load(envelope)[0]
	require.Equal(t, "allow", told.Record().Summary)
	p, err := evidence.As[predicate.Decision](told.Statement())
	require.NoError(t, err)
	require.Len(t, p.Results, 3)
	require.Nil(t, p.Results[2].Requirement, "a rule's")
	require.Equal(t, "require "+predicate.TypeTestResult, p.Results[2].ID)
	require.Len(t, p.Used, 2)
	replay := func(q evidence.Question, stored ...[]byte) []byte {
		d, err := evidence.Decide(q, load(stored...), p.At)
		require.NoError(t, err)
		st, err := d.Statement()
		require.NoError(t, err)
		return st.Bytes()
	}
	require.Equal(t, string(st.Bytes()), string(replay(q, envelope, stored[1], stored[0])))
	require.NotEqual(t, string(st.Bytes()), string(replay(q, stored[0])))
	require.NotEqual(t, string(st.Bytes()), string(replay(q, stored[1])))
	for name, f := range map[string]func(q *evidence.Question){
		"environment": func(q *evidence.Question) { q.Environment = "staging" },
		"requirement": func(q *evidence.Question) { q.Requirements = q.Requirements[:1] },
		"rule":        func(q *evidence.Question) { q.Rules = nil },
		"release":     func(q *evidence.Question) { q.Release.Changes = release.DigestOf([]byte("other")) },
	} {
		other := q
		f(&other)
		require.NotEqual(t, string(st.Bytes()), string(replay(other, stored...)), name)
	}
}

// A statement that its signer made by hand must make sense in itself.
func TestDecisionPredicateRefuses(t *testing.T) {
	t.Parallel()
	d, err := evidence.Decide(question(needTests, needOne), approved(t, human("ada")), noon)
	require.NoError(t, err)
	st, err := d.Statement()
	require.NoError(t, err)
	good, err := evidence.As[predicate.Decision](st)
	require.NoError(t, err)
	other := release.DigestOf([]byte("other"))
	for name, f := range map[string]func(d *predicate.Decision){
		"no verdict":                func(d *predicate.Decision) { d.Verdict = 0 },
		"a verdict of no meaning":   func(d *predicate.Decision) { d.Verdict = 9 },
		"no release":                func(d *predicate.Decision) { d.Release = release.Digest{} },
		"no policy":                 func(d *predicate.Decision) { d.Policy = release.Digest{} },
		"no evidence set":           func(d *predicate.Decision) { d.EvidenceSet = release.Digest{} },
		"no time":                   func(d *predicate.Decision) { d.At = time.Time{} },
		"an end before the moment":  func(d *predicate.Decision) { d.Until = noon.Add(-1) },
		"an end at the moment":      func(d *predicate.Decision) { d.Until = noon },
		"a hold with an end":        func(d *predicate.Decision) { d.Verdict, d.Until = hold, noon.Add(1) },
		"no results":                func(d *predicate.Decision) { d.Results = nil },
		"an allow of nothing":       func(d *predicate.Decision) { d.Results = []predicate.DecisionResult{} },
		"no reasons":                func(d *predicate.Decision) { d.Reasons = nil },
		"a reason without a code":   func(d *predicate.Decision) { d.Reasons[0].Code = "" },
		"a reason for what is gone": func(d *predicate.Decision) { d.Reasons[0].Refs = []release.Digest{other} },
		"nil used":                  func(d *predicate.Decision) { d.Used = nil },
		"used out of order":         func(d *predicate.Decision) { slices.Reverse(d.Used) },
		"less used":                 func(d *predicate.Decision) { d.Used = d.Used[:1] },
		"an allow with a hole":      func(d *predicate.Decision) { d.Results[1].Status = predicate.DecisionMissing },
		"a hold with a failure":     func(d *predicate.Decision) { d.Verdict, d.Results[1].Status = hold, predicate.DecisionFailed },
		"an unknown status":         func(d *predicate.Decision) { d.Results[1].Status = "unknown" },
		"no status":                 func(d *predicate.Decision) { d.Results[1].Status = "" },
		"met by too few":            func(d *predicate.Decision) { d.Results[1].Need = 2 },
		"fewer than none":           func(d *predicate.Decision) { d.Results[1].Have, d.Results[1].Need = -1, -1 },
		"a result of nothing":       func(d *predicate.Decision) { d.Results[1].ID, d.Results[1].Requirement = "", nil },
		"a result without a reason": func(d *predicate.Decision) { d.Results[1].Reasons = nil },
		"a result by what is gone":  func(d *predicate.Decision) { d.Results[1].Used = []release.Digest{other} },
		"levels out of order":       func(d *predicate.Decision) { d.Results[1].Levels = []string{"b", "a"} },
		"an age of two forms":       func(d *predicate.Decision) { d.Results[1].Requirement.MaxAge = "24h" },
		"an age of none":            func(d *predicate.Decision) { d.Results[1].Requirement.MaxAge = "0s" },
	} {
		var bad predicate.Decision
		require.NoError(t, json.Unmarshal(mustJSON(t, good), &bad))
		require.NoError(t, bad.Validate())
		f(&bad)
		require.Error(t, bad.Validate(), name)
		_, err := evidence.For(shop(), bad)
		require.Error(t, err, name)
	}
	_, err = (&evidence.Decision{}).Statement()
	require.Error(t, err)
	d.Release.Version = "another"
	st, err = d.Statement()
	require.NoError(t, err)
	p, err := evidence.As[predicate.Decision](st)
	require.NoError(t, err)
	require.NotEqual(t, good.Release, p.Release)
}

func TestSVR(t *testing.T) {
	t.Parallel()
	s := approved(t, human("ada"))
	d, err := evidence.Decide(question(needTests, needOne), s, noon)
	require.NoError(t, err)
	o := gate
	o.Properties = map[string]string{"tests": "ACME_TESTED", "approval": "ACME_APPROVED", "approval/two": "ACME_TWO_APPROVALS"}
	st, err := evidence.SVR(d, o)
	require.NoError(t, err)
	require.NoError(t, st.MatchAll(shop()))
	v, err := evidence.As[predicate.SVR](st)
	require.NoError(t, err)
	require.Equal(t, predicate.SVR{
		Verifier: predicate.PolicyVerifier{ID: gate.VerifierID, Policies: []predicate.Resource{
			{URI: gate.PolicyURI, Digest: map[string]string{"sha256": d.Policy.Hex()}}}},
		TimeCreated: noon,
		Properties:  []string{"ACME_APPROVED", "ACME_TESTED"}, // nobody asked for two
	}, v)

	// Without a name for it the policy is there all the same, and nothing is claimed.
	st, err = evidence.SVR(d, evidence.SummaryOptions{VerifierID: gate.VerifierID})
	require.NoError(t, err)
	require.Contains(t, string(st.Predicate()), `"policies":[{"uri":"ni:///sha-256;`)
	require.Contains(t, string(st.Predicate()), `"properties":[]`)

	// A summary is not among what an approver looks at, and allows nothing.
	told, err := evidence.Verify(ctx, service("gate"), dsse(st.Bytes(), "c2ln"))
	require.NoError(t, err)
	again, err := evidence.Decide(question(needTests, needOne), append(s, told), noon)
	require.NoError(t, err)
	require.Equal(t, d, again)

	d, err = evidence.Decide(question(needTests, needOne), append(s, rejected(t, human("bob"))), noon)
	require.NoError(t, err)
	require.Equal(t, evidence.StatusMet, d.Results[0].Status)
	_, err = evidence.SVR(d, o)
	require.ErrorIs(t, err, evidence.ErrDenied, "not even of what was met")
	d, err = evidence.Decide(question(needTests, needTwo), s, noon)
	require.NoError(t, err)
	_, err = evidence.SVR(d, o)
	require.ErrorIs(t, err, evidence.ErrHold)
}

func TestVerifiedLevels(t *testing.T) {
	t.Parallel()
	good, err := evidence.Decide(question(needTests, needOne), approved(t, human("ada")), noon)
	require.NoError(t, err)
	for _, c := range []struct {
		name        string
		first, last []string // levels of the two results
		properties  map[string]string
		want        []string
	}{
		{"none", nil, nil, nil, []string{predicate.LevelUnevaluated}},
		{"one", []string{"SLSA_BUILD_LEVEL_3"}, nil, nil, []string{"SLSA_BUILD_LEVEL_3"}},
		{"the highest of a track", []string{"SLSA_BUILD_LEVEL_2"}, []string{"SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_1"}, nil, []string{"SLSA_BUILD_LEVEL_3"}},
		{"ten is more than nine", []string{"SLSA_BUILD_LEVEL_9"}, []string{"SLSA_BUILD_LEVEL_10"}, nil, []string{"SLSA_BUILD_LEVEL_10"}},
		{"level 0 is one", []string{"SLSA_BUILD_LEVEL_0"}, nil, nil, []string{"SLSA_BUILD_LEVEL_0"}},
		{"two tracks and a property", []string{"SLSA_SOURCE_LEVEL_2", "SLSA_SOURCE_TWO_PARTY_REVIEWED"}, []string{"SLSA_BUILD_LEVEL_1"}, nil,
			[]string{"SLSA_BUILD_LEVEL_1", "SLSA_SOURCE_LEVEL_2", "SLSA_SOURCE_TWO_PARTY_REVIEWED"}},
		{"the host's, without a level", nil, nil, map[string]string{"tests": "ORG_TESTED", "approval": "ORG_TESTED", "x": "ORG_X"}, []string{"ORG_TESTED"}},
	} {
		d, o := good, gate
		d.Results = slices.Clone(good.Results)
		d.Results[0].Levels, d.Results[1].Levels, o.Properties = c.first, c.last, c.properties
		st, err := evidence.VSA(d, o)
		require.NoError(t, err, c.name)
		v, err := evidence.As[predicate.VSA](st)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, v.VerifiedLevels, c.name)
		told, err := d.Statement()
		require.NoError(t, err, c.name)
		p, err := evidence.As[predicate.Decision](told)
		require.NoError(t, err, c.name)
		require.ElementsMatch(t, c.last, p.Results[1].Levels, c.name)

		// Nothing is claimed of what is denied, whatever was verified.
		d.Verdict = deny
		st, err = evidence.VSA(d, o)
		require.NoError(t, err, c.name)
		v, err = evidence.As[predicate.VSA](st)
		require.NoError(t, err, c.name)
		require.Equal(t, []string{"FAILED"}, v.VerifiedLevels, c.name)
	}
}

// built is an allow of a release whose provenance was verified at a level of SLSA.
func built(t *testing.T, r release.Release, level int) (evidence.Question, set) {
	t.Helper()
	builder := service("builder")
	q := question()
	q.Release = r
	q.Rules = []evidence.Rule{evidence.SLSA{Level: level,
		Builders: []evidence.Builder{{ID: "https://ci.example.com", By: []evidence.Principal{builder.Principal}, Level: 2}},
		Builds:   []evidence.Build{{Type: "https://ci.example.com/make"}}}}
	return q, set{builder.of(t, r, predicate.Provenance{BuildDefinition: predicate.BuildDefinition{BuildType: "https://ci.example.com/make"},
		RunDetails: predicate.RunDetails{Builder: predicate.Builder{ID: "https://ci.example.com"}}})}
}

// A level is claimed if a rule verified it. Provenance without the rule, or a rule
// that asks for more, gives none.
func TestLevelsComeFromRules(t *testing.T) {
	t.Parallel()
	q, s := built(t, shop(), 2)
	levels := func(q evidence.Question) []string {
		d, err := evidence.Decide(q, s, noon)
		require.NoError(t, err)
		require.Equal(t, allow, d.Verdict, "%v", d.Reasons)
		st, err := evidence.VSA(d, gate)
		require.NoError(t, err)
		v, err := evidence.As[predicate.VSA](st)
		require.NoError(t, err)
		svr, err := evidence.SVR(d, gate)
		require.NoError(t, err)
		p, err := evidence.As[predicate.SVR](svr)
		require.NoError(t, err)
		if len(p.Properties) > 0 {
			require.Equal(t, v.VerifiedLevels, p.Properties)
		}
		return v.VerifiedLevels
	}
	require.Equal(t, []string{"SLSA_BUILD_LEVEL_2"}, levels(q))
	q.Rules = []evidence.Rule{evidence.Require{Type: predicate.TypeProvenance}}
	require.Equal(t, []string{predicate.LevelUnevaluated}, levels(q), "provenance alone is a claim")

	q, s = built(t, shop(), 2)
	q.Rules = append(q.Rules, evidence.Require{Type: predicate.TypeTestResult})
	d, err := evidence.Decide(q, append(s, tests(t), rejected(t, human("bob"))), noon)
	require.NoError(t, err)
	require.Equal(t, []string{"SLSA_BUILD_LEVEL_2"}, d.Results[0].Levels)
	st, err := evidence.VSA(d, gate)
	require.NoError(t, err)
	require.NotContains(t, string(st.Predicate()), "SLSA_BUILD", "a rejected release has no level")
}

func TestVSASaysWhereItsInputsAre(t *testing.T) {
	t.Parallel()
	s := approved(t, human("ada"))
	d, err := evidence.Decide(question(needTests, needOne), s, noon.In(time.FixedZone("", -7200)))
	require.NoError(t, err)
	o := gate
	o.PolicyURI = ""
	o.InputURI = func(envelope release.Digest) string {
		if envelope == s[0].Digest() {
			return ""
		}
		return "https://evidence.example.com/" + envelope.Hex()
	}
	st, err := evidence.VSA(d, o)
	require.NoError(t, err)
	v, err := evidence.As[predicate.VSA](st)
	require.NoError(t, err)
	require.Equal(t, time.UTC, v.TimeVerified.Location())
	require.Equal(t, "ni:///sha-256;"+base64.RawURLEncoding.EncodeToString(d.Policy[:]), v.Policy.URI)
	require.Len(t, v.InputAttestations, 2)
	for _, in := range v.InputAttestations {
		want := ""
		if in.Digest["sha256"] == s[1].Digest().Hex() {
			want = "https://evidence.example.com/" + s[1].Digest().Hex()
		}
		require.Equal(t, want, in.URI)
	}
}

// What upstream's Go type loses or turns into text stays what it is.
func TestVSAKeepsWhatItSays(t *testing.T) {
	t.Parallel()
	for name, levels := range map[string]string{"none is told": ``, "there is none": `,"dependencyLevels":{}`, "more than a float64 holds": `,"dependencyLevels":{"SLSA_BUILD_LEVEL_1":9007199254740993}`} {
		text := `{"verifier":{"id":"https://v.example","version":{"v":"1"}},"resourceUri":"pkg:x/y","policy":{"uri":"https://v.example/p"},` +
			`"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_UNEVALUATED"]` + levels + `}`
		v, err := predicate.Read[predicate.VSA](predicate.TypeVSA, json.RawMessage(text))
		require.NoError(t, err, name)
		require.Equal(t, text, string(mustJSON(t, v)), name)
	}
}

func TestSourceVSA(t *testing.T) {
	t.Parallel()
	st, err := evidence.ParseStatement([]byte(example(t, "vsa-source")))
	require.NoError(t, err)
	v, err := evidence.As[predicate.VSA](st)
	require.NoError(t, err)
	require.Equal(t, []string{"SLSA_SOURCE_LEVEL_3", "ORG_SOURCE_SIGNED_OFF"}, v.VerifiedLevels)
	require.True(t, v.TimeVerified.IsZero())
	require.True(t, st.Subjects()[0].Matches("gitCommit", string(shop().Commit)))
	require.False(t, st.MatchAny(shop()), "it is about a revision, and no artifact")

	refs, err := evidence.SourceRefs(st, shop().Commit)
	require.NoError(t, err)
	require.Equal(t, []string{"refs/heads/main", "refs/tags/v1.4.0"}, refs)
	for _, commit := range []release.Revision{"", release.Revision(strings.Repeat("0", 40)), shop().Commit[:39]} {
		refs, err = evidence.SourceRefs(st, commit)
		require.NoError(t, err)
		require.Empty(t, refs, "they are another's")
	}
	for old, with := range map[string]string{`["refs/heads/main", "refs/tags/v1.4.0"]`: "null", `"annotations"`: `"other"`, `"sourceRefs"`: `"refs"`} {
		st, err := evidence.ParseStatement([]byte(strings.Replace(example(t, "vsa-source"), old, with, 1)))
		require.NoError(t, err)
		refs, err = evidence.SourceRefs(st, shop().Commit)
		require.NoError(t, err)
		require.Empty(t, refs, "it tells of none")
	}
	for _, with := range []string{`["main"]`, `"refs/heads/main"`, `[["refs/heads/main"]]`, `{"refs/heads/main": 1}`, `[""]`, `7`} {
		st, err := evidence.ParseStatement([]byte(strings.Replace(example(t, "vsa-source"), `["refs/heads/main", "refs/tags/v1.4.0"]`, with, 1)))
		require.NoError(t, err)
		refs, err = evidence.SourceRefs(st, shop().Commit)
		require.Error(t, err, with)
		require.Nil(t, refs)
	}
	_, err = evidence.SourceRefs(statement(t, shop(), passed()), shop().Commit)
	require.ErrorContains(t, err, "no verification summary")
	_, err = evidence.SourceRefs(evidence.Statement{}, shop().Commit)
	require.Error(t, err)
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verdict release.Verdict
		err     error
		want    int
	}{
		{allow, nil, 0}, {deny, nil, 1}, {hold, nil, 3}, {release.VerdictUnknown, nil, 2}, {release.VerdictAllow + 1, nil, 2},
		{allow, errBroken, 2}, {deny, errBroken, 2}, {hold, errBroken, 2}, {release.VerdictUnknown, errBroken, 2},
	} {
		d := evidence.Decision{Verdict: c.verdict}
		require.Equal(t, c.want, evidence.ExitCode(d, c.err), "%v %v", c.verdict, c.err)
		if c.err == nil {
			require.Equal(t, c.want, d.ExitCode())
		}
	}
	require.Equal(t, 2, evidence.ExitCode(evidence.Decide(question(needTests), nil, time.Time{})))
	require.Equal(t, 3, evidence.ExitCode(evidence.Decide(question(needTests), nil, noon)))
	require.Equal(t, 0, evidence.ExitCode(evidence.Decide(question(needTests), set{tests(t)}, noon)))
}

func TestDeployment(t *testing.T) {
	t.Parallel()
	r := shop()
	ref, err := r.Ref()
	require.NoError(t, err)
	s := approved(t, human("ada"))
	decision, err := evidence.Decide(question(needTests, needOne), s, noon)
	require.NoError(t, err)
	one, two := release.DigestOf([]byte("vsa")), release.DigestOf([]byte("decision"))
	ev := release.Event{ID: "1", Kind: release.EventDeployed, At: noon, Release: ref, Environment: "production", Rollout: "r", Percent: 100,
		Actor: release.Actor{Kind: release.ActorService, ID: "service:rollout"}}
	st, err := evidence.NewDeployment(r, ev, decision, one, two, one)
	require.NoError(t, err)
	require.NoError(t, st.MatchAll(r))
	d, err := evidence.As[predicate.Deployment](st)
	require.NoError(t, err)
	sorted := []release.Digest{one, two}
	slices.SortFunc(sorted, release.Digest.Compare)
	require.Equal(t, predicate.Deployment{Event: ev, EvidenceSet: evidence.SetDigest(s[:1]), Decisions: sorted}, d)

	for name, f := range map[string]func(e *release.Event){
		"no id":            func(e *release.Event) { e.ID = "" },
		"unknown kind":     func(e *release.Event) { e.Kind = "promoted" },
		"no time":          func(e *release.Event) { e.At = time.Time{} },
		"another release":  func(e *release.Event) { e.Release.Version = "x" },
		"no environment":   func(e *release.Event) { e.Environment = "" },
		"too many percent": func(e *release.Event) { e.Percent = 101 },
		"percent of none":  func(e *release.Event) { e.Percent = math.NaN() },
		"half a previous":  func(e *release.Event) { e.Previous.Version = "v1" },
		"no such actor":    func(e *release.Event) { e.Actor.Kind = 99 },
		"an empty ref":     func(e *release.Event) { e.Reason.Refs = []release.Digest{{}} },
	} {
		bad := ev
		f(&bad)
		_, err := evidence.NewDeployment(r, bad, decision)
		require.Error(t, err, name)
	}
	_, err = evidence.NewDeployment(r, ev, decision, release.Digest{})
	require.Error(t, err)
	_, err = evidence.NewDeployment(r, ev, evidence.Decision{})
	require.ErrorContains(t, err, "not about")
	_, err = evidence.NewDeployment(r, ev, evidence.Decision{Release: r})
	require.ErrorContains(t, err, "names no evidence")
	elsewhere := ev
	elsewhere.Environment = "staging"
	_, err = evidence.NewDeployment(r, elsewhere, decision)
	require.ErrorContains(t, err, `for "production"`)
	other := decision
	other.Release.Artifacts = other.Release.Artifacts[:1]
	_, err = evidence.NewDeployment(r, ev, other)
	require.ErrorContains(t, err, "not about")
	_, err = evidence.NewDeployment(release.Release{}, ev, decision)
	require.Error(t, err)
}
