package risk_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// waiversSchema is the shape of waivers as text. That ids differ, that a waiver ends after
// it begins and that two people answer for it is beyond a schema.
func waiversSchema() schemaNode {
	var tiers, kinds []string
	for tier := release.TierLow; tier <= release.TierCritical; tier++ {
		tiers = append(tiers, tier.String())
	}
	for kind := release.ActorHuman; kind <= release.ActorService; kind++ {
		kinds = append(kinds, kind.String())
	}
	actor := func(description string) schemaNode {
		return closedObject(description, schemaNode{
			"kind":  schemaNode{"type": "string", "enum": kinds, "description": "What it is; only a human can answer for a waiver."},
			"id":    textOf("Who it is, with the scheme first, such as email:ada@example.com."),
			"name?": textOf("A name for display."),
		})
	}
	moment := func(description string) schemaNode {
		return schemaNode{"type": "string", "format": "date-time", "description": description,
			"pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})$`}
	}
	waiver := closedObject("What one rule finds about one subject counts for less, until a day.", schemaNode{
		"id":       textOf("Names it, uniquely in this list."),
		"rule":     textOf("The id of the rule, or table for the answer of the decision table."),
		"subject?": textOf("The finding's, exactly as the finding has it; without it, that of a finding about the whole release."),
		"floor":    schemaNode{"type": "string", "enum": tiers, "description": "What the finding counts as instead."},
		"upTo?":    schemaNode{"type": "string", "enum": tiers, "description": "The most severe finding that they agreed to lower; without it, high."},
		"changes?": schemaNode{"type": "string", "pattern": `^sha256:[0-9a-f]{64}$`, "description": "The digest of the only change set that it is for; without it, any."},
		"owner":    actor("Who asks for it and answers for it."),
		"second":   actor("Another person, who agreed."),
		"reason":   textOf("Why it is right, on one line."),
		"from":     moment("When it begins to count."),
		"expires":  moment("When it no longer counts."),
	})
	return titled(closedObject("What findings of rules count for less, until when, and who answers for that.", schemaNode{
		"schema":  schemaNode{"const": risk.WaiversSchema, "description": "The name of this shape."},
		"waivers": listOf("The waivers.", waiver, 0, risk.MaxWaivers),
	}), risk.WaiversSchema, "Waivers")
}

func TestWaiversSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	agree(t, risk.WaiversSchema, waiverTree(t), waiverMistakes)
}

// All waivers that are written are valid by the schema.
func TestWrittenWaiversFollowTheSchema(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t, risk.WaiversSchema)
	rapid.Check(t, func(t *rapid.T) {
		b, err := risk.MarshalWaivers(anyWaivers.Draw(t, "waivers"))
		require.NoError(t, err)
		require.NoError(t, validateJSON(t, s, b), "%s", b)
	})
}
