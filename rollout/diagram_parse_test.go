package rollout_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/rollout"
)

// picture is what a reader of a notation sees of a drawing.
type picture struct {
	nodes map[string]pictureNode
	edges []pictureEdge
}

type pictureNode struct{ shape, mark, text string }

type pictureEdge struct{ from, to, stroke, text string }

// These grammars are as narrow as can be: whatever is not a letter of a label is one
// of the few words that a drawing is made of. What got out of a label fits none.
var (
	mermaidNode  = regexp.MustCompile(`^    ([a-z]+\d*)(\[|\{\{|\(\[|\[\[)"([^"]+)"(\]|\}\}|\]\)|\]\])$`)
	mermaidEdge  = regexp.MustCompile(`^    ([a-z]+\d*) (-->|-\.->|==>)(?:\|"([^"]+)"\|)? ([a-z]+\d*)$`)
	mermaidStyle = regexp.MustCompile(`^    classDef (passed|here|held|gone) [a-z0-9:#,-]+$`)
	mermaidClass = regexp.MustCompile(`^    class ([a-z0-9,]+) (passed|here|held|gone)$`)
	// A label's letters: those that have no meaning to any reader of Mermaid's, and
	// entities. A point between digits and a hyphen in a word have none.
	mermaidLine = regexp.MustCompile(`^(?:[A-Za-z0-9 ,]|\b[.-]\b|[^\x00-\x7f]|#\d+;)+$`)
	entity      = regexp.MustCompile(`#(\d+);`)

	dotNode = regexp.MustCompile(`^\t([a-z]+\d*) \[label="((?:[^"\\]|\\["\\n])+)"( shape=(?:hexagon|ellipse|component))?` +
		`(?: class=(passed|here|held|gone)(?: style=filled fillcolor="#[0-9a-f]{6}")?(?: penwidth=4)?)?\]$`)
	dotEntity = regexp.MustCompile(`&(?:amp|lt|gt);`)
	dotEdge   = regexp.MustCompile(`^\t([a-z]+\d*) -> ([a-z]+\d*)(?: \[(?:label="((?:[^"\\]|\\["\\n])+)")? ?(style=dashed|penwidth=4)?\])?$`)
)

var (
	mermaidShapes  = map[string]string{`[`: "", `{{`: "hexagon", `([`: "ellipse", `[[`: "component"}
	mermaidClosers = map[string]string{`[`: `]`, `{{`: `}}`, `([`: `])`, `[[`: `]]`}
	mermaidStrokes = map[string]string{"-->": "", "-.->": "style=dashed", "==>": "penwidth=4"}
)

func parseMermaid(s string) (picture, error) {
	p := picture{nodes: map[string]pictureNode{}}
	lines, err := body(s, "flowchart TB", "")
	if err != nil {
		return p, err
	}
	styled := map[string]bool{}
	for _, line := range lines {
		if m := mermaidNode.FindStringSubmatch(line); m != nil && m[4] == mermaidClosers[m[2]] {
			text, err := mermaidLabel(m[3])
			if _, twice := p.nodes[m[1]]; twice || err != nil || len(p.edges) > 0 {
				return p, fmt.Errorf("node %q: %v", line, err)
			}
			p.nodes[m[1]] = pictureNode{shape: mermaidShapes[m[2]], text: text}
		} else if m := mermaidEdge.FindStringSubmatch(line); m != nil {
			text, err := mermaidLabel(m[3])
			if err != nil {
				return p, fmt.Errorf("arrow %q: %w", line, err)
			}
			p.edges = append(p.edges, pictureEdge{m[1], m[4], mermaidStrokes[m[2]], text})
		} else if m := mermaidStyle.FindStringSubmatch(line); m != nil {
			styled[m[1]] = true
		} else if m := mermaidClass.FindStringSubmatch(line); m != nil && styled[m[2]] {
			for id := range strings.SplitSeq(m[1], ",") {
				n, ok := p.nodes[id]
				if !ok || n.mark != "" {
					return p, fmt.Errorf("class %q", line)
				}
				n.mark = m[2]
				p.nodes[id] = n
			}
		} else {
			return p, fmt.Errorf("%q is nothing", line)
		}
	}
	return p, p.check()
}

// mermaidLabel is what a label shows.
func mermaidLabel(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	lines := strings.Split(s, "<br/>")
	for i, line := range lines {
		if !mermaidLine.MatchString(line) {
			return "", fmt.Errorf("line %q", line)
		}
		lines[i] = entity.ReplaceAllStringFunc(line, func(e string) string {
			n, _ := strconv.Atoi(e[1 : len(e)-1])
			return string(rune(n))
		})
	}
	text := strings.Join(lines, "\n")
	// Mermaid reads these when it has decoded the entities.
	for _, word := range []string{"$$", ":fa-", "ﬂ°", "¶ß"} {
		if strings.Contains(text, word) {
			return "", fmt.Errorf("%q in %q", word, text)
		}
	}
	return text, nil
}

func parseDOT(s string) (picture, error) {
	p := picture{nodes: map[string]pictureNode{}}
	lines, err := body(s, "digraph rollout {\n\tnode [shape=box]", "}\n")
	if err != nil {
		return p, err
	}
	for _, line := range lines {
		if m := dotNode.FindStringSubmatch(line); m != nil {
			text, err := dotLabel(m[2])
			if _, twice := p.nodes[m[1]]; twice || err != nil || len(p.edges) > 0 {
				return p, fmt.Errorf("node %q: %v", line, err)
			}
			p.nodes[m[1]] = pictureNode{strings.TrimPrefix(m[3], " shape="), m[4], text}
		} else if m := dotEdge.FindStringSubmatch(line); m != nil {
			text, err := dotLabel(m[3])
			if err != nil {
				return p, fmt.Errorf("arrow %q: %w", line, err)
			}
			p.edges = append(p.edges, pictureEdge{m[1], m[2], m[4], text})
		} else {
			return p, fmt.Errorf("%q is nothing", line)
		}
	}
	return p, p.check()
}

// dotLabel is what a label shows.
func dotLabel(s string) (string, error) {
	unescape := strings.NewReplacer(`\n`, "\n", `\\`, `\`, `\"`, `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&")
	if strings.ContainsAny(dotEntity.ReplaceAllString(s, ""), "<>&") {
		return "", fmt.Errorf("label %q means something in HTML", s)
	}
	return unescape.Replace(s), nil
}

// body is the lines between the first and the last.
func body(s, first, last string) ([]string, error) {
	s, begins := strings.CutPrefix(s, first+"\n")
	s, ends := strings.CutSuffix(s, "\n"+last)
	if !begins || !ends {
		return nil, fmt.Errorf("it does not begin with %q and end with %q", first, last)
	}
	return strings.Split(s, "\n"), nil
}

// check reports arrows to nowhere.
func (p picture) check() error {
	for _, e := range p.edges {
		for _, id := range []string{e.from, e.to} {
			if _, ok := p.nodes[id]; !ok {
				return fmt.Errorf("an arrow to %q, which is not drawn", id)
			}
		}
	}
	return nil
}

// marked are the nodes with one of the marks, sorted.
func (p picture) marked(marks ...string) []string {
	var ids []string
	for id, n := range p.nodes {
		if slices.Contains(marks, n.mark) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// now are the thick arrows.
func (p picture) now() []string {
	var arrows []string
	for _, e := range p.edges {
		if e.stroke == mermaidStrokes["==>"] {
			arrows = append(arrows, e.from+" "+e.to)
		}
	}
	return arrows
}

// look draws in both notations, which must show the same.
func look(p rollout.Plan, s *rollout.State) (picture, error) {
	text, dot := rollout.Diagram(p, s), rollout.DiagramDOT(p, s)
	if text != rollout.Diagram(p, s) || dot != rollout.DiagramDOT(p, s) {
		return picture{}, fmt.Errorf("it is not the same twice")
	}
	m, err := parseMermaid(text)
	if err != nil {
		return m, fmt.Errorf("mermaid: %w", err)
	}
	d, err := parseDOT(dot)
	switch {
	case err != nil:
		return d, fmt.Errorf("dot: %w", err)
	case !reflect.DeepEqual(m, d):
		return m, fmt.Errorf("two drawings:\n%v\n%v", m, d)
	}
	return m, nil
}
