package vex

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

var cycloneDXVersions = map[string]bool{"1.4": true, "1.5": true, "1.6": true, "1.7": true}

// The shape of the parts of CycloneDX that make a VEX document
// (https://cyclonedx.org/docs/1.7/json/#vulnerabilities).
type cdxFile struct {
	SerialNumber    string             `json:"serialNumber"`
	Version         int                `json:"version"`
	Metadata        cdxMetadata        `json:"metadata"`
	Components      []cdxComponent     `json:"components"`
	Vulnerabilities []cdxVulnerability `json:"vulnerabilities"`
}

type cdxMetadata struct {
	Timestamp    string       `json:"timestamp"`
	Authors      []cdxNamed   `json:"authors"`
	Manufacturer cdxNamed     `json:"manufacturer"`
	Supplier     cdxNamed     `json:"supplier"`
	Component    cdxComponent `json:"component"`
}

type cdxNamed struct {
	Name string `json:"name"`
}

type cdxComponent struct {
	Ref        string         `json:"bom-ref"`
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	PURL       string         `json:"purl"`
	Hashes     []cdxHash      `json:"hashes"`
	Components []cdxComponent `json:"components"`
}

type cdxHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type cdxVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Analysis *struct {
		State         string `json:"state"`
		Justification string `json:"justification"`
		FirstIssued   string `json:"firstIssued"`
		LastUpdated   string `json:"lastUpdated"`
	} `json:"analysis"`
	Affects []cdxAffects `json:"affects"`
}

type cdxAffects struct {
	Ref      string `json:"ref"`
	Versions []struct {
		Version string `json:"version"`
		Range   string `json:"range"`
		Status  string `json:"status"`
	} `json:"versions"`
}

func (p *parser) cycloneDX(b []byte, version string) {
	var f cdxFile
	if !p.read(b, &f) {
		return
	}
	d := &p.doc
	d.Coverage = release.CoverageComplete
	d.Source.Format = "cyclonedx/" + version
	d.Source.At = p.time("/metadata/timestamp", f.Metadata.Timestamp)
	d.Version = max(f.Version, 1)
	if d.Series = release.Text(f.SerialNumber).String(); d.Series != "" {
		d.ID = fmt.Sprintf("%s/%d", d.Series, d.Version)
	}
	d.ClaimedAuthor = release.Text(claimedAuthor(f.Metadata))
	refs := refs{}
	product := f.Metadata.Component
	refs.add(product)
	for _, c := range f.Components {
		refs.add(c)
	}
	for i, in := range f.Vulnerabilities {
		pointer := fmt.Sprintf("/vulnerabilities/%d", i)
		if in.Analysis == nil {
			continue // an advisory without a statement about it
		}
		out := Statement{Pointer: pointer, Status: cycloneDX[in.Analysis.State]}
		if cycloneDXJustifications[in.Analysis.Justification] {
			out.Justification = in.Analysis.Justification
		}
		if in.ID != "" {
			out.Advisories = append(out.Advisories, in.ID)
		}
		for _, r := range in.References {
			if r.ID != "" {
				out.Advisories = append(out.Advisories, r.ID)
			}
		}
		if len(out.Advisories) == 0 {
			p.gapIn(pointer, "the vulnerability has no id")
		}
		out.At = latest(p.time(pointer+"/analysis/firstIssued", in.Analysis.FirstIssued), p.time(pointer+"/analysis/lastUpdated", in.Analysis.LastUpdated))
		if out.At.IsZero() {
			out.At = d.Source.At
		}
		names := len(out.Advisories)
		for _, a := range in.Affects {
			names += 1 + len(a.Versions)
		}
		if p.full(names) {
			return
		}
		affected := refs.affected(in.Affects)
		for _, a := range in.Affects {
			out.Products = append(out.Products, refs.product(product, a, out.Status, affected))
		}
		d.Statements = append(d.Statements, out)
	}
}

func claimedAuthor(m cdxMetadata) string {
	var names []string
	for _, a := range append(m.Authors, m.Manufacturer, m.Supplier) {
		if a.Name != "" && (len(names) == 0 || len(names) < len(m.Authors)) {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ", ")
}

// refs are the document's components by bom-ref; one that two share is nobody's.
type refs map[string]*cdxComponent

func (r refs) add(c cdxComponent) {
	if _, twice := r[c.Ref]; twice {
		r[c.Ref] = nil
	} else if c.Ref != "" {
		r[c.Ref] = &c
	}
	for _, below := range c.Components {
		r.add(below)
	}
}

// affected are the versions of components that the entries of "affects" do not say to
// be unaffected, in the form in which they are compared; "" is a range.
func (r refs) affected(entries []cdxAffects) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, a := range entries {
		key := ""
		for _, v := range a.Versions {
			if v.Status == "unaffected" {
				continue
			}
			if key == "" {
				if key = a.Ref; r[key] != nil {
					below := r[key].subject()
					key = below.key(key)
				}
				if out[key] == nil {
					out[key] = map[string]bool{}
				}
			}
			version := ""
			if v.Range == "" {
				version = bare(v.Version)
			}
			out[key][version] = true
		}
	}
	return out
}

// key is what components are told apart by: the package, or else the reference.
func (s *Subject) key(ref string) string {
	if len(s.PURLs) > 0 {
		return string(s.PURLs[0].Package())
	}
	return ref
}

// product is what an entry of "affects" speaks of: the document's own component with
// the affected one below it. A link into another document stays opaque.
func (r refs) product(root cdxComponent, a cdxAffects, status Status, affected map[string]map[string]bool) Subject {
	s := root.subject()
	c := r[a.Ref]
	if c != nil && c.Ref == root.Ref {
		return s // the product as a whole
	}
	if c == nil {
		var below Subject
		below.opaque("ref " + a.Ref)
		s.Components = []Subject{below}
		if strings.HasPrefix(a.Ref, "urn:cdx:") {
			s = Subject{Opaque: below.Opaque, Components: s.Components} // of another document's product
		}
		return s
	}
	below := *c
	below.Hashes = nil // advisories go by version, and nobody tells us of its content
	base := below.subject()
	if status != StatusNotAffected {
		if len(a.Versions) > 0 {
			base = base.at("") // other statuses count for all versions of it
		}
		s.Components = []Subject{base}
		return s
	}
	also := affected[base.key(a.Ref)]
	if len(a.Versions) == 0 {
		for _, p := range base.PURLs {
			base.contradicted(also, p.Version())
		}
		s.Components = []Subject{base}
		return s
	}
	for _, v := range a.Versions {
		below := base
		switch {
		case v.Status != "unaffected":
			below.opaque("a version with status " + v.Status)
		case v.Range != "" || v.Version == "":
			below.opaque("versions " + v.Range)
		default:
			below = base.at(v.Version)
			below.contradicted(also, v.Version)
		}
		s.Components = append(s.Components, below)
	}
	return s
}

// contradicted makes a version opaque that the same statement also says, or may say, to
// be affected.
func (s *Subject) contradicted(affected map[string]bool, version string) {
	if affected[""] || affected[bare(version)] {
		s.opaque("a version that is affected too")
	}
}

func (c *cdxComponent) subject() Subject {
	var s Subject
	if c.PURL != "" {
		s.purl(c.PURL)
	} else {
		s.opaque(strings.TrimSpace(c.Name + " " + c.Version))
	}
	if len(s.PURLs) == 1 && s.PURLs[0].Version() == "" && c.Version != "" {
		s.PURLs[0] = s.PURLs[0].At(c.Version)
	}
	for _, h := range c.Hashes {
		if h.Algorithm != "SHA-256" {
			continue
		}
		d, err := release.ParseDigest("sha256:" + strings.ToLower(h.Content))
		if err != nil || !s.Digest.IsZero() && s.Digest != d {
			s.opaque("SHA-256 " + h.Content)
		}
		s.Digest = d
	}
	if len(c.Hashes) > 0 && s.Digest.IsZero() {
		s.opaque(c.Hashes[0].Algorithm + " " + c.Hashes[0].Content)
	}
	return s
}

// at is the subject in another version; "" stands for all.
func (s Subject) at(version string) Subject {
	out := Subject{Opaque: s.Opaque}
	for _, p := range s.PURLs {
		out.PURLs = append(out.PURLs, p.At(version))
	}
	return out
}
