package journal_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// A frame that is wiped, in part or whole, while others follow was durable:
// refused, however much it looks like a torn write.
func TestWipedFrameBeforeOthersIsRefused(t *testing.T) {
	t.Parallel()
	file, ends, _ := sample(t, false)
	for frame := range len(ends) - 2 {
		for n := 1; n <= ends[frame+1]-ends[frame]; n++ {
			wiped := bytes.Clone(file)
			clear(wiped[ends[frame] : ends[frame]+n])
			d := faulty.NewDisk()
			d.Put(name, wiped)
			_, err := openDisk(d, small)
			require.ErrorIs(t, err, journal.ErrCorrupt, "frame %d, %d bytes", frame, n)
			require.Equal(t, wiped, d.Bytes(name))
		}
	}
}

// Once opened again, even the last commit before a crash is known to have been
// durable: wiping it is damage.
func TestOpenSealsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	file, ends, _ := sample(t, false)
	d := faulty.NewDisk()
	d.Put(name, file)
	_, err := openDisk(d, small)
	require.NoError(t, err)
	d.Restart()
	b := d.Bytes(name)
	clear(b[ends[2]:ends[3]])
	d.Put(name, b)
	_, err = openDisk(d, small)
	require.ErrorIs(t, err, journal.ErrCorrupt)
}

// The journal's own frames, appended as data, are not frames either.
func TestOwnFramesAsDataAreNotFrames(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "first"))
	own := bytes.TrimRight(d.Bytes(name)[journal.HeaderSize:], "\x00")
	require.NoError(t, appendTo(j, "a", 1, string(own)))
	b := bytes.TrimRight(d.Bytes(name), "\x00")
	d.Restart()
	d.Put(name, b[:len(b)-1])
	j, err = openDisk(d, small)
	require.NoError(t, err)
	got, err := contents(j)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"a": {"first"}}, got)
}

// Sums protect against accidents, hashes against people: a frame that is right in
// every sum and holds a wrong record is refused.
func TestWrongRecordsInRightFrames(t *testing.T) {
	t.Parallel()
	good := chain("s", "1", "2")
	change := func(f func(*journal.Record)) journal.Record {
		r := good[1]
		f(&r)
		return r
	}
	for what, second := range map[string]journal.Record{
		"data": change(func(r *journal.Record) { r.Data = []byte("x") }),
		"time": change(func(r *journal.Record) { r.At = r.At.Add(time.Second) }),
		"hash": change(func(r *journal.Record) { r.Hash = release.Digest{1} }),
		"seq":  change(func(r *journal.Record) { r.Seq = 3 }),
		"of a different past": journal.Seal(journal.Head{Stream: "s", Seq: 1, Hash: release.Digest{9}},
			good[1].Entry),
	} {
		d := faulty.NewDisk()
		d.Put(name, journal.NewFile(1, append(journal.Item(good[0]), journal.Item(second)...)))
		_, err := openDisk(d, small)
		var corrupt *journal.CorruptError
		require.ErrorAs(t, err, &corrupt, what)
		require.Equal(t, uint64(2), corrupt.Seq)
	}
}

// A first Open whose sync failed leaves a header that only the cache holds. The
// next must write it again, or the power takes the whole journal later.
func TestHeaderIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for op := 1; ; op++ {
		d := faulty.NewDisk()
		d.Fail(faulty.Fault{Op: op, Mode: faulty.ModeBefore})
		_, err := openDisk(d, small)
		reached := d.Failed()
		require.Equal(t, reached, err != nil)
		d.Restart()
		j, err := openDisk(d, small)
		require.NoError(t, err)
		require.NoError(t, appendTo(j, "a", 0, "1"))
		d.PowerCut(newRand(uint64(op)))
		j, err = openDisk(d, small)
		require.NoError(t, err, "operation %d", op)
		got, err := contents(j)
		require.NoError(t, err)
		require.Equal(t, map[string][]string{"a": {"1"}}, got)
		if !reached {
			require.Greater(t, op, 4)
			return
		}
	}
}

// gate is a disk whose syncs wait to be let through.
type gate struct {
	journal.Disk
	arrived, pass chan struct{}
}

func (g gate) Sync() error {
	g.arrived <- struct{}{}
	<-g.pass
	return g.Disk.Sync()
}

// An append that waits when its context ends was not written; one that is being
// written for it by another goroutine is unknown, and may be there.
func TestCancelInTheQueueAndInFlight(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	g := gate{arrived: make(chan struct{}), pass: make(chan struct{})}
	opened := make(chan *journal.File)
	go func() {
		j, err := journal.OpenOn(func(path string) (journal.Disk, error) {
			f, err := onDisk(d)(path)
			g.Disk = f
			return g, err
		}, name, journal.Options{})
		if err != nil {
			panic(err)
		}
		opened <- j
	}()
	through := func() { <-g.arrived; g.pass <- struct{}{} }
	through()
	j := <-opened

	run := func(stream string) (cancel func(), result chan error) {
		ctx, cancel := context.WithCancel(context.Background())
		result = make(chan error, 1)
		go func() {
			_, err := j.Append(ctx, journal.Append{Stream: stream, Entries: []journal.Entry{{Kind: "k"}}})
			result <- err
		}()
		return cancel, result
	}
	queued := func(n int) {
		require.Eventually(t, func() bool { return j.Queued() == n }, 5*time.Second, time.Millisecond)
	}
	_, first := run("first")
	<-g.arrived // it reserves space
	cancelWaiting, waiting := run("waiting")
	queued(1)
	cancelWaiting()
	err := <-waiting
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, journal.ErrUnknown)

	_, second := run("second")
	queued(1)
	cancelFlight, flight := run("in flight")
	queued(2)
	g.pass <- struct{}{}
	through()
	require.NoError(t, <-first)
	<-g.arrived // second leads, and writes for the other too
	cancelFlight()
	err = <-flight
	require.ErrorIs(t, err, journal.ErrUnknown)
	require.ErrorIs(t, err, context.Canceled)
	g.pass <- struct{}{}
	require.NoError(t, <-second)

	var names []string
	for s, err := range j.Streams(t.Context()) {
		require.NoError(t, err)
		names = append(names, s)
	}
	require.Equal(t, "first,in flight,second", strings.Join(names, ","))
}

// Zeros that somebody appended are not sectors that were never written: where no
// sector is missing, one flipped bit in the last frame is damage. Torn anywhere, the
// same frame is removed.
func TestZerosAsDataDoNotHideDamage(t *testing.T) {
	t.Parallel()
	for _, size := range []int{300, 2000} {
		d := faulty.NewDisk()
		j, err := openDisk(d, journal.Options{Preallocate: 8192})
		require.NoError(t, err)
		require.NoError(t, appendTo(j, "a", 0, "first"))
		begin := len(bytes.TrimRight(d.Bytes(name), "\x00"))
		require.NoError(t, appendTo(j, "a", 1, strings.Repeat("\x00", size)))
		file := d.Bytes(name)
		end := len(bytes.TrimRight(file, "\x00"))
		for at := begin; at < end; at++ {
			flipped := bytes.Clone(file)
			flipped[at] ^= 1 << (at % 8)
			d.Restart()
			d.Put(name, flipped)
			_, err := openDisk(d, small)
			require.ErrorIs(t, err, journal.ErrCorrupt, "%d zeros, byte %d of the frame", size, at-begin)
		}
		// Any set of sectors can be missing from a write.
		sectors := (end-1)/journal.SectorSize - begin/journal.SectorSize + 1
		for missing := 1; missing < 1<<sectors; missing++ {
			torn := bytes.Clone(file)
			for s := range sectors {
				if missing&(1<<s) != 0 {
					from := (begin/journal.SectorSize + s) * journal.SectorSize
					clear(torn[max(from, begin):min(from+journal.SectorSize, end)])
				}
			}
			d.Restart()
			d.Put(name, torn)
			j, err := openDisk(d, small)
			require.NoError(t, err, "%d zeros, missing %b", size, missing)
			got, err := contents(j)
			require.NoError(t, err)
			require.Equal(t, "first", got["a"][0])
			if len(got["a"]) == 1 {
				require.NotEqual(t, file, torn)
				continue
			}
			require.Equal(t, file, torn, "only what was zero is missing")
		}
	}
}

// What no Append would have taken was appended by nobody.
func TestOversizedRecordsAreRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", journal.MaxText+1)
	for what, r := range map[string]journal.Record{
		"stream":  journal.Seal(journal.Head{Stream: long[:journal.MaxStream+1]}, journal.Entry{Kind: "k"}),
		"actor":   journal.Seal(journal.Head{Stream: "s"}, journal.Entry{Kind: "k", Actor: long}),
		"kind":    journal.Seal(journal.Head{Stream: "s"}, journal.Entry{Kind: long}),
		"reason":  journal.Seal(journal.Head{Stream: "s"}, journal.Entry{Kind: "k", Reason: long}),
		"data":    journal.Seal(journal.Head{Stream: "s"}, journal.Entry{Kind: "k", Data: make([]byte, journal.MaxData+1)}),
		"no kind": journal.Seal(journal.Head{Stream: "s"}, journal.Entry{}),
		"no name": journal.Seal(journal.Head{}, journal.Entry{Kind: "k"}),
	} {
		d := faulty.NewDisk()
		d.Put(name, journal.NewFile(1, journal.Item(r)))
		_, err := openDisk(d, small)
		require.ErrorIs(t, err, journal.ErrCorrupt, what)
	}
}

// Where a sector ends inside the frame's sum, it can be missing like any other.
func TestTornNearTheSum(t *testing.T) {
	t.Parallel()
	tried := 0
	for size := 1100; size < 1100+journal.SectorSize; size++ {
		d := faulty.NewDisk()
		j, err := openDisk(d, small)
		require.NoError(t, err)
		require.NoError(t, appendTo(j, "a", 0, "first"))
		begin := len(bytes.TrimRight(d.Bytes(name), "\x00"))
		require.NoError(t, appendTo(j, "a", 1, strings.Repeat("x", size)))
		file := d.Bytes(name)
		end := len(bytes.TrimRight(file, "\x00"))
		if end%journal.SectorSize > 7 {
			continue
		}
		tried++
		for from := 0; from < end; from += journal.SectorSize {
			torn := bytes.Clone(file)
			clear(torn[max(from, begin):min(from+journal.SectorSize, end)])
			d.Restart()
			d.Put(name, torn)
			j, err := openDisk(d, small)
			require.NoError(t, err, "%d bytes, the sector at %d is missing", size, from)
			got, err := contents(j)
			require.NoError(t, err)
			require.Equal(t, []string{"first"}, got["a"])
			require.NotZero(t, j.Recovered())
		}
	}
	require.Equal(t, 8, tried)
}

// What Open cut off is kept in the file, also when a mark was the last before it.
func TestCutIsNotedInTheFile(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		file, ends, _ := sample(t, closed)
		file = bytes.TrimRight(file, "\x00")
		require.Equal(t, closed, len(file) > ends[len(ends)-1])
		torn := append(file, 0xA7, 1, 2, 3)
		d := faulty.NewDisk()
		d.Put(name, torn)
		j, err := openDisk(d, small)
		require.NoError(t, err)
		require.Equal(t, int64(4), j.Recovered())
		b := bytes.TrimRight(d.Bytes(name), "\x00")
		note := []byte{1, 0, 0, 0, 0, 0, 0, 0, 4}
		require.Equal(t, note, b[len(b)-14:len(b)-5])
		require.NoError(t, j.Rewrite(t.Context()))
		require.Contains(t, string(d.Bytes(name)), string(note), "it is kept when the file is written anew")
	}
}
