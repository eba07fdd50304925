package rollout_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The shapes of the records, member by member in the order in which they are written.
type (
	forgedStart struct {
		V      int            `json:"v"`
		Plan   rollout.Plan   `json:"plan"`
		Digest release.Digest `json:"digest"`
		By     rollout.By     `json:"by"`
	}
	forgedFacts struct {
		V int `json:"v"`
		rollout.Facts
	}
	forgedAction struct {
		V      int            `json:"v"`
		Action rollout.Action `json:"action"`
		Cause  release.Reason `json:"cause,omitzero"`
	}
	forgedCommand struct {
		V  int        `json:"v"`
		By rollout.By `json:"by"`
	}
	forgedAdoption struct {
		V       int         `json:"v"`
		Release release.Ref `json:"release"`
		By      rollout.By  `json:"by"`
	}
	forgedEnd struct {
		V     int            `json:"v"`
		Phase rollout.Phase  `json:"phase"`
		Cause release.Reason `json:"cause,omitzero"`
	}
)

// forge is s after one more record, well formed and well chained.
func forge(t *testing.T, s rollout.State, kind string, data any) (rollout.State, error) {
	return forgeBy(t, s, kind, ada, data)
}

func forgeBy(t *testing.T, s rollout.State, kind string, by rollout.By, data any) (rollout.State, error) {
	b, err := json.Marshal(data)
	require.NoError(t, err)
	e := journal.Entry{At: s.At, Actor: by.Actor.ID, Kind: kind, Reason: by.Reason, Data: b}
	return rollout.Reduce(s, journal.Seal(s.Head, e))
}

func mustForge(t *testing.T, s rollout.State, kind string, data any) rollout.State {
	s, err := forge(t, s, kind, data)
	require.NoError(t, err)
	return s
}

// order is the action that the next record of s would order, as the plan says it:
// to expose stage i, or the rollback if i is negative.
func order(t *testing.T, s rollout.State, i int) rollout.Action {
	key, err := canon.Digest("sallyport.rollout.action.v1", []string{s.Head.Stream, fmt.Sprint(s.Head.Seq + 1)})
	require.NoError(t, err)
	p := s.Rollout.Plan
	a := rollout.Action{Target: p.Target, Kind: rollout.ActionRollback, Release: p.Release, Previous: p.Previous,
		Key: release.Digest(key), Fence: s.Head.Seq + 1}
	if i >= 0 {
		a.Kind, a.Stage, a.Slices = rollout.ActionExpose, p.Stages[i].Name, p.Stages[i].Slices
	}
	return a
}

// answers are the best facts that there can be about s: every gate allows, health
// is fine, and production is what the last action that was observed made of it.
func answers(s rollout.State) rollout.Facts {
	r := s.Rollout
	f := rollout.Facts{Now: s.At, Actor: ada.Actor.ID, Health: &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindHealthy}},
		Observed: &rollout.Observation{Observed: rollout.Observed{Settled: true}}}
	for _, name := range []string{"first", "last"} {
		if name == "first" || r.Stage == len(r.Plan.Stages)-2 {
			f.Gates = append(f.Gates, rollout.GateAnswer{Gate: name, Result: rollout.GateResult{Verdict: release.VerdictAllow}})
		}
	}
	percent := 0.
	if r.Done != nil {
		f.Observed.Fence = r.Done.Fence
		if len(r.Done.Slices) > 0 {
			percent = r.Done.Slices[0].Percent
		}
	}
	for _, share := range []rollout.Share{
		{Release: r.Plan.Release.Digest, Slice: rollout.Slice{Percent: percent}},
		{Release: r.Plan.Previous.Digest, Slice: rollout.Slice{Percent: 100 - percent}},
	} {
		if share.Slice.Percent > 0 {
			f.Observed.Shares = append(f.Observed.Shares, share)
		}
	}
	return f
}

// at is the state of a world of plan3 in which stage i bakes; before the first, -1.
func at(t *testing.T, i int) (*world, rollout.State) {
	w := newWorld(t)
	s := w.start()
	for range i + 1 {
		s = w.step()
		w.clock = w.clock.Add(time.Hour)
	}
	require.Equal(t, i, s.Rollout.Stage)
	return w, s
}

// pending is a state in which an action is ordered and was never handed on.
func pending(t *testing.T, s rollout.State, i int) rollout.State {
	if i >= 0 {
		if i > 0 {
			s.At = s.At.Add(time.Hour) // the stage before has baked
		}
		s = mustForge(t, s, rollout.RecordFacts, forgedFacts{1, answers(s)})
	}
	return mustForge(t, s, rollout.RecordAction, forgedAction{V: 1, Action: order(t, s, i)})
}

// The engine does not replay. Whoever can append to the store must still find no
// record that widens, ends or hides what it may not.
func TestForgedRecordsAreImpossible(t *testing.T) {
	t.Parallel()
	early := func(s rollout.State) rollout.State {
		return mustForge(t, s, rollout.RecordFacts, forgedFacts{1, answers(s)})
	}
	facts := func(s rollout.State) rollout.State {
		s.At = s.At.Add(time.Hour) // the stage has baked
		return early(s)
	}
	unsure := func(s rollout.State) rollout.State {
		s.At = s.At.Add(time.Hour)
		f := answers(s)
		f.Health.Verdict.Kind = health.KindUndecided
		return mustForge(t, s, rollout.RecordFacts, forgedFacts{1, f})
	}
	command := func(s rollout.State, kind string) rollout.State {
		return mustForge(t, s, kind, forgedCommand{1, ada})
	}
	expose := func(i int) func(rollout.State) (string, any) {
		return func(s rollout.State) (string, any) {
			return rollout.RecordAction, forgedAction{V: 1, Action: order(t, s, i)}
		}
	}
	rollback := expose(-1)
	end := func(p rollout.Phase) func(rollout.State) (string, any) {
		return func(rollout.State) (string, any) { return rollout.RecordEnded, forgedEnd{V: 1, Phase: p} }
	}
	// seen is a rollback that was observed, before its end is recorded.
	seen := func(s rollout.State) rollout.State {
		s = pending(t, s, -1)
		f := answers(s)
		f.Observed.Fence = s.Rollout.Pending.Action.Fence
		f.Observed.Shares = []rollout.Share{{Release: version("1").Digest, Slice: rollout.Slice{Percent: 100}}}
		s = mustForge(t, s, rollout.RecordFacts, forgedFacts{1, f})
		require.Nil(t, s.Rollout.Pending)
		return s
	}
	for _, c := range []struct {
		name  string
		stage int // that bakes before
		state func(rollout.State) rollout.State
		forge func(rollout.State) (string, any)
		want  string // "" for what is possible, to see that only the forgery is at fault
	}{
		{"expose the first stage", -1, facts, expose(0), ""},
		{"expose the next stage", 0, facts, expose(1), ""},
		{"expose the next stage before the bake is over", 0, early, expose(1), "may be left"},
		{"expose the next stage without health's word", 0, unsure, expose(1), "may be left"},
		{"expose the next stage although a skipped one regressed", 0, func(s rollout.State) rollout.State {
			s = command(s, rollout.RecordSkipped)
			f := answers(s)
			f.Health.Verdict.Kind = health.KindRegressed
			return mustForge(t, s, rollout.RecordFacts, forgedFacts{1, f})
		}, expose(1), "may be left"},
		{"expose a stage that is not the next", 0, facts, expose(2), "not what the plan says"},
		{"expose while an exposure is pending", -1, func(s rollout.State) rollout.State { return facts(pending(t, s, 0)) }, expose(0), "nothing is exposed while exposing"},
		{"expose while rolling back", 0, func(s rollout.State) rollout.State { return facts(pending(t, s, -1)) }, expose(1), "nothing is exposed while rolling back"},
		{"expose after the last", 2, facts, expose(2), "no stage after the last"},
		{"expose while paused", 0, func(s rollout.State) rollout.State { return facts(command(s, rollout.RecordPaused)) }, expose(1), "while paused, held, superseded or aborted"},
		{"expose although aborted", 0, func(s rollout.State) rollout.State { return facts(command(s, rollout.RecordAborted)) }, expose(1), "while paused, held, superseded or aborted"},
		{"expose by answers from before a pause", 0, func(s rollout.State) rollout.State {
			return command(command(facts(s), rollout.RecordPaused), rollout.RecordResumed)
		}, expose(1), "does not say that every gate allowed"},
		{"expose by the answers that showed the stage before", -1, func(s rollout.State) rollout.State {
			s = pending(t, s, 0)
			f := answers(s)
			f.Observed.Fence = s.Rollout.Pending.Action.Fence
			f.Observed.Shares = []rollout.Share{{Release: version("2").Digest, Slice: rollout.Slice{Percent: 5}}, {Release: version("1").Digest, Slice: rollout.Slice{Percent: 95}}}
			s = mustForge(t, s, rollout.RecordFacts, forgedFacts{1, f})
			require.Equal(t, 0, s.Rollout.Stage)
			return s
		}, expose(1), "does not say that every gate allowed"},
		{"roll back", 0, nil, rollback, ""},
		{"roll back what was never exposed", -1, nil, rollback, "nothing was exposed"},
		{"roll back twice", 0, func(s rollout.State) rollout.State { return pending(t, s, -1) }, rollback, "rolling back already"},
		{"roll back to another release", 0, nil, func(s rollout.State) (string, any) {
			a := order(t, s, -1)
			a.Previous = version("7")
			return rollout.RecordAction, forgedAction{V: 1, Action: a}
		}, "not what the plan says for a rollback"},
		{"roll back with a fence that bars all to come", 0, nil, func(s rollout.State) (string, any) {
			a := order(t, s, -1)
			a.Fence = 1 << 50
			return rollout.RecordAction, forgedAction{V: 1, Action: a}
		}, "not what the plan says for a rollback"},
		{"deployed", 2, facts, end(rollout.PhaseDeployed), ""},
		{"deployed before the bake is over", 2, early, end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"deployed without an answer", 2, nil, end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"deployed before the last stage", 1, facts, end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"deployed although aborted", 2, func(s rollout.State) rollout.State { return command(s, rollout.RecordAborted) }, end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"deployed while rolling back", 2, func(s rollout.State) rollout.State { return pending(t, s, -1) }, end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"stopped in the last stage", 2, nil, end(rollout.PhaseStopped), "it cannot be stopped"},
		{"stopped while exposed", 0, nil, end(rollout.PhaseStopped), "it cannot be stopped"},
		{"stopped while the first exposure is pending", -1, func(s rollout.State) rollout.State { return pending(t, s, 0) }, end(rollout.PhaseStopped), "it cannot be stopped"},
		{"stopped", -1, nil, end(rollout.PhaseStopped), ""},
		{"stopped when rolled back", 0, seen, end(rollout.PhaseStopped), "it cannot be stopped"},
		{"deployed when rolled back", 2, seen, end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"rolled back", 0, seen, end(rollout.PhaseRolledBack), ""},
		{"rolled back without a rollback", 0, nil, end(rollout.PhaseRolledBack), "it cannot be rolled back"},
		{"rolled back before it is observed", 0, func(s rollout.State) rollout.State { return pending(t, s, -1) }, end(rollout.PhaseRolledBack), "it cannot be rolled back"},
		{"ended as if it ran", 0, nil, end(rollout.PhaseBaking), "it cannot be baking"},
		{"applied although nothing is pending", 0, nil, func(s rollout.State) (string, any) {
			f := answers(s)
			f.Applied = &rollout.Applied{Fence: s.Rollout.Done.Fence}
			return rollout.RecordFacts, forgedFacts{1, f}
		}, "nothing is pending"},
		{"applied by another fence", 0, func(s rollout.State) rollout.State { return pending(t, s, 1) }, func(s rollout.State) (string, any) {
			f := answers(s)
			f.Applied = &rollout.Applied{Fence: s.Rollout.Pending.Action.Fence - 1, Error: "boom"}
			return rollout.RecordFacts, forgedFacts{1, f}
		}, "is pending, not"},
		{"paused twice", 0, func(s rollout.State) rollout.State { return command(s, rollout.RecordPaused) }, func(rollout.State) (string, any) {
			return rollout.RecordPaused, forgedCommand{1, ada}
		}, "paused already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, s := at(t, c.stage)
			if c.state != nil {
				s = c.state(s)
			}
			kind, data := c.forge(s)
			after, err := forge(t, s, kind, data)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, s, after)
		})
	}
}

// A plan for one target in the stream of another would be driven there.
func TestAPlanInTheStreamOfAnotherTargetIsImpossible(t *testing.T) {
	t.Parallel()
	p := plan3()
	p.Target.Environment = "staging"
	digest, err := p.Digest()
	require.NoError(t, err)
	_, err = forge(t, rollout.NewState(p.Target), rollout.RecordStarted, forgedStart{1, p, digest, ada})
	require.NoError(t, err)
	_, err = forge(t, rollout.NewState(production), rollout.RecordStarted, forgedStart{1, p, digest, ada})
	require.ErrorContains(t, err, "its plan is for api@staging")
}

// Replay alone finds a decision that nothing called for, or that was left out.
func TestReplayFindsDecisionsThatDoNotFollow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(w *world, s rollout.State) []journal.Entry
		want string
	}{
		{"an action at the start", func(w *world, s rollout.State) []journal.Entry {
			return nil // only the action of below, of a stream that has no rollout
		}, "does not follow the facts"},
		{"a rollback without facts", func(w *world, s rollout.State) []journal.Entry {
			return []journal.Entry{entryOf(t, s.At, ada.Actor.ID, rollout.RecordAborted, ada.Reason, forgedCommand{1, ada}),
				entryOf(t, s.At, "service:sallyport", rollout.RecordAction, ada.Reason, nil)}
		}, "does not follow the facts"},
		{"a rollback for nothing", func(w *world, s rollout.State) []journal.Entry {
			f := rollout.Facts{Health: &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindHealthy}}}
			return []journal.Entry{entryOf(t, s.At, "service:sallyport", rollout.RecordFacts, "health is healthy: ", forgedFacts{1, f}),
				entryOf(t, s.At, "service:sallyport", rollout.RecordAction, "", nil)}
		}, "do not call for a decision"},
		{"a rollback later than its facts", func(w *world, s rollout.State) []journal.Entry {
			f := rollout.Facts{Health: &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindRegressed}}}
			return []journal.Entry{entryOf(t, s.At, "service:sallyport", rollout.RecordFacts, "health is regressed: ", forgedFacts{1, f}),
				entryOf(t, s.At.Add(time.Second), "service:sallyport", rollout.RecordAction, "", nil)}
		}, "do not call for a decision at"},
		{"a rollback that was put off", func(w *world, s rollout.State) []journal.Entry {
			f := rollout.Facts{Health: &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindRegressed}}}
			return []journal.Entry{entryOf(t, s.At, "service:sallyport", rollout.RecordFacts, "health is regressed: ", forgedFacts{1, f}),
				entryOf(t, s.At, ada.Actor.ID, rollout.RecordPaused, ada.Reason, forgedCommand{1, ada})}
		}, "none follows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, s := at(t, 0)
			recs := w.records()
			entries := c.edit(w, s)
			if entries == nil {
				recs, entries = nil, []journal.Entry{entryOf(t, s.At, "service:sallyport", rollout.RecordAction, "", forgedAction{V: 1, Action: order(t, s, -1)})}
			}
			for _, e := range entries {
				head := journal.Head{Stream: production.Stream()}
				if len(recs) > 0 {
					head = recs[len(recs)-1].Head()
				}
				if string(e.Data) == "null" { // the rollback that the plan says, by this record
					s.Head = head
					e = entryOf(t, e.At, e.Actor, e.Kind, e.Reason, forgedAction{V: 1, Action: order(t, s, -1)})
				}
				recs = append(recs, journal.Seal(head, e))
			}
			_, err := rollout.Replay(production, recs)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func entryOf(t *testing.T, at time.Time, actor, kind, reason string, data any) journal.Entry {
	b, err := json.Marshal(data)
	require.NoError(t, err)
	return journal.Entry{At: at, Actor: actor, Kind: kind, Reason: reason, Data: b}
}

// A verdict beside an error means nothing, recorded by whomever: no regression
// either.
func TestARecordedVerdictBesideAnErrorMeansNothing(t *testing.T) {
	t.Parallel()
	w, s := at(t, 0)
	f := rollout.Facts{Health: &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindRegressed}, Error: "boom"}}
	e := entryOf(t, s.At, ada.Actor.ID, rollout.RecordFacts, "health gave no verdict: boom", forgedFacts{1, f})
	s, err := rollout.Replay(production, append(w.records(), journal.Seal(s.Head, e)))
	require.NoError(t, err)
	require.True(t, s.Running())
	f.Health.Error = ""
	e = entryOf(t, s.At, ada.Actor.ID, rollout.RecordFacts, "health is regressed: ", forgedFacts{1, f})
	_, err = rollout.Replay(production, append(w.records(), journal.Seal(w.records()[len(w.records())-1].Head(), e)))
	require.ErrorContains(t, err, "none follows")
}

// What says which release serves, and so what the next rollout may replace, is
// signed and pinned like any command.
func TestAForgedStartOrAdoptionIsImpossible(t *testing.T) {
	t.Parallel()
	s := rollout.NewState(production)
	mustForge(t, s, rollout.RecordAdopted, forgedAdoption{1, version("1"), ada})
	eve := ada
	eve.Actor.ID = "github:eve"
	unpinned, other := version("1"), version("1")
	unpinned.Digest, other.Service = release.Digest{}, "web"
	for want, data := range map[string]forgedAdoption{
		"by another than it says": {1, version("1"), eve},
		"needs a reason":          {1, version("1"), rollout.By{Actor: ada.Actor}},
		"not pinned":              {1, unpinned, ada},
		`of service "web"`:        {1, other, ada},
	} {
		after, err := forge(t, s, rollout.RecordAdopted, data)
		require.ErrorContains(t, err, want)
		require.Equal(t, s, after)
	}
	_, err := forge(t, s, rollout.RecordAdopted, forgedAdoption{2, version("1"), ada})
	require.ErrorIs(t, err, rollout.ErrUnknownRecord)
	digest, err := plan3().Digest()
	require.NoError(t, err)
	_, err = forge(t, s, rollout.RecordStarted, forgedStart{2, plan3(), digest, ada})
	require.ErrorIs(t, err, rollout.ErrUnknownRecord)
	wrong := plan3()
	wrong.Stages[0].Slices[0].Percent = 60 // the second stage would be narrower
	digest, err = wrong.Digest()
	require.NoError(t, err)
	_, err = forge(t, s, rollout.RecordStarted, forgedStart{1, wrong, digest, ada})
	require.ErrorContains(t, err, "not more than")
}

// Who aborted first is who aborted.
func TestTheFirstAbortStands(t *testing.T) {
	t.Parallel()
	w, _ := at(t, 0)
	w.abort()
	s, err := w.engine().Abort(t.Context(), production, rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:eve"}, Reason: "me too"})
	require.NoError(t, err)
	require.Equal(t, ada, *s.Rollout.Abort)
}
