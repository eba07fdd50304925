package sigstore_test

import (
	"context"
	"crypto/ed25519"
	"os"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

// Fuzz with -fuzzminimizetime=1x: coverage inside sigstore-go is not steady.

// FuzzBundle: whatever verifies under the throw-away root of testdata says what
// the one bundle says that was signed there, and nothing panics inside.
func FuzzBundle(f *testing.F) {
	file, err := os.ReadFile("testdata/trusted_root.json")
	require.NoError(f, err)
	root, err := sigstore.ParseTrustedRoot(file)
	require.NoError(f, err)
	trust, err := sigstore.New(sigstore.Options{Root: root, Identities: []sigstore.Identity{{Issuer: issuer, Subject: subject}},
		Keys: []evidence.Key{{Public: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()}}})
	require.NoError(f, err)
	good, err := os.ReadFile("testdata/keyless.sigstore.json")
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(strings.Replace(string(good), "bundle.v0.3+json", "bundle+json;version=0.1", 1)))
	f.Add([]byte(strings.Replace(string(good), `"inclusionProof"`, `"x"`, 1)))
	f.Add([]byte(strings.Replace(string(good), `"rfc3161Timestamps"`, `"x"`, 1)))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AA=="},"signature":"AA=="},"verificationMaterial":{"publicKey":{"hint":"x"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := evidence.Verify(context.Background(), trust, b)
		if err == nil {
			require.Equal(t, statementText, string(v.Statement().Bytes()))
			require.Equal(t, subject, v.By().Principal.Subject)
		} else {
			require.NotContains(t, err.Error(), "panicked")
			require.True(t, v.IsZero())
		}
		_, err = trust.CheckArtifact(context.Background(), b, release.DigestOf([]byte("file")))
		require.Error(t, err, "nobody signed a file")
		require.NotContains(t, err.Error(), "panicked")
	})
}

// FuzzTrustedRoot: a root is read whole or not at all, and one that was read can
// be used.
func FuzzTrustedRoot(f *testing.F) {
	good, err := os.ReadFile("testdata/trusted_root.json")
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(strings.Replace(string(good), `"rawBytes"`, `"x"`, 1)))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := sigstore.ParseTrustedRoot(b)
		require.Equal(t, err != nil, r.IsZero())
		if err == nil {
			require.Equal(t, release.DigestOf(b), r.Digest())
			_, err = sigstore.New(sigstore.Options{Root: r, Identities: []sigstore.Identity{{Issuer: issuer, Subject: subject}}})
			require.NoError(t, err)
		}
	})
}
