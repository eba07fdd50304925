package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// together has appends wait for a commit that is held up, so that they share the next,
// and returns their errors.
func together(t *testing.T, dsn string, j journal.Journal, appends ...journal.Append) []error {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	defer pool.Close()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM sallyport.journal_meta FOR UPDATE")
	require.NoError(t, err)
	errs := make([]error, len(appends)+1)
	var wg sync.WaitGroup
	run := func(i int, a journal.Append) {
		wg.Go(func() { _, errs[i] = j.Append(t.Context(), a) })
		time.Sleep(20 * time.Millisecond) // so that they queue in order
	}
	run(0, journal.Append{Stream: "leader " + fmt.Sprint(time.Now()), Entries: make2("x")})
	for i, a := range appends {
		run(i+1, a)
	}
	require.NoError(t, tx.Rollback(t.Context()))
	wg.Wait()
	require.NoError(t, errs[0])
	return errs[1:]
}

// TestBatchMates: in one batch, each append has an outcome of its own.
func TestBatchMates(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j, other := open(t, dsn), open(t, dsn)
	for _, s := range []string{"good", "stale", "behind", "fenced", "wrecked"} {
		add(t, j, s, 0, "1")
	}
	add(t, other, "behind", 1, "2") // j does not know
	add(t, other, "taken", 0, "1")
	exec(t, dsn, "UPDATE sallyport.journal_stream SET wake = 0 WHERE name = 'fenced'")
	leases, err := other.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 1})
	require.NoError(t, err)
	require.Len(t, leases, 1)
	one := func(stream string, expect, token uint64) journal.Append {
		return journal.Append{Stream: stream, Expect: expect, Token: token, Wake: journal.Never, Entries: make2("in the batch")}
	}
	errs := together(t, dsn, j,
		one("good", 1, 0), one("stale", 0, 0), one("behind", 1, 0), one("fenced", 1, leases[0].Token+1), one("taken", 0, 0),
		one("new", 0, 0), one("fenced", 1, leases[0].Token), one("new", 0, 0), one("new", 1, 0), one("nobody's", 0, 7), one("good", 1<<63, 0))
	want := []error{nil, journal.ErrConflict, journal.ErrConflict, journal.ErrFenced, journal.ErrConflict,
		nil, nil, journal.ErrConflict, nil, journal.ErrFenced, journal.ErrConflict}
	for i := range errs {
		if want[i] == nil {
			require.NoError(t, errs[i], i)
		} else {
			require.ErrorIs(t, errs[i], want[i], i)
		}
	}
	require.NoError(t, everything(t, j))
	require.Equal(t, []string{"in the batch", "in the batch"}, mustRead(t, j, "new"))

	// One that the server refuses takes nobody along.
	exec(t, dsn, "UPDATE sallyport.journal_record SET seq = 2 WHERE stream = 'wrecked'")
	errs = together(t, dsn, j, one("good", 2, 0), one("wrecked", 1, 0), one("stale", 1, 0))
	require.NoError(t, errs[0])
	require.Error(t, errs[1])
	require.NotErrorIs(t, errs[1], journal.ErrUnknown)
	require.NoError(t, errs[2])
}

// TestRestored: a journal that remembers heads of a database that was restored from an
// older copy meanwhile neither builds on them nor refuses for ever.
func TestRestored(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j := open(t, dsn)
	add(t, j, "s", 0, "1", "2")
	var cursor journal.Cursor
	for _, table := range []string{"meta", "stream", "record"} {
		exec(t, dsn, fmt.Sprintf("CREATE TABLE copy_%[1]s AS TABLE sallyport.journal_%[1]s", table))
	}
	add(t, j, "s", 2, "3", "4")
	for r, err := range j.Feed(t.Context(), "") {
		require.NoError(t, err)
		cursor = r.Cursor
	}
	for _, table := range []string{"meta", "stream", "record"} {
		exec(t, dsn, fmt.Sprintf("TRUNCATE sallyport.journal_%[1]s; INSERT INTO sallyport.journal_%[1]s TABLE copy_%[1]s", table))
	}
	_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 4, Entries: make2("5")})
	require.ErrorIs(t, err, journal.ErrConflict)
	_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 2, Entries: make2("other 3")})
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "other 3"}, mustRead(t, j, "s"))
	for _, err := range j.Feed(t.Context(), cursor) {
		require.ErrorIs(t, err, journal.ErrCursor)
	}
	add(t, j, "s", 3, "other 4")
	for _, err := range j.Feed(t.Context(), cursor) {
		require.ErrorIs(t, err, journal.ErrCursor, "the same position, another record")
	}
	// The same version with another hash: the chain goes on from what is there.
	twin := open(t, dsn)
	for _, next := range [][]string{{"2"}, {"2", "3"}} { // which are different statements
		add(t, j, "t", 0, "1")
		exec(t, dsn, "DELETE FROM sallyport.journal_stream WHERE name = 't'", "DELETE FROM sallyport.journal_record WHERE stream = 't'")
		add(t, twin, "t", 0, "another 1")
		add(t, j, "t", 1, next...)
		require.Equal(t, append([]string{"another 1"}, next...), mustRead(t, j, "t"))
		exec(t, dsn, "DELETE FROM sallyport.journal_stream WHERE name = 't'", "DELETE FROM sallyport.journal_record WHERE stream = 't'")
	}
}

// TestClaimBeside: a claim leaves out what somebody else is at, and does not wait.
func TestClaimBeside(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j, err := postgres.Open(t.Context(), dsn, &postgres.Options{Timeout: 10 * time.Second})
	require.NoError(t, err)
	defer j.Close()
	for _, stream := range []string{"first", "second"} {
		_, err := j.Append(t.Context(), journal.Append{Stream: stream, Entries: make2("x")})
		require.NoError(t, err)
	}
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	defer pool.Close()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM sallyport.journal_meta FOR UPDATE")
	require.NoError(t, err)
	defer tx.Rollback(context.Background())
	_, err = tx.Exec(t.Context(), "SELECT FROM sallyport.journal_stream WHERE name = 'first' FOR UPDATE")
	require.NoError(t, err)
	leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 2})
	require.NoError(t, err)
	require.Len(t, leases, 1)
	require.Equal(t, "second", leases[0].Stream)
	require.NoError(t, tx.Rollback(t.Context()))
	leases, err = j.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 2})
	require.NoError(t, err)
	require.Len(t, leases, 1)
	require.Equal(t, "first", leases[0].Stream)
}

// TestManyHeads: more streams than are remembered.
func TestManyHeads(t *testing.T) {
	t.Parallel()
	j := open(t, pgtest.DSN(t))
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for w := range 100 {
		wg.Go(func() {
			for i := w; i < postgres.MaxHeads+500; i += 100 {
				_, err := j.Append(t.Context(), journal.Append{Stream: fmt.Sprint("stream ", i), Wake: journal.Never, Entries: make2("x")})
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	for _, i := range []int{0, 5000, postgres.MaxHeads, postgres.MaxHeads + 499} {
		add(t, j, fmt.Sprint("stream ", i), 1, "y")
	}
	n := 0
	for _, err := range j.Streams(t.Context()) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, postgres.MaxHeads+500, n)
	n = 0
	for _, err := range j.Feed(t.Context(), "") {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, postgres.MaxHeads+504, n)
}

// TestCompactBroken: compaction that was interrupted after any of its statements is
// complete for whoever reads, and the next one goes on with removing.
func TestCompactBroken(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j := open(t, dsn)
	var data []string
	for i := range 1024 {
		data = append(data, fmt.Sprint(i))
	}
	for i := range uint64(3) {
		add(t, j, "s", i*1024, data...)
	}
	add(t, j, "other", 0, "1", "2")
	base := head(t, j, "s", 3000)
	// The first of its statements, as Compact says it, and the first of the removals.
	exec(t, dsn, `UPDATE sallyport.journal_meta SET dropped = (SELECT position FROM sallyport.journal_record WHERE stream = 's' AND seq = 3000)`,
		fmt.Sprintf(`UPDATE sallyport.journal_stream SET base_version = 3000, base_hash = '\x%x' WHERE name = 's'`, base.Hash[:]))
	look := func() {
		t.Helper()
		require.NoError(t, everything(t, j))
		got, err := journal.Base(t.Context(), j, "s")
		require.NoError(t, err)
		require.Equal(t, base, got)
		n := 0
		for r, err := range j.Feed(t.Context(), "") {
			require.NoError(t, err)
			require.True(t, r.Stream != "s" || r.Seq > 3000)
			n++
		}
		require.Equal(t, 72+2, n)
	}
	look()
	exec(t, dsn, "DELETE FROM sallyport.journal_record WHERE stream = 's' AND seq <= 1000")
	look()
	require.NoError(t, j.Compact(t.Context(), base))
	look()
	require.Equal(t, 74, ask[int](t, dsn, "SELECT count(*) FROM sallyport.journal_record"))
}

// TestCompactBeside: a loop that is overtaken by compaction says so, and skips nothing in
// silence.
func TestCompactBeside(t *testing.T) {
	t.Parallel()
	j := open(t, pgtest.DSN(t))
	var data []string
	for i := range 1024 {
		data = append(data, fmt.Sprint(i))
	}
	add(t, j, "s", 0, data...)
	add(t, j, "s", 1024, "x")
	n, compacted := uint64(0), false
	for r, err := range j.Load(t.Context(), "s", 0) {
		if compacted = errors.Is(err, journal.ErrCompacted); compacted {
			break
		}
		require.NoError(t, err)
		require.Equal(t, n+1, r.Seq)
		if n++; n == 1 {
			require.NoError(t, j.Compact(t.Context(), head(t, j, "s", 1000)))
		}
	}
	require.True(t, compacted, "%d records", n)
	add(t, j, "t", 0, data...)
	add(t, j, "t", 1024, "x")
	n, compacted = 0, false
	for r, err := range j.Feed(t.Context(), "") {
		if compacted = errors.Is(err, journal.ErrCompacted); compacted {
			break
		}
		require.NoError(t, err)
		if n++; n == 30 {
			require.Equal(t, "t", r.Stream)
			require.NoError(t, j.Compact(t.Context(), head(t, j, "t", 1000)))
		}
	}
	require.True(t, compacted, "%d records", n)
	require.NoError(t, everything(t, j))
}
