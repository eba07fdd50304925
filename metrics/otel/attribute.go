package otel

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Attribute is a key with its value.
type Attribute struct {
	// Key is the attribute's name.
	Key string
	// Value is a string, a bool, an int64 or a float64.
	Value any
}

// Attributes are those of a deployment, a change or an incident, by key. What is not
// known is absent. A tombstone is refused. An attempt that exposed nobody has the status "failed", and the
// outcome in a name of its own.
func Attributes(f metrics.Fact) ([]Attribute, error) {
	a, deleted := set{}, false
	switch f := f.(type) {
	case metrics.Deployment:
		deleted = a.meta(&f.Meta)
		a.text(DeploymentID, f.ID)
		a.text(ServiceVersion, f.Version)
		a.text(HeadRevision, f.Commit)
		a.text(Artifact, f.Artifact)
		if !f.Release.IsZero() {
			a.text(Release, f.Release.String())
		}
		switch f.Outcome {
		case metrics.DeploymentSucceeded:
			a.text(DeploymentState, "succeeded")
		case metrics.DeploymentFailed, metrics.DeploymentNotExposed:
			a.text(DeploymentState, "failed")
		}
		if f.Outcome != metrics.DeploymentUnknown {
			a.text(Outcome, f.Outcome.String())
		}
		if f.Planned != metrics.PlannedUnknown {
			a[Planned] = f.Planned == metrics.PlannedYes
		}
	case metrics.Change:
		deleted = a.meta(&f.Meta)
		a.text(ChangeID, f.ID)
		a.text(HeadRevision, f.Commit)
		if !f.Merged.IsZero() {
			a.text(ChangeState, "merged")
		}
		if isURL(f.Source) {
			a.text(RepositoryURL, f.Source)
		}
	case metrics.Incident:
		deleted = a.meta(&f.Meta)
		a.text(IncidentID, f.ID)
		a.text(DeploymentID, f.CausedBy.ID)
		a.text(ServiceVersion, f.Version)
		a.text(Artifact, f.Artifact)
		a.text(Severity, f.Severity)
		a.text(NoticedBy, f.NoticedBy)
	default:
		return nil, fmt.Errorf("otel: a %T is no deployment, change or incident by value", f)
	}
	if _, err := metrics.AppendFact(nil, f); err != nil {
		return nil, fmt.Errorf("otel: %w", err)
	}
	if deleted {
		return nil, errors.New("otel: a fact that was taken away has no attributes")
	}
	return a.sorted(), nil
}

// Deployment is what attributes say of a deployment. The source, the revision and the
// times are those of meta, which an attribute that says otherwise contradicts. Where there
// is no deployment.id, the pipeline run's stands for it. A status "failed" alone is taken
// for a failure that users saw. A pipeline's result says only that it succeeded: of one
// that did not, nobody knows whether anybody was exposed. Other attributes are passed over.
func Deployment(meta metrics.Meta, attrs []Attribute) (metrics.Deployment, error) {
	d := metrics.Deployment{Meta: meta}
	r, err := newReader(attrs)
	if err != nil {
		return metrics.Deployment{}, err
	}
	r.meta(&d.Meta)
	id := r.text(DeploymentID)
	if id == "" {
		id = r.text(PipelineRunID)
	}
	r.fill(&d.ID, DeploymentID, id)
	d.Version, d.Commit, d.Artifact = r.text(ServiceVersion), r.text(HeadRevision), r.text(Artifact)
	if v := r.text(Release); v != "" {
		r.fail(Release, d.Release.UnmarshalText([]byte(v)))
	}
	state := r.text(DeploymentState)
	switch {
	case state == "succeeded" || state == "" && r.text(PipelineResult) == "success":
		d.Outcome = metrics.DeploymentSucceeded
	case state == "failed":
		d.Outcome = metrics.DeploymentFailed
	case state != "":
		r.fail(DeploymentState, fmt.Errorf("%q is no status", state))
	}
	if v := r.text(Outcome); v != "" {
		o, err := metrics.ParseDeploymentOutcome(v)
		if r.fail(Outcome, err); state != "" && (o == metrics.DeploymentSucceeded) != (state == "succeeded") {
			r.fail(Outcome, fmt.Errorf("%q contradicts the status %q", v, state))
		}
		d.Outcome = o
	}
	switch v := r.all[Planned].(type) {
	case nil:
	case bool:
		if d.Planned = metrics.PlannedNo; v {
			d.Planned = metrics.PlannedYes
		}
	default:
		r.fail(Planned, fmt.Errorf("%v is no bool", v))
	}
	if _, err := metrics.AppendFact(nil, d); err != nil {
		r.errs = append(r.errs, fmt.Errorf("otel: %w", err))
	}
	if err := errors.Join(r.errs...); err != nil {
		return metrics.Deployment{}, err
	}
	return d, nil
}
