package risk_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// tell makes a learner know of a release that went out so many days before now.
func tell(t require.TestingT, l *risk.Learner, i int, kind release.OutcomeKind, age, known time.Duration, f risk.Features) {
	o := release.Outcome{Release: release.DigestOf(fmt.Appendf(nil, "release %d", i)), Kind: kind, Deployed: now.Add(-age), At: now.Add(-age + known)}
	require.NoError(t, l.Observe(risk.Observed{Outcome: o, Features: f}))
}

// itIsNow tells of releases that just went out and weigh nothing, so that the learner knows what time it is.
func itIsNow(t require.TestingT, l *risk.Learner) {
	for i := range 40 {
		tell(t, l, 1_000_000+i, release.OutcomeFine, 0, 0, risk.Features{})
	}
}

// The default is what was measured on 17 projects: shared/facts/risk.md, section 2d.
func TestDefaultDelays(t *testing.T) {
	t.Parallel()
	var l risk.Learner
	for days, want := range map[time.Duration]float64{21: .10, 30: .125, 90: .25, 309: .50, 365: .54, 880: .75} {
		require.InDelta(t, want, l.Maturity(days*day), .0061, "%d days", days)
	}
	require.Zero(t, l.Maturity(0))
	require.Zero(t, l.Maturity(-time.Hour))
	require.Less(t, l.Maturity(10*365*day), 1.0)
	require.InDelta(t, 1, l.Maturity(math.MaxInt64), 1e-6)

	// A horizon makes it final, and what is left of the curve is that within it.
	h := risk.Learner{Horizon: 30 * day}
	require.Equal(t, 1.0, h.Maturity(30*day))
	require.Equal(t, 1.0, h.Maturity(400*day))
	require.InDelta(t, l.Maturity(10*day)/l.Maturity(30*day), h.Maturity(10*day), 1e-12)
}

// Where nothing is truncated the curve is the mixture of the own failures and ten that are spread as the Weibull curve.
func TestOwnDelaysMixWithTheShape(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5, 10, 50, 300} {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		var l risk.Learner
		var delays []time.Duration
		for i := range n {
			delays = append(delays, time.Duration(r.ExpFloat64()*float64(20*day)))
			tell(t, &l, i, release.OutcomeFailed, 250*365*day, delays[i], risk.Features{})
		}
		itIsNow(t, &l)
		scale, shape := l.Shape()
		for _, x := range []time.Duration{0, time.Hour, day, 7 * day, 30 * day, 90 * day, 1000 * day} {
			own := 0
			for _, d := range delays {
				if d <= x {
					own++
				}
			}
			require.InDelta(t, (float64(own)-10*math.Expm1(-math.Pow(x.Hours()/24/scale, shape)))/(float64(n)+10), l.Maturity(x), 1e-6, "%d failures, %s", n, x)
		}
	}
}

// The curve that it is shrunk to is the most probable one: no point of an ever finer grid is more so. The posterior is written here
// as in the documentation.
func TestShapeIsTheMostProbable(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 5))
		var l risk.Learner
		type delay struct{ known, age float64 }
		var seen []delay
		for i := range []int{1, 3, 10, 40, 60}[seed] {
			age := 1 + 300*r.Float64()
			known := age * r.Float64() * r.Float64()
			d := time.Duration(known * float64(day))
			tell(t, &l, i, release.OutcomeFailed, time.Duration(age*float64(day)), d, risk.Features{})
			seen = append(seen, delay{max(1./24, d.Hours()/24), age})
		}
		itIsNow(t, &l)
		var open []float64
		for i := range 40 * seed {
			if i%5 == 0 {
				age := 300 * r.Float64()
				tell(t, &l, 2000+int(i), release.OutcomeFine, time.Duration(age*float64(day)), time.Duration(age*float64(day)), risk.Features{})
				open = append(open, age)
			}
		}
		loss := func(a, b float64) float64 { // of the logarithms of scale and shape
			scale, shape := math.Exp(a), math.Exp(b)
			// The base rate at which as many failures are known as there are.
			lo, hi := 0., 1.
			for range 40 {
				p, slope := (lo+hi)/2, 0.
				for _, x := range open {
					f := -math.Expm1(-math.Pow(x/scale, shape))
					slope += f / (1 - p*f)
				}
				if float64(len(seen))/p > slope {
					lo = p
				} else {
					hi = p
				}
			}
			p := min(lo, 1-1e-6)
			sum := math.Pow((math.Log(p/(1-p))+1.99)/1.5, 2) / 2
			sum += math.Pow((a-math.Log(535))/1.5, 2)/2 + math.Pow((b-math.Log(.69))/.3, 2)/2
			for _, d := range seen {
				x := math.Pow(d.known/scale, shape)
				sum -= math.Log(shape/d.known*x*math.Exp(-x)) - math.Log(-math.Expm1(-math.Pow(d.age/scale, shape)))
			}
			return sum
		}
		bestA, bestB := math.Log(535), math.Log(.69)
		for width := 6.0; width > 3e-3; width /= 2.5 {
			midA, midB := bestA, bestB
			for i := -6.; i <= 6; i++ {
				for j := -6.; j <= 6; j++ {
					if a, b := midA+width*i/6, midB+width*j/12; loss(a, b) < loss(bestA, bestB) {
						bestA, bestB = a, b
					}
				}
			}
		}
		scale, shape := l.Shape()
		require.InDelta(t, loss(bestA, bestB), loss(math.Log(scale), math.Log(shape)), .01, "seed %d", seed)
		require.InDelta(t, bestA, math.Log(scale), .1)
		require.InDelta(t, bestB, math.Log(shape), .05)
	}
}

// The product-limit estimate against its definition: failures one by one, those of the Weibull curve as 500 small
// ones, and the product over all delays above x.
func TestDelaysAgainstTheDefinition(t *testing.T) {
	t.Parallel()
	type failure struct{ known, age, weight float64 }
	rapid.Check(t, func(t *rapid.T) {
		horizon := rapid.SampledFrom([]int{0, 0, 20, 200}).Draw(t, "horizon")
		l := risk.Learner{Horizon: time.Duration(horizon) * day}
		var all []failure
		itIsNow(t, &l)
		for i := range rapid.IntRange(0, 25).Draw(t, "failures") {
			age := rapid.IntRange(0, 400).Draw(t, "age")
			known := rapid.IntRange(0, age).Draw(t, "known")
			tell(t, &l, i, release.OutcomeFailed, time.Duration(age)*day, time.Duration(known)*day, risk.Features{})
			if horizon == 0 || known <= horizon {
				all = append(all, failure{float64(known), float64(age), 1})
			}
		}
		const parts = 500
		scale, shape := l.Shape()
		whole := 1.0
		if horizon > 0 {
			whole = -math.Expm1(-math.Pow(float64(horizon)/scale, shape))
		}
		for i := range parts { // the Weibull curve's quantiles
			q := (float64(i) + .5) / parts * whole
			all = append(all, failure{scale * math.Pow(-math.Log1p(-q), 1/shape), math.Inf(1), 10. / parts})
		}
		slices.SortFunc(all, func(a, b failure) int {
			switch {
			case a.known > b.known:
				return -1
			case a.known < b.known:
				return 1
			}
			return 0
		})
		last := 1.0
		for _, x := range []float64{350.3, 120.3, 19.3, 7.3, .3} {
			if horizon > 0 && x >= float64(horizon) {
				require.Equal(t, 1.0, l.Maturity(time.Duration(x*float64(day))))
				continue
			}
			want := 1.0
			for i := 0; i < len(all) && all[i].known > x; {
				d, n := all[i].known, 0.0
				for ; i < len(all) && all[i].known == d; i++ {
					n += all[i].weight
				}
				atRisk := 0.0
				for _, f := range all {
					if f.known <= d && d <= f.age {
						atRisk += f.weight
					}
				}
				want *= 1 - n/atRisk
			}
			got := l.Maturity(time.Duration(x * float64(day)))
			require.InDelta(t, want, got, .008, "at %v days", x)
			require.LessOrEqual(t, got, last)
			last = got
		}
	})
}

// Only failures that were reported so far are seen, which makes delays look shorter than they are. Simulated: releases of
// the last 120 days, half of whose failures show within 40 days.
func TestTruncatedDelays(t *testing.T) {
	t.Parallel()
	const (
		runs, releases, at = 20, 1500, 40 * day
	)
	var own, plain float64
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 2))
		var l risk.Learner
		soon, seen := 0.0, 0.0
		for i := range releases {
			age := time.Duration(r.Float64() * float64(120*day))
			known := time.Duration(r.ExpFloat64() * float64(at) / math.Ln2)
			if known > age {
				continue
			}
			tell(t, &l, i, release.OutcomeFailed, age, known, risk.Features{})
			seen++
			if known <= at {
				soon++
			}
		}
		itIsNow(t, &l)
		own += l.Maturity(at) / runs
		plain += soon / seen / runs
	}
	require.InDelta(t, .5, own, .05)
	require.Greater(t, plain, .70, "the delays that were seen are too short")
	t.Logf("known within %s: truth .50, seen %.3f, estimated %.3f", at, plain, own)
}

// One outcome of a broken clock does not make all releases old, nor does a horizon beyond all reason make a number that is none.
func TestDelaysWithstandNonsense(t *testing.T) {
	t.Parallel()
	rate := func(horizon time.Duration, strange bool) (*risk.Learner, risk.Measure) {
		r := rand.New(rand.NewPCG(1, 9))
		l := &risk.Learner{Horizon: horizon}
		for i := range 300 {
			age, d := time.Duration(r.Float64()*float64(60*day)), time.Duration(r.ExpFloat64()*float64(60*day))
			if r.Float64() < .3 && d <= age {
				tell(t, l, i, release.OutcomeFailed, age, d, risk.Features{})
			} else {
				tell(t, l, i, release.OutcomeFine, age, age, risk.Features{})
			}
		}
		if strange {
			o := release.Outcome{Release: release.DigestOf([]byte("strange")), Kind: release.OutcomeFine, Deployed: now, At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
			require.NoError(t, l.Observe(risk.Observed{Outcome: o}))
		}
		return l, l.BaseRateAlone()
	}
	_, usual := rate(0, false)
	_, strange := rate(0, true)
	require.InDelta(t, usual.Value, strange.Value, .02)
	for _, horizon := range []time.Duration{1, time.Microsecond, time.Hour, math.MaxInt64} {
		l, m := rate(horizon, true)
		require.True(t, m.Known && m.Value >= 0 && m.Value <= 1 && m.Lo <= m.Value && m.Value <= m.Hi, "%s: %+v", horizon, m)
		h := l.Health()
		require.NoError(t, l.Model().Validate())
		_, err := json.Marshal(h)
		require.NoError(t, err, "a number that is none cannot be written")
		require.GreaterOrEqual(t, h.Delays.Median, time.Duration(0))
	}
}
