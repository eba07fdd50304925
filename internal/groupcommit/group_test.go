package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
)

// item is what is committed here.
type item struct {
	id        int
	committed int
}

// recorder is a commit that takes a second, and what it was given.
type recorder struct {
	batches [][]int
	during  func(batch []*item)
}

func (r *recorder) commit(batch []*item) {
	ids := make([]int, len(batch))
	for i, it := range batch {
		ids[i] = it.id
		it.committed++
	}
	r.batches = append(r.batches, ids)
	time.Sleep(time.Second)
	if r.during != nil {
		r.during(batch)
	}
}

// caller is one call in a goroutine of its own.
type caller struct {
	item   *item
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	panic  any
}

func (c *caller) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// call starts a call and returns once it waits or has ended.
func call(f func(ctx context.Context, it *item) error, id int) *caller {
	ctx, cancel := context.WithCancel(context.Background())
	c := &caller{item: &item{id: id}, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer cancel()
		defer close(c.done)
		defer func() { c.panic = recover() }()
		c.err = f(ctx, c.item)
	}()
	synctest.Wait()
	return c
}

func sized(g *groupcommit.Group[*item], size int) func(context.Context, *item) error {
	return func(ctx context.Context, it *item) error { return g.Do(ctx, it, size) }
}

var roomy = groupcommit.Limits{Items: 100, Size: 1000}

// A caller that is alone commits in its own goroutine, at once.
func TestAloneThereIsNoHandOver(t *testing.T) {
	t.Parallel()
	var stack string
	g := groupcommit.New(roomy, func([]*item) {
		b := make([]byte, 1<<16)
		stack = string(b[:runtime.Stack(b, false)])
	})
	for range 3 {
		stack = ""
		require.NoError(t, g.Do(t.Context(), &item{}, 1))
		require.Contains(t, stack, "TestAloneThereIsNoHandOver")
	}
}

// What came while a commit was under way is committed together, in the order in which
// it came, as far as the limits allow.
func TestBatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		limits groupcommit.Limits
		sizes  []int
		want   string
	}{
		{"all together", roomy, []int{1, 1, 1, 1}, "[[0] [1 2 3]]"},
		{"as many as items", groupcommit.Limits{Items: 3, Size: 100}, []int{1, 1, 1, 1, 1, 1, 1, 1}, "[[0] [1 2 3] [4 5 6] [7]]"},
		{"one by one", groupcommit.Limits{Items: 1, Size: 100}, []int{1, 1, 1}, "[[0] [1] [2]]"},
		{"no limit that makes sense", groupcommit.Limits{}, []int{1, 1, 1}, "[[0] [1] [2]]"},
		{"exactly the size", groupcommit.Limits{Items: 9, Size: 10}, []int{1, 5, 5, 10, 9, 1, 1}, "[[0] [1 2] [3] [4 5] [6]]"},
		{"a large one leads, and is alone", groupcommit.Limits{Items: 9, Size: 10}, []int{1, 1, 50, 1, 1}, "[[0] [1] [2] [3 4]]"},
		{"no size at all", groupcommit.Limits{Items: 9, Size: 0}, []int{0, 0, 0, 1}, "[[0] [1 2] [3]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := new(recorder)
				g := groupcommit.New(c.limits, r.commit)
				var calls []*caller
				for id, size := range c.sizes {
					calls = append(calls, call(sized(g, size), id))
				}
				require.Equal(t, len(calls)-1, g.Queued())
				began := time.Now()
				g.Wait()
				require.Equal(t, c.want, fmt.Sprint(r.batches))
				require.Equal(t, time.Duration(len(r.batches))*time.Second, time.Since(began), "one after the other, without a pause")
				synctest.Wait()
				for _, c := range calls {
					require.True(t, c.ended())
					require.NoError(t, c.err)
					require.Equal(t, 1, c.item.committed)
				}
			})
		})
	}
}

// Each is told when its own batch is done, not later.
func TestOutcomesAreHandedOutAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		g := groupcommit.New(groupcommit.Limits{Items: 2, Size: 100}, r.commit)
		var calls []*caller
		for id := range 5 {
			calls = append(calls, call(sized(g, 1), id))
		}
		for _, want := range []string{"0", "012", "01234"} {
			time.Sleep(time.Second)
			synctest.Wait()
			var got strings.Builder
			for _, c := range calls {
				if c.ended() {
					fmt.Fprint(&got, c.item.id)
				}
			}
			require.Equal(t, want, got.String())
		}
	})
}

func TestContextsThatEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		g := groupcommit.New(groupcommit.Limits{Items: 2, Size: 100}, r.commit)
		var calls []*caller
		for id := range 6 { // batches: 0, 1 2, 3 4, 5
			calls = append(calls, call(sized(g, 1), id))
		}
		calls[0].cancel() // it leads
		calls[3].cancel() // it waits
		synctest.Wait()
		require.False(t, calls[0].ended())
		require.True(t, calls[3].ended())
		require.ErrorIs(t, calls[3].err, groupcommit.ErrWithdrawn)
		require.ErrorIs(t, calls[3].err, context.Canceled)
		require.Equal(t, 4, g.Queued())

		time.Sleep(1500 * time.Millisecond) // 1 and 2 are being committed
		calls[1].cancel()
		calls[2].cancel()
		synctest.Wait()
		require.False(t, calls[1].ended(), "it leads")
		require.True(t, calls[2].ended())
		require.ErrorIs(t, calls[2].err, groupcommit.ErrUnderWay)
		require.ErrorIs(t, calls[2].err, context.Canceled)
		require.NotErrorIs(t, calls[2].err, groupcommit.ErrWithdrawn)
		g.Wait()
		synctest.Wait()
		for id, c := range calls {
			require.True(t, c.ended())
			require.Equal(t, id != 3, c.item.committed == 1, id)
			require.Equal(t, id == 3 || id == 2, c.err != nil, id)
		}
		require.Equal(t, "[[0] [1 2] [4 5]]", fmt.Sprint(r.batches))

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, g.Do(gone, &item{}, 1), groupcommit.ErrWithdrawn, "a context that had ended")
		require.ErrorIs(t, g.Alone(gone, func() { t.Error("it ran") }), groupcommit.ErrWithdrawn)
		require.Len(t, r.batches, 3)
		require.NoError(t, g.Do(t.Context(), &item{}, 1), "and the group is idle")
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for _, c := range []struct {
		name   string
		inside bool
	}{{"in a commit", true}, {"beside a commit", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := new(recorder)
				g := groupcommit.New(groupcommit.Limits{Items: 2, Size: 100}, r.commit)
				stop := func() {
					g.Stop(stopped)
					g.Stop(errors.New("the second"))
				}
				r.during = func(batch []*item) {
					if c.inside && batch[0].id == 1 {
						stop()
					}
				}
				var calls []*caller
				for id := range 6 { // 0, 1 2, and 3 4 5 will not be
					calls = append(calls, call(sized(g, 1), id))
				}
				aside := call(func(ctx context.Context, _ *item) error {
					return g.Alone(ctx, func() { t.Error("it ran") })
				}, 6)
				time.Sleep(1500 * time.Millisecond)
				if !c.inside {
					stop()
				}
				g.Wait()
				synctest.Wait()
				require.Equal(t, "[[0] [1 2]]", fmt.Sprint(r.batches))
				for id, c := range append(calls, aside) {
					require.True(t, c.ended(), id)
					if id < 3 {
						require.NoError(t, c.err, id)
					} else {
						require.Equal(t, stopped, c.err, id)
						require.Zero(t, c.item.committed)
					}
				}
				require.Equal(t, stopped, g.Do(t.Context(), &item{}, 1))
				require.Equal(t, stopped, g.Alone(t.Context(), func() { t.Error("it ran") }))
				g.Wait()
			})
		})
	}
}

// When Stop has returned, only the commit that had taken its items goes on, and after
// Wait none does.
func TestNothingBeginsAfterStop(t *testing.T) {
	t.Parallel()
	for round := range 300 {
		var stopped, waited atomic.Bool
		var late, tooLate atomic.Int32
		g := groupcommit.New(groupcommit.Limits{Items: 1 + round%3, Size: 100}, func([]*item) {
			if stopped.Load() {
				late.Add(1)
			}
			if waited.Load() {
				tooLate.Add(1)
			}
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for g.Do(t.Context(), &item{}, 1) == nil {
				}
			})
		}
		for range round {
			runtime.Gosched()
		}
		g.Stop(errors.New("stopped"))
		stopped.Store(true)
		g.Wait()
		waited.Store(true)
		wg.Wait()
		require.LessOrEqual(t, late.Load(), int32(1))
		require.Zero(t, tooLate.Load())
	}
}

// Alone runs between batches: what came before it was committed before, and what came
// after it is after.
func TestAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		g := groupcommit.New(roomy, r.commit)
		alone := func(ctx context.Context, it *item) error {
			return g.Alone(ctx, func() {
				r.commit([]*item{it})
			})
		}
		var calls []*caller
		for id := range 10 {
			if id == 3 || id == 4 || id == 7 || id == 8 {
				calls = append(calls, call(alone, id))
			} else {
				calls = append(calls, call(sized(g, 1), id))
			}
		}
		calls[7].cancel()
		synctest.Wait()
		require.ErrorIs(t, calls[7].err, groupcommit.ErrWithdrawn)
		time.Sleep(2500 * time.Millisecond)
		calls[3].cancel()
		synctest.Wait()
		require.False(t, calls[3].ended(), "it runs")
		g.Wait()
		synctest.Wait()
		require.Equal(t, "[[0] [1 2] [3] [4] [5 6] [8] [9]]", fmt.Sprint(r.batches))
		for id, c := range calls {
			require.Equal(t, id == 7, c.err != nil, id)
		}
		ran := false
		require.NoError(t, g.Alone(t.Context(), func() { ran = true }))
		require.True(t, ran)
	})
}

// A commit that does not return leaves nobody waiting: those whose items it had do not
// know what became of them, and nobody else's is committed.
func TestCommitThatPanics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		leave func()
		stop  bool
	}{
		{"panic", func() { panic("broken") }, false},
		{"exit", runtime.Goexit, false},
		{"panic after Stop", func() { panic("broken") }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := new(recorder)
				g := groupcommit.New(groupcommit.Limits{Items: 3, Size: 100}, r.commit)
				stopped := errors.New("stopped")
				r.during = func(batch []*item) {
					if batch[0].id == 1 {
						if c.stop {
							g.Stop(stopped)
						}
						c.leave()
					}
				}
				var calls []*caller
				for id := range 6 { // 0, 1 2 3, 4 5
					calls = append(calls, call(sized(g, 1), id))
				}
				g.Wait()
				synctest.Wait()
				for id, c := range calls {
					require.True(t, c.ended(), id)
				}
				require.NoError(t, calls[0].err)
				if c.name != "exit" {
					require.Equal(t, "broken", calls[1].panic)
				}
				for _, c := range calls[2:4] {
					require.ErrorIs(t, c.err, groupcommit.ErrUnderWay)
					require.ErrorContains(t, c.err, "panicked")
				}
				for _, call := range calls[4:] {
					require.Error(t, call.err)
					require.NotErrorIs(t, call.err, groupcommit.ErrUnderWay)
					require.Equal(t, c.stop, errors.Is(call.err, stopped))
					require.Zero(t, call.item.committed)
				}
				err := g.Do(t.Context(), &item{}, 1)
				require.Equal(t, calls[4].err, err, "and nothing comes after it")
				require.Len(t, r.batches, 2)
			})
		})
	}
}

func TestAloneThatPanics(t *testing.T) {
	t.Parallel()
	g := groupcommit.New(roomy, func([]*item) { t.Error("committed") })
	require.PanicsWithValue(t, "broken", func() { g.Alone(t.Context(), func() { panic("broken") }) })
	require.ErrorContains(t, g.Do(t.Context(), &item{}, 1), "panicked")
	g.Wait()
}

// Thousands of callers, some with little patience, some with large items, some alone:
// one commit at a time, each item in the one that its caller was told of.
func TestThousandsOfCallers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) {
			const callers, rounds = 1000, 4
			limits := groupcommit.Limits{Items: 64, Size: 300}
			random := rand.New(rand.NewPCG(seed, 0))
			commits, took := 0, make([]time.Duration, 200)
			for i := range took {
				took[i] = time.Duration(random.IntN(2000)) * time.Microsecond
			}
			busy := false
			enter := func() {
				require.False(t, busy, "two at once")
				busy = true
				commits++
				time.Sleep(took[commits%len(took)])
				busy = false
			}
			g := groupcommit.New(limits, func(batch []*item) {
				require.LessOrEqual(t, len(batch), limits.Items)
				sum := 0
				for i, it := range batch {
					if sum += it.id; i > 0 {
						require.LessOrEqual(t, sum, limits.Size)
					}
					it.committed++
				}
				enter()
			})
			var mu sync.Mutex
			outcomes := map[string]int{}
			var taken []*item // by commits that had not ended when their callers left
			var wg sync.WaitGroup
			for c := range callers {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(seed, uint64(c)))
					for range rounds {
						ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(80_000))*time.Microsecond)
						it := &item{id: 1 + random.IntN(20)}
						if random.IntN(50) == 0 {
							it.id = limits.Size + 1
						}
						var err error
						if random.IntN(100) == 0 {
							ran := false
							if err = g.Alone(ctx, func() { ran = true; enter() }); ran {
								it.committed++
							}
						} else {
							err = g.Do(ctx, it, it.id)
						}
						cancel()
						mu.Lock()
						switch {
						case err == nil:
							outcomes["done"]++
							require.Equal(t, 1, it.committed)
						case errors.Is(err, groupcommit.ErrWithdrawn):
							outcomes["withdrawn"]++
							require.Zero(t, it.committed)
							taken = append(taken, it)
						case errors.Is(err, groupcommit.ErrUnderWay):
							outcomes["under way"]++
							taken = append(taken, it)
							it = nil
						default:
							t.Errorf("%v", err)
						}
						mu.Unlock()
						time.Sleep(time.Duration(random.IntN(20_000)) * time.Microsecond)
					}
				})
			}
			wg.Wait()
			g.Wait()
			require.Len(t, outcomes, 3, "the test met each case: %v", outcomes)
			n := 0
			for _, it := range taken {
				n += it.committed
			}
			require.Equal(t, outcomes["under way"], n, "what was taken was committed, and what was withdrawn never")
			require.Zero(t, g.Queued())
			t.Log(outcomes, commits, "commits")
		})
	}
}

// The same without a bubble, for the race detector and the scheduler.
func TestCallersOutsideABubble(t *testing.T) {
	t.Parallel()
	var sum atomic.Int64
	var inside atomic.Int32
	g := groupcommit.New(groupcommit.Limits{Items: 16, Size: 1 << 20}, func(batch []*item) {
		require.Equal(t, int32(1), inside.Add(1))
		for _, it := range batch {
			it.committed++
		}
		sum.Add(int64(len(batch)))
		inside.Add(-1)
	})
	var wg sync.WaitGroup
	var done atomic.Int64
	for w := range 64 {
		wg.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				if (w+i)%5 == 0 {
					go cancel()
				}
				it := &item{}
				if err := g.Do(ctx, it, 1); err == nil {
					done.Add(1)
					if it.committed != 1 {
						t.Errorf("committed %d times", it.committed)
					}
				} else if !errors.Is(err, groupcommit.ErrWithdrawn) && !errors.Is(err, groupcommit.ErrUnderWay) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	g.Wait()
	require.GreaterOrEqual(t, sum.Load(), done.Load())
	require.True(t, strings.HasPrefix(groupcommit.ErrWithdrawn.Error(), "groupcommit: "))
}

func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			commits := 0
			g := groupcommit.New(groupcommit.Limits{Items: 1024, Size: 1 << 20}, func([]*item) { commits++ })
			b.ReportAllocs()
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					it := new(item)
					for range b.N / callers {
						if err := g.Do(context.Background(), it, 1); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/float64(max(commits, 1)), "items/commit")
		})
	}
}
