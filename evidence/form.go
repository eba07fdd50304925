package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// sourceFields are the names by which the forms of a source are told apart, the
// families one after the other, with protobuf's names as in [envelopeFields];
// verification_material is PyPI's.
var sourceFields = [][]string{
	{"mediaType", "media_type"}, {"verificationMaterial"}, {"dsseEnvelope", "dsse_envelope"}, {"messageSignature", "message_signature"}, // a bundle
	{"payload"}, {"payloadType", "payload_type"}, {"signatures"}, // a DSSE envelope
	{"attestations"},                        // an API's answer
	{"bundle"},                              // one attestation of it
	{"attestation_bundles"},                 // PyPI's provenance object
	{"verification_material"}, {"envelope"}, // PyPI's attestation
}

// form is what a JSON value is, by the names in it.
type form uint8

const (
	formNone form = iota
	formBundle
	formDSSE
	formAnswer
	formAnswered
	formProvenance
	formPyPI
	formMixed // of several at once
	formOther // no object
)

// families are the forms of the names in sourceFields.
var families = []form{formBundle, formBundle, formBundle, formBundle, formDSSE, formDSSE, formDSSE, formAnswer, formAnswered, formProvenance, formPyPI, formPyPI}

// span is a part of a text.
type span struct{ from, to int }

func (s span) of(text []byte) []byte { return text[s.from:s.to:s.to] }

// outline is what was found of a value: itself without white space around it, its
// form, and where the values of the names are that matter further.
type outline struct {
	span
	form               form
	signatures, listed span // part of the whole text
}

// outlineOf reads text[from:to], which must be one JSON value, strictly and to its
// end.
func outlineOf(text []byte, from, to int) (outline, error) {
	s, err := newSource(text[from:to])
	if err != nil {
		return outline{}, err
	}
	s.Space()
	out := outline{span: span{from: from + s.Offset()}}
	if k, err := s.Peek(); err == nil && k != strictjson.Object {
		out.form = formOther
		_, err = s.Value()
		if err == nil {
			err = s.End()
		}
		return out, err
	}
	err = s.Object(func(name []byte) error {
		i, err := s.Field(name, sourceFields)
		if err != nil {
			return err
		}
		s.Space()
		value := span{from: from + s.Offset()}
		if _, err := s.Value(); err != nil || i < 0 {
			return err
		}
		value.to = from + s.Offset()
		switch {
		case out.form == formNone:
			out.form = families[i]
		case out.form != families[i]:
			out.form = formMixed
		}
		switch sourceFields[i][0] {
		case "signatures":
			out.signatures = value
		case "attestations", "attestation_bundles":
			out.listed = value
		}
		return nil
	})
	out.to = from + s.Offset()
	if err == nil {
		err = s.End()
	}
	return out, err
}

func newSource(text []byte) (scanner, error) {
	s, err := strictjson.NewScanner(text, limits(MaxSource))
	return scanner{s}, err
}

// value reads text[from:to] as one JSON value of any form.
func (r *source) value(from, to int, pointer string) bool {
	o, err := outlineOf(r.text, from, to)
	if err != nil {
		return r.fail(from, pointer, r.located(err, from))
	}
	switch o.form {
	case formBundle:
		return r.envelope(o.from, pointer, o.of(r.text))
	case formDSSE:
		return r.dsse(o, pointer)
	case formPyPI:
		return r.pypi(o.span, pointer)
	case formAnswer:
		return r.elements(o.listed, pointer+"/attestations", r.answered)
	case formAnswered:
		return r.answered(o.span, pointer)
	case formProvenance:
		return r.elements(o.listed, pointer+"/attestation_bundles", r.published)
	case formMixed:
		return r.fail(o.from, pointer, errors.New("evidence: several forms of envelopes in one object"))
	case formOther:
		return r.fail(o.from, pointer, errors.New("evidence: an envelope is an object"))
	}
	return r.fail(o.from, pointer, ErrNoEnvelope)
}

// elements calls visit with each element of an array that is well-formed JSON.
func (r *source) elements(array span, pointer string, visit func(element span, pointer string) bool) bool {
	var all []span
	s, err := newSource(array.of(r.text))
	if err == nil {
		err = s.Array(func(n int) error {
			if n >= MaxEnvelopes {
				return s.Errorf("more than %d elements", MaxEnvelopes)
			}
			s.Space()
			from := s.Offset()
			_, err := s.Value()
			all = append(all, span{array.from + from, array.from + s.Offset()})
			return err
		})
	}
	if err != nil {
		return r.fail(array.from, pointer, r.located(err, array.from))
	}
	for i, e := range all {
		if !visit(e, pointer+"/"+strconv.Itoa(i)) {
			return false
		}
	}
	return true
}

// answered reads one attestation of an API's answer: an object with a bundle.
func (r *source) answered(element span, pointer string) bool {
	bundle, err := r.member(element, "bundle")
	if err != nil {
		return r.fail(element.from, pointer, err)
	}
	pointer += "/bundle"
	if string(bundle.of(r.text)) == "null" {
		return r.fail(bundle.from, pointer, errors.New("evidence: the bundle is not in the answer"))
	}
	o, err := outlineOf(r.text, bundle.from, bundle.to)
	switch {
	case err != nil:
		return r.fail(bundle.from, pointer, r.located(err, bundle.from))
	case o.form == formBundle:
		return r.envelope(o.from, pointer, o.of(r.text))
	case o.form == formDSSE:
		return r.dsse(o, pointer)
	}
	return r.fail(bundle.from, pointer, errors.New("evidence: neither a sigstore bundle nor a DSSE envelope"))
}

// published reads the attestations of one publisher in PyPI's provenance object.
func (r *source) published(element span, pointer string) bool {
	list, err := r.member(element, "attestations")
	if err != nil {
		return r.fail(element.from, pointer, err)
	}
	return r.elements(list, pointer+"/attestations", r.pypi)
}

// member is the value of a name in an object, which must have it.
func (r *source) member(object span, name string) (span, error) {
	found, err := r.members(object, []string{name})
	if err != nil {
		return span{}, err
	}
	return found[0], nil
}

// members are the values of names in an object, which must have all of them.
func (r *source) members(object span, names []string) ([]span, error) {
	known := make([][]string, len(names))
	for i, n := range names {
		known[i] = []string{n}
	}
	out := make([]span, len(names))
	s, err := newSource(object.of(r.text))
	if err != nil {
		return nil, r.located(err, object.from)
	}
	err = s.Object(func(name []byte) error {
		i, err := s.Field(name, known)
		if err != nil {
			return err
		}
		s.Space()
		from := s.Offset()
		if _, err := s.Value(); err != nil || i < 0 {
			return err
		}
		out[i] = span{object.from + from, object.from + s.Offset()}
		return nil
	})
	if err != nil {
		return nil, r.located(err, object.from)
	}
	for i, v := range out {
		if v == (span{}) {
			return nil, fmt.Errorf("evidence: %q is missing", names[i])
		}
	}
	return out, nil
}

// located is an error about a part of the text that begins at base, with the place
// in the whole of it.
func (r *source) located(err error, base int) error {
	var e *SyntaxError
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	line, column := r.lines.at(base)
	if out.Offset += base; out.Line == 1 {
		out.Column += column
	}
	out.Line += line - 1
	return &out
}

// jsonLines reports whether text is to be read line by line: see [Envelopes]. That
// any line may show it, and not the first alone, keeps one that was damaged, or
// written to that end, from making something else of the others. (One attestation
// of an answer does not show it: it may be the last line of the answer's list.)
func jsonLines(text []byte) bool {
	lines, shown := 0, false
	for line := range bytes.Lines(text) {
		if blank(line) {
			continue
		}
		if lines++; !shown {
			if t := bytes.TrimRight(line, " \t\r\n"); t[len(t)-1] == '}' || lines == 1 {
				o, err := outlineOf(t, 0, len(t))
				shown = err == nil && (lines == 1 || o.form != formNone && o.form != formAnswered)
			}
		}
		if shown && lines > 1 {
			return true
		}
	}
	return false
}

// blank reports whether a line is white space alone, as JSON has it.
func blank(line []byte) bool { return len(bytes.TrimLeft(line, " \t\r\n")) == 0 }
