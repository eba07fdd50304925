package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

// Labels and sentences that only attributes can tell. The type is one that says
// nothing by itself.
func TestAttributes(t *testing.T) {
	t.Parallel()
	policy := func(effect, principal, action string) string {
		return `"{\"Statement\":[{\"Effect\":\"` + effect + `\",\"Principal\":` + principal + `,\"Action\":\"` + action + `\"}]}"`
	}
	for _, c := range []struct {
		name, before, after, more string
		labels                    []release.Label
		detail                    string // none where ""
	}{
		{"a name", `"name":"a"`, `"name":"b"`, "", nil, ""},
		{"a tag called role", `"tags":{"role":"a"},"tags_all":{"policy":"x"}`, `"tags":{"role":"b"},"tags_all":{}`, "", nil, ""},
		{"a scaling policy", `"scaling_policy":"a"`, `"scaling_policy":"b"`, "", nil, ""},
		{"a policy", `"policy":"a"`, `"policy":"b"`, "", []release.Label{release.LabelAccess}, ""},
		{"a policy of an odd name", `"frobPolicy":"a"`, `"frobPolicy":"b"`, "", []release.Label{release.LabelAccess}, ""},
		{"a trust policy", `"assume_role_policy":"a"`, `"assume_role_policy":"b"`, "", []release.Label{release.LabelAccess}, ""},
		{"a role", `"spec":[{"service_account_name":"a"}]`, `"spec":[{"service_account_name":"b"}]`, "", []release.Label{release.LabelAccess}, ""},
		{"an unknown policy", `"policy":"a"`, ``, `"after_unknown":{"policy":true}`, []release.Label{release.LabelAccess}, "not known before it is applied: policy"},
		{"an unknown policy within", `"inline":[{"policy":"a"}]`, `"inline":[{}]`, `"after_unknown":{"inline":[{"policy":true}]}`, []release.Label{release.LabelAccess}, "not known before it is applied: inline[0].policy"},
		{"a policy for everyone", `"policy":` + policy("Allow", `{\"AWS\":\"arn:aws:iam::1:root\"}`, "s3:Get"), `"policy":` + policy("Allow", `\"*\"`, "s3:Get"), "", []release.Label{release.LabelAccess}, "granted to everyone: policy"},
		{"a policy for everyone, in a list", `"policy":` + policy("Allow", `{\"AWS\":\"x\"}`, "s3:Get"), `"policy":` + policy("Allow", `{\"AWS\":[\"x\",\"*\"]}`, "s3:Get"), "", []release.Label{release.LabelAccess}, "granted to everyone: policy"},
		{"a policy that denies everyone", `"policy":"{}"`, `"policy":` + policy("Deny", `\"*\"`, "*"), "", []release.Label{release.LabelAccess}, ""},
		{"a policy with every action", `"policy":"{}"`, `"policy":` + policy("Allow", `\"x\"`, "*"), "", []release.Label{release.LabelAccess}, "every action granted: policy"},
		{"a policy in another case", `"policy":"{}"`, `"policy":"{\"statement\":[{\"effect\":\"Allow\",\"principal\":\"*\"}]}"`, "", []release.Label{release.LabelAccess}, "granted to everyone: policy"},
		{"a policy of bindings", `"policy_data":"{}"`, `"policy_data":"{\"bindings\":[{\"members\":[\"allUsers\"]}]}"`, "", []release.Label{release.LabelAccess}, "granted to everyone: policy_data"},
		{"a policy for all but one", `"policy":"{}"`, `"policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"NotPrincipal\":{\"AWS\":\"x\"},\"Action\":\"s3:Get\"}]}"`, "", []release.Label{release.LabelAccess}, "granted to everyone: policy"},
		{"a policy with all actions but one", `"policy":"{}"`, `"policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"x\",\"NotAction\":\"s3:Get\"}]}"`, "", []release.Label{release.LabelAccess}, "every action granted: policy"},
		{"a policy of an effect that nobody knows", `"policy":"{}"`, `"policy":` + policy("permit", `\"*\"`, "s3:Get"), "", []release.Label{release.LabelAccess}, "granted to everyone: policy"},
		{"a broken policy", `"policy":"{}"`, `"policy":"{\"Statement\":["`, "", []release.Label{release.LabelAccess}, "a policy that cannot be read: policy"},
		{"members", `"members":["user:a"]`, `"members":["user:a","allUsers"]`, "", []release.Label{release.LabelAccess}, "granted to everyone: members"},
		{"a public list", `"acl":"private"`, `"acl":"public-read"`, "", []release.Label{release.LabelAccess}, "granted to everyone: acl"},
		{"a rule", `"ingress":[{"cidr_blocks":["10.0.0.0/8"]}]`, `"ingress":[{"cidr_blocks":["10.0.0.0/9"]}]`, "", []release.Label{release.LabelNetwork}, ""},
		{"an open rule", `"ingress":[]`, `"ingress":[{"cidr_blocks":["0.0.0.0/0"]}]`, "", []release.Label{release.LabelNetwork}, "open to everyone: ingress"},
		{"an open rule, IPv6", `"ingress":[]`, `"ingress":[{"ipv6_cidr_blocks":["::/0"]}]`, "", []release.Label{release.LabelNetwork}, "open to everyone: ingress"},
		{"open before", `"cidr_blocks":["0.0.0.0/0"]`, `"cidr_blocks":["0.0.0.0/0","10.0.0.0/8"]`, "", []release.Label{release.LabelNetwork}, ""},
		{"an open way out", `"egress":[]`, `"egress":[{"cidr_blocks":["0.0.0.0/0"]}]`, "", []release.Label{release.LabelNetwork}, ""},
		{"an open way out as a rule", `"type":"egress","cidr_blocks":[]`, `"type":"egress","cidr_blocks":["0.0.0.0/0"]`, "", []release.Label{release.LabelNetwork}, ""},
		{"Azure", `"source_address_prefix":"10.0.0.0/8"`, `"source_address_prefix":"*"`, "", []release.Label{release.LabelNetwork}, "open to everyone: source_address_prefix"},
		{"made public", `"publicly_accessible":false`, `"publicly_accessible":true`, "", []release.Label{release.LabelNetwork}, "opened to the public: publicly_accessible"},
		{"made private", `"publicly_accessible":true`, `"publicly_accessible":false`, "", []release.Label{release.LabelNetwork}, ""},
		{"perhaps made public", `"publicly_accessible":false`, ``, `"after_unknown":{"publicly_accessible":true}`, []release.Label{release.LabelNetwork}, "opened to the public: publicly_accessible"},
		{"public access blocked no more", `"block_public_acls":true`, `"block_public_acls":false`, "", []release.Label{release.LabelAccess, release.LabelNetwork}, "public access no longer blocked: block_public_acls"},
		{"a key", `"kms_key_id":"a"`, `"kms_key_id":"b"`, "", []release.Label{release.LabelCrypto}, ""},
		{"rotation", `"enable_key_rotation":true`, `"enable_key_rotation":false`, "", []release.Label{release.LabelCrypto}, "encryption or rotation turned off: enable_key_rotation"},
		{"encryption", `"storage_encrypted":true`, `"storage_encrypted":null`, "", []release.Label{release.LabelCrypto}, "encryption or rotation turned off: storage_encrypted"},
		{"deletion window", `"deletion_window_in_days":30`, `"deletion_window_in_days":7`, "", []release.Label{release.LabelCrypto, release.LabelStateful}, "kept for less long: deletion_window_in_days"},
		{"protection removed", `"deletion_protection":true`, `"deletion_protection":false`, "", []release.Label{release.LabelStateful}, "protection removed: deletion_protection"},
		{"protection perhaps removed", `"deletion_protection":true`, ``, `"after_unknown":{"deletion_protection":true}`, []release.Label{release.LabelStateful}, "protection removed: deletion_protection"},
		{"protection given", `"deletion_protection":false`, `"deletion_protection":true`, "", nil, ""},
		{"versioning", `"versioning":[{"enabled":true}]`, `"versioning":[{"enabled":false}]`, "", []release.Label{release.LabelStateful}, "protection removed: versioning[0].enabled"},
		{"enabled of anything", `"x":[{"enabled":true}]`, `"x":[{"enabled":false}]`, "", nil, ""},
		{"reckless", `"force_destroy":false`, `"force_destroy":true`, "", []release.Label{release.LabelStateful}, "protection removed: force_destroy"},
		{"backups", `"backup_retention_period":14`, `"backup_retention_period":9`, "", []release.Label{release.LabelStateful}, "kept for less long: backup_retention_period"},
		{"more backups", `"backup_retention_period":9`, `"backup_retention_period":14`, "", nil, ""},
		{"capacity", `"min_size":3`, `"min_size":1`, "", []release.Label{release.LabelAvailability}, "capacity lowered: min_size"},
		{"huge number", `"min_size":3`, `"min_size":1e999999999`, "", []release.Label{release.LabelAvailability}, "capacity lowered: min_size"},
		{"redundancy", `"multi_az":true`, `"multi_az":false`, "", []release.Label{release.LabelAvailability}, "redundancy removed: multi_az"},
		{"sensitive", `"x":"a"`, `"x":"b"`, `"before_sensitive":{"x":true},"after_sensitive":{"x":true}`, []release.Label{release.LabelSecrets}, ""},
		{"sensitive within", `"x":[{"y":"a"}]`, `"x":[]`, `"before_sensitive":{"x":[{"y":true}]}`, []release.Label{release.LabelSecrets}, ""},
		{"sensitive within, after", `"x":[]`, `"x":[{"y":"a"}]`, `"after_sensitive":{"x":[{"y":true}]}`, []release.Label{release.LabelSecrets}, ""},
		{"protection removed out of sight", `"deletion_protection":true`, `"deletion_protection":false`, `"before_sensitive":{"deletion_protection":true},"after_sensitive":{"deletion_protection":true}`, []release.Label{release.LabelSecrets, release.LabelStateful}, "protection removed: deletion_protection"},
		{"capacity out of sight", `"min_size":1`, `"min_size":3`, `"before_sensitive":{"min_size":true},"after_sensitive":{"min_size":true}`, []release.Label{release.LabelAvailability, release.LabelSecrets}, "capacity lowered: min_size"},
		{"shown", `"x":"a"`, `"x":"a"`, `"before_sensitive":{"x":true},"after_sensitive":{}`, []release.Label{release.LabelSecrets}, "no longer hidden: x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := `"before":{` + c.before + `},"after":{` + c.after + `}`
			if c.more != "" {
				change += "," + c.more
			}
			got := one(t, doc(rc("aws_thing.x", `"update"`, change)))
			if len(c.labels) == 0 {
				require.Empty(t, got.Labels)
			} else {
				require.Equal(t, c.labels, got.Labels)
			}
			require.Equal(t, c.detail, got.Detail)
			require.NotEmpty(t, append(got.Attributes, got.Unknown...))
		})
	}
}

func TestAttributesOfAddedAndRemoved(t *testing.T) {
	t.Parallel()
	got := one(t, doc(rc("aws_thing.x", `"create"`, `"before":null,"after":{"name":"a","publicly_accessible":true,"deletion_protection":false,"multi_az":false,"policy":""},"after_unknown":{"arn":true,"private_ip":true}`)))
	require.Empty(t, got.Attributes)
	require.Equal(t, []string{"arn", "private_ip"}, got.Unknown)
	require.Equal(t, []release.Label{release.LabelNetwork}, got.Labels)
	require.Equal(t, "opened to the public: publicly_accessible", got.Detail)
	got = one(t, doc(rc("aws_thing.x", `"delete"`, `"before":{"allocated_storage":20,"inline_policy":"x"},"after":null`)))
	require.Equal(t, []release.Label{release.LabelAccess, release.LabelDestructive, release.LabelStateful}, got.Labels, "what has storage holds data, whatever its type is")
	got = one(t, doc(rc("aws_thing.x", `"delete"`, `"before":{"deletion_protection":false},"after":{},"after_unknown":{"policy":true}`)))
	require.NotContains(t, got.Labels, release.LabelDestructive, "what can be protected need not hold data")
	require.Empty(t, got.Unknown, "nothing is left of it")
	got = one(t, doc(rc("aws_thing.x", `"create"`, `"before":null,"after":{},"after_unknown":{"private_ip":true,"assign_public_ip":true,"kms_key_id":true}`)))
	require.Empty(t, got.Labels, "what the provider computes")
	require.Empty(t, got.Detail)
	got = one(t, doc(rc("aws_thing.x", `"create"`, `"before":null,"after":{},"after_unknown":{"policy":true}`)))
	require.Equal(t, []release.Label{release.LabelAccess}, got.Labels)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before, after string
		want                []string
	}{
		{"nested", `"a":{"b":[{"c":1},{"c":2}]}`, `"a":{"b":[{"c":1},{"c":3}]}`, []string{"a.b[1].c"}},
		{"length", `"a":[1]`, `"a":[1,2]`, []string{"a"}},
		{"kind", `"a":[1]`, `"a":"1"`, []string{"a"}},
		{"null and missing", `"a":null`, ``, nil},
		{"null and empty", `"a":null,"b":1`, `"a":{},"b":2`, []string{"a", "b"}},
		{"null and zero", `"a":null`, `"a":0`, []string{"a"}},
		{"a number beyond float64", `"a":9007199254740992`, `"a":9007199254740993`, []string{"a"}},
		{"keys", `"a":{"x/y.z":1,"b c":1,"ü":1}`, `"a":{"x/y.z":2,"b c":2,"ü":2}`, []string{`a["x/y.z"]`, "a[*]"}},
		{"keys that are long", `"a":{"` + strings.Repeat("k", 63) + `":1,"` + strings.Repeat("l", 64) + `":1}`, `"a":{"` + strings.Repeat("k", 63) + `":2,"` + strings.Repeat("l", 64) + `":2}`, []string{"a." + strings.Repeat("k", 63), "a[*]"}},
		{"a long way", strings.Repeat(`"`+strings.Repeat("k", 60)+`":{`, 8) + `"a":1` + strings.Repeat("}", 8), "", []string{strings.Repeat(strings.Repeat("k", 60)+".", 5)[:304] + "..."}},
		{"a removed map", `"a":{"b":1,"c":2}`, ``, []string{"a.b", "a.c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := one(t, doc(rc("aws_thing.x", `"update"`, `"before":{`+c.before+`},"after":{`+c.after+`}`)))
			require.Equal(t, c.want, got.Attributes)
		})
	}
}

// What is unknown where neither side has anything is unknown all the same.
func TestUnknownOfNothing(t *testing.T) {
	t.Parallel()
	got := one(t, doc(rc("aws_thing.x", `"update"`, `"before":{"x":null},"after":{"x":null},"after_unknown":{"x":[true]}`)))
	require.Equal(t, []string{"x"}, got.Unknown)
}
