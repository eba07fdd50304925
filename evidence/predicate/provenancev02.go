package predicate

import (
	"encoding/json"
	"errors"
	"time"
)

// TypeProvenanceV02 is the predicate type of [ProvenanceV02].
const TypeProvenanceV02 = "https://slsa.dev/provenance/v0.2"

// ProvenanceV02 is SLSA provenance v0.2 (https://slsa.dev/spec/v0.2/provenance).
type ProvenanceV02 struct {
	// Builder is what ran the build.
	Builder BuilderV02 `json:"builder"`
	// BuildType is the URI that says what kind of build it was, and what the
	// invocation, the configuration and the materials mean. Required.
	BuildType string `json:"buildType"`
	// Invocation is what started the build.
	Invocation InvocationV02 `json:"invocation,omitzero"`
	// BuildConfig is what was run, in the build type's form.
	BuildConfig json.RawMessage `json:"buildConfig,omitempty"`
	// Metadata is what the builder says of the run.
	Metadata MetadataV02 `json:"metadata,omitzero"`
	// Materials are what went into the build. They are all of it only if
	// Metadata.Completeness says so.
	Materials []MaterialV02 `json:"materials,omitzero"`
}

// BuilderV02 is the builder of provenance before v1.
type BuilderV02 struct {
	// ID is the builder's URI. Required.
	ID string `json:"id"`
}

// InvocationV02 is what started a build.
type InvocationV02 struct {
	// ConfigSource is where the configuration came from that started the build.
	ConfigSource ConfigSourceV02 `json:"configSource,omitzero"`
	// Parameters are the inputs from outside besides ConfigSource, and Environment
	// those of the builder; their form is the build type's. Absent, null and {} mean
	// the same.
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`
}

// ConfigSourceV02 is where the configuration of a build came from.
type ConfigSourceV02 struct {
	// URI is where, Digest what stood there, and EntryPoint which part of it was
	// built.
	URI        string            `json:"uri,omitempty"`
	Digest     map[string]string `json:"digest,omitzero"`
	EntryPoint string            `json:"entryPoint,omitempty"`
}

// MetadataV02 is what the builder says of a run. Its times are claims.
type MetadataV02 struct {
	// BuildInvocationID is the builder's name of the run.
	BuildInvocationID string `json:"buildInvocationId,omitempty"`
	// GoInvocationID is the same as in-toto-golang writes it, and with it most
	// producers. Where both are there, they are equal.
	GoInvocationID string `json:"buildInvocationID,omitempty"`
	// BuildStartedOn and BuildFinishedOn are zero where they are not told.
	BuildStartedOn  time.Time `json:"buildStartedOn,omitzero"`
	BuildFinishedOn time.Time `json:"buildFinishedOn,omitzero"`
	// Completeness is which fields the builder claims to be complete.
	Completeness CompletenessV02 `json:"completeness,omitzero"`
	// Reproducible is the claim that building again gives the same bytes. Nil is not
	// claimed, as false is.
	Reproducible *bool `json:"reproducible,omitempty"`
}

// CompletenessV02 is which fields the builder claims to be complete. Nil is not
// claimed, as false is.
type CompletenessV02 struct {
	// Parameters and Environment are those of the invocation, Materials those of the
	// provenance.
	Parameters  *bool `json:"parameters,omitempty"`
	Environment *bool `json:"environment,omitempty"`
	Materials   *bool `json:"materials,omitempty"`
}

// MaterialV02 is one thing that went into a build, of provenance before v1. Both
// fields are optional.
type MaterialV02 struct {
	// URI is how the build referred to it, Digest what it was.
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitzero"`
}

// PredicateType is [TypeProvenanceV02].
func (ProvenanceV02) PredicateType() string { return TypeProvenanceV02 }

// Validate demands a build type and a builder, and digests in their form.
func (p ProvenanceV02) Validate() error {
	var errs []error
	if p.BuildType == "" {
		errs = append(errs, errors.New("no buildType"))
	}
	if p.Builder.ID == "" {
		errs = append(errs, errors.New("no builder.id"))
	}
	if m := p.Metadata; m.BuildInvocationID != "" && m.GoInvocationID != "" && m.BuildInvocationID != m.GoInvocationID {
		errs = append(errs, errors.New("metadata.buildInvocationId is told twice, and differs"))
	}
	return invalid(p, append(errs,
		validateObject("invocation.parameters", p.Invocation.Parameters),
		validateObject("invocation.environment", p.Invocation.Environment),
		validateObject("buildConfig", p.BuildConfig),
		at("invocation.configSource", validateDigest(p.Invocation.ConfigSource.Digest)),
		validateMaterials(p.Materials))...)
}

// InvocationID is the builder's name of the run, however it is written; "" if it is
// not told.
func (p ProvenanceV02) InvocationID() string {
	return orElse(p.Metadata.BuildInvocationID, p.Metadata.GoInvocationID)
}

// BuilderID is the URI of what ran the build, by its own claim.
func (p ProvenanceV02) BuilderID() string { return p.Builder.ID }

// Commits are the git commits that the configuration and the materials name, each
// once; see [Provenance.Commits].
func (p ProvenanceV02) Commits() []string {
	c := p.Invocation.ConfigSource
	return distinct(append([]string{commitOf(c.URI, c.Digest)}, materialCommits(p.Materials)...))
}
