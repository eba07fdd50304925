package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

const waitingStreams = 100_000

// waiting makes a journal of 100,000 streams: so many are due, and the others wait for
// a day.
func waiting(b testing.TB, path string, due int) {
	j, err := sqlite.Open(b.Context(), path, nil)
	require.NoError(b, err)
	defer j.Close()
	var wg sync.WaitGroup
	const at = 256
	for k := range at {
		wg.Go(func() {
			for i := k; i < waitingStreams; i += at {
				wake := 24 * time.Hour
				if i < due {
					wake = 0
				}
				a := journal.Append{Stream: fmt.Sprintf("service-%06d/production", i), Wake: wake, Entries: []journal.Entry{{Kind: "k", Data: make([]byte, 400)}}}
				if _, err := j.Append(b.Context(), a); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkClaim claims one stream at a time among 100,000 that wait, in a process of
// its own, whose memory is measured when it is done.
func BenchmarkClaim(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		const claims = 2000
		path := filepath.Join(b.TempDir(), "j.db")
		waiting(b, path, (b.N+1)*claims)
		b.ResetTimer()
		var p50, p99, rss float64
		for range b.N {
			out := child(b, "claim", path, strconv.Itoa(claims))
			_, err := fmt.Sscan(out, &p50, &p99, &rss)
			require.NoError(b, err, out)
		}
		b.ReportMetric(p50, "p50-µs")
		b.ReportMetric(p99, "p99-µs")
		b.ReportMetric(rss, "rss-MB")
	})
}

// child runs this test binary as another process that does one of children, and returns
// what it printed.
func child(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(args, "\x1f"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, &stderr)
	return string(out)
}

const childEnv = "SALLYPORT_SQLITE_CHILD"

// children are what a second process is asked to do.
var children = map[string]func(args []string) error{
	"claim": claimChild,
	"crash": crashChild,
	"work":  workChild,
	"space": spaceChild,
}

func TestMain(m *testing.M) {
	args := strings.Split(os.Getenv(childEnv), "\x1f")
	f, ok := children[args[0]]
	if !ok {
		os.Exit(m.Run())
	}
	if err := f(args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func claimChild(args []string) error {
	ctx := context.Background()
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	j, err := sqlite.Open(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer j.Close()
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		leases, err := j.Claim(ctx, journal.Claim{Worker: "w", TTL: time.Hour, Max: 1})
		if err != nil {
			return err
		}
		if len(leases) != 1 {
			return fmt.Errorf("%d leases at claim %d", len(leases), i)
		}
		took[i] = time.Since(start)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	rss := 0.0
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if _, err := fmt.Sscan(v, &rss); err != nil {
				return err
			}
		}
	}
	slices.Sort(took)
	fmt.Println(us(took[n/2]), us(took[n*99/100]), rss/1024)
	return nil
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
