package vex_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

func TestParse(t *testing.T) {
	t.Parallel()
	text := read(t, "openvex.json")
	require.Equal(t, vex.Document{
		Source: release.Source{Path: "v.json", Format: "openvex/0.2.0", Digest: release.DigestOf([]byte(text)), At: said},
		ID:     "https://shop.example/vex/2026-17",
		Series: "https://shop.example/vex/2026-17", Version: 1,
		ClaimedAuthor: "Shop Security <security@shop.example>",
		Statements: []vex.Statement{{Pointer: "/statements/0", Advisories: []string{"CVE-2026-1111", "GHSA-aaaa-bbbb-cccc"},
			Status: vex.StatusNotAffected, Justification: "vulnerable_code_not_in_execute_path", At: said,
			Inherited: true, Products: []vex.Subject{{PURLs: []release.PURL{"pkg:oci/shop@1.4.0"}, Components: []vex.Subject{{PURLs: []release.PURL{"pkg:npm/left-pad@1.3.0"}}}}}}},
		Coverage: release.CoverageComplete,
	}, vex.Parse("v.json", []byte(text)))

	text = read(t, "cyclonedx.json")
	for _, version := range []string{"1.4", "1.5", "1.6", "1.7"} {
		text := edit(t, text, `"1.6"`, `"`+version+`"`)
		require.Equal(t, vex.Document{
			Source: release.Source{Path: "v.json", Format: "cyclonedx/" + version, Digest: release.DigestOf([]byte(text)), At: said},
			ID:     "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79/2",
			Series: "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", Version: 2,
			ClaimedAuthor: "Shop Security",
			Statements: []vex.Statement{{Pointer: "/vulnerabilities/0", Advisories: []string{"CVE-2026-1111", "GHSA-aaaa-bbbb-cccc"},
				Status: vex.StatusNotAffected, Justification: "code_not_reachable", At: said.AddDate(0, 0, 1),
				Products: []vex.Subject{{PURLs: []release.PURL{"pkg:oci/shop@1.4.0"}, Components: []vex.Subject{{PURLs: []release.PURL{"pkg:npm/left-pad@1.3.0"}}}}}}},
			Coverage: release.CoverageComplete,
		}, vex.Parse("v.json", []byte(text)))
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	open, cdx := read(t, "openvex.json"), read(t, "cyclonedx.json")
	for _, c := range []struct {
		name, text string
		kind       release.GapKind
		coverage   release.Coverage
	}{
		{"nothing", "", release.GapUnreadable, release.CoverageMissing},
		{"null", "null", release.GapUnsupported, release.CoverageMissing},
		{"a list", "[]", release.GapUnreadable, release.CoverageMissing},
		{"another format", `{"document": {"category": "csaf_vex"}}`, release.GapUnsupported, release.CoverageMissing},
		{"OpenVEX 0.0.1", edit(t, open, "ns/v0.2.0", "ns"), release.GapUnsupported, release.CoverageMissing},
		{"OpenVEX of the future", edit(t, open, "v0.2.0", "v1.0.0"), release.GapUnsupported, release.CoverageMissing},
		{"OpenVEX of somebody else", edit(t, open, "openvex.dev", "openvex.example"), release.GapUnsupported, release.CoverageMissing},
		{"CycloneDX 1.3", edit(t, cdx, `"1.6"`, `"1.3"`), release.GapUnsupported, release.CoverageMissing},
		{"CycloneDX 2.0", edit(t, cdx, `"1.6"`, `"2.0"`), release.GapUnsupported, release.CoverageMissing},
		{"both", edit(t, open, `"@id": "https`, `"bomFormat": "CycloneDX", "specVersion": "1.6", "@id": "https`), release.GapAmbiguous, release.CoverageMissing},
		{"cut", open[:len(open)/2], release.GapUnreadable, release.CoverageMissing},
		{"two texts", open + open, release.GapUnreadable, release.CoverageMissing},
		{"a status twice", edit(t, open, `"status": "not_affected"`, `"status": "affected", "status": "not_affected"`), release.GapUnreadable, release.CoverageMissing},
		{"a status in two cases", edit(t, open, `"status": "not_affected"`, `"Status": "affected", "status": "not_affected"`), release.GapUnreadable, release.CoverageMissing},
		{"vulnerability as a text", edit(t, open, `"vulnerability": {`, `"vulnerability": "CVE-2026-1111", "x": {`), release.GapUnreadable, release.CoverageMissing},
		{"products as texts", edit(t, open, `"products": [`, `"products": ["pkg:oci/shop@1.4.0",`), release.GapUnreadable, release.CoverageMissing},
		{"statements as one", edit(t, open, `"statements": [`, `"statements": {}, "x": [`), release.GapUnreadable, release.CoverageMissing},
		{"no name", edit(t, open, `"name"`, `"nom"`, `"aliases"`, `"noms"`), release.GapUnreadable, release.CoveragePartial},
		{"no status", edit(t, open, `"status"`, `"state"`), release.GapUnreadable, release.CoveragePartial},
		{"no time", edit(t, open, "2026-10-20T08:00:00Z", "2026-10-20"), release.GapUnreadable, release.CoveragePartial},
		{"CycloneDX, no id", edit(t, cdx, `"id": `, `"no": `), release.GapUnreadable, release.CoveragePartial},
		{"CycloneDX, no time", edit(t, cdx, "2026-10-21T08:00:00Z", "now"), release.GapUnreadable, release.CoveragePartial},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := vex.Parse("v.json", []byte(c.text))
			require.Len(t, d.Gaps, 1)
			require.Equal(t, c.kind, d.Gaps[0].Kind)
			require.True(t, strings.HasPrefix(d.Gaps[0].Subject, "v.json"), d.Gaps[0].Subject)
			require.Equal(t, c.coverage, d.Coverage)
			require.Equal(t, release.DigestOf([]byte(c.text)), d.Source.Digest)
			got, r := apply(change(), options(c.text), []vex.Document{d})
			require.Equal(t, change(), got)
			require.Equal(t, d.Gaps, r.Gaps, "the caller learns of it")
			require.Equal(t, c.coverage == release.CoverageMissing, len(r.Sources) == 0)
		})
	}
}

// The gaps of one document are bounded, and say where.
func TestParseGapsAreBounded(t *testing.T) {
	t.Parallel()
	text := edit(t, read(t, "openvex.json"), `"statements": [`, `"statements": [`+strings.Repeat("{},", 500))
	d := vex.Parse("v.json", []byte(text))
	require.Len(t, d.Gaps, 20)
	require.Equal(t, "v.json#/statements/0", d.Gaps[0].Subject)
	require.Equal(t, release.CoveragePartial, d.Coverage)
	require.Len(t, d.Statements, 501)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for s := vex.StatusUnknown; s <= vex.StatusUnderInvestigation; s++ {
		got, err := vex.ParseStatus(s.String())
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	_, err := vex.ParseStatus("harmless")
	require.Error(t, err)
	require.Zero(t, vex.StatusUnknown)
}
