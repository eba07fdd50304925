package label

import (
	"slices"
	"strings"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// fileFilter and resourceFilter are made from the rules when they are first needed, which
// takes a few milliseconds.
var (
	fileFilter     = sync.OnceValue(func() *filter { return newFilter(len(rules), fileWays) })
	resourceFilter = sync.OnceValue(func() *filter { return newFilter(len(rules), resourceWays) })
)

// fileWays ask rule i about a name as that of a file, one for each kind of file that rules
// tell apart; but submodules, which no filter is asked about.
func fileWays(i int) []func(*name) bool {
	var ways []func(*name) bool
	for _, mode := range []string{"100644", "100755", ""} { // the last is no regular file
		fc := release.FileChange{Op: release.OpModified, OldMode: mode, NewMode: mode}
		ways = append(ways, func(n *name) bool {
			n.clean = mode != ""
			return rules[i].file(fc, n)
		})
	}
	return ways
}

func resourceWays(i int) []func(*name) bool {
	if rules[i].resource == nil {
		return nil
	}
	return []func(*name) bool{rules[i].resource}
}

// newFilter makes a filter for n rules, that are asked in some ways.
func newFilter(n int, ways func(i int) []func(*name) bool) *filter {
	f := &filter{all: 1<<n - 1, stops: affixes{shift: 40}}
	if n > maxRules {
		f.always = ^clues(0)
		return f
	}
	texts := map[[2]uint64]clues{}
	for i := range n {
		l := lesson{filter: f, texts: texts, rule: 1 << i}
		for _, ask := range ways(i) {
			l.learn(ask)
		}
	}
	f.fill(texts)
	return f
}

// lesson is what a filter learns of one rule.
type lesson struct {
	filter *filter
	texts  map[[2]uint64]clues
	rule   clues
	noEnd  []string // the texts of its question of [ofNoBaseEnd], nil without one
}

// learn adds what a rule asks for when it is asked in one way.
func (l *lesson) learn(ask func(*name) bool) {
	var asked questions
	if ask(&name{asked: &asked}) || asked.unknown {
		l.filter.always |= l.rule * enough
		return
	}
	var half []question
	var behind [][]question
	for i, q := range asked.list {
		next := asked.behind(i)
		if ask(&name{asked: &next}) || next.unknown {
			l.add(q, enough)
			continue
		}
		half, behind = append(half, q), append(behind, next.list)
	}
	for i, q := range half {
		l.add(q, oneHalf)
		for _, o := range behind[i] {
			l.add(o, otherHalf)
		}
	}
}

// add adds the texts of a question, as what counts in a way.
func (l *lesson) add(q question, way clues) {
	known := true
	switch q.place {
	case ofNoDot:
		l.filter.noDot |= l.rule * way
	case ofNoBaseEnd:
		// One such question is provided for, of ends of less than eight bytes: a longer text
		// never has the head of one.
		known = way != enough && (l.noEnd == nil || slices.Equal(l.noEnd, q.texts)) &&
			!slices.ContainsFunc(q.texts, func(t string) bool { return len(t) >= 8 || t != strings.ToLower(t) || !strings.HasPrefix(t, ".") })
		l.noEnd, way = q.texts, takenBack
		l.filter.otherEnd |= l.rule
	}
	for _, text := range q.texts {
		known = l.filter.text(l.texts, q.place, strings.ToLower(text), l.rule*way) && known
	}
	if !known {
		l.filter.always |= l.rule * enough
	}
}

// text adds a text in lower case. It reports whether the filter can find it.
func (f *filter) text(texts map[[2]uint64]clues, at place, text string, c clues) bool {
	whole := func(t string, mark uint64) bool {
		head, tail := headAndTail(t)
		texts[[2]uint64{head ^ mark, tail}] |= c
		return t != ""
	}
	switch at {
	case ofWord:
		return whole(text, wordMark) && whole(text+"s", wordMark)
	case ofStart, ofStop, ofBaseStart:
		if len(text) < 3 {
			return false
		}
	}
	head, tail := headAndTail(text)
	switch at {
	case ofStart:
		f.starts.add(text, head, c)
		return true
	case ofStop:
		f.stops.add(text, tail, c)
		_, tail = headAndTail(text + "s")
		f.stops.add(text+"s", tail, c)
		return true
	case ofBaseStart:
		f.bases.add(text, head, c)
		return true
	case ofDir:
		return whole(text, dirMark)
	case ofBase:
		return whole(text, baseMark)
	case ofBaseEnd, ofNoBaseEnd: // what stands behind the last low line is looked up, and behind every dot
		if !strings.HasPrefix(text, ".") {
			text = text[max(strings.LastIndexByte(text, '_'), 0):]
		}
		return whole(text, endMark) && (text[0] == '.' || text[0] == '_')
	}
	return false
}

// fill makes the table.
func (f *filter) fill(texts map[[2]uint64]clues) {
	size := 1
	for size < 4*len(texts) {
		size *= 2
	}
	f.texts = make([]known, size)
	for key, c := range texts { // in any order: what is found is the same
		h := mix(key[0], key[1])
		f.maybe[h>>54] |= 1 << (h >> 48 & 63)
		i := int(h >> 40)
		for f.texts[i&(size-1)].clues != 0 {
			i++
		}
		f.texts[i&(size-1)] = known{key[0], key[1], c}
	}
}

// headAndTail are the head and the tail of a text as [window.text] has them.
func headAndTail(t string) (head, tail uint64) {
	n := len(t)
	switch {
	case n >= 8:
		return eight(t), eight(t[n-8:])
	case n >= 4:
		head = four(t) | four(t[n-4:])<<(8*(n-4)&63)
	case n > 0:
		head = uint64(t[0]) | uint64(t[n/2])<<(8*(n/2)&63) | uint64(t[n-1])<<(8*(n-1)&63)
	}
	return head, head << ((64 - 8*n) & 63)
}

func four(t string) uint64 {
	return uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24
}

func eight(t string) uint64 { return four(t) | four(t[4:])<<32 }
