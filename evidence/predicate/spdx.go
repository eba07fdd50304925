package predicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// TypeSPDX is the predicate type that new statements of [SPDX] carry. Others have
// the version behind it: https://spdx.dev/Document/v2.3, https://spdx.dev/Document/v3.
const TypeSPDX = "https://spdx.dev/Document"

// SPDX is an SPDX document, version 2 or 3
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/spdx2.md and
// spdx3.md): of the document, what says which it is. Package release/sbom reads the
// rest.
//
// The predicate is the document, or a text that holds it: cosign writes documents
// so, in JSON and in SPDX's tag-value form.
type SPDX struct {
	// Type is the URI that it was read under; "" is [TypeSPDX].
	Type string
	// Predicate is the predicate as it was written: an object or a text.
	Predicate json.RawMessage
	// Document is the document itself: what Predicate is, whose bytes it then shares, or
	// what stands in its text.
	Document []byte
	// Form is how Document is written.
	Form SPDXForm
	// Version is the version of SPDX that the document says it has, such as "2.3" or
	// "3.0.1".
	Version string
}

// SPDXForm is how an SPDX document is written.
type SPDXForm string

// The forms.
const (
	SPDXJSON     SPDXForm = "json"
	SPDXTagValue SPDXForm = "tag-value"
)

// PredicateType is Type, or [TypeSPDX].
func (d SPDX) PredicateType() string { return orElse(d.Type, TypeSPDX) }

func (SPDX) reads(predicateType string) bool {
	version, ok := versionOf(predicateType, TypeSPDX)
	return ok && (version == "" || covers("2", version) || covers("3", version))
}

func (d *SPDX) decode(predicateType string, raw []byte) error {
	in := SPDX{Type: predicateType, Form: SPDXJSON}
	var err error
	if len(raw) > 0 && raw[0] == '"' {
		var text plainText
		if err := strictjson.Unmarshal(raw, &text, limits); err != nil {
			return err
		}
		in.Document = bytes.TrimLeft(text, " \t\r\n")
		if !bytes.HasPrefix(in.Document, []byte("{")) {
			in.Form = SPDXTagValue
			if in.Version, err = spdxTagVersion(in.Document); err != nil {
				return err
			}
		}
	} else {
		in.Document = bytes.Clone(raw)
	}
	if in.Form == SPDXJSON {
		if in.Version, err = spdxVersion(in.Document); err != nil {
			return err
		}
		in.Predicate = in.Document
	}
	if len(raw) > 0 && raw[0] == '"' {
		in.Predicate = bytes.Clone(raw)
	}
	*d = in
	return nil
}

// plainText is a JSON text, without a copy of it as a string.
type plainText []byte

// UnmarshalText copies the text.
func (t *plainText) UnmarshalText(b []byte) error {
	*t = bytes.Clone(b)
	return nil
}

// spdxVersion is the version of a document in JSON: version 2 has a field, version 3
// its JSON-LD context.
func spdxVersion(doc []byte) (string, error) {
	var head struct {
		SPDXVersion string          `json:"spdxVersion"`
		ID          string          `json:"SPDXID"`
		Context     json.RawMessage `json:"@context"`
	}
	if err := decodeObject(doc, &head); err != nil {
		return "", err
	}
	if isNull(head.Context) {
		version, ok := strings.CutPrefix(head.SPDXVersion, "SPDX-")
		switch {
		case !ok || !isVersion(version) || !covers("2", version):
			return "", fmt.Errorf("spdxVersion %s is not that of SPDX 2", strictjson.Quoted(head.SPDXVersion))
		case head.ID != "SPDXRef-DOCUMENT":
			return "", fmt.Errorf("SPDXID %s is not \"SPDXRef-DOCUMENT\"", strictjson.Quoted(head.ID))
		}
		return version, nil
	}
	if head.SPDXVersion != "" {
		return "", errors.New("it has the spdxVersion of SPDX 2 and the @context of SPDX 3")
	}
	contexts := []string{""}
	if strictjson.Unmarshal(head.Context, &contexts[0], limits) != nil && strictjson.Unmarshal(head.Context, &contexts, limits) != nil {
		return "", errors.New("@context is neither a text nor a list of texts")
	}
	found := ""
	for _, c := range contexts {
		if rest, ok := strings.CutPrefix(c, "https://spdx.org/rdf/"); ok {
			version, ok := strings.CutSuffix(rest, "/spdx-context.jsonld")
			if !ok || !isVersion(version) || !covers("3", version) || found != "" {
				return "", fmt.Errorf("@context %s is not that of SPDX 3, or not the only one", strictjson.Quoted(c))
			}
			found = version
		}
	}
	if found == "" {
		return "", errors.New("@context has none of SPDX 3")
	}
	return found, nil
}

// spdxTagVersion is the version of a document in tag-value form.
func spdxTagVersion(doc []byte) (string, error) {
	for line := range bytes.Lines(doc) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		tag, value, _ := strings.Cut(string(line[:min(len(line), 100)]), ":")
		version, ok := strings.CutPrefix(strings.TrimSpace(value), "SPDX-")
		if tag != "SPDXVersion" || !ok || !isVersion(version) || !covers("2", version) {
			break // a document begins with its version
		}
		return version, nil
	}
	return "", errors.New("the text is neither an SPDX document in JSON nor one that begins with SPDXVersion")
}

// MarshalJSON is Predicate.
func (d SPDX) MarshalJSON() ([]byte, error) { return d.Predicate.MarshalJSON() }

// Validate demands a document that says it is SPDX, of the version that it is said
// to be. Whether the rest is as SPDX wants it, is not looked at.
func (d SPDX) Validate() error {
	var in SPDX
	if err := errors.Join(validateType(d), in.decode(d.PredicateType(), d.Predicate)); err != nil {
		return invalid(d, err)
	}
	if in.Version != d.Version || in.Form != d.Form || !bytes.Equal(in.Document, d.Document) {
		return invalid(d, errors.New("version, form or document are not those of the predicate"))
	}
	return d.validateRead()
}

func (d SPDX) validateRead() error {
	version, _ := versionOf(d.PredicateType(), TypeSPDX)
	if !covers(version, d.Version) {
		return invalid(d, fmt.Errorf("the document is of SPDX %s, not %s", d.Version, version))
	}
	return nil
}
