package factlog_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/factlog"
	"github.com/sallyport-dev/sallyport/release/journal"
)

var errFull = errors.New("no room")

// limited is a journal that takes so many appends and no more.
type limited struct {
	journal.Journal
	left int
}

func (l *limited) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if l.left == 0 {
		return nil, errFull
	}
	l.left--
	return l.Journal.Append(ctx, a)
}

// run opens the log and adds parts, until something fails. It returns how many
// facts were acknowledged.
func run(j journal.Journal, parts [][]metrics.Fact) (acknowledged int, err error) {
	defer func() {
		if p := recover(); p == faulty.Killed {
			err = faulty.ErrInjected
		} else if p != nil {
			panic(p)
		}
	}()
	log, err := factlog.Open(context.Background(), j, stream, nil)
	if err != nil {
		return 0, err
	}
	for _, part := range parts {
		tally, err := log.Add(context.Background(), part...)
		acknowledged += dealt(tally)
		if dealt(tally) < len(part) {
			return acknowledged, err
		}
	}
	return acknowledged, nil
}

// Whatever call fails, and in whatever way: what was acknowledged is there, nothing is
// there twice, and after going on the state is that of the facts.
func TestEveryFailingCall(t *testing.T) {
	t.Parallel()
	stores := map[string]func(path string) (journal.Journal, error){
		"file": func(path string) (journal.Journal, error) { return journal.Open(path, nil) },
	}
	memory := new(journal.Memory)
	stores["memory"] = func(string) (journal.Journal, error) { return memory, nil }
	for name, store := range stores {
		for _, mode := range faulty.Modes() {
			n := 40
			if testing.Short() {
				n = 16
			}
			facts := history(rand.New(rand.NewPCG(3, 4)), n)
			parts := slices.Collect(slices.Chunk(facts, 5))
			for k, done := 1, false; !done; k++ {
				memory = new(journal.Memory)
				path := filepath.Join(t.TempDir(), "j")
				j, err := store(path)
				require.NoError(t, err)
				failing := faulty.Journal(j, k, mode)
				n, err := run(failing, parts)
				if done = failing.Calls() < k; done {
					require.NoError(t, err)
					require.Equal(t, len(facts), n)
				}
				if name == "file" {
					require.NoError(t, j.Close())
					j, err = store(path)
					require.NoError(t, err)
				}
				// What was acknowledged is there: adding it again changes nothing.
				log := open(t, j)
				head := log.Head()
				add(t, log, facts[:n])
				require.Equal(t, head, log.Head(), "%s, call %d, %v: of %d acknowledged facts some are lost", name, k, mode, n)
				add(t, log, facts)
				requireSame(t, batch(t, facts), log)
				require.Equal(t, log.Head(), open(t, j).Head())
				lines := written(t, j)
				require.Len(t, slices.Compact(slices.Sorted(slices.Values(lines))), len(lines), "written twice")
				require.NoError(t, j.Close())
			}
		}
	}
}

// A file that a crash cut short anywhere opens as the facts of the first records, or is
// refused; and adding everything again makes it whole.
func TestTornFile(t *testing.T) {
	t.Parallel()
	facts := history(rand.New(rand.NewPCG(5, 6)), 12)
	parts := slices.Collect(slices.Chunk(facts, 3))
	path := filepath.Join(t.TempDir(), "j")
	j, err := journal.Open(path, &journal.Options{Preallocate: 4096})
	require.NoError(t, err)
	n, err := run(j, parts)
	require.NoError(t, err)
	require.Equal(t, len(facts), n)
	whole, err := os.ReadFile(path) // as a crash leaves it: nobody has closed it
	require.NoError(t, err)
	require.NoError(t, j.Close())
	var states [][]string // after each part
	for i := range len(parts) + 1 {
		states = append(states, lines(t, batch(t, slices.Concat(parts[:i]...)).Snapshot(hours(300))))
	}
	step := 23
	if testing.Short() {
		step = 211
	}
	opened := 0
	for cut := 64; cut < len(whole); cut += step {
		torn := slices.Clone(whole)
		clear(torn[cut:])
		require.NoError(t, os.WriteFile(path, torn, 0o600))
		j, err := journal.Open(path, nil)
		if err != nil {
			require.ErrorIs(t, err, journal.ErrCorrupt)
			continue
		}
		opened++
		log := open(t, j)
		require.Contains(t, states, lines(t, log.Snapshot(hours(300))), "cut at %d: no state that ever was", cut)
		add(t, log, facts)
		requireSame(t, batch(t, facts), log)
		require.NoError(t, j.Close())
	}
	require.Positive(t, opened)
}

// stubborn is a journal whose appends all fail in one way.
type stubborn struct {
	journal.Journal
	err   error
	tries int
}

func (s *stubborn) Append(context.Context, journal.Append) ([]journal.Record, error) {
	s.tries++
	return nil, s.err
}

// A journal that says the same for ever does not keep anybody for ever.
func TestStubbornJournal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		tries int
	}{{journal.ErrConflict, 1}, {journal.ErrUnknown, 3}, {journal.ErrFenced, 1}, {context.Canceled, 1}, {errFull, 1}} {
		j := &stubborn{Journal: new(journal.Memory), err: c.err}
		log := open(t, j)
		tally, err := log.Add(context.Background(), change("a", 1, epoch))
		require.ErrorIs(t, err, c.err)
		require.Zero(t, tally)
		require.Zero(t, log.Len(), "not on disk, and yet in memory")
		require.Equal(t, c.tries, j.tries)
	}
}

// A stream that was made anew under a reader, or cut short, is not read on.
func TestAnotherStream(t *testing.T) {
	t.Parallel()
	ctx, first, second := context.Background(), new(journal.Memory), new(journal.Memory)
	swap := &swapped{Journal: first}
	log := open(t, swap)
	add(t, log, []metrics.Fact{change("a", 1, epoch)})
	other := open(t, second)
	add(t, other, []metrics.Fact{change("b", 1, epoch)})
	add(t, other, []metrics.Fact{change("c", 1, epoch)})
	swap.Journal = second
	_, err := log.Refresh(ctx)
	require.ErrorIs(t, err, journal.ErrCorrupt)
	require.Equal(t, 1, log.Len())
	swap.Journal = new(journal.Memory) // it is empty: what was read is not there any more
	_, err = log.Add(ctx, change("d", 1, epoch))
	require.ErrorIs(t, err, journal.ErrConflict)
	require.Equal(t, 1, log.Len())

	// A stream that was compacted has lost facts.
	base := journal.Head{Stream: stream, Seq: 1}
	for r, err := range second.Load(ctx, stream, 0) {
		require.NoError(t, err)
		base.Hash = r.Hash
		break
	}
	require.NoError(t, second.Compact(ctx, base))
	_, err = factlog.Open(ctx, second, stream, nil)
	require.ErrorIs(t, err, journal.ErrCompacted)
}

// swapped is a journal in the place of which another one can be put.
type swapped struct{ journal.Journal }
