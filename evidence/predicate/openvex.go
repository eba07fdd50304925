package predicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// TypeOpenVEX is the predicate type that new statements of [OpenVEX] carry. Others
// have the version behind it, such as https://openvex.dev/ns/v0.2.0.
const TypeOpenVEX = "https://openvex.dev/ns"

// OpenVEX is an OpenVEX document, version 0.0.1 to 0.2
// (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md): how vulnerabilities
// bear on products. Where a statement has no products, the subjects of the
// attestation are meant; where it has no time, the document's.
type OpenVEX struct {
	// Type is the URI that it was read under; "" is [TypeOpenVEX].
	Type string `json:"-"`
	// Document is the document that was read, as it was written, and is what is
	// written again. Who changes another field sets it to nil, or Validate refuses.
	Document json.RawMessage `json:"-"`
	// Context is the URI of OpenVEX's version, ID the document's IRI, and Author who
	// says it. All are required.
	Context string `json:"@context"`
	ID      string `json:"@id"`
	Author  string `json:"author"`
	// Role is the author's, Tooling what made the document.
	Role    string `json:"role,omitempty"`
	Tooling string `json:"tooling,omitempty"`
	// Timestamp is when it was issued, by the author's claim; required. LastUpdated is
	// zero if it was not changed since.
	Timestamp   time.Time `json:"timestamp"`
	LastUpdated time.Time `json:"last_updated,omitzero"`
	// Version grows with every change of the document, from 1.
	Version VEXVersion `json:"version"`
	// Statements are what it says; at least one, and at most 32,768.
	Statements []VEXStatement `json:"statements"`
}

// VEXStatement says how one vulnerability bears on products.
type VEXStatement struct {
	// ID is the statement's IRI, Version its version; both may be missing.
	ID      string     `json:"@id,omitempty"`
	Version VEXVersion `json:"version,omitzero"`
	// Vulnerability is which. Required.
	Vulnerability VEXVulnerability `json:"vulnerability"`
	// Timestamp is when it was known to be true; zero is the document's Timestamp.
	// LastUpdated is zero if it was not changed since.
	Timestamp   time.Time `json:"timestamp,omitzero"`
	LastUpdated time.Time `json:"last_updated,omitzero"`
	// Products are what it is about; none is the subjects of the attestation.
	Products []VEXProduct `json:"products,omitzero"`
	// Status is how the vulnerability bears on them. Required.
	Status VEXStatus `json:"status"`
	// Supplier is who supplies the product, StatusNotes how the status was come by.
	Supplier    string `json:"supplier,omitempty"`
	StatusNotes string `json:"status_notes,omitempty"`
	// Justification or ImpactStatement say why a product is not affected; one of them
	// is required of that status.
	Justification   VEXJustification `json:"justification,omitempty"`
	ImpactStatement string           `json:"impact_statement,omitempty"`
	// ActionStatement is what to do about an affected product; required of that
	// status. ActionStatementTimestamp is when that was said.
	ActionStatement          string    `json:"action_statement,omitempty"`
	ActionStatementTimestamp time.Time `json:"action_statement_timestamp,omitzero"`
}

// VEXVulnerability is a vulnerability by its names.
type VEXVulnerability struct {
	// Name is the main one, such as "CVE-2026-0001"; required. Aliases are others, ID
	// an IRI.
	Name    string   `json:"name"`
	ID      string   `json:"@id,omitempty"`
	Aliases []string `json:"aliases,omitzero"`
	// Description is for people.
	Description string `json:"description,omitempty"`
}

// VEXProduct is a product, or an ingredient of one. It needs an ID, an identifier
// or a hash.
type VEXProduct struct {
	// ID is an IRI, often a package URL.
	ID string `json:"@id,omitempty"`
	// Identifiers are by kind ("purl", "cpe22", "cpe23"), Hashes by algorithm as IANA
	// names them ("sha-256").
	Identifiers map[string]string `json:"identifiers,omitzero"`
	Hashes      map[string]string `json:"hashes,omitzero"`
	// Subcomponents are the ingredients of the product that have the vulnerability.
	Subcomponents []VEXComponent `json:"subcomponents,omitzero"`
}

// VEXComponent is an ingredient of a product.
type VEXComponent struct {
	// ID, Identifiers and Hashes are those of [VEXProduct].
	ID          string            `json:"@id,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitzero"`
	Hashes      map[string]string `json:"hashes,omitzero"`
}

// VEXStatus is how a vulnerability bears on a product.
type VEXStatus string

// The statuses.
const (
	VEXNotAffected        VEXStatus = "not_affected"
	VEXAffected           VEXStatus = "affected"
	VEXFixed              VEXStatus = "fixed"
	VEXUnderInvestigation VEXStatus = "under_investigation"
)

// VEXJustification is why a product is not affected; "" is not told.
type VEXJustification string

// The justifications.
const (
	VEXComponentNotPresent         VEXJustification = "component_not_present"
	VEXVulnerableCodeNotPresent    VEXJustification = "vulnerable_code_not_present"
	VEXVulnerableCodeNotExecuted   VEXJustification = "vulnerable_code_not_in_execute_path"
	VEXVulnerableCodeNotControlled VEXJustification = "vulnerable_code_cannot_be_controlled_by_adversary"
	VEXInlineMitigationsExist      VEXJustification = "inline_mitigations_already_exist"
)

// VEXVersion is the version of a document or a statement. Before OpenVEX 0.2 it was
// written as a text.
type VEXVersion uint64

// UnmarshalJSON reads a number, or a number in a text.
func (v *VEXVersion) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if n := len(b); n > 2 && b[0] == '"' && b[n-1] == '"' {
		b = b[1 : n-1]
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return errors.New("a version is not a number")
	}
	*v = VEXVersion(n)
	return nil
}

// PredicateType is Type, or [TypeOpenVEX].
func (v OpenVEX) PredicateType() string { return orElse(v.Type, TypeOpenVEX) }

func (OpenVEX) reads(predicateType string) bool {
	return isOpenVEX(predicateType)
}

// isOpenVEX reports whether a URI is that of a version of OpenVEX that is known. The
// next one may mean something else by the same words, as 0.2 did.
func isOpenVEX(uri string) bool {
	version, ok := versionOf(uri, TypeOpenVEX)
	return ok && (version == "" || covers("0.0", version) || covers("0.1", version) || covers("0.2", version))
}

// vexLimits bound lists more tightly: a statement takes much more memory than text.
var vexLimits = func() strictjson.Limits {
	l := limits
	l.Elements = 1 << 15
	return l
}()

// openVEX is OpenVEX without its methods.
type openVEX OpenVEX

// content is what the document says.
func (v openVEX) content() openVEX {
	v.Type, v.Document = "", nil
	return v
}

func (v *OpenVEX) decode(predicateType string, raw []byte) error {
	if len(raw) == 0 || raw[0] != '{' {
		return decodeObject(raw, v)
	}
	old, err := wroteOld(raw)
	if err == nil && !old {
		err = decodeWithin(vexLimits, raw, (*openVEX)(v))
	} else if err == nil {
		var was oldVEX
		if err = decodeWithin(vexLimits, raw, &was); err == nil {
			err = was.into((*openVEX)(v))
		}
	}
	if err != nil {
		return err
	}
	v.Type, v.Document = predicateType, bytes.Clone(raw)
	return nil
}

// MarshalJSON is Document, or the fields if there is none.
func (v OpenVEX) MarshalJSON() ([]byte, error) {
	if v.Document != nil {
		return v.Document, nil
	}
	return json.Marshal(openVEX(v))
}

// Validate demands what the specification does of documents and statements.
func (v OpenVEX) Validate() error {
	if err := validateType(v); err != nil {
		return invalid(v, err)
	}
	if v.Document != nil {
		var was OpenVEX
		if err := was.decode(v.PredicateType(), v.Document); err != nil || !reflect.DeepEqual(openVEX(was).content(), openVEX(v).content()) {
			return invalid(v, errors.New("the document says something else than the fields"))
		}
	}
	return v.validateRead()
}

func (v OpenVEX) validateRead() error {
	var errs []error
	if !isOpenVEX(v.Context) {
		errs = append(errs, fmt.Errorf("@context %s is not that of OpenVEX 0.0 to 0.2", strictjson.Quoted(v.Context)))
	}
	if v.ID == "" {
		errs = append(errs, errors.New("no @id"))
	}
	if v.Author == "" {
		errs = append(errs, errors.New("no author"))
	}
	if v.Timestamp.IsZero() {
		errs = append(errs, errors.New("no timestamp"))
	}
	if v.Version == 0 {
		errs = append(errs, errors.New("no version"))
	}
	if len(v.Statements) == 0 {
		errs = append(errs, errors.New("no statements"))
	}
	for i, s := range v.Statements {
		if err := s.validate(); err != nil {
			errs = append(errs, fmt.Errorf("statements[%d]: %w", i, err))
			break
		}
	}
	return invalid(v, errs...)
}

func (s VEXStatement) validate() error {
	switch s.Justification {
	case "", VEXComponentNotPresent, VEXVulnerableCodeNotPresent, VEXVulnerableCodeNotExecuted, VEXVulnerableCodeNotControlled, VEXInlineMitigationsExist:
	default:
		return fmt.Errorf("justification %s is unknown", strictjson.Quoted(string(s.Justification)))
	}
	switch s.Status {
	case VEXNotAffected:
		if s.Justification == "" && s.ImpactStatement == "" {
			return errors.New("not_affected without justification or impact_statement")
		}
	case VEXAffected:
		if s.ActionStatement == "" {
			return errors.New("affected without action_statement")
		}
	case VEXFixed, VEXUnderInvestigation:
	default:
		return fmt.Errorf("status %s is unknown", strictjson.Quoted(string(s.Status)))
	}
	if s.Vulnerability.Name == "" {
		return errors.New("no vulnerability.name")
	}
	for i, p := range s.Products {
		if p.ID == "" && len(p.Identifiers) == 0 && len(p.Hashes) == 0 {
			return fmt.Errorf("products[%d] has no @id, identifiers or hashes", i)
		}
		for j, c := range p.Subcomponents {
			if c.ID == "" && len(c.Identifiers) == 0 && len(c.Hashes) == 0 {
				return fmt.Errorf("products[%d].subcomponents[%d] has no @id, identifiers or hashes", i, j)
			}
		}
	}
	return nil
}
