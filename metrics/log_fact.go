package metrics

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// logFact is a fact of one of the three kinds on its way into the log or out of it,
// without a box around it.
type logFact struct {
	kind FactKind
	d    *Deployment
	c    *Change
	n    *Incident
}

func (f *logFact) meta() *Meta {
	switch f.kind {
	case KindDeployment:
		return &f.d.Meta
	case KindChange:
		return &f.c.Meta
	}
	return &f.n.Meta
}

// fact is a copy in a box.
func (f *logFact) fact() Fact {
	switch f.kind {
	case KindDeployment:
		return *f.d
	case KindChange:
		return *f.c
	}
	return *f.n
}

// sortRefs puts the lists of refs into normal form, and copies one only if it is not.
func (f *logFact) sortRefs() {
	if f.kind != KindDeployment {
		return
	}
	for _, rs := range [...]*[]Ref{&f.d.Changes, &f.d.Fixes} {
		for i := 1; i < len(*rs); i++ {
			if (*rs)[i-1].Compare((*rs)[i]) >= 0 {
				*rs = normalRefs(*rs)
				break
			}
		}
	}
}

// plain reports that nothing is wrong with a fact, without an allocation. It does
// not know every good fact: of the others validate decides.
func (f *logFact) plain() bool {
	m := f.meta()
	if m.Source == "" || m.ID == "" || m.Seen.IsZero() || m.At.IsZero() || m.Deleted || !plainDims(m.Dims) ||
		!plainTimes(m.At, m.Seen) || !plainTexts(m.Source, m.ID, m.Service, m.Environment) {
		return false
	}
	switch f.kind {
	case KindDeployment:
		d := f.d
		return d.Service != "" && d.Environment != "" &&
			(d.Outcome == DeploymentFailed || d.Recovered.IsZero() && d.Detected.IsZero()) && !d.Started.After(d.At) &&
			d.Outcome <= DeploymentNotExposed && d.Planned <= PlannedNo && d.Tier <= release.TierCritical &&
			d.Risk >= 0 && d.Risk < 1 && plainRef(&d.RollbackOf) && d.RollbackOf != d.Ref() &&
			plainTimes(d.Started, d.Detected, d.Recovered) && plainTexts(d.Version, d.Artifact, d.Follows, d.Commit) &&
			plainRefs(d.Changes) && plainRefs(d.Fixes)
	case KindChange:
		c := f.c
		return plainRef(&c.RevertOf) && plainTimes(c.FirstCommit, c.Opened, c.FirstReview, c.Approved, c.Merged) && plainTexts(c.Commit)
	}
	n := f.n
	return plainRef(&n.CausedBy) && plainTimes(n.Resolved, n.Mitigated) && plainTexts(n.Artifact, n.Version, n.Severity, n.NoticedBy)
}

var logFirst, logLast = time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(maxYear, 12, 31, 23, 59, 59, 0, time.UTC).Unix()

func plainTimes(ts ...time.Time) bool {
	for i := range ts {
		if u := ts[i].Unix(); (u < logFirst || u > logLast) && !ts[i].IsZero() {
			return false
		}
	}
	return true
}

func plainTexts(texts ...string) bool {
	for _, s := range texts {
		if len(s) > maxText {
			return false
		}
		for i := range len(s) {
			if s[i] < ' ' || s[i] > '~' {
				return false
			}
		}
	}
	return true
}

func plainRefs(rs []Ref) bool {
	for i := range rs {
		if rs[i].IsZero() || !plainRef(&rs[i]) {
			return false
		}
	}
	return true
}

func plainRef(r *Ref) bool {
	return r.IsZero() || r.Source != "" && r.ID != "" && plainTexts(r.Source, r.ID)
}

func plainDims(d Dims) bool {
	for k, v := range d {
		if k == "" || k == DimService || k == DimEnvironment || !plainTexts(k, v) {
			return false
		}
	}
	return true
}

// walk goes over the fields of the kind, in an order that is the same for writing
// and for reading. Source, service and environment are in the template, and the ID
// stands before.
func (f *logFact) walk(c *logCoder) {
	c.meta(f.meta())
	switch f.kind {
	case KindDeployment:
		d := f.d
		logSmall(c, &d.Outcome, 2)
		logSmall(c, &d.Planned, 2)
		logSmall(c, &d.Tier, 3)
		c.time(&d.Started)
		c.time(&d.Detected)
		c.time(&d.Recovered)
		c.text(&d.Version)
		c.text(&d.Artifact)
		c.digest(&d.Release)
		c.text(&d.Follows)
		c.text(&d.Commit)
		c.float(&d.Risk)
		c.refs(KindChange, &d.Changes)
		c.refs(KindIncident, &d.Fixes)
		c.ref(KindDeployment, &d.RollbackOf)
	case KindChange:
		x := f.c
		c.time(&x.FirstCommit)
		c.time(&x.Opened)
		c.time(&x.FirstReview)
		c.time(&x.Approved)
		c.time(&x.Merged)
		c.text(&x.Commit)
		c.ref(KindChange, &x.RevertOf)
	case KindIncident:
		n := f.n
		c.time(&n.Resolved)
		c.time(&n.Mitigated)
		c.ref(KindDeployment, &n.CausedBy)
		c.text(&n.Artifact)
		c.text(&n.Version)
		c.name(&n.Severity)
		c.name(&n.NoticedBy)
	}
}
