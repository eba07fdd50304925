package sqlite_test

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	moderncsqlite "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

var errInjected = errors.New("injected")

// faults fail the k-th statement, before it runs or after.
type faults struct {
	mu     sync.Mutex
	k      int
	after  bool
	count  int
	failed string // the statement that failed
}

func (f *faults) hook(query string, run func() error) error {
	f.mu.Lock()
	f.count++
	mine := f.count == f.k
	if mine {
		f.failed = query
	}
	f.mu.Unlock()
	if mine && !f.after {
		return errInjected
	}
	if err := run(); err != nil || !mine {
		return err
	}
	return errInjected
}

var long = flag.Bool("long", false, "fail each statement and not each seventh, before it runs and after")

// Each statement of a session fails in turn, before or after it did its work. What was
// acknowledged is there; what was refused is not; what is unknown is whole or not there.
// A COMMIT that failed ends the journal, and nothing else does.
func TestEachStatementFails(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		step := 1
		if !*long {
			step = 7
		}
		k, done := 1, false
		if after {
			k += step / 2
		}
		for ; !done; k += step {
			what := fmt.Sprintf("statement %d fails, after its work: %v", k, after)
			path := filepath.Join(t.TempDir(), "j.db")
			add(t, open(t, path), "old", 0, 2)
			f := &faults{k: k, after: after}
			db := sql.OpenDB(connector{new(moderncsqlite.Driver), path, f.hook})
			least, most := map[string]uint64{"old": 2}, map[string]uint64{"old": 2}
			j, err := sqlite.New(t.Context(), db, nil)
			if err == nil {
				faultySession(t, j, least, most, func() string { return what + ": " + f.failed })
				require.NoError(t, ignoreInjected(j.Close()), what)
			} else {
				require.ErrorIs(t, err, errInjected, what)
			}
			require.Zero(t, db.Stats().InUse, what)
			require.NoError(t, db.Close())
			done = f.failed == ""

			again := open(t, path)
			total := uint64(0)
			for stream := range most {
				n := length(t, again, stream)
				require.True(t, n == least[stream] || n == most[stream], "%s: %q has %d, want %d or %d", what, stream, n, least[stream], most[stream])
				base, err := journal.Base(t.Context(), again, stream)
				require.NoError(t, err)
				total += n - base.Seq
			}
			require.Len(t, feed(t, again, ""), int(total), what)
			if n := length(t, again, "new"); n > 0 {
				_, leases := claim(t, again, journal.Claim{Prefix: "new"})
				for _, l := range leases {
					require.Equal(t, n, l.Seq, what)
				}
			}
			require.NoError(t, again.Close())
		}
		require.Greater(t, k, 60)
	}
}

func ignoreInjected(err error) error {
	if errors.Is(err, errInjected) {
		return nil
	}
	return err
}

// faultySession does a bit of everything, and notes what must be there and what may be.
func faultySession(t *testing.T, j *sqlite.Journal, least, most map[string]uint64, what func() string) {
	t.Helper()
	unknown := false
	outcome := func(stream string, n uint64, err error) {
		t.Helper()
		switch {
		case err == nil:
			least[stream], most[stream] = most[stream]+n, most[stream]+n
		case errors.Is(err, journal.ErrUnknown):
			unknown = true
			require.ErrorIs(t, err, errInjected)
			most[stream] += n
		case unknown:
			require.ErrorIs(t, err, journal.ErrClosed, what())
		default:
			require.ErrorIs(t, err, errInjected, what())
			require.NotErrorIs(t, err, journal.ErrConflict, what())
		}
	}
	appendTo := func(stream string, n int, wake journal.Append) {
		t.Helper()
		wake.Stream, wake.Expect, wake.Entries = stream, least[stream], entries(stream, n)
		_, err := j.Append(t.Context(), wake)
		outcome(stream, uint64(n), err)
	}
	appendTo("new", 1, journal.Append{})
	appendTo("old", 70, journal.Append{})
	leases, err := j.Claim(t.Context(), journal.Claim{TTL: 1e9, Max: 5})
	outcome("", 0, err)
	for _, l := range leases {
		outcome("", 0, j.Renew(t.Context(), l, 1e9))
		outcome("", 0, j.Release(t.Context(), l, 0))
	}
	appendTo("new", 2, journal.Append{})
	for r, err := range j.Load(t.Context(), "old", 0) {
		if outcome("", 0, err); err == nil && r.Seq == 66 {
			outcome("", 0, j.Compact(t.Context(), r.Head()))
			break
		}
	}
	for _, err := range j.Feed(t.Context(), "") {
		outcome("", 0, err)
	}
	for _, err := range j.Streams(t.Context()) {
		outcome("", 0, err)
	}
	appendTo("last", 1, journal.Append{})
	delete(least, "")
	delete(most, "")
}

// After a COMMIT that failed nothing more is done, and what waited is told that it was
// not done.
func TestFailedCommitEndsTheJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	var mu sync.Mutex
	broken, reached, held := false, make(chan struct{}), make(chan struct{})
	db := sql.OpenDB(connector{new(moderncsqlite.Driver), path, func(query string, run func() error) error {
		mu.Lock()
		b := broken
		mu.Unlock()
		if b && query == "COMMIT" {
			close(reached) // there is one: nothing more is done
			<-held
			return errInjected
		}
		return run()
	}})
	t.Cleanup(func() { db.Close() })
	exec1(t, db, "PRAGMA journal_mode=WAL")
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	add(t, j, "s", 0, 1)
	mu.Lock()
	broken = true
	mu.Unlock()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = j.Append(t.Context(), journal.Append{Stream: fmt.Sprint(i), Entries: entries("x", 1)})
		})
		if i == 0 { // alone: appends that come together are committed together
			<-reached
		}
	}
	for j.Queued() < len(errs)-1 {
		time.Sleep(time.Millisecond)
	}
	close(held)
	wg.Wait()
	n := map[error]int{}
	for _, err := range errs {
		for _, sentinel := range []error{journal.ErrUnknown, journal.ErrClosed} {
			if errors.Is(err, sentinel) {
				n[sentinel]++
			}
		}
	}
	require.Equal(t, map[error]int{journal.ErrUnknown: 1, journal.ErrClosed: 7}, n)
	_, err = j.Claim(t.Context(), journal.Claim{TTL: 1, Max: 1})
	require.ErrorIs(t, err, journal.ErrClosed)
	for _, err := range j.Load(t.Context(), "s", 0) {
		require.ErrorIs(t, err, journal.ErrClosed)
	}
	require.NoError(t, j.Close())
	require.Zero(t, db.Stats().InUse)
	require.EqualValues(t, 1, length(t, open(t, path), "s"))
}

// A full database refuses an append and nothing else, and takes appends again when
// there is room.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	db := pool(t, path, "_pragma=max_page_count(40)")
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	n, head := 0, journal.Head{}
	var full error
	for full == nil {
		var got []journal.Record
		if got, full = j.Append(t.Context(), journal.Append{Stream: "s", Expect: uint64(n), Entries: entries(strings.Repeat("long ", 100), 7)}); full == nil {
			n, head = n+7, got[3].Head()
		}
	}
	require.ErrorContains(t, full, "nothing was appended")
	require.ErrorContains(t, full, "full")
	require.NotErrorIs(t, full, journal.ErrUnknown)
	require.EqualValues(t, n, length(t, j, "s"))
	require.NoError(t, j.Compact(t.Context(), head))
	add(t, j, "s", n, 7)
	require.EqualValues(t, n+7, length(t, j, "s"))
	require.NoError(t, j.Close())
	require.EqualValues(t, n+7, length(t, open(t, path), "s"))
}

// What is written to a file that nobody will find is not acknowledged.
func TestFileIsTakenAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(t *testing.T, path string)
	}{
		{"database removed", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }},
		{"log removed", func(t *testing.T, path string) { require.NoError(t, os.Remove(path+"-wal")) }},
		{"database moved", func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".old")) }},
		{"database replaced", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".new", nil, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "j.db")
			j := open(t, path)
			add(t, j, "s", 0, 1)
			c.do(t, path)
			_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("x", 1)})
			require.ErrorIs(t, err, journal.ErrUnknown)
			require.ErrorContains(t, err, "while the journal was open")
			_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("x", 1)})
			require.ErrorIs(t, err, journal.ErrClosed)
			require.NoError(t, j.Close())
		})
	}
}
