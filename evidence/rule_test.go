package evidence_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// ruled is a question with rules and no requirements.
func ruled(rules ...evidence.Rule) evidence.Question {
	q := question()
	q.Rules = rules
	return q
}

func TestRulesCount(t *testing.T) {
	t.Parallel()
	ci, ci2 := service("ci"), service("ci2")
	two := evidence.Threshold{Count: 2, Type: predicate.TypeTestResult}
	alias := service("ci under another name")
	alias.Key = ci.Key
	for _, c := range []struct {
		name  string
		rules []evidence.Rule
		set   set
		want  evidence.Status
	}{
		{"one", []evidence.Rule{evidence.Require{Type: predicate.TypeTestResult}}, set{ci.of(t, shop(), passed())}, evidence.StatusMet},
		{"none", []evidence.Rule{evidence.Require{Type: predicate.TypeTestResult}}, nil, evidence.StatusMissing},
		{"another type", []evidence.Rule{evidence.Require{Type: predicate.TypeVulns}}, set{ci.of(t, shop(), passed())}, evidence.StatusMissing},
		{"not by them", []evidence.Rule{evidence.Require{Type: predicate.TypeTestResult, By: []evidence.Principal{person("ci2")}}}, set{ci.of(t, shop(), passed())}, evidence.StatusMissing},
		{"by them", []evidence.Rule{evidence.Require{Type: predicate.TypeTestResult, By: []evidence.Principal{person("ci2")}}}, set{ci2.of(t, shop(), passed())}, evidence.StatusMet},
		{"not in the role", []evidence.Rule{evidence.Require{Type: predicate.TypeTestResult, Roles: []string{"ci"}}}, set{ci.of(t, shop(), passed())}, evidence.StatusMissing},
		{"two", []evidence.Rule{two}, set{ci.of(t, shop(), passed()), ci2.of(t, shop(), passed())}, evidence.StatusMet},
		{"one twice", []evidence.Rule{two}, set{ci.of(t, shop(), passed()), ci.at(noon).of(t, shop(), passed())}, evidence.StatusMissing},
		{"one key, two names", []evidence.Rule{two}, set{ci.of(t, shop(), passed()), alias.of(t, shop(), passed())}, evidence.StatusMissing},
		{"fresh", []evidence.Rule{evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour}}, set{ci.at(noon.Add(-time.Minute)).of(t, shop(), passed())}, evidence.StatusMet},
		{"stale", []evidence.Rule{evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour}}, set{ci.at(noon.Add(-time.Hour)).of(t, shop(), passed())}, evidence.StatusStale},
		{"no trusted time", []evidence.Rule{evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour}}, set{ci.of(t, shop(), passed())}, evidence.StatusStale},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(c.rules...), c.set)
			require.Len(t, d.Results, 1)
			require.Equal(t, c.want, d.Results[0].Status, "%v", d.Reasons)
			require.Equal(t, c.want == evidence.StatusMet, d.Verdict.Allowed())
			require.Equal(t, c.rules[0], d.Results[0].Rule)
			require.Empty(t, d.Record().Requirements, "a rule is no requirement")
		})
	}
}

// A rule that says which statements count says so for requirements too.
func TestFreshHoldsForRequirements(t *testing.T) {
	t.Parallel()
	q := question(needTests)
	old := service("ci").at(noon.Add(-2*time.Hour)).of(t, shop(), passed())
	require.True(t, decide(t, q, set{old}).Verdict.Allowed())
	q.Rules = []evidence.Rule{evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour}}
	d := decide(t, q, set{old})
	require.Equal(t, hold, d.Verdict)
	require.Equal(t, evidence.StatusStale, d.Results[0].Status)
	young := service("ci2").at(noon.Add(-time.Minute)).of(t, shop(), passed())
	d = decide(t, q, set{old, young})
	require.Equal(t, allow, d.Verdict)
	require.Equal(t, noon.Add(59*time.Minute), d.Until)
}

func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, r := range []evidence.Rule{nil, evidence.Require{}, evidence.Threshold{Type: "x"}, evidence.Threshold{Count: 1, Type: "x", By: []evidence.Principal{{}}},
		evidence.Fresh{Type: "x"}, evidence.Fresh{MaxAge: 1}, evidence.Require{Type: "\xff"},
		&evidence.Require{Type: "x"}, (*evidence.Separate)(nil), &sameRun, struct{ evidence.SameField }{sameRun}, struct{ evidence.Rule }{}} {
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0")
	}
}

// The rules are part of the policy that a decision names.
func TestRulesAreOfThePolicy(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rules := range [][]evidence.Rule{nil, {evidence.Require{Type: "a"}}, {evidence.Require{Type: "b"}}, {evidence.Threshold{Count: 1, Type: "a"}},
		{evidence.Fresh{Type: "a", MaxAge: 1}}, {evidence.Fresh{Type: "a", MaxAge: 2}}, {evidence.Require{Type: "a", Roles: []string{"r"}}},
		{evidence.CommitMatches{}}, {evidence.CommitMatches{Types: []string{"a"}}}, {evidence.CommitMatches{Tag: "v1", TagCommit: shop().Commit}},
		{evidence.CommitMatches{Tag: "v1", TagCommit: otherCommit}}, {evidence.CommitMatches{Tag: "v2", TagCommit: shop().Commit}},
		{sameRun}, {sameTool}, {evidence.SameField{Name: "run", Fields: sameRun.Fields[:1]}}, {evidence.SameField{Name: "r", Fields: sameRun.Fields}},
		{separate(evidence.DutyTester, evidence.DutyScanner)}, {separate(evidence.DutyTester, evidence.DutyBuilder)},
		{slsaRule(1)}, {slsaRule(2)}, {func() evidence.Rule { r := slsaRule(2); r.Builders[0].Level = 1; return r }()},
		{func() evidence.Rule { r := slsaRule(2); r.Builds[0].Parameters[0].JSON = "1"; return r }()},
		{func() evidence.Rule { r := slsaRule(2); r.Builds[0].Ignored = nil; return r }()},
		{summarized()}, {func() evidence.Rule { r := summarized(); r.MaxAge = 1; return r }()}, {func() evidence.Rule { r := summarized(); r.MaxAge = 2; return r }()},
		{func() evidence.Rule { r := summarized(); r.PolicyURI = "x"; return r }()}, {func() evidence.Rule { r := summarized(); r.Levels = []string{"x"}; return r }()},
		{func() evidence.Rule {
			r := summarized()
			r.Verifiers[0].By = []evidence.Principal{person("x")}
			return r
		}()}} {
		q := question(needTests)
		q.Rules = rules
		d := decide(t, q, nil)
		require.False(t, seen[d.Policy.String()], "%v", rules)
		seen[d.Policy.String()] = true
	}
}

// A record of a decision reads back as it was, whatever rules there were, and reasons
// name the rules by their IDs.
func TestRulesInTheRecord(t *testing.T) {
	t.Parallel()
	q := question(needTests)
	q.Rules = drawnRules
	d := decide(t, q, newPool(t).good)
	record := d.Record()
	b, err := json.Marshal(record)
	require.NoError(t, err)
	var again release.DecisionRecord
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, mustJSON(t, record), mustJSON(t, again))
	require.Len(t, again.Requirements, 1)
	subjects := map[string]bool{}
	for _, r := range d.Reasons {
		subjects[r.Subject] = true
	}
	for i, r := range q.Rules {
		require.NotEmpty(t, r.ID())
		require.Equal(t, r.ID(), d.Results[i+1].ID())
		require.True(t, subjects[r.ID()], r.ID())
	}
}

// Require counts statements that say success, where their type can.
func TestRequireSuccess(t *testing.T) {
	t.Parallel()
	tested := service("ci").at(noon.Add(-time.Minute)).of(t, shop(), passed())
	fresh := question(needTests)
	fresh.Rules = []evidence.Rule{evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour}}
	elsewhere, otherChanges, otherVersion := question(needTests), question(needTests), question(needTests)
	elsewhere.Environment = "staging"
	otherChanges.Release.Changes = release.DigestOf([]byte("other changes"))
	otherVersion.Release.Version = "v1.5.0"
	decided := func(q evidence.Question, s set, at time.Time) evidence.Verified {
		d, err := evidence.Decide(q, s, at)
		require.NoError(t, err)
		st, err := d.Statement()
		require.NoError(t, err)
		return service("gate").says(t, st.Bytes())
	}
	deployed := func(r release.Release, kind release.EventKind) evidence.Verified {
		ref, err := r.Ref()
		require.NoError(t, err)
		return service("gate").of(t, r, predicate.Deployment{EvidenceSet: release.DigestOf(nil),
			Event: release.Event{ID: "1", Kind: kind, At: noon, Rollout: "1", Release: ref, Environment: "staging"}})
	}
	other := shop()
	other.Version = "v1.5.0"
	checkpoint := func(r release.Release) evidence.Verified {
		c, err := evidence.NewCheckpoint(r, nil, 1, noon)
		require.NoError(t, err)
		return service("store").of(t, shop(), c)
	}
	for _, c := range []struct {
		name string
		v    evidence.Verified
		code string // "" is allow
	}{
		{"allow", decided(question(needTests), set{tested}, noon), ""},
		{"allow that lasts", decided(fresh, set{tested}, noon), ""},
		{"hold at another time", decided(fresh, set{tested}, noon.Add(-time.Minute).Add(-1)), evidence.CodeNotPassed},
		{"hold", decided(question(needTests), nil, noon), evidence.CodeNotPassed},
		{"deny", decided(question(needTests), set{service("ci").of(t, shop(), failed())}, noon), evidence.CodeNotPassed},
		{"allow for another place", decided(elsewhere, set{tested}, noon), evidence.CodeOtherPlace},
		{"allow of another version", decided(otherVersion, set{tested}, noon), evidence.CodeOtherRelease},
		{"allow of other changes", decided(otherChanges, set{tested}, noon), evidence.CodeOtherRelease},
		{"deployed", deployed(shop(), release.EventDeployed), ""},
		{"rolled back", deployed(shop(), release.EventRolledBack), evidence.CodeNotPassed},
		{"started", deployed(shop(), release.EventStarted), evidence.CodeNotPassed},
		{"another version deployed", deployed(other, release.EventDeployed), evidence.CodeOtherRelease},
		{"checkpoint", checkpoint(shop()), ""},
		{"checkpoint of another version", checkpoint(other), evidence.CodeOtherRelease},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(evidence.Require{Type: c.v.Statement().PredicateType()}), set{c.v})
			require.Equal(t, c.code == "", d.Verdict.Allowed(), "%v", d.Reasons)
			if c.code != "" {
				requireWhy(t, d, c.code)
			}
		})
	}
	// An allow ends when the one that it rests on does.
	s := set{decided(fresh, set{tested}, noon)}
	q := ruled(evidence.Require{Type: predicate.TypeDecision})
	d := decide(t, q, s)
	require.Equal(t, noon.Add(59*time.Minute), d.Until)
	d, err := evidence.Decide(q, s, d.Until)
	require.NoError(t, err)
	require.Equal(t, hold, d.Verdict)
	requireWhy(t, d, evidence.CodeExpired)
}
