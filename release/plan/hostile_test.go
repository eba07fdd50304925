package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/plan"
)

func TestHostile(t *testing.T) {
	inputs := hostile.Texts()
	wide := "{" + strings.TrimSuffix(strings.Repeat(`"k":[`, 1), ",") + strings.Repeat("0,", 5<<20) + "0]}"
	deep := strings.Repeat(`{"a":`, 90) + "1" + strings.Repeat("}", 90)
	names := &bytes.Buffer{}
	for i := range 60_000 {
		fmt.Fprintf(names, `"%s%d":0,`, strings.Repeat("n", 40), i)
	}
	long := `{"a":{` + strings.TrimSuffix(names.String(), ",") + `}}`
	under := strings.Repeat(`{"`+strings.Repeat("p", 60)+`":`, 80) + long + strings.Repeat("}", 80)
	small := rc("aws_thing.x", `"update"`, `"before":{"a":1},"after":`+deep)
	many := strings.TrimSuffix(strings.Repeat(small+",", (12<<20)/len(small)), ",")
	few := strings.TrimSuffix(strings.Repeat(small+",", 12_000), ",")
	inputs = append(inputs,
		hostile.Input{Name: "a resource with five million values", Text: doc(rc("a.b", `"update"`, `"before":{},"after":`+wide))},
		hostile.Input{Name: "a long way to many values", Text: doc(rc("a.b", `"update"`, `"before":{},"after":`+under)), Fine: true},
		hostile.Input{Name: "too many resources", Text: doc(many + "," + many)},
		hostile.Input{Name: "many resources", Text: doc(few)},
		hostile.Input{Name: "a long address", Text: doc(rc(strings.Repeat("a", 8<<20), `"create"`, "")), Fine: true},
		hostile.Input{Name: "long actions", Text: doc(rc("a.b", strings.TrimSuffix(strings.Repeat(`"delete",`, 1<<15), ","), ""))},
		hostile.Input{Name: "a long version", Text: []byte(`{"format_version":"` + strings.Repeat("1", 8<<20) + `"}`)},
		hostile.Input{Name: "deeper than allowed", Text: doc(rc("a.b", `"update"`, `"before":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)))},
	)
	hostile.Check(t, inputs, func(b []byte) bool {
		cs := plan.Read("plan.json", b)
		require.Equal(t, len(cs.Gaps) == 0, cs.Coverage[release.KindInfrastructure] == release.CoverageComplete)
		return len(cs.Gaps) > 0
	})
}

// values makes JSON values whose strings are secrets.
type values struct {
	r       *rand.Rand
	secrets []string
}

func (v *values) secret() string {
	s := fmt.Sprintf("s3cr3t%016x", v.r.Uint64())
	v.secrets = append(v.secrets, s)
	return s
}

var attributeNames = []string{"password", "policy", "ingress", "cidr_blocks", "user_data", "deletion_protection", "versioning", "tags", "min_size", "publicly_accessible", "members", "a b"}

func (v *values) value(depth int) any {
	switch n := v.r.IntN(8); {
	case n < 3 && depth > 0:
		m := map[string]any{}
		for range v.r.IntN(4) {
			m[attributeNames[v.r.IntN(len(attributeNames))]] = v.value(depth - 1)
		}
		return m
	case n == 3 && depth > 0:
		var l []any
		for range v.r.IntN(3) {
			l = append(l, v.value(depth-1))
		}
		return l
	case n == 4:
		return v.r.IntN(2) == 0
	case n == 5:
		return `{"Statement":{"Effect":"Allow","Principal":"*","Sid":"` + v.secret() + `"}}`
	}
	return v.secret()
}

// mask is a mask of v: of what is sensitive or unknown.
func (v *values) mask(of any) any {
	if v.r.IntN(4) == 0 {
		return true
	}
	switch of := of.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range of {
			m[k] = v.mask(e)
		}
		return m
	case []any:
		l := []any{}
		for _, e := range of {
			l = append(l, v.mask(e))
		}
		return l
	}
	return false
}

// No value of a plan stands in what is read of it, wherever in the plan it was; nor
// does a key below a sensitive attribute.
func TestNoValueIsKept(t *testing.T) {
	t.Parallel()
	actions := [][]string{{"create"}, {"update"}, {"delete"}, {"delete", "create"}, {"create", "delete"}, {"forget"}, {"create", "forget"}, {"no-op"}, {"read"}, {"odd"}, nil}
	rapid.Check(t, func(t *rapid.T) {
		v := &values{r: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))}
		change := func() map[string]any {
			before, after := v.value(4), v.value(4)
			return map[string]any{"actions": actions[v.r.IntN(len(actions))], "before": before, "after": after, "after_unknown": v.mask(after),
				"before_sensitive": v.mask(before), "after_sensitive": v.mask(after), "importing": map[string]any{"id": v.secret()}, "generated_config": v.secret(), "before_identity": v.value(1)}
		}
		hidden := map[string]any{v.secret(): v.secret(), "x": map[string]any{v.secret(): 1}}
		resource := func() map[string]any {
			c := change()
			if b, ok := c["before"].(map[string]any); ok {
				b["hidden"] = hidden
				c["before_sensitive"] = map[string]any{"hidden": true}
			}
			return map[string]any{"address": "aws_db_instance.x", "mode": "managed", "type": "aws_db_instance", "change": c}
		}
		doc := map[string]any{"format_version": "1.2", "planned_values": map[string]any{"x": v.value(3)}, "variables": v.value(3), "prior_state": v.value(3), "configuration": v.value(3), "terraform_version": "1.9.0",
			"resource_changes": []any{resource(), resource()}, "resource_drift": []any{resource()}, "deferred_changes": []any{map[string]any{"reason": v.secret(), "resource_change": resource()}},
			"output_changes": map[string]any{"o": change()}, "checks": []any{map[string]any{"address": map[string]any{"to_display": "c"}, "status": "fail", "message": v.secret()}},
			"action_invocations": []any{map[string]any{"address": "action.x", "type": "x", "config_values": v.value(2)}}, "relevant_attributes": v.value(1)}
		b, err := json.Marshal(doc)
		require.NoError(t, err)
		cs := plan.Read("plan.json", b)
		require.NotEqual(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure])
		out, err := json.Marshal(cs)
		require.NoError(t, err)
		for _, s := range v.secrets {
			require.NotContains(t, string(out), s)
		}
		require.NotContains(t, string(out), "s3cr3t")
		// A text that cannot be read does not show what it has either.
		cut := b[:v.r.IntN(len(b))]
		out, err = json.Marshal(plan.Read("plan.json", cut))
		require.NoError(t, err)
		require.NotContains(t, string(out), "s3cr3t")
	})
}

// A plan whose befores and afters are the same and whose actions say so changes
// nothing, and one plan gives one result.
func TestNothingChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := &values{r: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))}
		same := map[string]any{"x": v.value(5)}
		b, err := json.Marshal(map[string]any{"format_version": "1.2", "planned_values": map[string]any{}, "resource_changes": []any{map[string]any{
			"address": "a.b", "mode": "managed", "type": "a", "change": map[string]any{"actions": []string{"no-op"}, "before": same, "after": same}}}})
		require.NoError(t, err)
		cs := plan.Read("p", b)
		require.Empty(t, cs.Resources)
		require.Empty(t, cs.Gaps)
		// The same as an update has no attribute; another value has.
		b = bytes.Replace(b, []byte(`"no-op"`), []byte(`"update"`), 1)
		require.Empty(t, plan.Read("p", b).Resources[0].Attributes)
	})
}

func FuzzRead(f *testing.F) {
	f.Add(doc(rc("aws_thing.x", `"update"`, `"before":{"a":[{"b":1}],"c":null},"after":{"a":[{"b":2}],"c":{}},"after_unknown":{"d":true},"before_sensitive":{"a":[{}]},"after_sensitive":false,"replace_paths":[["a",0,"b"]]`)))
	f.Add(doc(rc("aws_thing.x", `"delete","create"`, `"before":{"policy":"{}"},"after":{"policy":"{\"Statement\":[]}"}`), `"output_changes":{"x":{"actions":["create"],"after":1}}`))
	f.Add([]byte(`{"a":1,"b":2,"a":3,"b":4}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		cs := plan.Read("plan.json", b)
		require.Equal(t, cs, plan.Read("plan.json", b))
		require.Equal(t, len(cs.Gaps) == 0, cs.Coverage[release.KindInfrastructure] == release.CoverageComplete)
		require.Len(t, cs.Sources, 1)
		for _, rs := range [][]release.ResourceChange{cs.Resources, cs.Drift} {
			require.True(t, slices.IsSortedFunc(rs, func(a, b release.ResourceChange) int { return strings.Compare(a.Address, b.Address) }))
			for _, r := range rs {
				require.True(t, slices.IsSorted(r.Attributes) && slices.IsSorted(r.Unknown) && slices.IsSorted(r.Labels))
				require.Equal(t, release.Text(r.Address).String() == r.Address, !strings.HasPrefix(r.Address, `"`))
				require.LessOrEqual(t, len(r.Attributes), plan.MaxAttributes)
				// Every other plan would notice the resource too.
				if r.Op == release.OpUnknown {
					require.True(t, len(cs.Gaps) > 0 || strings.Contains(r.Detail, "provider") || strings.Contains(r.Detail, "a program that runs"))
				}
			}
		}
		_, err := cs.Digest()
		require.NoError(t, err)
	})
}
