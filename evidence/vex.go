package evidence

import (
	"errors"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

// typeVEX begins the predicate types of OpenVEX documents, of whatever version: one
// that package vex does not read may say that the release is affected.
const typeVEX = "https://openvex.dev/ns"

func isVEX(predicateType string) bool {
	rest, ok := strings.CutPrefix(predicateType, typeVEX)
	return ok && (rest == "" || rest[0] == '/')
}

// document is a VEX document about the release, as it is in a statement.
type document struct {
	it       *item
	subjects []Subject
	products map[*release.Artifact]*product
}

// product is an artifact, as one document may call it.
type product struct {
	subject bool        // it is a subject, by its SHA-256
	named   bool        // under its own name or package URL
	is      vex.Matcher // with the names that the document's subjects give this very content
	may     vex.Matcher
}

// product compares the document's subjects with an artifact.
func (d *document) product(a *release.Artifact) *product {
	if p, ok := d.products[a]; ok {
		return p
	}
	p, own := &product{}, vex.Product{Digest: a.Digest}
	if a.PURL != "" {
		own.PURLs = []release.PURL{a.PURL}
	}
	p.may = vex.NewMatcher(own)
	for _, s := range d.subjects {
		if !s.Matches("sha256", a.Digest.Hex()) {
			continue
		}
		p.subject, p.named = true, p.named || s.Name == a.Name
		for _, name := range []string{s.Name, s.URI} {
			if u, err := release.ParsePURL(name); err == nil {
				p.named = p.named || u == a.PURL
				own.PURLs = append(slices.Clone(own.PURLs), u)
			}
		}
	}
	p.is = vex.NewMatcher(own)
	d.products[a] = p
	return p
}

// claim is one statement of a VEX document about the release.
type claim struct {
	*document
	statement *vex.Statement
	names     map[string]bool // of the vulnerability, in capitals
}

// settles reports whether the claim says of a product that it is not affected, in a
// way that is taken: with a justification, or because it is fixed.
func (c *claim) settles() bool {
	return c.statement.Status == vex.StatusFixed || c.statement.Status == vex.StatusNotAffected && c.statement.Justification != ""
}

// otherwise reports whether the claim takes others away. A claim that something is
// not affected, without a reason, does neither.
func (c *claim) otherwise() bool {
	return c.statement.Status != vex.StatusFixed && c.statement.Status != vex.StatusNotAffected
}

// covers reports whether the claim surely is about an artifact: about all of it, about
// the component that is given, or about any where those are taken for the whole. Where it names no
// product, the subjects are its products (openvex/spec ATTESTING.md, "The VEX
// Product and the Attestation's Subject").
func (c *claim) covers(a *release.Artifact, component *vex.Matcher, anyComponent bool) bool {
	p := c.product(a)
	if !p.subject || len(c.statement.Products) == 0 {
		return p.subject && p.named
	}
	for i := range c.statement.Products {
		s := &c.statement.Products[i]
		within := len(s.Components) == 0 || anyComponent
		for k := range s.Components {
			within = within || component != nil && component.Is(&s.Components[k])
		}
		if within && p.is.Is(s) {
			return true
		}
	}
	return false
}

// mayBe reports whether the claim may be about an artifact, by its own names or by
// those that the document gives it.
func (c *claim) mayBe(a *release.Artifact) bool {
	p := c.product(a)
	for i := range c.statement.Products {
		if s := &c.statement.Products[i]; p.may.MayBe(s) || p.subject && p.is.MayBe(s) {
			return true
		}
	}
	return len(c.statement.Products) == 0
}

// usable reports whether what the claim says in favour of the release counts now.
func (c *claim) usable(j *judge) bool {
	said := c.statement.At
	return c.settles() && c.it.revoked == nil && c.it.barred == "" && c.it.broken == nil && j.current(c.it) == "" && !said.IsZero() && !said.After(j.now)
}

// claims are those of all VEX documents about the release, by the names of what they
// are about in capitals. A document that is not read as a whole is broken.
func (j *judge) claims() map[string][]*claim {
	out := map[string][]*claim{}
	for _, it := range j.items {
		if !isVEX(it.typ) {
			continue
		}
		doc := it.verified.document()
		if doc.Coverage != release.CoverageComplete || !strings.HasPrefix(doc.Source.Format, "openvex/") {
			it.broken = unread(doc.Gaps)
		}
		d := &document{it: it, subjects: it.statement.subjects, products: map[*release.Artifact]*product{}}
		for i := range doc.Statements {
			c := &claim{document: d, statement: &doc.Statements[i], names: map[string]bool{}}
			for _, name := range c.statement.Advisories {
				if name = strings.ToUpper(name); !c.names[name] {
					c.names[name] = true
					out[name] = append(out[name], c)
				}
			}
		}
	}
	return out
}

// document is what a VEX document says.
func (v *verified) document() *vex.Document {
	return v.vex.get(func() *vex.Document {
		d := vex.Parse("", v.statement.predicate)
		return &d
	})
}

// unread is why a document was not read.
func unread(gaps []release.Gap) error {
	if len(gaps) == 0 {
		return errors.New("it is no OpenVEX document")
	}
	return errors.New(release.Text(gaps[0].Detail).String())
}
