package layout

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
)

// key is a public key that can check signatures. Keys are the same when their
// digests are; key ids are hints.
type key struct {
	digest   release.Digest
	verifier dsse.Verifier
}

// keyOf refuses keys that are too weak or of no kind that in-toto knows.
func keyOf(pub crypto.PublicKey) (key, error) {
	digest, err := evidence.KeyDigest(pub)
	if err != nil {
		return key{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return key{}, err
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if e, ok := pub.(ed25519.PublicKey); ok {
		text = hex.EncodeToString(e)
	}
	k := signerverifier.SSLibKey{KeyVal: signerverifier.KeyVal{Public: text}}
	out := key{digest: digest}
	switch pub.(type) {
	case *ecdsa.PublicKey:
		out.verifier, err = signerverifier.NewECDSASignerVerifierFromSSLibKey(&k)
	case ed25519.PublicKey:
		out.verifier, err = signerverifier.NewED25519SignerVerifierFromSSLibKey(&k)
	case *rsa.PublicKey:
		out.verifier, err = signerverifier.NewRSAPSSSignerVerifierFromSSLibKey(&k)
	}
	return out, err
}

// layoutKey reads a functionary's key as the layout has it. The library would
// take a private key or a certificate here and panic when it uses it.
func layoutKey(k in_toto.Key) (key, error) {
	var pub crypto.PublicKey
	if k.KeyType == signerverifier.ED25519KeyType {
		b, err := hex.DecodeString(k.KeyVal.Public)
		if err != nil {
			return key{}, err
		}
		pub = ed25519.PublicKey(b)
	} else {
		block, _ := pem.Decode([]byte(k.KeyVal.Public))
		if block == nil {
			return key{}, errors.New("no PEM block")
		}
		var err error
		if pub, err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return key{}, err
		}
	}
	kind := ""
	switch pub.(type) {
	case *ecdsa.PublicKey:
		kind = signerverifier.ECDSAKeyType
	case ed25519.PublicKey:
		kind = signerverifier.ED25519KeyType
	case *rsa.PublicKey:
		kind = signerverifier.RSAKeyType
	}
	if k.KeyType != kind {
		return key{}, fmt.Errorf("key type %q is not what the key is", k.KeyType)
	}
	return keyOf(pub)
}

// signed reports whether sig is k's signature over message.
func (k key) signed(message, sig []byte) bool {
	return k.verifier.Verify(context.Background(), message, sig) == nil
}

// unsigned gives a reason for each owner who did not sign d. Whose a signature
// is follows from the signature: the owner's key id in the file is not believed,
// nor needed.
func unsigned(d document, owners []key) []release.Reason {
	var out []release.Reason
	for _, o := range owners {
		found := false
		for _, s := range d.sigs {
			found = found || o.signed(d.message, s.bytes)
		}
		if !found {
			out = append(out, release.Reason{
				Code:    "layout/owner-signature",
				Subject: o.digest.String(),
				Text:    "the layout is not signed by this owner's key",
				Refs:    []release.Digest{d.digest},
			})
		}
	}
	return out
}
