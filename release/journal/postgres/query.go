package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// query runs one statement, which is a transaction by itself, and reads all of its rows:
// scan is called for each. It returns how many rows were changed or read. The connection
// is back in the pool, or dropped, before it returns.
func (j *Journal) query(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) (int64, error) {
	sql = j.growth.plan(sql)
	plain := j.plain.Load()
	n, err := j.queryOnce(ctx, plain, scan, sql, args)
	if noStatement(err) && !plain {
		j.plain.Store(true)
		return j.queryOnce(ctx, true, scan, sql, args)
	}
	return n, err
}

func (j *Journal) queryOnce(ctx context.Context, plain bool, scan func(pgx.Rows) error, sql string, args []any) (int64, error) {
	conn, err := j.pool.Acquire(ctx)
	if err != nil {
		return 0, &unsentError{err}
	}
	defer conn.Release()
	if plain {
		args = append([]any{pgx.QueryExecModeExec}, args...)
	}
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return 0, err
		}
	}
	rows.Close() // everything is read, so that the commit is over
	return rows.CommandTag().RowsAffected(), rows.Err()
}

// unsentError says that there was no connection to send anything on.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// noStatement reports that the server does not know a prepared statement, or knows it
// already: a pooler has given the session's statements to somebody else.
func noStatement(err error) bool {
	code := sqlState(err)
	return code == "26000" || code == "42P05"
}

// sqlState is the code of the server's error, or empty.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// undone reports whether a statement that ended with err certainly changed nothing: it
// was never sent, or the server says in so many words that it was rolled back. What is
// not known here is not known.
func undone(err error) bool {
	if _, ok := errors.AsType[*unsentError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// FATAL and PANIC end the session, perhaps in the middle of the commit. Class 08 is
		// what a pooler says when it lost the server; 40003 is what CockroachDB says when it
		// does not know; XX is a server in disorder.
		if e.SeverityUnlocalized != "ERROR" && e.Severity != "ERROR" || e.Code == "40003" || len(e.Code) != 5 {
			return false
		}
		switch e.Code[:2] {
		case "0A", "21", "22", "23", "25", "26", "28", "2B", "2D", "2F", "34", "3D", "3F", "40", "42", "44", "53", "54", "55", "57", "58":
			return true
		}
		return false
	}
	return pgconn.SafeToRetry(err)
}

// again reports whether a statement that changed nothing may succeed when it is sent
// again, after so many tries: the connection was dead already; or two transactions were in
// each other's way, which is nobody's fault, however often, and one of them got on.
func again(err error, try int) bool {
	if !undone(err) {
		return false
	}
	if code := sqlState(err); code != "" {
		return code == "40001" || code == "40P01"
	}
	_, unsent := errors.AsType[*unsentError](err)
	return !unsent && try < maxTries
}

const maxTries = 10

// pause waits before another try, a little longer each time.
func pause(ctx context.Context, try int) {
	t := time.NewTimer(rand.N(time.Duration(min(try, maxTries)+1) * 4 * time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// retried runs one statement that is not an append, bounded in time, and reads its rows.
// What was in its way is tried again. It returns also how many rows were changed or read.
func retried[T any](ctx context.Context, j *Journal, what string, scan func(pgx.Rows, *T) error, sql string, args ...any) ([]T, int64, error) {
	if err := j.begun(ctx, what); err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	for try := 0; ; try++ {
		var rows []T
		n, err := j.query(ctx, func(r pgx.Rows) error {
			var row T
			err := scan(r, &row)
			rows = append(rows, row)
			return err
		}, sql, args...)
		switch {
		case err == nil:
			return rows, n, nil
		case again(err, try) && ctx.Err() == nil:
			pause(ctx, try)
		case j.closed.Load():
			return nil, 0, journal.ErrClosed
		default:
			return nil, 0, fmt.Errorf("journal: %s: %w", what, err)
		}
	}
}

// exec is retried for statements without rows.
func (j *Journal) exec(ctx context.Context, what, sql string, args ...any) (int64, error) {
	_, n, err := retried(ctx, j, what, func(pgx.Rows, *struct{}) error { return nil }, sql, args...)
	return n, err
}
