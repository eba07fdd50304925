package analysis_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/analysis"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

var errBoom = errors.New("boom")

// fault is how the k-th call of a store goes wrong.
type fault uint8

const (
	faultBefore   fault = iota // it did not happen, and the error says so
	faultLost                  // it did not happen, and that is not known
	faultUnknown               // it happened, and that is not known
	faultConflict              // it says that somebody else was first, which nobody was
	faults
)

// faulty is a store whose k-th call goes wrong.
type faulty struct {
	*journal.Memory
	k, n  int
	fault fault
}

func (f *faulty) now() bool { f.n++; return f.n-1 == f.k }

func (f *faulty) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	if !f.now() {
		return f.Memory.Load(ctx, stream, after)
	}
	return func(yield func(journal.Record, error) bool) {
		for r, err := range f.Memory.Load(ctx, stream, after) { // one record arrives
			if !yield(r, err) {
				return
			}
			break
		}
		yield(journal.Record{}, errBoom)
	}
}

func (f *faulty) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if !f.now() {
		return f.Memory.Append(ctx, a)
	}
	switch f.fault {
	case faultBefore:
		return nil, errBoom
	case faultLost:
		return nil, journal.ErrUnknown
	case faultConflict:
		return nil, journal.ErrConflict
	}
	if _, err := f.Memory.Append(ctx, a); err != nil {
		return nil, err
	}
	return nil, journal.ErrUnknown
}

// played is a rollout of one whole stage, one of regions and a watch, as it goes without
// any fault: what was asked and answered, and what the stream then holds.
func played(t testing.TB) (s *service, stream []journal.Record) {
	s = newService(t)
	planOfRegions(s)
	s.plan.Stages[0].MinBake, s.plan.Stages[1].MinBake, s.plan.Stages[2].MinBake = 4*time.Minute, 4*time.Minute, 10*time.Minute
	s.rate = worse(4, 15*time.Minute)
	s.opts.Watch = &health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: 0.01}}}
	st := s.run(s.source(), time.Hour)
	require.Equal(t, rollout.PhaseRolledBack, st.Rollout.Phase)
	require.Equal(t, 2, st.Rollout.Stage, "%v", st)
	s.audit(st)
	return s, records(t, s.store, analysis.Stream(st.Rollout.ID))
}

// replayed asks all that was asked once more. The caller's ask says what a failed call
// leads to. Each answer, and the stream in the end, must be as without a fault.
func replayed(t testing.TB, s *service, want []journal.Record, store analysis.Store, ask func(rollout.HealthQuery) (health.Verdict, error), about ...any) {
	for _, a := range s.asked {
		s.clock = a.q.Now
		v, err := ask(a.q)
		for tries := 0; err != nil && tries < 3; tries++ {
			v, err = ask(a.q)
		}
		require.NoError(t, err, about...)
		require.Equal(t, a.v, v, about...)
	}
	got := records(t, store, want[0].Stream)
	require.Equal(t, len(want), len(got), about...)
	for i := range want {
		require.Equal(t, want[i].Hash, got[i].Hash, about...)
	}
}

func TestEveryCallOfTheStoreFails(t *testing.T) {
	t.Parallel()
	s, want := played(t)
	for kind := range faults {
		for _, crash := range []bool{false, true} { // a call that failed was the process's last
			for k := 0; ; k++ {
				store := &faulty{Memory: new(journal.Memory), k: k, fault: kind}
				opts := s.opts
				opts.Store = store
				source, err := analysis.New(opts)
				require.NoError(t, err)
				replayed(t, s, want, store.Memory, func(q rollout.HealthQuery) (health.Verdict, error) {
					v, err := source.Health(t.Context(), q)
					if err != nil && crash {
						source, err = analysis.New(opts)
						require.NoError(t, err)
						err = errBoom
					}
					return v, err
				}, fmt.Sprint(kind, crash, k))
				if store.n <= k {
					t.Logf("fault %d, crash %v: %d calls", kind, crash, k)
					require.Greater(t, k, 50, "there were calls that could fail")
					break
				}
			}
		}
	}
}

func TestEveryCallOfTheReaderFails(t *testing.T) {
	t.Parallel()
	s, want := played(t)
	for k := 0; ; k++ {
		n := 0
		opts := s.opts
		opts.Store = new(journal.Memory)
		opts.Readers = func(q rollout.HealthQuery) (analysis.Reader, error) {
			if n++; n-1 == k {
				return nil, errBoom
			}
			r, err := s.reader(q)
			return analysis.ReaderFunc(func(ctx context.Context, w health.Window) ([]health.Sample, error) {
				if n++; n-1 == k {
					return []health.Sample{{ID: "of another window", Metric: "errors"}}, nil
				}
				return r.Read(ctx, w)
			}), err
		}
		source, err := analysis.New(opts)
		require.NoError(t, err)
		replayed(t, s, want, opts.Store, func(q rollout.HealthQuery) (health.Verdict, error) { return source.Health(t.Context(), q) }, k)
		if n <= k {
			require.Greater(t, k, 30)
			return
		}
	}
}

// A new process for each question, and one for every k-th only.
func TestCrashBetweenAnyTwoCalls(t *testing.T) {
	t.Parallel()
	s, want := played(t)
	for k := range len(s.asked) + 1 {
		opts := s.opts
		opts.Store = new(journal.Memory)
		source, err := analysis.New(opts)
		require.NoError(t, err)
		n := 0
		replayed(t, s, want, opts.Store, func(q rollout.HealthQuery) (health.Verdict, error) {
			if n == k || k == len(s.asked) {
				source, err = analysis.New(opts)
				require.NoError(t, err)
			}
			n++
			return source.Health(t.Context(), q)
		}, k)
	}
}

// Without a store a new process reads whole stages again, to the same evidence but for
// the stages that it cannot know of.
func TestWithoutStoreANewProcessReadsAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.rate = worse(5, 0)
	s.opts.Store = nil
	s.run(s.source(), 3*time.Minute)
	again := s.run(s.source(), time.Hour)
	require.Equal(t, rollout.PhaseRolledBack, again.Rollout.Phase)
	for at, n := range s.reads {
		require.LessOrEqual(t, n, 2, at)
	}
}

// Two workers ask about the same rollout at once: each window counts once, and both say
// the same.
func TestTwoWorkers(t *testing.T) {
	t.Parallel()
	s, want := played(t)
	opts := s.opts
	opts.Store = new(journal.Memory)
	var both [2]*analysis.Source
	for i := range both {
		source, err := analysis.New(opts)
		require.NoError(t, err)
		both[i] = source
	}
	// While the first one reads a window, the second reads and records it.
	var within bool
	var now rollout.HealthQuery
	opts.Readers = func(q rollout.HealthQuery) (analysis.Reader, error) {
		r, err := s.reader(q)
		return analysis.ReaderFunc(func(ctx context.Context, w health.Window) ([]health.Sample, error) {
			if !within {
				within = true
				_, err := both[1].Health(ctx, now)
				within = false
				require.NoError(t, err)
			}
			return r.Read(ctx, w)
		}), err
	}
	first, err := analysis.New(opts)
	require.NoError(t, err)
	replayed(t, s, want, opts.Store, func(q rollout.HealthQuery) (health.Verdict, error) {
		v, err := both[0].Health(t.Context(), q)
		if err != nil {
			return v, err
		}
		now = q
		w, err := first.Health(t.Context(), q)
		require.Equal(t, v, w)
		return w, err
	})
	// And with the intruder going first each time.
	opts.Store = new(journal.Memory)
	o := s.opts
	o.Store = opts.Store
	both[1], err = analysis.New(o)
	require.NoError(t, err)
	first, err = analysis.New(opts)
	require.NoError(t, err)
	replayed(t, s, want, opts.Store, func(q rollout.HealthQuery) (health.Verdict, error) {
		now = q
		return first.Health(t.Context(), q)
	})
}
