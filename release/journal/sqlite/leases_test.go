package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
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

func claim(t testing.TB, j journal.Journal, c journal.Claim) (names []string, leases []journal.Lease) {
	t.Helper()
	if c.TTL == 0 {
		c.TTL = time.Hour
	}
	if c.Max == 0 {
		c.Max = 100
	}
	leases, err := j.Claim(t.Context(), c)
	require.NoError(t, err)
	for _, l := range leases {
		names = append(names, l.Stream)
	}
	return names, leases
}

// Streams that are due are claimed in the order in which they became due, by prefix,
// once, and again when their lease is over or was given back.
func TestLeases(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j, k := open(t, path), open(t, path) // as two processes would
	for i, name := range []string{"b/1", "a/1", "\xff", "a/2", "later", "never"} {
		wake := map[string]time.Duration{"later": time.Hour, "never": journal.Never}[name]
		_, err := j.Append(t.Context(), journal.Append{Stream: name, Wake: wake, Entries: entries(name, 1+i)})
		require.NoError(t, err)
		time.Sleep(3 * time.Millisecond) // more than the clock's millisecond
	}
	names, first := claim(t, j, journal.Claim{Prefix: "a/", Max: 1})
	require.Equal(t, []string{"a/1"}, names)
	require.Equal(t, journal.Lease{Stream: "a/1", Token: first[0].Token, Seq: 2}, first[0])
	names, _ = claim(t, k, journal.Claim{Prefix: "a/"})
	require.Equal(t, []string{"a/2"}, names)
	names, _ = claim(t, j, journal.Claim{Prefix: "a/"})
	require.Empty(t, names)
	names, rest := claim(t, k, journal.Claim{TTL: 30 * time.Millisecond})
	require.Equal(t, []string{"b/1", "\xff"}, names)

	// The other journal knows nothing of what this one has cached, and the reverse.
	_, err := j.Append(t.Context(), journal.Append{Stream: "a/1", Expect: 2, Token: 7, Entries: entries("x", 1)})
	require.ErrorIs(t, err, journal.ErrFenced)
	require.NoError(t, k.Release(t.Context(), first[0], 0))
	require.ErrorIs(t, j.Renew(t.Context(), first[0], time.Hour), journal.ErrFenced)
	_, again := claim(t, k, journal.Claim{Prefix: "a/1"})
	require.Greater(t, again[0].Token, first[0].Token)
	_, err = j.Append(t.Context(), journal.Append{Stream: "a/1", Expect: 2, Token: first[0].Token, Entries: entries("x", 1)})
	require.ErrorIs(t, err, journal.ErrFenced)
	_, err = j.Append(t.Context(), journal.Append{Stream: "a/1", Expect: 2, Token: again[0].Token, Wake: journal.Never, Entries: entries("x", 1)})
	require.NoError(t, err)
	require.NoError(t, j.Release(t.Context(), again[0], 0)) // the append's wake stands
	names, _ = claim(t, j, journal.Claim{Prefix: "a/1"})
	require.Empty(t, names)

	// A lease that is over may be renewed until somebody else has claimed.
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, j.Renew(t.Context(), rest[0], time.Hour))
	names, taken := claim(t, j, journal.Claim{})
	require.Equal(t, []string{"\xff"}, names)
	require.ErrorIs(t, k.Renew(t.Context(), rest[1], time.Hour), journal.ErrFenced)
	require.Greater(t, taken[0].Token, rest[1].Token)

	for _, l := range []journal.Lease{{Stream: "a/1", Token: 1 << 63}, {Stream: "none", Token: 1}, {Token: 1}, {Stream: "never", Token: 1}} {
		require.ErrorIs(t, j.Renew(t.Context(), l, time.Second), journal.ErrFenced)
		require.ErrorIs(t, j.Release(t.Context(), l, 0), journal.ErrFenced)
	}
	for _, err := range []error{j.Renew(t.Context(), first[0], 0), j.Release(t.Context(), first[0], -7), j.Renew(t.Context(), journal.Lease{Stream: "a/1"}, 1)} {
		require.Error(t, err)
		require.NotErrorIs(t, err, journal.ErrFenced)
	}

	// Tokens go on growing when the database is opened again.
	require.NoError(t, j.Close())
	require.NoError(t, k.Close())
	j = open(t, path)
	require.NoError(t, j.Renew(t.Context(), taken[0], time.Millisecond))
	time.Sleep(5 * time.Millisecond)
	_, again = claim(t, j, journal.Claim{Prefix: "\xff"})
	require.Greater(t, again[0].Token, taken[0].Token)
}

// A claim looks at no more of 20,000 waiting streams than it takes: the plan has no
// sorting and no scan.
func TestClaimPlan(t *testing.T) {
	t.Parallel()
	j := open(t, filepath.Join(t.TempDir(), "j.db"))
	for name, plan := range j.Plans(t.Context()) {
		require.NotContains(t, plan, "TEMP B-TREE", name)
		require.NotContains(t, plan, "SCAN sallyport", name)
		require.Contains(t, plan, "SEARCH", name)
	}
	require.Contains(t, fmt.Sprint(j.Plans(t.Context())["claim"]), "sallyport_journal_due")
	require.Contains(t, fmt.Sprint(j.Plans(t.Context())["free"]), "sallyport_journal_leases")
}

// A claim that the disk never saw does not have its token given again.
func TestTokensOfForgottenClaims(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	add(t, j, "s", 0, 1)
	highest := uint64(0)
	for range 4 {
		_, leases := claim(t, j, journal.Claim{TTL: 1})
		require.Greater(t, leases[0].Token, highest)
		highest = leases[0].Token
		require.NoError(t, j.Close())
		db := raw(t, path) // as the power would
		exec1(t, db, "UPDATE sallyport_journal_streams SET token = 0, until = NULL, leased = 0")
		require.NoError(t, db.Close())
		j = open(t, path)
	}
}

// Whatever comes between, a commit that holds records or forgets some waits for the
// disk: the last thing that was set before its transaction, and read, is FULL.
func TestAppendsAreSynced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	var mu sync.Mutex
	full, lasting, began := true, false, false
	commits := map[bool]int{}
	db := sql.OpenDB(connector{new(moderncsqlite.Driver), path, func(query string, run func() error) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case strings.HasPrefix(query, "PRAGMA main.synchronous="):
			full = query == "PRAGMA main.synchronous=FULL"
		case query == "BEGIN IMMEDIATE":
			began, lasting = true, false
		case strings.HasPrefix(query, "INSERT"), strings.HasPrefix(query, "DELETE"), strings.Contains(query, "SET base_seq"), strings.Contains(query, "SET seq"):
			lasting = true
		case query == "COMMIT" && began:
			if lasting && !full {
				t.Errorf("a commit that was to last was not synced")
			}
			commits[lasting]++
		}
		return run()
	}})
	t.Cleanup(func() { db.Close() })
	exec1(t, db, "PRAGMA journal_mode=WAL")
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	mu.Lock()
	commits = map[bool]int{}
	mu.Unlock()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				stream := fmt.Sprint(w)
				got, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: uint64(2 * i), Entries: entries("x", 2)})
				if err != nil {
					t.Error(err)
					return
				}
				leases, err := j.Claim(t.Context(), journal.Claim{Prefix: stream, TTL: time.Hour, Max: 1})
				if err != nil || len(leases) != 1 {
					t.Error(leases, err)
					return
				}
				if err := errors.Join(j.Renew(t.Context(), leases[0], time.Hour), j.Release(t.Context(), leases[0], 0), j.Compact(t.Context(), got[0].Head())); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	require.Greater(t, commits[true], 20)
	require.Greater(t, commits[false], 20)
}
