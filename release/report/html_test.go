package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
)

// page renders sections as HTML and reads it again with a strict parser, which HTML
// alone would not need: each element is counted, and none may be or have what runs,
// loads or leads elsewhere.
func page(t require.TestingT, title string, sections ...report.Section) (out string, elements map[string]int, text string) {
	var b strings.Builder
	require.NoError(t, report.HTML(&b, title, sections))
	out = b.String()
	elements = map[string]int{}
	d := xml.NewDecoder(strings.NewReader(out))
	var words strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, elements, words.String()
		}
		require.NoError(t, err, out)
		switch e := token.(type) {
		case xml.StartElement:
			elements[e.Name.Local]++
			require.NotContains(t, []string{"script", "iframe", "object", "embed", "link", "img", "image", "use", "base", "form", "foreignObject", "animate", "set"}, e.Name.Local)
			for _, a := range e.Attr {
				require.False(t, strings.HasPrefix(strings.ToLower(a.Name.Local), "on"), "%v", a)
				require.NotContains(t, []string{"style", "src", "srcdoc", "srcset", "action"}, a.Name.Local)
				if a.Name.Local == "href" {
					require.Regexp(t, `^#s[0-9]+$`, a.Value)
				}
			}
		case xml.CharData:
			words.Write(e)
		}
	}
}

var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</style><script>alert(1)</script>`, `</title><script>`,
	`javascript:alert(1)`, `&lt;script&gt;`, `<!--`, `]]>`, `--><svg onload=alert(1)>`, "\x1b[2J\x1b]8;;http://evil.example\x07", "a\u202eb", "a\x00b", "\xff\xfe", "</pre></textarea>",
	"```\n<b>", "[a](javascript:b)", "|", "::error::x",
}

func everything(s string) []report.Section {
	return []report.Section{
		{Title: s, Blocks: []report.Block{{Paragraph: s}, {List: []report.Cell{report.Text(s), report.Code(s)}}, {Diagram: s},
			{Table: &report.Table{Header: []string{s, ""}, Rows: [][]report.Cell{{report.Code(s)}, {report.Text(s), report.Text(s), report.Text(s)}}}},
			{Steps: &report.Steps{Title: s, At: []report.Step{{Time: time.Unix(1, 0), Percent: 5, Label: s}, {Time: time.Unix(9, 0), Percent: 0, Label: s, Bad: true}}}}}},
		{Title: "second"},
	}
}

func TestHTMLHoldsNothingOfOthers(t *testing.T) {
	t.Parallel()
	_, want, _ := page(t, "calm", everything("calm")...)
	for _, s := range hostile {
		out, got, _ := page(t, s, everything(s)...)
		require.Equal(t, want, got, "%q makes elements", s)
		require.NotContains(t, out, "\x1b")
		require.NotContains(t, out, "\u202e")
		require.NotContains(t, out, "\x00")
	}
}

func TestHTMLOfAnyText(t *testing.T) {
	t.Parallel()
	_, want, _ := page(t, "calm", everything("calm")...)
	rapid.Check(t, func(t *rapid.T) {
		s := "x" + rapid.StringOf(rapid.SampledFrom([]rune("a<>&\"'`=/\\-! \n\r\t\x00\x1b\u202e\ufffe\u2028é日"))).Draw(t, "text")
		_, got, _ := page(t, s, everything(s)...)
		require.Equal(t, want, got)
	})
}

// Text is shown letter for letter.
func TestHTMLSaysWhatItWasTold(t *testing.T) {
	t.Parallel()
	out, elements, text := page(t, `a<b & "c"`, report.Section{Title: "s", Blocks: []report.Block{{Table: &report.Table{
		Header: []string{"one", "two"}, Rows: [][]report.Cell{{report.Code("x|y")}, {report.Text("1"), report.Text("2"), report.Text("cut")}}}}, {Diagram: "graph TD\n  a-->b"}}})
	for _, want := range []string{`a<b & "c"`, "x|y", "graph TD\n  a-->b"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "cut")
	require.Equal(t, 4, elements["td"], "a short row is filled up, a long one cut")
	require.Equal(t, 2, elements["th"])
	require.NotContains(t, out, "//", "the page needs nothing else")
	require.Contains(t, out, "prefers-color-scheme:dark")
	require.Contains(t, out, "@media print")
	require.Contains(t, out, "default-src 'none'")
	require.NotContains(t, elements, "nav", "one section needs no contents")
}

func TestStepsAreDrawn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	rec := release.Record{Rollout: []release.Event{
		{Kind: release.EventStarted, At: at}, {Kind: release.EventExposed, At: at.Add(time.Minute), Stage: "canary", Percent: 5},
		{Kind: release.EventExposed, At: at.Add(10 * time.Minute), Stage: "half", Percent: 50},
		{Kind: release.EventRegressed, At: at.Add(15 * time.Minute), Stage: "half", Percent: 50},
		{Kind: release.EventRolledBack, At: at.Add(20 * time.Minute)},
	}}
	out, elements, text := page(t, "t", report.Of(rec)...)
	require.Equal(t, 3, elements["circle"])
	require.Contains(t, out, `class="line" d="M44 180H73V171.7H334V97H479V97H624V180H624"`, "it stays where it is until the next step")
	require.Equal(t, 2, strings.Count(out, `class="bad"`))
	require.Contains(t, text, "2026-11-23 09:10:00 UTC: exposed half, 50 %")
	md := render(t, report.Of(rec)...)
	require.Contains(t, md, "| 2026-11-23 09:10:00 UTC | 50 % | exposed half |")

	// What is not known is not 0, and breaks the line.
	for _, p := range []float64{math.NaN(), -1, 101, math.Inf(1)} {
		s := &report.Steps{Title: "x", At: []report.Step{{Time: at, Percent: 5}, {Time: at.Add(time.Second), Percent: p}, {Time: at.Add(2 * time.Second), Percent: 7}}}
		out, elements, _ := page(t, "t", report.Section{Blocks: []report.Block{{Steps: s}}})
		require.Equal(t, 2, elements["circle"])
		require.Regexp(t, `class="line" d="M[0-9. ]+H[0-9.]+M[0-9. ]+H[0-9.]+"`, out)
		require.Contains(t, render(t, report.Section{Blocks: []report.Block{{Steps: s}}}), "not known")
	}
	_, elements, text = page(t, "t", report.Section{Blocks: []report.Block{{Steps: &report.Steps{Title: "x"}}}})
	require.Zero(t, elements["svg"])
	require.Contains(t, text, "x: nothing is known.")
	// One moment has no width to divide by.
	out, _, _ = page(t, "t", report.Section{Blocks: []report.Block{{Steps: &report.Steps{Title: "x", At: []report.Step{{Time: at, Percent: 100}}}}}})
	require.NotContains(t, out, "NaN")
}

// A diagram's text cannot leave its fence.
func TestMarkdownDiagram(t *testing.T) {
	t.Parallel()
	got := render(t, report.Section{Title: "s", Blocks: []report.Block{{Diagram: "graph\n```\n# out\x1b"}}})
	require.Equal(t, "# title\n\n## s\n\n````mermaid\ngraph\n```\n# out\ufffd\n````\n", got)
}
