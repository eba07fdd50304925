package backtest

import (
	"errors"
	"iter"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// Comparison is two policies on one history. Differences are B's number less A's, of
// the same releases, so that what both have in common does not widen the intervals.
type Comparison struct {
	// A and B are the reports of the two.
	A Report `json:"a"`
	B Report `json:"b"`
	// Tiers are the differences of what is in a tier or above, from moderate to critical.
	Tiers []TierDifference `json:"tiers"`
	// AUC is the difference of the models', TierAUC that of the policies' tiers.
	AUC     Measure `json:"auc"`
	TierAUC Measure `json:"tierAUC"`
	// Raised are the releases that B puts above A, Lowered those that it puts below.
	Raised  Load `json:"raised"`
	Lowered Load `json:"lowered"`
}

// TierDifference is what one policy has more than another of in a tier or above.
type TierDifference struct {
	// Tier is the tier.
	Tier release.Tier `json:"tier"`
	// Share is the difference of the shares of the releases, Caught that of the shares of the
	// failures; both are from -1 to 1.
	Share  Measure `json:"share"`
	Caught Measure `json:"caught"`
}

// Compare runs two policies over one history at once, which it reads only once. Gate,
// Horizon, End, Seed, Draws, Level and Block must be the same of both; two learners must
// not be one. Errors are as [Run]'s.
func Compare(cases iter.Seq2[Case, error], a, b Options) (Comparison, error) {
	x, errA := newTrial(a)
	y, errB := newTrial(b)
	if err := errors.Join(errA, errB); err != nil {
		return Comparison{}, err
	}
	if !alike(x.o, y.o) {
		return Comparison{}, errors.New("backtest: the two differ in more than policy, rules and model, or share a learner")
	}
	if err := walk(cases, x, y); err != nil {
		return Comparison{}, err
	}
	if !slices.EqualFunc(x.rows, y.rows, func(a, b row) bool { return a.number == b.number }) {
		return Comparison{}, errors.New("backtest: the two do not give a verdict on the same releases")
	}
	out := Comparison{A: x.report(), B: y.report()}
	out.compare(x, y)
	return out, nil
}

func alike(a, b Options) bool {
	return a.Gate == b.Gate && a.Horizon == b.Horizon && a.End.Equal(b.End) && a.Seed == b.Seed && a.Draws == b.Draws &&
		a.Level == b.Level && a.Block == b.Block && (a.Learner == nil || a.Learner != b.Learner)
}

func (c *Comparison) compare(x, y *trial) {
	n, all := len(x.rows), c.A.Outcomes
	for i := range x.rows {
		switch a, b := x.rows[i].tier, y.rows[i].tier; {
		case b > a:
			c.Raised.add(x.rows[i].state)
		case b < a:
			c.Lowered.add(x.rows[i].state)
		}
	}
	c.Raised.finish(n, all, x.o.Level)
	c.Lowered.finish(n, all, x.o.Level)

	ts := tiers()[1:]
	// Per tier, the difference of the shares and that of what is caught.
	differences := func(index func(int) int, out []float64) {
		loads, caughts, failures := [5]int{}, [5]int{}, 0
		for at := range n {
			i := index(at)
			a, b := &x.rows[i], &y.rows[i]
			if a.state == failed {
				failures++
			}
			if a.tier == b.tier {
				continue
			}
			for _, t := range ts {
				d := 0
				if b.tier >= t {
					d++
				}
				if a.tier >= t {
					d--
				}
				loads[t] += d
				if a.state == failed {
					caughts[t] += d
				}
			}
		}
		for k, t := range ts {
			out[2*k] = float64(loads[t]) / float64(n)
			out[2*k+1] = math.NaN()
			if failures > 0 {
				out[2*k+1] = float64(caughts[t]) / float64(failures)
			}
		}
	}
	value := make([]float64, 2*len(ts))
	differences(func(i int) int { return i }, value)
	found := skill.BootstrapEach(n, x.o.resampling(), len(value), func(index []int, out []float64) {
		differences(func(at int) int { return index[at] }, out)
	})
	for i := range found {
		if !math.IsNaN(value[i]) {
			found[i].Value, found[i].Known = value[i], true
		}
	}
	for k, t := range ts {
		// Where the two agree on every release the draws tell nothing. That they differ on
		// one in so many is still possible.
		agree := func(e *skill.Estimate, n int, among func(*row) bool) {
			for i := range x.rows {
				if a, b := &x.rows[i], &y.rows[i]; among(a) && (a.tier >= t) != (b.tier >= t) {
					return
				}
			}
			if n > 0 {
				most := stats.ClopperPearson(0, n, x.o.Level).Hi
				e.Interval, e.Bounded = stats.Interval{Lo: -most, Hi: most}, true
			}
		}
		agree(&found[2*k], n, func(*row) bool { return true })
		agree(&found[2*k+1], all.Failed, func(r *row) bool { return r.state == failed })
		c.Tiers = append(c.Tiers, TierDifference{Tier: t,
			Share:  estimated(found[2*k], n, "no release was assessed"),
			Caught: estimated(found[2*k+1], all.Failed, "there is no failure among the mature outcomes")})
	}
	auc := func(score func(*row) (float64, bool)) Measure {
		a, b := x.sample(score), y.sample(score)
		if a == nil || b == nil {
			return Measure{Why: onlyOneClass}
		}
		return estimated(skill.Difference(a, b, x.o.resampling(), (*skill.Sample).AUC), all.Mature, onlyOneClass).ofEnough(a)
	}
	c.AUC = auc(likelihood)
	c.TierAUC = auc(tier)
}
