package risk

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// slowCircumstances is [circumstances] by reflection, which forgets no field.
func slowCircumstances(in *Input, now time.Time) release.Digest {
	e := slowEncoder("sallyport.risk.circumstances.v1\n")
	e.member("At", reflect.ValueOf(now))
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		switch name := v.Type().Field(i).Name; name {
		case "Changes", "Digest": // they have a digest of their own
		case "Owners":
			if in.Owners != nil {
				e.member(name, reflect.ValueOf(in.Owners.Digest()))
			}
		case "History":
			e.fields(name+".", v.Field(i))
		default:
			e.field(name, v.Field(i))
		}
	}
	return sha256.Sum256(e)
}

// fields writes those of a struct, lists in an order that depends on nothing but their elements.
func (e *slowEncoder) fields(prefix string, v reflect.Value) {
	for i := range v.NumField() {
		e.field(prefix+v.Type().Field(i).Name, v.Field(i))
	}
}

func (e *slowEncoder) field(name string, v reflect.Value) {
	if v.Kind() != reflect.Slice {
		if !none(v) {
			e.member(name, v)
		}
		return
	}
	if v.Len() == 0 && (v.IsNil() || !strings.HasPrefix(name, "History.")) {
		return
	}
	all := make([][]byte, v.Len())
	for i := range all {
		var one slowEncoder
		one.value(v.Index(i))
		all[i] = one
	}
	slices.SortFunc(all, bytes.Compare)
	e.text(name)
	e.number(uint64(len(all)))
	for _, one := range all {
		e.text(string(one))
	}
}

// slowEncoder writes values so that different ones have different bytes.
type slowEncoder []byte

func (e *slowEncoder) number(n uint64) { *e = binary.BigEndian.AppendUint64(*e, n) }

func (e *slowEncoder) text(s string) {
	e.number(uint64(len(s)))
	*e = append(*e, s...)
}

// member writes a name and a value with its length.
func (e *slowEncoder) member(name string, v reflect.Value) {
	e.text(name)
	at := len(*e)
	e.number(0)
	e.value(v)
	binary.BigEndian.PutUint64((*e)[at:], uint64(len(*e)-at-8))
}

var slowTimeType = reflect.TypeFor[time.Time]()

// none is true for what is zero, also for a zero time in some zone.
func none(v reflect.Value) bool {
	if at, ok := v.Interface().(time.Time); ok {
		return at.IsZero()
	}
	return v.IsZero()
}

func (e *slowEncoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			e.number(1)
		} else {
			e.number(0)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.number(v.Uint())
	case reflect.Float64, reflect.Float32:
		e.number(math.Float64bits(v.Float()))
	case reflect.String:
		e.text(v.String())
	case reflect.Slice, reflect.Array:
		e.number(uint64(v.Len()))
		for i := range v.Len() {
			var one slowEncoder
			one.value(v.Index(i))
			e.text(string(one))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			e.value(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == slowTimeType {
			at := v.Interface().(time.Time)
			e.number(uint64(at.Unix()))
			e.number(uint64(at.Nanosecond()))
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); !none(f) && (f.Kind() != reflect.Slice || f.Len() > 0) {
				e.member(v.Type().Field(i).Name, f)
			}
		}
	}
}
