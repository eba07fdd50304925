package sigstore_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/stretchr/testify/require"
)

// instance is a throw-away sigstore. What is doubled is what stands behind the
// network: a certificate authority, a timestamp authority and two logs answer
// HTTP requests in this process, with keys made for the test. Everything on our
// side of the network is real: the requests, the certificates with their signed
// certificate timestamps, the RFC 3161 timestamps, the log entries with their
// inclusion proofs and checkpoints, the bundle, and the trusted root.
//
// The doubles check little of what they are asked: the authority compares the
// token and checks the proof of possession, and each log has one entry before
// the one that it is given.
type instance struct {
	t   testing.TB
	now time.Time // of certificates, timestamps and Rekor v1 entries

	rootKey, caKey, tsaKey, ctKey, v1Key *ecdsa.PrivateKey
	rootCert, caCert, tsaCert            *x509.Certificate
	v2Key                                ed25519.PrivateKey
	logs                                 *httptest.Server

	// What a test may have the authority do wrong.
	sans    []string         // e-mail addresses; default: the token's
	dns     []string         // DNS names
	issuer  string           // default: the token's; "none" names none
	named   []pkix.Extension // the extensions that name the issuer, in the place of issuer
	noSCT   bool             // make out a certificate that no log has
	wrong   crypto.PublicKey // make the certificate out for this key
	have    int              // answer so many Rekor v2 requests that the log has it already
	calls   []string         // paths that were asked for
	expired bool             // make the certificate out for the day before
}

const (
	issuer  = "https://accounts.example.com"
	subject = "ada@example.com"
)

var token = sigstore.Token("e30." + base64.RawURLEncoding.EncodeToString([]byte(
	`{"iss":"`+issuer+`","sub":"1","email":"`+subject+`","email_verified":true}`)) + ".c2ln")

func newKey(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return k
}

func newInstance(t testing.TB) *instance {
	t.Helper()
	in := &instance{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		rootKey: newKey(t, elliptic.P256()), caKey: newKey(t, elliptic.P256()), tsaKey: newKey(t, elliptic.P256()),
		ctKey: newKey(t, elliptic.P256()), v1Key: newKey(t, elliptic.P256())}
	var err error
	_, in.v2Key, err = ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	authority := func(name string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}},
			NotBefore: in.now.AddDate(-1, 0, 0), NotAfter: in.now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign}
	}
	in.rootCert = in.certificate(authority("root"), nil, in.rootKey.Public(), in.rootKey)
	ca := authority("intermediate")
	ca.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	in.caCert = in.certificate(ca, in.rootCert, in.caKey.Public(), in.rootKey)
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	require.NoError(t, err)
	in.tsaCert = in.certificate(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "tsa", Organization: []string{"Example"}},
		NotBefore: in.now.AddDate(-1, 0, 0), NotAfter: in.now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}}},
		in.rootCert, in.tsaKey.Public(), in.rootKey)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/log/entries", in.rekorV1)
	mux.HandleFunc("POST /api/v2/log/entries", in.rekorV2)
	in.logs = httptest.NewServer(mux)
	t.Cleanup(in.logs.Close)
	return in
}

func (in *instance) certificate(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	in.t.Helper()
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	require.NoError(in.t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(in.t, err)
	return c
}

// RoundTrip is the network in front of the two authorities.
func (in *instance) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in.calls = append(in.calls, r.URL.Path)
	w := httptest.NewRecorder()
	switch r.URL.Path {
	case "/api/v2/signingCert":
		in.fulcio(w, r)
	case "/api/v1/timestamp":
		in.tsa(w, r)
	default:
		http.NotFound(w, r)
	}
	return w.Result(), nil
}

func (in *instance) authority() sigstore.Endpoint {
	return sigstore.Endpoint{URL: "https://ca.example.com", Transport: in}
}

func (in *instance) timestamps() []sigstore.Endpoint {
	return []sigstore.Endpoint{{URL: "https://tsa.example.com/api/v1/timestamp", Transport: in}}
}

func (in *instance) rekor(version uint32) []sign.Transparency {
	return []sign.Transparency{sign.NewRekor(&sign.RekorOptions{BaseURL: in.logs.URL, Version: version})}
}

func (in *instance) fulcio(w http.ResponseWriter, r *http.Request) {
	var req struct {
		PublicKeyRequest struct {
			PublicKey         struct{ Content string }
			ProofOfPossession []byte
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.Header.Get("Authorization") != "Bearer "+string(token) {
		http.Error(w, "who is asking?", http.StatusUnauthorized)
		return
	}
	block, _ := pem.Decode([]byte(req.PublicKeyRequest.PublicKey.Content))
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	digest := sha256.Sum256([]byte(subject))
	if err != nil || !ecdsa.VerifyASN1(pub.(*ecdsa.PublicKey), digest[:], req.PublicKeyRequest.ProofOfPossession) {
		http.Error(w, "the key is not in your possession", http.StatusBadRequest)
		return
	}
	if in.wrong != nil {
		pub = in.wrong
	}
	leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: in.leaf(pub).Raw})
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": []string{string(leaf)}}}})
}

// leaf makes out a certificate, first without and then with the promise of the
// certificate transparency log (RFC 6962, section 3.2).
func (in *instance) leaf(pub crypto.PublicKey) *x509.Certificate {
	in.t.Helper()
	iss, sans := issuer, []string{subject}
	if in.issuer != "" {
		iss = in.issuer
	}
	if in.sans != nil {
		sans = in.sans
	}
	der, err := asn1.MarshalWithParams(iss, "utf8")
	require.NoError(in.t, err)
	from := in.now.Add(-time.Minute)
	if in.expired {
		from = from.AddDate(0, 0, -1)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(3), EmailAddresses: sans, DNSNames: in.dns,
		NotBefore: from, NotAfter: from.Add(10 * time.Minute), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: der}}}
	if in.issuer == "none" {
		template.ExtraExtensions = nil
	}
	if in.named != nil {
		template.ExtraExtensions = slices.Clone(in.named)
	}
	if in.noSCT {
		return in.certificate(template, in.caCert, pub, in.caKey)
	}
	tbs := in.certificate(template, in.caCert, pub, in.caKey).RawTBSCertificate
	at := uint64(in.now.UnixMilli())
	spki := sha256.Sum256(in.caCert.RawSubjectPublicKeyInfo)
	msg := binary.BigEndian.AppendUint64([]byte{0, 0}, at)
	msg = append(append(msg, 0, 1), spki[:]...)
	msg = append(msg, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	msg = append(append(msg, tbs...), 0, 0)
	digest := sha256.Sum256(msg)
	sig, err := ecdsa.SignASN1(rand.Reader, in.ctKey, digest[:])
	require.NoError(in.t, err)
	id := logID(in.t, in.ctKey.Public())
	sct := binary.BigEndian.AppendUint64(append([]byte{0}, id...), at)
	sct = append(sct, 0, 0, 4, 3, byte(len(sig)>>8), byte(len(sig)))
	sct = append(sct, sig...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(sct)+2))
	list = append(binary.BigEndian.AppendUint16(list, uint16(len(sct))), sct...)
	value, err := asn1.Marshal(list)
	require.NoError(in.t, err)
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value})
	return in.certificate(template, in.caCert, pub, in.caKey)
}

func (in *instance) tsa(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	require.NoError(in.t, err)
	req, err := timestamp.ParseRequest(body)
	require.NoError(in.t, err)
	stamp := timestamp.Timestamp{HashAlgorithm: req.HashAlgorithm, HashedMessage: req.HashedMessage, Time: in.now,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}}
	res, err := stamp.CreateResponseWithOpts(in.tsaCert, in.tsaKey, crypto.SHA256)
	require.NoError(in.t, err)
	w.Write(res)
}

// grow puts body into a tree of two leaves (RFC 6962, section 2.1) and gives the
// root and the audit path.
func grow(body []byte) (root, path []byte) {
	leaf := func(b []byte) []byte { h := sha256.Sum256(append([]byte{0}, b...)); return h[:] }
	path = leaf([]byte("an earlier entry"))
	h := sha256.Sum256(append(append([]byte{1}, path...), leaf(body)...))
	return h[:], path
}

// checkpoint is a signed note (C2SP signed-note, tlog-checkpoint).
func checkpoint(origin, name string, root, keyHash []byte, signer func([]byte) []byte) string {
	text := fmt.Sprintf("%s\n2\n%s\n", origin, base64.StdEncoding.EncodeToString(root))
	sig := append(append([]byte{}, keyHash[:4]...), signer([]byte(text))...)
	return fmt.Sprintf("%s\n— %s %s\n", text, name, base64.StdEncoding.EncodeToString(sig))
}

func (in *instance) signV1(b []byte) []byte {
	digest := sha256.Sum256(b)
	sig, err := ecdsa.SignASN1(rand.Reader, in.v1Key, digest[:])
	require.NoError(in.t, err)
	return sig
}

func (in *instance) canonical(v any) []byte {
	b, err := canon.Marshal(v)
	require.NoError(in.t, err)
	return b
}

// rekorV1 logs a dsse entry 0.0.1.
func (in *instance) rekorV1(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Kind string
		Spec struct {
			ProposedContent struct {
				Envelope  string
				Verifiers [][]byte
			}
		}
	}
	require.NoError(in.t, json.NewDecoder(r.Body).Decode(&req))
	require.Equal(in.t, "dsse", req.Kind)
	var env struct {
		Payload    []byte
		Signatures []struct{ Sig []byte }
	}
	require.NoError(in.t, json.Unmarshal([]byte(req.Spec.ProposedContent.Envelope), &env))
	hash := func(b []byte) map[string]any {
		d := sha256.Sum256(b)
		return map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(d[:])}
	}
	body := in.canonical(map[string]any{"apiVersion": "0.0.1", "kind": "dsse", "spec": map[string]any{
		"envelopeHash": hash([]byte(req.Spec.ProposedContent.Envelope)), "payloadHash": hash(env.Payload),
		"signatures": []any{map[string]any{"signature": env.Signatures[0].Sig, "verifier": req.Spec.ProposedContent.Verifiers[0]}}}})
	id := logID(in.t, in.v1Key.Public())
	treeRoot, path := grow(body)
	set := in.signV1(in.canonical(map[string]any{"body": body, "integratedTime": in.now.Unix(), "logID": hex.EncodeToString(id), "logIndex": 1}))
	uuid := strings.Repeat("ab", 32)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", uuid)
	w.Header().Set("Location", "/api/v1/log/entries/"+uuid)
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(map[string]any{uuid: map[string]any{
		"body": body, "integratedTime": in.now.Unix(), "logID": hex.EncodeToString(id), "logIndex": 1,
		"verification": map[string]any{"signedEntryTimestamp": set, "inclusionProof": map[string]any{
			"checkpoint": checkpoint("rekor1.example.com - 1", "rekor1.example.com", treeRoot, id, in.signV1),
			"hashes":     []string{hex.EncodeToString(path)}, "logIndex": 1, "rootHash": hex.EncodeToString(treeRoot), "treeSize": 2}}}})
}

// rekorV2 logs a hashedrekord entry 0.0.2.
func (in *instance) rekorV2(w http.ResponseWriter, r *http.Request) {
	var req struct {
		HashedRekordRequestV002 struct {
			Signature json.RawMessage
			Digest    []byte
		}
	}
	require.NoError(in.t, json.NewDecoder(r.Body).Decode(&req))
	body := in.canonical(map[string]any{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": map[string]any{"hashedRekordV002": map[string]any{
		"data": map[string]any{"algorithm": "SHA2_256", "digest": req.HashedRekordRequestV002.Digest}, "signature": req.HashedRekordRequestV002.Signature}}})
	if in.have > 0 {
		in.have--
		http.Error(w, `{"code":6,"message":"an equivalent entry already exists in the transparency log with index 1"}`, http.StatusConflict)
		return
	}
	pub := in.v2Key.Public().(ed25519.PublicKey)
	keyHash := sha256.Sum256(append([]byte("rekor2.example.com\n\x01"), pub...))
	treeRoot, path := grow(body)
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(map[string]any{"logIndex": "1", "logId": map[string]any{"keyId": logID(in.t, pub)},
		"kindVersion": map[string]any{"kind": "hashedrekord", "version": "0.0.2"}, "canonicalizedBody": body,
		"inclusionProof": map[string]any{"logIndex": "1", "treeSize": "2", "rootHash": treeRoot, "hashes": [][]byte{path},
			"checkpoint": map[string]any{"envelope": checkpoint("rekor2.example.com", "rekor2.example.com", treeRoot, keyHash[:],
				func(b []byte) []byte { return ed25519.Sign(in.v2Key, b) })}}})
}

func logID(t testing.TB, pub crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	require.NoError(t, err)
	id := sha256.Sum256(der)
	return id[:]
}

// trustedRoot is the file that says to trust in.
func (in *instance) trustedRoot() []byte {
	in.t.Helper()
	from := in.now.AddDate(0, -1, 0)
	log := func(pub crypto.PublicKey, url string) map[string]*root.TransparencyLog {
		id := logID(in.t, pub)
		return map[string]*root.TransparencyLog{hex.EncodeToString(id): {BaseURL: url, ID: id, ValidityPeriodStart: from, HashFunc: crypto.SHA256, PublicKey: pub}}
	}
	logs := log(in.v1Key.Public(), "https://rekor1.example.com")
	for id, l := range log(in.v2Key.Public(), "https://rekor2.example.com") {
		logs[id] = l
	}
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: in.rootCert, Intermediates: []*x509.Certificate{in.caCert}, ValidityPeriodStart: from, URI: "https://ca.example.com"}},
		log(in.ctKey.Public(), "https://ct.example.com"),
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: in.rootCert, Leaf: in.tsaCert, ValidityPeriodStart: from, URI: "https://tsa.example.com"}},
		logs)
	require.NoError(in.t, err)
	b, err := r.MarshalJSON()
	require.NoError(in.t, err)
	var out bytes.Buffer
	require.NoError(in.t, json.Indent(&out, b, "", " "))
	return out.Bytes()
}

func (in *instance) options() sigstore.Options {
	in.t.Helper()
	r, err := sigstore.ParseTrustedRoot(in.trustedRoot())
	require.NoError(in.t, err)
	return sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer, Subject: subject}}}
}

func (in *instance) trust() *sigstore.Trust {
	in.t.Helper()
	t, err := sigstore.New(in.options())
	require.NoError(in.t, err)
	return t
}

func (in *instance) keyless(witnesses sigstore.Witnesses) sigstore.Keyless {
	return sigstore.Keyless{Token: token, Authority: in.authority(), Witnesses: witnesses}
}
