package journal_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// live is a disk that somebody else writes: it holds another content from certain
// reads on.
type live struct {
	states [][]byte
	from   []int // states[i] is there from read from[i] on
	reads  int
}

func (l *live) now() []byte {
	b := l.states[0]
	for i, from := range l.from {
		if l.reads >= from {
			b = l.states[i]
		}
	}
	return b
}

func (l *live) ReadAt(b []byte, off int64) (int, error) {
	l.reads++
	file := l.now()
	if off >= int64(len(file)) {
		return 0, io.EOF
	}
	n := copy(b, file[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (l *live) WriteAt([]byte, int64) (int, error) { panic("a reader writes") }
func (l *live) Truncate(int64) error               { panic("a reader truncates") }
func (l *live) Sync() error                        { panic("a reader syncs") }
func (l *live) SyncDir() error                     { panic("a reader syncs") }
func (l *live) Size() (int64, error)               { return int64(len(l.now())), nil }
func (l *live) Named() error                       { return nil }
func (l *live) Beside() (journal.Disk, error)      { panic("a reader writes") }
func (l *live) Replace(journal.Disk) error         { panic("a reader renames") }
func (l *live) Clear() error                       { panic("a reader removes") }
func (l *live) Close() error                       { return nil }

// A reader opens while a writer is in the middle of a frame, and the writer goes on
// between any two of its reads: the reader sees a beginning of the stream, with all
// that was acknowledged before, and never takes the journal for damaged.
func TestReadOnlyBesideAWriterAtEachRead(t *testing.T) {
	t.Parallel()
	file, ends, states := sample(t, true)
	half := bytes.Clone(file)
	clear(half[ends[1]+40:])
	whole := bytes.Clone(file)
	clear(whole[ends[2]:])
	seen := map[int]bool{}
	for first := range 14 {
		for second := first; second < 14; second++ {
			l := &live{states: [][]byte{half, whole, file}, from: []int{0, first, second}}
			j, err := journal.OpenOn(func(string) (journal.Disk, error) { return l, nil }, name, journal.Options{ReadOnly: true})
			require.NoError(t, err, "%d %d", first, second)
			l.reads = 1000
			got, err := contents(j)
			require.NoError(t, err)
			n := 0
			for i, s := range states {
				if len(s["a"]) == len(got["a"]) && len(s["b"]) == len(got["b"]) {
					n = i
				}
			}
			require.NotZero(t, n, "what was acknowledged before is missing")
			require.Equal(t, states[n], got)
			seen[n] = true
			require.NoError(t, j.Close())
		}
	}
	require.Len(t, seen, 3, "each beginning was seen")
}

// What is damaged is damaged for a reader too.
func TestReadOnlyRefusesDamage(t *testing.T) {
	t.Parallel()
	file, ends, _ := sample(t, true)
	file[ends[1]+40] ^= 1
	l := &live{states: [][]byte{file}, from: []int{0}}
	_, err := journal.OpenOn(func(string) (journal.Disk, error) { return l, nil }, name, journal.Options{ReadOnly: true})
	require.ErrorIs(t, err, journal.ErrCorrupt)
}
