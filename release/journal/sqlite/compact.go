package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// How many forgotten records one transaction deletes, and up to 63 more, and for how
// long it goes on with large ones while others wait to write.
const (
	deleteRows = 500
	deleteTime = 50 * time.Millisecond
)

// Compact implements [journal.Journal]. The records are forgotten, all at once, when
// the first of its transactions is committed; an error after that says that their space
// was not given back yet. Compacting the stream again, even up to where it was, goes
// on with that.
func (j *Journal) Compact(ctx context.Context, base journal.Head) error {
	var refused error
	err := j.work(ctx, "compacted", true, func(ctx context.Context, w *writer) (did bool, err error) {
		did, refused, err = w.forget(ctx, base)
		return did, err
	})
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	for more := true; more; {
		var n int64
		err := j.work(ctx, "deleted", true, func(ctx context.Context, w *writer) (bool, error) {
			var err error
			n, err = w.deleteForgotten(ctx, base.Stream)
			return n > 0, err
		})
		if err != nil {
			return fmt.Errorf("sqlite: stream %q is compacted up to %d, and not all of its space was given back: %w", base.Stream, base.Seq, err)
		}
		more = n > 0
	}
	return nil
}

// baseRecord finds a record of a stream.
const baseRecord = `WITH RECURSIVE
s AS MATERIALIZED (SELECT id, seq, last, base_seq, base_hash FROM main.sallyport_journal_streams WHERE name = ?1),
back(position, stream, seq, before) AS (
	SELECT r.position, r.stream, r.seq, r.before FROM s JOIN main.sallyport_journal_records r ON r.stream = s.id AND r.position = coalesce(
		(SELECT m.position FROM main.sallyport_journal_records m WHERE m.stream = s.id AND m.seq % 64 = 0 AND m.seq >= ?2 AND m.seq <= s.seq ORDER BY m.seq LIMIT 1), s.last)
	UNION ALL
	SELECT r.position, r.stream, r.seq, r.before FROM back b JOIN main.sallyport_journal_records r ON r.position = b.before AND r.position < b.position AND r.stream = b.stream
	WHERE b.seq > ?2
)
SELECT s.id, s.seq, s.base_seq, s.base_hash, r.position, substr(r.record, 1, 32)
FROM s LEFT JOIN back b ON b.seq = ?2 LEFT JOIN main.sallyport_journal_records r ON r.position = b.position`

// deleteSome deletes the oldest of a stream's records that were forgotten: up to the
// first indexed one among them, or all that are left.
const deleteSome = `WITH RECURSIVE
s AS MATERIALIZED (SELECT id, base_seq, base_last FROM main.sallyport_journal_streams WHERE name = ?1 AND base_seq > 0),
back(position, stream, before) AS (
	SELECT r.position, r.stream, r.before FROM s JOIN main.sallyport_journal_records r ON r.stream = s.id AND r.seq <= s.base_seq AND r.position = coalesce(
		(SELECT m.position FROM main.sallyport_journal_records m WHERE m.stream = s.id AND m.seq % 64 = 0 AND m.seq <= s.base_seq ORDER BY m.seq LIMIT 1), s.base_last)
	UNION ALL
	SELECT r.position, r.stream, r.before FROM back b JOIN main.sallyport_journal_records r ON r.position = b.before AND r.position < b.position AND r.stream = b.stream
)
DELETE FROM main.sallyport_journal_records WHERE position IN (SELECT position FROM back)`

// forget moves a stream's base, and with it the feed's.
func (w *writer) forget(ctx context.Context, base journal.Head) (did bool, refused, err error) {
	var id, seq, baseSeq int64
	var position sql.NullInt64
	var kept, hash []byte
	err = w.conn.QueryRowContext(ctx, baseRecord, []byte(base.Stream), int64(min(base.Seq, math.MaxInt64))).Scan(&id, &seq, &baseSeq, &kept, &position, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, nil, err
	}
	from := journal.Head{Stream: base.Stream, Seq: uint64(baseSeq)}
	if len(kept) == len(from.Hash) { // not where nothing was forgotten
		from.Hash = release.Digest(kept)
	}
	more, refused := journal.CheckCompact(base, from, uint64(seq))
	switch {
	case !more:
		return false, refused, nil
	case !position.Valid:
		return false, missing(journal.Head{Stream: base.Stream, Seq: base.Seq - 1}), nil
	case len(hash) != len(base.Hash):
		return false, corrupt(journal.Head{Stream: base.Stream, Seq: base.Seq - 1}, "it is cut off"), nil
	}
	if err := journal.CheckBase(base, release.Digest(hash)); err != nil {
		return false, err, nil
	}
	if _, err := w.conn.ExecContext(ctx, "UPDATE main.sallyport_journal_streams SET base_seq = ?, base_hash = ?, base_last = ? WHERE id = ?", int64(base.Seq), base.Hash[:], position.Int64, id); err != nil {
		return false, nil, err
	}
	_, err = w.conn.ExecContext(ctx, "UPDATE main.sallyport_journal SET forgotten = max(forgotten, ?) WHERE id = 1", position.Int64)
	return true, nil, err
}

// deleteForgotten deletes some of the records of a stream that were forgotten, the
// oldest first, and says how many.
func (w *writer) deleteForgotten(ctx context.Context, stream string) (deleted int64, err error) {
	for began := time.Now(); deleted < deleteRows && time.Since(began) < deleteTime; {
		n, err := changes(w.conn.ExecContext(ctx, deleteSome, []byte(stream)))
		if err != nil || n == 0 {
			return deleted, err
		}
		deleted += n
	}
	return deleted, nil
}
