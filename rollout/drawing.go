package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// drawing is a graph as people draw it, before any notation.
type drawing struct {
	nodes []*drawnNode
	edges []*drawnEdge
}

// drawnNode is a box. Its id is made of letters and digits by this package; only its
// lines are anybody else's text.
type drawnNode struct {
	id    string
	shape shape
	mark  mark
	lines []string
}

// drawnEdge is an arrow between the nodes with these ids.
type drawnEdge struct {
	from, to string
	stroke   stroke
	lines    []string
}

// shape says what a node is.
type shape uint8

const (
	shapeStage shape = iota
	shapeFinal       // a stage that nothing goes back from
	shapeEnd         // the beginning, and the ends
	shapeOther       // another target
)

// mark says where a rollout is.
type mark uint8

const (
	markNone   mark = iota
	markPassed      // it was here
	markHere        // it stands here
	markHeld        // it stands here and is kept from going on
	markGone        // what was shown here was taken back
)

// markNames are the names of the marks' classes.
var markNames = [...]string{markPassed: "passed", markHere: "here", markHeld: "held", markGone: "gone"}

// stroke says what an arrow is.
type stroke uint8

const (
	strokeOn   stroke = iota // the way on
	strokeBack               // the way back, or out
	strokeNow                // what is ordered and not yet observed
)

func (d *drawing) node(id string, shape shape, lines ...string) *drawnNode {
	n := &drawnNode{id: id, shape: shape}
	n.add(lines...)
	d.nodes = append(d.nodes, n)
	return n
}

func (d *drawing) edge(from, to string, stroke stroke, lines ...string) *drawnEdge {
	e := &drawnEdge{from: from, to: to, stroke: stroke}
	e.add(lines...)
	d.edges = append(d.edges, e)
	return e
}

// on is the arrow on to a node, or one that is not drawn.
func (d *drawing) on(to string) *drawnEdge {
	for _, e := range d.edges {
		if e.to == to {
			return e
		}
	}
	return new(drawnEdge)
}

// now makes the arrow from one node to another one of what is under way.
func (d *drawing) now(from, to string) { d.out(from, to).stroke = strokeNow }

// out is the arrow from one node to another, a way out if there was none.
func (d *drawing) out(from, to string) *drawnEdge {
	for _, e := range d.edges {
		if e.from == from && e.to == to {
			return e
		}
	}
	return d.edge(from, to, strokeBack)
}

// find is the node with the id, or one that is not drawn.
func (d *drawing) find(id string) *drawnNode {
	for _, n := range d.nodes {
		if n.id == id {
			return n
		}
	}
	return new(drawnNode)
}

// add adds lines. An empty one says nothing and is left out.
func (n *drawnNode) add(lines ...string) { n.lines = addDrawn(n.lines, lines) }

func (e *drawnEdge) add(lines ...string) { e.lines = addDrawn(e.lines, lines) }

func addDrawn(to, lines []string) []string {
	for _, line := range lines {
		if line = drawn(line); line != "" {
			to = append(to, line)
		}
	}
	return to
}

// Bounds of what is drawn, so that a plan of a thousand slices still is a picture.
const (
	mostRunes = 100 // of a line
	mostNames = 4   // of one list; the rest is counted
)

// drawn is somebody's text as a line of a drawing: printable, on one line, of
// bounded length. What it means in a notation is for the notation to take away.
func drawn(s string) string {
	if len(s) > 8*mostRunes {
		s = s[:8*mostRunes] // clip need not look at all of it
	}
	s = strings.Join(strings.Fields(apart.Replace(apart.Replace(clip(s)))), " ")
	if utf8.RuneCountInString(s) <= mostRunes {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:mostRunes-1])) + "…"
}

// apart takes apart what Mermaid reads something into when every escape has been
// undone: formulas, icons, and what it puts in place of entities while it works.
// Twice, three dollars are apart too.
var apart = strings.NewReplacer("$$", "$ $", ":fa-", ": fa-", "ﬂ°", "ﬂ °", "¶ß", "¶ ß")

// few are the first names, and how many more of them there are.
func few(what string, names []string) []string {
	more := len(names) - mostNames
	if more <= 0 {
		return names
	}
	return append(slices.Clone(names[:mostNames]), "and "+count(more, "more "+what))
}

// count is "1 slice" or "2 slices".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// span is a duration as people write it: 2h and not 2h0m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
