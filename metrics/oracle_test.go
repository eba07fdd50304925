package metrics_test

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// oracle computes the samples behind the metrics in the plainest way, searching
// everything again for each question.
type oracle struct {
	def  metrics.Definition
	asOf time.Time
	d    []metrics.Deployment
	c    []metrics.Change
	n    []metrics.Incident
	told []metrics.Deployment // every revision seen by then
}

func newOracle(h []metrics.Fact, def metrics.Definition, asOf time.Time) *oracle {
	o := &oracle{def: def, asOf: asOf}
	best := func(m metrics.Meta, same func(f metrics.Fact) (metrics.Meta, bool)) bool {
		if m.Seen.After(asOf) || m.Deleted {
			return false
		}
		for _, f := range h {
			if g, ok := same(f); ok && g.Ref() == m.Ref() && g.Rev > m.Rev && !g.Seen.After(asOf) {
				return false
			}
		}
		return true
	}
	for _, f := range h {
		switch v := f.(type) {
		case metrics.Deployment:
			if !v.Seen.After(asOf) {
				o.told = append(o.told, v)
			}
			if best(v.Meta, func(f metrics.Fact) (metrics.Meta, bool) { x, ok := f.(metrics.Deployment); return x.Meta, ok }) {
				o.d = append(o.d, v)
			}
		case metrics.Change:
			if best(v.Meta, func(f metrics.Fact) (metrics.Meta, bool) { x, ok := f.(metrics.Change); return x.Meta, ok }) {
				o.c = append(o.c, v)
			}
		case metrics.Incident:
			if best(v.Meta, func(f metrics.Fact) (metrics.Meta, bool) { x, ok := f.(metrics.Incident); return x.Meta, ok }) {
				o.n = append(o.n, v)
			}
		}
	}
	sort.Slice(o.d, func(i, j int) bool {
		if a, b := o.d[i], o.d[j]; !o.moment(i).Equal(o.moment(j)) {
			return o.moment(i).Before(o.moment(j))
		} else if !a.At.Equal(b.At) {
			return a.At.Before(b.At)
		} else {
			return a.ID < b.ID
		}
	})
	return o
}

func begin(d metrics.Deployment) time.Time {
	if d.Started.IsZero() {
		return d.At
	}
	return d.Started
}

func (o *oracle) moment(i int) time.Time {
	if o.def.DeployedAt == metrics.DeployedAtStart {
		return begin(o.d[i])
	}
	return o.d[i].At
}

func (o *oracle) ok(i int) bool { return o.d[i].Outcome == metrics.DeploymentSucceeded }

// exposed is whether it counts at all, before repeats and rollbacks.
func (o *oracle) exposed(i int) bool {
	return !o.d[i].At.After(o.asOf) && o.d[i].Environment == "production" &&
		(o.ok(i) || o.d[i].Outcome == metrics.DeploymentFailed)
}

// before are the exposed ones of the same service before i.
func (o *oracle) before(i int) (out []int) {
	for j := range i {
		if o.exposed(j) && o.d[j].Service == o.d[i].Service {
			out = append(out, j)
		}
	}
	return out
}

func (o *oracle) running(i int) int {
	run := -1
	for _, j := range o.before(i) {
		if o.ok(j) || o.d[j].Recovered.IsZero() {
			run = j
		}
	}
	return run
}

func (o *oracle) met(service, version string) int {
	return slices.IndexFunc(o.d, func(d metrics.Deployment) bool {
		return d.Service == service && d.Version == version && d.Environment == "production" && !d.At.After(o.asOf) &&
			(d.Outcome == metrics.DeploymentSucceeded || d.Outcome == metrics.DeploymentFailed)
	})
}

// rollback gives what it takes back, -1 if that is not known.
func (o *oracle) rollback(i int) (target int, is bool) {
	d := o.d[i]
	if !d.RollbackOf.IsZero() {
		return slices.IndexFunc(o.d, func(x metrics.Deployment) bool { return x.Ref() == d.RollbackOf }), true
	}
	run := o.running(i)
	if !o.def.DetectRollbacks || run < 0 || d.Version == "" || o.d[run].Version == "" {
		return -1, false
	}
	m := o.met(d.Service, d.Version)
	return run, m < i && m < o.met(d.Service, o.d[run].Version)
}

// as is the deployment that stands for i.
func (o *oracle) as(i int) int {
	if _, is := o.rollback(i); !o.exposed(i) || is || o.def.Repeats == metrics.RepeatEach {
		return i
	}
	if run := o.running(i); run >= 0 && o.d[i].Version != "" && o.d[run].Version == o.d[i].Version && o.ok(i) && o.ok(run) {
		return o.as(run)
	}
	return i
}

func (o *oracle) counts(i int) bool {
	_, back := o.rollback(i)
	return o.exposed(i) && !back && o.as(i) == i
}

// backs are the rollbacks of i.
func (o *oracle) backs(i int) (out []int) {
	for j := range o.d {
		if t, is := o.rollback(j); o.exposed(j) && is && t >= 0 && o.as(t) == i {
			out = append(out, j)
		}
	}
	return out
}

// restored is when it was taken back or recovered.
func (o *oracle) restored(i int) (at time.Time) {
	for _, j := range o.backs(i) {
		if t := o.d[j].At; o.ok(j) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if t := o.d[i].Recovered; !t.IsZero() && (at.IsZero() || t.Before(at)) {
		at = t
	}
	return at
}

// blame is the deployment of an incident, -1 for none.
func (o *oracle) blame(n metrics.Incident) int {
	if n.At.After(o.asOf) {
		return -1
	}
	if !n.CausedBy.IsZero() {
		if i := slices.IndexFunc(o.d, func(d metrics.Deployment) bool { return d.Ref() == n.CausedBy }); i >= 0 {
			return o.as(i)
		}
		return -1
	}
	last := func(fits func(i int) bool) int {
		best := -1
		for i := range o.d {
			if !o.counts(i) || o.d[i].Service != n.Service || begin(o.d[i]).After(n.At) || !fits(i) {
				continue
			}
			if best < 0 || o.later(i, best) {
				best = i
			}
		}
		return best
	}
	env := func(i int) bool { return o.d[i].Environment == n.Environment }
	if n.Version != "" {
		return last(func(i int) bool { return o.d[i].Version == n.Version && (n.Environment == "" || env(i)) })
	}
	open := n.Resolved.IsZero() || n.Resolved.After(o.asOf)
	if i := last(func(i int) bool {
		at := o.restored(i)
		return env(i) && !at.Before(n.At) && (open || !at.After(n.Resolved))
	}); i >= 0 {
		return i
	}
	if i := last(env); i >= 0 && n.At.Sub(begin(o.d[i])) <= 24*time.Hour {
		return i
	}
	return -1
}

// later is the order of exposure.
func (o *oracle) later(i, j int) bool {
	a, b := o.d[i], o.d[j]
	switch {
	case !begin(a).Equal(begin(b)):
		return begin(a).After(begin(b))
	case !a.At.Equal(b.At):
		return a.At.After(b.At)
	}
	return a.ID > b.ID
}

func (o *oracle) incidents(i int) (out []metrics.Incident) {
	for _, n := range o.n {
		if o.blame(n) == i {
			out = append(out, n)
		}
	}
	return out
}

func (o *oracle) failed(i int) bool {
	return o.counts(i) && (!o.ok(i) || len(o.backs(i)) > 0 || o.def.IncidentFails && len(o.incidents(i)) > 0)
}

// recovery is where the recovery of i begins and ends, the end zero while open.
func (o *oracle) recovery(i int) (from, to time.Time) {
	from = begin(o.d[i])
	if o.def.RecoverFrom == metrics.RecoverFromDetected {
		var first time.Time
		for _, n := range o.incidents(i) {
			if first.IsZero() || n.At.Before(first) {
				first = n.At
			}
		}
		if !first.IsZero() {
			from = first
		}
	}
	var last time.Time
	open := false
	for _, n := range o.incidents(i) {
		open = open || n.Resolved.IsZero() || n.Resolved.After(o.asOf)
		if n.Resolved.After(last) {
			last = n.Resolved
		}
	}
	if open {
		last = time.Time{}
	}
	back := o.restored(i)
	switch {
	case len(o.incidents(i)) == 0 || !o.def.IncidentFails:
		to = back
	case o.def.RecoverTo == metrics.RecoverToResolved || back.IsZero():
		to = last
	case last.IsZero() || back.Before(last):
		to = back
	default:
		to = last
	}
	if to.After(o.asOf) {
		to = time.Time{}
	}
	return from, to
}

// sample is what a metric of a service in a window rests on.
type sample struct {
	n, k   int       // deployments, and those in the numerator of a rate
	edges  int       // deployments that begin or end what was observed
	values []float64 // seconds, sorted
	open   []float64 // seconds so far of the recoveries that are not over, sorted
}

func (o *oracle) sample(m metrics.Metric, service string, from, to time.Time) (s sample) {
	in := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	for i, d := range o.d {
		if d.Service != service {
			continue
		}
		_, back := o.rollback(i)
		switch m {
		case metrics.Frequency:
			if in(o.moment(i)) && o.counts(i) && (o.ok(i) || o.def.Frequency == metrics.FrequencyOfAll) {
				if opens, closes := o.edge(i, to); opens || closes {
					s.edges++
				} else {
					s.n++
				}
			}
		case metrics.FailRate:
			if in(o.moment(i)) && o.counts(i) {
				s.n++
				if o.failed(i) {
					s.k++
				}
			}
		case metrics.ReworkRate:
			if !in(o.moment(i)) {
				continue
			}
			if back = back && o.exposed(i) && o.def.RollbackIsRework; back || o.counts(i) {
				s.n++
				if back || d.Planned == metrics.PlannedNo || len(d.Fixes) > 0 {
					s.k++
				}
			}
		case metrics.LeadTime:
			if in(o.moment(i)) && o.brings(i) && !(o.first(i) && o.def.First == metrics.FirstExcluded) {
				s.values = append(s.values, o.leads(i)...)
			}
		case metrics.RecoveryTime:
			if !o.failed(i) {
				continue
			}
			start, end := o.recovery(i)
			at := o.moment(i)
			if o.def.RecoveryWindow == metrics.RecoveryByStart {
				at = start
			}
			if in(at) && end.IsZero() {
				s.open = append(s.open, o.asOf.Sub(start).Seconds())
			} else if in(at) {
				s.values = append(s.values, end.Sub(start).Seconds())
			}
		}
	}
	sort.Float64s(s.values)
	sort.Float64s(s.open)
	return s
}

// edge says whether what was observed of a deployment's service begins or, in a
// window that ends at to, ends with it.
func (o *oracle) edge(i int, to time.Time) (opens, closes bool) {
	var first, last time.Time
	for _, d := range o.told {
		if d.Seen.After(last) {
			last = d.Seen
		}
	}
	for j, d := range o.d {
		at := o.moment(j)
		if d.Service != o.d[i].Service || d.Environment != "production" || at.After(o.asOf) || d.At.After(o.asOf) {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	return o.moment(i).Equal(first), !last.After(to) && (o.moment(i).Equal(last) || o.d[i].Seen.Equal(last))
}

func (o *oracle) first(i int) bool { return len(o.before(i)) == 0 && o.d[i].Follows == "" }

func (o *oracle) brings(i int) bool {
	return o.counts(i) && (o.ok(i) || o.def.LeadTo == metrics.LeadToExposure)
}

func (o *oracle) leads(i int) (out []float64) {
	for k, ref := range o.d[i].Changes {
		again := slices.Contains(o.d[i].Changes[:k], ref)
		for _, j := range o.before(i) {
			again = again || o.brings(j) && slices.Contains(o.d[j].Changes, ref)
		}
		for _, c := range o.c {
			start := c.At
			if o.def.LeadFrom == metrics.LeadFromMerge {
				start = c.Merged
			}
			if c.Ref() == ref && !again && !start.IsZero() {
				out = append(out, o.moment(i).Sub(start).Seconds())
			}
		}
	}
	return out
}

// median is the plain one.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
