package label_test

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

func Example() {
	cs := release.ChangeSet{
		Files: []release.FileChange{
			{Path: "internal/auth/session.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644"},
			{Path: "internal/author.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644"},
			{Path: "docs/guide.md", Op: release.OpAdded, NewMode: "100644"},
			{Path: "docs/guide.md.sh", Op: release.OpAdded, NewMode: "100755"},
			{Path: ".github/workflows/release.yml", Op: release.OpModified, OldMode: "100644", NewMode: "100644"},
		},
		Resources: []release.ResourceChange{{Address: "aws_iam_role.deploy", Type: "aws_iam_role", Op: release.OpModified}},
	}
	label.Apply(&cs)
	for _, f := range cs.Files {
		fmt.Println(f.Path, f.Labels)
	}
	fmt.Println(cs.Resources[0].Address, cs.Resources[0].Labels)
	// Output:
	// internal/auth/session.go [identity]
	// internal/author.go []
	// docs/guide.md [docs]
	// docs/guide.md.sh []
	// .github/workflows/release.yml [pipeline]
	// aws_iam_role.deploy [access]
}

func ExampleCompile() {
	labels := label.Compile().With(label.Labeler{ID: "ours", Version: 1, Doc: "What the games team owns.",
		File: func(fc release.FileChange) []release.Label {
			if strings.HasPrefix(string(fc.Path), "games/") {
				return []release.Label{"games"}
			}
			return nil
		}})
	files := []release.FileChange{{Path: "games/login.go"}, {Path: "games/score.go"}, {Path: "main.go"}}
	labels.Files(files)
	for _, f := range files {
		fmt.Println(f.Path, f.Labels)
	}
	// Output:
	// games/login.go [games identity]
	// games/score.go [games]
	// main.go []
}
