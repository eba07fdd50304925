package journal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// small keeps files short enough to damage every byte of them.
var small = journal.Options{Preallocate: 4096}

const name = "journal"

func openDisk(d *faulty.Disk, opts journal.Options) (*journal.File, error) {
	return journal.OpenOn(onDisk(d), name, opts)
}

// onDisk opens files of a disk in memory.
func onDisk(d *faulty.Disk) func(path string) (journal.Disk, error) {
	return func(path string) (journal.Disk, error) {
		f, err := d.Open(path)
		if err != nil {
			return nil, err
		}
		return &diskFile{f, d, path}, nil
	}
}

// diskFile is a file of a disk in memory.
type diskFile struct {
	*faulty.File
	disk *faulty.Disk
	path string
}

func (f *diskFile) Named() error {
	if !f.Is(f.path) {
		return errors.New("another file is there")
	}
	return nil
}

func (f *diskFile) Beside() (journal.Disk, error) {
	by, err := f.disk.Create(journal.Beside(f.path))
	if err != nil {
		return nil, err
	}
	return &diskFile{by, f.disk, journal.Beside(f.path)}, nil
}

func (f *diskFile) Replace(by journal.Disk) error {
	b := by.(*diskFile)
	if err := f.disk.Rename(b.path, f.path); err != nil {
		return err
	}
	b.path = f.path
	return nil
}

func (f *diskFile) Clear() error {
	if err := f.disk.Remove(journal.Beside(f.path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func appendTo(j journal.Journal, stream string, expect uint64, data ...string) error {
	a := journal.Append{Stream: stream, Expect: expect}
	for _, d := range data {
		a.Entries = append(a.Entries, journal.Entry{At: time.Unix(9, 9), Kind: "k", Data: []byte(d)})
	}
	_, err := j.Append(context.Background(), a)
	return err
}

// contents is the data of all records by stream, verified.
func contents(j journal.Journal) (map[string][]string, error) {
	out := map[string][]string{}
	for stream, err := range j.Streams(context.Background()) {
		if err != nil {
			return nil, err
		}
		head, err := journal.Base(context.Background(), j, stream)
		if err != nil {
			return nil, err
		}
		for r, err := range j.Load(context.Background(), stream, head.Seq) {
			if err != nil {
				return nil, err
			}
			if err := head.Check(r); err != nil {
				return nil, err
			}
			head = r.Head()
			out[stream] = append(out[stream], string(r.Data))
		}
	}
	return out, nil
}

// sample is a journal of three appends and how long the file was, without its
// zeros, when each of them was acknowledged.
func sample(t testing.TB, closed bool) (file []byte, ends []int, states []map[string][]string) {
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	note := func() {
		ends = append(ends, len(bytes.TrimRight(d.Bytes(name), "\x00")))
		c, err := contents(j)
		require.NoError(t, err)
		states = append(states, c)
		require.False(t, d.Unsynced(name), "acknowledged and not durable")
	}
	note()
	require.NoError(t, appendTo(j, "a", 0, "one", "two"))
	note()
	require.NoError(t, appendTo(j, "b", 0, strings.Repeat("long ", 200)))
	note()
	require.NoError(t, appendTo(j, "a", 2, "three"))
	note()
	if closed {
		require.NoError(t, j.Close())
	}
	return d.Bytes(name), ends, states
}

// Whatever the file was cut to, the appends before the cut are there, the one at
// the cut is there whole or not at all, and Recovered says that something was cut.
func TestCutAtEveryByte(t *testing.T) {
	t.Parallel()
	file, ends, states := sample(t, false)
	for cut := range len(file) + 1 {
		d := faulty.NewDisk()
		d.Put(name, file[:cut])
		j, err := openDisk(d, small)
		require.NoError(t, err, "cut at %d", cut)
		want, state := states[0], 0
		for i, end := range ends {
			if cut >= end {
				want, state = states[i], i
			}
		}
		got, err := contents(j)
		require.NoError(t, err)
		require.Equal(t, want, got, "cut at %d", cut)
		clean := cut == 0 || cut >= ends[state] && len(bytes.TrimRight(file[ends[state]:cut], "\x00")) == 0
		require.Equal(t, clean, j.Recovered() == 0, "cut at %d: recovered %d", cut, j.Recovered())

		// And it goes on, and is then closed in order.
		require.NoError(t, appendTo(j, "c", 0, "more"))
		require.NoError(t, j.Close())
		j, err = openDisk(d, small)
		require.NoError(t, err)
		require.Zero(t, j.Recovered())
		got, err = contents(j)
		require.NoError(t, err)
		require.Equal(t, []string{"more"}, got["c"])
		delete(got, "c")
		require.Equal(t, want, got)
	}
}

// The same with the space of the file kept: what was not written is zero.
func TestTornAtEveryByte(t *testing.T) {
	t.Parallel()
	file, ends, states := sample(t, false)
	for cut := journal.HeaderSize; cut < ends[len(ends)-1]; cut++ {
		torn := bytes.Clone(file)
		clear(torn[cut:])
		d := faulty.NewDisk()
		d.Put(name, torn)
		j, err := openDisk(d, small)
		require.NoError(t, err, "torn at %d", cut)
		got, err := contents(j)
		require.NoError(t, err)
		want := states[0]
		for i, end := range ends {
			if len(bytes.TrimRight(torn, "\x00")) >= end {
				want = states[i]
			}
		}
		require.Equal(t, want, got, "torn at %d", cut)
	}
}

// No flipped bit goes unnoticed: Open refuses, or everything acknowledged is there.
// In a journal that was closed in order, nothing at all may be lost.
func TestEveryBitFlipIsDetected(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		file, ends, states := sample(t, closed)
		last := ends[len(ends)-1]
		refused, reported := 0, 0
		for bit := range 8 * len(file) {
			if bit/8 > last+200 && bit%97 != 0 {
				continue // zeros like all the others
			}
			flipped := bytes.Clone(file)
			flipped[bit/8] ^= 1 << (bit % 8)
			d := faulty.NewDisk()
			d.Put(name, flipped)
			j, err := openDisk(d, small)
			if err != nil {
				require.Equal(t, flipped, d.Bytes(name), "a refused file is not changed")
				refused++
				continue
			}
			got, err := contents(j)
			require.NoError(t, err)
			require.Equal(t, states[len(states)-1], got, "bit %d of byte %d", bit%8, bit/8)
			require.NotZero(t, j.Recovered(), "bit %d of byte %d was flipped, and nobody says so", bit%8, bit/8)
			reported++
			require.GreaterOrEqual(t, bit/8, last, "a flip among the records was repaired away")
			require.NoError(t, j.Close())
		}
		require.GreaterOrEqual(t, refused, 8*last, "each flip among the records is refused")
		require.NotZero(t, reported)
	}
}

// A sector of a last frame that was acknowledged reads as zeros: that looks like a
// torn write, and is cut off, but never in silence.
func TestWipedSectorOfTheLastFrameIsReported(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, strings.Repeat("x", 2000)))
	b := d.Bytes(name)
	clear(b[2*journal.SectorSize : 3*journal.SectorSize])
	d = faulty.NewDisk()
	d.Put(name, b)
	j, err = openDisk(d, small)
	require.NoError(t, err)
	require.Greater(t, j.Recovered(), int64(2000))

	// The same damage after an orderly close is refused.
	require.NoError(t, appendTo(j, "a", 0, strings.Repeat("x", 2000)))
	require.NoError(t, j.Close())
	b = d.Bytes(name)
	clear(b[2*journal.SectorSize : 3*journal.SectorSize])
	d = faulty.NewDisk()
	d.Put(name, b)
	_, err = openDisk(d, small)
	require.ErrorIs(t, err, journal.ErrCorrupt)
}

// Data that is itself a piece of a journal does not stop recovery: a frame counts
// only at its own place in its own file.
func TestFramesAsDataAreNotFrames(t *testing.T) {
	t.Parallel()
	file, ends, _ := sample(t, true)
	frames := string(file[journal.HeaderSize:ends[len(ends)-1]])
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "first"))
	require.NoError(t, appendTo(j, "a", 1, frames))
	b := bytes.TrimRight(d.Bytes(name), "\x00")
	d = faulty.NewDisk()
	d.Put(name, b[:len(b)-1])
	j, err = openDisk(d, small)
	require.NoError(t, err)
	got, err := contents(j)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"a": {"first"}}, got)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	file, _, _ := sample(t, true)
	newer := bytes.Clone(file)
	newer[19] = 2
	// The sum must be right, or the header is merely damaged.
	binary.BigEndian.PutUint32(newer[59:], crc(newer[:59]))
	for _, c := range []struct {
		name string
		file []byte
		want error
		text string
	}{
		{"text", []byte("# my notes, which are longer than the header of a journal would have been"), journal.ErrCorrupt, "not a journal"},
		{"short text", []byte("notes"), journal.ErrCorrupt, "not a journal"},
		{"zeros", make([]byte, 4096), journal.ErrCorrupt, "not a journal"},
		{"a wiped header", append(make([]byte, 64), file[64:]...), journal.ErrCorrupt, "not a journal"},
		{"a newer format", newer, nil, "format 2"},
		{"garbage behind the last frame", append(bytes.TrimRight(file, "\x00"), "garbage that no crash left"...), journal.ErrCorrupt, "header of the frame"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(path, c.file, 0o600))
			_, err := journal.Open(path, nil)
			require.ErrorContains(t, err, c.text)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			} else {
				require.NotErrorIs(t, err, journal.ErrCorrupt, "nothing is wrong with it")
			}
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, c.file, after, "a refused file is not changed")
		})
	}
	_, err := journal.Open(t.TempDir(), nil)
	require.Error(t, err, "a directory")
	_, err = journal.Open(filepath.Join(t.TempDir(), "no", "such"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, n := range []int64{-1, 1, 4095, 1<<30 + 1} {
		_, err = journal.Open(filepath.Join(t.TempDir(), name), &journal.Options{Preallocate: n})
		require.ErrorContains(t, err, fmt.Sprint(n))
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "1"))
	_, err = journal.Open(path, nil)
	require.ErrorIs(t, err, journal.ErrLocked)
	require.NoError(t, appendTo(j, "a", 1, "2"), "the first goes on")
	require.NoError(t, j.Close())
	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	_, err := journal.Open(path, &journal.Options{ReadOnly: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	w, err := journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, appendTo(w, "a", 0, "1", "2"))
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	r, err := journal.Open(path, &journal.Options{ReadOnly: true})
	require.NoError(t, err)
	got, err := contents(r)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"a": {"1", "2"}}, got)
	require.ErrorContains(t, appendTo(r, "a", 2, "3"), "reading only")
	require.NoError(t, r.Close())
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoError(t, appendTo(w, "a", 2, "3"))
	require.NoError(t, w.Close())
}

// A cancelled append either waits in the queue, and is surely not there, or is
// being written, and says that it is not known.
func TestCancelBesideAppends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	type result struct {
		stream string
		err    error
	}
	const n = 300
	results := make(chan result, n)
	for i := range n {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i*10)*time.Microsecond)
			defer cancel()
			s := fmt.Sprint("stream ", i)
			_, err := j.Append(ctx, journal.Append{Stream: s, Entries: []journal.Entry{{Kind: "k"}}})
			results <- result{s, err}
		}()
	}
	var all []result
	for range n {
		all = append(all, <-results)
	}
	require.NoError(t, j.Close())
	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	defer j.Close()
	got, err := contents(j)
	require.NoError(t, err)
	for _, r := range all {
		switch {
		case r.err == nil:
			require.Len(t, got[r.stream], 1)
		case errors.Is(r.err, journal.ErrUnknown):
		default:
			require.ErrorIs(t, r.err, context.DeadlineExceeded)
			require.Empty(t, got[r.stream], "%v", r.err)
		}
	}
}
