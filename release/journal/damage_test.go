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
			f, err := d.Open(path)
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
