package sigstore_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// BenchmarkVerifyAll verifies 1,000 keyless bundles again. warm-% is the time of
// that, with a cache that knows them, in percent of the time without; both on all
// cores. public is a bundle of sigstore's public instance, which is not kept here;
// testdata is one of a throw-away instance. The 1,000 differ by white space within
// the JSON, so that each is an envelope of its own; each costs what one does.
func BenchmarkVerifyAll(b *testing.B) {
	b.Run("keyless/testdata", func(b *testing.B) {
		trust, raw := throwAway(b, func(*sigstore.Options) {})
		verifyAll(b, trust, raw)
	})
	b.Run("keyless/public", func(b *testing.B) {
		raw, err := os.ReadFile(filepath.Join(realdata.Path(b, "sigstore/bundle-verify"), "happy-path-intoto-in-dsse-v3", "bundle.sigstore.json"))
		require.NoError(b, err)
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
		require.NoError(b, err)
		file, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "examples", "trusted-root-public-good.json"))
		require.NoError(b, err)
		root, err := sigstore.ParseTrustedRoot(file)
		require.NoError(b, err)
		trust, err := sigstore.New(sigstore.Options{Root: root, Identities: []sigstore.Identity{{Issuer: "https://token.actions.githubusercontent.com",
			SubjectPattern: `https://github\.com/sigstore-conformance/.*`}}})
		require.NoError(b, err)
		verifyAll(b, trust, raw)
	})
}

func verifyAll(b *testing.B, trust *sigstore.Trust, raw []byte) {
	const bundles = 1000
	raw = bytes.TrimSpace(raw)
	all := make([][]byte, bundles)
	for i := range all {
		all[i] = bytes.Replace(raw, []byte(":"), append([]byte(":"), bytes.Repeat([]byte(" "), i)...), 1)
	}
	run := func(c *evidence.Cache) time.Duration {
		start, n := time.Now(), 0
		for v, err := range c.VerifyAll(b.Context(), trust, evidence.RawEnvelopes(all...)) {
			if err != nil || v.IsZero() {
				b.Fatal(err)
			}
			n++
		}
		require.Equal(b, bundles, n)
		return time.Since(start)
	}
	cold := run(nil)
	cache := evidence.NewCache(1 << 30)
	run(cache)
	b.ReportAllocs()
	for b.Loop() {
		run(cache)
	}
	warm := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(100*float64(warm)/float64(cold), "warm-%")
	b.ReportMetric(float64(len(raw)), "bytes")
}
