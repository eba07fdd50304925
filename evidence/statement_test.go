package evidence_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

const sha = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// minimal is a statement whose parts are replaced by the tables below.
const minimal = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"` + sha + `"}}],"predicateType":"https://example.com/p/v1","predicate":{"x":1}}`

func with(old, new string) string {
	if !strings.Contains(minimal, old) {
		panic("nothing to replace: " + old)
	}
	return strings.Replace(minimal, old, new, 1)
}

// v01 makes a statement v0.1 of one of v1.
func v01(text string) string {
	old := `Statement/v1","subject`
	if !strings.Contains(text, old) {
		old = `Statement/v1",`
	}
	return strings.Replace(text, old, strings.Replace(old, "v1", "v0.1", 1), 1)
}

// accepted are statements that the specification allows, with what they say.
var accepted = []struct {
	name, text string
	predicate  string
}{
	{"minimal", minimal, `{"x":1}`},
	{"white space all around", " \t\r\n" + with(`"predicate":{"x":1}`, "\"predicate\" :\n{ \"x\" : 1 }") + "\n", `{ "x" : 1 }`},
	{"unknown fields", with(`{"_type"`, `{"future":{"a":[1,{"b":null}]},"_type"`), `{"x":1}`},
	{"unknown fields in a subject", with(`"name":"a"`, `"name":"a","future":[]`), `{"x":1}`},
	{"no predicate", with(`,"predicate":{"x":1}`, ``), ``},
	{"null predicate", with(`{"x":1}`, `null`), ``},
	{"string predicate", with(`{"x":1}`, `"SPDXVersion: SPDX-2.3\n"`), `"SPDXVersion: SPDX-2.3\n"`},
	{"no subject name", with(`"name":"a",`, ``), `{"x":1}`},
	{"subject with everything", with(`"name":"a"`, `"name":"a","uri":"u","content":"Yg==","downloadLocation":"d","mediaType":"m","annotations":{"k":[1]}`), `{"x":1}`},
	{"digest that is not hexadecimal", with(`"sha256":"`+sha+`"`, `"gce_image_id":"8462837"`), `{"x":1}`},
	{"weak digest", with(`"sha256":"`+sha+`"`, `"md5":"d41d8cd98f00b204e9800998ecf8427e"`), `{"x":1}`},
	{"escaped names", with(`"predicate":`, `"predic\u0061te":`), `{"x":1}`},
	{"escaped slashes", with(`"https://example.com/p/v1"`, `"https:\/\/example.com\/p\/v1"`), `{"x":1}`},
	{"huge number in the predicate", with(`{"x":1}`, `{"x":1e999999999,"y":-0.000000000000000000000000000000000001}`), `{"x":1e999999999,"y":-0.000000000000000000000000000000000001}`},
	{"same name in two objects", with(`{"x":1}`, `{"x":{"x":1},"y":{"x":2}}`), `{"x":{"x":1},"y":{"x":2}}`},
	{"other case in the predicate", with(`{"x":1}`, `{"x":1,"X":2}`), `{"x":1,"X":2}`},
	{"NUL escaped in the predicate", with(`{"x":1}`, `{"x":"\u0000"}`), `{"x":"\u0000"}`},
	{"surrogate pair", with(`{"x":1}`, `{"x":"\ud83d\ude00"}`), `{"x":"\ud83d\ude00"}`},
	{"subjects of one name", with(`[{"name":"a",`, `[{"name":"a","digest":{"sha256":"b"}},{"name":"a",`), `{"x":1}`},
	{"v0.1", v01(minimal), `{"x":1}`},
	{"v0.1 with a predicate that is a string", v01(with(`{"x":1}`, `"SPDX"`)), `"SPDX"`},
	{"v0.1 without predicate", v01(with(`,"predicate":{"x":1}`, ``)), ``},
	{"v0.1, the name that means nothing", v01(with(`"name":"a"`, `"name":"_"`)), `{"x":1}`},
	{"v0.1, _type last", strings.Replace(with(`"_type":"https://in-toto.io/Statement/v1",`, ``), `{"x":1}}`, `{"x":1},"_type":"https://in-toto.io/Statement/v0.1"}`, 1), `{"x":1}`},
	{"v0.1, slashes escaped", strings.Replace(minimal, "https://in-toto.io/Statement/v1", `https:\/\/in-toto.io\/Statement\/v0.1`, 1), `{"x":1}`},
	{"deep, but not too deep", with(`{"x":1}`, `{"x":`+strings.Repeat("[", 98)+strings.Repeat("]", 98)+`}`), `{"x":` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}`},
}

func TestStatementsOfTheSpecification(t *testing.T) {
	t.Parallel()
	for _, tt := range accepted {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st, err := evidence.ParseStatement([]byte(tt.text))
			require.NoError(t, err)
			require.Equal(t, tt.text, string(st.Bytes()), "the exact bytes are kept")
			require.Equal(t, tt.predicate, string(st.Predicate()))
			require.Equal(t, "https://example.com/p/v1", st.PredicateType())
			require.NotEmpty(t, st.Subjects())
			want := evidence.StatementType
			if strings.Contains(tt.name, "v0.1") {
				want = evidence.StatementTypeV01
			}
			require.Equal(t, want, st.Type())
			require.NoError(t, agree([]byte(tt.text)))
		})
	}
}

// refused are statements that somebody could read in another way than we do, or
// that are none.
var refused = []struct{ name, text, want string }{
	{"nothing", "", "ends where a value must stand"},
	{"only white space", " \n", "ends where a value must stand"},
	{"byte order mark", "\ufeff" + minimal, "begins no value"},
	{"array", "[" + minimal + "]", "an object must stand here"},
	{"string", `"x"`, "an object must stand here"},
	{"null", `null`, "an object must stand here"},
	{"cut off", minimal[:len(minimal)-1], "end of the object"},
	{"trailing brace", minimal + "}", "follows the value"},
	{"trailing statement", minimal + minimal, "follows the value"},
	{"trailing NUL", minimal + "\x00", "follows the value"},
	{"comment", "/**/" + minimal, "begins no value"},
	{"trailing comma", with(`{"x":1}}`, `{"x":1},}`), "name in quotes"},
	{"trailing comma in array", with(`{"x":1}`, `{"x":[1,]}`), "begins no value"},
	{"single quotes", with(`"predicate"`, `'predicate'`), "name in quotes"},
	{"no colon", with(`"predicate":`, `"predicate"`), "a colon"},
	{"name twice", with(`"predicateType":`, `"predicateType":"https://evil.example","predicateType":`), `"predicateType" stands twice`},
	{"name twice, once escaped", with(`"predicateType":`, `"predicateTyp\u0065":"https://evil.example","predicateType":`), `stands twice`},
	{"unknown name twice", with(`{"_type"`, `{"a":1,"b":2,"a":3,"_type"`), `"a" stands twice`},
	{"name twice deep in the predicate", with(`{"x":1}`, `{"a":[{"b":{"c":1,"d":2,"c":1}}]}`), `"c" stands twice`},
	{"name twice in a subject", with(`"name":"a"`, `"name":"b","name":"a"`), `"name" stands twice`},
	{"digest twice", with(`"sha256":"`, `"sha256":"b","sha256":"`), `"sha256" stands twice`},
	{"subject twice", with(`"subject":`, `"subject":[],"subject":`), "stands twice"},
	{"empty name twice", with(`{"x":1}`, `{"":1,"":2}`), "stands twice"},
	{"other case", with(`"predicateType":`, `"PredicateType":"https://evil.example","predicateType":`), `take the name "PredicateType"`},
	{"other case alone", with(`"predicateType":`, `"predicatetype":`), "take the name"},
	{"other case by a fold", with(`"subject":`, `"ſubject":[],"subject":`), "take the name"},
	{"alias of protobuf", with(`"predicateType":`, `"predicate_type":"https://evil.example","predicateType":`), "take the name"},
	{"alias of the type", with(`{"_type"`, `{"type":"x","_type"`), "take the name"},
	{"other case in a subject", with(`"name":"a"`, `"name":"a","Name":"b"`), "take the name"},
	{"other case of digest", with(`"digest"`, `"Digest":{"sha256":"b"},"digest"`), "take the name"},
	{"invalid UTF-8", with(`"a"`, "\"\xff\""), "not valid UTF-8"},
	{"overlong UTF-8", with(`"a"`, "\"\xc0\xaf\""), "not valid UTF-8"},
	{"surrogate in UTF-8", with(`"a"`, "\"\xed\xa0\x80\""), "not valid UTF-8"},
	{"lone high surrogate", with(`{"x":1}`, `{"x":"\ud83d"}`), "lone surrogate"},
	{"lone low surrogate", with(`{"x":1}`, `{"x":"\ude00"}`), "lone surrogate"},
	{"two high surrogates", with(`{"x":1}`, `{"x":"\ud83d\ud83d"}`), "lone surrogate"},
	{"raw NUL", with(`"a"`, "\"\x00\""), "control character"},
	{"raw newline", with(`"a"`, "\"\n\""), "control character"},
	{"escaped NUL in a subject's name", with(`"a"`, `"a\u0000b"`), "control character"},
	{"escaped newline in the type", with(`p/v1"`, `p/v1\n"`), "control character"},
	{"bad escape", with(`{"x":1}`, `{"x":"\x41"}`), "no escape sequence"},
	{"short \\u", with(`{"x":1}`, `{"x":"\u12"}`), "four hexadecimal"},
	{"cut off escape", `{"a\`, "within an escape"},
	{"cut off string", `{"a`, "within a string"},
	{"leading zero", with(`{"x":1}`, `{"x":01}`), "a comma or the end"},
	{"plus sign", with(`{"x":1}`, `{"x":+1}`), "begins no value"},
	{"bare point", with(`{"x":1}`, `{"x":1.}`), "decimal point"},
	{"bare exponent", with(`{"x":1}`, `{"x":1e}`), "exponent"},
	{"bare minus", with(`{"x":1}`, `{"x":-}`), "a digit"},
	{"NaN", with(`{"x":1}`, `{"x":NaN}`), "begins no value"},
	{"upper-case literal", with(`{"x":1}`, `{"x":True}`), "begins no value"},
	{"cut off literal", with(`{"x":1}`, `{"x":nul}`), `"null" must stand here`},
	{"too deep", with(`{"x":1}`, `{"x":`+strings.Repeat("[", 99)+strings.Repeat("]", 99)+`}`), "nested deeper than 100"},
	{"far too deep", strings.Repeat(`{"a":`, 1_000_000), "nested deeper than 100"},
	{"no type", with(`"_type":"https://in-toto.io/Statement/v1",`, ``), `of type ""`},
	{"older type", with("Statement/v1", "Statement/v0.0.1"), "Statement/v0.0.1"},
	{"v0.1 in full", with("Statement/v1", "Statement/v0.1.0"), "Statement/v0.1.0"},
	{"v0.1 with a space", with("Statement/v1", "Statement/v0.1 "), "is neither"},
	{"type in other case", with("in-toto.io/Statement", "in-toto.io/statement"), "is neither"},
	{"v0.1, no subject name", v01(with(`"name":"a",`, ``)), "has no name"},
	{"v0.1, empty subject name", v01(with(`"name":"a",`, `"name":"",`)), "has no name"},
	{"v0.1, name only as uri", v01(with(`"name":"a",`, `"uri":"a",`)), "has no name"},
	{"v0.1, two subjects of one name", v01(with(`[{"name":"a",`, `[{"name":"a","digest":{"sha256":"b"}},{"name":"a",`)), "two subjects"},
	{"v0.1, the name that means nothing twice", v01(with(`[{"name":"a",`, `[{"name":"_","digest":{"sha256":"b"}},{"name":"_",`)), "two subjects"},
	{"v0.1, one name in two spellings", v01(with(`[{"name":"a",`, `[{"name":"\u0061","digest":{"sha256":"b"}},{"name":"a",`)), "two subjects"},
	{"v0.1, no subject", v01(with(`"subject":[{"name":"a","digest":{"sha256":"`+sha+`"}}],`, ``)), "no subject"},
	{"v0.1, no digest", v01(with(`,"digest":{"sha256":"`+sha+`"}`, ``)), "no digest"},
	{"v0.1 and v1", v01(with(`{"_type"`, `{"_type":"https://in-toto.io/Statement/v1","_type"`)), "stands twice"},
	{"longer type", with(`Statement/v1"`, `Statement/v1.1"`), "Statement/v1.1"},
	{"type is null", with(`"https://in-toto.io/Statement/v1"`, `null`), "a string must stand here"},
	{"no predicate type", with(`"predicateType":"https://example.com/p/v1",`, ``), "no predicateType"},
	{"empty predicate type", with(`https://example.com/p/v1`, ``), "no predicateType"},
	{"no subject", with(`"subject":[{"name":"a","digest":{"sha256":"`+sha+`"}}],`, ``), "no subject"},
	{"empty subjects", with(`[{"name":"a","digest":{"sha256":"`+sha+`"}}]`, `[]`), "no subject"},
	{"subject is an object", with(`[{"name":"a","digest":{"sha256":"`+sha+`"}}]`, `{}`), "an array must stand here"},
	{"subject without digest", with(`,"digest":{"sha256":"`+sha+`"}`, ``), "no digest"},
	{"subject with an empty digest", with(`{"sha256":"`+sha+`"}`, `{}`), "no digest"},
	{"digest is null", with(`{"sha256":"`+sha+`"}`, `null`), "an object must stand here"},
	{"digest is a list", with(`"`+sha+`"`, `["`+sha+`"]`), "a string must stand here"},
	{"digest is empty", with(sha, ``), "no value"},
	{"algorithm is empty", with(`"sha256"`, `""`), "no algorithm"},
	{"predicate is a list", with(`{"x":1}`, `[1]`), "an object or a string"},
	{"predicate is a number", with(`{"x":1}`, `1`), "an object or a string"},
	{"too many subjects", with(`[{"name"`, `[`+strings.Repeat(`{"digest":{"a":"b"}},`, evidence.MaxSubjects)+`{"name"`), "more than 4096 subjects"},
	{"too many digests", with(`{"sha256"`, `{`+manyDigests(32)+`"sha256"`), "more than 32 digests"},
	{"too many names", with(`{"x":1}`, `{`+manyNames(evidence.MaxNames)+`"x":1}`), "more than 262144 names"},
	{"too large", strings.Repeat(" ", evidence.MaxStatement+1), "are more than"},
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"%d":1,`, i)
	}
	return b.String()
}

func manyDigests(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"alg%d":"x",`, i)
	}
	return b.String()
}

func TestHostileStatements(t *testing.T) {
	t.Parallel()
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st, err := evidence.ParseStatement([]byte(tt.text))
			require.ErrorContains(t, err, tt.want)
			require.True(t, st.IsZero())
			require.NoError(t, agree([]byte(tt.text)))
		})
	}
}

func TestSyntaxErrorSaysWhere(t *testing.T) {
	t.Parallel()
	text := with(`{"x":1}`, `{"x":01}`)
	_, err := evidence.ParseStatement([]byte(text))
	var syntax *evidence.SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Equal(t, strings.Index(text, "01}")+1, syntax.Offset)
}

func TestStatementIsImmutable(t *testing.T) {
	t.Parallel()
	in := []byte(minimal)
	st, err := evidence.ParseStatement(in)
	require.NoError(t, err)
	copy(in, strings.Repeat("x", len(in)))
	st.Bytes()[0] = 'x'
	st.Predicate()[0] = 'x'
	st.Subjects()[0].Digests[0].Value = "x"
	st.Subjects()[0].Name = "x"
	require.Equal(t, minimal, string(st.Bytes()))
	require.Equal(t, `{"x":1}`, string(st.Predicate()))
	require.Equal(t, []evidence.Subject{{Name: "a", Digests: []evidence.SubjectDigest{{Algorithm: "sha256", Value: sha}}}}, st.Subjects())
}

// TestNewStatementChangesNoName: what is no UTF-8 would be written as another
// character, so that two names became one.
func TestNewStatementChangesNoName(t *testing.T) {
	t.Parallel()
	const bad = "shop\xff"
	digest := []evidence.SubjectDigest{{Algorithm: "x", Value: "y"}}
	for name, f := range map[string]func() (evidence.Statement, error){
		"name": func() (evidence.Statement, error) {
			return evidence.NewStatement("t", []evidence.Subject{{Name: bad, Digests: digest}}, nil)
		},
		"URI": func() (evidence.Statement, error) {
			return evidence.NewStatement("t", []evidence.Subject{{URI: bad, Digests: digest}}, nil)
		},
		"algorithm": func() (evidence.Statement, error) {
			return evidence.NewStatement("t", []evidence.Subject{{Digests: []evidence.SubjectDigest{{Algorithm: bad, Value: "y"}}}}, nil)
		},
		"value": func() (evidence.Statement, error) {
			return evidence.NewStatement("t", []evidence.Subject{{Digests: []evidence.SubjectDigest{{Algorithm: "x", Value: bad}}}}, nil)
		},
		"type": func() (evidence.Statement, error) {
			return evidence.NewStatement(bad, []evidence.Subject{{Digests: digest}}, nil)
		},
	} {
		st, err := f()
		require.Error(t, err, name)
		require.True(t, st.IsZero(), name)
	}
}

func TestNewStatementReadsBack(t *testing.T) {
	t.Parallel()
	subjects := []evidence.Subject{{Name: "a <b> & \u2028", URI: "pkg:x", Digests: []evidence.SubjectDigest{{"sha512", "1"}, {"sha256", sha}}}, {Digests: []evidence.SubjectDigest{{"x", "y"}}}}
	st, err := evidence.NewStatement("https://example.com/p/v1", subjects, json.RawMessage(`{"n":9007199254740993}`))
	require.NoError(t, err)
	again, err := evidence.ParseStatement(st.Bytes())
	require.NoError(t, err)
	require.Equal(t, st, again)
	require.Equal(t, `{"n":9007199254740993}`, string(again.Predicate()), "no number is rounded")
	require.Equal(t, "a <b> & \u2028", again.Subjects()[0].Name)
	require.ElementsMatch(t, subjects[0].Digests, again.Subjects()[0].Digests)

	for name, f := range map[string]func() (evidence.Statement, error){
		"no subject": func() (evidence.Statement, error) { return evidence.NewStatement("t", nil, nil) },
		"no type":    func() (evidence.Statement, error) { return evidence.NewStatement("", subjects, nil) },
		"a digest twice": func() (evidence.Statement, error) {
			return evidence.NewStatement("t", []evidence.Subject{{Digests: []evidence.SubjectDigest{{"a", "1"}, {"a", "2"}}}}, nil)
		},
		"a list": func() (evidence.Statement, error) { return evidence.NewStatement("t", subjects, []int{1}) },
		"a name twice in the predicate": func() (evidence.Statement, error) {
			return evidence.NewStatement("t", subjects, json.RawMessage(`{"a":1,"a":2}`))
		},
		"another type than the predicate's": func() (evidence.Statement, error) { return evidence.NewStatement("t", subjects, passed()) },
		"an invalid predicate":              func() (evidence.Statement, error) { return evidence.For(shop(), predicate.TestResult{}) },
		"no predicate":                      func() (evidence.Statement, error) { return evidence.For(shop(), nil) },
	} {
		_, err := f()
		require.Error(t, err, name)
	}
}

func TestExamplesKeepTheirBytes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 6)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		st, err := evidence.ParseStatement(b)
		require.NoError(t, err, f)
		require.Equal(t, string(b), string(st.Bytes()), f)
		require.NoError(t, agree(b), f)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	r := shop()
	a, b := r.Artifacts[0].Digest.Hex(), r.Artifacts[1].Digest.Hex()
	one := func(alg, v string) []evidence.SubjectDigest {
		return []evidence.SubjectDigest{{Algorithm: alg, Value: v}}
	}
	both := evidence.SubjectsOf(r)
	for _, tt := range []struct {
		name     string
		subjects []evidence.Subject
		all, any bool
	}{
		{"both", both, true, true},
		{"both and more", append(evidence.SubjectsOf(r), evidence.Subject{Name: "sbom", Digests: one("sha256", sha)}), true, true},
		{"turned around", []evidence.Subject{both[1], both[0]}, true, true},
		{"only one", both[:1], false, true},
		{"names swapped", []evidence.Subject{{Name: "shop", Digests: one("sha256", b)}, {Name: "shop.yaml", Digests: one("sha256", a)}}, false, true},
		{"no names", []evidence.Subject{{Digests: one("sha256", a)}, {Digests: one("sha256", b)}}, false, true},
		{"other digest", []evidence.Subject{{Name: "shop", Digests: one("sha256", sha)}, both[1]}, false, true},
		{"name twice with two digests", append(evidence.SubjectsOf(r), evidence.Subject{Name: "shop", Digests: one("sha256", sha)}), false, true},
		{"upper case", []evidence.Subject{{Name: "shop", Digests: one("sha256", strings.ToUpper(a))}, both[1]}, false, true},
		{"misspelt algorithm", []evidence.Subject{{Name: "shop", Digests: one("sha-256", a)}, both[1]}, false, true},
		{"weak algorithm", []evidence.Subject{{Name: "shop", Digests: one("md5", a)}}, false, false},
		{"something else", []evidence.Subject{{Name: "shop", Digests: one("sha256", sha)}}, false, false},
		{"the commit too", append(evidence.SubjectsOf(r), evidence.Subject{Digests: one("gitCommit", string(r.Commit))}), true, true},
		{"another commit", append(evidence.SubjectsOf(r), evidence.Subject{Digests: one("gitCommit", strings.Repeat("0", 40))}), false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st, err := evidence.NewStatement("https://example.com/p/v1", tt.subjects, nil)
			require.NoError(t, err)
			require.Equal(t, tt.all, st.MatchAll(r) == nil)
			require.Equal(t, tt.any, st.MatchAny(r))
		})
	}
	st, err := evidence.NewStatement("https://example.com/p/v1", both, nil)
	require.NoError(t, err)
	none := shop()
	none.Artifacts = nil
	require.Error(t, st.MatchAll(none), "a release without artifacts is matched by nothing")
	require.False(t, st.MatchAny(none))
}

func TestSubjectMatches(t *testing.T) {
	t.Parallel()
	s := evidence.Subject{Digests: []evidence.SubjectDigest{{"md5", "d41d8cd98f00b204e9800998ecf8427e"}, {"sha1", strings.Repeat("a", 40)},
		{"gitCommit", strings.Repeat("b", 40)}, {"sha512", strings.Repeat("c", 128)}, {"sha256", "short"}, {"sha384", strings.Repeat("G", 96)}}}
	require.True(t, s.Matches("gitCommit", strings.Repeat("b", 40)))
	require.True(t, s.Matches("sha512", strings.Repeat("c", 128)))
	require.False(t, s.Matches("md5", "d41d8cd98f00b204e9800998ecf8427e"))
	require.False(t, s.Matches("sha1", strings.Repeat("a", 40)))
	require.False(t, s.Matches("sha256", "short"))
	require.False(t, s.Matches("sha384", strings.Repeat("G", 96)))
	require.False(t, s.Matches("sha512", strings.Repeat("c", 127)+"d"))
}
