package predicate_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// foreign are valid documents of the predicates that others specify, with every
// field that their specifications name.
var foreign = []struct {
	file string // testdata/file.json
	typ  string
	// required are the members that must be there, by their paths. Below those whose
	// names are in free, and beside those in known if there are any, everything is
	// the producer's own.
	required, free, known []string
}{
	{"cosign-vuln", predicate.TypeCosignVuln, list("/scanner/result /metadata/scanStartedOn /metadata/scanFinishedOn"), list("result parameters"), nil},
	{"cyclonedx", "https://cyclonedx.org/bom/v1.6", list("/bomFormat /specVersion"), nil, list("bomFormat specVersion serialNumber")},
	{"cyclonedx", predicate.TypeCycloneDX, list("/bomFormat /specVersion"), nil, list("bomFormat specVersion serialNumber")},
	{"link", predicate.TypeLink, list("/name /materials/0/name /materials/0/digest"), list("digest byproducts environment"), nil},
	{"link-v1", predicate.TypeLinkV1, list("/name"), list("materials products byproducts environment"), nil},
	{"link-v1", predicate.TypeLinkV01, list("/name"), list("materials products byproducts environment"), nil},
	{"npm-publish", predicate.TypeNPMPublish, list("/name /version /registry"), nil, nil},
	{"openvex", "https://openvex.dev/ns/v0.2.0", list("/@context /@id /author /timestamp /version /statements /statements/0/vulnerability /statements/0/vulnerability/name /statements/0/status /statements/1/action_statement"), list("identifiers hashes"), nil},
	{"openvex-old", predicate.TypeOpenVEX, list("/@context /@id /author /timestamp /version /statements /statements/0/vulnerability /statements/0/status /statements/0/justification"), nil, nil},
	{"provenance", predicate.TypeProvenance, list("/buildDefinition /buildDefinition/buildType /runDetails /runDetails/builder /runDetails/builder/id"), list("externalParameters internalParameters digest annotations version"), nil},
	{"provenance-v0.2", predicate.TypeProvenanceV02, list("/builder /builder/id /buildType"), list("parameters environment buildConfig digest"), nil},
	{"provenance-v0.1", predicate.TypeProvenanceV01, list("/builder /builder/id /recipe/type"), list("arguments environment digest"), nil},
	{"provenance-v0.1", predicate.TypeInTotoProvenanceV01, list("/builder /builder/id /recipe/type"), list("arguments environment digest"), nil},
	{"pypi-publish", predicate.TypePyPIPublish, nil, nil, nil},
	{"reference", predicate.TypeReference, list("/attester /attester/id /references /references/0/downloadLocation /references/0/mediaType /references/0/digest"), list("digest"), nil},
	{"release", predicate.TypeRelease, list("/purl"), nil, nil},
	{"release-v0.1", predicate.TypeReleaseV01, list("/purl"), nil, nil},
	{"runtime-trace", predicate.TypeRuntimeTrace, list("/monitor /monitor/type /monitoredProcess /monitoredProcess/hostID /monitoredProcess/type /monitoredProcess/event /monitorLog"), list("tracePolicy process network digest"), nil},
	{"scai", predicate.TypeSCAI, list("/attributes /attributes/0/attribute"), list("conditions digest"), nil},
	{"spdx", predicate.TypeSPDX, list("/spdxVersion /SPDXID"), nil, list("spdxVersion SPDXID")},
	{"spdx", "https://spdx.dev/Document/v2.3", list("/spdxVersion /SPDXID"), nil, list("spdxVersion SPDXID")},
	{"spdx-tags", predicate.TypeSPDX, nil, nil, nil},
	{"spdx-text", "https://spdx.dev/Document/v2.3", nil, nil, nil},
	{"spdx-v3", "https://spdx.dev/Document/v3", list("/@context"), nil, list("@context")},
	{"svr", predicate.TypeSVR, list("/verifier /verifier/id /verifier/policies /timeCreated /properties"), list("digest"), nil},
	{"svr-v0.1", predicate.TypeSVRV01, list("/verifier /verifier/id /timeCreated /properties"), list("policy"), nil},
	{"test-result", predicate.TypeTestResult, list("/result /configuration"), list("digest"), nil},
	{"vsa", predicate.TypeVSA, list("/verifier /verifier/id /resourceUri /policy /policy/uri /inputAttestations/0/digest /verificationResult /verifiedLevels"), list("digest version dependencyLevels"), nil},
	{"vsa-source", predicate.TypeVSA, list("/verifier /verifier/id /resourceUri /policy /policy/uri /verificationResult /verifiedLevels"), list("digest version dependencyLevels"), nil},
	{"vulns", predicate.TypeVulns, list("/scanner /scanner/uri /scanner/db /scanner/db/lastUpdate /scanner/result /scanner/result/0/id /scanner/result/0/severity/0/method /scanner/result/0/severity/0/score /metadata /metadata/scanStartedOn /metadata/scanFinishedOn"), list("annotations digest"), nil},
	{"vulns-v0.1", predicate.TypeVulnsV01, list("/scanner /scanner/uri /scanner/db /scanner/db/lastUpdate /scanner/result /scanner/result/0/id /scanner/result/1/vulnerability /scanner/result/1/vulnerability/id /metadata /metadata/scanStartedOn /metadata/scanFinishedOn"), list("annotations parameters"), nil},
}

func list(s string) []string { return strings.Fields(s) }

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file+".json"))
	require.NoError(t, err)
	return bytes.TrimSpace(b)
}

// TestForeignPredicatesAreLossless: what a specification names is in the type, and
// comes out as it went in: big numbers, times as instants, unknown algorithms, empty
// lists.
func TestForeignPredicatesAreLossless(t *testing.T) {
	t.Parallel()
	files := map[string]bool{}
	for _, f := range foreign {
		files[f.file] = true
		raw := read(t, f.file)
		p, err := predicate.Parse(f.typ, raw)
		require.NoError(t, err, f.file)
		require.Equal(t, f.typ, p.PredicateType())
		require.NoError(t, p.Validate())
		out := encoded(t, p)
		require.Empty(t, lost("", document(t, raw), document(t, out)), "%s: %s", f.file, out)
		require.Empty(t, lost("", document(t, out), document(t, raw)), "%s: nothing is made up", f.file)
		again, err := predicate.Parse(f.typ, out)
		require.NoError(t, err, f.file)
		require.Equal(t, string(out), string(encoded(t, again)))
	}
	all, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	for _, path := range all {
		require.Contains(t, files, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
}

// edit writes a document with one member changed.
func edit(path string, change func(name string, value []byte) string) func(v any) string {
	var write func(at string, v any) string
	write = func(at string, v any) string {
		switch v := v.(type) {
		case map[string]any:
			var list []string
			for _, name := range slices.Sorted(maps.Keys(v)) {
				m := fmt.Sprintf("%q:%s", name, write(at+"/"+name, v[name]))
				if at+"/"+name == path {
					m = change(name, []byte(write(at+"/"+name, v[name])))
				}
				if m != "" {
					list = append(list, m)
				}
			}
			return "{" + strings.Join(list, ",") + "}"
		case []any:
			var list []string
			for i, e := range v {
				list = append(list, write(at+"/"+strconv.Itoa(i), e))
			}
			return "[" + strings.Join(list, ",") + "]"
		default:
			b, _ := json.Marshal(v)
			return string(b)
		}
	}
	return func(v any) string { return write("", v) }
}

// paths are those of all members of a document.
func paths(at string, v any) (out []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			out = append(append(out, at+"/"+name), paths(at+"/"+name, e)...)
		}
	case []any:
		for i, e := range v {
			out = append(out, paths(at+"/"+strconv.Itoa(i), e)...)
		}
	}
	return out
}

// TestForeignPredicatesRefuseEdits makes every edit of one member that must be
// refused: a required one is missing, null or empty; any one stands twice, at any
// depth; one that the specification names has another case or kind.
func TestForeignPredicatesRefuseEdits(t *testing.T) {
	t.Parallel()
	edits := 0
	for _, f := range foreign {
		doc := document(t, read(t, f.file))
		all := paths("", doc)
		slices.Sort(all)
		refused := func(path, what string, change func(name string, value []byte) string) {
			t.Helper()
			edits++
			text := edit(path, change)(doc)
			p, err := predicate.Parse(f.typ, []byte(text))
			require.Error(t, err, "%s: %s: %s: %s", f.file, path, what, text)
			require.Nil(t, p)
			require.NotContains(t, err.Error(), "\n\n")
		}
		for _, path := range f.required {
			require.Contains(t, all, path, f.file)
			refused(path, "absent", func(string, []byte) string { return "" })
			refused(path, "null", func(name string, _ []byte) string { return fmt.Sprintf("%q:null", name) })
			if !slices.Contains(list("/scanner/result /configuration /verifier/policies /properties"), path) { // an empty list says something
				refused(path, "empty", func(name string, v []byte) string {
					return fmt.Sprintf("%q:%s", name, cmp.Or(map[byte]string{'"': `""`, '[': "[]", '{': "{}"}[v[0]], "0"))
				})
			}
		}
		for _, path := range all {
			refused(path, "twice", func(name string, v []byte) string { return fmt.Sprintf("%q:%s,%q:%s", name, v, name, v) })
			parts := strings.Split(path, "/")[1:]
			name := parts[len(parts)-1]
			if f.known != nil && (len(parts) > 1 || !slices.Contains(f.known, name)) ||
				slices.ContainsFunc(parts[:len(parts)-1], func(p string) bool { return slices.Contains(f.free, p) }) {
				text := edit(path, func(name string, v []byte) string { return fmt.Sprintf("%q:%s", strings.ToUpper(name)+"x", v) })(doc)
				if _, err := predicate.Parse(f.typ, []byte(text)); !slices.Contains(parts, "digest") && !strings.Contains(f.file, "link-v1") {
					require.NoError(t, err, "%s: %s is the producer's", f.file, path)
				}
				continue
			}
			for _, variant := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], strings.ToLower(name)} {
				if variant == name || variant == "buildInvocationID" {
					continue
				}
				refused(path, variant, func(_ string, v []byte) string { return fmt.Sprintf("%q:%s", variant, v) })
				refused(path, "beside "+variant, func(name string, v []byte) string { return fmt.Sprintf("%q:%s,%q:%s", name, v, variant, v) })
			}
			if slices.Contains([]string{"reproducible", "arguments", "parameters", "environment", "materials"}, name) && len(parts) > 1 || f.file+path == "svr-v0.1/verifier/policy" {
				continue // truth values, and what may be anything
			}
			refused(path, "true", func(name string, _ []byte) string { return fmt.Sprintf("%q:true", name) })
			refused(path, "7.5", func(name string, _ []byte) string { return fmt.Sprintf("%q:7.5", name) })
			if name == "annotations" && strings.HasPrefix(f.file, "vulns") {
				continue // a list of anything
			}
			refused(path, "[[7]]", func(name string, _ []byte) string { return fmt.Sprintf("%q:[[7]]", name) })
		}
	}
	t.Logf("%d edits are refused", edits)
	require.Greater(t, edits, 1000)
}

// TestWhatProducersAddIsIgnored: the framework demands it.
func TestWhatProducersAddIsIgnored(t *testing.T) {
	t.Parallel()
	for _, f := range foreign {
		raw := read(t, f.file)
		if raw[0] != '{' {
			continue
		}
		text := `{"example_reviewed":{"by":[1]},` + string(raw[1:])
		if f.file == "pypi-publish" {
			text = `{"example_reviewed":true}`
		}
		p, err := predicate.Parse(f.typ, []byte(text))
		if f.file == "pypi-publish" {
			require.ErrorContains(t, err, "unknown name", "its specification wants it empty")
			continue
		}
		require.NoError(t, err, f.file)
		if f.known == nil && f.typ[:19] != "https://openvex.dev" {
			require.Equal(t, []string{"/example_reviewed"}, lost("", document(t, []byte(text)), document(t, encoded(t, p))), f.file)
		}
	}
}

// TestNotADocument: no predicate, and what is no object.
func TestNotADocument(t *testing.T) {
	t.Parallel()
	for _, f := range foreign {
		for _, raw := range []string{"", "null", `"PASSED"`, "[]", "{", "7", "true", `{}{}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, ` {}`} {
			p, err := predicate.Parse(f.typ, []byte(raw))
			if f.typ == predicate.TypePyPIPublish && (raw == "" || raw == "null") {
				require.NoError(t, err)
				require.Equal(t, predicate.PyPIPublish{}, p)
				continue
			}
			require.Error(t, err, "%s: %s", f.file, raw)
			require.Nil(t, p)
		}
	}
}

// TestTypes: a URI is read by one type, exactly, and families within the versions
// that they were written for.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{
		"", "https://slsa.dev/provenance", "https://slsa.dev/provenance/v1.0", "https://slsa.dev/provenance/v1.0?draft", "https://slsa.dev/provenance/v0.3", "https://slsa.dev/Provenance/v1",
		"https://in-toto.io/Provenance/v0.2", "https://in-toto.io/Link/v2", "https://in-toto.io/Link/", "https://in-toto.io/attestation/release/v0.3", "https://in-toto.io/attestation/vulns/v0.3",
		"https://cyclonedx.org/bom/", "https://cyclonedx.org/bom/v2.0", "https://cyclonedx.org/bom/1.4", "https://cyclonedx.org/bomx", "https://cyclonedx.org/bom/v1.4/x", "https://cyclonedx.org/bom/v",
		"https://spdx.dev/Document/v1.2", "https://spdx.dev/Document/v4", "https://spdx.dev/Document/v2.", "https://spdx.dev/Document/v23",
		"https://openvex.dev/ns/v1.0.0", "https://openvex.dev/ns/v0.3.0", "https://openvex.dev/ns/v0.02", "https://cyclonedx.org/bom/v1.04", "https://in-toto.io/attestation/svr/v0.3", "https://openvex.dev/ns/v0.2.x", "https://openvex.dev/ns/0.2.0",
	} {
		require.False(t, predicate.Known(typ), typ)
		_, err := predicate.Parse(typ, []byte(`{}`))
		require.ErrorIs(t, err, predicate.ErrUnknownType)
	}
	for _, f := range foreign {
		require.True(t, predicate.Known(f.typ))
	}
	// Predicates are read as values.
	_, err := predicate.Read[*predicate.Link](predicate.TypeLink, read(t, "link"))
	require.ErrorContains(t, err, "*predicate.Link is not the type of a predicate")
	_, err = predicate.Read[predicate.Predicate](predicate.TypeLink, read(t, "link"))
	require.ErrorContains(t, err, "is not the type of a predicate")
	// A value of one family cannot be written as another type.
	for _, p := range []predicate.Predicate{
		predicate.Release{Type: predicate.TypeVSA, PURL: "pkg:npm/shop@1"},
		predicate.LegacyLink{Type: predicate.TypeLink, Name: "x"},
		predicate.ProvenanceV01{Type: predicate.TypeProvenanceV02, Builder: predicate.BuilderV02{ID: "x"}},
		predicate.CycloneDX{Type: predicate.TypeSPDX},
		predicate.SPDX{Type: predicate.TypeCycloneDX},
		predicate.OpenVEX{Type: predicate.TypeCycloneDX},
	} {
		require.ErrorContains(t, p.Validate(), "of another predicate")
	}
}
