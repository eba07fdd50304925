package sqlite_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/journaltest"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// open opens a journal at path and has it closed at the end.
func open(t testing.TB, path string) *sqlite.Journal {
	t.Helper()
	j, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { j.Close() })
	return j
}

// raw is a plain pool on a database.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec1(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err, query)
}

// entries are n entries whose data say which they are.
func entries(what string, n int) []journal.Entry {
	out := make([]journal.Entry, n)
	for i := range out {
		out[i] = journal.Entry{At: time.Unix(1700000000, 0), Kind: "k", Actor: "ada", Data: fmt.Appendf(nil, "%s %d", what, i)}
	}
	return out
}

// add appends n records to a stream and must succeed.
func add(t testing.TB, j journal.Journal, stream string, expect, n int) []journal.Record {
	t.Helper()
	got, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: uint64(expect), Entries: entries(stream, n)})
	require.NoError(t, err)
	return got
}

// length verifies a stream, from its base, and returns where it ends.
func length(t testing.TB, j journal.Journal, stream string) uint64 {
	t.Helper()
	base, err := journal.Base(t.Context(), j, stream)
	require.NoError(t, err)
	head, err := journal.Verify(base, j.Load(t.Context(), stream, base.Seq))
	require.NoError(t, err)
	return head.Seq
}

func feed(t testing.TB, j journal.Journal, after journal.Cursor) []journal.FeedRecord {
	t.Helper()
	var out []journal.FeedRecord
	for r, err := range j.Feed(t.Context(), after) {
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

// again opens what a journal keeps once more.
func again(t testing.TB, j journal.Journal) journal.Journal {
	t.Helper()
	return open(t, j.(*sqlite.Journal).Path())
}

// TestConformance is the suite with two journals on one database, as two processes
// would open it.
func TestConformance(t *testing.T) {
	t.Parallel()
	rounds := 3
	if *long {
		rounds = 20
	}
	journaltest.Run(t,
		func(t testing.TB) journal.Journal { return open(t, filepath.Join(t.TempDir(), "journal.db")) },
		&journaltest.Options{
			Rounds: rounds,
			Beside: again,
			Reopen: func(t testing.TB, j journal.Journal) journal.Journal {
				require.NoError(t, j.Close())
				return again(t, j)
			},
		})
}

// modernc.org/sqlite is translated against one version of modernc.org/libc, and works
// with no other; minimal version selection may still pick a later one.
func TestLibcIsTheOneThatTheDriverWants(t *testing.T) {
	t.Parallel()
	list := func(module string) (m struct{ Version, GoMod string }) {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-json", module).Output()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(out, &m))
		return m
	}
	driver := list("modernc.org/sqlite")
	text, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-print", driver.GoMod).Output()
	require.NoError(t, err)
	mod, err := modfile.ParseLax(driver.GoMod, text, nil)
	require.NoError(t, err)
	want := ""
	for _, r := range mod.Require {
		if r.Mod.Path == "modernc.org/libc" {
			want = r.Mod.Version
		}
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, list("modernc.org/libc").Version)
}

// A stream longer than a page, in appends of all sizes, and from each version on.
func TestLongStreams(t *testing.T) {
	t.Parallel()
	j, m := open(t, filepath.Join(t.TempDir(), "j.db")), new(journal.Memory)
	n := 0
	for i, size := range []int{1, 62, 1, 1, 63, 64, 65, 3, 256, 257, 1, 300} {
		add(t, j, "other", i, 1)
		add(t, m, "other", i, 1)
		require.Equal(t, add(t, m, "s", n, size), add(t, j, "s", n, size))
		n += size
	}
	compare := func(after int) {
		t.Helper()
		next := uint64(after)
		for r, err := range j.Load(t.Context(), "s", uint64(after)) {
			require.NoError(t, err)
			next++
			require.Equal(t, next, r.Seq)
		}
		require.EqualValues(t, n, next, "after %d", after)
	}
	for after := 0; after <= n; after += 1 + after%61 {
		compare(after)
	}
	records := feed(t, j, "")
	require.Len(t, records, len(feed(t, m, "")))
	for i, r := range feed(t, m, "") {
		require.Equal(t, r.Record, records[i].Record)
	}
	for _, base := range []uint64{1, 63, 64, 65, 100, 700, uint64(n) - 1} {
		head := journal.Head{Stream: "s", Seq: base}
		for _, r := range records {
			if r.Stream == "s" && r.Seq == base {
				head.Hash = r.Hash
			}
		}
		require.NoError(t, j.Compact(t.Context(), head))
		require.NoError(t, m.Compact(t.Context(), head))
		got, err := journal.Base(t.Context(), j, "s")
		require.NoError(t, err)
		require.Equal(t, head, got)
		require.EqualValues(t, n, length(t, j, "s"))
		require.Len(t, feed(t, j, ""), len(feed(t, m, "")))
		for i, r := range records {
			if i%97 != 0 {
				continue
			}
			want, got := kind(t, m, r.Cursor), kind(t, j, r.Cursor)
			require.Equal(t, want, got, "base %d, cursor %s", base, r.Cursor)
		}
	}
	var left int
	require.NoError(t, raw(t, j.Path()).QueryRow("SELECT count(*) FROM sallyport_journal_records").Scan(&left))
	require.Equal(t, 12+1, left, "what was forgotten is deleted")
}

// kind is what a feed from a cursor comes to, in a few words.
func kind(t testing.TB, j journal.Journal, after journal.Cursor) string {
	n := 0
	for _, err := range j.Feed(t.Context(), after) {
		if err != nil {
			for _, sentinel := range []error{journal.ErrCompacted, journal.ErrCursor} {
				if strings.Contains(err.Error(), sentinel.Error()) {
					return sentinel.Error()
				}
			}
			return err.Error()
		}
		n++
	}
	return fmt.Sprint(n, " records")
}
