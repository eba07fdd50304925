package risk_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/risk"
)

// smallTree is a policy's text with nothing of its own but an id.
func smallTree(t checker) map[string]any {
	return map[string]any{"schema": risk.PolicySchema, "id": "acme/1",
		"extends": map[string]any{"id": risk.Default().ID, "digest": digestOf(t, risk.Default()).String()}}
}

// Whatever members of a policy are taken from another one, the policy is the same.
func TestExtendedPolicyIsWhole(t *testing.T) {
	t.Parallel()
	base := risk.Default()
	base.ID = "acme/base"
	base.Labelers = hostCode().Labelers[:1]
	base.Cuts[0], base.UnknownImpact, base.Window, base.MaxWaiver = 0.2, risk.ImpactSevere, base.Window+1, base.MaxWaiver+1
	base.Table.Cells[18] = "critical"
	base.Advisories.Floors[1] = base.Advisories.Floors[2]
	base.Firm = append(base.Firm, "gap")
	base.Expedite, base.BreakGlass.Due = risk.ExpeditePolicy{}, base.BreakGlass.Due+1
	for i := range base.Demands {
		base.Demands[i].Requirements[0].Count = 2
	}
	base.Rules = append(base.Rules, hostCode().Rules[2])
	require.NoError(t, base.Validate())
	own := hostCode()
	own.Bases = []*risk.Policy{base}

	theirs, mine := treeOf(t, base), policyTree(t)
	require.Greater(t, len(mine), 12)
	for name := range mine {
		if name == "schema" || name == "id" {
			continue
		}
		require.NotEqual(t, theirs[name], mine[name], "%s must differ, or nothing is shown", name)
		for _, only := range []bool{true, false} {
			// The text has this member alone, or all but this one.
			small, want := maps.Clone(mine), maps.Clone(mine)
			for other := range mine {
				if (other == name) != only && other != "schema" && other != "id" {
					delete(small, other)
					if want[other] = theirs[other]; theirs[other] == nil {
						delete(want, other)
					}
				}
			}
			small["extends"] = map[string]any{"id": base.ID, "digest": digestOf(t, base).String()}
			p, err := risk.ParsePolicy(asJSON(t, small), own)
			whole, wholeErr := risk.ParsePolicy(asJSON(t, want), hostCode())
			require.Equal(t, wholeErr == nil, err == nil, "%s: %v, %v", name, err, wholeErr)
			if err == nil {
				require.Equal(t, digestOf(t, whole), digestOf(t, p), name)
				b, err := p.MarshalJSON()
				require.NoError(t, err)
				require.NotContains(t, string(b), "extends")
				require.Equal(t, want, treeOf(t, p))
			}
		}
	}
	require.Equal(t, theirs, treeOf(t, base), "the base stays as it is")
}

func treeOf(t checker, p *risk.Policy) map[string]any {
	b, err := p.MarshalJSON()
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

// What is read shares nothing with the policy that it extends.
func TestExtendedPolicyIsAlone(t *testing.T) {
	t.Parallel()
	base := risk.Default()
	base.ID = "acme/base"
	was := digestOf(t, base)
	p, err := risk.ParsePolicy(asJSON(t, map[string]any{"schema": risk.PolicySchema, "id": "acme/1",
		"extends": map[string]any{"id": base.ID, "digest": was.String()}}), risk.Code{Bases: []*risk.Policy{base}})
	require.NoError(t, err)
	p.Rules[0].Version, p.Table.Cells[0], p.Demands[0].Requirements[0].Count, p.Firm[0], p.Advisories.Floors[0] = 99, "x", 9, "x", 4
	require.Equal(t, was, digestOf(t, base))
}

// A base that is none, or another one than was meant, is one mistake, at its place, and
// nothing that is missing for it is told.
func TestExtendsNothingElse(t *testing.T) {
	t.Parallel()
	is := digestOf(t, risk.Default()).String()
	for name, c := range map[string]struct {
		extends any
		at      string
		text    string
	}{
		"another digest":     {map[string]any{"id": risk.Default().ID, "digest": "sha256:" + strings.Repeat("a", 64)}, "/extends/digest", "with the digest " + is},
		"no digest":          {map[string]any{"id": risk.Default().ID, "digest": ""}, "/extends/digest", "empty"},
		"any digest":         {map[string]any{"id": risk.Default().ID}, "/extends", `"digest" is missing`},
		"nobody's policy":    {map[string]any{"id": "sallyport/default/0", "digest": is}, "/extends/id", "there is no policy"},
		"no policy":          {map[string]any{"digest": is}, "/extends", `"id" is missing`},
		"a name":             {risk.Default().ID, "/extends", "text stands where an object must"},
		"nothing":            {nil, "/extends", "null stands"},
		"a path besides":     {map[string]any{"id": risk.Default().ID, "digest": is, "path": "x"}, "/extends/path", "no member"},
		"several, as a list": {[]any{}, "/extends", "an array stands"},
	} {
		v := smallTree(t)
		v["extends"] = c.extends
		got := policyMistakes(t, asJSON(t, v))
		require.Len(t, got, 1, "%s: %v", name, got)
		require.Equal(t, c.at, got[0].Pointer, name)
		require.Contains(t, got[0].Text, c.text, name)
		v["window"] = "0s"
		require.Len(t, policyMistakes(t, asJSON(t, v)), 2, "%s: what is there is looked at", name)
	}
	// What is taken from the base must fit to what is not.
	v := smallTree(t)
	v["demands"] = policyTree(t)["demands"].([]any)[:3]
	require.Equal(t, []string{"/demands"}, pointers(policyMistakes(t, asJSON(t, v))))
	v = smallTree(t)
	v["rules"] = policyTree(t)["rules"].([]any)[1:]
	require.Contains(t, pointers(policyMistakes(t, asJSON(t, v))), "/rules")
	delete(v, "extends")
	require.Len(t, policyMistakes(t, asJSON(t, v)), 10)

	for name, own := range map[string]risk.Code{
		"no policy":     {Bases: []*risk.Policy{nil}},
		"the default's": {Bases: []*risk.Policy{risk.Default()}},
		"twice":         {Bases: []*risk.Policy{{ID: "x"}, {ID: "x"}}},
	} {
		_, err := risk.ParsePolicy(asJSON(t, smallTree(t)), own)
		require.ErrorContains(t, err, "risk: own", name)
	}
}

func pointers(ms []risk.Mistake) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Pointer)
	}
	return slices.Compact(out)
}

// A small policy says what it extends and in what it differs. All that is wrong with one
// is told at once.
func ExampleParsePolicy() {
	digest, err := risk.Default().Digest()
	if err != nil {
		fmt.Println(err)
		return
	}
	text := `{
  "schema": "https://sallyport.dev/schema/risk-policy/v1",
  "id": "acme/payments/1",
  "extends": {"id": "sallyport/default/1", "digest": "` + digest.String() + `"},
  "unknownImpact": "severe",
  "cuts": [0.05, 0.2, 0.5],
  "maxWaiver": "336h"
}`
	p, err := risk.ParsePolicy([]byte(text), risk.Code{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.ID, "counts an unknown impact as", p.UnknownImpact, "and has", len(p.Demands), "tiers")

	text = strings.NewReplacer("severe", "worst", "0.2", "0.01", "336h", "14d").Replace(text)
	_, err = risk.ParsePolicy([]byte(text), risk.Code{})
	fmt.Println(err)
	// Output:
	// acme/payments/1 counts an unknown impact as severe and has 4 tiers
	// risk: policy: 3 mistakes
	// 	line 5, column 20: /unknownImpact: "worst" is no word for this
	// 	line 6, column 18: /cuts/1: 0.01 is not between 0 and 1 and above the one before
	// 	line 7, column 16: /maxWaiver: "14d" is no duration such as "24h" or "1h30m"
}
