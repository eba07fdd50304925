package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// The predicate types of [LegacyLink]: the deprecated https://in-toto.io/Link/*, as
// far as there are versions.
const (
	TypeLinkV01 = "https://in-toto.io/Link/v0.1"
	TypeLinkV02 = "https://in-toto.io/Link/v0.2"
	TypeLinkV1  = "https://in-toto.io/Link/v1"
)

// LegacyLink is a link as in-toto wrote it before v0.3, with materials and
// products by name (https://github.com/in-toto/docs/blob/master/in-toto-spec.md,
// section 4.4).
type LegacyLink struct {
	// Type is the URI that it was read under; "" is [TypeLinkV1].
	Type string `json:"-"`
	// Kind is "link", or "" since v0.2, which left it out.
	Kind string `json:"_type,omitempty"`
	// Name is the step's. Required.
	Name string `json:"name"`
	// Command is what was run: a list of texts, or, in v0.2, one text.
	Command json.RawMessage `json:"command,omitempty"`
	// Materials and Products have the digests of what went in and came out, by name.
	// Since v0.2 the products are the statement's subjects.
	Materials map[string]map[string]string `json:"materials,omitzero"`
	Products  map[string]map[string]string `json:"products,omitzero"`
	// Byproducts and Environment are objects of the producer's own.
	Byproducts  json.RawMessage `json:"byproducts,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`
}

// PredicateType is Type, or [TypeLinkV1].
func (l LegacyLink) PredicateType() string { return orElse(l.Type, TypeLinkV1) }

func (LegacyLink) reads(predicateType string) bool {
	return predicateType == TypeLinkV01 || predicateType == TypeLinkV02 || predicateType == TypeLinkV1
}

func (l *LegacyLink) decode(predicateType string, raw []byte) error {
	err := decodeObject(raw, l)
	l.Type = predicateType
	return err
}

// Validate demands a step, and digests of everything that is named.
func (l LegacyLink) Validate() error {
	errs := []error{validateType(l)}
	if l.Name == "" {
		errs = append(errs, errors.New("no name"))
	}
	if l.Kind != "" && l.Kind != "link" {
		errs = append(errs, fmt.Errorf("_type %s is not \"link\"", strictjson.Quoted(l.Kind)))
	}
	if !isNull(l.Command) {
		var text string
		var list []string
		if strictjson.Unmarshal(l.Command, &text, limits) != nil && strictjson.Unmarshal(l.Command, &list, limits) != nil {
			errs = append(errs, errors.New("command is neither a text nor a list of texts"))
		}
	}
	return invalid(l, append(errs,
		validateArtifacts("materials", l.Materials),
		validateArtifacts("products", l.Products),
		validateObject("byproducts", l.Byproducts),
		validateObject("environment", l.Environment))...)
}

func validateArtifacts(where string, artifacts map[string]map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(artifacts)) {
		if len(artifacts[name]) == 0 {
			return fmt.Errorf("%s: %s has no digest", where, strictjson.Quoted(name))
		}
		if err := validateDigest(artifacts[name]); err != nil {
			return fmt.Errorf("%s: %s: %w", where, strictjson.Quoted(name), err)
		}
	}
	return nil
}
