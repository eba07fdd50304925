package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
)

// file takes in all objects of one file.
func (s *Set) file(p release.Path, b []byte) {
	digest := release.DigestOf(b)
	if s.total += len(b); s.total > MaxTotal {
		s.lost(p, digest, release.GapTooLarge, "the files are too large together")
		return
	}
	docs, err := parse(b)
	if err != nil {
		kind, detail := release.GapUnreadable, detail(err)
		if e, ok := errors.AsType[*strictyaml.SyntaxError](err); ok && e.TooLarge {
			kind = release.GapTooLarge
		} else if bytes.Contains(b, []byte("{{")) {
			kind, detail = release.GapUnsupported, "it is a template; only what it is rendered to can be read"
		}
		s.lost(p, digest, kind, detail)
		return
	}
	before := len(s.objects)
	for _, d := range docs {
		if s.total += 64 * count(d); s.total > MaxTotal {
			s.lost(p, digest, release.GapTooLarge, "the files are too large together")
			return
		}
		if problem := s.document(p, d, "", "", 0); problem != "" {
			s.lost(p, digest, release.GapUnsupported, problem)
		}
	}
	if len(s.objects) > before {
		s.Sources = append(s.Sources, release.Source{Path: p, Format: "kubernetes", Digest: digest})
	}
}

// detail is where a file is wrong, without any of its content.
func detail(err error) string {
	if e, ok := errors.AsType[*strictyaml.SyntaxError](err); ok {
		e2 := *e
		if e2.Package = "YAML"; strings.HasPrefix(e2.Reason, "the key ") {
			e2.Reason = "a key stands twice in one mapping"
		}
		return text(e2.Error())
	}
	return "it is not the YAML or JSON that it must be"
}

// clusterWide reports whether objects of a kind are in no namespace, of the kinds of
// Kubernetes itself.
func clusterWide(kind string) bool {
	switch kind {
	case "Namespace", "Node", "PersistentVolume", "StorageClass", "CustomResourceDefinition", "APIService", "PriorityClass", "IngressClass", "RuntimeClass", "CSIDriver", "GatewayClass", "CertificateSigningRequest":
		return true
	}
	return strings.HasPrefix(kind, "Cluster") || strings.HasPrefix(kind, "ValidatingAdmission") || strings.HasPrefix(kind, "MutatingAdmission") || strings.HasSuffix(kind, "WebhookConfiguration")
}

func count(n *yaml.Node) int {
	c := 1
	for _, child := range n.Content {
		c += count(child)
	}
	return c
}

// document takes in one document, or one item of a list, whose type the list may
// give. It returns why there may be an object that it cannot take.
func (s *Set) document(p release.Path, d *yaml.Node, apiVersion, kind string, depth int) string {
	if v := strictyaml.Text(strictyaml.Get(d, "apiVersion")); v != "" {
		apiVersion = v
	}
	if v := strictyaml.Text(strictyaml.Get(d, "kind")); v != "" {
		kind = v
	}
	name := strictyaml.Text(strictyaml.Get(d, "metadata", "name"))
	switch {
	case kind == "" && apiVersion == "":
		return ""
	case apiVersion == "" && strictyaml.Get(d, "metadata") == nil, kind == "" && strictyaml.Get(d, "metadata") == nil:
		return "" // Chart.yaml and others
	case kind == "" || apiVersion == "":
		return place(d) + "an object without apiVersion or kind"
	}
	if items := strictyaml.Get(d, "items"); isList(kind, items) {
		problem := s.list(p, items, apiVersion, kind, depth)
		if problem != "" || name == "" {
			return problem
		}
	}
	group, version, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group, version = "", apiVersion
	}
	switch {
	case strings.Contains(name+kind+apiVersion, "{{"):
		return place(d) + "it is a template; only what it is rendered to can be read"
	case group == "kustomize.config.k8s.io":
		return place(d) + "a kustomization; only what it is built to can be read"
	case name == "" && strictyaml.Get(d, "metadata", "generateName") != nil:
		return place(d) + "an object whose name the cluster makes up (generateName)"
	case name == "" && strictyaml.Get(d, "metadata") == nil && !strings.Contains(group, "k8s.io") && group != "" && group != "apps" && group != "batch":
		return "" // configuration of some tool in the shape of an object
	case name == "":
		return place(d) + "an object without a name"
	}
	o := &object{key: key{group, kind, strictyaml.Text(strictyaml.Get(d, "metadata", "namespace")), name}, file: p, version: version, root: d}
	if o.namespace == "" && !clusterWide(kind) {
		o.namespace = s.o.Namespace
	}
	if old := s.objects[o.key]; old != nil && !same(old, o) {
		s.gap(release.GapAmbiguous, p, place(d)+"the object "+o.address()+" stands twice with different content")
	}
	s.objects[o.key] = o
	return ""
}

// isList reports whether kubectl may take an object for a list: it does so for
// whatever has items, of any kind. Items that say no kind, in an object that is no
// list by its name, are part of it.
func isList(kind string, items *yaml.Node) bool {
	if items == nil {
		return false
	}
	return strings.HasSuffix(kind, "List") || slices.ContainsFunc(strictyaml.Items(items), func(n *yaml.Node) bool { return strictyaml.Get(n, "kind") != nil })
}

func (s *Set) list(p release.Path, items *yaml.Node, apiVersion, kind string, depth int) string {
	item, typed := strings.CutSuffix(kind, "List")
	switch k := strictyaml.KindOf(items); {
	case depth > 5:
		return place(items) + "lists within lists"
	case k != strictyaml.Sequence && k != strictyaml.Null:
		return place(items) + "a list whose items are none"
	case !typed || item == "":
		item, apiVersion = "", "" // items name their own types
	}
	problem := ""
	for _, n := range strictyaml.Items(items) {
		if why := s.document(p, n, apiVersion, item, depth+1); why != "" {
			problem = why
		}
	}
	return problem
}

func place(n *yaml.Node) string {
	if n.Line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", n.Line)
}

// parse reads JSON where the text begins like it and is JSON, else YAML.
func parse(b []byte) ([]*yaml.Node, error) {
	if t := bytes.TrimLeft(b, " \t\r\n"); len(t) > 0 && t[0] == '{' && len(b) <= MaxBytes {
		if docs, err := parseJSON(b); err == nil {
			return docs, nil
		}
	}
	return strictyaml.Documents(b, limits)
}

// parseJSON reads JSON values, one behind the other, as kubectl does. YAML does not
// allow all that JSON does: tabs as indentation.
func parseJSON(b []byte) ([]*yaml.Node, error) {
	s, err := strictjson.NewScanner(b, strictjson.Limits{Package: "manifest", Bytes: MaxBytes, Depth: MaxDepth, Names: MaxNodes, Elements: MaxNodes})
	if err != nil {
		return nil, err
	}
	j := jsonNodes{Scanner: s, left: MaxNodes}
	var docs []*yaml.Node
	for s.More() {
		n, err := j.node()
		if err != nil || len(docs) == MaxDocuments {
			return nil, errors.Join(err, errors.ErrUnsupported)
		}
		docs = append(docs, n)
	}
	return docs, nil
}

// jsonNodes makes nodes of JSON as strictyaml does of YAML.
type jsonNodes struct {
	*strictjson.Scanner
	left int
}

func (j *jsonNodes) node() (*yaml.Node, error) {
	if j.left--; j.left < 0 {
		return nil, j.Errorf("more than %d values", MaxNodes)
	}
	k, err := j.Peek()
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode}
	add := func() error {
		child, err := j.node()
		n.Content = append(n.Content, child)
		return err
	}
	switch k {
	case strictjson.Object:
		n.Kind = yaml.MappingNode
		err = j.Object(func(name []byte) error {
			j.left--
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: string(name)})
			return add()
		})
	case strictjson.Array:
		n.Kind = yaml.SequenceNode
		err = j.Array(func(int) error { return add() })
	case strictjson.String:
		var text []byte
		text, _, err = j.Bytes()
		n.Style, n.Value = yaml.DoubleQuotedStyle, string(text)
	default:
		j.Space()
		from := j.Offset()
		_, err = j.Value()
		n.Value = string(j.Since(from))
	}
	return n, err
}
