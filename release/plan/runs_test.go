package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/plan"
)

// configured is a configuration whose null_resource.x, in the root module and in the
// modules m and m.n, has the given provisioners.
func configured(types ...string) string {
	var list []string
	for _, t := range types {
		list = append(list, fmt.Sprintf(`{"type":%q,"expressions":{"command":{"constant_value":"curl s3cr3t"}}}`, t))
	}
	resources := `"resources":[{"address":"aws_thing.x","mode":"managed","type":"aws_thing","name":"x","provisioners":[` + strings.Join(list, ",") + `],"schema_version":0},{"address":"aws_thing.plain","mode":"managed","type":"aws_thing","name":"plain"}]`
	return `"configuration":{"provider_config":{},"root_module":{` + resources + `,"module_calls":{"m":{"source":"./m","module":{` + resources + `,"module_calls":{"n":{"module":{` + resources + `}}}}}}}}`
}

// Provisioners are code that runs where the plan is applied, or on what it makes. They
// stand in the configuration alone.
func TestProvisioners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address, actions string
		says             bool
	}{
		{"aws_thing.x", `"create"`, true},
		{`aws_thing.x[0]`, `"create"`, true},
		{`aws_thing.x["a].b\"]"]`, `"create"`, true},
		{"aws_thing.x", `"delete","create"`, true},
		{"aws_thing.x", `"create","delete"`, true},
		{"aws_thing.x", `"create","forget"`, true},
		{"aws_thing.x", `"delete"`, true}, // one may be for destruction; the plan does not say
		{"aws_thing.x", `"update"`, false},
		{"aws_thing.x", `"forget"`, false},
		{"module.m.aws_thing.x", `"create"`, true},
		{`module.m["k.\"v"].module.n[2].aws_thing.x[1]`, `"create"`, true},
		{"module.other.aws_thing.x", `"create"`, false},
		{"aws_thing.plain", `"create"`, false},
	} {
		got := one(t, doc(rc(c.address, c.actions, ""), configured("local-exec", "file", "local-exec")))
		require.Equal(t, c.says, slices.Contains(got.Labels, release.LabelPipeline), "%s %s", c.address, c.actions)
		require.Equal(t, c.says, strings.Contains(got.Detail, "runs code of the configuration: file, local-exec"), "%s %s: %s", c.address, c.actions, got.Detail)
		require.NotContains(t, got.Detail, "s3cr3t")
		require.LessOrEqual(t, strings.Count(got.Detail, "local-exec"), 1)
	}
	cs := plan.Read("p", doc("", `"deferred_changes":[{"resource_change":`+rc("aws_thing.x", `"create"`, "")+`}]`, configured("local-exec")))
	require.Contains(t, cs.Resources[0].Labels, release.LabelPipeline)
	cs = plan.Read("p", doc(rc("aws_thing.x", `"odd"`, ""), configured("local-exec")))
	require.Contains(t, cs.Resources[0].Labels, release.LabelPipeline)
	cs = plan.Read("p", doc("", `"resource_drift":[`+rc("aws_thing.x", `"delete"`, "")+`]`, configured("local-exec")))
	require.NotContains(t, cs.Drift[0].Labels, release.LabelPipeline, "what went away by itself ran nothing")
	got := one(t, doc(rc("aws_thing.x", `"create"`, ""), configured("s3cr3t =")))
	require.Contains(t, got.Detail, "runs code of the configuration: *")
	var types []string
	for i := range 30 {
		types = append(types, fmt.Sprintf("type%d", i))
	}
	require.Equal(t, 10, strings.Count(one(t, doc(rc("aws_thing.x", `"create"`, ""), configured(types...))).Detail, "type"))
}

// A program that is run to read data runs when the plan is applied, if it was not run
// before.
func TestExternalData(t *testing.T) {
	t.Parallel()
	read := func(typ string) string {
		return strings.Replace(strings.Replace(rc("data."+typ+".x", `"read"`, `"before":null,"after":{"program":["s3cr3t"]},"after_unknown":{"result":true}`), `"managed"`, `"data"`, 1), `"type":"data"`, `"type":"`+typ+`"`, 1)
	}
	got := one(t, doc(read("external")))
	require.Equal(t, release.OpUnknown, got.Op)
	require.Equal(t, "data.external.x", got.Address)
	require.Equal(t, []release.Label{release.LabelPipeline}, got.Labels)
	require.Equal(t, "a program that runs when the plan is applied", got.Detail)
	require.Empty(t, plan.Read("p", doc(read("aws_ami"))).Resources)
	require.Empty(t, plan.Read("p", doc("", `"resource_drift":[`+read("external")+`]`)).Drift)
}

func TestConfigurationThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]string{
		"resources": `{"root_module":{"resources":{}}}`, "a resource": `{"root_module":{"resources":[1]}}`, "provisioners": `{"root_module":{"resources":[{"address":"a.b","provisioners":{}}]}}`,
		"modules": `{"root_module":{"module_calls":[]}}`, "a list": `[]`, "case": `{"root_module":{"resources":[{"address":"a.b","Provisioners":[]}]}}`,
		"a long address": `{"root_module":{"module_calls":{"` + strings.Repeat("m", plan.MaxAddress) + `":{"module":{}}}}}`,
	} {
		cs := plan.Read("p", doc(rc("a.b", `"create"`, ""), `"configuration":`+c))
		require.Len(t, cs.Gaps, 1, name)
		require.Equal(t, release.GapUnsupported, cs.Gaps[0].Kind, name)
		require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindInfrastructure], name)
		require.Len(t, cs.Resources, 1, name)
	}
	for _, c := range []string{`{}`, `{"root_module":{}}`, `null`, `{"root_module":null}`, `{"root_module":{"resources":null,"module_calls":null}}`, `{"root_module":{"resources":[{"address":"a.b","provisioners":null}],"module_calls":{"m":{"module":null}}}}`} {
		require.Empty(t, plan.Read("p", doc(rc("a.b", `"create"`, ""), `"configuration":`+c)).Gaps, c)
	}
}

func TestManyReplacePaths(t *testing.T) {
	t.Parallel()
	paths := strings.TrimSuffix(strings.Repeat(`["a"],`, 100), ",")
	got := one(t, doc(rc("aws_thing.x", `"delete","create"`, `"before":{"a":1},"after":{"a":2},"replace_paths":[`+paths+`]`)))
	require.Contains(t, got.Detail, "forces replacement: a and 17 more")
}

// What forces a replacement is not told below a sensitive attribute.
func TestReplacePathsKeepNoSecret(t *testing.T) {
	t.Parallel()
	for _, paths := range []string{`[["hidden","s3cr3t"]]`, `[["list",0,"s3cr3t"]]`, `[["hidden","a","s3cr3t"]]`, `[["list",-1,"s3cr3t"]]`} {
		got := one(t, doc(rc("aws_thing.x", `"delete","create"`, `"before":{"hidden":{"s3cr3t":1},"list":[{"s3cr3t":1}]},"after":{"hidden":{"s3cr3t":2},"list":[{"s3cr3t":2}]},
			"before_sensitive":{"hidden":true},"after_sensitive":{"list":[true]},"replace_paths":`+paths)))
		out, err := json.Marshal(got)
		require.NoError(t, err)
		require.NotContains(t, string(out), "s3cr3t")
		require.Contains(t, got.Detail, "forces replacement: ")
	}
}

// open are rules that let everyone in, from the port first on.
func open(n, first int) string {
	var rules []string
	for i := range n {
		rules = append(rules, fmt.Sprintf(`{"from_port":%d,"cidr_blocks":["0.0.0.0/0"]}`, first+i))
	}
	return strings.Join(rules[first:], ",")
}

// Everyone is named in many ways, whatever the attribute is called.
func TestOpenToEveryone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		says          bool
	}{
		{`"trusted_ips":[]`, `"trusted_ips":["0.0.0.0/0"]`, true},
		{`"allowed":"10.0.0.0/8"`, `"allowed":"10.0.0.0/8,0.0.0.0/0"`, true},
		{`"cidr_blocks":[]`, `"cidr_blocks":["1.2.3.4/0"]`, true},
		{`"cidr_blocks":[]`, `"cidr_blocks":["0.0.0.0/2","64.0.0.0/2","128.0.0.0/1"]`, true},
		{`"cidr_blocks":[]`, `"cidr_blocks":["0::/0"]`, true},
		{`"cidr_blocks":[]`, `"cidr_blocks":["12.0.0.0/7"]`, true},
		{`"cidr_blocks":[]`, `"cidr_blocks":["12.0.0.0/8"]`, false},
		{`"rules":[]`, `"rules":[{"source":"10.0.0.0/8","destination":"0.0.0.0/0"}]`, false},
		{`"ingress":[` + open(300, 0) + `]`, `"ingress":[` + open(300, 1) + `]`, true}, // too many to compare
		{`"cidr_blocks":[]`, `"cidr_blocks":["2000::/3"]`, true},
		{`"cidr_blocks":[]`, `"cidr_blocks":["10.0.0.0/8","fc00::/7"]`, false},
		{`"x":"a"`, `"x":"*"`, false},
		{`"security_rule":[]`, `"security_rule":[{"direction":"Inbound","source_address_prefix":"*","source_port_range":"*","destination_address_prefix":"10.0.0.0/8"}]`, true},
		{`"security_rule":[]`, `"security_rule":[{"direction":"Outbound","source_address_prefix":"*","destination_address_prefix":"*"}]`, false},
		{`"security_rule":[]`, `"security_rule":[{"direction":"Inbound","source_address_prefix":"10.0.0.0/8","source_port_range":"*","protocol":"*"}]`, false},
		{`"tags":{"a":"10.0.0.0/8"}`, `"tags":{"a":"0.0.0.0/0"}`, false},
		{`"blocks":[]`, `"blocks":[{"tags":{"a":"0.0.0.0/0"}}]`, false},
		{`"routes":[]`, `"routes":[{"destination_cidr_block":"0.0.0.0/0"}]`, false},
		{`"ingress":[{"from_port":443,"cidr_blocks":["0.0.0.0/0"]}]`, `"ingress":[{"from_port":22,"cidr_blocks":["0.0.0.0/0"]},{"from_port":443,"cidr_blocks":["0.0.0.0/0"]}]`, true},
		{`"ingress":[{"from_port":22,"cidr_blocks":["0.0.0.0/0"]},{"from_port":443,"cidr_blocks":["0.0.0.0/0"]}]`, `"ingress":[{"from_port":443,"cidr_blocks":["0.0.0.0/0"]}]`, false},
	} {
		got := one(t, doc(rc("aws_thing.x", `"update"`, `"before":{`+c.before+`},"after":{`+c.after+`}`)))
		require.Equal(t, c.says, strings.Contains(got.Detail, "open to everyone: "), "%s to %s: %s", c.before, c.after, got.Detail)
		if c.says {
			require.Contains(t, got.Labels, release.LabelNetwork)
		}
	}
}

// Of attributes that were not compared, nobody knows whether data goes.
func TestTooManyAttributesMayDestroy(t *testing.T) {
	t.Parallel()
	cs := plan.Read("p", doc(rc("aws_db_instance.x", `"update"`, `"before":{},"after":{"a":[`+strings.Repeat("0,", plan.MaxNodes)+`0]}`)))
	require.Len(t, cs.Gaps, 1)
	require.Equal(t, release.GapTooLarge, cs.Gaps[0].Kind)
	require.Subset(t, cs.Resources[0].Labels, []release.Label{release.LabelDestructive, release.LabelAccess, release.LabelNetwork, release.LabelCrypto})
	cs = plan.Read("p", doc(rc("aws_db_instance.x", `"no-op"`, `"before":{},"after":{"a":[`+strings.Repeat("0,", plan.MaxNodes)+`0]}`)))
	require.Equal(t, release.OpUnknown, cs.Resources[0].Op)
}

// Write-only arguments are null in plans. The number that goes with one says that a
// new value is written.
func TestWriteOnlyArguments(t *testing.T) {
	t.Parallel()
	got := one(t, doc(rc("aws_thing.x", `"update"`, `"before":{"password_wo":null,"password_wo_version":1},"after":{"password_wo":null,"password_wo_version":2}`)))
	require.Equal(t, []release.Label{release.LabelSecrets}, got.Labels)
}

func TestOddCheckIsAGap(t *testing.T) {
	t.Parallel()
	for status, gaps := range map[string]int{"pass": 0, "unknown": 0, "fail": 0, "error": 1, "s3cr3t": 1, "": 1} {
		cs := plan.Read("p", doc("", `"checks":[{"address":{"to_display":"check.a"},"status":"`+status+`"}]`))
		require.Len(t, cs.Gaps, gaps, status)
		require.NotContains(t, fmt.Sprint(cs.Gaps), "s3cr3t")
	}
}

func TestHostileLists(t *testing.T) {
	list := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	config := func(item string) string {
		return `"configuration":{"root_module":{"resources":[` + item + `]}}`
	}
	var modules, distinct strings.Builder
	for range 20 {
		modules.WriteString(`{"module_calls":{"` + strings.Repeat("m", 100) + `":{"module":`)
	}
	for i := range 30_000 {
		fmt.Fprintf(&distinct, `{"address":"a.r%d","provisioners":[{"type":"p%d"}]},`, i, i)
	}
	deep := `"configuration":{"root_module":` + modules.String() + `{"resources":[` + strings.TrimSuffix(distinct.String(), ",") + `]}` + strings.Repeat("}}}", 20) + "}"
	tiny := `{"address":"a","type":"a","mode":"managed","change":{"actions":["odd"]}}`
	hostile.Check(t, []hostile.Input{
		{Name: "as many changes as may be", Text: doc(list(plan.MaxResources, tiny))},
		{Name: "all lists full", Text: doc(list(plan.MaxResources, tiny), `"resource_drift":[`+list(plan.MaxResources, tiny)+`]`, `"deferred_changes":[`+list(plan.MaxResources, `{"resource_change":`+tiny+`}`)+`]`, `"action_invocations":[`+list(plan.MaxResources, `{}`)+`]`)},
		{Name: "provisioners in deep modules", Text: doc(tiny, deep)},
		{Name: "many resources with provisioners", Text: doc(tiny, config(strings.TrimSuffix(distinct.String(), ",")))},
		{Name: "many provisioners", Text: doc(tiny, config(`{"address":"a","provisioners":[`+list(600_000, `{"type":"x"}`)+`]}`))},
	}, func(b []byte) bool { return len(plan.Read("plan.json", b).Gaps) > 0 })
}
