package label

import (
	"strings"
	"unicode/utf8"
)

// glob is a pattern for paths, ready to match. It is matched by a set of states that
// moves along the path once, so the time is at most the length of the pattern times
// that of the path, whatever either holds.
type glob struct {
	steps  []step
	prefix string // the text that every match begins with
	whole  bool   // the pattern is prefix and nothing else
	// need is the longest text that stands somewhere in every match: no step jumps over a character.
	need string
	// again makes the steps of a pattern that does not keep them, because a file has
	// too many; else nil.
	again func() []step
}

type stepKind uint8

const (
	stepChar  stepKind = iota // one character, or one byte that is none
	stepAny                   // one character but a slash
	stepSet                   // one character of a set, never a slash
	stepRun                   // characters but slashes, also none
	stepRest                  // anything, also nothing
	stepEnter                 // no character: to stepDirs, or past it
	stepDirs                  // within directories; past it behind each slash
	stepEnd                   // the end; or a slash, and the stepRest behind it
)

type step struct {
	kind stepKind
	char string
	set  *runeSet
}

// runeSet is a bracket expression of GitLab's patterns.
type runeSet struct {
	not    bool
	ranges [][2]rune
}

func (s *runeSet) has(r rune) bool {
	for _, x := range s.ranges {
		if x[0] <= r && r <= x[1] {
			return !s.not
		}
	}
	return s.not
}

func newGlob(steps []step) glob {
	g := glob{steps: steps}
	n := run(steps)
	g.prefix, g.whole = text(steps[:n]), n == len(steps)
	longest := steps[:0]
	for len(steps) > n {
		steps = steps[n+1:]
		if n = run(steps); n > len(longest) {
			longest = steps[:n]
		}
	}
	g.need = text(longest)
	return g
}

// run is how many steps from the first on are characters.
func run(steps []step) int {
	n := 0
	for n < len(steps) && steps[n].kind == stepChar {
		n++
	}
	return n
}

// text is what steps that are characters stand for.
func text(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.char)
	}
	return b.String()
}

// match reports whether the pattern matches the whole path.
func (g glob) match(path string) bool {
	if g.whole {
		return path == g.prefix
	}
	if !strings.HasPrefix(path, g.prefix) || !strings.Contains(path[len(g.prefix):], g.need) { // most patterns part here
		return false
	}
	if g.again != nil {
		g.steps = g.again()
	}
	now, next := make([]bool, len(g.steps)+1), make([]bool, len(g.steps)+1)
	now[0] = true
	g.settle(now)
	for path != "" {
		r, size := utf8.DecodeRuneInString(path)
		clear(next)
		for i, s := range g.steps {
			if now[i] {
				s.move(next, i, path[:size], r)
			}
		}
		g.settle(next)
		now, next = next, now
		path = path[size:]
	}
	return now[len(g.steps)]
}

// move takes state i over one character.
func (s step) move(next []bool, i int, char string, r rune) {
	switch s.kind {
	case stepChar:
		next[i+1] = next[i+1] || s.char == char
	case stepAny:
		next[i+1] = next[i+1] || r != '/'
	case stepSet:
		next[i+1] = next[i+1] || r != '/' && s.set.has(r)
	case stepRun:
		next[i] = next[i] || r != '/'
	case stepRest:
		next[i] = true
	case stepEnd:
		next[i+1] = next[i+1] || r == '/'
	case stepDirs:
		next[i] = true
		next[i+1] = next[i+1] || r == '/'
	}
}

// settle adds the states that are reached without a character.
func (g glob) settle(now []bool) {
	for i, s := range g.steps {
		if !now[i] {
			continue
		}
		switch s.kind {
		case stepRun, stepRest:
			now[i+1] = true
		case stepEnter:
			now[i+1], now[i+2] = true, true
		case stepEnd:
			now[i+2] = true
		}
	}
}

// chars appends one step for each character of a text.
func chars(steps []step, text string) []step {
	for text != "" {
		_, size := utf8.DecodeRuneInString(text)
		steps = append(steps, step{kind: stepChar, char: text[:size]})
		text = text[size:]
	}
	return steps
}

func dirs(steps []step) []step {
	return append(steps, step{kind: stepEnter}, step{kind: stepDirs})
}
