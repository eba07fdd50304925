package sigstore

import (
	"encoding/base64"
	"errors"
	"fmt"

	attestation "github.com/in-toto/attestation/go/v1"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"
)

// entity is what sigstore-go verifies. It is parsed once: sigstore-go's own bundle
// parses log entries and certificates whenever they are asked for.
//
// It names no version, and so is verified without printing. For bundles up to v0.3
// sigstore-go tries ECDSA keys on P-384 and P-521 with SHA-256 too, as old clients
// signed, and says so on standard error; it does not for a version that it does
// not know. Such signatures are refused.
type entity struct {
	signature    verify.SignatureContent
	verification verify.VerificationContent
	entries      []*tlog.Entry
	stamps       [][]byte
	promise      bool // an entry has a log's promise of inclusion
	proof        bool // an entry has a proof of inclusion
}

func (e *entity) HasInclusionPromise() bool                          { return e.promise }
func (e *entity) HasInclusionProof() bool                            { return e.proof }
func (e *entity) SignatureContent() (verify.SignatureContent, error) { return e.signature, nil }
func (e *entity) Timestamps() ([][]byte, error)                      { return e.stamps, nil }
func (e *entity) TlogEntries() ([]*tlog.Entry, error)                { return e.entries, nil }
func (e *entity) VerificationContent() (verify.VerificationContent, error) {
	return e.verification, nil
}
func (e *entity) Version() (string, error) { return "", nil }

// statementEntity is an entity whose payload and signature are those that package
// evidence parsed; the rest is read from the bundle.
func (t *Trust) statementEntity(s evidence.Signed) (*entity, error) {
	p, err := materialIn(s)
	if err != nil {
		return nil, err
	}
	e, err := t.entity(p)
	if err != nil {
		return nil, err
	}
	e.signature = envelope{signature: s.Signature, raw: &dsse.Envelope{
		PayloadType: s.PayloadType,
		Payload:     base64.StdEncoding.EncodeToString(s.Payload),
		Signatures:  []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(s.Signature)}},
	}}
	return e, nil
}

// The original protobuf field names are aliases, as for package evidence.
var bundleFields = [][]string{{"mediaType", "media_type"}, {"verificationMaterial", "verification_material"}}

// maxMaterial bounds what a bundle has beside its payload, in bytes: the 32 log
// entries and 32 timestamps that sigstore-go takes at most have about 600,000.
// protobuf's types take up to fifty times what an empty one has in JSON.
const maxMaterial = 768 << 10

// materialIn is the bundle of s without its envelope, which is not read again.
func materialIn(s evidence.Signed) (*protobundle.Bundle, error) {
	if n := len(s.Raw) - base64.StdEncoding.EncodedLen(len(s.Payload)); n > maxMaterial {
		return nil, fmt.Errorf("%d bytes beside the payload are more than %d", n, maxMaterial)
	}
	sc, err := strictjson.NewScanner(s.Raw, strictjson.Limits{Package: "sigstore", Bytes: evidence.MaxEnvelope, Depth: evidence.MaxDepth, Names: evidence.MaxNames, Elements: evidence.MaxNames})
	if err != nil {
		return nil, err
	}
	p := &protobundle.Bundle{Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{}}}
	var text []byte
	err = sc.Object(func(name []byte) error {
		i, err := sc.Field(name, bundleFields)
		if err != nil {
			return err
		}
		if i == 0 {
			p.MediaType, err = sc.Str()
			return err
		}
		sc.Space()
		at := sc.Offset()
		if _, err = sc.Value(); i == 1 {
			text = sc.Since(at)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := sc.End(); err != nil {
		return nil, err
	}
	if text == nil {
		return nil, errNoBundle
	}
	p.VerificationMaterial = &protobundle.VerificationMaterial{}
	return p, lenient.Unmarshal(text, p.VerificationMaterial)
}

// lenient passes over members that are newer than this library: what they might
// demand, they could not demand of a verifier that does not know them.
var lenient = protojson.UnmarshalOptions{DiscardUnknown: true}

// parseBundle reads a whole bundle of at most so many bytes.
func parseBundle(raw []byte, most int) (*protobundle.Bundle, error) {
	if len(raw) > most {
		return nil, fmt.Errorf("%d bytes are more than %d", len(raw), most)
	}
	p := &protobundle.Bundle{}
	return p, lenient.Unmarshal(raw, p)
}

// entity checks a bundle's form, as sigstore-go does when it parses one, and reads
// its verification material. Log entries are taken out for the first step, which
// would parse them for nothing but to see whether they have proofs.
func (t *Trust) entity(p *protobundle.Bundle) (*entity, error) {
	m := p.GetVerificationMaterial()
	bare := &protobundle.Bundle{MediaType: p.MediaType, Content: p.Content}
	if m != nil {
		bare.VerificationMaterial = &protobundle.VerificationMaterial{Content: m.Content, TimestampVerificationData: m.TimestampVerificationData}
	}
	old := p.MediaType == mediaType1 || p.MediaType == mediaType2
	var opts []bundle.Option
	if t.opts.Intermediates && !old {
		opts = append(opts, bundle.AllowCertificateChain())
	}
	b, err := bundle.NewBundle(bare, opts...)
	if err != nil {
		return nil, err
	}
	e := &entity{}
	if e.verification, err = b.VerificationContent(); err != nil {
		return nil, err
	}
	if e.stamps, err = b.Timestamps(); err != nil {
		return nil, err
	}
	if p.MediaType == mediaType1 {
		promised(m.GetTlogEntries())
	}
	logged := &bundle.Bundle{Bundle: p}
	if e.entries, err = logged.TlogEntries(); err != nil {
		return nil, err
	}
	e.promise, e.proof = logged.HasInclusionPromise(), logged.HasInclusionProof()
	switch {
	case len(e.entries) == 0:
	case p.MediaType == mediaType1 && !e.promise:
		return nil, errors.New("a bundle v0.1 has log entries and no promise of inclusion")
	case p.MediaType != mediaType1 && !e.proof:
		return nil, errors.New("a bundle v0.2 or later has log entries and no proof of inclusion")
	}
	return e, nil
}

const (
	mediaType1 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	mediaType2 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
)

// promised leaves out proofs of inclusion that have no checkpoint, of entries that
// have a promise. A bundle v0.1 needs the promise alone, which is verified; clients
// of that time wrote a root hash that no log had signed beside it, which proves
// nothing, and sigstore-go refuses the whole bundle for it.
func promised(entries []*protorekor.TransparencyLogEntry) {
	for _, e := range entries {
		if e.GetInclusionPromise() != nil && e.GetInclusionProof().GetCheckpoint().GetEnvelope() == "" {
			e.InclusionProof = nil
		}
	}
}

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

// contain calls into sigstore-go and go-tuf with what anybody may have written. A
// panic there becomes an error, which is no yes: go-tuf has one, for metadata in
// which a target is null. This is the only place that recovers.
func contain(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a library panicked: %v", p)
		}
	}()
	return call()
}

var errNoBundle = errors.New("it is no sigstore bundle, so it brings no certificate, timestamp or log entry")
