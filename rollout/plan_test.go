package rollout_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, plan3().Validate())
	region := rollout.Slice{Region: "eu", Percent: 100}
	for _, c := range []struct {
		name string
		edit func(p *rollout.Plan)
		want string
	}{
		{"no service", func(p *rollout.Plan) { p.Target.Service = "" }, "no service"},
		{"a name that steers the terminal", func(p *rollout.Plan) { p.Target.Environment = "a\x1b[2J" }, "not printable"},
		{"no digest", func(p *rollout.Plan) { p.Release.Digest = release.Digest{} }, "not pinned"},
		{"previous without a digest", func(p *rollout.Plan) { p.Previous.Digest = release.Digest{} }, "previous release is not pinned"},
		{"another service", func(p *rollout.Plan) { p.Release.Service = "web" }, `of service "web"`},
		{"no previous", func(p *rollout.Plan) { p.Previous = release.Ref{} }, "nothing to restore"},
		{"first, and a previous", func(p *rollout.Plan) { p.First = true }, "first deployment has no previous"},
		{"to itself", func(p *rollout.Plan) { p.Previous.Digest = p.Release.Digest }, "same digest"},
		{"no stages", func(p *rollout.Plan) { p.Stages = nil }, "no stages"},
		{"not everything at the end", func(p *rollout.Plan) { p.Stages = p.Stages[:2] }, "must be one slice of 100 percent"},
		{"a stage twice", func(p *rollout.Plan) { p.Stages[1].Name = "canary" }, "stands twice"},
		{"no name", func(p *rollout.Plan) { p.Stages[1].Name = "" }, "no name"},
		{"narrower", func(p *rollout.Plan) { p.Stages[1].Slices[0].Percent = 4 }, "not more than"},
		{"as wide", func(p *rollout.Plan) { p.Stages[1].Slices[0].Percent = 5 }, "not more than"},
		{"takes a slice back", func(p *rollout.Plan) {
			p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{region}, 5
		}, "takes back"},
		{"no share for a scope", func(p *rollout.Plan) { p.Stages[0].Slices = []rollout.Slice{region} }, "must say it"},
		{"a share that is not the slice's", func(p *rollout.Plan) { p.Stages[0].Percent = 4 }, "its slice of everything has"},
		{"a share above the only slice", func(p *rollout.Plan) { p.Stages[0].Percent = 6 }, "its slice of everything has"},
		{"a share below a slice of everything", func(p *rollout.Plan) {
			p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{region, {Percent: 49}}, 5
		}, "its slice of everything has"},
		{"no slices", func(p *rollout.Plan) { p.Stages[0].Slices = nil }, "0 slices"},
		{"a slice twice", func(p *rollout.Plan) {
			p.Stages[0].Slices = []rollout.Slice{{Percent: 5}, {Percent: 4}}
			p.Stages[0].Percent = 5
		}, "stands twice"},
		{"zero percent", func(p *rollout.Plan) { p.Stages[0].Slices[0].Percent = 0 }, "not in (0, 100]"},
		{"NaN percent", func(p *rollout.Plan) { p.Stages[0].Slices[0].Percent = math.NaN() }, "not in (0, 100]"},
		{"101 percent", func(p *rollout.Plan) { p.Stages[2].Slices[0].Percent = 101 }, "not in (0, 100]"},
		{"infinite share", func(p *rollout.Plan) { p.Stages[0].Percent = math.Inf(1) }, "not in (0, 100]"},
		{"a gate without a name", func(p *rollout.Plan) { p.Stages[0].Gates = []string{""} }, "no gate"},
		{"a gate twice", func(p *rollout.Plan) { p.Stages[0].Gates = []string{"a", "a"} }, `gate "a" stands twice`},
		{"negative bake", func(p *rollout.Plan) { p.Stages[0].MinBake = -1 }, "bake times"},
		{"a bake that does not fit", func(p *rollout.Plan) { p.Stages[0].MinBake = 101 * 24 * time.Hour }, "bake times"},
		{"most below least", func(p *rollout.Plan) { p.Stages[0].MaxBake = time.Minute }, "not above"},
		{"rolls back never", func(p *rollout.Plan) { p.Stages[0].OnUndecided = rollout.UndecidedRollback }, "but never"},
		{"unknown rule", func(p *rollout.Plan) { p.Stages[0].Health = 9 }, "health rule"},
		{"unknown outcome", func(p *rollout.Plan) { p.Stages[0].OnUndecided = 9 }, "on-undecided"},
		{"internal at the end", func(p *rollout.Plan) { p.Stages[2].Internal = true }, "cannot be internal"},
		{"negative poll", func(p *rollout.Plan) { p.Poll = -1 }, "poll"},
		{"too many stages", func(p *rollout.Plan) { p.Stages = make([]rollout.Stage, 101) }, "more than 100"},
		{"a region that breaks the line", func(p *rollout.Plan) { p.Stages[0].Slices[0].Region = "a\nb" }, "not printable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := plan3()
			c.edit(&p)
			require.ErrorContains(t, p.Validate(), c.want)
			require.Equal(t, "rollout/plan-invalid", p.Meets(release.RolloutRequirement{})[0].Code)
			w := newWorld(t)
			_, err := w.engine().Start(t.Context(), p, ada)
			require.Error(t, err)
			require.Empty(t, w.records(), "nothing of it is recorded")
		})
	}
}

func TestValidateReportsEverything(t *testing.T) {
	t.Parallel()
	p := plan3()
	p.Target.Service, p.Stages[0].MinBake, p.Stages[1].Gates = "", -1, []string{""}
	err := p.Validate()
	for _, want := range []string{"no service", "bake times", "no gate"} {
		require.ErrorContains(t, err, want)
	}
}

func TestMeets(t *testing.T) {
	t.Parallel()
	codes := func(p rollout.Plan, r release.RolloutRequirement) []string {
		var out []string
		for _, reason := range p.Meets(r) {
			out = append(out, reason.Code+" "+reason.Subject)
		}
		return out
	}
	demand := release.RolloutRequirement{MinStages: 3, MinBake: time.Hour, MaxFirstPercent: 5}
	p := plan3()
	require.Empty(t, codes(p, demand))
	require.Empty(t, codes(p, release.RolloutRequirement{}))
	p.Stages[2].MinBake = 0
	require.Empty(t, codes(p, demand), "the last stage need not bake")
	p.Stages[1].MinBake--
	require.Equal(t, []string{"rollout/bake-too-short half"}, codes(p, demand))
	require.Equal(t, []string{"rollout/too-few-stages api@production"}, codes(plan3(), release.RolloutRequirement{MinStages: 4}))
	require.Equal(t, []string{"rollout/first-stage-too-wide canary"}, codes(plan3(), release.RolloutRequirement{MaxFirstPercent: 4.9}))
	p = plan3()
	p.Stages[0].Internal, p.Stages[0].Percent, p.Stages[0].Slices[0].Percent = true, 1, 50
	p.Stages[0].Slices[0].Cohort = "staff"
	require.Equal(t, []string{"rollout/first-stage-too-wide half"}, codes(p, demand), "internal stages are not public")
}

// The blast radius: no stage adds more of all traffic than the demand allows, whatever it is made of.
func TestMeetsStepByStep(t *testing.T) {
	t.Parallel()
	whole := func(name string, percent float64) rollout.Stage {
		return rollout.Stage{Name: name, Slices: []rollout.Slice{{Percent: percent}}}
	}
	region := func(share float64, names ...string) rollout.Stage { // slices side by side are one stage
		s := rollout.Stage{Name: "regions", Percent: share}
		for _, n := range names {
			s.Slices = append(s.Slices, rollout.Slice{Region: n, Percent: 100})
		}
		return s
	}
	staff := rollout.Stage{Name: "staff", Internal: true, Percent: 30, Slices: []rollout.Slice{{Cohort: "staff", Percent: 100}}}
	withStaff := func(s rollout.Stage) rollout.Stage {
		s.Slices = append([]rollout.Slice{{Cohort: "staff", Percent: 100}}, s.Slices...)
		return s
	}
	steps := func(n int) (out []rollout.Stage) {
		for i := range n {
			out = append(out, whole(fmt.Sprint(i), 100*float64(i+1)/float64(n)))
		}
		return out
	}
	for _, c := range []struct {
		name   string
		stages []rollout.Stage
		most   float64
		want   []string // the stages that are too wide
	}{
		{"no bound", []rollout.Stage{whole("all", 100)}, 0, nil},
		{"everything at once", []rollout.Stage{whole("all", 100)}, 99.9, []string{"all"}},
		{"all that there is", []rollout.Stage{whole("all", 100)}, 100, nil},
		{"exactly", []rollout.Stage{whole("half", 50), whole("all", 100)}, 50, nil},
		{"a hair more", []rollout.Stage{whole("half", 50.001), whole("all", 100)}, 50, []string{"half"}},
		{"the first", []rollout.Stage{whole("most", 80), whole("all", 100)}, 50, []string{"most"}},
		{"the last", []rollout.Stage{whole("canary", 5), whole("all", 100)}, 50, []string{"all"}},
		{"both", []rollout.Stage{whole("canary", 40), whole("more", 70), whole("all", 100)}, 29, []string{"canary", "more", "all"}},
		{"one in the middle", []rollout.Stage{whole("canary", 5), whole("more", 65.1), whole("all", 100)}, 60, []string{"more"}},
		{"no binary fraction", []rollout.Stage{whole("canary", 5.1), whole("more", 65.1), whole("all", 100)}, 60, nil},
		{"regions side by side are one step", []rollout.Stage{region(60, "eu", "us"), whole("all", 100)}, 50, []string{"regions"}},
		{"regions side by side, small ones", []rollout.Stage{region(50, "eu", "us"), whole("all", 100)}, 50, nil},
		{"one's own people count", []rollout.Stage{staff, whole("all", 100)}, 60, []string{"all"}},
		{"one's own people are a step too", []rollout.Stage{staff, withStaff(region(60, "eu")), whole("all", 100)}, 29, []string{"staff", "regions", "all"}},
		{"from one's own people on", []rollout.Stage{staff, withStaff(region(60, "eu")), whole("all", 100)}, 40, nil},
		{"the most stages in the smallest steps", steps(100), 1, nil},
		{"too few stages for such steps", steps(99), 1, func() (out []string) {
			for i := range 99 {
				out = append(out, fmt.Sprint(i))
			}
			return out
		}()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := plan3()
			p.Stages = c.stages
			require.NoError(t, p.Validate())
			var got []string
			for _, lack := range p.Meets(release.RolloutRequirement{MaxStepPercent: c.most}) {
				require.Equal(t, "rollout/step-too-wide", lack.Code)
				got = append(got, lack.Subject)
			}
			require.Equal(t, c.want, got)
		})
	}
	p := plan3()
	p.Stages = []rollout.Stage{whole("canary", 5), whole("all", 100)}
	require.Equal(t, "the stage adds 95 % of all traffic; the tier allows 50 at once", p.Meets(release.RolloutRequirement{MaxStepPercent: 50})[0].Text)
}

// Each bound holds exactly, and the shape of the last stage in every part.
func TestValidateBounds(t *testing.T) {
	t.Parallel()
	const days = 24 * time.Hour
	regions := func(n int) (out []rollout.Slice) {
		for i := range n {
			out = append(out, rollout.Slice{Region: fmt.Sprint(i), Percent: 100})
		}
		return out
	}
	names := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprint(i))
		}
		return out
	}
	stages := func(n int) (out []rollout.Stage) {
		for i := range n {
			out = append(out, rollout.Stage{Name: fmt.Sprint(i), Slices: []rollout.Slice{{Percent: 100 * float64(i+1) / float64(n)}}})
		}
		return out
	}
	for _, c := range []struct {
		name string
		edit func(p *rollout.Plan)
		want string // "" for valid
	}{
		{"the longest poll", func(p *rollout.Plan) { p.Poll = 100 * days }, ""},
		{"a longer poll", func(p *rollout.Plan) { p.Poll = 100*days + 1 }, "poll"},
		{"the most stages", func(p *rollout.Plan) { p.Stages = stages(100) }, ""},
		{"one stage", func(p *rollout.Plan) { p.Stages = stages(1) }, ""},
		{"the most slices", func(p *rollout.Plan) {
			p.Stages = p.Stages[1:]
			p.Stages[0].Slices, p.Stages[0].Percent = regions(1000), 50
		}, ""},
		{"a slice more", func(p *rollout.Plan) {
			p.Stages = p.Stages[1:]
			p.Stages[0].Slices, p.Stages[0].Percent = regions(1001), 50
		}, "1001 slices"},
		{"the most gates", func(p *rollout.Plan) { p.Stages[0].Gates, p.Stages[2].Gates = names(99), []string{"more"} }, ""},
		{"a gate more", func(p *rollout.Plan) { p.Stages[0].Gates, p.Stages[2].Gates = names(100), []string{"more"} }, "101 gates"},
		{"the same gates in every stage", func(p *rollout.Plan) {
			p.Stages[0].Gates, p.Stages[1].Gates, p.Stages[2].Gates = names(100), names(100), names(100)
		}, ""},
		{"the longest bake", func(p *rollout.Plan) { p.Stages[0].MinBake = 100 * days }, ""},
		{"the longest wait", func(p *rollout.Plan) { p.Stages[0].MaxBake = 100 * days }, ""},
		{"a longer wait", func(p *rollout.Plan) { p.Stages[0].MaxBake = 100*days + 1 }, "bake times"},
		{"a negative wait", func(p *rollout.Plan) { p.Stages[0].MaxBake = -1 }, "bake times"},
		{"most just above least", func(p *rollout.Plan) { p.Stages[0].MaxBake = p.Stages[0].MinBake + 1 }, ""},
		{"most as least", func(p *rollout.Plan) { p.Stages[0].MaxBake = p.Stages[0].MinBake }, "not above"},
		{"two slices at the end", func(p *rollout.Plan) {
			p.Stages[2].Slices, p.Stages[2].Percent = append(p.Stages[2].Slices, rollout.Slice{Region: "eu", Percent: 50}), 100
		}, "must be one slice of 100 percent of everything"},
		{"a scope at the end", func(p *rollout.Plan) {
			p.Stages = p.Stages[2:]
			p.Stages[0].Slices, p.Stages[0].Percent = regions(1), 100
		}, "must be one slice of 100 percent of everything"},
		{"no share of a region", func(p *rollout.Plan) {
			p.Stages = p.Stages[1:]
			p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{{Region: "eu"}}, 5
		}, "not in (0, 100]"},
		{"more than a region", func(p *rollout.Plan) {
			p.Stages = p.Stages[1:]
			p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{{Region: "eu", Percent: 101}}, 5
		}, "not in (0, 100]"},
		{"internal after internal", func(p *rollout.Plan) {
			staff := []rollout.Slice{{Cohort: "staff", Percent: 50}}
			p.Stages[0].Internal, p.Stages[0].Slices, p.Stages[0].Percent = true, staff, 1
			p.Stages[1].Internal, p.Stages[1].Slices, p.Stages[1].Percent = true, []rollout.Slice{{Cohort: "staff", Percent: 100}}, 2
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := plan3()
			c.edit(&p)
			if c.want == "" {
				require.NoError(t, p.Validate())
				return
			}
			require.ErrorContains(t, p.Validate(), c.want)
		})
	}
}

func TestSliceIsText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "5 %", rollout.Slice{Percent: 5}.String())
	require.Equal(t, "2.5 % of region eu, cell c1, cohort staff", rollout.Slice{Region: "eu", Cell: "c1", Cohort: "staff", Percent: 2.5}.String())
	require.Equal(t, "100 % of cohort staff", rollout.Slice{Cohort: "staff", Percent: 100}.String())
}

// Stages at which nobody looks are no stages.
func TestMeetsNeedsEyes(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		p := plan3()
		p.Stages[i].Health = rollout.HealthIgnored
		lacks := p.Meets(release.RolloutRequirement{MinStages: 2})
		require.Len(t, lacks, 1)
		require.Equal(t, "rollout/health-ignored "+p.Stages[i].Name, lacks[0].Code+" "+lacks[0].Subject)
		require.Empty(t, p.Meets(release.RolloutRequirement{MinStages: 1}))
	}
	p := plan3()
	p.Stages[0].Health, p.Stages[0].Internal = rollout.HealthIgnored, true
	p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{{Cohort: "staff", Percent: 50}}, 1
	require.Empty(t, p.Meets(release.RolloutRequirement{MinStages: 3}), "one's own people tell")
	p.Stages[1].Health = rollout.HealthWatched
	require.Empty(t, p.Meets(release.RolloutRequirement{MinStages: 3}))
}

func TestRings(t *testing.T) {
	t.Parallel()
	p := plan3()
	p.Stages = rollout.Rings(rollout.RingOptions{Region: "eu", RegionPercent: 30, MaxBake: 4 * time.Hour, OnUndecided: rollout.UndecidedRollback, LastBake: 24 * time.Hour})
	require.NoError(t, p.Validate())
	require.Empty(t, p.Meets(release.RolloutRequirement{MinStages: 4, MinBake: time.Hour, MaxFirstPercent: 6}))
	p.Stages = rollout.Rings(rollout.RingOptions{})
	require.ErrorContains(t, p.Validate(), "region", "a region must be named")
}

func TestStreamsAreNeverShared(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("a/%2F5")), 1, 6, -1)
		a := rollout.Target{Service: text.Draw(t, "service"), Environment: text.Draw(t, "environment")}
		b := rollout.Target{Service: text.Draw(t, "service"), Environment: text.Draw(t, "environment")}
		require.Equal(t, a == b, a.Stream() == b.Stream())
		require.Equal(t, 2, strings.Count(a.Stream(), "/"))
	})
}

func TestPlanIsText(t *testing.T) {
	t.Parallel()
	p := plan3()
	p.Stages[0].MaxBake, p.Stages[0].OnUndecided = 3*time.Hour, rollout.UndecidedRollback
	b, err := json.Marshal(p)
	require.NoError(t, err)
	var q rollout.Plan
	require.NoError(t, json.Unmarshal(b, &q))
	require.Equal(t, p, q)
	one, err := p.Digest()
	require.NoError(t, err)
	q.Stages[0].MinBake++
	two, err := q.Digest()
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	for _, v := range []rollout.Phase{rollout.PhaseUnknown, rollout.PhaseRollingBack, rollout.PhaseReplaced} {
		got, err := rollout.ParsePhase(v.String())
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
	require.False(t, (rollout.PhaseReplaced + 1).Ended(), "what is unknown has not ended")
	for _, v := range []rollout.HealthRule{rollout.HealthUnset, rollout.HealthIgnored} {
		got, err := rollout.ParseHealthRule(v.String())
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
	for _, v := range []rollout.OnUndecided{rollout.UndecidedUnset, rollout.UndecidedRollback} {
		got, err := rollout.ParseOnUndecided(v.String())
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
	for _, v := range []rollout.ActionKind{rollout.ActionUnknown, rollout.ActionRollback} {
		got, err := rollout.ParseActionKind(v.String())
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
}

func TestActionCheck(t *testing.T) {
	t.Parallel()
	old, new, other := version("1").Digest, version("2").Digest, version("3").Digest
	canary := rollout.Action{Release: version("2"), Previous: version("1"), Fence: 4, Slices: []rollout.Slice{{Percent: 5}, {Region: "eu", Percent: 100}}}
	full, back := canary, canary
	full.Slices, back.Slices = []rollout.Slice{{Percent: 100}}, nil
	first := back
	first.Previous = release.Ref{}
	share := func(d release.Digest, percent float64, region string) rollout.Share {
		return rollout.Share{Release: d, Slice: rollout.Slice{Percent: percent, Region: region}}
	}
	whole := canary
	whole.Slices = []rollout.Slice{{Region: "eu", Percent: 100}}
	good := []rollout.Share{share(new, 5, ""), share(old, 95, ""), share(new, 100, "eu")}
	for _, c := range []struct {
		name   string
		action rollout.Action
		o      rollout.Observed
		want   string
	}{
		{"done", canary, rollout.Observed{Shares: good, Fence: 4, Settled: true}, ""},
		{"nearly the percent", canary, rollout.Observed{Shares: append([]rollout.Share{share(new, 5.04, "")}, good[1:]...), Fence: 4, Settled: true}, ""},
		{"not the percent", canary, rollout.Observed{Shares: append([]rollout.Share{share(new, 6, "")}, good[1:]...), Fence: 4, Settled: true}, "instead of"},
		{"a lower fence", canary, rollout.Observed{Shares: good, Fence: 3, Settled: true}, "highest fence seen is 3"},
		{"a higher fence", canary, rollout.Observed{Shares: good, Fence: 5, Settled: true}, "overtaken"},
		{"unsettled", canary, rollout.Observed{Shares: good, Fence: 4}, "under way"},
		{"a slice lacks", canary, rollout.Observed{Shares: good[:2], Fence: 4, Settled: true}, "instead of"},
		{"a slice too many", canary, rollout.Observed{Shares: append([]rollout.Share{share(new, 1, "us")}, good...), Fence: 4, Settled: true}, "instead of"},
		{"a scope twice", canary, rollout.Observed{Shares: []rollout.Share{good[0], good[0], good[1]}, Fence: 4, Settled: true}, "instead of"},
		{"nothing serves the rest", canary, rollout.Observed{Shares: []rollout.Share{good[0], good[2]}, Fence: 4, Settled: true}, "previous release serves nothing"},
		{"a third release", canary, rollout.Observed{Shares: append([]rollout.Share{share(other, 1, "")}, good...), Fence: 4, Settled: true}, "another release"},
		{"nobody knows what", canary, rollout.Observed{Shares: append([]rollout.Share{{Slice: rollout.Slice{Percent: 1}}}, good...), Fence: 4, Settled: true}, "nobody knows"},
		{"NaN", canary, rollout.Observed{Shares: append([]rollout.Share{share(new, math.NaN(), "")}, good...), Fence: 4, Settled: true}, "no share"},
		{"a negative share", canary, rollout.Observed{Shares: append([]rollout.Share{share(old, -5, "us")}, good...), Fence: 4, Settled: true}, "no share"},
		{"more than all", canary, rollout.Observed{Shares: append([]rollout.Share{share(old, 101, "us")}, good...), Fence: 4, Settled: true}, "no share"},
		{"all of a region", whole, rollout.Observed{Shares: []rollout.Share{share(new, 100, "eu"), share(old, 100, "")}, Fence: 4, Settled: true}, ""},
		{"not all of a region", whole, rollout.Observed{Shares: []rollout.Share{share(new, 99, "eu"), share(old, 100, "")}, Fence: 4, Settled: true}, "instead of"},
		{"everything", full, rollout.Observed{Shares: []rollout.Share{share(new, 100, "")}, Fence: 4, Settled: true}, ""},
		{"everything by region", full, rollout.Observed{Shares: []rollout.Share{share(new, 100, "eu"), share(new, 100, "us")}, Fence: 4, Settled: true}, ""},
		{"nearly everything", full, rollout.Observed{Shares: []rollout.Share{share(new, 99, ""), share(old, 1, "")}, Fence: 4, Settled: true}, "still serves"},
		{"only a part of a region", full, rollout.Observed{Shares: []rollout.Share{share(new, 99, "eu")}, Fence: 4, Settled: true}, "only"},
		{"everything but what rounds away", full, rollout.Observed{Shares: []rollout.Share{share(new, 99.95, "eu"), share(new, 100.05, "us")}, Fence: 4, Settled: true}, ""},
		{"everything but more than rounds away", full, rollout.Observed{Shares: []rollout.Share{share(new, 99.94, "eu")}, Fence: 4, Settled: true}, "only"},
		{"rolled back but what rounds away", back, rollout.Observed{Shares: []rollout.Share{share(old, 99.95, "")}, Fence: 4, Settled: true}, ""},
		{"rolled back but more than rounds away", back, rollout.Observed{Shares: []rollout.Share{share(old, 99.94, "")}, Fence: 4, Settled: true}, "only"},
		{"nothing", full, rollout.Observed{Fence: 4, Settled: true}, "serves nothing"},
		{"rolled back", back, rollout.Observed{Shares: []rollout.Share{share(old, 100, ""), share(new, 0, "eu")}, Fence: 4, Settled: true}, ""},
		{"not rolled back", back, rollout.Observed{Shares: good, Fence: 4, Settled: true}, "only"},
		{"rolled back to nothing", back, rollout.Observed{Fence: 4, Settled: true}, "previous release serves nothing"},
		{"rolled back to another", back, rollout.Observed{Shares: []rollout.Share{share(other, 100, "")}, Fence: 4, Settled: true}, "another release"},
		{"first rolled back", first, rollout.Observed{Fence: 4, Settled: true}, ""},
		{"first not rolled back", first, rollout.Observed{Shares: []rollout.Share{share(new, 1, "")}, Fence: 4, Settled: true}, "instead of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.action.Check(c.o)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}
