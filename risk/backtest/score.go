package backtest

import "github.com/sallyport-dev/sallyport/internal/skill"

// Capture is the share of all failures among the releases that the model held for the
// most likely to fail.
type Capture struct {
	// Top is the share of the releases that is looked at, the most likely first.
	Top float64 `json:"top"`
	// Caught is the share of the failures among these.
	Caught Measure `json:"caught"`
	// Constant is what a model catches that says the same of every release, and Best
	// what one catches that knows the future. Best means nothing without a failure.
	Constant float64 `json:"constant"`
	Best     float64 `json:"best"`
}

// Calibration is how far the percentages were from what came, of the releases for which
// one would have been shown.
type Calibration struct {
	// Mature are those releases with a mature outcome, Failed those that failed.
	Mature int `json:"mature"`
	Failed int `json:"failed"`
	// ECE is the expected calibration error over Bins bins of equal mass, and Chance what
	// it is on average if each percentage is exactly right. Chance means nothing without ECE.
	ECE    Measure `json:"ece"`
	Bins   int     `json:"bins"`
	Chance float64 `json:"chance"`
	// BrierSkill is 1 for one who knows the future, and 0 for one who says of every
	// release the share of failures, which is known only afterwards.
	BrierSkill Measure `json:"brierSkill"`
}

const onlyOneClass = "the mature outcomes are all failures, or none is"

// ranking measures the order in which the model puts the releases, and the tiers do.
func (t *trial) ranking(out *Report) {
	s := t.sample(likelihood)
	tops := []float64{0.05, 0.1, 0.5}
	statistics := []skill.Statistic{(*skill.Sample).AUC}
	for _, top := range tops {
		statistics = append(statistics, func(s *skill.Sample) (float64, bool) { return s.Capture(top) })
	}
	found := estimates(s, t.o, statistics...)
	found[0] = withFew(found[0], s, t.o.Level)
	out.AUC = estimated(found[0], out.Outcomes.Mature, onlyOneClass)
	for i, top := range tops {
		c := Capture{Top: top, Caught: estimated(found[i+1], out.Outcomes.Mature, "there is no failure among the mature outcomes"), Constant: top}
		if n := out.Outcomes; n.Failed > 0 {
			c.Best = min(1, top*float64(n.Mature)/float64(n.Failed))
		}
		out.Capture = append(out.Capture, c)
	}
	s = t.sample(tier)
	out.TierAUC = estimated(withFew(estimates(s, t.o, (*skill.Sample).AUC)[0], s, t.o.Level), out.Outcomes.Mature, onlyOneClass)
}

// withFew is an AUC whose interval also allows for there being few failures, of which draws know nothing.
func withFew(e skill.Estimate, s *skill.Sample, level float64) skill.Estimate {
	if !e.Bounded || min(s.Failed(), s.N()-s.Failed()) >= manyEach {
		return e
	}
	if in, ok := s.AUCInterval(level); ok {
		e.Interval.Lo, e.Interval.Hi = min(e.Interval.Lo, in.Lo), max(e.Interval.Hi, in.Hi)
	}
	return e
}

// manyEach is how many releases that failed, and how many that did not, are enough for draws to know of: in simulated samples
// their intervals of an AUC held the truth in 95 % of the cases at a level of 95 % then.
const manyEach = 50

// minEach is how many releases that failed, and how many that did not, there must be for the interval of a Brier skill or
// of a difference of AUCs: from fewer it would be too narrow.
const minEach = 10

// ofEnough is m without its interval where s has too few of one kind.
func (m Measure) ofEnough(s *skill.Sample) Measure {
	if m.Bounded && min(s.Failed(), s.N()-s.Failed()) < minEach {
		m.Lo, m.Hi, m.Bounded, m.Why = 0, 0, false, fewOfEither
	}
	return m
}

const fewOfEither = "fewer than 10 failures, or than 10 others"

func likelihood(r *row) (float64, bool) { return r.p, true }

func tier(r *row) (float64, bool) { return float64(r.tier), true }

// sample is a score of each release with a mature outcome; nil where there is none.
func (t *trial) sample(score func(*row) (float64, bool)) *skill.Sample {
	var p []float64
	var y []bool
	for i := range t.rows {
		r := &t.rows[i]
		if r.state == censored {
			continue
		}
		if v, ok := score(r); ok {
			p, y = append(p, v), append(y, r.state == failed)
		}
	}
	s, _ := skill.Of(p, y)
	return s
}

// estimates are those of no data where there is no sample.
func estimates(s *skill.Sample, o Options, statistics ...skill.Statistic) []skill.Estimate {
	if s == nil {
		return make([]skill.Estimate, len(statistics))
	}
	return s.Estimates(o.resampling(), statistics...)
}

// perBin is how many releases there are in a bin at least, and maxBins how many bins
// at most.
const perBin, maxBins = 20, 20

func (t *trial) calibration() Calibration {
	s := t.sample(func(r *row) (float64, bool) { return r.p, r.shown })
	if s == nil {
		const none = "no percentage would have been shown of a release with a mature outcome"
		return Calibration{ECE: Measure{Why: none}, BrierSkill: Measure{Why: none}}
	}
	c := Calibration{Mature: s.N(), Failed: s.Failed(), Bins: min(s.N()/perBin, maxBins)}
	e, chance := s.ECEEstimate(t.o.resampling(), c.Bins)
	c.ECE = estimated(e, s.N(), "fewer than 20 percentages")
	if c.Chance = chance; !e.Bounded {
		c.Chance = 0
	}
	c.BrierSkill = estimated(s.Estimates(t.o.resampling(), skill.OwnBrierSkill)[0], s.N(), onlyOneClass).ofEnough(s)
	return c
}
