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
	by   []string             // the dimensions of the groups

	// what find found, by index of d, and of n
	target, self, part, blamed []int
	back                       []bool
}

func newOracle(h []metrics.Fact, def metrics.Definition, asOf time.Time, by []string) *oracle {
	o := &oracle{def: def, asOf: asOf, by: by}
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
	sort.Slice(o.n, func(i, j int) bool {
		if a, b := o.n[i], o.n[j]; !a.At.Equal(b.At) {
			return a.At.Before(b.At)
		} else {
			return a.ID < b.ID
		}
	})
	o.find()
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

// here is whether its environment counts and it lies not ahead.
func (o *oracle) here(i int) bool {
	return !o.d[i].At.After(o.asOf) && slices.Contains(o.def.Environments, o.d[i].Environment)
}

// exposed is whether it counts at all, before repeats and rollbacks.
func (o *oracle) exposed(i int) bool {
	return o.here(i) && (o.ok(i) || o.d[i].Outcome == metrics.DeploymentFailed)
}

// attempt is whether it counts as one that exposed nobody.
func (o *oracle) attempt(i int) bool {
	return o.here(i) && o.d[i].Outcome == metrics.DeploymentNotExposed && o.def.AttemptsCount
}

func (o *oracle) region(i int) string {
	switch o.def.RegionBy {
	case "":
		return ""
	case "environment":
		return o.d[i].Environment
	}
	return o.d[i].Dims[o.def.RegionBy]
}

// beside is whether two are of the same service, environment and region.
func (o *oracle) beside(i, j int) bool {
	return o.d[i].Service == o.d[j].Service && o.d[i].Environment == o.d[j].Environment && o.region(i) == o.region(j)
}

// before are the exposed ones beside i before i.
func (o *oracle) before(i int) (out []int) {
	for j := range i {
		if o.exposed(j) && o.beside(i, j) {
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

// met is the first one beside i of a version.
func (o *oracle) met(i int, version string) int {
	for j := range o.d {
		if o.exposed(j) && o.beside(i, j) && o.d[j].Version == version {
			return j
		}
	}
	return -1
}

// findRollback gives what it takes back, -1 if that is not known.
func (o *oracle) findRollback(i int) (target int, is bool) {
	d := o.d[i]
	if !o.exposed(i) {
		return -1, false
	}
	if !d.RollbackOf.IsZero() {
		return slices.IndexFunc(o.d, func(x metrics.Deployment) bool { return x.Ref() == d.RollbackOf }), true
	}
	run := o.running(i)
	if !o.def.DetectRollbacks || run < 0 || d.Version == "" || o.d[run].Version == "" {
		return -1, false
	}
	m := o.met(i, d.Version)
	return run, m < i && m < o.met(i, o.d[run].Version)
}

func (o *oracle) rollback(i int) (target int, is bool) { return o.target[i], o.back[i] }

// retried is the attempt right before i, if it was of the same version.
func (o *oracle) retried(i int) int {
	for j := i - 1; j >= 0; j-- {
		if o.beside(i, j) && (o.exposed(j) || o.attempt(j)) {
			if o.attempt(j) && o.d[i].Version != "" && o.d[j].Version == o.d[i].Version {
				return j
			}
			return -1
		}
	}
	return -1
}

// findSelf is the deployment that i repeats, or tries again.
func (o *oracle) findSelf(i int) int {
	if j := o.retried(i); o.attempt(i) && o.def.RetriesOnce && j >= 0 {
		return o.self[j]
	}
	if !o.exposed(i) || o.back[i] || o.def.Repeats == metrics.RepeatEach {
		return i
	}
	if run := o.running(i); run >= 0 && o.d[i].Version != "" && o.d[run].Version == o.d[i].Version && o.ok(i) && o.ok(run) {
		return o.self[run]
	}
	return i
}

// findRegion is the deployment of the same to another region that i is part of.
func (o *oracle) findRegion(i int) int {
	joins := func(i int) bool { return o.exposed(i) && o.ok(i) && o.d[i].Version != "" && o.self[i] == i }
	if o.def.RegionBy == "" || !joins(i) {
		return i
	}
	for j := i - 1; j >= 0; j-- {
		if !joins(j) || o.part[j] != j || o.d[j].Service != o.d[i].Service || o.d[j].Version != o.d[i].Version || o.back[j] != o.back[i] ||
			o.def.RegionBy != "environment" && o.d[j].Environment != o.d[i].Environment {
			continue
		}
		for k := range i {
			if o.part[k] == j && joins(k) && o.region(k) == o.region(i) {
				return i
			}
		}
		if o.moment(i).Sub(o.moment(j)) > o.def.RegionsWithin {
			return i
		}
		return j
	}
	return i
}

// find answers once what the questions below ask many times.
func (o *oracle) find() {
	for i := range o.d {
		target, back := o.findRollback(i)
		o.target, o.back = append(o.target, target), append(o.back, back)
	}
	for i := range o.d {
		o.self = append(o.self, o.findSelf(i))
	}
	for i := range o.d {
		o.part = append(o.part, o.findRegion(i))
	}
	for _, n := range o.n {
		o.blamed = append(o.blamed, o.blame(n))
	}
}

// as is the deployment that stands for i.
func (o *oracle) as(i int) int { return o.part[o.self[i]] }

func (o *oracle) counts(i int) bool {
	return (o.attempt(i) || o.exposed(i) && (!o.back[i] || o.def.Rollbacks == metrics.RollbackCounts)) && o.as(i) == i
}

// backs are the rollbacks of i.
func (o *oracle) backs(i int) (out []int) {
	for j := range o.d {
		if t, is := o.rollback(j); is && t >= 0 && o.as(t) == i {
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

// revertOf is what a change takes back.
func (o *oracle) revertOf(ref metrics.Ref) metrics.Ref {
	for _, c := range o.c {
		if c.Ref() == ref {
			return c.RevertOf
		}
	}
	return metrics.Ref{}
}

func (o *oracle) reverts(i int, c metrics.Ref) bool {
	return slices.ContainsFunc(o.d[i].Changes, func(r metrics.Ref) bool { return o.revertOf(r) == c })
}

// reverted is when one change of i was first reverted.
func (o *oracle) reverted(i int, c metrics.Ref) (at time.Time) {
	for j, d := range o.d {
		if o.exposed(j) && o.as(j) != o.as(i) && d.Service == o.d[i].Service && d.Environment == o.d[i].Environment &&
			!d.At.Before(begin(o.d[i])) && o.reverts(j, c) && (at.IsZero() || d.At.Before(at)) {
			at = d.At
		}
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
			suspect := o.exposed(i) && o.counts(o.as(i)) && o.self[i] == i
			if !suspect || o.d[i].Service != n.Service || begin(o.d[i]).After(n.At) || !fits(i) {
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
		if i := last(func(i int) bool { return o.d[i].Version == n.Version && (n.Environment == "" || env(i)) }); i >= 0 {
			return o.as(i)
		}
		return -1
	}
	open := n.Resolved.IsZero() || n.Resolved.After(o.asOf)
	if slices.Contains(o.def.Links, metrics.LinkRevert) {
		if i := last(func(i int) bool {
			return env(i) && slices.ContainsFunc(o.d[i].Changes, func(c metrics.Ref) bool {
				at := o.reverted(i, c)
				return !at.IsZero() && !at.Before(n.At) && (open || !at.After(n.Resolved.Add(o.def.LinkWithin)))
			})
		}); i >= 0 {
			return o.as(i)
		}
	}
	if i := last(func(i int) bool {
		at := o.restored(o.as(i))
		return env(i) && !at.Before(n.At) && (open || !at.After(n.Resolved))
	}); i >= 0 {
		return o.as(i)
	}
	if i := last(env); i >= 0 && n.At.Sub(begin(o.d[i])) <= o.def.LinkWithin {
		return o.as(i)
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
	for k, n := range o.n {
		if o.blamed[k] == i {
			out = append(out, n)
		}
	}
	return out
}

// episode are the incidents that belong to the recovery of i.
func (o *oracle) episode(i int) []metrics.Incident {
	all := o.incidents(i)
	if o.def.ClusterWithin == 0 || len(all) == 0 {
		return all
	}
	out := all[:1]
	for _, n := range all[1:] {
		for _, m := range out {
			end := m.Resolved
			if end.Before(m.At) {
				end = m.At
			}
			if open := m.Resolved.IsZero() || m.Resolved.After(o.asOf); open || n.At.Sub(end) <= o.def.ClusterWithin {
				out = append(out, n)
				break
			}
		}
		if last := out[len(out)-1]; last.Ref() != n.Ref() {
			return out
		}
	}
	return out
}

// over is when an incident ended, zero if it did not.
func (o *oracle) over(n metrics.Incident) (at time.Time) {
	ends := []time.Time{n.Resolved}
	if o.def.RecoverTo == metrics.RecoverToMitigated {
		ends = append(ends, n.Mitigated)
	}
	for _, t := range ends {
		if !t.IsZero() && !t.After(o.asOf) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// sign is the first sign that i failed.
func (o *oracle) sign(i int) time.Time {
	var signs []time.Time
	switch {
	case o.ok(i):
	case !o.d[i].Detected.IsZero():
		signs = append(signs, o.d[i].Detected)
	default:
		signs = append(signs, o.d[i].At)
	}
	for _, j := range o.backs(i) {
		signs = append(signs, o.d[j].At)
	}
	if o.def.IncidentFails {
		for _, n := range o.incidents(i) {
			signs = append(signs, n.At)
		}
	}
	return slices.MinFunc(signs, time.Time.Compare)
}

// deploys is whether it is a deployment of its own that users saw, and no rollback.
func (o *oracle) deploys(i int) bool { return o.counts(i) && o.exposed(i) && !o.back[i] }

// repairs is what it is found to be where nobody said whether it was planned.
func (o *oracle) repairs(i int) metrics.Detected {
	d := o.d[i]
	if !o.deploys(i) || d.Planned != metrics.PlannedUnknown || len(d.Fixes) > 0 {
		return 0
	}
	last := -1
	for _, j := range o.before(i) {
		for _, c := range o.d[j].Changes {
			if o.def.RevertIsRework && o.reverts(i, c) {
				return metrics.DetectedRevert
			}
		}
		if o.deploys(j) {
			last = j
		}
	}
	if last < 0 || o.def.HotfixWithin == 0 || !o.failed(last) || d.Version != "" && d.Version == o.d[last].Version ||
		o.def.HotfixChanges > 0 && different(d.Changes) > o.def.HotfixChanges {
		return 0
	}
	if after := o.moment(i).Sub(o.sign(last)); after < 0 || after > o.def.HotfixWithin {
		return 0
	}
	return metrics.DetectedHotfix
}

// different is how many different ones there are.
func different(refs []metrics.Ref) int {
	set := map[metrics.Ref]bool{}
	for _, r := range refs {
		set[r] = true
	}
	return len(set)
}

// detected is everything that i is found to be, sorted.
func (o *oracle) detected(i int) (out []metrics.Detected) {
	d := o.d[i]
	if !o.exposed(i) && !o.attempt(i) {
		return nil
	}
	again, run := slices.DeleteFunc(o.before(i), func(j int) bool { return o.d[j].Version != d.Version }), o.running(i)
	switch {
	case o.back[i]:
		out = append(out, metrics.DetectedRollback)
	case o.self[i] != i && o.exposed(i):
		out = append(out, metrics.DetectedRepeat)
	case o.retried(i) >= 0:
		out = append(out, metrics.DetectedRetry)
	case !o.exposed(i) || d.Version == "" || len(again) == 0 || run < 0 || o.d[run].Version == "":
	case o.d[again[len(again)-1]].Outcome == metrics.DeploymentFailed:
		out = append(out, metrics.DetectedRetry)
	case o.met(i, d.Version) > o.met(i, o.d[run].Version):
		out = append(out, metrics.DetectedRestore)
	}
	if o.part[i] != i {
		out = append(out, metrics.DetectedRegion)
	}
	if !o.back[i] && (d.Planned == metrics.PlannedNo || len(d.Fixes) > 0) {
		out = append(out, metrics.DetectedHotfix)
	} else if found := o.repairs(i); found != 0 {
		out = append(out, found)
	}
	slices.Sort(out)
	return out
}

func (o *oracle) failed(i int) bool {
	return o.counts(i) && (!o.ok(i) || len(o.backs(i)) > 0 || o.def.IncidentFails && len(o.incidents(i)) > 0)
}

// recovery is where the recovery of i begins and ends, the end zero while open.
func (o *oracle) recovery(i int) (from, to time.Time) {
	from = begin(o.d[i])
	if o.def.RecoverFrom == metrics.RecoverFromEnded {
		from = o.d[i].At
	}
	if o.def.RecoverFrom == metrics.RecoverFromDetected {
		first := o.d[i].Detected
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
	for _, n := range o.episode(i) {
		end := o.over(n)
		open = open || end.IsZero()
		if end.After(last) {
			last = end
		}
	}
	if open {
		last = time.Time{}
	}
	back := o.restored(i)
	switch {
	case o.def.RecoverTo == metrics.RecoverToSuccess:
		to = o.nextSuccess(i)
	case len(o.incidents(i)) == 0 || !o.def.IncidentFails:
		to = back
	case o.def.RecoverTo != metrics.RecoverToRestored || back.IsZero():
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

func (o *oracle) sample(m metrics.Metric, key []string, from, to time.Time) (s sample) {
	in := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	days := map[string]bool{}
	switch {
	case m == metrics.ReworkRate && o.def.Rework == metrics.ReworkNone:
		return s
	case m == metrics.FailRate && o.def.FailCounts == metrics.FailIncidents:
		s.k = o.incidentsIn(key, in)
	case m == metrics.RecoveryTime:
		o.recoveries(&s, key, in)
	}
	for i, d := range o.d {
		if !slices.Equal(o.key(i), key) {
			continue
		}
		switch m {
		case metrics.Frequency:
			if in(o.moment(i)) && o.counts(i) && (o.ok(i) || o.def.Frequency == metrics.FrequencyOfAll) {
				if opens, closes := o.edge(i, to); opens || closes {
					s.edges++
				} else {
					days[o.moment(i).Format(time.DateOnly)] = true
					s.n++
				}
			}
		case metrics.FailRate:
			if in(o.moment(i)) && o.counts(i) && (o.ok(i) || o.def.FailBase == metrics.FailOfAll) {
				s.n++
				if o.failed(i) && o.def.FailCounts == metrics.FailDeployments {
					s.k++
				}
			}
		case metrics.ReworkRate:
			if !in(o.moment(i)) {
				continue
			}
			back := o.back[i] && o.as(i) == i && o.def.RollbackIsRework
			if back || o.counts(i) {
				s.n++
				if back || o.repairs(i) != 0 || d.Planned == metrics.PlannedNo || len(d.Fixes) > 0 {
					s.k++
				}
			}
		case metrics.LeadTime:
			if in(o.moment(i)) && o.brings(i) && !(o.first(i) && o.def.First == metrics.FirstExcluded) {
				s.values = append(s.values, o.leads(i)...)
			}
		}
	}
	if o.def.FrequencyPer == metrics.FrequencyPerDay && m == metrics.Frequency {
		s.n = len(days)
	}
	sort.Float64s(s.values)
	sort.Float64s(s.open)
	return s
}

func (o *oracle) key(i int) (out []string) {
	for _, name := range o.by {
		out = append(out, map[string]string{"service": o.d[i].Service, "environment": o.d[i].Environment}[name])
	}
	return out
}

// edge says whether what was observed of a deployment's group begins or, in a
// window that ends at to, ends with it.
func (o *oracle) edge(i int, to time.Time) (opens, closes bool) {
	var first, last time.Time
	for _, d := range o.told {
		if d.Seen.After(last) {
			last = d.Seen
		}
	}
	for j := range o.d {
		at := o.moment(j)
		if !slices.Equal(o.key(i), o.key(j)) || !o.here(j) {
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
	return o.deploys(i) && (o.ok(i) || o.def.LeadTo == metrics.LeadToExposure)
}

func (o *oracle) leads(i int) (out []float64) {
	for k, ref := range o.d[i].Changes {
		again := slices.Contains(o.d[i].Changes[:k], ref)
		for _, j := range o.before(i) {
			again = again || o.brings(j) && slices.Contains(o.d[j].Changes, ref)
		}
		for _, c := range o.c {
			if v, ok := o.leadOf(c, i); c.Ref() == ref && !again && ok {
				out = append(out, v)
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
	a := v[(len(v)-1)/2]
	return a + (v[len(v)/2]-a)/2 // as the type 7 has it, to the last bit
}
