package config

import (
	"fmt"
	"slices"
	"strings"
)

// kind is what a value is.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindTime
	kindNothing // a name without any value, as "KEY" alone in a .env file
	kindList
	kindMap
)

var kindWords = [...]string{"null", "a truth value", "a number", "text", "a time", "a name without a value", "a list", "a mapping"}

// value is one value of a file.
type value struct {
	kind kind
	// text is what is compared, form what else programs may see of it: a tag, or that it
	// is written without quotes where that makes a difference to some.
	text, form string
	// key is what other programs may see of the value's name in its mapping: a tag, or
	// that it is written without quotes where that makes a difference to some.
	key string
	// names are a mapping's, sorted; items belong to them, or are a list's elements.
	names []string
	items []*value
	// marked says that a byte order mark stands in front of the file.
	marked bool
	// order are the names in the order of the file, refers that the order matters because
	// values refer to other settings. Formats of lines have them.
	order  []string
	refers bool
	// folded counts a mapping's names without their case, once it was asked for.
	folded map[string]int
}

func (v *value) container() bool { return v.kind == kindList || v.kind == kindMap }

// leaf is true for what holds no settings and is one itself: a scalar, an empty
// mapping, an empty list.
func (v *value) leaf() bool { return !v.container() || len(v.items) == 0 }

func (v *value) same(w *value) bool { return v.kind == w.kind && v.text == w.text && v.form == w.form }

// get is the value of a name, or nil.
func (v *value) get(name string) *value {
	if v == nil || v.kind != kindMap {
		return nil
	}
	if i, ok := slices.BinarySearch(v.names, name); ok {
		return v.items[i]
	}
	return nil
}

// notes are what a reader of lines has to say beside the values.
type notes struct {
	twice  []string // names that stand more than once
	broken []string // names that may be a line of a value that was broken: they are masked
}

// fields builds a mapping of names that may stand twice.
type fields struct {
	names []string
	items map[string][]*value
	// twice are the names that stand more than once, in the order of the second.
	twice []string
	// refers says that a value refers to another setting.
	refers bool
	total  int // how many values were added
}

func (f *fields) add(name string, v *value) {
	if f.items == nil {
		f.items = map[string][]*value{}
	}
	switch len(f.items[name]) {
	case 0:
		f.names = append(f.names, name)
	case 1:
		f.twice = append(f.twice, name)
	}
	f.items[name] = append(f.items[name], v)
	f.total++
}

// value is the mapping. Of a name that stands twice all count: a change of any is a
// change.
func (f *fields) value() *value {
	v := &value{kind: kindMap, names: slices.Sorted(slices.Values(f.names)), order: f.names, refers: f.refers}
	v.items = make([]*value, 0, len(v.names))
	for _, n := range v.names {
		all := f.items[n]
		if len(all) == 1 {
			v.items = append(v.items, all[0])
			continue
		}
		var text, form strings.Builder
		for _, x := range all {
			fmt.Fprintf(&text, "%d:%d:%s", x.kind, len(x.text), x.text)
			fmt.Fprintf(&form, "%d:%s", len(x.form), x.form)
		}
		v.items = append(v.items, &value{kind: kindText, text: text.String(), form: form.String()})
	}
	return v
}

// mapping makes a mapping of names that stand once each.
func mapping(names []string, items []*value) *value {
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	v := &value{kind: kindMap, names: make([]string, len(names)), items: make([]*value, len(items))}
	for i, o := range order {
		v.names[i], v.items[i] = names[o], items[o]
	}
	return v
}
