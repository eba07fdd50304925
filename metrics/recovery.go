package metrics

import "time"

// recovery is one recovery time: of a deployment, of an incident, or of a run of
// failed deployments. Indexes are -1 for none.
type recovery struct {
	dep, incident int
	start, end    time.Time // end is zero while it is open
	why           string    // why it does not count; "" means that it counts
	seconds       float64   // so far, where it is open
}

func (r *recovery) open() bool { return r.end.IsZero() }

// recoveries are all recovery times, each with its group and the moment that
// decides on its window, in the snapshot's order.
func (a *analysis) recoveries(place func(group int, at time.Time, r recovery)) {
	if a.def.RecoveryOf == RecoveryOfIncident {
		for n := range a.links {
			if group := a.incidentGroup(n); group >= 0 {
				r := a.incidentRecovery(n)
				place(group, a.recoveryAt(&r), r)
			}
		}
		return
	}
	for i := range a.deps {
		if !a.recovers(i) || a.def.RecoveryOf == RecoveryOfRun && a.heads[i] != i {
			continue
		}
		r := recovery{dep: i, incident: -1, start: a.failedAt(i), end: a.recoveredAt(i)}
		a.finish(&r)
		place(a.deps[i].group, a.recoveryAt(&r), r)
	}
}

// recovers reports whether deployment i can have a recovery time: it failed, and
// there is something to recover. After an attempt that exposed nobody that is only
// a deployment that succeeds.
func (a *analysis) recovers(i int) bool {
	return a.deps[i].failed && (a.s.deployments[i].Outcome != DeploymentNotExposed || a.def.RecoverTo == RecoverToSuccess)
}

// finish fills in how long it took, and why it does not count.
func (a *analysis) finish(r *recovery) {
	end := r.end
	if end.IsZero() || end.After(a.s.asOf) {
		r.end, end = time.Time{}, a.s.asOf
	}
	took := a.def.RecoveryRounding.round(end.Sub(r.start))
	r.seconds = took.Seconds()
	switch {
	case r.why != "":
	case r.open() && a.def.Open == OpenExcluded:
		r.why = "it is not over: the definition leaves it out"
	case took < 0 && a.def.Negative == NegativeDropped:
		r.why = "it is below zero: the definition leaves it out"
	}
}

// recoveryAt is the moment that decides on the window.
func (a *analysis) recoveryAt(r *recovery) time.Time {
	switch a.def.RecoveryWindow {
	case RecoveryByEnd:
		if r.open() {
			return a.s.asOf
		}
		return r.end
	case RecoveryByDeployment:
		if r.dep >= 0 {
			return a.deps[r.dep].moment
		}
	}
	return r.start
}

// failedAt is when the recovery time of deployment i begins.
func (a *analysis) failedAt(i int) time.Time {
	d := &a.s.deployments[i]
	switch a.def.RecoverFrom {
	case RecoverFromDeployed:
		return d.begin()
	case RecoverFromEnded:
		return d.At
	}
	at := d.Detected
	for _, n := range a.deps[i].incidents {
		if t := a.s.incidents[n].At; at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if at.IsZero() {
		return d.begin()
	}
	return at
}

// recoveredAt is when service was restored, zero while it is not.
func (a *analysis) recoveredAt(i int) time.Time {
	if a.def.RecoverTo == RecoverToSuccess {
		return a.successAfter(i)
	}
	back := a.backAt(i)
	if len(a.deps[i].incidents) == 0 || !a.def.IncidentFails {
		return back
	}
	var over time.Time
	for _, n := range a.firstEpisode(i) {
		end := a.overAt(n)
		if end.IsZero() {
			over = end
			break
		}
		if end.After(over) {
			over = end
		}
	}
	if a.def.RecoverTo != RecoverToRestored || back.IsZero() {
		return over
	}
	if over.IsZero() || back.Before(over) {
		return back
	}
	return over
}

// overAt is when incident n was over, zero while it is not: when it was resolved
// or, where that ends a recovery, mitigated before.
func (a *analysis) overAt(n int) time.Time {
	f := &a.s.incidents[n]
	mitigated := a.def.RecoverTo == RecoverToMitigated && !f.Mitigated.IsZero() && !f.Mitigated.After(a.s.asOf)
	switch {
	case f.open(a.s.asOf) && !mitigated:
		return time.Time{}
	case mitigated && (f.open(a.s.asOf) || f.Mitigated.Before(f.Resolved)):
		return f.Mitigated
	}
	return f.Resolved
}

// successAfter is when the next deployment of the same service there succeeded.
func (a *analysis) successAfter(i int) time.Time {
	if next := a.nexts[i]; next >= 0 {
		return a.s.deployments[next].At
	}
	return time.Time{}
}

// runs finds, for each deployment, the next one of its stream that succeeded, and
// for each failed one the first of the failed ones in a row that it belongs to.
// A rollback and a repeat succeed too, whether they count or not.
func (a *analysis) runs() {
	if a.def.RecoverTo != RecoverToSuccess && a.def.RecoveryOf != RecoveryOfRun {
		return // nobody asks
	}
	a.nexts, a.heads = make([]int, len(a.deps)), make([]int, len(a.deps))
	for _, key := range a.order {
		ids := a.streams[key]
		head := -1
		for _, i := range ids {
			if head < 0 && a.recovers(i) {
				head = i
			} else if a.succeeds(i) {
				head = -1
			}
			a.heads[i] = head
		}
		next := -1
		for k := len(ids) - 1; k >= 0; k-- {
			a.nexts[ids[k]] = next
			if a.succeeds(ids[k]) {
				next = ids[k]
			}
		}
	}
}

func (a *analysis) succeeds(i int) bool {
	x := &a.deps[i]
	return a.s.deployments[i].Outcome == DeploymentSucceeded && !x.failed && (x.why == "" || x.why == whyRollback || x.why == whyRepeat)
}

// incidentRecovery is the recovery time of one incident.
func (a *analysis) incidentRecovery(n int) recovery {
	f := &a.s.incidents[n]
	r := recovery{dep: a.links[n].dep, incident: n, start: f.At, end: a.overAt(n)}
	if r.dep >= 0 {
		switch d := &a.s.deployments[r.dep]; a.def.RecoverFrom {
		case RecoverFromDeployed:
			r.start = d.begin()
		case RecoverFromEnded:
			r.start = d.At
		}
		switch back := a.backAt(r.dep); {
		case a.def.RecoverTo == RecoverToSuccess:
			r.end = a.successAfter(r.dep)
		case a.def.RecoverTo == RecoverToRestored && !back.IsZero() && (r.end.IsZero() || back.Before(r.end)):
			r.end = back
		}
	} else if a.def.RecoverFrom != RecoverFromDetected || a.def.RecoverTo == RecoverToSuccess {
		r.why = "no deployment is linked to it, and the definition reckons from or to one"
	}
	if f.At.After(a.s.asOf) {
		r.start, r.end, r.why = f.At, time.Time{}, whyAhead
	}
	a.finish(&r)
	return r
}

// incidentGroup is the group of an incident: that of its deployment or, where all
// incidents count, the one that its own service, environment and dimensions name.
// It is -1 where there is none.
func (a *analysis) incidentGroup(n int) int {
	if a.def.FailCounts == FailIncidents {
		return a.owns[n]
	}
	if dep := a.links[n].dep; dep >= 0 {
		return a.deps[dep].group
	}
	return -1
}

// incidentKey is the values of an incident's dimensions, in the order of the query.
// One that names no environment belongs to the definition's, if that is one.
func (a *analysis) incidentKey(n int) ([]string, error) {
	m := &a.s.incidents[n].Meta
	environment := m.Environment
	if environment == "" && len(a.def.Environments) == 1 {
		environment = a.def.Environments[0]
	}
	return a.keyOf(m, environment)
}
