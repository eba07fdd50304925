package risk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// twoWaivers have something in every field between them, the second one all of it.
func twoWaivers() []release.Waiver {
	from := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ada := release.Actor{Kind: release.ActorHuman, ID: "email:ada@example.com"}
	grace := release.Actor{Kind: release.ActorHuman, ID: "email:grace@example.com", Name: "Grace"}
	return []release.Waiver{
		{ID: "W-1", Rule: "size", Floor: release.TierLow, Owner: ada, Second: grace, Reason: "generated code", From: from, Expires: from.AddDate(0, 1, 0)},
		{ID: "W-2", Rule: "sensitive", Subject: "auth/login.go", Floor: release.TierModerate, UpTo: release.TierCritical, Changes: release.DigestOf([]byte("x")),
			Owner: grace, Second: ada, Reason: "a comment \"only\"", From: from.Add(time.Nanosecond), Expires: from.AddDate(0, 0, 1)},
	}
}

func waiverTree(t checker) map[string]any {
	b, err := risk.MarshalWaivers(twoWaivers())
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

func waiverMistakes(t checker, b []byte) []risk.Mistake {
	t.Helper()
	ws, err := risk.ParseWaivers(b)
	if err == nil {
		require.NotNil(t, ws)
		return nil
	}
	require.Nil(t, ws)
	e, ok := errors.AsType[*risk.TextError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, "waivers", e.Of)
	require.NotEmpty(t, e.Mistakes)
	require.LessOrEqual(t, len(e.Mistakes), risk.MaxMistakes)
	return e.Mistakes
}

var (
	waiverNames = rapid.StringMatching(`[A-Za-z][A-Za-z0-9@./:-]{0,20}`)
	waiverTexts = rapid.Custom(func(t *rapid.T) release.Text {
		return release.Text("why " + rapid.OneOf(rapid.SampledFrom([]string{"no", "\"quoted\"", "a\nb", "é", "\u202e", "\xff"}), rapid.String()).Draw(t, "text"))
	})
	waiverTimes = rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"))
		return at.In(time.FixedZone("", 60*rapid.IntRange(-12*60, 14*60).Draw(t, "zone")))
	})
	anyWaivers = rapid.Custom(func(t *rapid.T) []release.Waiver {
		ids := rapid.SliceOfNDistinct(waiverNames, 0, 5, rapid.ID).Draw(t, "ids")
		var out []release.Waiver
		for _, id := range ids {
			w := release.Waiver{ID: id, Rule: rapid.SampledFrom([]string{"size", "sensitive", "of-the-host"}).Draw(t, "rule"),
				Floor: release.Tier(rapid.IntRange(1, 2).Draw(t, "floor")), Reason: waiverTexts.Draw(t, "reason"), From: waiverTimes.Draw(t, "from")}
			if rapid.Bool().Draw(t, "of a subject") {
				w.Subject = waiverNames.Draw(t, "subject")
			}
			if rapid.Bool().Draw(t, "override") {
				w.Changes = release.DigestOf([]byte(w.ID))
			}
			name := waiverNames.Draw(t, "who")
			w.Owner = release.Actor{Kind: release.ActorHuman, ID: "a:" + name}
			w.Second = release.Actor{Kind: release.ActorHuman, ID: "b:" + name, Name: waiverTexts.Draw(t, "name")}
			w.Expires = w.From.Add(time.Duration(rapid.Int64Range(1, 1<<50).Draw(t, "duration")))
			out = append(out, w)
		}
		return out
	})
)

// Waivers that went through JSON are the same, and have one text.
func TestWaiversThroughJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ws := anyWaivers.Draw(t, "waivers")
		was := slices.Clone(ws)
		b, err := risk.MarshalWaivers(ws)
		require.NoError(t, err)
		require.Equal(t, was, ws, "what is written is not changed")
		back, err := risk.ParseWaivers(b)
		require.NoError(t, err, "%s", b)
		require.Len(t, back, len(ws))
		for i, w := range ws {
			require.True(t, w.From.Equal(back[i].From) && w.Expires.Equal(back[i].Expires), "%v", back[i])
			w.From, w.Expires = back[i].From, back[i].Expires
			require.Equal(t, w, back[i])
		}
		again, err := risk.MarshalWaivers(back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	})
}

// Every field of a waiver is read: a text with all of them gives none that is zero.
func TestEveryFieldOfAWaiverIsRead(t *testing.T) {
	t.Parallel()
	b, err := risk.MarshalWaivers(twoWaivers())
	require.NoError(t, err)
	ws, err := risk.ParseWaivers(b)
	require.NoError(t, err)
	require.Equal(t, twoWaivers(), ws)
	full := reflect.ValueOf(ws[1])
	for i := range full.NumField() {
		require.False(t, full.Field(i).IsZero(), full.Type().Field(i).Name)
	}
	none, err := risk.MarshalWaivers(nil)
	require.NoError(t, err)
	ws, err = risk.ParseWaivers(none)
	require.NoError(t, err)
	require.Empty(t, ws)
}

// waiverWrongs are single mistakes, each with the pointer where it must be told.
var waiverWrongs = []struct {
	name  string
	value any // absent removes the member
	path  []any
	at    string
	text  string
}{
	{"another shape", risk.PolicySchema, []any{"schema"}, "/schema", "does not know the shape"},
	{"no list", map[string]any{}, []any{"waivers"}, "/waivers", "an object stands where an array must"},
	{"no waiver", nil, []any{"waivers", 0}, "/waivers/0", "null stands"},
	{"no id", "", []any{"waivers", 0, "id"}, "/waivers/0/id", "empty"},
	{"an id twice", "W-1", []any{"waivers", 1, "id"}, "/waivers/1/id", "twice"},
	{"no rule", absent, []any{"waivers", 0, "rule"}, "/waivers/0", `"rule" is missing`},
	{"subject of nothing", "", []any{"waivers", 1, "subject"}, "/waivers/1/subject", "empty"},
	{"floor unknown", "unknown", []any{"waivers", 1, "floor"}, "/waivers/1/floor", "no word"},
	{"floor of none", "none", []any{"waivers", 0, "floor"}, "/waivers/0/floor", "no word"},
	{"up to unknown", "unknown", []any{"waivers", 1, "upTo"}, "/waivers/1/upTo", "no word"},
	{"up to less", "low", []any{"waivers", 1, "upTo"}, "/waivers/1", "lowers nothing"},
	{"a subject that hides", "a\u202eb", []any{"waivers", 1, "subject"}, "/waivers/1", "cannot be read"},
	{"nobody's scheme", "ada", []any{"waivers", 0, "owner", "id"}, "/waivers/0", "identity that is none"},
	{"any changes", "", []any{"waivers", 1, "changes"}, "/waivers/1/changes", "empty"},
	{"changes of a name", "main", []any{"waivers", 1, "changes"}, "/waivers/1/changes", "hexadecimal"},
	{"changes of nothing", "sha256:" + strings.Repeat("0", 64), []any{"waivers", 1, "changes"}, "/waivers/1/changes", "hexadecimal"},
	{"changes in capitals", "sha256:" + strings.Repeat("A", 64), []any{"waivers", 1, "changes"}, "/waivers/1/changes", "hexadecimal"},
	{"owner as a word", "ada", []any{"waivers", 0, "owner"}, "/waivers/0/owner", "text stands where an object must"},
	{"owner of no kind", absent, []any{"waivers", 0, "owner", "kind"}, "/waivers/0/owner", `"kind" is missing`},
	{"owner unknown", "unknown", []any{"waivers", 0, "owner", "kind"}, "/waivers/0/owner/kind", "no word"},
	{"owner of no id", "", []any{"waivers", 0, "owner", "id"}, "/waivers/0/owner/id", "empty"},
	{"owner and more", "x", []any{"waivers", 0, "owner", "role"}, "/waivers/0/owner/role", "no member"},
	{"an agent agreed", "agent", []any{"waivers", 1, "second", "kind"}, "/waivers/1", "agent"},
	{"one person", map[string]any{"kind": "human", "id": "email:ada@example.com"}, []any{"waivers", 0, "second"}, "/waivers/0", "the same"},
	{"no second", absent, []any{"waivers", 0, "second"}, "/waivers/0", `"second" is missing`},
	{"no reason", absent, []any{"waivers", 0, "reason"}, "/waivers/0", `"reason" is missing`},
	{"reason of nothing", "", []any{"waivers", 0, "reason"}, "/waivers/0/reason", "empty"},
	{"reason on two lines", "a\nb", []any{"waivers", 0, "reason"}, "/waivers/0/reason", "one line"},
	{"reason that hides", "a\u202eb", []any{"waivers", 0, "reason"}, "/waivers/0/reason", "one line"},
	{"a day", "2026-12-24", []any{"waivers", 0, "expires"}, "/waivers/0/expires", "RFC 3339"},
	{"no zone", "2026-12-24T00:00:00", []any{"waivers", 0, "expires"}, "/waivers/0/expires", "RFC 3339"},
	{"a day that is none", "2026-02-30T00:00:00Z", []any{"waivers", 0, "from"}, "/waivers/0/from", "RFC 3339"},
	{"no end", absent, []any{"waivers", 0, "expires"}, "/waivers/0", `"expires" is missing`},
	{"end of null", nil, []any{"waivers", 0, "expires"}, "/waivers/0/expires", "null stands"},
	{"end before the beginning", "2026-11-23T08:59:59Z", []any{"waivers", 0, "expires"}, "/waivers/0", "ends before"},
	{"another case", "x", []any{"waivers", 1, "Reason"}, "/waivers/1/Reason", "some parsers"},
	{"a time to live", "720h", []any{"waivers", 1, "ttl"}, "/waivers/1/ttl", "no member"},
}

// Each mistake by itself is told, where it is, and nothing else is.
func TestEachMistakeOfWaiversIsToldOnce(t *testing.T) {
	t.Parallel()
	require.Empty(t, waiverMistakes(t, asJSON(t, waiverTree(t))))
	for _, w := range waiverWrongs {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			v := waiverTree(t)
			spoilAt(v, w.value, w.path)
			b := asJSON(t, v)
			got := waiverMistakes(t, b)
			require.Len(t, got, 1, "%v", got)
			require.Equal(t, w.at, got[0].Pointer, "%v", got)
			require.Contains(t, got[0].Text, w.text)
			require.Positive(t, got[0].Line)
			require.Positive(t, got[0].Column)
		})
	}
}

// Mistakes of several waivers are all told at once, in the order of the text.
func TestAllMistakesOfWaiversAtOnce(t *testing.T) {
	t.Parallel()
	var inOne []int // those that are about one waiver, and not about its id
	for i, w := range waiverWrongs {
		if len(w.path) > 2 && (w.path[2] != "id" || len(w.path) > 3) {
			inOne = append(inOne, i)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var texts []any
		var want, have []string
		for i, k := range rapid.SliceOfN(rapid.SampledFrom(inOne), 1, 8).Draw(t, "wrongs") {
			v, w := waiverTree(t), waiverWrongs[k]
			spoilAt(v, w.value, w.path)
			one := valueAt(v, w.path[:2]...).(map[string]any)
			one["id"] = fmt.Sprint("W-", i)
			texts = append(texts, one)
			want = append(want, strings.Replace(w.at, fmt.Sprint("/waivers/", w.path[1]), fmt.Sprint("/waivers/", i), 1))
		}
		got := waiverMistakes(t, asJSON(t, map[string]any{"schema": risk.WaiversSchema, "waivers": texts}))
		for _, m := range got {
			have = append(have, m.Pointer)
		}
		require.ElementsMatch(t, want, have, "%v", got)
		require.True(t, slices.IsSortedFunc(got, func(a, b risk.Mistake) int { return a.Line - b.Line }))
	})
}

// What could not be read back is not written.
func TestWaiversThatAreNotWritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(ws []release.Waiver) []release.Waiver{
		"twice":    func(ws []release.Waiver) []release.Waiver { return append(ws, ws[0]) },
		"no owner": func(ws []release.Waiver) []release.Waiver { ws[0].Owner = release.Actor{}; return ws },
		"an agent": func(ws []release.Waiver) []release.Waiver { ws[0].Second.Kind = release.ActorAgent; return ws },
		"no end":   func(ws []release.Waiver) []release.Waiver { ws[0].Expires = time.Time{}; return ws },
		"year 10000": func(ws []release.Waiver) []release.Waiver {
			ws[0].Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
			return ws
		},
		"no tier":      func(ws []release.Waiver) []release.Waiver { ws[0].Floor = 9; return ws },
		"unknown tier": func(ws []release.Waiver) []release.Waiver { ws[0].Floor = release.TierUnknown; return ws },
		"not text":     func(ws []release.Waiver) []release.Waiver { ws[1].Subject = "\xff"; return ws },
		"no reason":    func(ws []release.Waiver) []release.Waiver { ws[1].Reason = ""; return ws },
		"too many":     func(ws []release.Waiver) []release.Waiver { return manyWaivers(risk.MaxWaivers + 1) },
		"too large": func(ws []release.Waiver) []release.Waiver {
			ws[1].Subject = strings.Repeat("x", risk.MaxWaiversBytes)
			return ws
		},
		"ends before it": func(ws []release.Waiver) []release.Waiver { ws[1].Expires = ws[1].From; return ws },
	} {
		b, err := risk.MarshalWaivers(change(twoWaivers()))
		require.Error(t, err, name)
		require.Nil(t, b, name)
	}
	b, err := risk.MarshalWaivers(manyWaivers(risk.MaxWaivers))
	require.NoError(t, err)
	ws, err := risk.ParseWaivers(b)
	require.NoError(t, err)
	require.Equal(t, manyWaivers(risk.MaxWaivers), ws)
}

func manyWaivers(n int) []release.Waiver {
	out := make([]release.Waiver, n)
	for i := range out {
		out[i] = twoWaivers()[1]
		out[i].ID = fmt.Sprint("W-", i)
	}
	return out
}

// Text that two programs may read differently, or that is none.
func TestWaiversTextIsStrict(t *testing.T) {
	t.Parallel()
	good := string(asJSON(t, waiverTree(t)))
	for name, b := range map[string]string{
		"nothing":          "",
		"null":             "null",
		"a list":           "[]",
		"empty object":     "{}",
		"something behind": good + "{}",
		"cut":              good[:len(good)/2],
		"a name twice":     strings.Replace(good, `"floor":`, `"floor": "low", "floor":`, 1),
		"bad UTF-8":        strings.Replace(good, "Grace", "\xff", 1),
		"deep":             strings.Replace(good, `"low"`, strings.Repeat("[", 40)+strings.Repeat("]", 40), 1),
		"too large":        good + strings.Repeat(" ", risk.MaxWaiversBytes),
	} {
		require.NotEqual(t, good, b, name)
		require.NotEmpty(t, waiverMistakes(t, []byte(b)), name)
	}
}

// Not parallel: it measures memory.
func TestHostileWaivers(t *testing.T) {
	inputs := hostile.Texts()
	for name, s := range map[string]string{
		"empty objects": `{"waivers":[` + strings.Repeat(`{},`, 300_000) + `{}]}`,
		"names":         `{"waivers":[{` + strings.Repeat(`"a":1,`, 100_000) + `}]}`,
		"one id":        `{"waivers":[` + strings.Repeat(`{"id":"a"},`, 90_000) + `{}]}`,
		"long ids":      `{"waivers":[` + strings.Repeat(`{"id":"`+strings.Repeat("x", 1000)+`"},`, 1000) + `{}]}`,
		"owners":        `{"waivers":[` + strings.Repeat(`{"owner":{"id":1,"kind":2,"name":3},"second":{}},`, 999) + `{}]}`,
	} {
		inputs = append(inputs, hostile.Input{Name: name, Text: []byte(s)})
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := risk.ParseWaivers(b)
		return err != nil
	})
}

// What is read is written as what is read as the same; mistakes are the same each time
// and stand in the text.
func FuzzParseWaivers(f *testing.F) {
	f.Add(asJSON(f, waiverTree(f)))
	for _, w := range waiverWrongs {
		v := waiverTree(f)
		spoilAt(v, w.value, w.path)
		f.Add(asJSON(f, v))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ws, err := risk.ParseWaivers(b)
		if err != nil {
			first := waiverMistakes(t, b)
			require.Equal(t, first, waiverMistakes(t, b))
			inText(t, b, first)
			return
		}
		text, err := risk.MarshalWaivers(ws)
		require.NoError(t, err)
		back, err := risk.ParseWaivers(text)
		require.NoError(t, err)
		require.Equal(t, ws, back)
	})
}

// inText wants places that are in the text, and in its order.
func inText(t checker, b []byte, got []risk.Mistake) {
	t.Helper()
	lines := bytes.Split(b, []byte{'\n'})
	for i, m := range got {
		require.True(t, m.Line >= 0 && m.Line <= len(lines), "%v", m)
		if m.Line > 0 {
			require.True(t, m.Column >= 1 && m.Column <= len(lines[m.Line-1])+1, "%v", m)
		}
		require.True(t, i == 0 || got[i-1].Line <= m.Line, "%v", got)
	}
}

func ExampleParseWaivers() {
	text := `{
  "schema": "https://sallyport.dev/schema/risk-waivers/v1",
  "waivers": [
    {
      "id": "W-7", "rule": "sensitive", "subject": "auth/login.go", "floor": "moderate",
      "owner": {"kind": "human", "id": "email:ada@example.com"},
      "second": {"kind": "human", "id": "email:grace@example.com"},
      "reason": "the file is being moved, line by line, in ten releases",
      "from": "2026-11-23T00:00:00Z", "expires": "2026-12-14"
    }
  ]
}`
	_, err := risk.ParseWaivers([]byte(text))
	fmt.Println(err)

	ws, err := risk.ParseWaivers([]byte(strings.Replace(text, "2026-12-14", "2026-12-14T00:00:00Z", 1)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range ws {
		fmt.Println(w.ID, "until", w.Expires.Format(time.DateOnly))
	}
	// Output:
	// risk: waivers: line 9, column 50: /waivers/0/expires: "2026-12-14" is no time of RFC 3339 such as "2026-11-23T09:00:00Z"
	// W-7 until 2026-12-14
}
