// Package pipeline makes deployments out of the runs of a build pipeline, for
// hosts whose only record of a deployment is that a pipeline ran.
//
// Two readings are common. [ByStage] takes the run of one named job for the
// deployment, as Thoughtworks' metrik does; [ByRun] takes the whole run, if it or
// one of its jobs is marked as a deployment, as Apache DevLake does. Neither knows
// whether users met what was deployed: that is for the host to say, by the outcome
// that it gives a failed job.
package pipeline

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Run is one run of a pipeline.
type Run struct {
	// Source and ID name the run as they name a fact; Seen is when the host was told.
	Source string
	ID     string
	Seen   time.Time
	// Pipeline is what ran: it becomes the service.
	Pipeline string
	// Started and Finished bound the run; zero where it is not known. Runs of a
	// pipeline are in the order of Started.
	Started, Finished time.Time
	// Outcome is how the run ended. What was skipped or cancelled, or still runs, is
	// [metrics.DeploymentUnknown], of which no deployment comes.
	Outcome metrics.DeploymentOutcome
	// Deploys says that the run itself is a deployment, Environment where to.
	Deploys     bool
	Environment string
	// Commit is the revision that was built, Changes what is new in this run.
	Commit  string
	Changes []metrics.Ref
	// Jobs are its jobs, or stages.
	Jobs []Job
}

// Job is one job of a run, which some tools call a stage.
type Job struct {
	// Name is the job's.
	Name string
	// Started and Finished bound it; zero where it is not known.
	Started, Finished time.Time
	// Outcome is how it ended: as for a [Run].
	Outcome metrics.DeploymentOutcome
	// Deploys says that the job is a deployment, Environment where to.
	Deploys     bool
	Environment string
}

// ByStage takes each run of the job that stages names for a pipeline as a
// deployment to an environment; pipelines that it does not name give none. A
// deployment brings the changes of its own run and of all runs since the last one
// whose job succeeded: what was built and not deployed goes out with the next one.
// Jobs of which the outcome is unknown give no deployment.
//
// The deployments are by pipeline and by the start of their runs. Where no end is
// known, At is zero, which a [metrics.Log] refuses.
func ByStage(runs []Run, stages map[string]string, environment string) []metrics.Deployment {
	var out []metrics.Deployment
	var pending []metrics.Ref
	pipeline := ""
	for _, r := range inOrder(runs) {
		if r.Pipeline != pipeline {
			pipeline, pending = r.Pipeline, nil
		}
		stage, ok := stages[r.Pipeline]
		if !ok {
			continue
		}
		pending = append(pending, r.Changes...)
		deployed := false
		for k, j := range r.Jobs {
			if j.Name != stage || j.Outcome == metrics.DeploymentUnknown {
				continue
			}
			d := r.deployment(j.Started, j.Finished, j.Outcome, environment)
			d.ID += "/" + strconv.Itoa(k)
			d.Changes = slices.Clone(pending)
			deployed = deployed || j.Outcome == metrics.DeploymentSucceeded
			out = append(out, d)
		}
		if deployed {
			pending = nil
		}
	}
	return out
}

// ByRun takes each run as a deployment that is marked as one, or of which a job is,
// if the outcome of both is known. Its environment is the run's own or else the
// first of environments that one of its jobs names, the most important one first:
// "production", "staging". It may be "", which a [metrics.Log] refuses, as it does
// an end that is not known.
//
// The deployments are by pipeline and by the start of their runs.
func ByRun(runs []Run, environments ...string) []metrics.Deployment {
	var out []metrics.Deployment
	for _, r := range inOrder(runs) {
		known := slices.DeleteFunc(slices.Clone(r.Jobs), func(j Job) bool { return j.Outcome == metrics.DeploymentUnknown })
		if r.Outcome == metrics.DeploymentUnknown || !r.Deploys && !slices.ContainsFunc(known, func(j Job) bool { return j.Deploys }) {
			continue
		}
		environment := r.Environment
		for _, e := range environments {
			if environment == "" && slices.ContainsFunc(known, func(j Job) bool { return j.Environment == e }) {
				environment = e
			}
		}
		d := r.deployment(r.Started, r.Finished, r.Outcome, environment)
		d.Changes = slices.Clone(r.Changes)
		out = append(out, d)
	}
	return out
}

func (r *Run) deployment(started, finished time.Time, outcome metrics.DeploymentOutcome, environment string) metrics.Deployment {
	return metrics.Deployment{Started: started, Outcome: outcome, Commit: r.Commit,
		Meta: metrics.Meta{Source: r.Source, ID: r.ID, At: finished, Seen: r.Seen, Service: r.Pipeline, Environment: environment}}
}

// inOrder are the runs by pipeline, start and name; the caller's slice stays as it is.
func inOrder(runs []Run) []Run {
	return slices.SortedStableFunc(slices.Values(runs), func(a, b Run) int {
		return cmp.Or(cmp.Compare(a.Pipeline, b.Pipeline), a.Started.Compare(b.Started), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
}
