package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// op is one call in a history: what was asked, what was answered, and when both
// were, on one clock for all.
type op struct {
	load       bool
	expect     uint64 // or after
	entries    []string
	result     []string // of a load
	err        error
	begin, end int64
}

// Many goroutines append to few streams, read them, and lose patience; the history
// of what they were told must be one of a journal that does one thing at a time.
func TestHistoryIsThatOfOneJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	f, err := journal.Open(path, &journal.Options{Preallocate: 1 << 16})
	require.NoError(t, err)
	histories := record(f)
	require.NoError(t, f.Close())
	f, err = journal.Open(path, nil)
	require.NoError(t, err)
	defer f.Close()
	final, err := contents(f)
	require.NoError(t, err)
	unknown, refused := 0, 0
	for stream, ops := range histories {
		require.NoError(t, linear(ops, final[stream]), stream)
		for _, o := range ops {
			if errors.Is(o.err, journal.ErrUnknown) {
				unknown++
			} else if errors.Is(o.err, context.DeadlineExceeded) {
				refused++
			}
		}
	}
	t.Logf("%d unknown, %d given up in the queue", unknown, refused)
}

// record runs 64 goroutines and returns what happened to each stream.
func record(j journal.Journal) map[string][]op {
	var clock atomic.Int64
	var mu sync.Mutex
	out := map[string][]op{}
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 5))
			seen := map[string]uint64{}
			for n := range 60 {
				stream := fmt.Sprint("stream ", r.IntN(12))
				o := op{load: n%2 == 0, expect: seen[stream]}
				ctx, cancel := context.Background(), func() {}
				if r.IntN(2) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Microsecond)
				}
				o.begin = clock.Add(1)
				if o.load {
					for r, err := range j.Load(context.Background(), stream, o.expect) {
						if o.err = err; err != nil {
							break
						}
						o.result = append(o.result, string(r.Data))
						seen[stream] = r.Seq
					}
				} else {
					if r.IntN(10) == 0 {
						o.expect += uint64(r.IntN(3))
					}
					for part := range 1 + r.IntN(3) {
						o.entries = append(o.entries, fmt.Sprint(w, "/", n, "#", part))
					}
					a := journal.Append{Stream: stream, Expect: o.expect}
					for _, e := range o.entries {
						a.Entries = append(a.Entries, journal.Entry{Kind: "k", Data: []byte(e)})
					}
					var got []journal.Record
					if got, o.err = j.Append(ctx, a); o.err == nil {
						seen[stream] = got[len(got)-1].Seq
					}
				}
				o.end = clock.Add(1)
				cancel()
				mu.Lock()
				out[stream] = append(out[stream], o)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}

// linear reports whether ops, of one stream, can have happened one after the other,
// each between its begin and its end, and have left final. It knows nothing of how
// a journal works: the place of an append is where final has its entries.
func linear(ops []op, final []string) error {
	// begun[i] and ended[i] are between when record i got there.
	begun, ended := make([]int64, len(final)), make([]int64, len(final))
	place := map[string]int{}
	for i, e := range final {
		if _, twice := place[e]; twice {
			return fmt.Errorf("%s is there twice", e)
		}
		place[e] = i
	}
	const never = int64(1) << 62
	known := 0
	for _, o := range ops {
		if o.load {
			continue
		}
		at, there := place[o.entries[0]]
		for i, e := range o.entries {
			if p, ok := place[e]; ok != there || ok && p != at+i {
				return fmt.Errorf("%v is there in part", o.entries)
			}
		}
		switch {
		case there && uint64(at) != o.expect:
			return fmt.Errorf("%v expected %d and is at %d", o.entries, o.expect, at)
		case there && o.err != nil && !errors.Is(o.err, journal.ErrUnknown):
			return fmt.Errorf("%v is there, and its caller was told %v", o.entries, o.err)
		case !there && o.err == nil:
			return fmt.Errorf("%v was acknowledged and is not there", o.entries)
		case there:
			known += len(o.entries)
			for i := range o.entries {
				begun[at+i], ended[at+i] = o.begin, o.end
				if o.err != nil {
					ended[at+i] = never
				}
			}
		}
	}
	if known != len(final) {
		return fmt.Errorf("%d of %d records are nobody's", len(final)-known, len(final))
	}
	// Records come in order, so each was there by the time that a later one was.
	for i := len(final) - 2; i >= 0; i-- {
		ended[i] = min(ended[i], ended[i+1])
	}
	for i := 1; i < len(final); i++ {
		begun[i] = max(begun[i], begun[i-1])
		if begun[i] > ended[i] {
			return fmt.Errorf("record %d was acknowledged before one ahead of it was asked for", i+1)
		}
	}
	for _, o := range ops {
		if err := possible(o, final, begun, ended); err != nil {
			return err
		}
	}
	return nil
}

// possible checks what one call was told about the version of the stream: record i
// surely was there from ended[i] on, and surely not before begun[i].
func possible(o op, final []string, begun, ended []int64) error {
	n := uint64(len(final))
	switch {
	case o.load && o.err != nil:
		return o.err
	case o.load:
		to := o.expect + uint64(len(o.result))
		for i, e := range o.result {
			if at := o.expect + uint64(i); at >= n || final[at] != e {
				return fmt.Errorf("a load after %d saw %s at %d", o.expect, e, at)
			}
		}
		if to < n && ended[to] < o.begin {
			return fmt.Errorf("a load missed record %d, which had been acknowledged", to+1)
		}
		if len(o.result) > 0 && begun[to-1] > o.end {
			return fmt.Errorf("a load saw record %d before it was asked for", to)
		}
	case errors.Is(o.err, journal.ErrConflict):
		tooLow := o.expect > n || o.expect > 0 && ended[o.expect-1] > o.begin
		tooHigh := o.expect < n && begun[o.expect] < o.end
		if !tooLow && !tooHigh {
			return fmt.Errorf("%v was a conflict at %d, where the stream was all the time", o.entries, o.expect)
		}
	case o.err != nil && !errors.Is(o.err, context.DeadlineExceeded):
		return o.err
	}
	return nil
}
