package sigstore_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

// TestHostileBundles: bundles that anybody may have written, as large as sigstore-go
// may get to see them and larger, cost no more than a second and 64 MB, whether they
// sign a statement or a file.
func TestHostileBundles(t *testing.T) {
	in := newInstance(t)
	opts := in.options()
	opts.Intermediates = true
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	base := base64.StdEncoding.EncodeToString
	leaf := base(in.leaf(newKey(t, elliptic.P256()).Public()).Raw)
	ca := `{"rawBytes":"` + base(in.caCert.Raw) + `"}`
	entry := func(body string) string {
		return `"tlogEntries":[{"logIndex":"1","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"inclusionPromise":{"signedEntryTimestamp":"AAAA"},"inclusionProof":{"checkpoint":{"envelope":"a"}},"canonicalizedBody":"` + body + `"}]}}`
	}
	// What is large because it says much is read.
	large := strings.Replace(statementText, `"predicate":{`, `"predicate":{"text":"`+strings.Repeat("/?", 2<<20)+`",`, 1)
	require.NotEqual(t, statementText, large)
	raw := in.attest(large, evidence.PayloadType)
	for _, b := range []string{string(raw), strings.ReplaceAll(string(raw), "/", `\/`)} {
		_, err := evidence.Verify(t.Context(), trust, []byte(b))
		require.NoError(t, err)
	}
	for content, text := range map[string]string{
		"statement": `"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}`,
		"file":      `"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}`,
	} {
		head := `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",` + text + `,"verificationMaterial":{`
		certified := head + `"certificate":{"rawBytes":"` + leaf + `"},`
		var inputs []hostile.Input
		if content == "file" {
			inputs = hostile.Texts() // package evidence reads the others first
		}
		for size, most := range map[string]int{"768 kB of ": 768<<10 - 1024, "4 MB of ": 4 << 20} {
			add := func(name, head, one, tail string) {
				n := (most - len(head) - len(tail)) / len(one)
				inputs = append(inputs, hostile.Input{Name: size + name, Text: []byte(head + strings.Repeat(one, n) + tail)})
			}
			add("log entries", certified+`"tlogEntries":[`, "{},", `{}]}}`)
			add("timestamps", certified+`"timestampVerificationData":{"rfc3161Timestamps":[`, "{},", `{}]}}}`)
			add("one timestamp", certified+`"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"`, "MAAwADAA", `"}]}}}`)
			add("hashes in a proof", certified+`"tlogEntries":[{"inclusionProof":{"hashes":[`, `"",`, `""]}}]}}`)
			add("what is unknown", certified+`"x":[`, "0,", `0]}}`)
			add("certificates", head+`"x509CertificateChain":{"certificates":[{"rawBytes":"`+leaf+`"},`, ca+",", ca+`]}}}`)
			add("an entry's body", certified, "\n", entry("MCww"))
			body := `{"kind":"dsse","apiVersion":"0.0.1","spec":{"signatures":[` + strings.Repeat("{},", most/4-1000) + `{}]}}`
			add("an entry's signatures", certified, "\n", entry(base([]byte(body))))
		}
		t.Run(content, func(t *testing.T) {
			hostile.Check(t, inputs, func(b []byte) bool {
				var err error
				if content == "file" {
					_, err = trust.CheckArtifact(t.Context(), b, release.DigestOf(nil))
				} else {
					_, err = evidence.Verify(t.Context(), trust, b)
				}
				return err != nil
			})
		})
	}
}
