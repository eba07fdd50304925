package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"

	"github.com/sallyport-dev/sallyport/evidence"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"
)

// Witnesses note that a signature existed. They are asked in the order given.
type Witnesses struct {
	// Timestamps are RFC 3161 timestamp authorities. They see the digest of the
	// signature.
	Timestamps []Endpoint
	// Logs are transparency logs: sign.NewRekor(&sign.RekorOptions{BaseURL: url,
	// Version: 2}) for Rekor, or one of the host's own. A public log publishes the
	// certificate, which names the signer, and the digest of the statement.
	// sigstore-go's Rekor keeps its connection when it is first used, so that one is
	// not for several goroutines at once; it follows redirects, and reads all that a
	// v1 log answers.
	Logs []sign.Transparency
}

// Keyless says who vouches for the signer.
type Keyless struct {
	// Token says who the signer is; its issuer must be one that Authority knows.
	Token Token
	// Authority is the certificate authority (Fulcio).
	Authority Endpoint
	// Witnesses note the signature. A certificate is valid for minutes: without a
	// timestamp, or a Rekor v1 log, the signature proves nothing afterwards.
	Witnesses Witnesses
	// Trust, when it is set, must accept what was signed, or nothing is returned.
	// Give what will verify it later, to learn of a mistake now.
	Trust evidence.Trust
}

// SignKeyless signs st with a new key, for which the authority makes out a
// certificate to the token's subject, and gives a sigstore bundle v0.3 as one
// line of JSON. The key is on P-256 and is thrown away.
//
// It can be called again after an error; each call makes a new key, certificate
// and entries. What an earlier call had logged stays logged. Where a log has the
// signature already ([ErrLogged]: something on the way has sent the request
// twice), it is called again once.
func SignKeyless(ctx context.Context, st evidence.Statement, k Keyless) ([]byte, error) {
	if err := k.check(st); err != nil {
		return nil, err
	}
	raw, err := signKeyless(ctx, st, k)
	if errors.Is(err, ErrLogged) {
		raw, err = signKeyless(ctx, st, k)
	}
	return raw, err
}

// ErrLogged is returned where a Rekor v2 log answers that it has this very
// signature. It gives no proof for it then; sign again, with a key whose
// signatures differ from each other (ECDSA), and have the new one noted.
var ErrLogged = errors.New("sigstore: the log has this signature already and gives no second proof: sign again")

func signKeyless(ctx context.Context, st evidence.Statement, k Keyless) ([]byte, error) {
	key, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, fmt.Errorf("sigstore: sign: %w", err)
	}
	var b *protobundle.Bundle
	err = contain(func() (err error) {
		b, err = sign.Bundle(&sign.DSSEData{Data: st.Bytes(), PayloadType: evidence.PayloadType}, key, sign.BundleOptions{
			CertificateProvider:        k.Authority.fulcio(ctx),
			CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: string(k.Token)},
			TimestampAuthorities:       k.Witnesses.authorities(ctx),
			TransparencyLogs:           k.Witnesses.Logs,
			Context:                    ctx,
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sigstore: sign: %w", said(ctx, err, k.Token))
	}
	if err := certifies(b, key.GetPublicKey()); err != nil {
		return nil, fmt.Errorf("sigstore: sign: %w", err)
	}
	return finish(ctx, b, k.Trust)
}

// check reports everything that is missing at once.
func (k Keyless) check(st evidence.Statement) error {
	var errs []error
	if st.IsZero() {
		errs = append(errs, errors.New("sigstore: sign: no statement"))
	}
	if k.Token == "" {
		errs = append(errs, errors.New("sigstore: sign: no identity token"))
	}
	errs = append(errs, k.Authority.check("certificate authority"), k.Witnesses.check())
	if u, err := url.Parse(k.Authority.URL); err == nil && u.Scheme == "http" {
		errs = append(errs, fmt.Errorf("sigstore: certificate authority: the token would be readable on the way to %q", u.Redacted()))
	}
	return errors.Join(errs...)
}

// Witness has w note a bundle that was signed with the key pub, such as
// [evidence.Sign] makes, and gives the bundle with what they said. The signature
// and the payload stay as they are. trust, when it is not nil, must accept the
// result.
//
// Rekor v2 takes what was hashed before it was signed. The signatures that package
// evidence makes with Ed25519 keys are not, and no such log can prove them: they
// are refused after the log has answered.
func Witness(ctx context.Context, raw []byte, pub crypto.PublicKey, w Witnesses, trust evidence.Trust) ([]byte, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	keyring, err := evidence.NewKeyring(evidence.Key{Public: pub})
	if err != nil {
		return nil, fmt.Errorf("sigstore: witness: %w", err)
	}
	if _, err := evidence.Verify(ctx, keyring, raw); err != nil {
		return nil, fmt.Errorf("sigstore: witness: %w", err)
	}
	var b *protobundle.Bundle
	err = contain(func() (err error) {
		if b, err = parseBundle(raw, evidence.MaxEnvelope); err == nil {
			_, err = bundle.NewBundle(b)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sigstore: witness: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("sigstore: witness: %w", err)
	}
	signature := b.GetDsseEnvelope().GetSignatures()[0].GetSig()
	for i, a := range w.authorities(ctx) {
		var stamp []byte
		err := contain(func() (err error) {
			stamp, err = a.GetTimestamp(ctx, signature)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("sigstore: witness: timestamp authority %d: %w", i+1, said(ctx, err, ""))
		}
		if b.VerificationMaterial.TimestampVerificationData == nil {
			b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{}
		}
		d := b.VerificationMaterial.TimestampVerificationData
		d.Rfc3161Timestamps = append(d.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: stamp})
	}
	for i, l := range w.Logs {
		err := contain(func() error {
			return l.GetTransparencyLogEntry(ctx, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), b)
		})
		if err != nil {
			return nil, fmt.Errorf("sigstore: witness: log %d: %w", i+1, said(ctx, err, ""))
		}
		if err := provable(b, pub); err != nil {
			return nil, fmt.Errorf("sigstore: witness: log %d: %w", i+1, err)
		}
	}
	return finish(ctx, b, trust)
}

// provable refuses a Rekor v2 entry of a signature that was not hashed before.
func provable(b *protobundle.Bundle, pub crypto.PublicKey) error {
	if _, ok := pub.(ed25519.PublicKey); !ok {
		return nil
	}
	for _, e := range b.GetVerificationMaterial().GetTlogEntries() {
		if e.GetKindVersion().GetVersion() == "0.0.2" {
			return errors.New("a Rekor v2 log proves no Ed25519 signature over the text itself")
		}
	}
	return nil
}

// certifies refuses a certificate that was made out for another key.
func certifies(b *protobundle.Bundle, pub crypto.PublicKey) error {
	leaf, err := x509.ParseCertificate(b.GetVerificationMaterial().GetCertificate().GetRawBytes())
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if key, ok := pub.(interface{ Equal(crypto.PublicKey) bool }); !ok || !key.Equal(leaf.PublicKey) {
		return errors.New("certificate: it is for another key")
	}
	return nil
}

// finish writes b and checks it. protojson puts spaces where it likes, so that
// nobody relies on its bytes; they are taken out.
func finish(ctx context.Context, b *protobundle.Bundle, trust evidence.Trust) ([]byte, error) {
	if _, err := bundle.NewBundle(b); err != nil {
		return nil, fmt.Errorf("sigstore: sign: %w", err)
	}
	text, err := protojson.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("sigstore: sign: %w", err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		return nil, fmt.Errorf("sigstore: sign: %w", err)
	}
	if trust != nil {
		if _, err := evidence.Verify(ctx, trust, out.Bytes()); err != nil {
			return nil, fmt.Errorf("sigstore: sign: the result is not accepted: %w", err)
		}
	}
	return out.Bytes(), nil
}

func (w Witnesses) check() error {
	var errs []error
	for i, e := range w.Timestamps {
		errs = append(errs, e.check(fmt.Sprintf("timestamp authority %d", i+1)))
	}
	for i, l := range w.Logs {
		if l == nil {
			errs = append(errs, fmt.Errorf("sigstore: log %d is nil", i+1))
		}
	}
	return errors.Join(errs...)
}

func (w Witnesses) authorities(ctx context.Context) []*sign.TimestampAuthority {
	var out []*sign.TimestampAuthority
	for _, e := range w.Timestamps {
		out = append(out, sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{
			URL: e.URL, Timeout: e.Timeout, Retries: e.Retries, Transport: e.bound(ctx)}))
	}
	return out
}

func (e Endpoint) fulcio(ctx context.Context) *sign.Fulcio {
	return sign.NewFulcio(&sign.FulcioOptions{BaseURL: e.URL, Timeout: e.Timeout, Retries: e.Retries, Transport: e.bound(ctx)})
}
