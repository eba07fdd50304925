package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

var limits = strictjson.Limits{Package: "test", Bytes: 1 << 20, Depth: 10, Names: 100, Elements: 10}

type inner struct {
	Name string `json:"name"`
}

type shape struct {
	ID     string            `json:"id"`
	N      int               `json:"n"`
	List   []inner           `json:"list"`
	ByName map[string]inner  `json:"byName"`
	Raw    json.RawMessage   `json:"raw"`
	P      *inner            `json:"p"`
	M      map[string]string `json:"m"`
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	var v shape
	require.NoError(t, strictjson.Unmarshal([]byte(` {"id":"\u00fc\ud83d\ude00","n":1,"other":{"Name":1,"name":2},"list":[{"name":"a"}],"byName":{"A":{"name":"x"},"a":{}},"raw":{"Id":1},"p":{"name":"p"},"m":null} `), &v, limits))
	require.Equal(t, shape{ID: "ü😀", N: 1, List: []inner{{"a"}}, ByName: map[string]inner{"A": {"x"}, "a": {}}, Raw: json.RawMessage(`{"Id":1}`), P: &inner{"p"}}, v)
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "line 1, column 1"},
		{"a name twice", "{\"id\":\"a\",\n \"id\":\"b\"}", "line 2, column 3): the name \"id\" stands twice"},
		{"a name twice, once escaped", `{"id":"a","\u0069d":"b"}`, "stands twice"},
		{"a name twice, where nobody looks", `{"other":{"x":[{"a":1,"a":2}]}}`, "stands twice"},
		{"another case", `{"ID":"a"}`, `some parsers take the name "ID" for "id"`},
		{"another case, escaped", `{"\u0049d":"a"}`, "some parsers"},
		{"a letter that folds", "{\"li\u017ft\":[]}", "some parsers"},
		{"another case within a list", `{"list":[{"Name":"x"}]}`, "some parsers"},
		{"another case within a map", `{"byName":{"x":{"NAME":"x"}}}`, "some parsers"},
		{"another case behind a pointer", `{"p":{"Name":"x"}}`, "some parsers"},
		{"too many elements", `{"list":[` + strings.Repeat(`{},`, 10) + `{}]}`, "more than 10 elements"},
		{"too many names of a map", `{"m":{` + strings.Repeat(`"a":"",`, 10) + `"b":""}}`, "more than 10 names"},
		{"too many names", `{"other":{` + strings.Repeat(`"a":1,`, 200) + `"b":1}}`, "more than 100 names"},
		{"too deep", strings.Repeat("[", 11), "nested deeper than 10"},
		{"too long", `"` + strings.Repeat("x", 1<<20) + `"`, "are more than 1048576"},
		{"no UTF-8", "{\"id\":\"\xff\"}", "byte 7"},
		{"a lone surrogate", `{"id":"\ud800"}`, "lone surrogate"},
		{"something after", `{} {}`, "something follows"},
		{"a comma too many", `{"id":"a",}`, "a name in quotes"},
		{"a control character", "{\"id\":\"a\tb\"}", "a control character"},
		{"a number that is none", `{"n":01}`, "a comma or the end"},
		{"another kind", `{"id":1}`, "cannot unmarshal"},
		{"too large a number", `{"n":1e400}`, "cannot unmarshal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var v shape
			require.ErrorContains(t, strictjson.Unmarshal([]byte(c.text), &v, limits), c.want)
		})
	}
	var nameless struct {
		A string
	}
	require.ErrorContains(t, strictjson.Unmarshal([]byte(`{}`), &nameless, limits), "no JSON name")
	never := func(reflect.Type, []byte) bool { return false }
	var v shape
	require.ErrorContains(t, strictjson.UnmarshalClosed([]byte(`{"other":1}`), &v, limits, never), `unknown name "other"`)
	require.ErrorContains(t, strictjson.UnmarshalClosed([]byte(`{"id":null}`), &v, limits, never), "null stands")
	require.ErrorContains(t, strictjson.UnmarshalClosed([]byte(`{"id":""}`), &v, limits, func(_ reflect.Type, raw []byte) bool { return string(raw) == `""` }), "stands where a value must")
}

// The first name that stands twice is told, whatever the hashes are.
func TestTheFirstOfSeveral(t *testing.T) {
	t.Parallel()
	for range 50 {
		var v shape
		err := strictjson.Unmarshal([]byte(`{"a":1,"b":1,"c":1,"d":1,"b":1,"a":1,"d":1,"a":1,"b":1}`), &v, limits)
		require.ErrorContains(t, err, `byte 26 (line 1, column 27): the name "b"`)
	}
}

// A stream of values, and raw text of one of them.
func TestScanner(t *testing.T) {
	t.Parallel()
	s, err := strictjson.NewScanner([]byte(" {\"a\": [1, 2 ]}\n\"x\" "), limits)
	require.NoError(t, err)
	var raw []string
	for s.More() {
		from := s.Offset()
		_, err := s.Value()
		require.NoError(t, err)
		raw = append(raw, string(s.Since(from)))
	}
	require.NoError(t, s.End())
	require.Equal(t, []string{`{"a": [1, 2 ]}`, `"x"`}, raw)
	err = s.ErrorfAt(17, "here")
	var syntax *strictjson.SyntaxError
	require.True(t, errors.As(err, &syntax))
	require.Equal(t, strictjson.SyntaxError{Package: "test", Offset: 17, Line: 2, Column: 2, Reason: "here"}, *syntax)
	require.Equal(t, "test: at byte 17 (line 2, column 2): here", err.Error())
}

// What is accepted, encoding/json accepts and reads alike; what it refuses, is
// refused.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{`{"id":"a","n":-0.5e1,"list":[{"name":"x"}]}`, `{"id":"\ud83d\ude00"}`, `{"ID":1}`, `[]`, `{"a":1,"a":2}`, "\xff", `{"n":1e5}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var ours, theirs shape
		err := strictjson.Unmarshal(b, &ours, limits)
		stdErr := json.Unmarshal(b, &theirs)
		if err == nil {
			require.NoError(t, stdErr)
			require.Equal(t, theirs, ours)
			require.True(t, utf8.Valid(b))
			requireDistinct(t, json.NewDecoder(bytes.NewReader(b)))
		}
		if stdErr != nil {
			require.Error(t, err)
		}
	})
}

// requireDistinct walks with encoding/json and finds no name twice.
func requireDistinct(t *testing.T, d *json.Decoder) {
	type level struct {
		object bool
		names  map[string]bool
		name   bool // a name comes next
	}
	var open []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open); n > 0 && open[n-1].object {
			l := &open[n-1]
			if l.name {
				require.False(t, l.names[token.(string)], "%q", token)
				l.names[token.(string)] = true
				l.name = false
				continue
			}
			l.name = true
		}
		if delim, ok := token.(json.Delim); ok {
			open = append(open, level{object: delim == '{', names: map[string]bool{}, name: delim == '{'})
		}
	}
}

// TestEntries: lists and maps are bounded together, at any depth.
func TestEntries(t *testing.T) {
	t.Parallel()
	l := limits
	l.Entries = 4
	type inner struct {
		List []int          `json:"list"`
		Map  map[string]int `json:"map"`
	}
	for text, fine := range map[string]bool{
		`[]`:                                           true,
		`[{"list":[1]},{"list":[1]}]`:                  true,
		`[{"list":[1]},{"map":{"a":1}}]`:               true,
		`[{"list":[1,2]},{"list":[1]}]`:                false,
		`[{"list":[1]},{"map":{"a":1,"b":2}}]`:         false,
		`[{},{},{},{},{}]`:                             false,
		`[{"other":[1,2,3,4,5,6,7]},{"list":[1,2,3]}]`: false,
		`[{"other":[1,2,3,4,5,6,7]},{"list":[1,2]}]`:   true,
	} {
		var v []inner
		err := strictjson.Unmarshal([]byte(text), &v, l)
		if fine {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, "more than 4 elements and names in all", text)
		}
		require.NoError(t, strictjson.Unmarshal([]byte(text), new([]inner), limits), "zero is no bound")
	}
}
