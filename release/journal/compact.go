package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// ErrCompacted says that records were forgotten that would have been read.
var ErrCompacted = errors.New("journal: records were compacted away")

// CompactedError says from where on a stream is kept. It is an [ErrCompacted].
type CompactedError struct {
	// Base is the head of the last record that was forgotten: Load the stream after
	// Base.Seq, and verify it from Base.
	Base Head
}

// Error names the stream and what is missing.
func (e *CompactedError) Error() string {
	return fmt.Sprintf("journal: stream %q: records up to %d were compacted away", e.Base.Stream, e.Base.Seq)
}

// Unwrap is ErrCompacted.
func (e *CompactedError) Unwrap() error { return ErrCompacted }

// Base is where what is kept of a stream begins: the head of the last record that was
// forgotten, and Head{Stream: stream} if none was. It reads one record at most.
func Base(ctx context.Context, r Reader, stream string) (Head, error) {
	for _, err := range r.Load(ctx, stream, 0) {
		var compacted *CompactedError
		if errors.As(err, &compacted) {
			return compacted.Base, nil
		}
		if err != nil {
			return Head{}, err
		}
		break
	}
	return Head{Stream: stream}, nil
}

// CheckCompact says whether a stream that is kept from kept on, and whose last record is
// seq, is to be compacted up to base: not if it was already, and ErrConflict if it cannot
// be. Stores call it first; then [CheckBase].
func CheckCompact(base, kept Head, seq uint64) (bool, error) {
	switch {
	case base.Seq < kept.Seq, base.Seq == kept.Seq && base.Hash == kept.Hash:
		return false, nil
	case base.Seq == kept.Seq:
		return false, fmt.Errorf("%w: what is kept of stream %q begins after a record %d with another hash", ErrConflict, base.Stream, base.Seq)
	case base.Seq >= seq:
		return false, fmt.Errorf("%w: stream %q is at %d, so it cannot be compacted up to %d", ErrConflict, base.Stream, seq, base.Seq)
	}
	return true, nil
}

// CheckBase is ErrConflict unless hash, that of record base.Seq, is the one that base says.
func CheckBase(base Head, hash release.Digest) error {
	if hash == base.Hash {
		return nil
	}
	return fmt.Errorf("%w: record %d of stream %q has another hash than the one to compact up to", ErrConflict, base.Seq, base.Stream)
}
