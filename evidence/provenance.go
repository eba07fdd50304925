package evidence

import (
	"encoding/json"
	"errors"
	"time"
)

// Provenance is SLSA provenance v1 (https://slsa.dev/spec/v1.2/build-provenance):
// who built the subjects, how, and from what.
type Provenance struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is the input of a build.
type BuildDefinition struct {
	BuildType string `json:"buildType"`
	// ExternalParameters are under the control of whoever asked for the build: a
	// verifier must compare them with what it expects. Their form is the build
	// type's; absent, null and {} mean the same.
	ExternalParameters   json.RawMessage `json:"externalParameters,omitempty"`
	InternalParameters   json.RawMessage `json:"internalParameters,omitempty"`
	ResolvedDependencies []Resource      `json:"resolvedDependencies,omitempty"`
}

// RunDetails is one execution of a build.
type RunDetails struct {
	Builder    Builder       `json:"builder"`
	Metadata   BuildMetadata `json:"metadata,omitzero"`
	Byproducts []Resource    `json:"byproducts,omitempty"`
}

// Builder is the platform that ran a build.
type Builder struct {
	ID                  string            `json:"id"`
	BuilderDependencies []Resource        `json:"builderDependencies,omitempty"`
	Version             map[string]string `json:"version,omitempty"`
}

// BuildMetadata is what the builder says of a run. Its times are claims.
type BuildMetadata struct {
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

// commits are the git commits that the build resolved.
func (p Provenance) commits() []string {
	var out []string
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		if c, ok := d.Digest["gitCommit"]; ok {
			out = append(out, c)
		}
	}
	return out
}
