package rollout

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mermaid is the drawing as a Mermaid flowchart.
func (d *drawing) mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart TB\n")
	for _, n := range d.nodes {
		left, right := "[", "]"
		switch n.shape {
		case shapeFinal:
			left, right = "{{", "}}"
		case shapeEnd:
			left, right = "([", "])"
		case shapeOther:
			left, right = "[[", "]]"
		}
		fmt.Fprintf(&b, "    %s%s\"%s\"%s\n", n.id, left, mermaidText(n.lines), right)
	}
	for _, e := range d.edges {
		arrow := [...]string{strokeOn: "-->", strokeBack: "-.->", strokeNow: "==>"}[e.stroke]
		label := ""
		if len(e.lines) > 0 {
			label = `|"` + mermaidText(e.lines) + `"|`
		}
		fmt.Fprintf(&b, "    %s %s%s %s\n", e.from, arrow, label, e.to)
	}
	for m, style := range [...]string{
		markPassed: "fill:#e2f0e5,color:#000",
		markHere:   "stroke-width:4px",
		markHeld:   "fill:#fff0c2,color:#000,stroke-width:4px",
		markGone:   "fill:#f6dcdc,color:#000",
	} {
		var ids []string
		for _, n := range d.nodes {
			if m != int(markNone) && n.mark == mark(m) {
				ids = append(ids, n.id)
			}
		}
		if len(ids) > 0 {
			fmt.Fprintf(&b, "    classDef %s %s\n    class %s %[1]s\n", markNames[m], style, strings.Join(ids, ","))
		}
	}
	return b.String()
}

// mermaidText is lines as the text between quotation marks.
func mermaidText(lines []string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = mermaidLine(line)
	}
	return strings.Join(escaped, "<br/>")
}

// mermaidLine writes a line so that it means nothing but itself. Mermaid reads a
// label several times: its grammar looks for quotation marks, its preprocessor for
// directives, comments and entities anywhere, and then the label is read as Markdown
// and as HTML. So all that is not a letter, a digit, a space or a comma is an entity,
// but for a point between digits and a hyphen between letters or digits, which no
// reader takes for anything else.
func mermaidLine(line string) string {
	var b strings.Builder
	before := ' '
	for i, r := range line {
		after, _ := utf8.DecodeRuneInString(line[i+utf8.RuneLen(r):])
		switch {
		case r == ' ', r == ',', alphanumeric(r),
			r == '.' && digit(before) && digit(after),
			r == '-' && alphanumeric(before) && alphanumeric(after),
			r > unicode.MaxASCII:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
		before = r
	}
	return b.String()
}

func digit(r rune) bool { return '0' <= r && r <= '9' }

func alphanumeric(r rune) bool { return digit(r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
