package jsonvalue_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/internal/jsonvalue"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

var limits = strictjson.Limits{Package: "test", Bytes: 1 << 20, Depth: 50, Names: 1000, Elements: 1000}

// The document and the pointers of RFC 6901, section 5, and what is beside it.
func TestFind(t *testing.T) {
	t.Parallel()
	const doc = `{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8, "~1": 9, "n": null, "esc\u0061pe": 10}`
	for pointer, want := range map[string]string{
		"": doc, "/foo": `["bar", "baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", "/i\\j": "5",
		"/k\"l": "6", "/ ": "7", "/m~0n": "8", "/~01": "9", "/n": "null", "/escape": "10",
		"/foo/2": "", "/foo/-": "", "/foo/00": "", "/foo/+1": "", "/foo/bar": "", "/FOO": "", "/foo/0/x": "", "/n/x": "", "/foo/": "", "//": "", "/nothing": "",
	} {
		p, err := jsonvalue.ParsePointer(pointer)
		require.NoError(t, err, pointer)
		require.Equal(t, pointer, p.String())
		got, err := p.Find([]byte(doc), limits)
		require.NoError(t, err)
		require.Equal(t, want, string(got), pointer)
		require.Equal(t, want == "", got == nil, pointer)
	}
	for _, bad := range []string{"foo", "#/foo", "/~", "/~2", "/a~", "/~~", "/\xff"} {
		_, err := jsonvalue.ParsePointer(bad)
		require.Error(t, err, bad)
	}
	for _, bad := range []string{``, `{"foo":1,"foo":2}`, `{"foo":1} 2`, `{"foo":`, "\"\xff\""} {
		_, err := jsonvalue.Pointer{"foo"}.Find([]byte(bad), limits)
		require.Error(t, err, bad)
	}
}

func TestExact(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"1", "1.0", "10e-1", "1E0", "0.1e+1", "1.000e00"},
		{`"\b\t\n\f\r\u000b\u001f"`, `"\u0008\u0009\u000a\u000C\u000d\u000B\u001F"`}, {`{"b":{"d":[{"f":1,"e":2}],"c":0},"a":[]}`, `{"a":[],"b":{"c":0,"d":[{"e":2,"f":1}]}}`},
		{"0", "-0", "0.000", "0e999", "-0.0E-7"},
		{"9007199254740993", "9007199254740993.0", "9.007199254740993e15"},
		{"9007199254740992"},
		{"-12000", "-12e3", "-0.12e5"},
		{"1e999999999"}, {"1e-999999999"},
		{`"1"`}, {`"1.0"`}, {`""`}, {`"a/b"`, `"a\/b"`, `"\u0061/b"`}, {`"😀"`, `"\ud83d\ude00"`}, {`"A"`}, {`"<&>"`, `"\u003c\u0026\u003e"`}, {"\"\u2028\"", `"\u2028"`}, {"\"\x7f\"", `"\u007f"`}, {`"\\"`, `"\u005c"`},
		{`"a\"b"`, `"a\u0022b"`}, {`"a b"`, ` "a b" `},
		{"true"}, {"false"}, {"null"}, {`"null"`}, {"[]"}, {"{}"}, {"[[]]"}, {"[1,2]", " [ 1.0 , 2 ] "}, {"[2,1]"}, {"[12]"},
		{`{"a":1,"b":2}`, `{"b":2.0, "a":1}`}, {`{"a":"1","b":2}`}, {`{"a,b":1}`}, {`{"A":1,"b":2}`},
	} {
		first, err := jsonvalue.Exact([]byte(same[0]), limits)
		require.NoError(t, err, same[0])
		for _, text := range same {
			got, err := jsonvalue.Exact([]byte(text), limits)
			require.NoError(t, err, text)
			require.Equal(t, first, got, text)
			again, err := jsonvalue.Exact([]byte(got), limits)
			require.NoError(t, err, got)
			require.Equal(t, got, again, "the text is JSON of the same value")
		}
		for _, other := range []string{"7", `"7"`, "[7]"} {
			got, err := jsonvalue.Exact([]byte(other), limits)
			require.NoError(t, err)
			require.NotEqual(t, first, got)
		}
	}
	for _, bad := range []string{"", "1 2", "01", "1e9999999999", "1e-1000000000", `{"a":1,"a":2}`, `"\ud800"`, "nul", "[1,]", "\xff", strings.Repeat("[", 60) + strings.Repeat("]", 60)} {
		_, err := jsonvalue.Exact([]byte(bad), limits)
		require.Error(t, err, bad)
	}
}

// Two numbers have one text if and only if they are the same rational number.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	number := rapid.Custom(func(t *rapid.T) string {
		s := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + strconv.Itoa(rapid.IntRange(0, 120).Draw(t, "whole"))
		if rapid.Bool().Draw(t, "fraction") {
			s += "." + rapid.StringMatching(`[0-2]{1,3}`).Draw(t, "digits")
		}
		if rapid.Bool().Draw(t, "power") {
			s += rapid.SampledFrom([]string{"e", "E", "e+", "e-", "E-0"}).Draw(t, "e") + strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "exponent"))
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		ra, ok := new(big.Rat).SetString(a)
		require.True(t, ok, a)
		rb, ok := new(big.Rat).SetString(b)
		require.True(t, ok, b)
		ea, err := jsonvalue.Exact([]byte(a), limits)
		require.NoError(t, err)
		eb, err := jsonvalue.Exact([]byte(b), limits)
		require.NoError(t, err)
		require.Equal(t, ra.Cmp(rb) == 0, ea == eb, "%s %s", a, b)
	})
}

// slowFind walks over what encoding/json made of the text.
func slowFind(v any, p jsonvalue.Pointer) (any, bool) {
	for _, token := range p {
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[token]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(x) || fmt.Sprint(i) != token {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func FuzzFind(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, "/a/1/b")
	f.Add(`[[0.10]]`, "/0/0")
	f.Add(`{"":{"~":"x"}}`, "//~0")
	f.Fuzz(func(t *testing.T, doc, pointer string) {
		p, err := jsonvalue.ParsePointer(pointer)
		if err != nil {
			return
		}
		require.Equal(t, pointer, p.String())
		raw, err := p.Find([]byte(doc), limits)
		if err != nil {
			require.Nil(t, raw)
			return
		}
		d := json.NewDecoder(strings.NewReader(doc))
		d.UseNumber()
		var v any
		require.NoError(t, d.Decode(&v), "what is found in is JSON")
		want, ok := slowFind(v, p)
		require.Equal(t, ok, raw != nil)
		if !ok {
			return
		}
		b, err := json.Marshal(want)
		require.NoError(t, err)
		have, err := jsonvalue.Exact(raw, limits)
		if err != nil {
			return // an exponent
		}
		slow, err := jsonvalue.Exact(b, limits)
		require.NoError(t, err)
		require.Equal(t, slow, have)
	})
}

// FuzzExact compares the text with what encoding/json makes of the value, in one
// order and with other escapes.
func FuzzExact(f *testing.F) {
	f.Add(`{"b":[1.0,{"d":"<\n\u0001","c":null}],"a":"\ud83d\ude00"}`)
	f.Add(`[10,-0.1e3,"\/",true,{"":{}}]`)
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := jsonvalue.Exact([]byte(doc), limits)
		if err != nil {
			require.Empty(t, got)
			return
		}
		d := json.NewDecoder(strings.NewReader(doc))
		d.UseNumber()
		var v any
		require.NoError(t, d.Decode(&v))
		b, err := json.Marshal(v)
		require.NoError(t, err)
		for _, same := range []string{string(b), got} {
			again, err := jsonvalue.Exact([]byte(same), limits)
			require.NoError(t, err, same)
			require.Equal(t, got, again)
		}
		e := jsonvalue.Expectation{Values: map[string]string{"": got}}
		if doc != "null" {
			require.NoError(t, e.Check([]byte(doc), limits))
		}
	})
}

func TestExpectation(t *testing.T) {
	t.Parallel()
	e := jsonvalue.Expectation{Values: map[string]string{"/workflow/ref": `"main"`, "/list/0": "1"}, Ignored: map[string]bool{"/inputs": true, "/workflow/path": true, "/list/1": true}}
	require.NoError(t, e.Validate())
	for doc, want := range map[string]string{
		`{"workflow":{"ref":"main"},"list":[1]}`:                                      "",
		`{"list":[1.0,"x"],"workflow":{"path":7,"ref":"m\u0061in"},"inputs":{"a":1}}`: "",
		`{"workflow":{"ref":"other"},"list":[1]}`:                                     "another value",
		`{"workflow":{"Ref":"main"},"list":[1]}`:                                      `"/workflow/Ref"`,
		`{"workflow":{"ref":"main","evil":[]},"list":[1]}`:                            `"/workflow/evil"`,
		`{"workflow":{"ref":"main"},"list":[1],"extra":0}`:                            `"/extra"`,
		`{"workflow":{"ref":"main"},"list":[1],"extra":null,"more":{}}`:               "",
		`{"workflow":{"ref":"main"},"list":[1],"extra":false}`:                        `"/extra"`,
		`{"workflow":{"ref":"main"},"list":[1,2,3]}`:                                  `"/list/2"`,
		`{"workflow":{"ref":"main"},"list":["1"]}`:                                    "another value",
		`{"workflow":{"ref":"main"}}`:                                                 `nothing stands at "/list/0"`,
		`{"workflow":"main","list":[1]}`:                                              `"/workflow"`,
		`{}`:                                                                          "nothing stands",
		`null`:                                                                        "nothing stands",
		``:                                                                            "nothing stands",
		`[]`:                                                                          "nothing stands",
		`"x"`:                                                                         "nothing is expected",
		`{"list":[1],"workflow":{"ref":"main","ref":"main"}}`:                         "twice",
	} {
		err := e.Check([]byte(doc), limits)
		if want == "" {
			require.NoError(t, err, doc)
		} else {
			require.ErrorContains(t, err, want, doc)
		}
	}
	// A long name is cut in messages alone.
	name := strings.Repeat("x", 150)
	for _, known := range []string{name, name[:100], name[:99]} {
		long := jsonvalue.Expectation{Values: map[string]string{"/" + known: "1"}}
		require.Equal(t, known == name, long.Check([]byte(`{"`+name+`":1}`), limits) == nil)
		long = jsonvalue.Expectation{Ignored: map[string]bool{"/" + known: true}}
		require.Equal(t, known == name, long.Check([]byte(`{"`+name+`":1}`), limits) == nil)
	}
	none := jsonvalue.Expectation{}
	for _, doc := range []string{"", "null", "{}"} {
		require.NoError(t, none.Check([]byte(doc), limits))
	}
	require.Error(t, none.Check([]byte(`{"a":{"b":""}}`), limits))
	for _, bad := range []jsonvalue.Expectation{
		{Values: map[string]string{"/a": "1"}, Ignored: map[string]bool{"/a": true}}, {Values: map[string]string{"/a": "{}"}, Ignored: map[string]bool{"/a/b": true}},
		{Values: map[string]string{"/a": "1", "/a/b": "1"}}, {Values: map[string]string{"/a/b": "1"}, Ignored: map[string]bool{"/a": true}}, {Values: map[string]string{"": "1", "/a": "1"}},
	} {
		require.Error(t, bad.Validate())
	}
}

// What a value costs does not grow with how it is written, beyond its text.
func TestHostile(t *testing.T) {
	const size = 16 << 20
	limits := strictjson.Limits{Package: "test", Bytes: size + 1000, Depth: 100, Names: 1 << 18}
	fill := func(name, head, part, tail string) hostile.Input {
		return hostile.Input{Name: name, Text: []byte(head + strings.Repeat(part, (size-len(head)-len(tail))/len(part)) + tail), Fine: true}
	}
	inputs := []hostile.Input{
		fill("a string that encoding/json writes longer", `{"p":"`, "<", `"}`),
		fill("a string of escapes", `{"p":"`, `\u0001`, `"}`),
		fill("many elements", `{"p":[`, "1,", "1]}"),
		fill("many objects", `{"p":[`, `{"b":1,"a":2},`, "1]}"),
		fill("names out of order around a string", `{"p":`+strings.Repeat(`{"b":`, 90)+`"`, "x", `"`+strings.Repeat(`,"a":0}`, 90)+"}"),
		fill("a number", `{"p":`, "1", "}"),
		fill("a name", `{"`, "~", `":1,"p":1}`),
	}
	hostile.Check(t, inputs, func(text []byte) bool {
		e := jsonvalue.Expectation{Values: map[string]string{"/p": `"main"`}}
		require.Error(t, e.Check(text, limits))
		e = jsonvalue.Expectation{Values: map[string]string{"/p/0": `"main"`}, Ignored: map[string]bool{"/p/1": true}}
		require.Error(t, e.Check(text, limits))
		return false
	})
	hostile.Check(t, inputs, func(text []byte) bool {
		_, err := jsonvalue.Exact(text, limits)
		return err != nil
	})
}
