package layout_test

import (
	"context"
	"crypto"
	"fmt"
	"log"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// A release must have come out of the layout's steps and be approved: two
// decisions, of which the stricter verdict and the earlier end hold.
func ExampleResult_Record() {
	owner, ada, bob := exampleKey(1), exampleKey(2), exampleSeed(3)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rel := release.Release{Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}}}

	layoutFile := exampleSign(in_toto.Layout{
		Type: "layout", Expires: "2026-06-01T00:00:00Z",
		Keys: map[string]in_toto.Key{ada.KeyID: examplePublic(ada)},
		Steps: []in_toto.Step{{Type: "step", PubKeys: []string{ada.KeyID}, Threshold: 1,
			SupplyChainItem: in_toto.SupplyChainItem{Name: "package"}}},
	}, owner)
	link := exampleSign(in_toto.Link{Type: "link", Name: "package",
		Products: map[string]in_toto.HashObj{"shop.tar": {"sha256": rel.Artifacts[0].Digest.Hex()}}}, ada)

	trust, err := evidence.NewKeyring(evidence.Key{Public: bob.Public(), Kind: release.ActorHuman,
		Principal: evidence.Principal{Issuer: "https://hr.example.com", Subject: "bob"}})
	if err != nil {
		log.Fatal(err)
	}
	approval, err := evidence.NewApproval(predicate.Approve, rel, nil)
	if err != nil {
		log.Fatal(err)
	}
	approval.Expires = now.Add(24 * time.Hour)
	st, err := evidence.For(rel, approval)
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := evidence.Sign(context.Background(), st, bob)
	if err != nil {
		log.Fatal(err)
	}
	approved, err := evidence.Verify(context.Background(), trust, bundle)
	if err != nil {
		log.Fatal(err)
	}

	decide := func(links [][]byte, set ...evidence.Verified) {
		products := map[string]release.Digest{}
		for _, a := range rel.Artifacts {
			products[a.Name] = a.Digest
		}
		made, err := layout.Verify(layoutFile, links, layout.Options{
			Owners: []crypto.PublicKey{exampleSeed(1).Public()}, Now: now, Products: products})
		if err != nil {
			log.Fatal(err)
		}
		agreed, err := evidence.Decide(evidence.Question{
			Release:      rel,
			Requirements: []release.Requirement{{ID: "approved", Evidence: release.EvidenceApproval}},
			Authors:      []release.Actor{{ID: "ada"}},
			Identities:   map[string]evidence.Principal{"ada": {Issuer: "https://hr.example.com", Subject: "ada"}},
		}, set, now)
		if err != nil {
			log.Fatal(err)
		}
		records := []release.DecisionRecord{made.Record(), agreed.Record()}
		verdict, until := release.VerdictAllow, time.Time{}
		for _, r := range records {
			verdict = verdict.And(r.Verdict)
			if !r.Until.IsZero() && (until.IsZero() || r.Until.Before(until)) {
				until = r.Until
			}
			for _, why := range r.Reasons {
				fmt.Println(why)
			}
		}
		fmt.Println(verdict)
		if verdict.Allowed() {
			fmt.Println("until", until)
		}
	}
	decide(nil, approved)
	decide([][]byte{link})
	decide([][]byte{link}, approved)
	// Output:
	// layout/step-missing package: 0 of 1 distinct people did the step
	// evidence/met approved: 1 of 1 approval
	// hold
	// layout/met: 1 steps were done as laid down, and the products came out of the last
	// evidence/missing approved: 0 of 1 approval
	// hold
	// layout/met: 1 steps were done as laid down, and the products came out of the last
	// evidence/met approved: 1 of 1 approval
	// allow
	// until 2026-03-02 12:00:00 +0000 UTC
}
