package metrics_test

import (
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// The oracle's answers to what other tools than DORA's guide ask.

func (o *oracle) rounded(r metrics.Rounding, d time.Duration) time.Duration {
	whole := time.Duration(0)
	minutes := d.Minutes()
	switch r {
	case metrics.RoundingMinutesUp:
		whole = time.Duration(math.Ceil(minutes))
	case metrics.RoundingMinutesDown:
		whole = time.Duration(math.Trunc(minutes))
	default:
		return d
	}
	return whole * time.Minute
}

// leadOf is the lead time of one change brought by i; false where it has none.
func (o *oracle) leadOf(c metrics.Change, i int) (float64, bool) {
	at := o.moment(i)
	if o.def.LeadSpan == metrics.LeadByStages {
		if c.Merged.IsZero() {
			return 0, false
		}
		sum := time.Duration(0)
		for _, s := range [][2]time.Time{{c.FirstCommit, c.Opened}, {c.Opened, c.Merged}, {c.Merged, at}} {
			if s[0].IsZero() || s[1].IsZero() {
				continue
			}
			if d := o.rounded(o.def.LeadRounding, s[1].Sub(s[0])); d >= 0 || o.def.Negative == metrics.NegativeKept {
				sum += d
			}
		}
		return sum.Seconds(), true
	}
	start := c.At
	if o.def.LeadFrom == metrics.LeadFromMerge {
		start = c.Merged
	}
	if start.IsZero() {
		return 0, false
	}
	d := o.rounded(o.def.LeadRounding, at.Sub(start))
	return d.Seconds(), d >= 0 || o.def.Negative == metrics.NegativeKept
}

func (o *oracle) succeeds(i int) bool { return o.exposed(i) && o.ok(i) && !o.failed(i) }

func (o *oracle) sameStream(i, j int) bool {
	return o.d[i].Service == o.d[j].Service && o.d[i].Environment == o.d[j].Environment
}

func (o *oracle) nextSuccess(i int) time.Time {
	for j := i + 1; j < len(o.d); j++ {
		if o.sameStream(i, j) && o.succeeds(j) {
			return o.d[j].At
		}
	}
	return time.Time{}
}

// head is the first of the failures in a row that i is one of.
func (o *oracle) head(i int) int {
	first := i
	for j := i - 1; j >= 0; j-- {
		if !o.sameStream(i, j) {
			continue
		}
		if o.succeeds(j) {
			break
		}
		if o.failed(j) {
			first = j
		}
	}
	return first
}

// episode is one recovery: dep is -1 where no deployment is known.
type episode struct {
	dep      int
	from, to time.Time
}

// episodes are the recoveries of a service that count, over or not.
func (o *oracle) episodes(key []string) (out []episode) {
	if o.def.RecoveryOf != metrics.RecoveryOfIncident {
		for i := range o.d {
			if slices.Equal(o.key(i), key) && o.failed(i) && (o.exposed(i) || o.def.RecoverTo == metrics.RecoverToSuccess) && (o.def.RecoveryOf == metrics.RecoveryOfDeployment || o.head(i) == i) {
				from, to := o.recovery(i)
				out = append(out, episode{i, from, to})
			}
		}
		return out
	}
	for _, n := range o.n {
		dep := o.blame(n)
		owner := o.owns(key, n)
		if o.def.FailCounts != metrics.FailIncidents {
			owner = dep >= 0 && slices.Equal(o.key(dep), key)
		}
		if !owner || n.At.After(o.asOf) {
			continue
		}
		e := episode{dep, n.At, o.over(n)}
		if dep < 0 && (o.def.RecoverFrom != metrics.RecoverFromDetected || o.def.RecoverTo == metrics.RecoverToSuccess) {
			continue
		}
		if dep >= 0 {
			switch o.def.RecoverFrom {
			case metrics.RecoverFromDeployed:
				e.from = begin(o.d[dep])
			case metrics.RecoverFromEnded:
				e.from = o.d[dep].At
			}
			if back := o.restored(dep); o.def.RecoverTo == metrics.RecoverToRestored && !back.IsZero() && (e.to.IsZero() || back.Before(e.to)) {
				e.to = back
			}
			if o.def.RecoverTo == metrics.RecoverToSuccess {
				e.to = o.nextSuccess(dep)
			}
			if e.to.After(o.asOf) {
				e.to = time.Time{}
			}
		}
		out = append(out, e)
	}
	return out
}

// recoveries puts the recoveries of a window into its sample.
func (o *oracle) recoveries(s *sample, key []string, in func(time.Time) bool) {
	for _, e := range o.episodes(key) {
		end := e.to
		if end.IsZero() {
			end = o.asOf
		}
		at := e.from
		switch {
		case o.def.RecoveryWindow == metrics.RecoveryByEnd:
			at = end
		case o.def.RecoveryWindow == metrics.RecoveryByDeployment && e.dep >= 0:
			at = o.moment(e.dep)
		}
		took := o.rounded(o.def.RecoveryRounding, end.Sub(e.from))
		switch {
		case !in(at) || took < 0 && o.def.Negative == metrics.NegativeDropped:
		case !e.to.IsZero() || o.def.Open == metrics.OpenUntilNow:
			s.values = append(s.values, took.Seconds())
		case o.def.Open == metrics.OpenCensored:
			s.open = append(s.open, took.Seconds())
		}
	}
}

// owns is whether an incident is of a group by its own words: one that names no
// environment is of the definition's only one, by service of any.
func (o *oracle) owns(key []string, n metrics.Incident) bool {
	if n.Service != key[0] || n.Environment != "" && !slices.Contains(o.def.Environments, n.Environment) {
		return false
	}
	return len(key) == 1 || n.Environment == key[1] || n.Environment == "" && len(o.def.Environments) == 1
}

// incidentsIn are those of a service that began in the window.
func (o *oracle) incidentsIn(key []string, in func(time.Time) bool) (k int) {
	for _, n := range o.n {
		if o.owns(key, n) && !n.At.After(o.asOf) && in(n.At) {
			k++
		}
	}
	return k
}

// center is the plain summary of sorted values.
func (o *oracle) center(v []float64, s metrics.Summary) float64 {
	switch {
	case len(v) == 0:
		return math.NaN()
	case s == metrics.SummaryMean:
		sum := 0.0
		for _, x := range v {
			sum += x
		}
		return sum / float64(len(v))
	case o.def.Quantile == metrics.QuantileLower:
		return v[(len(v)-1)/2]
	}
	return median(v)
}
