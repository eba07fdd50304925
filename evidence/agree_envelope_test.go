package evidence_test

import (
	"bytes"
	"context"
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

// slowEnvelope is the obviously right reader of envelopes: all values kept, and
// every rule of the formats as a plain test on them.
func slowEnvelope(b []byte) (out evidence.Signed, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = evidence.Signed{}, fmt.Errorf("%v", r)
		}
	}()
	if !utf8.Valid(b) || loneSurrogate(b) {
		panic("text")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v := slowValue(d, 0)
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		panic("something follows")
	}
	inner := []string{"payload", "payloadType", "payload_type", "signatures"}
	top := fields(v, append([]string{"mediaType", "media_type", "verificationMaterial", "verification_material", "dsseEnvelope", "dsse_envelope",
		"messageSignature", "message_signature"}, inner...)...)
	has := func(names ...string) (n int) {
		for _, name := range names {
			if _, ok := top[name]; ok {
				n++
			}
		}
		return n
	}
	isBundle, isDSSE := has("mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature") > 0, has(inner...) > 0
	if isBundle == isDSSE || has("messageSignature") > 0 {
		panic("both or neither")
	}
	envelope, hint, byKey := top, "", false
	if isBundle {
		switch plain(top["mediaType"]) {
		case "application/vnd.dev.sigstore.bundle+json;version=0.1", "application/vnd.dev.sigstore.bundle+json;version=0.2",
			"application/vnd.dev.sigstore.bundle+json;version=0.3", "application/vnd.dev.sigstore.bundle.v0.3+json":
		default:
			panic("media type")
		}
		m := fields(top["verificationMaterial"], "publicKey", "public_key", "x509CertificateChain", "x509_certificate_chain", "certificate",
			"tlogEntries", "tlog_entries", "timestampVerificationData", "timestamp_verification_data")
		for _, name := range []string{"x509CertificateChain", "certificate"} {
			if m[name] != nil {
				_ = m[name].(object)
				out.Certificate = true
			}
		}
		if m["publicKey"] != nil {
			byKey = true
			if h := fields(m["publicKey"], "hint")["hint"]; h != nil { // null is not set
				hint = plain(h)
			}
		}
		if byKey == out.Certificate {
			panic("a key or certificates")
		}
		envelope = fields(top["dsseEnvelope"], inner...)
	}
	out.Payload = slowBase64(envelope["payload"].(string))
	out.PayloadType = plain(envelope["payloadType"])
	name, isJSON := strings.CutSuffix(out.PayloadType, "+json")
	middle, inToto := strings.CutPrefix(name, "application/vnd.in-toto")
	if !isJSON || !inToto || middle != "" && (middle[0] != '.' || len(middle) == 1 || strings.ContainsAny(middle, "+;/ ")) {
		panic("payload type")
	}
	list := envelope["signatures"].([]any)
	for _, s := range list {
		sig := fields(s, "sig", "keyid")
		if k := sig["keyid"]; k != nil && !byKey {
			hint = plain(k)
		} else if k != nil {
			plain(k)
		}
		out.Signature = slowBase64(sig["sig"].(string))
	}
	if len(list) != 1 || len(out.Signature) == 0 || len(out.Payload) == 0 {
		panic("payload or signatures")
	}
	out.Hint = hint
	return out, nil
}

// slowBase64 reads base64 (RFC 4648) bit by bit: one alphabet, padded to fours or
// not at all, and no bits left over that are not zero.
func slowBase64(s string) []byte {
	body := strings.TrimRight(s, "=")
	pad := len(s) - len(body)
	if len(body)%4 == 1 || pad > 0 && (pad > 2 || len(s)%4 != 0) {
		panic("base64: length")
	}
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if strings.ContainsAny(body, "-_") {
		alphabet = alphabet[:62] + "-_"
	}
	var out []byte
	bits, n := 0, 0
	for _, c := range []byte(body) {
		i := strings.IndexByte(alphabet, c)
		if i < 0 {
			panic("base64: character")
		}
		if bits, n = bits<<6|i, n+6; n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
			bits &= 1<<n - 1
		}
	}
	if bits != 0 {
		panic("base64: bits left over")
	}
	return out
}

// recorder is a trust that looks at what the parser read, and refuses it.
type recorder struct{ got *evidence.Signed }

func (r recorder) Check(_ context.Context, s evidence.Signed) (evidence.Identity, error) {
	*r.got = s
	return evidence.Identity{}, errBroken
}

// agreeOnEnvelope compares the two readers of envelopes on one text, and says
// whether it is one.
func agreeOnEnvelope(b []byte) (ok bool, err error) {
	want, slow := slowEnvelope(b)
	var got evidence.Signed
	v, fast := evidence.Verify(ctx, recorder{&got}, b)
	ok = errors.Is(fast, errBroken)
	switch {
	case len(b) > evidence.MaxEnvelope:
		return ok, nil // the slow one has no limit of size
	case !v.IsZero() || fast == nil:
		return ok, errors.New("what nobody vouched for is verified")
	case ok != (slow == nil):
		return ok, fmt.Errorf("slow says %v, fast says %v", slow, fast)
	case !ok:
		return ok, nil
	case !bytes.Equal(got.Raw, b):
		return ok, errors.New("the bytes are not kept")
	}
	got.Raw = nil
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		return ok, fmt.Errorf("slow read %+v, fast read %+v", want, got)
	}
	return ok, nil
}

func FuzzParseEnvelope(f *testing.F) {
	for _, s := range []string{aBundle, aDSSE, signatures(`{"sig":"eA"},{"sig":"eA=="}`), strings.Replace(aBundle, `"publicKey":{"hint":"x"}`, `"certificate":{"rawBytes":""}`, 1),
		strings.Replace(aDSSE, "eA==", "-_-_", 1), strings.Replace(aDSSE, "in-toto+json", "in-toto.link+json", 1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := agreeOnEnvelope(b)
		require.NoError(t, err)
	})
}

// mixer puts texts together. A calm one, which is every other, makes few mistakes.
type mixer struct {
	*rapid.T
	calm bool
}

func newMixer(t *rapid.T) mixer { return mixer{t, rapid.Bool().Draw(t, "calm")} }

// chance is true once in 16 times, or in 512 if m is calm.
func (m mixer) chance(label string) bool {
	n := 4
	if m.calm {
		n = 9
	}
	for range n {
		if rapid.Bool().Draw(m.T, label) {
			return false
		}
	}
	return true
}

func (m mixer) of(label string, texts ...string) string {
	return rapid.SampledFrom(texts).Draw(m.T, label)
}

// pick is one of several texts, the first more often than the others together.
func (m mixer) pick(label string, of ...string) string {
	if m.chance(label + "?") {
		return m.of(label, of...)
	}
	return of[0]
}

// jumble puts the members of an object together in any order: now and then one is
// gone, stands twice, under another name, or something else stands beside it.
func (m mixer) jumble(names, values []string, others []string) string {
	var out []string
	for i, name := range names {
		if m.chance("fate?") {
			switch m.of("fate", "gone", "twice", "renamed", "escaped", "beside", "else") {
			case "gone":
				continue
			case "twice":
				out = append(out, `"`+name+`":`+values[i])
			case "renamed":
				name = m.of("name", others...)
			case "escaped":
				name = fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
			case "beside":
				out = append(out, `"`+m.of("name", others...)+`":`+junk(3).Draw(m.T, "value"))
			case "else":
				values[i] = junk(2).Draw(m.T, "value")
			}
		}
		out = append(out, `"`+name+`":`+values[i])
	}
	space := m.of("white space", "", " ", "\n\t", "\r")
	if m.chance("space?") {
		space = m.of("space", "\u00a0", "\ufeff", "\x00", "/**/", "\v")
	}
	return "{" + strings.Join(rapid.Permutation(out).Draw(m.T, "order"), space+",") + space + "}"
}

// damage changes a bit, or adds something at either end.
func (m mixer) damage(text string) []byte {
	b := []byte(text)
	if !m.chance("damage?") {
		return b
	}
	switch m.of("damage", "bit", "cut", "end", "begin") {
	case "bit":
		b[rapid.IntRange(0, len(b)-1).Draw(m.T, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(m.T, "bit")
	case "cut":
		b = b[:rapid.IntRange(0, len(b)-1).Draw(m.T, "cut")]
	case "end":
		b = append(b, m.of("end", " ", "\n", "\x00", "}", "{}", ",", "\ufeff", "//")...)
	case "begin":
		b = append([]byte(m.of("begin", " ", "\r\n", "\x00", "\ufeff", "\v", "[", "\xff")), b...)
	}
	return b
}

// thorough runs a property 2,000 times, and a million times with -long.
func thorough(t *testing.T, property func(*rapid.T)) {
	times := 1
	if *long {
		times = 500
	}
	for range times {
		rapid.Check(t, property)
	}
}

// TestEnvelopesAreReadAlike puts envelopes together from pieces that matter, whole
// and damaged.
func TestEnvelopesAreReadAlike(t *testing.T) {
	t.Parallel()
	all, good := 0, 0
	thorough(t, func(t *rapid.T) {
		m := newMixer(t)
		base64 := func(label string) string {
			return `"` + m.pick(label, "eyJhIjoxfQ==", "eyJhIjoxfQ", "", "eA=", "eB==", "-_-_", "+/+/", "+_", "e", "=", "eA==eA==", `e\u0041==`, `eA\/\/`, `eA==\n`, "e A=", `\u0000`, "ｅA==") + `"`
		}
		names := []string{"mediaType", "media_type", "MediaType", "verificationMaterial", "verification_material", "dsseEnvelope", "dsse_envelope", "DSSEEnvelope", "messageSignature", "message_signature",
			"payload", "Payload", "payloadType", "payload_type", "PAYLOADTYPE", "signatures", "ſignatures", `\u017fignatures`, "signature", "sig", "Sig", "ſig", "keyid", "keyID", "\u212aeyid", "publicKey", "public_key", "publicKe\u0079",
			"certificate", "x509CertificateChain", "x509_certificate_chain", "tlogEntries", "tlog_entries", "hint", "Hint", "", "x", `\u0000`, `\ud83d`}
		sigs := make([]string, rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 1, 1, 0, 2}).Draw(t, "signatures"))
		for i := range sigs {
			sigs[i] = m.jumble([]string{"sig", "keyid"}, []string{base64("sig"), m.pick("keyid", `"k"`, `""`, `"a\u0000"`, `"\u007f"`, "null", `"\ud83d\ude00"`)}, names)
		}
		dsseNames := []string{"payload", "payloadType", "signatures"}
		dsse := []string{base64("payload"), m.pick("type", `"application/vnd.in-toto+json"`, `"application/vnd.in-toto.link+json"`, `"application/vnd.in-toto.+json"`, `"application/vnd.in-totox+json"`,
			`"application/vnd.in-toto.a+b+json"`, `"application\/vnd.in-toto+json"`, `"application/json"`, `"Application/vnd.in-toto+json"`, "null"), "[" + strings.Join(sigs, ",") + "]"}
		text := m.jumble(dsseNames, dsse, names)
		if rapid.Bool().Draw(t, "bundle") {
			key := m.jumble([]string{"hint"}, []string{m.pick("hint", `"h"`, `""`, `"\n"`, "null", "1")}, names)
			material := m.jumble([]string{m.pick("material", "publicKey", "certificate", "x509CertificateChain"), "tlogEntries"}, []string{m.pick("key", key, "null", "[]", `""`, "{}"), "[]"}, names)
			text = m.jumble([]string{"mediaType", "verificationMaterial", "dsseEnvelope"}, []string{m.pick("version", `"application/vnd.dev.sigstore.bundle.v0.3+json"`,
				`"application/vnd.dev.sigstore.bundle+json;version=0.1"`, `"application/vnd.dev.sigstore.bundle+json;version=0.2"`, `"application/vnd.dev.sigstore.bundle+json;version=0.3"`,
				`"application/vnd.dev.sigstore.bundle+json;version=0.4"`, `"application/vnd.dev.sigstore.bundle.v0.2+json"`, `""`, "null"), material, text}, names)
		}
		b := m.damage(text)
		ok, err := agreeOnEnvelope(b)
		if err != nil {
			t.Fatalf("%v\n%q", err, b)
		}
		if all++; ok {
			good++
		}
	})
	t.Logf("%d texts, of which %d are envelopes", all, good)
	require.Greater(t, good, all/10)
	require.Less(t, good, all*9/10)
}
