package policyfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

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
	return told(t, "policy", err)
}

// told are the mistakes of an error, in the order of the text.
func told(t require.TestingT, of string, err error) []risk.Mistake {
	e, ok := errors.AsType[*risk.TextError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, of, e.Of)
	require.NotEmpty(t, e.Mistakes)
	require.LessOrEqual(t, len(e.Mistakes), risk.MaxMistakes)
	require.True(t, slices.IsSortedFunc(e.Mistakes, func(a, b risk.Mistake) int { return a.Line - b.Line }))
	return e.Mistakes
}

// inText wants places that are in the text.
func inText(t require.TestingT, b []byte, got []risk.Mistake) {
	lines := 1 + strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(b)), "\n")
	for _, m := range got {
		require.LessOrEqual(t, m.Line, lines, "%v", m)
	}
}

// The file is the default policy. Where it is not any more, what is told says what to write.
func TestDefaultFile(t *testing.T) {
	t.Parallel()
	for i, r := range risk.Rules() {
		line := "\n  - " + ruleLine(r.ID) + "\n"
		require.Contains(t, file(t), line, "testdata/default.yaml must name this rule so, as number %d of the rules", i+1)
	}
	p, err := policyfile.Parse([]byte(file(t)), risk.Code{})
	require.NoError(t, err)
	require.Empty(t, edits("", tree(t, risk.Default()), tree(t, p)), "testdata/default.yaml must be edited so")
	require.Equal(t, digest(t, risk.Default()), digest(t, p))

	for _, text := range []string{strings.ReplaceAll(file(t), "\n", "\r\n"), "\ufeff" + file(t), "---\n" + file(t) + "...\n"} {
		p, err := policyfile.Parse([]byte(text), risk.Code{})
		require.NoError(t, err)
		require.Equal(t, digest(t, risk.Default()), digest(t, p))
	}
}

// tree is a policy's text as JSON values.
func tree(t *testing.T, p *risk.Policy) any {
	b, err := p.MarshalJSON()
	require.NoError(t, err)
	var out any
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

// edits say, by pointers, what makes one JSON value of another.
func edits(at string, want, have any) []string {
	var out []string
	switch w := want.(type) {
	case map[string]any:
		h, _ := have.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(w)) {
			out = append(out, edits(at+"/"+name, w[name], h[name])...)
		}
		for name := range h {
			if _, ok := w[name]; !ok {
				out = append(out, at+"/"+name+" must not be there")
			}
		}
	case []any:
		h, _ := have.([]any)
		for i := range w {
			out = append(out, edits(fmt.Sprint(at, "/", i), w[i], append(h, make([]any, len(w))...)[i])...)
		}
		if len(h) > len(w) {
			out = append(out, fmt.Sprint(at, "/", len(w), " and what follows must not be there"))
		}
	default:
		if want != have {
			out = append(out, fmt.Sprintf("%s must be %v and is %v", at, want, have))
		}
	}
	return out
}

// ruleLine is how the file names a rule of this build, rulePointer where.
func ruleLine(id string) string {
	i := slices.IndexFunc(risk.Rules(), func(r risk.Rule) bool { return r.ID == id })
	return fmt.Sprintf("{id: %s, version: %d}", id, risk.Rules()[i].Version)
}

func rulePointer(id string) string {
	return fmt.Sprintf("/rules/%d", slices.IndexFunc(risk.Rules(), func(r risk.Rule) bool { return r.ID == id }))
}

// wrongs are single mistakes: what stands in the file, what stands there instead, and
// what is told, at the place where the marker "@" stands in the new text.
var wrongs = []struct{ name, old, new, pointer, text string }{
	{"no as id", "id: sallyport/default/1", "@id: no", "/id", `"no" is read in different ways`},
	{"rule of nobody", ruleLine("setting"), "{@id: settings, version: 1}", rulePointer("setting") + "/id", "no rule"},
	{"version with a zero", ruleLine("revision"), "{id: revision, @version: 01}", rulePointer("revision") + "/version", "in different ways"},
	{"version of text", ruleLine("gap"), `{id: gap, @version: "1"}`, rulePointer("gap") + "/version", "text stands where a whole number must"},
	{"version of another build", ruleLine("loss"), "{id: loss, @version: 99}", rulePointer("loss") + "/version", "which has version"},
	{"rule without version", ruleLine("size"), "@{id: size}", rulePointer("size"), `"version" is missing`},
	{"cut with a comma", "[0.1, 0.3, 0.6]", "[0.1, 0.3, @0_6]", "/cuts/2", "in different ways"},
	{"impact in capitals", "unknownImpact: major", "@unknownImpact: Major", "/unknownImpact", "no word"},
	{"cell of nothing", "moderate, moderate, moderate, high, critical,", "moderate, @~, moderate, high, critical,", "/table/cells/16", "nothing stands"},
	{"cell that falls", "low, low, low, low, moderate,  # minimal\n      low, low, low, moderate, moderate,", "low, low, low, low, high,  # minimal\n      low, low, low, moderate, @moderate,", "/table/cells/9", "gives only"},
	{"count of text", "evidence: test-result\n        count: 1\n        why: Tests ran on this release and passed.\n      - id: approval/any", "evidence: test-result\n        @count: one\n        why: Tests ran.\n      - id: approval/any",
		"/demands/0/requirements/0/count", "text stands where a whole number"},
	{"no why", "why: Somebody looked at the release and said yes.", "@why:", "/demands/0/requirements/1/why", "nothing stands"},
	{"bake of a number", "minBake: 0s\n      why: It may go out at once.", "@minBake: 0", "/demands/0/rollout/minBake", "a number stands where a duration"},
	{"bake to the base of 60", "minBake: 10m", "@minBake: 10:00", "/demands/1/rollout/minBake", "in different ways"},
	{"share of text", "maxFirstPercent: 25", "@maxFirstPercent: 25%", "/demands/1/rollout/maxFirstPercent", "text stands where a number must"},
	{"independent as yes", "count: 2\n        independent: true", "count: 2\n        @independent: yes", "/demands/2/requirements/1/independent", `"yes" is read`},
	{"independent as True", "count: 3\n        independent: true", "count: 3\n        @independent: True", "/demands/3/requirements/1/independent", `"True" is read`},
	{"roles as a word", "roles: [security]", "@roles: security", "/demands/3/requirements/2/roles", "text stands where an array must"},
	{"an unknown name", "minStages: 3", "minStages: 3\n      @minstage: 3", "/demands/2/rollout/minstage", "no member"},
	{"another case", "minStages: 4", "minStages: 4\n      @WHY: x", "/demands/3/rollout/WHY", "some parsers"},
	{"nobody's owners", "tier: high\n    owners: true", "tier: high\n    @owners: all", "/demands/2/owners", "text stands where true or false"},
	{"exposure of nothing", "maxPercentHours: 150", "@maxPercentHours: 0", "/demands/3/rollout/maxPercentHours", "any exposure will do"},
	{"step of nothing", "maxStepPercent: 50", "@maxStepPercent: 0", "/demands/3/rollout/maxStepPercent", "any share will do"},
	{"window of nothing", "window: 168h", "@window: 0s", "/window", "must be more than zero"},
	{"answers as booleans", "{name: exposed, values: [\"no\", \"yes\"]}", "{name: exposed, values: [@no, \"yes\"]}", "/advisories/table/axes/1/values/0", "in different ways"},
	{"floor of nobody", "floors: [moderate, moderate, high,", "floors: [moderate, moderate, @severe,", "/advisories/floors/2", "no word"},
	{"firm as a word", "firm: [", "@firm: policy # [", "/firm", "text stands where an array must"},
	{"waivers of a year", "maxWaiver: 2160h", "@maxWaiver: 1y", "/maxWaiver", "no duration"},
	{"lane of a number", "from: 14 days", "@from: 14", "/expedite/from", "a number stands where text must"},
	{"lane without a rollout", "\n  demands:\n    -", "\n  demands:\n    - @rollouts: 1\n     ", "/expedite/demands/0/rollouts", "no member"},
	{"glass without an end", "due: 72h", "@due: never", "/breakGlass/due", "no duration"},
	{"glass with a tier", "maxAge: 4h", "maxAge: 4h\n  @tier: low", "/breakGlass/tier", "no member"},
	{"a tag", "tier: moderate\n    owners", "@tier: !!str moderate\n    owners", "/demands/1/tier", "tag"},
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

	line := strings.Count(text[:strings.Index(text, "- *tests")], "\n") + 1
	for _, merge := range []string{"- {<<: *tests, count: 2}", "- {count: 2, <<: [*tests]}", "- <<: *tests", "- {!!merge <<: *tests}", "- {<<: {count: 1}, id: x, evidence: x, why: x}"} {
		got := mistakes(t, strings.Replace(text, "- *tests", merge, 1))
		require.True(t, slices.ContainsFunc(got, func(m risk.Mistake) bool { return strings.Contains(m.Text, "merge key") && m.Line == line }), "%v", got)
	}

	got := mistakes(t, strings.Replace(text, "count: 1", "count: no", 1))
	require.Len(t, got, 4)
}

// The host's code is found in a file as in JSON, and its own mistakes are the host's.
func TestHostCode(t *testing.T) {
	t.Parallel()
	own := risk.Code{
		Rules:    []risk.Rule{{ID: "friday", Doc: "x", Version: 3, Run: func(*risk.Facts) []risk.Finding { return nil }}},
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
	_, ok := errors.AsType[*risk.TextError](err)
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

// A small file extends another policy, as JSON does.
func TestExtends(t *testing.T) {
	t.Parallel()
	small := fmt.Sprintf("schema: %s\nid: acme/1\nextends: {id: %s, digest: %s}\nmaxWaiver: 336h\n", risk.PolicySchema, risk.Default().ID, digest(t, risk.Default()))
	p, err := policyfile.Parse([]byte(small), risk.Code{})
	require.NoError(t, err)
	want := risk.Default()
	want.ID, want.MaxWaiver = "acme/1", 336*time.Hour
	require.Equal(t, digest(t, want), digest(t, p))

	got := mistakes(t, strings.Replace(small, "sha256:", "sha256:0", 1))
	require.Len(t, got, 1)
	require.Equal(t, risk.Mistake{Pointer: "/extends/digest", Line: 3, Column: 36, Text: got[0].Text}, got[0])
}

// Mistakes are counted once, whether they are YAML's or the shape's.
func TestManyMistakes(t *testing.T) {
	t.Parallel()
	for cell, more := range map[string]int{"no": 3013 - risk.MaxMistakes, "1": 3013 - risk.MaxMistakes} {
		_, err := policyfile.Parse([]byte("table:\n  cells: ["+strings.Repeat(cell+", ", 3000)+"]\n"), risk.Code{})
		e, ok := errors.AsType[*risk.TextError](err)
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
		"cells":                         "table:\n  cells: [" + strings.Repeat("no, ", 9000) + "]\n",
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
	f.Add([]byte("---"))
	for _, w := range wrongs {
		f.Add([]byte(strings.Replace(file(f), w.old, strings.Replace(w.new, "@", "", 1), 1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := policyfile.Parse(b, risk.Code{})
		if err != nil {
			first := mistakes(t, string(b))
			require.Equal(t, first, mistakes(t, string(b)))
			inText(t, b, first)
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
