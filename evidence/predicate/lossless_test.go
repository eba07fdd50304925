package predicate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// document is JSON with its numbers as they are written.
func document(t testing.TB, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), "%s", raw)
	return v
}

// encoded is p written as JSON.
func encoded(t testing.TB, p predicate.Predicate) []byte {
	t.Helper()
	b, err := json.Marshal(p)
	require.NoError(t, err)
	return b
}

// lost are the members and elements of was that now does not have with the same
// value, by their paths. Times are the same if they are the same instant; null is
// the same as absent, as every specification here has it.
func lost(path string, was, now any) []string {
	switch was := was.(type) {
	case nil:
		if now == nil {
			return nil
		}
	case map[string]any:
		m, ok := now.(map[string]any)
		if !ok {
			break
		}
		var out []string
		for name, v := range was {
			out = append(out, lost(path+"/"+name, v, m[name])...)
		}
		return out
	case []any:
		l, ok := now.([]any)
		if !ok || len(l) != len(was) {
			break
		}
		var out []string
		for i, v := range was {
			out = append(out, lost(fmt.Sprintf("%s/%d", path, i), v, l[i])...)
		}
		return out
	case string:
		s, ok := now.(string)
		if !ok {
			break
		}
		a, errA := time.Parse(time.RFC3339Nano, was)
		b, errB := time.Parse(time.RFC3339Nano, s)
		if s == was || errA == nil && errB == nil && a.Equal(b) {
			return nil
		}
	default:
		if was == now {
			return nil
		}
	}
	return []string{path}
}
