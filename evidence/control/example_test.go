package control_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/control"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// What a release with a signed test result has to show for the tasks of SSDF 1.1.
func Example() {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	trust, err := evidence.NewKeyring(evidence.Key{Public: key.Public(), Principal: evidence.Principal{Issuer: "shop", Subject: "ci"}, Kind: release.ActorService})
	if err != nil {
		panic(err)
	}
	r := release.Release{Service: "shop", Version: "1.4.2", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("the binary"))}}}
	st, err := evidence.For(r, predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	if err != nil {
		panic(err)
	}
	envelope, err := evidence.Sign(context.Background(), st, key)
	if err != nil {
		panic(err)
	}
	tests, err := evidence.Verify(context.Background(), trust, envelope)
	if err != nil {
		panic(err)
	}

	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	c, err := control.Cover(control.SSDF(), control.Input{Record: release.Record{Release: r}, Evidence: []evidence.Verified{tests}}, now, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Summary())
	for _, f := range c.Findings {
		switch f.Control.ID {
		case "PW.8.2", "PW.2.1", "PO.2.2":
			fmt.Printf("%s %v: %s\n", f.Control.ID, f.Status, f.Why)
		}
	}
	// Output:
	// Evidence supporting 10 of 36 controls; 0 stale, 26 missing, 0 waived. 6 more are outside release evidence.
	// PO.2.2 outside release evidence: Outside release evidence: look for it where it is done.
	// PW.2.1 missing: No evidence of any of its kinds.
	// PW.8.2 evidenced: Evidence supporting it: 1 of 4 kinds.
}
