package journal

import (
	"context"
	"errors"
	"fmt"
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
