package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"
)

// Endpoint is a service that the host names.
type Endpoint struct {
	// URL is where it is: of a certificate authority its base, of a timestamp
	// authority the whole address with its path.
	URL string
	// Transport carries the requests; nil means [http.DefaultTransport].
	Transport http.RoundTripper
	// Timeout bounds one request. If zero, 30 seconds.
	Timeout time.Duration
	// Retries is how often a request is repeated that the service answered with
	// 429 or 5xx, after 1, 2, 4… seconds.
	Retries uint
}

// Token is an OpenID Connect identity token (a JWT). Whoever reads it can sign as
// its subject while it lasts, so it does not print itself.
type Token string

// String hides the token.
func (Token) String() string { return "[identity token]" }

// GoString hides the token.
func (Token) GoString() string { return "[identity token]" }

// LogValue hides the token.
func (Token) LogValue() slog.Value { return slog.StringValue("[identity token]") }

// MarshalText refuses: a token belongs in no file.
func (Token) MarshalText() ([]byte, error) {
	return nil, errors.New("sigstore: an identity token is not to be written")
}

// Witnesses note that a signature existed. They are asked in the order given.
type Witnesses struct {
	// Timestamps are RFC 3161 timestamp authorities. They see the digest of the
	// signature.
	Timestamps []Endpoint
	// Logs are transparency logs: sign.NewRekor(&sign.RekorOptions{BaseURL: url,
	// Version: 2}) for Rekor, or one of the host's own. A public log publishes the
	// certificate, which names the signer, and the digest of the statement.
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
// and entries. What an earlier call had logged stays logged.
func SignKeyless(ctx context.Context, st evidence.Statement, k Keyless) ([]byte, error) {
	if err := k.check(st); err != nil {
		return nil, err
	}
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
	var parsed *bundle.Bundle
	err = contain(func() (err error) {
		parsed, err = parseBundle(raw)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sigstore: witness: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("sigstore: witness: %w", err)
	}
	b := parsed.Bundle
	signature := b.GetDsseEnvelope().GetSignatures()[0].GetSig()
	for i, a := range w.authorities(ctx) {
		stamp, err := a.GetTimestamp(ctx, signature)
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
		if err := l.GetTransparencyLogEntry(ctx, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), b); err != nil {
			return nil, fmt.Errorf("sigstore: witness: log %d: %w", i+1, said(ctx, err, ""))
		}
	}
	return finish(ctx, b, trust)
}

// said is an error of a service's, which quotes what the service answered, as
// one short line without the token, which a service may have sent back. That the
// caller's time was over can still be told.
func said(ctx context.Context, err error, secret Token) error {
	text := err.Error()
	if secret != "" {
		text = strings.ReplaceAll(text, string(secret), secret.String())
	}
	for part := range strings.SplitSeq(string(secret), ".") {
		if len(part) > 15 { // the shortest claims are longer, and "e30" stands everywhere
			text = strings.ReplaceAll(text, part, secret.String())
		}
	}
	text = line(errors.New(text))
	switch over, cause := ctx.Err(), context.Cause(ctx); {
	case over == nil:
		return errors.New(text)
	case over == cause:
		return fmt.Errorf("%w: %s", over, text)
	default:
		return fmt.Errorf("%w: %w: %s", over, cause, text)
	}
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

func (e Endpoint) check(what string) error {
	u, err := url.Parse(e.URL)
	if err != nil {
		return fmt.Errorf("sigstore: %s: its address is no URL", what) // which may hold a password
	}
	if u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("sigstore: %s: %q is no http or https URL", what, u.Redacted())
	}
	if e.Timeout < 0 {
		return fmt.Errorf("sigstore: %s: timeout %s is less than none", what, e.Timeout)
	}
	return nil
}
