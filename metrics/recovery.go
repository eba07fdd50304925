package metrics

import "time"

// failedAt is when the recovery time of deployment i begins.
func (a *analysis) failedAt(i int) time.Time {
	d := &a.s.deployments[i]
	if a.def.RecoverFrom == RecoverFromDeployed {
		return d.begin()
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

// recovery is how long deployment i took to recover, in seconds, or how long it
// had not recovered when the snapshot was taken.
func (a *analysis) recovery(i int) (seconds float64, censored bool) {
	start := a.failedAt(i)
	end := a.recoveredAt(i)
	if end.IsZero() || end.After(a.s.asOf) {
		return a.s.asOf.Sub(start).Seconds(), true
	}
	return end.Sub(start).Seconds(), false
}

// recoveredAt is when service was restored, zero while it is not.
func (a *analysis) recoveredAt(i int) time.Time {
	back := a.backAt(i)
	if len(a.deps[i].incidents) == 0 || !a.def.IncidentFails {
		return back
	}
	var resolved time.Time
	for _, n := range a.deps[i].incidents {
		f := &a.s.incidents[n]
		if f.open(a.s.asOf) {
			resolved = time.Time{}
			break
		}
		if f.Resolved.After(resolved) {
			resolved = f.Resolved
		}
	}
	if a.def.RecoverTo == RecoverToResolved || back.IsZero() {
		return resolved
	}
	if resolved.IsZero() || back.Before(resolved) {
		return back
	}
	return resolved
}
