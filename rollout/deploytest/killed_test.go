//go:build unix

package deploytest_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout"
)

// numbered is the action of a fence: canary, half, rollback, in turn.
func numbered(fence uint64) rollout.Action {
	return act(fence, []float64{10, 50, 0}[fence%3])
}

// TestWeightsDirWriter is the process that TestWeightsDirKilled kills: it does action
// after action, and says which of them were accepted.
func TestWeightsDirWriter(t *testing.T) {
	dir := os.Getenv("DEPLOYTEST_WEIGHTS_DIR")
	if dir == "" {
		t.Skip("TestWeightsDirKilled runs it")
	}
	d := weightsDir(dir)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		o, err := d.Observe(t.Context(), production)
		require.NoError(t, err)
		switch err := d.Apply(t.Context(), numbered(o.Fence+1)); {
		case err == nil:
			fmt.Printf("accepted %d\n", o.Fence+1)
		case !errors.Is(err, rollout.ErrFenced): // the other process was faster
			require.NoError(t, err)
		}
	}
}

// Two processes deploy at once and are killed at any moment: what serves is always what
// its fence says, and no fence that was accepted is forgotten.
func TestWeightsDirKilled(t *testing.T) {
	t.Parallel()
	d := weightsDir(t.TempDir())
	exe, err := os.Executable()
	require.NoError(t, err)
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	require.NoError(t, d.Apply(t.Context(), numbered(1)))
	accepted, before := uint64(1), uint64(1)
	for round := range rounds {
		var writers []*exec.Cmd
		said := make(chan uint64, 1<<16)
		read := make(chan error, 2)
		for range 2 {
			w := exec.CommandContext(t.Context(), exe, "-test.run=^TestWeightsDirWriter$")
			w.Env = append(os.Environ(), "DEPLOYTEST_WEIGHTS_DIR="+string(d))
			out, err := w.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, w.Start())
			writers = append(writers, w)
			go func() {
				lines := bufio.NewScanner(out)
				for lines.Scan() {
					n, err := strconv.ParseUint(lines.Text()[min(9, len(lines.Text())):], 10, 64)
					if err != nil {
						read <- fmt.Errorf("a writer says %q", lines.Text())
						return
					}
					said <- n
				}
				read <- nil
			}()
		}
		// They are at work once something was accepted.
		select {
		case n := <-said:
			accepted = max(accepted, n)
		case err := <-read:
			t.Fatalf("round %d: a writer ended: %v", round, err)
		case <-time.After(time.Minute):
			t.Fatalf("round %d: nothing was accepted", round)
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		for _, w := range writers {
			require.NoError(t, w.Process.Kill())
		}
		for range writers {
			require.NoError(t, <-read)
		}
		for _, w := range writers {
			require.Error(t, w.Wait(), "it was killed")
		}
		for len(said) > 0 {
			accepted = max(accepted, <-said)
		}
		o, err := d.Observe(t.Context(), production)
		require.NoError(t, err)
		require.GreaterOrEqual(t, o.Fence, accepted, "round %d", round)
		require.Greater(t, o.Fence, before, "round %d", round)
		require.NoError(t, numbered(o.Fence).Check(o), "round %d", round)
		require.ErrorIs(t, d.Apply(t.Context(), numbered(o.Fence-1)), rollout.ErrFenced)
		before = o.Fence
	}
}
