// Package canon turns values into canonical bytes: the same value gives the same
// bytes on every machine and in every year, so that a digest of them identifies
// the value.
//
// The form is the JSON Canonicalization Scheme, RFC 8785: no white space, object
// members sorted by the UTF-16 code units of their names, strings with the
// fewest escapes, numbers as ECMAScript prints them. It is stricter than the
// RFC in three places, because a digest must not depend on how a reader guesses:
// text that is not valid Unicode, an integer that a float64 cannot hold exactly,
// and a duplicate member are errors.
//
// Canonical bytes are for values that we made. Signed bytes are never put
// through here: they are kept as they came.
package canon

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of what Transform reads.
const maxDepth = 200

// Marshal encodes v with encoding/json and puts the result into canonical form.
// Text that is not valid UTF-8 is an error: encoding/json writes U+FFFD for each
// bad byte, so that two values would have one form. A type that may hold such
// bytes (a path, a commit's subject) keeps them apart in its own MarshalText.
func Marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canon: %w", err)
	}
	// A bad byte comes as an escape, U+FFFD itself as its three bytes.
	for at, r := range escapes(b) {
		if r == utf8.RuneError {
			return nil, fmt.Errorf("canon: at byte %d of its JSON: the value has text that is not valid UTF-8", at)
		}
	}
	if !utf8.Valid(b) { // a type's own MarshalJSON may write what it likes
		return nil, errors.New("canon: the text is not valid UTF-8")
	}
	return transform(b) // encoding/json writes valid JSON only
}

// Digest is the SHA-256 of domain, a zero byte, and the canonical bytes of v.
// The domain keeps values of two kinds that encode alike apart; it names the
// kind and its version, such as "sallyport.release.changeset.v1".
func Digest(domain string, v any) ([sha256.Size]byte, error) {
	b, err := Marshal(v)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	h := sha256.New()
	io.WriteString(h, domain)
	h.Write([]byte{0})
	h.Write(b)
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// Transform puts one JSON text into canonical form.
func Transform(text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("canon: the text is not valid UTF-8")
	}
	if !json.Valid(text) {
		return nil, notJSON(text)
	}
	return transform(text)
}

// notJSON says why text is no JSON text.
func notJSON(text []byte) error {
	var one json.RawMessage
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&one); err != nil {
		return fmt.Errorf("canon: at byte %d: %w", d.InputOffset(), err)
	}
	return fmt.Errorf("canon: at byte %d: something follows the value", d.InputOffset())
}

// transform is Transform of what is valid JSON in valid UTF-8.
func transform(text []byte) ([]byte, error) {
	// A decoder would read half a surrogate pair as U+FFFD (RFC 8785, 3.2.2.2).
	for at, r := range escapes(text) {
		if utf16.IsSurrogate(r) {
			return nil, fmt.Errorf("canon: at byte %d: half a surrogate pair", at)
		}
	}
	r := reader{text: text}
	out, err := r.value(make([]byte, 0, len(text)), 0)
	if err != nil {
		return nil, fmt.Errorf("canon: at byte %d: %w", r.at, err)
	}
	return out, nil
}

// escapes yields the \u escapes of a JSON text with their places, a surrogate pair
// as the one character that it stands for.
func escapes(text []byte) iter.Seq2[int, rune] {
	unit := func(i int) (rune, bool) {
		if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
			return 0, false
		}
		v, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
		return rune(v), err == nil
	}
	return func(yield func(int, rune) bool) {
		for i := 0; i < len(text); i++ {
			k := bytes.IndexByte(text[i:], '\\')
			if k < 0 {
				return
			}
			i += k
			at := i
			i++ // whatever stands behind the backslash is no backslash of its own
			r, ok := unit(at)
			if !ok {
				continue
			}
			if low, ok := unit(at + 6); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				r, i = utf16.DecodeRune(r, low), at+11
			}
			if !yield(at, r) {
				return
			}
		}
	}
}

// reader goes through a text that is valid JSON.
type reader struct {
	text  []byte
	at    int
	moved []byte // the members of the object that is being sorted
}

// next is the byte that comes next, behind white space and what separates values.
func (r *reader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
		default:
			return c
		}
	}
	return 0
}

// take is the text up to before the byte at end.
func (r *reader) take(end int) []byte {
	b := r.text[r.at:end]
	r.at = end
	return b
}

// value reads one value and appends its canonical form to out.
func (r *reader) value(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch c := r.next(); c {
	case '{':
		return r.object(out, depth)
	case '[':
		return r.array(out, depth)
	case '"':
		b, _, err := r.quoted(out)
		return b, err
	case 't', 'n':
		return append(out, r.take(r.at+4)...), nil
	case 'f':
		return append(out, r.take(r.at+5)...), nil
	}
	end := r.at
	for end < len(r.text) && bytes.IndexByte([]byte("+-.eE0123456789"), r.text[end]) >= 0 {
		end++
	}
	return appendNumber(out, string(r.take(end)))
}

func (r *reader) array(out []byte, depth int) ([]byte, error) {
	out = append(out, '[')
	r.at++
	for first := true; r.next() != ']'; first = false {
		if !first {
			out = append(out, ',')
		}
		var err error
		if out, err = r.value(out, depth+1); err != nil {
			return nil, err
		}
	}
	r.at++
	return append(out, ']'), nil
}

// quoted reads a string and appends its canonical form to out. name is what it says, and
// may be a part of the text.
func (r *reader) quoted(out []byte) (b, name []byte, err error) {
	end, plain := r.at+1, true
	for ; r.text[end] != '"'; end++ {
		if r.text[end] == '\\' {
			plain = false
			end++
		}
	}
	whole := r.take(end + 1)
	if plain { // it has no byte that needs an escape
		return append(out, whole...), whole[1 : len(whole)-1], nil
	}
	var s string
	if err := json.Unmarshal(whole, &s); err != nil {
		return nil, nil, err
	}
	return appendString(out, s), []byte(s), nil
}

// member is a member of an object, and where its canonical form is among the others'.
type member struct {
	name       []byte
	start, end int
}

func (r *reader) object(out []byte, depth int) ([]byte, error) {
	var few [16]member
	members, sorted := few[:0], true
	out = append(out, '{')
	from := len(out)
	r.at++
	for r.next() != '}' {
		if len(members) > 0 {
			out = append(out, ',')
		}
		m := member{start: len(out)}
		var err error
		if out, m.name, err = r.quoted(out); err != nil {
			return nil, err
		}
		if out, err = r.value(append(out, ':'), depth+1); err != nil {
			return nil, err
		}
		m.end = len(out)
		members = append(members, m)
		sorted = sorted && (len(members) == 1 || compare(members[len(members)-2].name, m.name) < 0)
	}
	r.at++
	if sorted {
		return append(out, '}'), nil
	}
	slices.SortFunc(members, func(a, b member) int { return compare(a.name, b.name) })
	r.moved = append(r.moved[:0], out[from:]...)
	out = out[:from]
	for i, m := range members {
		if i > 0 {
			if bytes.Equal(m.name, members[i-1].name) {
				return nil, fmt.Errorf("member %q stands twice", m.name)
			}
			out = append(out, ',')
		}
		out = append(out, r.moved[m.start-from:m.end-from]...)
	}
	return append(out, '}'), nil
}

// compare orders names by their UTF-16 code units, which is how UTF-8 orders them unless
// one has a character beyond the first 65,536.
func compare(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n == len(a) || n == len(b) || a[n] < 0xee && b[n] < 0xee {
		return bytes.Compare(a, b)
	}
	return slices.Compare(utf16.Encode([]rune(string(a))), utf16.Encode([]rune(string(b))))
}

// appendString follows RFC 8785, section 3.2.2.2.
func appendString(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\t':
			out = append(out, '\\', 't')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\f':
			out = append(out, '\\', 'f')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

// appendNumber follows RFC 8785, section 3.2.2.3 (ECMAScript's Number::toString).
func appendNumber(out []byte, s string) ([]byte, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("number %s does not fit a float64", s)
	}
	// Also what only comes out as an integer: from 1e21 on there is an exponent.
	const exact = 1 << 53
	if a := math.Abs(f); a >= exact && (a < 1e21 || !strings.ContainsAny(s, ".eE")) {
		return nil, fmt.Errorf("integer %s is not exact in a float64: write it as text", s)
	}
	if f == 0 {
		return append(out, '0'), nil
	}
	format := byte('f')
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 {
		format = 'e'
	}
	b := strconv.AppendFloat(nil, f, format, -1, 64)
	if format == 'e' { // Go writes e-07, ECMAScript e-7
		if n := len(b); n >= 4 && b[n-4] == 'e' && b[n-2] == '0' {
			b = append(b[:n-2], b[n-1])
		}
	}
	return append(out, b...), nil
}
