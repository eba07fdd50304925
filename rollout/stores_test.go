package rollout_test

import (
	"fmt"
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

// [TestEveryCallOfTheJournalFails] over the stores: each call fails in one of
// the ways, and the next in the next; with -long, in each. Each rollout has a target of its own, so that all
// are in one journal.
func TestEveryCallOfAStoreFails(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := open(t)
			require.NoError(t, err)
			defer store.Close()
			streams := 0
			run := func(regress bool, k int, mode faulty.Mode) (w *world, calls, faults int) {
				w = newWorld(t)
				scenario(w, regress)
				streams++
				w.plan.Target.Environment = fmt.Sprint("production ", streams)
				w.real.Serve(w.plan.Target, w.plan.Previous)
				counted := faulty.Journal(store, k, mode)
				w.journal = counted
				faults = drive(w)
				w.journal = store
				return w, counted.Calls(), faults
			}
			for _, regress := range []bool{false, true} {
				clean, calls, faults := run(regress, 0, faulty.ModeNone)
				require.Zero(t, faults)
				want, events := effects(clean), clean.audit()
				require.NotEmpty(t, want)
				faults = 0
				for k := 1; k <= calls; k += stride() {
					modes := faulty.Modes()
					if !*long {
						at := k / stride() % len(modes)
						modes = modes[at : at+1]
					}
					for _, mode := range modes {
						w, _, n := run(regress, k, mode)
						faults += n
						require.Equal(t, want, effects(w), "call %d fails: %v", k, mode)
						require.Equal(t, events, w.audit(), "call %d fails: %v", k, mode)
					}
				}
				require.NotZero(t, faults)
				t.Logf("regress=%v: %d calls, %d times the driver began again", regress, calls, faults)
			}
			verified, err := journal.VerifyAll(t.Context(), store)
			require.NoError(t, err)
			require.Len(t, verified.Heads, streams)
			for _, head := range verified.Heads {
				_, err := rollout.TargetOf(head.Stream)
				require.NoError(t, err)
			}
		})
	}
}
