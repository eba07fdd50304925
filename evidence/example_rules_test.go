package evidence_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// The rules of a service that GitHub builds. The tests are of another run than the
// build, until those of the run itself are there.
func ExampleRule() {
	build := evidence.Principal{Issuer: "https://token.actions.githubusercontent.com", Subject: "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.4.0"}
	ci := evidence.Principal{Issuer: "example", Subject: "ci"}
	rules := []evidence.Rule{
		evidence.SLSA{
			Level:    2,
			Builders: []evidence.Builder{{ID: "https://github.com/actions/runner/github-hosted", By: []evidence.Principal{build}, Level: 2}},
			Builds: []evidence.Build{{
				Type:       "https://actions.github.io/buildtypes/workflow/v1",
				Source:     "https://github.com/acme/shop",
				Parameters: []evidence.Parameter{{Pointer: "/workflow/path", JSON: `".github/workflows/release.yml"`}},
				Ignored:    []string{"/workflow/ref"}, // CommitMatches looks at it
			}},
		},
		evidence.CommitMatches{Tag: "v1.4.0", TagCommit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"},
		evidence.SameField{Name: "workflow run", Fields: []evidence.Field{
			{Type: predicate.TypeProvenance, Pointer: "/runDetails/metadata/invocationId"},
			{Type: predicate.TypeTestResult, Pointer: "/url"},
		}},
		evidence.Separate{Duties: []evidence.Duty{evidence.DutyBuilder, evidence.DutyTester}},
	}

	rel := release.Release{Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}}}
	var provenance predicate.Provenance
	if err := json.Unmarshal([]byte(`{
		"buildDefinition": {
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": {"workflow": {"repository": "https://github.com/acme/shop", "ref": "refs/tags/v1.4.0", "path": ".github/workflows/release.yml"}},
			"resolvedDependencies": [{"uri": "git+https://github.com/acme/shop@refs/tags/v1.4.0", "digest": {"gitCommit": "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"}}]
		},
		"runDetails": {
			"builder": {"id": "https://github.com/actions/runner/github-hosted"},
			"metadata": {"invocationId": "https://github.com/acme/shop/actions/runs/7"}
		}
	}`), &provenance); err != nil {
		log.Fatal(err)
	}
	tests := func(run string) predicate.TestResult {
		return predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}, URL: "https://github.com/acme/shop/actions/runs/" + run}
	}

	built := signedBy(build, rel, provenance)
	for _, set := range [][]evidence.Verified{
		{built, signedBy(ci, rel, tests("6"))},
		{built, signedBy(ci, rel, tests("6")), signedBy(ci, rel, tests("7"))},
	} {
		d, err := evidence.Decide(evidence.Question{Release: rel, Rules: rules}, set, time.Now())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Verdict)
		for _, r := range d.Results {
			fmt.Println(" ", r.Status, r.ID(), r.Levels)
		}
	}
	// Output:
	// hold
	//   met slsa build level 2 [SLSA_BUILD_LEVEL_2]
	//   met commit matches tag v1.4.0 []
	//   missing same workflow run []
	//   missing separate builder, tester []
	// allow
	//   met slsa build level 2 [SLSA_BUILD_LEVEL_2]
	//   met commit matches tag v1.4.0 []
	//   met same workflow run []
	//   met separate builder, tester []
}

// signedBy is a verified statement, signed by a service with a key of its own.
func signedBy(p evidence.Principal, r release.Release, said predicate.Predicate) evidence.Verified {
	st, err := evidence.For(r, said)
	if err != nil {
		log.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	trust, err := evidence.NewKeyring(evidence.Key{Public: key.Public(), Kind: release.ActorService, Principal: p})
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := evidence.Sign(context.Background(), st, key)
	if err != nil {
		log.Fatal(err)
	}
	v, err := evidence.Verify(context.Background(), trust, bundle)
	if err != nil {
		log.Fatal(err)
	}
	return v
}
