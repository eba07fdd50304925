package evidence_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// A test run and two approvals, each signed with a key of its own, let a release
// out; the first of the two people alone does not.
func Example() {
	ctx := context.Background()
	rel := release.Release{
		Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}},
	}
	// Demonstration keys. In earnest the private ones are where their owners are.
	var keys []evidence.Key
	signers := map[string]*ecdsa.PrivateKey{}
	for _, who := range []string{"ci", "ada", "bob"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			log.Fatal(err)
		}
		kind := release.ActorHuman
		if who == "ci" {
			kind = release.ActorService
		}
		signers[who] = key
		keys = append(keys, evidence.Key{Public: key.Public(), Kind: kind, Principal: evidence.Principal{Issuer: "example", Subject: who}})
	}
	trust, err := evidence.NewKeyring(keys...)
	if err != nil {
		log.Fatal(err)
	}
	// say signs what somebody says of the release, and verifies the bundle.
	say := func(who string, p predicate.Predicate) evidence.Verified {
		st, err := evidence.For(rel, p)
		if err != nil {
			log.Fatal(err)
		}
		bundle, err := evidence.Sign(ctx, st, signers[who])
		if err != nil {
			log.Fatal(err)
		}
		v, err := evidence.Verify(ctx, trust, bundle)
		if err != nil {
			log.Fatal(err)
		}
		return v
	}
	question := evidence.Question{
		Release: rel,
		Requirements: []release.Requirement{
			{ID: "tests", Evidence: release.EvidenceTest},
			{ID: "approval/two", Evidence: release.EvidenceApproval, Count: 2},
		},
		Authors:    []release.Actor{{Kind: release.ActorHuman, ID: "email:eve@example.com"}},
		Identities: map[string]evidence.Principal{"email:eve@example.com": {Issuer: "example", Subject: "eve"}},
	}
	decide := func(set ...evidence.Verified) {
		d, err := evidence.Decide(question, set, time.Now())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Verdict)
		for _, r := range d.Reasons {
			fmt.Println(" ", r)
		}
	}

	tests := say("ci", predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{{URI: "file:ci.yaml"}}})
	approval, err := evidence.NewApproval(predicate.Approve, rel, []evidence.Verified{tests})
	if err != nil {
		log.Fatal(err)
	}
	ada, bob := say("ada", approval), say("bob", approval)
	decide(tests, ada, ada)
	decide(tests, ada, bob)
	// Output:
	// hold
	//   evidence/met tests: 1 of 1 test-result
	//   evidence/missing approval/two: 1 of 2 approval
	// allow
	//   evidence/met tests: 1 of 1 test-result
	//   evidence/met approval/two: 2 of 2 approval
}
