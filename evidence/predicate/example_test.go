package predicate_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// A reader that knows what it expects names the type.
func ExampleRead() {
	raw := json.RawMessage(`{
	  "builder": {"id": "https://ci.example.com/runner"},
	  "buildType": "https://ci.example.com/buildtypes/make/v1",
	  "materials": [{"uri": "git+https://example.com/shop", "digest": {"sha1": "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}}]
	}`)
	p, err := predicate.Read[predicate.ProvenanceV02](predicate.TypeProvenanceV02, raw)
	fmt.Println(p.BuilderID(), p.Commits(), err)

	_, err = predicate.Read[predicate.ProvenanceV02](predicate.TypeProvenanceV02, []byte(`{"builder": {"ID": "me"}, "buildType": "x"}`))
	fmt.Println(err)
	// Output:
	// https://ci.example.com/runner [8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3] <nil>
	// evidence: predicate https://slsa.dev/provenance/v0.2: evidence: at byte 18 (line 1, column 19): some parsers take the name "ID" for "id"
}

// A reader that takes what comes asks what it says, whatever its version.
func ExampleParse() {
	for _, in := range []struct{ typ, raw string }{
		{predicate.TypeVulnsV01, `{
		  "scanner": {"uri": "pkg:generic/examplescan@3.1.0", "db": {"lastUpdate": "2026-02-28T00:00:00Z"},
		    "result": [{"vulnerability": {"id": "GO-2026-0001"}}]},
		  "metadata": {"scanStartedOn": "2026-03-01T11:10:00Z", "scanFinishedOn": "2026-03-01T11:11:00Z"}}`},
		{predicate.TypeSPDX, `"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"`},
		{"https://example.com/own/v1", `{}`},
	} {
		p, err := predicate.Parse(in.typ, []byte(in.raw))
		switch p := p.(type) {
		case interface{ Found() []predicate.VulnFound }:
			fmt.Println("a scan found", p.Found()[0].ID)
		case predicate.SPDX:
			fmt.Println("an SBOM in SPDX", p.Version, p.Form)
		default:
			fmt.Println(err, errors.Is(err, predicate.ErrUnknownType))
		}
	}
	// Output:
	// a scan found GO-2026-0001
	// an SBOM in SPDX 2.3 tag-value
	// evidence: no type is known for the predicate type "https://example.com/own/v1" true
}
