package lockfile_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release/lockfile"
)

// The second entry is lock-file injection: the right name and version, another host.
func ExampleRead() {
	inv := lockfile.Read("web/yarn.lock", []byte(`# yarn lockfile v1

left-pad@^1.3.0:
  version "1.3.0"
  resolved "https://registry.yarnpkg.com/left-pad/-/left-pad-1.3.0.tgz"
  integrity sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==

ms@^2.0.0:
  version "2.1.2"
  resolved "https://user:token@evil.test/ms/-/ms-2.1.2.tgz"
`))
	fmt.Println(inv.Source.Format, inv.Coverage)
	for _, c := range inv.Components {
		fmt.Printf("%s %q\n", c.PURL, c.Origin)
	}
	for _, g := range inv.Gaps {
		fmt.Println(g)
	}
	// Output:
	// yarn/1 partial
	// pkg:npm/left-pad@1.3.0 ""
	// pkg:npm/ms@2.1.2 "https://evil.test/ms/-/ms-2.1.2.tgz"
	// unpinned pkg:npm/ms@2.1.2: web/yarn.lock: https://evil.test/ms/-/ms-2.1.2.tgz has no hash and names no commit
}

func ExampleFormats() {
	for _, f := range lockfile.Formats() {
		fmt.Println(f.Name, f.Files)
	}
	// Output:
	// package-lock [package-lock.json npm-shrinkwrap.json]
	// pnpm-lock [pnpm-lock.yaml]
	// yarn [yarn.lock]
	// yarn-berry [yarn.lock]
	// requirements [requirements*.txt *requirements.txt constraints*.txt]
	// poetry [poetry.lock]
	// uv [uv.lock]
	// cargo [Cargo.lock]
}
