package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/plan"
)

func Example() {
	b, err := os.ReadFile("testdata/replace.json")
	if err != nil {
		panic(err)
	}
	cs := plan.Read("plan.json", b)
	for _, r := range cs.Resources {
		fmt.Println(r.Op, r.Address, r.Labels)
		fmt.Println("  changes", r.Attributes)
		fmt.Println("  unknown", r.Unknown)
		fmt.Println(" ", r.Detail)
	}
	fmt.Println("drift:", cs.Drift[0].Op, cs.Drift[0].Address)
	fmt.Println(cs.Sources[0].Format, cs.Sources[0].Version, cs.Coverage[release.KindInfrastructure])
	// Output:
	// replaced aws_db_instance.orders [destructive secrets stateful]
	//   changes [deletion_protection identifier password]
	//   unknown [arn]
	//   replaced because it cannot be changed in place; forces replacement: identifier; protection removed: deletion_protection
	// modified aws_security_group.web [network]
	//   changes [ingress[0].cidr_blocks[0]]
	//   unknown []
	//   open to everyone: ingress[0].cidr_blocks[0]
	// drift: modified aws_iam_role.deploy
	// terraform-plan/1.2 1.14.3 complete
}

// doc is a plan with the given resource_changes and other members.
func doc(changes string, more ...string) []byte {
	s := `{"format_version":"1.2","terraform_version":"1.14.3","planned_values":{"root_module":{}},"complete":true,"errored":false,"resource_changes":[` + changes + `]`
	for _, m := range more {
		s += "," + m
	}
	return []byte(s + "}")
}

// rc is a resource change; more are members of the resource, change those of its change.
func rc(address, actions, change string, more ...string) string {
	typ, _, _ := strings.Cut(address[strings.LastIndex(address, "module.")+1:], ".")
	if i := strings.LastIndex(address, "aws_"); i >= 0 {
		typ, _, _ = strings.Cut(address[i:], ".")
	}
	s := fmt.Sprintf(`{"address":%q,"mode":"managed","type":%q,"name":"x","provider_name":"registry.terraform.io/hashicorp/aws"`, address, typ)
	for _, m := range more {
		s += "," + m
	}
	s += `,"change":{"actions":[` + actions + `]`
	if change != "" {
		s += "," + change
	}
	return s + "}}"
}

func one(t *testing.T, b []byte) release.ResourceChange {
	t.Helper()
	require.True(t, json.Valid(b), "%s", b)
	cs := plan.Read("plan.json", b)
	require.Empty(t, cs.Gaps)
	require.Len(t, cs.Resources, 1)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure])
	return cs.Resources[0]
}

// T10, the actions.
func TestT10Actions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, actions, more string
		op                  release.Op
		createFirst         bool
		destroys            bool
		detail              string
	}{
		{"create", `"create"`, "", release.OpAdded, false, false, ""},
		{"update", `"update"`, "", release.OpModified, false, false, ""},
		{"delete", `"delete"`, "", release.OpRemoved, false, true, ""},
		{"replace, delete first", `"delete","create"`, "", release.OpReplaced, false, true, ""},
		{"replace, create first", `"create","delete"`, "", release.OpReplaced, true, true, ""},
		{"forget", `"forget"`, "", release.OpForgotten, false, false, "no longer managed"},
		{"create and forget", `"create","forget"`, "", release.OpReplaced, true, false, "the old object goes on to exist"},
		{"forget and create", `"forget","create"`, `"action_reason":"forgot_because_lifecycle_destroy_in_config"`, release.OpReplaced, false, false, "the old object goes on to exist, and is no longer managed; its configuration says not to destroy it"},
		{"forget, as it was applied", `"forget"`, `"action_reason":"forgot_because_lifecycle_destroy_in_state"`, release.OpForgotten, false, false, "its configuration said not to destroy it"},
		{"not enabled", `"delete"`, `"action_reason":"delete_because_enabled_false"`, release.OpRemoved, false, true, "no longer enabled"},
		{"deposed", `"delete"`, `"deposed":"3ac9f1b2"`, release.OpRemoved, false, true, "deposed object 3ac9f1b2"},
		{"a reason", `"delete"`, `"action_reason":"delete_because_count_index"`, release.OpRemoved, false, true, "beyond count"},
		{"an unknown action_reason is ignored", `"delete"`, `"action_reason":"delete_because_of_the_moon"`, release.OpRemoved, false, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := `"before":{"a":1},"after":{"a":2}`
			var more []string
			if c.more != "" {
				more = []string{c.more}
			}
			got := one(t, doc(rc("aws_db_instance.x", c.actions, change, more...)))
			require.Equal(t, c.op, got.Op)
			require.Equal(t, c.createFirst, got.CreateFirst)
			require.Contains(t, got.Labels, release.LabelStateful, "by its type")
			if c.destroys {
				require.Contains(t, got.Labels, release.LabelDestructive)
			} else {
				require.NotContains(t, got.Labels, release.LabelDestructive)
			}
			require.Contains(t, got.Detail, c.detail)
			require.NotContains(t, got.Detail, "moon")
		})
	}
}

// What nobody here knows is unknown, a gap, and as bad as the worst.
func TestT10UnknownIsAGap(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"an action":      doc(rc("aws_db_instance.x", `"transmogrify"`, "")),
		"no action":      doc(rc("aws_db_instance.x", ``, "")),
		"three actions":  doc(rc("aws_db_instance.x", `"delete","create","forget"`, "")),
		"a managed read": doc(rc("aws_db_instance.x", `"read"`, "")),
		"a mode":         doc(strings.Replace(rc("aws_db_instance.x", `"update"`, ""), `"managed"`, `"dreamt"`, 1)),
		"no mode":        doc(strings.Replace(rc("aws_db_instance.x", `"no-op"`, ""), `"mode":"managed",`, ``, 1)),
		"a data action":  doc(strings.Replace(rc("aws_db_instance.x", `"transmogrify"`, ""), `"managed"`, `"data"`, 1)),
		"no address":     doc(strings.Replace(rc("aws_db_instance.x", `"update"`, ""), `"address":"aws_db_instance.x"`, `"address":""`, 1)),
		"no change":      doc(`{"address":"aws_db_instance.x","mode":"managed","type":"aws_db_instance"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cs := plan.Read("p", b)
			require.Len(t, cs.Gaps, 1)
			require.Equal(t, release.GapUnsupported, cs.Gaps[0].Kind)
			require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindInfrastructure])
			require.Len(t, cs.Resources, 1)
			require.Equal(t, release.OpUnknown, cs.Resources[0].Op)
			require.Contains(t, cs.Resources[0].Labels, release.LabelDestructive)
		})
	}
}

func TestT10NoTypeIsAGap(t *testing.T) {
	t.Parallel()
	cs := plan.Read("p", doc(strings.Replace(rc("aws_db_instance.x", `"update"`, ""), `"type":"aws_db_instance"`, `"type":""`, 1)))
	require.Len(t, cs.Gaps, 1)
	require.Equal(t, release.OpUnknown, cs.Resources[0].Op)
}

func TestT10DataSourcesAreReadNotChanged(t *testing.T) {
	t.Parallel()
	data := strings.Replace(rc("data.aws_iam_policy_document.x", `"read"`, `"before":null,"after":{"a":1},"after_unknown":{"json":true}`), `"managed"`, `"data"`, 1)
	cs := plan.Read("p", doc(data))
	require.Empty(t, cs.Resources)
	require.Empty(t, cs.Gaps)
	// What depends on it is unknown, and says so.
	got := one(t, doc(data+","+rc("aws_thing.x", `"update"`, `"before":{"policy":"{}"},"after":{},"after_unknown":{"policy":true}`)))
	require.Equal(t, []string{"policy"}, got.Unknown)
	require.Contains(t, got.Labels, release.LabelAccess)
}

// OpenTofu 1.11 lists ephemeral resources, which last as long as the run. What else is
// said of one is not known.
func TestT10EphemeralResourcesAreLeftOut(t *testing.T) {
	t.Parallel()
	ephemeral := func(actions string) string {
		return strings.Replace(rc("ephemeral.aws_secretsmanager_secret_version.x", actions, `"before":null,"after":null,"after_unknown":{"secret_string":true}`), `"managed"`, `"ephemeral"`, 1)
	}
	cs := plan.Read("p", doc(ephemeral(`"open"`)))
	require.Empty(t, cs.Resources)
	require.Empty(t, cs.Gaps)
	for _, b := range [][]byte{doc(ephemeral(`"create"`)), doc(ephemeral(`"open","delete"`)), doc(rc("aws_thing.x", `"open"`, "")), doc(strings.Replace(rc("data.aws_thing.x", `"open"`, ""), `"managed"`, `"data"`, 1))} {
		cs := plan.Read("p", b)
		require.Len(t, cs.Gaps, 1)
		require.Equal(t, release.OpUnknown, cs.Resources[0].Op)
	}
}

func TestT10Moves(t *testing.T) {
	t.Parallel()
	prev := `"previous_address":"aws_sqs_queue.old[0]"`
	got := one(t, doc(rc(`aws_sqs_queue.new["a"]`, `"no-op"`, `"before":{"a":1},"after":{"a":1}`, prev)))
	require.Equal(t, release.OpMoved, got.Op)
	require.Equal(t, `aws_sqs_queue.old[0]`, got.From)
	require.Equal(t, `aws_sqs_queue.new["a"]`, got.Address)
	require.NotContains(t, got.Labels, release.LabelDestructive)
	got = one(t, doc(rc(`aws_sqs_queue.new`, `"update"`, `"before":{"a":1},"after":{"a":2}`, prev)))
	require.Equal(t, release.OpModified, got.Op)
	require.Equal(t, `aws_sqs_queue.old[0]`, got.From)
	got = one(t, doc(rc(`aws_sqs_queue.x`, `"update"`, `"before":{"a":1},"after":{"a":2}`, `"previous_address":"aws_sqs_queue.x"`)))
	require.Empty(t, got.From, "it is where it was")
	got = one(t, doc(rc("aws_thing.x", `"no-op"`, `"before":{"a":1},"after":{"a":1}`, prev), configured("local-exec")))
	require.NotContains(t, got.Labels, release.LabelPipeline, "what only moves runs nothing")
	got = one(t, doc(rc("aws_sqs_queue.new", `"no-op"`, `"before":{"a":1},"after":{"a":1},"importing":{"id":"https://sqs/123"}`)))
	require.Equal(t, release.OpImported, got.Op)
	got = one(t, doc(rc("aws_sqs_queue.new", `"update"`, `"before":{"a":1},"after":{"a":3},"importing":{"id":"https://sqs/123"}`)))
	require.Equal(t, release.OpModified, got.Op)
	require.Equal(t, "imported", got.Detail)
	cs := plan.Read("p", doc(rc("aws_sqs_queue.same", `"no-op"`, `"before":{"a":1},"after":{"a":1}`)))
	require.Empty(t, cs.Resources)
	cs = plan.Read("p", doc(rc("aws_sqs_queue.same", `"no-op"`, `"before":{"a":1},"after":{"a":2}`)))
	require.Equal(t, release.OpModified, cs.Resources[0].Op, "a no-op that changes something is no no-op")
	require.Equal(t, release.GapAmbiguous, cs.Gaps[0].Kind)
	cs = plan.Read("p", doc(rc("aws_sqs_queue.same", `"no-op"`, `"before":{"a":1},"after":{},"after_unknown":{"a":true}`)))
	require.Equal(t, release.OpModified, cs.Resources[0].Op, "nor is one whose outcome nobody knows")
	require.Equal(t, release.GapAmbiguous, cs.Gaps[0].Kind)
}

func TestT10IncompletePlans(t *testing.T) {
	t.Parallel()
	late := `"deferred_changes":[{"reason":"instance_count_unknown","resource_change":` + rc("aws_s3_bucket.later", `"create"`, `"before":null,"after":{},"after_unknown":{"bucket":true}`) + `}]`
	for name, b := range map[string][]byte{
		"complete":         []byte(strings.Replace(string(doc("")), `"complete":true`, `"complete":false`, 1)),
		"errored":          []byte(strings.Replace(string(doc("")), `"errored":false`, `"errored":true`, 1)),
		"deferred":         doc("", late),
		"deferred actions": doc("", `"deferred_action_invocations":[{"reason":"x"}]`),
		"a failing check":  doc("", `"checks":[{"address":{"to_display":"check.a"},"status":"error"}]`),
	} {
		cs := plan.Read("p", b)
		require.Len(t, cs.Gaps, 1, name)
		require.Equal(t, release.GapIncomplete, cs.Gaps[0].Kind, name)
		require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindInfrastructure], name)
	}
	cs := plan.Read("p", doc("", late))
	require.True(t, cs.Resources[0].Deferred)
	require.Equal(t, release.OpAdded, cs.Resources[0].Op)
}

func TestT10DriftIsKeptApart(t *testing.T) {
	t.Parallel()
	drift := rc("aws_iam_role.x", `"update"`, `"before":{"assume_role_policy":"a"},"after":{"assume_role_policy":"b"}`)
	cs := plan.Read("p", doc("", `"resource_drift":[`+drift+`]`))
	require.Empty(t, cs.Resources)
	require.Len(t, cs.Drift, 1)
	require.Equal(t, []string{"assume_role_policy"}, cs.Drift[0].Attributes)
	require.Contains(t, cs.Drift[0].Labels, release.LabelAccess)
}

func TestT10FormatVersion(t *testing.T) {
	t.Parallel()
	for version, kind := range map[string]release.GapKind{"1.0": "", "1.2": "", "1.99": "", "2.0": release.GapUnsupported, "0.2": release.GapUnsupported, "10.0": release.GapUnsupported,
		"": release.GapUnreadable, "1": release.GapUnreadable, "1.x": release.GapUnreadable, "one.two": release.GapUnreadable} {
		cs := plan.Read("p", []byte(strings.Replace(string(doc(rc("a.b", `"create"`, ""))), `"1.2"`, `"`+version+`"`, 1)))
		if kind == "" {
			require.Empty(t, cs.Gaps, version)
			require.Equal(t, "terraform-plan/"+version, cs.Sources[0].Format)
			continue
		}
		require.Len(t, cs.Gaps, 1, version)
		require.Equal(t, kind, cs.Gaps[0].Kind, version)
		require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure], version)
		require.Empty(t, cs.Resources)
	}
}

// T10: the applied plan must be the assessed plan.
func TestT10DigestNamesThePlan(t *testing.T) {
	t.Parallel()
	b := doc("", `"timestamp":"2026-03-01T12:00:00Z"`)
	s := plan.Read("p", b).Sources
	require.Equal(t, release.DigestOf(b), s[0].Digest)
	require.Equal(t, "2026-03-01T12:00:00Z", s[0].At.Format("2006-01-02T15:04:05Z07:00"))
	require.NotEqual(t, s[0].Digest, plan.Read("p", append(b, '\n')).Sources[0].Digest)
	require.False(t, plan.Read("p", []byte("{")).Sources[0].Digest.IsZero(), "what cannot be read is named too")
}

func TestNotAPlan(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"nothing": "", "no JSON": "Terraform will perform the following actions:", "an array": "[]", "empty": "{}",
		"a state":           `{"format_version":"1.0","terraform_version":"1.9.0","values":{"root_module":{}}}`,
		"an empty state":    `{"format_version":"1.0"}`,
		"a log":             `{"@level":"info","type":"version"}` + "\n" + `{"@level":"info","type":"planned_change"}`,
		"names that double": `{"format_version":"1.2","planned_values":{},"resource_changes":[],"resource_changes":[]}`,
		"nothing planned":   `{"format_version":"1.2","planned_values":null,"configuration":null}`,
		"case":              `{"format_version":"1.2","planned_values":{},"Resource_Changes":[]}`,
		"wrong types":       `{"format_version":"1.2","planned_values":{},"resource_changes":{}}`,
		"something after":   string(doc("")) + "{}",
	} {
		cs := plan.Read("p", []byte(s))
		require.Len(t, cs.Gaps, 1, name)
		require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure], name)
		require.False(t, cs.Empty(), name)
	}
}

func TestWhatMakesAPlan(t *testing.T) {
	t.Parallel()
	for _, s := range []string{`{"format_version":"1.2","planned_values":{}}`, `{"format_version":"1.2","configuration":{}}`} {
		require.Empty(t, plan.Read("p", []byte(s)).Gaps, s)
	}
	// Of several names that double, which is found first is left to chance.
	cs := plan.Read("p", []byte(`{"format_version":"1.2","b":1,"planned_values":{},"b":2,"planned_values":{}}`))
	require.Equal(t, "a name stands twice in one object", cs.Gaps[0].Detail)
}

// All lists together are limited.
func TestTooManyChanges(t *testing.T) {
	t.Parallel()
	many := "[" + strings.Repeat("{},", plan.MaxResources/2) + "{}]"
	var outputs strings.Builder
	for i := range plan.MaxResources / 2 {
		fmt.Fprintf(&outputs, `"o%d":{},`, i)
	}
	for name, list := range map[string]string{"resource_drift": many, "deferred_changes": many, "checks": many, "action_invocations": many, "deferred_action_invocations": many,
		"output_changes": "{" + outputs.String() + `"o":{}}`} {
		b := strings.Replace(string(doc("", fmt.Sprintf(`%q:%s`, name, list))), `"resource_changes":[]`, `"resource_changes":`+many, 1)
		cs := plan.Read("p", []byte(b))
		require.Len(t, cs.Gaps, 1, name)
		require.Equal(t, release.GapTooLarge, cs.Gaps[0].Kind, name)
		require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure], name)
	}
}

func TestDuplicateAddressIsAGap(t *testing.T) {
	t.Parallel()
	a := rc("aws_sqs_queue.x", `"update"`, `"before":{"a":1},"after":{"a":2}`)
	cs := plan.Read("p", doc(a+","+a))
	require.Equal(t, release.GapAmbiguous, cs.Gaps[0].Kind)
	require.Len(t, cs.Resources, 2)
	d := rc("aws_sqs_queue.x", `"delete"`, `"before":{"a":1}`, `"deposed":"00000001"`)
	require.Empty(t, plan.Read("p", doc(a+","+d)).Gaps, "a deposed object is another one")
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	cs := plan.Read("p", doc("", `"output_changes":{
		"same":{"actions":["no-op"],"before":"s3cr3t","after":"s3cr3t"},
		"shown":{"actions":["update"],"before":"s3cr3t","after":"s3cr3t","before_sensitive":true,"after_sensitive":false},
		"new":{"actions":["create"],"before":null,"after":"s3cr3t","after_sensitive":true},
		"later":{"actions":["update"],"before":"s3cr3t","after_unknown":true,"before_sensitive":false,"after_sensitive":false}}`))
	require.Len(t, cs.Resources, 3)
	require.Equal(t, "output.later", cs.Resources[0].Address)
	require.Equal(t, []string{"value"}, cs.Resources[0].Unknown)
	require.Equal(t, "output.new", cs.Resources[1].Address)
	require.Equal(t, "output.shown", cs.Resources[2].Address)
	require.Equal(t, "it was sensitive and will be shown", cs.Resources[2].Detail)
	require.Contains(t, cs.Resources[2].Labels, release.LabelSecrets)
	out, err := json.Marshal(cs)
	require.NoError(t, err)
	require.NotContains(t, string(out), "s3cr3t")
}

// What nobody here knows of an output is a gap too.
func TestOutputsOfUnknownActions(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"read", "forget", "open", "transmogrify", ""} {
		cs := plan.Read("p", doc("", `"output_changes":{"x":{"actions":["`+action+`"],"before":1,"after":2}}`))
		require.Len(t, cs.Gaps, 1, action)
		require.Equal(t, release.OpUnknown, cs.Resources[0].Op, action)
	}
}

func TestChecksAndActions(t *testing.T) {
	t.Parallel()
	cs := plan.Read("p", doc("", `"checks":[{"address":{"to_display":"check.b"},"status":"fail","instances":[{"problems":[{"message":"s3cr3t"}]}]},{"address":{"to_display":"check.a"},"status":"pass"}]`,
		`"action_invocations":[{"address":"action.aws_lambda_invoke.run","type":"aws_lambda_invoke","config_values":{"payload":"s3cr3t"}}]`))
	require.Equal(t, []release.Deviation{{Kind: "check-failed", Change: release.KindInfrastructure, Subject: "check.b", Detail: "a condition of the configuration does not hold"}}, cs.Deviations)
	require.Equal(t, "action.aws_lambda_invoke.run", cs.Resources[0].Address)
	require.Equal(t, release.OpUnknown, cs.Resources[0].Op)
}
