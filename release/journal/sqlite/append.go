package sqlite

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// pending is an append on its way and what came of it.
type pending struct {
	journal.Append
	records []journal.Record
}

// Append implements [journal.Journal]. An append whose context ends while it waits,
// for other appends or for another process, was not written; one whose context ends
// while it is being written returns ErrUnknown at once, unless it is this call that
// writes for others too: then it returns the outcome.
func (j *Journal) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := j.refusal(); err != nil {
		return nil, err
	}
	a.Entries = slices.Clone(a.Entries)
	size := 0
	for i, e := range a.Entries {
		a.Entries[i].Data = slices.Clone(e.Data)
		size += len(e.Actor) + len(e.Kind) + len(e.Reason) + len(e.Data) + 128
	}
	p := &pending{Append: a}
	op := &operation{ctx: ctx, what: "appended", append: p, lasting: true}
	if err := j.do(op, size); err != nil {
		return nil, fmt.Errorf("%w (stream %q)", err, a.Stream)
	}
	return p.records, nil
}

// row is a record as it is stored.
type row struct {
	of                    *head
	position, seq, before int64
	record                []byte
}

// appendAll decides the appends in order and stores those that fit.
func (w *writer) appendAll(ctx context.Context, ops []*operation) (bool, error) {
	var rows []row
	var changed []*head
	for _, op := range ops {
		h, err := w.head(ctx, op.append.Stream)
		if err != nil {
			return false, err
		}
		if op.err = h.refuses(op.append.Append); op.err != nil {
			continue
		}
		if !h.changed {
			h.changed, h.again = true, true
			changed = append(changed, h)
		}
		op.append.records = make([]journal.Record, len(op.append.Entries))
		for i, e := range op.append.Entries {
			r := journal.Seal(h.Head, e)
			b, _ := r.AppendBinary(nil) // it never fails
			w.heads.position++
			rows = append(rows, row{h, w.heads.position, int64(r.Seq), h.last, b})
			op.append.records[i], h.Head, h.last = r, r.Head(), w.heads.position
		}
		h.wake, h.again = millis(op.append.Wake), h.again && op.append.Wake == 0
	}
	if len(rows) == 0 {
		return false, nil
	}
	for _, h := range changed {
		h.changed = false
		if err := w.storeHead(ctx, h); err != nil {
			return false, err
		}
	}
	return true, w.storeRows(ctx, rows)
}

// refuses says why an append does not fit: the token first, then the version.
func (h *head) refuses(a journal.Append) error {
	switch {
	case a.Token != 0 && a.Token != uint64(h.token):
		return fmt.Errorf("%w: token %d", journal.ErrFenced, a.Token)
	case a.Expect != h.Seq:
		return fmt.Errorf("%w: it is at %d, expected %d", journal.ErrConflict, h.Seq, a.Expect)
	case a.Expect > math.MaxInt64-journal.MaxEntries:
		return fmt.Errorf("sqlite: nothing was appended: the stream cannot grow beyond %d", h.Seq)
	}
	return nil
}

// millis is a duration as the store counts it, never too short, and nil for Never.
func millis(d time.Duration) any {
	if d == journal.Never {
		return nil
	}
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
