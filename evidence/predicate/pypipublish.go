package predicate

// TypePyPIPublish is the predicate type of [PyPIPublish].
const TypePyPIPublish = "https://docs.pypi.org/attestations/publish/v1"

// PyPIPublish is PyPI's publish attestation v1
// (https://docs.pypi.org/attestations/publish/v1): a trusted publisher, which
// signs it, meant to publish the subject. It says nothing else: the predicate is
// absent, null or {}.
type PyPIPublish struct{}

// PredicateType is [TypePyPIPublish].
func (PyPIPublish) PredicateType() string { return TypePyPIPublish }

// closed: the specification wants it empty.
func (PyPIPublish) closed() {}

func (p *PyPIPublish) decode(_ string, raw []byte) error {
	if isNull(raw) {
		return nil
	}
	return decodeObject(raw, p)
}

// Validate is always nil: what is not empty is not read.
func (PyPIPublish) Validate() error { return nil }
