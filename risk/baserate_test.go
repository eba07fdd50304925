package risk_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// world is a simulated host: releases that went out evenly over the last days, a share of which fails, each at its time.
type world struct {
	name    string
	horizon time.Duration
	over    time.Duration // how long there have been releases
	final   time.Duration // the age at which a simple host would take "fine" for final
	delay   func(r *rand.Rand) time.Duration
}

func exponential(median time.Duration) func(r *rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * float64(median) / math.Ln2) }
}

var worlds = []world{
	{"delays as the default's, two years", 0, 730 * day, 600 * day, func(r *rand.Rand) time.Duration {
		return time.Duration(535 * math.Pow(r.ExpFloat64(), 1/.69) * float64(day))
	}},
	{"half known within 20 days, horizon 90", 90 * day, 90 * day, 90 * day, func(r *rand.Rand) time.Duration {
		for { // a failure is one within the horizon
			if d := exponential(20 * day)(r); d <= 90*day {
				return d
			}
		}
	}},
	{"half known within 60 days, three years", 0, 1095 * day, 900 * day, exponential(60 * day)},
	{"half known within 200 days, three years", 0, 1095 * day, 900 * day, exponential(200 * day)},
}

// simulate makes a learner of n releases, of which the share p fails sooner or later.
func (w *world) simulate(t require.TestingT, r *rand.Rand, n int, p float64) (l *risk.Learner, failed, final int) {
	l = &risk.Learner{Horizon: w.horizon}
	for i := range n {
		age := time.Duration(r.Float64() * float64(w.over))
		d := w.delay(r)
		if fails := r.Float64() < p; fails && d <= age {
			tell(t, l, i, release.OutcomeFailed, age, d, risk.Features{})
			failed++
			continue
		}
		tell(t, l, i, release.OutcomeFine, age, age, risk.Features{})
		if age >= w.final {
			final++
		}
	}
	return l, failed, final
}

// The base rate of half-mature data is right within its error. To take silence for success makes it too low; to count failures
// at once and "fine" only when it is final makes it too high. Simulated; the numbers are means over the runs.
func TestBaseRateOfHalfMatureData(t *testing.T) {
	t.Parallel()
	const runs, n, p = 40, 800, .2 // 100 runs gave the same to within .01
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			var sum, squares, naive, failuresOnly, inside float64
			for run := range runs {
				l, failed, final := w.simulate(t, rand.New(rand.NewPCG(uint64(run), 3)), n, p)
				m := l.BaseRateAlone()
				require.True(t, m.Known && m.Bounded)
				sum, squares = sum+m.Value, squares+m.Value*m.Value
				naive += float64(failed) / n / runs
				failuresOnly += float64(failed) / float64(failed+final) / runs
				if m.Lo <= p && p <= m.Hi {
					inside++
				}
			}
			mean := sum / runs
			sd := math.Sqrt(squares/runs - mean*mean)
			t.Logf("truth %.3f: estimated %.3f (sd of one estimate %.3f, interval holds the truth in %.0f of %d), silence as success %.3f, failures only %.3f",
				p, mean, sd, inside, runs, naive, failuresOnly)
			require.InDelta(t, p, mean, .02)
			require.Less(t, naive, p-.01)
			require.Greater(t, failuresOnly, p+.1)
		})
	}
}

// A young host that sets no horizon, whose failures show sooner or later than the default says: the interval holds the truth, and where
// little can be known it is wide and the estimate on the side of care. Simulated.
func TestBaseRateOfYoungHosts(t *testing.T) {
	t.Parallel()
	const runs, p = 10, .15
	for _, c := range []struct {
		median, over time.Duration
		n            int
		lo, hi       float64 // of the mean estimate
	}{
		{time.Hour, 60 * day, 100, .12, .18}, {10 * day, 180 * day, 100, .12, .22}, {60 * day, 60 * day, 100, .12, .40}, {60 * day, 365 * day, 400, .12, .22},
	} {
		w, mean, inside := world{over: c.over, delay: exponential(c.median)}, 0., 0
		for run := range runs {
			l, _, _ := w.simulate(t, rand.New(rand.NewPCG(uint64(run), 3)), c.n, p)
			m := l.BaseRateAlone()
			mean += m.Value / runs
			if m.Lo <= p && p <= m.Hi {
				inside++
			}
		}
		t.Logf("half known within %s, %d releases in %s: truth %.2f, estimated %.3f, interval holds the truth in %d of %d", c.median, c.n, c.over, p, mean, inside, runs)
		require.True(t, c.lo <= mean && mean <= c.hi, "%v: %v", c, mean)
		require.GreaterOrEqual(t, inside, 8)
	}
}

// A failure that shows at once says that delays are short, which gives weight to silence. It still makes nothing look safer.
func TestFailuresTalkNothingDown(t *testing.T) {
	t.Parallel()
	for _, median := range []time.Duration{10 * day, 60 * day, 300 * day} {
		for _, over := range []time.Duration{60 * day, 365 * day} {
			w, last := world{over: over, delay: exponential(median)}, -1.
			for _, more := range []int{0, 1, 5, 20} {
				mean := 0.
				for run := range 4 {
					l, _, _ := w.simulate(t, rand.New(rand.NewPCG(uint64(run), 3)), 200, .15)
					for j := range more {
						tell(t, l, 5_000+j, release.OutcomeFailed, time.Duration(j+1)*day, time.Hour, risk.Features{})
					}
					mean += l.BaseRateAlone().Value / 4
				}
				require.Greater(t, mean, last, "%s, %s, %d more", median, over, more)
				last = mean
			}
		}
	}
}
