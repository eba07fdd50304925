package sbom_test

import (
	"fmt"
	"os"

	"github.com/sallyport-dev/sallyport/release/sbom"
)

func Example() {
	b, err := os.ReadFile("testdata/shop.cdx.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	inv := sbom.Read("shop.cdx.json", b)
	fmt.Println(inv.Root, "by", inv.Source.Tool, inv.Source.Version, "as", inv.Source.Format)
	for _, c := range inv.Components {
		fmt.Printf("%s %s %s %q\n", c.PURL, c.Relation, c.Scope, c.License)
	}
	for _, e := range inv.Edges {
		fmt.Println(e.From.Name(), "needs", e.To.Name(), e.To.Version())
	}
	fmt.Println("coverage:", inv.Coverage)
	for _, g := range inv.Gaps {
		fmt.Println("gap:", g)
	}
	// Output:
	// pkg:npm/%40example/shop@4.0.0 by bomsmith 2.1.0 as cyclonedx/1.6
	// pkg:npm/%40example/checks@0.9.0 direct development ""
	// pkg:npm/http-client@2.1.0 direct runtime "MIT"
	// pkg:npm/left-pad@1.1.0 unknown unknown ""
	// pkg:npm/left-pad@1.3.0 transitive unknown "MIT OR Apache-2.0"
	// @example/checks needs left-pad 1.1.0
	// @example/shop needs @example/checks 0.9.0
	// @example/shop needs http-client 2.1.0
	// http-client needs left-pad 1.3.0
	// coverage: partial
	// gap: unreadable shop.cdx.json: sbom: line 30: library "house-style" 7 has no package URL
}

func ExampleRead_spdx() {
	b, err := os.ReadFile("testdata/shop.spdx.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	inv := sbom.Read("shop.spdx.json", b)
	for _, c := range inv.Components {
		fmt.Printf("%s %s %s %q %q\n", c.PURL, c.Relation, c.Scope, c.License, c.Origin.String())
	}
	fmt.Println("coverage:", inv.Coverage, inv.Gaps)
	// Output:
	// pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12 unknown unknown "LGPL-2.1-or-later AND GPL-2.0-only" ""
	// pkg:npm/%40example/checks@0.9.0 direct development "" ""
	// pkg:npm/http-client@2.1.0 direct unknown "MIT" ""
	// pkg:npm/left-pad@1.3.0 transitive runtime "NONE" "git+https://git.example/left-pad.git@v1.3.0#src"
	// coverage: complete []
}
