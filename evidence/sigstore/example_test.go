package sigstore_test

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"testing"

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
}
