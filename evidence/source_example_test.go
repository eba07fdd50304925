package evidence_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// signedLine is one line of a file: a bundle in which a key says that tests passed.
func signedLine(key *ecdsa.PrivateKey, service string) string {
	subject := evidence.Subject{Name: service, Digests: []evidence.SubjectDigest{{Algorithm: "sha256", Value: release.DigestOf([]byte(service)).Hex()}}}
	st, err := evidence.NewStatement(predicate.TypeTestResult, []evidence.Subject{subject},
		predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{{URI: "file:ci.yaml"}}})
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := evidence.Sign(context.Background(), st, key)
	if err != nil {
		log.Fatal(err)
	}
	return string(bundle)
}

func newExampleKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// A file of attestations, one a line, of which the first was damaged. The others
// are read all the same, and the damage is told with its place.
func ExampleEnvelopes() {
	key := newExampleKey()
	trust, err := evidence.NewKeyring(evidence.Key{Public: key.Public(), Principal: evidence.Principal{Issuer: "example", Subject: "ci"}})
	if err != nil {
		log.Fatal(err)
	}
	shop := signedLine(key, "shop")
	file := shop[:80] + "\n" + shop + "\n" + signedLine(key, "cart") + "\n"

	for e, err := range evidence.Envelopes([]byte(file)) {
		if err != nil {
			fmt.Println(err)
			continue // here one would stop, were all of it needed
		}
		v, err := evidence.Verify(context.Background(), trust, e.Raw)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s of %s\n", e.Place, v.Statement().PredicateType(), v.Statement().Subjects()[0].Name)
	}
	// Output:
	// evidence: line 1: at byte 80 (line 1, column 81): the text ends within a string
	// line 2: https://in-toto.io/attestation/test-result/v0.1 of shop
	// line 3: https://in-toto.io/attestation/test-result/v0.1 of cart
}

// The same file is verified twice, on all cores; the second time nothing is new. A
// cache remembers what a trust accepted, and another trust is asked afresh.
func ExampleCache_VerifyAll() {
	ctx, key := context.Background(), newExampleKey()
	ci := evidence.Key{Public: key.Public(), Principal: evidence.Principal{Issuer: "example", Subject: "ci"}}
	trust, err := evidence.NewKeyring(ci)
	if err != nil {
		log.Fatal(err)
	}
	other, err := evidence.NewKeyring(evidence.Key{Public: newExampleKey().Public()})
	if err != nil {
		log.Fatal(err)
	}
	file := []byte(strings.Join([]string{signedLine(key, "shop"), signedLine(key, "cart")}, "\n"))

	cache := evidence.NewCache(64 << 20)
	for _, who := range []evidence.Trust{trust, trust, other} {
		var set []evidence.Verified
		for v, err := range cache.VerifyAll(ctx, who, evidence.Envelopes(file)) {
			if err != nil {
				var at *evidence.EnvelopeError
				fmt.Println(errors.As(err, &at) && errors.Is(err, evidence.ErrUntrusted), at.Place)
				continue
			}
			set = append(set, v)
		}
		fmt.Println(len(set), "verified,", cache.Len(), "remembered")
	}
	// Output:
	// 2 verified, 2 remembered
	// 2 verified, 2 remembered
	// true line 1
	// true line 2
	// 0 verified, 2 remembered
}
