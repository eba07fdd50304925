package manifest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/manifest"
)

func Example() {
	cs := manifest.Diff(os.DirFS("testdata/before"), os.DirFS("testdata/after"), manifest.Options{})
	for _, r := range cs.Resources {
		fmt.Println(r.Op, r.Address, r.Labels)
		if r.Detail != "" {
			fmt.Println(" ", r.Detail)
		}
	}
	fmt.Println(len(cs.Gaps), cs.Coverage[release.KindInfrastructure])
	// Output:
	// modified ClusterRole.rbac.authorization.k8s.io/deployer [access]
	//   impersonate granted
	// modified Deployment.apps/shop/web [availability unpinned]
	//   container web has no livenessProbe; image of container web: ghcr.io/shop/web:1.4@0f1e2d3c4b5a to ghcr.io/shop/web:1.5 (no digest any more); replicas 3 to 1
	// removed NetworkPolicy.networking.k8s.io/shop/web [network]
	//   network policy removed
	// modified Secret/shop/database [secrets]
	// removed StatefulSet.apps/shop/orders [availability destructive stateful]
	// 0 complete
}

func ExampleDockerfile() {
	before := []byte("ARG GO=1.26\nFROM golang:${GO} AS build\nRUN make\nFROM gcr.io/distroless/static@sha256:" + strings.Repeat("0f", 32) + "\nCOPY --from=build /app /app\nUSER 65532\n")
	after := []byte("ARG GO=1.27\nFROM golang:${GO} AS build\nRUN make\nFROM alpine\nCOPY --from=build /app /app\n")
	for _, r := range manifest.Dockerfile("Dockerfile", before, after).Resources {
		fmt.Println(r.Op, r.Type, r.Address, r.Labels, r.Detail)
	}
	// Output:
	// modified dockerfile/FROM stage 1 [unpinned] gcr.io/distroless/static@0f0f0f0f0f0f to alpine (no tag) (another registry) (no digest any more)
	// modified dockerfile/FROM stage build [unpinned] golang:1.26 to golang:1.27
	// modified dockerfile/USER user [access] runs as root, or as the base image says
}

func compare(before, after string) release.ChangeSet {
	b, a := manifest.Read("k.yaml", []byte(before)), manifest.Read("k.yaml", []byte(after))
	return manifest.Compare(&b, &a)
}

func one(t *testing.T, before, after string) release.ResourceChange {
	t.Helper()
	cs := compare(before, after)
	require.Empty(t, cs.Gaps)
	require.Len(t, cs.Resources, 1)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure])
	return cs.Resources[0]
}

func obj(apiVersion, kind, rest string) string {
	return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x, namespace: n}\n" + rest + "\n"
}

// deploy is a deployment of one container with the given members, in flow style.
func deploy(container string, pod ...string) string {
	return obj("apps/v1", "Deployment", "spec: {template: {spec: {"+strings.Join(append(pod, "containers: [{name: c, image: 'a@sha256:"+strings.Repeat("1", 64)+"'"+container+"}]"), ", ")+"}}}")
}

// What gets worse is said, labelled, and not said of what was so before.
func TestFacts(t *testing.T) {
	t.Parallel()
	role := func(rule string) string {
		return obj("rbac.authorization.k8s.io/v1", "Role", "rules: [{apiGroups: [''], resources: [pods], verbs: [list]}, "+rule+"]")
	}
	binding := func(role, subject string) string {
		return obj("rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef: {kind: ClusterRole, name: "+role+"}\nsubjects: [{kind: Group, name: '"+subject+"'}]")
	}
	policy := func(spec string) string { return obj("networking.k8s.io/v1", "NetworkPolicy", "spec: {"+spec+"}") }
	service := func(spec string) string { return obj("v1", "Service", "spec: {"+spec+"}") }
	probe := ", livenessProbe: {httpGet: {port: 80}}"
	for _, c := range []struct {
		name, before, after string
		label               release.Label
		detail              string
	}{
		{"wildcard verbs", role("{}"), role("{apiGroups: [''], resources: [pods], verbs: ['*']}"), release.LabelAccess, "every verb granted"},
		{"wildcard resources", role("{}"), role("{apiGroups: [''], resources: ['*'], verbs: [list]}"), release.LabelAccess, "every resource granted"},
		{"wildcard groups", role("{}"), role("{apiGroups: ['*'], resources: [pods], verbs: [list]}"), release.LabelAccess, "every API group granted"},
		{"escalate", role("{}"), role("{resources: [roles], verbs: [escalate]}"), release.LabelAccess, "escalate granted"},
		{"bind", role("{}"), role("{resources: [roles], verbs: [bind]}"), release.LabelAccess, "bind granted"},
		{"impersonate", role("{}"), role("{resources: [users], verbs: [impersonate]}"), release.LabelAccess, "impersonate granted"},
		{"secrets", role("{}"), role("{resources: [secrets], verbs: [get]}"), release.LabelSecrets, "secrets can be read"},
		{"exec", role("{}"), role("{resources: [pods/exec], verbs: [create]}"), release.LabelAccess, "pods/exec granted"},
		{"cluster-admin", binding("view", "dev"), binding("cluster-admin", "dev"), release.LabelAccess, "binds cluster-admin"},
		{"everyone", binding("view", "dev"), binding("view", "system:unauthenticated"), release.LabelAccess, "binds to system:unauthenticated"},
		{"privileged", deploy(""), deploy(", securityContext: {privileged: true}"), release.LabelAccess, "container c privileged"},
		{"privileged by YAML 1.1", deploy(""), deploy(", securityContext: {privileged: yes}"), release.LabelAccess, "container c privileged"},
		{"host network", deploy(""), deploy("", "hostNetwork: true"), release.LabelAccess, "hostNetwork"},
		{"host path", deploy(""), deploy("", "volumes: [{name: v, hostPath: {path: /data}}]"), release.LabelAccess, "hostPath volume v"},
		{"container runtime", deploy(""), deploy("", "volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}]"), release.LabelAccess, "host's socket mounted"},
		{"host root", deploy(""), deploy("", "volumes: [{name: v, hostPath: {path: /}}]"), release.LabelAccess, "host's root directory mounted"},
		{"capability", deploy(""), deploy(", securityContext: {capabilities: {add: [SYS_ADMIN]}}"), release.LabelAccess, "container c capability SYS_ADMIN"},
		{"capabilities kept", deploy(", securityContext: {capabilities: {drop: [ALL]}}"), deploy(""), release.LabelAccess, "container c keeps default capabilities"},
		{"root", deploy(", securityContext: {runAsUser: 1000}"), deploy(", securityContext: {runAsUser: 0}"), release.LabelAccess, "container c runs as root"},
		{"perhaps root", deploy(", securityContext: {runAsNonRoot: true}"), deploy(""), release.LabelAccess, "container c may run as root"},
		{"escalation", deploy(", securityContext: {allowPrivilegeEscalation: false}"), deploy(", securityContext: {allowPrivilegeEscalation: true}"), release.LabelAccess, "container c may escalate privileges"},
		{"escalation by default", deploy(", securityContext: {allowPrivilegeEscalation: false}"), deploy(""), release.LabelAccess, "container c may escalate privileges"},
		{"root in octal", deploy(", securityContext: {runAsUser: 1000}"), deploy(", securityContext: {runAsUser: 00}"), release.LabelAccess, "container c runs as root"},
		{"perhaps root, in another spelling", deploy(", securityContext: {runAsNonRoot: Yes}"), deploy(", securityContext: {runAsNonRoot: False}"), release.LabelAccess, "container c may run as root"},
		{"token, in another spelling", deploy("", "automountServiceAccountToken: False"), deploy(""), release.LabelAccess, "service account token mounted"},
		{"TLS", obj("networking.k8s.io/v1", "Ingress", "spec: {tls: [{hosts: [a]}]}"), obj("networking.k8s.io/v1", "Ingress", "spec: {tls: []}"), release.LabelCrypto, "no TLS"},
		{"token", deploy("", "automountServiceAccountToken: false"), deploy(""), release.LabelAccess, "service account token mounted"},
		{"seccomp", deploy(""), deploy("", "securityContext: {seccompProfile: {type: Unconfined}}"), release.LabelAccess, "pod without seccomp"},
		{"host port", deploy(", ports: [{containerPort: 80}]"), deploy(", ports: [{containerPort: 80, hostPort: 80}]"), release.LabelNetwork, "container c port on the host"},
		{"probe removed", deploy(probe), deploy(""), release.LabelAvailability, "container c has no livenessProbe"},
		{"probe removed by null", deploy(probe), deploy(", livenessProbe: null"), release.LabelAvailability, "container c has no livenessProbe"},
		{"limits removed", deploy(", resources: {limits: {memory: 1Gi}}"), deploy(""), release.LabelAvailability, "container c has no memory limits"},
		{"load balancer", service("type: ClusterIP"), service("type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]"), release.LabelNetwork, "type LoadBalancer"},
		{"open load balancer", service("type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]"), service("type: LoadBalancer"), release.LabelNetwork, "load balancer open to all sources"},
		{"no longer internal", strings.Replace(service("type: LoadBalancer"), "namespace: n}", "namespace: n, annotations: {service.beta.kubernetes.io/aws-load-balancer-internal: 'true'}}", 1), service("type: LoadBalancer"), release.LabelNetwork, "load balancer not marked as internal"},
		{"node port", service("type: ClusterIP"), service("type: NodePort"), release.LabelNetwork, "type NodePort"},
		{"allow all", policy("podSelector: {}, policyTypes: [Ingress, Egress]"), policy("podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}]"), release.LabelNetwork, "all ingress allowed"},
		{"allow all addresses", policy("policyTypes: [Ingress, Egress]"), policy("policyTypes: [Ingress, Egress], ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"), release.LabelNetwork, "all ingress addresses allowed"},
		{"egress free", policy("policyTypes: [Ingress, Egress]"), policy("policyTypes: [Ingress]"), release.LabelNetwork, "egress not restricted"},
		{"webhook", obj("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "webhooks: [{name: w, failurePolicy: Fail}]"), obj("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "webhooks: [{name: w, failurePolicy: Ignore}]"), release.LabelPolicy, "webhook w lets everything through when it fails"},
		{"replicas", obj("apps/v1", "Deployment", "spec: {replicas: 3}"), obj("apps/v1", "Deployment", "spec: {replicas: 0}"), release.LabelAvailability, "replicas 3 to 0"},
		{"replicas by default", obj("apps/v1", "Deployment", "spec: {replicas: 3}"), obj("apps/v1", "Deployment", "spec: {}"), release.LabelAvailability, "replicas 3 to 1"},
		{"autoscaler", obj("autoscaling/v2", "HorizontalPodAutoscaler", "spec: {minReplicas: 3}"), obj("autoscaling/v2", "HorizontalPodAutoscaler", "spec: {minReplicas: 2}"), release.LabelAvailability, "minimum of replicas 3 to 2"},
		{"budget", obj("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 50%}"), obj("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 10%}"), release.LabelAvailability, "minimum available 50% to 10%"},
		{"exec of all", role("{}"), role("{resources: ['*/exec'], verbs: [create]}"), release.LabelAccess, "pods/exec granted"},
		{"open to sources", service("type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]"), service("type: LoadBalancer, loadBalancerSourceRanges: [0.0.0.0/0]"), release.LabelNetwork, "load balancer open to all sources"},
		{"open to sources by halves", service("type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]"), service("type: LoadBalancer, loadBalancerSourceRanges: [0.0.0.0/1, 128.0.0.0/1]"), release.LabelNetwork, "load balancer open to all sources"},
		{"allow all by halves", policy("policyTypes: [Ingress, Egress]"), policy("policyTypes: [Ingress, Egress], ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]"), release.LabelNetwork, "all ingress addresses allowed"},
		{"allow all IPv6", policy("policyTypes: [Ingress, Egress]"), policy("policyTypes: [Ingress, Egress], ingress: [{from: [{ipBlock: {cidr: '2000::/3'}}]}]"), release.LabelNetwork, "all ingress addresses allowed"},
		{"a process of a Windows host", deploy(""), deploy(", securityContext: {windowsOptions: {hostProcess: true}}"), release.LabelAccess, "container c is a process of its host"},
		{"AppArmor", deploy(""), deploy("", "securityContext: {appArmorProfile: {type: Unconfined}}"), release.LabelAccess, "pod without AppArmor"},
		{"claims deleted", obj("apps/v1", "StatefulSet", "spec: {}"), obj("apps/v1", "StatefulSet", "spec: {persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}}"), release.LabelStateful, "volume claims deleted with what uses them"},
		{"volumes deleted", obj("storage.k8s.io/v1", "StorageClass", "reclaimPolicy: Retain"), obj("storage.k8s.io/v1", "StorageClass", ""), release.LabelStateful, "volume not retained when it is released"},
		{"version", obj("batch/v1beta1", "CronJob", ""), obj("batch/v1", "CronJob", ""), "", "API version v1beta1 to v1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := one(t, c.before, c.after)
			require.Equal(t, release.OpModified, got.Op)
			if c.label != "" {
				require.Contains(t, got.Labels, c.label)
			}
			require.Contains(t, strings.Split(got.Detail, "; "), c.detail)
			require.NotEmpty(t, got.Attributes)
			back := one(t, c.after, c.before)
			if c.name != "version" && !strings.Contains(c.detail, " to ") {
				require.NotContains(t, strings.Split(back.Detail, "; "), c.detail, "the other way it is better")
			}
			require.Equal(t, got.Attributes, back.Attributes)
			again := one(t, c.after, strings.Replace(c.after, "kind:", "other: 1\nkind:", 1))
			require.NotContains(t, again.Detail, c.detail, "what was so before is not said")
		})
	}
}

// Ranges larger than any private one are everyone; private ones are not.
func TestRangesOfAddresses(t *testing.T) {
	t.Parallel()
	service := func(cidr string) string {
		return obj("v1", "Service", "spec: {type: LoadBalancer, loadBalancerSourceRanges: ['"+cidr+"']}")
	}
	for cidr, open := range map[string]bool{"12.0.0.0/7": true, "12.0.0.0/8": false, "0.0.0.0/0": true, "::/0": true, "2000::/3": true, "fc00::/6": true, "fc00::/7": false, "10.0.0.0/8": false, "odd": false} {
		require.Equal(t, open, strings.Contains(one(t, service("10.1.0.0/16"), service(cidr)).Detail, "open to all sources"), cidr)
	}
}

func TestInternalLoadBalancer(t *testing.T) {
	t.Parallel()
	service := func(annotation string) string {
		return strings.Replace(obj("v1", "Service", "spec: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]}"), "namespace: n}", "namespace: n, annotations: {"+annotation+"}}", 1)
	}
	before := service("service.beta.kubernetes.io/aws-load-balancer-internal: 'true'")
	for annotation, internal := range map[string]bool{
		"service.beta.kubernetes.io/aws-load-balancer-internal: 'false'":    false,
		"example.com/internal: 'true'":                                      false,
		"example.com/scheme: internal":                                      false,
		"networking.gke.io/load-balancer-type: Internal":                    true,
		"networking.gke.io/load-balancer-type: External":                    false,
		"service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"": true,
	} {
		require.Equal(t, !internal, strings.Contains(one(t, before, service(annotation)).Detail, "load balancer not marked as internal"), annotation)
	}
}

// What a number was, where nobody can tell, may have been more.
func TestNumberThatCannotBeRead(t *testing.T) {
	t.Parallel()
	replicas := func(n string) string { return obj("apps/v1", "Deployment", "spec: {replicas: "+n+"}") }
	for _, c := range [][2]string{{"many", "5"}, {"5", "many"}} {
		require.Contains(t, one(t, replicas(c[0]), replicas(c[1])).Labels, release.LabelAvailability)
	}
	require.NotContains(t, one(t, replicas("4"), replicas("5")).Labels, release.LabelAvailability)
}

// Lists give their items a version.
func TestItemsOfTwoVersions(t *testing.T) {
	t.Parallel()
	list := func(version string) string {
		return "apiVersion: example.com/" + version + "\nkind: ThingList\nitems: [{metadata: {name: a}}]\n"
	}
	require.Len(t, compare("", list("v1")+"---\n"+list("v2")).Gaps, 1)
	require.Empty(t, compare("", list("v1")+"---\n"+list("v1")).Gaps)
}

func TestNewContainerLostNothing(t *testing.T) {
	t.Parallel()
	got := one(t, "", deploy(""))
	require.Equal(t, "image of container c: a@111111111111", got.Detail)
	got = one(t, "", deploy(", securityContext: {privileged: true}"))
	require.Contains(t, got.Detail, "privileged")
	require.Contains(t, got.Labels, release.LabelAccess)
}

func TestDestructive(t *testing.T) {
	t.Parallel()
	for kind, apiVersion := range map[string]string{"StatefulSet": "apps/v1", "PersistentVolumeClaim": "v1", "PersistentVolume": "v1", "Namespace": "v1", "CustomResourceDefinition": "apiextensions.k8s.io/v1"} {
		got := one(t, obj(apiVersion, kind, ""), "")
		require.Equal(t, release.OpRemoved, got.Op)
		require.Contains(t, got.Labels, release.LabelDestructive, kind)
		require.Contains(t, got.Labels, release.LabelStateful, kind)
		require.NotContains(t, one(t, "", obj(apiVersion, kind, "")).Labels, release.LabelDestructive, kind)
	}
	claims := func(size string) string {
		return obj("apps/v1", "StatefulSet", "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: "+size+"}}}}]}")
	}
	got := one(t, claims("1Gi"), claims("2Gi"))
	require.Contains(t, got.Labels, release.LabelDestructive)
	require.Equal(t, []string{"spec.volumeClaimTemplates[d].spec.resources.requests.storage"}, got.Attributes)
	require.NotContains(t, one(t, obj("apps/v1", "Deployment", ""), "").Labels, release.LabelDestructive)
}

func TestLabelsByKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		apiVersion, kind string
		label            release.Label
	}{
		{"v1", "Secret", release.LabelSecrets}, {"v1", "ServiceAccount", release.LabelAccess}, {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", release.LabelAccess},
		{"networking.k8s.io/v1", "Ingress", release.LabelNetwork}, {"v1", "Service", release.LabelNetwork}, {"networking.k8s.io/v1", "NetworkPolicy", release.LabelNetwork},
		{"apiextensions.k8s.io/v1", "CustomResourceDefinition", release.LabelAPI}, {"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", release.LabelPolicy},
		{"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", release.LabelPolicy}, {"v1", "PersistentVolumeClaim", release.LabelStateful},
	} {
		require.Contains(t, one(t, "", obj(c.apiVersion, c.kind, "")).Labels, c.label, c.kind)
		require.Contains(t, one(t, obj(c.apiVersion, c.kind, ""), "").Labels, c.label, c.kind)
	}
	for _, s := range []string{"name: db-migrate", "name: x", "name: y"} {
		job := "apiVersion: batch/v1\nkind: Job\nmetadata: {" + s + "}\nspec: {template: {spec: {containers: [{name: c, image: i:1, command: [sh], args: ['" + strings.Replace(s, "name: x", "flyway up", 1) + "']}]}}}\n"
		require.Equal(t, s != "name: y", strings.Contains(fmt.Sprint(one(t, "", job).Labels), "migration"), s)
	}
}

// Values of secrets are compared, and neither they nor hashes of them are kept.
func TestSecretsByNameOnly(t *testing.T) {
	t.Parallel()
	before := obj("v1", "Secret", "data: {password: aHVudGVyMg==, same: eA==}\nstringData: {old: 'hunter2'}")
	after := obj("v1", "Secret", "data: {password: aHVudGVyMw==, same: eA==}\nstringData: {new: 'hunter3'}")
	got := one(t, before, after)
	require.Equal(t, []string{"data.password", "stringData.new", "stringData.old"}, got.Attributes)
	require.Contains(t, got.Labels, release.LabelSecrets)
	out, err := json.Marshal(compare(before, after))
	require.NoError(t, err)
	require.NotContains(t, string(out), "hunter")
	require.NotContains(t, string(out), "aHVudGVy")
}

func TestImages(t *testing.T) {
	t.Parallel()
	d := func(image string) string {
		return obj("apps/v1", "Deployment", "spec: {template: {spec: {containers: [{name: c, image: '"+image+"'}]}}}")
	}
	sha := func(s string) string { return "@sha256:" + strings.Repeat(s, 64) }
	for _, c := range []struct {
		before, after, detail string
		unpinned              bool
	}{
		{"a:1", "a:2", "a:1 to a:2", true},
		{"a:1" + sha("1"), "a:2" + sha("2"), "a:1@111111111111 to a:2@222222222222", false},
		{"a" + sha("1"), "a:1", "a@111111111111 to a:1 (no digest any more)", true},
		{"a:1", "a", "a:1 to a (no tag)", true},
		{"a:1", "evil.example/a:1", "a:1 to evil.example/a:1 (another registry)", true},
		{"r:5000/a:1", "localhost/a:1", "r:5000/a:1 to localhost/a:1 (another registry)", true},
		{"docker.io/library/a:1", "a:2", "a:1 to a:2", true},
		{"a:1", "https://user:s3cr3t@evil/a", "a:1 to what is no reference", true},
		{"a:1", "", "a:1 to what is no reference", true},
		{"a:1", "a:1@sha256:s3cr3t", "a:1 to what is no reference", true},
	} {
		got := one(t, d(c.before), d(c.after))
		require.Equal(t, "image of container c: "+c.detail, got.Detail)
		require.Equal(t, c.unpinned, strings.Contains(fmt.Sprint(got.Labels), "unpinned"), c.after)
		require.Equal(t, []string{"spec.template.spec.containers[c].image"}, got.Attributes)
	}
	require.NotContains(t, one(t, d("a:1"), strings.Replace(d("a:1"), "spec:", "x: 1\nspec:", 1)).Labels, release.LabelUnpinned, "the image did not change")
}

func TestOrderAndKeys(t *testing.T) {
	t.Parallel()
	pod := func(s string) string { return obj("v1", "Pod", "spec: {"+s+"}") }
	for name, c := range map[string]struct {
		before, after string
		want          []string
	}{
		"containers":      {"containers: [{name: a, image: i}, {name: b, image: i}]", "containers: [{name: b, image: i}, {name: a, image: i}]", nil},
		"env":             {"containers: [{name: a, env: [{name: X, value: '1'}, {name: Y, value: '1'}]}]", "containers: [{name: a, env: [{name: Y, value: '2'}, {name: X, value: '1'}]}]", []string{"spec.containers[a].env[Y].value"}},
		"volumes":         {"volumes: [{name: a}, {name: b}]", "volumes: [{name: b}, {name: a}, {name: c}]", []string{"spec.volumes[c]"}},
		"init containers": {"initContainers: [{name: a}, {name: b}]", "initContainers: [{name: b}, {name: a}]", []string{"spec.initContainers"}},
		"args":            {"containers: [{name: a, args: [x, y]}]", "containers: [{name: a, args: [y, x]}]", []string{"spec.containers[a].args[0]", "spec.containers[a].args[1]"}},
		"no name":         {"volumes: [{x: 1}]", "volumes: [{x: 2}]", []string{"spec.volumes[0].x"}},
		"no name in one":  {"volumes: [{name: a}, {x: 1}]", "volumes: [{x: 1}, {name: a}]", []string{"spec.volumes[0].name", "spec.volumes[0].x", "spec.volumes[1].name", "spec.volumes[1].x"}},
		"two of a name":   {"volumes: [{name: a, x: 1}, {name: a, x: 2}]", "volumes: [{name: a, x: 2}, {name: a, x: 1}]", []string{"spec.volumes[0].x", "spec.volumes[1].x"}},
		"yes and text":    {"a: yes", "a: 'yes'", []string{"spec.a"}},
		"number and text": {"a: 80", "a: '80'", []string{"spec.a"}},
		"plain and text":  {"a: web", "a: 'web'", nil},
		"null and none":   {"a: null", "b: null", nil},
		"empty and none":  {"a: {}", "", []string{"spec.a"}},
		"odd keys":        {`a: {"x/y": 1, "\n": 1}`, `a: {"x/y": 2, "\n": 2}`, []string{`spec.a["x/y"]`, "spec.a[*]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cs := compare(pod(c.before), pod(c.after))
			require.Empty(t, cs.Gaps)
			if c.want == nil {
				require.Empty(t, cs.Resources)
				return
			}
			require.Equal(t, c.want, cs.Resources[0].Attributes)
		})
	}
	require.Empty(t, compare(obj("v1", "Pod", "status: {a: 1}"), obj("v1", "Pod", "status: {a: 2}")).Resources)
}

func TestDocumentsAndLists(t *testing.T) {
	t.Parallel()
	items := "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}"
	list := "apiVersion: v1\nkind: List\nitems: [" + items + "]"
	docs := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
	typed := "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]"
	asJSON := "{\n\t\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"a\"}}\n{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"b\"}}"
	base := manifest.Read("k", []byte(docs))
	require.Equal(t, 2, base.Len())
	for name, s := range map[string]string{"list": list, "typed list": typed, "JSON": asJSON} {
		cs := compare(docs, s)
		require.Empty(t, cs.Gaps, name)
		if name == "typed list" {
			require.Len(t, cs.Resources, 2, "apiVersion and kind stand in the list")
			continue
		}
		require.Empty(t, cs.Resources, name)
	}
}

// kubectl takes for a list whatever has items.
func TestItemsOfAnything(t *testing.T) {
	t.Parallel()
	inner := "{apiVersion: v1, kind: Pod, metadata: {name: hidden}, spec: {hostNetwork: true}}"
	cs := compare("", obj("v1", "ConfigMap", "items: ["+inner+"]"))
	require.Len(t, cs.Resources, 2)
	require.Equal(t, "Pod/hidden", cs.Resources[1].Address)
	cs = compare("", obj("example.com/v1", "AllowList", "items: [a, b]"))
	require.NotEqual(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure])
	require.Len(t, append(make([]release.Gap, 0), cs.Gaps...), 0)
	require.Equal(t, "AllowList.example.com/n/x", cs.Resources[0].Address)
}

func TestGaps(t *testing.T) {
	t.Parallel()
	good := obj("v1", "ConfigMap", "data: {a: b}")
	for _, c := range []struct {
		name, text string
		kind       release.GapKind
	}{
		{"bad YAML", "a: [", release.GapUnreadable},
		{"a key twice", good + "data: {}\n", release.GapUnreadable},
		{"a template", "kind: Deployment\nmetadata:\n  name: {{ .Values.name }}\n{{- if x }}\n", release.GapUnsupported},
		{"a template that parses", strings.Replace(good, "name: x", `name: "{{ .Release.Name }}"`, 1), release.GapUnsupported},
		{"a kustomization", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]", release.GapUnsupported},
		{"a made up name", strings.Replace(good, "name: x", "generateName: x-", 1), release.GapUnsupported},
		{"no name", "apiVersion: v1\nkind: Pod\nmetadata: {labels: {}}", release.GapUnsupported},
		{"no metadata", "apiVersion: apps/v1\nkind: Deployment", release.GapUnsupported},
		{"no apiVersion", "kind: Pod\nmetadata: {name: x}", release.GapUnsupported},
		{"twice", good + "---\n" + strings.Replace(good, "a: b", "a: c", 1), release.GapAmbiguous},
		{"a list of no items", "apiVersion: v1\nkind: List\nitems: {a: b}", release.GapUnsupported},
		{"large", strings.Repeat(" ", manifest.MaxBytes+1), release.GapTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, cs := range []release.ChangeSet{compare(good, c.text), compare(c.text, good)} {
				require.Len(t, cs.Gaps, 1)
				require.Equal(t, c.kind, cs.Gaps[0].Kind)
				require.NotEqual(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure])
				for _, r := range cs.Resources {
					require.Contains(t, []release.Op{release.OpUnknown, release.OpModified}, r.Op, "not everything is new or gone")
				}
			}
		})
	}
	for _, s := range []string{"", "replicas: 3\nimage: {tag: '1'}", "apiVersion: v2\nname: chart\nversion: 1.0.0", "[1, 2]", "text", good + "---\n" + good} {
		cs := compare(good, good+"---\n"+s)
		require.Empty(t, cs.Gaps, s)
		require.Empty(t, cs.Resources, s)
	}
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	good, other := obj("v1", "ConfigMap", "data: {a: b}"), strings.Replace(obj("v1", "ConfigMap", ""), "name: x", "name: y", 1)
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	before := fstest.MapFS{"a.yaml": file(good), "README.md": file("a: ["), "values.yaml": file("a: 1")}
	moved := fstest.MapFS{"deep/er/b.yml": file(good)}
	cs := manifest.Diff(before, moved, manifest.Options{})
	require.Empty(t, cs.Resources, "another file is no change")
	require.Empty(t, cs.Gaps)
	require.Len(t, cs.Sources, 2)

	cs = manifest.Diff(nil, before, manifest.Options{})
	require.Equal(t, release.OpAdded, cs.Resources[0].Op)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure], "that there is no directory is known")
	require.Equal(t, release.Path("a.yaml"), cs.Resources[0].File)

	// A file that cannot be read may hold what is not seen elsewhere.
	broken := fstest.MapFS{"a.yaml": file("a: ["), "c.yaml": file(other)}
	cs = manifest.Diff(before, broken, manifest.Options{})
	require.Equal(t, release.OpUnknown, cs.Resources[0].Op, "x may stand in the broken file")
	require.Equal(t, release.OpAdded, cs.Resources[1].Op, "all of before was read")
	require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindInfrastructure])
	// The same broken file on both sides holds the same.
	before["z.yaml"], broken["z.yaml"] = file("b: ["), file("b: [")
	delete(broken, "a.yaml")
	cs = manifest.Diff(before, broken, manifest.Options{})
	require.Equal(t, release.OpRemoved, cs.Resources[0].Op)
	require.Len(t, cs.Gaps, 1)
	cs = manifest.Diff(before, broken, manifest.Options{Skip: func(p release.Path) bool { return p == "z.yaml" }})
	require.Empty(t, cs.Gaps)

	link := fstest.MapFS{"a.yaml": {Data: []byte("b.yaml"), Mode: os.ModeSymlink}, "b.yaml": file(good)}
	require.Equal(t, release.GapUnsupported, manifest.Diff(link, link, manifest.Options{}).Gaps[0].Kind)
	cs = manifest.Diff(os.DirFS("/does/not/exist"), before, manifest.Options{})
	require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure])
	require.Equal(t, release.OpUnknown, cs.Resources[0].Op, "a directory that cannot be read is not one that is not there")

	named := strings.Replace(good, ", namespace: n", "", 1)
	require.Empty(t, manifest.Diff(fstest.MapFS{"a.yaml": file(named)}, fstest.MapFS{"a.yaml": file(strings.Replace(good, "namespace: n", "namespace: default", 1))}, manifest.Options{Namespace: "default"}).Resources[0].Detail)
}
