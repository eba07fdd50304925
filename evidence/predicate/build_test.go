package predicate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// TestCommits: which digests of a build's inputs name git commits, in each version.
func TestCommits(t *testing.T) {
	t.Parallel()
	const (
		c1 = "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"
		c2 = "0123456789012345678901234567890123456789"
	)
	sha256 := strings.Repeat("ab", 32)
	for _, tt := range []struct {
		inputs string
		want   []string
	}{
		{``, nil},
		{`{"uri":"git+https://example.com/shop@refs/tags/v1","digest":{"gitCommit":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"https://example.com/shop.tar","digest":{"gitCommit":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"git+https://example.com/shop","digest":{"gitCommit":"` + c1 + `","sha1":"` + c1 + `"}},{"uri":"x","digest":{"gitCommit":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"git+https://example.com/shop","digest":{"gitCommit":"` + c1 + `","sha1":"` + c2 + `"}}`, []string{c1}},
		{`{"uri":"git+ssh://example.com/shop","digest":{"sha1":"` + c1 + `"}},{"uri":"git://example.com/lib","digest":{"sha1":"` + c2 + `"}}`, []string{c1, c2}},
		{`{"uri":"https://example.com/shop.git#refs/heads/main","digest":{"sha1":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"https://example.com/shop.git@` + c1 + `","digest":{"sha1":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"https://example.com/shop.git?x=/y","digest":{"sha1":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"https://example.com/shop.tar.gz","digest":{"sha1":"` + c1 + `"}}`, nil},
		{`{"uri":"https://example.git/shop.tar?x=/.git","digest":{"sha1":"` + c1 + `"}}`, nil},
		{`{"uri":"https://gitlab.com/x/y","digest":{"sha256":"` + c1 + `"}}`, []string{c1}},
		{`{"uri":"git+https://example.com/shop","digest":{"sha256":"` + sha256 + `"}}`, nil},
		{`{"uri":"git+https://example.com/shop","digest":{"gitTree":"` + c1 + `","gitBlob":"` + c1 + `","gitTag":"` + c1 + `"}}`, nil},
	} {
		for typ, format := range map[string]string{
			predicate.TypeProvenance:    `{"buildDefinition":{"buildType":"x","resolvedDependencies":[%s]},"runDetails":{"builder":{"id":"https://b"},"metadata":{"invocationId":"7"}}}`,
			predicate.TypeProvenanceV02: `{"builder":{"id":"https://b"},"buildType":"x","metadata":{"buildInvocationID":"7"},"materials":[%s]}`,
			predicate.TypeProvenanceV01: `{"builder":{"id":"https://b"},"metadata":{"buildInvocationId":"7"},"materials":[%s]}`,
		} {
			p, err := predicate.Parse(typ, fmt.Appendf(nil, format, tt.inputs))
			require.NoError(t, err, "%s %s", typ, tt.inputs)
			b := p.(interface {
				BuilderID() string
				InvocationID() string
				Commits() []string
			})
			require.Equal(t, "https://b", b.BuilderID())
			require.Equal(t, "7", b.InvocationID())
			require.Equal(t, tt.want, b.Commits(), "%s %s", typ, tt.inputs)
		}
		if tt.inputs == "" || strings.Contains(tt.inputs, "},{") {
			continue
		}
		p, err := predicate.Read[predicate.ProvenanceV02](predicate.TypeProvenanceV02, fmt.Appendf(nil, `{"builder":{"id":"x"},"buildType":"x","invocation":{"configSource":%s}}`, tt.inputs))
		require.NoError(t, err)
		require.Equal(t, tt.want, p.Commits(), "the source of the configuration is one")
	}
}

// TestFound: findings are the same in each version and form.
func TestFound(t *testing.T) {
	t.Parallel()
	now, err := predicate.Read[predicate.Vulns](predicate.TypeVulns, read(t, "vulns"))
	require.NoError(t, err)
	then, err := predicate.Read[predicate.VulnsV01](predicate.TypeVulnsV01, read(t, "vulns-v0.1"))
	require.NoError(t, err)
	require.Len(t, now.Found(), 2)
	require.Len(t, then.Found(), 2)
	for i := range now.Found() {
		require.Equal(t, now.Found()[i].ID, then.Found()[i].ID)
	}
	require.Equal(t, now.Found()[0].Severity, then.Found()[0].Severity)
}

// TestDocuments: what a document says of itself is found in each form, and can be
// changed only with it.
func TestDocuments(t *testing.T) {
	t.Parallel()
	bom, err := predicate.Read[predicate.CycloneDX](predicate.TypeCycloneDX, read(t, "cyclonedx"))
	require.NoError(t, err)
	require.Equal(t, "1.6", bom.SpecVersion)
	require.Equal(t, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", bom.SerialNumber)
	require.Equal(t, string(read(t, "cyclonedx")), string(bom.Document), "byte for byte")
	bom.SpecVersion = "1.5"
	require.ErrorContains(t, bom.Validate(), "not those of the document")

	for file, want := range map[string]predicate.SPDX{
		"spdx":      {Form: predicate.SPDXJSON, Version: "2.3"},
		"spdx-text": {Form: predicate.SPDXJSON, Version: "2.3"},
		"spdx-tags": {Form: predicate.SPDXTagValue, Version: "2.3"},
		"spdx-v3":   {Form: predicate.SPDXJSON, Version: "3.0.1"},
	} {
		d, err := predicate.Read[predicate.SPDX](predicate.TypeSPDX, read(t, file))
		require.NoError(t, err, file)
		require.Equal(t, want.Form, d.Form, file)
		require.Equal(t, want.Version, d.Version, file)
		require.NotEqual(t, byte('"'), d.Document[0], file)
		require.Equal(t, string(read(t, file)), string(d.Predicate), "byte for byte")
		d.Version = "2.2"
		require.ErrorContains(t, d.Validate(), "not those of the predicate")
	}
	text, err := predicate.Read[predicate.SPDX](predicate.TypeSPDX, read(t, "spdx-text"))
	require.NoError(t, err)
	plain, err := predicate.Read[predicate.SPDX](predicate.TypeSPDX, read(t, "spdx"))
	require.NoError(t, err)
	require.Equal(t, string(plain.Document), strings.TrimSpace(string(text.Document)))

	vex, err := predicate.Read[predicate.OpenVEX](predicate.TypeOpenVEX, read(t, "openvex-old"))
	require.NoError(t, err)
	require.Equal(t, []predicate.VEXProduct{{ID: "pkg:apk/example/shop@1.4.0", Subcomponents: []predicate.VEXComponent{{ID: "pkg:apk/example/lib@1.0.0"}}}}, vex.Statements[0].Products)
	require.Equal(t, predicate.VEXVulnerability{Name: "CVE-2023-0001", Description: "an example"}, vex.Statements[0].Vulnerability)
	vex.Statements[0].Status = predicate.VEXFixed
	require.ErrorContains(t, vex.Validate(), "the document says something else")
	vex.Document = nil
	require.NoError(t, vex.Validate())
	again, err := predicate.Read[predicate.OpenVEX](predicate.TypeOpenVEX, encoded(t, vex))
	require.NoError(t, err, "today's words are written")
	require.Equal(t, vex.Statements, again.Statements)

	r, err := predicate.Read[predicate.Release](predicate.TypeReleaseV01, read(t, "release-v0.1"))
	require.NoError(t, err)
	require.Equal(t, "217", r.Package())
	require.Equal(t, "v1.4.0", r.Tag)
}

// TestReadTakesCopies: what is read does not change with the bytes that it was read
// from, which belong to a signed statement.
func TestReadTakesCopies(t *testing.T) {
	t.Parallel()
	for _, f := range foreign {
		raw := read(t, f.file)
		p, err := predicate.Parse(f.typ, raw)
		require.NoError(t, err)
		was := string(encoded(t, p))
		for i := range raw {
			raw[i] = 'x'
		}
		require.Equal(t, was, string(encoded(t, p)), f.file)
	}
}
