package factlog

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Kind is the kind of the records: facts, in version 1 of the format.
const Kind = "sallyport.metrics.facts.v1"

// RecordError says that a record of the stream is not understood, or is not the one that
// comes next. The log stands before it. Its text may change.
type RecordError struct {
	// Stream and Seq are the record's place.
	Stream string
	Seq    uint64
	// Line is the line of its data, from 1; 0 if it is not about a line.
	Line int
	// Err is what is wrong.
	Err error
}

// Error is where the record stands and what is wrong.
func (e *RecordError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("factlog: stream %q, record %d, line %d: %v", e.Stream, e.Seq, e.Line, e.Err)
	}
	return fmt.Sprintf("factlog: stream %q, record %d: %v", e.Stream, e.Seq, e.Err)
}

// Unwrap is what is wrong.
func (e *RecordError) Unwrap() error { return e.Err }

// parse is the facts of a record.
func parse(r *journal.Record) ([]metrics.Fact, error) {
	fail := func(line int, err error) ([]metrics.Fact, error) {
		return nil, &RecordError{Stream: r.Stream, Seq: r.Seq, Line: line, Err: err}
	}
	if r.Kind != Kind {
		return fail(0, fmt.Errorf("its kind %q is not known", r.Kind))
	}
	if len(r.Data) == 0 || r.Data[len(r.Data)-1] != '\n' {
		return fail(0, errors.New("it does not end with a whole line"))
	}
	var facts []metrics.Fact
	for line := range bytes.Lines(r.Data) {
		f, err := metrics.ParseFact(line[:len(line)-1])
		if err != nil {
			return fail(len(facts)+1, err)
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// How much is put into one record and one append, in bytes of data. A fact that does
// not fit ends them, and is at most [metrics.MaxFactJSON] long.
const (
	fullRecord = 256 << 10
	fullAppend = 4 << 20
)

// entries are facts on their way into the journal.
type entries struct {
	list  []journal.Entry
	bytes int
}

// add takes a fact that was seen at a time.
func (e *entries) add(line []byte, seen time.Time, actor string) {
	k := len(e.list) - 1
	if k < 0 || len(e.list[k].Data) >= fullRecord {
		e.list = append(e.list, journal.Entry{Actor: actor, Kind: Kind})
		k++
	}
	to := &e.list[k]
	if to.At.Before(seen) {
		to.At = seen
	}
	to.Data = append(to.Data, line...)
	to.Data = append(to.Data, '\n')
	e.bytes += len(line) + 1
}

func (e *entries) full() bool { return e.bytes >= fullAppend }
