package manifest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/manifest"
)

func TestHostile(t *testing.T) {
	inputs := hostile.Texts()
	small := obj("v1", "ConfigMap", "data: {a: b}")
	deep := "spec: " + strings.Repeat("{"+strings.Repeat("p", 60)+": ", 50) + "{"
	var wide, images strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&wide, "%s%d: 0, ", strings.Repeat("k", 30), i)
		fmt.Fprintf(&images, "{name: c%d, image: 'a:%d'}, ", i, i)
	}
	deep += wide.String() + strings.Repeat("}", 51)
	var many strings.Builder
	for i := range 4000 {
		many.WriteString(strings.Replace(small, "name: x", fmt.Sprintf("name: x%d", i), 1) + "---\n")
	}
	inputs = append(inputs,
		hostile.Input{Name: "many values below long names", Text: []byte(obj("v1", "X", deep)), Fine: true},
		hostile.Input{Name: "one object many times", Text: []byte(strings.Repeat(small+"---\n", 4000)), Fine: true},
		hostile.Input{Name: "many objects", Text: []byte(many.String()), Fine: true},
		hostile.Input{Name: "too many documents", Text: []byte(strings.Repeat("---\n", 6000))},
		hostile.Input{Name: "lists in lists", Text: []byte(strings.Repeat("{apiVersion: v1, kind: List, items: [", 20) + strings.Repeat("]}", 20))},
		hostile.Input{Name: "many containers", Text: []byte(obj("v1", "Pod", "spec: {containers: ["+images.String()+"]}")), Fine: true},
		hostile.Input{Name: "a long name", Text: []byte(strings.Replace(small, "name: x", "name: "+strings.Repeat("x", 4<<20), 1)), Fine: true},
		hostile.Input{Name: "JSON with many values", Text: []byte(`{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"a":[` + strings.Repeat("0,", 4<<20-100) + `0]}`)},
	)
	before := manifest.Read("k.yaml", []byte(obj("v1", "X", "")+"---\n"+small))
	hostile.Check(t, inputs, func(b []byte) bool {
		after := manifest.Read("k.yaml", b)
		return len(manifest.Compare(&before, &after).Gaps) > 0
	})
}

func TestHostileDirectory(t *testing.T) {
	big := &fstest.MapFile{Data: []byte(obj("v1", "X", "a: ["+strings.Repeat("b, ", 100_000)+"]"))}
	fsys := fstest.MapFS{}
	for i := range 12 {
		fsys[fmt.Sprintf("%d.yaml", i)] = big
	}
	empty := fstest.MapFS{}
	for i := range manifest.MaxFiles + 2 {
		empty[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{}
	}
	hostile.Check(t, []hostile.Input{{Name: "12 large files"}}, func([]byte) bool { return len(manifest.Diff(nil, fsys, manifest.Options{}).Gaps) > 0 })
	require.Equal(t, release.GapTooLarge, manifest.Diff(nil, empty, manifest.Options{}).Gaps[0].Kind)
}

// cluster makes manifests with secrets in all places that may hold values.
type cluster struct{ r *rand.Rand }

func (c cluster) secret() string { return fmt.Sprintf("s3cr3t%08x", c.r.Uint32()) }

func (c cluster) pick(s ...string) string { return s[c.r.IntN(len(s))] }

func (c cluster) value(depth int) any {
	switch n := c.r.IntN(6); {
	case n < 2 && depth > 0:
		m := map[string]any{}
		for range c.r.IntN(4) {
			m[c.pick("path", "privileged", "replicas", "type", "hostPath", "image", "runAsUser", "verbs", "cidr", "a/b", "secretName")] = c.value(depth - 1)
		}
		return m
	case n == 2 && depth > 0:
		return []any{c.value(depth - 1), c.value(depth - 1)}
	case n == 3:
		return c.r.IntN(3)
	}
	return c.secret()
}

func (c cluster) object() map[string]any {
	kind := c.pick("Secret", "ConfigMap", "Deployment", "StatefulSet", "Service", "ClusterRole", "RoleBinding", "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Job", "ValidatingWebhookConfiguration")
	container := map[string]any{"name": c.pick("a", "b"), "image": c.pick("a:1", "b:2", "https://"+c.secret()+"@host/a", c.secret()+":"+c.secret()+"@x"), "command": []any{c.secret()}, "args": c.value(2),
		"env": []any{map[string]any{"name": c.pick("X", "Y"), "value": c.secret()}}, "securityContext": c.value(2), "livenessProbe": c.value(2), "resources": c.value(2)}
	return map[string]any{"apiVersion": c.pick("v1", "apps/v1"), "kind": kind, "metadata": map[string]any{"name": c.pick("a", "b", "c"), "annotations": map[string]any{"x": c.secret()}},
		"data": map[string]any{"password": c.secret(), c.pick("p", "q"): c.secret()}, "stringData": map[string]any{"token": c.secret()},
		"rules": []any{map[string]any{"verbs": []any{c.pick("get", "*", "bind"), c.secret()}, "resources": []any{c.secret()}}}, "roleRef": map[string]any{"name": c.secret()}, "webhooks": []any{c.value(2)},
		"spec": map[string]any{"replicas": c.value(0), "minReplicas": c.value(0), "minAvailable": c.secret(), "type": c.secret(), "ingress": c.value(3), "volumes": []any{map[string]any{"name": c.pick("v", "w"), "hostPath": map[string]any{"path": "/" + c.secret()}}},
			"template": map[string]any{"spec": map[string]any{"containers": []any{container}, "hostNetwork": c.value(0), "volumes": c.value(2)}}}}
}

func (c cluster) text() string {
	var docs []string
	for range c.r.IntN(5) {
		b, _ := json.Marshal(c.object())
		docs = append(docs, string(b))
	}
	return strings.Join(docs, "\n---\n")
}

var swapped = map[release.Op]release.Op{release.OpAdded: release.OpRemoved, release.OpRemoved: release.OpAdded, release.OpModified: release.OpModified, release.OpUnknown: release.OpUnknown}

func check(t require.TestingT, before, after string) {
	forth, back := compare(before, after), compare(after, before)
	require.Equal(t, forth, compare(before, after))
	require.Equal(t, forth.Coverage, back.Coverage)
	require.Equal(t, len(forth.Gaps) == 0, forth.Coverage[release.KindInfrastructure] == release.CoverageComplete)
	require.Equal(t, len(forth.Resources), len(back.Resources))
	for i, r := range forth.Resources {
		require.Equal(t, r.Address, back.Resources[i].Address)
		require.Equal(t, swapped[r.Op], back.Resources[i].Op)
		require.Equal(t, r.Attributes, back.Resources[i].Attributes)
		require.True(t, slices.IsSorted(r.Attributes) && slices.IsSorted(r.Labels))
	}
	require.Empty(t, compare(before, before).Resources)
	_, err := forth.Digest()
	require.NoError(t, err)
}

// No value stands in a result, the same on both sides is no change, and the sides
// can be swapped.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cluster{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))}
		before, after := c.text(), c.text()
		check(t, before, after)
		out, err := json.Marshal(compare(before, after))
		require.NoError(t, err)
		require.NotContains(t, string(out), "s3cr3t")
		// Nor of a text that cannot be read.
		out, err = json.Marshal(compare(before, after[:len(after)/2]))
		require.NoError(t, err)
		require.NotContains(t, string(out), "s3cr3t")
	})
}

// JSON read as JSON and as YAML is the same.
func TestJSONIsYAML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cluster{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))}
		s := c.text()
		cs := compare(strings.ReplaceAll(s, "\n---\n", "\n"), "# YAML\n"+s)
		require.Empty(t, cs.Resources)
	})
}

func FuzzCompare(f *testing.F) {
	f.Add(deploy(", env: [{name: A, value: b}]"), deploy(", securityContext: {privileged: true}"))
	f.Add(obj("v1", "Secret", "data: {a: b}"), "---\n"+obj("v1", "List", "items: [{kind: Pod, apiVersion: v1, metadata: {name: a}}]"))
	f.Add("{{ template }}", `{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"x"}}]}`)
	f.Fuzz(func(t *testing.T, before, after string) { check(t, before, after) })
}
