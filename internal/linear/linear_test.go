package linear_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/linear"
	"github.com/sallyport-dev/sallyport/release/journal"
)

func TestMemoryIsLinear(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		linear.Test(t, &linear.Options{Seed: seed}, new(journal.Memory))
	}
}

// store is a Memory that breaks a promise.
type store struct {
	*journal.Memory
	append func(ctx context.Context, a journal.Append) ([]journal.Record, error)
	load   func(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error]
	claim  func(ctx context.Context, c journal.Claim) ([]journal.Lease, error)
}

func (s *store) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	runtime.Gosched() // so that calls overlap, on a machine with one processor too
	if s.append == nil {
		return s.Memory.Append(ctx, a)
	}
	return s.append(ctx, a)
}

func (s *store) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	runtime.Gosched()
	if s.load == nil {
		return s.Memory.Load(ctx, stream, after)
	}
	return s.load(ctx, stream, after)
}

func (s *store) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	runtime.Gosched()
	if s.claim == nil {
		return s.Memory.Claim(ctx, c)
	}
	return s.claim(ctx, c)
}

// now and then is true for one call in n.
func nowAndThen(n int) func() bool {
	var mu sync.Mutex
	i := 0
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		i++
		return i%n == 0
	}
}

// Stores that are wrong in ways that only show when calls are compared with others.
func TestStoresThatAreNotLinearAreCaught(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		store func() *store
	}{
		{"reads that are late", func() *store {
			// A replica that gets what was appended a little later.
			s := &store{Memory: new(journal.Memory)}
			behind := nowAndThen(9)
			s.load = func(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
				late := behind()
				return func(yield func(journal.Record, error) bool) {
					var all []journal.Record
					for r, err := range s.Memory.Load(ctx, stream, after) {
						if err != nil {
							yield(r, err)
							return
						}
						all = append(all, r)
					}
					if late && len(all) > 0 {
						all = all[:len(all)-1]
					}
					for _, r := range all {
						if !yield(r, nil) {
							return
						}
					}
				}
			}
			return s
		}},
		{"updates that are lost", func() *store {
			// It acknowledges what it was to keep and forgets it.
			s := &store{Memory: new(journal.Memory)}
			forget := nowAndThen(11)
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				if !forget() {
					return s.Memory.Append(ctx, a)
				}
				var last journal.Head
				for r := range s.Memory.Load(ctx, a.Stream, 0) {
					last = r.Head()
				}
				if last.Seq != a.Expect || a.Token != 0 {
					return s.Memory.Append(ctx, a)
				}
				last.Stream = a.Stream
				var out []journal.Record
				for _, e := range a.Entries {
					out = append(out, journal.Seal(last, e))
					last = out[len(out)-1].Head()
				}
				return out, nil
			}
			return s
		}},
		{"a version that is looked at before the lock", func() *store {
			s := &store{Memory: new(journal.Memory)}
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				var seq uint64
				for r := range s.Memory.Load(ctx, a.Stream, 0) {
					seq = r.Seq
				}
				if seq != a.Expect {
					return nil, journal.ErrConflict
				}
				for {
					time.Sleep(20 * time.Microsecond)
					got, err := s.Memory.Append(ctx, a)
					if !errors.Is(err, journal.ErrConflict) {
						return got, err
					}
					a.Expect++
				}
			}
			return s
		}},
		{"conflicts that are none", func() *store {
			s := &store{Memory: new(journal.Memory)}
			lie := nowAndThen(7)
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				if lie() {
					return nil, journal.ErrConflict
				}
				return s.Memory.Append(ctx, a)
			}
			return s
		}},
		{"tokens that are refused and current", func() *store {
			s := &store{Memory: new(journal.Memory)}
			lie := nowAndThen(5)
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				if a.Token > 0 && lie() {
					return nil, journal.ErrFenced
				}
				return s.Memory.Append(ctx, a)
			}
			return s
		}},
		{"tokens that are not looked at", func() *store {
			s := &store{Memory: new(journal.Memory)}
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				a.Token = 0
				return s.Memory.Append(ctx, a)
			}
			return s
		}},
		{"an append that failed and happened", func() *store {
			s := &store{Memory: new(journal.Memory)}
			lie := nowAndThen(13)
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				got, err := s.Memory.Append(ctx, a)
				if err == nil && lie() {
					return nil, context.DeadlineExceeded
				}
				return got, err
			}
			return s
		}},
		{"an unknown append that happened twice", func() *store {
			s := &store{Memory: new(journal.Memory)}
			lie := nowAndThen(13)
			s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
				got, err := s.Memory.Append(ctx, a)
				if err == nil && lie() {
					a.Expect += uint64(len(a.Entries))
					_, _ = s.Memory.Append(ctx, a)
					return nil, journal.ErrUnknown
				}
				return got, err
			}
			return s
		}},
		{"a lease that is given to two", func() *store {
			s := &store{Memory: new(journal.Memory)}
			var mu sync.Mutex
			last := map[string]journal.Lease{}
			again := nowAndThen(5)
			s.claim = func(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
				got, err := s.Memory.Claim(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				if l, ok := last[c.Prefix]; ok && len(got) == 0 && again() {
					return []journal.Lease{l}, nil
				}
				if len(got) > 0 {
					last[c.Prefix] = got[0]
				}
				return got, err
			}
			return s
		}},
		{"leases of an older version", func() *store {
			s := &store{Memory: new(journal.Memory)}
			s.claim = func(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
				got, err := s.Memory.Claim(ctx, c)
				for i := range got {
					got[i].Seq = max(got[i].Seq, 2) - 1
				}
				return got, err
			}
			return s
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(20) {
				h, err := linear.Record(t.Context(), &linear.Options{Seed: seed}, c.store())
				if err == nil {
					err = h.Check()
				}
				if err != nil {
					t.Log(err)
					return
				}
			}
			require.Fail(t, "20 histories of it are those of one thing at a time")
		})
	}
}

// What is unknown may have happened, late or not at all.
func TestUnknownOutcomes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		s := &store{Memory: new(journal.Memory)}
		lie, drop := nowAndThen(7), nowAndThen(3)
		var later sync.WaitGroup
		s.append = func(ctx context.Context, a journal.Append) ([]journal.Record, error) {
			if !lie() {
				return s.Memory.Append(ctx, a)
			}
			if !drop() {
				later.Go(func() {
					time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
					_, _ = s.Memory.Append(ctx, a) // by then it may be a conflict
				})
			}
			return nil, journal.ErrUnknown
		}
		h, err := linear.Record(t.Context(), &linear.Options{Seed: seed}, s)
		later.Wait()
		require.NoError(t, err)
		require.Positive(t, h.Unknown)
		// What came after the last look is as if it had never come.
		require.NoError(t, h.Check())
	}
}

// A history in which somebody does not see what had been acknowledged before.
func TestTheCallThatHasNoPlaceIsNamed(t *testing.T) {
	t.Parallel()
	e := journal.Entry{Kind: "k", Data: []byte("x")}
	r := journal.Seal(journal.Head{Stream: "s"}, e)
	appended := linear.Call{Stream: "s", Do: linear.Append, Told: linear.OK, Begin: 1, End: 2, Entries: []journal.Entry{e}, Prev: journal.Head{Stream: "s"}, Head: r.Head()}
	read := linear.Call{Stream: "s", Worker: 7, Do: linear.Read, Told: linear.OK, Begin: 3, End: 4, Head: journal.Head{Stream: "s"}}
	h := &linear.History{Calls: []linear.Call{appended, read}, Final: map[string][]journal.Record{"s": {r}}}
	err := h.Check()
	require.ErrorContains(t, err, "worker 7, events 3 to 4: read")
	h.Calls[1].Begin = 1 // beside the append, and so before it
	require.NoError(t, h.Check())
	h.Calls[1].Begin, h.Calls[0].Told = 3, linear.Unknown
	require.NoError(t, h.Check(), "an append that is unknown may happen after the read")
	h.Calls[0].Told = linear.GivenUp
	require.ErrorContains(t, h.Check(), "did not happen")
}

// Two stores that do not know of each other are not one, however good each of them is.
func TestTwoStoresAreNotOne(t *testing.T) {
	t.Parallel()
	h, err := linear.Record(t.Context(), nil, new(journal.Memory), new(journal.Memory))
	if err == nil {
		err = h.Check()
	}
	require.Error(t, err)
}

// A journal that was closed shows nothing.
func TestOtherErrorsEndTheTest(t *testing.T) {
	t.Parallel()
	j := new(journal.Memory)
	require.NoError(t, j.Close())
	_, err := linear.Record(t.Context(), nil, j)
	require.ErrorIs(t, err, journal.ErrClosed)
}
