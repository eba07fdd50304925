//go:build unix

package crashtest

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

const (
	heldStream = leasedPrefix + "held"
	heldTTL    = 150 * time.Millisecond
)

// keep is a writer that holds one stream for as long as it can: it appends and renews,
// until it is told that somebody else has the stream.
func (w *writer) keep(ctx context.Context) {
	head, ok := w.head(ctx, heldStream)
	if ok && head.Seq == 0 {
		head, ok = w.append(ctx, head, 0, 0)
	}
	leases, err := w.journal.Claim(ctx, journal.Claim{Worker: w.ID, Prefix: heldStream, TTL: heldTTL, Max: 1})
	if !ok || err != nil || len(leases) != 1 {
		broken(fmt.Errorf("claim the stream that nobody else knows: %d leases, %w", len(leases), err))
		return
	}
	l := leases[0]
	say(Notice{Kind: Claimed, Head: journal.Head{Stream: l.Stream}, Token: l.Token})
	for {
		a := journal.Append{Stream: l.Stream, Expect: head.Seq, Token: l.Token,
			Entries: work{ID: fmt.Sprintf("%s.%d", w.ID, w.count.Add(1)), Parts: 1, Token: l.Token}.entries(100)}
		records, err := w.journal.Append(ctx, a)
		if err == nil {
			head, _ = w.acknowledged(head, a, records)
			err = w.journal.Renew(ctx, l, heldTTL)
		}
		if err != nil {
			say(Notice{Kind: Fenced, Head: head, Token: l.Token, Text: err.Error()})
			// From now on it stays fenced, and is not told that something else is wrong.
			if _, again := w.journal.Append(ctx, a); !isFenced(err) || !isFenced(again) {
				broken(fmt.Errorf("who lost the stream was told %v, and then %v", err, again))
			}
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Pause stops a worker past its lease, takes the stream over, and lets the worker go
// on: it is refused, whatever it does, and nothing of it stands behind what the new
// holder appended.
func Pause(t *testing.T, o Options) {
	r := &run{Options: o, t: t, writers: make([]*process, 1), hold: true}
	defer r.killAll()
	r.startAll()
	p := r.writers[0]
	j, err := o.Open(o.Place)
	require.NoError(t, err)
	defer j.Close()
	lease := r.takeOver(j, p)
	head := journal.Head{Stream: lease.Stream}
	for record, err := range j.Load(t.Context(), lease.Stream, 0) {
		require.NoError(t, err)
		require.NoError(t, head.Check(record))
		head = record.Head()
	}
	require.Equal(t, lease.Seq, head.Seq)
	mine := work{ID: "taken.1", Parts: 1, Token: lease.Token, Wake: journal.Never}
	_, err = j.Append(t.Context(), journal.Append{Stream: lease.Stream, Expect: head.Seq, Token: lease.Token, Wake: mine.Wake, Entries: mine.entries(10)})
	require.NoError(t, err)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGCONT))
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatal("who lost the stream was never told")
	}
	p.mu.Lock()
	p.notices = p.notices[:max(0, len(p.notices)-1)] // that it ended by itself: it should
	p.mu.Unlock()
	r.take(p)
	r.writers[0] = nil
	require.False(t, t.Failed())
	require.Equal(t, 1, r.result.Fenced)
	require.NoError(t, r.checker.Check(t.Context(), j, true))
	for record, err := range j.Load(t.Context(), lease.Stream, head.Seq) {
		require.NoError(t, err)
		w, err := parseWork(record)
		require.NoError(t, err)
		require.Equal(t, mine.ID, w.ID)
	}
}

// takeOver stops the process and claims what it holds when that is over. It may have
// been stopped while it held a lock of the engine's: then it goes on for a moment.
func (r *run) takeOver(j journal.Journal, p *process) journal.Lease {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		require.NoError(r.t, p.cmd.Process.Signal(syscall.SIGSTOP))
		time.Sleep(heldTTL)
		for range 20 {
			ctx, cancel := context.WithTimeout(r.t.Context(), heldTTL)
			leases, err := j.Claim(ctx, journal.Claim{Worker: "other", Prefix: heldStream, TTL: time.Hour, Max: 1})
			cancel()
			if err == nil && len(leases) == 1 {
				return leases[0]
			}
			if err != nil {
				break
			}
			time.Sleep(heldTTL / 10)
		}
		require.NoError(r.t, p.cmd.Process.Signal(syscall.SIGCONT))
		time.Sleep(7 * time.Millisecond)
	}
	require.FailNow(r.t, "nobody could take the stream over")
	return journal.Lease{}
}
