package strictjson

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

// Unmarshal reads one JSON value into *v, which must be a pointer. What a
// [Scanner] refuses is refused here; besides, encoding/json matches names whatever
// their case, so the names of objects that are read into structures are checked
// first: a name that differs from a field's by case alone is an error. Every field
// of a structure needs a JSON name of its own. Names that no field has are passed
// over; null leaves the zero value.
func Unmarshal(b []byte, v any, limits Limits) error { return unmarshal(b, v, limits, false, nil) }

// UnmarshalClosed is Unmarshal for a closed vocabulary: it refuses names that no
// field has, null, and values for which absent reports that they are written but
// decode to the zero value, which would mean that they are not there.
func UnmarshalClosed(b []byte, v any, limits Limits, absent func(t reflect.Type, raw []byte) bool) error {
	return unmarshal(b, v, limits, true, absent)
}

func unmarshal(b []byte, v any, limits Limits, closed bool, absent func(reflect.Type, []byte) bool) error {
	s, err := NewScanner(b, limits)
	if err != nil {
		return err
	}
	if err := (&nameCheck{Scanner: s, closed: closed, absent: absent}).value(reflect.TypeOf(v)); err != nil {
		return err
	}
	if err := s.End(); err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return cut(err)
	}
	return nil
}

// cut shortens an error that may hold text of others. encoding/json's are for
// nobody to branch on.
func cut(err error) error {
	const most = 300
	text := err.Error()
	if len(text) <= most {
		return err
	}
	return errors.New(clip.Text(text, most))
}

type nameCheck struct {
	*Scanner
	closed bool
	absent func(reflect.Type, []byte) bool
	names  map[reflect.Type][][]string // of the fields of the structures met so far
	count  int                         // of the elements and names so far
}

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// value passes over one value beside the type that it will be decoded into.
func (c *nameCheck) value(t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	k, err := c.Peek()
	if err != nil {
		return err
	}
	custom := reflect.PointerTo(t).Implements(jsonUnmarshaler) || reflect.PointerTo(t).Implements(textUnmarshaler)
	switch {
	case k == Null && c.closed:
		// encoding/json and protobuf read null as absence.
		return c.Errorf("null stands where a value must")
	case !custom && t.Kind() == reflect.Struct && k == Object:
		return c.structure(t)
	case !custom && t.Kind() == reflect.Map && k == Object:
		n := 0
		return c.Object(func([]byte) error {
			if n++; n > c.limits.Elements {
				return c.Errorf("more than %d names", c.limits.Elements)
			}
			if err := c.entry(); err != nil {
				return err
			}
			return c.value(t.Elem())
		})
	case !custom && t.Kind() == reflect.Slice && k == Array:
		return c.Array(func(n int) error {
			if n >= c.limits.Elements {
				return c.Errorf("more than %d elements", c.limits.Elements)
			}
			if err := c.entry(); err != nil {
				return err
			}
			return c.value(t.Elem())
		})
	}
	c.Space()
	from := c.i
	if _, err = c.Value(); err == nil && c.closed && c.absent != nil && c.absent(t, c.b[from:c.i]) {
		err = c.Errorf("%s stands where a value must", Quoted(c.b[from:c.i]))
	}
	return err
}

// entry counts one element of an array or name of a map.
func (c *nameCheck) entry() error {
	if c.count++; c.limits.Entries > 0 && c.count > c.limits.Entries {
		return c.Errorf("more than %d elements and names in all", c.limits.Entries)
	}
	return nil
}

func (c *nameCheck) structure(t reflect.Type) error {
	known, err := c.fields(t)
	if err != nil {
		return err
	}
	return c.Object(func(name []byte) error {
		i, err := c.Field(name, known)
		switch {
		case err != nil:
			return err
		case i >= 0:
			return c.value(t.Field(i).Type)
		case c.closed:
			return c.Errorf("unknown name %s", Quoted(name))
		}
		_, err = c.Value()
		return err
	})
}

// fields are the JSON names of t's fields.
func (c *nameCheck) fields(t reflect.Type) ([][]string, error) {
	if known, ok := c.names[t]; ok {
		return known, nil
	}
	known := make([][]string, 0, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || f.Anonymous {
			return nil, fmt.Errorf("field %s.%s has no JSON name of its own", t, f.Name)
		}
		known = append(known, []string{name})
	}
	if c.names == nil {
		c.names = map[reflect.Type][][]string{}
	}
	c.names[t] = known
	return known, nil
}
