package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// forgetRows bounds how many records one statement removes.
const forgetRows = 1000

// Compact implements [journal.Journal]. It moves the stream's base first, in one
// statement: from then on the records are forgotten. Then it removes them, a thousand at a
// time; if that is interrupted, the next Compact of the stream goes on with it.
func (j *Journal) Compact(ctx context.Context, base journal.Head) error {
	const what = "compact"
	if int64(base.Seq) <= 0 {
		return j.notCompacted(ctx, base)
	}
	moved, _, err := retried(ctx, j, what, func(r pgx.Rows, n *int64) error { return r.Scan(n) }, j.sql.compact, []byte(base.Stream), int64(base.Seq), base.Hash[:])
	if err != nil {
		return err
	}
	if len(moved) != 1 || moved[0] == 0 {
		if err := j.notCompacted(ctx, base); err != nil {
			return err
		}
	}
	for {
		n, err := j.exec(ctx, what, j.sql.forget, []byte(base.Stream), int64(forgetRows))
		if err != nil || n == 0 {
			return err
		}
	}
}

// notCompacted says why the base could not be moved: nil if it is there already or
// beyond.
func (j *Journal) notCompacted(ctx context.Context, base journal.Head) error {
	p, err := j.page(ctx, base.Stream, base.Seq)
	if err != nil {
		return err
	}
	more, err := journal.CheckCompact(base, p.base, p.head.Seq)
	switch {
	case !more:
		return err
	case len(p.prev) == 0:
		return &journal.CorruptError{Stream: base.Stream, Seq: base.Seq, Problem: "the record is missing"}
	}
	return fmt.Errorf("%w: record %d of stream %q has another hash than the one to compact up to", journal.ErrConflict, base.Seq, base.Stream)
}
