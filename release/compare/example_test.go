package compare_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
)

// Two releases of a service: a dependency goes down, the image is no longer pinned,
// and a setting changes.
func Example() {
	shop := func(version string, follows release.Digest, files fstest.MapFS) *compare.Contents {
		artifact := release.Artifact{Name: "shop", Digest: release.DigestOf([]byte(version))}
		return &compare.Contents{Tree: files, Release: release.Release{Service: "shop", Version: version, Follows: follows,
			Commit: "0123456789012345678901234567890123456789", Artifacts: []release.Artifact{artifact}}}
	}
	base := shop("1.4.0", release.Digest{}, fstest.MapFS{
		"go.mod":           {Data: []byte("module shop\ngo 1.22\nrequire golang.org/x/net v0.23.0\n")},
		"go.sum":           {Data: []byte("golang.org/x/net v0.23.0 h1:a=\n")},
		"Dockerfile":       {Data: []byte("FROM alpine@sha256:1111111111111111111111111111111111111111111111111111111111111111\n")},
		"config/prod.yaml": {Data: []byte("pool:\n  size: 10\n")},
	})
	follows, err := base.Release.Digest()
	if err != nil {
		log.Fatal(err)
	}
	head := shop("1.5.0", follows, fstest.MapFS{
		"go.mod":           {Data: []byte("module shop\ngo 1.22\nrequire golang.org/x/net v0.22.0\n")},
		"go.sum":           {Data: []byte("golang.org/x/net v0.22.0 h1:b=\n")},
		"Dockerfile":       {Data: []byte("FROM alpine:3.20\n")},
		"config/prod.yaml": {Data: []byte("pool:\n  size: 100\n")},
	})
	r, err := compare.Releases(base, head, compare.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range r.Changes.Artifacts {
		fmt.Println("artifact", a.Name, a.Op)
	}
	for _, d := range r.Changes.Dependencies {
		fmt.Println("dependency", d.Package, d.Op, d.Before, d.After)
	}
	for _, x := range r.Changes.Resources {
		fmt.Println("infrastructure", x.File, x.Op, x.Labels)
	}
	for _, s := range r.Changes.Settings {
		fmt.Println("setting", s.File, s.Key, s.Op)
	}
	// Output:
	// artifact shop modified
	// dependency pkg:golang/golang.org/x/net downgraded v0.23.0 v0.22.0
	// infrastructure Dockerfile modified [unpinned]
	// setting config/prod.yaml pool.size modified
}
