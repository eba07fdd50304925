package risk_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// risen are the rules of this build that rose already: those whose older versions a text may name.
func risen(t checker) []risk.Rule {
	out := slices.DeleteFunc(risk.Rules(), func(r risk.Rule) bool { return r.Version < 2 })
	require.NotEmpty(t, out)
	return out
}

func named(r risk.Rule, version int) string {
	return fmt.Sprintf(`{"id":%q,"version":%d}`, r.ID, version)
}

// older is a text as an older build wrote it, with these versions taken back.
func older(t checker, text []byte, by map[string]int) []byte {
	out := string(text)
	for _, r := range risen(t) {
		if back := by[r.ID]; back > 0 {
			require.Equal(t, 1, strings.Count(out, named(r, r.Version)))
			out = strings.Replace(out, named(r, r.Version), named(r, r.Version-back), 1)
		}
	}
	return []byte(out)
}

func digestOf(t checker, p *risk.Policy) release.Digest {
	d, err := p.Digest()
	require.NoError(t, err)
	return d
}

// What was taken back comes back, byte for byte, and the digests of both are told.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicies.Draw(t, "policy")
		text, err := p.MarshalJSON()
		require.NoError(t, err)
		by, was := map[string]int{}, risk.ClonePolicy(p)
		var want []string
		for i, r := range was.Rules {
			if r.Version > 1 && r.ID != "friday" && r.ID != "moon" && rapid.Bool().Draw(t, "older") {
				by[r.ID] = rapid.IntRange(1, r.Version-1).Draw(t, "by")
				was.Rules[i].Version -= by[r.ID]
				want = append(want, fmt.Sprint(r.ID, r.Version-by[r.ID], r.Version, r.Doc))
			}
		}
		old := older(t, text, by)
		if len(want) > 0 {
			_, err = risk.ParsePolicy(old, hostCode())
			require.Error(t, err, "never silently")
		}
		u, err := risk.UpgradePolicy(old, hostCode())
		require.NoError(t, err)
		require.Equal(t, string(text), string(u.Text))
		require.Equal(t, digestOf(t, was), u.Before)
		require.Equal(t, digestOf(t, p), u.After)
		require.Equal(t, len(want) > 0, u.Before != u.After)
		var have []string
		for _, r := range u.Rises {
			have = append(have, fmt.Sprint(r.Rule, r.From, r.To, r.Doc))
			line := strings.Split(string(old), "\n")[r.Line-1]
			require.True(t, strings.HasPrefix(line[r.Column-1:], fmt.Sprint(r.From, "}")))
		}
		require.Equal(t, want, have)

		again, err := risk.UpgradePolicy(u.Text, hostCode())
		require.NoError(t, err)
		require.Empty(t, again.Rises)
		require.Equal(t, u.After, again.Before)
		require.Equal(t, string(text), string(again.Text))
	})
}

// Layout, the order of members and numbers of more digits stay as they are.
func TestUpgradeKeepsTheRest(t *testing.T) {
	t.Parallel()
	rise := risen(t)[0]
	text, err := risk.Default().MarshalJSON()
	require.NoError(t, err)
	want := bytes.Replace(text, []byte(named(rise, rise.Version)), fmt.Appendf(nil, "{ \"version\":\r\n\t%d\n, \"id\" : %q }", rise.Version, rise.ID), 1)
	old := bytes.Replace(want, fmt.Appendf(nil, "\t%d\n", rise.Version), fmt.Appendf(nil, "\t%d\n", rise.Version-1), 1)
	require.NotEqual(t, old, want)
	u, err := risk.UpgradePolicy(old, risk.Code{})
	require.NoError(t, err)
	require.Equal(t, string(want), string(u.Text))
	require.Equal(t, [2]int{2, 2}, [2]int{u.Rises[0].Line, u.Rises[0].Column})
}

// What is not merely an older version of a rule of this module is a mistake as in
// ParsePolicy, and nothing is upgraded.
func TestUpgradeRefuses(t *testing.T) {
	t.Parallel()
	rise := risen(t)[0]
	text := asJSON(t, policyTree(t))
	old := strings.Replace(string(text), fmt.Sprintf("\"id\": %q,\n   \"version\": %d", rise.ID, rise.Version), fmt.Sprintf("\"id\": %q,\n   \"version\": %d", rise.ID, rise.Version-1), 1)
	require.NotEqual(t, string(text), old)
	_, err := risk.UpgradePolicy([]byte(old), hostCode())
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new, want string }{
		"a rule that is gone":          {`"id": "size"`, `"id": "scent"`, `there is no rule "scent"`},
		"a rule that may not be gone":  {`"id": "sensitive"`, `"id": "sensible"`, `no policy may take away`},
		"a version of another build":   {"\"id\": \"gap\",\n   \"version\": ", "\"id\": \"gap\",\n   \"version\": 9", "is not in this build"},
		"version nought":               {"\"id\": \"revision\",\n   \"version\": ", "\"id\": \"revision\",\n   \"version\": 0.", "not a whole number"},
		"an older version of a host's": {"\"id\": \"friday\",\n   \"version\": 3", "\"id\": \"friday\",\n   \"version\": 2", "has version 1 3"},
		"a labeler's version":          {"\"id\": \"mine/b\",\n   \"version\": 4", "\"id\": \"mine/b\",\n   \"version\": 3", "has version 4 5"},
		"another mistake":              {`"window": "168h0m0s"`, `"window": "0s"`, "more than zero"},
		"no policy":                    {"{", "", "stands where"},
	} {
		bad := strings.Replace(old, c.old, c.new, 1)
		require.NotEqual(t, old, bad, name)
		u, err := risk.UpgradePolicy([]byte(bad), hostCode())
		require.Nil(t, u, name)
		e, ok := errors.AsType[*risk.TextError](err)
		require.True(t, ok, "%s: %v", name, err)
		require.ErrorContains(t, err, c.want, name)
		require.False(t, slices.ContainsFunc(e.Mistakes, func(m risk.Mistake) bool {
			return strings.Contains(m.Text, rise.ID) && strings.Contains(m.Text, "version")
		}), "%v", err)
	}
	_, err = risk.UpgradePolicy(text, risk.Code{Rules: []risk.Rule{{ID: "gap", Doc: "x", Version: 7, Run: findsNothing}}})
	require.ErrorContains(t, err, "risk: own")
}

// A library that rose tells what a policy's text must say now, and why the policy is another one.
func ExampleUpgradePolicy() {
	text, err := risk.Default().MarshalJSON()
	if err != nil {
		fmt.Println(err)
		return
	}
	// As an older build wrote it.
	text = bytes.Replace(text, []byte(`{"id":"unread","version":3}`), []byte(`{"id":"unread","version":1}`), 1)

	_, err = risk.ParsePolicy(text, risk.Code{})
	if e, ok := errors.AsType[*risk.TextError](err); ok {
		fmt.Println(e.Mistakes[0].Text)
	}
	u, err := risk.UpgradePolicy(text, risk.Code{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range u.Rises {
		fmt.Printf("%s: %d -> %d\n", r.Rule, r.From, r.To)
	}
	_, err = risk.ParsePolicy(u.Text, risk.Code{})
	fmt.Println("readable:", err == nil, "the same policy:", u.Before == u.After)
	// Output:
	// rule "unread" version 1 is not in this build, which has version 3
	// unread: 1 -> 3
	// readable: true the same policy: false
}
