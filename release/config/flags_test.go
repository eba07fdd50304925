package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/config"
)

const flagd = `{
  "$schema": "https://flagd.dev/schema/v0/flags.json",
  "flags": {
    "login-v2": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"fractional": [["on", 10], ["off", 90]]}},
    "shop":     {"state": "DISABLED", "variants": {"a": 1, "b": 2}, "defaultVariant": "a", "metadata": {"team": "x"}}
  },
  "$evaluators": {"e": {"==": [1, 1]}, "f": {"$ref": "e"}},
  "metadata": {"version": "1"}
}`

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to string
		want           string
	}{
		{"switched on", `"DISABLED"`, `"ENABLED"`, "~ flags.shop: switched on"},
		{"switched off", `"ENABLED"`, `"DISABLED"`, "~ flags.login-v2: switched off"},
		{"a state that is none", `"ENABLED"`, `"MAYBE"`, "~ flags.login-v2: state changed"},
		{"a roll-out", `["on", 10], ["off", 90]`, `["on", 90], ["off", 10]`, "~ flags.login-v2: targeting changed"},
		{"no targeting any more", `, "targeting": {"fractional": [["on", 10], ["off", 90]]}`, ``, "~ flags.login-v2: targeting changed"},
		{"default", `"defaultVariant": "a"`, `"defaultVariant": "b"`, "~ flags.shop: default variant changed"},
		{"variants", `"b": 2`, `"b": 3`, "~ flags.shop: variants changed"},
		{"an order of variants", `{"a": 1, "b": 2}`, `{"b": 2, "a": 1}`, ""},
		{"metadata", `"team": "x"`, `"team": "y"`, "~ flags.shop: metadata changed"},
		{"several", `"DISABLED", "variants": {"a": 1, "b": 2}, "defaultVariant": "a"`, `"ENABLED", "variants": {"a": 1}, "defaultVariant": "c"`, "~ flags.shop: switched on; default variant changed; variants changed"},
		{"something new", `"metadata": {"team"`, `"x": 1, "metadata": {"team"`, "~ flags.shop: x changed"},
		{"an evaluator that nobody uses", `"==": [1, 1]`, `"==": [1, 2]`, `~ ["$evaluators"].e["=="][1]`},
		{"metadata of the set", `"version": "1"`, `"version": "2"`, "~ metadata.version"},
		{"a new evaluator", `"e": {`, `"g": 1, "e": {`, `+ ["$evaluators"].g`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, flagd, c.from)
			after := replaceOnce(flagd, c.from, c.to)
			for _, path := range []string{"a.json", "a.yaml", "a.flagd.json"} {
				cs := diff(path, flagd, after)
				require.Empty(t, cs.Gaps)
				if c.want == "" {
					require.Empty(t, cs.Settings)
					continue
				}
				require.Equal(t, []string{c.want}, told(cs))
				require.Contains(t, cs.Settings[0].Labels, release.LabelFlag)
				require.Equal(t, "flagd", cs.Sources[0].Format)
			}
		})
	}
	cs := diff("a.json", `{"flags": {}}`, flagd)
	require.NotEmpty(t, cs.Settings)
	cs = config.Diff("a.json", nil, []byte(flagd), config.Options{})
	require.Contains(t, told(cs), "+ flags.login-v2: a new flag, switched on")
	require.Contains(t, told(cs), "+ flags.shop: a new flag, switched off")
	for _, s := range cs.Settings {
		if s.Key == "flags.login-v2" {
			require.Equal(t, []release.Label{release.LabelFlag, release.LabelIdentity}, s.Labels, "the words of a flag's key count")
		}
	}
}

func replaceOnce(s, from, to string) string {
	for i := 0; i+len(from) <= len(s); i++ {
		if s[i:i+len(from)] == from {
			return s[:i] + to + s[i+len(from):]
		}
	}
	return s
}

// A chain of evaluators reaches the flags that refer to its end.
func TestEvaluatorsReachFlags(t *testing.T) {
	t.Parallel()
	before := `{"flags": {"x": {"state": "ENABLED", "variants": {}, "targeting": {"if": [{"$ref": "f"}]}}, "y": {"state": "ENABLED", "variants": {}}}, "$evaluators": {"e": 1, "f": {"$ref": "e"}}}`
	cs := diff("a.json", before, replaceOnce(before, `"e": 1`, `"e": 2`))
	require.Equal(t, []string{`~ ["$evaluators"].e`, "~ flags.x: targeting changed through an evaluator that it refers to"}, told(cs))
}

// Exports of other systems, by the words of their fields.
func TestOtherFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, before, after, want string }{
		{"a list by name", `{"features": [{"name": "a", "enabled": true, "strategies": []}]}`, `{"features": [{"name": "a", "enabled": false, "strategies": [1]}]}`, "~ features[name=a]: switched off; targeting changed"},
		{"a list at the top", `[{"key": "a", "on": false}]`, `[{"key": "a", "on": true}]`, "~ [key=a]: switched on"},
		{"a mapping at the top", `{"a": {"variations": {"x": 1}, "defaultRule": {"variation": "x"}, "disable": false}}`, `{"a": {"variations": {"x": 1}, "defaultRule": {"percentage": {"x": 5}}, "disable": true}}`, "~ a: switched off; default variant changed"},
		{"a manifest", `{"flags": {"a": {"flagType": "boolean", "defaultValue": false}}}`, `{"flags": {"a": {"flagType": "boolean", "defaultValue": true}}}`, "~ flags.a: default variant changed"},
		{"a value alone", `{"flags": {"a": true}}`, `{"flags": {"a": false}}`, "~ flags.a: the flag's value changed"},
		{"gone", `{"flags": {"a": true, "b": 1}}`, `{"flags": {"a": true}}`, "- flags.b: the flag is gone"},
		{"a list without keys is compared like settings", `{"flags": [1]}`, `{"flags": [2]}`, "~ flags[0]"},
		{"another place", `{"flags": {"a": 1}}`, `{"features": {"a": 1}}`, "+ features.a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cs := config.Diff("a.json", []byte(c.before), []byte(c.after), config.Options{Format: config.FormatFlags})
			require.Contains(t, told(cs), c.want)
		})
	}
	secret := `{"flags": {"a": {"state": "ENABLED", "variants": {"on": "` + shapes["a GitHub token"] + `"}}}}`
	cs := diff("a.json", replaceOnce(secret, shapes["a GitHub token"], "x"), secret)
	require.Equal(t, []release.Label{release.LabelFlag, release.LabelSecrets}, cs.Settings[0].Labels)
	require.Equal(t, "variants changed; a value in it looks like a secret", cs.Settings[0].Detail)
}

// A flag that is switched is scored as code: the labels of its key are there.
func TestFlagsAreScoredLikeCode(t *testing.T) {
	t.Parallel()
	before := `{"flags": {"skip-auth": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"}}}`
	cs := diff("a.json", before, replaceOnce(before, "ENABLED", "DISABLED"))
	require.Equal(t, []release.Label{release.LabelFlag, release.LabelIdentity}, cs.Settings[0].Labels)
}
