package risk

import (
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// knowledge is what is known of releases at a moment, weighed for learning.
type knowledge struct {
	at     time.Time   // the present: see present
	curve  *delayCurve // how soon failures become known
	seen   []*Observed // those that weigh something, oldest first: the newest up to a sum of maxFitted
	mature []float64   // of each in seen the probability that its failure would be known; 1 of failures
	within int         // releases in the time of seen, whatever they weigh
	slow   int         // failures among them after the horizon

	horizon time.Duration // 0 is none
	foreign int           // releases measured by another extractor than the newest

	base, unsure float64 // what rate and curveError found; 0 before
}

// newKnowledge weighs observations, which are in order of age. Of releases whose features another extractor measured than
// those of the newest, only the delays are learned from: equally named numbers mean something else there.
func newKnowledge(all []*Observed, horizon time.Duration) *knowledge {
	k := &knowledge{at: present(all), horizon: horizon}
	var delays []delay
	var open []float64
	for i := range all {
		o := &all[i].Outcome
		known := o.At.Sub(o.Deployed)
		switch o.Kind {
		case release.OutcomeFailed:
			delays = append(delays, delay{days(known), days(max(known, k.at.Sub(o.Deployed)))})
		case release.OutcomeFine:
			open = append(open, days(known))
		}
	}
	k.curve = newDelayCurve(delays, open, horizon)
	sum := 0.0
	for i := len(all) - 1; i >= 0; i-- {
		if extractorOf(all[i].Features.Extractor) != extractorOf(all[len(all)-1].Features.Extractor) {
			k.foreign++
			continue
		}
		o, w := &all[i].Outcome, 0.0
		age := o.At.Sub(o.Deployed)
		switch o.Kind {
		case release.OutcomeFailed:
			w = 1
		case release.OutcomeFine:
			w = k.curve.known(age)
		}
		if sum += w; sum > maxFitted {
			break
		}
		k.within++
		if w > 0 {
			k.seen, k.mature = append(k.seen, all[i]), append(k.mature, w)
			if k.late(len(k.seen) - 1) {
				k.slow++
			}
		}
	}
	slices.Reverse(k.seen)
	slices.Reverse(k.mature)
	return k
}

// present is the newest moment at which anything was known, of all but one release in a hundred. If a single
// outcome of a broken clock made all releases look old, their failures would seem to have shown soon, and silence
// would count for more.
func present(all []*Observed) time.Time {
	if len(all) == 0 {
		return time.Time{}
	}
	times := make([]time.Time, len(all))
	for i, o := range all {
		times[i] = o.Outcome.At
	}
	slices.SortFunc(times, time.Time.Compare)
	spare := (len(all) + 99) / 100
	if len(all) < 3 {
		spare = 0
	}
	return times[len(times)-1-spare]
}

func (k *knowledge) failed(i int) bool { return k.seen[i].Outcome.Kind == release.OutcomeFailed }

// late reports whether the i-th failed after the horizon.
func (k *knowledge) late(i int) bool {
	o := &k.seen[i].Outcome
	return k.failed(i) && k.horizon > 0 && o.At.Sub(o.Deployed) > k.horizon
}

// weight is what the i-th counts for if it fails with probability p.
func (k *knowledge) weight(i int, p float64) float64 {
	if k.failed(i) {
		return 1
	}
	return openWeight(k.mature[i], p)
}

// openWeight is what a release counts for that is fine so far; see [Learner].
func openWeight(mature, p float64) float64 {
	if mature >= 1 {
		return 1
	}
	return float64(float64(mature*(1-p)) / (1 - float64(p*mature)))
}

// counts are what a model carries. A weight of a half is half a mature outcome.
func (k *knowledge) counts() Counts {
	var c Counts
	p, sum := k.rate(), 0.0
	for i := range k.seen {
		sum += k.weight(i, p)
		if k.failed(i) {
			c.Failed++
		}
	}
	c.Mature = int(math.Floor(sum))
	c.Censored = k.within - c.Mature
	return c
}

// maxPasses is how often the weights are found again by the fit before: the base rate comes first, and after two
// more passes no probability changes by a part in a hundred (TestPasses).
const maxPasses = 3

// model is the base with what was learned. before, where it is not nil, is a model whose
// probabilities are nearly right, which spares passes.
func (k *knowledge) model(base, before *Model) *Model {
	if before != nil {
		m, _ := k.fit(base, before.chance, 1)
		return m
	}
	m, _ := k.passes(base, maxPasses)
	if c := m.Calibration; c != nil { // the interval allows for the delay curve too
		c.Covariance[0] += float64(k.curveError() * k.curveError())
	}
	return m
}

// passes is fit, from the base rate on.
func (k *knowledge) passes(base *Model, n int) (*Model, bool) {
	rate := k.rate()
	return k.fit(base, func(Features) float64 { return rate }, n)
}

// fit is the base fitted n times, each time with the weights by the chances before. It is the base, and
// false, where there is not enough to fit it to, or that cannot be done.
func (k *knowledge) fit(base *Model, chance func(Features) float64, n int) (*Model, bool) {
	m := base.clone()
	m.Outcomes = k.counts()
	if !m.Outcomes.Enough() || m.Validate() != nil {
		return m, false
	}
	best := m
	for range n {
		next, ok := learn(m, k.samples(chance))
		if !ok {
			return m, false
		}
		best, chance = next, next.chance
	}
	return best, true
}

// samples are what a fit is made from.
func (k *knowledge) samples(chance func(Features) float64) []Sample {
	out := make([]Sample, len(k.seen))
	for i := range k.seen {
		o := k.seen[i]
		out[i] = Sample{Features: o.Features, Failed: k.failed(i), Weight: k.weight(i, chance(o.Features)), At: o.Outcome.Deployed}
	}
	return out
}

// learn fits the base and recalibrates it on the newest samples, more where few of those failed. It reports
// false where that cannot be done.
func learn(base *Model, samples []Sample) (*Model, bool) {
	m, err := Fit(base, samples, FitOptions{})
	if err != nil {
		m = base.clone()
	}
	m.Outcomes, m.Calibration = base.Outcomes, nil
	first, sum, failed := len(samples), 0.0, 0
	for first > 0 && (sum < maxRecalibrated || failed < MinFailed) {
		first--
		sum += samples[first].Weight
		if samples[first].Failed {
			failed++
		}
	}
	m, ok := m.Recalibrate(samples[first:])
	if ok {
		m.Outcomes = base.Outcomes
	}
	return m, ok
}

// chance is the probability that m gives to a release.
func (m *Model) chance(f Features) float64 { return m.Estimate(f).P }
