package factlog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/factlog"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// Any facts in any batches give the state of a log in memory, also after opening again,
// and nothing is written twice.
func TestSameState(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		facts := history(r, rapid.IntRange(0, 30).Draw(t, "facts"))
		j := new(journal.Memory)
		var told []metrics.Fact
		log, err := factlog.Open(context.Background(), j, stream, &factlog.Options{Each: func(f metrics.Fact) { told = append(told, f) }})
		require.NoError(t, err)
		sum := metrics.Tally{}
		for rest := facts; len(rest) > 0; {
			n := min(1+r.IntN(8), len(rest))
			one := add(t, log, rest[:n])
			sum.Added, sum.Corrected, sum.Refused = sum.Added+one.Added, sum.Corrected+one.Corrected, sum.Refused+one.Refused
			rest = rest[n:]
		}
		want := metrics.Tally{}
		var memory metrics.Log
		for _, f := range facts {
			one, _ := memory.Add(f)
			want.Added, want.Corrected, want.Refused = want.Added+one.Added, want.Corrected+one.Corrected, want.Refused+one.Refused
		}
		require.Equal(t, want, sum)
		requireSame(t, &memory, log)
		lines := written(t, j)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(lines))), len(lines), "written twice")
		require.Len(t, told, len(lines))
		requireSame(t, log, batch(t, told))

		again := open(t, j)
		requireSame(t, log, again)
		require.Equal(t, log.Head(), again.Head())
		r.Shuffle(len(facts), func(a, b int) { facts[a], facts[b] = facts[b], facts[a] })
		add(t, again, facts)
		require.Equal(t, log.Head(), again.Head(), "nothing new, and yet written")
		_, err = journal.VerifyAll(context.Background(), j, again.Head())
		require.NoError(t, err)
	})
}

// Writers with a log each, at once, over the stores: they read what the others wrote.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) journal.Journal{
		"memory": func(*testing.T) journal.Journal { return new(journal.Memory) },
		"file": func(t *testing.T) journal.Journal {
			j, err := journal.Open(filepath.Join(t.TempDir(), "j"), nil)
			require.NoError(t, err)
			return j
		},
		"sqlite": func(t *testing.T) journal.Journal {
			j, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "j"), nil)
			require.NoError(t, err)
			return j
		},
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := store(t)
			defer j.Close()
			facts := history(rand.New(rand.NewPCG(8, 9)), 60)
			const writers = 3
			logs := make([]*factlog.Log, writers)
			errs := make([]error, writers)
			var all sync.WaitGroup
			for w := range writers {
				logs[w] = open(t, j)
			}
			for w := range writers {
				mine := slices.Clone(facts)
				rand.New(rand.NewPCG(1, uint64(w))).Shuffle(len(mine), func(a, b int) { mine[a], mine[b] = mine[b], mine[a] })
				all.Go(func() {
					for part := range slices.Chunk(mine, 7) {
						if tally, err := logs[w].Add(context.Background(), part...); dealt(tally) != len(part) {
							errs[w] = err
						}
						_ = lines(t, logs[w].Snapshot(hours(100)))
					}
				})
			}
			all.Wait()
			want := batch(t, facts)
			for w := range writers {
				require.NoError(t, errs[w])
				_, err := logs[w].Refresh(context.Background())
				require.NoError(t, err)
				requireSame(t, want, logs[w])
			}
			lines := written(t, j)
			require.Len(t, slices.Compact(slices.Sorted(slices.Values(lines))), len(lines), "written twice")
			requireSame(t, want, open(t, j))
		})
	}
}

// More than one append holds is written in several; what one of them does not take is
// what the tally does not count.
func TestManyFactsAtOnce(t *testing.T) {
	t.Parallel()
	pad := string(make([]byte, 0, 4096))
	for len(pad) < 4000 {
		pad += "long "
	}
	facts := make([]metrics.Fact, 2500)
	for i := range facts {
		n := metrics.Incident{Meta: metrics.Meta{Source: "pager", ID: fmt.Sprint(i), At: hours(i % 100), Seen: hours(i % 100), Service: pad}}
		facts[i] = &n
	}
	ctx, j := context.Background(), new(journal.Memory)
	full := &limited{Journal: j, left: 2}
	log, err := factlog.Open(ctx, full, stream, nil)
	require.NoError(t, err)
	tally, err := log.Add(ctx, facts...)
	require.ErrorIs(t, err, errFull)
	require.Greater(t, tally.Added, 1000)
	require.Less(t, tally.Added, len(facts))
	require.Equal(t, metrics.Tally{Added: tally.Added}, tally)
	require.Equal(t, tally.Added, log.Len())
	require.Equal(t, tally.Added, open(t, j).Len())

	full.left = 100
	rest, err := log.Add(ctx, facts...)
	require.NoError(t, err)
	require.Equal(t, metrics.Tally{Added: len(facts) - tally.Added, Duplicate: tally.Added}, rest)
	again := open(t, j)
	require.Equal(t, len(facts), again.Len())
	require.Equal(t, lines(t, log.Snapshot(hours(100))), lines(t, again.Snapshot(hours(100))))
	require.Equal(t, 99, full.left, "one append for the rest")
	for r, err := range j.Load(ctx, stream, 0) {
		require.NoError(t, err)
		require.LessOrEqual(t, len(r.Data), 1<<20)
		require.False(t, r.At.IsZero())
	}
}

// One who only reads is kept up to date, and is told.
func TestFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal.Memory)
		writer, reader := open(t, j), open(t, j)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		total := 0
		go func() {
			done <- reader.Follow(ctx, time.Minute, func(n int) error { total += n; return nil })
		}()
		synctest.Wait()
		for i := range 3 {
			add(t, writer, []metrics.Fact{change(fmt.Sprint(i), 1, hours(1))})
			require.Equal(t, i, reader.Len())
			time.Sleep(time.Minute)
			synctest.Wait()
			requireSame(t, writer, reader)
		}
		stop()
		require.NoError(t, <-done)
		require.Equal(t, 3, total)

		add(t, writer, []metrics.Fact{change("more", 1, hours(1))})
		require.ErrorIs(t, reader.Follow(context.Background(), time.Minute, func(int) error { return errFull }), errFull)
		require.Error(t, reader.Follow(context.Background(), 0, nil))
		require.NoError(t, j.Close())
		require.ErrorIs(t, reader.Follow(context.Background(), time.Minute, nil), journal.ErrClosed)
	})
}
