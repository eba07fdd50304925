package stricttoml

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// maxWork bounds how many names the library may compare in its search for those that
// stand twice: a fraction of a second. A flat file of 20,000 names stays below.
const maxWork = 200_000_000

// names checks the names against the fields of what they are read into, and bounds the
// work of the library's own check for repeated names.
func (t *text) names(v any) error {
	w := walker{text: t, fields: map[reflect.Type]map[string]reflect.Type{}, under: map[string]int{}}
	root := reflect.TypeOf(v)
	table := root
	w.p.Reset(t.b)
	for w.p.NextExpression() {
		e := w.p.Expression()
		switch e.Kind {
		case unstable.KeyValue:
			w.keyValue(table, e)
		case unstable.Table, unstable.ArrayTable:
			w.top = string(e.Child().Data)
			if e.Kind == unstable.ArrayTable && e.Child().Next() == nil {
				w.work += w.live
				w.live -= w.under[w.top] // the library forgets what stood in the element before
				w.under[w.top] = 0
			}
			table = w.key(root, e.Key())
		}
		if w.err == nil && w.work > maxWork {
			w.err = t.tooLarge(int(e.Raw.Offset), "more names than can be compared in time")
		}
		if w.err != nil {
			return w.err
		}
	}
	return nil // a mistake in the grammar, the library reports again
}

type walker struct {
	*text
	p      unstable.Parser
	fields map[reflect.Type]map[string]reflect.Type
	err    error

	top   string         // the first part of the present table's name
	under map[string]int // how many names stand below each such part
	live  int            // how many in all
	work  int            // how many comparisons they cost
}

// key follows a name from table on and is the type that it leads to, nil where
// anything goes.
func (w *walker) key(table reflect.Type, parts unstable.Iterator) reflect.Type {
	for parts.Next() {
		w.name()
		table = w.field(table, parts.Node())
	}
	return table
}

func (w *walker) name() {
	w.live++
	w.under[w.top]++
	w.work += w.live
}

func (w *walker) keyValue(table reflect.Type, e *unstable.Node) {
	w.value(w.key(table, e.Key()), e.Value())
}

func (w *walker) value(t reflect.Type, n *unstable.Node) {
	switch n.Kind {
	case unstable.InlineTable:
		for it := n.Children(); it.Next(); {
			w.keyValue(t, it.Node())
		}
	case unstable.Array:
		for it := n.Children(); it.Next(); {
			if k := it.Node().Kind; k == unstable.InlineTable || k == unstable.Array {
				w.name()
				w.value(t, it.Node())
			}
		}
	}
}

// field is the type of a field or of a map's values. Pointers and slices stand for
// what they hold: a wrong kind of value, the library reports.
func (w *walker) field(t reflect.Type, part *unstable.Node) reflect.Type {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	switch {
	case t == nil:
		return nil
	case t.Kind() == reflect.Map:
		return t.Elem()
	case t.Kind() != reflect.Struct:
		return nil
	}
	fields := w.fieldsOf(t)
	if f, ok := fields[string(part.Data)]; ok {
		return f
	}
	for name := range fields {
		if strings.EqualFold(name, string(part.Data)) && w.err == nil {
			w.err = w.error(int(part.Raw.Offset), "%s differs from %q by case alone", strconv.QuoteToASCII(string(part.Data)), name)
		}
	}
	return nil
}

func (w *walker) fieldsOf(t reflect.Type) map[string]reflect.Type {
	if fields, ok := w.fields[t]; ok {
		return fields
	}
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("toml"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	w.fields[t] = fields
	return fields
}
