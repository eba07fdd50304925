package policyfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/policyfile"
)

const defaultFile = "testdata/default.yaml"

func file(t require.TestingT) string {
	b, err := os.ReadFile(defaultFile)
	require.NoError(t, err)
	return string(b)
}

func digest(t require.TestingT, p *risk.Policy) release.Digest {
	d, err := p.Digest()
	require.NoError(t, err)
	return d
}

// mistakes are those of a text that is no policy; none of one that is.
func mistakes(t require.TestingT, text string) []risk.Mistake {
	p, err := policyfile.Parse([]byte(text), risk.Code{})
	if err == nil {
		require.NoError(t, p.Validate())
		return nil
	}
	require.Nil(t, p)
	e, ok := errors.AsType[*risk.PolicyError](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, e.Mistakes)
	require.LessOrEqual(t, len(e.Mistakes), risk.MaxMistakes)
	return e.Mistakes
}

func TestDefaultFile(t *testing.T) {
	t.Parallel()
	p, err := policyfile.Parse([]byte(file(t)), risk.Code{})
	require.NoError(t, err)
	require.Equal(t, digest(t, risk.Default()), digest(t, p))
	want, err := risk.Default().MarshalJSON()
	require.NoError(t, err)
	got, err := p.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))

	for _, text := range []string{strings.ReplaceAll(file(t), "\n", "\r\n"), "\ufeff" + file(t), "---\n" + file(t) + "...\n", string(want)} {
		p, err := policyfile.Parse([]byte(text), risk.Code{})
		require.NoError(t, err)
		require.Equal(t, digest(t, risk.Default()), digest(t, p))
	}
}

// wrongs are single mistakes: what stands in the file, what stands there instead, and
// what is told, at the place where the marker "@" stands in the new text.
var wrongs = []struct{ name, old, new, pointer, text string }{
	{"no as id", "id: sallyport/default/1", "@id: no", "/id", `"no" is read in different ways`},
	{"rule of nobody", "{id: setting, version: 1}", "{@id: settings, version: 1}", "/rules/12/id", "no rule"},
	{"version with a zero", "{id: revision, version: 1}", "{id: revision, @version: 01}", "/rules/0/version", "in different ways"},
	{"version of text", "{id: gap, version: 1}", `{id: gap, @version: "1"}`, "/rules/1/version", "text stands where a whole number must"},
	{"version of another build", "{id: loss, version: 1}", "{id: loss, @version: 4}", "/rules/9/version", "which has version 1"},
	{"rule without version", "{id: size, version: 1}", "@{id: size}", "/rules/19", `"version" is missing`},
	{"cut with a comma", "[0.1, 0.3, 0.6]", "[0.1, 0.3, @0_6]", "/cuts/2", "in different ways"},
	{"impact in capitals", "unknownImpact: major", "@unknownImpact: Major", "/unknownImpact", "no word"},
	{"cell of nothing", "moderate, moderate, moderate, high, critical,", "moderate, @~, moderate, high, critical,", "/table/tiers/16", "nothing stands"},
	{"cell that falls", "low, low, low, low, moderate,  # minimal\n      low, low, low, moderate, moderate,", "low, low, low, low, high,  # minimal\n      low, low, low, moderate, @moderate,", "/table/tiers/9", "gives only"},
	{"count of text", "evidence: test-result\n        count: 1\n        why: Tests ran on this release and passed.\n      - id: approval/any", "evidence: test-result\n        @count: one\n        why: Tests ran.\n      - id: approval/any",
		"/demands/0/requirements/0/count", "text stands where a whole number"},
	{"no why", "why: Somebody looked at the release and said yes.", "@why:", "/demands/0/requirements/1/why", "nothing stands"},
	{"bake of a number", "minBake: 0s", "@minBake: 0", "/demands/0/rollout/minBake", "a number stands where a duration"},
	{"bake to the base of 60", "minBake: 10m", "@minBake: 10:00", "/demands/1/rollout/minBake", "in different ways"},
	{"share of text", "maxFirstPercent: 25", "@maxFirstPercent: 25%", "/demands/1/rollout/maxFirstPercent", "text stands where a number must"},
	{"independent as yes", "count: 2\n        independent: true", "count: 2\n        @independent: yes", "/demands/2/requirements/1/independent", `"yes" is read`},
	{"independent as True", "count: 3\n        independent: true", "count: 3\n        @independent: True", "/demands/3/requirements/1/independent", `"True" is read`},
	{"roles as a word", "roles: [security]", "@roles: security", "/demands/3/requirements/2/roles", "text stands where an array must"},
	{"an unknown name", "minStages: 3", "minStages: 3\n      @minstage: 3", "/demands/2/rollout/minstage", "no member"},
	{"another case", "minStages: 4", "minStages: 4\n      @WHY: x", "/demands/3/rollout/WHY", "some parsers"},
	{"a tag", "tier: moderate", "@tier: !!str moderate", "/demands/1/tier", "tag"},
	{"a name with a tag", "minBake: 30m", "minBake: 30m\n      @!!str x: y", "/demands/2/rollout", "tag"},
}

// where is the place of the marker in a text, and the text without it.
func where(text string) (without string, line, column int) {
	i := strings.IndexByte(text, '@')
	return text[:i] + text[i+1:], strings.Count(text[:i], "\n") + 1, i - strings.LastIndexByte(text[:i], '\n')
}

func TestEachMistakeIsTold(t *testing.T) {
	t.Parallel()
	for _, w := range wrongs {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(file(t), w.old))
			text, line, column := where(strings.Replace(file(t), w.old, w.new, 1))
			got := mistakes(t, text)
			require.Len(t, got, 1, "%v", got)
			require.Equal(t, w.pointer, got[0].Pointer)
			require.Contains(t, got[0].Text, w.text)
			require.Equal(t, [2]int{line, column}, [2]int{got[0].Line, got[0].Column}, "%v", got)
		})
	}
}

// Any of them together are all told at once, in order, and nothing else is.
func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := file(t)
		var want, have []string
		for _, i := range rapid.SliceOfDistinct(rapid.IntRange(0, len(wrongs)-1), rapid.ID).Draw(t, "wrongs") {
			w := wrongs[i]
			text = strings.Replace(text, w.old, strings.Replace(w.new, "@", "", 1), 1)
			want = append(want, w.pointer)
		}
		got := mistakes(t, text)
		for _, m := range got {
			have = append(have, m.Pointer)
		}
		require.ElementsMatch(t, want, have, "%v", got)
		require.True(t, slices.IsSortedFunc(got, func(a, b risk.Mistake) int { return a.Line - b.Line }))
	})
}

// What YAML 1.1 takes for another type is text only in quotes; what no version does
// is text.
func TestNoGuessing(t *testing.T) {
	t.Parallel()
	id := func(s string) string {
		return strings.Replace(file(t), "id: sallyport/default/1", "id: "+s, 1)
	}
	for _, s := range []string{"no", "No", "NO", "yes", "on", "OFF", "y", "N", "true", "TRUE", "False", "null", "Null", "~", "", "7", "0755", "0o17", "08", "0b1", "0x1F", "+3", "1_000", "12:30", "1:2:3", "1.5", "1e3", ".5", "1.", ".inf", "-.INF", ".NaN",
		"2026-11-23", "2026-11-23T10:00:00Z", "2026-11-23 10:00:00", "=", "[a]", "{a: b}", "!!str a", "!x a", "!!binary aGk=", "!!set {a}", "!!int \"3\""} {
		require.NotEmpty(t, mistakes(t, id(s)), "%q", s)
		if !strings.ContainsAny(s, `![{`) && s != "" {
			for _, quoted := range []string{`"` + s + `"`, "'" + s + "'", "|-\n  " + s} {
				p, err := policyfile.Parse([]byte(id(quoted)), risk.Code{})
				require.NoError(t, err, "%q", quoted)
				require.Equal(t, s, p.ID)
			}
		}
	}
	for _, s := range []string{"noo", "a b", "v1", "1.2.3", "1-2", "on call", "2026-11-23x", "acme/2", "ü", "nil", "None", "12:3x", "-x", "a:b", "1 000"} {
		p, err := policyfile.Parse([]byte(id(s)), risk.Code{})
		require.NoError(t, err, "%q", s)
		require.Equal(t, s, p.ID)
	}
}

// Text that is no YAML, or not to be read in one way, is refused with its place.
func TestStrict(t *testing.T) {
	t.Parallel()
	good := file(t)
	for name, c := range map[string]struct {
		text, want string
		line       int
	}{
		"nothing":           {"", "nothing in it", 0},
		"comments":          {"# x\n", "nothing in it", 0},
		"null":              {"~\n", "nothing stands", 1},
		"a word":            {"policy\n", "text stands where an object must", 1},
		"two documents":     {good + "---\n" + good, "more than 1 documents", strings.Count(good, "\n") + 1},
		"no YAML":           {"id: x\nrules: [\n", "did not find", 2},
		"a name twice":      {good + "id: other\n", `the key id stands twice`, strings.Count(good, "\n") + 1},
		"in other quotes":   {good + "\"id\": other\n", `the key id stands twice`, strings.Count(good, "\n") + 1},
		"not UTF-8":         {"id: \xff\n", "UTF-8", 1},
		"anchor of nothing": {"id: *x\n", "anchor", 0},
		"too large":         {strings.Repeat(" ", policyfile.MaxBytes+1), "more than", 0},
	} {
		got := mistakes(t, c.text)
		require.Len(t, got, 1, "%s: %v", name, got)
		require.Contains(t, got[0].Text, c.want, name)
		require.Equal(t, c.line, got[0].Line, "%s: %v", name, got)
	}
}

// Aliases share what tiers have in common; a mistake is told where it stands. Merge
// keys are refused.
func TestShared(t *testing.T) {
	t.Parallel()
	tests := "- id: test/passed\n        evidence: test-result\n        count: 1\n        why: Tests ran on this release and passed."
	text := strings.Replace(file(t), tests, "- &tests\n"+strings.Replace(tests, "- id", "        id", 1), 1)
	text = strings.ReplaceAll(text, tests, "- *tests")
	require.Equal(t, 3, strings.Count(text, "*tests"))
	p, err := policyfile.Parse([]byte(text), risk.Code{})
	require.NoError(t, err)
	require.Equal(t, digest(t, risk.Default()), digest(t, p))

	for _, merge := range []string{"- {<<: *tests, count: 2}", "- {count: 2, <<: [*tests]}", "- <<: *tests", "- {!!merge <<: *tests}", "- {<<: {count: 1}, id: x, evidence: x, why: x}"} {
		got := mistakes(t, strings.Replace(text, "- *tests", merge, 1))
		require.True(t, slices.ContainsFunc(got, func(m risk.Mistake) bool { return strings.Contains(m.Text, "merge key") && m.Line == 73 }), "%v", got)
	}

	got := mistakes(t, strings.Replace(text, "count: 1", "count: no", 1))
	require.Len(t, got, 4)
}

// The host's code is found in a file as in JSON, and its own mistakes are the host's.
func TestHostCode(t *testing.T) {
	t.Parallel()
	own := risk.Code{
		Rules:    []risk.Rule{{ID: "friday", Doc: "x", Version: 3, Run: func(*release.ChangeSet) []risk.Finding { return nil }}},
		Labelers: []label.Labeler{{ID: "mine", Doc: "x.", Version: 2}},
	}
	text := strings.Replace(file(t), "\ncuts:", "\nlabelers: [{id: mine, version: 2}]\ncuts:", 1)
	text = strings.Replace(text, "rules:\n", "rules:\n  - {id: friday, version: 3}\n", 1)
	p, err := policyfile.Parse([]byte(text), own)
	require.NoError(t, err)
	want := risk.Default()
	want.Rules, want.Labelers = append(slices.Clone(own.Rules), want.Rules...), own.Labelers
	require.Equal(t, digest(t, want), digest(t, p))
	require.Len(t, mistakes(t, text), 2)

	p, err = policyfile.Parse([]byte(text), risk.Code{Rules: append(own.Rules, own.Rules...)})
	require.Nil(t, p)
	_, ok := errors.AsType[*risk.PolicyError](err)
	require.False(t, ok)
	require.ErrorContains(t, err, "stands twice")
}

// Whatever the policy's texts are, another program's YAML of it is read as the same.
func TestOfAnotherWriter(t *testing.T) {
	t.Parallel()
	word := rapid.OneOf(rapid.SampledFrom([]string{"no", "0755", "12:30", "~", "a: b", "# c", "- d", "'", "\"", "\n", " x ", "é", "\u2028", "<<", "*a", "!b", "1_0", "=", "y"}), rapid.StringN(1, 8, 20))
	rapid.Check(t, func(t *rapid.T) {
		p := risk.Default()
		p.ID = word.Draw(t, "id")
		p.Demands[3].Requirements[2].Roles = rapid.SliceOfN(word, 1, 3).Draw(t, "roles")
		for i := range p.Demands {
			p.Demands[i].Rollout.Why = word.Draw(t, "why")
		}
		p.Cuts[0] = rapid.Float64Range(1e-300, 0.29).Draw(t, "cut")
		b, err := p.MarshalJSON()
		require.NoError(t, err)
		var v any
		require.NoError(t, json.Unmarshal(b, &v))
		text, err := yaml.Marshal(v)
		require.NoError(t, err)
		back, err := policyfile.Parse(text, risk.Code{})
		if err == nil {
			require.Equal(t, digest(t, p), digest(t, back), "%s", text)
			return
		}
		// It may be refused for how the other writes, never be another policy.
		var theirs any
		if yaml.Unmarshal(text, &theirs) != nil {
			return // what it cannot read itself
		}
		require.True(t, strings.Contains(err.Error(), "read in different ways") || strings.Contains(err.Error(), "a tag") || strings.Contains(err.Error(), "control character") ||
			strings.Contains(err.Error(), "a line break for some") || strings.Contains(err.Error(), "byte order mark"), "%v\n%s", err, text)
	})
}

// Mistakes are counted once, whether they are YAML's or the shape's.
func TestManyMistakes(t *testing.T) {
	t.Parallel()
	for cell, more := range map[string]int{"no": 3007 - risk.MaxMistakes, "1": 3007 - risk.MaxMistakes} {
		_, err := policyfile.Parse([]byte("table:\n  tiers: ["+strings.Repeat(cell+", ", 3000)+"]\n"), risk.Code{})
		e, ok := errors.AsType[*risk.PolicyError](err)
		require.True(t, ok)
		require.Len(t, e.Mistakes, risk.MaxMistakes)
		require.Equal(t, more, e.More, cell)
	}
	require.NotEmpty(t, mistakes(t, strings.Replace(file(t), "id: sallyport/default/1", "id: "+strings.Repeat("7", 300), 1)))
}

// Not parallel: it measures memory.
func TestHostile(t *testing.T) {
	inputs := hostile.Texts()
	long := strings.Repeat("x", 200<<10)
	doublings := "a0: &a0 x\n"
	for i := range 40 {
		doublings += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	for name, s := range map[string]string{
		"a long text, a thousand times": "id: &a \"" + long + "\"\nrules: [" + strings.Repeat("*a, ", 1000) + "]\n",
		"a list of it":                  "id: &a [\"" + long + "\"]\nrules: [" + strings.Repeat("*a, ", 1000) + "]\n",
		"doublings":                     doublings,
		"roles":                         "demands:\n- requirements:\n  - &a {roles: [" + strings.Repeat("a, ", 30) + "a]}\n" + strings.Repeat("  - *a\n", 400),
		"cells":                         "table:\n  tiers: [" + strings.Repeat("no, ", 9000) + "]\n",
		"names":                         strings.Repeat("{a: ", 10) + strings.Repeat("}", 10),
		"tags":                          "rules: [" + strings.Repeat("!x a, ", 4000) + "]\n",
	} {
		inputs = append(inputs, hostile.Input{Name: name, Text: []byte(s)})
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := policyfile.Parse(b, risk.Code{})
		return err != nil
	})
}

// What is read is valid and has the digest of its JSON; what is not has the same
// mistakes each time, in order, within the text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(file(f)))
	for _, w := range wrongs {
		f.Add([]byte(strings.Replace(file(f), w.old, strings.Replace(w.new, "@", "", 1), 1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := policyfile.Parse(b, risk.Code{})
		if err != nil {
			first := mistakes(t, string(b))
			require.Equal(t, first, mistakes(t, string(b)))
			for i, m := range first {
				require.LessOrEqual(t, m.Line, bytes.Count(b, []byte("\n"))+bytes.Count(b, []byte("\r"))+1, "%v", m)
				require.True(t, i == 0 || first[i-1].Line <= m.Line)
			}
			return
		}
		require.NoError(t, p.Validate())
		text, err := p.MarshalJSON()
		require.NoError(t, err)
		back, err := risk.ParsePolicy(text, risk.Code{})
		require.NoError(t, err)
		require.Equal(t, digest(t, p), digest(t, back))
		again, err := policyfile.Parse(text, risk.Code{})
		require.NoError(t, err, "JSON is YAML")
		require.Equal(t, digest(t, p), digest(t, again))
	})
}
