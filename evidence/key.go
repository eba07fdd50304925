package evidence

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Bounds of RSA moduli, in bits: smaller ones are weak, larger ones make
// verification slow on purpose.
const (
	minRSA = 2048
	maxRSA = 8192
)

// KeyDigest identifies a public key: the SHA-256 of its SubjectPublicKeyInfo in
// DER (RFC 5280, section 4.1). It fails for keys that evidence is not verified
// with: anything but ECDSA on P-256, P-384 and P-521, Ed25519 without the points
// of small order, and RSA of 2048 to 8192 bits.
func KeyDigest(pub crypto.PublicKey) (release.Digest, error) {
	der, err := publicDER(pub)
	if err != nil {
		return release.Digest{}, err
	}
	return release.DigestOf(der), nil
}

// publicDER is the SubjectPublicKeyInfo of a key that may be verified with.
func publicDER(pub crypto.PublicKey) ([]byte, error) {
	if err := checkKey(pub); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("evidence: public key: %w", err)
	}
	return der, nil
}

// KeyHint is what [Sign] writes as the hint of a key: its digest in base64, as
// sigstore's own signers do. sigstore-go looks a key up by exactly this text.
func KeyHint(key release.Digest) string { return base64.StdEncoding.EncodeToString(key[:]) }

func checkKey(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k == nil || (k.Curve != elliptic.P256() && k.Curve != elliptic.P384() && k.Curve != elliptic.P521()) {
			return errors.New("evidence: ECDSA key is not on P-256, P-384 or P-521")
		}
		//lint:ignore SA1019 a key without a point makes Bytes panic
		if k.X == nil || k.Y == nil {
			return errors.New("evidence: ECDSA key has no point")
		}
		if _, err := k.Bytes(); err != nil {
			return fmt.Errorf("evidence: ECDSA key: %w", err)
		}
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("evidence: Ed25519 key of %d bytes", len(k))
		}
		if !ed25519Ordinary(k) {
			return errors.New("evidence: Ed25519 key is of small order or not canonical")
		}
	case *rsa.PublicKey:
		if k == nil || k.N == nil || k.N.BitLen() < minRSA || k.N.BitLen() > maxRSA {
			return fmt.Errorf("evidence: RSA key is not of %d to %d bits", minRSA, maxRSA)
		}
		if k.E < 3 || k.E%2 == 0 {
			return fmt.Errorf("evidence: RSA key has the exponent %d", k.E)
		}
	default:
		return fmt.Errorf("evidence: key of type %T cannot be verified with", pub)
	}
	return nil
}

// ed25519Ordinary reports whether a key is neither a point of small order, under
// which anyone can sign, nor written in a second way, with a y that is not less
// than the field's prime p. The y of a point of order 1, 2 or 4 is 1, -1 or 0; of
// order 8 it is a root of 121665y^4 - 243332y^2 + 121666, since doubling such a
// point gives one with y = 0 (RFC 8032, section 5.1, has the curve).
func ed25519Ordinary(k ed25519.PublicKey) bool {
	text := slices.Clone(k)
	text[31] &= 0x7f // the sign of x
	slices.Reverse(text)
	one := big.NewInt(1)
	p := new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	y := new(big.Int).SetBytes(text)
	if y.Cmp(p) >= 0 || y.Cmp(one) <= 0 || new(big.Int).Sub(p, y).Cmp(one) == 0 {
		return false
	}
	square := new(big.Int).Exp(y, big.NewInt(2), p)
	v := new(big.Int).Mul(square, big.NewInt(121665))
	v.Sub(v, big.NewInt(243332)).Mul(v, square).Add(v, big.NewInt(121666))
	return v.Mod(v, p).Sign() != 0
}

// hashFor is the hash that goes with a key, as sigstore chooses it; 0 for
// Ed25519, which signs the message itself.
func hashFor(pub crypto.PublicKey) crypto.Hash {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P384():
			return crypto.SHA384
		case elliptic.P521():
			return crypto.SHA512
		}
		return crypto.SHA256
	case *rsa.PublicKey:
		return crypto.SHA256
	}
	return 0
}

// signedBytes is what a signature of the parts, one after the other, is made of:
// their hash, or the message itself where the key hashes it.
func signedBytes(h crypto.Hash, parts ...[]byte) []byte {
	var w hash.Hash
	switch h {
	case crypto.SHA256:
		w = sha256.New()
	case crypto.SHA384:
		w = sha512.New384()
	case crypto.SHA512:
		w = sha512.New()
	default:
		return slices.Concat(parts...)
	}
	for _, p := range parts {
		w.Write(p)
	}
	return w.Sum(nil)
}

// verifies reports whether sig is pub's signature of the message whose
// [signedBytes] these are. pub has passed checkKey. ECDSA signatures may be in ASN.1
// or, as some KMS write them, the two numbers side by side (IEEE P1363); RSA
// signatures PKCS #1 v1.5 or PSS.
func verifies(pub crypto.PublicKey, digest, sig []byte) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, digest, sig) {
			return true
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		return len(sig) == 2*size &&
			ecdsa.Verify(k, digest, new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:]))
	case ed25519.PublicKey:
		return ed25519.Verify(k, digest, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, digest, sig) == nil ||
			rsa.VerifyPSS(k, crypto.SHA256, digest, sig, nil) == nil
	}
	return false
}

// ParsePublicKey reads the one public key in a PEM text: PKIX ("PUBLIC KEY").
func ParsePublicKey(text []byte) (crypto.PublicKey, error) {
	block, err := onePEM(text)
	if err != nil {
		return nil, err
	}
	if block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("evidence: PEM block %q is no PUBLIC KEY", block.Type)
	}
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("evidence: public key: %w", err)
	}
	if err := checkKey(pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// ParsePrivateKey reads the one private key in a PEM text: PKCS #8 ("PRIVATE
// KEY") or SEC 1 ("EC PRIVATE KEY"). Encrypted keys are not read.
func ParsePrivateKey(text []byte) (crypto.Signer, error) {
	block, err := onePEM(text)
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("evidence: PEM block %q is no PRIVATE KEY", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("evidence: key of type %T cannot sign", key)
	}
	if err := checkKey(signer.Public()); err != nil {
		return nil, err
	}
	return signer, nil
}

// MarshalPublicKey writes what [ParsePublicKey] reads.
func MarshalPublicKey(pub crypto.PublicKey) ([]byte, error) {
	der, err := publicDER(pub)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// MarshalPrivateKey writes what [ParsePrivateKey] reads, unencrypted. It fails
// for a signer that does not hold its key, such as a KMS.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) {
	if key == nil {
		return nil, errors.New("evidence: no private key")
	}
	if err := checkKey(key.Public()); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("evidence: private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// onePEM refuses text with a second block: which key would be meant?
func onePEM(text []byte) (*pem.Block, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, errors.New("evidence: no PEM block")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("evidence: something follows the PEM block")
	}
	return block, nil
}
