package health_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// hostilePaths are all places of a JSON value, with a way to put something else there.
func hostilePaths(v any, at string, set func(any), out map[string]func(any)) {
	out[at] = set
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			hostilePaths(e, at+"."+k, func(n any) { v[k] = n }, out)
		}
	case []any:
		for i, e := range v {
			hostilePaths(e, fmt.Sprintf("%s[%d]", at, i), func(n any) { v[i] = n }, out)
		}
	}
}

// Every field of a stored state, set to every strange value, or left out, or given
// more: it is refused, or gives a verdict that can be recorded and goes on.
func TestUnmarshalOfHostileStates(t *testing.T) {
	t.Parallel()
	policy := health.Policy{Metrics: []health.Metric{{Name: "a"}, {Name: "b", Edges: []float64{1, 2}, CertifyAt: 2}, {Name: "m", Mean: true}}}
	sample := func(i int) []health.Sample {
		id := fmt.Sprint(i)
		return []health.Sample{
			{ID: id, Metric: "a", Canary: count(1, 100), Control: count(9, 900), Twin: count(1, 100), Share: .1},
			{ID: id, Metric: "b", Canary: count(0, 100), Control: count(0, 900), CanarySlow: []uint64{9, 3}, ControlSlow: []uint64{90, 30}},
			{ID: id, Metric: "m", Canary: count(0, 100), Control: count(0, 900), CanaryMean: 5, ControlMean: float64(5 + i%2)},
		}
	}
	m := errorsLike(t, policy)
	for i := range 25 {
		require.NoError(t, m.Add(sample(i)...))
	}
	good, err := m.MarshalBinary()
	require.NoError(t, err)
	decode := func() (v any) {
		d := json.NewDecoder(strings.NewReader(string(good)))
		d.UseNumber()
		require.NoError(t, d.Decode(&v))
		return v
	}
	places := map[string]func(any){}
	hostilePaths(decode(), "", func(any) {}, places)
	require.Greater(t, len(places), 200)
	refused, taken := 0, 0
	for i, place := range slices.Sorted(maps.Keys(places)) {
		for j, value := range []any{json.Number("1e308"), json.Number("-1e308"), json.Number("-1"), 0, json.Number("0.3"), uint64(math.MaxUint64), "x", nil, []any{}, []any{1, 2, 3, 4, 5, 6, 7}, map[string]any{}, true} {
			if !*long && (i+j)%12 != 0 {
				continue
			}
			v, at := decode(), map[string]func(any){}
			hostilePaths(v, "", func(n any) { v = n }, at)
			at[place](value)
			// In the order of the struct, as a Monitor writes it.
			bad, err := json.Marshal(v)
			require.NoError(t, err)
			var read health.Monitor
			if read.UnmarshalBinary(hostileOrder(t, good, bad)) != nil {
				refused++
				continue
			}
			taken++
			for more := range 3 {
				verdict := read.Verdict()
				text, err := json.Marshal(verdict)
				require.NoError(t, err, "%s = %v", place, value)
				require.NotRegexp(t, `NaN|Inf`, string(text), "%s = %v", place, value)
				require.False(t, verdict.NoData && verdict.Kind == health.KindHealthy)
				_, err = read.MarshalBinary()
				require.NoError(t, err, "%s = %v", place, value)
				_ = read.Add(sample(100 + more)...)
			}
		}
	}
	t.Logf("%d refused, %d taken", refused, taken)
	require.Positive(t, refused)
	require.Positive(t, taken)
}

// hostileOrder writes the changed value with the keys in the order of the good one.
func hostileOrder(t *testing.T, good, bad []byte) []byte {
	var out strings.Builder
	var walk func(g, b json.RawMessage)
	walk = func(g, b json.RawMessage) {
		var list, badList []json.RawMessage
		var object map[string]json.RawMessage
		switch {
		case json.Unmarshal(b, &object) == nil && object != nil && len(g) > 0 && g[0] == '{':
			d := json.NewDecoder(strings.NewReader(string(g)))
			_, _ = d.Token()
			out.WriteByte('{')
			for first := true; d.More(); first = false {
				k, err := d.Token()
				require.NoError(t, err)
				var v json.RawMessage
				require.NoError(t, d.Decode(&v))
				name := k.(string)
				if _, ok := object[name]; !ok {
					continue
				}
				if !first {
					out.WriteByte(',')
				}
				fmt.Fprintf(&out, "%q:", name)
				walk(v, object[name])
			}
			out.WriteByte('}')
		case json.Unmarshal(g, &list) == nil && json.Unmarshal(b, &badList) == nil && len(list) == len(badList) && len(list) > 0:
			out.WriteByte('[')
			for i := range list {
				if i > 0 {
					out.WriteByte(',')
				}
				walk(list[i], badList[i])
			}
			out.WriteByte(']')
		default:
			out.Write(b)
		}
	}
	walk(good, bad)
	return []byte(out.String())
}

// What is left out of a state, stands in it twice, is written otherwise or is more than
// was understood is refused; white space is not.
func TestUnmarshalRefusesWhatItWouldWriteOtherwise(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	add(t, m, health.Sample{ID: "1", Metric: "errors", Canary: count(1, 100), Control: count(9, 900)})
	good, err := m.MarshalBinary()
	require.NoError(t, err)
	for _, c := range []struct{ name, was, is string }{
		{"a list that is too short", `"log":[`, `"log":[],"x":[`},
		{"a list that is too long", `"idle":0.05`, `"other":[1],"idle":0.05`},
		{"a field twice", `"version":2`, `"version":2,"version":2`},
		{"a field in other letters", `"version"`, `"Version"`},
		{"a zero that is left out", `"silence":10000,`, ``},
		{"a number that is too exact", `"idle":0.05`, `"idle":0.05000000000000000001`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(string(good), c.was, c.is, 1)
			require.NotEqual(t, string(good), bad)
			require.Error(t, new(health.Monitor).UnmarshalBinary([]byte(bad)))
		})
	}
	indented, err := json.MarshalIndent(json.RawMessage(good), "", "\t")
	require.NoError(t, err)
	require.NoError(t, new(health.Monitor).UnmarshalBinary(indented))
}
