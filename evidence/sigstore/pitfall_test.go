package sigstore_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
)

// attest signs any payload of any type with a certificate, as SignKeyless would
// not: every signature here is good, and every log knows it.
func (in *instance) attest(payload, payloadType string) []byte {
	in.t.Helper()
	key, err := sign.NewEphemeralKeypair(nil)
	require.NoError(in.t, err)
	b, err := sign.Bundle(&sign.DSSEData{Data: []byte(payload), PayloadType: payloadType}, key, sign.BundleOptions{
		CertificateProvider:        sign.NewFulcio(&sign.FulcioOptions{BaseURL: "https://ca.example.com", Transport: in}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: string(token)},
		TimestampAuthorities:       []*sign.TimestampAuthority{sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: in.timestamps()[0].URL, Transport: in})},
		TransparencyLogs:           in.rekor(2),
	})
	require.NoError(in.t, err)
	raw, err := protojson.Marshal(b)
	require.NoError(in.t, err)
	var out bytes.Buffer
	require.NoError(in.t, json.Compact(&out, raw))
	return out.Bytes()
}

// The statements that sigstore-go v1.3.0 reads otherwise than the specification
// has it: accepted though wrong, or refused though right.
func TestStatementPitfalls(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	trust := in.trust()
	digest := `"digest":{"sha256":"` + artifactHex + `"}`
	good := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a",` + digest + `}],"predicateType":"https://example.com/p/v1","predicate":{}}`
	subjects := func(n int) string {
		return strings.Replace(good, `{"name":"a",`+digest+`}`, strings.TrimSuffix(strings.Repeat(`{"name":"a",`+digest+`},`, n), ","), 1)
	}
	tests := []struct {
		name, payload, payloadType string
		want                       string // what the error says; "" accepts
	}{
		{"good", good, "", ""},
		{"no _type", strings.Replace(good, `"_type"`, `"_typ"`, 1), "", "type"},
		{"another _type", strings.Replace(good, "Statement/v1", "Statement/v9", 1), "", "Statement/v9"},
		{"no predicateType", strings.Replace(good, `"predicateType"`, `"p"`, 1), "", "predicateType"},
		{"predicateType twice", strings.Replace(good, `"predicate":{}`, `"predicateType":"https://evil.example.com","predicate":{}`, 1), "", "twice"},
		{"predicateType in another case", strings.Replace(good, `"predicate":{}`, `"PredicateType":"https://evil.example.com","predicate":{}`, 1), "", "PredicateType"},
		{"predicateType by protobuf's alias", strings.Replace(good, `"predicate":{}`, `"predicate_type":"https://evil.example.com","predicate":{}`, 1), "", "predicate_type"},
		{"no subject", strings.Replace(good, `{"name":"a",`+digest+`}`, "", 1), "", "subject"},
		{"no JSON", "hello", "", ""},
		{"member that is unknown", strings.Replace(good, `"predicate":{}`, `"added":{"later":1},"predicate":{}`, 1), "", ""},
		{"predicate that is a string", strings.Replace(good, `"predicate":{}`, `"predicate":"SPDXVersion: SPDX-2.3"`, 1), "", ""},
		{"no predicate", strings.Replace(good, `,"predicate":{}`, "", 1), "", ""},
		{"digest that is not hexadecimal", strings.Replace(good, `"subject":[`, `"subject":[{"name":"image","digest":{"gce_image_id":"7245...x"}},`, 1), "", ""},
		{"1024 subjects", subjects(1024), "", ""},
		{"payload type of a predicate", good, "application/vnd.in-toto.test+json", ""},
		{"payload type of something else", good, "application/json", "no in-toto statement"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			typ := tt.payloadType
			if typ == "" {
				typ = evidence.PayloadType
			}
			v, err := evidence.Verify(t.Context(), trust, in.attest(tt.payload, typ))
			if tt.name == "no JSON" {
				require.Error(t, err)
				return
			}
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				require.True(t, v.IsZero())
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.payload, string(v.Statement().Bytes()))
			subs := v.Statement().Subjects()
			require.True(t, subs[len(subs)-1].Matches("sha256", artifactHex))
		})
	}
	_, err := evidence.Verify(t.Context(), trust, in.attest(subjects(evidence.MaxSubjects+1), evidence.PayloadType))
	require.ErrorContains(t, err, "subjects", "too many, and no artifact policy to notice")
}

func TestWeakDigestsMatchNothing(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	raw := in.attest(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"md5":"d41d8cd98f00b204e9800998ecf8427e","sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}],"predicateType":"https://example.com/p/v1"}`, evidence.PayloadType)
	v, err := evidence.Verify(t.Context(), in.trust(), raw)
	require.NoError(t, err)
	require.False(t, v.Statement().Subjects()[0].Matches("md5", "d41d8cd98f00b204e9800998ecf8427e"))
	require.False(t, v.Statement().Subjects()[0].Matches("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"))
}

func TestBundlePitfalls(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	trust := in.trust()
	raw := in.attest(statementText, evidence.PayloadType)
	replace := func(old, new string) []byte {
		require.Equal(t, 1, strings.Count(string(raw), old), "%s in %s", old, raw)
		return []byte(strings.Replace(string(raw), old, new, 1))
	}
	var parsed struct {
		DsseEnvelope         struct{ Signatures []json.RawMessage }
		VerificationMaterial struct{ TlogEntries []json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(raw, &parsed))
	sig := string(parsed.DsseEnvelope.Signatures[0])
	entry := string(parsed.VerificationMaterial.TlogEntries[0])
	tests := []struct {
		name string
		raw  []byte
		ok   bool
	}{
		{"as it is", raw, true},
		{"foreign key id", replace(`"signatures":[{`, `"signatures":[{"keyid":"keystore://projects/p/keys/1",`), true},
		{"key id that is not set", replace(`"signatures":[{`, `"signatures":[{"keyid":null,`), true},
		{"key id that is no text", replace(`"signatures":[{`, `"signatures":[{"keyid":1,`), false},
		{"signature that is not set", replace(`"signatures":[{`, `"signatures":[{"sig":null,`), false},
		{"member of a newer producer", replace(`{"mediaType"`, `{"addedLater":{"x":[1]},"mediaType"`), true},
		{"member of a newer producer in the material", replace(`"verificationMaterial":{`, `"verificationMaterial":{"addedLater":true,`), true},
		{"two signatures", replace(sig, sig+","+sig), false},
		{"no signature", replace(sig, ""), false},
		{"the same log entry twice", replace(entry, entry+","+entry), false},
		{"33 log entries", replace(entry, strings.Repeat(entry+",", 32)+entry), false},
		{"version 0.4", replace("bundle.v0.3+json", "bundle.v0.4+json"), false},
		{"key and certificate", replace(`"verificationMaterial":{`, `"verificationMaterial":{"publicKey":{"hint":"x"},`), false},
		{"the envelope by protobuf's alias too", replace(`"dsseEnvelope":`, `"dsse_envelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[`+sig+`]},"dsseEnvelope":`), false},
		{"the material twice", replace(`"verificationMaterial":{`, `"verificationMaterial":{},"verificationMaterial":{`), false},
		{"an envelope alone", []byte(`{"payloadType":"` + evidence.PayloadType + `","payload":"` + base64.StdEncoding.EncodeToString([]byte(statementText)) + `","signatures":[` + sig + `]}`), false},
		{"null", []byte("null"), false},
		{"empty", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := evidence.Verify(t.Context(), trust, tt.raw)
			require.Equal(t, tt.ok, err == nil, "%v", err)
			require.Equal(t, tt.ok, !v.IsZero())
		})
	}
}

// The hint of a bundle says which key to try first, and vouches for none.
func TestHints(t *testing.T) {
	t.Parallel()
	ada, bob := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	raw, err := evidence.Sign(t.Context(), statement(t), ada)
	require.NoError(t, err)
	adaDigest, err := evidence.KeyDigest(ada.Public())
	require.NoError(t, err)
	bobDigest, err := evidence.KeyDigest(bob.Public())
	require.NoError(t, err)
	trust, err := sigstore.New(sigstore.Options{Keys: []evidence.Key{{Public: bob.Public()}, {Public: ada.Public()}}})
	require.NoError(t, err)
	for hint, ok := range map[string]bool{"": true, "any text": true, evidence.KeyHint(adaDigest): true, evidence.KeyHint(bobDigest): false} {
		b := bytes.Replace(raw, []byte(evidence.KeyHint(adaDigest)), []byte(hint), 1)
		v, err := evidence.Verify(t.Context(), trust, b)
		require.Equal(t, ok, err == nil, "%q: %v", hint, err)
		if ok {
			require.Equal(t, evidence.KeyPrincipal(adaDigest), v.By().Principal)
		}
	}
}

// sigstore-go writes to standard error when it falls back to SHA-256 for a key
// on P-384. Not parallel: it watches the process's own files.
func TestPrintsNothing(t *testing.T) {
	in := newInstance(t)
	key := newKey(t, elliptic.P384())
	leaf := in.leaf(key.Public())
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(evidence.PayloadType), evidence.PayloadType, len(statementText), statementText)
	digest := sha256.Sum256([]byte(pae))
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	require.NoError(t, err)
	stamp, err := sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: in.timestamps()[0].URL, Transport: in}).GetTimestamp(t.Context(), sig)
	require.NoError(t, err)
	raw, err := json.Marshal(map[string]any{"mediaType": evidence.BundleMediaType,
		"verificationMaterial": map[string]any{"certificate": map[string]any{"rawBytes": leaf.Raw},
			"timestampVerificationData": map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": stamp}}}},
		"dsseEnvelope": map[string]any{"payload": []byte(statementText), "payloadType": evidence.PayloadType, "signatures": []any{map[string]any{"sig": sig}}}})
	require.NoError(t, err)
	opts := in.options()
	opts.WithoutLogs = true
	trust, err := sigstore.New(opts)
	require.NoError(t, err)

	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	_, verifyErr := evidence.Verify(t.Context(), trust, raw)
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, w.Close())
	printed, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, string(printed))
	require.ErrorContains(t, verifyErr, "could not verify envelope", "the signature is reached, and is of the wrong hash")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := evidence.Key{Public: newKey(t, elliptic.P256()).Public()}
	id := sigstore.Identity{Issuer: issuer, Subject: subject}
	r := in.options().Root
	tests := []struct {
		name string
		opts sigstore.Options
		want string
	}{
		{"zero", sigstore.Options{}, "neither an identity nor a key"},
		{"root alone", sigstore.Options{Root: r}, "neither an identity nor a key"},
		{"identity without root", sigstore.Options{Identities: []sigstore.Identity{id}}, "no root"},
		{"empty identity", sigstore.Options{Root: r, Identities: []sigstore.Identity{{}}}, "no issuer is given"},
		{"no subject", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer}}}, "no subject is given"},
		{"no issuer", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Subject: subject}}}, "no issuer is given"},
		{"both", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer, Subject: subject, SubjectPattern: "a"}}}, "both"},
		{"issuer that is no URL", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: "key", Subject: subject}}}, "no URL"},
		{"anything", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer, SubjectPattern: ".*"}}}, "empty text"},
		{"pattern that escapes its anchors", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer, SubjectPattern: "a)|(?:b"}}}, "pattern"},
		{"no pattern", sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer, SubjectPattern: "["}}}, "pattern"},
		{"less than no logs", sigstore.Options{Root: r, Identities: []sigstore.Identity{id}, Logs: -1}, "less than none"},
		{"logs and no logs", sigstore.Options{Root: r, Identities: []sigstore.Identity{id}, Logs: 1, WithoutLogs: true}, "at once"},
		{"times without root", sigstore.Options{Keys: []evidence.Key{key}, Times: 1}, "no root"},
		{"the same key twice", sigstore.Options{Keys: []evidence.Key{key, key}}, "twice"},
		{"no key", sigstore.Options{Keys: []evidence.Key{{}}}, "key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			trust, err := sigstore.New(tt.opts)
			require.ErrorContains(t, err, tt.want)
			require.Nil(t, trust)
		})
	}
}

func TestParseTrustedRoot(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	good := in.trustedRoot()
	r, err := sigstore.ParseTrustedRoot(good)
	require.NoError(t, err)
	require.Equal(t, release.DigestOf(good), r.Digest())
	for name, b := range map[string][]byte{
		"empty":       nil,
		"nobody":      []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`),
		"other type":  bytes.Replace(good, []byte("version=0.1"), []byte("version=0.9"), 1),
		"truncated":   good[:len(good)/2],
		"too long":    bytes.Repeat([]byte(" "), 5<<20),
		"unknown key": bytes.Replace(good, []byte(`"tlogs"`), []byte(`"tlogz"`), 1),
	} {
		r, err := sigstore.ParseTrustedRoot(b)
		require.Error(t, err, name)
		require.True(t, r.IsZero(), name)
	}
}

// signFile makes a bundle with a message signature, with a certificate or without.
func (in *instance) signFile(file []byte, certificate bool) []byte {
	k, err := sign.NewEphemeralKeypair(nil)
	require.NoError(in.t, err)
	return in.signFileWith(k, file, certificate)
}

func (in *instance) signFileWith(k sign.Keypair, file []byte, certificate bool) []byte {
	opts := sign.BundleOptions{TimestampAuthorities: []*sign.TimestampAuthority{sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: in.timestamps()[0].URL, Transport: in})},
		TransparencyLogs: in.rekor(2)}
	if certificate {
		opts.CertificateProvider = sign.NewFulcio(&sign.FulcioOptions{BaseURL: "https://ca.example.com", Transport: in})
		opts.CertificateProviderOptions = &sign.CertificateProviderOptions{IDToken: string(token)}
	}
	b, err := sign.Bundle(&sign.PlainData{Data: file}, k, opts)
	require.NoError(in.t, err)
	raw, err := protojson.Marshal(b)
	require.NoError(in.t, err)
	var out bytes.Buffer
	require.NoError(in.t, json.Compact(&out, raw))
	return out.Bytes()
}

// A message signature is over a file, by its digest.
func TestCheckArtifact(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	file := []byte("the release")
	k, err := sign.NewEphemeralKeypair(nil)
	require.NoError(t, err)
	opts := in.options()
	opts.Keys = []evidence.Key{{Public: newKey(t, elliptic.P256()).Public()},
		{Public: k.GetPublicKey(), NotBefore: in.now.AddDate(0, 0, -1), NotAfter: in.now.AddDate(0, 0, 1)}}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	cert, key := in.signFile(file, true), in.signFileWith(k, file, false)

	id, err := trust.CheckArtifact(t.Context(), cert, release.DigestOf(file))
	require.NoError(t, err)
	require.Equal(t, subject, id.Principal.Subject)
	id, err = trust.CheckArtifact(t.Context(), key, release.DigestOf(file))
	require.NoError(t, err)
	d, err := evidence.KeyDigest(k.GetPublicKey())
	require.NoError(t, err)
	require.Equal(t, evidence.KeyPrincipal(d), id.Principal)
	require.Equal(t, "tsa", id.Times[0].Source)

	// Without a root nobody's word about times counts: only a key without bounds.
	for _, k := range []evidence.Key{{Public: k.GetPublicKey()}, opts.Keys[1]} {
		rootless, err := sigstore.New(sigstore.Options{Keys: []evidence.Key{k}})
		require.NoError(t, err)
		_, err = rootless.CheckArtifact(t.Context(), key, release.DigestOf(file))
		if k.NotAfter.IsZero() {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, evidence.ErrNoTrustedTime)
		}
	}

	opts.Keys = slices.Clone(opts.Keys) // the first trust is not changed
	opts.Keys[1].NotAfter = in.now.Add(-1)
	retired, err := sigstore.New(opts)
	require.NoError(t, err)
	opts.Keys = slices.Clone(opts.Keys)
	opts.Keys[1].NotBefore, opts.Keys[1].NotAfter = in.now.Add(1), in.now.Add(2)
	early, err := sigstore.New(opts)
	require.NoError(t, err)
	opts.Keys = []evidence.Key{{Public: k.GetPublicKey()}}
	opts.Times = 2
	twice, err := sigstore.New(opts)
	require.NoError(t, err)
	stranger, err := sigstore.New(sigstore.Options{Keys: []evidence.Key{{Public: newKey(t, elliptic.P256()).Public()}}})
	require.NoError(t, err)
	statementBundle, err := evidence.Sign(t.Context(), statement(t), newKey(t, elliptic.P256()))
	require.NoError(t, err)
	tests := []struct {
		name   string
		trust  *sigstore.Trust
		raw    []byte
		digest release.Digest
	}{
		{"another file", trust, cert, release.DigestOf([]byte("another"))},
		{"another file, by key", trust, key, release.DigestOf([]byte("another"))},
		{"no file", trust, cert, release.Digest{}},
		{"retired key", retired, key, release.DigestOf(file)},
		{"key that is not valid yet", early, key, release.DigestOf(file)},
		{"two times are demanded", twice, key, release.DigestOf(file)},
		{"two times are demanded of a certificate", twice, cert, release.DigestOf(file)},
		{"unknown key", stranger, key, release.DigestOf(file)},
		{"no identity", stranger, cert, release.DigestOf(file)},
		{"a statement", trust, statementBundle, release.DigestOf(file)},
		{"junk", trust, []byte("{}"), release.DigestOf(file)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, err := tt.trust.CheckArtifact(t.Context(), tt.raw, tt.digest)
			require.Error(t, err)
			require.Zero(t, id)
		})
	}
	// And a file's signature is no statement's.
	_, err = evidence.Verify(t.Context(), trust, cert)
	require.ErrorContains(t, err, "messageSignature")
}

// One flipped bit anywhere in a bundle with a certificate is never accepted as
// something else: what still verifies has the same payload and signer.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	trust := in.trust()
	raw := in.attest(statementText, evidence.PayloadType)
	want, err := evidence.Verify(t.Context(), trust, raw)
	require.NoError(t, err)
	step := 97
	if testing.Short() {
		step = 997
	}
	accepted := 0
	for i := 0; i < 8*len(raw); i += step {
		b := bytes.Clone(raw)
		b[i/8] ^= 1 << (i % 8)
		v, err := evidence.Verify(t.Context(), trust, b)
		if err != nil {
			continue
		}
		accepted++
		require.Equal(t, want.Statement().Bytes(), v.Statement().Bytes(), "bit %d", i)
		require.Equal(t, want.By(), v.By(), "bit %d", i)
	}
	t.Logf("%d bits flipped, %d of them where nothing is signed", 8*len(raw)/step, accepted)
}

// Bundles v0.1 have a log's promise, and some a proof without the checkpoint that
// would prove something (CPython 3.12's release files, for one). Later versions
// need the proof.
func TestProofsWithoutCheckpoint(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(1)}))
	require.NoError(t, err)
	version := func(v string) func(map[string]any) {
		return func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=" + v }
	}
	entry := func(do func(map[string]any)) func(map[string]any) {
		return func(b map[string]any) {
			do(b["verificationMaterial"].(map[string]any)["tlogEntries"].([]any)[0].(map[string]any))
		}
	}
	proof := func(do func(map[string]any)) func(map[string]any) {
		return entry(func(e map[string]any) { do(e["inclusionProof"].(map[string]any)) })
	}
	noCheckpoint := proof(func(p map[string]any) { delete(p, "checkpoint") })
	noProof := entry(func(e map[string]any) { delete(e, "inclusionProof") })
	noPromise := entry(func(e map[string]any) { delete(e, "inclusionPromise") })
	wrongPromise := entry(func(e map[string]any) { e["integratedTime"] = "1772366401" })
	wrongRoot := proof(func(p map[string]any) { p["rootHash"] = base64.StdEncoding.EncodeToString(make([]byte, 32)) })
	tests := []struct {
		name   string
		change []func(map[string]any)
		ok     bool
	}{
		{"v0.1", []func(map[string]any){version("0.1")}, true},
		{"v0.1 without checkpoint", []func(map[string]any){version("0.1"), noCheckpoint}, true},
		{"v0.1 without proof", []func(map[string]any){version("0.1"), noProof}, true},
		{"v0.1 without promise", []func(map[string]any){version("0.1"), noPromise}, false},
		{"v0.1 with neither promise nor checkpoint", []func(map[string]any){version("0.1"), noPromise, noCheckpoint}, false},
		{"v0.1 with neither promise nor proof", []func(map[string]any){version("0.1"), noPromise, noProof}, false},
		{"v0.1 with another promise", []func(map[string]any){version("0.1"), noCheckpoint, wrongPromise}, false},
		{"v0.1 with a checkpoint of another root", []func(map[string]any){version("0.1"), wrongRoot}, false},
		{"v0.2 without checkpoint", []func(map[string]any){version("0.2"), noCheckpoint}, false},
		{"v0.2 without proof", []func(map[string]any){version("0.2"), noProof}, false},
		{"v0.2 without promise, with a timestamp", []func(map[string]any){version("0.2"), noPromise}, true},
		{"v0.3 without checkpoint", []func(map[string]any){noCheckpoint}, false},
		{"v0.3 without proof", []func(map[string]any){noProof}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b map[string]any
			require.NoError(t, json.Unmarshal(raw, &b))
			for _, change := range tt.change {
				change(b)
			}
			changed, err := json.Marshal(b)
			require.NoError(t, err)
			v, err := evidence.Verify(t.Context(), in.trust(), changed)
			require.Equal(t, tt.ok, err == nil, "%v", err)
			require.Equal(t, tt.ok, !v.IsZero())
		})
	}
}

// A private authority's signers may bring the certificates between theirs and the
// root's, if the host says so. The public instance's bundles v0.3 must not.
func TestIntermediates(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	above := in.caCert
	key := newKey(t, elliptic.P256())
	sub := *above
	sub.SerialNumber, sub.Subject = big.NewInt(9), pkix.Name{CommonName: "between"}
	subKey := newKey(t, elliptic.P256())
	in.caCert, in.caKey = in.certificate(&sub, above, subKey.Public(), in.caKey), subKey
	leaf := in.leaf(key.Public())
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(evidence.PayloadType), evidence.PayloadType, len(statementText), statementText)
	digest := sha256.Sum256([]byte(pae))
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	require.NoError(t, err)
	stamp, err := sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: in.timestamps()[0].URL, Transport: in}).GetTimestamp(t.Context(), sig)
	require.NoError(t, err)
	between := in.caCert
	in.caCert = above // what the root names
	other := newInstance(t)
	bundle := func(version string, certificates ...*x509.Certificate) []byte {
		var chain []any
		for _, c := range certificates {
			chain = append(chain, map[string]any{"rawBytes": c.Raw})
		}
		raw, err := json.Marshal(map[string]any{"mediaType": "application/vnd.dev.sigstore.bundle+json;version=" + version,
			"verificationMaterial": map[string]any{"x509CertificateChain": map[string]any{"certificates": chain},
				"timestampVerificationData": map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": stamp}}}},
			"dsseEnvelope": map[string]any{"payload": []byte(statementText), "payloadType": evidence.PayloadType, "signatures": []any{map[string]any{"sig": sig}}}})
		require.NoError(t, err)
		return raw
	}
	for _, tt := range []struct {
		name  string
		raw   []byte
		allow bool
		ok    bool
	}{
		{"chain", bundle("0.3", leaf, between), true, true},
		{"chain that the host does not allow", bundle("0.3", leaf, between), false, false},
		{"chain with a gap", bundle("0.3", leaf), true, false},
		{"chain of another authority", bundle("0.3", leaf, other.caCert), true, false},
		{"chain with its own root", bundle("0.3", leaf, between, other.rootCert), true, false},
		{"old bundle, whose chain is not used", bundle("0.2", leaf, between), true, false},
	} {
		opts := in.options()
		opts.WithoutLogs, opts.Intermediates = true, tt.allow
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		_, err = evidence.Verify(t.Context(), trust, tt.raw)
		require.Equal(t, tt.ok, err == nil, "%s: %v", tt.name, err)
	}
}
