package evidence

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"
)

var errNotText = errors.New("evidence: statement: text that is not valid UTF-8, which JSON would change")

// unchanged reports text in v, which encoding/json can encode, that comes out as
// other text.
func unchanged(v reflect.Value) error {
	if !v.IsValid() || v.Type().Implements(reflect.TypeFor[json.Marshaler]()) || v.Type().Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return nil // it writes itself
	}
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return errNotText
		}
	case reflect.Pointer, reflect.Interface:
		return unchanged(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if err := unchanged(v.Field(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for name, element := range v.Seq2() {
			if errors.Join(unchanged(name), unchanged(element)) != nil {
				return errNotText
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if v.Type().Elem().Kind() == reflect.Uint8 {
				return nil // base64
			}
			if err := unchanged(v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
