package rollout

import (
	"fmt"
	"strings"
)

// dot is the drawing in the DOT language of Graphviz.
func (d *drawing) dot() string {
	var b strings.Builder
	b.WriteString("digraph rollout {\n\tnode [shape=box]\n")
	for _, n := range d.nodes {
		attr := ""
		if shape := [...]string{shapeStage: "", shapeFinal: "hexagon", shapeEnd: "ellipse", shapeOther: "component"}[n.shape]; shape != "" {
			attr += " shape=" + shape
		}
		attr += [...]string{
			markNone:   "",
			markPassed: ` class=passed style=filled fillcolor="#e2f0e5"`,
			markHere:   " class=here penwidth=4",
			markHeld:   ` class=held style=filled fillcolor="#fff0c2" penwidth=4`,
			markGone:   ` class=gone style=filled fillcolor="#f6dcdc"`,
		}[n.mark]
		fmt.Fprintf(&b, "\t%s [label=\"%s\"%s]\n", n.id, dotText(n.lines), attr)
	}
	for _, e := range d.edges {
		attr := [...]string{strokeOn: "", strokeBack: "style=dashed", strokeNow: "penwidth=4"}[e.stroke]
		if len(e.lines) > 0 {
			attr = strings.TrimSpace(`label="` + dotText(e.lines) + `" ` + attr)
		}
		if attr != "" {
			attr = " [" + attr + "]"
		}
		fmt.Fprintf(&b, "\t%s -> %s%s\n", e.from, e.to, attr)
	}
	b.WriteString("}\n")
	return b.String()
}

// dotEscapes are what has a meaning between quotation marks: backslashes begin line
// breaks and the names of the graph and its nodes, and ampersands HTML's entities.
// Angle brackets have none there, but a drawing may be pasted into a page.
var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "<", "&lt;", ">", "&gt;")

// dotText is lines as the text between quotation marks.
func dotText(lines []string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = dotEscapes.Replace(line)
	}
	return strings.Join(escaped, `\n`)
}
