package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
)

// ignored are paths that the API server writes, not whoever wants something.
var ignored = []string{"status", "metadata.creationTimestamp", "metadata.resourceVersion", "metadata.uid", "metadata.generation", "metadata.selfLink", "metadata.managedFields"}

// listKeys are the keys by which elements of lists are told apart, by the list's
// name. Of several, all must be there that are in any element.
var listKeys = map[string][]string{
	"containers": {"name"}, "initContainers": {"name"}, "ephemeralContainers": {"name"}, "env": {"name"}, "volumes": {"name"}, "imagePullSecrets": {"name"},
	"volumeMounts": {"mountPath"}, "volumeDevices": {"devicePath"}, "hostAliases": {"ip"}, "volumeClaimTemplates": {"metadata.name"},
	"ports": {"port", "containerPort", "protocol"}, "secrets": {"name"}, "webhooks": {"name"}, "versions": {"name"}, "topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
}

// paths are the paths at which two nodes differ.
type paths struct {
	out    []string
	more   int
	note   func(path string) // is told of each; may be nil
	budget *int              // bytes that may still be listed; nil is no limit
}

func (p *paths) add(path string) {
	if slices.Contains(ignored, path) {
		return
	}
	if p.note != nil {
		p.note(path)
	}
	if len(p.out) >= MaxAttributes || p.budget != nil && *p.budget < len(path) {
		p.more++
		return
	}
	p.out = append(p.out, path)
	if p.budget != nil {
		*p.budget -= len(path)
	}
}

// same reports whether two objects are equal but for what is ignored.
func same(a, b *object) bool {
	var p paths
	p.diff("", "", a.root, b.root)
	return len(p.out) == 0 && a.version == b.version
}

const maxPath = 300 // bytes of a path; what lies deeper is told by where it lies

// diff collects the paths below path. name is the last name of it.
func (p *paths) diff(path, name string, a, b *yaml.Node) {
	if slices.Contains(ignored, path) || a == b {
		return
	}
	ka, kb := strictyaml.KindOf(a), strictyaml.KindOf(b)
	long := len(path) > maxPath
	switch {
	case !long && ka == strictyaml.Mapping && kb == strictyaml.Mapping:
		p.mappings(path, a, b)
	case !long && ka == strictyaml.Sequence && kb == strictyaml.Sequence:
		p.sequences(path, name, a.Content, b.Content)
	case !equal(a, b):
		p.add(path)
	}
}

func (p *paths) mappings(path string, a, b *yaml.Node) {
	before, after := index(a), index(b)
	for _, k := range union(before, after) {
		p.diff(join(path, k), k, before[k], after[k])
	}
}

func index(n *yaml.Node) map[string]*yaml.Node {
	out := make(map[string]*yaml.Node, len(n.Content)/2)
	for k, v := range strictyaml.Pairs(n) {
		out[k.Value] = v
	}
	return out
}

// union are the keys of both maps, sorted.
func union[V any](a, b map[string]V) []string {
	keys := make([]string, 0, len(a)+len(b))
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// sequences compares lists by key, where they have one, and by place.
func (p *paths) sequences(path, name string, a, b []*yaml.Node) {
	before, okBefore := byKey(a, listKeys[name])
	after, okAfter := byKey(b, listKeys[name])
	switch {
	case okBefore && okAfter:
		for _, k := range union(before, after) {
			if at := path + "[" + shown(k) + "]"; before[k] == nil || after[k] == nil {
				p.add(at)
			} else {
				p.diff(at, "", before[k], after[k])
			}
		}
		if (name == "initContainers" || name == "env" && (refers(a) || refers(b))) && order(a, after) != order(b, before) {
			p.add(path)
		}
	case len(a) == len(b):
		for i := range a {
			p.diff(path+"["+strconv.Itoa(i)+"]", "", a[i], b[i])
		}
	default:
		p.add(path)
	}
}

// byKey are the elements by their keys; ok is false where one has none or two have
// the same.
func byKey(list []*yaml.Node, names []string) (out map[string]*yaml.Node, ok bool) {
	out = make(map[string]*yaml.Node, len(list))
	for _, n := range list {
		k := keyOf(n, names)
		if k == "" || out[k] != nil {
			return nil, false
		}
		out[k] = n
	}
	return out, len(names) > 0
}

func keyOf(n *yaml.Node, names []string) string {
	var parts []string
	for _, name := range names {
		if v := strictyaml.Text(strictyaml.Get(n, strings.Split(name, ".")...)); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, " ")
}

// refers reports whether a variable of an environment names another one, which must
// stand before it.
func refers(env []*yaml.Node) bool {
	return slices.ContainsFunc(env, func(n *yaml.Node) bool { return strings.Contains(value(n, "value"), "$(") })
}

// order is the order of the elements that others has too.
func order(list []*yaml.Node, others map[string]*yaml.Node) string {
	var b strings.Builder
	for _, n := range list {
		if k := keyOf(n, []string{"name"}); others[k] != nil {
			b.WriteString(k + "\x00")
		}
	}
	return b.String()
}

// equal compares two nodes deeply; null is as good as nothing.
func equal(a, b *yaml.Node) bool {
	ka, kb := strictyaml.KindOf(a), strictyaml.KindOf(b)
	none := func(k strictyaml.Kind) bool { return k == strictyaml.Missing || k == strictyaml.Null }
	switch {
	case none(ka) || none(kb):
		return none(ka) && none(kb)
	case ka != kb:
		return false
	}
	switch ka {
	case strictyaml.Mapping:
		before, after := index(a), index(b)
		for _, k := range union(before, after) {
			if !equal(before[k], after[k]) {
				return false
			}
		}
		return true
	case strictyaml.Sequence:
		return slices.EqualFunc(a.Content, b.Content, equal)
	}
	return a.Value == b.Value && a.Style&yaml.TaggedStyle == b.Style&yaml.TaggedStyle && (a.Style&yaml.TaggedStyle == 0 || a.Tag == b.Tag) &&
		(quoted(a) == quoted(b) || ka != strictyaml.String || !other11.MatchString(a.Value))
}

// other11 is plain text that parsers of YAML 1.1 may take for something else than
// text; in quotes it is another value.
var other11 = regexp.MustCompile(`^(?i:[-+.]?[0-9].*|y|n|yes|no|on|off|<<|=)$`)

func quoted(n *yaml.Node) bool { return n.Style&^yaml.TaggedStyle != 0 }

// nameLike are the keys that paths show, identifier those that need no quotes.
func nameLike(s string) bool {
	return len(s) <= 253 && made(s, "_./: -") && s[0] != '-' && s[0] != ' ' && s[0] != ':'
}
func identifier(s string) bool { return len(s) <= 63 && made(s, "_-") && (s[0] < '0' || s[0] > '9') }

// made reports whether s is made of letters, digits and marks.
func made(s, marks string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(marks, c) >= 0) {
			return false
		}
	}
	return s != ""
}

func shown(key string) string {
	if !nameLike(key) {
		return "*"
	}
	return key
}

func join(path, name string) string {
	switch {
	case !identifier(name):
		if name = shown(name); name != "*" {
			name = `"` + name + `"`
		}
		return path + "[" + name + "]"
	case path == "":
		return name
	}
	return path + "." + name
}
