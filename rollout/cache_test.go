package rollout_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// swapped is a journal that can be another one from one call to the next, and counts the
// records that are read from it.
type swapped struct {
	journal.Journal
	read atomic.Int64
}

func (s *swapped) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		for r, err := range s.Journal.Load(ctx, stream, after) {
			s.read.Add(1)
			if !yield(r, err) {
				return
			}
		}
	}
}

// keeping is an engine over a world that keeps so many states, and lives for as long as
// the test.
func keeping(w *world, j journal.Journal, states int) *rollout.Engine {
	gates := map[string]rollout.Gate{}
	for _, name := range []string{"first", "last"} {
		gates[name] = rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: w.verdict[name], Reason: release.Reason{Text: "gate says so"}}, w.gateErr[name]
		})
	}
	e, err := rollout.New(rollout.Options{Journal: j, Deployer: w.deploy, Gates: gates, Now: func() time.Time { return w.clock }, States: states,
		Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) { return w.health, w.hErr })})
	require.NoError(w.t, err)
	return e
}

func TestStatesIsNotNegative(t *testing.T) {
	t.Parallel()
	_, err := rollout.New(rollout.Options{Journal: new(journal.Memory), Deployer: new(deploytest.Simulated), Now: time.Now, States: -1})
	require.ErrorContains(t, err, "-1 states")
}

// Two worlds in which the same happens, one with an engine that keeps states and one with
// engines that know nothing: the records are the same, byte for byte, whatever happens,
// to more targets than states are kept of.
func TestKeptStatesChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a, b := newWorld(t), newWorld(t)
		states := rapid.IntRange(1, 3).Draw(rt, "states")
		engines := []*rollout.Engine{keeping(a, a.journal, states), keeping(b, b.journal, 0)}
		targets := make([]rollout.Target, 4)
		for i := range targets {
			targets[i] = rollout.Target{Service: "api", Environment: fmt.Sprint("production ", i)}
			a.real.Serve(targets[i], version("1"))
			b.real.Serve(targets[i], version("1"))
		}
		next := 2
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			target := rapid.SampledFrom(targets).Draw(rt, "target")
			what := rapid.SampledFrom([]string{"start", "step", "step", "step", "pause", "resume", "abort", "later", "regress", "heal", "gate", "other"}).Draw(rt, "what")
			var results [2]string
			for i, w := range []*world{a, b} {
				ctx, e := t.Context(), engines[i]
				var s rollout.State
				var wake time.Time
				var err error
				switch what {
				case "start":
					s, err = e.State(ctx, target)
					require.NoError(rt, err)
					p := plan3()
					p.Target, p.Release = target, version(fmt.Sprint(next))
					if s.Known {
						p.Previous = s.Current
					}
					s, err = e.Start(ctx, p, ada)
				case "step":
					s, wake, err = e.Step(ctx, target)
				case "pause":
					s, err = e.Pause(ctx, target, ada)
				case "resume":
					s, err = e.Resume(ctx, target, ada)
				case "abort":
					s, err = e.Abort(ctx, target, ada)
				case "later":
					w.clock = w.clock.Add(time.Hour)
				case "regress":
					w.health = health.Verdict{Kind: health.KindRegressed, Why: "bad"}
				case "heal":
					w.health, w.verdict["first"] = health.Verdict{Kind: health.KindHealthy, Why: "fine"}, release.VerdictAllow
				case "gate":
					w.verdict["first"] = release.VerdictHold
				case "other": // another process is there too
					s, wake, err = keeping(w, w.journal, 0).Step(ctx, target)
				}
				results[i] = s.String() + fmt.Sprint(s.Head, wake, err)
			}
			next++
			require.Equal(rt, results[1], results[0], what)
			kept, err := engines[0].State(t.Context(), target)
			require.NoError(rt, err)
			fresh, err := keeping(a, a.journal, 0).State(t.Context(), target)
			require.NoError(rt, err)
			require.Equal(rt, fresh, kept)
		}
		for _, target := range targets {
			a.plan.Target, b.plan.Target = target, target
			require.Equal(rt, b.records(), a.records())
			require.Equal(rt, b.real.Effects(target), a.real.Effects(target))
		}
	})
}

// A stream that nothing was added to costs one record to look at, however long it is, as
// long as its state is among those that are kept.
func TestAKeptStateSavesReading(t *testing.T) {
	t.Parallel()
	const n = 500
	w := newWorld(t)
	appendAll(t, w.journal, production.Stream(), watchedStream(t, production, n))
	j := &swapped{Journal: w.journal}
	e := keeping(w, j, 1)
	reads := func(target rollout.Target) int64 {
		before := j.read.Load()
		_, err := e.State(t.Context(), target)
		require.NoError(t, err)
		return j.read.Load() - before
	}
	require.EqualValues(t, n, reads(production))
	require.EqualValues(t, 1, reads(production))
	w.clock = nine.Add(10_000 * time.Hour)
	w.real.Serve(production, version("0"))
	before := j.read.Load()
	s, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	require.Greater(t, s.Head.Seq, uint64(n), "the step records what it saw")
	require.EqualValues(t, 1, j.read.Load()-before)
	require.EqualValues(t, 1, reads(production), "what the engine appended itself it need not read")
	_, err = keeping(w, w.journal, 0).Pause(t.Context(), production, ada)
	require.NoError(t, err)
	require.EqualValues(t, 2, reads(production), "what others appended it reads")
	require.EqualValues(t, 1, reads(production), "once")
	s, err = e.Resume(t.Context(), production, ada)
	require.NoError(t, err)

	other := rollout.Target{Service: "api", Environment: "staging"}
	require.EqualValues(t, 0, reads(other), "a stream without records is not kept")
	require.EqualValues(t, 1, reads(production))
	appendAll(t, w.journal, other.Stream(), watchedStream(t, other, 10))
	require.EqualValues(t, 10, reads(other))
	require.EqualValues(t, int(s.Head.Seq), reads(production), "only one state is kept")
}

// The journal is not what it was: a kept state is as good as none.
func TestAKeptStateIsNeverBelieved(t *testing.T) {
	t.Parallel()
	entries := watchedStream(t, production, 40)
	memory := func(es []journal.Entry) *journal.Memory {
		m := new(journal.Memory)
		if len(es) > 0 {
			appendAll(t, m, production.Stream(), es)
		}
		return m
	}
	recs := slices.Collect(func(yield func(journal.Record) bool) {
		for r := range memory(entries).Load(t.Context(), production.Stream(), 0) {
			yield(r)
		}
	})
	adopted := func(at int, who string) []journal.Entry { // other records from there on
		m := memory(entries[:at])
		w := newWorld(t)
		w.clock = nine.Add(100 * time.Hour)
		e := keeping(w, m, 0)
		for range 60 - at {
			by := ada
			by.Reason = who
			if _, err := e.Pause(t.Context(), production, by); err == nil {
				continue
			}
			_, err := e.Resume(t.Context(), production, by)
			require.NoError(t, err)
		}
		var out []journal.Entry
		for r, err := range m.Load(t.Context(), production.Stream(), 0) {
			require.NoError(t, err)
			out = append(out, r.Entry)
		}
		return out
	}
	altered := slices.Clone(recs)
	altered[29].Reason = "it never was"
	cut := &journal.Memory{}
	appendAll(t, cut, production.Stream(), entries)
	require.NoError(t, cut.Compact(t.Context(), recs[34].Head()))
	for name, then := range map[string]journal.Journal{
		"an older copy":                     memory(entries[:20]),
		"an older copy, by one":             memory(entries[:29]),
		"nothing":                           memory(nil),
		"the same":                          memory(entries[:30]),
		"more":                              memory(entries),
		"an older copy that others went on": memory(adopted(10, "others")),
		"the last record is another":        memory(adopted(29, "others")),
		"the last record is altered":        &forged{records: altered},
		"a closed journal": func() journal.Journal {
			m := memory(entries)
			m.Close()
			return m
		}(),
		"compacted beyond it":                              cut,
		"an older copy that refuses what it does not have": &strict{memory(entries[:20])},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			j := &swapped{Journal: memory(entries[:30])}
			e := keeping(w, j, 4)
			_, err := e.State(t.Context(), production)
			require.NoError(t, err)
			j.Journal = then
			want, wantErr := keeping(w, then, 0).State(t.Context(), production)
			for range 3 {
				got, err := e.State(t.Context(), production)
				require.Equal(t, wantErr, err)
				require.Equal(t, want, got)
			}
		})
	}
	// A context that ends is said to have ended.
	e := keeping(newWorld(t), memory(entries), 4)
	_, err := e.State(t.Context(), production)
	require.NoError(t, err)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = e.State(over, production)
	require.ErrorIs(t, err, context.Canceled)
}

// strict is a journal that takes a version that it has not reached for an error.
type strict struct{ *journal.Memory }

func (s *strict) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		head := uint64(0)
		for r := range s.Memory.Load(ctx, stream, 0) {
			head = r.Seq
		}
		if after > head {
			yield(journal.Record{}, errBoom)
			return
		}
		s.Memory.Load(ctx, stream, after)(yield)
	}
}

// What was compacted away behind a kept state is not missed, until the engine begins
// anew: then nobody can read the stream from its first record.
func TestCompactionBehindAKeptState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := keeping(w, w.journal, 1)
	w.start()
	_, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	recs := w.records()
	require.NoError(t, w.journal.Compact(t.Context(), recs[len(recs)-2].Head()))
	w.clock = w.clock.Add(time.Hour)
	s, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, 1, s.Rollout.Stage)
	_, err = keeping(w, w.journal, 1).State(t.Context(), production)
	var compacted *journal.CompactedError
	require.ErrorAs(t, err, &compacted)
}

// Every call of the journal fails in turn, in every way, under an engine that lives on
// with what it keeps.
func TestEveryCallFailsUnderKeptStates(t *testing.T) {
	t.Parallel()
	run := func(k int, mode faulty.Mode) (w *world, calls int) {
		w = newWorld(t)
		counted := faulty.Journal(w.journal, k, mode)
		e := keeping(w, counted, 1)
		for range 20 {
			func() {
				defer func() {
					if p := recover(); p != nil {
						require.Equal(t, faulty.Killed, p)
						// The process is gone; the next one keeps nothing yet.
						e = keeping(w, w.journal, 1)
					}
				}()
				s, err := e.State(t.Context(), production)
				if err == nil && s.Rollout == nil {
					e.Start(t.Context(), w.plan, ada) //nolint:errcheck // it is looked at again
				} else if err == nil {
					s, _, err = e.Step(t.Context(), production)
					if err == nil && s.Running() {
						w.clock = w.clock.Add(20 * time.Minute)
					}
				}
			}()
		}
		return w, counted.Calls()
	}
	clean, calls := run(0, faulty.ModeNone)
	want, events := effects(clean), clean.audit()
	require.Len(t, want, 3)
	for _, mode := range faulty.Modes() {
		for k := 1; k <= calls; k += stride() {
			w, _ := run(k, mode)
			require.Equal(t, want, effects(w), "%v, call %d", mode, k)
			require.Equal(t, events, w.audit(), "%v, call %d", mode, k)
		}
	}
}

// Many goroutines drive many targets with one engine and few states.
func TestKeptStatesAreShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock = nine.Add(10_000 * time.Hour)
	var targets []rollout.Target
	for i := range 6 {
		target := rollout.Target{Service: "api", Environment: fmt.Sprint("production ", i)}
		w.real.Serve(target, version("0"))
		appendAll(t, w.journal, target.Stream(), watchedStream(t, target, 30))
		targets = append(targets, target)
	}
	e := keeping(w, w.journal, 3)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				for _, target := range targets {
					if _, _, err := e.Step(t.Context(), target); err != nil {
						t.Error(err)
					}
					if _, err := e.Pause(t.Context(), target, ada); err == nil {
						e.Resume(t.Context(), target, ada) //nolint:errcheck // another may have been faster
					}
				}
			}
		})
	}
	wg.Wait()
	for _, target := range targets {
		kept, err := e.State(t.Context(), target)
		require.NoError(t, err)
		fresh, err := keeping(w, w.journal, 0).State(t.Context(), target)
		require.NoError(t, err)
		require.Equal(t, fresh, kept)
		require.Greater(t, kept.Head.Seq, uint64(30))
	}
}

// A host's gate and health source may do with what they are handed what they like: the
// plan, which the engine may keep, is not theirs.
func TestWhatTheHostIsHandedIsItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[1] = rollout.Stage{Name: "half", Percent: 50, PerSlice: true, MaxWithdrawn: 1, MinBake: time.Hour, Gates: []string{"first"},
		Slices: []rollout.Slice{{Region: "eu", Percent: 100}, {Region: "us", Percent: 100}}}
	w.plan.Stages[0].Slices = []rollout.Slice{{Region: "eu", Percent: 5}}
	w.plan.Stages[0].Percent = 2
	spoil := func(s rollout.Stage) {
		for i := range s.Slices {
			s.Slices[i] = rollout.Slice{Cohort: "spoilt", Percent: 1}
		}
		clear(s.Gates)
	}
	gate := rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
		spoil(q.Stage)
		return rollout.GateResult{Verdict: release.VerdictAllow}, nil
	})
	asked := 0
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Gates: map[string]rollout.Gate{"first": gate, "last": gate},
		Now: func() time.Time { return w.clock }, States: 1,
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			spoil(q.Stage)
			if q.Slice != nil {
				*q.Slice, asked = rollout.Slice{}, asked+1
			}
			return health.Verdict{Kind: health.KindHealthy}, nil
		})})
	require.NoError(t, err)
	w.start()
	for range 8 {
		_, _, err := e.Step(t.Context(), production)
		require.NoError(t, err)
		w.clock = w.clock.Add(time.Hour)
	}
	s, err := e.State(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, s.String())
	require.Equal(t, w.plan, s.Rollout.Plan)
	require.NotZero(t, asked)
	for i, a := range w.real.Effects(production) {
		require.Equal(t, w.plan.Stages[i].Slices, a.Slices)
	}
	w.audit()
}
