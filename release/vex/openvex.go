package vex

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

const openVEXContext = "https://openvex.dev/ns/v0.2.0"

// The shape of OpenVEX 0.2 (OPENVEX-SPEC.md, "The OpenVEX Format").
type openVEXFile struct {
	ID          string             `json:"@id"`
	Author      string             `json:"author"`
	Timestamp   string             `json:"timestamp"`
	LastUpdated string             `json:"last_updated"`
	Version     any                `json:"version"`
	Tooling     string             `json:"tooling"`
	Statements  []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	Vulnerability struct {
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	} `json:"vulnerability"`
	Timestamp     string           `json:"timestamp"`
	LastUpdated   string           `json:"last_updated"`
	Products      []openVEXProduct `json:"products"`
	Status        string           `json:"status"`
	Justification string           `json:"justification"`
}

type openVEXProduct struct {
	ID            string             `json:"@id"`
	Identifiers   map[string]string  `json:"identifiers"`
	Hashes        map[string]string  `json:"hashes"`
	Subcomponents []openVEXComponent `json:"subcomponents"`
}

type openVEXComponent struct {
	ID          string            `json:"@id"`
	Identifiers map[string]string `json:"identifiers"`
	Hashes      map[string]string `json:"hashes"`
}

func (p *parser) openVEX(b []byte) {
	var f openVEXFile
	if !p.read(b, &f) {
		return
	}
	d := &p.doc
	d.Coverage = release.CoverageComplete
	d.ID, d.ClaimedAuthor = release.Text(f.ID).String(), release.Text(f.Author)
	d.Series, d.Version = d.ID, p.version(f.Version)
	d.Source.Format, d.Source.Tool = "openvex/0.2.0", release.Text(f.Tooling)
	said := p.time("/timestamp", f.Timestamp)
	updated := p.time("/last_updated", f.LastUpdated)
	d.Source.At = latest(said, updated)
	for i, in := range f.Statements {
		pointer := fmt.Sprintf("/statements/%d", i)
		out := Statement{Pointer: pointer, Status: openVEX[in.Status]}
		if openVEXJustifications[in.Justification] {
			out.Justification = in.Justification
		}
		for _, name := range append([]string{in.Vulnerability.Name}, in.Vulnerability.Aliases...) {
			if name != "" {
				out.Advisories = append(out.Advisories, name)
			}
		}
		if len(out.Advisories) == 0 {
			p.gapIn(pointer, "no vulnerability is named")
		}
		if out.Status == StatusUnknown {
			p.gapIn(pointer, "status %.40q is not one of OpenVEX", in.Status)
		}
		// A statement's time overrides the document's (section "Inheritance Flow").
		own, ownUpdated := p.time(pointer+"/timestamp", in.Timestamp), p.time(pointer+"/last_updated", in.LastUpdated)
		out.At = latest(own, ownUpdated)
		out.Inherited = out.At.IsZero()
		switch {
		case !out.At.IsZero():
		case out.Status == StatusNotAffected:
			out.At = said // another statement's update makes this one no younger
		default:
			out.At = d.Source.At
		}
		names := len(out.Advisories)
		for _, product := range in.Products {
			names += 1 + len(product.Subcomponents)
		}
		if p.full(names) {
			return
		}
		for _, product := range in.Products {
			s := openVEXSubject(openVEXComponent{product.ID, product.Identifiers, product.Hashes})
			for _, c := range product.Subcomponents {
				c.Hashes = nil // advisories go by version, and nobody tells us of its content
				s.Components = append(s.Components, openVEXSubject(c))
			}
			out.Products = append(out.Products, s)
		}
		d.Statements = append(d.Statements, out)
	}
}

// version reads a document's version, which is a number.
func (p *parser) version(v any) int {
	if v == nil {
		return 0
	}
	n, ok := v.(float64)
	if !ok || n < 0 || n > 1<<31 || n != math.Trunc(n) {
		p.gapIn("/version", "%.40q is not the number of a version", fmt.Sprint(v))
		return 0
	}
	return int(n)
}

func openVEXSubject(c openVEXComponent) Subject {
	var s Subject
	if strings.HasPrefix(strings.ToLower(c.ID), "pkg:") {
		s.purl(c.ID)
	}
	if purl := c.Identifiers["purl"]; purl != "" {
		s.purl(purl)
	}
	slices.Sort(s.PURLs)
	s.PURLs = slices.Compact(s.PURLs)
	if text, ok := c.Hashes["sha-256"]; ok {
		d, err := release.ParseDigest("sha256:" + strings.ToLower(text))
		if err != nil {
			s.opaque("sha-256:" + text)
		}
		s.Digest = d
	} else if len(c.Hashes) > 0 {
		name := slices.Sorted(maps.Keys(c.Hashes))[0]
		s.opaque(name + ":" + c.Hashes[name])
	}
	if len(s.PURLs) == 0 && s.Digest.IsZero() { // what else is it called?
		s.opaque(c.ID)
		for _, name := range slices.Sorted(maps.Keys(c.Identifiers)) {
			s.opaque(c.Identifiers[name])
		}
	}
	return s
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
