package predicate

import (
	"encoding/json"
	"fmt"
)

// validateObject refuses what stands where a specification wants an object of
// somebody else's form. Absent, null and {} are the same.
func validateObject(where string, raw json.RawMessage) error {
	if isNull(raw) || raw[0] == '{' {
		return nil
	}
	return fmt.Errorf("%s is not an object", where)
}

// validateObjects is validateObject for a list, whose elements must be there.
func validateObjects(where string, list []json.RawMessage) error {
	for i, raw := range list {
		if isNull(raw) || raw[0] != '{' {
			return fmt.Errorf("%s[%d] is not an object", where, i)
		}
	}
	return nil
}

// isNull reports whether a value is absent or null.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
