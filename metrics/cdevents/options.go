package cdevents

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sallyport-dev/sallyport/metrics"
)

// DefaultMaxEvents is how many events a [Joiner] holds where nothing else is said.
const DefaultMaxEvents = 1_000_000

// Target is what a pipeline deploys.
type Target struct {
	// Service and Environment are those of the deployments that it attempts, as the
	// subject.id and the environment.id of its service events have them.
	Service     string
	Environment string
}

// JoinerOptions says how a [Joiner] reads. The zero value is ready to use.
type JoinerOptions struct {
	// Pipelines are the pipelines that deploy, by their pipelineName: a run of one that
	// failed is a failed attempt. If nil, runs of pipelines say nothing, because no event
	// tells what they deploy.
	Pipelines map[string]Target
	// Failure is what the failed run of such a pipeline means of which no service event is
	// known: [metrics.DeploymentFailed] if users may have been exposed,
	// [metrics.DeploymentNotExposed] if the host knows that nobody is exposed before the
	// service event is sent. If zero, DeploymentFailed.
	Failure metrics.DeploymentOutcome
	// MaxEvents is how many events a Joiner holds. If zero, DefaultMaxEvents.
	MaxEvents int
}

// withDefaults is the options with their defaults, or all that is wrong with them.
func (o JoinerOptions) withDefaults() (JoinerOptions, error) {
	var errs []error
	o.Pipelines = maps.Clone(o.Pipelines)
	for _, name := range slices.Sorted(maps.Keys(o.Pipelines)) {
		if t := o.Pipelines[name]; name == "" || t.Service == "" || t.Environment == "" {
			errs = append(errs, fmt.Errorf("cdevents: pipeline %q has no name, no service or no environment", name))
		}
	}
	if o.Failure == metrics.DeploymentUnknown {
		o.Failure = metrics.DeploymentFailed
	}
	if o.Failure != metrics.DeploymentFailed && o.Failure != metrics.DeploymentNotExposed {
		errs = append(errs, fmt.Errorf("cdevents: a failure cannot mean %q", o.Failure))
	}
	if o.MaxEvents == 0 {
		o.MaxEvents = DefaultMaxEvents
	}
	if o.MaxEvents < 0 {
		errs = append(errs, errors.New("cdevents: the number of events to hold is below zero"))
	}
	return o, errors.Join(errs...)
}
