package strictyaml

import (
	"iter"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Pairs are the keys and values of a mapping that [Documents] returned, in their
// order; none of any other node, or of nil.
func Pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// Items are the elements of a sequence that [Documents] returned; none of any other
// node, or of nil.
func Items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// Get is the value that a path of keys leads to, or nil where there is none.
func Get(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		var next *yaml.Node
		for k, v := range Pairs(n) {
			if k.Value == key {
				next = v
				break
			}
		}
		n = next
	}
	return n
}

// Text is a scalar's text as it stands in the file (without quotes and escapes), and
// "" of any other node, of nil, and of null.
func Text(n *yaml.Node) string {
	if k := KindOf(n); k == Missing || k == Null || k == Mapping || k == Sequence {
		return ""
	}
	return n.Value
}

// Kind is the kind of a node. A plain scalar is a number, a boolean or null only
// where the core schemas of YAML 1.2 (10.3.2) and YAML 1.1 agree; no, on, 0755,
// 0o17, 1_000, 12:30, 1e3 and 2001-01-01 are text.
type Kind uint8

// The kinds. Missing is that of nil.
const (
	Missing Kind = iota
	Null
	Bool
	Int
	Float
	String
	Sequence
	Mapping
)

var kindNames = [...]string{"missing", "null", "bool", "int", "float", "string", "sequence", "mapping"}

// String is the kind's name.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

var (
	intText   = regexp.MustCompile(`^([-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+)$`)
	floatText = regexp.MustCompile(`^([-+]?(0|[1-9][0-9]*)\.[0-9]*([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// KindOf is the kind of a node that [Documents] returned.
func KindOf(n *yaml.Node) Kind {
	switch {
	case n == nil:
		return Missing
	case n.Kind == yaml.MappingNode:
		return Mapping
	case n.Kind == yaml.SequenceNode:
		return Sequence
	case n.Kind != yaml.ScalarNode:
		return Missing
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0:
		return String
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Bool
	}
	switch {
	case len(n.Value) > 64:
		return String
	case intText.MatchString(n.Value):
		return Int
	case floatText.MatchString(n.Value):
		return Float
	}
	return String
}
