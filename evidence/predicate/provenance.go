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
	ResolvedDependencies []Resource `json:"resolvedDependencies,omitzero"`
}

// RunDetails is one execution of a build.
type RunDetails struct {
	// Builder is what ran the build, Metadata what it says of the run. Byproducts are
	// what came out besides the subjects, such as logs. Google Cloud Build lists one
	// that is empty; that says nothing, and is let pass here alone.
	Builder    Builder       `json:"builder"`
	Metadata   BuildMetadata `json:"metadata,omitzero"`
	Byproducts []Resource    `json:"byproducts,omitzero"`
}

// Builder is the platform that ran a build.
type Builder struct {
	// ID is the URI of the platform, with all that must be trusted to have run the
	// build as it says. Required.
	ID string `json:"id"`
	// BuilderDependencies are what the platform itself rests on, outside of the build;
	// Version has the versions of its components by their names.
	BuilderDependencies []Resource        `json:"builderDependencies,omitzero"`
	Version             map[string]string `json:"version,omitzero"`
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

// Validate demands a build type and a builder, parameters that are objects, and
// resources that are whole.
func (p Provenance) Validate() error {
	var errs []error
	if p.BuildDefinition.BuildType == "" {
		errs = append(errs, errors.New("no buildDefinition.buildType"))
	}
	if p.RunDetails.Builder.ID == "" {
		errs = append(errs, errors.New("no runDetails.builder.id"))
	}
	return invalid(p, append(errs,
		validateObject("buildDefinition.externalParameters", p.BuildDefinition.ExternalParameters),
		validateObject("buildDefinition.internalParameters", p.BuildDefinition.InternalParameters),
		validateAll("buildDefinition.resolvedDependencies", p.BuildDefinition.ResolvedDependencies),
		validateAll("runDetails.builder.builderDependencies", p.RunDetails.Builder.BuilderDependencies),
		validateSome("runDetails.byproducts", p.RunDetails.Byproducts))...)
}

// InvocationID is the builder's name of the run, "" if it is not told.
func (p Provenance) InvocationID() string { return p.RunDetails.Metadata.InvocationID }

// BuilderID is the URI of the platform that ran the build, by its own claim.
func (p Provenance) BuilderID() string { return p.RunDetails.Builder.ID }

// Commits are the git commits among the resolved dependencies, each once: what
// stands under gitCommit, or, as some producers write it, a sha1 of something at a
// git URI, or 40 digits under sha256.
func (p Provenance) Commits() []string {
	var out []string
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		out = append(out, commitOf(d.URI, d.Digest))
	}
	return distinct(out)
}
