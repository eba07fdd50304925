package evidence_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
)

// bundle returns a signed bundle and a keyring of its signer and of a second
// key; edit changes the bundle's text.
func bundle(t testing.TB, edit func(string) string) (*evidence.Keyring, []byte) {
	t.Helper()
	key := newKey(t)
	raw, err := evidence.Sign(ctx, statement(t, shop(), passed()), key)
	require.NoError(t, err)
	return ring(t, keyOf(key, "ada"), keyOf(newKey(t), "bob")), []byte(edit(string(raw)))
}

func replace(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("nothing to replace: " + old)
		}
		return strings.Replace(s, old, new, 1)
	}
}

// hint replaces the hint's text.
func hint(with string) func(string) string {
	return func(s string) string {
		from := strings.Index(s, `"hint":"`) + len(`"hint":"`)
		to := from + strings.IndexByte(s[from:], '"')
		return s[:from] + with + s[to:]
	}
}

// payload replaces the payload's base64 by what f makes of it.
func payload(f func(string) string) func(string) string {
	return func(s string) string {
		from := strings.Index(s, `"payload":"`) + len(`"payload":"`)
		to := from + strings.IndexByte(s[from:], '"')
		return s[:from] + f(s[from:to]) + s[to:]
	}
}

// both spells a bundle's members in v0.1's way.
func asVersion(v string) func(string) string {
	return replace(`application/vnd.dev.sigstore.bundle.v0.3+json`, `application/vnd.dev.sigstore.bundle+json;version=`+v)
}

func TestEnvelopesOfOthers(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(string) string{
		"as signed":              func(s string) string { return s },
		"bundle 0.1":             asVersion("0.1"),
		"bundle 0.2":             asVersion("0.2"),
		"bundle 0.3, old type":   asVersion("0.3"),
		"white space":            func(s string) string { return " " + strings.ReplaceAll(s, `":`, "\" :\n\t") + "\n" },
		"unknown fields":         replace(`{"mediaType"`, `{"future":{"a":[]},"mediaType"`),
		"empty lists":            replace(`"verificationMaterial":{`, `"verificationMaterial":{"tlogEntries":[],"timestampVerificationData":{"rfc3161Timestamps":[]},"certificate":null,`),
		"no hint":                hint(""),
		"unknown hint":           hint("whatever"),
		"hint left out":          func(s string) string { return replace(`"hint":`, `"other":`)(s) },
		"foreign keyid":          replace(`"sig":`, `"keyid":"keystore://76574:prod:vsa_signing_public_key","sig":`),
		"empty keyid":            replace(`"sig":`, `"keyid":"","sig":`),
		"escaped slashes":        func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
		"base64 without padding": payload(func(s string) string { return strings.TrimRight(s, "=") }),
		"base64 for URLs":        payload(func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trust, raw := bundle(t, edit)
			v, err := evidence.Verify(ctx, trust, raw)
			require.NoError(t, err)
			require.Equal(t, person("ada"), v.By().Principal)
			require.Equal(t, statement(t, shop(), passed()), v.Statement())
			require.Equal(t, release.DigestOf(raw), v.Digest())
		})
	}
}

func TestHostileEnvelopes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(string) string
		want string
	}{
		{"empty", func(string) string { return "" }, "ends where a value"},
		{"empty object", func(string) string { return "{}" }, "neither a sigstore bundle nor"},
		{"cut off", func(s string) string { return s[:len(s)/2] }, "evidence: at byte"},
		{"two bundles", func(s string) string { return s + "\n" + s }, "follows the value"},
		{"byte order mark", func(s string) string { return "\ufeff" + s }, "begins no value"},
		{"media type left out", replace(`"mediaType"`, `"other"`), "media type"},
		{"version 0.4", replace("v0.3", "v0.4"), "not of version"},
		{"a second payload", replace(`"payload":`, `"payload":"e30=","payload":`), "stands twice"},
		{"a second payload in other case", replace(`"payload":`, `"Payload":"e30=","payload":`), "take the name"},
		{"a second envelope", replace(`"dsseEnvelope":`, `"dsse_envelope":{"payload":"e30="},"dsseEnvelope":`), "take the name"},
		{"a second material", replace(`"verificationMaterial":`, `"verification_material":{},"verificationMaterial":`), "take the name"},
		{"a second hint", replace(`"hint":`, `"hint":"x","hint":`), "stands twice"},
		{"a bare envelope around", replace(`{"mediaType"`, `{"payload":"e30=","mediaType"`), "at once"},
		{"a message signature too", replace(`{"mediaType"`, `{"messageSignature":{},"mediaType"`), "messageSignature"},
		{"a certificate too", replace(`"publicKey":`, `"certificate":{"rawBytes":""},"publicKey":`), "either a public key hint or certificates"},
		{"no key", replace(`"publicKey":`, `"other":`), "either a public key hint or certificates"},
		{"no signature", func(s string) string { return s[:strings.Index(s, `"signatures"`)] + `"signatures":[]}}` }, "no signature"},
		{"two signatures", replace(`[{"sig"`, `[{"sig":"eA=="},{"sig"`), "more than one signature"},
		{"signature is null", replace(`{"sig":`, `{"sig":null,"x":`), "a string must stand here"},
		{"no payload", payload(func(string) string { return "" }), "no payload"},
		{"line breaks in base64", payload(func(s string) string { return s[:4] + `\n` + s[4:] }), "line break"},
		{"spaces in base64", payload(func(s string) string { return s[:4] + ` ` + s[4:] }), "not base64"},
		{"both alphabets", payload(func(s string) string { return s + "+-" }), "not base64"},
		{"padding within", payload(func(s string) string { return "eA==" + s }), "not base64"},
		{"other payload type", replace("application/vnd.in-toto+json", "application/json"), "no in-toto statement"},
		{"payload type with an empty predicate", replace("application/vnd.in-toto+json", "application/vnd.in-toto.+json"), "no in-toto statement"},
		{"payload type with a parameter", replace("application/vnd.in-toto+json", "application/vnd.in-toto.x;y+json"), "no in-toto statement"},
		{"another in-toto payload type", replace("application/vnd.in-toto+json", "application/vnd.in-toto.x+json"), "not trusted"},
		{"other payload", payload(func(s string) string { return "e30=" }), "not trusted"},
		{"too deep", replace(`{"mediaType"`, `{"x":`+strings.Repeat("[", 101)+strings.Repeat("]", 101)+`,"mediaType"`), "nested deeper"},
		{"too large", func(s string) string { return s + strings.Repeat(" ", evidence.MaxEnvelope) }, "are more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			trust, raw := bundle(t, tt.edit)
			v, err := evidence.Verify(ctx, trust, raw)
			require.ErrorContains(t, err, tt.want)
			require.True(t, v.IsZero())
		})
	}
}

func TestPayloadTypesOfPredicates(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), passed())
	raw := bytes.Replace(dsse(st.Bytes(), "c2ln"), []byte("in-toto+json"), []byte("in-toto.test-result+json"), 1)
	v, err := evidence.Verify(ctx, human("ada"), raw)
	require.NoError(t, err)
	require.Equal(t, st, v.Statement())
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), passed())
	ada := human("ada")
	nameless, keyless, zeroTime := ada, ada, ada
	nameless.Principal.Issuer = ""
	keyless.Key = release.Digest{}
	zeroTime = zeroTime.at(time.Time{})
	for name, trust := range map[string]evidence.Trust{"no trust": nil, "no principal": nameless, "no key": keyless, "zero time": zeroTime, "empty keyring": ring(t), "nil keyring": (*evidence.Keyring)(nil)} {
		v, err := evidence.Verify(ctx, trust, dsse(st.Bytes(), "c2ln"))
		require.Error(t, err, name)
		require.True(t, v.IsZero(), name)
	}
	// A good signature of something that is no statement.
	_, err := evidence.Verify(ctx, ada, dsse([]byte(`{"_type":"x"}`), "c2ln"))
	require.ErrorContains(t, err, "signed by ada")
	// A certificate is nothing for a keyring.
	trust, raw := bundle(t, replace(`"publicKey":{"hint":`, `"certificate":{"rawBytes":`))
	_, err = evidence.Verify(ctx, trust, raw)
	require.ErrorIs(t, err, evidence.ErrUntrusted)
	done, cancel := context.WithCancel(ctx)
	cancel()
	trust, raw = bundle(t, hint(""))
	_, err = evidence.Verify(done, trust, raw)
	require.ErrorIs(t, err, context.Canceled)
}

func TestVerifiedIsImmutable(t *testing.T) {
	t.Parallel()
	trust, raw := bundle(t, func(s string) string { return s })
	want := bytes.Clone(raw)
	v, err := evidence.Verify(ctx, trust, raw)
	require.NoError(t, err)
	clear(raw)
	clear(v.Raw())
	clear(v.Statement().Bytes())
	by := v.By()
	by.Principal = person("eve")
	shared := human("ada", "owner").at(noon)
	w, err := evidence.Verify(ctx, shared, dsse(statement(t, shop(), passed()).Bytes(), "c2ln"))
	require.NoError(t, err)
	shared.Roles[0], shared.Times[0].T = "root", noon.Add(time.Hour)
	w.By().Roles[0] = "admin"
	require.Equal(t, []string{"owner"}, w.By().Roles)
	require.Equal(t, noon, w.By().Times[0].T)
	require.Equal(t, want, v.Raw())
	require.Equal(t, person("ada"), v.By().Principal)
	require.Equal(t, statement(t, shop(), passed()), v.Statement())
}

// FuzzVerify checks that whatever is accepted holds the payload that an ordinary
// JSON parser finds there too.
func FuzzVerify(f *testing.F) {
	st := statement(f, shop(), passed())
	f.Add(dsse(st.Bytes(), "c2ln"))
	_, raw := bundle(f, func(s string) string { return s })
	f.Add(raw)
	f.Add(bytes.Replace(raw, []byte(`{"hint"`), []byte(`{"Hint":1,"hint"`), 1))
	f.Add([]byte(`{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"","sig":""}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := evidence.Verify(ctx, human("ada"), b)
		if err != nil {
			if !v.IsZero() {
				t.Fatal("a value came with an error")
			}
			return
		}
		type envelope struct {
			Payload     string `json:"payload"`
			PayloadType string `json:"payloadType"`
			Signatures  []any  `json:"signatures"`
		}
		var e struct {
			envelope
			Inner envelope `json:"dsseEnvelope"`
		}
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatalf("accepted what encoding/json does not read: %v", err)
		}
		if e.Inner.PayloadType != "" {
			e.envelope = e.Inner
		}
		text := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(e.Payload), "=")
		want, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil || !bytes.Equal(want, v.Statement().Bytes()) || len(e.Signatures) != 1 {
			t.Fatalf("read %q, and encoding/json %q (%v)", v.Statement().Bytes(), want, err)
		}
	})
}
