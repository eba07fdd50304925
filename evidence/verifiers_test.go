package evidence_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
)

// signedFile writes a statement that a fresh key on P-256 signed, with the key
// beside it.
func signedFile(t *testing.T, st evidence.Statement, sign func(context.Context, evidence.Statement, crypto.Signer) ([]byte, error)) (envelope, key string) {
	t.Helper()
	return signedAs(t, st, sign, newKey(t))
}

func signedAs(t *testing.T, st evidence.Statement, sign func(context.Context, evidence.Statement, crypto.Signer) ([]byte, error), k crypto.Signer) (envelope, key string) {
	t.Helper()
	raw, err := sign(ctx, st, k)
	require.NoError(t, err)
	pub, err := evidence.MarshalPublicKey(k.Public())
	require.NoError(t, err)
	dir := t.TempDir()
	envelope, key = filepath.Join(dir, "envelope.json"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(envelope, raw, 0o600))
	require.NoError(t, os.WriteFile(key, pub, 0o600))
	return envelope, key
}

// verifier is a program that verifies attestations. Where it is not installed the test
// is skipped, or fails if SALLYPORT_REQUIRE names the program.
func verifier(t *testing.T, name, module string) func(args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && realdata.Required(name) {
		t.Fatalf("SALLYPORT_REQUIRE asks for %s, which is not on the PATH: build it from %s", name, module)
	}
	if err != nil {
		t.Skipf("%s is not on the PATH: build it from %s", name, module)
	}
	return func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// summed is an allow of a release of one artifact, and its content.
func summed(t *testing.T) (evidence.Decision, []byte) {
	t.Helper()
	content := []byte("binary")
	q := question(needTests)
	q.Release.Artifacts = []release.Artifact{{Name: "shop", Digest: release.DigestOf(content)}}
	d, err := evidence.Decide(q, set{service("ci").of(t, q.Release, passed())}, noon)
	require.NoError(t, err)
	require.Equal(t, allow, d.Verdict)
	return d, content
}

// slsa-verifier v2.7.1 takes what VSA and SignDSSE make, and refuses it for
// everything that it is not.
func TestSLSAVerifier(t *testing.T) {
	t.Parallel()
	run := verifier(t, "slsa-verifier", "github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier@v2.7.1")
	allowed, content := summed(t)
	o := gate
	o.Properties = map[string]string{"tests": "ACME_TESTED"}
	q, s := built(t, allowed.Release, 2)
	leveled, err := evidence.Decide(q, s, noon)
	require.NoError(t, err)
	denied := allowed
	denied.Verdict = deny
	_, stranger := signedFile(t, statement(t, shop(), passed()), evidence.SignDSSE)
	for _, c := range []struct {
		name     string
		decision evidence.Decision
		options  evidence.SummaryOptions
		sign     func(context.Context, evidence.Statement, crypto.Signer) ([]byte, error)
		args     []string // the last one of a flag counts
		want     string
	}{
		{"of a property", allowed, o, evidence.SignDSSE, []string{"--verified-level", "ACME_TESTED"}, "Verifying VSA: PASSED"},
		{"of a level", leveled, o, evidence.SignDSSE, []string{"--verified-level", "SLSA_BUILD_LEVEL_2"}, "Verifying VSA: PASSED"},
		{"of a lower level", leveled, gate, evidence.SignDSSE, []string{"--verified-level", "SLSA_BUILD_LEVEL_1"}, "Verifying VSA: PASSED"},
		{"under a name of the key", leveled, gate, evidence.SignDSSE, []string{"--public-key-id", "gate"}, "Verifying VSA: PASSED"},

		{"of a higher level", leveled, o, evidence.SignDSSE, []string{"--verified-level", "SLSA_BUILD_LEVEL_3"}, "to be at least 3, got 2"},
		{"of another track", leveled, o, evidence.SignDSSE, []string{"--verified-level", "SLSA_SOURCE_LEVEL_1"}, "expected SLSA level not found"},
		{"of another property", leveled, o, evidence.SignDSSE, []string{"--verified-level", "ACME_APPROVED"}, "expected verified level not found"},
		{"of a deny", denied, o, evidence.SignDSSE, nil, "verification result is not Passed"},
		{"by another key", leveled, o, evidence.SignDSSE, []string{"--public-key-path", stranger}, "no valid signature"},
		{"by another verifier", leveled, o, evidence.SignDSSE, []string{"--verifier-id", gate.VerifierID + "/"}, "verifier ID mismatch"},
		{"for another resource", leveled, o, evidence.SignDSSE, []string{"--resource-uri", "pkg:generic/shop@v1.4.1"}, "resource URI mismatch"},
		{"for another artifact", leveled, o, evidence.SignDSSE, []string{"--subject-digest", release.DigestOf([]byte("other")).String()}, "expected digest not found"},

		// What it cannot read, though the specifications allow it.
		{"of nothing that was evaluated", allowed, gate, evidence.SignDSSE, nil, "invalid SLSA level: SLSA_BUILD_LEVEL_UNEVALUATED"},
		{"of a property of SLSA", withLevels(allowed, "SLSA_SOURCE_TWO_PARTY_REVIEWED"), gate, evidence.SignDSSE, nil, "invalid SLSA level: SLSA_SOURCE_TWO_PARTY_REVIEWED"},
		{"in a bundle", leveled, gate, evidence.Sign, nil, "invalid DSSE envelope payload"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st, err := evidence.VSA(c.decision, c.options)
			require.NoError(t, err)
			envelope, key := signedFile(t, st, c.sign)
			out, err := run(append([]string{"verify-vsa", "--attestation-path", envelope, "--public-key-path", key,
				"--subject-digest", release.DigestOf(content).String(), "--verifier-id", gate.VerifierID, "--resource-uri", gate.ResourceURI}, c.args...)...)
			require.Contains(t, out, c.want)
			require.Equal(t, c.want == "Verifying VSA: PASSED", err == nil, out)
		})
	}
}

// Every kind of key that SignDSSE signs with, slsa-verifier verifies with.
func TestSLSAVerifierKeys(t *testing.T) {
	t.Parallel()
	run := verifier(t, "slsa-verifier", "github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier@v2.7.1")
	allowed, content := summed(t)
	st, err := evidence.VSA(withLevels(allowed, "SLSA_BUILD_LEVEL_1"), gate)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, key := range map[string]crypto.Signer{"P-384": p384, "Ed25519": ed, "RSA": rsa2048} {
		envelope, pub := signedAs(t, st, evidence.SignDSSE, key)
		out, err := run("verify-vsa", "--attestation-path", envelope, "--public-key-path", pub,
			"--subject-digest", release.DigestOf(content).String(), "--verifier-id", gate.VerifierID, "--resource-uri", gate.ResourceURI)
		require.NoError(t, err, "%s: %s", name, out)
	}
}

func withLevels(d evidence.Decision, levels ...string) evidence.Decision {
	d.Results = append([]evidence.Result{}, d.Results...)
	d.Results[0].Levels = levels
	return d
}

// cosign v3 takes the bundles that Sign makes: summaries of both kinds, and
// decisions.
func TestCosign(t *testing.T) {
	t.Parallel()
	run := verifier(t, "cosign", "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3")
	d, content := summed(t)
	vsa, err := evidence.VSA(d, gate)
	require.NoError(t, err)
	svr, err := evidence.SVR(d, gate)
	require.NoError(t, err)
	decision, err := d.Statement()
	require.NoError(t, err)
	dir := t.TempDir()
	blob, other := filepath.Join(dir, "shop"), filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(blob, content, 0o600))
	require.NoError(t, os.WriteFile(other, []byte("other"), 0o600))
	_, stranger := signedFile(t, vsa, evidence.Sign)
	for _, st := range []evidence.Statement{vsa, svr, decision} {
		t.Run(filepath.Base(filepath.Dir(st.PredicateType())), func(t *testing.T) {
			t.Parallel()
			bundle, key := signedFile(t, st, evidence.Sign)
			verify := func(key, predicateType, blob string) (string, error) {
				return run("verify-blob-attestation", "--bundle", bundle, "--key", key, "--insecure-ignore-tlog", "--type", predicateType, blob)
			}
			out, err := verify(key, st.PredicateType(), blob)
			require.NoError(t, err, out)
			require.Contains(t, out, "Verified OK")
			_, err = verify(key, st.PredicateType(), other)
			require.Error(t, err, "another artifact")
			_, err = verify(key, predicate.TypeVulns, blob)
			require.Error(t, err, "another type")
			_, err = verify(stranger, st.PredicateType(), blob)
			require.Error(t, err, "another key")
			raw, err := os.ReadFile(bundle)
			require.NoError(t, err)
			forged := base64.StdEncoding.EncodeToString(bytes.Replace(st.Bytes(), []byte("shop"), []byte("shoq"), 1))
			raw = bytes.Replace(raw, []byte(base64.StdEncoding.EncodeToString(st.Bytes())), []byte(forged), 1)
			require.Contains(t, string(raw), forged)
			require.NoError(t, os.WriteFile(bundle, raw, 0o600))
			_, err = verify(key, st.PredicateType(), blob)
			require.Error(t, err, "another content")
		})
	}
}
