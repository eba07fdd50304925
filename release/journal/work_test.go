package journal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// put appends a record that says what, at the version that the stream has.
func put(t testing.TB, j journal.Journal, stream, what string, wake time.Duration) journal.Record {
	t.Helper()
	records, err := j.Append(context.Background(), journal.Append{
		Stream: stream, Expect: version(t, j, stream), Wake: wake, Entries: []journal.Entry{{Kind: what}},
	})
	require.NoError(t, err)
	return records[0]
}

func version(t testing.TB, j journal.Reader, stream string) (seq uint64) {
	t.Helper()
	for r, err := range j.Load(context.Background(), stream, 0) {
		require.NoError(t, err)
		seq = r.Seq
	}
	return seq
}

// running is a Run in a goroutine of its own.
type running struct {
	stop context.CancelFunc
	done chan error
}

func start(w journal.Work) running {
	ctx, cancel := context.WithCancel(context.Background())
	r := running{cancel, make(chan error, 1)}
	go func() { r.done <- w.Run(ctx) }()
	return r
}

// end stops it and returns when it has ended.
func (r running) end(t *testing.T) {
	t.Helper()
	r.stop()
	require.NoError(t, <-r.done)
}

// heard collects what Failed is told.
type heard struct {
	mu   sync.Mutex
	errs []error
}

func (h *heard) failed(_ journal.Lease, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.errs = append(h.errs, err)
}

func (h *heard) all() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.errs)
}

// severed is a journal whose Renew and Release fail while cut is true, as for a worker
// that has lost its network.
type severed struct {
	journal.Journal
	mu  sync.Mutex
	cut bool
}

var errSevered = errors.New("severed")

func (s *severed) set(cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = cut
}

func (s *severed) is() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut {
		return errSevered
	}
	return nil
}

func (s *severed) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	if err := s.is(); err != nil {
		return nil, err
	}
	return s.Journal.Claim(ctx, c)
}

func (s *severed) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	if err := s.is(); err != nil {
		return err
	}
	return s.Journal.Renew(ctx, l, ttl)
}

func (s *severed) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	if err := s.is(); err != nil {
		return err
	}
	return s.Journal.Release(ctx, l, wake)
}

// Several workers whose connections come and go, whose work takes longer than a lease,
// and of which some do not listen: no two that still believe in their leases ever work
// on one stream, and what those who do not listen append is refused.
func TestWorkIsSharedAndFenced(t *testing.T) {
	t.Parallel()
	refused := 0
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const workers, streams = 5, 12
				m := new(journal.Memory)
				for i := range streams {
					put(t, m, fmt.Sprint("work/", i), "start", 0)
					put(t, m, fmt.Sprint("other/", i), "start", 0)
				}
				var mu sync.Mutex
				random := rand.New(rand.NewPCG(seed, 1))
				n := func(n int) int {
					mu.Lock()
					defer mu.Unlock()
					return random.IntN(n)
				}
				holder := map[string]context.Context{}
				worked, fenced := map[string]int{}, 0
				do := func(ctx context.Context, l journal.Lease) (journal.Next, error) {
					mu.Lock()
					if h := holder[l.Stream]; h != nil && h.Err() == nil {
						t.Errorf("%s is worked on by two", l.Stream)
					}
					holder[l.Stream] = ctx
					mu.Unlock()
					defer func() {
						mu.Lock()
						defer mu.Unlock()
						if holder[l.Stream] == ctx {
							delete(holder, l.Stream)
						}
					}()
					deaf := n(4) == 0
					for range n(60) {
						time.Sleep(time.Duration(n(1000)) * time.Millisecond)
						if ctx.Err() != nil && !deaf {
							return journal.Next{}, context.Cause(ctx)
						}
					}
					lost := ctx.Err() != nil
					records, err := m.Append(context.Background(), journal.Append{
						Stream: l.Stream, Expect: l.Seq, Token: l.Token, Wake: journal.Never, Entries: []journal.Entry{{Kind: "worked"}},
					})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						require.True(t, lost, "refused: %v", err)
						require.True(t, errors.Is(err, journal.ErrFenced), err)
						fenced++
						return journal.Next{}, err
					}
					worked[l.Stream]++
					return journal.Next{Seq: records[0].Seq, Wake: time.Duration(random.IntN(20)) * time.Second}, nil
				}
				var h heard
				var runs []running
				var links []*severed
				for i := range workers {
					link := &severed{Journal: m}
					links = append(links, link)
					runs = append(runs, start(journal.Work{
						Leases: link, Worker: fmt.Sprint(i), Prefix: "work/", Do: do, Failed: h.failed,
						TTL: 10 * time.Second, Poll: time.Second, Retry: 2 * time.Second, Concurrency: 1 + i,
					}))
				}
				for range 300 {
					time.Sleep(time.Duration(n(10_000)) * time.Millisecond)
					links[n(workers)].set(n(2) == 0)
				}
				for _, l := range links {
					l.set(false)
				}
				time.Sleep(time.Minute)
				for _, r := range runs {
					r.end(t)
				}
				mu.Lock()
				defer mu.Unlock()
				require.Len(t, worked, streams, "each stream was worked on")
				refused += fenced
				for stream, n := range worked {
					require.Equal(t, uint64(n)+1, version(t, m, stream), "as often as it was acknowledged")
					require.Positive(t, n)
				}
				for _, err := range h.all() {
					require.True(t, errors.Is(err, journal.ErrFenced) || errors.Is(err, errSevered), err)
				}
			})
		})
	}
	require.Positive(t, refused, "the test met the case")
}

// A lease that is renewed is kept however long the work takes, also when some renewals
// fail.
func TestWorkRenews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		link := &severed{Journal: m}
		var h heard
		calls := 0
		r := start(journal.Work{Leases: link, TTL: 9 * time.Second, Failed: h.failed, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			calls++
			time.Sleep(4 * time.Second) // renewed once
			for range 20 {
				link.set(true)
				time.Sleep(5 * time.Second)
				link.set(false)
				time.Sleep(4 * time.Second)
			}
			require.NoError(t, ctx.Err())
			return journal.Next{Wake: journal.Never}, nil
		}})
		for range 180 {
			time.Sleep(time.Second)
			leases, err := m.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1})
			require.NoError(t, err)
			require.Empty(t, leases)
		}
		time.Sleep(time.Minute)
		r.end(t)
		require.Equal(t, 1, calls)
		require.NotEmpty(t, h.all())
		for _, err := range h.all() {
			require.ErrorIs(t, err, errSevered)
		}
	})
}

// A worker that cannot renew is told so before its lease is over, and one that goes on
// all the same is fenced.
func TestWorkThatStalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		listen bool
	}{{"and listens", true}, {"and does not listen", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := new(journal.Memory)
				put(t, m, "s", "start", 0)
				link := &severed{Journal: m, cut: false}
				var h heard
				began := time.Now()
				stalls := journal.Work{
					Leases: link, TTL: 10 * time.Second, Poll: time.Second, Failed: h.failed,
					Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
						link.set(true)
						<-ctx.Done()
						require.Equal(t, 9*time.Second, time.Since(began), "a tenth is left")
						require.ErrorIs(t, context.Cause(ctx), journal.ErrFenced)
						if c.listen {
							return journal.Next{}, ctx.Err()
						}
						time.Sleep(time.Minute)
						_, err := m.Append(context.Background(), journal.Append{
							Stream: "s", Expect: 1, Token: l.Token, Entries: []journal.Entry{{Kind: "late"}},
						})
						require.ErrorIs(t, err, journal.ErrFenced)
						link.set(false)
						return journal.Next{Wake: 0}, nil
					},
				}
				var taken atomic.Int64
				takes := journal.Work{Leases: m, TTL: 10 * time.Second, Poll: time.Second, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
					taken.Store(int64(time.Since(began)))
					return journal.Next{Wake: journal.Never}, nil
				}}
				a := start(stalls)
				synctest.Wait()
				b := start(takes)
				time.Sleep(90 * time.Second)
				a.end(t)
				b.end(t)
				require.GreaterOrEqual(t, time.Duration(taken.Load()), 10*time.Second)
				require.LessOrEqual(t, time.Duration(taken.Load()), 11*time.Second, "TTL and Poll")
				last := h.all()[len(h.all())-1]
				if !c.listen {
					require.ErrorIs(t, last, journal.ErrFenced, "from its release")
				}
			})
		})
	}
}

// Somebody who claims the stream of a worker that was asleep ends its context with the
// next renewal.
func TestWorkThatWasTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fast := &ahead{Memory: new(journal.Memory)}
		fast.Memory.Now = fast.now
		put(t, fast, "s", "start", 0)
		var h heard
		r := start(journal.Work{Leases: fast, TTL: 30 * time.Second, Failed: h.failed, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			fast.steal(t) // the store's clock stepped forward: early takeover
			began := time.Now()
			<-ctx.Done()
			require.Equal(t, 10*time.Second, time.Since(began))
			require.ErrorIs(t, context.Cause(ctx), journal.ErrFenced)
			return journal.Next{}, errors.New("half done")
		}})
		time.Sleep(20 * time.Second)
		r.end(t)
		require.Len(t, h.all(), 2)
		require.ErrorContains(t, h.all()[0], "half done")
		require.ErrorIs(t, h.all()[0], journal.ErrFenced)
		require.ErrorIs(t, h.all()[1], journal.ErrFenced, "and its release too")
	})
}

// ahead is a store whose clock can be stepped.
type ahead struct {
	*journal.Memory
	mu sync.Mutex
	by time.Duration
}

func (a *ahead) steal(t *testing.T) {
	a.mu.Lock()
	a.by = time.Hour
	a.mu.Unlock()
	leases, err := a.Memory.Claim(context.Background(), journal.Claim{TTL: time.Hour, Max: 1})
	require.NoError(t, err)
	require.Len(t, leases, 1)
}

func (a *ahead) now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Now().Add(a.by)
}

// A dead worker's streams are taken over within TTL and Poll.
func TestWorkTakesOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ttl, poll = 20 * time.Second, 3 * time.Second
		m := new(journal.Memory)
		for i := range 40 {
			put(t, m, fmt.Sprint(i), "start", 0)
		}
		dead, err := m.Claim(t.Context(), journal.Claim{Worker: "dead", TTL: ttl, Max: 40})
		require.NoError(t, err)
		require.Len(t, dead, 40)
		died := time.Now()
		time.Sleep(time.Second)
		var mu sync.Mutex
		taken := map[string]time.Duration{}
		r := start(journal.Work{Leases: m, TTL: ttl, Poll: poll, Concurrency: 7, Do: func(_ context.Context, l journal.Lease) (journal.Next, error) {
			mu.Lock()
			defer mu.Unlock()
			taken[l.Stream] = time.Since(died)
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.Len(t, taken, 40)
		for stream, d := range taken {
			require.GreaterOrEqual(t, d, ttl, stream)
			require.LessOrEqual(t, d, ttl+poll, stream)
		}
	})
}

// A command that is appended while the stream is worked on is never slept over, whenever
// it comes.
func TestWorkMeetsCommandsThatComeMeanwhile(t *testing.T) {
	t.Parallel()
	for at := range 8 { // seconds; the work reads at 2, appends at 4 if it does, ends at 6
		for _, appends := range []bool{false, true} {
			t.Run(fmt.Sprint(at, appends), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := new(journal.Memory)
					put(t, m, "s", "start", 0)
					var seen []uint64 // the versions that the work knew
					r := start(journal.Work{Leases: m, Poll: time.Second, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
						time.Sleep(2*time.Second - 3*time.Millisecond)
						seq := version(t, m, "s")
						time.Sleep(2 * time.Second)
						if appends && len(seen) == 0 {
							records, err := m.Append(ctx, journal.Append{Stream: "s", Expect: seq, Token: l.Token, Wake: time.Hour, Entries: []journal.Entry{{Kind: "step"}}})
							if err != nil {
								require.ErrorIs(t, err, journal.ErrConflict)
								return journal.Next{Seq: seq, Wake: time.Hour}, nil
							}
							seq = records[0].Seq
						}
						seen = append(seen, seq)
						time.Sleep(2 * time.Second)
						return journal.Next{Seq: seq, Wake: time.Hour}, nil
					}})
					time.Sleep(time.Duration(at) * time.Second)
					put(t, m, "s", "command", 0)
					time.Sleep(20 * time.Second)
					synctest.Wait()
					require.Equal(t, version(t, m, "s"), seen[len(seen)-1], "the work knows the command")
					worked := len(seen)
					time.Sleep(30 * time.Minute)
					synctest.Wait()
					require.Len(t, seen, worked, "and then sleeps")
					time.Sleep(31 * time.Minute)
					synctest.Wait()
					require.Len(t, seen, worked+1, "until the hour is over")
					r.end(t)
				})
			})
		}
	}
}

func TestWorkTriesAgainAfterErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		next  journal.Next
		err   error
		again time.Duration
		told  string
	}{
		{"an error", journal.Next{}, broken, 10 * time.Second, "broken"},
		{"an error and a wake", journal.Next{Wake: time.Minute}, broken, time.Minute, "broken"},
		{"an error and Never", journal.Next{Wake: journal.Never}, broken, 10 * time.Second, "broken"},
		{"an error and a wake too far", journal.Next{Wake: journal.MaxWake + 1}, broken, 10 * time.Second, "broken"},
		{"a wake before now", journal.Next{Wake: -time.Second}, nil, 10 * time.Second, "a wake in -1s"},
		{"a wake too far", journal.Next{Wake: journal.MaxWake + 1}, nil, 10 * time.Second, "a wake in"},
		{"an error of a context that did not end", journal.Next{}, context.Canceled, 10 * time.Second, "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := new(journal.Memory)
				put(t, m, "s", "start", 0)
				var calls []time.Time
				var h heard
				r := start(journal.Work{Leases: m, Failed: h.failed, Poll: 10 * time.Millisecond, Do: func(context.Context, journal.Lease) (journal.Next, error) {
					calls = append(calls, time.Now())
					if len(calls) > 3 {
						return journal.Next{Wake: journal.Never}, nil
					}
					return c.next, c.err
				}})
				time.Sleep(4 * time.Minute)
				r.end(t)
				require.Len(t, calls, 4)
				for i, at := range calls[1:] {
					require.InDelta(t, c.again, at.Sub(calls[i]), float64(10*time.Millisecond))
				}
				require.Len(t, h.all(), 3)
				require.ErrorContains(t, h.all()[0], c.told)
			})
		})
	}
}

// When the context ends, what runs is told, its streams are due at once for others, and
// nothing more begins.
func TestWorkEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		grace time.Duration
		needs time.Duration // that the work goes on
		ends  time.Duration // after which Run returns
		wakes bool          // the work said when it is due, instead of being cut short
	}{
		{"at once", 0, time.Minute, 0, false},
		{"in time", 10 * time.Second, 6 * time.Second, 6 * time.Second, true},
		{"not in time", 10 * time.Second, time.Minute, 10 * time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := new(journal.Memory)
				for i := range 5 {
					put(t, m, fmt.Sprint(i), "start", 0)
				}
				var h heard
				var calls, late atomic.Int32
				var stopped atomic.Bool
				r := start(journal.Work{
					Leases: m, TTL: 5 * time.Second, Poll: time.Second, Grace: c.grace, Concurrency: 3, Failed: h.failed,
					Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
						calls.Add(1)
						if stopped.Load() {
							late.Add(1)
						}
						time.Sleep(20 * time.Second) // until it is stopped
						select {
						case <-ctx.Done():
							return journal.Next{}, fmt.Errorf("cut short: %w", context.Cause(ctx))
						case <-time.After(c.needs):
							return journal.Next{Wake: time.Hour}, nil
						}
					},
				})
				time.Sleep(20*time.Second - time.Nanosecond)
				at := time.Now()
				stopped.Store(true)
				time.Sleep(time.Nanosecond)
				r.end(t)
				require.Equal(t, c.ends, time.Since(at).Truncate(time.Millisecond))
				require.Equal(t, int32(3), calls.Load())
				require.Zero(t, late.Load(), "nothing begins after the end")
				require.Empty(t, h.all(), "being told to end is no failure")
				leases, err := m.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 9})
				require.NoError(t, err)
				require.Len(t, leases, map[bool]int{true: 2, false: 5}[c.wakes])
			})
		})
	}
}

// An error that is not of being told to end is one, also at the end.
func TestWorkEndsWithAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		var h heard
		r := start(journal.Work{Leases: m, Failed: h.failed, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			<-ctx.Done()
			return journal.Next{}, errors.New("burnt")
		}})
		synctest.Wait()
		r.end(t)
		require.Len(t, h.all(), 1)
		require.ErrorContains(t, h.all()[0], "burnt")
	})
}

// Work that does not end when it is told keeps its stream from being begun again here,
// not from being worked on elsewhere.
func TestWorkThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		link := &severed{Journal: m}
		calls, elsewhere := 0, 0
		r := start(journal.Work{Leases: link, TTL: time.Second, Poll: 100 * time.Millisecond, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			calls++
			link.set(true)
			<-ctx.Done()
			link.set(false)
			time.Sleep(time.Hour)
			return journal.Next{}, ctx.Err()
		}})
		time.Sleep(30 * time.Minute)
		other := start(journal.Work{Leases: m, Poll: 10 * time.Millisecond, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			elsewhere++
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(time.Minute)
		other.end(t)
		require.Equal(t, 1, calls)
		require.Equal(t, 1, elsewhere)
		r.end(t)
	})
}

// deaf is a journal whose first claim says nothing until its context ends, and then in its
// own words.
type deaf struct {
	journal.Journal
	claims atomic.Int32
}

func (d *deaf) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	if d.claims.Add(1) == 1 {
		<-ctx.Done()
		return nil, errors.New("no answer")
	}
	return d.Journal.Claim(ctx, c)
}

// A claim that is never answered is given up while what it asked for could still be of
// use, and another one is made.
func TestWorkGivesUpAClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &deaf{Journal: new(journal.Memory)}
		put(t, j, "s", "start", 0)
		began := time.Now()
		var took time.Duration
		var h heard
		r := start(journal.Work{Leases: j, TTL: 10 * time.Second, Poll: time.Second, Failed: h.failed, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			took = time.Since(began)
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.Equal(t, 10*time.Second, took, "9 s for the claim, and then Poll")
		require.Len(t, h.all(), 1)
	})
}

// lost is a journal that does not renew the leases of one stream, and counts them.
type lost struct {
	journal.Journal
	stream string
	leases atomic.Int32
}

func (l *lost) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	leases, err := l.Journal.Claim(ctx, c)
	for _, lease := range leases {
		if lease.Stream == l.stream {
			l.leases.Add(1)
		}
	}
	return leases, err
}

func (l *lost) Renew(ctx context.Context, lease journal.Lease, ttl time.Duration) error {
	if lease.Stream == l.stream {
		return errors.New("not renewed")
	}
	return l.Journal.Renew(ctx, lease, ttl)
}

// A stream whose work does not end is left to others for Poll each time that it is
// claimed, however often this worker asks for something else.
func TestWorkThatDoesNotEndIsNotInTheWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &lost{Journal: new(journal.Memory), stream: "stuck"}
		put(t, j, "stuck", "start", 0)
		put(t, j, "busy", "start", 0)
		steps := 0
		r := start(journal.Work{Leases: j, TTL: time.Second, Poll: time.Second, Concurrency: 2, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			if l.Stream == "stuck" {
				time.Sleep(time.Minute)
				return journal.Next{Wake: journal.Never}, nil
			}
			time.Sleep(10 * time.Millisecond)
			steps++
			return journal.Next{}, nil
		}})
		time.Sleep(30 * time.Second)
		r.end(t)
		require.Less(t, j.leases.Load(), int32(40))
		require.Greater(t, steps, 1000)
	})
}

// late is a journal whose first renewal is answered late, and all others fail.
type late struct {
	journal.Journal
	renewals atomic.Int32
}

func (l *late) Renew(ctx context.Context, lease journal.Lease, ttl time.Duration) error {
	if l.renewals.Add(1) > 1 {
		return errors.New("not renewed")
	}
	err := l.Journal.Renew(ctx, lease, ttl)
	time.Sleep(3 * time.Second)
	return err
}

// A lease is believed in for as long as it lasts from when its renewal was asked for, and
// not from when the answer came.
func TestWorkCountsFromTheQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &late{Journal: new(journal.Memory)}
		put(t, j, "s", "start", 0)
		began := time.Now()
		var took time.Duration
		r := start(journal.Work{Leases: j, TTL: 12 * time.Second, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			<-ctx.Done()
			took = time.Since(began)
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.Equal(t, 4*time.Second+12*time.Second-12*time.Second/10, took)
	})
}

// At most Concurrency streams are worked on at once, and when there is room the next
// begins without waiting for Poll.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		for i := range 100 {
			put(t, m, fmt.Sprint(i), "start", 0)
		}
		var mu sync.Mutex
		now, most, all := 0, 0, 0
		began := time.Now()
		var took time.Duration
		r := start(journal.Work{Leases: m, Poll: time.Hour, Concurrency: 10, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			mu.Lock()
			now, all = now+1, all+1
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			now--
			took = time.Since(began)
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.Equal(t, []int{10, 100}, []int{most, all})
		require.Equal(t, 10*time.Second, took)
	})
}

// What is due again at once goes on at once.
func TestWorkThatIsDueAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		began, calls := time.Now(), 0
		var took time.Duration
		r := start(journal.Work{Leases: m, Poll: time.Hour, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			time.Sleep(time.Second)
			if calls++; calls == 10 {
				took = time.Since(began)
				return journal.Next{Wake: journal.Never}, nil
			}
			return journal.Next{}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.Equal(t, 10, calls)
		require.Equal(t, 10*time.Second, took)
	})
}

// counted counts claims.
type counted struct {
	journal.Journal
	mu     sync.Mutex
	claims int
	took   time.Duration // by each claim
	err    error
}

func (c *counted) Claim(ctx context.Context, claim journal.Claim) ([]journal.Lease, error) {
	c.mu.Lock()
	c.claims++
	c.mu.Unlock()
	leases, err := c.Journal.Claim(ctx, claim)
	time.Sleep(c.took)
	if c.err != nil {
		return nil, c.err
	}
	return leases, err
}

func TestWorkPolls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		told int
	}{{"nothing due", nil, 0}, {"errors", errSevered, 61}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := &counted{Journal: new(journal.Memory), err: c.err}
				var h heard
				r := start(journal.Work{Leases: j, Poll: time.Minute, Failed: h.failed, Do: func(context.Context, journal.Lease) (journal.Next, error) {
					return journal.Next{}, nil
				}})
				time.Sleep(time.Hour + time.Second)
				r.end(t)
				require.Equal(t, 61, j.claims)
				require.Len(t, h.all(), c.told)
			})
		})
	}
}

// A claim that took so long that its lease may be over is not worked on.
func TestWorkThatCameTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		var h heard
		j := &counted{Journal: m, took: 9 * time.Second}
		r := start(journal.Work{Leases: j, TTL: 10 * time.Second, Failed: h.failed, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			t.Error("it was begun")
			return journal.Next{}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.NotEmpty(t, h.all())
		for _, err := range h.all() {
			require.ErrorIs(t, err, journal.ErrFenced)
			require.ErrorContains(t, err, "not renewed in time")
		}
	})
}

// A context that ends while the claim is under way: what was claimed is given back.
func TestWorkEndsInAClaim(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			m := new(journal.Memory)
			put(t, m, "s", "start", 0)
			j := &counted{Journal: m, took: 2 * time.Second}
			r := start(journal.Work{Leases: j, TTL: 10 * time.Second, Grace: grace, Do: func(context.Context, journal.Lease) (journal.Next, error) {
				t.Error("it was begun")
				return journal.Next{}, nil
			}})
			time.Sleep(time.Second)
			r.end(t)
			leases, err := m.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1})
			require.NoError(t, err)
			require.Len(t, leases, 1)
		})
	}
}

func TestWorkOnAClosedJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		var cause error
		r := start(journal.Work{Leases: m, Poll: time.Second, Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return journal.Next{}, ctx.Err()
		}})
		synctest.Wait()
		require.NoError(t, m.Close())
		require.ErrorIs(t, <-r.done, journal.ErrClosed)
		require.ErrorIs(t, cause, journal.ErrClosed)
	})
}

// A goroutine of Do that ends without returning gives its room back.
func TestWorkThatExits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(journal.Memory)
		put(t, m, "s", "start", 0)
		calls := 0
		r := start(journal.Work{Leases: m, TTL: 5 * time.Second, Concurrency: 1, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			if calls++; calls < 3 {
				runtime.Goexit()
			}
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(time.Minute)
		r.end(t)
		require.Equal(t, 3, calls)
	})
}

// The k-th call fails, for every k, before or after it was done: in the end all work is
// done, and no stream was worked on after it was done.
func TestWorkWithFailures(t *testing.T) {
	t.Parallel()
	for _, mode := range []faulty.Mode{faulty.ModeBefore, faulty.ModeAfter} {
		for k, last := 1, false; !last; k++ {
			synctest.Test(t, func(t *testing.T) {
				m := new(journal.Memory)
				for i := range 4 {
					put(t, m, fmt.Sprint(i), "start", 0)
				}
				j := faulty.Journal(m, k, mode)
				steps := map[string]int{}
				var mu sync.Mutex
				var h heard
				r := start(journal.Work{
					Leases: j, TTL: 10 * time.Second, Poll: time.Second, Retry: 2 * time.Second, Concurrency: 3, Failed: h.failed,
					Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
						time.Sleep(4 * time.Second)
						seq := version(t, m, l.Stream)
						records, err := m.Append(ctx, journal.Append{Stream: l.Stream, Expect: seq, Token: l.Token, Wake: 0, Entries: []journal.Entry{{Kind: "step"}}})
						if err != nil {
							return journal.Next{Seq: seq}, err
						}
						mu.Lock()
						defer mu.Unlock()
						if steps[l.Stream]++; steps[l.Stream] >= 3 {
							return journal.Next{Seq: records[0].Seq, Wake: journal.Never}, nil
						}
						return journal.Next{Seq: records[0].Seq, Wake: time.Second}, nil
					},
				})
				time.Sleep(80 * time.Second)
				r.end(t)
				calls := j.Calls()
				for stream := range maps.Keys(steps) {
					// A release that failed before it was done leaves the stream due.
					require.Contains(t, []int{3, 4}, steps[stream])
				}
				require.Len(t, steps, 4)
				if last = calls < k; last {
					require.Empty(t, h.all())
					return
				}
				require.NotEmpty(t, h.all())
				require.ErrorIs(t, h.all()[0], faulty.ErrInjected)
			})
		}
	}
}

// When Run has returned there is no goroutine of it. Not parallel: it looks at all
// goroutines.
func TestWorkLeavesNothingBehind(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Millisecond, time.Minute} {
		m := new(journal.Memory)
		for i := range 20 {
			put(t, m, fmt.Sprint(i), "start", 0)
		}
		link := &severed{Journal: m}
		var calls atomic.Int32
		r := start(journal.Work{
			Leases: link, TTL: 20 * time.Millisecond, Poll: 10 * time.Millisecond, Concurrency: 5, Grace: grace,
			Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
				if calls.Add(1)%3 == 0 {
					link.set(calls.Load()%2 == 0)
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Duration(calls.Load()%7) * 5 * time.Millisecond):
				}
				return journal.Next{}, ctx.Err()
			},
		})
		time.Sleep(100 * time.Millisecond)
		r.end(t)
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		require.NotContains(t, string(stacks), "workRun")
		require.Greater(t, calls.Load(), int32(5))
	}
}

// slow is a journal whose Renew takes long and does not listen.
type slow struct {
	journal.Journal
	renewing atomic.Int32
}

func (s *slow) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	s.renewing.Add(1)
	defer s.renewing.Add(-1)
	time.Sleep(3 * time.Second)
	return s.Journal.Renew(ctx, l, ttl)
}

func (s *slow) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	if s.renewing.Load() != 0 {
		return errors.New("a renewal is under way")
	}
	return s.Journal.Release(ctx, l, wake)
}

// A renewal that is under way when the work ends has ended before the lease is released.
func TestWorkWaitsForItsRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &slow{Journal: new(journal.Memory)}
		put(t, j, "s", "start", 0)
		var h heard
		r := start(journal.Work{Leases: j, TTL: 12 * time.Second, Failed: h.failed, Do: func(context.Context, journal.Lease) (journal.Next, error) {
			time.Sleep(5 * time.Second) // the first renewal began at 4
			return journal.Next{Wake: journal.Never}, nil
		}})
		time.Sleep(6 * time.Second)
		r.end(t)
		require.Zero(t, j.renewing.Load())
		require.Empty(t, h.all())
	})
}

func TestWorkRefusesWhatIsUnfit(t *testing.T) {
	t.Parallel()
	err := journal.Work{}.Run(t.Context())
	require.ErrorContains(t, err, "Leases is nil")
	require.ErrorContains(t, err, "Do is nil")
	do := func(context.Context, journal.Lease) (journal.Next, error) { return journal.Next{}, nil }
	for want, change := range map[string]func(*journal.Work){
		"TTL":              func(w *journal.Work) { w.TTL = time.Millisecond },
		"a lease for":      func(w *journal.Work) { w.TTL = journal.MaxTTL + 1 },
		"Poll":             func(w *journal.Work) { w.Poll = -time.Second },
		"Retry":            func(w *journal.Work) { w.Retry = -time.Second },
		"Retry is":         func(w *journal.Work) { w.Retry = journal.MaxWake + 1 },
		"Grace":            func(w *journal.Work) { w.Grace = -1 },
		"Max is":           func(w *journal.Work) { w.Concurrency = journal.MaxClaim + 1 },
		"Max is -1":        func(w *journal.Work) { w.Concurrency = -1 },
		"the prefix":       func(w *journal.Work) { w.Prefix = strings.Repeat("x", journal.MaxStream+1) },
		"the worker's nam": func(w *journal.Work) { w.Worker = strings.Repeat("x", journal.MaxText+1) },
	} {
		w := journal.Work{Leases: new(journal.Memory), Do: do}
		change(&w)
		require.ErrorContains(t, w.Run(t.Context()), want)
	}
}

func TestWakeAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want time.Duration
	}{
		{time.Time{}, journal.Never},
		{now, 0},
		{now.Add(-1), 0},
		{now.Add(-time.Hour), 0},
		{now.Add(time.Hour), time.Hour},
		{now.AddDate(50, 0, 0), journal.MaxWake},
		{now.AddDate(5000, 0, 0), journal.MaxWake},
		{now.AddDate(-1000, 0, 0), 0},
	} {
		got := journal.WakeAt(c.at, now)
		require.Equal(t, c.want, got)
		require.NoError(t, journal.CheckWake(got))
	}
}
