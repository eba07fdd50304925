package sigstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
)

// publicRoot is the trusted root of sigstore's public instance as sigstore-go
// ships it beside its examples. It is not kept here.
func publicRoot(t testing.TB) []byte {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "examples", "trusted-root-public-good.json"))
	require.NoError(t, err)
	return b
}

// TestConformance runs sigstore-conformance's bundle-verify cases. Accepting one
// whose name ends in _fail is a failure; the others are counted, and named with
// the reason when they are refused.
func TestConformance(t *testing.T) {
	dir := realdata.Path(t, "sigstore/bundle-verify")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	public := publicRoot(t)
	right, all := 0, 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		all++
		err := conform(filepath.Join(dir, e.Name()), public)
		bad := strings.HasSuffix(e.Name(), "_fail")
		require.False(t, bad && err == nil, "%s: accepted", e.Name())
		if bad == (err != nil) {
			right++
		}
		if testing.Verbose() || !bad && err != nil {
			fmt.Printf("  %-60s %v\n", e.Name(), err)
		}
	}
	fmt.Printf("conformance: %d/%d\n", right, all)
	require.Equal(t, 70, all)
	require.GreaterOrEqual(t, right, 69)
}

// conform is what a client of the library does with one case.
func conform(dir string, public []byte) error {
	read := func(name, other string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return []byte(other)
		}
		return b
	}
	root, err := sigstore.ParseTrustedRoot(read("trusted_root.json", string(public)))
	if err != nil {
		return err
	}
	opts := sigstore.Options{Root: root}
	if pem := read("key.pub", ""); len(pem) > 0 {
		pub, err := evidence.ParsePublicKey(pem)
		if err != nil {
			return err
		}
		opts.Keys, opts.Logs = []evidence.Key{{Public: pub}}, 1
	} else {
		opts.Identities = []sigstore.Identity{{
			Issuer: strings.TrimSpace(string(read("issuer", "https://token.actions.githubusercontent.com"))),
			Subject: strings.TrimSpace(string(read("identity",
				"https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"))),
		}}
	}
	trust, err := sigstore.New(opts)
	if err != nil {
		return err
	}
	artifact, err := os.ReadFile(filepath.Join(dir, "artifact"))
	if err != nil {
		if artifact, err = os.ReadFile(filepath.Join(dir, "..", "a.txt")); err != nil {
			return err
		}
	}
	ctx, digest := context.Background(), release.DigestOf(artifact)
	raw := read("bundle.sigstore.json", "")
	if !bytes.Contains(raw, []byte("dsseEnvelope")) {
		_, err = trust.CheckArtifact(ctx, raw, digest)
		return err
	}
	v, err := evidence.Verify(ctx, trust, raw)
	if err != nil {
		return err
	}
	for _, s := range v.Statement().Subjects() {
		if s.Matches("sha256", digest.Hex()) {
			return nil
		}
	}
	return fmt.Errorf("no subject is the artifact")
}
