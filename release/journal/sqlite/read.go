package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Bounds of what is read with one statement. Between two, no connection is held: a loop
// may take its time, and may append or read in its body.
const (
	pageRows  = 256
	pageBytes = 1 << 20
	pageNames = 1000
)

// Load implements [journal.Reader]. Each record is verified against its hash and the
// one before, and the last against the stream's head. A stream of more than 256
// records, or a megabyte, is read in several pieces; if it is compacted between them,
// the loop ends with a [*journal.CompactedError].
func (j *Journal) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		if after > math.MaxInt64 {
			after = math.MaxInt64
		}
		l := loading{at: journal.Head{Stream: stream, Seq: after}}
		for l.begun = false; ; l.begun = true {
			page, err := j.loadPage(ctx, &l)
			for _, r := range page {
				if err := ctx.Err(); err != nil {
					yield(journal.Record{}, fmt.Errorf("sqlite: load stream %q: %w", stream, err))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
			if err != nil {
				yield(journal.Record{}, err)
			}
			if err != nil || l.at.Seq >= l.end {
				return
			}
		}
	}
}

// loading is how far a loop over a stream has come.
type loading struct {
	at    journal.Head // behind the last record that was read
	end   uint64       // where the stream stood when the loop began
	begun bool         // at and end are known
}

// streamPage reads a stream's row, and its records from the one before those wanted on,
// as of one moment. It goes back from the next indexed record that is a page on, or from
// the last, and then forward over what it passed. The inner order, which its LIMIT keeps
// the engine from leaving out, is the outer one; that the records come in it is
// verified.
const streamPage = `WITH RECURSIVE
s AS MATERIALIZED (SELECT id, seq, hash, last, base_seq, base_hash, max(?2, base_seq + 1) AS first FROM main.sallyport_journal_streams WHERE name = ?1),
back(position, stream, seq, before, first) AS (
	SELECT r.position, r.stream, r.seq, r.before, s.first FROM s JOIN main.sallyport_journal_records r ON r.stream = s.id AND r.position = coalesce(
		(SELECT m.position FROM main.sallyport_journal_records m WHERE m.stream = s.id AND m.seq % 64 = 0 AND m.seq >= ?2 + ?3 AND m.seq <= s.seq ORDER BY m.seq LIMIT 1), s.last)
	UNION ALL
	SELECT r.position, r.stream, r.seq, r.before, b.first FROM back b JOIN main.sallyport_journal_records r ON r.position = b.before AND r.position < b.position AND r.stream = b.stream
	WHERE b.seq > b.first
)
SELECT s.seq, s.hash, s.base_seq, s.base_hash, b.seq, (SELECT record FROM main.sallyport_journal_records WHERE position = b.position)
FROM s LEFT JOIN (SELECT position, seq FROM back ORDER BY seq LIMIT ?3) b`

// streamRow is where a stream stands, as read.
type streamRow struct {
	seq, baseSeq   sql.NullInt64
	hash, baseHash []byte
}

// heads are where the stream ends and where what is kept of it begins.
func (s streamRow) heads(stream string) (end, base journal.Head, err error) {
	end, base = journal.Head{Stream: stream}, journal.Head{Stream: stream}
	if s.seq.Int64 < 1 || s.baseSeq.Int64 < 0 || s.baseSeq.Int64 >= s.seq.Int64 || len(s.hash) != len(end.Hash) || (s.baseSeq.Int64 > 0) != (len(s.baseHash) == len(base.Hash)) {
		return end, base, fmt.Errorf("%w: stream %q: its row is not one of the journal's", journal.ErrCorrupt, stream)
	}
	end.Seq, end.Hash, base.Seq = uint64(s.seq.Int64), release.Digest(s.hash), uint64(s.baseSeq.Int64)
	if base.Seq > 0 {
		base.Hash = release.Digest(s.baseHash)
	}
	return end, base, nil
}

// loadPage reads the next records of a stream. Those that are right are returned also
// beside an error.
func (j *Journal) loadPage(ctx context.Context, l *loading) (page []journal.Record, err error) {
	if err := j.refusal(); err != nil {
		return nil, err
	}
	defer func() { err = j.readError(err, "load stream %q", l.at.Stream) }()
	// The record before gives the hash that the first must follow.
	rows, err := j.db.QueryContext(ctx, streamPage, []byte(l.at.Stream), int64(l.at.Seq), pageRows+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var end journal.Head
	found, size := false, 0
	for rows.Next() {
		var s streamRow
		var seq sql.NullInt64
		var record sql.RawBytes
		if err := rows.Scan(&s.seq, &s.hash, &s.baseSeq, &s.baseHash, &seq, &record); err != nil {
			return page, err
		}
		if !found {
			found = true
			done, follows, err := l.arrive(s, &end)
			if done || err != nil {
				return nil, err
			}
			if follows {
				if err := l.follow(seq, record, end); err != nil {
					return nil, err
				}
				continue
			}
		}
		switch {
		case !seq.Valid:
			return page, missing(l.at)
		case uint64(seq.Int64) > end.Seq:
			return page, corrupt(l.at, fmt.Sprintf("the stream has a record %d, and is said to end at %d", seq.Int64, end.Seq))
		case l.at.Seq >= l.end:
			return page, nil // what came after the loop began
		case uint64(seq.Int64) != l.at.Seq+1:
			return page, missing(l.at)
		}
		r, err := l.at.Decode(record)
		if err != nil {
			return page, err
		}
		page, l.at = append(page, r), r.Head()
		if r.Seq == end.Seq && r.Hash != end.Hash {
			return page[:len(page)-1], corrupt(journal.Head{Stream: r.Stream, Seq: r.Seq - 1}, "it is the last, and the stream is said to end with another hash")
		}
		if size += len(record); size >= pageBytes || len(page) == pageRows {
			return page, rows.Close()
		}
	}
	if err := rows.Err(); err != nil {
		return page, err
	}
	if l.at.Seq < l.end { // also if its row is gone
		return page, missing(l.at)
	}
	return page, nil
}

// arrive takes in where the stream stands. It reports whether nothing is to be read, and
// whether the first record is the one before those wanted, which gives the hash that
// they must follow.
func (l *loading) arrive(s streamRow, end *journal.Head) (done, follows bool, err error) {
	var base journal.Head
	if *end, base, err = s.heads(l.at.Stream); err != nil {
		return false, false, err
	}
	if l.at.Seq < base.Seq {
		return false, false, &journal.CompactedError{Base: base}
	}
	if !l.begun {
		l.end = end.Seq
		if l.at.Seq == base.Seq {
			l.at.Hash = base.Hash
		}
	}
	return l.at.Seq > l.end, l.at.Seq > base.Seq, nil
}

// follow takes in the record before those wanted.
func (l *loading) follow(seq sql.NullInt64, record []byte, end journal.Head) error {
	before := journal.Head{Stream: l.at.Stream, Seq: l.at.Seq - 1}
	if !seq.Valid || uint64(seq.Int64) != l.at.Seq {
		return missing(before)
	}
	if len(record) < len(l.at.Hash) {
		return corrupt(before, "it is cut off")
	}
	hash := release.Digest(record[:len(l.at.Hash)])
	if l.begun && hash != l.at.Hash || l.at.Seq == end.Seq && hash != end.Hash {
		return corrupt(before, "its hash is not the one that it had, or that the stream is said to end with")
	}
	l.at.Hash, l.begun = hash, true
	return nil
}

func missing(at journal.Head) error { return corrupt(at, "it is missing") }

// corrupt says what is wrong with the record after at.
func corrupt(at journal.Head, problem string) error {
	return &journal.CorruptError{Stream: at.Stream, Seq: at.Seq + 1, Problem: problem}
}

// readError says what was being read, if there is an error. It is ErrClosed if the
// journal was closed meanwhile.
func (j *Journal) readError(err error, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case j.refusal() != nil:
		return j.refusal()
	}
	return fmt.Errorf("sqlite: "+format+": %w", append(args, err)...)
}

// Streams implements [journal.Reader].
func (j *Journal) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		last := int64(math.MaxInt64)
		var after []byte
		for {
			names, err := j.namePage(ctx, after, &last)
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range names {
				if err := ctx.Err(); err != nil {
					yield("", fmt.Errorf("sqlite: list streams: %w", err))
					return
				}
				if !yield(string(name), nil) {
					return
				}
			}
			if len(names) < pageNames {
				return
			}
			after = names[len(names)-1]
		}
	}
}

// namePage reads the next names of streams, up to the row that was the last when the
// loop began.
func (j *Journal) namePage(ctx context.Context, after []byte, last *int64) (names [][]byte, err error) {
	if err := j.refusal(); err != nil {
		return nil, err
	}
	defer func() { err = j.readError(err, "list streams") }()
	rows, err := j.db.QueryContext(ctx, `SELECT name, (SELECT max(id) FROM main.sallyport_journal_streams)
FROM main.sallyport_journal_streams WHERE (?1 IS NULL OR name > ?1) AND id <= ?2 ORDER BY name LIMIT ?3`, after, *last, pageNames)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	newest := *last
	for rows.Next() {
		var name []byte
		if err := rows.Scan(&name, &newest); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	*last = min(*last, newest)
	return names, rows.Err()
}
