package canon_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/canon"
)

func TestTransform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"white space goes", " { \"a\" : [ 1 , 2 ] } ", `{"a":[1,2]}`},
		{"members are sorted by UTF-16 units", `{"\ufb33":1,"\ud83d\ude00":2,"a":3,"":4}`, "{\"\":4,\"a\":3,\"\U0001F600\":2,\"\ufb33\":1}"},
		{"literals", `[null,true,false]`, `[null,true,false]`},
		{"empty", `[{},[]]`, `[{},[]]`},
		{"escapes are the fewest", `"\u0061\/\u000a\u001f\u007f<>&\u2028"`, "\"a/\\n\\u001f\x7f<>&\u2028\""},
		// RFC 8785, appendix B.
		{"numbers", `[0,-0,4.50,2e-3,1E30,0.000001,1e-7,1e21,333333333.33333329,9007199254740991]`,
			`[0,0,4.5,0.002,1e+30,0.000001,1e-7,1e+21,333333333.3333333,9007199254740991]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := canon.Transform([]byte(c.in))
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
		})
	}
}

func TestTransformRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"duplicate member", `{"a":1,"b":2,"a":3}`, `"a" stands twice`},
		{"duplicate through an escape", `{"a":1,"\u0061":3}`, `"a" stands twice`},
		{"integer that a float64 cannot hold", `9007199254740993`, "not exact"},
		{"the same with a fraction", `100100000000000000.0`, "not exact"},
		{"the same with an exponent", `1e17`, "not exact"},
		{"number out of range", `1e999`, "does not fit"},
		{"invalid UTF-8", "\"\xff\"", "UTF-8"},
		{"half a surrogate pair", `["\ud800"]`, "surrogate"},
		{"the other half", `{"\udc00":1}`, "surrogate"},
		{"a pair the wrong way round", `"\udc00\ud800"`, "surrogate"},
		{"half a pair and a letter", `"\ud83dx"`, "surrogate"},
		{"two values", `1 2`, "follows"},
		{"nothing", ``, "EOF"},
		{"cut", `{"a":`, "EOF"},
		{"too deep", strings.Repeat("[", 300) + strings.Repeat("]", 300), "nested deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := canon.Transform([]byte(c.in))
			require.ErrorContains(t, err, c.want)
			require.Nil(t, got)
		})
	}
}

// What is canonical stays as it is, and says the same as before.
func TestTransformIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := anyJSON(3).Draw(t, "value")
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		once, err := canon.Transform(raw)
		require.NoError(t, err)
		twice, err := canon.Transform(once)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
		require.JSONEq(t, string(raw), string(once))
	})
}

func anyJSON(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(),
		rapid.Float64Range(-1e15, 1e15).AsAny(),
	}
	if depth > 0 {
		leaves = append(leaves,
			rapid.SliceOfN(anyJSON(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), anyJSON(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(leaves...)
}

// Objects whose names and texts are of characters at the edges of UTF-8 and UTF-16 come out
// as the slow version writes them, white space or not.
func TestTransformIsLikeTheSlowVersion(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab\"\\/\b\n\x1f\x7f\u0080\u07ff\u0800\ud7ff\ue000\ufb33\ufffd\uffff\U00010000\U0001F600\U0010FFFF<>&\u2028")), 0, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOfN(text, rapid.MapOfN(text, text, 0, 20), 0, 4).Draw(t, "value")
		var raw bytes.Buffer
		e := json.NewEncoder(&raw)
		e.SetEscapeHTML(rapid.Bool().Draw(t, "html"))
		e.SetIndent("", rapid.SampledFrom([]string{"", " ", "\t\r\n"}).Draw(t, "indent"))
		require.NoError(t, e.Encode(v))
		want, err := slowTransform(raw.Bytes())
		require.NoError(t, err)
		got, err := canon.Transform(raw.Bytes())
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		got, err = canon.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	})
}

// raw is a type that writes its own JSON.
type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// A type that writes its own JSON gets no further with it than a text would.
func TestMarshalChecksWhatTypesWriteThemselves(t *testing.T) {
	t.Parallel()
	for _, in := range []string{` { "b" : 1 , "a" : "\u003c" } `, `{"a":1,"a":2}`, `"\ud800"`, `"\ufffd"`, `[1e400]`, "\"a\xff\"", "\"\x01\"", `{"a"`, ``, `1 2`, `"\ufb33"`} {
		got, err := canon.Marshal(raw(in))
		want, wantErr := slowTransform([]byte(in))
		if in == `"\ufffd"` { // an escape of it is how encoding/json writes what is not UTF-8
			want, wantErr = "", errors.New("refused")
		}
		require.Equal(t, wantErr == nil, err == nil, "%q: %v", in, err)
		require.Equal(t, want, string(got), in)
	}
}

// encoding/json writes U+FFFD for what is not UTF-8: two values would be one.
func TestMarshalRefusesWhatIsNotUTF8(t *testing.T) {
	t.Parallel()
	for _, bad := range []any{"a\xff", []string{"\\\xff"}, map[string]int{"\xc0": 1}, struct{ S string }{"\xed\xa0\x80"}} {
		b, err := canon.Marshal(bad)
		require.ErrorContains(t, err, "UTF-8", "%q", bad)
		require.Nil(t, b)
		_, err = canon.Digest("d", bad)
		require.Error(t, err)
	}
	for _, good := range []string{"\ufffd", `\ufffd`, `\\ufffd`, "\\\ufffd", "\U0001F600"} {
		b, err := canon.Marshal(good)
		require.NoError(t, err)
		var back string
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, good, back)
	}
}

func TestDigestKeepsDomainsApart(t *testing.T) {
	t.Parallel()
	a, err := canon.Digest("a", []int{1})
	require.NoError(t, err)
	b, err := canon.Digest("b", []int{1})
	require.NoError(t, err)
	require.NotEqual(t, a, b)
	_, err = canon.Digest("a", func() {})
	require.Error(t, err)
}

// Numbers of every size, against the steps of ECMAScript.
func TestNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			t.Skip("no JSON number")
		}
		if a := math.Abs(f); a >= 1<<53 && a < 1e21 {
			f /= 1e5
		}
		got, err := canon.Transform(strconv.AppendFloat(nil, f, 'e', -1, 64))
		require.NoError(t, err)
		require.Equal(t, slowNumber(f), string(got))
	})
}

// Transform accepts what the slow version accepts, and writes the same.
func FuzzTransform(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-9,"\u20ac"]}`, `{"a":1,"a":2}`, `[[[[`, "\xff", `"\ud800"`, `"\ud83d\ude00\\ud800"`, `{"\ufb33":1,"\ud83d\ude00":2}`,
		`[1e21,1e-7,-0.0,123456789012345680000,1e400,5e-324]`, `[,1]`, `[1,]`, `{"a" 1}`, `{,}`, `01`, `-`, `1.`, `.5`, `tru`, "\ufeff1", `"\u00g0"`, "\"\x01\"", `"\x"`, `nul `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		once, err := canon.Transform(in)
		want, wantErr := slowTransform(in)
		require.Equal(t, wantErr == nil, err == nil, "%v", err)
		require.Equal(t, want, string(once))
		if err != nil {
			require.Nil(t, once)
			return
		}
		require.True(t, json.Valid(in))
		require.True(t, json.Valid(once))
		twice, err := canon.Transform(once)
		require.NoError(t, err)
		require.True(t, bytes.Equal(once, twice))
	})
}
