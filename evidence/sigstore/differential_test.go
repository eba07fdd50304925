package sigstore_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
)

// recorder is a Trust that remembers what it was shown.
type recorder struct {
	evidence.Trust
	seen evidence.Signed
}

func (r *recorder) Check(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	r.seen = s
	return r.Trust.Check(ctx, s)
}

// Two parsers read each bundle: package evidence's and, for certificates,
// protobuf's. Every member that either of them knows is put, under each of its
// names, before and after what is there, into every object. What is accepted,
// both must have read alike, and it is the statement that was signed.
func TestTwoParsersOneBundle(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	keyed, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	opts := in.options()
	opts.Keys = []evidence.Key{{Public: key.Public()}}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	other := `{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}`
	values := map[string][]string{
		"dsseEnvelope": {other, "null", "{}"}, "dsse_envelope": {other, "null"}, "DsseEnvelope": {other}, `dsseEnvel\u006fpe`: {other, "null"},
		"messageSignature": {`{"messageDigest":{"algorithm":"SHA2_256","digest":"AA=="},"signature":"AA=="}`, "null"}, "message_signature": {"{}"},
		"verificationMaterial": {`{"publicKey":{"hint":"x"}}`, "null"}, "verification_material": {`{"publicKey":{"hint":"x"}}`, "null"},
		"mediaType": {`"` + evidence.BundleMediaType + `"`, "null"}, "media_type": {`"application/vnd.dev.sigstore.bundle+json;version=0.1"`},
		"payload": {`"e30="`, "null"}, "Payload": {`"e30="`}, `p\u0061yload`: {`"e30="`}, "payloadType": {`"text/plain"`}, "payload_type": {`"text/plain"`},
		"signatures": {`[{"sig":"AAAA"}]`, "[]", "null"}, "sig": {`"AAAA"`, "null"}, "keyid": {`"x"`, "null"}, "keyId": {`"x"`},
		"publicKey": {`{"hint":"x"}`, "{}", "null"}, "public_key": {`{"hint":"x"}`, "null"}, "certificate": {`{"rawBytes":"AAAA"}`, "{}", "null"},
		"x509CertificateChain": {`{"certificates":[]}`, `{"certificates":[{"rawBytes":"AAAA"}]}`, "null"}, "x509_certificate_chain": {"{}", "null"},
		"tlogEntries": {"[]", "null", "[{}]"}, "tlog_entries": {"[]", "[{}]"}, "timestampVerificationData": {"{}", "null"}, "timestamp_verification_data": {"{}", "null"},
		"rawBytes": {`"AAAA"`}, "raw_bytes": {`"AAAA"`}, "hint": {`"x"`}, "@type": {`"x"`}, "[x.y]": {`{}`}, "": {`1`}, "5": {`{}`}, "unknown": {`{"payload":"e30="}`},
	}
	tried, accepted := 0, 0
	for kind, good := range map[string][]byte{"certificate": in.attest(statementText, evidence.PayloadType), "key": keyed} {
		var plain bytes.Buffer
		require.NoError(t, json.Compact(&plain, good))
		text := plain.String()
		var places []int // of the braces of the outer objects; inside entries and times nothing is read twice
		depth := 0
		for i, c := range text {
			if c == '{' {
				depth++
			}
			if c == '{' && depth <= 3 || c == '}' && depth <= 2 {
				places = append(places, i)
			}
			if c == '}' {
				depth--
			}
		}
		for name, all := range values {
			for _, value := range all {
				for _, at := range places {
					member := fmt.Sprintf(`"%s":%s`, name, value)
					b := text[:at] + "," + member + text[at:]
					if text[at] == '{' {
						b = text[:at+1] + member + "," + text[at+1:]
					}
					tried++
					r := &recorder{Trust: trust}
					v, err := evidence.Verify(t.Context(), r, []byte(b))
					if err != nil {
						continue
					}
					accepted++
					require.Equal(t, statementText, string(v.Statement().Bytes()), b)
					require.Equal(t, kind == "certificate", v.By().Principal.Subject == subject, b)
					var p protobundle.Bundle
					require.NoError(t, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal([]byte(b), &p), b)
					require.Equal(t, r.seen.Payload, p.GetDsseEnvelope().GetPayload(), b)
					require.Equal(t, r.seen.PayloadType, p.GetDsseEnvelope().GetPayloadType(), b)
					require.Len(t, p.GetDsseEnvelope().GetSignatures(), 1, b)
					require.Equal(t, r.seen.Signature, p.GetDsseEnvelope().GetSignatures()[0].GetSig(), b)
					require.Equal(t, r.seen.Certificate, p.GetVerificationMaterial().GetPublicKey() == nil, b)
				}
			}
		}
	}
	t.Logf("%d bundles, %d of them accepted", tried, accepted)
	require.Greater(t, accepted, 20, "members that nobody knows are passed over")
}

// The payload is the same bytes, however its base64 is written.
func TestBase64OfThePayload(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	const text = statementText + " "
	raw := in.attest(text, evidence.PayloadType)
	std := base64.StdEncoding.EncodeToString([]byte(text))
	require.True(t, strings.HasSuffix(std, "="), "the last character carries bits of no byte")
	trimmed := strings.TrimRight(std, "=")
	loose := trimmed[:len(trimmed)-1] + string(trimmed[len(trimmed)-1]+1)
	for name, c := range map[string]struct {
		payload string
		ok      bool
	}{
		"standard": {std, true}, "URL alphabet": {base64.URLEncoding.EncodeToString([]byte(text)), true}, "no padding": {trimmed, true},
		"escaped": {strings.ReplaceAll(std, "=", `\u003d`), true}, "bits of no byte": {loose + std[len(trimmed):], false},
		"line break": {std[:8] + `\n` + std[8:], false}, "space": {std[:8] + " " + std[8:], false}, "more padding": {std + "=", false},
		"two texts": {std + std, false}, "empty": {"", false},
	} {
		v, err := evidence.Verify(t.Context(), in.trust(), bytes.Replace(raw, []byte(std), []byte(c.payload), 1))
		require.Equal(t, c.ok, err == nil, "%s: %v", name, err)
		if c.ok {
			require.Equal(t, text, string(v.Statement().Bytes()), name)
		}
	}
}

// A key's bundle does not get in as a certificate's, nor the other way round.
func TestKeysAndCertificatesStayApart(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	keyed, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	certified := in.attest(statementText, evidence.PayloadType)
	identities, err := sigstore.New(in.options())
	require.NoError(t, err)
	leaf := in.leaf(key.Public())
	_, err = evidence.Verify(t.Context(), identities, keyed)
	require.ErrorIs(t, err, evidence.ErrUntrusted, "a key where only identities are accepted")

	var parsed struct {
		VerificationMaterial struct{ Certificate json.RawMessage }
		DsseEnvelope         struct{ Signatures []struct{ Sig []byte } }
	}
	require.NoError(t, json.Unmarshal(certified, &parsed))
	asKey := bytes.Replace(certified, append([]byte(`"certificate":`), parsed.VerificationMaterial.Certificate...), []byte(`"publicKey":{"hint":""}`), 1)
	require.NotEqual(t, certified, asKey)
	for name, opts := range map[string]sigstore.Options{
		"identities": in.options(),
		"both":       {Root: in.options().Root, Identities: in.options().Identities, Keys: []evidence.Key{{Public: key.Public()}}},
		"keys":       {Keys: []evidence.Key{{Public: key.Public()}}},
	} {
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		_, err = evidence.Verify(t.Context(), trust, asKey)
		require.ErrorIs(t, err, evidence.ErrUntrusted, name)
	}
	// A certificate for a key that the host accepts does not make a bundle good
	// that the key alone signed: nobody saw it.
	i := bytes.Index(keyed, []byte(`"publicKey":{"hint":"`))
	j := i + bytes.IndexByte(keyed[i:], '}') + 1
	asCertificate := append(append(bytes.Clone(keyed[:i]), []byte(`"certificate":{"rawBytes":"`+base64.StdEncoding.EncodeToString(leaf.Raw)+`"}`)...), keyed[j:]...)
	opts := in.options()
	opts.Keys = []evidence.Key{{Public: key.Public()}}
	both, err := sigstore.New(opts)
	require.NoError(t, err)
	_, err = evidence.Verify(t.Context(), both, asCertificate)
	require.Error(t, err)
}

// Whatever the bundle says, what is verified is the payload, the type and the
// signature that package evidence goes on with.
func TestVerifiesWhatWasParsed(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	keyed, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	opts := in.options()
	opts.Keys = []evidence.Key{{Public: key.Public()}}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	shown := func(raw []byte) evidence.Signed {
		r := &recorder{Trust: trust}
		_, err := evidence.Verify(t.Context(), r, raw)
		require.NoError(t, err)
		return r.seen
	}
	certified, byKey := shown(in.attest(statementText, evidence.PayloadType)), shown(keyed)
	for name, change := range map[string]func(s, other *evidence.Signed){
		"payload":      func(s, _ *evidence.Signed) { s.Payload = []byte(statementText + " ") },
		"payload type": func(s, _ *evidence.Signed) { s.PayloadType = "application/vnd.in-toto.x+json" },
		"signature":    func(s, other *evidence.Signed) { s.Signature = other.Signature },
		"kind":         func(s, _ *evidence.Signed) { s.Certificate = !s.Certificate },
		"bundle":       func(s, other *evidence.Signed) { s.Raw, s.Certificate = other.Raw, other.Certificate },
	} {
		for _, s := range []evidence.Signed{certified, byKey} {
			other := certified
			if s.Certificate {
				other = byKey
			}
			change(&s, &other)
			id, err := trust.Check(t.Context(), s)
			require.ErrorIs(t, err, evidence.ErrUntrusted, name)
			require.Zero(t, id, name)
		}
	}
}
