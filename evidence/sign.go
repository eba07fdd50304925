package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
)

// bundleJSON and dsseJSON are what is written, in the order of sigstore's own
// clients.
type bundleJSON struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		PublicKey struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
	} `json:"verificationMaterial"`
	Envelope dsseJSON `json:"dsseEnvelope"`
}

type dsseJSON struct {
	Payload     []byte          `json:"payload"`
	PayloadType string          `json:"payloadType"`
	Signatures  []signatureJSON `json:"signatures"`
}

type signatureJSON struct {
	Sig []byte `json:"sig"`
}

// Sign signs a statement and returns a sigstore bundle v0.3 that names the key
// by [KeyHint]. Any crypto.Signer will do, so the key may live in a KMS: ECDSA
// with the hash of the curve's size and an ASN.1 signature, Ed25519 over the
// message, RSA PKCS #1 v1.5 with SHA-256, which are what sigstore's verifiers
// expect of each key. The DSSE key id stays empty, because verifiers that name
// keys differently refuse a foreign one.
//
// What the signer returned is verified before it is returned. The context is
// looked at before and after signing; crypto.Signer has no way to pass it on.
func Sign(ctx context.Context, st Statement, key crypto.Signer) ([]byte, error) {
	env, hint, err := sign(ctx, st, key)
	if err != nil {
		return nil, err
	}
	b := bundleJSON{MediaType: BundleMediaType, Envelope: env}
	b.Material.PublicKey.Hint = hint
	return compact(b)
}

// SignDSSE is [Sign] with a bare DSSE envelope as the result, which is what the
// readers of a [VSA] expect (slsa-verifier verify-vsa, in-toto's libraries). It
// names no key: the key id is a hint that DSSE lets a signer leave out, each of
// those readers computes one of its own, and all refuse one that they did not.
// A [Keyring] tries its keys in turn.
func SignDSSE(ctx context.Context, st Statement, key crypto.Signer) ([]byte, error) {
	env, _, err := sign(ctx, st, key)
	if err != nil {
		return nil, err
	}
	return compact(env)
}

func sign(ctx context.Context, st Statement, key crypto.Signer) (env dsseJSON, hint string, err error) {
	if st.IsZero() {
		return env, "", errors.New("evidence: sign: no statement")
	}
	if key == nil {
		return env, "", errors.New("evidence: sign: no key")
	}
	if err := ctx.Err(); err != nil {
		return env, "", fmt.Errorf("evidence: sign: %w", err)
	}
	pub := key.Public()
	digest, err := KeyDigest(pub)
	if err != nil {
		return env, "", fmt.Errorf("evidence: sign: %w", err)
	}
	h := hashFor(pub)
	signed := signedBytes(h, paeHead(PayloadType, len(st.raw)), st.raw)
	sig, err := key.Sign(rand.Reader, signed, h)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return env, "", fmt.Errorf("evidence: sign: %w", err)
	}
	if !verifies(pub, signed, sig) {
		return env, "", fmt.Errorf("evidence: sign: the signer of the key %s returned a signature that does not verify", digest.Short())
	}
	return dsseJSON{Payload: st.raw, PayloadType: PayloadType, Signatures: []signatureJSON{{Sig: sig}}}, KeyHint(digest), nil
}

// compact is one line of JSON, with no character escaped that need not be.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("evidence: encode: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
