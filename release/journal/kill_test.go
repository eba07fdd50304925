//go:build unix

package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

const (
	writerEnv     = "SALLYPORT_JOURNAL_WRITER"
	writerStreams = 16
)

// TestWriterProcess is not a test but the process that TestKill kills: it appends
// to 16 streams at once until it dies, and writes each acknowledgement to stdout.
func TestWriterProcess(t *testing.T) {
	path := os.Getenv(writerEnv)
	if path == "" {
		t.Skip("it runs only as the writer of TestKill")
	}
	j, err := journal.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for s := range writerStreams {
		wg.Go(func() {
			stream, n := fmt.Sprint("s", s), uint64(0)
			for r, err := range j.Load(t.Context(), stream, 0) {
				if err != nil {
					panic(err)
				}
				n = r.Seq
			}
			for {
				if err := appendTo(j, stream, n, killData(stream, n+1), killData(stream, n+2)); err != nil {
					panic(err)
				}
				n += 2
				os.Stdout.WriteString(fmt.Sprintf("ack %s %d\n", stream, n))
			}
		})
	}
	wg.Wait()
}

// killData is the data of one record; its length varies from a few bytes to over
// one page.
func killData(stream string, seq uint64) string {
	return fmt.Sprint(stream, "/", seq, strings.Repeat("#", int(seq*seq*31%5000)))
}

// TestKill kills the writer with SIGKILL at random moments. Every acknowledged
// record is there, none twice, and no killed process blocks the next.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 20
	if *long {
		kills = 500
	}
	path := filepath.Join(t.TempDir(), name)
	acked := map[string]uint64{}
	r := rand.New(rand.NewPCG(1, 2))
	total := 0
	for range kills {
		total += killWriter(t, path, time.Duration(r.IntN(60_000))*time.Microsecond, acked)
		checkKilled(t, path, acked)
	}
	require.NotZero(t, total, "no writer ever acknowledged anything")
	t.Logf("%d kills, %d acknowledged appends", kills, total)
}

// killWriter runs a writer and kills it so long after its first acknowledgement.
// It notes what was acknowledged and returns how many times.
func killWriter(t *testing.T, path string, after time.Duration, acked map[string]uint64) (acks int) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	cmd.Env = append(os.Environ(), writerEnv+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	first := true
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut off is no acknowledgement
		}
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "ack" {
			continue
		}
		n, err := strconv.ParseUint(fields[2], 10, 64)
		require.NoError(t, err)
		acked[fields[1]] = max(acked[fields[1]], n)
		acks++
		if first {
			first = false
			timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
			defer timer.Stop()
		}
	}
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &exit), "the writer ended by itself")
	require.False(t, exit.Exited(), "the writer failed by itself: %v", exit)
	return acks
}

func checkKilled(t *testing.T, path string, acked map[string]uint64) {
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	got, err := contents(j)
	require.NoError(t, err)
	for stream, n := range acked {
		have := uint64(len(got[stream]))
		require.GreaterOrEqual(t, have, n, "%s lost acknowledged records", stream)
		require.Zero(t, have%2, "%s holds half of a batch", stream)
		for i, data := range got[stream] {
			require.Equal(t, killData(stream, uint64(i+1)), data)
		}
	}
	// Half of the time as a second crash, without an orderly close.
	if len(got)%2 == 0 {
		require.NoError(t, j.Close())
	} else {
		require.NoError(t, j.Abandon())
	}
}
