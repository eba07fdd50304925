package evidence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
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
	old := service("ci").at(noon.Add(-2 * time.Hour)).of(t, shop(), passed())
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
		evidence.Fresh{Type: "x"}, evidence.Fresh{MaxAge: 1}, evidence.Require{Type: "\xff"}} {
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0")
	}
}

// The rules are part of the policy that a decision names.
func TestRulesAreOfThePolicy(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rules := range [][]evidence.Rule{nil, {evidence.Require{Type: "a"}}, {evidence.Require{Type: "b"}}, {evidence.Threshold{Count: 1, Type: "a"}},
		{evidence.Fresh{Type: "a", MaxAge: 1}}, {evidence.Fresh{Type: "a", MaxAge: 2}}, {evidence.Require{Type: "a", Roles: []string{"r"}}}} {
		q := question(needTests)
		q.Rules = rules
		d := decide(t, q, nil)
		require.False(t, seen[d.Policy.String()], "%v", rules)
		seen[d.Policy.String()] = true
	}
}
