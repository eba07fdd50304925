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
	return Transform(b)
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
	// The decoder would read half a surrogate pair as U+FFFD (RFC 8785, 3.2.2.2).
	for at, r := range escapes(text) {
		if utf16.IsSurrogate(r) {
			return nil, fmt.Errorf("canon: at byte %d: half a surrogate pair", at)
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	out, err := value(nil, d, 0)
	if err != nil {
		return nil, fmt.Errorf("canon: at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("canon: at byte %d: something follows the value", d.InputOffset())
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

// value reads one value from d and appends its canonical form to out.
func value(out []byte, d *json.Decoder, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '[' {
			return array(out, d, depth)
		}
		return object(out, d, depth)
	case string:
		return appendString(out, t), nil
	case json.Number:
		return appendNumber(out, string(t))
	case bool:
		return strconv.AppendBool(out, t), nil
	default:
		return append(out, "null"...), nil
	}
}

func array(out []byte, d *json.Decoder, depth int) ([]byte, error) {
	out = append(out, '[')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = value(out, d, depth+1); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	return append(out, ']'), nil
}

type member struct {
	name  string
	order []uint16
	value []byte
}

func object(out []byte, d *json.Decoder, depth int) ([]byte, error) {
	var members []member
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: tok.(string)}
		m.order = utf16.Encode([]rune(m.name))
		if m.value, err = value(nil, d, depth+1); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.order, b.order) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if m.name == members[i-1].name {
				return nil, fmt.Errorf("member %q stands twice", m.name)
			}
			out = append(out, ',')
		}
		out = append(append(appendString(out, m.name), ':'), m.value...)
	}
	return append(out, '}'), nil
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
