package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// migrations lead from no tables to those of today: the n-th from version n-1 to n. A
// step that was released is never changed.
//
// A stream's row holds its head and base, and whose turn it is: wake is when it is due
// (NULL is never), until is when its lease ends (NULL if it was released or there was
// none), and leased is 0 if nobody holds it or its lease has been found to be over.
// Times are milliseconds since 1970. Two partial indexes hold just the streams that can
// be claimed, in the order in which they are, and the leases that can end.
var migrations = []string{`
CREATE TABLE main.sallyport_journal_streams (
	id        INTEGER PRIMARY KEY,
	name      BLOB NOT NULL UNIQUE,
	seq       INTEGER NOT NULL CHECK (seq > 0),
	hash      BLOB NOT NULL CHECK (length(hash) = 32),
	wake      INTEGER,
	leased    INTEGER NOT NULL DEFAULT 0 CHECK (leased IN (0, 1)),
	until     INTEGER,
	token     INTEGER NOT NULL DEFAULT 0 CHECK (token >= 0),
	worker    BLOB,
	last      INTEGER NOT NULL CHECK (last > 0),
	base_seq  INTEGER NOT NULL DEFAULT 0 CHECK (base_seq >= 0 AND base_seq < seq),
	base_hash BLOB CHECK (length(base_hash) = 32),
	base_last INTEGER
) STRICT;
CREATE INDEX main.sallyport_journal_due ON sallyport_journal_streams (wake, name) WHERE leased = 0 AND wake IS NOT NULL;
CREATE INDEX main.sallyport_journal_leases ON sallyport_journal_streams (until) WHERE leased = 1;
CREATE TABLE main.sallyport_journal_records (
	position INTEGER PRIMARY KEY,
	stream   INTEGER NOT NULL,
	seq      INTEGER NOT NULL CHECK (seq > 0),
	before   INTEGER NOT NULL CHECK (before >= 0 AND before < position),
	record   BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX main.sallyport_journal_marks ON sallyport_journal_records (stream, seq) WHERE seq % 64 = 0;
`}

// The one row of sallyport_journal says which version the tables have, how often the
// journal was opened, and the highest position of the feed that was forgotten.
const createMeta = `
CREATE TABLE main.sallyport_journal (
	id        INTEGER PRIMARY KEY CHECK (id = 1),
	version   INTEGER NOT NULL,
	opened    INTEGER NOT NULL DEFAULT 0,
	forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten >= 0)
) STRICT;
INSERT INTO main.sallyport_journal (id, version) VALUES (1, 0);
`

// migrate brings the tables to the version that steps lead to, in one transaction. Who
// comes second finds it done.
func migrate(ctx context.Context, conn *sql.Conn, steps []string) error {
	version, err := schemaVersion(ctx, conn)
	if err != nil || version == len(steps) {
		return err
	}
	return transaction(ctx, conn, func() error {
		version, err := schemaVersion(ctx, conn)
		if err != nil {
			return err
		}
		if version < 0 {
			if err := drainAll(ctx, conn, createMeta); err != nil {
				return err
			}
			version = 0
		}
		if version > len(steps) {
			return fmt.Errorf("the journal's tables have version %d; this library knows up to %d", version, len(steps))
		}
		for n, step := range steps[version:] {
			if err := drainAll(ctx, conn, step); err != nil {
				return fmt.Errorf("bring the journal's tables to version %d: %w", version+n+1, err)
			}
		}
		_, err = conn.ExecContext(ctx, "UPDATE main.sallyport_journal SET version = ? WHERE id = 1", len(steps))
		return err
	})
}

func drainAll(ctx context.Context, conn *sql.Conn, script string) error {
	_, err := conn.ExecContext(ctx, script)
	return err
}

// schemaVersion is -1 if there are no tables of the journal.
func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var n int
	err := conn.QueryRowContext(ctx, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'sallyport_journal'").Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look for the journal's tables: %w", err)
	}
	if n == 0 {
		return -1, nil
	}
	version := -1
	err = conn.QueryRowContext(ctx, "SELECT version FROM main.sallyport_journal WHERE id = 1").Scan(&version)
	if err != nil || version < 0 {
		return 0, fmt.Errorf("the table sallyport_journal does not say which version the journal has: %w", errors.Join(err, fmt.Errorf("version %d", version)))
	}
	return version, nil
}

// settle writes once, durably: how often the database was opened, which it returns. A
// database that cannot be written is found out now, and what the process before left in
// the log without having synced it is synced with this commit, before anybody is shown
// it. Beside it a second connection looks: one that sees what is not committed shares a
// cache with the first, and one that sees nothing at all is of another database.
func settle(ctx context.Context, db *sql.DB, conn *sql.Conn, patience time.Duration) (epoch int64, err error) {
	reader, err := secondConnection(ctx, db, patience) // not while others wait for the transaction
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	if err := refuseOff(ctx, reader); err != nil {
		return 0, err
	}
	err = transaction(ctx, conn, func() error {
		var opened int64
		if err := conn.QueryRowContext(ctx, lookOpened).Scan(&opened); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "UPDATE main.sallyport_journal SET opened = opened + 1 WHERE id = 1"); err != nil {
			return err
		}
		seen, err := openedAsSeen(ctx, reader)
		if err != nil {
			return fmt.Errorf("a second connection does not see the journal: %w", err)
		}
		if seen != opened {
			return errors.New("the connections share a cache (cache=shared): readers would wait for writers")
		}
		epoch = opened + 1
		return nil
	})
	return epoch, err
}

const lookOpened = "SELECT opened FROM main.sallyport_journal WHERE id = 1"

// secondConnection is one for reading, if the pool has one to give.
func secondConnection(ctx context.Context, db *sql.DB, patience time.Duration) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("the pool gives no second connection, for reading: %w", err)
	}
	return conn, nil
}

// openedAsSeen is how often the database was opened, also if that is not committed yet
// and can be seen nevertheless.
func openedAsSeen(ctx context.Context, reader *sql.Conn) (opened int64, err error) {
	was, err := pragma(ctx, reader, "read_uncommitted")
	if err != nil {
		return 0, err
	}
	if err := drain(ctx, reader, "PRAGMA read_uncommitted=1"); err != nil {
		return 0, err
	}
	err = reader.QueryRowContext(ctx, lookOpened).Scan(&opened)
	return opened, errors.Join(err, drain(context.WithoutCancel(ctx), reader, "PRAGMA read_uncommitted="+was))
}

// transaction runs f in a transaction of its own.
func transaction(ctx context.Context, conn *sql.Conn, f func() error) (err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		_, _ = conn.ExecContext(context.Background(), "ROLLBACK") // it may have begun when the context ended
		return fmt.Errorf("begin to write: %w", err)
	}
	done := false
	defer func() {
		if !done {
			_, rollback := conn.ExecContext(context.Background(), "ROLLBACK")
			_ = rollback // there is nothing to roll back if the engine has done so
		}
	}()
	if err := f(); err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.Background(), "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}
