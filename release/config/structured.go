package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/internal/stricttoml"
	"github.com/sallyport-dev/sallyport/internal/strictyaml"
)

// errTooLarge is wrapped by what goes beyond a limit.
var errTooLarge = errors.New("too large")

// readYAML is one value for each document.
func readYAML(b []byte) ([]*value, error) {
	roots, err := strictyaml.Documents(b, strictyaml.Limits{Package: "config", Bytes: MaxBytes, Nodes: MaxNodes, Depth: MaxDepth, Documents: MaxDocuments})
	if err != nil {
		if e, ok := errors.AsType[*strictyaml.SyntaxError](err); ok && e.TooLarge {
			return nil, fmt.Errorf("%w: %w", errTooLarge, err)
		}
		return nil, err
	}
	out := make([]*value, len(roots))
	for i, n := range roots {
		out[i] = yamlValue(n)
	}
	return out, nil
}

func yamlValue(n *yaml.Node) *value {
	v := &value{}
	if n.Kind != yaml.ScalarNode {
		v.form = tag(n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		var names []string
		var items []*value
		for k, x := range strictyaml.Pairs(n) {
			v := yamlValue(x)
			v.key = yamlForm(k)
			names, items = append(names, k.Value), append(items, v)
		}
		m := mapping(names, items)
		m.form = v.form
		return m
	case yaml.SequenceNode:
		v.kind = kindList
		for _, x := range strictyaml.Items(n) {
			v.items = append(v.items, yamlValue(x))
		}
		return v
	}
	v.text = n.Value
	switch strictyaml.KindOf(n) {
	case strictyaml.Null:
		v.kind, v.text = kindNull, ""
	case strictyaml.Bool:
		v.kind = kindBool
	case strictyaml.Int, strictyaml.Float:
		v.kind = kindNumber
	default:
		v.kind = kindText
	}
	if v.kind != kindText {
		v.form = tag(n)
	} else {
		v.form = yamlForm(n)
	}
	return v
}

func tag(n *yaml.Node) string {
	if n.Style&yaml.TaggedStyle != 0 {
		return n.Tag
	}
	return ""
}

// yamlForm is the tag of a scalar, or that it has no quotes and is not text to every
// program.
func yamlForm(n *yaml.Node) string {
	plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if t := tag(n); t != "" || !plain || n.Kind != yaml.ScalarNode {
		return t
	}
	if n.ShortTag() != "!!str" || oldYAML.MatchString(n.Value) {
		return " plain"
	}
	return ""
}

// oldYAML is what YAML 1.1 takes for a truth value, a number, a time or null, of
// plain scalars that YAML 1.2 takes for text (yaml.org/type).
var oldYAML = regexp.MustCompile(`(?i)^(?:=|y|n|yes|no|on|off|true|false|null|~|[-+]?[0-9][0-9_,.:eExXoObB+-]*[0-9a-f]*|[-+]?\.[0-9].*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)$`)

// readJSON walks over the text once.
func readJSON(b []byte) ([]*value, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", errTooLarge, len(b), MaxBytes)
	}
	s, err := strictjson.NewScanner(b, strictjson.Limits{Package: "config", Bytes: MaxBytes, Depth: MaxDepth, Names: MaxNodes, Elements: MaxNodes})
	if err != nil {
		return nil, err
	}
	j := jsonReader{s: s}
	v, err := j.value()
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, err
	}
	return []*value{v}, nil
}

type jsonReader struct {
	s     *strictjson.Scanner
	nodes int
}

func (j *jsonReader) value() (*value, error) {
	if j.nodes++; j.nodes > MaxNodes {
		return nil, fmt.Errorf("%w: more than %d values", errTooLarge, MaxNodes)
	}
	k, err := j.s.Peek()
	if err != nil {
		return nil, err
	}
	switch k {
	case strictjson.Object:
		var names []string
		var items []*value
		err := j.s.Object(func(name []byte) error {
			names = append(names, string(name))
			v, err := j.value()
			items = append(items, v)
			return err
		})
		if err != nil {
			return nil, err
		}
		return mapping(names, items), nil
	case strictjson.Array:
		v := &value{kind: kindList}
		return v, j.s.Array(func(int) error {
			x, err := j.value()
			v.items = append(v.items, x)
			return err
		})
	case strictjson.String:
		raw, _, err := j.s.Bytes()
		return &value{kind: kindText, text: string(raw)}, err
	}
	start := j.s.Offset()
	if _, err := j.s.Value(); err != nil {
		return nil, err
	}
	v := &value{text: string(j.s.Since(start))}
	switch k {
	case strictjson.Number:
		v.kind = kindNumber
	case strictjson.Bool:
		v.kind = kindBool
	default:
		v.kind, v.text = kindNull, ""
	}
	return v, nil
}

func readTOML(b []byte) ([]*value, error) {
	var doc map[string]any
	err := stricttoml.Unmarshal(b, &doc, stricttoml.Limits{Package: "config", Bytes: MaxBytes, Lines: MaxNodes, Depth: MaxDepth, Values: MaxNodes})
	if err != nil {
		if e, ok := errors.AsType[*stricttoml.SyntaxError](err); ok && e.TooLarge {
			return nil, fmt.Errorf("%w: %w", errTooLarge, err)
		}
		return nil, err
	}
	return []*value{tomlValue(doc)}, nil
}

func tomlValue(x any) *value {
	switch x := x.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(x))
		items := make([]*value, len(names))
		for i, n := range names {
			items[i] = tomlValue(x[n])
		}
		return mapping(names, items)
	case []any:
		v := &value{kind: kindList}
		for _, e := range x {
			v.items = append(v.items, tomlValue(e))
		}
		return v
	case string:
		return &value{kind: kindText, text: x}
	case bool:
		return &value{kind: kindBool, text: strconv.FormatBool(x)}
	case int64:
		return &value{kind: kindNumber, text: strconv.FormatInt(x, 10)}
	case float64: // a float is never written like an integer
		return &value{kind: kindNumber, text: strconv.FormatFloat(x, 'e', -1, 64)}
	case time.Time:
		return &value{kind: kindTime, text: x.Format(time.RFC3339Nano)}
	case fmt.Stringer: // local dates and times
		return &value{kind: kindTime, text: x.String()}
	}
	return &value{kind: kindTime, text: fmt.Sprint(x)}
}
