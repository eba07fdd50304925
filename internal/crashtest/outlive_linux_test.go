package crashtest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// marked are the processes whose environment holds a text.
func marked(t *testing.T, text string) (pids []int) {
	found, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, path := range found {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(text)) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

// However a test ends, its writers end with it, also one that is stopped.
func TestWritersDoNotOutliveTheTest(t *testing.T) {
	t.Parallel()
	mark := killEnv + "_OF=" + t.TempDir() // in no other process
	cmd := exec.Command(os.Args[0], "-test.run=^TestOneRun$")
	cmd.Env = append(os.Environ(), killEnv+"=long", mark, "TMPDIR="+t.TempDir())
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	var writer int
	require.Eventually(t, func() bool {
		for _, pid := range marked(t, mark) {
			if pid != cmd.Process.Pid && syscall.Kill(pid, syscall.SIGSTOP) == nil {
				writer = pid
			}
		}
		return writer != 0
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	require.Eventually(t, func() bool { return len(marked(t, mark)) == 0 }, 10*time.Second, 10*time.Millisecond, "a stopped writer is still there")
}
