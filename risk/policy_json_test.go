package risk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func findsNothing(*risk.Facts) []risk.Finding { return nil }

// hostCode is what the host of these tests brings along: one rule in two versions.
func hostCode() risk.Code {
	return risk.Code{
		Rules: []risk.Rule{{ID: "friday", Doc: "x", Version: 1, Run: findsNothing}, {ID: "friday", Doc: "x", Version: 3, Run: findsNothing}, {ID: "moon", Doc: "x", Version: 2, Run: findsNothing}},
		Labelers: []label.Labeler{{ID: "mine/a", Doc: "x."}, {ID: "mine/b", Doc: "x.", Version: 4},
			{ID: "mine/b", Doc: "x.", Version: 5}},
	}
}

var (
	policyTexts     = rapid.OneOf(rapid.SampledFrom([]string{"no", "0755", "a b", "<&>\u2028", "\"", "é", "\x00\n", "null"}), rapid.StringN(1, 8, 20))
	policyDurations = rapid.Custom(func(t *rapid.T) time.Duration {
		unit := rapid.SampledFrom([]time.Duration{1, time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour}).Draw(t, "unit")
		return time.Duration(rapid.IntRange(1, 10_000).Draw(t, "units")) * unit
	})
	// anyPolicies are valid in every other way than the default one too: rules left
	// out, reordered and added, labelers, cuts, demands that rise by chance.
	anyPolicies = rapid.Custom(func(t *rapid.T) *risk.Policy {
		p := policies.Draw(t, "table")
		own := hostCode()
		p.ID = policyTexts.Draw(t, "id")
		p.Rules = slices.DeleteFunc(p.Rules, func(r risk.Rule) bool {
			return slices.Contains([]string{"interface", "outdated", "setting", "size", "spread", "test-removed", "unpinned"}, r.ID) && rapid.Bool().Draw(t, "without")
		})
		for _, r := range own.Rules[rapid.IntRange(0, 1).Draw(t, "friday"):] {
			if !slices.ContainsFunc(p.Rules, func(q risk.Rule) bool { return q.ID == r.ID }) && rapid.Bool().Draw(t, "own") {
				p.Rules = append(p.Rules, r)
			}
		}
		p.Rules = rapid.Permutation(p.Rules).Draw(t, "rules")
		p.Labelers = own.Labelers[:rapid.IntRange(0, 2).Draw(t, "labelers")]
		for i, x := range slices.Sorted(slices.Values(rapid.SliceOfNDistinct(rapid.Float64Range(1e-300, 1-1e-15), 3, 3, rapid.ID).Draw(t, "cuts"))) {
			p.Cuts[i] = x
		}
		count, age, percent := rapid.IntRange(1, 5).Draw(t, "count"), policyDurations.Draw(t, "age")+3*time.Hour, 100.0
		stages, bake := 1, time.Duration(0)
		for i := range p.Demands {
			d := &p.Demands[i]
			count += rapid.IntRange(0, 1<<20).Draw(t, "more")
			age -= time.Duration(rapid.Int64Range(0, int64(time.Hour/2)).Draw(t, "younger"))
			d.Requirements = []release.Requirement{{ID: policyTexts.Draw(t, "id"), Evidence: release.EvidenceApproval, Count: count, MaxAge: age, Independent: i > 1, Roles: []string{policyTexts.Draw(t, "role")}, Why: policyTexts.Draw(t, "why")}}
			if i > 0 {
				d.Requirements[0].Roles = p.Demands[0].Requirements[0].Roles
			}
			stages += rapid.IntRange(0, 3).Draw(t, "stages")
			bake += rapid.SampledFrom([]time.Duration{0, 1, time.Minute, 25 * time.Hour}).Draw(t, "bake")
			percent = percent * rapid.Float64Range(1e-9, 1).Draw(t, "percent")
			d.Rollout = release.RolloutRequirement{MinStages: stages, MinBake: bake, MaxFirstPercent: percent}
			if i == 0 && rapid.Bool().Draw(t, "any share") {
				d.Rollout.MaxFirstPercent, d.Requirements[0].MaxAge = 0, 0
			}
			if rapid.Bool().Draw(t, "said why") {
				d.Rollout.Why = policyTexts.Draw(t, "why")
			}
		}
		return p
	})
)

// A policy that went through JSON is the same: its digest, and what it says of releases.
func TestPolicyThroughJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicies.Draw(t, "policy")
		require.NoError(t, p.Validate())
		b, err := p.MarshalJSON()
		require.NoError(t, err)
		back, err := risk.ParsePolicy(b, hostCode())
		require.NoError(t, err, "%s", b)
		require.NoError(t, back.Validate())
		want, err := p.Digest()
		require.NoError(t, err)
		got, err := back.Digest()
		require.NoError(t, err)
		require.Equal(t, want, got)
		again, err := back.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(b), string(again), "one policy has one text")

		var loose bytes.Buffer
		require.NoError(t, json.Indent(&loose, b, "\t", "  "))
		back, err = risk.ParsePolicy(loose.Bytes(), hostCode())
		require.NoError(t, err)
		got, err = back.Digest()
		require.NoError(t, err)
		require.Equal(t, want, got)

		in := judged{Input: risk.Input{Changes: changeSets.Draw(t, "changes"), Digest: release.DigestOf([]byte("x"))}, Policy: p}
		x, err := in.assess()
		require.NoError(t, err)
		in.Policy = back
		y, err := in.assess()
		require.NoError(t, err)
		require.Equal(t, x, y)
	})
}

func TestDefaultPolicyThroughJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(risk.Default())
	require.NoError(t, err)
	var p risk.Policy
	require.NoError(t, json.Unmarshal(b, &p))
	want, err := risk.Default().Digest()
	require.NoError(t, err)
	got, err := p.Digest()
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Error(t, json.Unmarshal([]byte("null"), &p))
	again, err := p.Digest()
	require.NoError(t, err)
	require.Equal(t, want, again, "an error changes nothing")
}

// What could not be read back, or is not valid, is not written.
func TestPolicyThatIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*risk.Policy){
		"not valid":                  func(p *risk.Policy) { p.Table.Cells[0] = "unknown" },
		"no number":                  func(p *risk.Policy) { p.Cuts[0] = math.NaN() },
		"a rule of ours that is not": func(p *risk.Policy) { p.Rules[0].Run = findsNothing },
		"not text":                   func(p *risk.Policy) { p.Demands[0].Requirements[0].Why = "\xff" },
		"too much": func(p *risk.Policy) {
			p.Demands[3].Requirements[0].Why = strings.Repeat("x", risk.MaxPolicyBytes)
		},
		"too many": func(p *risk.Policy) { n := int64(math.MaxInt32) + 1; p.Demands[3].Requirements[0].Count = int(n) }, // below zero where an int has 32 bits
	} {
		_, err := policy(change).MarshalJSON()
		require.Error(t, err, name)
	}
}

// tree is the default policy as JSON values, with the host's rule.
func policyTree(t checker) map[string]any {
	t.Helper()
	p := risk.Default()
	p.Rules = append(p.Rules, hostCode().Rules[1])
	p.Labelers = hostCode().Labelers[1:2]
	b, err := p.MarshalJSON()
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

// at walks into JSON values by names and indexes.
func valueAt(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v
}

func setAt(v any, value any, path ...any) {
	last := len(path) - 1
	switch in := valueAt(v, path[:last]...).(type) {
	case map[string]any:
		in[path[last].(string)] = value
	case []any:
		in[path[last].(int)] = value
	}
}

func policyMistakes(t checker, b []byte) []risk.Mistake {
	t.Helper()
	p, err := risk.ParsePolicy(b, hostCode())
	if err == nil {
		return nil
	}
	require.Nil(t, p)
	e, ok := errors.AsType[*risk.TextError](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, e.Mistakes)
	require.LessOrEqual(t, len(e.Mistakes), risk.MaxMistakes)
	return e.Mistakes
}

// ruleIndex is where [policyTree] names a rule, rulePointer the same as a pointer. The host's comes last.
func ruleIndex(id string) int {
	if i := slices.IndexFunc(risk.Rules(), func(r risk.Rule) bool { return r.ID == id }); i >= 0 {
		return i
	}
	return len(risk.Rules())
}

func rulePointer(id string) string { return fmt.Sprint("/rules/", ruleIndex(id)) }

// policyWrongs are single mistakes, each with the pointer where it must be told. No two
// spoil each other.
var policyWrongs = []struct {
	name  string
	value any // absent removes the member
	path  []any
	at    string
	text  string
}{
	{"another shape", "https://sallyport.dev/schema/risk-policy/v2", []any{"schema"}, "/schema", "does not know the shape"},
	{"no id", "", []any{"id"}, "/id", "empty"},
	{"rule of nobody", "gapp", []any{"rules", ruleIndex("gap"), "id"}, rulePointer("gap") + "/id", `no rule "gapp"`},
	{"rule of another version", 99, []any{"rules", ruleIndex("sensitive"), "version"}, rulePointer("sensitive") + "/version", `"sensitive" version 99 is not in this build, which has version`},
	{"rule twice", map[string]any{"id": "migration", "version": risk.Rules()[ruleIndex("migration")].Version}, []any{"rules", ruleIndex("interface")}, rulePointer("interface") + "/id", "twice"},
	{"host's rule of another version", 2, []any{"rules", ruleIndex("friday"), "version"}, rulePointer("friday") + "/version", "has version 1 3"},
	{"labeler of nobody", "mine/c", []any{"labelers", 0, "id"}, "/labelers/0/id", `no labeler "mine/c"`},
	{"labeler of another version", 1.5, []any{"labelers", 0, "version"}, "/labelers/0/version", "not a whole number"},
	{"cut that is text", "0.1", []any{"cuts", 0}, "/cuts/0", "text stands where a number must"},
	{"cut above all", 1.5, []any{"cuts", 2}, "/cuts/2", "not between"},
	{"impact in capitals", "Major", []any{"unknownImpact"}, "/unknownImpact", "no word"},
	{"another axis", "severity", []any{"table", "axes", 1, "name"}, "/table/axes", "not likelihood and impact"},
	{"cell of nothing", nil, []any{"table", "cells", 3}, "/table/cells/3", "null stands"},
	{"cell unknown", "unknown", []any{"table", "cells", 4}, "/table/cells/4", "none of the outcomes"},
	{"cell that falls", "low", []any{"table", "cells", 18}, "/table/cells/18", "gives only"},
	{"no independence", "no", []any{"demands", 0, "requirements", 0, "independent"}, "/demands/0/requirements/0/independent", "text stands where true or false must"},
	{"no evidence", absent, []any{"demands", 0, "requirements", 1, "evidence"}, "/demands/0/requirements/1", `"evidence" is missing`},
	{"no stages", 0, []any{"demands", 0, "rollout", "minStages"}, "/demands/0/rollout/minStages", "from 1"},
	{"any age", "0s", []any{"demands", 1, "requirements", 2, "maxAge"}, "/demands/1/requirements/2/maxAge", "leave it out"},
	{"any share", 0, []any{"demands", 1, "rollout", "maxFirstPercent"}, "/demands/1/rollout/maxFirstPercent", "leave it out"},
	{"age as a number", 86400, []any{"demands", 2, "requirements", 1, "maxAge"}, "/demands/2/requirements/1/maxAge", "a number stands where a duration"},
	{"age in another unit", "7d", []any{"demands", 2, "requirements", 2, "maxAge"}, "/demands/2/requirements/2/maxAge", "no duration"},
	{"bake in another way", "90m", []any{"demands", 2, "rollout", "minBake"}, "/demands/2/rollout/minBake", `"1h30m"`},
	{"no roles", []any{}, []any{"demands", 3, "requirements", 2, "roles"}, "/demands/3/requirements/2/roles", "leave it out"},
	{"no why", "", []any{"demands", 3, "requirements", 0, "why"}, "/demands/3/requirements/0/why", "empty"},
	{"count of a half", 2.5, []any{"demands", 3, "requirements", 1, "count"}, "/demands/3/requirements/1/count", "not a whole number"},
	{"owners as a word", "yes", []any{"demands", 1, "owners"}, "/demands/1/owners", "text stands where true or false must"},
	{"any exposure", 0, []any{"demands", 2, "rollout", "maxPercentHours"}, "/demands/2/rollout/maxPercentHours", "leave it out"},
	{"an exposure without an end", 1e7, []any{"demands", 2, "rollout", "maxPercentHours"}, "/demands/2/rollout/maxPercentHours", "at most 1e+06"},
	{"any step", 0, []any{"demands", 2, "rollout", "maxStepPercent"}, "/demands/2/rollout/maxStepPercent", "leave it out"},
	{"window of nothing", "0s", []any{"window"}, "/window", "must be more than zero"},
	{"no outcome", 3, []any{"advisories", "table", "outcomes", 1}, "/advisories/table/outcomes/1", "a number stands where text must"},
	{"floor of nothing", "unknown", []any{"advisories", "floors", 3}, "/advisories/floors/3", "no word"},
	{"firm of a number", 1, []any{"firm", 1}, "/firm/1", "a number stands where text must"},
	{"waivers for ever", absent, []any{"maxWaiver"}, "", `"maxWaiver" is missing`},
	{"lane from nowhere", "", []any{"expedite", "from"}, "/expedite/from", "empty"},
	{"lane of nobody", "anyone", []any{"expedite", "demands", 0, "requirements", 1, "independent"}, "/expedite/demands/0/requirements/1/independent", "text stands where true or false must"},
	{"lane of every tier", "any", []any{"expedite", "demands", 0, "tier"}, "/expedite/demands/0/tier", "no word"},
	{"glass of no count", 0, []any{"breakGlass", "requirements", 0, "count"}, "/breakGlass/requirements/0/count", "from 1"},
	{"glass of no rollout", absent, []any{"breakGlass", "rollout", "minStages"}, "/breakGlass/rollout", `"minStages" is missing`},
	{"glass without an end", "0s", []any{"breakGlass", "due"}, "/breakGlass/due", "must be more than zero"},
	{"glass for days", "1d", []any{"breakGlass", "maxAge"}, "/breakGlass/maxAge", "no duration"},
	{"a member too many", true, []any{"demands", 3, "rollout", "maxPercent"}, "/demands/3/rollout/maxPercent", "no member"},
	{"another case", "x", []any{"demands", 3, "rollout", "Why"}, "/demands/3/rollout/Why", "some parsers"},
}

// alsoWrong are other places that some of them make wrong: the rule that stood there is
// gone, and a cell falls in two directions.
var alsoWrong = map[string]string{"rule of nobody": "/rules", "cell that falls": "/table/cells/19"}

// checker is a test or a property.
type checker interface {
	require.TestingT
	Helper()
}

type gone struct{}

var absent = gone{}

func spoil(v map[string]any, i int) { spoilAt(v, policyWrongs[i].value, policyWrongs[i].path) }

// spoilAt puts a value at a place, or takes away what is there.
func spoilAt(v map[string]any, value any, path []any) {
	if last := len(path) - 1; value == absent {
		delete(valueAt(v, path[:last]...).(map[string]any), path[last].(string))
		return
	}
	setAt(v, value, path...)
}

func asJSON(t checker, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return b
}

// Each mistake by itself is told, where it is, and nothing else is.
func TestEachMistakeIsToldOnce(t *testing.T) {
	t.Parallel()
	require.Empty(t, policyMistakes(t, asJSON(t, policyTree(t))))
	for i, w := range policyWrongs {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			v := policyTree(t)
			spoil(v, i)
			got := policyMistakes(t, asJSON(t, v))
			require.NotEmpty(t, got)
			told := slices.IndexFunc(got, func(m risk.Mistake) bool { return m.Pointer == w.at && strings.Contains(m.Text, w.text) })
			require.GreaterOrEqual(t, told, 0, "%v", got)
			require.Positive(t, got[told].Line)
			require.Positive(t, got[told].Column)
			for _, m := range got {
				require.True(t, m.Pointer == w.at || m.Pointer == alsoWrong[w.name], "%v", got)
			}
		})
	}
}

// Any of them together are all told at once, and nothing that is right is blamed.
func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := policyTree(t)
		chosen := rapid.SliceOfDistinct(rapid.IntRange(0, len(policyWrongs)-1), rapid.ID).Draw(t, "wrongs")
		for _, i := range chosen {
			spoil(v, i)
		}
		got := policyMistakes(t, asJSON(t, v))
		allowed := map[string]bool{}
		for _, i := range chosen {
			w := policyWrongs[i]
			allowed[w.at], allowed[alsoWrong[w.name]] = true, true
			require.True(t, slices.ContainsFunc(got, func(m risk.Mistake) bool { return m.Pointer == w.at && strings.Contains(m.Text, w.text) }), "%s\n%v", w.name, got)
		}
		for _, m := range got {
			require.True(t, allowed[m.Pointer], "%v", m)
		}
		require.True(t, slices.IsSortedFunc(got, func(a, b risk.Mistake) int { return a.Line - b.Line }))
	})
}

// A place is the place: what stands there is what the mistake is about.
func TestPlaces(t *testing.T) {
	t.Parallel()
	b := asJSON(t, policyTree(t))
	spoiled := strings.Replace(string(b), `"maxAge": "168h0m0s"`, `"maxAge": "one week"`, 1)
	got := policyMistakes(t, []byte(spoiled))
	require.Len(t, got, 1)
	line := strings.Split(spoiled, "\n")[got[0].Line-1]
	require.True(t, strings.HasPrefix(line[got[0].Column-1:], `"one week"`), line)
	require.Equal(t, fmt.Sprintf(`risk: policy: line %d, column %d: /demands/1/requirements/2/maxAge: "one week" is no duration such as "24h" or "1h30m"`, got[0].Line, got[0].Column),
		(&risk.TextError{Of: "policy", Mistakes: got}).Error())
}

// No floor of this module can be left out by a text.
func TestMandatoryRulesStay(t *testing.T) {
	t.Parallel()
	may := []string{"interface", "outdated", "setting", "size", "spread", "test-removed", "unpinned", "friday"}
	v := policyTree(t)
	rules := v["rules"].([]any)
	for i := range rules {
		v["rules"] = slices.Delete(slices.Clone(rules), i, i+1)
		id := valueAt(rules, i, "id").(string)
		got := policyMistakes(t, asJSON(t, v))
		require.Equal(t, slices.Contains(may, id), len(got) == 0, id)
		if len(got) > 0 {
			require.True(t, slices.ContainsFunc(got, func(m risk.Mistake) bool {
				return m.Pointer == "/rules" && strings.Contains(m.Text, fmt.Sprintf("%q", id))
			}), "%v", got)
		}
	}
	v["rules"] = []any{}
	got := slices.DeleteFunc(policyMistakes(t, asJSON(t, v)), func(m risk.Mistake) bool { return m.Pointer != "/rules" })
	require.Len(t, got, len(risk.Rules())-(len(may)-1)+1, "each is told, and that there is none")
}

// Text that two programs may read differently, or that is none.
func TestPolicyTextIsStrict(t *testing.T) {
	t.Parallel()
	good := string(asJSON(t, policyTree(t)))
	require.Empty(t, policyMistakes(t, []byte(good)))
	for name, b := range map[string]string{
		"nothing":                  "",
		"null":                     "null",
		"another value":            "[]",
		"empty object":             "{}",
		"something behind":         good + "{}",
		"cut":                      good[:len(good)/2],
		"a name twice":             strings.Replace(good, `"id":`, `"id": "x", "id":`, 1),
		"a name twice, in escapes": strings.Replace(good, `"id":`, `"\u0069d": "x", "id":`, 1),
		"comment":                  "// x\n" + good,
		"bad UTF-8":                strings.Replace(good, "sallyport", "s\xff", 1),
		"one as a float":           strings.Replace(good, `"version": 1`, `"version": 1.0`, 1),
		"one with an exponent":     strings.Replace(good, `"version": 1`, `"version": 1e0`, 1),
		"below zero":               strings.Replace(good, `"count": 1`, `"count": -0`, 1),
		"beyond all numbers":       strings.Replace(good, `0.1,`, `1e999,`, 1),
		"deep":                     strings.Replace(good, `"independent": true`, `"independent": `+strings.Repeat("[", 40)+strings.Repeat("]", 40), 1),
		"a cut too many":           strings.Replace(good, `0.1,`, `0.01, 0.1,`, 1),
		"a cut too few":            strings.Replace(good, `0.1,`, ``, 1),
		"too large":                good + strings.Repeat(" ", risk.MaxPolicyBytes),
	} {
		require.NotEqual(t, good, b, name)
		got := policyMistakes(t, []byte(b))
		require.NotEmpty(t, got, name)
		if name != "empty object" && name != "bad UTF-8" {
			require.Len(t, got, 1, "%s: %v", name, got)
		}
	}
	got := policyMistakes(t, []byte("{}"))
	require.Len(t, got, 12, "%v", got)
}

// Short and full durations are the same; their text is not free besides.
func TestDurations(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{"24h": true, "24h0m0s": true, "24h0m": false, "1h30m": true, "1h30m0s": true, "90m": false, "+24h": false, "24H": false, " 24h": false,
		"1.5h": false, "1h0m5s": true, "-24h": false, "86400s": false, "24": false, "P1D": false, "24h0m0s ": false, "9999999h": false, "23h59m59.5s": true, "": false} {
		v := policyTree(t)
		setAt(v, text, "demands", 3, "requirements", 3, "maxAge")
		b, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, fine, len(policyMistakes(t, b)) == 0, "%q: %v", text, policyMistakes(t, b))
	}
}

// The host's code cannot take the name of this module's, nor be two things.
func TestHostCodeIsChecked(t *testing.T) {
	t.Parallel()
	b, err := risk.Default().MarshalJSON()
	require.NoError(t, err)
	for name, own := range map[string]risk.Code{
		"a rule of ours":             {Rules: []risk.Rule{{ID: "gap", Doc: "x", Version: 7, Run: findsNothing}}},
		"one version twice":          {Rules: []risk.Rule{{ID: "x", Version: 7}, {ID: "x", Version: 7}}},
		"a labeler's version, twice": {Labelers: []label.Labeler{{ID: "x"}, {ID: "x"}}},
	} {
		p, err := risk.ParsePolicy(b, own)
		require.Nil(t, p, name)
		require.ErrorContains(t, err, "risk: own", name)
	}
	// A rule that is named but cannot run is the policy's mistake.
	v := policyTree(t)
	_, err = risk.ParsePolicy(asJSON(t, v), risk.Code{Rules: []risk.Rule{{ID: "friday", Version: 3}}, Labelers: hostCode().Labelers})
	require.ErrorContains(t, err, rulePointer("friday")+"/run")
	require.ErrorContains(t, err, rulePointer("friday")+"/doc")
	setAt(v, "identity", "labelers", 0, "id")
	_, err = risk.ParsePolicy(asJSON(t, v), hostCode())
	require.ErrorContains(t, err, "always apply")
}

func TestManyMistakes(t *testing.T) {
	t.Parallel()
	b := []byte(`{"table": {"cells": [` + strings.Repeat("1,", 4000) + `1]}}`)
	_, err := risk.ParsePolicy(b, risk.Code{})
	e, ok := errors.AsType[*risk.TextError](err)
	require.True(t, ok)
	require.Len(t, e.Mistakes, risk.MaxMistakes)
	require.Equal(t, 4001+13-risk.MaxMistakes, e.More)
	require.ErrorContains(t, err, "3914 more")
}

// Not parallel: it measures memory.
func TestHostilePolicies(t *testing.T) {
	inputs := hostile.Texts()
	long := strings.Repeat("x", 100)
	for name, s := range map[string]string{
		"empty objects":          `{"rules":[` + strings.Repeat(`{},`, 60_000) + `{}]}`,
		"names":                  `{"demands":[{` + strings.Repeat(`"a":1,`, 30_000) + `}]}`,
		"long pointers":          `{"demands":[` + strings.Repeat(`{"`+long+`":1},`, 2000) + `1]}`,
		"requirements":           `{"demands":[` + strings.Repeat(`{"requirements":[`+strings.Repeat(`{"roles":[`+strings.Repeat(`"",`, 31)+`""]},`, 63)+`1]},`, 16) + `1]}`,
		"the same id many times": `{"demands":[` + strings.Repeat(`{"requirements":[`+strings.Repeat(`{"id":"a","roles":[`+strings.Repeat(`"a",`, 31)+`"b"]},`, 63)+`1]},`, 16) + `1]}`,
		"values":                 `{"table":{"axes":[` + strings.Repeat(`{"values":[`+strings.Repeat(`"a",`, 99)+`"a"]},`, 7) + `1],"cells":[` + strings.Repeat(`"low","high",`, 2048) + `1]}}`,
		"cuts":                   `{"cuts":[` + strings.Repeat(`1e999,`, 40_000) + `1]}`,
	} {
		inputs = append(inputs, hostile.Input{Name: name, Text: []byte(s)})
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := risk.ParsePolicy(b, risk.Code{})
		return err != nil
	})
}

// What is read is valid, and what it is written as is read as the same; mistakes are
// the same each time, in order and in the text. What can be upgraded can then be read, and
// what can be read needs no upgrade.
func FuzzParsePolicy(f *testing.F) {
	b, err := risk.Default().MarshalJSON()
	require.NoError(f, err)
	f.Add(b)
	f.Add(asJSON(f, smallTree(f)))
	for i := range policyWrongs {
		v := policyTree(f)
		spoil(v, i)
		f.Add(asJSON(f, v))
	}
	f.Add(bytes.ReplaceAll(b, []byte(`"version":2`), []byte(`"version":1`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := risk.ParsePolicy(b, hostCode())
		u, upgradeErr := risk.UpgradePolicy(b, hostCode())
		if upgradeErr == nil {
			now, err := risk.ParsePolicy(u.Text, hostCode())
			require.NoError(t, err)
			require.Equal(t, digestOf(t, now), u.After)
			require.Equal(t, p != nil, len(u.Rises) == 0)
		}
		if err != nil {
			first := policyMistakes(t, b)
			require.Equal(t, first, policyMistakes(t, b))
			inText(t, b, first)
			return
		}
		require.NoError(t, upgradeErr)
		require.Equal(t, string(b), string(u.Text))
		require.Equal(t, u.Before, u.After)
		require.NoError(t, p.Validate())
		text, err := p.MarshalJSON()
		require.NoError(t, err)
		back, err := risk.ParsePolicy(text, hostCode())
		require.NoError(t, err)
		require.Equal(t, digestOf(t, p), digestOf(t, back))
		require.Equal(t, u.After, digestOf(t, p))
	})
}
