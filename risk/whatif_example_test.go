package risk_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// A release is high, and three of its files are why.
func ExampleAssessor_WhatIf() {
	assessor, err := risk.New(nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	modified := func(path release.Path, added int64) release.FileChange {
		return release.FileChange{Path: path, Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: added}
	}
	in := risk.Input{Impact: risk.ImpactModerate, Changes: release.ChangeSet{
		Base: "1111111111111111111111111111111111111111",
		Head: "2222222222222222222222222222222222222222",
		Files: []release.FileChange{
			modified("auth/login.go", 12),
			modified("auth/session.go", 3),
			modified("deploy/main.tf", 4),
			modified("server/handler.go", 40),
			modified("server/router.go", 9),
		},
		Resources: []release.ResourceChange{{File: "deploy/main.tf", Address: "aws_iam_role.deploy", Type: "aws_iam_role", Op: release.OpModified}},
		Coverage: map[release.Kind]release.Coverage{
			release.KindCode:           release.CoverageComplete,
			release.KindInfrastructure: release.CoverageComplete,
		},
	}}
	ways, err := assessor.WhatIf(in, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, way := range ways {
		fmt.Println(way)
		fmt.Println(" takes out", way.Split.Paths, way.Split.Resources)
	}
	// Output:
	// split auth/login.go and 2 other files out, and the rest is low; what is taken out is high
	//  takes out [auth/login.go auth/session.go deploy/main.tf] [deploy/main.tf aws_iam_role.deploy]
}
