package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Feed implements [journal.Reader]. The order is that of the commits: one writes at a
// time, whatever its process. Each record is verified against its hash and the one
// before it in its stream. A feed of more than 256 records, or a megabyte, is read in
// several pieces; if records that are yet to come are compacted away between them, the
// loop ends with ErrCompacted.
func (j *Journal) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	return func(yield func(journal.FeedRecord, error) bool) {
		f, err := j.beginFeed(ctx, after)
		for err == nil && f.at < f.end {
			var page []journal.FeedRecord
			page, err = j.feedPage(ctx, &f)
			for _, r := range page {
				if err := ctx.Err(); err != nil {
					yield(journal.FeedRecord{}, fmt.Errorf("sqlite: read the feed: %w", err))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(journal.FeedRecord{}, err)
		}
	}
}

// feeding is how far a loop over the feed has come.
type feeding struct {
	at, end   int64 // behind the last record that was read; the last when the loop began
	forgotten int64 // the highest position that was forgotten when the loop began
}

const feedStart = `SELECT m.forgotten,
	coalesce((SELECT max(position) FROM main.sallyport_journal_records), 0),
	coalesce((SELECT last FROM main.sallyport_journal_streams ORDER BY id DESC LIMIT 1), 0),
	(SELECT substr(record, 1, 32) FROM main.sallyport_journal_records WHERE position = ?1)
FROM main.sallyport_journal m WHERE m.id = 1`

// beginFeed finds the place of a cursor.
func (j *Journal) beginFeed(ctx context.Context, after journal.Cursor) (f feeding, err error) {
	if err := j.refusal(); err != nil {
		return f, err
	}
	position, err := after.Position()
	if err != nil {
		return f, err
	}
	defer func() { err = j.readError(err, "read the feed") }()
	var hash []byte
	var last int64 // of the newest stream
	err = j.db.QueryRowContext(ctx, feedStart, int64(min(position, math.MaxInt64))).Scan(&f.forgotten, &f.end, &last, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("%w: the journal's own row is missing", journal.ErrCorrupt)
	}
	if err == nil && (f.end < last || f.forgotten > 0 && f.end <= f.forgotten) {
		err = f.missing(f.end + 1) // the last record is never forgotten
	}
	if err != nil || position == 0 {
		return f, err
	}
	f.at = int64(min(position, math.MaxInt64))
	switch {
	case f.at < f.forgotten:
		return f, fmt.Errorf("%w: they came after the cursor %s", journal.ErrCompacted, after)
	case f.at == f.forgotten:
		return f, nil
	case len(hash) != len(release.Digest{}) || !after.Of(release.Digest(hash)):
		return f, fmt.Errorf("%w: %s", journal.ErrCursor, after)
	}
	return f, nil
}

// missing says that there is no record at a position where there must be one.
func (feeding) missing(position int64) error {
	return fmt.Errorf("%w: the feed's record at position %d is missing", journal.ErrCorrupt, position)
}

// feedPages reads records in the order of their positions, each with its stream and
// the record before it, and whether the last of its stream is there, as of one moment.
const feedPages = `SELECT m.forgotten, r.position, r.seq, r.record, s.name, s.seq, s.hash, s.base_seq, s.base_hash, substr(p.record, 1, 32), e.position IS NOT NULL
FROM main.sallyport_journal m
LEFT JOIN main.sallyport_journal_records r ON r.position > ?1 AND r.position <= ?2
LEFT JOIN main.sallyport_journal_streams s ON s.id = r.stream
LEFT JOIN main.sallyport_journal_records p ON p.position = r.before AND p.stream = r.stream AND p.seq = r.seq - 1
LEFT JOIN main.sallyport_journal_records e ON e.position = s.last AND e.stream = s.id AND e.seq = s.seq
WHERE m.id = 1 ORDER BY r.position LIMIT ?3`

// feedPage reads the next records of the feed. Those that are right are returned also
// beside an error.
func (j *Journal) feedPage(ctx context.Context, f *feeding) (page []journal.FeedRecord, err error) {
	if err := j.refusal(); err != nil {
		return nil, err
	}
	defer func() { err = j.readError(err, "read the feed") }()
	rows, err := j.db.QueryContext(ctx, feedPages, f.at, f.end, pageRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	n, size := 0, 0
	for rows.Next() {
		var r feedRow
		var forgotten int64
		if err := rows.Scan(&forgotten, &r.position, &r.seq, &r.record, &r.name, &r.stream.seq, &r.stream.hash, &r.stream.baseSeq, &r.stream.baseHash, &r.beforeHash, &r.ended); err != nil {
			return page, err
		}
		if forgotten > f.forgotten && f.at < forgotten {
			if f.at > 0 {
				return nil, fmt.Errorf("%w: while the feed was read", journal.ErrCompacted)
			}
			f.forgotten = forgotten // from the beginning, that is of what is kept
		}
		if !r.position.Valid {
			break
		}
		// Positions have no gaps but where records were forgotten.
		if next := max(f.at, forgotten) + 1; r.position.Int64 > next {
			return page, f.missing(next)
		}
		record, kept, err := r.decode()
		if err != nil {
			return page, err
		}
		n, f.at = n+1, r.position.Int64
		if !kept && f.at > forgotten {
			return page, fmt.Errorf("%w: stream %q: its base is beyond what was forgotten", journal.ErrCorrupt, r.name)
		}
		if !kept {
			continue
		}
		page = append(page, journal.FeedRecord{Record: record, Cursor: journal.NewCursor(uint64(f.at), record.Hash)})
		if size += len(r.record); size >= pageBytes {
			return page, rows.Close()
		}
	}
	if err := rows.Err(); err != nil {
		return page, err
	}
	if n == pageRows || f.at == f.end {
		return page, nil
	}
	if f.end > f.forgotten {
		return page, f.missing(f.at + 1)
	}
	f.at = f.end
	return page, nil
}

// feedRow is a record of the feed with what it is verified against.
type feedRow struct {
	position, seq sql.NullInt64
	record, name  []byte
	stream        streamRow
	beforeHash    []byte
	ended         bool // the last record of the stream is where it is said to be
}

// decode verifies a record. It is not kept if it was forgotten, and its space is yet to
// be given back.
func (r feedRow) decode() (_ journal.Record, kept bool, err error) {
	if r.name == nil {
		return journal.Record{}, false, fmt.Errorf("%w: the record at position %d of the feed is of no stream", journal.ErrCorrupt, r.position.Int64)
	}
	end, base, err := r.stream.heads(string(r.name))
	if err != nil {
		return journal.Record{}, false, err
	}
	if !r.ended {
		return journal.Record{}, false, missing(journal.Head{Stream: end.Stream, Seq: end.Seq - 1})
	}
	at := journal.Head{Stream: string(r.name), Seq: uint64(r.seq.Int64) - 1}
	switch {
	case at.Seq < base.Seq:
		return journal.Record{}, false, nil
	case at.Seq >= end.Seq:
		return journal.Record{}, false, corrupt(at, fmt.Sprintf("it is there, and the stream is said to end at %d", end.Seq))
	case at.Seq == base.Seq:
		at.Hash = base.Hash
	case len(r.beforeHash) != len(at.Hash):
		return journal.Record{}, false, missing(journal.Head{Stream: at.Stream, Seq: at.Seq - 1})
	default:
		at.Hash = release.Digest(r.beforeHash)
	}
	record, err := at.Decode(r.record)
	if err == nil && record.Seq == end.Seq && record.Hash != end.Hash {
		err = corrupt(at, "it is the last, and the stream is said to end with another hash")
	}
	return record, true, err
}
