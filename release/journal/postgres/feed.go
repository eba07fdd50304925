package postgres

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// fed is a row of the feed: a record, its stream, and the record before it. All but
// dropped are nil if there is no record.
type fed struct {
	dropped                 int64
	position, seq           *int64
	stream, body            []byte
	version, base, prevSpot *int64
	baseHash, prev          []byte
}

// Feed implements [journal.Reader]. It reads in pages, and no connection is held while
// the loop's body runs. If records that it has not yet reached are compacted away while it
// runs, it ends with ErrCompacted.
func (j *Journal) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	return func(yield func(journal.FeedRecord, error) bool) {
		at, until, dropped, err := j.feedFrom(ctx, after)
		for err == nil && at < until {
			var rows []fed
			rows, err = j.fed(ctx, at, until)
			if err == nil && len(rows) == 0 {
				err = fmt.Errorf("%w: %s has no row", journal.ErrCorrupt, tables(j.schema).meta)
			}
			if err == nil && rows[0].dropped > max(at, dropped) {
				err = fmt.Errorf("%w: they came after position %d of the feed", journal.ErrCompacted, at)
			}
			if err != nil {
				break
			}
			if rows[0].position == nil {
				return
			}
			for _, row := range rows {
				if err = ctx.Err(); err != nil {
					err = fmt.Errorf("journal: read the feed: %w", err)
					break
				}
				var r journal.Record
				var forgotten bool
				if r, forgotten, err = row.record(); err != nil {
					break
				}
				at = *row.position
				if !forgotten && !yield(journal.FeedRecord{Record: r, Cursor: journal.NewCursor(uint64(at), r.Hash)}, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(journal.FeedRecord{}, err)
		}
	}
}

// feedFrom is the position behind which to read, up to which, and how far records were
// forgotten.
func (j *Journal) feedFrom(ctx context.Context, after journal.Cursor) (at, until, dropped int64, err error) {
	if err := j.begun(ctx, "read the feed"); err != nil {
		return 0, 0, 0, err
	}
	position, err := after.Position()
	if err != nil {
		return 0, 0, 0, err
	}
	at = int64(position) // one that is too large is negative, and there is no such record
	type head struct {
		until, dropped int64
		last           *int64
		hash           []byte
	}
	rows, _, err := retried(ctx, j, "read the feed", func(r pgx.Rows, h *head) error {
		return r.Scan(&h.until, &h.dropped, &h.last, &h.hash)
	}, j.sql.feedHead, at)
	if err != nil {
		return 0, 0, 0, err
	}
	if len(rows) != 1 {
		return 0, 0, 0, fmt.Errorf("%w: %s has %d rows, not 1", journal.ErrCorrupt, tables(j.schema).meta, len(rows))
	}
	h := rows[0]
	j.growth.saw(h.until)
	switch {
	case h.last != nil && *h.last > h.until:
		err = fmt.Errorf("%w: there is a record at position %d of the feed, which ends at %d", journal.ErrCorrupt, *h.last, h.until)
	case position == 0, at == h.dropped:
	case at > 0 && at < h.dropped:
		err = fmt.Errorf("%w: they came after the cursor %s", journal.ErrCompacted, after)
	case len(h.hash) != len(release.Digest{}) || !after.Of(release.Digest(h.hash)):
		err = fmt.Errorf("%w: %s", journal.ErrCursor, after)
	}
	return at, h.until, h.dropped, err
}

func (j *Journal) fed(ctx context.Context, at, until int64) ([]fed, error) {
	rows, _, err := retried(ctx, j, "read the feed", func(r pgx.Rows, f *fed) error {
		return r.Scan(&f.dropped, &f.position, &f.stream, &f.seq, &f.body, &f.version, &f.base, &f.baseHash, &f.prevSpot, &f.prev)
	}, j.sql.feed, at, until, int64(pageRows), int64(pageBytes))
	return rows, err
}

// record verifies the record of a row. A forgotten one is only still there because
// removing it was interrupted.
func (f fed) record() (r journal.Record, forgotten bool, err error) {
	stream, seq := string(f.stream), *f.seq
	corrupt := func(problem string) (journal.Record, bool, error) {
		return journal.Record{}, false, &journal.CorruptError{Stream: stream, Seq: uint64(seq), Problem: problem}
	}
	switch {
	case f.version == nil:
		return corrupt("the row of the stream is missing")
	case seq < 1 || seq > *f.version:
		return corrupt("the row of the stream does not know of it")
	case seq <= *f.base:
		return journal.Record{}, true, nil
	}
	prev := journal.Head{Stream: stream, Seq: uint64(seq) - 1}
	switch {
	case seq-1 == *f.base && *f.base == 0:
	case seq-1 == *f.base && len(f.baseHash) == len(prev.Hash):
		prev.Hash = release.Digest(f.baseHash)
	case f.prevSpot == nil || len(f.prev) != len(prev.Hash):
		return corrupt("the record before it is missing")
	case *f.prevSpot >= *f.position:
		return corrupt("it stands before the record before it in the feed")
	default:
		prev.Hash = release.Digest(f.prev)
	}
	r, err = prev.Decode(f.body)
	return r, false, err
}
