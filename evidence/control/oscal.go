package control

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// oscalVersion is the version of OSCAL whose assessment results are written.
const oscalVersion = "1.1.3"

// propertyNS is the namespace of properties that OSCAL does not have.
const propertyNS = "https://sallyport.dev/ns/oscal"

// WriteOSCAL writes the coverage as OSCAL assessment results (NIST, model
// assessment-results 1.1.3, JSON). Each control is an observation with its status as a
// property. There is no OSCAL finding on purpose: one must say "satisfied" or
// "not-satisfied", and evidence alone says neither. Identifiers are made of the
// contents (UUID version 5), so the same coverage gives the same bytes.
func (c Coverage) WriteOSCAL(w io.Writer) error {
	at := c.At.Format(time.RFC3339Nano)
	name := func(parts ...string) string {
		return uuid5(append([]string{c.Catalog, c.Version, c.Release.Digest.String(), at}, parts...)...)
	}
	plan := name("plan")
	result := oscalResult{UUID: name("result"), Title: text(c.Title), Start: at,
		Description: text(fmt.Sprintf("%v. %s %s", c.Release, c.Summary(), disclaimer))}
	for _, f := range c.Findings {
		result.Reviewed.Selections[0].Include = append(result.Reviewed.Selections[0].Include, oscalControl{ID: token(f.Control.ID)})
		o := oscalObservation{UUID: name("observation", f.Control.ID), Title: text(f.Control.ID), Description: text(f.Control.Title + ". " + f.Why),
			Methods: []string{"EXAMINE"}, Collected: at, Props: []oscalProp{
				{Name: "control-id", NS: propertyNS, Value: text(f.Control.ID)},
				{Name: "status", NS: propertyNS, Value: f.Status.String()},
				{Name: "fit", NS: propertyNS, Value: f.Control.Fit.String()}}}
		if f.Control.Draft {
			o.Props = append(o.Props, oscalProp{Name: "draft", NS: propertyNS, Value: "true"})
		}
		for _, s := range f.Support {
			o.Evidence = append(o.Evidence, oscalEvidence{Href: "urn:sallyport:envelope:" + s.Digest.String(), Description: text(s.String())})
		}
		result.Observations = append(result.Observations, o)
	}
	doc := oscalDocument{Results: oscalResults{UUID: name("document"),
		Metadata: oscalMetadata{Title: text("Evidence supporting " + c.Title), Modified: at, Version: "1", OSCAL: oscalVersion},
		Plan:     oscalPlan{Href: "#" + plan, Remarks: "There is no assessment plan: what was looked at is the evidence of one release."},
		Results:  []oscalResult{result},
		Back:     oscalBack{Resources: []oscalResource{{UUID: plan, Title: "No assessment plan", Description: "Evidence was gathered by programs when the release was made."}}}}}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(doc)
}

type oscalDocument struct {
	Results oscalResults `json:"assessment-results"`
}

type oscalResults struct {
	UUID     string        `json:"uuid"`
	Metadata oscalMetadata `json:"metadata"`
	Plan     oscalPlan     `json:"import-ap"`
	Results  []oscalResult `json:"results"`
	Back     oscalBack     `json:"back-matter"`
}

type oscalMetadata struct {
	Title    string `json:"title"`
	Modified string `json:"last-modified"`
	Version  string `json:"version"`
	OSCAL    string `json:"oscal-version"`
}

type oscalPlan struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks"`
}

type oscalResult struct {
	UUID         string             `json:"uuid"`
	Title        string             `json:"title"`
	Description  string             `json:"description"`
	Start        string             `json:"start"`
	Reviewed     oscalReviewed      `json:"reviewed-controls"`
	Observations []oscalObservation `json:"observations"`
}

type oscalReviewed struct {
	Selections [1]oscalSelection `json:"control-selections"`
}

type oscalSelection struct {
	Include []oscalControl `json:"include-controls"`
}

type oscalControl struct {
	ID string `json:"control-id"`
}

type oscalObservation struct {
	UUID        string          `json:"uuid"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []oscalProp     `json:"props"`
	Methods     []string        `json:"methods"`
	Evidence    []oscalEvidence `json:"relevant-evidence,omitempty"`
	Collected   string          `json:"collected"`
}

type oscalProp struct {
	Name  string `json:"name"`
	NS    string `json:"ns"`
	Value string `json:"value"`
}

type oscalEvidence struct {
	Href        string `json:"href"`
	Description string `json:"description"`
}

type oscalBack struct {
	Resources []oscalResource `json:"resources"`
}

type oscalResource struct {
	UUID        string `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// text is one line that can be printed and is not empty.
func text(s string) string {
	if s = strings.TrimSpace(release.Text(s).String()); s == "" {
		return "-"
	}
	return s
}

// token is an id as OSCAL's tokens are: letters, digits, ".", "-" and "_", the first a letter or "_". The
// observation has the id itself.
func token(id string) string {
	s := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, id)
	if s[0] >= '0' && s[0] <= '9' || s[0] == '.' || s[0] == '-' {
		return "_" + s
	}
	return s
}

// space is the namespace of our names: RFC 9562, section 5.5, of the name of this project in
// the namespace of addresses.
var space = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// uuid5 is a UUID of a name (RFC 9562, section 5.5). SHA-1 is what version 5 says; nothing
// rests on it but that names differ.
func uuid5(parts ...string) string {
	h := sha1.New()
	h.Write(space[:])
	io.WriteString(h, propertyNS)
	for _, p := range parts {
		fmt.Fprintf(h, "\x00%d:%s", len(p), p)
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
