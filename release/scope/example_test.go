package scope_test

import (
	"fmt"
	"log"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scope"
)

// A plan says that the documentation changes. The pull request changes sign-in too.
func Example() {
	plan, err := scope.Parse([]byte(`{
		"reason": "the installation guide names the wrong port",
		"outcome": "fewer questions about the first start",
		"fallBack": {"way": "forward", "steps": "mend the text"},
		"kinds": ["code"],
		"paths": ["docs/**", "README.md"]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	changes := release.ChangeSet{
		Files: []release.FileChange{
			{Path: "auth/session.go", Op: release.OpModified, Labels: []release.Label{release.LabelIdentity}},
			{Path: "docs/install.md", Op: release.OpModified, Labels: []release.Label{release.LabelDocs}},
		},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
	}
	part, err := plan.Check(&changes, scope.Options{})
	if err != nil {
		log.Fatal(err)
	}
	changes.Add(part)
	for _, d := range changes.Deviations {
		fmt.Println(d.Kind, d.Subject, "-", d.Detail)
	}
	// Output:
	// outside-subjects auth/session.go - no pattern of paths matches it
	// outside-labels auth/session.go - 1 changes are about identity, which is not declared, the first of them this
	// not-done README.md - paths is declared, and nothing of it changes
}
