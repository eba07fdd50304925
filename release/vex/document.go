package vex

import (
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Limits of what Parse reads: the size of a document in bytes, how deep its values
// may be nested, its statements, and the names that they give products and
// components, all together.
const (
	MaxBytes      = 16 << 20
	MaxDepth      = 64
	MaxStatements = 10_000
	MaxNames      = 100_000
)

// Document is one file of statements.
type Document struct {
	// Source is the file; Tool is what made it, At the time of the document. Format is
	// "openvex/0.2.0" or "cyclonedx/" with its version.
	Source release.Source `json:"source"`
	// ID is the document's own name, of CycloneDX with its version.
	ID string `json:"id,omitempty"`
	// Series is the name that all versions of it share, and Version its number among
	// them: the latest takes the place of the others. "" is of no series.
	Series  string `json:"series,omitempty"`
	Version int    `json:"version,omitempty"`
	// ClaimedAuthor is who it says that wrote it. Nobody verified that.
	ClaimedAuthor release.Text `json:"claimedAuthor,omitempty"`
	// Statements are in the order of the file.
	Statements []Statement `json:"statements,omitempty"`
	// Coverage is complete only if every statement was understood; missing if the file
	// could not be read.
	Coverage release.Coverage `json:"coverage"`
	// Gaps are what could not be read.
	Gaps []release.Gap `json:"gaps,omitempty"`
}

// Statement says how some products stand to one advisory.
type Statement struct {
	// Pointer is where it stands in the file, as a JSON pointer.
	Pointer string `json:"pointer"`
	// Advisories are the names of the advisory, as written.
	Advisories []string `json:"advisories"`
	// Status is what it says of the products.
	Status Status `json:"status"`
	// Justification is why they are not affected; only what the format defines, else "".
	Justification string `json:"justification,omitempty"`
	// At is when it was said; zero where nobody knows. It is the statement's own time,
	// or the document's. Where a statement that says anything but not_affected could have
	// several, it is the last of them.
	At time.Time `json:"at,omitzero"`
	// Inherited says that an OpenVEX statement has no time of its own, and At is the
	// document's.
	Inherited bool `json:"inherited,omitempty"`
	// Products are what it speaks of. A CycloneDX statement has one for each of the
	// components that it affects.
	Products []Subject `json:"products,omitempty"`
}

// Subject is a product, or a component of one, as a statement names it.
type Subject struct {
	// PURLs are its package URLs, all of which it must have.
	PURLs []release.PURL `json:"purls,omitempty"`
	// Digest is its SHA-256; zero where none was given.
	Digest release.Digest `json:"digest,omitzero"`
	// Opaque says what else it is called that cannot be compared here: a CPE, a link,
	// another hash, a range of versions. "" if nothing is.
	Opaque release.Text `json:"opaque,omitempty"`
	// Components are the components of the product that the statement is about; of a
	// component it is nil.
	Components []Subject `json:"components,omitempty"`
}

// Parse reads a document; path names it in gaps. What cannot be read is a gap.
func Parse(path release.Path, b []byte) Document {
	p := parser{doc: Document{Source: release.Source{Path: path, Digest: release.DigestOf(b)}}}
	if len(b) > MaxBytes {
		p.gap(release.GapTooLarge, "", fmt.Sprintf("%d bytes are more than %d", len(b), MaxBytes))
		return p.doc
	}
	var head struct {
		Context     string `json:"@context"`
		BOMFormat   string `json:"bomFormat"`
		SpecVersion string `json:"specVersion"`
	}
	if !p.read(b, &head) {
		return p.doc
	}
	switch {
	case head.Context != "" && head.BOMFormat != "":
		p.gap(release.GapAmbiguous, "", "it says that it is both OpenVEX and CycloneDX")
	case head.Context == openVEXContext:
		p.openVEX(b)
	case head.BOMFormat == "CycloneDX" && cycloneDXVersions[head.SpecVersion]:
		p.cycloneDX(b, head.SpecVersion)
	default:
		p.gap(release.GapUnsupported, "", fmt.Sprintf("neither OpenVEX 0.2 (@context %.60q) nor CycloneDX 1.4 to 1.7 (%.20q %.20q)", head.Context, head.BOMFormat, head.SpecVersion))
	}
	return p.doc
}

// parser fills a document.
type parser struct {
	doc   Document
	names int // how many names of products and components there are so far
	bad   int // gaps of statements, of which few are kept
}

func (p *parser) gap(kind release.GapKind, pointer, detail string) {
	subject := p.doc.Source.Path.String()
	if pointer != "" {
		subject += "#" + pointer
	}
	p.doc.Gaps = append(p.doc.Gaps, release.Gap{Kind: kind, Subject: subject, Detail: "VEX: " + detail})
}

// gapIn is a gap inside the document, which is read in part only from then on.
func (p *parser) gapIn(pointer, format string, args ...any) {
	const most = 20
	p.doc.Coverage = min(p.doc.Coverage, release.CoveragePartial)
	if p.bad++; p.bad <= most {
		p.gap(release.GapUnreadable, pointer, fmt.Sprintf(format, args...))
	}
}

// read reads the document into one of our structures.
func (p *parser) read(b []byte, v any) bool {
	limits := strictjson.Limits{Package: "vex", Bytes: MaxBytes, Depth: MaxDepth, Names: 1 << 16, Elements: MaxNames}
	if err := strictjson.Unmarshal(b, v, limits); err != nil {
		p.gap(release.GapUnreadable, "", err.Error())
		return false
	}
	return true
}

// full reports whether n more names are too many, and leaves a gap if so.
func (p *parser) full(n int) bool {
	if p.names += n; p.names <= MaxNames && len(p.doc.Statements) < MaxStatements {
		return false
	}
	p.doc.Coverage, p.doc.Statements = release.CoverageMissing, nil
	p.gap(release.GapTooLarge, "", fmt.Sprintf("more than %d statements or %d names of products", MaxStatements, MaxNames))
	return true
}

// time reads a time, and leaves a gap where it is not one. "" is no time.
func (p *parser) time(pointer, s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.IsZero() {
		p.gapIn(pointer, "%.40q is not a time", s)
		return time.Time{}
	}
	return t.UTC()
}

// purl adds what may be a package URL to a subject.
func (s *Subject) purl(text string) {
	v, err := release.ParsePURL(text)
	if err != nil {
		s.opaque(text)
		return
	}
	s.PURLs = append(s.PURLs, v)
}

// opaque adds what cannot be compared.
func (s *Subject) opaque(text string) {
	if s.Opaque == "" {
		s.Opaque = release.Text(strings.ToValidUTF8(text[:min(len(text), 200)], "?"))
	}
}
