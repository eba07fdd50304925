package manifest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/manifest"
)

// Custom resources name images too, wherever their authors put them.
func TestImagesOfCustomResources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, apiVersion, kind, spec, detail string }{
		{"Argo Workflow, container", "argoproj.io/v1alpha1", "Workflow", "templates: [{name: build, container: {image: IMAGE, command: [make]}}]", "image of templates[build].container: "},
		{"Argo Workflow, script", "argoproj.io/v1alpha1", "Workflow", "templates: [{name: build, script: {image: IMAGE, source: x}}]", "image of templates[build].script: "},
		{"Argo Workflow, sidecar", "argoproj.io/v1alpha1", "Workflow", "templates: [{name: build, sidecars: [{name: s, image: IMAGE}]}]", "image of templates[build].sidecars[s]: "},
		{"Argo CronWorkflow", "argoproj.io/v1alpha1", "CronWorkflow", "workflowSpec: {templates: [{name: build, container: {image: IMAGE}}]}", "image of workflowSpec.templates[build].container: "},
		{"Prometheus", "monitoring.coreos.com/v1", "Prometheus", "image: IMAGE", "image: "},
		{"Prometheus, Thanos", "monitoring.coreos.com/v1", "Prometheus", "thanos: {image: IMAGE}", "image of thanos: "},
		{"Prometheus, containers", "monitoring.coreos.com/v1", "Prometheus", "containers: [{name: c, image: IMAGE}]", "image of container c: "},
		{"Knative Service", "serving.knative.dev/v1", "Service", "template: {spec: {containers: [{image: IMAGE}]}}", "image of container *: "},
		{"Tekton Task", "tekton.dev/v1", "Task", "steps: [{name: s, image: IMAGE}]", "image of steps[s]: "},
		{"two pods", "example.com/v1", "Pair", "template: {spec: {}}, second: {podTemplate: {spec: {containers: [{name: c, image: IMAGE}]}}}", "image of container c of second.podTemplate.spec: "},
		{"a map of an image", "example.com/v1", "Thing", "image: {repository: a, tag: TAG}", "image: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			with := func(version string) string {
				return obj(c.apiVersion, c.kind, "spec: {"+strings.NewReplacer("IMAGE", "'a:"+version+"'", "TAG", "'"+version+"'").Replace(c.spec)+"}")
			}
			got := one(t, with("1"), with("2"))
			require.Contains(t, got.Labels, release.LabelUnpinned)
			require.Contains(t, strings.Split(got.Detail, "; "), c.detail+"a:1 to a:2")
			require.Contains(t, one(t, "", with("1")).Labels, release.LabelUnpinned)
			require.NotContains(t, one(t, with("1"), strings.Replace(with("1"), "kind:", "other: 1\nkind:", 1)).Labels, release.LabelUnpinned)
		})
	}
	for name, s := range map[string]string{
		"ConfigMap": obj("v1", "ConfigMap", "data: {image: 'a:1'}"),
		"Secret":    obj("v1", "Secret", "stringData: {image: 's3cr3t:1'}"),
		"a schema":  obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec: {versions: [{name: v1, schema: {properties: {image: {type: string}}}}]}"),
		"pinned":    obj("example.com/v1", "Thing", "spec: {image: 'a@sha256:"+strings.Repeat("1", 64)+"'}"),
		"a note":    "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x, annotations: {image: 'a:1'}}\nstatus: {image: 'a:1'}\n",
		"a picture": obj("example.com/v1", "Thing", "spec: {image: 'https://example.com/a.png?key=s3cr3t'}"),
	} {
		got := one(t, "", s)
		require.Equal(t, name == "a picture", slices.Contains(got.Labels, release.LabelUnpinned), name)
		require.NotContains(t, got.Detail, "s3cr3t")
	}
}

// What pods of custom resources may do to their host is said as of other pods.
func TestPodsOfCustomResources(t *testing.T) {
	t.Parallel()
	pod := func(sc string) string {
		return obj("example.com/v1", "Thing", "spec: {template: {spec: {}}, workers: {pod: {containers: [{name: c, image: a, securityContext: {"+sc+"}}]}}}")
	}
	got := one(t, pod(""), pod("privileged: true"))
	require.Contains(t, got.Labels, release.LabelAccess)
	require.Contains(t, got.Detail, "container c of workers.pod privileged")
	step := func(sc string) string {
		return obj("tekton.dev/v1", "Task", "spec: {steps: [{name: s, image: a, securityContext: {"+sc+"}}]}")
	}
	require.Contains(t, one(t, step(""), step("privileged: true")).Detail, "steps[s] privileged")
}

// A container that takes the place of another has lost what the other had.
func TestRenamedContainer(t *testing.T) {
	t.Parallel()
	probe := ", livenessProbe: {httpGet: {port: 80}}, securityContext: {runAsNonRoot: true}"
	renamed := func(s string) string { return strings.Replace(s, "name: c,", "name: d,", 1) }
	got := one(t, deploy(probe), renamed(deploy("")))
	require.Contains(t, got.Labels, release.LabelAvailability)
	require.Contains(t, got.Labels, release.LabelAccess)
	require.Contains(t, got.Detail, "container d has no livenessProbe")
	require.Contains(t, got.Detail, "container d may run as root")
	require.NotContains(t, got.Detail, "readinessProbe", "neither had one")
	require.NotContains(t, one(t, deploy(""), renamed(deploy(""))).Detail, "has no")
	require.NotContains(t, one(t, deploy(probe), renamed(deploy(probe))).Detail, "has no")
	// One more container beside the old ones has lost nothing.
	more := strings.Replace(deploy(probe), "containers: [", "containers: [{name: new, image: b}, ", 1)
	require.NotContains(t, one(t, deploy(probe), more).Detail, "has no")
	// What only has an image is no container that could have had anything.
	require.NotContains(t, one(t, obj("example.com/v1", "Thing", "spec: {image: 'a:1'}"), obj("example.com/v1", "Thing", "spec: {containers: [{name: c, image: 'a:1'}]}")).Detail, "has no")
	// One that becomes an init container is another matter.
	require.NotContains(t, one(t, deploy(probe), strings.Replace(deploy(""), "containers: [{name: c,", "containers: [], initContainers: [{name: c,", 1)).Detail, "init container c has no livenessProbe")
}

// More differences than are listed hide nothing: labels take account of all.
func TestManyPathsHideNothing(t *testing.T) {
	t.Parallel()
	var notes strings.Builder
	for i := range manifest.MaxAttributes + 10 {
		fmt.Fprintf(&notes, "    a%04d: x\n", i)
	}
	with := func(annotations, size, account string) string {
		return "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: x\n  annotations:\n    z: y\n" + annotations +
			"spec:\n  template: {spec: {serviceAccountName: " + account + "}}\n  volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: " + size + "}}}}]\n"
	}
	got := one(t, with("", "2Gi", "a"), with(notes.String(), "1Gi", "admin"))
	require.Len(t, got.Attributes, manifest.MaxAttributes)
	require.Contains(t, got.Labels, release.LabelDestructive)
	require.Contains(t, got.Labels, release.LabelAccess)
	require.Contains(t, got.Detail, "more attributes")
}

// Variables may name those before them, so that their order counts.
func TestOrderOfEnvironment(t *testing.T) {
	t.Parallel()
	env := func(vars string) string { return deploy(", env: [" + vars + "]") }
	a, b, c := "{name: A, value: x}", "{name: B, value: $(A)}", "{name: C, value: y}"
	got := one(t, env(a+", "+b), env(b+", "+a))
	require.Equal(t, []string{"spec.template.spec.containers[c].env"}, got.Attributes)
	require.Empty(t, compare(env(a+", "+c), env(c+", "+a)).Resources)
	// One side that refers is enough.
	plain := "{name: B, value: x}"
	for _, c := range [][2]string{{a + ", " + b, plain + ", " + a}, {a + ", " + plain, b + ", " + a}} {
		require.Equal(t, []string{"spec.template.spec.containers[c].env", "spec.template.spec.containers[c].env[B].value"}, one(t, env(c[0]), env(c[1])).Attributes)
	}
}

// Elements of a list that share a name, or of which some have none, are told apart by
// where they stand.
func TestImagesOfElementsWithoutNames(t *testing.T) {
	t.Parallel()
	steps := func(image string) string {
		return obj("tekton.dev/v1", "Task", "spec: {steps: [{name: s, image: 'a:1'}, {name: s, image: '"+image+"'}, {image: 'c:1'}]}")
	}
	require.Equal(t, "image of steps[1]: b:1 to b:2", one(t, steps("b:1"), steps("b:2")).Detail)
}

func TestHostileContainers(t *testing.T) {
	pod := func(name string, n int, more string) []byte {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "{name: %s%d%s}, ", name, i, more)
		}
		return []byte(obj("v1", "Pod", "spec: {containers: ["+b.String()+"]}"))
	}
	good := ", livenessProbe: {}, readinessProbe: {}"
	before := manifest.Read("k.yaml", pod("a", 3_000, good))
	require.Empty(t, before.Gaps)
	hostile.Check(t, []hostile.Input{
		{Name: "3,000 containers that lost their probes", Text: pod("a", 3_000, ""), Fine: true},
		{Name: "3,000 other containers", Text: pod("b", 3_000, ""), Fine: true},
		{Name: "3,000 other containers that have them", Text: pod("b", 3_000, good), Fine: true},
	}, func(b []byte) bool {
		after := manifest.Read("k.yaml", b)
		return len(manifest.Compare(&before, &after).Gaps) > 0
	})
}

// Many long paths are not all kept.
func TestHostilePaths(t *testing.T) {
	var files []manifest.File
	for f := range 2 {
		var b strings.Builder
		for o := range 100 {
			b.WriteString("{apiVersion: v1, kind: X, metadata: {name: x" + fmt.Sprint(f, "-", o) + "}, " + strings.Repeat(strings.Repeat("p", 60)+": {", 4))
			for i := range 200 {
				fmt.Fprintf(&b, "k%d: 0, ", i)
			}
			b.WriteString(strings.Repeat("}", 5) + "\n---\n")
		}
		files = append(files, manifest.File{Path: release.Path(fmt.Sprint(f)), Data: []byte(b.String())})
	}
	var other []manifest.File
	for _, f := range files {
		other = append(other, manifest.File{Path: f.Path, Data: []byte(strings.ReplaceAll(string(f.Data), ": 0", ": 1"))})
	}
	before, after := manifest.ReadFiles(files, manifest.Options{}), manifest.ReadFiles(other, manifest.Options{})
	require.Empty(t, before.Gaps)
	require.Equal(t, 200, before.Len())
	hostile.Check(t, []hostile.Input{{Name: "40,000 paths", Fine: true}}, func([]byte) bool {
		cs := manifest.Compare(&before, &after)
		require.Len(t, cs.Resources, 200)
		size := 0
		for _, r := range cs.Resources {
			for _, p := range r.Attributes {
				size += len(p)
			}
			require.True(t, len(r.Attributes) == 200 || strings.Contains(r.Detail, "more attributes"))
		}
		require.LessOrEqual(t, size, 5<<20)
		return false
	})
}

// Values stand nowhere in a result, whatever part of an object they are in.
func TestPlantedSecrets(t *testing.T) {
	t.Parallel()
	const s = "hunter2-"
	text := func(n string) string {
		v := s + n
		return strings.NewReplacer("SECRET", v).Replace(`apiVersion: apps/v1
kind: Deployment
metadata: {name: x, labels: {a: SECRET}, annotations: {b: SECRET, "c/d": "password=SECRET"}}
spec:
  template:
    spec:
      serviceAccountName: SECRET
      nodeName: SECRET
      hostname: SECRET
      volumes: [{name: v, hostPath: {path: /SECRET}}, {name: w, secret: {secretName: SECRET}}, {name: u, nfs: {server: SECRET, path: /SECRET}}]
      containers:
      - {name: c, image: "https://u:SECRET@r/i", command: [sh, -c, "SECRET"], args: [--token=SECRET], env: [{name: T, value: SECRET}, {name: "P=SECRET", value: x}],
         livenessProbe: {httpGet: {path: /SECRET, httpHeaders: [{name: Authorization, value: SECRET}]}}, securityContext: {capabilities: {add: [SECRET]}, runAsUser: SECRET, procMount: SECRET},
         volumeMounts: [{name: v, mountPath: "/a?SECRET"}], resources: {limits: {cpu: SECRET}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {application.properties: "db.password=SECRET", "k=SECRET": v}, binaryData: {b: SECRET}}
---
{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {type: SECRET, externalName: SECRET, loadBalancerSourceRanges: [SECRET]}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: x}, roleRef: {name: SECRET}, subjects: [{name: SECRET}]}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {minReplicas: SECRET, maxReplicas: SECRET}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: x}, spec: {image: {repository: "x:SECRET@y", tag: "SECRET="}, templates: [{name: "a=SECRET", container: {image: "u:SECRET@x"}}]}}
`)
	}
	cs := compare(text("1"), text("2"))
	require.Empty(t, cs.Gaps)
	require.Len(t, cs.Resources, 6)
	for _, cs := range []release.ChangeSet{cs, compare("", text("1")), compare(text("1"), ""), compare(text("1"), strings.Replace(text("2"), "kind: Service", "kind: *"+s, 1)),
		compare(text("1"), text("2")+"\n? "+s+": ["), compare(text("1"), strings.Replace(text("1"), "name: x,", "'"+s+"': 1, '"+s+"': 2,", 1)), compare(text("1"), strings.Replace(text("1"), "name: x}", "name: '{{"+s+"}}'}", 1))} {
		out, err := json.Marshal(cs)
		require.NoError(t, err)
		require.NotContains(t, string(out), s)
	}
}

func TestReadFiles(t *testing.T) {
	t.Parallel()
	a, b := obj("v1", "ConfigMap", "data: {a: b}"), strings.Replace(obj("v1", "ConfigMap", ""), "name: x", "name: y", 1)
	files := []manifest.File{{Path: "b.yaml", Data: []byte(b)}, {Path: "a/a.yaml", Data: []byte(a)}, {Path: "bad.yaml", Data: []byte("a: [")}, {Path: "no.yaml"}}
	skip := manifest.Options{Skip: func(p release.Path) bool { return p == "bad.yaml" }, Namespace: "n"}
	set := manifest.ReadFiles(files, skip)
	require.Empty(t, set.Gaps)
	require.Equal(t, 2, set.Len())
	require.Equal(t, []release.Path{"a/a.yaml", "b.yaml"}, []release.Path{set.Sources[0].Path, set.Sources[1].Path})
	require.Equal(t, release.DigestOf([]byte(a)), set.Sources[0].Digest)

	// The order of the files is none of the result's.
	slices.Reverse(files)
	require.Empty(t, manifest.Compare(&set, ptr(manifest.ReadFiles(files, skip))).Resources)
	all := manifest.ReadFiles(files, manifest.Options{})
	require.Len(t, all.Gaps, 1)
	require.Equal(t, release.GapUnreadable, all.Gaps[0].Kind)
	require.Equal(t, "bad.yaml", all.Gaps[0].Subject)

	// No file is a side without objects, and not one that could not be read.
	cs := manifest.Compare(ptr(manifest.ReadFiles(nil, manifest.Options{})), &set)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure])
	require.Equal(t, release.OpAdded, cs.Resources[0].Op)
	cs = manifest.Compare(&all, ptr(manifest.ReadFiles(nil, manifest.Options{})))
	require.Equal(t, release.OpRemoved, cs.Resources[0].Op)
	cs = manifest.Compare(ptr(manifest.ReadFiles(nil, manifest.Options{})), &all)
	require.Equal(t, release.OpAdded, cs.Resources[0].Op)
	require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindInfrastructure])
	cs = manifest.Compare(ptr(manifest.ReadFiles(files[:2], manifest.Options{})), &set)
	require.Equal(t, release.OpUnknown, cs.Resources[0].Op, "it may have stood in bad.yaml")
	require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure])

	// An object in two files with different content is a gap, whichever comes first.
	twice := manifest.ReadFiles([]manifest.File{{Path: "1", Data: []byte(a)}, {Path: "2", Data: []byte(strings.Replace(a, "a: b", "a: c", 1))}}, manifest.Options{})
	require.Equal(t, release.GapAmbiguous, twice.Gaps[0].Kind)
}

func ptr[T any](v T) *T { return &v }
