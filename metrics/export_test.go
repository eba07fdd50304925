package metrics

import "time"

// ComputeReference is Compute by the analysis, whatever is asked for.
func ComputeReference(s *Snapshot, d Definition, q Query) (*Report, error) {
	return computeReference(s, d, q)
}

// Fast reports whether a report was computed from columns.
func (r *Report) Fast() bool { return r.fast != nil }

// FastCovers is fastCovers.
var FastCovers = fastCovers

// SelectRanks is selectRanks.
var SelectRanks = selectRanks

// LayOut lays a snapshot out by columns, with the column of where the lead times
// of DORA begin.
func LayOut(s *Snapshot) { s.columns().start(s, LeadFromCommit) }

// NewSnapshot is a snapshot of facts in normal form, in their order.
func NewSnapshot(asOf time.Time, d []Deployment, c []Change, n []Incident, lastSeen map[string]time.Time) *Snapshot {
	return &Snapshot{asOf: asOf, deployments: d, changes: c, incidents: n, lastSeen: lastSeen}
}
