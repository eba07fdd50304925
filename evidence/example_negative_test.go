package evidence_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// office is a demonstration of people and services with keys; each statement that they
// sign is stamped at a given time.
type office struct {
	ring *evidence.Keyring
	keys map[string]ed25519.PrivateKey
	at   time.Time
}

func newOffice(at time.Time, names ...string) *office {
	o := &office{keys: map[string]ed25519.PrivateKey{}, at: at}
	var keys []evidence.Key
	for i, name := range names {
		key := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i+1)))
		o.keys[name] = key
		keys = append(keys, evidence.Key{Public: key.Public(), Principal: evidence.Principal{Issuer: "example", Subject: name}})
	}
	var err error
	if o.ring, err = evidence.NewKeyring(keys...); err != nil {
		log.Fatal(err)
	}
	return o
}

// Check is the keyring's, with the time.
func (o *office) Check(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	return o.ring.CheckAt(ctx, s, []evidence.Time{{T: o.at, Source: "demonstration"}})
}

func (o *office) sign(who string, st evidence.Statement, err error) evidence.Verified {
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := evidence.Sign(context.Background(), st, o.keys[who])
	if err != nil {
		log.Fatal(err)
	}
	v, err := evidence.Verify(context.Background(), o, bundle)
	if err != nil {
		log.Fatal(err)
	}
	return v
}

var exampleRelease = release.Release{
	Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
	Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}},
}

// A builder's key is revoked, and what it signed counts no longer.
func ExampleNewRevocation() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := newOffice(now, "ci", "security")
	rel := exampleRelease
	st, err := evidence.For(rel, predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	tests := o.sign("ci", st, err)

	st, err = evidence.NewRevocation(predicate.Revocation{
		Targets: []predicate.RevocationTarget{{Key: tests.By().Key}},
		Reason:  predicate.ReasonCompromisedKey,
		Comment: "the runner's disk was copied",
	})
	revocation := o.sign("security", st, err)
	q := evidence.Question{Release: rel, Requirements: []release.Requirement{{ID: "tests", Evidence: release.EvidenceTest}}}
	for _, set := range [][]evidence.Verified{{tests}, {tests, revocation}} {
		d, err := evidence.Decide(q, set, now)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Verdict)
		for _, r := range d.Reasons {
			fmt.Println(" ", r)
		}
	}
	// Output:
	// allow
	//   evidence/met tests: 1 of 1 test-result
	// hold
	//   evidence/missing tests: 0 of 1 test-result
	//   evidence/revoked tests: the statement by ci (example) is revoked by security (example): compromised-key
}

// A store lists what it holds. Whoever leaves the failed test out is found out.
func ExampleNewCheckpoint() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := newOffice(now.Add(-time.Minute), "ci", "store")
	rel := exampleRelease
	say := func(who string, p predicate.Predicate) evidence.Verified {
		st, err := evidence.For(rel, p)
		return o.sign(who, st, err)
	}
	passed := say("ci", predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	failed := say("ci", predicate.TestResult{Result: predicate.TestFailed, Configuration: []predicate.Resource{}})
	c, err := evidence.NewCheckpoint(rel, []evidence.Verified{passed, failed}, 1, now.Add(-time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	checkpoint := say("store", c)

	q := evidence.Question{
		Release:      rel,
		Requirements: []release.Requirement{{ID: "tests", Evidence: release.EvidenceTest}},
		Rules:        []evidence.Rule{evidence.NotRevoked{By: []evidence.Principal{{Issuer: "example", Subject: "store"}}, MaxAge: time.Hour}},
	}
	for _, set := range [][]evidence.Verified{{passed}, {passed, checkpoint}, {passed, failed, checkpoint}} {
		d, err := evidence.Decide(q, set, now)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Verdict, d.Results[1].Reasons[0])
	}
	// Output:
	// hold evidence/missing not revoked, says store (example): 0 of 1 https://sallyport.dev/checkpoint/v1
	// hold evidence/incomplete not revoked, says store (example): 1 envelopes are withheld that a checkpoint lists
	// deny evidence/met not revoked, says store (example): 1 of 1 https://sallyport.dev/checkpoint/v1
}
