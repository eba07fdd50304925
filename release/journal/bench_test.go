package journal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// engine is a store that benchmarks run on.
type engine struct {
	name string
	// place makes a place for a journal; open opens what is there.
	place func(b *testing.B) string
	open  func(place string) (journal.Journal, error)
}

func engines() []engine {
	folder := func(b *testing.B) string { return filepath.Join(b.TempDir(), "journal") }
	return []engine{
		{"memory", func(*testing.B) string { return "" }, func(string) (journal.Journal, error) { return new(journal.Memory), nil }},
		{"file", folder, func(place string) (journal.Journal, error) { return journal.Open(place, nil) }},
		{"sqlite", folder, func(place string) (journal.Journal, error) {
			return sqlite.Open(context.Background(), place, nil)
		}},
		{"postgres", func(b *testing.B) string { return pgtest.DSN(b) }, func(place string) (journal.Journal, error) {
			return postgres.Open(context.Background(), place, nil)
		}},
	}
}

// begin opens the engine at a new place and closes it at the end.
func (e engine) begin(b *testing.B) journal.Journal {
	j, err := e.open(e.place(b))
	require.NoError(b, err)
	b.Cleanup(func() { j.Close() })
	return j
}

// BenchmarkJournal appends 400-byte records, each with its expected version, to 1
// and to 64 streams at once. x-fsync is appends/s divided by how often per second the
// same file system makes one preallocated 4 KiB block durable (fsync/s): both are
// measured by turns, many times in one run, because machines and disks that others use
// too are not the same for long. Alone, more than about 1 would mean that an append is
// not durable. p99-µs is what one append in a hundred takes longer than.
func BenchmarkJournal(b *testing.B) {
	for _, e := range engines() {
		for _, streams := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", e.name, streams), func(b *testing.B) {
				w := &appender{journal: e.begin(b), versions: make([]uint64, streams)}
				raw := newRawDisk(b)
				const turns = 16
				b.ReportAllocs()
				b.ResetTimer()
				for turn := range turns {
					b.StopTimer()
					raw.write(b, 30*time.Millisecond)
					b.StartTimer()
					w.append(b, b.N*(turn+1)/turns-b.N*turn/turns)
				}
				b.StopTimer()
				raw.write(b, 30*time.Millisecond)
				rate := float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate, "appends/s")
				b.ReportMetric(rate/raw.rate(), "x-fsync")
				b.ReportMetric(raw.rate(), "fsync/s")
				b.ReportMetric(percentile(w.took, 99), "p99-µs")
			})
		}
	}
}

// appender appends to as many streams at once as it has versions.
type appender struct {
	journal  journal.Journal
	versions []uint64
	took     []time.Duration // how long each append took
}

// append makes n appends, spread over the streams.
func (w *appender) append(b *testing.B, n int) {
	streams := len(w.versions)
	took := make([]time.Duration, n)
	var wg sync.WaitGroup
	for s := range streams {
		mine := took[n*s/streams : n*(s+1)/streams]
		wg.Go(func() {
			name, data := fmt.Sprintf("stream-%d", s), make([]byte, 400)
			for i := range mine {
				start := time.Now()
				_, err := w.journal.Append(b.Context(), journal.Append{Stream: name, Expect: w.versions[s], Entries: []journal.Entry{{At: start, Kind: "k", Data: data}}})
				mine[i] = time.Since(start)
				if err != nil {
					b.Error(err)
					return
				}
				w.versions[s]++
			}
		})
	}
	wg.Wait()
	w.took = append(w.took, took...)
}

// percentile is what so many of a hundred are not longer than, in microseconds.
func percentile(took []time.Duration, p int) float64 {
	slices.Sort(took)
	return took[min(len(took)*p/100, len(took)-1)].Seconds() * 1e6
}

// rawDisk overwrites 4 KiB blocks of preallocated space and makes each durable.
type rawDisk struct {
	file   *os.File
	writes int
	took   time.Duration
}

const rawBlock, rawBlocks = 4096, 256

func newRawDisk(b *testing.B) *rawDisk {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	_, err = f.Write(make([]byte, rawBlock*rawBlocks))
	require.NoError(b, err)
	require.NoError(b, f.Sync())
	return &rawDisk{file: f}
}

// write writes for so long.
func (r *rawDisk) write(b *testing.B, d time.Duration) {
	buf := make([]byte, rawBlock)
	for start, end := time.Now(), r.took+d; r.took < end; {
		buf[0] = byte(r.writes)
		_, err := r.file.WriteAt(buf, int64(r.writes%rawBlocks)*rawBlock)
		require.NoError(b, err)
		require.NoError(b, journal.Datasync(r.file))
		r.writes++
		now := time.Now()
		r.took += now.Sub(start)
		start = now
	}
}

// rate is how many writes a second became durable.
func (r *rawDisk) rate() float64 { return float64(r.writes) / r.took.Seconds() }
