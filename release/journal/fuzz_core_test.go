package journal_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// FuzzDecode gives Decode any bytes: what it takes is what AppendBinary makes of a record
// that follows, and what it refuses is a CorruptError that names the place. And what
// AppendBinary makes of any entry comes back, but not with a byte changed, missing or
// added.
func FuzzDecode(f *testing.F) {
	records := chain("s", "1", "2", "3")
	for _, r := range records {
		b, err := r.AppendBinary(nil)
		require.NoError(f, err)
		f.Add("s", r.Seq-1, r.Prev[:], b, uint(7), byte(1))
	}
	f.Add("s", uint64(0), []byte{}, []byte{}, uint(0), byte(0))
	f.Add("\xff", uint64(math.MaxUint64-1), []byte{1}, []byte("kind"), uint(60), byte(0x80))
	f.Fuzz(func(t *testing.T, stream string, seq uint64, hash, b []byte, at uint, flip byte) {
		head := journal.Head{Stream: stream, Seq: seq}
		copy(head.Hash[:], hash)
		decode := func(b []byte) (journal.Record, bool) {
			kept := bytes.Clone(b)
			r, err := head.Decode(b)
			require.Equal(t, kept, bytes.Clone(b), "it changes nothing")
			if err != nil {
				var corrupt *journal.CorruptError
				require.ErrorAs(t, err, &corrupt)
				require.Equal(t, journal.Head{Stream: stream, Seq: seq + 1}, journal.Head{Stream: corrupt.Stream, Seq: corrupt.Seq})
				require.Zero(t, r)
				return r, false
			}
			again, err := r.AppendBinary(nil)
			require.NoError(t, err)
			require.True(t, bytes.Equal(again, b), "one record, one encoding")
			require.NoError(t, head.Check(r))
			clear(b)
			after, err := r.AppendBinary(nil)
			require.NoError(t, err)
			require.Equal(t, again, after, "it shares nothing with what it was read from")
			return r, true
		}
		decode(bytes.Clone(b))

		// The bytes as an entry.
		third := len(b) / 3
		e := journal.Entry{
			At: time.Unix(int64(seq>>2), int64(at%1e9)), Actor: string(b[:third]), Kind: "k" + string(b[third:2*third]), Reason: stream, Data: b[2*third:],
		}
		want := journal.Seal(head, e)
		if len(want.Actor) > journal.MaxText || len(want.Kind) > journal.MaxText || len(stream) > journal.MaxText || len(stream) == 0 || len(stream) > journal.MaxStream || want.Seq == 0 {
			return
		}
		good, err := want.AppendBinary([]byte("before"))
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(good, []byte("before")))
		good = good[len("before"):]
		got, ok := decode(bytes.Clone(good))
		require.True(t, ok)
		require.Equal(t, want.Head(), got.Head())
		i := int(at % uint(len(good)))
		if flip != 0 {
			bad := bytes.Clone(good)
			bad[i] ^= flip
			_, ok = decode(bad)
			require.False(t, ok, "byte %d changed", i)
		}
		_, ok = decode(bytes.Clone(good[:i]))
		require.False(t, ok, "cut off at %d", i)
		_, ok = decode(append(bytes.Clone(good), flip))
		require.False(t, ok, "a byte more")
		other := head
		other.Hash[at%32] ^= 1
		_, err = other.Decode(good)
		require.ErrorIs(t, err, journal.ErrCorrupt, "after another record")
	})
}

// FuzzCursor gives Position any text: what it takes is what NewCursor makes, and nothing
// else is ErrCursor.
func FuzzCursor(f *testing.F) {
	f.Add("", uint64(1), []byte{})
	f.Add("1-0102030405060708", uint64(math.MaxUint64), []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add("01-0102030405060708", uint64(1), []byte("x"))
	f.Add("1-010203040506070A", uint64(1), []byte("x"))
	f.Add("1-zzzzzzzzzzzzzzzz", uint64(1), []byte("x"))
	f.Add("+1-0102030405060708", uint64(1<<63), []byte("x"))
	f.Add("18446744073709551616-0102030405060708", uint64(1), []byte("x"))
	f.Add("0-0102030405060708", uint64(1), []byte("x"))
	f.Fuzz(func(t *testing.T, text string, position uint64, b []byte) {
		hash := release.Digest{}
		copy(hash[:], b)
		got, err := journal.Cursor(text).Position()
		switch {
		case err != nil:
			require.ErrorIs(t, err, journal.ErrCursor)
			require.Zero(t, got)
			require.LessOrEqual(t, len(err.Error()), 600)
		case text == "":
			require.Zero(t, got)
		default:
			require.NotZero(t, got)
			part, err := hex.DecodeString(text[len(text)-16:])
			require.NoError(t, err)
			made := release.Digest{}
			copy(made[:], part)
			require.Equal(t, journal.NewCursor(got, made), journal.Cursor(text))
		}
		if position == 0 {
			return
		}
		c := journal.NewCursor(position, hash)
		got, err = c.Position()
		require.NoError(t, err)
		require.Equal(t, position, got)
		require.True(t, c.Of(hash))
		other := hash
		other[len(b)%8]++
		require.False(t, c.Of(other))
		require.NotEqual(t, c, journal.NewCursor(position, other))
		for i := range len(c) { // no other text is the same cursor
			bad := []byte(c)
			bad[i] ^= 0x20
			if n, err := journal.Cursor(bad).Position(); err == nil {
				require.False(t, n == position && journal.Cursor(bad).Of(hash))
			}
		}
	})
}

// Sizes that a record cannot have are refused before anything of that size is made.
func TestDecodeBelievesNoLengths(t *testing.T) {
	t.Parallel()
	good, err := chain("s", "data")[0].AppendBinary(nil)
	require.NoError(t, err)
	head := journal.Head{Stream: "s"}
	_, err = head.Decode(good)
	require.NoError(t, err)
	for i := 32; i+4 <= len(good); i++ {
		for _, n := range [][]byte{{0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {0, 1, 0, 1}} {
			bad := slices.Clone(good)
			copy(bad[i:], n)
			if bytes.Equal(bad, good) {
				continue
			}
			_, err := head.Decode(bad)
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
		}
	}
}
