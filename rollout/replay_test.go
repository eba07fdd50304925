package rollout_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Facts are answers: Replay knows what was to be asked. What nobody asked decides
// nothing, and what was asked and left out does not either.
func TestReplayFindsFactsThatNobodyAsked(t *testing.T) {
	t.Parallel()
	regressed := rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindRegressed, Why: "bad"}}
	deny := rollout.GateAnswer{Gate: "first", Result: rollout.GateResult{Verdict: release.VerdictDeny}}
	seen := &rollout.Observation{Observed: rollout.Observed{Settled: true}}
	for _, c := range []struct {
		name  string
		stage int                 // that bakes, for less than its time; before the first, -1
		plan  func(*rollout.Plan) // what is different in it
		facts rollout.Facts
		asked bool // it is what was asked, to see that only that is at fault
	}{
		{"health, as asked", 0, nil, rollout.Facts{Health: &regressed}, true},
		{"health that is ignored", 0, func(p *rollout.Plan) { p.Stages[0].Health = rollout.HealthIgnored }, rollout.Facts{Health: &regressed}, false},
		{"health of slices", 0, nil, rollout.Facts{Slices: []rollout.HealthAnswer{{Verdict: regressed.Verdict, Slice: &rollout.Slice{Percent: 5}}}}, false},
		{"a gate while it bakes", 0, nil, rollout.Facts{Health: &regressed, Gates: []rollout.GateAnswer{deny}}, false},
		{"only a gate", 0, nil, rollout.Facts{Gates: []rollout.GateAnswer{deny}}, false},
		{"production while it bakes", 0, nil, rollout.Facts{Health: &regressed, Observed: seen}, false},
		{"nothing", 0, func(p *rollout.Plan) {
			p.Stages[0].MaxBake, p.Stages[0].OnUndecided = p.Stages[0].MinBake+1, rollout.UndecidedRollback
		}, rollout.Facts{}, false},
		{"gates before anything", -1, nil, rollout.Facts{Gates: []rollout.GateAnswer{deny}, Observed: seen}, true},
		{"another gate", -1, nil, rollout.Facts{Gates: []rollout.GateAnswer{{Gate: "nobody", Result: deny.Result}}, Observed: seen}, false},
		{"another gate too", -1, nil, rollout.Facts{Gates: []rollout.GateAnswer{deny, {Gate: "last"}}, Observed: seen}, false},
		{"gates without production", -1, nil, rollout.Facts{Gates: []rollout.GateAnswer{deny}}, false},
		{"health before anything", -1, nil, rollout.Facts{Health: &regressed, Gates: []rollout.GateAnswer{deny}, Observed: seen}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.plan != nil {
				c.plan(&w.plan)
			}
			s := w.start()
			if c.stage == 0 {
				s = w.step()
			}
			require.Equal(t, c.stage, s.Rollout.Stage)
			if c.name == "nothing" {
				s.At = s.At.Add(w.plan.Stages[0].MaxBake)
			}
			c.facts.Now, c.facts.Actor = s.At, "service:sallyport"
			d, err := rollout.Decide(s, c.facts)
			require.NoError(t, err)
			recs := w.records()
			for _, e := range d.Entries {
				recs = append(recs, journal.Seal(recs[len(recs)-1].Head(), e))
			}
			require.Len(t, d.Entries, 2, "it decides")
			_, err = rollout.Replay(production, recs)
			if c.asked {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "not what was asked")
		})
	}
}

// An answer about a slice says which, and one about the stage is about no slice: Decide
// refuses others, and Reduce if they are stored.
func TestAnswersSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	regressed := health.Verdict{Kind: health.KindRegressed}
	for name, f := range map[string]rollout.Facts{
		"slices": {Slices: []rollout.HealthAnswer{{Verdict: regressed, Slice: &rollout.Slice{Percent: 5}}, {Verdict: regressed}}},
		"health": {Health: &rollout.HealthAnswer{Verdict: regressed, Slice: &rollout.Slice{Percent: 5}}},
	} {
		w, s := at(t, 0)
		_, err := rollout.Decide(s, f)
		require.ErrorContains(t, err, "does not say of which slice", name)
		recs := w.records()
		e := entryOf(t, s.At, "service:sallyport", rollout.RecordFacts, "", forgedFacts{1, f})
		_, err = rollout.Replay(production, append(recs, journal.Seal(s.Head, e)))
		require.ErrorContains(t, err, "does not say of which slice", name)
	}
}

// What came of an attempt to apply is recorded alone, with what was seen afterwards.
func TestReplayFindsAnswersBesideAnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start()
	add := func(recs []journal.Record, s rollout.State, f rollout.Facts) ([]journal.Record, rollout.State) {
		f.Now, f.Actor = s.At, "service:sallyport"
		d, err := rollout.Decide(s, f)
		require.NoError(t, err)
		require.NotEmpty(t, d.Entries)
		recs = slices.Clone(recs)
		for _, e := range d.Entries {
			recs = append(recs, journal.Seal(s.Head, e))
			s, err = rollout.Reduce(s, recs[len(recs)-1])
			require.NoError(t, err)
		}
		return recs, s
	}
	f := answers(s)
	f.Health = nil
	recs, s := add(w.records(), s, f)
	regressed := rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindRegressed, Why: "bad"}}
	part := regressed
	part.Slice = &rollout.Slice{Percent: 5}
	for name, edit := range map[string]func(*rollout.Facts){
		"": func(*rollout.Facts) {},
		"gates": func(f *rollout.Facts) {
			f.Gates = []rollout.GateAnswer{{Gate: "first", Result: rollout.GateResult{Verdict: release.VerdictDeny}}}
		},
		"health":     func(f *rollout.Facts) { f.Health = &regressed },
		"slices":     func(f *rollout.Facts) { f.Slices = []rollout.HealthAnswer{part} },
		"not looked": func(f *rollout.Facts) { f.Observed = nil },
	} {
		f := rollout.Facts{Applied: &rollout.Applied{Fence: s.Rollout.Pending.Action.Fence, Error: "boom"}, Observed: &rollout.Observation{Error: "blind"}}
		edit(&f)
		told, _ := add(recs, s, f)
		_, err := rollout.Replay(production, told)
		if name == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "not what was asked", name)
		}
	}
}
