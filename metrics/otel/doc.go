// Package otel says deployments, changes and incidents in the attribute names of the
// OpenTelemetry semantic conventions v1.44, and results of package metrics as OTLP/JSON.
//
// The conventions have names for a service, a deployment, its environment and a change,
// and none for DORA's metrics nor for incidents: what they have no name for is called
// dora.* here. Attributes stand on an event or a span that has a time of its own, so that
// none of them is a time.
//
// No data is a data point of dora.status without a value: never 0, never NaN.
package otel

// The attributes, with the conventions' names where there are any.
const (
	ServiceName     = "service.name"
	ServiceVersion  = "service.version"
	EnvironmentName = "deployment.environment.name"
	DeploymentID    = "deployment.id"
	DeploymentState = "deployment.status" // "succeeded" or "failed"
	PipelineRunID   = "cicd.pipeline.run.id"
	PipelineResult  = "cicd.pipeline.result"
	ChangeID        = "vcs.change.id"
	ChangeState     = "vcs.change.state"
	HeadRevision    = "vcs.ref.head.revision"
	RepositoryURL   = "vcs.repository.url.full"

	Outcome    = "dora.deployment.outcome" // a name of [metrics.DeploymentOutcome]
	Planned    = "dora.deployment.planned" // a bool
	Release    = "dora.release.digest"
	Artifact   = "dora.artifact"
	IncidentID = "dora.incident.id"
	Severity   = "dora.incident.severity"
	NoticedBy  = "dora.incident.noticed_by"
	Dimension  = "dora.dimension." // before the name of one of a fact's own dimensions

	Definition = "dora.definition.digest"
	Window     = "dora.window"
	WindowKind = "dora.window.kind"
	Metric     = "dora.metric"
	Status     = "dora.status"
)
