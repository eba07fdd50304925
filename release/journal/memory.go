package journal

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Memory is a journal in memory, for tests and for what may be forgotten. Its
// zero value is an empty journal, ready to use. It must not be copied.
type Memory struct {
	mu      sync.RWMutex
	closed  bool
	streams map[string][]Record // a stream's slice only ever grows, so readers may keep one
}

var _ Journal = (*Memory)(nil)

// Append implements [Journal]. It never returns ErrUnknown.
func (m *Memory) Append(ctx context.Context, a Append) ([]Record, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("journal: nothing was appended: %w", err)
	}
	head := Head{Stream: a.Stream}
	if old := m.streams[a.Stream]; len(old) > 0 {
		head = old[len(old)-1].Head()
	}
	if err := conflict(head, a.Expect); err != nil {
		return nil, err
	}
	added := make([]Record, len(a.Entries))
	for i, e := range a.Entries {
		e.Data = slices.Clone(e.Data)
		added[i] = Seal(head, e)
		head = added[i].Head()
	}
	if m.streams == nil {
		m.streams = map[string][]Record{}
	}
	m.streams[a.Stream] = append(m.streams[a.Stream], added...)
	return own(added), nil
}

// Load implements [Journal].
func (m *Memory) Load(ctx context.Context, stream string, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m.mu.RLock()
		records, closed := m.streams[stream], m.closed
		m.mu.RUnlock()
		if closed {
			yield(Record{}, ErrClosed)
			return
		}
		for _, r := range records[min(after, uint64(len(records))):] {
			if err := ctx.Err(); err != nil {
				yield(Record{}, fmt.Errorf("journal: load stream %q: %w", stream, err))
				return
			}
			r.Data = slices.Clone(r.Data)
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Streams implements [Journal].
func (m *Memory) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		m.mu.RLock()
		names, closed := slices.Sorted(maps.Keys(m.streams)), m.closed
		m.mu.RUnlock()
		if closed {
			yield("", ErrClosed)
			return
		}
		yieldNames(ctx, names, yield)
	}
}

// Close implements [Journal]. What was kept is gone.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.streams = true, nil
	return nil
}

// conflict compares where a stream stands with where the caller thinks it does.
func conflict(head Head, expect uint64) error {
	if head.Seq == expect {
		return nil
	}
	return fmt.Errorf("%w: stream %q is at %d, expected %d", ErrConflict, head.Stream, head.Seq, expect)
}

// own copies the data of records, which a caller may change from now on.
func own(records []Record) []Record {
	out := slices.Clone(records)
	for i := range out {
		out[i].Data = slices.Clone(out[i].Data)
	}
	return out
}

func yieldNames(ctx context.Context, names []string, yield func(string, error) bool) {
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			yield("", fmt.Errorf("journal: list streams: %w", err))
			return
		}
		if !yield(name, nil) {
			return
		}
	}
}
