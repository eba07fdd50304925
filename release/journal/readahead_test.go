package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// damaged is a disk that counts what is read of it, and on which one byte reads otherwise,
// or nothing from some place on.
type damaged struct {
	journal.Disk
	*damage
}

type damage struct {
	reads []int // how many bytes each asked for
	flip  int64 // this byte, if not 0
	end   int64 // the file ends here, if not 0
}

func (d damaged) ReadAt(b []byte, off int64) (int, error) {
	d.reads = append(d.reads, len(b))
	n, err := d.Disk.ReadAt(b, off)
	if at := d.flip - off; d.flip != 0 && at >= 0 && at < int64(n) {
		b[at] ^= 0x10
	}
	if d.end != 0 && off+int64(n) > d.end {
		return int(max(d.end-off, 0)), io.EOF
	}
	return n, err
}

func (d damaged) Beside() (journal.Disk, error) {
	by, err := d.Disk.Beside()
	return damaged{by, d.damage}, err
}

func (d damaged) Replace(by journal.Disk) error { return d.Disk.Replace(by.(damaged).Disk) }

func openDamaged(t require.TestingT, fd *faulty.Disk) (*journal.File, *damage) {
	d := new(damage)
	j, err := journal.OpenOn(func(path string) (journal.Disk, error) {
		f, err := onDisk(fd)(path)
		return damaged{f, d}, err
	}, name, small)
	require.NoError(t, err)
	return j, d
}

// feedOf are a stream's records as the feed has them, which reads the file frame by frame.
func feedOf(t require.TestingT, j journal.Journal, stream string) (out []journal.Record) {
	for r, err := range j.Feed(context.Background(), "") {
		require.NoError(t, err)
		if r.Stream == stream {
			out = append(out, r.Record)
		}
	}
	return out
}

// Wherever a stream's records lie among others', and however large they are, Load yields
// what the feed does, and never asks for more than it needs.
func TestLoadReadsAhead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j, d := openDamaged(t, faulty.NewDisk())
		names := []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "streams")]
		seqs := map[string]uint64{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			s := rapid.SampledFrom(names).Draw(t, "stream")
			switch what := rapid.IntRange(0, 30).Draw(t, "what"); {
			case what == 0:
				require.NoError(t, j.Rewrite(context.Background()))
			case what == 1 && seqs[s] > 1:
				all := feedOf(t, j, s)
				if len(all) > 1 {
					require.NoError(t, j.Compact(context.Background(), all[rapid.IntRange(0, len(all)-2).Draw(t, "base")].Head()))
				}
			default:
				var data []string
				for range rapid.IntRange(1, 3).Draw(t, "entries") {
					n := rapid.SampledFrom([]int{0, 10, 10, 100, 100, 1000, 1000, 4000, 5000, 20_000, 70_000}).Draw(t, "size")
					data = append(data, strings.Repeat("x", n))
				}
				require.NoError(t, appendTo(j, s, seqs[s], data...))
				seqs[s] += uint64(len(data))
			}
		}
		for _, s := range names {
			want := feedOf(t, j, s)
			d.reads = nil
			need, largest := 0, 64<<10
			for _, r := range want {
				b, err := r.AppendBinary(nil)
				require.NoError(t, err)
				need += len(b) + 4096
				largest = max(largest, len(b))
			}
			base := uint64(0)
			if len(want) > 0 {
				base = want[0].Seq - 1
			}
			got, err := loaded(j, s, base)
			require.NoError(t, err)
			require.Equal(t, want, got)
			read := 0
			for _, n := range d.reads {
				require.LessOrEqual(t, n, largest)
				read += n
			}
			require.LessOrEqual(t, read, need+64)
			if n := len(want); n > 0 {
				k := rapid.IntRange(0, n).Draw(t, "after")
				got, err := loaded(j, s, base+uint64(k))
				require.NoError(t, err)
				require.Equal(t, len(want)-k, len(got))
				require.True(t, k == n || want[k].Hash == got[0].Hash)
			}
		}
		require.NoError(t, j.Abandon())
	})
}

// A stream by itself is read in few pieces, and one far between others record by record.
func TestLoadReadsFewPieces(t *testing.T) {
	t.Parallel()
	j, d := openDamaged(t, faulty.NewDisk())
	size := 0
	for i := range 100 {
		require.NoError(t, appendTo(j, "alone", uint64(10*i), bytesOf(10, 100)...))
	}
	all, err := loaded(j, "alone", 0)
	require.NoError(t, err)
	for _, r := range all {
		b, err := r.AppendBinary(nil)
		require.NoError(t, err)
		size += len(b)
	}
	d.reads = nil
	_, err = loaded(j, "alone", 0)
	require.NoError(t, err)
	require.Less(t, len(d.reads), size/(64<<10)+8)

	for i := range 20 {
		require.NoError(t, appendTo(j, "far", uint64(i), "1"))
		require.NoError(t, appendTo(j, "alone", uint64(1000+i), strings.Repeat("x", 5000)))
	}
	d.reads = nil
	far, err := loaded(j, "far", 0)
	require.NoError(t, err)
	require.Len(t, d.reads, len(far))
	b, err := far[0].AppendBinary(nil)
	require.NoError(t, err)
	for _, n := range d.reads {
		require.Equal(t, len(b), n)
	}
}

func bytesOf(n, size int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.Repeat("x", size)
	}
	return out
}

// Any byte that is another one when the file is read, after it was opened, ends the loop at
// the record that it is in, and nowhere else; and what a cut leaves is yielded.
func TestDamageUnderAnOpenFileIsFoundByLoad(t *testing.T) {
	t.Parallel()
	fd := faulty.NewDisk()
	j, d := openDamaged(t, fd)
	for i := range 6 {
		require.NoError(t, appendTo(j, "s", uint64(2*i), fmt.Sprint("record ", i), strings.Repeat("y", 10*i)))
		require.NoError(t, appendTo(j, "other", uint64(i), strings.Repeat("z", 20)))
	}
	want, err := loaded(j, "s", 0)
	require.NoError(t, err)
	file := bytes.TrimRight(fd.Bytes(name), "\x00")
	where := map[int64]int{} // of each byte of the stream's records, which it is in
	var ends []int64
	for i, r := range want {
		b, err := r.AppendBinary(nil)
		require.NoError(t, err)
		at := bytes.Index(file, b)
		require.Positive(t, at)
		for k := range b {
			where[int64(at+k)] = i
		}
		ends = append(ends, int64(at+len(b)))
	}
	until := func() (got []journal.Record, err error) { // with those before an error
		for r, err := range j.Load(t.Context(), "s", 0) {
			if err != nil {
				return got, err
			}
			got = append(got, r)
		}
		return got, nil
	}
	for at := int64(1); at < int64(len(file)); at++ {
		d.flip = at
		got, err := until()
		if i, in := where[at]; in {
			require.ErrorIs(t, err, journal.ErrCorrupt, at)
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
			require.EqualValues(t, i+1, corrupt.Seq)
			require.Equal(t, i, len(got), at)
			require.True(t, i == 0 || got[i-1].Hash == want[i-1].Hash)
		} else {
			require.NoError(t, err, at)
			require.Equal(t, want, got)
		}
	}
	d.flip = 0
	for end := int64(journal.HeaderSize); end <= int64(len(file)); end++ {
		d.end = end
		whole := 0
		for whole < len(ends) && ends[whole] <= end {
			whole++
		}
		got, err := until()
		require.Equal(t, whole < len(want), errors.Is(err, journal.ErrCorrupt), "%d: %v", end, err)
		require.Equal(t, whole, len(got), end)
	}
}
