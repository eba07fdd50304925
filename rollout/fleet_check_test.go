package rollout_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// fleetEnd is what a target's journal says and what its deployer did, when all is over.
type fleetEnd struct {
	target   rollout.Target
	records  []journal.Record
	effects  []rollout.Action
	observed rollout.Observed
}

// problems compares them: every action that the journal calls done took effect once, in
// the journal's order, nothing else did but what was overtaken, and what serves is what
// the journal says.
func (e fleetEnd) problems() []string {
	var out []string
	bad := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("%v: "+format, append([]any{e.target}, args...)...))
	}
	s, err := rollout.Replay(e.target, e.records)
	if err != nil {
		bad("replay: %v", err)
		return out
	}
	if s.Running() {
		bad("it has not ended: %v", s)
	}
	ordered, done := e.actions()
	had, fence := map[release.Digest]int{}, uint64(0)
	for i, a := range e.effects {
		if !reflect.DeepEqual(ordered[a.Key], a) {
			bad("effect %d was never ordered: %v, fence %d", i, a.Kind, a.Fence)
		}
		if had[a.Key]++; had[a.Key] > 1 {
			bad("fence %d took effect twice", a.Fence)
		} else if a.Fence <= fence {
			bad("out of order: fence %d took effect after %d", a.Fence, fence)
		}
		fence = max(fence, a.Fence)
	}
	for _, a := range done {
		if had[a.Key] == 0 {
			bad("fence %d is called done and never took effect", a.Fence)
		}
	}
	if n := len(done); n > 0 {
		if err := done[n-1].Check(e.observed); err != nil {
			bad("the journal's end is not what serves: %v", err)
		}
	} else if len(e.effects) > 0 {
		bad("nothing is called done, and %d actions took effect", len(e.effects))
	}
	for _, share := range e.observed.Shares {
		if s.Known && share.Release != s.Current.Digest {
			bad("the journal says that %v serves, and another release serves %v", s.Current, share.Slice)
		}
	}
	return out
}

// actions are those that the journal ordered, by key, and those that it calls done, in
// order.
func (e fleetEnd) actions() (ordered map[release.Digest]rollout.Action, done []rollout.Action) {
	ordered = map[release.Digest]rollout.Action{}
	s := rollout.NewState(e.target)
	for _, rec := range e.records {
		after, err := rollout.Reduce(s, rec)
		if err != nil {
			return nil, nil // Replay has said it
		}
		if before, now := s.Rollout, after.Rollout; now != nil {
			if now.Pending != nil {
				ordered[now.Pending.Action.Key] = now.Pending.Action
			}
			if rec.Kind == rollout.RecordFacts && before.Pending != nil && now.Pending == nil {
				done = append(done, *now.Done)
			}
		}
		s = after
	}
	return ordered, done
}

// A checker that finds nothing wrong must be one that would have.
func TestFleetChecker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	for s := w.step(); s.Running() && s.Rollout.Stage < 1; {
		s = w.later(time.Hour)
	}
	w.abort()
	require.False(t, w.step().Running())
	good := func() fleetEnd {
		o, err := w.real.Observe(t.Context(), production)
		require.NoError(t, err)
		return fleetEnd{production, w.records(), w.real.Effects(production), o}
	}
	require.Empty(t, good().problems())
	require.Len(t, good().effects, 3)
	for name, c := range map[string]struct {
		forge func(e *fleetEnd)
		want  string
	}{
		"an effect twice":               {func(e *fleetEnd) { e.effects = append(e.effects[:2:2], e.effects[1:]...) }, "took effect twice"},
		"the last effect twice":         {func(e *fleetEnd) { e.effects = append(e.effects, e.effects[2]) }, "took effect twice"},
		"a zombie canary":               {func(e *fleetEnd) { e.effects = append(e.effects[:0:0], e.effects[0], e.effects[2], e.effects[1]) }, "out of order: fence"},
		"an effect that is not there":   {func(e *fleetEnd) { e.effects = append(e.effects[:1:1], e.effects[2:]...) }, "is called done and never took effect"},
		"no effect":                     {func(e *fleetEnd) { e.effects = nil }, "is called done and never took effect"},
		"an effect that nobody ordered": {func(e *fleetEnd) { e.effects[1].Fence++ }, "effect 1 was never ordered"},
		"more than was ordered":         {func(e *fleetEnd) { e.effects[0].Slices = []rollout.Slice{{Percent: 50}} }, "effect 0 was never ordered"},
		"another target's":              {func(e *fleetEnd) { e.effects[0].Target.Service = "web" }, "effect 0 was never ordered"},
		"it has not ended": {func(e *fleetEnd) {
			e.records = e.records[:slices.IndexFunc(e.records, func(r journal.Record) bool { return r.Kind == rollout.RecordAborted })]
		}, "it has not ended"},
		"a record is gone":    {func(e *fleetEnd) { e.records = append(e.records[:3:3], e.records[4:]...) }, "replay"},
		"a record is altered": {func(e *fleetEnd) { e.records[2].Actor = "eve" }, "replay"},
		"something else serves": {func(e *fleetEnd) {
			e.observed.Shares = []rollout.Share{{Release: version("2").Digest, Slice: rollout.Slice{Percent: 100}}}
		}, "the journal's end is not what serves"},
		"the canary still serves": {func(e *fleetEnd) {
			e.observed.Shares = append(e.observed.Shares, rollout.Share{Release: version("2").Digest, Slice: rollout.Slice{Region: "eu", Percent: 5}})
		}, "and another release serves"},
		"an effect without a record": {func(e *fleetEnd) { e.records = e.records[:1] }, "nothing is called done, and 3 actions took effect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := good()
			c.forge(&e)
			require.Contains(t, strings.Join(e.problems(), "\n"), c.want)
		})
	}
}
