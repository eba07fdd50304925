package faulty_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

func count(t *testing.T, j journal.Journal) (n int, err error) {
	t.Helper()
	for _, err := range j.Load(t.Context(), "s", 0) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestJournalFailsItsKthCallOnly(t *testing.T) {
	t.Parallel()
	one := func(expect uint64) journal.Append {
		return journal.Append{Stream: "s", Expect: expect, Entries: []journal.Entry{{Kind: "k"}}}
	}
	for _, c := range []struct {
		mode    faulty.Mode
		there   int
		unknown bool
		dies    bool
	}{
		{faulty.ModeBefore, 1, false, false},
		{faulty.ModeAfter, 2, true, false},
		{faulty.ModeKilled, 2, false, true},
	} {
		t.Run(c.mode.String(), func(t *testing.T) {
			t.Parallel()
			m := new(journal.Memory)
			j := faulty.Journal(m, 2, c.mode)
			_, err := j.Append(context.Background(), one(0))
			require.NoError(t, err)
			second := func() { _, err = j.Append(context.Background(), one(1)) }
			if c.dies {
				require.PanicsWithValue(t, faulty.Killed, second)
			} else {
				second()
				require.ErrorIs(t, err, faulty.ErrInjected)
				require.Equal(t, c.unknown, errors.Is(err, journal.ErrUnknown))
			}
			n, err := count(t, m)
			require.NoError(t, err)
			require.Equal(t, c.there, n)
			_, err = j.Append(context.Background(), one(uint64(n)))
			require.NoError(t, err, "only the second call fails")
			require.Equal(t, 3, j.Calls())
		})
	}
}

func TestJournalFailsReading(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	_, err := m.Append(context.Background(), journal.Append{Stream: "s", Entries: []journal.Entry{{Kind: "k"}, {Kind: "k"}}})
	require.NoError(t, err)
	n, err := count(t, faulty.Journal(m, 1, faulty.ModeBefore))
	require.ErrorIs(t, err, faulty.ErrInjected)
	require.Zero(t, n)
	n, err = count(t, faulty.Journal(m, 1, faulty.ModeAfter))
	require.ErrorIs(t, err, faulty.ErrInjected)
	require.Equal(t, 2, n)
	require.PanicsWithValue(t, faulty.Killed, func() { count(t, faulty.Journal(m, 1, faulty.ModeKilled)) })
	require.PanicsWithValue(t, faulty.Killed, func() {
		for range faulty.Journal(m, 1, faulty.ModeKilled).Load(t.Context(), "s", 0) {
			break
		}
	}, "also a loop that ends early")
	for _, err := range faulty.Journal(m, 1, faulty.ModeAfter).Load(t.Context(), "s", 0) {
		require.NoError(t, err)
		break
	}
	for _, err := range faulty.Journal(m, 1, faulty.ModeBefore).Streams(t.Context()) {
		require.ErrorIs(t, err, faulty.ErrInjected)
	}
	j := faulty.Journal(m, 2, faulty.ModeBefore)
	for range 2 {
		_, err = count(t, j)
	}
	require.ErrorIs(t, err, faulty.ErrInjected)
	require.Equal(t, 2, j.Calls())
}

// Each of the calls that change leases, or forget, fails in each way: what was done is
// done, and what was not is not.
func TestJournalFailsLeasesAndCompaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	claim := journal.Claim{TTL: time.Hour, Max: 1}
	var lease journal.Lease
	var first journal.Head
	held := func(m *journal.Memory) bool {
		leases, err := m.Claim(ctx, claim)
		require.NoError(t, err)
		return len(leases) == 0
	}
	take := func(t *testing.T, m *journal.Memory) {
		leases, err := m.Claim(ctx, claim)
		require.NoError(t, err)
		require.Len(t, leases, 1)
		lease = leases[0]
	}
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, *journal.Memory)
		call    func(journal.Journal) error
		done    func(*journal.Memory) bool
	}{
		{"claim", nil, func(j journal.Journal) error {
			leases, err := j.Claim(ctx, claim)
			require.Equal(t, err != nil, leases == nil)
			return err
		}, held},
		{"renew", take, func(j journal.Journal) error { return j.Renew(ctx, lease, time.Nanosecond) }, func(m *journal.Memory) bool {
			time.Sleep(time.Microsecond)
			return !held(m)
		}},
		{"release", take, func(j journal.Journal) error { return j.Release(ctx, lease, 0) }, func(m *journal.Memory) bool { return !held(m) }},
		{"compact", func(t *testing.T, m *journal.Memory) {
			for r, err := range m.Load(ctx, "s", 0) {
				require.NoError(t, err)
				first = r.Head()
				break
			}
		}, func(j journal.Journal) error { return j.Compact(ctx, first) }, func(m *journal.Memory) bool {
			base, err := journal.Base(ctx, m, "s")
			require.NoError(t, err)
			return base.Seq == 1
		}},
	} {
		for _, mode := range faulty.Modes() {
			t.Run(c.name+"/"+mode.String(), func(t *testing.T) {
				m := new(journal.Memory)
				_, err := m.Append(ctx, journal.Append{Stream: "s", Entries: []journal.Entry{{Kind: "k"}, {Kind: "k"}}})
				require.NoError(t, err)
				if c.prepare != nil {
					c.prepare(t, m)
				}
				j := faulty.Journal(m, 1, mode)
				if mode == faulty.ModeKilled {
					require.PanicsWithValue(t, faulty.Killed, func() { c.call(j) })
				} else {
					require.ErrorIs(t, c.call(j), faulty.ErrInjected)
				}
				require.Equal(t, 1, j.Calls())
				require.Equal(t, mode != faulty.ModeBefore, c.done(m))
			})
		}
	}
}

func TestJournalFailsTheFeed(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	_, err := m.Append(context.Background(), journal.Append{Stream: "s", Entries: []journal.Entry{{Kind: "k"}, {Kind: "k"}}})
	require.NoError(t, err)
	read := func(j journal.Journal) (n int, err error) {
		for _, err := range j.Feed(t.Context(), "") {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	for mode, records := range map[faulty.Mode]int{faulty.ModeBefore: 0, faulty.ModeAfter: 2} {
		n, err := read(faulty.Journal(m, 1, mode))
		require.ErrorIs(t, err, faulty.ErrInjected)
		require.Equal(t, records, n)
	}
	require.PanicsWithValue(t, faulty.Killed, func() { read(faulty.Journal(m, 1, faulty.ModeKilled)) })
	n, err := read(faulty.Journal(m, 2, faulty.ModeBefore))
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

// A call whose own error comes first keeps it.
func TestJournalPassesErrorsOn(t *testing.T) {
	t.Parallel()
	j := faulty.Journal(new(journal.Memory), 1, faulty.ModeAfter)
	err := j.Renew(t.Context(), journal.Lease{Stream: "s", Token: 1}, time.Minute)
	require.ErrorIs(t, err, journal.ErrFenced)
	require.NotErrorIs(t, err, faulty.ErrInjected)
}

func open(t *testing.T, d *faulty.Disk) *faulty.File {
	t.Helper()
	f, err := d.Open("f")
	require.NoError(t, err)
	return f
}

func write(t *testing.T, f *faulty.File, s string, off int64) {
	t.Helper()
	n, err := f.WriteAt([]byte(s), off)
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

func TestPowerCutForgetsOnlyWhatWasNotSynced(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(60) {
		d := faulty.NewDisk()
		f := open(t, d)
		write(t, f, "old", 0)
		require.NoError(t, f.Sync())
		require.NoError(t, d.SyncDir())
		require.False(t, d.Unsynced("f"))
		write(t, f, "new", 0)
		require.True(t, d.Unsynced("f"))
		d.PowerCut(rand.New(rand.NewPCG(seed, 0)))
		seen[string(d.Bytes("f"))] = true
		_, err := f.WriteAt([]byte("x"), 0)
		require.ErrorIs(t, err, faulty.ErrInjected, "the process is gone")
	}
	require.Equal(t, map[string]bool{"old": true, "new": true}, seen)
}

func TestPowerCutForgetsNamesThatWereNotSynced(t *testing.T) {
	t.Parallel()
	seen := map[bool]bool{}
	for seed := range uint64(40) {
		d := faulty.NewDisk()
		f := open(t, d)
		write(t, f, "synced", 0)
		require.NoError(t, f.Sync())
		require.True(t, d.Unsynced("f"), "the name is not on the disk")
		d.PowerCut(rand.New(rand.NewPCG(seed, 0)))
		seen[d.Bytes("f") == nil] = true
	}
	require.Len(t, seen, 2)
}

func TestFailedSyncLosesWhatItDidNotWrite(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	f := open(t, d)
	write(t, f, "old", 0)
	require.NoError(t, f.Sync())
	require.NoError(t, d.SyncDir())
	write(t, f, "new", 0)
	d.Fail(faulty.Fault{Op: 1, Mode: faulty.ModeBefore})
	require.ErrorIs(t, f.Sync(), faulty.ErrInjected)
	require.NoError(t, f.Sync(), "the second time it says yes")
	require.Equal(t, "new", string(d.Bytes("f")), "and the cache still shows it")
	d.PowerCut(rand.New(rand.NewPCG(1, 1)))
	require.Equal(t, "old", string(d.Bytes("f")))
}

func TestRestartKeepsTheCacheAndDropsTheLock(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	f := open(t, d)
	write(t, f, "cached", 0)
	_, err := d.Open("f")
	require.ErrorContains(t, err, "locked")
	d.Restart()
	require.Equal(t, "cached", string(d.Bytes("f")))
	require.ErrorIs(t, f.Sync(), faulty.ErrInjected)
	require.NoError(t, open(t, d).Close())
}

func TestTornWriteAndDeath(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	f := open(t, d)
	d.Fail(faulty.Fault{Op: 1, Mode: faulty.ModeKilled, Part: 2})
	n, err := f.WriteAt([]byte("abc"), 0)
	require.ErrorIs(t, err, faulty.ErrInjected)
	require.Equal(t, 2, n)
	require.ErrorIs(t, f.Sync(), faulty.ErrInjected, "everything after it fails too")
	require.Equal(t, "ab", string(d.Bytes("f")))
	require.True(t, d.Failed())
	require.Equal(t, 2, d.Ops())
}

func TestRename(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	d.Put("a", []byte("1"))
	require.NoError(t, d.Rename("a", "b"))
	require.ErrorIs(t, d.Rename("a", "c"), fs.ErrNotExist)
	require.Nil(t, d.Bytes("a"))
	require.NoError(t, d.SyncDir())
	d.PowerCut(rand.New(rand.NewPCG(1, 1)))
	require.Equal(t, "1", string(d.Bytes("b")))
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	d.Put("f", []byte("abc"))
	f := open(t, d)
	require.NoError(t, f.Truncate(1))
	write(t, f, "z", 2)
	require.NoError(t, f.Sync())
	d.PowerCut(rand.New(rand.NewPCG(1, 1)))
	require.Equal(t, "a\x00z", string(d.Bytes("f")))
}
