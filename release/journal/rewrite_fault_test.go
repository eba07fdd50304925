package journal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// told is what the callers of a journal were told, of all that it does.
type told struct {
	outcome *outcome
	// bases are up to where each stream was surely forgotten, tried up to where perhaps.
	bases, tried map[string]uint64
	// due is when the last acknowledged append said, the zero time for never; unsure are
	// the streams where a later one may have said something else.
	due    map[string]time.Time
	unsure map[string]bool
	tokens map[string]uint64
	places map[string]journal.Cursor // of stream and data
	clock  time.Time
}

func newTold() *told {
	return &told{
		outcome: newOutcome(), bases: map[string]uint64{}, tried: map[string]uint64{}, due: map[string]time.Time{},
		unsure: map[string]bool{}, tokens: map[string]uint64{}, places: map[string]journal.Cursor{}, clock: time.Unix(1e9, 0),
	}
}

func (o *told) open(d *faulty.Disk) (*journal.File, error) {
	return openDisk(d, journal.Options{Preallocate: 4096, Now: func() time.Time { return o.clock }})
}

func (o *told) append(j *journal.File, stream string, wake time.Duration, data ...string) error {
	o.outcome.acked[stream] = slices.Clip(o.outcome.acked[stream])
	a := journal.Append{Stream: stream, Expect: uint64(len(o.outcome.acked[stream])), Wake: wake}
	for _, d := range data {
		a.Entries = append(a.Entries, journal.Entry{Kind: "k", Data: []byte(d)})
	}
	_, err := j.Append(context.Background(), a)
	switch {
	case err == nil:
		o.outcome.acked[stream] = append(o.outcome.acked[stream], data...)
		o.due[stream] = o.clock.Add(wake)
		delete(o.unsure, stream)
		if wake == journal.Never {
			o.due[stream] = time.Time{}
		}
	case errors.Is(err, journal.ErrUnknown):
		o.outcome.unknown[stream], o.unsure[stream] = data, true
	}
	return err
}

// compact forgets all but the last n records of a stream.
func (o *told) compact(j *journal.File, stream string, n int) error {
	to := uint64(len(o.outcome.acked[stream]) - n)
	all, err := loaded(j, stream, o.bases[stream])
	if err != nil {
		return err
	}
	o.tried[stream] = to
	base := all[to-o.bases[stream]-1].Head()
	err = j.Compact(context.Background(), base)
	if err == nil || mustBaseOr(j, stream) == base {
		o.bases[stream] = to
	}
	return err
}

func mustBaseOr(j *journal.File, stream string) journal.Head {
	b, _ := journal.Base(context.Background(), j, stream)
	return b
}

func (o *told) claim(j *journal.File) error {
	leases, err := j.Claim(context.Background(), journal.Claim{TTL: time.Second, Max: 10})
	for _, l := range leases {
		if l.Token <= o.tokens[l.Stream] {
			return fmt.Errorf("token %d of %q was given before", l.Token, l.Stream)
		}
		o.tokens[l.Stream] = l.Token
	}
	o.clock = o.clock.Add(2 * time.Second)
	return err
}

// look keeps where the records are in the feed, and compares with what was kept.
func (o *told) look(j *journal.File) error {
	records, err := fed(j, "")
	for _, r := range records {
		key := r.Stream + "/" + string(r.Data)
		if was, ok := o.places[key]; ok && was != r.Cursor {
			return fmt.Errorf("%.30q was at %s and is at %s", key, was, r.Cursor)
		}
		o.places[key] = r.Cursor
	}
	return err
}

// fine is nil if an error has left the journal as it was and working.
func (o *told) fine(j *journal.File, err error) error {
	if err == nil || errors.Is(err, journal.ErrClosed) {
		return err
	}
	if err := o.append(j, "a", 0, fmt.Sprint("after an error ", len(o.outcome.acked["a"]))); err != nil {
		return fmt.Errorf("after an error of a journal that goes on: %w", err)
	}
	return o.look(j)
}

// wholeScript does everything that a journal can do.
func (o *told) wholeScript(d *faulty.Disk) (err error) {
	for session := range 2 {
		j, err := o.open(d)
		if err != nil {
			return err
		}
		n := 0
		data := func(size int) string { n++; return fmt.Sprint(session, " ", n, strings.Repeat("x", size)) }
		steps := []func() error{
			func() error { return o.append(j, "a", 0, data(10), data(900), data(1)) },
			func() error { return o.append(j, "b", time.Hour, data(10), data(700)) },
			func() error { return o.append(j, "never", journal.Never, data(3)) },
			func() error { return o.claim(j) },
			func() error { return o.look(j) },
			func() error { return o.fine(j, o.compact(j, "a", 1)) },
			func() error { return o.append(j, "b", time.Hour, data(600)) },
			func() error { return o.fine(j, j.Rewrite(context.Background())) },
			func() error { return o.append(j, "a", 0, data(1900), data(1900), data(1900), data(1900), data(5)) },
			func() error { return o.claim(j) },
			func() error { return o.look(j) },
			func() error { return o.fine(j, o.compact(j, "a", 1)) }, // so much that it is written anew
			func() error { return o.append(j, "b", time.Hour, data(50)) },
			func() error { return o.fine(j, o.compact(j, "b", 2)) },
			func() error { return o.append(j, "a", 0, data(1)) },
			func() error { return o.look(j) },
		}
		for _, step := range steps {
			if err := step(); err != nil {
				if errors.Is(err, journal.ErrClosed) || errors.Is(err, journal.ErrUnknown) {
					if again := appendTo(j, "a", uint64(len(o.outcome.acked["a"])), "again"); !errors.Is(again, journal.ErrClosed) {
						return fmt.Errorf("after %w an append says: %v", err, again)
					}
				}
				j.Close()
				return err
			}
		}
		if err := j.Close(); err != nil {
			return err
		}
	}
	return nil
}

// agree compares the streams with what was told of them, and from then on knows what
// became of appends and compactions that were not answered.
func (o *told) agree(j *journal.File) error {
	for _, stream := range slices.Sorted(maps.Keys(o.outcome.acked)) {
		acked := o.outcome.acked[stream]
		base, err := journal.Base(context.Background(), j, stream)
		if err != nil {
			return err
		}
		records, err := loaded(j, stream, base.Seq)
		if err != nil {
			return err
		}
		if base.Seq < o.bases[stream] || base.Seq > o.tried[stream] {
			return fmt.Errorf("%q begins after %d, not %d to %d", stream, base.Seq, o.bases[stream], o.tried[stream])
		}
		var got []string
		for _, r := range records {
			got = append(got, string(r.Data))
		}
		kept := acked[base.Seq:]
		if len(got) < len(kept) || !slices.Equal(kept, got[:len(kept)]) {
			return fmt.Errorf("%q holds %.80q, and %.80q were acknowledged", stream, got, kept)
		}
		if rest := got[len(kept):]; len(rest) > 0 {
			if !slices.Equal(rest, o.outcome.unknown[stream]) {
				return fmt.Errorf("%q holds %.80q, which nobody was told may be there", stream, rest)
			}
			o.outcome.acked[stream] = append(acked, rest...)
		}
		delete(o.outcome.unknown, stream)
		o.bases[stream], o.tried[stream] = base.Seq, base.Seq
	}
	return nil
}

// check looks whether all that was told is so.
func (o *told) check(t *testing.T, d *faulty.Disk, what string) {
	t.Helper()
	j, err := o.open(d)
	require.NoError(t, err, what)
	require.Equal(t, []string{name}, d.Names(), what)
	require.NoError(t, o.agree(j), what)
	require.NoError(t, o.look(j), what)

	// Who is due when is as it was said, and tokens are new.
	claimed := func() []string {
		leases, err := j.Claim(context.Background(), journal.Claim{TTL: time.Second, Max: 10})
		require.NoError(t, err, what)
		var names []string
		for _, l := range leases {
			require.Greater(t, l.Token, o.tokens[l.Stream], what)
			o.tokens[l.Stream] = l.Token
			names = append(names, l.Stream)
		}
		return names
	}
	for range 2 {
		now := claimed()
		for stream, due := range o.due {
			if !o.unsure[stream] {
				want := !due.IsZero() && !due.After(o.clock)
				require.Equal(t, want, slices.Contains(now, stream), "%s: %q", what, stream)
			}
		}
		o.clock = o.clock.Add(2 * time.Hour)
	}
	require.NoError(t, j.Close(), what)
}

// Each operation fails in each way while the journal does all that it can: append, wake,
// claim, compact, rewrite, open again. Then the process dies or the power goes.
func TestEachOperationOfEverythingFails(t *testing.T) {
	t.Parallel()
	seeds := uint64(2)
	if *long {
		seeds = 30
	}
	for _, mode := range faulty.Modes() {
		for _, part := range []int{0, 600} {
			if mode == faulty.ModeAfter && part > 0 {
				continue // it is done whole
			}
			t.Run(fmt.Sprint(mode, "/", part), func(t *testing.T) {
				t.Parallel()
				wentOn := 0
				for k := 1; ; k++ {
					reached := false
					for seed := range seeds {
						what := fmt.Sprintf("operation %d, %s, part %d, seed %d", k, mode, part, seed)
						d, o := faulty.NewDisk(), newTold()
						d.Fail(faulty.Fault{Op: k, Mode: mode, Part: part})
						err := o.wholeScript(d)
						if reached = d.Failed(); err == nil && reached {
							wentOn++
						}
						if err != nil {
							require.ErrorIs(t, err, faulty.ErrInjected, what)
						}
						if seed == 0 {
							d.Restart()
						} else {
							d.PowerCut(newRand(seed*1000 + uint64(k)))
						}
						o.check(t, d, what)
						d.PowerCut(newRand(seed))
						o.check(t, d, what+", once more")
					}
					if !reached {
						require.Greater(t, k, 120, "the script has more operations than that")
						if mode != faulty.ModeKilled {
							require.Greater(t, wentOn, 10, "a failed rewriting leaves a journal that works")
						}
						return
					}
				}
			})
		}
	}
}

// The names that a script leaves are those of the journal alone, and the file is smaller
// than what was appended.
func TestRewritingMakesItSmall(t *testing.T) {
	t.Parallel()
	d, o := faulty.NewDisk(), newTold()
	require.NoError(t, o.wholeScript(d))
	require.Equal(t, []string{name}, d.Names())
	all := 0
	for _, s := range slices.Collect(maps.Values(o.outcome.acked)) {
		for _, data := range s {
			all += len(data)
		}
	}
	require.Greater(t, all, 16_000)
	require.Less(t, len(d.Bytes(name)), 13_000)
}

// One disk lives through many sessions that do whatever a journal can do, and most of
// them end badly, also while they recover from the one before.
func TestManyBadSessionsOfEverything(t *testing.T) {
	t.Parallel()
	seeds := uint64(40)
	if *long {
		seeds = 3000
	}
	for seed := range seeds {
		r := newRand(seed)
		d, o := faulty.NewDisk(), newTold()
		for session := range 8 {
			what := fmt.Sprintf("seed %d, session %d", seed, session)
			d.Fail(faulty.Fault{Op: 1 + r.IntN(90), Mode: faulty.Modes()[r.IntN(3)], Part: []int{0, 14, r.IntN(3000)}[r.IntN(3)]})
			j, err := o.open(d)
			if err == nil {
				err = o.agree(j)
			}
			for err == nil && r.IntN(40) > 0 {
				switch stream := string(rune('a' + r.IntN(3))); r.IntN(8) {
				case 0:
					err = o.claim(j)
				case 1:
					err = o.fine(j, j.Rewrite(context.Background()))
				case 2:
					err = o.look(j)
				case 3, 4:
					if n := len(o.outcome.acked[stream]) - int(o.bases[stream]); n > 1 {
						err = o.fine(j, o.compact(j, stream, 1+r.IntN(n-1)))
					}
				default:
					wake := []time.Duration{0, time.Hour, journal.Never}[r.IntN(3)]
					data := fmt.Sprint(what, "/", len(o.outcome.acked[stream]), strings.Repeat("x", r.IntN(1500)))
					err = o.append(j, stream, wake, data, data+"'")
				}
			}
			if err != nil {
				require.True(t, d.Failed(), "%s: %v", what, err)
				require.ErrorIs(t, err, faulty.ErrInjected, what)
				require.NotErrorIs(t, err, journal.ErrCorrupt, what)
			} else if r.IntN(2) == 0 {
				j.Close()
			}
			switch r.IntN(3) {
			case 0:
				d.Restart()
			default:
				d.PowerCut(r)
			}
			if r.IntN(3) > 0 { // else the next session is the one that recovers
				o.check(t, d, what)
				d.Restart()
			}
		}
	}
}

// Each operation of one rewriting fails, and the journal is used at once: what it then
// acknowledges is in the file that has the name after a crash.
func TestEachOperationOfRewritingFails(t *testing.T) {
	t.Parallel()
	for _, mode := range []faulty.Mode{faulty.ModeBefore, faulty.ModeAfter} {
		refused, wentOn := 0, 0
		for k := 1; ; k++ {
			reached := false
			for seed := range uint64(6) {
				what := fmt.Sprintf("operation %d, %s, seed %d", k, mode, seed)
				d, o := faulty.NewDisk(), newTold()
				j, err := o.open(d)
				require.NoError(t, err)
				require.NoError(t, o.append(j, "a", 0, "1", strings.Repeat("x", 3000), "3"))
				require.NoError(t, o.compact(j, "a", 1))
				d.Fail(faulty.Fault{Op: k, Mode: mode})
				err = j.Rewrite(context.Background())
				reached = d.Failed()
				require.Equal(t, reached, err != nil, what)
				d.Fail(faulty.Fault{})
				switch again := o.append(j, "a", 0, "more"); {
				case errors.Is(err, journal.ErrClosed):
					require.ErrorIs(t, again, journal.ErrClosed, what)
					refused++
				default:
					require.NoError(t, again, what)
					require.Equal(t, []string{name}, d.Names(), what)
					wentOn++
				}
				if seed%2 == 0 {
					d.Restart()
				} else {
					d.PowerCut(newRand(seed))
				}
				o.check(t, d, what)
			}
			if !reached {
				break
			}
		}
		require.NotZero(t, refused)
		require.Greater(t, wentOn, 20)
	}
}
