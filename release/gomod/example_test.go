package gomod_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release/gomod"
)

func Example() {
	before := gomod.File{Mod: []byte(`module example.com/shop

go 1.24

require (
	example.com/cart v1.4.0
	example.com/mail v0.3.0
	example.com/pay v1.9.0
)
`), Sum: []byte(`example.com/cart v1.4.0 h1:a=
example.com/mail v0.3.0 h1:b=
example.com/pay v1.9.0 h1:c=
`)}
	after := gomod.File{Mod: []byte(`module example.com/shop

go 1.26

require (
	example.com/cart v1.4.0
	example.com/mail v0.2.0
	example.com/pay/v2 v2.0.1
)

replace example.com/cart => ../cart
`), Sum: []byte(`example.com/mail v0.2.0 h1:d=
example.com/pay/v2 v2.0.1 h1:e=
`)}
	changes := gomod.Diff(before, after)
	for _, c := range changes.Dependencies {
		fmt.Printf("%s %s %q %q %q\n", c.Op, c.Package.Name(), c.Before, c.After, c.Detail)
	}
	for _, g := range changes.Gaps {
		fmt.Println("gap:", g)
	}
	// Output:
	// replaced example.com/cart "v1.4.0" "v1.4.0" "replaced by ../cart"
	// downgraded example.com/mail "v0.3.0" "v0.2.0" ""
	// removed example.com/pay "v1.9.0" "" "moved from example.com/pay v1.9.0 to example.com/pay/v2 v2.0.1"
	// added example.com/pay/v2 "" "v2.0.1" "moved from example.com/pay v1.9.0 to example.com/pay/v2 v2.0.1"
	// upgraded stdlib "1.24" "1.26" ""
	// gap: dependency-origin example.com/cart: go.mod takes it from the directory ../cart
}
