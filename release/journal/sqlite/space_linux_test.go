package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// spaceChild appends until the system takes no more bytes, and says what was
// acknowledged and how it ended.
func spaceChild(args []string) error {
	ctx := context.Background()
	j, err := sqlite.Open(ctx, args[0], nil)
	if err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 300_000, Max: 300_000}); err != nil {
		return err
	}
	n := uint64(0)
	for {
		_, err := j.Append(ctx, journal.Append{Stream: "s", Expect: n, Entries: entries(strings.Repeat("x", 400), 1)})
		if err == nil {
			n++
			continue
		}
		_, again := j.Append(ctx, journal.Append{Stream: "t", Entries: entries("x", 1)})
		fmt.Println(n, errors.Is(err, journal.ErrUnknown), errors.Is(again, journal.ErrClosed))
		fmt.Fprintln(os.Stderr, err, again)
		_ = j.Close()
		return nil
	}
}

// A log that cannot grow makes the outcome of one append unknown, and the journal
// refuse all others. What was acknowledged is there when there is room again.
func TestNoSpace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	var n uint64
	var unknown, closed bool
	_, err := fmt.Sscan(child(t, "space", path), &n, &unknown, &closed)
	require.NoError(t, err)
	require.Greater(t, n, uint64(10))
	require.True(t, unknown)
	require.True(t, closed)
	j := open(t, path)
	got := length(t, j, "s")
	require.True(t, got == n || got == n+1, "%d records after %d were acknowledged", got, n)
	add(t, j, "s", int(got), 5)
}
