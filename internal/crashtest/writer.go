//go:build unix

package crashtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Open opens the journal at a place, in whichever process: a path, or the address of a
// server.
type Open func(place string) (journal.Journal, error)

// writerEnv holds the [job] of a writer.
const writerEnv = "SALLYPORT_CRASH_WRITER"

// How a writer works.
const (
	ownStreams    = 8 // that nobody else appends to
	sharedStreams = 4 // that all writers append to
	leasedStreams = 4 // that whoever has the lease appends to
	leaseTTL      = 30 * time.Millisecond
	leasedPrefix  = "leased/"
	compactEvery  = 20 // appends to one stream
	maxLife       = 5 * time.Minute
)

// job is what a writer is told.
type job struct {
	Place string
	// Slot is the name of what this writer's streams have in common; ID is different for
	// each process.
	Slot, ID string
	// MayFail says that the server is killed or others are stopped while they hold what
	// this one needs, so that any call may fail.
	MayFail bool
	Compact bool
	// Hold makes it hold one stream, in place of everything else.
	Hold bool
}

// writer is the process that is killed.
type writer struct {
	job
	journal journal.Journal
	count   atomic.Uint64
}

// Writer is the body of a test function that is no test but the process that [Run]
// kills: it appends to 16 streams at once until it dies, or the test that started it
// does.
func Writer(t *testing.T, open Open) {
	text := os.Getenv(writerEnv)
	if text == "" {
		t.Skip("it runs only as a process that another test kills")
	}
	w := new(writer)
	if err := json.Unmarshal([]byte(text), &w.job); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	defer time.AfterFunc(maxLife, func() { os.Exit(3) }).Stop()
	go func() {
		io.Copy(io.Discard, os.Stdin) // ends when the test dies
		os.Exit(3)
	}()
	if err := w.open(ctx, open); err != nil {
		broken(err)
		return
	}
	if w.Hold {
		w.keep(ctx)
		return
	}
	var wg sync.WaitGroup
	for s := range ownStreams {
		wg.Go(func() { w.drive(ctx, fmt.Sprintf("%s/%d", w.Slot, s)) })
	}
	for s := range sharedStreams {
		wg.Go(func() { w.drive(ctx, fmt.Sprintf("shared/%d", s)) })
	}
	for s := range leasedStreams {
		wg.Go(func() { w.work(ctx, fmt.Sprintf("%s%d", leasedPrefix, s)) })
	}
	wg.Wait()
}

func (w *writer) open(ctx context.Context, open Open) error {
	for {
		j, err := open(w.Place)
		if err == nil {
			w.journal = j
			return nil
		}
		if !w.MayFail {
			return fmt.Errorf("open: %w", err)
		}
		pause()
	}
}

// drive appends to a stream for ever.
func (w *writer) drive(ctx context.Context, stream string) {
	head, ok := w.head(ctx, stream)
	for n := 1; ok; n++ {
		wake := []time.Duration{0, journal.Never, time.Hour}[rand.IntN(3)]
		before := head
		head, ok = w.append(ctx, head, 0, wake)
		if ok && w.Compact && n%compactEvery == 0 && before.Seq > 0 && head.Seq > before.Seq {
			ok = w.compact(ctx, before)
		}
	}
}

// compact forgets all of a stream but what is behind base.
func (w *writer) compact(ctx context.Context, base journal.Head) bool {
	say(Notice{Kind: Compacting, Head: base})
	return w.tolerates(w.journal.Compact(ctx, base), "compact")
}

// work claims streams and appends to them under the lease, for ever. It makes the
// stream if it is not there.
func (w *writer) work(ctx context.Context, stream string) {
	head, ok := w.head(ctx, stream)
	if ok && head.Seq == 0 {
		_, ok = w.append(ctx, head, 0, 0)
	}
	for ok {
		leases, err := w.journal.Claim(ctx, journal.Claim{Worker: w.ID, Prefix: leasedPrefix, TTL: leaseTTL, Max: 1 + rand.IntN(2)})
		if ok = w.tolerates(err, "claim"); !ok {
			return
		}
		if len(leases) == 0 {
			pause()
		}
		for _, l := range leases {
			say(Notice{Kind: Claimed, Head: journal.Head{Stream: l.Stream}, Token: l.Token})
			ok = ok && w.hold(ctx, l)
		}
	}
}

// hold appends twice under a lease and gives it back, or lets it end.
func (w *writer) hold(ctx context.Context, l journal.Lease) bool {
	head, ok := w.head(ctx, l.Stream)
	if !ok || head.Seq != l.Seq {
		return ok // others have appended since
	}
	wake := time.Duration(rand.IntN(2)) * time.Millisecond
	after, ok := w.append(ctx, head, l.Token, wake)
	if !ok || after.Seq == head.Seq || after.Seq-head.Seq > 2 {
		return ok
	}
	if err := w.journal.Renew(ctx, l, leaseTTL); err != nil {
		return w.tolerates(err, "renew")
	}
	if after, ok = w.append(ctx, after, l.Token, wake); !ok || rand.IntN(2) == 0 {
		return ok
	}
	return w.tolerates(w.journal.Release(ctx, l, 0), "release")
}

// append appends once, and returns where the stream then stands. After an error it
// looks whether the append is there, and does it again with the same version and the
// same name if it is not: so it is there once, or others have overtaken it.
func (w *writer) append(ctx context.Context, head journal.Head, token uint64, wake time.Duration) (journal.Head, bool) {
	made := work{ID: fmt.Sprintf("%s.%d", w.ID, w.count.Add(1)), Parts: 1 + rand.IntN(2), Token: token, Wake: wake}
	size := rand.IntN(5000)
	if rand.IntN(50) == 0 {
		size = 100_000
	}
	a := journal.Append{Stream: head.Stream, Expect: head.Seq, Token: token, Wake: wake, Entries: made.entries(size)}
	unsure, unknown := false, false
	for {
		records, err := w.journal.Append(ctx, a)
		if err == nil {
			return w.acknowledged(head, a, records)
		}
		refused := errors.Is(err, journal.ErrConflict) || errors.Is(err, journal.ErrFenced)
		if errors.Is(err, journal.ErrFenced) {
			say(Notice{Kind: Fenced, Head: head, Token: token})
		}
		if !refused && !w.tolerates(err, "append") {
			return head, false
		}
		unsure, unknown = unsure || !refused, unknown || errors.Is(err, journal.ErrUnknown)
		now, own, ok := w.find(ctx, head, made)
		switch {
		case !ok:
			return head, false
		case own.Seq > 0 && !unsure:
			broken(fmt.Errorf("append %s was refused with %v and is there", made.ID, err))
			return head, false
		case own.Seq > 0 && !unknown:
			broken(fmt.Errorf("append %s did not say that its outcome is unknown, and is there", made.ID))
			return head, false
		case own.Seq > 0:
			say(Notice{Kind: Acked, Head: own, Token: token}) // it was read: so it stays
			return now, true
		case refused:
			return now, true
		}
		pause()
	}
}

// acknowledged checks what an append returned and says it.
func (w *writer) acknowledged(head journal.Head, a journal.Append, records []journal.Record) (journal.Head, bool) {
	if len(records) != len(a.Entries) {
		broken(fmt.Errorf("an append of %d entries returned %d records", len(a.Entries), len(records)))
		return head, false
	}
	for _, r := range records {
		if err := head.Check(r); err != nil {
			broken(err)
			return head, false
		}
		head = r.Head()
	}
	say(Notice{Kind: Acked, Head: head, Token: a.Token})
	return head, true
}

// head is where a stream stands.
func (w *writer) head(ctx context.Context, stream string) (journal.Head, bool) {
	now, _, ok := w.find(ctx, journal.Head{Stream: stream}, work{})
	return now, ok
}

// find reads a stream behind a head: where it stands now, and the last record of the
// append, if it is there.
func (w *writer) find(ctx context.Context, head journal.Head, made work) (now, own journal.Head, ok bool) {
	for {
		now, own, err := w.look(ctx, head, made)
		if err == nil {
			return now, own, true
		}
		if !w.tolerates(err, "load") {
			return head, own, false
		}
		pause()
	}
}

func (w *writer) look(ctx context.Context, head journal.Head, made work) (now, own journal.Head, err error) {
	for r, err := range w.journal.Load(ctx, head.Stream, head.Seq) {
		var compacted *journal.CompactedError
		if errors.As(err, &compacted) {
			return w.look(ctx, compacted.Base, made)
		}
		if err == nil {
			err = head.Check(r)
		}
		if err != nil {
			return head, own, err
		}
		head = r.Head()
		if is, err := parseWork(r); err == nil && made.ID != "" && is.ID == made.ID {
			own = head
		}
	}
	return head, own, nil
}

// tolerates reports whether the writer goes on after an error: when nothing is wrong
// with it, or the server may just have been killed.
func (w *writer) tolerates(err error, what string) bool {
	switch {
	case err == nil, errors.Is(err, journal.ErrFenced) && what != "load", errors.Is(err, journal.ErrConflict):
		return true
	case w.MayFail && !errors.Is(err, journal.ErrCorrupt) && !errors.Is(err, journal.ErrClosed):
		pause()
		return true
	}
	broken(fmt.Errorf("%s: %w", what, err))
	return false
}

func broken(err error) { say(Notice{Kind: Broken, Text: err.Error()}) }

func isFenced(err error) bool { return errors.Is(err, journal.ErrFenced) }
