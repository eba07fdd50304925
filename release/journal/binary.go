package journal

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// AppendBinary appends r as stores keep it: its hash, and then what is hashed, from
// the name of the stream on. The package comment has the encoding. It never fails.
func (r Record) AppendBinary(b []byte) ([]byte, error) {
	b = append(slices.Grow(b, hashSize+bodySize(r.Stream, r.Entry)), r.Hash[:]...)
	return appendBody(b, r.Stream, r.Seq, r.Entry), nil
}

// Decode reads the record after h from what [Record.AppendBinary] made of it. It is
// strict, and its error, if any, is a [*CorruptError]: the bytes are not what was
// sealed, or belong elsewhere. The record shares nothing with b.
func (h Head) Decode(b []byte) (Record, error) {
	if len(b) < hashSize {
		return Record{}, &CorruptError{Stream: h.Stream, Seq: h.Seq + 1, Problem: errCutOff.Error()}
	}
	c, err := parseBody(b[hashSize:])
	if err != nil {
		return Record{}, &CorruptError{Stream: h.Stream, Seq: h.Seq + 1, Problem: err.Error()}
	}
	r := Record{Stream: string(c.stream), Seq: c.seq, Entry: c.entry(), Prev: h.Hash, Hash: release.Digest(b)}
	if err := h.Check(r); err != nil {
		return Record{}, err
	}
	return r, nil
}
