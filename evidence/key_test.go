package evidence_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
)

func allKeys(t testing.TB) map[string]crypto.Signer {
	out := map[string]crypto.Signer{}
	for name, c := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		require.NoError(t, err)
		out[name] = k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	out["Ed25519"] = ed
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	out["RSA"] = r
	return out
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), passed())
	for name, key := range allKeys(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := evidence.MarshalPrivateKey(key)
			require.NoError(t, err)
			again, err := evidence.ParsePrivateKey(text)
			require.NoError(t, err)
			text, err = evidence.MarshalPublicKey(again.Public())
			require.NoError(t, err)
			pub, err := evidence.ParsePublicKey(text)
			require.NoError(t, err)
			require.Equal(t, key.Public(), pub)
			digest, err := evidence.KeyDigest(pub)
			require.NoError(t, err)

			trust := ring(t, evidence.Key{Public: pub, Kind: release.ActorHuman, Roles: []string{"owner"}})
			for form, sign := range map[string]func(context.Context, evidence.Statement, crypto.Signer) ([]byte, error){"bundle": evidence.Sign, "DSSE": evidence.SignDSSE} {
				raw, err := sign(ctx, st, again)
				require.NoError(t, err, form)
				v, err := evidence.Verify(ctx, trust, raw)
				require.NoError(t, err, form)
				require.Equal(t, st, v.Statement())
				require.Equal(t, evidence.Identity{Principal: evidence.KeyPrincipal(digest), Kind: release.ActorHuman, Roles: []string{"owner"}, Key: digest}, v.By())
				require.Equal(t, raw, v.Raw())
				require.Equal(t, release.DigestOf(raw), v.Digest())
			}
		})
	}
}

// TestBundleForm keeps what sigstore's verifiers need: version, hint, one
// signature, no key id.
func TestBundleForm(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	st := statement(t, shop(), passed())
	raw, err := evidence.Sign(ctx, st, key)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	sum := sha256.Sum256(der)
	var b map[string]any
	require.NoError(t, json.Unmarshal(raw, &b))
	require.Equal(t, "application/vnd.dev.sigstore.bundle.v0.3+json", b["mediaType"])
	require.Equal(t, map[string]any{"publicKey": map[string]any{"hint": base64.StdEncoding.EncodeToString(sum[:])}}, b["verificationMaterial"])
	env := b["dsseEnvelope"].(map[string]any)
	require.Equal(t, "application/vnd.in-toto+json", env["payloadType"])
	require.Equal(t, base64.StdEncoding.EncodeToString(st.Bytes()), env["payload"])
	sigs := env["signatures"].([]any)
	require.Len(t, sigs, 1)
	require.Len(t, sigs[0], 1, "the signature alone, without a keyid")
	sig, err := base64.StdEncoding.DecodeString(sigs[0].(map[string]any)["sig"].(string))
	require.NoError(t, err)
	// DSSE's own test vector for the encoding: http://example.com/HelloWorld.
	s := evidence.Signed{PayloadType: "http://example.com/HelloWorld", Payload: []byte("hello world")}
	require.Equal(t, "DSSEv1 29 http://example.com/HelloWorld 11 hello world", string(s.PAE()))
	s = evidence.Signed{PayloadType: evidence.PayloadType, Payload: st.Bytes()}
	digest := sha256.Sum256(s.PAE())
	require.True(t, ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig))
}

func TestOtherSignatureForms(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), passed())
	s := evidence.Signed{PayloadType: evidence.PayloadType, Payload: st.Bytes()}
	digest := sha256.Sum256(s.PAE())

	t.Run("IEEE P1363, as some KMS sign", func(t *testing.T) {
		t.Parallel()
		key := newKey(t)
		r, w, err := ecdsa.Sign(rand.Reader, key, digest[:])
		require.NoError(t, err)
		sig := w.FillBytes(append(r.FillBytes(make([]byte, 32)), make([]byte, 32)...)[32:])
		sig = append(r.FillBytes(make([]byte, 32)), sig...)
		_, err = evidence.Verify(ctx, ring(t, keyOf(key, "ada")), dsse(st.Bytes(), base64.StdEncoding.EncodeToString(sig)))
		require.NoError(t, err)
		sig[40] ^= 1
		_, err = evidence.Verify(ctx, ring(t, keyOf(key, "ada")), dsse(st.Bytes(), base64.StdEncoding.EncodeToString(sig)))
		require.ErrorIs(t, err, evidence.ErrUntrusted)
	})
	t.Run("RSA PSS", func(t *testing.T) {
		t.Parallel()
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
		require.NoError(t, err)
		_, err = evidence.Verify(ctx, ring(t, keyOf(key, "ada")), dsse(st.Bytes(), base64.StdEncoding.EncodeToString(sig)))
		require.NoError(t, err)
		sig[9] ^= 1
		_, err = evidence.Verify(ctx, ring(t, keyOf(key, "ada")), dsse(st.Bytes(), base64.StdEncoding.EncodeToString(sig)))
		require.ErrorIs(t, err, evidence.ErrUntrusted)
	})
}

// liar signs with another key than it shows, as a misconfigured KMS would.
type liar struct{ shown, used crypto.Signer }

func (l liar) Public() crypto.PublicKey { return l.shown.Public() }
func (l liar) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	if l.used == nil {
		return nil, errBroken
	}
	return l.used.Sign(r, d, o)
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), passed())
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	done, cancel := context.WithCancel(ctx)
	cancel()
	for name, f := range map[string]func() ([]byte, error){
		"no statement":          func() ([]byte, error) { return evidence.Sign(ctx, evidence.Statement{}, newKey(t)) },
		"no key":                func() ([]byte, error) { return evidence.Sign(ctx, st, nil) },
		"weak RSA":              func() ([]byte, error) { return evidence.Sign(ctx, st, small) },
		"weak curve":            func() ([]byte, error) { return evidence.SignDSSE(ctx, st, p224) },
		"a signature that lies": func() ([]byte, error) { return evidence.Sign(ctx, st, liar{newKey(t), newKey(t)}) },
		"cancelled":             func() ([]byte, error) { return evidence.Sign(done, st, newKey(t)) },
	} {
		b, err := f()
		require.Error(t, err, name)
		require.Nil(t, b, name)
	}
	_, err = evidence.Sign(ctx, st, liar{newKey(t), nil})
	require.ErrorIs(t, err, errBroken)
}

// TestPEMOfWeakKeys: what would not be read is not written either.
func TestPEMOfWeakKeys(t *testing.T) {
	t.Parallel()
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	for _, k := range []crypto.Signer{p224, nil} {
		text, err := evidence.MarshalPrivateKey(k)
		require.Error(t, err)
		require.Nil(t, text)
	}
}

func TestPEMRefuses(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(small)
	require.NoError(t, err)
	pubDER, err := x509.MarshalPKIXPublicKey(small.Public())
	require.NoError(t, err)
	good, err := evidence.MarshalPrivateKey(newKey(t))
	require.NoError(t, err)
	goodPub, err := evidence.MarshalPublicKey(newKey(t).Public())
	require.NoError(t, err)
	block := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	for name, text := range map[string][]byte{
		"empty": nil, "no PEM": []byte("hello"), "weak": block("PRIVATE KEY", der), "two keys": append(good, good...),
		"a public key": goodPub, "damaged": block("PRIVATE KEY", der[1:]), "encrypted": block("ENCRYPTED PRIVATE KEY", der), "something behind": append(good, "x"...),
	} {
		_, err := evidence.ParsePrivateKey(text)
		require.Error(t, err, name)
	}
	for name, text := range map[string][]byte{
		"empty": nil, "weak": block("PUBLIC KEY", pubDER), "two keys": append(goodPub, goodPub...), "a private key": good, "damaged": block("PUBLIC KEY", pubDER[1:]),
	} {
		_, err := evidence.ParsePublicKey(text)
		require.Error(t, err, name)
	}
	_, err = evidence.MarshalPrivateKey(liar{newKey(t), newKey(t)})
	require.Error(t, err, "a KMS does not hold its key")
}

func TestKeyringRefuses(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	digest, err := evidence.KeyDigest(newKey(t).Public())
	require.NoError(t, err)
	for name, keys := range map[string][]evidence.Key{
		"nil key":                 {{}},
		"one key, two owners":     {keyOf(k, "ada"), keyOf(k, "bob")},
		"the same twice":          {keyOf(k, "ada"), keyOf(k, "ada")},
		"half a principal":        {{Public: k.Public(), Principal: evidence.Principal{Subject: "ada"}}},
		"the name of other key":   {{Public: k.Public(), Principal: evidence.KeyPrincipal(digest)}},
		"an end before its begin": {{Public: k.Public(), NotBefore: noon, NotAfter: noon.Add(-1)}},
		"short Ed25519":           {{Public: ed25519.PublicKey("short")}},
		"typed nil":               {{Public: (*ecdsa.PublicKey)(nil)}},
		"off the curve":           {{Public: &ecdsa.PublicKey{Curve: elliptic.P256()}}},
	} {
		r, err := evidence.NewKeyring(keys...)
		require.Error(t, err, name)
		require.Nil(t, r, name)
	}
}

func TestKeyWindows(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	raw, err := evidence.Sign(ctx, statement(t, shop(), passed()), key)
	require.NoError(t, err)
	day := 24 * time.Hour
	for _, tt := range []struct {
		name          string
		before, after time.Time
		times         []time.Time
		want          error
	}{
		{"no bounds, no time", time.Time{}, time.Time{}, nil, nil},
		{"bounds, no time", noon, noon.Add(day), nil, evidence.ErrNoTrustedTime},
		{"only a beginning, no time", noon, time.Time{}, nil, evidence.ErrNoTrustedTime},
		{"only an end, no time", time.Time{}, noon, nil, evidence.ErrNoTrustedTime},
		{"within", noon, noon.Add(day), []time.Time{noon.Add(time.Hour)}, nil},
		{"at both ends", noon, noon.Add(day), []time.Time{noon, noon.Add(day)}, nil},
		{"before", noon, noon.Add(day), []time.Time{noon.Add(-1)}, evidence.ErrUntrusted},
		{"backdated with a retired key", noon, noon.Add(day), []time.Time{noon.Add(day + 1)}, evidence.ErrUntrusted},
		{"one of two outside", noon, noon.Add(day), []time.Time{noon.Add(1), noon.Add(2 * day)}, evidence.ErrUntrusted},
		{"zero time", time.Time{}, noon, []time.Time{{}}, evidence.ErrUntrusted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := keyOf(key, "ada")
			k.NotBefore, k.NotAfter = tt.before, tt.after
			v, err := evidence.Verify(ctx, stamped{ring(t, k), tt.times}, raw)
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
				require.True(t, v.IsZero())
				return
			}
			require.NoError(t, err)
			require.Len(t, v.By().Times, len(tt.times))
		})
	}
}

// stamped is a trust that brings trusted times, as a timestamp authority would.
type stamped struct {
	ring  *evidence.Keyring
	times []time.Time
}

func (s stamped) Check(ctx context.Context, signed evidence.Signed) (evidence.Identity, error) {
	return s.ring.CheckAt(ctx, signed, human("x").at(s.times...).Times)
}
