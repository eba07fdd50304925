package journal

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a journal in memory, for tests and for what may be forgotten. Its
// zero value is an empty journal, ready to use. It must not be copied.
type Memory struct {
	// Now is the store's clock; time.Now if it is nil. It is not to be changed once the
	// journal is in use, and must not use the journal.
	Now func() time.Time

	mu       sync.RWMutex
	closed   bool
	streams  map[string]*memoryStream
	feed     memoryFeed
	schedule schedule
}

// memoryStream is one stream: the records after base.
type memoryStream struct {
	base    Head
	records []*kept // only ever grows or is replaced, so readers may keep it
}

// kept is a record and its position in the feed. It is never changed.
type kept struct {
	Record
	position uint64
}

var _ Journal = (*Memory)(nil)

func (m *Memory) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

// from is where what is kept of the stream begins.
func (s *memoryStream) from(name string) Head {
	if s == nil {
		return Head{Stream: name}
	}
	return s.base
}

// head is where the stream stands.
func (s *memoryStream) head(name string) Head {
	switch {
	case s == nil:
		return Head{Stream: name}
	case len(s.records) == 0:
		return s.base
	}
	return s.records[len(s.records)-1].Head()
}

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
	s := m.streams[a.Stream]
	head := s.head(a.Stream)
	if err := m.schedule.fenced(a.Stream, a.Token); err != nil {
		return nil, err
	}
	if err := conflict(head, a.Expect); err != nil {
		return nil, err
	}
	added := make([]Record, len(a.Entries))
	for i, e := range a.Entries {
		added[i] = Seal(head, e)
		head = added[i].Head()
	}
	if s == nil {
		if m.streams == nil {
			m.streams = map[string]*memoryStream{}
		}
		s = &memoryStream{base: Head{Stream: a.Stream}}
		m.streams[a.Stream] = s
	}
	for i := range added {
		added[i].Stream, added[i].Data = s.base.Stream, slices.Clone(added[i].Data)
		s.records = append(s.records, m.feed.add(added[i]))
		added[i].Data = slices.Clone(added[i].Data)
	}
	m.schedule.appended(a.Stream, head.Seq, a.Wake, m.now())
	return added, nil
}

// Load implements [Reader].
func (m *Memory) Load(ctx context.Context, stream string, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m.mu.RLock()
		base, records, closed := Head{}, []*kept(nil), m.closed
		if s := m.streams[stream]; s != nil {
			base, records = s.base, s.records
		}
		m.mu.RUnlock()
		switch {
		case closed:
			yield(Record{}, ErrClosed)
			return
		case after < base.Seq:
			yield(Record{}, &CompactedError{Base: base})
			return
		}
		for _, r := range records[min(after-base.Seq, uint64(len(records))):] {
			if err := ctx.Err(); err != nil {
				yield(Record{}, fmt.Errorf("journal: load stream %q: %w", stream, err))
				return
			}
			if !yield(r.own(), nil) {
				return
			}
		}
	}
}

// Streams implements [Reader].
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

// Feed implements [Reader]. It yields what was there when the loop began, whatever is
// forgotten meanwhile.
func (m *Memory) Feed(ctx context.Context, after Cursor) iter.Seq2[FeedRecord, error] {
	return func(yield func(FeedRecord, error) bool) {
		records, err := m.fed(after)
		if err != nil {
			yield(FeedRecord{}, err)
			return
		}
		for k := range records {
			if err := ctx.Err(); err != nil {
				yield(FeedRecord{}, fmt.Errorf("journal: read the feed: %w", err))
				return
			}
			if !yield(FeedRecord{k.own(), NewCursor(k.position, k.Hash)}, nil) {
				return
			}
		}
	}
}

func (m *Memory) fed(after Cursor) (iter.Seq[*kept], error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, ErrClosed
	}
	return m.feed.after(after)
}

// Compact implements [Journal].
func (m *Memory) Compact(ctx context.Context, base Head) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: nothing was compacted: %w", err)
	}
	s := m.streams[base.Stream]
	if more, err := CheckCompact(base, s.from(base.Stream), s.head(base.Stream).Seq); !more {
		return err
	}
	n := base.Seq - s.base.Seq
	if err := CheckBase(base, s.records[n-1].Hash); err != nil {
		return err
	}
	base.Stream = s.base.Stream // the name that is kept already
	m.feed.forget(s.records[:n])
	s.base, s.records = base, slices.Clone(s.records[n:])
	return nil
}

// Claim implements [Leases].
func (m *Memory) Claim(ctx context.Context, c Claim) ([]Lease, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var leases []Lease
	err := m.scheduled(ctx, func(s *schedule, now time.Time) error {
		leases = s.claim(c, now)
		return nil
	})
	return leases, err
}

// Renew implements [Leases].
func (m *Memory) Renew(ctx context.Context, l Lease, ttl time.Duration) error {
	if err := CheckTTL(ttl); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return m.scheduled(ctx, func(s *schedule, now time.Time) error { return s.renew(l, ttl, now) })
}

// Release implements [Leases].
func (m *Memory) Release(ctx context.Context, l Lease, wake time.Duration) error {
	if err := CheckWake(wake); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return m.scheduled(ctx, func(s *schedule, now time.Time) error { return s.release(l, wake, now) })
}

func (m *Memory) scheduled(ctx context.Context, f func(*schedule, time.Time) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return f(&m.schedule, m.now())
}

// Close implements [Journal]. What was kept is gone.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.streams, m.feed, m.schedule = true, nil, memoryFeed{}, schedule{}
	return nil
}

// conflict compares where a stream stands with where the caller thinks it does.
func conflict(head Head, expect uint64) error {
	if head.Seq == expect {
		return nil
	}
	return fmt.Errorf("%w: stream %q is at %d, expected %d", ErrConflict, head.Stream, head.Seq, expect)
}

// own is the record for a caller, who may change it.
func (k *kept) own() Record {
	r := k.Record
	r.Data = slices.Clone(r.Data)
	return r
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
