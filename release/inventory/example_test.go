package inventory_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/inventory"
)

func Example() {
	before := release.Inventory{
		Source: release.Source{Path: "package-lock.json"}, Coverage: release.CoverageComplete,
		Components: []release.Component{
			{PURL: "pkg:npm/left-pad@1.3.0", Integrity: "sha512-AAAA"},
			{PURL: "pkg:npm/lodash@4.17.20"},
			{PURL: "pkg:npm/ms@2.0.0"},
			{PURL: "pkg:npm/ms@2.1.2"},
		},
	}
	after := release.Inventory{
		Source: release.Source{Path: "package-lock.json"}, Coverage: release.CoverageComplete,
		Components: []release.Component{
			{PURL: "pkg:npm/left-pad@1.3.0", Integrity: "sha512-BBBB"},
			{PURL: "pkg:npm/lodash@4.17.21"},
			{PURL: "pkg:npm/ms@2.1.3"},
		},
	}
	cs := inventory.Diff(&before, &after)
	for _, c := range cs.Dependencies {
		fmt.Printf("%s %s (%s) %q %q\n", c.Package.Name(), c.Op, c.Detail, c.Before, c.After)
	}
	fmt.Println(cs.Gaps[0])
	// Output:
	// left-pad replaced (another hash) "1.3.0" "1.3.0"
	// lodash upgraded () "4.17.20" "4.17.21"
	// ms removed () "2.0.0" ""
	// ms upgraded () "2.1.2" "2.1.3"
	// dependency-origin pkg:npm/left-pad@1.3.0: package-lock.json: the same version as before, but another hash
}

// A file that could not be read changes nothing, and that is said.
func ExampleDiff_unreadable() {
	before := release.Inventory{Source: release.Source{Path: "yarn.lock"}, Gaps: []release.Gap{{Kind: release.GapUnreadable, Subject: "yarn.lock", Detail: "line 7"}}}
	after := release.Inventory{Source: release.Source{Path: "yarn.lock"}, Coverage: release.CoverageComplete, Components: []release.Component{{PURL: "pkg:npm/ms@2.1.3"}}}
	cs := inventory.Diff(&before, &after)
	fmt.Println(len(cs.Dependencies), cs.Coverage[release.KindDependency], cs.Gaps)
	// Output:
	// 0 missing [unreadable yarn.lock: line 7]
}
