package evidence

import (
	"errors"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// pypi tells the bundle of an attestation object of PEP 740
// (https://peps.python.org/pep-0740/#attestation-objects, version 1). The signature
// covers the statement under the payload type of in-toto, which the object does not
// name. The parts keep their text, so that nothing that is signed is encoded again.
func (r *source) pypi(object span, pointer string) bool {
	raw, err := r.bundleOf(object)
	if err != nil {
		return r.fail(object.from, pointer, err)
	}
	return r.envelope(object.from, pointer, raw)
}

func (r *source) bundleOf(object span) ([]byte, error) {
	top, err := r.members(object, []string{"version", "verification_material", "envelope"})
	if err != nil {
		return nil, err
	}
	if string(top[0].of(r.text)) != "1" {
		return nil, errors.New("evidence: the attestation is not of version 1 of PEP 740")
	}
	material, err := r.members(top[1], []string{"certificate", "transparency_entries"})
	if err != nil {
		return nil, err
	}
	envelope, err := r.members(top[2], []string{"statement", "signature"})
	if err != nil {
		return nil, err
	}
	for _, text := range []span{material[0], envelope[0], envelope[1]} {
		if r.text[text.from] != byte(strictjson.String) {
			return nil, errors.New("evidence: certificate, statement and signature of an attestation must be strings")
		}
	}
	if r.text[material[1].from] != byte(strictjson.Array) {
		return nil, errors.New("evidence: the log entries of an attestation must be an array")
	}
	// Digests depend on this text: it must stay as it is.
	return slices.Concat(
		[]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":`), material[0].of(r.text),
		[]byte(`},"tlogEntries":`), material[1].of(r.text),
		[]byte(`},"dsseEnvelope":{"payload":`), envelope[0].of(r.text),
		[]byte(`,"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":`), envelope[1].of(r.text),
		[]byte(`}]}}`)), nil
}
