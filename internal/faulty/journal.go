package faulty

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// ErrInjected is in every error that this package makes.
var ErrInjected = errors.New("faulty: injected")

// Killed is what a [ModeKilled] call panics with. A test recovers it, and then
// goes on with a new driver, as a new process would:
//
//	defer func() {
//		if p := recover(); p != nil && p != faulty.Killed {
//			panic(p)
//		}
//	}()
var Killed any = killed{}

type killed struct{}

// String says what the panic of a test that did not expect it is about.
func (killed) String() string { return "faulty: the driver was killed" }

// Mode says how a call fails.
type Mode uint8

// The ways to fail.
const (
	ModeNone   Mode = iota // it does not fail
	ModeBefore             // an error, and nothing was done
	ModeAfter              // it was done, and then came an error: ErrUnknown from an Append, no leases from a Claim
	ModeKilled             // it was done, and then the driver dies: panic(Killed)
)

var modes = enum.Table[Mode]{Type: "faulty.Mode", Names: []string{"none", "before", "after", "killed"}}

// Modes are all ways to fail.
func Modes() []Mode { return []Mode{ModeBefore, ModeAfter, ModeKilled} }

// String is the mode's name.
func (m Mode) String() string { return modes.Text(m) }

// FailingJournal is a [journal.Journal] whose k-th call fails. All methods but Close
// are calls, counted from 1 in the order in which they begin; of Load, Streams and
// Feed it is the loop that counts, not making the iterator.
type FailingJournal struct {
	journal.Journal
	mu    sync.Mutex
	k     int
	mode  Mode
	calls int
}

// Journal makes the k-th call of j fail, and no other. With k = 0 it only counts.
func Journal(j journal.Journal, k int, mode Mode) *FailingJournal {
	return &FailingJournal{Journal: j, k: k, mode: mode}
}

// Calls is how many calls there were. A test that fails each k in turn is done
// when a run ends with fewer than k calls.
func (f *FailingJournal) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// next counts a call and says how it fails.
func (f *FailingJournal) next() (Mode, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.calls != f.k {
		return ModeNone, f.calls
	}
	return f.mode, f.calls
}

// Append implements [journal.Journal].
func (f *FailingJournal) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	mode, call := f.next()
	if mode == ModeBefore {
		return nil, fmt.Errorf("%w: call %d, before an append to %q", ErrInjected, call, a.Stream)
	}
	records, err := f.Journal.Append(ctx, a)
	switch {
	case mode == ModeKilled:
		panic(Killed)
	case mode == ModeAfter && err == nil:
		return nil, fmt.Errorf("%w: %w: call %d, after an append to %q", journal.ErrUnknown, ErrInjected, call, a.Stream)
	}
	return records, err
}

// Load implements [journal.Journal].
func (f *FailingJournal) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return fail(f, "load of "+stream, f.Journal.Load(ctx, stream, after))
}

// Streams implements [journal.Journal].
func (f *FailingJournal) Streams(ctx context.Context) iter.Seq2[string, error] {
	return fail(f, "list of streams", f.Journal.Streams(ctx))
}

// Feed implements [journal.Journal].
func (f *FailingJournal) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	return fail(f, "feed", f.Journal.Feed(ctx, after))
}

// Claim implements [journal.Journal]. Leases that it does not return are taken all the
// same in [ModeAfter] and [ModeKilled].
func (f *FailingJournal) Claim(ctx context.Context, c journal.Claim) (leases []journal.Lease, err error) {
	err = f.call("claim", func() (err error) {
		leases, err = f.Journal.Claim(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return leases, nil
}

// Renew implements [journal.Journal].
func (f *FailingJournal) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	return f.call("renewal of "+l.Stream, func() error { return f.Journal.Renew(ctx, l, ttl) })
}

// Release implements [journal.Journal].
func (f *FailingJournal) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	return f.call("release of "+l.Stream, func() error { return f.Journal.Release(ctx, l, wake) })
}

// Compact implements [journal.Journal].
func (f *FailingJournal) Compact(ctx context.Context, base journal.Head) error {
	return f.call("compaction of "+base.Stream, func() error { return f.Journal.Compact(ctx, base) })
}

// call does what may fail as one call. An error of its own is passed on.
func (f *FailingJournal) call(what string, do func() error) error {
	mode, call := f.next()
	if mode == ModeBefore {
		return fmt.Errorf("%w: call %d, before the %s", ErrInjected, call, what)
	}
	err := do()
	switch {
	case mode == ModeKilled:
		panic(Killed)
	case mode == ModeAfter && err == nil:
		return fmt.Errorf("%w: call %d, after the %s", ErrInjected, call, what)
	}
	return err
}

// fail is seq as one call: it fails before the first value or after the last. A loop
// that ends early can be killed, and does not see an error after it.
func fail[T any](f *FailingJournal, what string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		mode, call := f.next()
		if mode == ModeBefore {
			yield(zero, fmt.Errorf("%w: call %d, before the %s", ErrInjected, call, what))
			return
		}
		more := true
		for v, err := range seq {
			if more = yield(v, err); !more {
				break
			}
			if err != nil {
				return
			}
		}
		switch {
		case mode == ModeKilled:
			panic(Killed)
		case mode == ModeAfter && more:
			yield(zero, fmt.Errorf("%w: call %d, after the %s", ErrInjected, call, what))
		}
	}
}
