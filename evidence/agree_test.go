package evidence_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
)

// object is a JSON object with its members in order; the slow parser's model of
// one.
type object []member

type member struct {
	name  string
	value any
}

// slowParse is the obviously right parser: encoding/json's tokens, all values
// kept, every rule of ParseStatement as a plain test on them.
func slowParse(b []byte) (typ string, subjects []evidence.Subject, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	if !utf8.Valid(b) || loneSurrogate(b) {
		return "", nil, errors.New("text")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v := slowValue(d, 0)
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		panic("something follows")
	}
	top := fields(v, "_type", "type", "subject", "predicateType", "predicate_type", "predicate")
	old := top["_type"].(string) == "https://in-toto.io/Statement/v0.1"
	if top["_type"].(string) != "https://in-toto.io/Statement/v1" && !old {
		panic("type")
	}
	typ = plain(top["predicateType"])
	list := top["subject"].([]any)
	if typ == "" || len(list) == 0 || len(list) > evidence.MaxSubjects {
		panic("predicate type or subjects")
	}
	for _, s := range list {
		m := fields(s, "name", "uri", "digest", "content", "downloadLocation", "download_location", "mediaType", "media_type", "annotations")
		sub := evidence.Subject{}
		if v, ok := m["name"]; ok {
			sub.Name = plain(v)
		}
		if v, ok := m["uri"]; ok {
			sub.URI = plain(v)
		}
		for _, d := range m["digest"].(object) {
			if d.name == "" || d.value.(string) == "" {
				panic("digest")
			}
			sub.Digests = append(sub.Digests, evidence.SubjectDigest{Algorithm: d.name, Value: plain(d.value)})
		}
		if len(sub.Digests) == 0 || len(sub.Digests) > evidence.MaxDigests {
			panic("digests")
		}
		for _, other := range subjects {
			if old && other.Name == sub.Name {
				panic("names of v0.1")
			}
		}
		if old && sub.Name == "" {
			panic("name of v0.1")
		}
		subjects = append(subjects, sub)
	}
	if p, ok := top["predicate"]; ok && p != nil {
		_, isObject := p.(object)
		_, isString := p.(string)
		if !isObject && !isString {
			panic("predicate")
		}
	}
	return typ, subjects, nil
}

func plain(v any) string {
	s := v.(string)
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		panic("control character")
	}
	return s
}

func fields(v any, known ...string) map[string]any {
	out := map[string]any{}
	for _, m := range v.(object) {
		for _, k := range known {
			alias := strings.Contains(k, "_") && k != "_type" || k == "type"
			if strings.EqualFold(m.name, k) && (m.name != k || alias) {
				panic("variant")
			}
		}
		out[m.name] = m.value
	}
	return out
}

func slowValue(d *json.Decoder, depth int) any {
	tok, err := d.Token()
	if err != nil {
		panic(err)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return tok
	}
	if depth++; depth > evidence.MaxDepth {
		panic("depth")
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			list = append(list, slowValue(d, depth))
		}
		if _, err := d.Token(); err != nil {
			panic(err)
		}
		return list
	}
	obj, seen := object{}, map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			panic(err)
		}
		if seen[name.(string)] {
			panic("twice")
		}
		if seen[name.(string)] = true; len(seen) > evidence.MaxNames {
			panic("names")
		}
		obj = append(obj, member{name.(string), slowValue(d, depth)})
	}
	if _, err := d.Token(); err != nil {
		panic(err)
	}
	return obj
}

// loneSurrogate looks for \u escapes of half a character, which encoding/json
// replaces in silence.
func loneSurrogate(b []byte) bool {
	half := func(i int) int { // 1 first half, 2 second half, 0 neither
		var v rune
		if i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
			return 0
		}
		if _, err := fmt.Sscanf(string(b[i+2:i+6]), "%04x", &v); err != nil || v < 0xd800 || v > 0xdfff {
			return 0
		}
		return 1 + int(v-0xd800)/0x400
	}
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		switch half(i) {
		case 1:
			if half(i+6) != 2 {
				return true
			}
			i += 11
		case 2:
			return true
		default:
			i++
		}
	}
	return false
}

// agree compares the two parsers on one text.
func agree(b []byte) error {
	typ, subjects, slow := slowParse(b)
	st, fast := evidence.ParseStatement(b)
	if len(b) > evidence.MaxStatement {
		return nil // the slow parser has no limit of size
	}
	switch {
	case (slow == nil) != (fast == nil):
		return fmt.Errorf("slow says %v, fast says %v", slow, fast)
	case fast != nil:
		if !st.IsZero() {
			return errors.New("a statement came with an error")
		}
		return nil
	case typ != st.PredicateType() || fmt.Sprint(subjects) != fmt.Sprint(st.Subjects()):
		return fmt.Errorf("slow read %q %v, fast read %q %v", typ, subjects, st.PredicateType(), st.Subjects())
	case !bytes.Equal(b, st.Bytes()):
		return errors.New("the bytes are not kept")
	}
	if p := st.Predicate(); p != nil && !bytes.Contains(b, p) {
		return errors.New("the predicate is not part of the text")
	}
	return nil
}

func FuzzParseStatement(f *testing.F) {
	for _, tt := range accepted {
		f.Add([]byte(tt.text))
	}
	for _, tt := range refused {
		if len(tt.text) < 4096 {
			f.Add([]byte(tt.text))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := agree(b); err != nil {
			t.Fatal(err)
		}
	})
}

// pieces of JSON, good and bad.
var (
	strangeNames = []string{"_type", "type", "_Type", "TYPE", "subject", "Subject", "\u017fubject", `\u017fubject`, "predicateType", "predicatetype", `predicateTyp\u0065`, "predicate_type", "predicate", "Predicate", `predic\u0061te`,
		"name", "Name", "uri", "URI", "digest", "DIGEST", "dige\u017ft", "content", "mediaType", "media_type", "downloadLocation", "download_location", "annotations", "sha256", "SHA256", "x", "X", "", `\u0000`, `\ud83d`, `\ud83d\ude00`, "\ufeff"}
	strangeValues = []string{`"https://in-toto.io/Statement/v1"`, `"https://in-toto.io/Statement/v0.1"`, `"https://in-toto.io/Statement/v1 "`, `"p"`, `""`, `"a\u0000"`, `"\u007f"`, `"\ud83d\ude00"`, `"\ude00"`, `"\ud83d"`, `"\ud83d\ud83d"`,
		`"\uD83D\uDE00"`, `"\ud83d\n"`, `"\u12"`, `"\u00zz"`, `"\q"`, `"\/"`, "\"\xff\"", "\"\x00\"", "\"\n\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\u2028\"", "\"", "'a'",
		"0", "-0", "-", "01", "00", "1e5", "1E+5", "1e", "1e+", "1.", ".5", "1.5e-7", "+1", "0x1", "1_0", "1e999999999", "123456789012345678901234567890", "Infinity", "NaN",
		"true", "TRUE", "tru", "false", "null", "nul", "nulll", "undefined", "[", "]", "{", "}", "[,]", "[1,]", "{,}", `{"a":1,}`, `{"a"}`, `{"a":}`, `{1:2}`, `[1 2]`, `{"a":1 "b":2}`}
)

// junk is a value of any kind that is nested no deeper than depth; now and then
// one that is nested about as deep as may be.
func junk(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		kind := rapid.IntRange(0, 19).Draw(t, "kind")
		if kind == 0 {
			n := rapid.IntRange(evidence.MaxDepth-5, evidence.MaxDepth+1).Draw(t, "deep")
			if rapid.Bool().Draw(t, "objects") {
				return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1)
			}
			return strings.Repeat("[", n) + strings.Repeat("]", n)
		}
		if depth == 0 || kind < 10 {
			if kind%3 > 0 {
				return rapid.SampledFrom([]string{`"v"`, "1", "null", "{}", "[]", "true"}).Draw(t, "good")
			}
			return rapid.SampledFrom(strangeValues).Draw(t, "scalar")
		}
		parts := make([]string, rapid.IntRange(0, 3).Draw(t, "n"))
		for i := range parts {
			parts[i] = junk(depth-1).Draw(t, "value")
			if kind >= 14 {
				parts[i] = `"` + rapid.SampledFrom(strangeNames).Draw(t, "name") + `":` + parts[i]
			}
		}
		if kind >= 14 {
			return "{" + strings.Join(parts, ",") + "}"
		}
		return "[" + strings.Join(parts, ", ") + "]"
	})
}

// TestParsersAgree puts statements together from pieces that matter, whole and
// damaged.
func TestParsersAgree(t *testing.T) {
	t.Parallel()
	all, good, old := 0, 0, 0
	thorough(t, func(t *rapid.T) {
		m := newMixer(t)
		subjects := make([]string, rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3, 0}).Draw(t, "subjects"))
		for i := range subjects {
			name := m.pick("subject", fmt.Sprintf("%q", fmt.Sprint("a", i)), `"a0"`, `"_"`, `""`, `"\u00610"`, "null", `"a\n"`)
			digests := m.jumble([]string{"sha256", "sha512"}, []string{m.pick("digest", `"aa"`, `""`, `"\u0000"`, "1", "[]"), `"bb"`}, strangeNames)
			subjects[i] = m.jumble([]string{"name", "digest", "uri"}, []string{name, digests, m.pick("uri", `"u"`, `""`, "1")}, strangeNames)
		}
		version := rapid.SampledFrom([]string{`"https://in-toto.io/Statement/v1"`, `"https://in-toto.io/Statement/v0.1"`, `"https:\/\/in-toto.io\/Statement\/v0.1"`}).Draw(t, "version")
		text := m.jumble([]string{"_type", "predicateType", "subject", "predicate"},
			[]string{m.pick("type", version, `"https://in-toto.io/Statement/v0.2"`, `""`, "null"), m.pick("predicate type", `"p"`, `""`, `"\u0000"`, "1"),
				"[" + strings.Join(subjects, ",") + "]", m.pick("predicate", `{"x":1}`, "null", `"SPDX"`, "[]", "1", junk(3).Draw(t, "predicate"))}, strangeNames)
		b := m.damage(text)
		if err := agree(b); err != nil {
			t.Fatalf("%v\n%q", err, b)
		}
		all++
		if st, err := evidence.ParseStatement(b); err == nil {
			good++
			if st.Type() == evidence.StatementTypeV01 {
				old++
			}
		}
	})
	t.Logf("%d texts, of which %d are statements, %d of them v0.1", all, good, old)
	require.Greater(t, good, all/10)
	require.Less(t, good, all*9/10)
	require.Greater(t, old, all/50)
}
