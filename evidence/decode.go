package evidence

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// decode reads JSON that a scanner has already found well formed and free of
// duplicate names into *v. encoding/json matches names whatever their case, so
// the names are checked first, against the fields of v's type; closed refuses
// names that no field has.
func decode(raw []byte, v any, closed bool) error {
	if len(raw) == 0 {
		return errors.New("it is absent")
	}
	s, err := newScanner(raw, MaxStatement)
	if err != nil {
		return err
	}
	if k, err := s.peek(); err != nil || k != kindObject {
		return errors.New("it is not an object")
	}
	if err := (&nameCheck{s, closed, nil}).value(reflect.TypeOf(v)); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
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
	return errors.New(strings.ToValidUTF8(text[:most], "") + "...")
}

type nameCheck struct {
	*scanner
	closed bool
	names  map[reflect.Type][][]string // of the fields of the structures met so far
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
	k, err := c.peek()
	if err != nil {
		return err
	}
	custom := reflect.PointerTo(t).Implements(jsonUnmarshaler) || reflect.PointerTo(t).Implements(textUnmarshaler)
	switch {
	case k == kindNull && c.closed:
		// encoding/json and protobuf read null as absence.
		return c.errorf("null stands where a value must")
	case !custom && t.Kind() == reflect.Struct && k == kindObject:
		return c.structure(t)
	case !custom && t.Kind() == reflect.Map && k == kindObject:
		return c.object(func([]byte) error { return c.value(t.Elem()) })
	case !custom && t.Kind() == reflect.Slice && k == kindArray:
		return c.array(func(n int) error {
			if n >= MaxElements {
				return c.errorf("more than %d elements", MaxElements)
			}
			return c.value(t.Elem())
		})
	}
	c.space()
	from := c.i
	if _, err = c.scanner.value(); err == nil && c.closed && looksAbsent(t, c.b[from:c.i]) {
		err = c.errorf("%s stands where a value must", quoted(c.b[from:c.i]))
	}
	return err
}

// looksAbsent reports whether raw is written but would decode to the zero value,
// which means that the field is not there: a limit in the year 1 is not "no limit".
func looksAbsent(t reflect.Type, raw []byte) bool {
	switch t {
	case reflect.TypeFor[time.Time]():
		var v time.Time
		return json.Unmarshal(raw, &v) == nil && v.IsZero()
	case reflect.TypeFor[release.Digest]():
		return string(raw) == `""`
	}
	return false
}

func (c *nameCheck) structure(t reflect.Type) error {
	known, err := c.fields(t)
	if err != nil {
		return err
	}
	return c.object(func(name []byte) error {
		i, err := c.field(name, known)
		switch {
		case err != nil:
			return err
		case i >= 0:
			return c.value(t.Field(i).Type)
		case c.closed:
			return c.errorf("unknown name %s", quoted(name))
		}
		_, err = c.scanner.value()
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
