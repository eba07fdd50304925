package health_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

var long = flag.Bool("long", false, "simulate ten times as many rollouts")

// runs is how many rollouts to simulate where n are usual.
func runs(n int) int {
	switch {
	case *long:
		return 10 * n
	case testing.Short():
		return n / 10
	}
	return n
}

// traffic draws windows of requests that fail independently of each other.
type traffic struct {
	rng             *rand.Rand
	canary, control int // requests per window
	p1, p0          float64
}

func (s traffic) bad(n int, p float64) uint64 {
	var k uint64
	if p <= 0 {
		return 0
	}
	// The gaps between failures are geometric: one draw per failure.
	for i := 0; ; i++ {
		i += int(math.Log(1-s.rng.Float64()) / math.Log1p(-p))
		if i >= n {
			return k
		}
		k++
	}
}

func (s traffic) window() (canary, control health.Count) {
	return count(s.bad(s.canary, s.p1), uint64(s.canary)), count(s.bad(s.control, s.p0), uint64(s.control))
}

// outcome is what came of many simulated rollouts.
type outcome struct {
	regressed, healthy, peeked int // rollouts with such a verdict at some look; peeked z-tests that fired
	minutes                    int // sum, until regressed
}

// simulate looks after every window of each rollout.
func simulate(t *testing.T, n, windows int, policy health.Policy, next func(run int) func() (canary, control health.Count)) outcome {
	var out outcome
	for run := range n {
		m, err := health.New(policy)
		require.NoError(t, err)
		draw := next(run)
		var a, b health.Count
		certified, fired, found := false, false, false
		for minute := range windows {
			canary, control := draw()
			require.NoError(t, m.Add(health.Sample{ID: fmt.Sprint(minute), Metric: "errors", Canary: canary, Control: control}))
			kind := m.Kind()
			certified = certified || kind == health.KindHealthy
			if kind == health.KindRegressed && !found {
				found = true
				out.minutes += minute + 1
			}
			a, b = count(a.Bad+canary.Bad, a.Total+canary.Total), count(b.Bad+control.Bad, b.Total+control.Total)
			fired = fired || zTest(a, b)
		}
		out.regressed += one(found)
		out.healthy += one(certified)
		out.peeked += one(fired)
	}
	return out
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// zTest is the usual two-proportion test at two-sided 5 %, to show what looking
// often does to it.
func zTest(a, b health.Count) bool {
	n, m := float64(a.Total), float64(b.Total)
	p := float64(a.Bad+b.Bad) / (n + m)
	se := math.Sqrt(p * (1 - p) * (1/n + 1/m))
	return se > 0 && math.Abs(float64(a.Bad)/n-float64(b.Bad)/m)/se > 1.96
}

func iid(seed uint64, s traffic) func(int) func() (health.Count, health.Count) {
	return func(run int) func() (health.Count, health.Count) {
		s.rng = rand.New(rand.NewPCG(seed, uint64(run)))
		return s.window
	}
}

// At the edge of what is tolerated, the false rollbacks stay below alpha with a
// look every minute; a z-test that is looked at as often does not.
func TestFalseRollbacks(t *testing.T) {
	t.Parallel()
	exact := []health.Metric{{Name: "errors", Tolerance: 1}}
	for _, c := range []struct {
		name   string
		policy health.Policy
		next   func(int) func() (health.Count, health.Count)
		peeked bool // the sides are equal, so the z-test promises 5 % too
	}{
		{"equal", health.Policy{Alpha: .05, Metrics: exact}, iid(1, traffic{canary: 100, control: 100, p1: .01, p0: .01}), true},
		{"equal, 9 to 1", health.Policy{Alpha: .05, Metrics: exact}, iid(2, traffic{canary: 100, control: 900, p1: .01, p0: .01}), true},
		{"equal, common failures", health.Policy{Alpha: .05, Metrics: exact}, iid(3, traffic{canary: 20, control: 180, p1: .5, p0: .5}), true},
		{"at the tolerance", health.Policy{Alpha: .05, Metrics: []health.Metric{{Name: "errors"}}}, iid(4, traffic{canary: 500, control: 4500, p1: .012, p0: .01}), false},
		{"at the tolerance, common failures", health.Policy{Alpha: .05, Metrics: []health.Metric{{Name: "errors"}}}, iid(5, traffic{canary: 50, control: 450, p1: .6, p0: .5}), false},
		{"default policy", health.Policy{Metrics: []health.Metric{{Name: "errors"}}}, iid(6, traffic{canary: 100, control: 900, p1: .01, p0: .01}), true},
		{"an incident that hits both", health.Policy{Alpha: .05, Metrics: exact}, func(run int) func() (health.Count, health.Count) {
			s := traffic{canary: 100, control: 900, rng: rand.New(rand.NewPCG(7, uint64(run)))}
			minute := 0
			return func() (health.Count, health.Count) {
				minute++
				s.p0 = .005
				if minute > 20 && minute < 30 {
					s.p0 = .2
				}
				s.p1 = s.p0
				return s.window()
			}
		}, true},
		{"a split that changes from minute to minute, with an incident, and with nothing on a side", health.Policy{Alpha: .05, Metrics: exact}, func(run int) func() (canary, control health.Count) {
			rng := rand.New(rand.NewPCG(8, uint64(run)))
			minute := 0
			return func() (canary, control health.Count) {
				minute++
				total := 200 + rng.IntN(1800)
				share := []float64{0, .01, .1, .5, .9, .99, 1}[rng.IntN(7)]
				if minute%20 < 10 { // a weight that rises by steps
					share = []float64{.01, .05, .25, .5}[minute%4]
				}
				s := traffic{canary: int(share * float64(total)), rng: rng, p0: []float64{.002, .01, .3}[rng.IntN(3)]}
				s.control, s.p1 = total-s.canary, s.p0
				return s.window()
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := runs(300)
			got := simulate(t, n, 60, c.policy, c.next)
			alpha := c.policy.Defaults().Alpha
			t.Logf("%d rollouts: false rollbacks %.2f %% (alpha %v %%), peeked z-test %.1f %%",
				n, 100*float64(got.regressed)/float64(n), 100*alpha, 100*float64(got.peeked)/float64(n))
			require.LessOrEqual(t, float64(got.regressed), alpha*float64(n))
			if c.peeked {
				require.Greater(t, float64(got.peeked), .10*float64(n))
			}
		})
	}
}

// Where the canary serves more of the traffic that fails more, pooled counts blame
// it and strata do not.
func TestStrata(t *testing.T) {
	t.Parallel()
	policy := health.Policy{Alpha: .05, Metrics: []health.Metric{{Name: "errors", Tolerance: 1}}}
	n, blamed, pooled := runs(200), 0, 0
	for run := range n {
		rng := rand.New(rand.NewPCG(9, uint64(run)))
		with, without := errorsLike(t, policy), errorsLike(t, policy)
		found, foundPooled := false, false
		for minute := range 60 {
			bot, human := traffic{rng: rng, canary: 90, control: 100, p1: .05, p0: .05}, traffic{rng: rng, canary: 10, control: 800, p1: .002, p0: .002}
			a, b := bot.window()
			c, d := human.window()
			id := fmt.Sprint(minute)
			found = add(t, with, health.Sample{ID: id, Metric: "errors", Stratum: "bot", Canary: a, Control: b},
				health.Sample{ID: id, Metric: "errors", Stratum: "human", Canary: c, Control: d}).Kind == health.KindRegressed || found
			foundPooled = add(t, without, health.Sample{ID: id, Metric: "errors", Canary: count(a.Bad+c.Bad, a.Total+c.Total),
				Control: count(b.Bad+d.Bad, b.Total+d.Total)}).Kind == health.KindRegressed || foundPooled
		}
		blamed += one(found)
		pooled += one(foundPooled)
	}
	t.Logf("%d rollouts: blamed with strata %d, pooled %d", n, blamed, pooled)
	require.LessOrEqual(t, float64(blamed), .05*float64(n))
	require.Equal(t, n, pooled)
}

func errorsLike(t *testing.T, p health.Policy) *health.Monitor {
	m, err := health.New(p)
	require.NoError(t, err)
	return m
}

// A doubled error rate is found, and soon.
func TestRegressionsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		policy  health.Policy
		traffic traffic
		found   float64 // at least this share within the hour
		minutes float64 // mean of those found, at most
	}{
		{"double without tolerance", health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors", Tolerance: 1}}}, traffic{canary: 100, control: 900, p1: .02, p0: .01}, .99, 20},
		{"double, default policy, more traffic", health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}}, traffic{canary: 1000, control: 9000, p1: .02, p0: .01}, 1, 6},
		{"ten times", health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}}, traffic{canary: 100, control: 900, p1: .1, p0: .01}, 1, 2},
		{"half fail", health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}}, traffic{canary: 100, control: 900, p1: .5, p0: .001}, 1, 1},
		{"double of common failures", health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}}, traffic{canary: 20, control: 180, p1: .8, p0: .4}, .99, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := runs(300)
			got := simulate(t, n, 60, c.policy, iid(11, c.traffic))
			mean := float64(got.minutes) / float64(max(got.regressed, 1))
			t.Logf("%d rollouts: found %.1f %% in 60 min, mean %.1f min", n, 100*float64(got.regressed)/float64(n), mean)
			require.GreaterOrEqual(t, float64(got.regressed), c.found*float64(n))
			require.LessOrEqual(t, mean, c.minutes)
		})
	}
}

// A release that is worse by MDE is certified with a chance of at most beta, at
// any look; a good one is certified.
func TestCertificates(t *testing.T) {
	t.Parallel()
	policy := health.Policy{Alpha: .0001, Metrics: []health.Metric{{Name: "errors"}}} // alpha small: regressions must not help
	for _, c := range []struct {
		name     string
		traffic  traffic
		min, max float64
	}{
		{"double", traffic{canary: 100, control: 900, p1: .02, p0: .01}, 0, .05},
		{"double, half and half", traffic{canary: 100, control: 100, p1: .02, p0: .01}, 0, .05},
		{"double of common failures", traffic{canary: 20, control: 180, p1: .8, p0: .4}, 0, .05},
		{"three times", traffic{canary: 100, control: 900, p1: .03, p0: .01}, 0, .01},
		{"equal", traffic{canary: 100, control: 900, p1: .01, p0: .01}, .95, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := runs(300)
			got := simulate(t, n, 60, policy, iid(21, c.traffic))
			share := float64(got.healthy) / float64(n)
			t.Logf("%d rollouts: certified %.2f %%", n, 100*share)
			require.GreaterOrEqual(t, share, c.min)
			require.LessOrEqual(t, share, c.max)
		})
	}
}
