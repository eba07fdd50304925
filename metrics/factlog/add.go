package factlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// tries is how often an append is tried whose outcome is not known.
const tries = 3

// Add writes facts to the journal and then takes them into the log. Each stands alone,
// as with [metrics.Log.Add]: one that is refused keeps no other out, and the error
// says what is wrong with each. A fact that changes nothing is not written.
//
// The tally counts the facts from the first on: those that it counts were dealt with,
// and the ones that were not refused are in the journal. Of the others, if
// an error of the journal came between, it is not known whether they were written: add
// them again, after opening the journal and the log again if the error is
// [journal.ErrClosed]. Many facts at once are quicker than one by one. Millions are
// written some megabytes at a time.
//
// Where another writer has written meanwhile, that is read and the rest tried again,
// as is an append whose outcome is not known; what is found to be there then counts as
// duplicate.
func (l *Log) Add(ctx context.Context, facts ...metrics.Fact) (metrics.Tally, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var t metrics.Tally
	var errs []error
	if l.broken != nil {
		return t, l.broken
	}
	for from := 0; from < len(facts); {
		p, err := l.write(ctx, facts[from:])
		if err != nil {
			return t, errors.Join(append(errs, err)...)
		}
		for k, err := range p.refused {
			i := from + k
			if err != nil {
				t.Refused++
			} else if err = l.remember(facts[i], p.written[k], &t); l.broken != nil {
				return t, errors.Join(append(errs, l.broken)...)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("factlog: fact %d of %d: %w", i+1, len(facts), err))
			}
		}
		from += len(p.refused)
	}
	return t, errors.Join(errs...)
}

// write plans for the first of the facts and appends what is to be written, until that
// has happened or cannot.
func (l *Log) write(ctx context.Context, facts []metrics.Fact) (*plan, error) {
	for unknown := 0; ; {
		p := l.plan(facts)
		if len(p.entries.list) == 0 {
			return p, nil
		}
		records, err := l.j.Append(ctx, journal.Append{Stream: l.stream, Expect: l.head.Seq, Wake: journal.Never, Entries: p.entries.list})
		if err == nil {
			last := records[len(records)-1]
			l.head.Seq, l.head.Hash = last.Seq, last.Hash
			return p, nil
		}
		err = fmt.Errorf("factlog: append to stream %q after record %d: %w", l.stream, l.head.Seq, err)
		conflict := errors.Is(err, journal.ErrConflict)
		if !conflict && !errors.Is(err, journal.ErrUnknown) {
			return nil, err
		}
		// The next append expects what is read now, so that this one cannot happen later.
		n, readErr := l.refresh(ctx)
		if readErr != nil {
			return nil, errors.Join(err, readErr)
		}
		if n > 0 {
			continue // somebody has got on, and be it this append
		}
		if unknown++; conflict || unknown == tries {
			return nil, err // another version, and nothing new: the stream is shorter than what was read
		}
	}
}

// remember takes a fact into the log that has been written, or that changes nothing.
func (l *Log) remember(f metrics.Fact, written bool, t *metrics.Tally) error {
	_, wrong := l.facts.Try(f)
	one, err := l.facts.Add(f)
	if err != nil && !errors.Is(err, metrics.ErrContradiction) {
		// It is in the journal and not in the log: the log is at no version.
		l.broken = fmt.Errorf("factlog: stream %q at record %d: %w", l.stream, l.head.Seq, err)
		return l.broken
	}
	t.Added += one.Added
	t.Corrected += one.Corrected
	t.Superseded += one.Superseded
	t.Duplicate += one.Duplicate
	t.Refused += one.Refused
	if written && l.o.Each != nil {
		l.o.Each(f)
	}
	return wrong
}

// plan is what is to be done with the first facts, as many as fit into one append.
type plan struct {
	entries entries
	refused []error // why a fact cannot be written, by fact
	written []bool  // whether it is among the entries
}

func (l *Log) plan(facts []metrics.Fact) *plan {
	p := new(plan)
	var beside metrics.Log // what is to be written
	var line []byte
	for _, f := range facts {
		if p.entries.full() {
			break
		}
		var err error
		if line, err = metrics.AppendFact(line[:0], f); err != nil {
			p.refused, p.written = append(p.refused, err), append(p.written, false)
			continue
		}
		write, _ := l.facts.Try(f) // what Try says is wrong, Add says again
		if write {
			write, _ = beside.Try(f)
		}
		if write {
			_, _ = beside.Add(f)
			p.entries.add(line, seenAt(f), l.o.Actor)
		}
		p.refused, p.written = append(p.refused, nil), append(p.written, write)
	}
	return p
}

// seenAt is when a fact was seen.
func seenAt(f metrics.Fact) time.Time {
	switch v := f.(type) {
	case metrics.Deployment:
		return v.Seen
	case metrics.Change:
		return v.Seen
	case metrics.Incident:
		return v.Seen
	case *metrics.Deployment:
		return v.Seen
	case *metrics.Change:
		return v.Seen
	case *metrics.Incident:
		return v.Seen
	}
	return time.Time{}
}
