package risk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// ReplayError says where an assessment is not what its input gives.
type ReplayError struct {
	// Path is the first member of the assessment's JSON that differs, such as "findings[0].floor".
	// Digests come first: policy, model, changes, circumstances.
	Path string
	// Recorded and Replayed are the values as JSON, printable and cut where they are long; "" is none.
	Recorded, Replayed string
}

// Error is one sentence; it may change from version to version.
func (e *ReplayError) Error() string {
	by := map[string]string{"policy": "judged by another policy", "model": "judged by another model",
		"changes": "about other changes", "circumstances": "judged in other circumstances, or at another time"}
	if what, ok := by[e.Path]; ok {
		return fmt.Sprintf("risk: replay: the assessment is %s: %s, and this is %s", what, e.Recorded, e.Replayed)
	}
	told := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return s
	}
	return fmt.Sprintf("risk: replay: %s is recorded as %s, and comes out as %s", e.Path, told(e.Recorded), told(e.Replayed))
}

// Replay assesses again as of the time of an assessment and reports the first difference, as a
// [*ReplayError], or nil where all canonical bytes (RFC 8785) are the same. The digest of
// the change set is computed, whatever in says. Another error means that it could not be assessed again, or
// that what was recorded cannot be written.
//
// It tells whether an assessment is what this policy and model make of this input. Whether
// the input was what it should have been, it does not. A rule is in the policy's digest by its id and version: where its
// code is another one under the same version, that shows only where it finds something else.
func (a *Assessor) Replay(recorded Assessment, in Input) error {
	in.Digest = release.Digest{}
	again, err := a.Assess(in, recorded.At)
	if err != nil {
		return fmt.Errorf("risk: replay: %w", err)
	}
	for _, d := range []struct {
		name string
		r, a release.Digest
	}{{"policy", recorded.Policy, again.Policy}, {"model", recorded.Model, again.Model},
		{"changes", recorded.Changes, again.Changes}, {"circumstances", recorded.Circumstances, again.Circumstances}} {
		if d.r != d.a {
			return &ReplayError{d.name, d.r.String(), d.a.String()}
		}
	}
	r, err := canon.Marshal(recorded)
	if err != nil {
		return fmt.Errorf("risk: replay: what was recorded cannot be written: %w", err)
	}
	b, err := canon.Marshal(again)
	if err != nil {
		return fmt.Errorf("risk: replay: what comes out cannot be written: %w", err)
	}
	if bytes.Equal(r, b) {
		return nil
	}
	var x, y any
	if err := json.Unmarshal(r, &x); err != nil {
		return fmt.Errorf("risk: replay: %w", err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		return fmt.Errorf("risk: replay: %w", err)
	}
	return differ("", x, true, y, true)
}

// differ is the first difference of two decoded values that are not the same; members by name.
func differ(path string, x any, inX bool, y any, inY bool) *ReplayError {
	switch a := x.(type) {
	case map[string]any:
		b, ok := y.(map[string]any)
		if !ok {
			break
		}
		names := slices.Collect(maps.Keys(a))
		names = slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(names, maps.Keys(b)))))
		for _, name := range names {
			v, inA := a[name]
			w, inB := b[name]
			if inA != inB || !sameJSON(v, w) {
				return differ(strings.TrimPrefix(path+"."+name, "."), v, inA, w, inB)
			}
		}
	case []any:
		b, ok := y.([]any)
		if !ok {
			break
		}
		for i := range max(len(a), len(b)) {
			var v, w any
			if i < len(a) {
				v = a[i]
			}
			if i < len(b) {
				w = b[i]
			}
			if i >= len(a) || i >= len(b) || !sameJSON(v, w) {
				return differ(fmt.Sprintf("%s[%d]", path, i), v, i < len(a), w, i < len(b))
			}
		}
	}
	return &ReplayError{path, shown(x, inX), shown(y, inY)}
}

// sameJSON compares decoded values.
func sameJSON(x, y any) bool {
	a, err := json.Marshal(x)
	b, other := json.Marshal(y)
	return err == nil && other == nil && bytes.Equal(a, b)
}

// shown is a value for people.
func shown(v any, there bool) string {
	if !there {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	var out strings.Builder
	for _, r := range clip.Text(string(b), 200) {
		if strconv.IsPrint(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "\\u{%x}", r)
		}
	}
	return out.String()
}
