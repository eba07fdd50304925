package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/sallyport-dev/sallyport/release"
)

// contents are the types of components that are no packages.
var contents = []cdx.ComponentType{cdx.ComponentTypeFile, cdx.ComponentTypeData, cdx.ComponentTypeCryptographicAsset}

// describe fills a node with what the document says of its component.
func (r *cdxReader) describe(c *cdx.Component, tag element) error {
	r.name(tag.node, c.BOMRef, tag.at)
	label := cdxLabel{r.place(tag.at), c}
	if c.PackageURL == "" {
		switch {
		case slices.Contains(r.root, tag.node):
		case slices.Contains(contents, c.Type):
			r.contents[string(c.Type)]++
		default:
			r.gap(release.GapUnreadable, "%s has no package URL", label)
		}
		return nil
	}
	p, dropped, err := packageURL(c.PackageURL, c.Version)
	if err != nil {
		r.gap(release.GapUnreadable, "%s: %s", label, printable(err))
		return nil
	}
	n := &r.nodes[tag.node]
	n.c.PURL = p
	n.c.Scope = cdxScope(c.Scope)
	if c.VersionRange != "" || p.Version() == "" || ranges(p.Version()) {
		r.note(release.GapUnpinned, "%s has no version", p)
	} else if !agree(p.Version(), c.Version) {
		r.note(release.GapAmbiguous, "%s: the package URL is %s", label, p)
	}
	if c.Hashes != nil {
		var all []checksum
		for _, h := range *c.Hashes {
			all = append(all, checksum{string(h.Algorithm), h.Value})
		}
		r.hashes(n, all)
	}
	if c.Licenses != nil {
		n.c.License = cdxLicense(*c.Licenses)
	}
	if c.ExternalReferences != nil {
		for _, ref := range *c.ExternalReferences {
			if ref.Type == cdx.ERTypeDistribution && n.c.Origin == "" {
				more := false
				n.c.Origin, more = origin(p, ref.URL)
				dropped = dropped || more
			}
		}
	}
	r.unseen(n, dropped)
	return nil
}

// cdxLabel names a component for people.
type cdxLabel struct {
	at fmt.Stringer
	c  *cdx.Component
}

// String is the place, type, name and version.
func (l cdxLabel) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", l.at, cut(string(l.c.Type)), quoted(strings.TrimPrefix(l.c.Group+"/"+l.c.Name, "/")), cut(l.c.Version)))
}

func cdxScope(s cdx.Scope) release.Scope {
	switch s {
	case cdx.ScopeRequired:
		return release.ScopeRuntime
	case cdx.ScopeOptional:
		return release.ScopeOptional
	case cdx.ScopeExcluded:
		return release.ScopeDevelopment
	}
	return release.ScopeUnknown
}

// cdxLicense is the SPDX expression of a component's licences: of those that were
// declared, or, where nobody says which those are, of all.
func cdxLicense(list cdx.Licenses) string {
	var declared, concluded []string
	for _, l := range list {
		text, ack := l.Expression, l.Acknowledgement
		if l.License != nil {
			text = cmp.Or(licenseID(l.License.ID), licenseID(l.License.Name))
			ack = &l.License.Acknowledgement
		} else {
			text = expression(text)
		}
		if ack != nil && *ack == cdx.LicenseAcknowledgementConcluded {
			concluded = append(concluded, text)
		} else {
			declared = append(declared, text)
		}
	}
	return cmp.Or(allOf(declared), allOf(concluded))
}
