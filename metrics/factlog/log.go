package factlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options says how a log is opened. Nil is the zero Options.
type Options struct {
	// Actor is written into each record, for the audit: who writes. At most
	// [journal.MaxText] bytes.
	Actor string
	// Each, if not nil, is called with each fact of the stream, those that Open reads
	// included, in the order of the stream, once it is in the log: to keep a
	// [metrics.Live] up to date, or another reader. It is called by whoever calls the
	// log, one call at a time, and must not call the log.
	Each func(metrics.Fact)
}

// Log is a log of facts in a stream of a journal. All methods may be called at once from
// many goroutines; one that writes or reads the journal lets the other such ones
// wait.
type Log struct {
	j      journal.Journal
	stream string
	o      Options
	mu     sync.Mutex // for head and broken, and for what changes facts
	head   journal.Head
	broken error
	facts  metrics.Log
}

// Open reads the stream, which may be empty, into a log. The caller closes the journal,
// when the log is not used any more.
func Open(ctx context.Context, j journal.Journal, stream string, o *Options) (*Log, error) {
	if j == nil {
		return nil, errors.New("factlog: there is no journal")
	}
	if stream == "" || len(stream) > journal.MaxStream {
		return nil, fmt.Errorf("factlog: the name of a stream has %d bytes, not 1 to %d", len(stream), journal.MaxStream)
	}
	l := &Log{j: j, stream: stream, head: journal.Head{Stream: stream}}
	if o != nil {
		l.o = *o
	}
	if len(l.o.Actor) > journal.MaxText {
		return nil, fmt.Errorf("factlog: the actor has %d bytes, more than %d", len(l.o.Actor), journal.MaxText)
	}
	if _, err := l.Refresh(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// Refresh reads what was written to the stream since, by whomever, and returns how many
// records that was. After an error the log is at the last record that it could read,
// and may be refreshed again. An error that is a [*RecordError] needs a person.
func (l *Log) Refresh(ctx context.Context) (records int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refresh(ctx)
}

func (l *Log) refresh(ctx context.Context) (records int, err error) {
	if l.broken != nil {
		return 0, l.broken
	}
	for r, err := range l.j.Load(ctx, l.stream, l.head.Seq) {
		if err != nil {
			return records, fmt.Errorf("factlog: stream %q after record %d: %w", l.stream, l.head.Seq, err)
		}
		if err := l.take(&r); err != nil {
			return records, err
		}
		records++
	}
	return records, nil
}

// take takes in the record that comes next.
func (l *Log) take(r *journal.Record) error {
	if r.Stream != l.stream || r.Seq != l.head.Seq+1 || r.Prev != l.head.Hash {
		return &RecordError{Stream: l.stream, Seq: l.head.Seq + 1,
			Err: fmt.Errorf("record %d of %q, which does not follow on what was read: %w", r.Seq, r.Stream, journal.ErrCorrupt)}
	}
	facts, err := parse(r)
	if err != nil {
		return err
	}
	for i, f := range facts {
		// A contradiction is in the stream where the log was told the earlier fact later.
		if _, err := l.facts.Add(f); err != nil && !errors.Is(err, metrics.ErrContradiction) {
			// The log holds some of the record: it is at no version.
			l.broken = &RecordError{Stream: r.Stream, Seq: r.Seq, Line: i + 1, Err: err}
			return l.broken
		}
		if l.o.Each != nil {
			l.o.Each(f)
		}
	}
	l.head.Seq, l.head.Hash = r.Seq, r.Hash
	return nil
}

// Follow refreshes the log at once and then each time that this much time has passed,
// until ctx ends, and then returns nil. It calls told, unless it is nil, after each
// refresh that brought records, and ends with told's error. An error of the journal
// ends it too: whoever wants to go on calls it again.
func (l *Log) Follow(ctx context.Context, every time.Duration, told func(records int) error) error {
	if every <= 0 {
		return fmt.Errorf("factlog: a log cannot be followed each %s", every)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		n, err := l.Refresh(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case n > 0 && told != nil:
			if err := told(n); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Snapshot is what was known at asOf, of what was read from the stream and written to
// it so far: see [metrics.Log.Snapshot].
func (l *Log) Snapshot(asOf time.Time) *metrics.Snapshot { return l.facts.Snapshot(asOf) }

// Len is how many facts the log holds, each revision and tombstone counted.
func (l *Log) Len() int { return l.facts.Len() }

// Head is the last record that was read or written. Who keeps it elsewhere can tell
// whether the stream was cut off: see [journal.VerifyAll].
func (l *Log) Head() journal.Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}
