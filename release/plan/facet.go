package plan

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// facets are what an attribute is about, by its name.
type facets uint8

const (
	access facets = 1 << iota
	network
	crypto
	outward // leads out, not in: egress rules, routes
	tagged  // in a map of tags, whose names are anybody's
)

// words are what a name that has one of them is about; a word may be two that stand
// together. Types of resources are no matter of this list: release/label has those.
var words = index([]struct {
	facets
	words []string
}{
	{access, []string{"iam", "role", "roles", "permission", "permissions", "principal", "principals", "member", "members", "acl", "acls", "grant", "grants",
		"privilege", "privileges", "authorizer", "authorization", "rbac", "sudo", "admins", "assume", "trust", "trusted", "impersonate", "serviceaccount", "service_account",
		"instance_profile", "public_access", "federated", "oidc", "scopes", "accesskey"}},
	{network, []string{"ingress", "egress", "cidr", "cidrs", "ip", "ipv4", "ipv6", "security_group", "security_groups", "security_rule", "source_ranges", "destination_ranges", "source_range", "address_prefix", "address_prefixes",
		"publicly", "public", "firewall", "subnet", "subnets", "vpc", "route", "routes", "port", "ports", "listener", "authorized_networks", "internal", "network", "networks", "network_acls", "peering", "gateway", "endpoint", "allowed_origins", "waf"}},
	{crypto, []string{"kms", "key_rotation", "rotation", "deletion_window", "encryption", "encrypted", "encrypt", "certificate", "certificates", "cert", "certs", "tls", "ssl", "https", "cipher", "ciphers", "key_spec", "key_usage", "hsm", "crypto", "customer_managed_key", "signing"}},
	{outward, []string{"egress", "destination", "route", "routes", "outbound"}},
})

func index(lists []struct {
	facets
	words []string
}) map[string]facets {
	out := map[string]facets{}
	for _, l := range lists {
		for _, w := range l.words {
			out[w] |= l.facets
		}
	}
	return out
}

// harmlessPolicies are policies that say nothing of who may do what. A policy of
// another name is taken for one that does.
var harmlessPolicies = []string{"ssl", "tls", "scaling", "lifecycle", "retention", "rotation", "backup", "update", "upgrade", "restart", "cache", "dead", "redrive", "retry", "stickiness", "eviction", "maxmemory", "origin", "placement"}

// lexicon remembers what names are about: plans have few names many times.
type lexicon map[string]facets

func (l lexicon) of(name string) facets {
	f, ok := l[name]
	if !ok {
		f = facetsOf(name)
		if len(l) < 4096 && len(name) <= 100 {
			l[name] = f
		}
	}
	return f
}

// facetsOf is what a name is about.
func facetsOf(name string) facets {
	var f facets
	switch name {
	case "tags", "tags_all", "labels", "effective_labels", "terraform_labels", "annotations":
		f = tagged
	}
	policy, harmless := false, false
	last := ""
	for _, part := range split(name) {
		f |= words[part]
		if last != "" {
			f |= words[last+"_"+part]
		}
		policy = policy || part == "policy" || part == "policies"
		harmless = harmless || slices.Contains(harmlessPolicies, part)
		last = part
	}
	if policy && !harmless {
		f |= access
	}
	return f
}

// split cuts a name at its marks and where camelCase turns, in lower case.
func split(name string) []string {
	if len(name) > 100 {
		name = name[:100]
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
				b.WriteByte('_')
			}
			b.WriteByte(c + 'a' - 'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		default:
			b.WriteByte('_')
		}
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
}

// inner are the facets of all names within a value.
func (l lexicon) inner(v *value) facets {
	var f facets
	if v != nil {
		for i := range v.items {
			f |= l.inner(&v.items[i])
		}
		for i := range v.members {
			if of := l.of(v.members[i].name); of&tagged == 0 {
				f |= of | l.inner(&v.members[i].value)
			}
		}
	}
	return f
}

func (f facets) labels() []release.Label {
	var out []release.Label
	for _, l := range []struct {
		facets
		release.Label
	}{{access, release.LabelAccess}, {crypto, release.LabelCrypto}, {network, release.LabelNetwork}} {
		if f&l.facets != 0 {
			out = append(out, l.Label)
		}
	}
	return out
}
