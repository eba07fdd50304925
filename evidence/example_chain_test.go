package evidence_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// From what a test runner wrote to what other tools read: collect, sign, verify,
// approve, decide, and sign the decision. Each line of the pipeline may run in a place
// of its own, for all that passes between them is bundles.
func Example_chain() {
	ctx, now := context.Background(), time.Now()
	rel := release.Release{Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}}}

	// Who is trusted. These are demonstration keys; a certificate or a KMS does as well.
	signers, keys := map[string]ed25519.PrivateKey{}, []evidence.Key{}
	for name, kind := range map[string]release.ActorKind{"ci": release.ActorService, "ada": release.ActorHuman, "gate": release.ActorService} {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			log.Fatal(err)
		}
		signers[name] = private
		keys = append(keys, evidence.Key{Public: public, Kind: kind, Principal: evidence.Principal{Issuer: "example", Subject: name}})
	}
	trust, err := evidence.NewKeyring(keys...)
	if err != nil {
		log.Fatal(err)
	}
	// signed signs a statement, and verifies the bundle as its reader does.
	signed := func(name string, st evidence.Statement, err error) evidence.Verified {
		if err != nil {
			log.Fatal(err)
		}
		bundle, err := evidence.Sign(ctx, st, signers[name])
		if err != nil {
			log.Fatal(err)
		}
		v, err := evidence.Verify(ctx, trust, bundle)
		if err != nil {
			log.Fatal(err)
		}
		return v
	}
	say := func(name string, p predicate.Predicate) evidence.Verified {
		st, err := evidence.For(rel, p)
		return signed(name, st, err)
	}

	// The pipeline says what the tests found, and a person approves just that.
	junit := collect.File{Path: "junit.xml", Bytes: []byte(`<testsuite name="cart" tests="1" timestamp="2026-03-01T11:58:03Z"><testcase classname="cart" name="total"/></testsuite>`)}
	tests, err := collect.JUnit(collect.Run{Tool: "pytest", Version: "8.4.1", At: now, Succeeded: release.AnswerYes}, junit)
	if err != nil {
		log.Fatal(err) // nothing can be said, and nothing is signed
	}
	set := []evidence.Verified{say("ci", tests.Result)}
	approval, err := evidence.NewApproval(predicate.Approve, rel, set)
	if err != nil {
		log.Fatal(err)
	}
	set = append(set, say("ada", approval))

	// The gate decides: what an assessment calls for, and what this host demands besides.
	decision, err := evidence.Decide(evidence.Question{
		Release: rel,
		Requirements: []release.Requirement{
			{ID: "test/passed", Evidence: release.EvidenceTest},
			{ID: "approval/independent", Evidence: release.EvidenceApproval, Independent: true},
		},
		Rules: []evidence.Rule{
			evidence.Require{Type: predicate.TypeTestResult, By: []evidence.Principal{{Issuer: "example", Subject: "ci"}}},
			evidence.Separate{Duties: []evidence.Duty{evidence.DutyAuthor, evidence.DutyTester, evidence.DutyApprover}},
		},
		Authors:   []release.Actor{{Kind: release.ActorHuman, ID: "email:eve@example.com"}},
		Requester: release.Actor{Kind: release.ActorHuman, ID: "email:eve@example.com"},
		Identities: map[string]evidence.Principal{
			"email:eve@example.com": {Issuer: "example", Subject: "eve"},
		},
	}, set, now)
	if err != nil {
		log.Fatal(err) // no verdict: treat it as no
	}
	fmt.Println(decision.Verdict, evidence.ExitCode(decision, err))
	for _, r := range decision.Reasons {
		fmt.Println(" ", r)
	}

	// What was decided is a statement too: all of it, and in a form that others know.
	st, err := decision.Statement()
	told := signed("gate", st, err)
	st, err = evidence.VSA(decision, evidence.SummaryOptions{VerifierID: "https://gate.example.com", ResourceURI: "pkg:generic/shop@v1.4.0"})
	summary := signed("gate", st, err)
	fmt.Println(told.Statement().PredicateType())
	fmt.Println(summary.Statement().PredicateType())
	// Output:
	// allow 0
	//   evidence/met test/passed: 1 of 1 test-result
	//   evidence/met approval/independent: 1 of 1 approval
	//   evidence/met require https://in-toto.io/attestation/test-result/v0.1: 1 of 1 https://in-toto.io/attestation/test-result/v0.1
	//   evidence/met separate author, tester, approver: 2 of 2 duties can be done by different people
	// https://sallyport.dev/decision/v1
	// https://slsa.dev/verification_summary/v1
}
