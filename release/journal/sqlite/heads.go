package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// maxHeads bounds how many heads are kept from one transaction to the next.
const maxHeads = 4096

// heads are where streams stand, as the writer knows it. What it read or wrote itself
// holds until another connection, of this process or another, commits something: the
// engine counts that (PRAGMA data_version).
type heads struct {
	version  int64
	position int64 // the highest of the feed
	known    map[string]*head
}

// head is where one stream stands, and its row.
type head struct {
	journal.Head
	id      int64 // 0 if it has no row yet
	token   int64
	last    int64 // the position of the last record
	leased  bool  // as far as is known
	wake    any   // what an append is about to set
	again   bool  // if it is due already, it stays due since then
	changed bool
}

// refreshHeads forgets what others may have changed.
func (w *writer) refreshHeads(ctx context.Context) error {
	var version int64
	if err := w.stmts.version.QueryRowContext(ctx).Scan(&version); err != nil {
		return err
	}
	if version == w.heads.version && w.heads.known != nil {
		return nil
	}
	var tables int
	var opened, position int64
	if err := w.stmts.state.QueryRowContext(ctx).Scan(&tables, &opened, &position); err != nil {
		return err
	}
	switch {
	case tables != len(migrations):
		return fmt.Errorf("%w: its tables have version %d now; this library knows %d", errOther, tables, len(migrations))
	case opened < w.epoch:
		return fmt.Errorf("%w: it was put back to an older copy", errOther)
	}
	w.heads = heads{version: version, position: position, known: map[string]*head{}}
	return nil
}

// errOther says that the database is not the one any more that was opened. Nothing is
// done on it until it is opened again.
var errOther = errors.New("sqlite: the database was changed while the journal was open")

// keep is for after a commit: what was written is what is known.
func (h *heads) keep() {
	if len(h.known) > maxHeads {
		h.known = nil
	}
}

// forget is for after anything else.
func (h *heads) forget() { h.known = nil }

// head is where a stream stands now.
func (w *writer) head(ctx context.Context, stream string) (*head, error) {
	if h := w.heads.known[stream]; h != nil {
		return h, nil
	}
	h := &head{Head: journal.Head{Stream: stream}}
	var seq int64
	var hash []byte
	err := w.stmts.head.QueryRowContext(ctx, []byte(stream)).Scan(&h.id, &seq, &hash, &h.token, &h.last, &h.leased)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return nil, err
	case seq < 1 || len(hash) != len(h.Hash) || h.last > w.heads.position:
		return nil, fmt.Errorf("%w: stream %q: its row is not one of the journal's", journal.ErrCorrupt, stream)
	default:
		h.Seq, h.Hash = uint64(seq), release.Digest(hash)
	}
	w.heads.known[stream] = h
	return h, nil
}

// storeHead stores where a stream stands and when it is due.
func (w *writer) storeHead(ctx context.Context, h *head) error {
	if h.id != 0 {
		if h.again && !h.leased {
			n, err := changes(w.stmts.grow.ExecContext(ctx, int64(h.Seq), h.Hash[:], h.last, h.id))
			if err != nil || n > 0 {
				return err
			}
		}
		_, err := w.stmts.update.ExecContext(ctx, int64(h.Seq), h.Hash[:], h.last, h.id, h.again, h.wake)
		return err
	}
	res, err := w.stmts.insert.ExecContext(ctx, []byte(h.Stream), int64(h.Seq), h.Hash[:], h.last, h.wake)
	if err != nil {
		return err
	}
	h.id, err = res.LastInsertId()
	return err
}

// storeRows stores records, many with one statement.
func (w *writer) storeRows(ctx context.Context, rows []row) error {
	for len(rows) > 0 {
		s, n := w.stmts.rows(len(rows))
		args := w.stmts.args[:0]
		for _, r := range rows[:n] {
			args = append(args, r.position, r.of.id, r.seq, r.before, r.record)
		}
		if _, err := s.ExecContext(ctx, args...); err != nil {
			return err
		}
		clear(args)
		rows = rows[n:]
	}
	return nil
}
