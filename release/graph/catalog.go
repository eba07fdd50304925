package graph

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
)

// MaxCatalog is the size in bytes of the largest catalog file that is read.
const MaxCatalog = 4 << 20

var catalogLimits = strictyaml.Limits{Package: "graph", Bytes: MaxCatalog, Nodes: 100_000, Depth: 64, Documents: 10_000}

// CatalogOptions say how to read what a catalog leaves to its users. A catalog that
// somebody writes in the same repository as the code can be changed by the same
// people; only what a host gives here lets a catalog lower a criticality.
type CatalogOptions struct {
	// Annotation is the key in metadata.annotations that holds an entity's criticality.
	// If empty, criticalities are unknown.
	Annotation string
	// Levels are the criticalities in (0, 1] by what the annotation says, whatever its
	// case. What is not in it is a gap, and unknown. If nil, the annotation must be a
	// number in (0, 1].
	Levels map[string]float64
	// Lifecycles are the criticalities in (0, 1] by spec.lifecycle ("production",
	// "experimental"), for entities without the annotation. If nil, a lifecycle says
	// nothing.
	Lifecycles map[string]float64
}

// AddCatalog adds the entities of a Backstage catalog file: YAML with one or more
// documents (https://backstage.io/docs/features/software-catalog/descriptor-format).
// nil options are the zero value. path names the file in gaps.
//
// Entities of kind Component, API, Resource, System and Domain are nodes, by their
// references in lower case: "component:default/cart". An edge is:
//
//	spec.dependsOn, spec.consumesApis     runtime, to the other
//	spec.dependencyOf                     runtime, from the other
//	spec.providesApis                     part, from the API: it is the face of the component
//	spec.subcomponentOf, system, domain,  part, from the other, which consists of it
//	subdomainOf
//
// References are "[kind:][namespace/]name". A missing namespace is that of the
// entity, a missing kind is that which the field implies. In dependsOn and
// dependencyOf no kind is implied: Component is taken, and a gap says so. An entity
// without a spec, or with one that stands in another file ($yaml), is a gap. Users, groups,
// locations and templates are not components; a Location is a gap, because it names
// files that were not read. So are, when the graph is built, entities that are named
// and that no file describes. A file that is no catalog is a gap and adds nothing.
func (b *Builder) AddCatalog(path release.Path, text []byte, o *CatalogOptions) {
	if o == nil {
		o = &CatalogOptions{}
	}
	if err := o.validate(); err != nil {
		b.fail(err)
		return
	}
	docs, err := strictyaml.Documents(text, catalogLimits)
	if err != nil {
		kind := release.GapUnreadable
		if e, ok := errors.AsType[*strictyaml.SyntaxError](err); ok && e.TooLarge {
			kind = release.GapTooLarge
		}
		b.AddGap(release.Gap{Kind: kind, Subject: path.String(), Detail: printable(err)})
		return
	}
	c := catalog{Builder: b, path: path, options: o}
	for _, doc := range docs {
		if strictyaml.KindOf(doc) != strictyaml.Null { // an empty document
			c.entity(doc)
			c.entities++
		}
	}
	if c.entities == 0 {
		c.gap(release.GapUnreadable, nil, "it describes no entities")
	}
}

func (o *CatalogOptions) validate() error {
	var errs []error
	for _, m := range []map[string]float64{o.Levels, o.Lifecycles} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if v := m[name]; !(v > 0 && v <= 1) {
				errs = append(errs, fmt.Errorf("graph: criticality %v of %s is not in (0, 1]", v, strictjson.Quoted(name)))
			}
		}
	}
	return errors.Join(errs...)
}

// catalog reads the entities of one file.
type catalog struct {
	*Builder
	path     release.Path
	options  *CatalogOptions
	entities int
}

func (c *catalog) gap(kind release.GapKind, at *yaml.Node, format string, args ...any) {
	detail := "graph: "
	if at != nil {
		detail += fmt.Sprintf("line %d: ", at.Line)
	}
	c.AddGap(release.Gap{Kind: kind, Subject: c.path.String(), Detail: detail + fmt.Sprintf(format, args...)})
}

// relation is one field of spec that refers to others.
type relation struct {
	field   string
	implied string // the kind of a reference without one
	kind    EdgeKind
	reverse bool // the edge comes from the other
}

var relations = []relation{
	{"dependsOn", "", EdgeRuntime, false},
	{"dependencyOf", "", EdgeRuntime, true},
	{"consumesApis", "api", EdgeRuntime, false},
	{"providesApis", "api", EdgePart, true},
	{"subcomponentOf", "component", EdgePart, true},
	{"system", "system", EdgePart, true},
	{"domain", "domain", EdgePart, true},
	{"subdomainOf", "domain", EdgePart, true},
}

func (c *catalog) entity(doc *yaml.Node) {
	api, kind := strictyaml.Text(strictyaml.Get(doc, "apiVersion")), strictyaml.Text(strictyaml.Get(doc, "kind"))
	if strings.HasPrefix(api, "scaffolder.backstage.io/") && strings.EqualFold(kind, "template") {
		return
	}
	if api != "backstage.io/v1alpha1" && api != "backstage.io/v1beta1" {
		c.gap(release.GapUnsupported, doc, "apiVersion %s is not one of Backstage's", strictjson.Quoted(api))
		return
	}
	switch kind = strings.ToLower(kind); kind {
	case "component", "api", "resource", "system", "domain":
	case "user", "group", "template":
		return
	case "location":
		c.gap(release.GapIncomplete, doc, "it refers to other files, which were not read")
		return
	default:
		c.gap(release.GapUnsupported, doc, "kind %s is not known", strictjson.Quoted(kind))
		return
	}
	namespace := "default"
	if n := strictyaml.Get(doc, "metadata", "namespace"); n != nil && strictyaml.KindOf(n) != strictyaml.Null {
		namespace = strictyaml.Text(n) // "" of what is no text
	}
	self, err := c.ref(entityRef{kind, namespace, strictyaml.Text(strictyaml.Get(doc, "metadata", "name"))})
	if err != nil {
		c.gap(release.GapUnreadable, doc, "%v", err)
		return
	}
	id := self.String()
	c.describe(id)
	c.AddNode(Node{ID: id, Name: release.Text(strictyaml.Text(strictyaml.Get(doc, "metadata", "title"))), Criticality: c.criticality(doc)})
	spec := strictyaml.Get(doc, "spec")
	if strictyaml.KindOf(spec) != strictyaml.Mapping {
		c.gap(release.GapUnreadable, doc, "%s has no spec that says what it needs", id)
	}
	for _, elsewhere := range []string{"$yaml", "$json", "$text"} { // https://backstage.io/docs/features/software-catalog/descriptor-format#substitutions-in-the-descriptor-format
		if strictyaml.Get(spec, elsewhere) != nil {
			c.gap(release.GapIncomplete, spec, "the spec of %s stands in another file, which was not read", id)
		}
	}
	for _, r := range relations {
		value := strictyaml.Get(spec, r.field)
		list := strictyaml.Items(value)
		switch strictyaml.KindOf(value) {
		case strictyaml.Missing, strictyaml.Null, strictyaml.Sequence:
		case strictyaml.Mapping:
			c.gap(release.GapUnreadable, value, "%s of %s is no reference", r.field, id)
		default:
			list = []*yaml.Node{value}
		}
		for _, item := range list {
			c.relate(self, r, item)
		}
	}
}

// relate adds the edge of one reference.
func (c *catalog) relate(self entityRef, r relation, item *yaml.Node) {
	other, err := c.parse(strictyaml.Text(item), r.implied, self.namespace)
	if err != nil {
		c.gap(release.GapUnreadable, item, "%s of %s: %v", r.field, self, err)
		return
	}
	if other.kind == "" {
		other.kind = "component"
		c.gap(release.GapAmbiguous, item, "%s of %s names %s without a kind: taken for a component", r.field, self, strictjson.Quoted(strictyaml.Text(item)))
	}
	from, to := self.String(), other.String()
	c.mention(to, c.path)
	if r.reverse {
		from, to = to, from
	}
	if from != to {
		c.AddEdge(Edge{From: from, To: to, Kind: r.kind})
	}
}

// criticality is what the options make of an entity; 0 where nobody knows.
func (c *catalog) criticality(doc *yaml.Node) float64 {
	if c.options.Annotation != "" {
		value := strictyaml.Get(doc, "metadata", "annotations", c.options.Annotation)
		if value != nil {
			text := strings.TrimSpace(strictyaml.Text(value))
			if v, ok := level(c.options.Levels, text); ok {
				return v
			}
			if v, err := strconv.ParseFloat(text, 64); c.options.Levels == nil && err == nil && v > 0 && v <= 1 {
				return v
			}
			c.gap(release.GapUnsupported, value, "%s %s says nothing known of the criticality", c.options.Annotation, strictjson.Quoted(text))
			return 0
		}
	}
	v, _ := level(c.options.Lifecycles, strings.TrimSpace(strictyaml.Text(strictyaml.Get(doc, "spec", "lifecycle"))))
	return v
}

// level looks up a name whatever its case. Of names that differ in case only the
// highest counts.
func level(levels map[string]float64, name string) (v float64, ok bool) {
	for key, value := range levels {
		if strings.EqualFold(key, name) {
			v, ok = max(v, value), true
		}
	}
	return v, ok
}

// entityRef is a reference to an entity, in lower case
// (https://backstage.io/docs/features/software-catalog/references).
type entityRef struct{ kind, namespace, name string }

// String is the reference in full.
func (r entityRef) String() string { return r.kind + ":" + r.namespace + "/" + r.name }

// parse reads "[kind:][namespace/]name".
func (c *catalog) parse(text, kind, namespace string) (entityRef, error) {
	rest := text
	if before, after, ok := strings.Cut(rest, ":"); ok {
		if before == "" {
			return entityRef{}, fmt.Errorf("the reference %s has an empty kind", strictjson.Quoted(text))
		}
		kind, rest = before, after
	}
	if before, after, ok := strings.Cut(rest, "/"); ok {
		namespace, rest = before, after
	}
	return c.ref(entityRef{kind, namespace, rest})
}

// ref checks the parts: letters and digits with -_. between them, as Backstage's own
// validators want. An empty kind is left to the caller.
func (c *catalog) ref(r entityRef) (entityRef, error) {
	for _, part := range []string{cmp.Or(r.kind, "component"), r.namespace, r.name} {
		const between = "-_."
		if part == "" || len(part) > 253 || strings.Trim(part, between) != part || strings.ContainsFunc(part, func(x rune) bool {
			return !(x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z' || x >= '0' && x <= '9' || strings.ContainsRune(between, x))
		}) {
			return entityRef{}, fmt.Errorf("%s is no part of a reference to an entity", strictjson.Quoted(part))
		}
	}
	return entityRef{strings.ToLower(r.kind), strings.ToLower(r.namespace), strings.ToLower(r.name)}, nil
}

// describe notes that a file describes an entity, mention that one names it.
func (b *Builder) describe(id string) {
	if b.told == nil {
		b.told = map[string]bool{}
	}
	b.told[id] = true
}

func (b *Builder) mention(id string, path release.Path) {
	if b.named == nil {
		b.named = map[string]string{}
	}
	if have, ok := b.named[id]; !ok || path.String() < have {
		b.named[id] = path.String()
	}
}

// undescribed is a gap for each file that names entities which no file describes.
func (b *Builder) undescribed() []release.Gap {
	byFile := map[string][]string{}
	for id, file := range b.named {
		if !b.told[id] {
			byFile[file] = append(byFile[file], id)
		}
	}
	var out []release.Gap
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		ids := byFile[file]
		slices.Sort(ids)
		const most = 5
		text := strings.Join(ids[:min(len(ids), most)], ", ")
		if len(ids) > most {
			text += fmt.Sprintf(" and %d more", len(ids)-most)
		}
		out = append(out, release.Gap{Kind: release.GapIncomplete, Subject: file, Detail: "graph: it names what no catalog describes: " + text})
	}
	return out
}
