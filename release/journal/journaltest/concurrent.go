package journaltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

const workers = 16

// together runs f in several goroutines that begin at once, and returns their
// errors: a goroutine must not end the test itself.
func together(f func(worker int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, workers)
	start := make(chan struct{})
	for w := range workers {
		wg.Go(func() {
			<-start
			errs[w] = f(w)
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}

func testOneWinner(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	for round := range s.rounds {
		var mu sync.Mutex
		var won []string
		err := together(func(w int) error {
			who := fmt.Sprint(round, "/", w)
			_, err := both[w%2].Append(t.Context(), journal.Append{Stream: "s", Expect: uint64(round), Entries: entries(who)})
			if errors.Is(err, journal.ErrConflict) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			won = append(won, who)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(won) != 1 {
			t.Fatalf("version %d had %d winners: %q", round, len(won), won)
		}
		equal(t, "the record of the winner", won, texts(load(t, j, "s", uint64(round))))
	}
	verify(t, j, "s")
}

// testConcurrent is linearizability in the small: every acknowledged append took
// a version for itself, and the stream consists of just these.
func testConcurrent(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	var mu sync.Mutex
	acked := map[string]map[uint64]string{"a": {}, "b": {}, "c": {}}
	err := together(func(w int) error {
		j := both[w%2]
		stream := []string{"a", "b", "c"}[w%3]
		expect := uint64(0)
		for n := 0; n < s.rounds; {
			who := fmt.Sprint(w, "/", n)
			got, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: expect, Entries: entries(who)})
			if errors.Is(err, journal.ErrConflict) {
				before := expect
				for r, err := range j.Load(t.Context(), stream, expect) {
					if err != nil {
						return err
					}
					expect = r.Seq
				}
				if expect == before {
					// The other append is decided and must be there: a conflict says that
					// the stream is at another version.
					return fmt.Errorf("%q: a conflict at %d, and nothing after it", stream, expect)
				}
				continue
			}
			if err != nil {
				return err
			}
			mu.Lock()
			old, taken := acked[stream][expect]
			acked[stream][expect] = who
			mu.Unlock()
			if taken {
				return fmt.Errorf("%q: version %d was given to %s and to %s", stream, expect, old, who)
			}
			expect = got[0].Seq
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for stream, winners := range acked {
		records := verify(t, j, stream)
		if len(records) != len(winners) {
			t.Fatalf("%q has %d records, and %d appends were acknowledged", stream, len(records), len(winners))
		}
		for i, r := range records {
			if string(r.Data) != winners[uint64(i)] {
				t.Fatalf("%q: record %d is of %s, and was acknowledged to %s", stream, i+1, r.Data, winners[uint64(i)])
			}
		}
	}
}

// testBatch lets batches race for versions while readers look: nobody may ever
// see a part of a batch, or two batches mixed.
func testBatch(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	const size = 3
	look := func(j journal.Journal, after uint64) (uint64, error) {
		n, last := after, ""
		for r, err := range j.Load(t.Context(), "s", after) {
			if err != nil {
				return 0, err
			}
			who, part, _ := strings.Cut(string(r.Data), "#")
			if part != fmt.Sprint(n%size) || n%size > 0 && who != last {
				return 0, fmt.Errorf("record %d is %q after one of %q: a batch was split", r.Seq, r.Data, last)
			}
			n, last = r.Seq, who
		}
		if n%size != 0 {
			return 0, fmt.Errorf("a reader saw %d records, which is not a multiple of the batch of %d", n, size)
		}
		return n, nil
	}
	err := together(func(w int) (err error) {
		n := uint64(0)
		for done := 0; done < s.rounds/4+1; {
			if n, err = look(both[w%2], n); err != nil {
				return err
			}
			var es []journal.Entry
			for part := range size {
				es = append(es, entry(fmt.Sprintf("%d/%d#%d", w, done, part)))
			}
			_, err = both[(w/2)%2].Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: es})
			switch {
			case err == nil:
				done++
			case !errors.Is(err, journal.ErrConflict):
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := look(j, 0); err != nil {
		t.Fatal(err)
	}
	if n := len(verify(t, j, "s")); n != workers*(s.rounds/4+1)*size {
		t.Fatalf("%d records, want %d", n, workers*(s.rounds/4+1)*size)
	}
}

// testReaders reads while one writer appends: each reader sees a verified beginning
// of the stream, at least as long as what was acknowledged before it began.
func testReaders(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	var mu sync.Mutex
	acked, done := uint64(0), false
	state := func() (uint64, bool) {
		mu.Lock()
		defer mu.Unlock()
		return acked, done
	}
	err := together(func(w int) error {
		j := both[w%2]
		if w == 0 {
			defer func() { mu.Lock(); done = true; mu.Unlock() }()
			for i := range uint64(10 * s.rounds) {
				if _, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: i, Entries: entries(fmt.Sprint(i))}); err != nil {
					return err
				}
				mu.Lock()
				acked = i + 1
				mu.Unlock()
			}
			return nil
		}
		head := journal.Head{Stream: "s"}
		for ; ; time.Sleep(time.Duration(w) * time.Millisecond / 4) {
			if w%4 == 0 { // from the beginning, and not from where it was
				head = journal.Head{Stream: "s"}
			}
			least, last := state()
			var err error
			head, err = journal.Verify(head, j.Load(t.Context(), "s", head.Seq))
			if err != nil {
				return err
			}
			if head.Seq < least {
				return fmt.Errorf("a reader saw %d records after %d were acknowledged", head.Seq, least)
			}
			if last {
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testCloseBeside closes while appends run: each is acknowledged and there, or
// refused and not there, or unknown.
func testCloseBeside(t testing.TB, s *suite) {
	for range s.rounds / 4 {
		j := s.start(t)
		var mu sync.Mutex
		acked := map[string]uint64{}
		err := together(func(w int) error {
			name := fmt.Sprint("stream ", w)
			for i := range uint64(50) {
				if w == 0 && i == 5 {
					return j.Close()
				}
				_, err := j.Append(context.WithoutCancel(t.Context()), journal.Append{Stream: name, Expect: i, Entries: entries(fmt.Sprint(i))})
				switch {
				case err == nil:
					mu.Lock()
					acked[name] = i + 1
					mu.Unlock()
				case errors.Is(err, journal.ErrClosed), errors.Is(err, journal.ErrUnknown):
					return nil
				default:
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		j = s.again(t, j)
		for name, n := range acked {
			if got := uint64(len(verify(t, j, name))); got < n || got > n+1 {
				t.Fatalf("%q has %d records after %d were acknowledged", name, got, n)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testEnding appends with contexts that end while it does: what was acknowledged is
// there, what was refused is not, and of what is not known the error says so.
func testEnding(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	var acked [workers][]string
	var unknown [workers]string
	err := together(func(w int) error {
		for n := range 2 * s.rounds {
			who, expect := fmt.Sprint(w, "/", n), uint64(len(acked[w]))
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%10)*200*time.Microsecond)
			_, err := both[w%2].Append(ctx, journal.Append{Stream: fmt.Sprint("s", w), Expect: expect, Entries: entries(who)})
			ended := ctx.Err()
			cancel()
			switch {
			case err == nil:
				acked[w] = append(acked[w], who)
			case errors.Is(err, journal.ErrUnknown):
				unknown[w] = who // which may come yet, so nobody goes on here
				return nil
			case ended == nil || !errors.Is(err, ended):
				return fmt.Errorf("append at %d, after others of which the last was acknowledged or did not happen: %w", expect, err)
			}
		}
		return nil
	})
	ok(t, "append with contexts that end", err)
	for w, want := range acked {
		got := texts(verify(t, j, fmt.Sprint("s", w)))
		if len(got) == len(want)+1 && unknown[w] != "" {
			want = append(want, unknown[w])
		}
		equal(t, "what was acknowledged, and perhaps what is not known", want, got)
	}
}

// testBets has appends under way at once of which each expects that the one before
// succeeds, as far as it comes: what the last of them says of the wake counts, also if
// the store has written many in one go.
func testBets(t testing.TB, s *suite) {
	j := s.start(t)
	for round, last := range []time.Duration{journal.Never, 0, journal.Never, 0} {
		stream := fmt.Sprint("s", round)
		other := journal.Never - last // the other of the two
		err := together(func(w int) error {
			a := journal.Append{Stream: stream, Expect: uint64(w), Wake: other, Entries: entries(fmt.Sprint(w))}
			if w == workers-1 {
				a.Wake = last
			}
			for {
				_, err := j.Append(t.Context(), a)
				if !errors.Is(err, journal.ErrConflict) {
					return err
				}
				for _, err := range j.Load(t.Context(), stream, a.Expect) {
					if err == nil {
						err = fmt.Errorf("a record follows version %d, at which nobody else appends", a.Expect)
					}
					return err
				}
				time.Sleep(time.Millisecond / 4)
			}
		})
		ok(t, "append", err)
		for w, r := range verify(t, j, stream) {
			equal(t, "a record", []string{fmt.Sprint(w)}, texts([]journal.Record{r}))
		}
		dueOrNot(t, "after appends that bet on each other", j, stream, last == 0)
		complete(t, "the feed", j)
	}
}
