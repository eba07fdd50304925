package sigstore_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"
)

// stock verifies raw with sigstore-go alone: its own bundle parser, statement
// parser and artifact policy, and pub under the hint that the core writes.
func stock(raw []byte, pub crypto.PublicKey, artifact []byte) error {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(raw); err != nil {
		return err
	}
	keys, err := stockKeys(pub)
	if err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(keys, verify.WithNoObserverTimestamps())
	if err != nil {
		return err
	}
	_, err = verifier.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", artifact), verify.WithKey()))
	return err
}

// stockKeys is sigstore-go's view of one key, under the hint that the core writes.
func stockKeys(pub crypto.PublicKey) (root.TrustedMaterial, error) {
	v, err := signature.LoadDefaultVerifier(pub)
	if err != nil {
		return nil, err
	}
	d, err := evidence.KeyDigest(pub)
	if err != nil {
		return nil, err
	}
	return root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{
		evidence.KeyHint(d): root.NewExpiringKey(v, time.Time{}, time.Time{})}), nil
}

// ours verifies raw with a Trust that knows pub, and matches the artifact.
func ours(t testing.TB, raw []byte, pub crypto.PublicKey, artifact string) bool {
	trust, err := sigstore.New(sigstore.Options{Keys: []evidence.Key{{Public: pub}}})
	require.NoError(t, err)
	v, err := evidence.Verify(t.Context(), trust, raw)
	if err != nil {
		return false
	}
	for _, s := range v.Statement().Subjects() {
		if s.Matches("sha256", artifact) {
			return true
		}
	}
	return false
}

const artifactHex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b := make([]byte, len(s)/2)
	for i := range b {
		b[i] = byte(strings.IndexByte("0123456789abcdef", s[2*i])<<4 | strings.IndexByte("0123456789abcdef", s[2*i+1]))
	}
	return b
}

func signers(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return map[string]crypto.Signer{"p256": newKey(t, elliptic.P256()), "p384": newKey(t, elliptic.P384()),
		"p521": newKey(t, elliptic.P521()), "ed25519": ed, "rsa": r}
}

// What the core signs with a local key, sigstore-go's own verifier accepts, and
// both refuse the same bundle with a changed byte, another key, another artifact.
func TestCoreBundleIsSigstores(t *testing.T) {
	t.Parallel()
	others := signers(t)
	for name, key := range signers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := evidence.Sign(t.Context(), statement(t), key)
			require.NoError(t, err)
			artifact := unhex(t, artifactHex)
			require.NoError(t, stock(raw, key.Public(), artifact))
			require.True(t, ours(t, raw, key.Public(), artifactHex))

			require.Error(t, stock(raw, others[name].Public(), artifact), "another key")
			require.False(t, ours(t, raw, others[name].Public(), artifactHex))

			wrong := "00" + artifactHex[2:]
			require.Error(t, stock(raw, key.Public(), unhex(t, wrong)), "another artifact")
			require.False(t, ours(t, raw, key.Public(), wrong))

			for _, part := range []string{`"payload":"`, `"sig":"`, `"payloadType":"`} {
				b := bytes.Clone(raw)
				i := bytes.Index(b, []byte(part)) + len(part) + 9
				b[i] = map[bool]byte{true: 'B', false: 'A'}[b[i] == 'A']
				require.Error(t, stock(b, key.Public(), artifact), "changed %s", part)
				require.False(t, ours(t, b, key.Public(), artifactHex), "changed %s", part)
			}
		})
	}
}

// A key that was valid for a time needs somebody who saw the signature then.
func TestKeyWithBounds(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	stamped, err := sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Timestamps: in.timestamps()}, nil)
	require.NoError(t, err)
	logged, err := sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Logs: in.rekor(1)}, nil)
	require.NoError(t, err)
	proved, err := sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Logs: in.rekor(2)}, nil)
	require.NoError(t, err)
	elsewhere, err := sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{Timestamps: newInstance(t).timestamps()}, nil)
	require.NoError(t, err)
	day := 24 * time.Hour
	tests := []struct {
		name      string
		raw       []byte
		from, to  time.Duration // around in.now
		logs, min int
		want      error
	}{
		{"plain", plain, -day, day, 0, 0, evidence.ErrNoTrustedTime},
		{"retired and backdated", plain, -2 * day, -day, 0, 0, evidence.ErrNoTrustedTime},
		{"timestamp within", stamped, -day, day, 0, 0, nil},
		{"timestamp after", stamped, -2 * day, -day, 0, 0, evidence.ErrUntrusted},
		{"timestamp before", stamped, day, 2 * day, 0, 0, evidence.ErrUntrusted},
		{"Rekor v1 within", logged, -day, day, 0, 0, nil},
		{"Rekor v1 after", logged, -2 * day, -day, 0, 0, evidence.ErrUntrusted},
		{"Rekor v2 gives no time", proved, -day, day, 0, 0, evidence.ErrNoTrustedTime},
		{"timestamp of an authority that is not trusted", elsewhere, -day, day, 0, 0, evidence.ErrNoTrustedTime},
		{"a log is demanded and there", logged, -day, day, 1, 0, nil},
		{"a log is demanded and missing", stamped, -day, day, 1, 0, evidence.ErrUntrusted},
		{"two times are demanded", stamped, -day, day, 0, 2, evidence.ErrNoTrustedTime},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := in.options()
			opts.Identities, opts.Logs, opts.Times = nil, tt.logs, tt.min
			opts.Keys = []evidence.Key{{Public: key.Public(), Principal: evidence.Principal{Issuer: "https://hr.example.com", Subject: "ada"},
				NotBefore: in.now.Add(tt.from), NotAfter: in.now.Add(tt.to)}}
			trust, err := sigstore.New(opts)
			require.NoError(t, err)
			v, err := evidence.Verify(t.Context(), trust, tt.raw)
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "ada", v.By().Principal.Subject)
			require.Len(t, v.By().Times, 1)
			require.True(t, v.By().Times[0].T.Equal(in.now))
		})
	}
}

// A witness's word about another signature is worth nothing.
func TestTransplantedWitness(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	key := newKey(t, elliptic.P256())
	for _, name := range []string{"timestampVerificationData", "tlogEntries"} {
		t.Run(name, func(t *testing.T) {
			w := sigstore.Witnesses{Timestamps: in.timestamps()}
			if name == "tlogEntries" {
				w = sigstore.Witnesses{Logs: in.rekor(1)}
			}
			one, err := evidence.Sign(t.Context(), statement(t), key)
			require.NoError(t, err)
			two, err := evidence.Sign(t.Context(), statement(t), key)
			require.NoError(t, err)
			witnessed, err := sigstore.Witness(t.Context(), one, key.Public(), w, nil)
			require.NoError(t, err)
			var parsed struct{ VerificationMaterial map[string]json.RawMessage }
			require.NoError(t, json.Unmarshal(witnessed, &parsed))
			value := parsed.VerificationMaterial[name]
			require.NotEmpty(t, value)
			moved := bytes.Replace(two, []byte(`"verificationMaterial":{`), append([]byte(`"verificationMaterial":{"`+name+`":`), append(value, ',')...), 1)
			opts := in.options()
			opts.Keys = []evidence.Key{{Public: key.Public(), NotAfter: in.now.Add(time.Hour)}}
			trust, err := sigstore.New(opts)
			require.NoError(t, err)
			_, err = evidence.Verify(t.Context(), trust, witnessed)
			require.NoError(t, err)
			_, err = evidence.Verify(t.Context(), trust, moved)
			require.Error(t, err)
		})
	}
}

func TestWitnessKeepsWhatIsSigned(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	for name, key := range signers(t) {
		t.Run(name, func(t *testing.T) {
			raw, err := evidence.Sign(t.Context(), statement(t), key)
			require.NoError(t, err)
			opts := sigstore.Options{Root: in.options().Root, Keys: []evidence.Key{{Public: key.Public()}}, Times: 1}
			trust, err := sigstore.New(opts)
			require.NoError(t, err)
			out, err := sigstore.Witness(t.Context(), raw, key.Public(), sigstore.Witnesses{Timestamps: in.timestamps()}, trust)
			require.NoError(t, err)
			require.Contains(t, string(out), base64.StdEncoding.EncodeToString([]byte(statementText)))
			_, err = sigstore.Witness(t.Context(), raw, newKey(t, elliptic.P256()).Public(), sigstore.Witnesses{}, nil)
			require.ErrorIs(t, err, evidence.ErrUntrusted)
			_, err = sigstore.Witness(t.Context(), raw, key.Public(), sigstore.Witnesses{}, trust)
			require.ErrorIs(t, err, evidence.ErrNoTrustedTime, "nobody saw it")
		})
	}
}
