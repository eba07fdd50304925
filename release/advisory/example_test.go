package advisory_test

import (
	"fmt"
	"os"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

// What was known on the day of the release, and what is known today.
func Example() {
	db, err := advisory.Load(os.DirFS("testdata/osv"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	components := []release.Component{{PURL: "pkg:golang/example.com/proxy@v1.4.1"}}
	for _, day := range []string{"2024-06-01", "2026-11-23"} {
		asOf, _ := time.Parse(time.DateOnly, day)
		r := db.Match(components, asOf)
		fmt.Println("as of", day, "coverage", r.Coverage)
		for _, f := range r.Affected {
			fmt.Println("  ", f.ID, f.Aliases, f.Severity.Value, f.FixedIn, f.Summary)
		}
	}
	// Output:
	// as of 2024-06-01 coverage complete
	//    GO-2024-0001 [CVE-2024-1001 GHSA-aaaa-bbbb-cccc] 7.5 [1.4.2 1.5.1] Requests can be smuggled in example.com/proxy
	// as of 2026-11-23 coverage complete
	//    GO-2024-0001 [CVE-2024-1001 GHSA-aaaa-bbbb-cccc] 7.5 [1.4.2 1.5.1] Requests can be smuggled in example.com/proxy
	//    GO-2025-0002 [CVE-2025-2002] 0 [] Headers can be confused in example.com/proxy
}

// What a release does about the advisories: an upgrade may mend one flaw and go on with
// another.
func ExampleDB_Delta() {
	db, err := advisory.Load(os.DirFS("testdata/osv"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	inventory := func(version string) *release.Inventory {
		return &release.Inventory{Source: release.Source{Path: "go.mod"}, Coverage: release.CoverageComplete,
			Components: []release.Component{{PURL: release.PURL("pkg:golang/example.com/proxy@" + version)}}}
	}
	asOf := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	cs := db.Delta(inventory("v1.4.1"), inventory("v1.4.2"), asOf)
	fmt.Println(cs.Coverage[release.KindAdvisory], cs.Sources[0].Format)
	for _, c := range cs.Advisories {
		fmt.Println(c.File, c.Effect, c.ID, c.Package, c.Before, c.After)
	}
	unreadable := &release.Inventory{Source: release.Source{Path: "go.mod"}}
	for _, c := range db.Delta(unreadable, inventory("v1.4.2"), asOf).Advisories {
		fmt.Println(c.Effect, c.ID, c.Detail)
	}
	// Output:
	// complete osv/1
	// go.mod fixed GO-2024-0001 pkg:golang/example.com/proxy [v1.4.1] []
	// go.mod carried GO-2025-0002 pkg:golang/example.com/proxy [v1.4.1] [v1.4.2]
	// unknown GO-2025-0002 go.mod was not read completely before the release: it may have been there
}
