package journaltest_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/journaltest"
)

// plain is the least that a store can be, written from the contract alone.
type plain struct {
	mu   sync.Mutex
	data map[string][]journal.Record // nil when closed
}

func (p *plain) Append(ctx context.Context, a journal.Append) (out []journal.Record, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err = a.Check(); err == nil {
		err = ctx.Err()
	}
	head := journal.Head{Stream: a.Stream}
	if n := len(p.data[a.Stream]); n > 0 {
		head = p.data[a.Stream][n-1].Head()
	}
	switch {
	case p.data == nil:
		return nil, journal.ErrClosed
	case err != nil:
		return nil, err
	case head.Seq != a.Expect:
		return nil, journal.ErrConflict
	}
	for _, e := range a.Entries {
		out = append(out, journal.Seal(head, e))
		head = out[len(out)-1].Head()
	}
	p.data[a.Stream] = append(p.data[a.Stream], copied(out)...)
	return copied(out), nil
}

func (p *plain) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		p.mu.Lock()
		all, err := copied(p.data[stream]), p.usable(ctx)
		p.mu.Unlock()
		if err != nil {
			yield(journal.Record{}, err)
			return
		}
		for _, r := range all {
			if r.Seq > after && !yield(r, nil) {
				return
			}
		}
	}
}

func (p *plain) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		p.mu.Lock()
		names, err := slices.Sorted(maps.Keys(p.data)), p.usable(ctx)
		p.mu.Unlock()
		if err != nil {
			yield("", err)
			return
		}
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func (p *plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.data = nil
	return nil
}

func (p *plain) usable(ctx context.Context) error {
	if p.data == nil {
		return journal.ErrClosed
	}
	return ctx.Err()
}

func copied(records []journal.Record) []journal.Record {
	out := slices.Clone(records)
	for i := range out {
		out[i].Data = slices.Clone(out[i].Data)
	}
	return out
}

// The suite asks for nothing that the contract does not promise.
func TestPlainStorePasses(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(testing.TB) journal.Journal {
		return &plain{data: map[string][]journal.Record{}}
	}, nil)
}
