package predicate

import (
	"encoding/json"
	"errors"
	"time"
)

// Provenance is SLSA provenance v1 (https://slsa.dev/spec/v1.2/build-provenance):
// who built the subjects, how, and from what.
type Provenance struct {
	// BuildDefinition is what was to be built, RunDetails the run that built it.
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is the input of a build.
type BuildDefinition struct {
	// BuildType is the URI of the template that says how to read the parameters and
	// how the build is done. Required.
	BuildType string `json:"buildType"`
	// ExternalParameters are under the control of whoever asked for the build: a
	// verifier must compare them with what it expects. Their form is the build
	// type's; absent, null and {} mean the same.
	ExternalParameters json.RawMessage `json:"externalParameters,omitempty"`
	// InternalParameters are under the control of the builder. Nothing is decided by
	// them.
	InternalParameters json.RawMessage `json:"internalParameters,omitempty"`
	// ResolvedDependencies are what the build took in, as far as the builder tells.
	// Where they name git commits, a decision demands the release's among them.
	ResolvedDependencies []Resource `json:"resolvedDependencies,omitempty"`
}

// RunDetails is one execution of a build.
type RunDetails struct {
	// Builder is what ran the build, Metadata what it says of the run. Byproducts are
	// what came out besides the subjects, such as logs.
	Builder    Builder       `json:"builder"`
	Metadata   BuildMetadata `json:"metadata,omitzero"`
	Byproducts []Resource    `json:"byproducts,omitempty"`
}

// Builder is the platform that ran a build.
type Builder struct {
	// ID is the URI of the platform, with all that must be trusted to have run the
	// build as it says. Required.
	ID string `json:"id"`
	// BuilderDependencies are what the platform itself rests on, outside of the build;
	// Version has the versions of its components by their names.
	BuilderDependencies []Resource        `json:"builderDependencies,omitempty"`
	Version             map[string]string `json:"version,omitempty"`
}

// BuildMetadata is what the builder says of a run. Its times are claims.
type BuildMetadata struct {
	// InvocationID is the builder's name of the run, for finding its logs. StartedOn
	// and FinishedOn are zero where they are not told.
	InvocationID string    `json:"invocationId,omitempty"`
	StartedOn    time.Time `json:"startedOn,omitzero"`
	FinishedOn   time.Time `json:"finishedOn,omitzero"`
}

// PredicateType is [TypeProvenance].
func (Provenance) PredicateType() string { return TypeProvenance }

// Validate demands a build type and a builder.
func (p Provenance) Validate() error {
	var errs []error
	if p.BuildDefinition.BuildType == "" {
		errs = append(errs, errors.New("no buildDefinition.buildType"))
	}
	if p.RunDetails.Builder.ID == "" {
		errs = append(errs, errors.New("no runDetails.builder.id"))
	}
	return invalid(p, errs...)
}

// Commits are the git commits that the build resolved.
func (p Provenance) Commits() []string {
	var out []string
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		if c, ok := d.Digest["gitCommit"]; ok {
			out = append(out, c)
		}
	}
	return out
}
