package policyfile_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/policyfile"
)

// older is a file with the versions of all rules that rose already taken back.
func older(t require.TestingT, text string) (string, []risk.Rule) {
	rose := slices.DeleteFunc(risk.Rules(), func(r risk.Rule) bool { return r.Version < 2 })
	require.NotEmpty(t, rose)
	for _, r := range rose {
		require.Equal(t, 1, strings.Count(text, ruleLine(r.ID)))
		text = strings.Replace(text, ruleLine(r.ID), fmt.Sprintf("{id: %s, version: %d}", r.ID, r.Version-1), 1)
	}
	return text, rose
}

// Comments, layout, line ends and characters of more bytes stay as they are.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(string) string{
		"as it is":        func(s string) string { return s },
		"carriage return": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"old Macintosh":   func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
		"byte order mark": func(s string) string { return "\ufeff" + s },
		"wide characters": func(s string) string { return strings.ReplaceAll(s, "- {id: ", "- {\"id\": ") },
		"in a document":   func(s string) string { return "# é\n---\n" + s + "...\n# é\n" },
		"comments": func(s string) string {
			return strings.ReplaceAll(s, ", version: ", ", # é 🚪\n     \"version\":   ")
		},
	} {
		old, rose := older(t, file(t))
		want, old := change(file(t)), change(old)
		p, err := policyfile.Parse([]byte(want), risk.Code{})
		require.NoError(t, err, name)
		require.NotEmpty(t, mistakes(t, old), name)
		u, err := policyfile.Upgrade([]byte(old), risk.Code{})
		require.NoError(t, err, name)
		require.Equal(t, want, string(u.Text), name)
		require.Len(t, u.Rises, len(rose))
		require.Equal(t, digest(t, p), u.After)
		for i, r := range rose {
			p.Rules[slices.IndexFunc(p.Rules, func(q risk.Rule) bool { return q.ID == r.ID })].Version--
			require.Equal(t, [2]int{r.Version - 1, r.Version}, [2]int{u.Rises[i].From, u.Rises[i].To}, r.ID)
			require.Equal(t, r.Doc, u.Rises[i].Doc)
		}
		require.Equal(t, digest(t, p), u.Before)
		again, err := policyfile.Upgrade(u.Text, risk.Code{})
		require.NoError(t, err)
		require.Empty(t, again.Rises)
		require.Equal(t, want, string(again.Text))
	}
}

// On one line, behind characters that one column counts for and that have several bytes.
func TestUpgradeCountsCharacters(t *testing.T) {
	t.Parallel()
	rule := risk.Rules()[slices.IndexFunc(risk.Rules(), func(r risk.Rule) bool { return r.Version > 1 })]
	p := risk.Default()
	p.ID = "é🚪\u00a0x"
	text, err := p.MarshalJSON()
	require.NoError(t, err)
	now := fmt.Sprintf(`{"id":%q,"version":%d}`, rule.ID, rule.Version)
	before, _, ok := strings.Cut(string(text), now)
	require.True(t, ok)
	require.Contains(t, before, p.ID)
	old := strings.Replace(string(text), now, fmt.Sprintf(`{"id":%q,"version":%d}`, rule.ID, rule.Version-1), 1)
	u, err := policyfile.Upgrade([]byte(old), risk.Code{})
	require.NoError(t, err)
	require.Equal(t, string(text), string(u.Text))
}

// A version that several rules share is not changed for them all: what to write where is said.
func TestUpgradeByHand(t *testing.T) {
	t.Parallel()
	old, rose := older(t, file(t))
	shared := strings.Replace(old, ruleLine("gap"), strings.Replace(ruleLine("gap"), "version: ", "version: &v ", 1), 1)
	was := fmt.Sprintf("{id: %s, version: %d}", rose[0].ID, rose[0].Version-1)
	shared = strings.Replace(shared, was, fmt.Sprintf("{id: %s, version: *v}", rose[0].ID), 1)
	require.NotEqual(t, old, shared)
	u, err := policyfile.Upgrade([]byte(shared), risk.Code{})
	require.Nil(t, u)
	e, ok := errors.AsType[*risk.TextError](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, e.Error(), fmt.Sprintf("write version %d for rule %q", rose[0].Version, rose[0].ID))

	// What is no older version is a mistake, at its place in the file.
	bad := strings.Replace(old, "window: 168h", "window: none", 1)
	_, err = policyfile.Upgrade([]byte(bad), risk.Code{})
	e, ok = errors.AsType[*risk.TextError](err)
	require.True(t, ok, "%v", err)
	require.Len(t, e.Mistakes, 1)
	require.Equal(t, strings.Count(bad[:strings.Index(bad, "window: none")], "\n")+1, e.Mistakes[0].Line)
}

func ExampleUpgrade() {
	b, err := os.ReadFile("testdata/default.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	// As it was written for an older build.
	b = []byte(strings.Replace(string(b), "{id: unread, version: 3}", "{id: unread, version: 1}", 1))

	u, err := policyfile.Upgrade(b, risk.Code{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range u.Rises {
		fmt.Printf("line %d: %s rose from version %d to %d\n", r.Line, r.Rule, r.From, r.To)
	}
	fmt.Println("the same policy:", u.Before == u.After)
	// Output:
	// line 16: unread rose from version 1 to 3
	// the same policy: false
}
