package journaltest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/journaltest"
)

func memory(testing.TB) journal.Journal { return new(journal.Memory) }

func TestMemory(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, memory, nil)
}

// clocked is a Memory with a clock that stands still unless it is moved.
type clocked struct {
	*journal.Memory
	now *atomic.Pointer[time.Time]
}

func (c clocked) advance(d time.Duration) {
	now := c.now.Load().Add(d)
	c.now.Store(&now)
}

func TestMemoryWithAClock(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(testing.TB) journal.Journal {
		c := clocked{new(journal.Memory), new(atomic.Pointer[time.Time])}
		begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		c.now.Store(&begin)
		c.Now = func() time.Time { return *c.now.Load() }
		return c
	}, &journaltest.Options{Advance: func(j journal.Journal, d time.Duration) { j.(clocked).advance(d) }})
}

func TestFile(t *testing.T) {
	t.Parallel()
	open := func(t testing.TB, path string) journal.Journal {
		f, err := journal.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	journaltest.Run(t,
		func(t testing.TB) journal.Journal { return open(t, filepath.Join(t.TempDir(), "journal")) },
		&journaltest.Options{Reopen: func(t testing.TB, j journal.Journal) journal.Journal {
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, j.(*journal.File).Path())
		}})
}

// recorder is a testing.TB whose failures are seen and not passed on.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) fail(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, s)
}
func (r *recorder) Helper()          {}
func (r *recorder) Fail()            { r.fail("failed") }
func (r *recorder) FailNow()         { r.Fail(); runtime.Goexit() }
func (r *recorder) Error(a ...any)   { r.fail(fmt.Sprint(a...)) }
func (r *recorder) Fatal(a ...any)   { r.fail(fmt.Sprint(a...)); runtime.Goexit() }
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Fatalf(f string, a ...any) {
	r.fail(fmt.Sprintf(f, a...))
	runtime.Goexit()
}

// suite runs parts of the suite on a store, all if none is named, and returns why which
// of them failed.
func suite(t *testing.T, open journaltest.Opener, opts *journaltest.Options, only ...string) map[string]string {
	failed := map[string]string{}
	journaltest.Cases(open, opts, func(name string, part func(testing.TB)) {
		if len(only) > 0 && !slices.Contains(only, name) {
			return
		}
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				for _, f := range slices.Backward(r.cleanups) {
					f()
				}
			}()
			part(r)
		}()
		<-done
		if len(r.failures) > 0 {
			failed[name] = strings.Join(r.failures, "; ")
		}
	})
	return failed
}

// mutant is a Memory that breaks one rule.
type mutant struct {
	*journal.Memory
	append  func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error)
	load    func(m *journal.Memory, ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error]
	streams func(m *journal.Memory, ctx context.Context) iter.Seq2[string, error]
}

func (m mutant) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if m.append != nil {
		return m.append(m.Memory, ctx, a)
	}
	return m.Memory.Append(ctx, a)
}

func (m mutant) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	if m.load != nil {
		return m.load(m.Memory, ctx, stream, after)
	}
	return m.Memory.Load(ctx, stream, after)
}

func (m mutant) Streams(ctx context.Context) iter.Seq2[string, error] {
	if m.streams != nil {
		return m.streams(m.Memory, ctx)
	}
	return m.Memory.Streams(ctx)
}

// version is where a stream of m is.
func version(m *journal.Memory, stream string) (n uint64) {
	for r, err := range m.Load(context.Background(), stream, 0) {
		if err == nil {
			n = r.Seq
		}
	}
	return n
}

func TestMutantsAreCaught(t *testing.T) {
	t.Parallel()
	mutants := []struct {
		name   string
		mutant func() mutant
		caught string // one part that must fail; others may
	}{
		{"drops the version check", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				for {
					a.Expect = version(m, a.Stream)
					if r, err := m.Append(ctx, a); !errors.Is(err, journal.ErrConflict) {
						return r, err
					}
				}
			}}
		}, "one winner at a version"},
		{"checks the version only from below", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				a.Expect = min(a.Expect, version(m, a.Stream))
				return m.Append(ctx, a)
			}}
		}, "a conflict appends nothing"},
		{"loses an acknowledged append", func() mutant {
			var n atomic.Int64
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				if n.Add(1)%7 == 0 && a.Check() == nil && version(m, a.Stream) == a.Expect {
					head := journal.Head{Stream: a.Stream, Seq: a.Expect}
					var out []journal.Record
					for _, e := range a.Entries {
						out = append(out, journal.Seal(head, e))
						head = out[len(out)-1].Head()
					}
					return out, nil
				}
				return m.Append(ctx, a)
			}}
		}, "concurrent appends form one chain"},
		{"says that it failed and did it", func() mutant {
			var n atomic.Int64
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				r, err := m.Append(ctx, a)
				if err == nil && n.Add(1)%5 == 0 {
					return nil, journal.ErrConflict
				}
				return r, err
			}}
		}, "concurrent appends form one chain"},
		{"splits a batch", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				if err := a.Check(); err != nil {
					return nil, err
				}
				var out []journal.Record
				for _, e := range a.Entries {
					r, err := m.Append(ctx, journal.Append{Stream: a.Stream, Expect: a.Expect, Entries: []journal.Entry{e}})
					if err != nil {
						return nil, err
					}
					runtime.Gosched()
					out = append(out, r...)
					a.Expect++
				}
				return out, nil
			}}
		}, "a batch is whole"},
		{"appends what comes before an unfit entry", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				for n := len(a.Entries); n > 0; n-- {
					b := a
					if b.Entries = a.Entries[:n]; b.Check() == nil {
						r, err := m.Append(ctx, b)
						if n < len(a.Entries) {
							return nil, errors.New("unfit")
						}
						return r, err
					}
				}
				return m.Append(ctx, a)
			}}
		}, "an unfit append appends nothing"},
		{"appends in spite of the context", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				return m.Append(context.WithoutCancel(ctx), a)
			}}
		}, "a context that has ended"},
		{"keeps text as UTF-8", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				es := slices.Clone(a.Entries)
				for i := range es {
					es[i].Actor = string([]rune(es[i].Actor))
				}
				a.Entries = es
				r, err := m.Append(ctx, a)
				return r, err
			}}
		}, "values come back"},
		{"loads from the version on, not after it", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return m.Load(ctx, s, max(after, 1)-1)
			}}
		}, "load after a version"},
		{"misses the newest record", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return func(yield func(journal.Record, error) bool) {
					last := version(m, s)
					for r, err := range m.Load(ctx, s, after) {
						if err == nil && r.Seq > 3 && r.Seq == last {
							return
						}
						if !yield(r, err) {
							return
						}
					}
				}
			}}
		}, "readers beside writers"},
		{"lists streams in another order", func() mutant {
			return mutant{streams: func(m *journal.Memory, ctx context.Context) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					var names []string
					for s, err := range m.Streams(ctx) {
						if err != nil {
							yield("", err)
							return
						}
						names = append(names, s)
					}
					for _, s := range slices.Backward(names) {
						if !yield(s, nil) {
							return
						}
					}
				}
			}}
		}, "streams are sorted"},
		{"breaks the chain", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return func(yield func(journal.Record, error) bool) {
					for r, err := range m.Load(ctx, s, after) {
						if r.Seq == 2 {
							r.Prev[0] ^= 1
						}
						if !yield(r, err) {
							return
						}
					}
				}
			}}
		}, "the chain verifies"},
		{"reads when the iterator is made, not when the loop begins", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				var kept []journal.Record
				for r, err := range m.Load(ctx, s, after) {
					if err != nil {
						return m.Load(ctx, s, after)
					}
					kept = append(kept, r)
				}
				return func(yield func(journal.Record, error) bool) {
					for _, r := range kept {
						if !yield(r, nil) {
							return
						}
					}
				}
			}}
		}, "a loop may end early"},
		{"can be read once only", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				used := false
				return func(yield func(journal.Record, error) bool) {
					if !used {
						used = true
						m.Load(ctx, s, after)(yield)
					}
				}
			}}
		}, "a loop may end early"},
		{"lists a stream that was only asked for", func() mutant {
			var mu sync.Mutex
			asked := map[string]bool{}
			return mutant{
				load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
					mu.Lock()
					defer mu.Unlock()
					asked[s] = true
					return m.Load(ctx, s, after)
				},
				streams: func(m *journal.Memory, ctx context.Context) iter.Seq2[string, error] {
					return func(yield func(string, error) bool) {
						mu.Lock()
						names := maps.Clone(asked)
						mu.Unlock()
						for s, err := range m.Streams(ctx) {
							if err != nil {
								yield("", err)
								return
							}
							names[s] = true
						}
						for _, s := range slices.Sorted(maps.Keys(names)) {
							if !yield(s, nil) {
								return
							}
						}
					}
				}}
		}, "streams are sorted"},
		{"keeps time to the microsecond", func() mutant {
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				a.Entries = slices.Clone(a.Entries)
				for i := range a.Entries {
					a.Entries[i].At = a.Entries[i].At.Truncate(time.Microsecond)
				}
				return m.Append(ctx, a)
			}}
		}, "values come back"},
		{"shares its bytes with the reader", func() mutant {
			var mu sync.Mutex
			shared := map[release.Digest]journal.Record{}
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return func(yield func(journal.Record, error) bool) {
					for r, err := range m.Load(ctx, s, after) {
						mu.Lock()
						if old, ok := shared[r.Hash]; ok && err == nil {
							r = old
						}
						shared[r.Hash] = r
						mu.Unlock()
						if !yield(r, err) {
							return
						}
					}
				}
			}}
		}, "the caller's data stays the caller's"},
		{"ends stream names at a zero byte", func() mutant {
			cut := func(s string) string { s, _, _ = strings.Cut(s, "\x00"); return s }
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				a.Stream = cut(a.Stream)
				return m.Append(ctx, a)
			}, load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return m.Load(ctx, cut(s), after)
			}}
		}, "streams are sorted"},
		{"ignores the case of stream names", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return m.Load(ctx, strings.ToLower(s), after)
			}}
		}, "load after a version"},
		{"counts versions as int64", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return m.Load(ctx, s, uint64(max(int64(after), 0)))
			}}
		}, "load after a version"},
		{"sees what is appended during the loop", func() mutant {
			return mutant{load: func(m *journal.Memory, ctx context.Context, s string, after uint64) iter.Seq2[journal.Record, error] {
				return func(yield func(journal.Record, error) bool) {
					for n := after; ; n++ {
						found := false
						for r, err := range m.Load(ctx, s, n) {
							if found = true; !yield(r, err) || err != nil {
								return
							}
							break
						}
						if !found || n > after+1000 {
							return
						}
					}
				}
			}}
		}, "a loop may end early"},
		{"goes on after Close", func() mutant {
			last := new(journal.Memory)
			return mutant{append: func(m *journal.Memory, ctx context.Context, a journal.Append) ([]journal.Record, error) {
				r, err := m.Append(ctx, a)
				if errors.Is(err, journal.ErrClosed) {
					a.Expect = version(last, a.Stream)
					return last.Append(ctx, a)
				}
				return r, err
			}}
		}, "a closed journal refuses"},
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			failed := suite(t, func(testing.TB) journal.Journal {
				x := m.mutant()
				x.Memory = new(journal.Memory)
				return x
			}, nil, m.caught)
			require.Contains(t, failed, m.caught)
		})
	}
}

func TestForgetfulStoreIsCaught(t *testing.T) {
	t.Parallel()
	parts := []string{
		"closing beside appends loses nothing", "opened again it is the same", "opened again wakes are kept",
		"opened again tokens grow", "opened again the feed goes on", "opened again it is still compacted",
	}
	failed := suite(t, memory, &journaltest.Options{Reopen: func(t testing.TB, j journal.Journal) journal.Journal {
		j.Close()
		return new(journal.Memory)
	}}, parts...)
	require.ElementsMatch(t, parts, slices.Collect(maps.Keys(failed)))
}
