package strictyaml

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// checker makes one tree after the other fit for walking.
type checker struct {
	limits Limits
	total  int                 // nodes of all documents so far, expanded
	done   map[*yaml.Node]size // the anchored nodes of this document that are finished
}

// size is what a subtree adds to a walk.
type size struct{ nodes, depth int }

func (c *checker) document(root *yaml.Node) (*yaml.Node, error) {
	c.done = map[*yaml.Node]size{}
	root, s, err := c.node(root, 0)
	if err != nil {
		return nil, err
	}
	c.total += s.nodes
	return root, c.fits(root, c.total, s.depth)
}

func (c *checker) fail(n *yaml.Node, format string, args ...any) error {
	return &SyntaxError{Package: c.limits.Package, Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)}
}

// fits keeps every number small: sums are checked before they can grow beyond.
func (c *checker) fits(n *yaml.Node, nodes, depth int) error {
	reason := ""
	switch {
	case nodes > c.limits.Nodes:
		reason = fmt.Sprintf("more than %d nodes", c.limits.Nodes)
	case depth > c.limits.Depth:
		reason = fmt.Sprintf("nested deeper than %d", c.limits.Depth)
	default:
		return nil
	}
	return &SyntaxError{Package: c.limits.Package, Line: n.Line, Column: n.Column, TooLarge: true, Reason: reason}
}

// node checks the tree under n and returns what stands for it. above is how many
// collections are open around it.
func (c *checker) node(n *yaml.Node, above int) (*yaml.Node, size, error) {
	if n.Kind == yaml.AliasNode {
		s, ok := c.done[n.Alias]
		if !ok {
			return nil, size{}, c.fail(n, "the alias names no anchor that is complete before it in this document")
		}
		return n.Alias, s, c.fits(n, s.nodes, above+s.depth)
	}
	s := size{nodes: 1}
	if n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode {
		s.depth = 1
		if err := c.fits(n, 1, above+1); err != nil {
			return nil, s, err
		}
	}
	for i, child := range n.Content {
		child, cs, err := c.node(child, above+1)
		if err != nil {
			return nil, s, err
		}
		n.Content[i] = child
		s.nodes += cs.nodes
		s.depth = max(s.depth, 1+cs.depth)
		if err := c.fits(child, s.nodes, 0); err != nil {
			return nil, s, err
		}
	}
	if n.Kind == yaml.MappingNode {
		if err := c.keys(n); err != nil {
			return nil, s, err
		}
	}
	if n.Anchor != "" {
		c.done[n] = s
	}
	return n, s, nil
}

// keys refuses keys that are no scalars or stand twice, and carries out merge keys.
func (c *checker) keys(n *yaml.Node) error {
	seen := make(map[string]bool, len(n.Content)/2)
	merges := false
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			return c.fail(k, "a key must be a scalar")
		}
		merge := k.ShortTag() == mergeTag
		merges = merges || merge
		for _, name := range spellings(k) {
			if merge {
				name = mergeTag // "<<" in quotes is a key like others
			}
			if seen[name] {
				return c.fail(k, "the key %s stands twice in one mapping", quotedCut(k.Value))
			}
			seen[name] = true
		}
	}
	if merges {
		return c.merge(n, seen)
	}
	return nil
}

const mergeTag = "!!merge"

// spellings are the texts that a key is the same as another by: its own and, of a
// number, a boolean or null, the one that a program writes that reads it as such.
func spellings(k *yaml.Node) []string {
	out := []string{"=" + k.Value}
	var v any
	switch k.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null", "!!binary":
		if k.Decode(&v) != nil {
			return out
		}
		text := ""
		switch v := v.(type) {
		case nil:
			text = "null"
		case float64:
			text = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			text = fmt.Sprint(v)
		}
		if text != k.Value {
			out = append(out, "="+text)
		}
	}
	return out
}

// merge puts the pairs of the mappings that "<<" names behind the mapping's own, as
// far as it has no such key; of several mappings, an earlier one wins
// (https://yaml.org/type/merge.html). What is merged counted already, as the value
// of "<<".
func (c *checker) merge(n *yaml.Node, seen map[string]bool) error {
	var own, taken []*yaml.Node
	take := func(from *yaml.Node) error {
		if from.Kind != yaml.MappingNode {
			return c.fail(from, "a merge key must name a mapping or a list of mappings")
		}
		for i := 0; i < len(from.Content); i += 2 {
			names := spellings(from.Content[i])
			if slices.ContainsFunc(names, func(s string) bool { return seen[s] }) {
				continue
			}
			for _, name := range names {
				seen[name] = true
			}
			taken = append(taken, from.Content[i], from.Content[i+1])
		}
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.ShortTag() != mergeTag {
			own = append(own, k, v)
			continue
		}
		from := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			from = v.Content
		}
		for _, f := range from {
			if err := take(f); err != nil {
				return err
			}
		}
	}
	n.Content = append(own, taken...)
	return nil
}
