package collect_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// A step of a pipeline reads what the tests wrote, and signs a statement about the
// release. Whoever has the bundle later finds the file again by its digest.
func Example() {
	ctx := context.Background()
	rel := release.Release{Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // a demonstration key
	if err != nil {
		log.Fatal(err)
	}

	b, err := os.ReadFile("testdata/pytest.xml")
	if err != nil {
		log.Fatal(err)
	}
	tests, err := collect.JUnit(collect.Run{Tool: "pytest", Version: "8.4.1", Succeeded: release.AnswerYes}, collect.File{Path: "junit.xml", Bytes: b})
	if err != nil {
		log.Fatal(err) // nothing can be said: a file is cut off, or is something else
	}
	st, err := evidence.For(rel, tests.Result)
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := evidence.Sign(ctx, st, key) // to be stored
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tests.Result.Result, "-", tests.Why)

	// The auditor:
	trust, err := evidence.NewKeyring(evidence.Key{Public: key.Public(), Kind: release.ActorService, Principal: evidence.Principal{Issuer: "example", Subject: "ci"}})
	if err != nil {
		log.Fatal(err)
	}
	v, err := evidence.Verify(ctx, trust, bundle)
	if err != nil {
		log.Fatal(err)
	}
	result, err := evidence.As[predicate.TestResult](v.Statement())
	if err != nil {
		log.Fatal(err)
	}
	sources, err := collect.Sources(result)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range sources {
		fmt.Println(s.Path, s.Tool, s.Version, s.At.Format(time.RFC3339), s.Digest == release.DigestOf(b))
	}
	// Output:
	// PASSED - 2 passed, 0 flaky, 0 failed, 2 skipped
	// junit.xml pytest 8.4.1 2026-03-01T11:58:03Z true
}

// Tests that were cut off leave nothing to sign.
func ExampleGoTest() {
	stream := `{"Action":"start","Package":"example.com/shop"}
{"Action":"run","Package":"example.com/shop","Test":"TestTotal"}
{"Action":"pass","Package":"example.com/shop","Test":"TestTotal"}
`
	run := collect.Run{Version: "go1.26.8", Succeeded: release.AnswerYes, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	_, err := collect.GoTest(run, collect.File{Path: "test.json", Bytes: []byte(stream)})
	fmt.Println(err)

	stream += `{"Action":"pass","Package":"example.com/shop"}
`
	tests, err := collect.GoTest(run, collect.File{Path: "test.json", Bytes: []byte(stream)})
	fmt.Println(tests.Result.Result, tests.Result.PassedTests, err)
	// Output:
	// collect: incomplete test.json: package "example.com/shop" has no result: the stream is cut off
	// PASSED [example.com/shop.TestTotal] <nil>
}

// A report without findings is clean only if the caller knows that the scanner ran to
// its end and looked at something.
func ExampleScan() {
	report := collect.File{Path: "grype.json", Bytes: []byte(`{"matches": [], "descriptor": {"name": "grype", "version": "0.90.0",
		"timestamp": "2026-03-01T11:59:00Z", "db": {"built": "2026-02-28T01:00:00Z"}}}`)}
	run := collect.ScanRun{Run: collect.Run{Started: time.Date(2026, 3, 1, 11, 58, 0, 0, time.UTC)}}
	_, err := collect.Scan(run, report)
	fmt.Println(err)

	run.Scan = scan.Run{Completed: release.AnswerYes, Packages: 212}
	scanned, err := collect.Scan(run, report)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range scanned.Predicates { // each is to be signed
		v := p.(predicate.Vulns)
		fmt.Println(v.Scanner.URI, v.Scanner.Version, len(v.Scanner.Result))
	}
	// Output:
	// collect: scan-unproven grype.json: the file does not show that the scan looked at anything
	// https://github.com/anchore/grype 0.90.0 0
}

// Coverage has covered and total of each unit, never of nothing.
func ExampleGoCover() {
	profile := `mode: set
example.com/shop/cart.go:3.20,5.2 2 1
example.com/shop/cart.go:7.20,9.2 1 0
`
	run := collect.Run{Tool: "go test", Version: "go1.26.8", Succeeded: release.AnswerYes, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	coverage, err := collect.GoCover(run, collect.File{Path: "cover.out", Bytes: []byte(profile)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(coverage.Result.Attributes[0].Attribute, string(coverage.Result.Attributes[0].Conditions))
	_, err = collect.GoCover(run, collect.File{Path: "cover.out", Bytes: []byte("mode: set\n")})
	fmt.Println(err)
	// Output:
	// TEST_COVERAGE {"unit":"statement","covered":2,"total":3,"files":1}
	// collect: nothing was measured: there is no statement, line or branch
}

// A service reads the reviews of a change on the forge, and says who approved. The
// reviewers count for the release, not the service.
func ExampleReview() {
	const head = "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"
	read := review.GitHub(review.GitHubFiles{
		Pull: review.File{Path: "pull.json", Bytes: []byte(`{"number": 7, "commits": 1, "user": {"login": "ada", "type": "User"},
			"head": {"sha": "` + head + `"}, "base": {"repo": {"full_name": "shop/cart"}}}`)},
		Commits: review.File{Path: "commits.json", Bytes: []byte(`[{"sha": "` + head + `", "author": {"login": "ada", "type": "User"},
			"committer": {"login": "ada", "type": "User"}, "commit": {"author": {"email": "ada@example.com"}, "committer": {"email": "ada@example.com"}}}]`)},
		Reviews: review.File{Path: "reviews.json", Bytes: []byte(`[{"id": 1, "user": {"login": "grace", "type": "User"}, "state": "APPROVED",
			"author_association": "MEMBER", "commit_id": "` + head + `", "submitted_at": "2026-03-01T10:00:00Z"}]`)},
	}, review.Options{})
	run := collect.Run{Version: "2022-11-28", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	p, err := collect.Review(run, "https://github.com/shop/cart/pull/7", read)
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range p.Approvals {
		fmt.Println(a.By.ID, a.Counts)
	}
	for _, s := range p.Sources {
		fmt.Println(s.Path, s.Tool, s.Version)
	}
	// Output:
	// github:grace true
	// pull.json github 2022-11-28
	// reviews.json github 2022-11-28
	// commits.json github 2022-11-28
}
