package predicate_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// demand is what a specification demands of a predicate: a MUST, or a field that is
// required. It is shown by a document of testdata in which the value at path is
// changed, "" for absent, and which is then refused.
type demand struct {
	spec, what string
	file, path string
	value      string
	// allowed, if not "", is why a document that breaks it is read all the same.
	allowed string
}

const (
	otherZone = `"2026-03-01T12:00:00+01:00"`
	anyURI    = "URIs are compared as they are written: one that is not normalised equals nothing"
)

// demands are the demands of the in-toto module's documents (spec/predicates,
// spec/v1), of SVR v0.2, and of SLSA's, in their order. What they demand of those who
// read (ignore unknown fields, whom to trust) is tested where that is done.
var demands = slices.Concat(
	required("link.md", "link", "/name /materials/0/name /materials/0/digest"),
	[]demand{{"link.md", "materials have names of their own", "link", "/materials/1/name", `"main.go"`, ""}},
	required("reference.md", "reference", "/attester/id /references /references/0/downloadLocation /references/0/mediaType"),
	required("release.md", "release", "/purl"),
	[]demand{
		{"release.md", "purl is parsed by the purl specification", "release", "/purl", `"https://example.com/x@1"`, ""},
		{"release.md", "purl has a version", "release", "/purl", `"pkg:npm/x"`, ""},
	},
	required("runtime-trace.md", "runtime-trace", "/monitor /monitor/type /monitoredProcess /monitoredProcess/hostID /monitoredProcess/type /monitoredProcess/event /monitorLog"),
	[]demand{{"runtime-trace.md", "one of the three logs", "runtime-trace", "/monitorLog", `{"other":[]}`, ""}},
	required("scai.md", "scai", "/attributes /attributes/0/attribute"),
	[]demand{{"scai.md", "one or more attributes", "scai", "/attributes", `[]`, ""}},
	required("svr.md 0.1", "svr-v0.1", "/verifier /verifier/id /timeCreated /properties"),
	required("svr.md 0.2", "svr", "/verifier /verifier/id /verifier/policies /timeCreated /properties"),
	required("test-result.md", "test-result", "/result /configuration"),
	[]demand{{"test-result.md", "one of three results", "test-result", "/result", `"OK"`, ""}},
	required("vuln.md", "vulns-v0.1", "/scanner /scanner/uri /scanner/db/lastUpdate /scanner/result /scanner/result/1/vulnerability/id /scanner/result/0/severity/0/method /scanner/result/0/severity/0/score /metadata/scanStartedOn /metadata/scanFinishedOn"),
	[]demand{{"vuln.md", "severity is required", "vulns-v0.1", "/scanner/result/1/vulnerability/severity", "", "a finding without a severity is a finding"}},
	required("vulns_02.md", "vulns", "/scanner /scanner/uri /scanner/db/lastUpdate /scanner/result /scanner/result/0/id /scanner/result/0/severity/0/method /scanner/result/0/severity/0/score /metadata/scanStartedOn /metadata/scanFinishedOn"),
	[]demand{
		{"vulns_02.md", "severity is required", "vulns", "/scanner/result/0/severity", "", "a finding without a severity is a finding"},
		{"resource_descriptor.md", "one of uri, digest and content", "test-result", "/configuration", `[{"name":"x"}]`, ""},
		{"digest_set.md", "hashes are lower-case hexadecimal", "test-result", "/configuration", `[{"digest":{"sha256":"AB"}}]`, ""},
		{"digest_set.md", "git's objects have 40 or 64 digits", "test-result", "/configuration", `[{"digest":{"gitBlob":"ab"}}]`, ""},
		{"digest_set.md", "an entry refers to something", "test-result", "/configuration", `[{"digest":{"arn":""}}]`, ""},
		{"field_types.md", "a ResourceURI is normalised", "scai", "/producer", `{"uri":"HTTPS://Example.com"}`, anyURI},
		{"field_types.md", "a TypeURI is normalised", "runtime-trace", "/monitor/type", `"HTTPS://Example.com"`, anyURI},
		{"field_types.md", "a Timestamp is RFC 3339", "runtime-trace", "/metadata/buildStartedOn", `"2026-03-01 12:00:00"`, ""},
		{"field_types.md", "a Timestamp is in UTC", "runtime-trace", "/metadata/buildStartedOn", otherZone, "producers write others, and the instant is the same"},
	},
	required("SLSA provenance v1", "provenance", "/buildDefinition /buildDefinition/buildType /runDetails /runDetails/builder /runDetails/builder/id"),
	[]demand{{"SLSA provenance v1", "externalParameters is an object", "provenance", "/buildDefinition/externalParameters", `"x"`, ""}},
	required("SLSA provenance v0.2", "provenance-v0.2", "/builder /builder/id /buildType"),
	required("SLSA provenance v0.1", "provenance-v0.1", "/builder /builder/id /recipe/type"),
	required("SLSA VSA v1", "vsa", "/verifier /verifier/id /resourceUri /policy /policy/uri /inputAttestations/0/digest /verificationResult /verifiedLevels"),
	[]demand{
		{"SLSA VSA v1", "one of two results", "vsa", "/verificationResult", `"OK"`, ""},
		{"SLSA VSA v1", "one level of each track", "vsa", "/verifiedLevels", `["SLSA_BUILD_LEVEL_1","SLSA_BUILD_LEVEL_2"]`, ""},
	},
)

func required(spec, file, members string) (out []demand) {
	for _, path := range list(members) {
		out = append(out, demand{spec, path + " is required", file, path, "", ""})
	}
	return out
}

// TestSpecMusts: what breaks a demand of a specification is refused, or it is said
// here why not.
func TestSpecMusts(t *testing.T) {
	t.Parallel()
	refused := 0
	for _, m := range demands {
		i := slices.IndexFunc(foreign, func(f struct {
			file, typ             string
			required, free, known []string
		}) bool {
			return f.file == m.file
		})
		require.GreaterOrEqual(t, i, 0, m.file)
		doc := document(t, read(t, m.file))
		require.Contains(t, paths("", doc), m.path, m.file)
		text := edit(m.path, func(name string, _ []byte) string {
			if m.value == "" {
				return ""
			}
			return fmt.Sprintf("%q:%s", name, m.value)
		})(doc)
		_, err := predicate.Parse(foreign[i].typ, []byte(text))
		if m.allowed != "" {
			require.NoError(t, err, "%s: %s", m.spec, m.what)
			t.Logf("%s: %s: read all the same: %s", m.spec, m.what, m.allowed)
			continue
		}
		require.Error(t, err, "%s: %s: %s", m.spec, m.what, text)
		refused++
	}
	t.Logf("demands of specifications with a test that breaks them: %d/%d", refused, len(demands))
}

// TestFixturesHaveEveryField: every field of every type that others specify is in
// one of its documents in testdata, so that what is shown of these is shown of all.
func TestFixturesHaveEveryField(t *testing.T) {
	t.Parallel()
	have, want := map[string]bool{}, map[string]bool{}
	var walk func(at string, typ reflect.Type, v any)
	walk = func(at string, typ reflect.Type, v any) {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct {
			l, _ := v.([]any)
			for _, e := range append(l, nil) {
				walk(at, typ.Elem(), e)
			}
			return
		}
		if typ.Kind() != reflect.Struct || reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return
		}
		m, _ := v.(map[string]any)
		for f := range typ.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" || name == "buildInvocationID" { // the same as buildInvocationId
				continue
			}
			place := at + "/" + name
			if typ == reflect.TypeFor[predicate.Resource]() {
				place = "Resource/" + name // of any list
			}
			want[place] = true
			if _, ok := m[name]; ok {
				have[place] = true
			}
			walk(place, f.Type, m[name])
		}
	}
	for _, f := range foreign {
		raw := read(t, f.file)
		p, err := predicate.Parse(f.typ, raw)
		require.NoError(t, err)
		walk(reflect.TypeOf(p).Name(), reflect.TypeOf(p), document(t, raw))
	}
	for place := range want {
		require.True(t, have[place], "no document has %s", place)
	}
	require.Greater(t, len(want), 150)
}
