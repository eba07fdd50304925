package layout_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/release"
)

// A layout of one step that two people must do, of whom one has.
func Example() {
	owner, ada, bob := exampleKey(1), exampleKey(2), exampleKey(3)
	digest := release.DigestOf([]byte("the release"))
	layoutFile := exampleSign(in_toto.Layout{
		Type:    "layout",
		Expires: "2026-06-01T00:00:00Z",
		Keys:    map[string]in_toto.Key{ada.KeyID: examplePublic(ada), bob.KeyID: examplePublic(bob)},
		Steps: []in_toto.Step{{
			Type:      "step",
			PubKeys:   []string{ada.KeyID, bob.KeyID},
			Threshold: 2,
			SupplyChainItem: in_toto.SupplyChainItem{
				Name:             "package",
				ExpectedProducts: [][]string{{"CREATE", "app.tar"}, {"DISALLOW", "*"}},
			},
		}},
	}, owner)
	link := in_toto.Link{Type: "link", Name: "package", Products: map[string]in_toto.HashObj{"app.tar": {"sha256": digest.Hex()}}}
	opts := layout.Options{
		Owners:   []crypto.PublicKey{exampleSeed(1).Public()},
		Now:      time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Products: map[string]release.Digest{"app.tar": digest},
	}

	r, err := layout.Verify(layoutFile, [][]byte{exampleSign(link, ada)}, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Verdict, r.Reasons)

	r, err = layout.Verify(layoutFile, [][]byte{exampleSign(link, ada), exampleSign(link, bob)}, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Verdict, "until", r.Until)
	// Output:
	// hold [layout/step-missing package: 1 of 2 distinct people did the step]
	// allow until 2026-06-01 00:00:00 +0000 UTC
}

// exampleSign signs a layout or a link as in-toto's tools do.
func exampleSign(v any, key in_toto.Key) []byte {
	mb := &in_toto.Metablock{Signed: v}
	if err := mb.Sign(key); err != nil {
		log.Fatal(err)
	}
	b, err := json.Marshal(mb)
	if err != nil {
		log.Fatal(err)
	}
	return b
}

func exampleSeed(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('0'+n)), ed25519.SeedSize)))
}

func exampleKey(n byte) (k in_toto.Key) {
	der, err := x509.MarshalPKCS8PrivateKey(exampleSeed(n))
	if err != nil {
		log.Fatal(err)
	}
	if err := k.LoadKeyReaderDefaults(strings.NewReader(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))); err != nil {
		log.Fatal(err)
	}
	return k
}

func examplePublic(k in_toto.Key) in_toto.Key {
	k.KeyVal.Private = ""
	return k
}
