package syncack

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Attach traces a process that runs already, such as a server, with the children that
// it has and will have, into a file. What it returns ends the tracing and gives the
// file. A test that cannot attach is skipped, or fails, as in [Strace].
func Attach(t *testing.T, pid int) (end func() string) {
	t.Helper()
	strace := Strace(t)
	log := filepath.Join(t.TempDir(), "log")
	for try := 1; ; try++ {
		stop, err := attach(t, strace, log, pid)
		if err == nil {
			t.Cleanup(stop)
			return func() string {
				stop()
				return log
			}
		}
		if try == 5 {
			missing(t, err.Error())
		}
		// A child may have ended meanwhile, or be traced by one that is just ending.
		time.Sleep(100 * time.Millisecond)
	}
}

// attach starts strace and returns when it traces all processes.
func attach(t *testing.T, strace, log string, pid int) (stop func(), err error) {
	pids := []string{fmt.Sprint(pid)}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	pids = append(pids, strings.Fields(string(children))...)
	cmd := exec.Command(strace, "-f", "-y", "-s", "64", "-e", calls, "-e", "signal=none", "-o", log, "-p", strings.Join(pids, ","))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1024)
	go func() {
		defer close(said)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			select {
			case said <- lines.Text():
			default: // nobody reads any more
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		cmd.Process.Signal(os.Interrupt)
		for range said {
		}
		cmd.Wait() // it says that it was interrupted
	})
	timeout := time.After(30 * time.Second)
	for attached := 0; attached < len(pids); {
		select {
		case line, ok := <-said:
			switch {
			case !ok:
				stop()
				return nil, errors.New("strace ended by itself")
			case strings.HasSuffix(line, " attached"):
				attached++
			case strings.Contains(line, "ptrace"):
				stop()
				return nil, errors.New(line)
			}
		case <-timeout:
			stop()
			return nil, errors.New("strace does not attach")
		}
	}
	return stop, nil
}
