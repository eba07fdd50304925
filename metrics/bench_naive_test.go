package metrics_test

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// benchCell is what the naive implementation makes of one service in one week.
type benchCell struct {
	service string
	week    int
	// lead, frequency, recovery, fail and rework are value, lo, hi; for the times
	// the median first, then the quantiles of the query.
	lead, recovery          [][3]float64
	frequency, fail, rework [3]float64
	n                       [5]int
}

// naiveDeploy is a deployment with what was found out of it.
type naiveDeploy struct {
	*metrics.Deployment
	counts, rollback, first, back bool
	restored                      time.Time
	incidents                     []*metrics.Incident
	as                            *naiveDeploy
}

type naiveKey struct {
	service string
	week    int
}

type naiveCell struct {
	lead      []float64
	recovery  []stats.Duration
	n, failed int
	reworkN   int
	rework    int
	frequency int
}

func (d *naiveDeploy) begin() time.Time {
	if d.Started.IsZero() {
		return d.At
	}
	return d.Started
}

// benchNaive measures DORA in the straightforward way: a struct for each fact, maps
// by name, and for each cell a sorted slice and the functions of package stats. It
// knows what the simulated facts have, and no more.
func benchNaive(f *benchFacts, asOf time.Time, q metrics.Query) []benchCell {
	changes := make(map[metrics.Ref]*metrics.Change, len(f.changes))
	for i := range f.changes {
		changes[f.changes[i].Ref()] = &f.changes[i]
	}
	services, byRef := map[string][]*naiveDeploy{}, make(map[metrics.Ref]*naiveDeploy, len(f.deployments))
	for i := range f.deployments {
		d := &f.deployments[i]
		x := &naiveDeploy{Deployment: d}
		x.as = x
		byRef[d.Ref()] = x
		if d.Environment == "production" {
			services[d.Service] = append(services[d.Service], x)
		}
	}
	byVersion := map[[2]string][]*naiveDeploy{}
	for _, ds := range services {
		naiveWalk(ds)
		for _, d := range ds {
			if d.counts {
				byVersion[[2]string{d.Service, d.Version}] = append(byVersion[[2]string{d.Service, d.Version}], d)
			}
		}
	}
	counted := map[string][]*naiveDeploy{}
	for name, ds := range services {
		for _, d := range ds {
			if d.counts {
				counted[name] = append(counted[name], d)
			}
		}
	}
	for i := range f.incidents {
		n := &f.incidents[i]
		if d := naiveBlame(n, byRef, byVersion, counted[n.Service], asOf); d != nil {
			d.as.incidents = append(d.as.incidents, n)
		}
	}
	cells := map[naiveKey]*naiveCell{}
	for _, ds := range services {
		naiveCount(cells, ds, changes, asOf)
	}
	var out []benchCell
	for name, ds := range services {
		for week := range benchWeeks {
			cell := cells[naiveKey{name, week}]
			if cell == nil {
				cell = &naiveCell{}
			}
			out = append(out, naiveMeasure(name, week, cell, ds[0], q))
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].service < out[j].service || out[i].service == out[j].service && out[i].week < out[j].week
	})
	return out
}

func naiveWalk(ds []*naiveDeploy) {
	var running *naiveDeploy
	met := map[string]int{}
	for i, d := range ds {
		d.first = i == 0
		order, again := met[d.Version]
		if !again {
			order = len(met)
			met[d.Version] = order
		}
		d.counts = true
		if running != nil {
			switch {
			case again && order < met[running.Version]:
				d.rollback, d.counts = true, false
				running.as.back = true
				if running.as.restored.IsZero() && d.Outcome == metrics.DeploymentSucceeded {
					running.as.restored = d.At
				}
			case d.Version == running.Version && d.Outcome == metrics.DeploymentSucceeded && running.Outcome == metrics.DeploymentSucceeded:
				d.counts, d.as = false, running.as
			}
		}
		if d.Outcome == metrics.DeploymentSucceeded || d.Recovered.IsZero() {
			running = d
		}
	}
}

func (d *naiveDeploy) restoredAt() time.Time {
	if d.restored.IsZero() || !d.Recovered.IsZero() && d.Recovered.Before(d.restored) {
		return d.Recovered
	}
	return d.restored
}

func naiveBlame(n *metrics.Incident, byRef map[metrics.Ref]*naiveDeploy, byVersion map[[2]string][]*naiveDeploy, ds []*naiveDeploy, asOf time.Time) *naiveDeploy {
	if n.At.After(asOf) {
		return nil
	}
	if !n.CausedBy.IsZero() {
		return byRef[n.CausedBy]
	}
	until := func(ds []*naiveDeploy) int {
		return sort.Search(len(ds), func(i int) bool { return ds[i].begin().After(n.At) })
	}
	if n.Version != "" {
		vs := byVersion[[2]string{n.Service, n.Version}]
		if k := until(vs); k > 0 {
			return vs[k-1]
		}
		return nil
	}
	k := until(ds)
	open := n.Resolved.IsZero() || n.Resolved.After(asOf)
	for i := k - 1; i >= 0; i-- {
		if d := ds[i]; d.back || d.Outcome == metrics.DeploymentFailed {
			if at := d.restoredAt(); !at.Before(n.At) && (open || !at.After(n.Resolved)) {
				return d
			}
		}
	}
	if k > 0 && n.At.Sub(ds[k-1].begin()) <= 24*time.Hour {
		return ds[k-1]
	}
	return nil
}

func naiveCount(cells map[naiveKey]*naiveCell, ds []*naiveDeploy, changes map[metrics.Ref]*metrics.Change, asOf time.Time) {
	brought := map[metrics.Ref]bool{}
	for _, d := range ds {
		key := naiveKey{d.Service, int(d.At.Sub(epoch) / (7 * 24 * time.Hour))}
		cell := cells[key]
		if cell == nil {
			cell = &naiveCell{}
			cells[key] = cell
		}
		succeeded := d.Outcome == metrics.DeploymentSucceeded
		if d.counts || d.rollback {
			cell.reworkN++
			if d.rollback || d.Planned == metrics.PlannedNo {
				cell.rework++
			}
		}
		if !d.counts {
			continue
		}
		cell.n++
		if succeeded && !d.first {
			cell.frequency++
		}
		if !succeeded || d.back || len(d.incidents) > 0 {
			cell.failed++
			cell.recovery = append(cell.recovery, naiveRecovery(d, asOf))
		}
		if !succeeded {
			continue
		}
		for _, ref := range d.Changes {
			if brought[ref] {
				continue
			}
			brought[ref] = true
			if c, ok := changes[ref]; ok && !d.first {
				cell.lead = append(cell.lead, d.At.Sub(c.At).Seconds())
			}
		}
	}
}

func naiveRecovery(d *naiveDeploy, asOf time.Time) stats.Duration {
	end := d.restoredAt()
	if len(d.incidents) > 0 {
		end = time.Time{}
		for _, n := range d.incidents {
			if n.Resolved.IsZero() || n.Resolved.After(asOf) {
				end = time.Time{}
				break
			}
			if n.Resolved.After(end) {
				end = n.Resolved
			}
		}
	}
	if end.IsZero() || end.After(asOf) {
		return stats.Duration{Time: asOf.Sub(d.begin()).Seconds(), Censored: true}
	}
	return stats.Duration{Time: end.Sub(d.begin()).Seconds()}
}

func naiveMeasure(service string, week int, c *naiveCell, first *naiveDeploy, q metrics.Query) benchCell {
	const level = 0.95
	nan := math.NaN()
	none := [3]float64{nan, nan, nan}
	out := benchCell{service: service, week: week, frequency: none, fail: none, rework: none,
		n: [5]int{len(c.lead), c.frequency, len(c.recovery), c.n, c.reworkN}}
	ps := append([]float64{0.5}, q.Quantiles...)
	if len(c.lead) > 0 {
		slices.Sort(c.lead)
		for _, p := range ps {
			v := [3]float64{stats.Quantile(c.lead, p), math.Inf(-1), math.Inf(1)}
			if lo, hi, ok := stats.InterpolatedOrder(len(c.lead), p, level); ok {
				v[1], v[2] = lo.At(c.lead), hi.At(c.lead)
			}
			out.lead = append(out.lead, v)
		}
	}
	from := epoch.AddDate(0, 0, 7*week)
	to := from.AddDate(0, 0, 7)
	edge := !first.At.Before(from) && first.At.Before(to) && first.Outcome == metrics.DeploymentSucceeded
	if first.At.After(from) {
		from = first.At
	}
	if weeks := to.Sub(from).Hours() / (7 * 24); weeks > 0 && (c.frequency > 0 || !edge) {
		in := stats.Garwood(c.frequency, level)
		out.frequency = [3]float64{float64(c.frequency) / weeks, in.Lo / weeks, in.Hi / weeks}
	}
	if len(c.recovery) > 0 {
		steps := stats.KaplanMeier(c.recovery)
		for _, p := range ps {
			in := stats.SurvivalQuantileInterval(steps, p, level)
			if math.IsNaN(in.Lo) {
				in.Lo = math.Inf(-1)
			}
			out.recovery = append(out.recovery, [3]float64{stats.SurvivalQuantile(steps, p), in.Lo, in.Hi})
		}
	}
	if c.n > 0 {
		in := stats.Wilson(c.failed, c.n, level)
		out.fail = [3]float64{float64(c.failed) / float64(c.n), in.Lo, in.Hi}
	}
	if c.reworkN > 0 {
		in := stats.Wilson(c.rework, c.reworkN, level)
		out.rework = [3]float64{float64(c.rework) / float64(c.reworkN), in.Lo, in.Hi}
	}
	return out
}

// benchCompare demands that each number of the report is the naive one, and says
// how many there are. Frequencies may differ in the last bits: the naive weeks are
// hours.
func benchCompare(t require.TestingT, report *metrics.Report, want []benchCell) int {
	compared, k := 0, 0
	require.Equal(t, len(want)*5, report.Len())
	for r := range report.All() {
		cell := want[k/5]
		k++
		require.Equal(t, cell.service, r.Key[0])
		require.Equal(t, cell.n[(k-1)%5], r.N)
		var values [][3]float64
		switch r.Metric {
		case metrics.LeadTime:
			values = cell.lead
		case metrics.RecoveryTime:
			values = cell.recovery
		case metrics.Frequency:
			values = [][3]float64{cell.frequency}
		case metrics.FailRate:
			values = [][3]float64{cell.fail}
		case metrics.ReworkRate:
			values = [][3]float64{cell.rework}
		}
		got := [][3]float64{{r.Value, r.Lo, r.Hi}}
		for _, v := range r.Quantiles {
			got = append(got, [3]float64{v.Value, v.Lo, v.Hi})
		}
		if values == nil {
			require.True(t, math.IsNaN(r.Value))
			continue
		}
		require.Len(t, got, len(values))
		for i := range values {
			for j := range values[i] {
				g, w := got[i][j], values[i][j]
				if same := g == w || math.IsNaN(g) && math.IsNaN(w) || r.Metric == metrics.Frequency && math.Abs(g-w) <= 1e-12*w; !same {
					require.Failf(t, "another number", "%s %s %s: %v, not %v", r.Key, r.Window, r, got, values)
				}
				compared++
			}
		}
	}
	return compared
}
