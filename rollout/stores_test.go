package rollout_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
	"github.com/sallyport-dev/sallyport/rollout"
)

// The journals that are not in memory.
var stores = map[string]func(t *testing.T) (journal.Journal, error){
	"file": func(t *testing.T) (journal.Journal, error) {
		return journal.Open(filepath.Join(t.TempDir(), "rollouts.journal"), nil)
	},
	"sqlite": func(t *testing.T) (journal.Journal, error) {
		return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rollouts.db"), nil)
	},
	"postgres": func(t *testing.T) (journal.Journal, error) {
		return postgres.Open(t.Context(), pgtest.DSN(t), nil)
	},
}

// [TestEveryCallOfTheJournalFails] over the stores: every call of a rollout that goes back
// fails, in every way.
func TestEveryCallOfEveryStoreFails(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := open(t)
			require.NoError(t, err)
			defer store.Close()
			streams := 0
			run := func(k int, mode faulty.Mode) (w *world, calls, faults int) {
				w = newWorld(t)
				scenario(w, true)
				streams++
				w.plan.Target.Environment = fmt.Sprint("production ", streams)
				w.real.Serve(w.plan.Target, w.plan.Previous)
				counted := faulty.Journal(store, k, mode)
				w.journal = counted
				faults = drive(w)
				w.journal = store
				return w, counted.Calls(), faults
			}
			clean, calls, faults := run(0, faulty.ModeNone)
			require.Zero(t, faults)
			want, events := effects(clean), clean.audit()
			require.NotEmpty(t, want)
			for k := 1; k <= calls; k += stride() {
				for _, mode := range faulty.Modes() {
					w, _, n := run(k, mode)
					faults += n
					require.Equal(t, want, effects(w), "call %d fails: %v", k, mode)
					require.Equal(t, events, w.audit(), "call %d fails: %v", k, mode)
				}
			}
			require.NotZero(t, faults)
			t.Logf("%d calls, %d times the driver began again", calls, faults)
			verified, err := journal.VerifyAll(t.Context(), store)
			require.NoError(t, err)
			require.Len(t, verified.Heads, streams)
		})
	}
}

// Every call of every store fails while everything happens that a rollout knows:
// before it was done, after it, and after it with the driver dead, whose last message
// arrives again and again later. What happened to production and what is told is the
// same. By default not every call: on memory one of three fails, and fewer the slower the
// store is, each in one way, the next in the next; with -long, each fails in every way.
func TestEveryCallOfAStoreFails(t *testing.T) {
	t.Parallel()
	all := maps.Clone(stores)
	all["memory"] = func(*testing.T) (journal.Journal, error) { return new(journal.Memory), nil }
	strides := map[string]int{"memory": 3, "file": 19, "sqlite": 29, "postgres": 41}
	for name, open := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := open(t)
			require.NoError(t, err)
			defer store.Close()
			streams := 0
			run := func(k int, mode faulty.Mode) (got played, calls, faults int) {
				w := newWorld(t)
				streams++
				w.plan.Target.Environment = fmt.Sprint("production ", streams)
				counted := faulty.Journal(store, k, mode)
				w.journal = counted
				faults = perform(w, allScenes(w))
				w.journal = store
				return outcome(w), counted.Calls(), faults
			}
			want, calls, faults := run(0, faulty.ModeNone)
			require.Zero(t, faults)
			by, modes := strides[name]*stride(), faulty.Modes()
			if *long {
				by = 1
			}
			runs := 0
			for k := 1; k <= calls; k += by {
				hows := modes
				if !*long {
					hows = modes[k/by%len(modes) : k/by%len(modes)+1]
				}
				for _, mode := range hows {
					got, _, n := run(k, mode)
					runs, faults = runs+1, faults+n
					require.Equal(t, want, got, "call %d fails: %v", k, mode)
				}
			}
			require.NotZero(t, faults)
			t.Logf("%d calls, each %d. failed: %d runs, %d times the driver began again", calls, by, runs, faults)
			verified, err := journal.VerifyAll(t.Context(), store)
			require.NoError(t, err)
			require.Len(t, verified.Heads, 2*streams)
			for _, head := range verified.Heads {
				_, err := rollout.TargetOf(head.Stream)
				require.NoError(t, err)
			}
		})
	}
}
