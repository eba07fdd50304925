package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options says how a journal is opened. Nil is the zero Options.
type Options struct {
	// BusyTimeout is how long a write waits for another process, or another connection
	// of this one, to end its transaction. If zero, 10 seconds; at most an hour. A write
	// whose context ends before waits no longer.
	BusyTimeout time.Duration
	// Readers bounds how many connections [Open] has for reading. If zero, 4; at most
	// 1000. [New] takes them from the caller's pool, whatever this says.
	Readers int
}

func (o *Options) checked() (Options, error) {
	c := Options{BusyTimeout: 10 * time.Second, Readers: 4}
	if o == nil {
		return c, nil
	}
	if o.BusyTimeout < 0 || o.BusyTimeout > time.Hour {
		return c, fmt.Errorf("sqlite: Options: BusyTimeout is %v; it must be 0 to an hour", o.BusyTimeout)
	}
	if o.Readers < 0 || o.Readers > 1000 {
		return c, fmt.Errorf("sqlite: Options: Readers is %d; it must be 0 to 1000", o.Readers)
	}
	if o.BusyTimeout > 0 {
		c.BusyTimeout = o.BusyTimeout
	}
	if o.Readers > 0 {
		c.Readers = o.Readers
	}
	return c, nil
}

// Journal is a journal in a SQLite database. All its methods may be called at once,
// and any number of journals, in this process and in others of the machine, may be
// open on one database.
//
// After a commit failed, so that it is not known what the disk holds, it refuses
// everything with [journal.ErrClosed], as [journal.File] does: close it, open it
// again, and read. The same goes for a database or a log that somebody has moved,
// replaced or removed: that is looked for after each commit, before anything is
// acknowledged.
type Journal struct {
	db     *sql.DB
	file   string
	own    bool
	w      *writer
	group  *groupcommit.Group[*operation]
	closed atomic.Bool
	failed atomic.Pointer[error] // why nothing is done any more
}

var _ journal.Journal = (*Journal)(nil)

// Open opens the journal in the database at path, and makes both if they are not there.
// The path is one of the file system, not a URI. The database is put into WAL mode.
// Open refuses what it cannot rely on: see the package comment. The caller closes the
// Journal.
func Open(ctx context.Context, path string, opts *Options) (*Journal, error) {
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	if path == "" || path == ":memory:" || strings.HasPrefix(path, "file:") {
		return nil, fmt.Errorf("sqlite: open %q: a journal needs the path of a file, not a URI and not a database in memory", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %q: %w", path, err)
	}
	if err := errors.Join(checkPlace(abs), checkLinks(abs)); err != nil {
		return nil, fmt.Errorf("sqlite: open %q: %w", path, err)
	}
	db, err := sql.Open("sqlite", dsn(abs, o))
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %q: %w", path, err)
	}
	db.SetMaxOpenConns(1 + o.Readers)
	db.SetMaxIdleConns(1 + o.Readers)
	j, err := open(ctx, db, o, true)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %q: %w", path, err), db.Close())
	}
	return j, nil
}

// dsn is the URI of a file, with the settings of each connection. Each may be the
// one that moves the log into the database, and must do that durably.
func dsn(abs string, o Options) string {
	slash := filepath.ToSlash(abs)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash // a drive letter
	}
	u := url.URL{Scheme: "file", OmitHost: false, Path: slash}
	u.RawQuery = fmt.Sprintf("_pragma=busy_timeout(%d)&_pragma=synchronous(FULL)&_pragma=fullfsync(1)&_pragma=checkpoint_fullfsync(1)", o.BusyTimeout.Milliseconds())
	return u.String()
}

// New opens the journal in the database of a caller's pool, and makes its tables if
// they are not there. They stand beside the caller's own, which are not touched; their
// names begin with sallyport_journal. The database must be in WAL mode already.
//
// The journal keeps one connection of the pool for writing until it is closed, sets it
// to synchronous=FULL whatever the others are, and gives it back as it was. The pool
// must allow at least two connections, and none of its connections may be set to
// synchronous=OFF, since any of them may move records from the log into the database.
// The caller closes the pool after the Journal.
func New(ctx context.Context, db *sql.DB, opts *Options) (*Journal, error) {
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errors.New("sqlite: there is no pool")
	}
	if n := db.Stats().MaxOpenConnections; n == 1 {
		return nil, errors.New("sqlite: the pool allows one connection; the journal keeps one for writing and needs others for reading")
	}
	j, err := open(ctx, db, o, false)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return j, nil
}

func open(ctx context.Context, db *sql.DB, o Options, own bool) (_ *Journal, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, own: own, patience: o.BusyTimeout}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	file, err := w.prepareConnection(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkPlace(file), checkLinks(file)); err != nil {
		return nil, err
	}
	if err := migrate(ctx, conn, migrations); err != nil {
		return nil, err
	}
	if w.epoch, err = settle(ctx, db, conn, o.BusyTimeout); err != nil {
		return nil, err
	}
	if w.files, err = findFiles(file); err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(file)); err != nil {
		return nil, err
	}
	// From now on the writer waits by itself, and with the caller's context.
	if err := w.set(ctx, "busy_timeout", 0); err != nil {
		return nil, err
	}
	if err := w.prepareStatements(ctx); err != nil {
		return nil, err
	}
	j := &Journal{db: db, file: file, own: own, w: w}
	j.group = groupcommit.New(groupcommit.Limits{Items: batchItems, Size: batchBytes}, j.commit)
	return j, nil
}

// syncDir makes the names of the database and its log durable. SQLite does that for
// a log that the same connection made, and not for one that another process did.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !dirSyncOptional {
		return fmt.Errorf("sync the folder of the database: %w", err)
	}
	return nil
}

// Path is the file of the database, as SQLite has it.
func (j *Journal) Path() string { return j.file }

// refusal is why nothing is done, if so.
func (j *Journal) refusal() error {
	if err := j.failed.Load(); err != nil {
		return *err
	}
	if j.closed.Load() {
		return journal.ErrClosed
	}
	return nil
}

// fail makes the journal refuse everything from now on.
func (j *Journal) fail(cause error) {
	err := fmt.Errorf("%w: open it again, after this: %w", journal.ErrClosed, cause)
	if j.failed.CompareAndSwap(nil, &err) {
		j.group.Stop(err)
	}
}

// Close implements [journal.Journal]. It waits for what is being committed; what still
// waits is refused with ErrClosed. It does not close the pool that New was given.
func (j *Journal) Close() error {
	if j.closed.Swap(true) {
		return nil
	}
	j.group.Stop(journal.ErrClosed)
	j.group.Wait()
	if j.failed.Load() != nil && !j.w.lost {
		j.w.discard()
	}
	err := j.w.close()
	if j.own {
		err = errors.Join(err, j.db.Close())
	}
	if err != nil {
		return fmt.Errorf("sqlite: close: %w", err)
	}
	return nil
}

// discard has the pool throw the connection away.
func (w *writer) discard() {
	w.stmts.close() // while there is a connection that they are of
	w.restore, w.prepared = nil, false
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // its error is that it was thrown away
}
