package otel

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// anyValue is an OTLP AnyValue.
func anyValue(a Attribute) (map[string]any, error) {
	bad := func() (map[string]any, error) {
		return nil, fmt.Errorf("otel: attribute %q: %v (%T) cannot be written", a.Key, a.Value, a.Value)
	}
	if a.Key == "" || !utf8.ValidString(a.Key) {
		return bad()
	}
	switch v := a.Value.(type) {
	case string:
		if !utf8.ValidString(v) {
			return bad()
		}
		return map[string]any{"stringValue": v}, nil
	case bool:
		return map[string]any{"boolValue": v}, nil
	case int64:
		return map[string]any{"intValue": strconv.FormatInt(v, 10)}, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return bad()
		}
		return map[string]any{"doubleValue": v}, nil
	}
	return bad()
}
