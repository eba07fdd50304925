package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// now is the store's clock, in milliseconds.
const now = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"

const (
	freeLeases = "UPDATE main.sallyport_journal_streams SET leased = 0 WHERE leased = 1 AND until <= " + now
	claimDue   = "UPDATE main.sallyport_journal_streams SET leased = 1, token = max(token, ?4) + 1, until = " + now + " + ?1, worker = ?2 WHERE id IN (" +
		"SELECT id FROM main.sallyport_journal_streams INDEXED BY sallyport_journal_due WHERE leased = 0 AND wake <= " + now
	claimWithPrefix = " AND substr(name, 1, length(?5)) = ?5"
	claimOrder      = " ORDER BY wake, name LIMIT ?3) RETURNING name, token, seq, wake"
)

// statements are what the writer says, prepared once.
type statements struct {
	begin, commit, rollback  *sql.Stmt
	version, state           *sql.Stmt
	head, insert, update     *sql.Stmt
	grow                     *sql.Stmt
	free, claim, claimPrefix *sql.Stmt
	renew, release           *sql.Stmt
	inserts                  [len(rowCounts)]*sql.Stmt
	args                     []any
	all                      []*sql.Stmt
}

// A statement that stores several records says OR ROLLBACK, so that the engine need not
// keep copies of pages to undo just this statement: after any error all is undone.
//
// rowCounts are how many records one statement stores, the largest first.
var rowCounts = [...]int{64, 16, 4, 1}

func (w *writer) prepareStatements(ctx context.Context) error {
	s := &w.stmts
	var failed error
	prepare := func(query string) *sql.Stmt {
		if failed != nil {
			return nil
		}
		stmt, err := w.conn.PrepareContext(ctx, query)
		if failed = err; err == nil {
			s.all = append(s.all, stmt)
		}
		return stmt
	}
	s.begin = prepare("BEGIN IMMEDIATE")
	s.commit = prepare("COMMIT")
	s.rollback = prepare("ROLLBACK")
	s.version = prepare("PRAGMA main.data_version")
	s.state = prepare("SELECT version, opened, (SELECT coalesce(max(position), 0) FROM main.sallyport_journal_records) FROM main.sallyport_journal WHERE id = 1")
	s.head = prepare("SELECT id, seq, hash, token, last, leased FROM main.sallyport_journal_streams WHERE name = ?")
	s.insert = prepare("INSERT INTO main.sallyport_journal_streams (name, seq, hash, last, wake) VALUES (?, ?, ?, ?, " + now + " + ?)")
	// grow is update for a stream that stays due since it first was, so that the index of
	// what is due stays as it is: a page less to write.
	s.grow = prepare("UPDATE main.sallyport_journal_streams SET seq = ?, hash = ?, last = ? WHERE id = ? AND leased = 0 AND wake <= " + now)
	s.update = prepare("UPDATE main.sallyport_journal_streams SET seq = ?1, hash = ?2, last = ?3, wake = CASE WHEN ?5 AND wake <= " + now +
		" AND (leased = 0 OR until <= " + now + ") THEN wake ELSE " + now + " + ?6 END WHERE id = ?4")
	for i, n := range rowCounts {
		s.inserts[i] = prepare("INSERT OR ROLLBACK INTO main.sallyport_journal_records (position, stream, seq, before, record) VALUES (?, ?, ?, ?, ?)" + strings.Repeat(", (?, ?, ?, ?, ?)", n-1))
	}
	s.args = make([]any, 0, 5*rowCounts[0])
	s.free = prepare(freeLeases)
	s.claim = prepare(claimDue + claimOrder)
	s.claimPrefix = prepare(claimDue + claimWithPrefix + claimOrder)
	s.renew = prepare("UPDATE main.sallyport_journal_streams SET leased = 1, until = " + now + " + ?1 WHERE name = ?2 AND token = ?3 AND until IS NOT NULL")
	s.release = prepare("UPDATE main.sallyport_journal_streams SET leased = 0, until = NULL, wake = CASE WHEN seq = ?4 THEN " + now + " + ?1 ELSE wake END" +
		" WHERE name = ?2 AND token = ?3 AND until IS NOT NULL")
	return failed
}

// rows is the statement that stores n records, or as many of them as one can.
func (s *statements) rows(n int) (*sql.Stmt, int) {
	for i, count := range rowCounts {
		if count <= n {
			return s.inserts[i], count
		}
	}
	panic("sqlite: no records to store")
}

func (s *statements) close() {
	for _, stmt := range s.all {
		_ = stmt.Close() // the connection goes on or ends whatever it says
	}
	s.all = nil
}
