package evidence_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// What comes of a decision: a verification summary for SLSA's tools, a simple
// verification result for in-toto's, and the decision itself, for whoever wants
// to know why, until when, and whether it would be decided so again.
func ExampleDecision_Statement() {
	ctx := context.Background()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	question, proof := exampleEvidence(now)
	gate := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)) // a demonstration key

	decision, err := evidence.Decide(question, proof, now)
	if err != nil {
		log.Fatal(err)
	}
	options := evidence.SummaryOptions{
		VerifierID:  "https://gate.example.com/v1",
		ResourceURI: "pkg:generic/shop@v1.4.0",
		PolicyURI:   "https://gate.example.com/policy/production",
		Properties:  map[string]string{"tests": "ACME_TESTED", "approval/two": "ACME_TWO_APPROVALS"},
	}
	vsa, err := evidence.VSA(decision, options)
	if err != nil {
		log.Fatal(err)
	}
	svr, err := evidence.SVR(decision, options)
	if err != nil {
		log.Fatal(err)
	}
	record, err := decision.Statement()
	if err != nil {
		log.Fatal(err)
	}
	for _, st := range []evidence.Statement{vsa, svr, record} {
		signed, err := evidence.SignDSSE(ctx, st, gate)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(st.PredicateType(), len(signed) > 0)
	}
	summary, err := evidence.As[predicate.VSA](vsa)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.VerificationResult, summary.VerifiedLevels, "for", len(summary.InputAttestations), "attestation")
	told, err := evidence.As[predicate.Decision](record)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(told.Verdict, "until", told.Until)

	// Later: the same question, the same evidence, the same time.
	again, err := evidence.Decide(question, proof, told.At)
	if err != nil {
		log.Fatal(err)
	}
	replayed, err := again.Statement()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same again:", bytes.Equal(replayed.Bytes(), record.Bytes()))
	// Output:
	// https://slsa.dev/verification_summary/v1 true
	// https://in-toto.io/attestation/svr/v0.2 true
	// https://sallyport.dev/decision/v1 true
	// PASSED [ACME_TESTED] for 1 attestation
	// allow until 2026-03-02 11:00:00 +0000 UTC
	// the same again: true
}

// A program that decides ends with the verdict; an error of Decide is none.
func ExampleExitCode() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	question, proof := exampleEvidence(now)
	fmt.Println(evidence.ExitCode(evidence.Decide(question, proof, now)))
	fmt.Println(evidence.ExitCode(evidence.Decide(question, nil, now)))
	fmt.Println(evidence.ExitCode(evidence.Decide(question, proof, time.Time{})))
	// Output:
	// 0
	// 3
	// 2
}

// exampleEvidence asks for a test that is not older than a day, and has one that is
// an hour old by the word of a timestamp authority, which is made up here.
func exampleEvidence(now time.Time) (evidence.Question, []evidence.Verified) {
	rel := release.Release{
		Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}},
	}
	st, err := evidence.For(rel, predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	if err != nil {
		log.Fatal(err)
	}
	ci := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	signed, err := evidence.Sign(context.Background(), st, ci)
	if err != nil {
		log.Fatal(err)
	}
	keyring, err := evidence.NewKeyring(evidence.Key{Public: ci.Public(), Kind: release.ActorService})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := evidence.Verify(context.Background(), stampedTrust{keyring, now.Add(-time.Hour)}, signed)
	if err != nil {
		log.Fatal(err)
	}
	tests := release.Requirement{ID: "tests", Evidence: release.EvidenceTest, MaxAge: 24 * time.Hour}
	return evidence.Question{Release: rel, Requirements: []release.Requirement{tests}}, []evidence.Verified{verified}
}

// stampedTrust is a keyring that makes up a trusted time.
type stampedTrust struct {
	*evidence.Keyring
	at time.Time
}

func (s stampedTrust) Check(ctx context.Context, signed evidence.Signed) (evidence.Identity, error) {
	return s.CheckAt(ctx, signed, []evidence.Time{{T: s.at, Source: "tsa"}})
}
