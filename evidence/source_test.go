package evidence_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/internal/hostile"
)

// told is one turn of a loop over envelopes, as text.
type told struct{ place, raw, err string }

// tell runs through a text twice, which must give the same.
func tell(t require.TestingT, text string) []told {
	run := func() (out []told) {
		for e, err := range evidence.Envelopes([]byte(text)) {
			one := told{place: e.Place.String(), raw: string(e.Raw)}
			if err != nil {
				var at *evidence.EnvelopeError
				require.ErrorAs(t, err, &at)
				require.True(t, e.Raw == nil && e.Place.IsZero(), "an envelope with an error")
				one = told{place: at.Place.String(), err: at.Error()}
			}
			out = append(out, one)
		}
		return out
	}
	out := run()
	require.Equal(t, out, run())
	return out
}

const (
	aBundle = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"eA=="}]}}`
	aDSSE   = `{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"eA==","keyid":"k"}]}`
	aPyPI   = `{"version":1,"verification_material":{"certificate":"Y2VydA==","transparency_entries":[{"logIndex":"1"}]},"envelope":{"statement":"e30=","signature":"eA=="}}`
	// What aPyPI says, as a bundle.
	ofPyPI = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"Y2VydA=="},"tlogEntries":[{"logIndex":"1"}]},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"eA=="}]}}`
)

func signatures(list string) string {
	return strings.Replace(aDSSE, `[{"sig":"eA==","keyid":"k"}]`, "["+list+"]", 1)
}

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	pretty := func(text string) string {
		var b bytes.Buffer
		require.NoError(t, json.Indent(&b, []byte(text), "", "  "))
		return b.String()
	}
	for _, tt := range []struct {
		name, text string
		want       []told
	}{
		{"a bundle", aBundle, []told{{"line 1", aBundle, ""}}},
		{"a bundle and a line end", aBundle + "\n", []told{{"line 1", aBundle, ""}}},
		{"a DSSE envelope", aDSSE, []told{{"line 1", aDSSE, ""}}},
		{"white space around", "\n\r\n \t" + aBundle + " \r\n\n", []told{{"line 3", aBundle, ""}}},
		{"a bundle on many lines", "\n" + pretty(aBundle) + "\n", []told{{"line 2", pretty(aBundle), ""}}},
		{"a DSSE envelope on many lines", pretty(aDSSE), []told{{"line 1", pretty(aDSSE), ""}}},
		{"lines", aBundle + "\n" + aDSSE + "\n", []told{{"line 1", aBundle, ""}, {"line 2", aDSSE, ""}}},
		{"the last line without an end", aBundle + "\n" + aDSSE, []told{{"line 1", aBundle, ""}, {"line 2", aDSSE, ""}}},
		{"CR LF", aBundle + "\r\n" + aDSSE + "\r\n", []told{{"line 1", aBundle, ""}, {"line 2", aDSSE, ""}}},
		{"blank lines", "\n\n" + aBundle + "\n \t\r\n\n" + aDSSE + "\n\n", []told{{"line 3", aBundle, ""}, {"line 6", aDSSE, ""}}},
		{"one line twice", aBundle + "\n" + aBundle, []told{{"line 1", aBundle, ""}, {"line 2", aBundle, ""}}},
		{"nothing", "", nil},
		{"blank", " \r\n\t\n", nil},
		{"GitHub's answer", `{"attestations":[{"repository_id":1,"bundle_url":"https://x","bundle":` + aBundle + `},{"bundle":` + aDSSE + `}]}`,
			[]told{{"line 1, /attestations/0/bundle", aBundle, ""}, {"line 1, /attestations/1/bundle", aDSSE, ""}}},
		{"npm's answer", `{"attestations":[{"predicateType":"https://slsa.dev/provenance/v1","bundle": ` + aBundle + ` }]}`,
			[]told{{"line 1, /attestations/0/bundle", aBundle, ""}}},
		{"an answer on many lines", pretty(`{"attestations":[{"a":{},"bundle":` + aBundle + `},{"bundle":{"payload":1}}]}`), []told{
			{"line 5, /attestations/0/bundle", string(nested(pretty(`{"attestations":[{"a":{},"bundle":`+aBundle+`},{"bundle":{"payload":1}}]}`), "bundle")), ""},
			{"line 24, /attestations/1/bundle", "{\n        \"payload\": 1\n      }", ""}}},
		{"an answer with a line for each", "{\"attestations\":[\n{\"bundle\":" + aBundle + "},\n{\"bundle\":" + aDSSE + "}\n]}", []told{
			{"line 2, /attestations/0/bundle", aBundle, ""}, {"line 3, /attestations/1/bundle", aDSSE, ""}}},
		{"one attestation of an answer", `{"bundle":` + aBundle + `,"repository_id":1}`, []told{{"line 1, /bundle", aBundle, ""}}},
		{"attestations of an answer on lines", `{"bundle":` + aBundle + "}\n" + `{"bundle":` + aDSSE + "}\n", []told{{"line 1, /bundle", aBundle, ""}, {"line 2, /bundle", aDSSE, ""}}},
		{"an empty object on a line of its own", "{\"payload\":\"\",\"x\":[\n{},\n{}\n]}", []told{{"line 1", "{\"payload\":\"\",\"x\":[\n{},\n{}\n]}", ""}}},
		{"an empty answer", `{"attestations":[]}`, nil},
		{"PyPI's attestation", aPyPI, []told{{"line 1", ofPyPI, ""}}},
		{"PyPI's provenance", `{"version":1,"attestation_bundles":[{"publisher":{"kind":"x"},"attestations":[` + aPyPI + `]},{"attestations":[ ` + aPyPI + `,` + aPyPI + `]}]}`, []told{
			{"line 1, /attestation_bundles/0/attestations/0", ofPyPI, ""}, {"line 1, /attestation_bundles/1/attestations/0", ofPyPI, ""}, {"line 1, /attestation_bundles/1/attestations/1", ofPyPI, ""}}},
		{"answers on lines", `{"attestations":[{"bundle":` + aBundle + `}]}` + "\n" + aPyPI + "\n", []told{{"line 1, /attestations/0/bundle", aBundle, ""}, {"line 2", ofPyPI, ""}}},
		{"two signatures", signatures(`{"sig":"eA=="}, {"sig":"eQ==","keyid":"b"}`), []told{
			{"line 1, /signatures/0", signatures(`{"sig":"eA=="}`), ""}, {"line 1, /signatures/1", signatures(`{"sig":"eQ==","keyid":"b"}`), ""}}},
		{"two signatures and white space", " " + signatures("\n{ \"sig\": \"eA==\" } ,{}\n") + "\n", []told{
			{"line 1, /signatures/0", signatures(`{ "sig": "eA==" }`), ""}, {"line 1, /signatures/1", signatures(`{}`), ""}}},
		{"two signatures in an answer", `{"attestations":[{"bundle":` + signatures(`{"sig":"eA=="},{"sig":"eQ=="}`) + `}]}`, []told{
			{"line 1, /attestations/0/bundle/signatures/0", signatures(`{"sig":"eA=="}`), ""}, {"line 1, /attestations/0/bundle/signatures/1", signatures(`{"sig":"eQ=="}`), ""}}},
		{"white space around one signature", signatures(` {"sig":"eA=="} `), []told{{"line 1", signatures(` {"sig":"eA=="} `), ""}}},
		{"the name of signatures escaped", strings.Replace(signatures(`{"sig":"eA=="},{"sig":"eQ=="}`), "signatures", `signature\u0073`, 1), []told{
			{"line 1, /signatures/0", strings.Replace(signatures(`{"sig":"eA=="}`), "signatures", `signature\u0073`, 1), ""},
			{"line 1, /signatures/1", strings.Replace(signatures(`{"sig":"eQ=="}`), "signatures", `signature\u0073`, 1), ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tell(t, tt.text))
			require.NoError(t, sourcesAgree([]byte(tt.text)))
		})
	}
}

// nested is the first value of a name in a text, to its closing brace.
func nested(text, name string) json.RawMessage {
	from := strings.Index(text, `"`+name+`": `) + len(name) + 4
	var v json.RawMessage
	if err := json.NewDecoder(strings.NewReader(text[from:])).Decode(&v); err != nil {
		panic(err)
	}
	return v
}

// TestEnvelopesThatAreNone: what is wrong is told in its place, and the rest is
// there.
func TestEnvelopesThatAreNone(t *testing.T) {
	t.Parallel()
	good := told{raw: aBundle}
	at := func(place, err string) told { return told{place: place, err: err} }
	for _, tt := range []struct {
		name, text string
		want       []told // err is a part of the error
	}{
		{"no JSON", "x", []told{at("line 1", "line 1, column 1): 'x' begins no value")}},
		{"byte order mark", "\ufeff" + aBundle, []told{at("line 1", "begins no value")}},
		{"UTF-16", "\xff\xfe{\x00", []told{at("line 1", "not valid UTF-8")}},
		{"gzip", "\x1f\x8b\x08\x00", []told{at("line 1", "not valid UTF-8")}},
		{"an array of bundles", "[" + aBundle + "]", []told{at("line 1", "an envelope is an object")}},
		{"an array of bundles on lines", "[\n" + aBundle + ",\n" + aBundle + "\n]", []told{at("line 1", "ends where"), at("line 2", "something follows"), good, at("line 4", "begins no value")}},
		{"a string", `"x"`, []told{at("line 1", "an envelope is an object")}},
		{"an attestation alone, without bundle", `{"bundle":null}`, []told{at("line 1, /bundle", "not in the answer")}},
		{"an attestation that is a bundle too", `{"bundle":{},"mediaType":""}`, []told{at("line 1", "several forms")}},
		{"a bare array that is cut off", `[1`, []told{at("line 1", "a comma or the end of the array")}},
		{"two values on a line", aBundle + " " + aBundle, []told{at("line 1", "something follows the value")}},
		{"cut off", aBundle[:100], []told{at("line 1", "at byte 100 (line 1, column 101)")}},
		{"cut off on many lines", "{\n \"payload\": \"e30=\",\n", []told{at("line 1", "line 3, column 1): a name in quotes")}},
		{"another object", `{"a":1}`, []told{at("line 1", "neither a sigstore bundle")}},
		{"other case", strings.Replace(aDSSE, "payload", "Payload", 1), []told{at("line 1", `some parsers take the name "Payload"`)}},
		{"a name twice", `{"payload":"","payload":""}`, []told{at("line 1", "stands twice")}},
		{"several forms", `{"payload":"","mediaType":""}`, []told{at("line 1", "several forms")}},
		{"an answer that is an envelope too", `{"attestations":[],"payload":""}`, []told{at("line 1", "several forms")}},
		{"the last line cut off", aBundle + "\n" + aDSSE[:50], []told{good, at("line 2", "(line 2, column 51)")}},
		{"the first line cut off", aDSSE[:50] + "\n" + aBundle, []told{at("line 1", "(line 1, column 51)"), good}},
		{"a line that is none", aBundle + "\nx\n" + aBundle, []told{good, at("line 2", "byte "+strconv.Itoa(len(aBundle)+1)+" (line 2, column 1)"), good}},
		{"a line in no UTF-8", aBundle + "\n\"\xff\"\n" + aBundle, []told{good, at("line 2", "line 2, column 2): the text is not valid UTF-8"), good}},
		{"a line of another kind", aBundle + "\n" + `{"future":{}}` + "\n" + aBundle, []told{good, at("line 2", "neither a sigstore bundle"), good}},
		{"lines of another kind alone", "{\"a\":1}\n{\"b\":2}\n", []told{at("line 1", "neither"), at("line 2", "neither")}},
		{"a comma at the line's end", aBundle + ",\n" + aBundle, []told{at("line 1", "something follows"), good}},
		{"lines around one to swallow it", `{"payload":"e30=","x":` + "\n" + aBundle + "\n}", []told{at("line 1", "ends where a value"), good, at("line 3", "begins no value")}},
		{"lines around one to hide it", "{\"x\":[\n" + aBundle + "\n]}", []told{at("line 1", "ends where a value"), good, at("line 3", "begins no value")}},
		{"an open string around one", "\"\n" + aBundle + "\n\"", []told{at("line 1", "within a string"), good, at("line 3", "within a string")}},
		{"attestations are no list", `{"attestations":{}}`, []told{at("line 1, /attestations", "an array must stand here")}},
		{"attestations are null", `{"attestations":null}`, []told{at("line 1, /attestations", "an array must stand here")}},
		{"an attestation without bundle", `{"attestations":[{"bundle":` + aBundle + `},{"bundle_url":"https://x"},{"bundle":` + aBundle + `}]}`, []told{good, at("line 1, /attestations/1", `"bundle" is missing`), good}},
		{"an attestation whose bundle is elsewhere", "{\"attestations\":[\n{\"bundle\":null,\"bundle_url\":\"https://x\"},{\"bundle\":" + aBundle + "}]}", []told{at("line 2, /attestations/0/bundle", "not in the answer"), good}},
		{"an attestation that is a string", `{"attestations":["",{"bundle":` + aBundle + `}]}`, []told{at("line 1, /attestations/0", "an object must stand here"), good}},
		{"an attestation with two bundles", `{"attestations":[{"bundle":{},"Bundle":{}}]}`, []told{at("line 1, /attestations/0", "some parsers take")}},
		{"a bundle that is a string", `{"attestations":[{"bundle":"` + `x"},{"bundle":` + aBundle + `}]}`, []told{at("line 1, /attestations/0/bundle", "neither a sigstore bundle nor a DSSE"), good}},
		{"an answer in an answer", `{"attestations":[{"bundle":{"attestations":[]}},{"bundle":` + aBundle + `}]}`, []told{at("line 1, /attestations/0/bundle", "neither a sigstore bundle nor a DSSE"), good}},
		{"a mixture in an answer", `{"attestations":[{"bundle":{"payload":"","mediaType":""}}]}`, []told{at("line 1, /attestations/0/bundle", "neither")}},
		{"PyPI, version 2", strings.Replace(aPyPI, `"version":1`, `"version":2`, 1), []told{at("line 1", "version 1")}},
		{"PyPI, version 1.0", strings.Replace(aPyPI, `"version":1`, `"version":1.0`, 1), []told{at("line 1", "version 1")}},
		{"PyPI, no version", strings.Replace(aPyPI, `"version":1,`, ``, 1), []told{at("line 1", `"version" is missing`)}},
		{"PyPI, no certificate", strings.Replace(aPyPI, `"certificate"`, `"x"`, 1), []told{at("line 1", `"certificate" is missing`)}},
		{"PyPI, no entries", strings.Replace(aPyPI, `"transparency_entries"`, `"x"`, 1), []told{at("line 1", `"transparency_entries" is missing`)}},
		{"PyPI, entries are an object", strings.Replace(aPyPI, `[{"logIndex":"1"}]`, `{}`, 1), []told{at("line 1", "must be an array")}},
		{"PyPI, the statement is an object", strings.Replace(aPyPI, `"statement":"e30="`, `"statement":{}`, 1), []told{at("line 1", "must be strings")}},
		{"PyPI, a certificate that is more", strings.Replace(aPyPI, `"certificate":"Y2VydA=="`, `"certificate":["Y2VydA=="]`, 1), []told{at("line 1", "must be strings")}},
		{"PyPI, two signatures", strings.Replace(aPyPI, `"signature"`, `"signature":"","Signature"`, 1), []told{at("line 1", "some parsers take")}},
		{"PyPI, one bad publisher", `{"attestation_bundles":[{"attestations":1},{"attestations":["x"]},{"attestations":[` + aPyPI + `]}]}`, []told{
			at("line 1, /attestation_bundles/0/attestations", "an array must"), at("line 1, /attestation_bundles/1/attestations/0", "an object must"), {raw: ofPyPI}}},
		{"an envelope that is too large", aBundle + "\n{\"payload\":\"" + strings.Repeat("A", evidence.MaxEnvelope) + "\"}\n" + aBundle, []told{good, at("line 2", "is larger than"), good}},
		{"too many signatures", aBundle + "\n" + signatures(strings.Repeat("{},", evidence.MaxSignatures)+"{}"), []told{good, at("line 2", "more than 64 signatures")}},
		{"a place after one that was told late", "{\"attestation_bundles\":[{\"attestations\":[\n{\"version\":1,\n\"verification_material\":\n{\"Certificate\":1},\"envelope\":{}},\nnull,\n\n{}]}]}", []told{
			at("line 2, /attestation_bundles/0/attestations/0", "(line 4, column "), at("line 5, /attestation_bundles/0/attestations/1", "an object must"), at("line 7, /attestation_bundles/0/attestations/2", "is missing")}},
		{"too deep", aBundle + "\n" + strings.Repeat(`{"a":`, 200), []told{good, at("line 2", "nested deeper")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tell(t, tt.text)
			require.Len(t, got, len(tt.want))
			for i, w := range tt.want {
				require.Equal(t, w.raw, got[i].raw)
				if w.err != "" {
					require.Equal(t, w.place, got[i].place)
					require.Contains(t, got[i].err, w.err)
					require.Less(t, len(got[i].err), 400)
				}
			}
			if len(tt.text) < 1<<20 {
				require.NoError(t, sourcesAgree([]byte(tt.text)))
			}
		})
	}
}

// TestOnlyUnknownLinesMayBeIgnored: ErrNoEnvelope is for what in-toto's bundles say
// must be passed over, and for nothing that may be a lost envelope.
func TestOnlyUnknownLinesMayBeIgnored(t *testing.T) {
	t.Parallel()
	for text, ignorable := range map[string]bool{
		`{"future":1}`: true, `{}`: true,
		`x`: false, `[]`: false, `[{"future":1}]`: false, `1`: false, `{"bundle":{}}`: false, `{"bundle":null}`: false, aBundle[:50]: false, `{"payload":1,"mediaType":1}`: false, `{"Payload":1}`: false, `{"a":1,"a":1}`: false,
		`{"attestations":[{}]}`: false, `{"attestations":[{"bundle":{}}]}`: false, `{"envelope":{}}`: false,
		// protobuf's own names: others read an envelope here
		`{"media_type":"","dsse_envelope":{}}`: false, `{"message_signature":{}}`: false, `{"payload_type":""}`: false,
	} {
		for _, err := range evidence.Envelopes([]byte(aBundle + "\n" + text)) {
			if err != nil {
				require.Equal(t, ignorable, errors.Is(err, evidence.ErrNoEnvelope), text)
			}
		}
	}
}

// TestSplitEnvelopesVerify: each signer's part of an envelope is his alone.
func TestSplitEnvelopesVerify(t *testing.T) {
	t.Parallel()
	ada, bob := newKey(t), newKey(t)
	st := statement(t, shop(), passed())
	sigOf := func(raw []byte) string {
		var e struct{ Signatures []json.RawMessage }
		require.NoError(t, json.Unmarshal(raw, &e))
		return string(e.Signatures[0])
	}
	a, err := evidence.SignDSSE(ctx, st, ada)
	require.NoError(t, err)
	b, err := evidence.SignDSSE(ctx, st, bob)
	require.NoError(t, err)
	both := bytes.Replace(a, []byte(sigOf(a)), []byte(sigOf(a)+", "+sigOf(b)), 1)
	trust := ring(t, keyOf(ada, "ada"), keyOf(bob, "bob"))
	_, err = evidence.Verify(ctx, trust, both)
	require.ErrorIs(t, err, evidence.ErrManySignatures)
	var who []string
	for v, err := range evidence.VerifyAll(ctx, trust, evidence.Envelopes(both)) {
		require.NoError(t, err)
		require.Equal(t, st, v.Statement())
		who = append(who, v.By().Principal.Subject)
	}
	require.Equal(t, []string{"ada", "bob"}, who)
	require.Equal(t, string(a), tell(t, string(both))[0].raw, "splitting undoes what joined them")
	require.Equal(t, string(b), tell(t, string(both))[1].raw)
}

// TestSourceLimits: a text cannot make more than it is.
func TestSourceLimits(t *testing.T) {
	last := func(text []byte) (n int, err error) {
		for _, e := range evidence.Envelopes(text) {
			n, err = n+1, e
		}
		return n, err
	}
	n, err := last(bytes.Repeat([]byte("1\n"), evidence.MaxEnvelopes+10))
	require.Equal(t, evidence.MaxEnvelopes+1, n)
	require.ErrorContains(t, err, "line 100001: more than 100000 envelopes")
	n, err = last(bytes.Repeat([]byte("{\"payload\":1}\n"), evidence.MaxEnvelopes+10))
	require.Equal(t, evidence.MaxEnvelopes+1, n)
	require.ErrorContains(t, err, "line 100001: more than 100000 envelopes")
	n, err = last([]byte(`{"attestations":[` + strings.Repeat(`1,`, evidence.MaxEnvelopes) + `1]}`))
	require.Equal(t, 1, n)
	require.ErrorContains(t, err, "more than 100000 elements")
	n, err = last([]byte(`{"attestation_bundles":[{"attestations":[` + strings.Repeat(`1,`, evidence.MaxEnvelopes/2) + `1]},{"attestations":[` + strings.Repeat(`1,`, evidence.MaxEnvelopes/2) + `1]}]}`))
	require.Equal(t, evidence.MaxEnvelopes+1, n)
	require.ErrorContains(t, err, "more than 100000 envelopes")
	n, err = last(make([]byte, evidence.MaxSource+1))
	require.Equal(t, 1, n)
	require.ErrorContains(t, err, "are more than")
	// What is split off of the first line is half of what may be; the second is too much.
	big := signatures(strings.Repeat("{},", evidence.MaxSignatures-1) + "{}")[1:]
	big = `{"x":"` + strings.Repeat("A", evidence.MaxSource/evidence.MaxSignatures/2) + `",` + big + "\n"
	n, err = last([]byte(strings.Repeat(big, 3)))
	require.Equal(t, evidence.MaxSignatures+2, n)
	require.ErrorContains(t, err, "splitting the signatures makes more than")
}

// TestPlacesAreFoundQuickly: that every place has its line costs one pass.
func TestPlacesAreFoundQuickly(t *testing.T) {
	for name, text := range map[string]string{
		"bad lines":              aBundle + "\n" + strings.Repeat("{\n", 90_000),
		"bad elements":           `{"attestations":[` + strings.Repeat("{\"bundle\":{\"x\":1\n}},", 90_000) + `1]}`,
		"bad elements, one line": `{"attestations":[` + strings.Repeat(`{"bundle":{"x":1}},`, 90_000) + `1]}`,
		"bad attestations":       `{"attestation_bundles":[{"attestations":[` + strings.Repeat("{\"version\":1,\"verification_material\":{},\n\"envelope\":\n[]},", 90_000) + `1]}]}`,
	} {
		hostile.Within(t, func() {
			n := 0
			for _, err := range evidence.Envelopes([]byte(text)) {
				if err != nil {
					n++
				}
			}
			require.GreaterOrEqual(t, n, 90_000, name)
		})
	}
}

func TestHostileSources(t *testing.T) {
	hostile.Check(t, hostile.Texts(), func(b []byte) bool {
		for _, err := range evidence.Envelopes(b) {
			if err != nil {
				return true
			}
		}
		return len(bytes.TrimSpace(b)) == 0
	})
}

// slowEnvelopes is the obviously right reader: encoding/json takes lines and lists
// apart, and says for each place which payload and signature stand there.
func slowEnvelopes(text []byte) (out []string) {
	say := func(place string, payload, sig, material any) {
		out = append(out, fmt.Sprintf("%s: %v by %v with %v", place, payload, sig, material))
	}
	one := func(place string, v any) {
		defer func() {
			if recover() != nil {
				out = append(out, place+": error")
			}
		}()
		m := v.(map[string]any)
		if inner, ok := m["dsseEnvelope"]; ok {
			m = inner.(map[string]any)
			say(place, m["payload"], m["signatures"], v.(map[string]any)["verificationMaterial"])
			return
		}
		sigs, _ := m["signatures"].([]any)
		if len(sigs) < 2 {
			say(place, m["payload"], m["signatures"], nil)
			return
		}
		for i, s := range sigs {
			say(fmt.Sprintf("%s/signatures/%d", place, i), m["payload"], []any{s}, nil)
		}
	}
	pypi := func(place string, v any) {
		m := v.(map[string]any)
		material, env := m["verification_material"].(map[string]any), m["envelope"].(map[string]any)
		say(place, env["statement"], []any{map[string]any{"sig": env["signature"]}},
			map[string]any{"certificate": map[string]any{"rawBytes": material["certificate"]}, "tlogEntries": material["transparency_entries"]})
	}
	for n, line := range strings.Split(string(text), "\n") {
		if strings.Trim(line, " \t\r") == "" {
			continue
		}
		place := strconv.Itoa(n + 1)
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			out = append(out, place+": error")
			continue
		}
		switch {
		case v["attestations"] != nil:
			for i, a := range v["attestations"].([]any) {
				one(fmt.Sprintf("%s/attestations/%d/bundle", place, i), a.(map[string]any)["bundle"])
			}
		case v["bundle"] != nil:
			one(place+"/bundle", v["bundle"])
		case v["attestation_bundles"] != nil:
			for i, b := range v["attestation_bundles"].([]any) {
				for j, a := range b.(map[string]any)["attestations"].([]any) {
					pypi(fmt.Sprintf("%s/attestation_bundles/%d/attestations/%d", place, i, j), a)
				}
			}
		case v["envelope"] != nil:
			pypi(place, v)
		default:
			one(place, v)
		}
	}
	return out
}

// fastEnvelopes is what Envelopes gives, in the words of slowEnvelopes.
func fastEnvelopes(text []byte) (out []string) {
	for e, err := range evidence.Envelopes(text) {
		if err != nil {
			var at *evidence.EnvelopeError
			errors.As(err, &at)
			out = append(out, fmt.Sprintf("%d%s: error", at.Place.Line, at.Place.Pointer))
			continue
		}
		d := json.NewDecoder(bytes.NewReader(e.Raw))
		d.UseNumber()
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			panic(err)
		}
		place, m, material := fmt.Sprintf("%d%s", e.Place.Line, e.Place.Pointer), v, v["verificationMaterial"]
		if inner, ok := v["dsseEnvelope"].(map[string]any); ok {
			m = inner
		}
		out = append(out, fmt.Sprintf("%s: %v by %v with %v", place, m["payload"], m["signatures"], material))
	}
	return out
}

// TestEnvelopesAgree puts files together of good and bad lines.
func TestEnvelopesAgree(t *testing.T) {
	t.Parallel()
	answer := func(parts []string) string {
		for i, p := range parts {
			parts[i] = `{"predicateType":"x", "bundle": ` + p + `}`
		}
		return `{"attestations":[` + strings.Join(parts, " ,") + `]}`
	}
	provenance := func(parts []string) string {
		return `{"version":1,"attestation_bundles":[{"attestations":[` + strings.Join(parts, ",") + `]},{"attestations":[]}]}`
	}
	rapid.Check(t, func(t *rapid.T) {
		serial := 0
		text := func(plain string) string {
			serial++
			unique := base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(serial)))
			return strings.NewReplacer("e30=", unique, "Y2VydA==", "Q"+unique, `"k"`, `"`+strconv.Itoa(serial)+`"`).Replace(plain)
		}
		envelope := func() string {
			switch rapid.IntRange(0, 2).Draw(t, "form") {
			case 0:
				return text(aBundle)
			case 1:
				return text(aDSSE)
			}
			sigs := make([]string, rapid.IntRange(0, 4).Draw(t, "signatures"))
			for i := range sigs {
				sigs[i] = fmt.Sprintf(`{"sig":"%d\u0041", "keyid":[{}]}`, i)
			}
			return text(signatures(strings.Join(sigs, rapid.SampledFrom([]string{",", " , "}).Draw(t, "comma"))))
		}
		several := func(f func() string) []string {
			out := make([]string, rapid.IntRange(1, 3).Draw(t, "n"))
			for i := range out {
				out[i] = f()
			}
			return out
		}
		pypi := func() string { return text(aPyPI) }
		lines := several(func() string {
			switch rapid.IntRange(0, 8).Draw(t, "line") {
			case 0:
				return answer(several(envelope))
			case 1:
				return pypi()
			case 2:
				return provenance(several(pypi))
			case 3:
				return rapid.SampledFrom([]string{"", " ", "\t\r"}).Draw(t, "blank")
			case 4:
				return ` {"bundle":` + envelope() + "}"
			case 5:
				e := envelope()
				return e[:rapid.IntRange(1, len(e)-1).Draw(t, "cut")]
			default:
				return envelope()
			}
		})
		lines = append([]string{text(aBundle)}, lines...) // so that these are lines
		b := strings.Join(lines, rapid.SampledFrom([]string{"\n", "\r\n", " \n"}).Draw(t, "end"))
		require.Equal(t, slowEnvelopes([]byte(b)), fastEnvelopes([]byte(b)), "%s", b)
		require.NoError(t, sourcesAgree([]byte(b)))
	})
}

// sourcesAgree checks what must hold for every text: each envelope is part of it or
// made of it in one of the two ways, is one JSON value, and is read alone as itself.
func sourcesAgree(text []byte) error {
	for e, err := range evidence.Envelopes(text) {
		if err != nil {
			continue
		}
		if !json.Valid(e.Raw) || e.Raw[0] != '{' || e.Raw[len(e.Raw)-1] != '}' {
			return fmt.Errorf("%q is no object", e.Raw)
		}
		whole := bytes.Contains(text, e.Raw)
		split := strings.Contains(e.Place.Pointer, "/signatures/")
		made := bytes.HasPrefix(e.Raw, []byte(`{"mediaType":"`+evidence.BundleMediaType+`","verificationMaterial":{"certificate":{"rawBytes":"`))
		if !whole && !split && !made {
			return fmt.Errorf("%q is not part of the text", e.Raw)
		}
		next, stop := iter.Pull2(evidence.Envelopes(e.Raw))
		again, err, ok := next()
		_, _, more := next()
		stop()
		if !ok || err != nil || more || !bytes.Equal(again.Raw, e.Raw) {
			return fmt.Errorf("%q alone is read as %q, %v", e.Raw, again.Raw, err)
		}
		if line := e.Place.Line; line < 1 || line > bytes.Count(text, []byte{'\n'})+1 {
			return fmt.Errorf("there is no line %d", line)
		}
	}
	return nil
}

func FuzzEnvelopes(f *testing.F) {
	for _, s := range []string{aBundle, aDSSE, aPyPI, aBundle + "\r\n\n" + aDSSE, `{"attestations":[{"bundle":` + aBundle + `},{"bundle":null}]}`,
		`{"attestation_bundles":[{"attestations":[` + aPyPI + `]}]}`, signatures(`{"sig":"eA=="} ,{"sig":"eQ=="}`), "{\n\"payload\":\n\"\"}", "x\n" + aDSSE + "\n{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		require.NoError(t, sourcesAgree(b))
	})
}
