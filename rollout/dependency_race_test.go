package rollout_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// race runs two engines, one that takes api back and one that exposes web on top of
// it, in one order of their calls to the journal and the deployer. An engine does the
// same again when its calls return the same, so its history is all of its state; and as
// each stream is written by one of them, the two histories are all there is.
type race struct {
	town    *town
	asks    chan int // who has come to a call
	grant   [2]chan struct{}
	history [2]strings.Builder
	stale   string // of this stream, the other one reads for ever what it was in the beginning
	bad     string
	steps   int // that each makes
	states  int // that each keeps
}

type racer struct {
	journal.Journal
	race *race
	me   int
}

func (r *racer) turn(format string, args ...any) {
	r.race.asks <- r.me
	<-r.race.grant[r.me]
	fmt.Fprintf(&r.race.history[r.me], format+";", args...)
}

func (r *racer) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		r.turn("load %s", stream)
		n := 0
		for rec, err := range r.Journal.Load(ctx, stream, after) {
			n++
			if !yield(rec, err) {
				break
			}
		}
		fmt.Fprintf(&r.race.history[r.me], "%d", n)
	}
}

func (r *racer) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	r.turn("append %s %d", a.Stream, a.Expect)
	return r.Journal.Append(ctx, a)
}

func (r *racer) Apply(ctx context.Context, a rollout.Action) error {
	r.turn("apply %v %d", a.Kind, a.Fence)
	err := r.race.town.Apply(ctx, a)
	if r.race.town.shows("web", "2") && !r.race.town.shows("api", "2") {
		r.race.bad = fmt.Sprintf("web shows what rests on api, which is gone: %v", r.race.town.log)
	}
	return err
}

func (r *racer) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	return r.race.town.Observe(ctx, t)
}

// staleJournal does not see what came to a stream since.
type staleJournal struct {
	journal.Journal
	stream string
	upTo   uint64
}

func (s staleJournal) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		for r, err := range s.Journal.Load(ctx, stream, after) {
			if stream == s.stream && err == nil && r.Seq > s.upTo || !yield(r, err) {
				return
			}
		}
	}
}

// run follows prefix and then takes the first that can go. It returns who was chosen
// among two, with what both had done until then.
func (r *race) run(prefix []int) (choices []int, before []string) {
	ctx := context.Background()
	services := []string{"api", "web"}
	done := make(chan int)
	for me, name := range services {
		r.grant[me] = make(chan struct{})
		j := r.town.journal
		if other := in(services[1-me]).Stream(); r.stale == other {
			upTo := uint64(0)
			for rec := range j.Load(ctx, other, 0) {
				upTo = rec.Seq
			}
			j = staleJournal{j, other, upTo}
		}
		hook := &racer{Journal: j, race: r, me: me}
		e := r.town.engineOn(hook, hook, r.states)
		go func() {
			for range r.steps {
				if _, _, err := e.Step(ctx, in(name)); err != nil {
					panic(err)
				}
			}
			done <- me
		}()
	}
	var waiting []int
	for left := 2; ; {
		for len(waiting) < left {
			select {
			case me := <-r.asks:
				waiting = append(waiting, me)
			case <-done:
				left--
			}
		}
		if left == 0 {
			return choices, before
		}
		slices.Sort(waiting)
		pick := waiting[0]
		if left == 2 {
			before = append(before, r.history[0].String()+"|"+r.history[1].String())
			if len(choices) < len(prefix) {
				pick = prefix[len(choices)]
			}
			choices = append(choices, pick)
		}
		waiting = slices.DeleteFunc(waiting, func(w int) bool { return w == pick })
		r.grant[pick] <- struct{}{}
	}
}

// explore runs every order of calls that differs in what an engine sees, and returns
// what went wrong; of what must go wrong, one.
func explore(t *testing.T, begin func(w *town), stale string, states int) (runs int, bad []string) {
	seen := map[string]bool{}
	for todo := [][]int{nil}; len(todo) > 0; {
		runs++
		prefix := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		w := newTown(t)
		w.service("api")
		w.service("web", half("api"))
		w.start("api", "web")
		w.step("api")
		begin(w)
		r := &race{town: w, asks: make(chan int), stale: stale, steps: 1, states: states}
		if *long {
			r.steps = 2
		}
		choices, before := r.run(prefix)
		for i := len(prefix); i < len(choices); i++ {
			if !seen[before[i]] {
				seen[before[i]] = true
				todo = append(todo, append(slices.Clone(choices[:i]), 1-choices[i]))
			}
		}
		for i := 0; i < 4 && (w.shows("api", "2") || w.shows("web", "2")); i++ { // one after the other, well within what api waits
			w.clock = w.clock.Add(15 * time.Second)
			w.step("web")
			w.step("api")
		}
		if r.bad == "" && (w.shows("api", "2") || w.shows("web", "2")) {
			r.bad = fmt.Sprintf("it did not go back: %v", w.log)
		}
		if r.bad != "" {
			bad = append(bad, r.bad)
		}
		if len(bad) > 0 && stale != "" {
			break
		}
	}
	return runs, bad
}

// TestExposureRacesRetreat: of an exposure and a retreat from under it at least one
// sees the other, in every order of the calls that two engines make. Each writes first
// and looks then; with a look that is old, either of them goes wrong.
func TestExposureRacesRetreat(t *testing.T) {
	t.Parallel()
	sick := func(w *town) { w.sick["api"] = true }
	abort := func(w *town) {
		_, err := w.engine().Abort(context.Background(), in("api"), ada)
		require.NoError(w.t, err)
	}
	for _, c := range []struct {
		name   string
		begin  func(w *town)
		stale  string
		bad    bool
		states int
	}{
		{"regressed", sick, "", false, 0},
		{"aborted", abort, "", false, 0},
		{"aborted, and the engines keep states", abort, "", false, 8},
		{"the exposure does not see the retreat", sick, in("api").Stream(), true, 0},
		{"the retreat does not see the exposure", sick, in("web").Stream(), true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			runs, bad := explore(t, c.begin, c.stale, c.states)
			t.Logf("orders=%d violations=%d", runs, len(bad))
			if !c.bad {
				require.Greater(t, runs, 20)
				require.Empty(t, bad)
				return
			}
			require.NotEmpty(t, bad, "the exploration finds nothing")
			require.True(t, slices.ContainsFunc(bad, func(s string) bool { return strings.HasPrefix(s, "web shows what rests on api") }), "%v", bad)
		})
	}
}
