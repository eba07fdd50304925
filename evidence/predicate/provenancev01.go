package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The predicate types of [ProvenanceV01]: before and after it became SLSA's.
const (
	TypeProvenanceV01       = "https://slsa.dev/provenance/v0.1"
	TypeInTotoProvenanceV01 = "https://in-toto.io/Provenance/v0.1"
)

// ProvenanceV01 is provenance v0.1 (https://slsa.dev/spec/v0.1/provenance), which
// was in-toto's first.
type ProvenanceV01 struct {
	// Type is the URI that it was read under; "" is [TypeProvenanceV01].
	Type string `json:"-"`
	// Builder is what ran the build.
	Builder BuilderV02 `json:"builder"`
	// Recipe is how the subjects were made.
	Recipe RecipeV01 `json:"recipe,omitzero"`
	// Metadata is what the builder says of the run.
	Metadata MetadataV01 `json:"metadata,omitzero"`
	// Materials are what went into the build. They are all of it only if
	// Metadata.Completeness says so.
	Materials []MaterialV02 `json:"materials,omitzero"`
}

// RecipeV01 is how something was built.
type RecipeV01 struct {
	// Type is the URI that says how to read the other fields. Required if there is a
	// recipe.
	Type string `json:"type,omitempty"`
	// DefinedInMaterial is the index of the material that has the steps, nil if none
	// has; EntryPoint says where in it.
	DefinedInMaterial *int64 `json:"definedInMaterial,omitempty"`
	EntryPoint        string `json:"entryPoint,omitempty"`
	// Arguments are the inputs from outside, Environment those of the builder, in the
	// recipe type's form. Absent, null and {} mean the same.
	Arguments   json.RawMessage `json:"arguments,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`
}

// MetadataV01 is what the builder says of a run. Its times are claims.
type MetadataV01 struct {
	// BuildInvocationID is the builder's name of the run.
	BuildInvocationID string `json:"buildInvocationId,omitempty"`
	// GoInvocationID is the same as in-toto-golang writes it, and with it most
	// producers. Where both are there, they are equal.
	GoInvocationID string `json:"buildInvocationID,omitempty"`
	// BuildStartedOn and BuildFinishedOn are zero where they are not told.
	BuildStartedOn  time.Time `json:"buildStartedOn,omitzero"`
	BuildFinishedOn time.Time `json:"buildFinishedOn,omitzero"`
	// Completeness is which fields the builder claims to be complete.
	Completeness CompletenessV01 `json:"completeness,omitzero"`
	// Reproducible is the claim that building again gives the same bytes. Nil is not
	// claimed, as false is.
	Reproducible *bool `json:"reproducible,omitempty"`
}

// CompletenessV01 is which fields the builder claims to be complete. Nil is not
// claimed, as false is.
type CompletenessV01 struct {
	// Arguments and Environment are those of the recipe, Materials those of the
	// provenance.
	Arguments   *bool `json:"arguments,omitempty"`
	Environment *bool `json:"environment,omitempty"`
	Materials   *bool `json:"materials,omitempty"`
}

// PredicateType is Type, or [TypeProvenanceV01].
func (p ProvenanceV01) PredicateType() string { return orElse(p.Type, TypeProvenanceV01) }

func (ProvenanceV01) reads(predicateType string) bool {
	return predicateType == TypeProvenanceV01 || predicateType == TypeInTotoProvenanceV01
}

func (p *ProvenanceV01) decode(predicateType string, raw []byte) error {
	err := decodeObject(raw, p)
	p.Type = predicateType
	return err
}

// Validate demands a builder, a recipe type where there is a recipe, a material
// at the index that the recipe gives, and digests in their form.
func (p ProvenanceV01) Validate() error {
	errs := []error{validateType(p)}
	if p.Builder.ID == "" {
		errs = append(errs, errors.New("no builder.id"))
	}
	r := p.Recipe
	there := r.DefinedInMaterial != nil || r.EntryPoint != "" || len(r.Arguments) > 0 || len(r.Environment) > 0
	if there && r.Type == "" {
		errs = append(errs, errors.New("no recipe.type"))
	}
	if i := r.DefinedInMaterial; i != nil && (*i < 0 || *i >= int64(len(p.Materials))) {
		errs = append(errs, fmt.Errorf("recipe.definedInMaterial is %d, and there are %d materials", *i, len(p.Materials)))
	}
	if m := p.Metadata; m.BuildInvocationID != "" && m.GoInvocationID != "" && m.BuildInvocationID != m.GoInvocationID {
		errs = append(errs, errors.New("metadata.buildInvocationId is told twice, and differs"))
	}
	return invalid(p, append(errs,
		validateObject("recipe.arguments", r.Arguments),
		validateObject("recipe.environment", r.Environment),
		validateMaterials(p.Materials))...)
}

// InvocationID is the builder's name of the run, however it is written; "" if it is
// not told.
func (p ProvenanceV01) InvocationID() string {
	return orElse(p.Metadata.BuildInvocationID, p.Metadata.GoInvocationID)
}

// BuilderID is the URI of what ran the build, by its own claim.
func (p ProvenanceV01) BuilderID() string { return p.Builder.ID }

// Commits are the git commits that the materials name, each once; see
// [Provenance.Commits].
func (p ProvenanceV01) Commits() []string { return distinct(materialCommits(p.Materials)) }

func materialCommits(ms []MaterialV02) []string {
	var out []string
	for _, m := range ms {
		out = append(out, commitOf(m.URI, m.Digest))
	}
	return out
}

func validateMaterials(ms []MaterialV02) error {
	for i, m := range ms {
		if err := validateDigest(m.Digest); err != nil {
			return fmt.Errorf("materials[%d]: %w", i, err)
		}
	}
	return nil
}
