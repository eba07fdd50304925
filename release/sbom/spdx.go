package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// spdxVersions are the versions that are read (https://spdx.github.io/spdx-spec/v2.3/).
var spdxVersions = []string{"SPDX-2.2", "SPDX-2.3"}

// spdxPackage is the part of a package that is read (SPDX 2.3, clause 7).
type spdxPackage struct {
	ID        string            `json:"SPDXID"`
	Name      string            `json:"name"`
	Version   string            `json:"versionInfo"`
	Location  string            `json:"downloadLocation"`
	Declared  string            `json:"licenseDeclared"`
	Concluded string            `json:"licenseConcluded"`
	Checksums []spdxChecksum    `json:"checksums"`
	Code      spdxCode          `json:"packageVerificationCode"`
	Refs      []spdxExternalRef `json:"externalRefs"`
}

// spdxChecksum is a hash of a package's content (7.10).
type spdxChecksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

// spdxCode is a hash of the hashes of a package's files (7.9).
type spdxCode struct {
	Value string `json:"packageVerificationCodeValue"`
}

// spdxExternalRef names a package elsewhere (7.21).
type spdxExternalRef struct {
	Type    string `json:"referenceType"`
	Locator string `json:"referenceLocator"`
}

// spdxRelationship is how two elements relate (clause 11).
type spdxRelationship struct {
	From string `json:"spdxElementId"`
	To   string `json:"relatedSpdxElement"`
	Type string `json:"relationshipType"`
}

// spdxReader reads one SPDX document.
type spdxReader struct {
	*document
	*builder
	self      string         // the document's own identifier
	described []string       // what the document describes
	scopes    map[int32]bool // nodes whose scope a relationship has set
}

func spdx2(path release.Path, d *document) release.Inventory {
	source := release.Source{Path: path, Format: "spdx", Digest: release.DigestOf(d.b)}
	version, err := d.text("spdxVersion")
	if err != nil {
		return unreadable(path, d.b, source.Format, err)
	}
	if !slices.Contains(spdxVersions, version) {
		return missing(path, d.b, source.Format, release.GapUnsupported, "sbom: spdxVersion "+strictjson.Quoted(version)+" is not read")
	}
	source.Format += "/" + strings.TrimPrefix(version, "SPDX-")
	r := &spdxReader{document: d, builder: newBuilder(d, source), scopes: map[int32]bool{}}
	if r.self, err = d.text("SPDXID"); err != nil {
		return unreadable(path, d.b, source.Format, err)
	}
	r.self = cmp.Or(r.self, "SPDXRef-DOCUMENT")
	r.others[r.self] = true
	for _, step := range []struct {
		member string
		read   func(*strictjson.Scanner, int) error
	}{{"creationInfo", r.creation}, {"packages", r.packages}, {"documentDescribes", r.describes}, {"relationships", r.relationships}, {"files", r.elements}, {"snippets", r.elements}} {
		from := d.at[step.member].from
		if err := d.member(step.member, func(s *strictjson.Scanner) error { return step.read(s, from) }); err != nil {
			return unreadable(path, d.b, source.Format, err)
		}
	}
	if _, ok := d.at["packages"]; !ok {
		r.gap(release.GapIncomplete, "it has no list of packages")
	}
	r.roots()
	return r.inventory()
}

// creation reads who made the document, and when (clause 6.8, 6.9).
func (r *spdxReader) creation(s *strictjson.Scanner, _ int) error {
	known := names("created", "creators")
	return s.Object(func(name []byte) error {
		i, err := s.Field(name, known)
		switch {
		case err != nil:
		case i == 0:
			var text string
			text, err = s.Str()
			r.source.At = moment(text)
		case i == 1:
			err = s.Array(func(int) error {
				text, err := s.Str()
				if tool, ok := strings.CutPrefix(text, "Tool:"); ok {
					tool = strings.TrimSpace(tool)
					name, version := tool, ""
					if i := strings.LastIndexByte(tool, '-'); i > 0 && strings.ContainsAny(tool[i:], "0123456789") {
						name, version = tool[:i], tool[i+1:]
					}
					r.tool(name, version)
				}
				return err
			})
		default:
			_, err = s.Value()
		}
		return err
	})
}

func (r *spdxReader) packages(s *strictjson.Scanner, base int) error {
	e := elements[spdxPackage]{document: r.document, visit: r.describe,
		keep: names("SPDXID", "name", "versionInfo", "downloadLocation", "licenseDeclared", "licenseConcluded", "checksums", "packageVerificationCode", "externalRefs")}
	err := s.Array(func(int) error {
		node, err := r.add()
		if err != nil {
			return err
		}
		return e.add(s, base, node)
	})
	if err != nil {
		return err
	}
	return e.flush()
}

// spdxLabel names a package for people.
type spdxLabel struct {
	at fmt.Stringer
	p  *spdxPackage
}

// String is the place, name and version.
func (l spdxLabel) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: package %s %s", l.at, quoted(l.p.Name), cut(l.p.Version)))
}

// How many package URLs one package may have, and how many more than one all may have
// together. Most have one.
const (
	maxURLs     = 100
	maxMoreURLs = 10_000
)

// describe fills a node with what the document says of its package.
func (r *spdxReader) describe(p *spdxPackage, tag element) error {
	r.name(tag.node, p.ID, tag.at)
	n := &r.nodes[tag.node]
	n.at = tag.at
	label := spdxLabel{r.place(tag.at), p}
	refs, dropped := 0, false
	for _, ref := range p.Refs {
		if ref.Type != "purl" && ref.Type != "http://spdx.org/rdf/references/purl" {
			continue
		}
		if refs++; refs > maxURLs {
			return tooLarge("line %d: a package with more than %d package URLs", r.line(tag.at), maxURLs)
		}
		id, more, err := packageURL(ref.Locator, p.Version)
		dropped = dropped || more
		switch {
		case err != nil:
			r.gap(release.GapUnreadable, "%s: %s", label, printable(err))
		case n.c.PURL == "":
			n.c.PURL = id
		case n.c.PURL != id && !slices.Contains(n.also, id):
			if r.urls++; r.urls > maxMoreURLs {
				return tooLarge("more than %d package URLs besides the first of their packages", maxMoreURLs)
			}
			n.also = append(n.also, id)
		}
	}
	if n.c.PURL == "" {
		n.name = strings.TrimSpace(quoted(p.Name) + " " + cut(p.Version))
		return nil // roots tells whether it should have one
	}
	if len(n.also) > 0 {
		r.note(release.GapAmbiguous, "%s has %d package URLs, such as %s and %s", label, len(n.also)+1, n.c.PURL, n.also[0])
	}
	if n.c.PURL.Version() == "" || ranges(n.c.PURL.Version()) {
		r.note(release.GapUnpinned, "%s has no version", n.c.PURL)
	} else if !agree(n.c.PURL.Version(), p.Version) && p.Version != "NOASSERTION" {
		r.note(release.GapAmbiguous, "%s: the package URL is %s", label, n.c.PURL)
	}
	all := make([]checksum, 0, len(p.Checksums))
	for _, c := range p.Checksums {
		all = append(all, checksum{c.Algorithm, c.Value})
	}
	if p.Code.Value != "" {
		all = append(all, checksum{verificationCode, p.Code.Value})
	}
	r.hashes(n, all)
	n.c.License = cmp.Or(expression(p.Declared), expression(p.Concluded))
	from, more := origin(n.c.PURL, p.Location)
	n.c.Origin = from
	r.unseen(n, dropped || more)
	return nil
}

// describes reads the list of SPDX 2.2, which 2.3 still allows.
func (r *spdxReader) describes(s *strictjson.Scanner, _ int) error {
	return s.Array(func(int) error {
		if r.said++; r.said > MaxEdges {
			return tooLarge("more than %d described elements", MaxEdges)
		}
		id, err := s.Str()
		if err == nil {
			r.describesOne(id)
		}
		return err
	})
}

// describesOne notes what the document describes. Packages have been read.
func (r *spdxReader) describesOne(id string) {
	if id == r.self { // old versions of syft say so, and mean nothing by it
		return
	}
	if _, ok := r.byRef[id]; !ok && id != "NONE" {
		r.dangling[id] = true // a file, or something that is not there, or NOASSERTION
		return
	}
	r.described = append(r.described, id)
}

// elements takes the identifiers of files and snippets, so that they are not missed as
// packages.
func (r *spdxReader) elements(s *strictjson.Scanner, _ int) error {
	known := names("SPDXID")
	return s.Array(func(int) error {
		return s.Object(func(name []byte) error {
			i, err := s.Field(name, known)
			if err != nil || i < 0 {
				if err == nil {
					_, err = s.Value()
				}
				return err
			}
			id, _, err := s.Bytes()
			if r.dangling[string(id)] {
				delete(r.dangling, string(id))
			}
			return err
		})
	})
}

func (r *spdxReader) relationships(s *strictjson.Scanner, base int) error {
	e := elements[spdxRelationship]{document: r.document, visit: r.relate, keep: names("spdxElementId", "relatedSpdxElement", "relationshipType")}
	err := s.Array(func(n int) error {
		if n >= MaxEdges {
			return tooLarge("more than %d relationships", MaxEdges)
		}
		return e.add(s, base, 0)
	})
	if err != nil {
		return err
	}
	return e.flush()
}

// meaning is what a type of relationship says.
type meaning struct {
	reverse  bool // the related element needs, or contains, the first
	contains bool
	scope    release.Scope // of what is needed
}

// meanings are the types that say that something needs or contains something (11.1).
var meanings = map[string]meaning{
	"DEPENDS_ON":             {},
	"DEPENDENCY_OF":          {reverse: true},
	"RUNTIME_DEPENDENCY_OF":  {reverse: true, scope: release.ScopeRuntime},
	"PROVIDED_DEPENDENCY_OF": {reverse: true, scope: release.ScopeRuntime},
	"OPTIONAL_DEPENDENCY_OF": {reverse: true, scope: release.ScopeOptional},
	"BUILD_DEPENDENCY_OF":    {reverse: true, scope: release.ScopeDevelopment},
	"DEV_DEPENDENCY_OF":      {reverse: true, scope: release.ScopeDevelopment},
	"TEST_DEPENDENCY_OF":     {reverse: true, scope: release.ScopeDevelopment},
	"BUILD_TOOL_OF":          {reverse: true, scope: release.ScopeDevelopment},
	"DEV_TOOL_OF":            {reverse: true, scope: release.ScopeDevelopment},
	"TEST_TOOL_OF":           {reverse: true, scope: release.ScopeDevelopment},
	"TEST_OF":                {reverse: true, scope: release.ScopeDevelopment},
	"STATIC_LINK":            {scope: release.ScopeRuntime},
	"DYNAMIC_LINK":           {scope: release.ScopeRuntime},
	"HAS_PREREQUISITE":       {},
	"PREREQUISITE_FOR":       {reverse: true},
	"CONTAINS":               {contains: true},
	"CONTAINED_BY":           {contains: true, reverse: true},
	"PACKAGE_OF":             {contains: true, reverse: true},
	"OPTIONAL_COMPONENT_OF":  {contains: true, reverse: true, scope: release.ScopeOptional},
}

func (r *spdxReader) relate(rel *spdxRelationship, tag element) error {
	switch rel.Type {
	case "DESCRIBES":
		if rel.From == r.self {
			r.describesOne(rel.To)
		}
		return nil
	case "DESCRIBED_BY":
		if rel.To == r.self {
			r.describesOne(rel.From)
		}
		return nil
	}
	m, ok := meanings[rel.Type]
	if !ok {
		return nil
	}
	from, to := rel.From, rel.To
	if m.reverse {
		from, to = to, from
	}
	for _, end := range []string{from, to} {
		switch end {
		case "NONE":
			return nil
		case "NOASSERTION":
			if !m.contains {
				r.vague = true
			}
			r.gap(release.GapIncomplete, "%s: %s %s %s: it says itself that it does not know", r.place(tag.at), quoted(rel.From), rel.Type, quoted(rel.To))
			return nil
		}
	}
	if from == r.self { // the document as a whole contains what is in it
		return nil
	}
	if first, ok := r.byRef[to]; ok {
		for n := first; ; n = r.nodes[n].same {
			switch {
			case m.contains && m.scope == release.ScopeUnknown: // containment does not say what for
			case r.scopes[n]:
				r.nodes[n].c.Scope = min(r.nodes[n].c.Scope, m.scope)
			default:
				r.nodes[n].c.Scope, r.scopes[n] = m.scope, true
			}
			if r.nodes[n].same == 0 {
				break
			}
		}
	}
	return r.need(from, to, pair{contains: m.contains})
}

// roots are the packages that the document describes. Only a single one is the
// inventory's root. Other packages without a package URL are gaps.
func (r *spdxReader) roots() {
	slices.Sort(r.described)
	for _, id := range slices.Compact(r.described) {
		n, ok := r.byRef[id]
		if !ok {
			continue // a file, or something that is not there
		}
		for ; ; n = r.nodes[n].same {
			r.root = append(r.root, n)
			if r.nodes[n].same == 0 {
				break
			}
		}
	}
	for i := range r.nodes {
		n := &r.nodes[i]
		if n.c.PURL == "" && !(len(r.root) == 1 && r.root[0] == int32(i)) {
			r.gap(release.GapUnreadable, "%s: package %s has no package URL", r.place(n.at), n.name)
		}
	}
}
