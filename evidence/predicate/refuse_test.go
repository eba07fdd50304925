package predicate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// TestForeignPredicatesRefuse has what the specifications forbid besides fields that
// are missing or of the wrong kind.
func TestForeignPredicatesRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, typ, old, new, want string }{
		{"provenance", "", `{"source": "git+https://example.com/shop@refs/tags/v1.4.0", "runs": 9007199254740993}`, `["x"]`, "externalParameters is not an object"},
		{"provenance", "", `{"runner": {"vcpu": 4}}`, `"x"`, "internalParameters is not an object"},
		{"provenance", "", `{"uri": "git+https://example.com/shop@refs/tags/v1.4.0", "digest"`, `{"name": "x", "x"`, "resolvedDependencies[0]: a resource has none of uri, digest and content"},
		{"provenance", "", `{"uri": "https://ci.example.com/control"}`, `{}`, "builderDependencies[0]: a resource has none"},
		{"provenance", "", `{"uri": "https://ci.example.com/control"}`, `null`, "builderDependencies[0]: a resource has none"},
		{"provenance", "", `{"name": "log", "mediaType": "text/plain", "content": "b2s="}`, `{"name": "log"}`, "byproducts[0]: a resource has none"},
		{"provenance", "", `"content": "b2s="`, `"content": "b2s"`, "illegal base64"},
		{"provenance", "", `"content": "b2s="`, `"content": ""`, "byproducts[0]: a resource has none"},
		{"provenance", "", `"2026-03-01T11:00:00.500Z"`, `"2026-03-01"`, "parsing time"},
		{"provenance", "", `"2026-03-01T11:00:00.500Z"`, `1772362800`, "not a JSON string"},
		{"provenance", "", `"8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"`, `"8F0E7C3F9A1C0DE1B6F6F0D2F4C9A8B7E6D5C4B3"`, "not lower-case hexadecimal"},
		{"provenance", "", `"8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"`, `"8f0e7c3"`, "neither 40 nor 64 digits"},
		{"provenance", "", `{"runner": "2.4"}`, `{"runner": 2.4}`, "cannot unmarshal number"},
		{"provenance-v0.2", "", `"digest": {"sha1": "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}, "entryPoint"`, `"digest": {"sha1": "git:8f"}, "entryPoint"`, "configSource: digest sha1"},
		{"provenance-v0.2", "", `"pkg:deb/debian/gcc@14"`, `"pkg:deb/debian/gcc@14", "digest": {"sha256": ""}`, "materials[1]: a digest has no algorithm or no value"},
		{"provenance-v0.2", "", `"buildInvocationId": "811"`, `"buildInvocationId": "811", "buildInvocationID": "812"`, "told twice"},
		{"provenance-v0.2", "", `"buildInvocationId": "811"`, `"buildInvocationid": "811"`, "take the name"},
		{"provenance-v0.2", "", `{"steps": ["make"]}`, `["make"]`, "buildConfig is not an object"},
		{"provenance-v0.1", "", `"definedInMaterial": 0`, `"definedInMaterial": 1`, "there are 1 materials"},
		{"provenance-v0.1", "", `"definedInMaterial": 0`, `"definedInMaterial": -1`, "there are 1 materials"},
		{"provenance-v0.1", "", `"definedInMaterial": 0`, `"definedInMaterial": "0"`, "cannot unmarshal"},
		{"provenance-v0.1", "", `"definedInMaterial": 0`, `"definedInMaterial": 18446744073709551617`, "cannot unmarshal"},
		{"provenance-v0.1", "", `"buildInvocationId": "811"`, `"buildInvocationId": "811", "buildInvocationID": "812"`, "told twice"},
		{"link", "", `"name": "go.mod"`, `"name": "main.go"`, "materials[1] has no name of its own"},
		{"link", "", `"digest": {"gitBlob": "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}, `, ``, "or no digest"},
		{"link", "", `["make", "release"]`, `"make release"`, "cannot unmarshal"},
		{"link", "", `{"arch": "amd64"}`, `"amd64"`, "environment is not an object"},
		{"link-v1", predicate.TypeLinkV02, `"_type": "link"`, `"_type": "layout"`, `is not "link"`},
		{"link-v1", "", `["make", "release"]`, `["make", 1]`, "neither a text nor a list of texts"},
		{"link-v1", "", `{"sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`, `{}`, `materials: "main.go" has no digest`},
		{"link-v1", "", `"sha512": "0123"`, `"sha512": "01 23"`, "products: \"shop\": digest sha512"},
		{"scai", "", `{"uri": "pkg:generic/shop@1.4.0"}`, `{"name": "shop"}`, "target: a resource has none"},
		{"scai", "", `"digest": {"sha256": "aaaa"}, `, ``, "evidence: a resource has none"},
		{"scai", "", `{"flags": "-fstack-protector-strong", "level": 9007199254740993}`, `7`, "conditions is not an object"},
		{"scai", "", `{"uri": "https://ci.example.com/runner"}`, `{"name": "x"}`, "producer: a resource has none"},
		{"runtime-trace", "", `"network": []`, `"network": [7]`, "network[0] is not an object"},
		{"runtime-trace", "", `"network": []`, `"network": [null]`, "network[0] is not an object"},
		{"runtime-trace", "", `"digest": {"sha256": "aaaa"}`, `"x": 1`, "fileAccess[0]: a resource has none"},
		{"runtime-trace", "", `"configSource": {}`, `"configSource": {"name": "x"}`, "configSource: a resource has none"},
		{"release", "", `pkg:npm/%40example/shop@1.4.0`, `pkg:npm/%40example/shop`, "purl has no version"},
		{"release", "", `pkg:npm/%40example/shop@1.4.0`, `https://example.com/shop@1.4.0`, "purl: "},
		{"release", "", `pkg:npm/%40example/shop@1.4.0`, `pkg:npm`, "purl: "},
		{"release-v0.1", "", `"releaseId": "217"`, `"releaseId": "217", "packageId": "218"`, "differ"},
		{"test-result", "", `"PASSED"`, `"passed"`, "not one of"},
		{"test-result", "", `"PASSED"`, `"UNKNOWN"`, "no result"},
		{"test-result", "", `"failedTests": []`, `"failedTests": ["x"]`, "lists failed tests"},
		{"test-result", "", `"downloadLocation": "https://example.com/shop/.ci/run", "digest"`, `"x"`, "none of uri, digest and content"},
		{"vulns", "", `"digest": {"sha256": "aaaa"}`, `"x": 1`, "sallyportSources[0]: a resource has none"},
		{"vulns", "", `"score": "7.5"`, `"score": 7.5`, "cannot unmarshal number"},
		{"vulns", "", `"2026-02-28T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, "no scanner.db.lastUpdate"},
		{"vulns", "", `{"id": "GO-2026-0002"}`, `null`, "result[1] has no id"},
		{"vulns-v0.1", "", `{"vulnerability": {"id"`, `{"id": "x", "vulnerability": {"id"`, "result[1] has two findings"},
		{"vulns-v0.1", "", `{"id": "GO-2026-0001", "severity"`, `{"severity"`, "result[0] has no id"},
		{"cosign-vuln", "", `{"SchemaVersion": 2, "Results": []}`, `"passed"`, "scanner.result is not an object"},
		{"reference", "", `"application/spdx+json"`, `""`, "no mediaType"},
		{"reference", "", `"digest": {"sha256": "aaaa"}, `, ``, "none of uri, digest and content"},
		{"cyclonedx", "https://cyclonedx.org/bom/v1.4", `"1.6"`, `"1.6"`, "specVersion \"1.6\" is not CycloneDX 1.4"},
		{"cyclonedx", "", `"1.6"`, `"2.0"`, "is not CycloneDX 1"},
		{"cyclonedx", "", `"1.6"`, `"1.6 "`, "is not CycloneDX 1"},
		{"cyclonedx", "", `"CycloneDX"`, `"cyclonedx"`, "is not \"CycloneDX\""},
		{"spdx", "https://spdx.dev/Document/v2.2", `"SPDX-2.3"`, `"SPDX-2.3"`, "the document is of SPDX 2.3, not 2.2"},
		{"spdx", "https://spdx.dev/Document/v3", `"SPDX-2.3"`, `"SPDX-2.3"`, "the document is of SPDX 2.3, not 3"},
		{"spdx", "", `"SPDX-2.3"`, `"SPDX-3.0"`, "not that of SPDX 2"},
		{"spdx", "", `"SPDXRef-DOCUMENT"`, `"SPDXRef-1"`, "is not \"SPDXRef-DOCUMENT\""},
		{"spdx-v3", "https://spdx.dev/Document/v2.3", `3.0.1/spdx`, `3.0.1/spdx`, "of SPDX 3.0.1, not 2.3"},
		{"spdx-v3", "", `https://spdx.org/rdf/3.0.1/spdx-context.jsonld`, `https://example.org/rdf/3.0.1/spdx-context.jsonld`, "has none of SPDX 3"},
		{"spdx-v3", "", `"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"`, `["https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "https://spdx.org/rdf/3.1/spdx-context.jsonld"]`, "not the only one"},
		{"spdx-v3", "", `"@context"`, `"spdxVersion": "SPDX-2.3", "@context"`, "spdxVersion of SPDX 2 and the @context of SPDX 3"},
		{"spdx", "", `"SPDX-2.3"`, `"SPDX-2.03"`, "not that of SPDX 2"},
		{"spdx-text", "", `{\n`, `{\n \"SPDXID\": \"x\",`, "stands twice"},
		{"spdx-text", "", `"{\n`, `"{{\n`, "evidence: predicate"},
		{"spdx-tags", "", `SPDXVersion: SPDX-2.3`, `PackageName: x\nSPDXVersion: SPDX-2.3`, "neither an SPDX document"},
		{"spdx-tags", "", `SPDXVersion: SPDX-2.3`, `SPDXVersion: SPDX-9`, "neither an SPDX document"},
		{"openvex", "", `"not_affected"`, `"not affected"`, "status \"not affected\" is unknown"},
		{"openvex", "", `"vulnerable_code_not_in_execute_path"`, `"because"`, "justification \"because\" is unknown"},
		{"openvex", "", "\"justification\": \"vulnerable_code_not_in_execute_path\",\n      \"impact_statement\": \"never called\"", `"supplier_": ""`, "not_affected without"},
		{"openvex", "", `"https://openvex.dev/ns/v0.2.0"`, `"https://openvex.dev/ns/v1.0.0"`, "is not that of OpenVEX 0.0 to 0.2"},
		{"openvex", "", `"version": 2`, `"version": "two"`, "a version is not a number"},
		{"openvex", "", `"https://openvex.dev/ns/v0.2.0"`, `"https://openvex.dev/ns/v0.3.0"`, "is not that of OpenVEX 0.0 to 0.2"},
		{"openvex", "", `"version": 2`, `"version": " 2 "`, "a version is not a number"},
		{"openvex", "", `"version": 1`, `"version": "null"`, "a version is not a number"},
		{"openvex", "", `"products": [],`, `"products": [], "subcomponents": ["pkg:apk/lib"],`, "statements[2] has subcomponents beside its products"},
		{"openvex-old", "", `"https://openvex.dev/ns"`, `"https://openvex.dev/ns/v0.2.0"`, "is of OpenVEX 0.2, and is written as before"},
		{"openvex", "", `"version": 2`, `"version": -2`, "a version is not a number"},
		{"openvex", "", `"products": [],`, `"products": [{}],`, "statements[2]: products[0] has no"},
		{"openvex", "", `{"@id": "pkg:golang/example.com/lib@v1.2.3", "identifiers": {"purl": "pkg:golang/example.com/lib@v1.2.3"}, "hashes": {"sha-256": "bbbb"}}`, `{}`, "subcomponents[0] has no"},
		{"openvex", "", `"products": [],`, `"products": ["pkg:oci/shop"],`, "cannot unmarshal string"},
		{"openvex-old", "", `["pkg:apk/example/shop@1.4.0"]`, `[""]`, "products[0] has no"},
		{"pypi-publish", "", `{}`, `{"publisher": null}`, "unknown name"},
	} {
		raw := string(read(t, tt.file))
		require.Contains(t, raw, tt.old, tt.file)
		if tt.typ == "" {
			for _, f := range foreign {
				if f.file == tt.file {
					tt.typ = f.typ
					if strings.HasPrefix(tt.file, "cyclonedx") {
						tt.typ = predicate.TypeCycloneDX
					}
				}
			}
		}
		p, err := predicate.Parse(tt.typ, []byte(strings.Replace(raw, tt.old, tt.new, 1)))
		require.ErrorContains(t, err, tt.want, "%s: %s", tt.file, tt.new)
		require.Nil(t, p)
	}
}

// TestForeignPredicatesAccept has what the specifications allow and strict readers
// are found to refuse.
func TestForeignPredicatesAccept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ why, typ, raw string }{
		{"parameters that are absent", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x"},"runDetails":{"builder":{"id":"x"}}}`},
		{"parameters that are null", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x","externalParameters":null},"runDetails":{"builder":{"id":"x"}}}`},
		{"parameters that are empty", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x","externalParameters":{}},"runDetails":{"builder":{"id":"x"},"metadata":null,"byproducts":null}}`},
		{"an empty byproduct, as Google Cloud Build has it", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x"},"runDetails":{"builder":{"id":"x"},"byproducts":[{}]}}`},
		{"content alone", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x","resolvedDependencies":[{"content":"b2s="}]},"runDetails":{"builder":{"id":"x"}}}`},
		{"a gitCommit and a gitTree of SHA-256", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x","resolvedDependencies":[{"digest":{"gitCommit":"` + strings.Repeat("ab", 32) + `","gitTree":"` + strings.Repeat("cd", 32) + `"}}]},"runDetails":{"builder":{"id":"x"}}}`},
		{"identifiers that are no hashes", predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x","resolvedDependencies":[{"digest":{"gce_image_id":"12345","SHA256":"Not Hex"}}]},"runDetails":{"builder":{"id":"x"}}}`},
		{"a commit under sha256, as GitLab has it", predicate.TypeProvenanceV02, `{"builder":{"id":"x"},"buildType":"x","invocation":{"configSource":{"uri":"https://gitlab.com/x/y","digest":{"sha256":"8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}}}}`},
		{"buildInvocationID, as in-toto-golang has it", predicate.TypeProvenanceV02, `{"builder":{"id":"x"},"buildType":"x","metadata":{"buildInvocationID":"811"}}`},
		{"an invocation that is null", predicate.TypeProvenanceV02, `{"builder":{"id":"x"},"buildType":"x","invocation":null,"materials":[{}]}`},
		{"no recipe", predicate.TypeProvenanceV01, `{"builder":{"id":"x"}}`},
		{"a command in one text", predicate.TypeLinkV02, `{"name":"x","command":"make"}`},
		{"no tests at all are listed", predicate.TypeTestResult, `{"result":"FAILED","configuration":[]}`},
		{"nothing found", predicate.TypeVulns, `{"scanner":{"uri":"x","db":{"lastUpdate":"2026-01-01T00:00:00Z"},"result":[]},"metadata":{"scanStartedOn":"2026-01-01T00:00:00Z","scanFinishedOn":"2026-01-01T00:00:00Z"}}`},
		{"only files were watched", predicate.TypeRuntimeTrace, `{"monitor":{"type":"x"},"monitoredProcess":{"hostID":"x","type":"x","event":"x"},"monitorLog":{"fileAccess":[]}}`},
		{"qualifiers in a purl", predicate.TypeRelease, `{"purl":"pkg:oci/my-image@sha256%3Afedcba09?repository_url=registry.example.com/my-project/my-image&tag=v1.2.3"}`},
		{"a scope that is not escaped", predicate.TypeRelease, `{"purl":"pkg:npm/@angular/http@7.2.16"}`},
		{"both identifiers, as they are equal", predicate.TypeRelease, `{"purl":"pkg:npm/x@1","packageId":"7","releaseId":"7"}`},
		{"a list of contexts", "https://spdx.dev/Document/v3", `{"@context":["https://example.com/x.jsonld","https://spdx.org/rdf/3.0.1/spdx-context.jsonld"],"@graph":[]}`},
		{"a version with an older URI", "https://openvex.dev/ns/v0.2.0", `{"@context":"https://openvex.dev/ns","@id":"x","author":"x","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"status":"fixed","vulnerability":{"name":"x"}}]}`},
		{"no predicate", predicate.TypePyPIPublish, ``},
	} {
		p, err := predicate.Parse(tt.typ, []byte(tt.raw))
		require.NoError(t, err, tt.why)
		if tt.raw != "" {
			require.Empty(t, lost("", document(t, []byte(tt.raw)), document(t, encoded(t, p))), tt.why)
		}
	}
}
