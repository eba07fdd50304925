package cdevents_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// How artifacts are named in facts, and which of them are one: each is deployed and was
// packaged under another name of it.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		deployed, packaged string
		artifact, version  string
		joined             bool
	}{
		{"pkg:oci/api@sha256%3Aa1", "pkg:oci/api@sha256:a1", "pkg:oci/api@sha256:a1", "sha256:a1", true},
		{"pkg:oci/api@sha256:a1?arch=arm64", "pkg:oci/api@sha256%3aa1?repository_url=r.example/x@y#z", "pkg:oci/api@sha256:a1?arch=arm64", "sha256:a1", true},
		{"pkg:npm/%40scope/api@1.0", "pkg:npm/%40scope/api@1.0", "pkg:npm/%40scope/api@1.0", "1.0", true},
		{"pkg:npm/@scope/api", "pkg:npm/@scope/api", "pkg:npm/@scope/api", "", false},
		{"pkg:oci/api", "pkg:oci/api", "pkg:oci/api", "", false},
		{"pkg:oci/api@", "pkg:oci/api@", "pkg:oci/api@", "", false},
		{"pkg:oci/api?a=b@c", "pkg:oci/api?a=b@c", "pkg:oci/api?a=b@c", "", false},
		{"pkg:oci/api@1.0", "pkg:oci/api@1.1", "pkg:oci/api@1.0", "1.0", false},
		{"pkg:oci/api@1.0", "pkg:oci/web@1.0", "pkg:oci/api@1.0", "1.0", false},
		{"pkg:generic/api@1.0%2Bb%20c", "pkg:generic/api@1.0%2Bb%20c", "pkg:generic/api@1.0%2Bb%20c", "1.0+b c", true},
		{"pkg:generic/api@%0A", "pkg:generic/api@%0A", "pkg:generic/api@%0A", "%0A", true},
		{"pkg:generic/api@%ff", "pkg:generic/api@%ff", "pkg:generic/api@%ff", "%ff", true},
		{"pkg:generic/api@%4", "pkg:generic/api@%4", "pkg:generic/api@%4", "%4", true},
		{"registry/api:1.0", "registry/api:1.0", "registry/api:1.0", "registry/api:1.0", true},
		{"a%3Ab", "a:b", "a%3Ab", "a%3Ab", false},
	} {
		j := newJoiner(t, cdevents.JoinerOptions{})
		var d cdevents.Decoder
		var last metrics.Deployment
		for _, v := range []ev{{kind: "artifact.packaged", id: "1", subject: c.packaged, change: "42@/git"}, deploy("2", 1, c.deployed)} {
			e, err := d.Decode(v.text(t))
			require.NoError(t, err)
			told, err := j.Add(e, on(0))
			require.NoError(t, err)
			if len(told.Facts) > 0 {
				last = told.Facts[0].(metrics.Deployment)
			}
			_, err = new(metrics.Log).Add(told.Facts...)
			require.NoError(t, err)
		}
		require.Equal(t, c.artifact, last.Artifact)
		require.Equal(t, c.version, last.Version, c.deployed)
		require.Equal(t, c.joined, len(last.Changes) == 1, c.deployed)
	}
}
