package plan

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// value is a JSON value that is compared. Numbers are compared as they are written.
type value struct {
	kind    strictjson.Kind // 0 where there is none
	text    string          // of a string, its content; of a number or boolean, as written
	items   []value         // of an array
	members []member        // of an object, sorted by name
}

type member struct {
	name string
	value
}

// null reports whether there is no value, or null.
func (v *value) null() bool { return v == nil || v.kind == 0 || v.kind == strictjson.Null }

// zero reports whether v says nothing: null, false, 0, "" or empty.
func (v *value) zero() bool {
	return v.null() || v.text == "" && len(v.items)+len(v.members) == 0 || v.kind == strictjson.Bool && v.text == "false" || v.kind == strictjson.Number && v.text == "0"
}

// is reports whether v is the boolean true, as masks have it.
func (v *value) is(text string) bool { return v != nil && v.kind == strictjson.Bool && v.text == text }

// get is a member of an object, or nil.
func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(v.members, name, func(m member, name string) int { return strings.Compare(m.name, name) })
	if !ok {
		return nil
	}
	return &v.members[i].value
}

// at is an element of an array, or nil.
func (v *value) at(i int) *value {
	if v == nil || i >= len(v.items) {
		return nil
	}
	return &v.items[i]
}

// anyTrue reports whether true stands anywhere in a mask.
func (v *value) anyTrue() bool {
	if v == nil {
		return false
	}
	return v.is("true") || slices.ContainsFunc(v.items, func(v value) bool { return v.anyTrue() }) ||
		slices.ContainsFunc(v.members, func(m member) bool { return m.anyTrue() })
}

// equal compares deeply; a missing value is null.
func equal(a, b *value) bool {
	if a.null() || b.null() {
		return a.null() && b.null()
	}
	if a.kind != b.kind || a.text != b.text || len(a.items) != len(b.items) || len(a.members) != len(b.members) {
		return false
	}
	for i := range a.items {
		if !equal(&a.items[i], &b.items[i]) {
			return false
		}
	}
	for i := range a.members {
		if a.members[i].name != b.members[i].name || !equal(&a.members[i].value, &b.members[i].value) {
			return false
		}
	}
	return true
}

// builder makes values within a budget of nodes.
type builder struct {
	*strictjson.Scanner
	left *int
}

// build reads one JSON text. nodes is what is left of the budget.
func build(b []byte, nodes *int) (*value, error) {
	if len(b) == 0 {
		return &value{}, nil
	}
	s, err := strictjson.NewScanner(b, limits)
	if err != nil {
		return nil, err
	}
	v, err := builder{s, nodes}.value()
	if err != nil {
		return nil, err
	}
	return &v, s.End()
}

func (b builder) value() (value, error) {
	if *b.left--; *b.left < 0 {
		return value{}, b.Errorf("more than %d values", MaxNodes)
	}
	k, err := b.Peek()
	if err != nil {
		return value{}, err
	}
	v := value{kind: k}
	switch k {
	case strictjson.Object:
		err = b.Object(func(name []byte) error {
			m := member{name: string(name)}
			var err error
			m.value, err = b.value()
			v.members = append(v.members, m)
			return err
		})
		slices.SortFunc(v.members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	case strictjson.Array:
		err = b.Array(func(int) error {
			item, err := b.value()
			v.items = append(v.items, item)
			return err
		})
	case strictjson.String:
		var text []byte
		text, _, err = b.Bytes()
		v.text = string(text)
	default:
		b.Space()
		from := b.Offset()
		_, err = b.Value()
		v.text = string(b.Since(from))
	}
	return v, err
}
