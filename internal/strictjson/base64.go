package strictjson

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// Base64 reads a string in base64, in either alphabet, with or without padding, as
// DSSE and protobuf allow. Bits that no byte has, and line breaks, which
// encoding/base64 would pass over, are errors.
func (s *Scanner) Base64() ([]byte, error) {
	if k, err := s.Peek(); err == nil && k == String {
		from := s.i + 1
		if n := bytes.IndexByte(s.b[from:], '"'); n >= 0 {
			if out, ok := standard(s.b[from : from+n]); ok {
				s.i = from + n + 1
				return out, nil
			}
		}
	}
	// Whatever is unusual or wrong.
	start := s.i
	raw, _, err := s.Bytes()
	if err != nil {
		return nil, err
	}
	if bytes.ContainsAny(raw, "\r\n") {
		return nil, s.ErrorfAt(start, "a line break stands in base64")
	}
	enc := base64.StdEncoding
	if bytes.ContainsAny(raw, "-_") {
		enc = base64.URLEncoding
	}
	if !bytes.HasSuffix(raw, []byte("=")) {
		enc = enc.WithPadding(base64.NoPadding)
	}
	out := make([]byte, enc.DecodedLen(len(raw)))
	got, err := enc.Strict().Decode(out, raw)
	if err != nil {
		return nil, s.ErrorfAt(start, "a string is not base64")
	}
	return out[:got], nil
}

// standard decodes the usual form: the standard alphabet, padded. It is false for
// everything else. The last characters, which may be padding or have bits to spare,
// are for encoding/base64.
func standard(text []byte) ([]byte, bool) {
	if len(text)%4 != 0 {
		return nil, false
	}
	out := make([]byte, len(text)/4*3+2) // six bytes are written as a word of eight
	n := 0
	for ; len(text) > 8; text = text[8:] {
		t := text[:8:8]
		a := sextets[0][t[0]] | sextets[1][t[1]] | sextets[2][t[2]] | sextets[3][t[3]]
		b := sextets[0][t[4]] | sextets[1][t[5]] | sextets[2][t[6]] | sextets[3][t[7]]
		if (a|b)&noSextet != 0 {
			return nil, false
		}
		binary.BigEndian.PutUint64(out[n:], uint64(a)<<40|uint64(b)<<16)
		n += 6
	}
	if bytes.ContainsAny(text, "\r\n") {
		return nil, false
	}
	last, err := base64.StdEncoding.Strict().Decode(out[n:], text)
	return out[:n+last], err == nil
}

// noSextet marks a character that stands for no bits.
const noSextet = 1 << 31

// sextets are the six bits that a character of the standard alphabet stands for, in
// each of the four places of a group.
var sextets = func() (t [4][256]uint32) {
	for place := range t {
		for c := range t[place] {
			t[place][c] = noSextet
		}
		for bits, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
			t[place][c] = uint32(bits) << (18 - 6*place)
		}
	}
	return t
}()
