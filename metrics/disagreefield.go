package metrics

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// difference is one field in which two definitions differ, with both answers as
// JSON.
type difference struct {
	index      int
	name, a, b string
}

// differences are the fields in which d and o differ, in the order of the struct.
// The name is none. They are found by reflection, so that no new field is missed.
func (d *Definition) differences(o *Definition) []difference {
	var out []difference
	x, y := reflect.ValueOf(d).Elem(), reflect.ValueOf(o).Elem()
	for k := range x.NumField() {
		name, _, _ := strings.Cut(x.Type().Field(k).Tag.Get("json"), ",")
		a, b := answer(x.Field(k)), answer(y.Field(k))
		if name != "name" && a != b {
			out = append(out, difference{k, name, a, b})
		}
	}
	return out
}

// answer is a field's value as JSON. Nothing and an empty list are the same.
func answer(v reflect.Value) string {
	if v.Kind() == reflect.Slice && v.Len() == 0 {
		return "[]"
	}
	b, err := json.Marshal(v.Interface())
	if err != nil { // of an enumeration beyond its last value, which Validate refuses
		return fmt.Sprint(v.Interface())
	}
	return string(b)
}

// take takes over one field of o.
func (d *Definition) take(o *Definition, index int) {
	reflect.ValueOf(d).Elem().Field(index).Set(reflect.ValueOf(o).Elem().Field(index))
}
