package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// format1 was written before there were wakes and compaction: two sessions, the second
// after a crash, and never closed.
const format1 = "testdata/format1.journal"

// A journal of the first version is read, appended to, claimed from and compacted.
func TestFirstFormat(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile(format1)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, old, 0o600))
	want := map[string][]string{"a": {"one", "two", "three"}, "b": {strings.Repeat("long ", 200), "\xff\x00 any bytes"}}

	r, err := journal.Open(path, &journal.Options{ReadOnly: true})
	require.NoError(t, err)
	got, err := contents(r)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NoError(t, r.Close())

	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	got, err = contents(j)
	require.NoError(t, err)
	require.Equal(t, want, got)
	records, err := fed(j, "")
	require.NoError(t, err)
	require.Len(t, records, 5)
	require.Equal(t, journal.NewCursor(5, records[4].Hash), records[4].Cursor)
	leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 9})
	require.NoError(t, err)
	require.Equal(t, "a", leases[0].Stream, "it was appended to first")
	require.Len(t, leases, 2)
	require.NoError(t, appendTo(j, "a", 3, "four"))
	require.NoError(t, j.Compact(t.Context(), records[1].Head()))
	require.NoError(t, j.Close())
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, old, after[:len(old)], "what was there is not touched")

	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, j.Rewrite(t.Context()))
	require.NoError(t, j.Close())
	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	want["a"] = []string{"three", "four"}
	got, err = contents(j)
	require.NoError(t, err)
	require.Equal(t, want, got)
	rest, err := fed(j, records[4].Cursor)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.NoError(t, j.Close())
}
