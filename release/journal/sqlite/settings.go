package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of the write-ahead log.
const (
	checkpointPages = 1000
	logSizeLimit    = 64 << 20
)

// minVersion is the first SQLite in which a commit cannot be lost when the log is
// reset while another connection writes (sqlite.org/wal.html, "The WAL-reset bug").
var minVersion = [3]int{3, 51, 3}

// prepareConnection makes the writer's connection what the journal relies on, reads
// back whether it is, and returns the file of the database.
func (w *writer) prepareConnection(ctx context.Context, o Options) (file string, err error) {
	if err := checkVersion(ctx, w.conn); err != nil {
		return "", err
	}
	if file, err = databaseFile(ctx, w.conn); err != nil {
		return "", err
	}
	if err := refuseOff(ctx, w.conn); err != nil {
		return "", err
	}
	if err := checkIs(ctx, w.conn, "locking_mode", "normal", "other processes cannot use the database"); err != nil {
		return "", err
	}
	for _, s := range []struct {
		name  string
		value int64
	}{
		{"busy_timeout", o.BusyTimeout.Milliseconds()},
		{"synchronous", 2},
		{"fullfsync", 1},
		{"checkpoint_fullfsync", 1},
		{"wal_autocheckpoint", checkpointPages},
		{"journal_size_limit", logSizeLimit},
		{"query_only", 0},
		{"ignore_check_constraints", 0},
	} {
		if err := w.set(ctx, s.name, s.value); err != nil {
			return "", err
		}
	}
	if w.own {
		if err := enterWAL(ctx, w.conn, o.BusyTimeout); err != nil {
			return "", err
		}
	}
	if err := w.checkSettings(ctx); err != nil {
		return "", err
	}
	w.prepared, w.synced = true, true
	return file, nil
}

// set sets a number and remembers what it was.
func (w *writer) set(ctx context.Context, name string, value int64) error {
	was, err := pragma(ctx, w.conn, name)
	if err != nil {
		return err
	}
	want := strconv.FormatInt(value, 10)
	if was == want {
		return nil
	}
	if !w.own {
		w.restore = append(w.restore, "PRAGMA "+name+"="+was)
	}
	if err := drain(ctx, w.conn, "PRAGMA "+name+"="+want); err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}

// checkSettings reads back what the connection that writes relies on.
func (w *writer) checkSettings(ctx context.Context) error {
	return errors.Join(
		checkIs(ctx, w.conn, "journal_mode", "wal", "the journal needs write-ahead logging (PRAGMA journal_mode=WAL, once)"),
		checkIs(ctx, w.conn, "synchronous", "2", "a commit would not be durable, or not be known to be"),
		checkIs(ctx, w.conn, "query_only", "0", "nothing can be written"),
	)
}

// refuseOff refuses a connection that a host has set to flush nothing.
func refuseOff(ctx context.Context, conn *sql.Conn) error {
	mode, err := pragma(ctx, conn, "synchronous")
	if err == nil && mode == "0" {
		err = errors.New("the connections are set to synchronous=OFF: any of them may lose what the journal made durable")
	}
	return err
}

func checkIs(ctx context.Context, conn *sql.Conn, name, want, so string) error {
	got, err := pragma(ctx, conn, name)
	if err != nil {
		return err
	}
	if !strings.EqualFold(got, want) {
		return fmt.Errorf("%s is %s and not %s: %s", name, got, want, so)
	}
	return nil
}

// pragma is the value of a setting of the main database, as text.
func pragma(ctx context.Context, conn *sql.Conn, name string) (string, error) {
	var v string
	schema := "main."
	if name == "busy_timeout" || name == "wal_autocheckpoint" {
		schema = ""
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA "+schema+name).Scan(&v); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return v, nil
}

// drain runs a statement that may or may not return rows.
func drain(ctx context.Context, conn *sql.Conn, query string) error {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

func checkVersion(ctx context.Context, conn *sql.Conn) error {
	var text string
	if err := conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&text); err != nil {
		return fmt.Errorf("ask for the version of SQLite: %w", err)
	}
	parts := strings.Split(text, ".")
	for i, least := range minVersion {
		n := -1
		if i < len(parts) {
			if v, err := strconv.Atoi(parts[i]); err == nil {
				n = v
			}
		}
		if n > least {
			return nil
		}
		if n < least {
			return fmt.Errorf("SQLite %q is not 3.51.3 or later: it can lose a commit when the log is reset", text)
		}
	}
	return nil
}

// databaseFile is the path of the main database.
func databaseFile(ctx context.Context, conn *sql.Conn) (string, error) {
	var file sql.NullString
	err := conn.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file)
	if err != nil {
		return "", fmt.Errorf("ask for the file of the database: %w", err)
	}
	if file.String == "" {
		return "", errors.New("the database is in memory: nothing of it would outlive the process")
	}
	return file.String, nil
}

// enterWAL puts the database into WAL mode. When several processes do it at once,
// SQLite tells all but one that it is busy without waiting.
func enterWAL(ctx context.Context, conn *sql.Conn, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		var mode string
		err := conn.QueryRowContext(ctx, "PRAGMA main.journal_mode=WAL").Scan(&mode)
		if err == nil || !isBusy(err) || time.Now().After(deadline) {
			if err != nil {
				return fmt.Errorf("turn on write-ahead logging: %w", err)
			}
			return nil // what came of it is read back
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// isBusy reports whether the engine said SQLITE_BUSY, in any of its forms.
func isBusy(err error) bool {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code()&0xff == 5
	}
	return err != nil && strings.Contains(err.Error(), "database is locked")
}
