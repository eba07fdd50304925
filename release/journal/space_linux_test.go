package journal_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

const limitEnv = "SALLYPORT_JOURNAL_LIMIT"

// TestLimitedProcess is not a test but the process of TestNoSpace: it appends until
// its file may not grow any more, closes, and says how many records were acknowledged.
func TestLimitedProcess(t *testing.T) {
	path := os.Getenv(limitEnv)
	if path == "" {
		t.Skip("it runs only as the process of TestNoSpace")
	}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 50_001, Max: 50_001}))
	j, err := journal.Open(path, &journal.Options{Preallocate: 4096})
	require.NoError(t, err)
	got, err := contents(j)
	require.NoError(t, err)
	n := uint64(len(got["s"]))
	for err == nil {
		if err = appendTo(j, "s", n, killData("s", n+1)); err == nil {
			n++
		}
	}
	require.ErrorIs(t, err, syscall.EFBIG)
	require.ErrorIs(t, err, journal.ErrClosed)
	require.NotErrorIs(t, err, journal.ErrUnknown, "nothing of it was begun")
	require.NoError(t, j.Close())
	fmt.Println("acknowledged", n)
}

// When there is no more space, what was acknowledged is there, the journal opens
// again in spite of it, and goes on once there is space.
func TestNoSpace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	n := 0
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLimitedProcess$")
		cmd.Env = append(os.Environ(), limitEnv+"="+path)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		_, rest, ok := strings.Cut(string(out), "acknowledged ")
		require.True(t, ok, "%s", out)
		_, err = fmt.Sscan(rest, &n)
		require.NoError(t, err)
	}
	require.Greater(t, n, 10)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	require.Zero(t, j.Recovered())
	got, err := contents(j)
	require.NoError(t, err)
	require.Len(t, got["s"], n)
	for i, data := range got["s"] {
		require.Equal(t, killData("s", uint64(i+1)), data)
	}
	require.NoError(t, appendTo(j, "s", uint64(n), "more"))
	require.NoError(t, j.Close())
}
