// Package enum gives small enumerations their text, in both directions.
//
// An enumeration here is a uint8 whose zero value means "unknown": a forgotten
// field then denies instead of allowing. Reading back is strict: only the exact
// names are accepted, so a value that a newer version wrote is an error and not
// a silent zero.
package enum

import "fmt"

// Table is the names of one enumeration. Names[i] is the text of value i, so
// Names[0] is the text of the unknown value.
type Table[T ~uint8] struct {
	// Type is the qualified type name for messages, such as "release.Tier".
	Type string
	// Names must be distinct, and there are at most 256.
	Names []string
}

// Text returns the name of v. A value outside the table is printed with its
// number, which Parse refuses.
func (t Table[T]) Text(v T) string {
	if int(v) < len(t.Names) {
		return t.Names[v]
	}
	return fmt.Sprintf("%s(%d)", t.Type, uint8(v))
}

// Parse returns the value named s.
func (t Table[T]) Parse(s string) (T, error) {
	for i, n := range t.Names {
		if n == s {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("%s: %q is not one of %q", t.Type, s, t.Names)
}

// Marshal is the MarshalText of an enumeration. A value outside the table is an
// error: it could not be read back.
func (t Table[T]) Marshal(v T) ([]byte, error) {
	if int(v) >= len(t.Names) {
		return nil, fmt.Errorf("%s: %d has no name", t.Type, uint8(v))
	}
	return []byte(t.Names[v]), nil
}

// Unmarshal is the UnmarshalText of an enumeration; on error dst is not changed.
func (t Table[T]) Unmarshal(dst *T, b []byte) error {
	v, err := t.Parse(string(b))
	if err != nil {
		return err
	}
	*dst = v
	return nil
}
