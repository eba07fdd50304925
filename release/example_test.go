package release_test

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

func Example() {
	changes := release.ChangeSet{
		Base:     release.Revision(strings.Repeat("a", 40)),
		Head:     release.Revision(strings.Repeat("b", 40)),
		Files:    []release.FileChange{{Path: "docs/\x1b[8mhidden.md", Op: release.OpAdded, Added: 3}},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
	}
	digest, err := changes.Digest()
	if err != nil {
		fmt.Println(err)
		return
	}
	next := release.Release{
		Service: "shop", Version: "v1.2.3", Commit: changes.Head, Changes: digest,
		Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("the program"))}},
	}
	fmt.Println("complete:", next.Validate() == nil)
	fmt.Println("changed:", changes.Files[0].Path)
	fmt.Println("dependencies:", changes.Coverage[release.KindDependency])
	fmt.Println("careful:", release.Tier(0).Raise(release.TierLow))
	fmt.Println("verdict:", release.VerdictAllow.And(release.VerdictHold))
	// Output:
	// complete: true
	// changed: "docs/\x1b[8mhidden.md"
	// dependencies: missing
	// careful: critical
	// verdict: hold
}
