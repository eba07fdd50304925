package lifecycle_test

import (
	"fmt"
	"os"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lifecycle"
)

func Example() {
	b, _ := os.ReadFile("testdata/dates.json")
	dates := lifecycle.Read("dates.json", b)
	inventory := &release.Inventory{
		Source:   release.Source{Path: "package-lock.json"},
		Coverage: release.CoverageComplete,
		Components: []release.Component{
			{PURL: "pkg:npm/left-pad@1.1.0"}, {PURL: "pkg:npm/right-pad@1.0.0"}, {PURL: "pkg:npm/unheard-of@3.0.0"},
		},
	}
	part := dates.Outdated(inventory, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), lifecycle.Options{})
	for _, o := range part.Outdated {
		fmt.Printf("%s: %d releases and %.1f days behind %s\n", o.Component, o.Releases, o.Days, o.Latest)
		fmt.Printf("  deprecated %s, retracted %s, end of life %s (%s)\n", o.Deprecated, o.Retracted, o.EndOfLife, o.Detail)
	}
	fmt.Println(part.Coverage[release.KindOutdated])
	for _, g := range part.Gaps {
		fmt.Println(g)
	}
	// Output:
	// pkg:npm/left-pad@1.1.0: 2 releases and 60.5 days behind 1.3.0
	//   deprecated yes, retracted no, end of life no (package deprecated since 2026-01-01: use padStart)
	// partial
	// incomplete package-lock.json: the dates do not have the package, or have it twice: pkg:npm/unheard-of@3.0.0
}

func ExampleReadGoList() {
	b, _ := os.ReadFile("testdata/golist.json") // go list -m -u -versions -json all
	collected := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	dates := lifecycle.ReadGoList("golist.json", b, lifecycle.GoList{Collected: collected, Upgrades: true})
	inventory := &release.Inventory{Coverage: release.CoverageComplete, Components: []release.Component{
		{PURL: "pkg:golang/example.com/behind@v1.2.0"}, {PURL: "pkg:golang/example.com/newest@v0.5.0"}, {PURL: "pkg:golang/example.com/retracted@v1.0.0"},
	}}
	for _, o := range dates.Outdated(inventory, collected, lifecycle.Options{}).Outdated {
		fmt.Println(o.Component.Name(), o.ReleasesKnown, o.Releases, o.DaysKnown, o.Days, o.Latest, o.Retracted, "("+o.Detail+")")
	}
	// Output:
	// example.com/behind true 2 true 90 v1.4.0 no ()
	// example.com/retracted false 0 true 1 v1.0.1 yes (package deprecated: use example.com/other; retracted: published by mistake; at least 1 newer, up to v1.0.1 of 1.0 days later)
}
