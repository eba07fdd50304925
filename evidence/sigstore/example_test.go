package sigstore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

// A bundle from a file, verified offline: the trusted root says whom to believe,
// the identities say whose word is asked for.
func Example() {
	file, err := os.ReadFile("testdata/trusted_root.json")
	if err != nil {
		log.Fatal(err)
	}
	root, err := sigstore.ParseTrustedRoot(file)
	if err != nil {
		log.Fatal(err)
	}
	trust, err := sigstore.New(sigstore.Options{
		Root: root,
		Identities: []sigstore.Identity{{
			Issuer:  "https://accounts.example.com",
			Subject: "ada@example.com",
			Kind:    release.ActorHuman,
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := os.ReadFile("testdata/keyless.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	v, err := evidence.Verify(context.Background(), trust, bundle)
	if err != nil {
		log.Fatal(err)
	}
	by := v.By()
	fmt.Println(by.Kind, by.Principal)
	fmt.Println(by.Times[0].Source, by.Times[0].T)
	fmt.Println(v.Statement().PredicateType())
	// Output:
	// human ada@example.com (https://accounts.example.com)
	// tsa 2026-03-01 12:00:00 +0000 UTC
	// https://in-toto.io/attestation/test-result/v0.1
}

// A trusted root that changes by itself: the host names the repository and the
// first root.json, and keeps a cache for the days on which nobody answers.
func ExampleFetchTrustedRoot() {
	first, err := os.ReadFile("testdata/tuf/root_history/1.root.json")
	if err != nil {
		log.Fatal(err)
	}
	repository := sigstore.Repository{
		Endpoint: sigstore.Endpoint{URL: "https://tuf.example.com/repository", Transport: nobodyThere},
		Root:     first,
		Cache:    "testdata/tuf",
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a host says time.Now()
	root, err := sigstore.FetchTrustedRoot(context.Background(), repository, now)
	if errors.Is(err, sigstore.ErrUnreachable) {
		fmt.Println("nobody answers")
		repository.Offline = true
		root, err = sigstore.FetchTrustedRoot(context.Background(), repository, now)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a root to trust:", !root.IsZero())

	_, err = sigstore.FetchTrustedRoot(context.Background(), repository, now.AddDate(0, 0, 7))
	fmt.Println(err)
	// Output:
	// nobody answers
	// a root to trust: true
	// sigstore: fetch trusted root: expired metadata error: timestamp.json is expired
}

// Who signed a file, by the file's digest: the bundle beside a download, made by a
// client that signs files and not statements.
func ExampleTrust_CheckArtifact() {
	file, err := os.ReadFile("testdata/trusted_root.json")
	if err != nil {
		log.Fatal(err)
	}
	root, err := sigstore.ParseTrustedRoot(file)
	if err != nil {
		log.Fatal(err)
	}
	trust, err := sigstore.New(sigstore.Options{
		Root: root,
		Identities: []sigstore.Identity{{
			Issuer:         "https://accounts.example.com",
			SubjectPattern: `[a-z]+@example\.com`, // anchored: the whole of it
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := os.ReadFile("testdata/file.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	by, err := trust.CheckArtifact(context.Background(), bundle, release.DigestOf([]byte("the release")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(by.Principal)

	_, err = trust.CheckArtifact(context.Background(), bundle, release.DigestOf([]byte("another file")))
	fmt.Println(errors.Is(err, evidence.ErrUntrusted))
	// Output:
	// ada@example.com (https://accounts.example.com)
	// true
}

var update = flag.Bool("update", false, "write testdata anew, with new keys")

// TestWriteTestdata writes what Example reads. The keys of that instance are
// gone when it ends; what they signed stays valid, because no clock is asked.
func TestWriteTestdata(t *testing.T) {
	if !*update {
		t.Skip("testdata is written with -update")
	}
	in := newInstance(t)
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	require.NoError(t, os.WriteFile("testdata/trusted_root.json", append(in.trustedRoot(), '\n'), 0o644))
	k := in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)})
	k.Trust = in.trust()
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), k)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("testdata/keyless.sigstore.json", append(raw, '\n'), 0o644))
	require.NoError(t, os.WriteFile("testdata/file.sigstore.json", append(in.signFile([]byte("the release"), true), '\n'), 0o644))

	require.NoError(t, os.RemoveAll("testdata/tuf"))
	r := newTUF(t, in.now, in.trustedRoot())
	first := r.client("testdata/tuf")
	r.expires = in.now.AddDate(1, 0, 0)
	r.publishRoot()
	_, err = sigstore.FetchTrustedRoot(t.Context(), first, in.now)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("testdata/tuf/root_history/1.root.json", first.Root, 0o644))
}
