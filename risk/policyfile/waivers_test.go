package policyfile_test

import (
	"encoding/json"
	"fmt"
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

func waiversFile(t require.TestingT) string {
	b, err := os.ReadFile("testdata/waivers.yaml")
	require.NoError(t, err)
	return string(b)
}

// fileWaivers are those of the file, made in Go.
func fileWaivers() []release.Waiver {
	from := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	ada := release.Actor{Kind: release.ActorHuman, ID: "email:ada@example.com", Name: "Ada"}
	grace := release.Actor{Kind: release.ActorHuman, ID: "email:grace@example.com"}
	return []release.Waiver{
		{ID: "W-7", Rule: "sensitive", Subject: "auth/login.go", Floor: release.TierModerate, Owner: ada, Second: grace,
			Reason: "The file is being moved, line by line, in ten releases.", From: from, Expires: time.Date(2026, 12, 14, 0, 0, 0, 0, time.UTC)},
		{ID: "W-8", Rule: "size", Floor: release.TierLow, Changes: release.DigestOf([]byte("x")), Owner: grace, Second: ada,
			Reason: "Generated code, 4000 lines of it.", From: from, Expires: time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC)},
	}
}

func waiverMistakes(t require.TestingT, text string) []risk.Mistake {
	ws, err := policyfile.ParseWaivers([]byte(text))
	if err == nil {
		return nil
	}
	require.Nil(t, ws)
	return told(t, "waivers", err)
}

func TestWaiversFile(t *testing.T) {
	t.Parallel()
	ws, err := policyfile.ParseWaivers([]byte(waiversFile(t)))
	require.NoError(t, err)
	require.Equal(t, fileWaivers(), ws)
	text, err := risk.MarshalWaivers(ws)
	require.NoError(t, err)
	again, err := policyfile.ParseWaivers(text)
	require.NoError(t, err, "JSON is YAML")
	require.Equal(t, ws, again)
}

// A change of the files where they belong is a change of the policy.
func TestFilesAreSeen(t *testing.T) {
	t.Parallel()
	for _, name := range []release.Path{".sallyport/policy.yaml", ".sallyport/waivers.yaml", "services/pay/.sallyport/waivers.json"} {
		require.Contains(t, label.File(release.FileChange{Path: name, Op: release.OpModified}, label.Default()), release.LabelPolicy, name)
	}
}

// Another program's YAML of many waivers is read as the same.
func TestManyWaivers(t *testing.T) {
	t.Parallel()
	ws := slices.Repeat(fileWaivers(), risk.MaxWaivers/2)
	for i := range ws {
		ws[i].ID = fmt.Sprint("W-", i)
	}
	b, err := risk.MarshalWaivers(ws)
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(b, &v))
	text, err := yaml.Marshal(v)
	require.NoError(t, err)
	back, err := policyfile.ParseWaivers(text)
	require.NoError(t, err)
	require.Equal(t, ws, back)
	more := string(text) + "    - id: one\n"
	require.NotEmpty(t, waiverMistakes(t, more))
}

var waiverWrongs = []struct{ name, old, new, pointer, text string }{
	{"a policy", "risk-waivers/v1", "risk-policy/v1", "/schema", "does not know the shape"},
	{"an id twice", "- id: W-8", "- @id: W-7", "/waivers/1/id", "twice"},
	{"an id that is a number", "- id: W-7", "- @id: 7", "/waivers/0/id", "a number stands"},
	{"floor of yes", "floor: low", "@floor: yes", "/waivers/1/floor", "in different ways"},
	{"a day as YAML has them", `expires: "2026-12-14T00:00:00Z"`, "@expires: 2026-12-14", "/waivers/0/expires", "in different ways"},
	{"a time as YAML has them", `expires: "2026-12-14T00:00:00Z"`, "@expires: 2026-12-14T00:00:00Z", "/waivers/0/expires", "in different ways"},
	{"a day in quotes", `expires: "2026-12-14T00:00:00Z"`, `@expires: "2026-12-14"`, "/waivers/0/expires", "RFC 3339"},
	{"for ever", "\n    expires: \"2026-11-30T00:00:00+01:00\"\n", "\n", "/waivers/1", `"expires" is missing`},
	{"never", `expires: "2026-12-14T00:00:00Z"`, "@expires:", "/waivers/0/expires", "nothing stands"},
	{"any changes", "changes: sha256:2d", "@changes: \"\" #", "/waivers/1/changes", "empty"},
	{"a word for two", "second: *ada", "@second: Ada", "/waivers/1/second", "text stands where an object"},
	{"one for both", "second: *ada", "second: *grace", "/waivers/1", "the same"},
	{"a reason of nothing", "reason: Generated code, 4000 lines of it.", "@reason: ''", "/waivers/1/reason", "empty"},
	{"a reason on two lines", "reason: Generated code, 4000 lines of it.", "@reason: \"a\\nb\"", "/waivers/1/reason", "one line"},
	{"a member too many", "rule: size", "rule: size\n    @paths: [a]", "/waivers/1/paths", "no member"},
}

func TestEachMistakeOfWaiversIsTold(t *testing.T) {
	t.Parallel()
	for _, w := range waiverWrongs {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(waiversFile(t), w.old))
			text := strings.Replace(waiversFile(t), w.old, strings.Replace(w.new, "@", "", 1), 1)
			got := waiverMistakes(t, text)
			require.Len(t, got, 1, "%v", got)
			require.Equal(t, w.pointer, got[0].Pointer)
			require.Contains(t, got[0].Text, w.text)
			require.Positive(t, got[0].Line)
			if i := strings.IndexByte(w.new, '@'); i >= 0 {
				i += strings.Index(waiversFile(t), w.old)
				line, column := strings.Count(text[:i], "\n")+1, i-strings.LastIndexByte(text[:i], '\n')
				require.Equal(t, [2]int{line, column}, [2]int{got[0].Line, got[0].Column}, "%v", got)
			}
		})
	}
}

// Any of them together are all told, but those of one value.
func TestAllMistakesOfWaiversAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := waiversFile(t)
		var want, have []string
		for _, w := range rapid.SliceOfNDistinct(rapid.SampledFrom(waiverWrongs), 1, 6, func(w struct{ name, old, new, pointer, text string }) string { return w.pointer }).Draw(t, "wrongs") {
			if w.pointer == "/waivers/1" || w.pointer == "/waivers/0/id" || w.pointer == "/waivers/1/id" || !strings.Contains(text, w.old) {
				continue // what they say depends on the rest
			}
			text = strings.Replace(text, w.old, strings.Replace(w.new, "@", "", 1), 1)
			want = append(want, w.pointer)
		}
		got := waiverMistakes(t, text)
		for _, m := range got {
			have = append(have, m.Pointer)
		}
		require.ElementsMatch(t, want, have, "%v", got)
	})
}

// Not parallel: it measures memory.
func TestHostileWaivers(t *testing.T) {
	inputs := hostile.Texts()
	long := strings.Repeat("x", 900<<10)
	for name, s := range map[string]string{
		"a long text, a thousand times": "schema: &a \"" + long + "\"\nwaivers: [" + strings.Repeat("*a, ", 1000) + "]\n",
		"one waiver many times":         "waivers:\n- &a {id: a, rule: b}\n" + strings.Repeat("- *a\n", 9000),
		"empty ones":                    "waivers: [" + strings.Repeat("{}, ", 25_000) + "]\n",
		"words":                         "waivers: [" + strings.Repeat("no, ", 70_000) + "]\n",
		"texts":                         "waivers:\n" + strings.Repeat("- {id: a, rule: "+strings.Repeat("b", 1000)+"}\n", 1000),
	} {
		inputs = append(inputs, hostile.Input{Name: name, Text: []byte(s)})
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := policyfile.ParseWaivers(b)
		return err != nil
	})
}

// What is read is the same as JSON; what is not has the same mistakes each time, in
// order, within the text.
func FuzzParseWaivers(f *testing.F) {
	f.Add([]byte(waiversFile(f)))
	f.Add([]byte("---"))
	for _, w := range waiverWrongs {
		f.Add([]byte(strings.Replace(waiversFile(f), w.old, strings.Replace(w.new, "@", "", 1), 1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ws, err := policyfile.ParseWaivers(b)
		if err != nil {
			first := waiverMistakes(t, string(b))
			require.Equal(t, first, waiverMistakes(t, string(b)))
			inText(t, b, first)
			return
		}
		text, err := risk.MarshalWaivers(ws)
		require.NoError(t, err)
		again, err := policyfile.ParseWaivers(text)
		require.NoError(t, err, "JSON is YAML")
		require.Equal(t, ws, again)
	})
}

func ExampleParseWaivers() {
	b, err := os.ReadFile("testdata/waivers.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	ws, err := policyfile.ParseWaivers(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range ws {
		fmt.Printf("%s: %s counts as %s until %s, says %s\n", w.ID, w.Rule, w.Floor, w.Expires.Format(time.DateOnly), w.Owner.ID)
	}
	// Output:
	// W-7: sensitive counts as moderate until 2026-12-14, says email:ada@example.com
	// W-8: size counts as low until 2026-11-29, says email:grace@example.com
}
