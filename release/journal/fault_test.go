package journal_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// outcome is what the callers of a journal were told: per stream what was
// acknowledged, and what may have been appended behind it.
type outcome struct {
	mu             sync.Mutex
	acked, unknown map[string][]string
}

func newOutcome() *outcome {
	return &outcome{acked: map[string][]string{}, unknown: map[string][]string{}}
}

// append appends to one stream and keeps what it was told. It returns the error.
func (o *outcome) append(j journal.Journal, stream string, data ...string) error {
	o.mu.Lock()
	expect := uint64(len(o.acked[stream]))
	o.mu.Unlock()
	err := appendTo(j, stream, expect, data...)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.acked[stream] = append(o.acked[stream], data...)
	case errors.Is(err, journal.ErrUnknown):
		o.unknown[stream] = data
	}
	return err
}

// check compares what is there with what was told: all that was acknowledged, once,
// and behind it nothing, or all of what was unknown.
func (o *outcome) check(t *testing.T, got map[string][]string, what string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for stream, acked := range o.acked {
		require.GreaterOrEqual(t, len(got[stream]), len(acked), "%s: %q lost acknowledged records", what, stream)
	}
	for stream, records := range got {
		n := len(o.acked[stream])
		require.Equal(t, o.acked[stream], append([]string(nil), records[:n]...), "%s: %q", what, stream)
		if rest := records[n:]; len(rest) > 0 {
			require.Equal(t, o.unknown[stream], rest, "%s: %q holds what nobody was told may be there", what, stream)
		}
	}
}

// script is one driver's work: small and large appends, several in a batch, over
// the end of what is preallocated, and an orderly end in the middle.
func script(d *faulty.Disk, o *outcome) error {
	for part := range 2 {
		j, err := openDisk(d, small)
		if err != nil {
			return err
		}
		for i, size := range []int{3, 700, 5000} {
			for _, stream := range []string{"a", "b"} {
				first := fmt.Sprint(stream, part, i, strings.Repeat("x", size))
				if err := o.append(j, stream, first, "and "+first); err != nil {
					// It refuses from now on, and Close may say so too.
					again := appendTo(j, stream, uint64(len(o.acked[stream])), "again")
					if !errors.Is(again, journal.ErrClosed) || errors.Is(again, journal.ErrUnknown) {
						return fmt.Errorf("after %w an append says: %v", err, again)
					}
					if _, err := contents(j); !errors.Is(err, journal.ErrClosed) {
						return fmt.Errorf("after a failed append, reading says: %v", err)
					}
					j.Close()
					return err
				}
			}
		}
		if err := j.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Each operation fails in each way, and then the process dies or the power goes,
// in several ways: what was acknowledged is there, once, and stays.
func TestEachOperationFails(t *testing.T) {
	t.Parallel()
	seeds := uint64(3)
	if *long {
		seeds = 20
	}
	for _, mode := range faulty.Modes() {
		for _, part := range []int{0, 1, 13, 600} {
			t.Run(fmt.Sprint(mode, "/", part), func(t *testing.T) {
				t.Parallel()
				if mode == faulty.ModeAfter && part > 0 {
					return // it is done whole
				}
				for k := 1; ; k++ {
					reached := false
					for seed := range seeds {
						reached = failOnce(t, faulty.Fault{Op: k, Mode: mode, Part: part}, seed)
					}
					if !reached {
						require.Greater(t, k, 50, "the script has more operations than that")
						return
					}
				}
			})
		}
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 11)) }

func failOnce(t *testing.T, fault faulty.Fault, seed uint64) (reached bool) {
	t.Helper()
	what := fmt.Sprintf("operation %d, %s, part %d, seed %d", fault.Op, fault.Mode, fault.Part, seed)
	d, o := faulty.NewDisk(), newOutcome()
	d.Fail(fault)
	err := script(d, o)
	reached = d.Failed()
	if err != nil {
		require.ErrorIs(t, err, faulty.ErrInjected, what)
	}
	if reached && fault.Mode != faulty.ModeKilled && err == nil {
		t.Fatalf("%s: the failure was swallowed", what)
	}
	r := rand.New(rand.NewPCG(seed, uint64(fault.Op)))
	end := func() {
		if seed == 0 {
			d.Restart()
		} else {
			d.PowerCut(r)
		}
	}
	end()
	j, err := openDisk(d, small)
	require.NoError(t, err, what)
	got, err := contents(j)
	require.NoError(t, err, what)
	o.check(t, got, what)

	// What was seen once stays, whatever happens next: somebody may have acted on it.
	require.False(t, d.Unsynced(name), what)
	d.PowerCut(r)
	j, err = openDisk(d, small)
	require.NoError(t, err, what)
	again, err := contents(j)
	require.NoError(t, err, what)
	require.Equal(t, got, again, what)
	require.NoError(t, appendTo(j, "a", uint64(len(got["a"])), "on"), what)
	require.NoError(t, j.Close(), what)
	return reached
}

// Recovery itself is interrupted, at each of its operations.
func TestRecoveryFails(t *testing.T) {
	t.Parallel()
	file, ends, states := sample(t, false)
	torn := slices.Clone(file)
	clear(torn[ends[2]+30:]) // inside the last frame
	for _, mode := range faulty.Modes() {
		for k := 1; ; k++ {
			var d *faulty.Disk
			for seed := range uint64(20) {
				d = faulty.NewDisk()
				d.Put(name, torn)
				d.Fail(faulty.Fault{Op: k, Mode: mode, Part: 5})
				if j, err := openDisk(d, small); err == nil {
					got, err := contents(j)
					if err == nil {
						require.Equal(t, states[2], got)
					}
				}
				r := rand.New(rand.NewPCG(seed, uint64(k)))
				reached := d.Failed()
				d.PowerCut(r)
				j, err := openDisk(d, small)
				require.NoError(t, err, "%s %d %d", mode, k, seed)
				got, err := contents(j)
				require.NoError(t, err)
				require.Equal(t, states[2], got)
				if seed == 19 && !reached {
					k = 0
				}
			}
			if k == 0 {
				break
			}
		}
	}
}

// The same with many writers, whose appends share frames.
func TestOperationsFailBesideConcurrentAppends(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 7))
		d, o := faulty.NewDisk(), newOutcome()
		fault := faulty.Fault{Op: 1 + r.IntN(80), Mode: faulty.Modes()[r.IntN(3)], Part: r.IntN(1500)}
		d.Fail(fault)
		j, err := openDisk(d, small)
		if err == nil {
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for i := range 10 {
						data := fmt.Sprint(w, "/", i, strings.Repeat("y", 40*i))
						if o.append(j, fmt.Sprint("stream ", w), data, data+"'") != nil {
							return
						}
					}
				})
			}
			wg.Wait()
		}
		d.PowerCut(r)
		j, err = openDisk(d, small)
		require.NoError(t, err, "seed %d, %v", seed, fault)
		got, err := contents(j)
		require.NoError(t, err)
		o.check(t, got, fmt.Sprintf("seed %d, %v", seed, fault))
		require.NoError(t, j.Close())
	}
}

// Group commit shares syncs, and nobody is told before the sync.
func TestNothingIsUnsyncedWhenAcknowledged(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	for i := range 50 {
		require.NoError(t, appendTo(j, "s", uint64(i), strings.Repeat("z", i*20)))
		require.False(t, d.Unsynced(name), "append %d", i)
	}
	got, err := contents(j)
	require.NoError(t, err)
	require.Equal(t, []string{"s"}, slices.Collect(maps.Keys(got)))
	require.NoError(t, j.Close())
	require.False(t, d.Unsynced(name))
}
