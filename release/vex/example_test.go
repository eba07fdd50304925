package vex_test

import (
	"fmt"
	"os"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

func Example() {
	b, _ := os.ReadFile("testdata/openvex.json")
	doc := vex.Parse("openvex.json", b)
	changes := release.ChangeSet{Advisories: []release.AdvisoryChange{
		{ID: "GO-2026-1", Aliases: []string{"CVE-2026-1111"}, Effect: release.EffectIntroduced, Package: "pkg:npm/left-pad", After: []string{"1.3.0"}},
		{ID: "CVE-2026-2222", Effect: release.EffectCarried, Package: "pkg:npm/left-pad", After: []string{"1.3.0"}},
	}}
	options := vex.Options{
		Products: []vex.Product{{PURLs: []release.PURL{"pkg:oci/shop@1.4.0"}}},
		// The host has verified a signature over these very bytes.
		Verified: map[release.Digest]string{release.DigestOf(b): "mailto:security@shop.example"},
		Trusted:  []string{"mailto:security@shop.example"},
	}
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	vex.Apply(&changes, []vex.Document{doc}, options, now)
	for _, a := range changes.Advisories {
		fmt.Println(a.ID, a.Effect, len(a.Suppressions))
		for _, s := range a.Suppressions {
			fmt.Println("  not affected, says", s.Author, "until", s.Expires.Format(time.DateOnly)+":", s.Justification)
		}
	}

	// The same document in the hands of somebody who verified nothing.
	changes.Advisories[0].Suppressions = nil
	options.Verified = nil
	for _, i := range vex.Apply(&changes, []vex.Document{doc}, options, now).Ignored {
		fmt.Println(i.Advisory, i.Reason+":", i.Detail)
	}
	// Output:
	// GO-2026-1 introduced 1
	//   not affected, says mailto:security@shop.example until 2027-01-18: vulnerable_code_not_in_execute_path
	// CVE-2026-2222 carried 0
	// GO-2026-1 untrusted: nobody trusted is known to have signed the document
}
