package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Limits of what [Envelopes] reads from one text.
const (
	// MaxSource is the size of the largest text, in bytes, and bounds as well what
	// may be made of it by splitting envelopes of several signatures.
	MaxSource = 256 << 20
	// MaxEnvelopes is how many envelopes and broken places a text may have.
	MaxEnvelopes = 100_000
	// MaxSignatures is how many signatures a DSSE envelope may have.
	MaxSignatures = 64
)

// ErrNoEnvelope is wrapped by what [Envelopes] says of an object that is good JSON
// and of no form it knows. The specification of in-toto bundles wants such lines to be
// ignored, and who collects evidence may; every other error tells of an envelope
// that may have been there and is lost.
var ErrNoEnvelope = errors.New("evidence: neither a sigstore bundle nor a DSSE envelope nor an attestation of a registry")

// Envelope is one signed envelope, as [Verify] reads it, with the place in a file
// where it stood.
type Envelope struct {
	// Raw is the text of the envelope, without white space around it. It must not be
	// changed: it may be part of a larger text.
	Raw []byte
	// Place is where it stood; the zero Place is nowhere in particular.
	Place Place
}

// Place is a place in a file.
type Place struct {
	// Line counts from 1: the line on which the envelope begins.
	Line int
	// Pointer is a JSON pointer (RFC 6901) to the envelope, or to the signature that
	// it was split off for, from the JSON value that begins on its line or, where the
	// file is one value, from that. "" is the value itself.
	Pointer string
}

// IsZero reports whether p is no place.
func (p Place) IsZero() bool { return p == Place{} }

// String is the place for people: "line 3, /attestations/0/bundle".
func (p Place) String() string {
	s := "line " + strconv.Itoa(p.Line)
	if p.Pointer != "" {
		s += ", " + p.Pointer
	}
	return s
}

// EnvelopeError says which envelope of a file could not be read or verified. Its
// text may change from version to version.
type EnvelopeError struct {
	// Place is where the envelope stands, or where it should.
	Place Place
	// Err is what is wrong with it.
	Err error
}

// Error is the place and what is wrong there.
func (e *EnvelopeError) Error() string {
	return "evidence: " + e.Place.String() + ": " + strings.TrimPrefix(e.Err.Error(), "evidence: ")
}

// Unwrap is Err.
func (e *EnvelopeError) Unwrap() error { return e.Err }

// Envelopes cuts a text into envelopes, in the text's order. It reads
//
//   - a sigstore bundle v0.1 to v0.3, or a DSSE envelope;
//   - several of them, one on a line: .intoto.jsonl files and what
//     gh attestation download writes. Blank lines are passed over, lines may end in
//     CR LF, and the last one need not end;
//   - what the attestation APIs of GitHub and npm answer:
//     {"attestations":[{"bundle":…}]}, and one attestation of it;
//   - an attestation or the provenance object of PyPI (PEP 740), of which bundles
//     v0.3 are made, see below.
//
// A text is read as lines if it has several that are not blank, of which the first
// is whole JSON, or any is an envelope, an answer or from PyPI as a whole; otherwise
// as one JSON value. A text that is blank has no envelopes. Nothing is verified, and
// what a text says about its envelopes, such as a predicate type beside a bundle, is
// not looked at.
//
// # Errors
//
// What cannot be read is told in its place, as an [*EnvelopeError] with a zero
// Envelope, and reading goes on behind it: a bad line hides no other. A caller
// who stops at the first error uses all of a text or nothing; one who goes on must
// know that evidence may be missing, which is safe for evidence that supports a
// release and not for evidence against it. A text beyond [MaxSource] or
// [MaxEnvelopes] ends with an error.
//
// A GitHub answer may hold a bundle's address alone; that is an error, since
// nothing here fetches it.
//
// # Bytes
//
// Raw is part of text, byte for byte, in all cases but two. Its digest is thus that
// of the same bundle in a file of its own without a line end.
//
// A DSSE envelope with n signatures, more than one, becomes n envelopes of one. The
// i-th is the text of the envelope up to and with the [ of its signatures, the text
// of the i-th signature, and the text from the ] on. So the same envelope always
// gives the same n digests, none of which is the whole envelope's. (A sigstore
// bundle must have one signature and is not split: [Verify] refuses it.)
//
// An attestation as PEP 740 has it becomes a bundle v0.3 in the one way that Sign
// writes bundles, into which its certificate, log entries, statement and signature
// are copied as they stand there, escapes and all.
//
// # Ownership
//
// text must not be changed while its envelopes are used. Nothing is read before
// the loop, and the loop can be run again.
func Envelopes(text []byte) iter.Seq2[Envelope, error] {
	return func(yield func(Envelope, error) bool) {
		r := &source{text: text, yield: yield, left: MaxEnvelopes, recut: MaxSource, lines: lineCounter{text: text, line: 1}}
		if len(text) > MaxSource {
			r.fail(0, "", fmt.Errorf("evidence: %d bytes are more than %d", len(text), MaxSource))
			return
		}
		if !jsonLines(text) {
			if !blank(text) {
				r.value(0, len(text), "")
			}
			return
		}
		for from := 0; from < len(text); {
			end := len(text)
			if n := bytes.IndexByte(text[from:], '\n'); n >= 0 {
				end = from + n
			}
			if !blank(text[from:end]) && !r.value(from, end, "") {
				return
			}
			from = end + 1
		}
	}
}

// RawEnvelopes are envelopes that are already apart, such as those that a store
// keeps ([Verified.Raw]), for [VerifyAll]. Their places are zero.
func RawEnvelopes(raw ...[]byte) iter.Seq2[Envelope, error] {
	return func(yield func(Envelope, error) bool) {
		for _, b := range raw {
			if !yield(Envelope{Raw: b}, nil) {
				return
			}
		}
	}
}

// source is a text that is being read.
type source struct {
	text  []byte
	yield func(Envelope, error) bool
	left  int // envelopes and errors that may still be told
	recut int // bytes that splitting may still make
	lines lineCounter
}

// envelope tells an envelope that begins at an offset of the text. Like all that
// follow it returns false when reading is over.
func (r *source) envelope(at int, pointer string, raw []byte) bool {
	if r.left--; r.left < 0 {
		return r.over(at)
	}
	line, _ := r.lines.at(at)
	place := Place{Line: line, Pointer: pointer}
	if len(raw) > MaxEnvelope {
		return r.yield(Envelope{}, &EnvelopeError{place, fmt.Errorf("evidence: an envelope of %d bytes is larger than %d", len(raw), MaxEnvelope)})
	}
	return r.yield(Envelope{Raw: raw, Place: place}, nil)
}

// fail tells what is wrong about what begins at an offset.
func (r *source) fail(at int, pointer string, err error) bool {
	if r.left--; r.left < 0 {
		return r.over(at)
	}
	line, _ := r.lines.at(at)
	return r.yield(Envelope{}, &EnvelopeError{Place{Line: line, Pointer: pointer}, err})
}

func (r *source) over(at int) bool {
	line, _ := r.lines.at(at)
	r.yield(Envelope{}, &EnvelopeError{Place{Line: line}, fmt.Errorf("evidence: more than %d envelopes and errors", MaxEnvelopes)})
	return false
}

// lineCounter finds the lines of offsets, which are asked for one near the other.
type lineCounter struct {
	text            []byte
	off, line, from int // off is in the line, which begins at from
}

// at is the line of an offset, and how many bytes of the line stand before it.
func (c *lineCounter) at(off int) (line, column int) {
	if off < c.off {
		if n := bytes.Count(c.text[off:c.off], []byte{'\n'}); n > 0 {
			c.line -= n
			c.from = bytes.LastIndexByte(c.text[:off], '\n') + 1
		}
	} else {
		passed := c.text[c.off:off]
		c.line += bytes.Count(passed, []byte{'\n'})
		if i := bytes.LastIndexByte(passed, '\n'); i >= 0 {
			c.from = c.off + i + 1
		}
	}
	c.off = off
	return c.line, off - c.from
}
