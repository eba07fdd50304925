package label

import (
	"math/bits"
	"strings"
)

// candidates are rules that may match a name: bit i is the rule with that number.
type candidates uint32

func (c candidates) has(i int) bool { return c>>i&1 != 0 }

// clues are what a name has that rules ask for. Each sixteen bits have one for each
// rule: what is enough by itself, the one and the other half of what is enough, and
// what takes the half of filter.otherEnd back.
type clues uint64

const (
	enough    clues = 1 << (16 * iota)
	oneHalf         // of what is enough
	otherHalf       // of it
	takenBack

	maxRules = 16
)

// rules are the rules that may match.
func (c clues) rules(otherEnd clues) candidates {
	one, other, end := c/oneHalf, c/otherHalf, otherEnd&^(c/takenBack)
	return candidates(uint16(c | one&other | end&(one|other)))
}

// filter tells which of some rules a name may match, without taking it apart into
// strings. It may name a rule too many, never one too few. It is made by [newFilter] from
// the texts that the rules ask for, and is not changed after.
//
// A text is known by its head and its tail, its first and last eight bytes as
// numbers. Texts of more than sixteen bytes that have both in common are not told apart.
type filter struct {
	all      candidates // of all rules
	always   clues      // what every name has
	otherEnd clues      // rules for which every end of the base is one half, but those that take it back
	noDot    clues      // what a base without a dot has
	// maybe has a bit for each text of texts; most words of most names stop here.
	maybe [1 << 10]uint64
	texts []known // open addressing; the length is a power of two
	// What words begin and end with, and what the base begins with.
	starts, stops, bases affixes
}

// known is a text and the rules that ask for it; none: an empty place.
type known struct {
	head, tail uint64
	clues      clues
}

// The places of texts that are looked up whole, told apart by a number on their heads: any
// two differ in the eighth bit of some byte, which heads do not have.
const (
	wordMark = 0
	dirMark  = 0x9e3779b97f4a7c15
	baseMark = 0xc2b2ae3d27d4eb4f
	endMark  = 0x165667b19e3779f9
)

func mix(head, tail uint64) uint64 {
	return (head ^ bits.RotateLeft64(tail, 29)) * 0x9fb21c651e98df25
}

// has is false for most texts that no rule asks for. It is small enough to be compiled
// into its callers.
func (f *filter) has(head, tail uint64) bool {
	h := mix(head, tail)
	return f.maybe[h>>54]>>(h>>48&63)&1 != 0
}

// find are the clues of a text of which has is true.
func (f *filter) find(head, tail uint64) clues {
	for i := int(mix(head, tail) >> 40); ; i++ {
		switch k := &f.texts[i&(len(f.texts)-1)]; {
		case k.clues == 0:
			return 0
		case k.head == head && k.tail == tail:
			return k.clues
		}
	}
}

// candidates are the rules that a name may match: all of them for names that take more
// care, which are those that are not plain ASCII, and those with spaces, backslashes,
// segments that end in a dot, or segments of more than [windowLen] bytes.
func (f *filter) candidates(p string) candidates {
	return f.rules(p, f.look(p))
}

// sight is what was seen of a part of a path that ends at a slash or at the end.
type sight struct {
	clues clues
	plain bool
}

// rules are the rules that a name may match of which s was seen.
func (f *filter) rules(p string, s sight) candidates {
	if !s.plain || len(p) > maxPath || p[len(p)-1] == '/' {
		return f.all
	}
	return (f.always | s.clues).rules(f.otherEnd)
}

// look sees a part of a path.
func (f *filter) look(p string) sight {
	var got clues
	for len(p) > windowLen { // words do not reach over slashes
		cut := strings.LastIndexByte(p[:windowLen], '/') + 1
		s := f.lookOnce(p[:cut])
		if !s.plain {
			return s
		}
		got |= s.clues
		p = p[cut:]
	}
	s := f.lookOnce(p)
	s.clues |= got
	return s
}

// lookOnce sees what one window shows.
func (f *filter) lookOnce(p string) sight {
	if p == "" {
		return sight{}
	}
	var w window
	m, plain := w.show(p)
	if !plain {
		return sight{}
	}
	return sight{f.words(&w, &m) | f.dirs(&w, &m) | f.base(&w, &m), true}
}

// glance looks at one path after another, and only once at the directory of several.
type glance struct {
	filter *filter
	dir    string
	seen   sight
}

func (g *glance) candidates(p string) candidates {
	cut := strings.LastIndexByte(p, '/') + 1
	if cut == 0 || len(p)-cut > windowLen {
		return g.filter.candidates(p)
	}
	if p[:cut] != g.dir {
		g.dir, g.seen = p[:cut], g.filter.look(p[:cut])
	}
	if !g.seen.plain {
		return g.filter.all
	}
	s := g.filter.lookOnce(p[cut:])
	s.clues |= g.seen.clues
	return g.filter.rules(p, s)
}

// words are the clues of its words.
func (f *filter) words(w *window, m *marks) clues {
	var got clues
	small := m.letters &^ m.capitals
	// As asciiTurns has it: behind what is no letter, a capital behind a small letter, and
	// the last of several capitals before a small one.
	starts := m.letters & (^(m.letters << 1) | m.capitals&(small<<1|m.capitals<<1&(small>>1)))
	ends := ^m.letters | starts
	var was struct {
		head, tail uint64
		from, to   int
	}
	for rest := starts; rest != 0; rest &= rest - 1 {
		from := bits.TrailingZeros64(rest)
		to := bits.TrailingZeros64(ends & after(from))
		head, tail := w.text(from, to)
		if f.has(head, tail) || f.starts.has(head) || f.stops.has(tail) {
			got |= f.word(head, tail, w, from, to)
		}
		if was.to > 0 && m.slashes&^after(from)>>(was.to&63) == 0 { // with the part before, in one segment
			h, t := was.head, tail
			if n := was.to - was.from; n < 8 {
				h |= head << (8 * n & 63)
			}
			if n := to - from; n < 8 {
				t |= was.tail >> (8 * n & 63)
			}
			if f.has(h, t) || f.starts.has(h) || f.stops.has(t) {
				got |= f.word(h, t, w, was.from, to)
			}
		}
		was.head, was.tail, was.from, was.to = head, tail, from, to
	}
	all := m.letters | m.digits
	runs := all &^ (all << 1)
	// What makes a run differ from its parts.
	for mixed := m.digits | starts&^runs; mixed != 0; {
		at := bits.TrailingZeros64(mixed)
		from := 63 - bits.LeadingZeros64(runs&^after(at))
		to := bits.TrailingZeros64(^all & after(at))
		if head, tail := w.text(from, to); f.has(head, tail) || f.starts.has(head) || f.stops.has(tail) {
			got |= f.word(head, tail, w, from, to)
		}
		mixed &= after(to - 1)
	}
	return got
}

// word are the clues of a word, and of what it begins and ends with. It stands in w from
// a place to another, perhaps with marks between.
func (f *filter) word(head, tail uint64, w *window, from, to int) clues {
	got := f.find(head, tail)
	if f.starts.has(head) {
		got |= f.starts.begin(head, w, from)
	}
	if f.stops.has(tail) {
		got |= f.stops.end(tail, w, to)
	}
	return got
}

// dirs are the clues of its directories.
func (f *filter) dirs(w *window, m *marks) clues {
	var got clues
	from := 0
	for rest := m.slashes; rest != 0; rest &= rest - 1 {
		to := bits.TrailingZeros64(rest)
		if to > from {
			head, tail := w.text(from, to)
			if head ^= dirMark; f.has(head, tail) {
				got |= f.find(head, tail)
			}
		}
		from = to + 1
	}
	return got
}

// base are the clues of the last segment.
func (f *filter) base(w *window, m *marks) clues {
	from := 64 - bits.LeadingZeros64(m.slashes)
	if from >= m.len {
		return 0 // it is in the next window
	}
	var got, ends clues
	head, tail := w.text(from, m.len)
	if f.has(head^baseMark, tail) {
		got |= f.find(head^baseMark, tail)
	}
	if f.bases.has(head) {
		got |= f.bases.prefix(head, w, from)
	}
	if m.dots>>(from&63) == 0 {
		got |= f.noDot
	}
	dots := m.dots >> (from & 63) << (from & 63)
	for rest := dots; rest != 0; rest &= rest - 1 {
		head, tail := w.text(bits.TrailingZeros64(rest), m.len)
		if head ^= endMark; f.has(head, tail) {
			ends |= f.find(head, tail)
		}
	}
	if line := 63 - bits.LeadingZeros64(m.lines); line >= from {
		head, tail := w.text(line, m.len)
		if head ^= endMark; f.has(head, tail) {
			ends |= f.find(head, tail)
		}
	}
	if m.capitals>>(bits.TrailingZeros64(dots)&63) != 0 { // behind the first dot, where what is taken back begins
		ends &= takenBack - 1 // by its bytes it may have another end
	}
	return got | ends
}
