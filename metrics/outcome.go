package metrics

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// OutcomeQuery asks what became of a release.
type OutcomeQuery struct {
	// Release is its digest.
	Release release.Digest
	// FailuresObserved vouches that a failure would have been recorded. Where false,
	// no release is fine by a log that holds no incident and no failed deployment at
	// all: it is taken to have no source of them.
	FailuresObserved bool
}

// Outcome is what became of a release as far as the snapshot knows, by the
// definition's environments, links and signs of failure, for package risk to
// learn from.
//
//   - unknown: no deployment of it is known to have exposed anybody, nobody knows
//     whether a failure would have been recorded, or the only sign there is does
//     not count by the definition;
//   - failed: one of its deployments failed. Deployed is when that one was first
//     exposed, At when the log was first told of a sign of the failure;
//   - fine: it was exposed and no failure is known. At is the moment of the
//     snapshot: the statement covers the time from Deployed until then.
//
// A deployment that ended before anybody was exposed says nothing of the release.
func (s *Snapshot) Outcome(d Definition, q OutcomeQuery) (release.Outcome, error) {
	r := q.Release
	if r.IsZero() {
		return release.Outcome{}, errors.New("metrics: the outcome of no release was asked for")
	}
	at := s.asOf
	a, err := analyse(s, d, Query{From: at.AddDate(0, 0, -1), To: at, Window: WindowWhole, FailuresObserved: q.FailuresObserved})
	if err != nil {
		return release.Outcome{}, err
	}
	ids := make([]int, len(a.deps))
	for i := range ids {
		ids[i] = i
	}
	return a.outcome(r, ids), nil
}

// outcome is what became of release r, which has no deployments but among ids.
func (a *analysis) outcome(r release.Digest, ids []int) release.Outcome {
	out := release.Outcome{Release: r, At: a.s.asOf}
	doubt := false
	for _, i := range ids {
		f, x := &a.s.deployments[i], &a.deps[i]
		exposed := f.Outcome == DeploymentSucceeded || f.Outcome == DeploymentFailed
		if f.Release != r || !exposed || x.why == whyAhead || x.why == whyEnvironment {
			continue
		}
		if i := x.as; a.deps[i].failed {
			f := &a.s.deployments[i]
			out.Kind, out.Deployed = release.OutcomeFailed, f.begin()
			a.cause(i, &out)
			return out
		}
		doubt = doubt || f.Outcome == DeploymentFailed
		if out.Kind == release.OutcomeUnknown || f.begin().Before(out.Deployed) {
			out.Kind, out.Deployed = release.OutcomeFine, f.begin()
		}
	}
	if doubt || !a.failuresKnown {
		return release.Outcome{Release: r, At: a.s.asOf}
	}
	return out
}

// cause fills in what failed deployment i and when the log was first told.
func (a *analysis) cause(i int, out *release.Outcome) {
	f, x := &a.s.deployments[i], &a.deps[i]
	tell := func(m *Meta, cause string) {
		if out.Cause == "" || m.Seen.Before(out.At) {
			out.At, out.Cause = m.Seen, cause
		}
	}
	if a.def.IncidentFails {
		for _, n := range x.incidents {
			m := &a.s.incidents[n].Meta
			tell(m, fmt.Sprintf("incident %s", m.Ref()))
		}
	}
	if a.def.RollbackFails && x.takenBackBy >= 0 {
		m := &a.s.deployments[x.takenBackBy].Meta
		tell(m, fmt.Sprintf("taken back by deployment %s", m.Ref()))
	}
	if a.def.OutcomeFails && f.Outcome == DeploymentFailed {
		tell(&f.Meta, fmt.Sprintf("deployment %s failed", f.Ref()))
	}
}
