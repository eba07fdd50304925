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

var updateSchema = flag.Bool("update-schema", false, "write the policy's schema anew")

const schemaFile = "policy.v1.schema.json"

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
	maxAge := durationOf("How old it may be, such as 24h; without it, any age will do.", `^`+units)
	maxAge["not"] = schemaNode{"const": "0s"}
	requirement := closedObject("One kind of evidence.", schemaNode{
		"id":           textOf("Unique in the tier."),
		"evidence":     textOf("The kind of evidence: test-result, approval, provenance, scan, or a host's own."),
		"count":        wholeOf("How many distinct principals must have said so.", 1),
		"maxAge?":      maxAge,
		"independent?": schemaNode{"type": "boolean", "description": "Only people who neither wrote, nor requested, nor built the release count."},
		"roles?":       listOf("A principal must hold one of these; without them, any will do.", textOf("A role that the host knows."), 1, 32),
		"why":          textOf("The sentence that a person reads beside it."),
	})
	rollout := closedObject("How slowly the tier must be exposed.", schemaNode{
		"minStages":        wholeOf("The number of stages, the last of which exposes everything.", 1),
		"minBake":          durationOf("The least bake time of each stage but the last, such as 30m or 0s.", `^`+units),
		"maxFirstPercent?": numeric("The most that the first public stage may expose; without it, any share will do.", "exclusiveMinimum", 0, schemaNode{"maximum": 100}),
		"why?":             textOf("The sentence that a person reads beside it."),
	})
	out := closedObject("How change sets become tiers, and what tiers demand.", schemaNode{
		"schema":        schemaNode{"const": risk.PolicySchema, "description": "The name of this shape."},
		"id":            textOf("Names the policy, for people."),
		"rules":         listOf("Rules that set floors, in order.", codeOf("A rule of this build or of the host.", 1), 1, 1000),
		"labelers?":     listOf("Labelers of the host, beside the default ones.", codeOf("A labeler of the host.", 0), 0, 1000),
		"cuts":          listOf("The probabilities at which likelihood goes up a level, rising.", numeric("A probability.", "exclusiveMinimum", 0, schemaNode{"exclusiveMaximum": 1}), 3, 3),
		"unknownImpact": words("What an impact that nobody declared counts as.", impacts...),
		"table": closedObject("Likelihood and impact give a tier.", schemaNode{
			"axes": listOf("The inputs.", closedObject("One input.", schemaNode{"name": textOf("Its name."),
				"values": listOf("The answers, from the least to the most dangerous.", textOf("An answer."), 1, 100)}), 2, 2),
			"tiers": listOf("One cell per combination; the last axis varies fastest.", words("A tier.", tiers...), 20, 20),
		}),
		"demands": listOf("What each tier demands, from low to critical.", closedObject("What one tier demands.", schemaNode{
			"tier": words("The tier.", tiers...), "requirements": listOf("The evidence.", requirement, 1, 64), "rollout": rollout}), 4, 4),
	})
	out["$schema"], out["$id"], out["title"] = "https://json-schema.org/draft/2020-12/schema", risk.PolicySchema, "Policy"
	return out
}

func compiledSchema(t checker) *jsonschema.Schema {
	b, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(risk.PolicySchema, v))
	s, err := c.Compile(risk.PolicySchema)
	require.NoError(t, err)
	return s
}

func validateJSON(t checker, s *jsonschema.Schema, b []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	return s.Validate(v)
}

// The file says what the test says. `go test ./risk -run Schema -update-schema` writes it anew.
func TestPolicySchemaFile(t *testing.T) {
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(policySchema()))
	if *updateSchema {
		require.NoError(t, os.WriteFile(schemaFile, want.Bytes(), 0o644))
	}
	have, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(have), "run the test with -update-schema")
}

// Every policy that is written is valid by the schema.
func TestWrittenPoliciesFollowTheSchema(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t)
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
	s := compiledSchema(t)
	agree := func(what string, v any) {
		b := asJSON(t, v)
		refused, told := validateJSON(t, s, b), policyMistakes(t, b)
		if refused != nil {
			require.NotEmpty(t, told, "%s: the schema says %v", what, refused)
		}
		if len(told) == 0 {
			require.NoError(t, refused, what)
		}
		n := 0
		for _, m := range told {
			for _, shape := range []string{" must", "is missing", "no member", "no word", "the text is empty", "leave it out", "in digits", "is no duration"} {
				if strings.Contains(m.Text, shape) {
					n++
				}
			}
		}
		if n > 0 {
			require.Error(t, refused, "%s: %v", what, told)
		}
	}
	values := []any{nil, true, "", "x", "low", "unknown", 0.0, -1.0, 2.5, 1.0, []any{}, []any{nil}, map[string]any{}, "0s", "1h", "90x"}
	var walk func(path string, v any, set func(any))
	root := policyTree(t)
	walk = func(path string, v any, set func(any)) {
		for _, x := range values {
			set(x)
			agree(path+" = "+string(asJSON(t, x)), root)
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			v["extra"] = 1.0
			agree(path+"/extra", root)
			delete(v, "extra")
			for name, old := range v {
				delete(v, name)
				agree("without "+path+"/"+name, root)
				v[name] = old
				walk(path+"/"+name, old, func(x any) { v[name] = x })
			}
		case []any:
			for i := range v {
				if i > 0 && i < len(v)-1 {
					continue // as the ones before
				}
				walk(path+"/"+strconv.Itoa(i), v[i], func(x any) { v[i] = x })
			}
		}
	}
	for name, v := range root {
		walk("/"+name, v, func(x any) { root[name] = x })
	}
	require.Empty(t, policyMistakes(t, asJSON(t, root)), "all is as it was")
}
