package policyfile

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/risk"
)

// place is where something stands in the file, from 1.
type place struct{ line, column int }

// converter writes nodes as JSON, and null where there is no JSON for one: package risk refuses null everywhere.
type converter struct {
	kind
	json     []byte
	lines    int              // of the file
	places   map[string]place // of names and elements, by JSON pointer
	scalars  map[string]place // of scalars
	mistakes []risk.Mistake
	spoiled  map[string]bool // pointers whose mistake is told already
	full     bool            // the limit is reached
}

func (c *converter) wrong(pointer string, n *yaml.Node, format string, args ...any) {
	c.mistakes = append(c.mistakes, risk.Mistake{Pointer: pointer, Line: n.Line, Column: n.Column, Text: fmt.Sprintf(format, args...)})
}

// merges refuses merge keys, which strictyaml carries out: whether there are any
// differs between versions of YAML. b was read before, and so is within limits.
func (c *converter) merges(b []byte) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		c.wrong("", &doc, "the text cannot be read again")
		return
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && child.ShortTag() == "!!merge" {
				c.wrong("", child, "a merge key is no part of YAML 1.2: write out what it stands for, or name it whole by an alias")
			}
			walk(child)
		}
	}
	walk(&doc)
}

// value appends one value.
func (c *converter) value(pointer string, n *yaml.Node) {
	switch {
	case c.full:
		return
	case len(c.json) > c.bytes:
		c.full = true
		c.mistakes = nil
		c.wrong("", n, "with what its aliases name, it is more than %d bytes", c.bytes)
		return
	case tagged(n):
		c.spoil(pointer, "a tag stands here; what a value is, it says itself")
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		c.mapping(pointer, n)
	case yaml.SequenceNode:
		c.json = append(c.json, '[')
		for i, item := range n.Content {
			if i > 0 {
				c.json = append(c.json, ',')
			}
			here := pointer + "/" + strconv.Itoa(i)
			c.places[here] = place{item.Line, item.Column}
			c.value(here, item)
		}
		c.json = append(c.json, ']')
	default:
		c.scalar(pointer, n)
	}
}

// spoil notes a mistake and puts null in the value's place.
func (c *converter) spoil(pointer, format string, args ...any) {
	c.mistakes = append(c.mistakes, c.placed(risk.Mistake{Pointer: pointer, Text: fmt.Sprintf(format, args...)}))
	c.spoiled[pointer] = true
	c.json = append(c.json, "null"...)
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

func (c *converter) mapping(pointer string, n *yaml.Node) {
	c.json = append(c.json, '{')
	first := true
	for k, v := range strictyaml.Pairs(n) {
		if c.full {
			return
		}
		if tagged(k) {
			c.wrong(pointer, k, "a tag stands before a name")
			continue
		}
		if !first {
			c.json = append(c.json, ',')
		}
		first = false
		here := pointer + "/" + escape.Replace(k.Value)
		c.places[here] = place{k.Line, k.Column}
		c.text(k.Value)
		c.json = append(c.json, ':')
		c.value(here, v)
	}
	c.json = append(c.json, '}')
}

// text appends a string. Escapes in YAML make no invalid UTF-8.
func (c *converter) text(s string) {
	b, err := json.Marshal(strings.ToValidUTF8(s, string(utf8.RuneError)))
	if err != nil { // a string always has a JSON text
		b = []byte(`""`)
	}
	c.json = append(c.json, b...)
}

var (
	// jsonNumber is the grammar of RFC 8259, section 6.
	jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	// otherTypes are the types that YAML 1.1 (https://yaml.org/type) gives a plain scalar
	// that is text for this package.
	otherTypes = regexp.MustCompile(`^(?:[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF` +
		`|[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9][0-9_]*|[-+]?0x[0-9a-fA-F_]+` + // whole numbers
		`|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?` + // to the base of 60
		`|[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)` +
		`|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?|=|<<|~|[nN]ull|NULL|[tT]rue|TRUE|[fF]alse|FALSE)$`)
)

func (c *converter) scalar(pointer string, n *yaml.Node) {
	c.scalars[pointer] = place{n.Line, n.Column}
	plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch {
	case !plain:
		c.text(n.Value)
	case strictyaml.KindOf(n) == strictyaml.Null:
		c.spoil(pointer, "nothing stands where a value must")
	case n.Value == "true" || n.Value == "false" || strictyaml.KindOf(n) != strictyaml.String && jsonNumber.MatchString(n.Value):
		c.json = append(c.json, n.Value...)
	case otherTypes.MatchString(n.Value):
		c.spoil(pointer, "%s is read in different ways: write text in quotes, numbers as in JSON, booleans as true or false", strictjson.Quoted(n.Value))
	default:
		c.text(n.Value)
	}
}

// tagged reports whether a node says by a tag what it is.
func tagged(n *yaml.Node) bool {
	if n.Style&yaml.TaggedStyle != 0 {
		return true
	}
	switch n.Kind {
	case yaml.MappingNode:
		return n.ShortTag() != "!!map"
	case yaml.SequenceNode:
		return n.ShortTag() != "!!seq"
	}
	return strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!")
}
