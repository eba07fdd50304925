package manifest

import (
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
)

// fact is something about an object that is worth saying when it becomes so.
type fact struct {
	label release.Label
	// absence is set where the fact is that something is not there: of a new object,
	// that is nothing that was taken away.
	absence bool
	// container is whom it is about, and what the rest of the sentence, where it is the
	// absence of something of a container.
	container, what string
}

// facts are by the sentence that says them.
type facts map[string]fact

func (f facts) is(label release.Label, parts ...string) {
	f[strings.Join(parts, " ")] = fact{label: label}
}

func (f facts) lacks(label release.Label, parts ...string) {
	f[strings.Join(parts, " ")] = fact{label: label, absence: true}
}

// factsOf are the facts of an object and of what it runs.
func factsOf(o *object, runs finder) facts {
	f := facts{}
	if o == nil {
		return f
	}
	for _, p := range runs.pods {
		f.pod(p.spec, p.of)
	}
	for _, c := range runs.found {
		if c.loose {
			f.rights(c.name, strictyaml.Get(c.node, "securityContext"))
		} else {
			f.container(c)
		}
	}
	switch o.kind {
	case "Role", "ClusterRole":
		f.role(o.root)
	case "RoleBinding", "ClusterRoleBinding":
		f.binding(o.root)
	case "Service":
		f.service(o.root)
	case "NetworkPolicy":
		f.networkPolicy(o.root)
	case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
		for _, w := range strictyaml.Items(strictyaml.Get(o.root, "webhooks")) {
			if value(w, "failurePolicy") == "Ignore" {
				f.is(release.LabelPolicy, "webhook", shown(value(w, "name")), "lets everything through when it fails")
			}
		}
	case "Ingress":
		if len(strictyaml.Items(strictyaml.Get(o.root, "spec", "tls"))) == 0 {
			f.lacks(release.LabelCrypto, "no TLS")
		}
	case "ServiceAccount":
		if flag(o.root, "automountServiceAccountToken") != "false" {
			f.lacks(release.LabelAccess, "token mounted by default")
		}
	case "StatefulSet":
		if keep := strictyaml.Get(o.root, "spec", "persistentVolumeClaimRetentionPolicy"); value(keep, "whenDeleted") == "Delete" || value(keep, "whenScaled") == "Delete" {
			f.is(release.LabelStateful, "volume claims deleted with what uses them")
		}
	case "StorageClass":
		if value(o.root, "reclaimPolicy") != "Retain" {
			f.lacks(release.LabelStateful, "volume not retained when it is released")
		}
	case "PersistentVolume":
		if value(o.root, "spec", "persistentVolumeReclaimPolicy") != "Retain" {
			f.lacks(release.LabelStateful, "volume not retained when it is released")
		}
	case "Namespace":
		if level := value(o.root, "metadata", "labels", "pod-security.kubernetes.io/enforce"); level != "restricted" && level != "baseline" {
			f.lacks(release.LabelAccess, "pod security is not enforced")
		}
	}
	return f
}

func value(n *yaml.Node, path ...string) string { return strictyaml.Text(strictyaml.Get(n, path...)) }

// flag is "true" or "false" of a boolean in any spelling of YAML 1.1, which
// Kubernetes reads; "" where there is none, and "unclear" of anything else.
func flag(n *yaml.Node, path ...string) string {
	n = strictyaml.Get(n, path...)
	switch strings.ToLower(strictyaml.Text(n)) {
	case "":
		return ""
	case "true", "yes", "on", "y":
		return "true"
	case "false", "no", "off", "n":
		return "false"
	}
	return "unclear"
}

// on reports whether a flag is set, or may be.
func on(n *yaml.Node, path ...string) bool {
	v := flag(n, path...)
	return v == "true" || v == "unclear"
}

// texts are the scalars of a list, or a scalar alone.
func texts(n *yaml.Node) []string {
	var out []string
	for _, item := range strictyaml.Items(n) {
		out = append(out, strictyaml.Text(item))
	}
	return out
}

// role says what rules grant beyond measure.
func (f facts) role(n *yaml.Node) {
	if strictyaml.Get(n, "aggregationRule") != nil {
		f.is(release.LabelAccess, "rules are aggregated from other roles")
	}
	for _, r := range strictyaml.Items(strictyaml.Get(n, "rules")) {
		verbs, resources := texts(strictyaml.Get(r, "verbs")), texts(strictyaml.Get(r, "resources"))
		any := func(list []string, names ...string) bool {
			return slices.ContainsFunc(list, func(s string) bool { return s == "*" || slices.Contains(names, s) })
		}
		if any(verbs) {
			f.is(release.LabelAccess, "every verb granted")
		}
		if any(resources) {
			f.is(release.LabelAccess, "every resource granted")
		}
		if any(texts(strictyaml.Get(r, "apiGroups"))) {
			f.is(release.LabelAccess, "every API group granted")
		}
		for _, verb := range []string{"escalate", "bind", "impersonate"} {
			if slices.Contains(verbs, verb) {
				f.is(release.LabelAccess, verb, "granted")
			}
		}
		if any(resources, "secrets") && any(verbs, "get", "list", "watch") {
			f.is(release.LabelSecrets, "secrets can be read")
		}
		for _, sub := range []string{"pods/exec", "pods/attach", "pods/ephemeralcontainers", "nodes/proxy", "serviceaccounts/token", "certificatesigningrequests/approval"} {
			_, part, _ := strings.Cut(sub, "/")
			if any(resources, sub, "*/"+part) && any(verbs, "create", "update", "patch", "get") {
				f.is(release.LabelAccess, sub, "granted")
			}
		}
		if any(resources, "pods", "deployments", "daemonsets", "statefulsets", "jobs", "cronjobs", "replicasets") && any(verbs, "create", "update", "patch") {
			f.is(release.LabelAccess, "workloads can be made or changed")
		}
		if any(resources, "roles", "clusterroles", "rolebindings", "clusterrolebindings") && any(verbs, "create", "update", "patch") {
			f.is(release.LabelAccess, "roles or bindings can be made or changed")
		}
	}
}

// binding says who gets the roles that are known for their reach.
func (f facts) binding(n *yaml.Node) {
	switch role := value(n, "roleRef", "name"); role {
	case "cluster-admin", "admin", "edit", "system:masters":
		f.is(release.LabelAccess, "binds", role)
	}
	for _, s := range strictyaml.Items(strictyaml.Get(n, "subjects")) {
		switch name := value(s, "name"); name {
		case "system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts", "system:masters":
			f.is(release.LabelAccess, "binds to", name)
		}
	}
}

func (f facts) service(n *yaml.Node) {
	switch t := value(n, "spec", "type"); t {
	case "LoadBalancer", "NodePort", "ExternalName":
		f.is(release.LabelNetwork, "type", t)
	}
	if len(strictyaml.Items(strictyaml.Get(n, "spec", "externalIPs"))) > 0 {
		f.is(release.LabelNetwork, "external IPs")
	}
	if value(n, "spec", "type") == "LoadBalancer" {
		ranges := texts(strictyaml.Get(n, "spec", "loadBalancerSourceRanges"))
		if len(ranges) == 0 || slices.ContainsFunc(ranges, everywhere) {
			f.is(release.LabelNetwork, "load balancer open to all sources")
		}
		if !internal(strictyaml.Get(n, "metadata", "annotations")) {
			f.lacks(release.LabelNetwork, "load balancer not marked as internal")
		}
	}
}

// internal reports whether an annotation tells the cloud that a load balancer is for
// its own network, as each cloud calls it.
func internal(annotations *yaml.Node) bool {
	for k, v := range strictyaml.Pairs(annotations) {
		key, text := strings.ToLower(k.Value), strings.ToLower(strictyaml.Text(v))
		if strings.Contains(key, "load-balancer") && (text == "internal" || strings.Contains(key, "internal") && text != "false") {
			return true
		}
	}
	return false
}

// everywhere reports whether a range of addresses is larger than any private one.
func everywhere(cidr string) bool {
	p, err := netip.ParsePrefix(strings.TrimSpace(cidr))
	return err == nil && (p.Bits() < 7 || p.Bits() < 8 && p.Addr().Is4())
}

func (f facts) networkPolicy(n *yaml.Node) {
	for _, way := range [][2]string{{"ingress", "from"}, {"egress", "to"}} {
		rules := strictyaml.Get(n, "spec", way[0])
		for _, r := range strictyaml.Items(rules) {
			if len(strictyaml.Items(strictyaml.Get(r, way[1]))) == 0 {
				f.is(release.LabelNetwork, "all", way[0], "allowed")
			}
			for _, peer := range strictyaml.Items(strictyaml.Get(r, way[1])) {
				if cidr := value(peer, "ipBlock", "cidr"); everywhere(cidr) {
					f.is(release.LabelNetwork, "all", way[0], "addresses allowed")
				}
			}
		}
	}
	types := texts(strictyaml.Get(n, "spec", "policyTypes"))
	if !slices.Contains(types, "Ingress") && len(types) > 0 {
		f.lacks(release.LabelNetwork, "ingress not restricted")
	}
	if !slices.Contains(types, "Egress") && strictyaml.Get(n, "spec", "egress") == nil {
		f.lacks(release.LabelNetwork, "egress not restricted")
	}
}
