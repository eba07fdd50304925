package rollout_test

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

var (
	web   = rollout.Target{Service: "web", Environment: "production"}
	heidi = release.Actor{Kind: release.ActorHuman, ID: "github:heidi"} // an author
	robot = release.Actor{Kind: release.ActorAgent, ID: "service:robot"}
)

func webVersion(v string) release.Ref {
	return refOf("web", v)
}

// The freeze of every calendar that is drawn.
var freezeFrom, freezeTo = nine.Add(40 * time.Minute), nine.Add(4 * time.Hour)

func coin(rt *rapid.T, what string, in int) bool { return rapid.IntRange(0, in-1).Draw(rt, what) == 0 }

// drawPlan is any valid plan of the target api@production, with everything that a
// plan can say. The other target's plan is drawnOther.
func drawPlan(rt *rapid.T) rollout.Plan {
	p := rollout.Plan{Target: production, Release: version("2"), Previous: version("1"), Poll: time.Minute,
		Authors: []release.Actor{heidi}, Stages: drawStages(rt)}
	if coin(rt, "first", 8) {
		p.Previous, p.First = release.Ref{}, true
	}
	last := len(p.Stages) - 1
	known := []string{rollout.GateCalendar, rollout.GateAfter, rollout.GateApprovals, rollout.GateBudget, rollout.GateHealth, rollout.GateDependents}
	used := map[string]bool{}
	irreversible := false
	for i := range p.Stages {
		drawStage(rt, &p.Stages[i], i == last)
		irreversible = irreversible || p.Stages[i].Irreversible
		for _, g := range p.Stages[i].Gates {
			if !used[g] {
				known = append(known, g)
			}
			used[g] = true
		}
	}
	if coin(rt, "back gate", 3) {
		p.RollbackGates, known = []string{"back"}, append(known, "back")
	}
	if coin(rt, "calendar", 4) {
		p.Calendar = &calendar.Calendar{Zone: "UTC", Freezes: []calendar.Freeze{{Name: "fair",
			From: calendar.DateTime(freezeFrom.Format("2006-01-02T15:04")), To: calendar.DateTime(freezeTo.Format("2006-01-02T15:04"))}}}
	}
	if coin(rt, "percent-hours", 4) {
		for _, s := range p.Stages[:last] {
			p.Budget.PercentHours += s.Share() * s.MinBake.Hours()
		}
		p.Budget.PercentHours += float64(rapid.IntRange(1, 100).Draw(rt, "spare"))
	}
	if coin(rt, "served", 6) {
		p.Budget.Served = 1000
	}
	if p.Budget != (rollout.Budget{}) {
		p.Budget.OnSpent = rapid.SampledFrom([]rollout.OnUndecided{0, rollout.UndecidedHold, rollout.UndecidedRollback}).Draw(rt, "on spent")
	}
	switch rapid.IntRange(0, 4).Draw(rt, "others") {
	case 0:
		p.After = []rollout.Dependency{{Target: web, Release: webVersion("2"), Stage: rapid.SampledFrom([]string{"", "half"}).Draw(rt, "after stage")}}
	case 1:
		p.Dependents, p.DependentsWait = []rollout.Target{web}, 5*time.Minute
	}
	for _, g := range known {
		if coin(rt, "overridable "+g, 3) {
			p.Overridable = append(p.Overridable, g)
		}
	}
	p.Superseding = rapid.SampledFrom([]rollout.Superseding{0, rollout.SupersedingRefused, rollout.SupersedingTakeBack}).Draw(rt, "superseding")
	require.NoError(rt, p.Validate())
	return p
}

// drawStages are stages of one slice each, or of slices side by side in one of the
// four scopes.
func drawStages(rt *rapid.T) []rollout.Stage {
	if coin(rt, "percents", 2) {
		var out []rollout.Stage
		for i, percent := range []float64{5, 20, 50}[:rapid.IntRange(0, 3).Draw(rt, "before")] {
			out = append(out, rollout.Stage{Name: fmt.Sprint("s", i), Slices: []rollout.Slice{{Percent: percent}}})
		}
		return append(out, rollout.Stage{Name: "all", Slices: []rollout.Slice{{Percent: 100}}})
	}
	scope := rapid.IntRange(0, 3).Draw(rt, "scope")
	part := func(name string, percent float64) rollout.Slice {
		s := rollout.Slice{Percent: percent}
		*[]*string{&s.Region, &s.Cell, &s.Cohort, &s.Environment}[scope] = name
		return s
	}
	eu, us, ap, rest := part("eu", 100), part("us", 100), part("ap", 100), part("rest", 100)
	out := []rollout.Stage{
		{Name: "staff", Slices: []rollout.Slice{part("eu", 10)}, Percent: 2, Internal: true},
		{Name: "one", Slices: []rollout.Slice{eu, part("us", 50)}, Percent: 30},
		{Name: "wave", Slices: []rollout.Slice{eu, us, ap}, Percent: 80},
		{Name: "all", Slices: []rollout.Slice{eu, us, ap, rest}, Percent: 100},
	}
	if coin(rt, "whole", 2) {
		out[3].Slices = []rollout.Slice{{Percent: 100}}
	}
	return out[rapid.IntRange(0, 3).Draw(rt, "from"):]
}

func drawStage(rt *rapid.T, s *rollout.Stage, last bool) {
	s.Health = rapid.SampledFrom([]rollout.HealthRule{0, rollout.HealthRequired, rollout.HealthWatched, rollout.HealthIgnored}).Draw(rt, "rule")
	s.MinBake = rapid.SampledFrom([]time.Duration{0, 10 * time.Minute, time.Hour}).Draw(rt, "bake")
	for _, g := range []string{"first", "last"} {
		if coin(rt, g, 3) {
			s.Gates = append(s.Gates, g)
		}
	}
	if coin(rt, "max bake", 3) {
		s.MaxBake = s.MinBake + 90*time.Minute
		s.OnUndecided = rapid.SampledFrom([]rollout.OnUndecided{0, rollout.UndecidedHold, rollout.UndecidedRollback}).Draw(rt, "on undecided")
		s.OnNoData = rapid.SampledFrom([]rollout.OnUndecided{0, rollout.UndecidedHold, rollout.UndecidedRollback}).Draw(rt, "on no data")
	}
	if coin(rt, "approvals", 4) {
		s.Approvals = rapid.IntRange(1, 2).Draw(rt, "how many")
	}
	s.AnyTime = coin(rt, "any time", 4)
	s.PerSlice = coin(rt, "per slice", 2)
	s.Irreversible = coin(rt, "irreversible", 6) && len(s.Gates)+s.Approvals > 0
	if s.PerSlice && !s.Irreversible && s.Health != rollout.HealthIgnored && len(s.Slices) > 1 {
		s.MaxWithdrawn = rapid.IntRange(0, len(s.Slices)-1).Draw(rt, "withdrawn")
	}
}

// drawnOther is the plan of web@production that goes with p: what it comes after,
// or what depends on it.
func drawnOther(p rollout.Plan) rollout.Plan {
	other := rollout.Plan{Target: web, Release: webVersion("2"), Previous: webVersion("1"), Poll: time.Minute, Stages: []rollout.Stage{
		{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: 20 * time.Minute, Health: rollout.HealthIgnored},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}}
	if len(p.After) > 0 {
		other.Dependents, other.DependentsWait = []rollout.Target{p.Target}, 5*time.Minute
	} else {
		other.After = []rollout.Dependency{{Target: p.Target, Release: p.Release, Stage: p.Stages[0].Name}}
	}
	return other
}
