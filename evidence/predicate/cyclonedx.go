package predicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// TypeCycloneDX is the predicate type that new statements of [CycloneDX] carry.
// Others have the version behind it, such as https://cyclonedx.org/bom/v1.4.
const TypeCycloneDX = "https://cyclonedx.org/bom"

// CycloneDX is a CycloneDX bill of materials, version 1
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/cyclonedx.md):
// of the document, what says which it is. Package release/sbom reads the rest.
type CycloneDX struct {
	// Type is the URI that it was read under; "" is [TypeCycloneDX].
	Type string
	// Document is the whole document, as it was written: an object.
	Document json.RawMessage
	// SpecVersion is the version of CycloneDX that the document says it has, such as
	// "1.6"; SerialNumber the document's own URN, "" if it has none.
	SpecVersion, SerialNumber string
}

// PredicateType is Type, or [TypeCycloneDX].
func (c CycloneDX) PredicateType() string { return orElse(c.Type, TypeCycloneDX) }

func (CycloneDX) reads(predicateType string) bool {
	version, ok := versionOf(predicateType, TypeCycloneDX)
	return ok && covers("1", orElse(version, "1"))
}

func (c *CycloneDX) decode(predicateType string, raw []byte) error {
	var head struct {
		BOMFormat    string `json:"bomFormat"`
		SpecVersion  string `json:"specVersion"`
		SerialNumber string `json:"serialNumber"`
	}
	if err := decodeObject(raw, &head); err != nil {
		return err
	}
	if head.BOMFormat != "CycloneDX" {
		return fmt.Errorf("bomFormat %s is not \"CycloneDX\"", strictjson.Quoted(head.BOMFormat))
	}
	*c = CycloneDX{Type: predicateType, Document: bytes.Clone(raw), SpecVersion: head.SpecVersion, SerialNumber: head.SerialNumber}
	return nil
}

// MarshalJSON is Document.
func (c CycloneDX) MarshalJSON() ([]byte, error) { return c.Document.MarshalJSON() }

// Validate demands a document that says it is CycloneDX, of the version that it is
// said to be. Whether the rest is as CycloneDX wants it, is not looked at.
func (c CycloneDX) Validate() error {
	var in CycloneDX
	if err := errors.Join(validateType(c), in.decode(c.PredicateType(), c.Document)); err != nil {
		return invalid(c, err)
	}
	if in.SpecVersion != c.SpecVersion || in.SerialNumber != c.SerialNumber {
		return invalid(c, errors.New("specVersion or serialNumber are not those of the document"))
	}
	return c.validateRead()
}

func (c CycloneDX) validateRead() error {
	version, _ := versionOf(c.PredicateType(), TypeCycloneDX)
	if !isVersion(c.SpecVersion) || !covers("1", c.SpecVersion) || !covers(version, c.SpecVersion) {
		return invalid(c, fmt.Errorf("specVersion %s is not CycloneDX %s", strictjson.Quoted(c.SpecVersion), orElse(version, "1")))
	}
	return nil
}
