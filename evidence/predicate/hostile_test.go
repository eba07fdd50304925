package predicate_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/hostile"
)

// TestForeignPredicatesWithstand: no text makes a reader take long or much memory,
// however its lists are nested.
func TestForeignPredicatesWithstand(t *testing.T) {
	full := func(head, element, tail string) []byte {
		n := (predicate.MaxBytes - len(head) - len(tail) - len(element)) / (len(element) + 1)
		return fmt.Appendf(nil, "%s%s%s%s", head, bytes.Repeat([]byte(element+","), n), element, tail)
	}
	upTo := func(n int, head, element, tail string) []byte {
		return fmt.Appendf(nil, "%s%s%s%s", head, bytes.Repeat([]byte(element+","), n-1), element, tail)
	}
	const scan = `},"metadata":{"scanStartedOn":"2026-01-01T00:00:00Z","scanFinishedOn":"2026-01-01T00:00:00Z"}}`
	const vex = `{"@context":"https://openvex.dev/ns","@id":"x","author":"x","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[`
	for typ, inputs := range map[string][]hostile.Input{
		predicate.TypeProvenance: {
			{Name: "dependencies", Text: full(`{"buildDefinition":{"buildType":"x","resolvedDependencies":[`, `{"uri":"x"}`, `]},"runDetails":{"builder":{"id":"x"}}}`)},
			{Name: "digests", Text: full(`{"buildDefinition":{"buildType":"x","resolvedDependencies":[`, `{"digest":{"a":"b","b":"b","c":"b","d":"b","e":"b","f":"b"}}`, `]},"runDetails":{"builder":{"id":"x"}}}`)},
			{Name: "as many as may be", Fine: true, Text: upTo(predicate.MaxElements, `{"buildDefinition":{"buildType":"x","resolvedDependencies":[`, `{"uri":"xxxxxxxxxxxxxxxxxxxx","digest":{"a":"b"}}`, `]},"runDetails":{"builder":{"id":"x"}}}`)},
			{Name: "parameters", Fine: true, Text: full(`{"buildDefinition":{"buildType":"x","externalParameters":{"x":[`, `[]`, `]}},"runDetails":{"builder":{"id":"x"}}}`)},
		},
		predicate.TypeVulns: {
			{Name: "findings", Text: full(`{"scanner":{"uri":"x","db":{"lastUpdate":"2026-01-01T00:00:00Z"},"result":[`, `{"id":"x"}`, `]`+scan)},
			{Name: "severities", Text: full(`{"scanner":{"uri":"x","db":{"lastUpdate":"2026-01-01T00:00:00Z"},"result":[`, `{"id":"x","severity":[{},{},{},{},{},{},{},{}]}`, `]`+scan)},
		},
		predicate.TypeLinkV1: {
			{Name: "words", Text: full(`{"name":"x","command":[`, `""`, `]}`)},
			{Name: "materials", Text: []byte(`{"name":"x","materials":{` + manyMaterials(200_000) + `}}`)},
		},
		predicate.TypeRuntimeTrace: {
			{Name: "events", Text: full(`{"monitor":{"type":"x"},"monitoredProcess":{"hostID":"x","type":"x","event":"x"},"monitorLog":{"network":[`, `{}`, `]}}`)},
		},
		predicate.TypeOpenVEX: {
			{Name: "products", Text: full(vex, `{"status":"fixed","vulnerability":{"name":"x"},"products":[{"@id":"x"},{"@id":"x"},{"@id":"x"},{"@id":"x"},{"@id":"x"}]}`, `]}`)},
			{Name: "as many as may be", Fine: true, Text: upTo(1<<15, vex, `{"status":"fixed","vulnerability":{"name":"x"},"products":[{"@id":"x","hashes":{"a":"b"}}]}`, `]}`)},
			{Name: "as many old ones as may be", Fine: true, Text: upTo(1<<15, vex, `{"status":"fixed","vulnerability":"x","products":["x"],"subcomponents":["x"]}`, `]}`)},
			{Name: "old products", Text: full(vex, `{"status":"fixed","vulnerability":"x","products":["x","x","x","x","x","x","x","x","x"],"subcomponents":["x","x","x"]}`, `]}`)},
			{Name: "products by subcomponents", Text: []byte(vex + `{"status":"fixed","vulnerability":"x","products":[` + manyTexts(100_000) + `],"subcomponents":[` + manyTexts(100_000) + `]}]}`)},
		},
		predicate.TypeCycloneDX: {
			{Name: "components", Fine: true, Text: full(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`, `{"name":"x"}`, `]}`)},
		},
		predicate.TypeSPDX: {
			{Name: "in a text", Fine: true, Text: fmt.Appendf(nil, `"{\"spdxVersion\":\"SPDX-2.3\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"x\":\"%s\"}"`, bytes.Repeat([]byte("x"), predicate.MaxBytes-100))},
			{Name: "contexts", Text: full(`{"@context":[`, `""`, `]}`)},
			{Name: "lines", Text: full(`"`, `#\n`, `"`)},
			{Name: "escapes", Text: full(`"`, `\u0023\n`, `"`)},
		},
	} {
		t.Run(typ, func(t *testing.T) {
			if typ == predicate.TypeOpenVEX { // two readers, one after the other
				inputs = append(inputs, hostile.Texts()...)
			}
			hostile.Check(t, inputs, func(b []byte) bool {
				_, err := predicate.Parse(typ, b)
				return err != nil
			})
		})
	}
}

// manyMaterials are n distinct materials of a link, manyTexts n texts.
func manyMaterials(n int) string {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `"%d":{"a":"b"},`, i)
	}
	return b.String()[:b.Len()-1]
}

func manyTexts(n int) string {
	return string(bytes.Repeat([]byte(`"x",`), n-1)) + `"x"`
}
