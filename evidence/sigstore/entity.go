package sigstore

import (
	"encoding/base64"
	"errors"
	"fmt"

	attestation "github.com/in-toto/attestation/go/v1"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"
)

// parseBundle reads a bundle for its verification material. Members that are
// newer than this library are passed over: what they might demand, they could
// not demand of a verifier that does not know them.
func parseBundle(raw []byte) (*bundle.Bundle, error) {
	if len(raw) > evidence.MaxEnvelope {
		return nil, fmt.Errorf("%d bytes are more than %d", len(raw), evidence.MaxEnvelope)
	}
	var p protobundle.Bundle
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, &p); err != nil {
		return nil, err
	}
	return bundle.NewBundle(&p)
}

// quiet is a bundle that sigstore-go verifies without printing. For bundles up
// to v0.3 it tries ECDSA keys on P-384 and P-521 with SHA-256 too, as old
// clients signed, and says so on standard error; it does not for a version that
// it does not name. Such signatures are refused.
type quiet struct{ *bundle.Bundle }

func (quiet) Version() (string, error) { return "", nil }

// signedEntity is a bundle whose payload and signature are those that package
// evidence parsed.
type signedEntity struct {
	quiet
	content envelope
}

func newEntity(s evidence.Signed) (signedEntity, error) {
	b, err := parseBundle(s.Raw)
	if err != nil {
		return signedEntity{}, err
	}
	e := &dsse.Envelope{
		PayloadType: s.PayloadType,
		Payload:     base64.StdEncoding.EncodeToString(s.Payload),
		Signatures:  []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(s.Signature)}},
	}
	return signedEntity{quiet: quiet{b}, content: envelope{raw: e, signature: s.Signature}}, nil
}

// SignatureContent is what sigstore-go verifies.
func (e signedEntity) SignatureContent() (verify.SignatureContent, error) { return e.content, nil }

// envelope is one signature over one payload.
type envelope struct {
	raw       *dsse.Envelope
	signature []byte
}

func (e envelope) Signature() []byte                                       { return e.signature }
func (e envelope) EnvelopeContent() verify.EnvelopeContent                 { return e }
func (e envelope) MessageSignatureContent() verify.MessageSignatureContent { return nil }
func (e envelope) RawEnvelope() *dsse.Envelope                             { return e.raw }

// Statement is asked for after the signature was verified, for a result that is
// not used: package evidence parses the payload.
func (e envelope) Statement() (*attestation.Statement, error) { return &attestation.Statement{}, nil }

// contain calls into sigstore-go with a file that anybody may have written. No
// input is known that makes it panic; should there be one, it becomes an error,
// which is no yes. This is the only place that recovers.
func contain(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sigstore-go panicked: %v", p)
		}
	}()
	return call()
}

var errNoBundle = errors.New("it is no sigstore bundle, so it brings no certificate, timestamp or log entry")
