package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
)

func render(t require.TestingT, s ...report.Section) string {
	var b strings.Builder
	require.NoError(t, report.Markdown(&b, "title", s))
	return b.String()
}

func TestMarkdownEscapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "a plain line, with (brackets) and 1.2.3 - done", "a plain line, with (brackets) and 1.2.3 - done"},
		{"HTML", `<script>alert("x")</script>`, `&lt;script&gt;alert("x")&lt;/script&gt;`},
		{"entity", `&lt;`, `&amp;lt;`},
		{"link", `[here](https://evil.example)`, "`[here](https://evil.example)`"},
		{"bare address", "see WWW.evil.example", "see `WWW.evil.example`"},
		{"image", `![x](y)`, `\!\[x\](y)`},
		{"emphasis", `*a* _b_ ~c~`, `\*a\* \_b\_ \~c\~`},
		{"cell", `a|b`, `a\|b`},
		{"heading by a new line", "a\n# b", "a `#` b"},
		{"heading by a rule below", "===", `\===`},
		{"list", "- a", `\- a`},
		{"ordered list", "12. a", `12\. a`},
		{"mention, mail and issue", "@everyone, a@b.example and #12", "`@everyone,` `a@b.example` and `#12`"},
		{"a code block by spaces in front", "    <b>", `&lt;b&gt;`},
		{"an address that no code span can say", `http://a|\`, `http\://a\|\\`},
		{"terminal escape", "\x1b[31mred", `"\\x1b\[31mred"`},
		{"reordered text", "abc\u202ecba", `"abc\\u202ecba"`},
		{"backslash", `\<b>`, `\\&lt;b&gt;`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := render(t, report.Section{Title: "s", Blocks: []report.Block{{Paragraph: c.in}}})
			require.Equal(t, "# title\n\n## s\n\n"+c.want+"\n", got)
		})
	}
}

func TestMarkdownCodeSpans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain", "a/b.go", "`a/b.go`"},
		{"nothing", "", ""},
		{"backtick", "a`b", "`` a`b ``"},
		{"two backticks", "``", "``` `` ```"},
		{"bar", "a|b", "`a\\|b`"},
		{"new line", "a\nb", "`a b`"},
		{"bar and backslash after a dash", `- a|\`, `\- a\|\\`},
		{"HTML is letters here", "<b>", "`<b>`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := render(t, report.Section{Title: "s", Blocks: []report.Block{{List: []report.Cell{report.Code(c.in)}}}})
			require.Equal(t, "# title\n\n## s\n\n- "+c.want+"\n", got)
		})
	}
}

// Whatever stands in a cell, the table keeps its shape: one line a row, and as
// many unescaped bars as the header has.
func TestTablesKeepTheirShape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Custom(func(t *rapid.T) report.Cell {
			return report.Cell{Text: rapid.StringOf(rapid.SampledFrom([]rune("ab|`\\\n\r<*é\x1b"))).Draw(t, "text"), Code: rapid.Bool().Draw(t, "code")}
		})
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 0, 4), 1, 4).Draw(t, "rows")
		out := render(t, report.Section{Title: "s", Blocks: []report.Block{{Table: &report.Table{Header: []string{"a", "b", "c"}, Rows: rows}}}})
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")[4:]
		require.Len(t, lines, 2+len(rows))
		for _, line := range lines {
			require.Equal(t, 4, bars(line), "line %q", line)
			require.NotContains(t, line, "\x1b")
		}
	})
}

// bars counts the bars of a line that GFM takes as ends of cells: those with no
// backslash before them, an escaped backslash not counting as one.
func bars(line string) int {
	n, escaped := 0, false
	for _, r := range line {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '|':
			n++
		}
	}
	return n
}

func TestOfARecord(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	rec := release.Record{
		Release: release.Release{Service: "shop", Version: "v2", Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("x"))}}},
		Changes: release.ChangeSet{
			FromNothing: true,
			Files:       []release.FileChange{{Path: "a\n.go", Op: release.OpAdded, Added: 3, Labels: []release.Label{release.LabelIdentity}}, {Path: "b.bin", Op: release.OpAdded, Binary: true}},
			Gaps:        []release.Gap{{Kind: release.GapShallow, Detail: "history is cut"}},
		},
		Assessment: release.AssessmentRecord{Tier: release.TierHigh, Reasons: []release.Reason{{Code: "risk/identity", Subject: "a.go", Text: "identity"}}},
		Evidence:   []release.EvidenceRecord{{PredicateType: "p", By: "key:1", Summary: "go vet passed"}},
		Decisions:  []release.DecisionRecord{{Verdict: release.VerdictAllow, At: at, Until: at.Add(time.Hour)}},
		Rollout:    []release.Event{{Kind: release.EventRolledBack, At: at, Stage: "canary"}},
		Outcome:    release.Outcome{Kind: release.OutcomeFailed, At: at, Deployed: at, Cause: "errors"},
		Notes:      []string{"The traffic is simulated."},
	}
	out := render(t, report.Of(rec)...)
	for _, want := range []string{
		"From nothing to", "Not read: shallow-clone: history is cut", "`\"a\\n.go\"`", "identity", "binary", "Why this tier: high",
		"go vet passed", "no trusted time", "Decision 1: allow", "It ends 2026-11-23 02:02:03 UTC", "rolled-back", "failed, as known",
		"The traffic is simulated.",
	} {
		require.Contains(t, out, want)
	}
	empty := render(t, report.Of(release.Record{})...)
	require.Contains(t, empty, "Not known yet: no news is not success.")
	require.Contains(t, empty, "an unknown base")
	require.Contains(t, empty, "Why this tier: unknown")
}

func TestLongTablesSayWhatTheyLeaveOut(t *testing.T) {
	t.Parallel()
	rec := release.Record{}
	for range 100 {
		rec.Changes.Files = append(rec.Changes.Files, release.FileChange{Path: "f", Op: release.OpAdded})
	}
	require.Contains(t, render(t, report.Of(rec)...), "And 60 more; record.json has them all.")
}
