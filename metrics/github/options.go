package github

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/metrics"
)

// The defaults of Options.
const (
	DefaultMaxBytes  = 25 << 20 // GitHub's own bound of a delivery
	DefaultMaxPieces = 10_000_000
)

// Item is what a host is asked about: the thing that a fact is of.
type Item struct {
	// Event is GitHub's name of the kind of delivery, "deployment" for a deployment and
	// its statuses alike.
	Event string
	// Repository is "owner/name".
	Repository string
	// Environment and Task are a deployment's, Production and Transient what it says of
	// its environment.
	Environment, Task     string
	Production, Transient bool
	// Workflow is the name and Path the file of a run's workflow, Branch the branch it
	// ran on, Trigger the event that started it.
	Workflow, Path, Branch, Trigger string
	// Tag is a release's, Prerelease whether it is marked as one.
	Tag        string
	Prerelease bool
	// Labels are an issue's, sorted. It must not be changed.
	Labels []string
}

// Options says how a [Joiner] reads. The zero value is ready to use. The functions must
// give equal answers to equal questions, or facts would depend on when they are asked.
type Options struct {
	// Source is the source of the facts. If empty, "github".
	Source string
	// Service names the service of a deployment or incident. If nil, the repository. An
	// item for which it is "" is skipped.
	Service func(Item) string
	// Environment names the environment of a deployment or incident. If nil, that of the
	// deployment; a workflow's run and a release are then skipped, because nothing says
	// what they deployed to, and an incident has none. A deployment for which it is ""
	// is skipped.
	Environment func(Item) string
	// Failure is what a failure or an error means that no success came before:
	// [metrics.DeploymentFailed] if users may have been exposed,
	// [metrics.DeploymentNotExposed] if the host knows that its pipeline exposes nobody
	// before it succeeds. If zero, DeploymentFailed.
	Failure metrics.DeploymentOutcome
	// IncidentLabels are the labels that make an issue an incident. If nil, "incident".
	IncidentLabels []string
	// MaxBytes is the size of the largest payload. If zero, DefaultMaxBytes.
	MaxBytes int
	// MaxPieces is how many parts of facts a Joiner holds. If zero, DefaultMaxPieces.
	MaxPieces int
}

// withDefaults is the options with their defaults, or what is wrong with them.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	if o.Source == "" {
		o.Source = "github"
	}
	if o.Service == nil {
		o.Service = func(i Item) string { return i.Repository }
	}
	if o.Environment == nil {
		o.Environment = func(i Item) string { return i.Environment }
	}
	if o.Failure == metrics.DeploymentUnknown {
		o.Failure = metrics.DeploymentFailed
	}
	if o.Failure != metrics.DeploymentFailed && o.Failure != metrics.DeploymentNotExposed {
		errs = append(errs, fmt.Errorf("github: a failure cannot mean %q", o.Failure))
	}
	if o.IncidentLabels == nil {
		o.IncidentLabels = []string{"incident"}
	}
	o.IncidentLabels = slices.Clone(o.IncidentLabels)
	if slices.Contains(o.IncidentLabels, "") {
		errs = append(errs, errors.New("github: a label of incidents has no name"))
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxPieces == 0 {
		o.MaxPieces = DefaultMaxPieces
	}
	if o.MaxBytes < 0 || o.MaxPieces < 0 {
		errs = append(errs, errors.New("github: a limit is below zero"))
	}
	return o, errors.Join(errs...)
}
