package journal_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// ackAppends is how many appends a traced writer makes.
const ackAppends = 200

// TestAckWriter is not a test but the process that TestSyncAck traces.
func TestAckWriter(t *testing.T) {
	j, err := journal.Open(filepath.Join(syncack.Place(t), name), &small)
	require.NoError(t, err)
	acknowledge(t, j)
	require.NoError(t, j.Close())
}

// acknowledge appends one record after the other, claims, and forgets now and then all
// but the last record, and says so after each.
func acknowledge(t *testing.T, j journal.Journal) {
	before := journal.Head{Stream: "s"}
	for n := range uint64(ackAppends) {
		e := journal.Entry{Kind: "k", Data: []byte(killData("s", n))}
		records, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: []journal.Entry{e}})
		require.NoError(t, err)
		syncack.Ack()
		if n%compactEvery == compactEvery-1 {
			require.NoError(t, j.Compact(t.Context(), before))
			syncack.Ack()
		}
		before = records[0].Head()
	}
}

const (
	compactEvery = 50
	ackCount     = ackAppends + ackAppends/compactEvery
)

// Whatever the file journal acknowledges is flushed, and its name too, also where the
// file is made longer, and where another takes its place.
func TestSyncAck(t *testing.T) {
	t.Parallel()
	report := syncack.Run(t, "TestAckWriter", syncack.Rules{Kind: fileKind})
	require.Equal(t, ackCount, report.Acks)
	require.Empty(t, report.Unflushed)
	require.Empty(t, report.Idle)
	t.Logf("%d acknowledgements, %d flushes", report.Acks, report.Flushes)
}

// fileKind: what compaction writes beside the journal counts once it takes its place.
func fileKind(file string) syncack.Kind {
	if file == journal.Beside(name) {
		return syncack.Beside
	}
	return syncack.Data
}

// wrongDisk is a disk that does not do what it says.
type wrongDisk struct {
	journal.Disk
	noSync, lateSync, noDir, noBeside bool
}

func (d wrongDisk) Sync() error {
	if d.noSync || d.lateSync {
		return nil
	}
	return d.Disk.Sync()
}

func (d wrongDisk) SyncDir() error {
	if d.noDir {
		return nil
	}
	return d.Disk.SyncDir()
}

func (d wrongDisk) WriteAt(b []byte, at int64) (int, error) {
	if d.lateSync {
		if err := d.Disk.Sync(); err != nil {
			return 0, err
		}
	}
	return d.Disk.WriteAt(b, at)
}

func (d wrongDisk) Beside() (journal.Disk, error) {
	b, err := d.Disk.Beside()
	return wrongDisk{Disk: b, noSync: d.noSync || d.noBeside, lateSync: d.lateSync, noDir: d.noDir}, err
}

func (d wrongDisk) Replace(by journal.Disk) error { return d.Disk.Replace(by.(wrongDisk).Disk) }

// TestAckWrong is what TestSyncAckCatches traces: one disk for each of its names.
func TestAckWrong(t *testing.T) {
	place := syncack.Place(t) // skips unless it is traced
	for name, wrong := range wrongDisks {
		t.Run(name, func(t *testing.T) {
			open := func(path string) (journal.Disk, error) {
				d, err := journal.OpenDisk(path)
				wrong := wrong
				wrong.Disk = d
				return wrong, err
			}
			j, err := journal.OpenOn(open, filepath.Join(place, "journal"), small)
			require.NoError(t, err)
			acknowledge(t, j)
			require.NoError(t, j.Close())
		})
	}
}

var wrongDisks = map[string]wrongDisk{
	"right":             {},
	"no_sync":           {noSync: true},
	"late_sync":         {lateSync: true},
	"no_directory_sync": {noDir: true},
	"no_sync_beside":    {noBeside: true},
}

// A journal on a disk that does not flush is caught, and one on the same disk without
// its mistakes is not.
func TestSyncAckCatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		test string
		// unflushed is how many acknowledgements come too early, at least; idle those
		// before which nothing was flushed.
		unflushed, idle int
		file            string
	}{
		{"right", 0, 0, ""},
		{"no_sync", ackCount, ackCount * 9 / 10, "/" + name + " since line"},
		{"late_sync", ackCount, 0, "/" + name + " since line"},
		{"no_directory_sync", ackCount, 0, "the names in "},
		{"no_sync_beside", 1, 0, "/" + name + " since line"},
	} {
		t.Run(c.test, func(t *testing.T) {
			t.Parallel()
			report := syncack.Run(t, "TestAckWrong$/^"+c.test, syncack.Rules{Kind: fileKind})
			require.GreaterOrEqual(t, len(report.Unflushed), c.unflushed)
			require.GreaterOrEqual(t, len(report.Idle), c.idle)
			if c.unflushed == 0 {
				require.Empty(t, report.Unflushed)
				require.Empty(t, report.Idle)
			}
			for _, f := range report.Unflushed {
				require.Contains(t, f.String(), c.file)
			}
		})
	}
}

// killData is the data of one record; its length varies from a few bytes to over
// one page.
func killData(stream string, seq uint64) string {
	return fmt.Sprint(stream, "/", seq, strings.Repeat("#", int(seq*seq*31%5000)))
}
