package sigstore_test

import (
	"context"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
)

// privateLog is a transparency log without a server, as a host may embed one: it
// implements what sigstore-go asks of a log, and writes entries as Rekor v2 does.
type privateLog struct {
	in     *instance
	leaves [][]byte
}

// hashTree is the root of RFC 6962, section 2.1, and auditPath section 2.1.1.
func hashTree(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		h := sha256.Sum256(append([]byte{0}, leaves[0]...))
		return h[:]
	}
	k := split(len(leaves))
	h := sha256.Sum256(append(append([]byte{1}, hashTree(leaves[:k])...), hashTree(leaves[k:])...))
	return h[:]
}

func auditPath(m int, leaves [][]byte) [][]byte {
	if len(leaves) == 1 {
		return nil
	}
	if k := split(len(leaves)); m < k {
		return append(auditPath(m, leaves[:k]), hashTree(leaves[k:]))
	} else {
		return append(auditPath(m-k, leaves[k:]), hashTree(leaves[:k]))
	}
}

func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

func (l *privateLog) GetTransparencyLogEntry(_ context.Context, keyOrCert []byte, b *protobundle.Bundle) error {
	block, _ := pem.Decode(keyOrCert)
	by, e := "publicKey", b.GetDsseEnvelope()
	if block.Type == "CERTIFICATE" {
		by = "x509Certificate"
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(e.Payload), e.Payload))
	body := l.in.canonical(map[string]any{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": map[string]any{"hashedRekordV002": map[string]any{
		"data": map[string]any{"algorithm": "SHA2_256", "digest": digest[:]},
		"signature": map[string]any{"content": e.Signatures[0].Sig, "verifier": map[string]any{
			"keyDetails": "PKIX_ECDSA_P256_SHA_256", by: map[string]any{"rawBytes": block.Bytes}}}}}})
	l.leaves = append(l.leaves, body)
	tree, pub := hashTree(l.leaves), l.in.v2Key.Public().(ed25519.PublicKey)
	keyHash := sha256.Sum256(append([]byte("rekor2.example.com\n\x01"), pub...))
	text := fmt.Sprintf("rekor2.example.com\n%d\n%s\n", len(l.leaves), base64.StdEncoding.EncodeToString(tree))
	note := fmt.Sprintf("%s\n— rekor2.example.com %s\n", text, base64.StdEncoding.EncodeToString(append(keyHash[:4:4], ed25519.Sign(l.in.v2Key, []byte(text))...)))
	at := int64(len(l.leaves) - 1)
	b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, &protorekor.TransparencyLogEntry{
		LogIndex: at, LogId: &protocommon.LogId{KeyId: logID(l.in.t, pub)}, KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		CanonicalizedBody: body, InclusionProof: &protorekor.InclusionProof{LogIndex: at, TreeSize: int64(len(l.leaves)), RootHash: tree,
			Hashes: auditPath(int(at), l.leaves), Checkpoint: &protorekor.Checkpoint{Envelope: note}}})
	return nil
}

// A log that is embedded needs no server and no client of ours: what it proves,
// sigstore-go alone verifies too, with nothing but the trusted root.
func TestPrivateLog(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	log := &privateLog{in: in}
	for i := range 300 {
		log.leaves = append(log.leaves, fmt.Appendf(nil, "entry %d", i))
	}
	w := sigstore.Witnesses{Timestamps: in.timestamps(), Logs: []sign.Transparency{log}}
	certified, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
	require.NoError(t, err)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	keyed, err := sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
	require.NoError(t, err)
	require.Len(t, log.leaves, 302)

	material, err := root.NewTrustedRootFromJSON(in.trustedRoot())
	require.NoError(t, err)
	stock := func(raw []byte) error {
		var b bundle.Bundle
		if err := b.UnmarshalJSON(raw); err != nil {
			return err
		}
		m, who := root.TrustedMaterial(material), verify.WithKey()
		opts := []verify.VerifierOption{verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1)}
		if b.VerificationMaterial.GetPublicKey() == nil {
			id, err := verify.NewShortCertificateIdentity(issuer, "", subject, "")
			require.NoError(t, err)
			who = verify.WithCertificateIdentity(id)
			opts = append(opts, verify.WithSignedCertificateTimestamps(1))
		} else {
			keys, err := stockKeys(key.Public())
			require.NoError(t, err)
			m = root.TrustedMaterialCollection{material, keys}
		}
		v, err := verify.NewVerifier(m, opts...)
		require.NoError(t, err)
		_, err = v.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", unhex(t, artifactHex)), who))
		return err
	}
	opts := in.options()
	opts.Keys, opts.Logs = []evidence.Key{{Public: key.Public()}}, 1
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	for name, raw := range map[string][]byte{"certificate": certified, "key": keyed} {
		require.NoError(t, stock(raw), name)
		_, err := evidence.Verify(t.Context(), trust, raw)
		require.NoError(t, err, name)
		// (The size and the root hash beside the checkpoint are read by nobody.)
		for _, part := range []string{`"hashes":["`, `"canonicalizedBody":"`, `"envelope":"rekor2.example.com\n3`, `"logIndex":"3`} {
			i := strings.Index(string(raw), part) + len(part)
			require.Greater(t, i, len(part), "%s in %s", part, raw)
			b := []byte(string(raw))
			b[i] = map[bool]byte{true: '1', false: '2'}[b[i] == '2']
			require.Error(t, stock(b), "%s: %s", name, part)
			_, err = evidence.Verify(t.Context(), trust, b)
			require.Error(t, err, "%s: %s", name, part)
		}
	}
}

// Rekor v2 answers a signature that it has with a conflict and no proof.
func TestConflict(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		times int
		ok    bool
	}{{0, true}, {1, true}, {2, false}} {
		in := newInstance(t)
		in.have = tt.times
		w := sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}
		raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
		require.Equal(t, tt.ok, err == nil, "%d conflicts: %v", tt.times, err)
		if tt.ok {
			_, err = evidence.Verify(t.Context(), in.trust(), raw)
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, sigstore.ErrLogged)
		require.Nil(t, raw)
	}
	in := newInstance(t)
	in.have = 1
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	w := sigstore.Witnesses{Logs: in.rekor(2)}
	_, err = sigstore.Witness(t.Context(), plain, key.Public(), w, nil)
	require.ErrorIs(t, err, sigstore.ErrLogged, "only the caller can sign again")
	again, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	_, err = sigstore.Witness(t.Context(), again, key.Public(), w, nil)
	require.NoError(t, err)
}

// Ed25519 signs the text itself; Rekor v2 asks for the hash of it. Rekor v1 and
// timestamps do not.
func TestEd25519(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		w  sigstore.Witnesses
		ok bool
	}{
		"timestamp": {sigstore.Witnesses{Timestamps: in.timestamps()}, true},
		"Rekor v1":  {sigstore.Witnesses{Logs: in.rekor(1)}, true},
		"Rekor v2":  {sigstore.Witnesses{Logs: in.rekor(2)}, false},
		"both":      {sigstore.Witnesses{Timestamps: in.timestamps(), Logs: append(in.rekor(1), in.rekor(2)...)}, false},
	} {
		raw, err := sigstore.Witness(t.Context(), plain, key.Public(), tt.w, nil)
		require.Equal(t, tt.ok, err == nil, "%s: %v", name, err)
		if !tt.ok {
			require.ErrorContains(t, err, "Ed25519", name)
			continue
		}
		trust, err := sigstore.New(sigstore.Options{Root: in.options().Root, Times: 1,
			Keys: []evidence.Key{{Public: key.Public(), NotBefore: in.now.AddDate(0, 0, -1), NotAfter: in.now.AddDate(0, 0, 1)}}})
		require.NoError(t, err)
		_, err = evidence.Verify(t.Context(), trust, raw)
		require.NoError(t, err, name)
	}
}

// What a log answers comes from anywhere. An answer that is none becomes an error.
func TestLogsThatAnswerNonsense(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	for status, bodies := range map[int][]string{
		201: {"", "null", "{}", "[]", `{"x":null}`, `{"x":{}}`, `{"x":{"body":"e30=","integratedTime":1,"logID":"` + strings.Repeat("ab", 32) + `","logIndex":1}}`,
			`{"x":{"body":"e30=","integratedTime":1,"logID":"` + strings.Repeat("ab", 32) + `","logIndex":1,"verification":{}}}`,
			`{"logIndex":"1"}`, `{"logIndex":"1","kindVersion":null,"inclusionProof":{}}`},
		200: {"{}"}, 204: {""}, 409: {"{}"}, 500: {"no"}} {
		for _, body := range bodies {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("ETag", "x")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}))
			for _, version := range []uint32{1, 2} {
				logs := []sign.Transparency{sign.NewRekor(&sign.RekorOptions{BaseURL: server.URL, Version: version})}
				opts := in.options()
				opts.Keys, opts.Logs = []evidence.Key{{Public: key.Public()}}, 1
				trust, err := sigstore.New(opts)
				require.NoError(t, err)
				raw, err := sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Logs: logs}, trust)
				require.Error(t, err, "v%d: %d %s", version, status, body)
				require.Nil(t, raw)
				k := in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: logs})
				k.Trust = trust
				raw, err = sigstore.SignKeyless(t.Context(), statement(t), k)
				require.Error(t, err, "v%d: %d %s", version, status, body)
				require.Nil(t, raw)
			}
			server.Close()
		}
	}
}

// Services that fail are asked again, and nobody is told on standard error. Not
// parallel: it watches the process's own files.
func TestSigningPrintsNothing(t *testing.T) {
	in := newInstance(t)
	broken := answer(503, "text/plain", strings.NewReader("later"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "later", http.StatusServiceUnavailable) }))
	t.Cleanup(server.Close)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)

	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	var errs []error
	k := in.keyless(sigstore.Witnesses{})
	k.Authority.Transport = broken
	_, err = sigstore.SignKeyless(t.Context(), statement(t), k)
	errs = append(errs, err)
	for version := range uint32(2) {
		log := sign.NewRekor(&sign.RekorOptions{BaseURL: server.URL, Version: version + 1})
		_, err = sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Logs: []sign.Transparency{log}}, nil)
		errs = append(errs, err)
	}
	_, err = sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Timestamps: []sigstore.Endpoint{{URL: "https://tsa.example.com/", Transport: broken}}}, nil)
	errs = append(errs, err)
	_, good := sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Timestamps: in.timestamps(), Logs: append(in.rekor(1), in.rekor(2)...)}, nil)
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, w.Close())
	printed, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, string(printed))
	require.NoError(t, good)
	for _, err := range errs {
		require.Error(t, err)
	}
}
