package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// result is what a process did and saw.
type result struct {
	Acked  map[string][]uint64 // the versions of each stream that it was acknowledged
	Feed   []string            // the records that it read from the feed as it grew, in order
	Leases []string            // each lease that it was given, as stream and token
}

// workChild appends to streams that it shares with others, claims, and follows the feed,
// all at once, until it has appended so many.
func workChild(args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	j, err := sqlite.Open(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer j.Close()
	res := result{Acked: map[string][]uint64{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := make([]error, 6)
	done := make(chan struct{})
	for w := range 4 {
		wg.Go(func() {
			errs[w] = func() error {
				for i := 0; i < n/4; {
					stream := fmt.Sprint("shared ", rand.IntN(5))
					expect := uint64(0)
					for r, err := range j.Load(ctx, stream, 0) {
						if err != nil {
							return err
						}
						expect = r.Seq
					}
					got, err := j.Append(ctx, journal.Append{Stream: stream, Expect: expect, Entries: entries(fmt.Sprint(os.Getpid(), w, i), 1+i%3)})
					if errors.Is(err, journal.ErrConflict) {
						continue
					}
					if err != nil {
						return err
					}
					mu.Lock()
					for _, r := range got {
						res.Acked[stream] = append(res.Acked[stream], r.Seq)
					}
					mu.Unlock()
					i++
				}
				return nil
			}()
		})
	}
	var readers sync.WaitGroup
	readers.Go(func() {
		cursor := journal.Cursor("")
		errs[4] = func() error {
			for last := false; ; {
				for r, err := range j.Feed(ctx, cursor) {
					if err != nil {
						return err
					}
					cursor = r.Cursor
					res.Feed = append(res.Feed, fmt.Sprint(r.Stream, " ", r.Seq))
				}
				if last {
					return nil
				}
				select {
				case <-done:
					last = true
				case <-time.After(time.Millisecond):
				}
			}
		}()
	})
	readers.Go(func() {
		errs[5] = func() error {
			for {
				leases, err := j.Claim(ctx, journal.Claim{Worker: fmt.Sprint(os.Getpid()), TTL: 5 * time.Millisecond, Max: 2})
				if err != nil {
					return err
				}
				for _, l := range leases {
					res.Leases = append(res.Leases, fmt.Sprint(l.Stream, " ", l.Token))
				}
				select {
				case <-done:
					return nil
				case <-time.After(time.Millisecond):
				}
			}
		}()
	})
	wg.Wait()
	close(done)
	readers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

// Processes share a journal: no append is lost and no version is given twice, each
// lease is given once, and whoever follows the feed meets each record once, in order.
func TestProcesses(t *testing.T) {
	t.Parallel()
	rounds, each := 1, 24
	if *long {
		rounds, each = 10, 100
	}
	for range rounds {
		t.Run("4", func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "j.db") // they make it, all at once
			out := make([]string, 4)
			var wg sync.WaitGroup
			for i := range out {
				wg.Go(func() { out[i] = child(t, "work", path, strconv.Itoa(each)) })
			}
			wg.Wait()
			j := open(t, path)
			order := []string{}
			for _, r := range feed(t, j, "") {
				order = append(order, fmt.Sprint(r.Stream, " ", r.Seq))
			}
			owner, given, total := map[string]int{}, map[string]bool{}, 0
			for i, text := range out {
				var res result
				require.NoError(t, json.Unmarshal([]byte(text), &res))
				for stream, seqs := range res.Acked {
					for _, seq := range seqs {
						key := fmt.Sprint(stream, " ", seq)
						before, taken := owner[key]
						require.False(t, taken, "%s was given to %d and to %d", key, before, i)
						owner[key] = i
						total++
					}
				}
				require.NotEmpty(t, res.Feed)
				require.Equal(t, order[:len(res.Feed)], res.Feed, "process %d followed the feed", i)
				for _, l := range res.Leases {
					require.False(t, given[l], "the lease %s was given twice", l)
					given[l] = true
				}
			}
			require.Len(t, order, total)
			require.NotEmpty(t, given)
			kept := 0
			for stream, err := range j.Streams(t.Context()) {
				require.NoError(t, err)
				kept += int(length(t, j, stream))
			}
			require.Equal(t, total, kept)
		})
	}
}

// The lock of a process that is writing is waited for, as long as the context says, and
// nothing of what waited is written then or later.
func TestAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	add(t, j, "s", 0, 1)
	other, err := raw(t, path).Conn(t.Context())
	require.NoError(t, err)
	begin := func() {
		_, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		require.NoError(t, err)
	}
	end := func() {
		_, err := other.ExecContext(t.Context(), "ROLLBACK")
		require.NoError(t, err)
	}
	begin()
	var wg sync.WaitGroup
	for i := range 8 { // one leads, and the others wait for it
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+10*(i%3))*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := j.Append(ctx, journal.Append{Stream: "s", Expect: 1, Entries: entries("late", 1)})
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, journal.ErrUnknown) || time.Since(start) > 5*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = j.Claim(ctx, journal.Claim{TTL: time.Second, Max: 1})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualValues(t, 1, length(t, j, "s"), "readers wait for nobody")

	// One that has more patience than its leader goes on without it.
	short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	leads := make(chan struct{})
	wg.Go(func() {
		close(leads)
		_, err := j.Append(short, journal.Append{Stream: "leads", Entries: entries("x", 1)})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the leader: %v", err)
		}
	})
	<-leads
	time.Sleep(5 * time.Millisecond)
	wg.Go(func() {
		if _, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("2", 1)}); err != nil {
			t.Errorf("the patient one: %v", err)
		}
	})
	time.Sleep(60 * time.Millisecond)
	end()
	wg.Wait()
	require.EqualValues(t, 2, length(t, j, "s"))
	require.Zero(t, length(t, j, "leads"))

	// Patience ends also without a deadline.
	impatient, err := sqlite.Open(t.Context(), path, &sqlite.Options{BusyTimeout: 20 * time.Millisecond})
	require.NoError(t, err)
	defer impatient.Close()
	begin()
	_, err = impatient.Append(t.Context(), journal.Append{Stream: "s", Expect: 2, Entries: entries("3", 1)})
	require.ErrorContains(t, err, "nothing was appended")
	require.ErrorContains(t, err, "locked")
	require.NotErrorIs(t, err, journal.ErrUnknown)
	end()
	add(t, impatient, "s", 2, 1)
	require.EqualValues(t, 3, length(t, j, "s"))
}

// An append whose context ends at any moment says what became of it.
func TestContextEndsAtAnyMoment(t *testing.T) {
	t.Parallel()
	j := open(t, filepath.Join(t.TempDir(), "j.db"))
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			stream, n, unknown := fmt.Sprint(w), uint64(0), 0
			for i := range 60 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(1500))*time.Microsecond)
				got, err := j.Append(ctx, journal.Append{Stream: stream, Expect: n, Entries: entries(fmt.Sprint(i), 2)})
				cancel()
				switch {
				case err == nil:
					n = got[1].Seq
				case errors.Is(err, journal.ErrUnknown):
					unknown++
					// It is still under way, or it is over: an append behind it is decided after it.
					_, _ = j.Append(context.WithoutCancel(ctx), journal.Append{Stream: "behind " + stream, Expect: 1 << 40, Entries: entries("x", 1)})
					head, err := journal.Verify(journal.Head{Stream: stream}, j.Load(context.WithoutCancel(ctx), stream, 0))
					if err != nil || head.Seq != n && head.Seq != n+2 {
						t.Errorf("after an unknown outcome at %d: %d, %v", n, head.Seq, err)
						return
					}
					n = head.Seq
				case !errors.Is(err, context.DeadlineExceeded):
					t.Error(err)
					return
				}
			}
			head, err := journal.Verify(journal.Head{Stream: stream}, j.Load(context.WithoutCancel(t.Context()), stream, 0))
			if err != nil || head.Seq != n {
				t.Errorf("%d records, want %d (%d were unknown): %v", head.Seq, n, unknown, err)
			}
		})
	}
	wg.Wait()
}
