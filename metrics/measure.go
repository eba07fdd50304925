package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// visitor is told each contribution; nil where nobody asked.
type visitor func(Contribution)

// measure computes one metric of one cell, and tells visit, if there is one,
// what it rests on. Both ways run the same code.
func (a *analysis) measure(m Metric, c *cell, visit visitor) Result {
	nan := math.NaN()
	r := Result{Metric: m, Key: a.groups[c.group].key, Window: a.windows[c.window], Level: a.q.Level, Definition: a.digest,
		Value: nan, Lo: nan, Hi: nan, RestrictedMean: nan, Horizon: nan}
	seen := a.exposure(c)
	r.Partial = !seen.from.Equal(r.Window.From) || !seen.to.Equal(r.Window.To)
	switch m {
	case LeadTime:
		a.leadTime(&r, c, visit)
	case Frequency:
		a.frequency(&r, c, visit)
	case RecoveryTime:
		a.recoveryTime(&r, c, visit)
	case FailRate:
		a.failRate(&r, c, visit)
	case ReworkRate:
		a.reworkRate(&r, c, visit)
	}
	if r.Status == StatusOK && r.Metric != Frequency && r.N < a.def.MinSample {
		r.Status, r.Reason = StatusTooFew, "fewer than the definition asks for"
	}
	return r
}

// exposure is the part of the cell's window that was observed.
func (a *analysis) exposure(c *cell) span {
	w := a.windows[c.window]
	return a.groups[c.group].observed.meet(span{w.From, w.To})
}

// nothing is the status of a metric without a single case: undefined where it is
// known that there was none, no data where it is not.
func (a *analysis) nothing(r *Result, c *cell, what string) {
	if a.exposure(c).empty() {
		r.Status, r.Reason = StatusNoData, "nothing was observed"
		return
	}
	r.Status, r.Reason = StatusUndefined, what
}

func (a *analysis) frequency(r *Result, c *cell, visit visitor) {
	r.Method = MethodGarwood
	seen, edges := a.exposure(c), 0
	var day date // the last one that is counted, with FrequencyPerDay
	for _, i := range c.deps {
		why := a.deps[i].why
		switch {
		case why != "":
		case a.def.Frequency == FrequencyOfSuccesses && a.s.deployments[i].Outcome != DeploymentSucceeded:
			why = "it did not succeed"
		case a.def.FrequencyPer == FrequencyPerDay && dateOf(a.deps[i].moment.In(a.q.Location)) == day:
			why = "another deployment of the day is counted"
		case a.deps[i].moment.Before(seen.from) || a.deps[i].moment.After(seen.to):
			why = "it lies outside of what was observed"
		default:
			if why = a.edge(i, seen); why != "" {
				edges++
			} else {
				r.N++
				day = dateOf(a.deps[i].moment.In(a.q.Location))
			}
		}
		if visit != nil {
			use := UseCounted
			if why != "" {
				use = UseExcluded
			}
			visit(a.deployment(i, use, why))
		}
	}
	weeks := seen.weeks(a.q.Location)
	switch {
	case r.N == 0 && edges > 0:
		r.Status, r.Reason = StatusTooFew, "only deployments with which the observed time begins or ends"
	case weeks > 0:
		in := stats.Garwood(r.N, r.Level)
		r.Status, r.Value, r.Lo, r.Hi = StatusOK, float64(r.N)/weeks, in.Lo/weeks, in.Hi/weeks
	case r.N > 0: // a vouched span that is empty by the calendar: the hour that a clock repeats
		r.Status, r.Reason = StatusTooFew, "nothing is known of the time around"
	default:
		r.Status, r.Reason = StatusNoData, "nothing was observed"
	}
}

// edge says why a deployment says nothing of how many come in the observed time:
// the time was inferred, and begins or ends because there was this deployment.
// Counted, it would make any frequency out of a short time.
func (a *analysis) edge(i int, seen span) string {
	g, at := &a.groups[a.deps[i].group], a.deps[i].moment
	switch o := g.observed; {
	case g.opened && at.Equal(o.from):
		return "the observed time begins with it"
	case g.closed && seen.to.Equal(o.to) && (at.Equal(o.to) || a.s.deployments[i].Seen.Equal(o.to)):
		return "the observed time ends with it"
	}
	return ""
}

func (a *analysis) failRate(r *Result, c *cell, visit visitor) {
	r.Method = MethodWilson
	if a.def.FailCounts == FailIncidents {
		r.Method = MethodIncidents
	}
	failed := 0
	for _, i := range c.deps {
		x := &a.deps[i]
		use, reason := UseCounted, x.why
		switch {
		case x.why != "":
			use = UseExcluded
		case a.def.FailBase == FailOfSuccesses && a.s.deployments[i].Outcome != DeploymentSucceeded:
			use, reason = UseExcluded, "it did not succeed"
		case a.def.FailCounts == FailIncidents:
			r.N++
		case x.failed:
			use, reason = UseNumerator, "it failed"
			r.N++
			failed++
		default:
			r.N++
			if a.s.asOf.Sub(x.moment) < a.def.LinkWithin {
				reason = "no failure yet; still watched"
				r.Censored++
			}
		}
		if visit != nil {
			visit(a.deployment(i, use, reason))
			a.evidence(i, visit) // also where it does not count: nothing is left out silently
		}
	}
	for _, n := range c.incidents {
		failed++
		if visit != nil {
			alone := a.incident(n, UseAlone)
			alone.Reason = "it began in the window"
			visit(alone)
		}
	}
	switch {
	case r.N == 0:
		a.nothing(r, c, "no deployment")
	case !a.failuresKnown:
		r.Status, r.Reason = StatusNoData, "no failure was ever recorded: is their source connected?"
	case a.def.FailCounts == FailIncidents:
		in, n := stats.Garwood(failed, r.Level), float64(r.N)
		r.Status, r.Value, r.Lo, r.Hi = StatusOK, float64(failed)/n, in.Lo/n, in.Hi/n
	default:
		r.ratio(failed)
	}
}

func (r *Result) ratio(k int) {
	in := stats.Wilson(k, r.N, r.Level)
	r.Status, r.Value, r.Lo, r.Hi = StatusOK, float64(k)/float64(r.N), in.Lo, in.Hi
}

func (a *analysis) reworkRate(r *Result, c *cell, visit visitor) {
	if a.def.Rework == ReworkNone {
		r.Method, r.Status, r.Reason = MethodNone, StatusNoData, "the definition has no rework rate"
		return
	}
	r.Method = MethodWilson
	rework, known := 0, false
	for _, i := range c.deps {
		x, d := &a.deps[i], &a.s.deployments[i]
		use, reason := UseCounted, x.why
		switch {
		case x.why == whyRollback && a.def.RollbackIsRework:
			use = UseNumerator
		case x.why != "":
			use = UseExcluded
		case x.rollback && a.def.RollbackIsRework:
			use, reason = UseNumerator, whyRollback
		case d.Planned == PlannedNo:
			use, reason = UseNumerator, "it was not planned"
		case len(d.Fixes) > 0:
			use, reason = UseNumerator, "it was made to end an incident"
		case x.rework != "":
			use, reason = UseNumerator, x.rework
		case d.Planned == PlannedUnknown:
			reason = "nobody said whether it was planned: taken as planned"
			r.Assumed++
		default:
			known = true
		}
		if use != UseExcluded {
			r.N++
		}
		if use == UseNumerator {
			rework, known = rework+1, true
		}
		if visit != nil {
			visit(a.deployment(i, use, reason))
		}
	}
	switch {
	case r.N == 0:
		a.nothing(r, c, "no deployment")
	case !known:
		r.Status, r.Reason = StatusNoData, "of no deployment it is known whether it was planned"
	default:
		r.ratio(rework)
	}
}

func (a *analysis) leadTime(r *Result, c *cell, visit visitor) {
	r.Method = a.def.leadMethod()
	var values []float64
	longest := map[int]int{} // of each deployment, the lead that is its value
	if a.def.LeadPer == LeadPerDeployment {
		for k := range c.leads {
			l := &c.leads[k]
			if best, ok := longest[l.dep]; l.why == "" && (!ok || a.seconds(l) > a.seconds(&c.leads[best])) {
				longest[l.dep] = k
			}
		}
	}
	for k := range c.leads {
		l := &c.leads[k]
		use, why, value := UseValue, l.why, 0.0
		if why == "" && a.def.LeadPer == LeadPerDeployment && longest[l.dep] != k {
			why = "another change of the deployment took longer"
		}
		if why != "" {
			use = UseExcluded
		} else {
			value = a.seconds(l)
			values = append(values, value)
			if value < 0 {
				r.Negative++
				why = "committed after it was deployed, by the clocks of its sources: kept"
			}
		}
		if visit != nil {
			out := Contribution{Kind: KindChange, Ref: l.ref, At: l.start, Use: use, Value: value,
				Deployment: a.s.deployments[l.dep].Ref(), Reason: why}
			if l.change >= 0 {
				out.Rev = a.s.changes[l.change].Rev
			}
			visit(out)
		}
	}
	r.N = len(values)
	if r.N == 0 {
		a.noLead(r, c)
		return
	}
	slices.Sort(values)
	r.summarise(values, a.def.Quantile)
	r.Quantiles = a.def.Quantile.orderQuantiles(values, a.q.Quantiles, r.Level)
}

// noLead is the status of a lead time without a value: undefined if there was no
// deployment that could have brought a change, no data if there was.
func (a *analysis) noLead(r *Result, c *cell) {
	if len(c.leads) > 0 {
		r.Status, r.Reason = StatusNoData, "of no change the lead time is known"
		return
	}
	for _, i := range c.deps {
		if a.deps[i].why == "" {
			r.Status, r.Reason = StatusNoData, "no deployment says what it brought"
			return
		}
	}
	a.nothing(r, c, "no deployment")
}

func (a *analysis) recoveryTime(r *Result, c *cell, visit visitor) {
	r.Method = a.def.recoveryMethod()
	var ds []stats.Duration
	for k := range c.recoveries {
		x := &c.recoveries[k]
		use, reason := UseValue, "it failed and recovered"
		switch {
		case x.why != "":
			use, reason = UseExcluded, x.why
		case x.open() && a.def.Open == OpenCensored:
			use, reason = UseCensored, "it failed and has not recovered yet"
			r.Censored++
		case x.open():
			reason = "it has not recovered yet: the definition takes it to end now"
		}
		if use != UseExcluded {
			if x.seconds < 0 {
				r.Negative++
				reason = "recovered before it failed, by the clocks of its sources: kept"
			}
			ds = append(ds, stats.Duration{Time: x.seconds, Censored: use == UseCensored})
		}
		if visit != nil {
			a.visitRecovery(x, use, reason, visit)
		}
	}
	if visit != nil {
		a.notFailed(c, visit)
	}
	r.N = len(ds)
	switch {
	case r.N == 0:
		a.noRecovery(r, c)
	case a.def.Open != OpenCensored:
		values := make([]float64, len(ds))
		for k := range ds {
			values[k] = ds[k].Time
		}
		slices.Sort(values)
		r.summarise(values, a.def.Quantile)
		r.Quantiles = a.def.Quantile.orderQuantiles(values, a.q.Quantiles, r.Level)
	default:
		r.survival(ds, a.def.RecoverySummary, a.q.Quantiles)
	}
}

// visitRecovery visits what recovered, and what shows that it had failed.
func (a *analysis) visitRecovery(x *recovery, use Use, reason string, visit visitor) {
	var out Contribution
	if x.incident >= 0 {
		out = a.incident(x.incident, use)
		out.Reason = reason
	} else {
		out = a.deployment(x.dep, use, reason)
	}
	if use != UseExcluded {
		out.Value = x.seconds
	}
	visit(out)
	switch {
	case x.incident < 0:
		a.evidence(x.dep, visit)
	case x.dep >= 0:
		visit(a.deployment(x.dep, UseEvidence, "the incident is laid to it"))
	}
}

// noRecovery is the status of a recovery time without a value.
func (a *analysis) noRecovery(r *Result, c *cell) {
	counted := slices.ContainsFunc(c.deps, func(i int) bool { return a.deps[i].why == "" })
	switch {
	case len(c.recoveries) > 0:
		r.Status, r.Reason = StatusUndefined, "no failure is over, or of none the time is known"
	case counted && !a.failuresKnown:
		r.Status, r.Reason = StatusNoData, "no failure was ever recorded: is their source connected?"
	case counted:
		r.Status, r.Reason = StatusUndefined, "no deployment failed"
	default:
		a.nothing(r, c, "no deployment")
	}
}

// survival fills in the median, or the restricted mean, of recovery times of which
// some are not over.
func (r *Result) survival(ds []stats.Duration, s Summary, ps []float64) {
	steps := stats.KaplanMeier(ds)
	r.Quantiles = survivalQuantiles(steps, ps, r.Level)
	if s == SummaryMean {
		longest := slices.MaxFunc(ds, func(x, y stats.Duration) int { return cmp.Compare(x.Time, y.Time) }).Time
		r.Status, r.Value, r.Lo, r.Hi = StatusOK, stats.RestrictedMean(steps, longest), math.Inf(-1), math.Inf(1)
		if math.IsNaN(r.Value) {
			r.Status, r.Reason, r.Lo, r.Hi = StatusUndefined, "of times below zero there is no restricted mean", math.NaN(), math.NaN()
		}
		return
	}
	in := stats.MedianInterval(steps, r.Level)
	r.Status, r.Value, r.Lo, r.Hi = StatusOK, stats.Median(steps), in.Lo, in.Hi
	unbounded := math.IsNaN(r.Lo)
	if unbounded {
		r.Lo = math.Inf(-1)
	}
	switch {
	case math.IsNaN(r.Value):
		r.Status, r.Reason = StatusUndefined, "fewer than half have recovered yet"
		for _, d := range ds {
			if !(d.Time <= r.Horizon) {
				r.Horizon = d.Time
			}
		}
		r.RestrictedMean = stats.RestrictedMean(steps, r.Horizon)
	case unbounded && math.IsInf(r.Hi, 1):
		r.Status, r.Reason = StatusTooFew, "too few recoveries for an interval"
	}
}

// notFailed visits the deployments of the cell that have no recovery time there.
func (a *analysis) notFailed(c *cell, visit visitor) {
	here := make(map[int]bool, len(c.recoveries))
	for k := range c.recoveries {
		here[c.recoveries[k].dep] = true
	}
	for _, i := range c.deps {
		x := &a.deps[i]
		switch {
		case x.why != "":
			visit(a.deployment(i, UseExcluded, x.why))
		case !x.failed:
			visit(a.deployment(i, UseExcluded, "it did not fail"))
		case !a.recovers(i):
			visit(a.deployment(i, UseExcluded, whyNotExposed))
		case here[i]:
		case a.def.RecoveryOf == RecoveryOfRun && a.heads[i] != i:
			head := a.s.deployments[a.heads[i]].Ref()
			visit(a.deployment(i, UseExcluded, fmt.Sprintf("the failure began with deployment %q", head)))
		case a.def.RecoveryOf == RecoveryOfIncident:
			visit(a.deployment(i, UseExcluded, "no recovery of an incident of it belongs here"))
		default:
			visit(a.deployment(i, UseExcluded, "its recovery belongs to another window"))
		}
	}
}
