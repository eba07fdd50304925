package risk_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

var updateSchema = flag.Bool("update-schema", false, "write the schemas of texts anew")

// schemaNode is a part of a schema. encoding/json sorts its members.
type schemaNode = map[string]any

// closed is an object with these members, all of them there but the optional ones,
// whose names end in "?".
func closedObject(description string, members schemaNode) schemaNode {
	properties, required := schemaNode{}, []string{}
	for name, m := range members {
		plain, optional := strings.CutSuffix(name, "?")
		if properties[plain] = m; !optional {
			required = append(required, plain)
		}
	}
	slices.Sort(required)
	return schemaNode{"type": "object", "description": description, "properties": properties, "required": required, "additionalProperties": false}
}

func listOf(description string, items schemaNode, least, most int) schemaNode {
	return schemaNode{"type": "array", "description": description, "items": items, "minItems": least, "maxItems": most}
}

func textOf(description string) schemaNode {
	return schemaNode{"type": "string", "minLength": 1, "description": description}
}

func numeric(description, least string, x float64, rest schemaNode) schemaNode {
	out := schemaNode{"type": "number", least: x, "description": description}
	maps.Copy(out, rest)
	return out
}

func wholeOf(description string, least int) schemaNode {
	return schemaNode{"type": "integer", "minimum": least, "maximum": 1<<31 - 1, "description": description}
}

func durationOf(description, pattern string) schemaNode {
	return schemaNode{"type": "string", "pattern": pattern, "description": description}
}

func titled(out schemaNode, id, title string) schemaNode {
	out["$schema"], out["$id"], out["title"] = "https://json-schema.org/draft/2020-12/schema", id, title
	return out
}

// policySchema is the shape of a policy's text. That rules exist, the table never
// falls and tiers ask for no less than those below is beyond a schema.
func policySchema() schemaNode {
	words := func(description string, all ...string) schemaNode {
		return schemaNode{"type": "string", "enum": all, "description": description}
	}
	var tiers, impacts []string
	for tier := release.TierLow; tier <= release.TierCritical; tier++ {
		tiers = append(tiers, tier.String())
	}
	for i := risk.ImpactNegligible; i <= risk.ImpactSevere; i++ {
		impacts = append(impacts, i.String())
	}
	const units = `([0-9]+h([0-9]+m([0-9.]+s)?)?|[0-9]+m([0-9.]+s)?|[0-9.]+(s|ms|µs|ns))$`
	codeOf := func(what string, least int) schemaNode {
		return closedObject(what, schemaNode{"id": textOf("Its id."), "version": wholeOf("The version that the policy was written for; another one is an error.", least)})
	}
	positive := func(description string) schemaNode {
		d := durationOf(description, `^`+units)
		d["not"] = schemaNode{"const": "0s"}
		return d
	}
	requirement := closedObject("One kind of evidence.", schemaNode{
		"id":           textOf("Unique in the tier."),
		"evidence":     textOf("The kind of evidence: test-result, approval, provenance, scan, or a host's own."),
		"count":        wholeOf("How many distinct principals must have said so.", 1),
		"maxAge?":      positive("How old it may be, such as 24h; without it, any age will do."),
		"independent?": schemaNode{"type": "boolean", "description": "Only people who neither wrote, nor requested, nor built the release count."},
		"roles?":       listOf("A principal must hold one of these; without them, any will do.", textOf("A role that the host knows."), 1, 32),
		"why":          textOf("The sentence that a person reads beside it."),
	})
	share := func(description string) schemaNode {
		return numeric(description+"; without it, any share will do.", "exclusiveMinimum", 0, schemaNode{"maximum": 100})
	}
	rollout := closedObject("How slowly it must be exposed.", schemaNode{
		"minStages":        wholeOf("The number of stages, the last of which exposes everything.", 1),
		"minBake":          durationOf("The least bake time of each stage but the last, such as 30m or 0s.", `^`+units),
		"maxFirstPercent?": share("The most that the first public stage may expose"),
		"maxStepPercent?":  share("The most that any one stage may add to what is exposed"),
		"maxPercentHours?": numeric("The most percent of all traffic, times hours, that the stages before the last may expose; without it, any exposure will do.",
			"exclusiveMinimum", 0, schemaNode{"maximum": 1e6}),
		"why?": textOf("The sentence that a person reads beside it."),
	})
	demand := closedObject("What one tier demands.", schemaNode{
		"tier":         words("The tier.", tiers...),
		"requirements": listOf("The evidence.", requirement, 1, 64),
		"rollout":      rollout,
		"owners?":      schemaNode{"type": "boolean", "description": "The code owners of the touched paths must approve besides."},
	})
	table := func(description string, axes, outcomes, cells [2]int, outcome schemaNode) schemaNode {
		return closedObject(description, schemaNode{
			"axes": listOf("The inputs.", closedObject("One input.", schemaNode{"name": textOf("Its name."),
				"values": listOf("The answers, from the least to the most dangerous.", textOf("An answer."), 1, 100)}), axes[0], axes[1]),
			"outcomes": listOf("The answers that a cell may give, from the least to the most severe.", outcome, outcomes[0], outcomes[1]),
			"cells":    listOf("One cell per combination; the last axis varies fastest.", outcome, cells[0], cells[1]),
		})
	}
	out := closedObject("How change sets become tiers, and what tiers demand.", schemaNode{
		"schema": schemaNode{"const": risk.PolicySchema, "description": "The name of this shape."},
		"id":     textOf("Names the policy, for people."),
		"extends?": closedObject("The policy from which the members are taken that are not here.", schemaNode{
			"id":     textOf("Its id."),
			"digest": schemaNode{"type": "string", "pattern": `^sha256:[0-9a-f]{64}$`, "description": "Its digest; where it has another one, it is another policy, and an error."},
		}),
		"rules":         listOf("Rules that set floors, in order.", codeOf("A rule of this build or of the host.", 1), 1, 1000),
		"labelers?":     listOf("Labelers of the host, beside the default ones.", codeOf("A labeler of the host.", 0), 0, 1000),
		"cuts":          listOf("The probabilities at which likelihood goes up a level, rising.", numeric("A probability.", "exclusiveMinimum", 0, schemaNode{"exclusiveMaximum": 1}), 3, 3),
		"unknownImpact": words("What an impact that nobody declared counts as.", impacts...),
		"table":         table("Likelihood and impact give a tier.", [2]int{2, 2}, [2]int{4, 4}, [2]int{20, 20}, words("A tier.", tiers...)),
		"demands":       listOf("What each tier demands, from low to critical.", demand, 4, 4),
		"window":        positive("How far back the earlier releases of a component count together with this one, such as 168h."),
		"advisories": closedObject("How urgent a published flaw is.", schemaNode{
			"table":  table("What is known of a flaw gives an outcome.", [2]int{4, 4}, [2]int{1, 16}, [2]int{16, 16}, textOf("An outcome.")),
			"floors": listOf("The floor for each outcome of the table.", words("A tier.", tiers...), 1, 16),
		}),
		"firm":      listOf("The rules whose floors no waiver lowers.", textOf("A rule's id."), 1, 1000),
		"maxWaiver": positive("The longest that a waiver may last, such as 2160h."),
		"expedite?": closedObject("The lane for releases that do nothing but mend published flaws; without it, there is none.", schemaNode{
			"from":    textOf("The least urgent outcome of the advisories' table that opens the lane."),
			"demands": listOf("What is demanded there, from tier low on; for a tier that has none the lane is closed.", demand, 0, 16),
		}),
		"breakGlass": closedObject("The lane for emergencies.", schemaNode{
			"requirements": listOf("The evidence that must be shown even then.", requirement, 1, 64),
			"rollout":      rollout,
			"due":          positive("How soon after the emergency what was left out must be made good, such as 72h."),
			"maxAge":       positive("How long the word of those who broke the glass counts, such as 4h."),
		}),
	})
	whole := out["required"].([]string)
	out["required"] = []string{"id", "schema"}
	out["anyOf"] = []schemaNode{{"required": []string{"extends"}}, {"required": whole}}
	return titled(out, risk.PolicySchema, "Policy")
}

// schemas are those of this package, by file.
var schemas = []struct {
	file, id string
	make     func() schemaNode
}{
	{"policy.v1.schema.json", risk.PolicySchema, policySchema},
	{"waivers.v1.schema.json", risk.WaiversSchema, waiversSchema},
}

func compiledSchema(t checker, id string) *jsonschema.Schema {
	for _, s := range schemas {
		if s.id != id {
			continue
		}
		b, err := os.ReadFile(s.file)
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		require.NoError(t, err)
		c := jsonschema.NewCompiler()
		require.NoError(t, c.AddResource(id, v))
		compiled, err := c.Compile(id)
		require.NoError(t, err)
		return compiled
	}
	require.Fail(t, "no such schema")
	return nil
}

func validateJSON(t checker, s *jsonschema.Schema, b []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	return s.Validate(v)
}

// The files say what the test says. `go test ./risk -run Schema -update-schema` writes them anew.
func TestSchemaFiles(t *testing.T) {
	for _, s := range schemas {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		require.NoError(t, e.Encode(s.make()))
		if *updateSchema {
			require.NoError(t, os.WriteFile(s.file, want.Bytes(), 0o644))
		}
		have, err := os.ReadFile(s.file)
		require.NoError(t, err)
		require.Equal(t, want.String(), string(have), "run the test with -update-schema")
	}
}

// Every policy that is written is valid by the schema.
func TestWrittenPoliciesFollowTheSchema(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t, risk.PolicySchema)
	rapid.Check(t, func(t *rapid.T) {
		b, err := anyPolicies.Draw(t, "policy").MarshalJSON()
		require.NoError(t, err)
		require.NoError(t, validateJSON(t, s, b), "%s", b)
	})
}

// Whatever one value is replaced with: what the schema refuses ParsePolicy refuses,
// and what ParsePolicy takes the schema takes. Members removed and added likewise.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	agree(t, risk.PolicySchema, policyTree(t), policyMistakes)
	agree(t, risk.PolicySchema, smallTree(t), policyMistakes)
}

// agree compares a schema with the mistakes that a parser tells, for each variant of a tree.
func agree(t *testing.T, id string, root map[string]any, mistakes func(checker, []byte) []risk.Mistake) {
	s := compiledSchema(t, id)
	check := func(what string, v any) {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		refused, told := validateJSON(t, s, b), mistakes(t, b)
		if refused != nil {
			require.NotEmpty(t, told, "%s: the schema says %v", what, refused)
		}
		if len(told) == 0 {
			require.NoError(t, refused, what)
		}
		if slices.ContainsFunc(told, func(m risk.Mistake) bool {
			return slices.ContainsFunc([]string{" must", `" is missing$`, "no member", "no word", "the text is empty", "leave it out", "in digits", "is no duration", "not \"sha256", "more than 1000"},
				func(shape string) bool { return strings.Contains(m.Text+"$", shape) })
		}) {
			require.Error(t, refused, "%s: %v", what, told)
		}
	}
	values := []any{nil, true, "", "x", "low", "unknown", 0.0, -1.0, 2.5, 1.0, []any{}, []any{nil}, map[string]any{}, "0s", "1h", "90x"}
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		for _, x := range values {
			set(x)
			check(path+" = "+string(asJSON(t, x)), root)
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			v["extra"] = 1.0
			check(path+"/extra", root)
			delete(v, "extra")
			for name, old := range v {
				delete(v, name)
				check("without "+path+"/"+name, root)
				v[name] = old
				walk(path+"/"+name, old, func(x any) { v[name] = x })
			}
		case []any:
			if len(v) > 0 { // the one that has the most to it stands for all
				i := 0
				for j := range v {
					if len(asJSON(t, v[j])) > len(asJSON(t, v[i])) {
						i = j
					}
				}
				walk(path+"/"+strconv.Itoa(i), v[i], func(x any) { v[i] = x })
			}
		}
	}
	for name, v := range root {
		walk("/"+name, v, func(x any) { root[name] = x })
	}
	require.Empty(t, mistakes(t, asJSON(t, root)), "all is as it was")
}
