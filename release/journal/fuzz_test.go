package journal_test

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// FuzzOpen gives a File any bytes, as a whole file or as what a correct frame
// holds. It refuses them, or everything that it then returns verifies, and is the
// same when it is opened again.
func FuzzOpen(f *testing.F) {
	for _, closed := range []bool{false, true} {
		file, ends, _ := sample(f, closed)
		file = bytes.TrimRight(file, "\x00")
		f.Add(uint8(0), file)
		f.Add(uint8(0), file[:ends[2]+5])
		f.Add(uint8(1), file[journal.HeaderSize+15:ends[1]-5])
	}
	records := chain("s", "1", "2")
	items := append(journal.Item(records[0]), journal.Item(records[1])...)
	f.Add(uint8(1), items)
	f.Add(uint8(1), append(bytes.Clone(items), items...))
	f.Add(uint8(1), items[:len(items)-1])
	f.Add(uint8(2), []byte{2, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(uint8(2), []byte{3, 0, 0, 0, 0, 0, 0, 0, 0})
	for _, rewritten := range []bool{false, true} {
		file, _, _ := everything(f, rewritten, true)
		file = bytes.TrimRight(file, "\x00")
		f.Add(uint8(0), file)
		f.Add(uint8(1), file[journal.HeaderSize+15:])
	}
	number := func(kind, n byte) []byte { return []byte{kind, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, n} }
	head := append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, append(bytes.Clone(records[0].Hash[:]), 's')...)
	base := append([]byte{5, 0, 0, 0, byte(len(head))}, head...)
	forget := append([]byte{4, 0, 0, 0, byte(len(head) + 8), 0, 0, 0, 0, 0, 0, 0, 1}, head...)
	f.Add(uint8(1), append(append(bytes.Clone(number(7, 4)), base...), append(number(6, 9), journal.Item(records[1])...)...))
	f.Add(uint8(1), append(bytes.Clone(items), append(forget, number(3, 200)...)...))
	f.Add(uint8(1), append(bytes.Clone(items), 2, 0, 0, 0, 0))
	f.Add(uint8(1), append(bytes.Clone(items), 2, 0, 0, 0, 12, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1))
	f.Add(uint8(3), []byte("a frame of another version"))
	f.Fuzz(func(t *testing.T, typ uint8, b []byte) {
		file := b
		if typ != 0 {
			file = journal.NewFile(typ, b)
		}
		d := faulty.NewDisk()
		d.Put(name, file)
		j, err := openDisk(d, small)
		if err != nil {
			require.Nil(t, j)
			require.Equal(t, file, append([]byte{}, d.Bytes(name)...), "a refused file is not changed")
			return
		}
		got, err := contents(j)
		require.NoError(t, err, "what Open took, Load returns")
		for stream := range got {
			require.NotEmpty(t, stream)
		}
		feed, err := fed(j, "")
		require.NoError(t, err)
		leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1000})
		require.NoError(t, err)
		for _, l := range leases {
			require.NotEmpty(t, got[l.Stream], "what is due has records")
		}
		require.NoError(t, j.Rewrite(t.Context()))
		require.NoError(t, j.Close())
		j, err = openDisk(d, small)
		require.NoError(t, err)
		require.Zero(t, j.Recovered())
		again, err := contents(j)
		require.NoError(t, err)
		require.Equal(t, got, again)
		refed, err := fed(j, "")
		require.NoError(t, err)
		for i, r := range refed { // what was noted as forgotten beyond its place may be missing
			if len(refed) == len(feed) {
				require.Equal(t, feed[i], r)
			}
		}
	})
}

// A frame that says that it is large costs nothing until it is there. Not parallel:
// it counts what is allocated.
func TestLengthsAreNotBelieved(t *testing.T) {
	file := journal.NewFile(1, make([]byte, journal.MaxPayload))[:journal.HeaderSize+100]
	d := faulty.NewDisk()
	d.Put(name, file)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	j, err := openDisk(d, small)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, int64(15), j.Recovered(), "its header; the rest is zeros")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))

	d.Put(name, journal.NewFile(1, make([]byte, journal.MaxPayload+1)))
	_, err = openDisk(d, small)
	require.ErrorIs(t, err, journal.ErrCorrupt)
}
