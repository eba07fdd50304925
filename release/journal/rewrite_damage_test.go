package journal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// everything is a journal with all that a file can hold, and what of it is kept.
func everything(t testing.TB, rewritten, closed bool) (file []byte, anew int, want map[string][]string) {
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, appendTo(j, "a", 0, "one", "two", "three"))
	require.NoError(t, appendTo(j, "b", 0, strings.Repeat("b", 300), "more"))
	for i, wake := range []time.Duration{time.Hour, journal.Never} {
		_, err = j.Append(ctx, journal.Append{Stream: "c", Expect: uint64(i), Wake: wake, Entries: []journal.Entry{{Kind: "k", Data: []byte{byte('0' + i)}}}})
		require.NoError(t, err)
	}
	_, err = j.Claim(ctx, journal.Claim{TTL: time.Second, Max: 1})
	require.NoError(t, err)
	all, err := loaded(j, "a", 0)
	require.NoError(t, err)
	require.NoError(t, j.Compact(ctx, all[1].Head()))
	if rewritten {
		require.NoError(t, j.Rewrite(ctx))
		anew = len(bytes.TrimRight(d.Bytes(name), "\x00"))
	}
	require.NoError(t, appendTo(j, "b", 2, "at the end"))
	want, err = contents(j)
	require.NoError(t, err)
	if closed {
		require.NoError(t, j.Close())
	}
	return d.Bytes(name), anew, want
}

// No flipped bit of any part of a file goes unnoticed.
func TestEveryBitFlipOfEverythingIsDetected(t *testing.T) {
	t.Parallel()
	for _, rewritten := range []bool{false, true} {
		file, _, want := everything(t, rewritten, true)
		written := len(bytes.TrimRight(file, "\x00"))
		for bit := range 8 * (written + 40) {
			flipped := bytes.Clone(file)
			flipped[bit/8] ^= 1 << (bit % 8)
			d := faulty.NewDisk()
			d.Put(name, flipped)
			j, err := openDisk(d, small)
			if err != nil {
				require.Equal(t, flipped, d.Bytes(name), "a refused file is not changed")
				continue
			}
			require.NotZero(t, j.Recovered(), "bit %d of byte %d was flipped, and nobody says so", bit%8, bit/8)
			got, err := contents(j)
			require.NoError(t, err)
			require.Equal(t, want, got, "bit %d of byte %d", bit%8, bit/8)
		}
	}
}

// Wherever the file is cut, what Open then takes is a beginning of what was there. The
// part that was written anew was durable as a whole, so no crash cuts it, and a cut in it
// is damage, unless nothing is left but the header.
func TestCutEverythingAtEveryByte(t *testing.T) {
	t.Parallel()
	for _, rewritten := range []bool{false, true} {
		file, anew, want := everything(t, rewritten, false)
		written := len(bytes.TrimRight(file, "\x00"))
		for cut := range written + 40 {
			for _, keep := range []bool{false, true} { // the space behind it
				d := faulty.NewDisk()
				if damaged := bytes.Clone(file); keep {
					clear(damaged[cut:])
					d.Put(name, damaged)
				} else {
					d.Put(name, damaged[:cut])
				}
				j, err := openDisk(d, small)
				if err != nil {
					require.ErrorIs(t, err, journal.ErrCorrupt, "%d", cut)
					require.True(t, cut < anew || keep && cut < journal.HeaderSize, "cut at %d: %v", cut, err)
					continue
				}
				got, err := contents(j)
				require.NoError(t, err)
				if cut >= written {
					require.Equal(t, want, got)
				}
				require.False(t, cut >= journal.HeaderSize && cut < anew, "cut at %d of %d that were durable at once", cut, anew)
				_, err = fed(j, "")
				require.NoError(t, err)
				require.NoError(t, j.Close())
				j, err = openDisk(d, small)
				require.NoError(t, err)
				again, err := contents(j)
				require.NoError(t, err)
				require.Equal(t, got, again)
			}
		}
	}
}

// What a crash has left beside a journal is removed and never taken for it; the name is
// nobody else's.
func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	file, _, want := everything(t, true, false)
	for _, left := range [][]byte{{}, []byte("sally"), make([]byte, 5000), file[:len(file)/3], file} {
		d := faulty.NewDisk()
		d.Put(name, file)
		d.Put(journal.Beside(name), left)
		j, err := openDisk(d, small)
		require.NoError(t, err)
		require.Equal(t, []string{name}, d.Names())
		got, err := contents(j)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.NoError(t, j.Rewrite(t.Context()))
		require.NoError(t, j.Close())
	}
	_, err := journal.Open(journal.Beside(t.TempDir()+"/j"), nil)
	require.ErrorContains(t, err, "written anew")
	d := faulty.NewDisk()
	broken := bytes.Clone(file)
	broken[100] ^= 1
	d.Put(name, broken)
	d.Put(journal.Beside(name), file)
	_, err = openDisk(d, small)
	require.ErrorIs(t, err, journal.ErrCorrupt)
	require.Len(t, d.Names(), 2, "a refused journal is left as it is, with what is beside it")
}

// The name is nobody's either where a link leads to it, or where it differs in case: the
// file would be removed with all that was acknowledged in it.
func TestNamesOfLeftoversAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	file, _, _ := everything(t, true, true)
	require.NoError(t, os.WriteFile(journal.Beside(path), file, 0o600))
	link := path + ".link"
	require.NoError(t, os.Symlink(journal.Beside(path), link))
	for _, refused := range []string{journal.Beside(path), link, path + strings.ToUpper(journal.Beside(""))} {
		_, err := journal.Open(refused, nil)
		require.ErrorContains(t, err, "written anew", refused)
		require.NotErrorIs(t, err, journal.ErrCorrupt)
	}
	require.NoError(t, os.Symlink(path, path+".good"))
	j, err := journal.Open(path+".good", nil)
	require.NoError(t, err)
	require.NoError(t, j.Close())
	require.NoFileExists(t, journal.Beside(path))
}

// Neither a clock that is out of its mind nor a file that says that nearly all tokens were
// given leads to a file that cannot be opened any more.
func TestNumbersStayReadable(t *testing.T) {
	t.Parallel()
	for _, sec := range []int64{1 << 41, -1 << 41, 1<<62 - 1, -1 << 62} {
		d := faulty.NewDisk()
		now := time.Unix(sec, 0)
		o := journal.Options{Preallocate: 4096, Now: func() time.Time { return now }}
		j, err := openDisk(d, o)
		require.NoError(t, err)
		_, err = j.Append(t.Context(), journal.Append{Stream: "s", Wake: time.Hour, Entries: []journal.Entry{{Kind: "k"}}})
		require.NoError(t, err)
		require.NoError(t, j.Rewrite(t.Context()))
		require.NoError(t, j.Close())
		j, err = openDisk(d, o)
		require.NoError(t, err, "%d", sec)
		require.NoError(t, j.Close())
	}
	tokens := binary.BigEndian.AppendUint64([]byte{3, 0, 0, 0, 8}, 1<<63-1)
	d := faulty.NewDisk()
	d.Put(name, journal.NewFile(1, append(journal.Item(chain("s", "1")[0]), tokens...)))
	for range 2 {
		j, err := openDisk(d, small)
		require.NoError(t, err)
		leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1})
		require.ErrorContains(t, err, "no tokens")
		require.Empty(t, leases)
		require.NoError(t, appendTo(j, "t", uint64(len(must(contents(j))["t"])), "it goes on"))
		require.NoError(t, j.Close())
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A compaction that cannot have been noted is refused, whatever its frame's sums say.
func TestWrongCompactionsAreRefused(t *testing.T) {
	t.Parallel()
	records := chain("s", "1", "2", "3")
	for what, c := range map[string]struct {
		head     journal.Head
		position uint64
		ok       bool
	}{
		"right":              {records[1].Head(), 2, true},
		"another hash":       {journal.Head{Stream: "s", Seq: 2, Hash: records[0].Hash}, 2, false},
		"everything":         {records[2].Head(), 3, false},
		"beyond the end":     {journal.Head{Stream: "s", Seq: 4, Hash: records[0].Hash}, 3, false},
		"another stream":     {journal.Head{Stream: "t", Seq: 1, Hash: records[0].Hash}, 1, false},
		"a position to come": {records[1].Head(), 4, false},
		"no position":        {records[1].Head(), 0, false},
		"no record":          {journal.Head{Stream: "s", Hash: records[0].Hash}, 1, false},
	} {
		var payload []byte
		for _, r := range records {
			payload = append(payload, journal.Item(r)...)
		}
		payload = append(payload, 4, 0, 0, 0, 49)
		payload = binary.BigEndian.AppendUint64(payload, c.position)
		payload = binary.BigEndian.AppendUint64(payload, c.head.Seq)
		payload = append(append(payload, c.head.Hash[:]...), c.head.Stream...)
		d := faulty.NewDisk()
		d.Put(name, journal.NewFile(1, payload))
		j, err := openDisk(d, small)
		if !c.ok {
			require.ErrorIs(t, err, journal.ErrCorrupt, what)
			continue
		}
		require.NoError(t, err, what)
		got, err := contents(j)
		require.NoError(t, err)
		require.Equal(t, map[string][]string{"s": {"3"}}, got)
	}
}
