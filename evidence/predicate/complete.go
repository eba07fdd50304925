package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// complete reports a field that is missing from raw, which is where p was read
// from, if p is one of our own predicates: each field of theirs, at any depth,
// must be there unless its tag says that it may be left out. To encoding/json
// what is missing is zero, and zero percent of the traffic is a statement.
func complete(p Predicate, raw json.RawMessage) error {
	if _, ok := p.(closed); !ok || len(raw) == 0 { // a predicate that may be absent, and is
		return nil
	}
	s, err := strictjson.NewScanner(raw, limits)
	if err != nil {
		return err
	}
	return present(s, reflect.TypeOf(p))
}

// present passes over one value, which was read into a t.
func present(s *strictjson.Scanner, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch kind, err := s.Peek(); {
	case err != nil:
		return err
	case kind == strictjson.Array && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return s.Array(func(int) error { return present(s, t.Elem()) })
	case kind != strictjson.Object || t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		_, err := s.Value()
		return err
	}
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}
	seen := map[string]bool{}
	err := s.Object(func(name []byte) error {
		f, ok := fields[string(name)]
		if !ok { // which was refused before
			return fmt.Errorf("unknown name %s", strictjson.Quoted(name))
		}
		seen[string(name)] = true
		return present(s, f)
	})
	if err != nil {
		return err
	}
	for f := range t.Fields() {
		if name, options, _ := strings.Cut(f.Tag.Get("json"), ","); options == "" && !seen[name] {
			return errors.New("no " + name)
		}
	}
	return nil
}
