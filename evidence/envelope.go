package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Signed is one signature over one payload, as an envelope holds it. Nothing of
// it has been checked: a [Trust] does that.
type Signed struct {
	// PayloadType is the DSSE payload type. It is part of what is signed.
	PayloadType string
	// Payload is the signed bytes. They must not be changed.
	Payload []byte
	// Signature covers [Signed.PAE].
	Signature []byte
	// Hint is what the envelope says of the key: a bundle's publicKey hint, or else
	// a DSSE keyid. Nobody signed it. It may select a key and never vouches for one.
	Hint string
	// Certificate says that the envelope brings certificates instead of naming a
	// key. They are in Raw.
	Certificate bool
	// Raw is the envelope as it came, for a Trust that needs more of it. It must
	// not be changed.
	Raw []byte
}

// Media types of what is read and written.
const (
	// BundleMediaType is the media type of the bundles that [Sign] writes.
	BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// PayloadType is the DSSE payload type of in-toto statements.
	PayloadType = "application/vnd.in-toto+json"
)

var bundleMediaTypes = map[string]bool{
	"application/vnd.dev.sigstore.bundle+json;version=0.1": true,
	"application/vnd.dev.sigstore.bundle+json;version=0.2": true,
	"application/vnd.dev.sigstore.bundle+json;version=0.3": true,
	BundleMediaType: true,
}

// ErrManySignatures is returned for an envelope with more than one signature. A
// sigstore bundle must have exactly one; a DSSE envelope with several is as many
// statements by as many signers, and [Envelopes] splits it into envelopes of one
// signature each, which loses nothing.
var ErrManySignatures = errors.New("evidence: the envelope has more than one signature")

// The original protobuf field names are aliases that protobuf's own JSON parser
// accepts: what stands under one must not be overlooked here.
var (
	envelopeFields = [][]string{{"mediaType", "media_type"}, {"verificationMaterial", "verification_material"},
		{"dsseEnvelope", "dsse_envelope"}, {"messageSignature", "message_signature"},
		{"payload"}, {"payloadType", "payload_type"}, {"signatures"}}
	materialFields = [][]string{{"publicKey", "public_key"}, {"x509CertificateChain", "x509_certificate_chain"},
		{"certificate"}, {"tlogEntries", "tlog_entries"}, {"timestampVerificationData", "timestamp_verification_data"}}
	keyFields       = [][]string{{"hint"}}
	signatureFields = [][]string{{"sig"}, {"keyid"}}
)

// envelope is what the parser gathers.
type envelope struct {
	scanner
	mediaType         string
	bundle, dsse      bool // a member of the one or of the other form was seen
	hint, keyid       string
	hasKey, hasCert   bool
	payloadType       string
	payload           []byte
	hasPayload        bool
	signature         []byte
	signatures, inner int
}

// parseEnvelope reads a sigstore bundle v0.1 to v0.3 with a DSSE envelope
// (https://github.com/sigstore/protobuf-specs), or a bare DSSE envelope
// (https://github.com/secure-systems-lab/dsse). It takes ownership of raw.
func parseEnvelope(raw []byte) (Signed, error) {
	s, err := newScanner(raw, MaxEnvelope)
	if err != nil {
		return Signed{}, err
	}
	e := &envelope{scanner: s}
	if err := s.Object(e.top); err != nil {
		return Signed{}, err
	}
	if err := s.End(); err != nil {
		return Signed{}, err
	}
	if err := e.check(); err != nil {
		return Signed{}, err
	}
	out := Signed{PayloadType: e.payloadType, Payload: e.payload, Signature: e.signature, Certificate: e.hasCert, Raw: raw, Hint: e.keyid}
	if e.hasKey {
		out.Hint = e.hint
	}
	return out, nil
}

func (e *envelope) top(name []byte) error {
	i, err := e.Field(name, envelopeFields)
	if err != nil {
		return err
	}
	if i >= 4 {
		e.dsse = true
		return e.dsseField(i)
	}
	if i >= 0 {
		e.bundle = true
	}
	switch i {
	case 0:
		e.mediaType, err = e.Str()
	case 1:
		err = e.Object(e.material)
	case 2:
		e.inner++
		err = e.Object(func(name []byte) error {
			i, err := e.Field(name, envelopeFields[4:])
			if err != nil {
				return err
			}
			return e.dsseField(i + 4)
		})
	case 3:
		return e.Errorf("a messageSignature signs a file and is no statement")
	default:
		_, err = e.Value()
	}
	return err
}

func (e *envelope) dsseField(i int) (err error) {
	switch i {
	case 4:
		e.payload, err = e.Base64()
		e.hasPayload = true
	case 5:
		e.payloadType, err = e.Str()
	case 6:
		err = e.Array(func(int) error {
			e.signatures++
			return e.Object(e.sig)
		})
	default:
		_, err = e.Value()
	}
	return err
}

func (e *envelope) sig(name []byte) error {
	i, err := e.Field(name, signatureFields)
	if err != nil {
		return err
	}
	if i == 1 && e.unset() {
		i = -1
	}
	switch i {
	case 0:
		e.signature, err = e.Base64()
	case 1:
		e.keyid, err = e.Str()
	default:
		_, err = e.Value()
	}
	return err
}

func (e *envelope) material(name []byte) error {
	i, err := e.Field(name, materialFields)
	if err != nil {
		return err
	}
	if i < 0 || i > 2 {
		_, err = e.Value()
		return err
	}
	k, err := e.Peek()
	switch {
	case err != nil:
		return err
	case k == strictjson.Null: // protobuf's JSON for "not set"
		_, err = e.Value()
		return err
	case i > 0:
		e.hasCert = true
		return e.Object(nil)
	}
	e.hasKey = true
	return e.Object(func(name []byte) error {
		i, err := e.Field(name, keyFields)
		if err != nil {
			return err
		}
		if i == 0 && !e.unset() {
			e.hint, err = e.Str()
		} else {
			_, err = e.Value()
		}
		return err
	})
}

// unset reports whether null comes next, which is protobuf's JSON for "not set".
func (e *envelope) unset() bool {
	k, err := e.Peek()
	return err == nil && k == strictjson.Null
}

func (e *envelope) check() error {
	switch {
	case e.bundle && e.dsse:
		return errors.New("evidence: the envelope is a bundle and a DSSE envelope at once")
	case !e.bundle && !e.dsse:
		return errors.New("evidence: neither a sigstore bundle nor a DSSE envelope")
	case e.bundle && !bundleMediaTypes[e.mediaType]:
		return fmt.Errorf("evidence: bundle of media type %s is not of version 0.1 to 0.3", strictjson.Quoted(e.mediaType))
	case e.bundle && e.inner == 0:
		return errors.New("evidence: the bundle has no dsseEnvelope")
	case e.bundle && e.hasKey == e.hasCert:
		return errors.New("evidence: the bundle must have either a public key hint or certificates")
	case !e.hasPayload || len(e.payload) == 0:
		return errors.New("evidence: the envelope has no payload")
	case e.signatures > 1:
		return ErrManySignatures
	case e.signatures == 0 || len(e.signature) == 0:
		return errors.New("evidence: the envelope has no signature")
	case !statementPayload(e.payloadType):
		return fmt.Errorf("evidence: payload of type %s is no in-toto statement", strictjson.Quoted(e.payloadType))
	}
	return nil
}

// statementPayload accepts what the in-toto envelope specification does:
// application/vnd.in-toto+json, and application/vnd.in-toto.<predicate>+json.
func statementPayload(typ string) bool {
	rest, ok := strings.CutPrefix(typ, "application/vnd.in-toto")
	if !ok {
		return false
	}
	rest, ok = strings.CutSuffix(rest, "+json")
	return ok && (rest == "" || (len(rest) > 1 && rest[0] == '.' && !strings.ContainsAny(rest, "+;/ ")))
}

// PAE is DSSE's pre-authentication encoding, the bytes that are signed: "DSSEv1",
// then type and payload, each with its length in front
// (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).
func (s *Signed) PAE() []byte {
	return slices.Concat(paeHead(s.PayloadType, len(s.Payload)), s.Payload)
}

// paeHead is the encoding up to the payload.
func paeHead(payloadType string, n int) []byte {
	out := make([]byte, 0, len(payloadType)+64)
	out = append(out, "DSSEv1 "...)
	out = strconv.AppendInt(out, int64(len(payloadType)), 10)
	out = append(out, ' ')
	out = append(out, payloadType...)
	out = append(out, ' ')
	out = strconv.AppendInt(out, int64(n), 10)
	return append(out, ' ')
}
