package rollout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout"
)

// ordered is a change of which api is first: auth and web rest on it, app on both.
func ordered(t require.TestingT) map[string]*rollout.Plan {
	w := newTown(t)
	w.service("api").DependentsWait = 30 * time.Minute
	w.service("auth", half("api")).DependentsWait = 20 * time.Minute
	w.service("web", half("api")).DependentsWait = 20 * time.Minute
	w.service("app", half("auth"), half("web"))
	return w.plans
}

func listed(plans map[string]*rollout.Plan, names ...string) []rollout.Plan {
	var all []rollout.Plan
	for _, name := range names {
		all = append(all, *plans[name])
	}
	return all
}

func names(plans []rollout.Plan) string {
	var all []string
	for _, p := range plans {
		all = append(all, p.Target.Service)
	}
	return strings.Join(all, " ")
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{"", ""},
		{"web", "web"},
		{"api auth web app", "api auth web app"},
		{"app web auth api", "api web auth app"},
		{"web app auth", "web auth app"}, // what rests on api, which is not there to be checked
		{"app api", "app api"},
	} {
		t.Run(c.given, func(t *testing.T) {
			t.Parallel()
			given := listed(ordered(t), strings.Fields(c.given)...)
			got, err := rollout.Order(given...)
			require.NoError(t, err)
			require.Equal(t, c.want, names(got))
			require.Equal(t, c.given, names(given), "what was given stays as it was")
		})
	}
}

func TestOrderRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(p map[string]*rollout.Plan)
		want []string
	}{
		{"a plan with a mistake", func(p map[string]*rollout.Plan) { p["web"].Poll = -1 }, []string{"plan of web@production: poll"}},
		{"no stages at all", func(p map[string]*rollout.Plan) { p["api"].Stages = nil }, []string{"no stages", `auth@production comes after api@production: there is no stage "half"`}},
		{"two for one target", func(p map[string]*rollout.Plan) { p["auth"].Target = in("web") }, []string{"two plans are for web@production"}},
		{"the provider does not know", func(p map[string]*rollout.Plan) { p["api"].Dependents = p["api"].Dependents[:1] },
			[]string{"web@production comes after api@production: that one does not have it in its dependents"}},
		{"a dependent that is none", func(p map[string]*rollout.Plan) { p["api"].Dependents = append(p["api"].Dependents, in("app")) },
			[]string{"api@production has app@production in its dependents, which does not come after it"}},
		{"another release", func(p map[string]*rollout.Plan) { p["web"].After[0].Release = refOf("api", "3") }, []string{"it waits for api 3", "and api 2"}},
		{"the previous release", func(p map[string]*rollout.Plan) { p["web"].After[0].Release = refOf("api", "1") }, []string{"it waits for api 1"}},
		{"a stage that there is not", func(p map[string]*rollout.Plan) { p["web"].After[0].Stage = "third" }, []string{`there is no stage "third"`}},
		{"nobody looks", func(p map[string]*rollout.Plan) { p["api"].Stages[0].Health = rollout.HealthIgnored },
			[]string{`auth@production comes after api@production: nobody looks how stage "half" fares`, `web@production comes after api@production: nobody looks`}},
		{"nobody looks at a later stage", func(p map[string]*rollout.Plan) { p["api"].Stages[1].Health = rollout.HealthIgnored }, []string{`nobody looks how stage "all" fares`}},
		{"nobody looks at the whole", func(p map[string]*rollout.Plan) {
			p["api"].Stages[1].Health, p["auth"].After[0].Stage, p["web"].After[0].Stage = rollout.HealthIgnored, "", ""
		}, []string{`nobody looks how stage "all" fares`}},
		{"slices by themselves", func(p map[string]*rollout.Plan) {
			p["api"].Stages[0] = rollout.Stage{Name: "half", Slices: []rollout.Slice{{Region: "eu", Percent: 100}, {Region: "us", Percent: 100}}, Percent: 50, PerSlice: true, MaxWithdrawn: 1}
		}, []string{`slices of stage "half" may be taken back by themselves`}},
		{"irreversible after a stage", func(p map[string]*rollout.Plan) {
			p["app"].Stages[1].Irreversible, p["app"].Stages[1].Approvals = true, 1
		},
			[]string{"app@production comes after auth@production: it cannot go back", "app@production comes after web@production: it cannot go back"}},
		{"it waits no longer than its dependent", func(p map[string]*rollout.Plan) { p["api"].DependentsWait = 20 * time.Minute },
			[]string{"auth@production comes after api@production: that one waits 20m0s for its dependents, which must be more than the 20m0s", "web@production comes after"}},
		{"neither says how long", func(p map[string]*rollout.Plan) { p["auth"].DependentsWait, p["api"].DependentsWait = 0, 0 },
			[]string{"auth@production comes after api@production: that one waits 10m0s"}},
		{"a circle", func(p map[string]*rollout.Plan) {
			p["api"].After, p["app"].Dependents = []rollout.Dependency{half("app")}, []rollout.Target{in("api")}
		}, []string{"they wait for each other: api@production, then app@production, then auth@production, then api@production"}},
		{"two circles", func(p map[string]*rollout.Plan) {
			p["api"].After, p["web"].After = []rollout.Dependency{half("auth")}, []rollout.Dependency{half("app")}
		}, []string{"they wait for each other: api@production, then auth@production, then api@production", "they wait for each other: web@production, then app@production, then web@production"}},
		{"itself", func(p map[string]*rollout.Plan) { p["api"].After = []rollout.Dependency{half("api")} },
			[]string{"it cannot come after itself", "they wait for each other: api@production, then api@production"}},
		{"several at once", func(p map[string]*rollout.Plan) {
			p["web"].Poll, p["api"].Dependents, p["auth"].After[0].Stage = -1, nil, "third"
		}, []string{"poll", "auth@production comes after api@production: that one does not have it", "web@production comes after api@production: that one does not have it", "no stage \"third\""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			plans := ordered(t)
			c.do(plans)
			got, err := rollout.Order(listed(plans, "api", "auth", "web", "app")...)
			require.Empty(t, got)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// TestOrderOfAny compares with trying all permutations: the result is one in which
// nobody stands before what it comes after, and there is none exactly when it refuses.
func TestOrderOfAny(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		all := []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(rt, "n")]
		w := newTown(rt)
		rests := map[string][]string{}
		for _, name := range all {
			w.service(name)
			for _, on := range all {
				if on != name && rapid.IntRange(0, 2).Draw(rt, fmt.Sprint(name, " after ", on)) == 0 {
					rests[name] = append(rests[name], on)
				}
			}
		}
		for _, name := range all {
			for _, on := range rests[name] {
				w.plans[name].After = append(w.plans[name].After, half(on))
			}
		}
		fits := func(order []string) bool {
			for i, name := range order {
				for _, on := range rests[name] {
					if !slices.Contains(order[:i], on) {
						return false
					}
				}
			}
			return true
		}
		possible := false
		permute(slices.Clone(all), func(order []string) { possible = possible || fits(order) })
		if possible { // the rest of what a change must be, which a circle cannot
			for i := range all {
				for _, name := range all {
					if i == 0 {
						w.plans[name].DependentsWait = time.Hour
					}
					for _, on := range rests[name] {
						w.plans[on].DependentsWait = max(w.plans[on].DependentsWait, w.plans[name].DependentsWait+time.Minute)
					}
				}
			}
			for _, name := range all {
				for _, on := range rests[name] {
					w.plans[on].Dependents = append(w.plans[on].Dependents, in(name))
				}
			}
		}
		got, err := rollout.Order(listed(w.plans, all...)...)
		if !possible {
			require.ErrorContains(rt, err, "they wait for each other")
			return
		}
		require.NoError(rt, err)
		require.Len(rt, got, len(all))
		require.True(rt, fits(strings.Fields(names(got))), "%s", names(got))
	})
}

func permute(rest []string, see func([]string), done ...string) {
	if len(rest) == 0 {
		see(done)
	}
	for i, name := range rest {
		permute(slices.Delete(slices.Clone(rest), i, i+1), see, append(slices.Clip(done), name)...)
	}
}
