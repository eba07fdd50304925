package version_test

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release/version"
)

func Example() {
	for _, kind := range []string{"npm", "pypi"} {
		order, _ := version.Of(kind)
		c, err := order.Compare("1.0-1", "1.0")
		fmt.Println(order, c, err)
	}
	_, ok := version.OfEcosystem("GitHub Actions")
	fmt.Println("GitHub Actions:", ok)
	// Output:
	// npm -1 <nil>
	// pypi 1 <nil>
	// GitHub Actions: false
}

// Versions that are compared often are parsed once.
func ExampleOrder_Parse() {
	order, _ := version.OfEcosystem("Debian:12")
	var fixes []version.Version
	for _, s := range []string{"1:1.2-3", "1.10-1", "1.9~rc1-1"} {
		v, err := order.Parse(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		fixes = append(fixes, v)
	}
	slices.SortFunc(fixes, version.Version.Compare)
	fmt.Println(fixes)
	_, err := order.Parse("latest")
	fmt.Println(err)
	// Output:
	// [1.9~rc1-1 1.10-1 1:1.2-3]
	// version: "latest" is not a version of order deb
}

func ExampleOrder_Major() {
	order, _ := version.Of("npm")
	fmt.Println(order.Major("1.4.0", "2.0.0-rc.1"))
	fmt.Println(order.Major("1.4.0", "latest"))
	// Output:
	// true true
	// false false
}
