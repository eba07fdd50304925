package journal

import (
	"slices"
	"sort"
	"strings"
)

// turnPages are turns sorted by the names of their streams, in pages, so that those of
// one prefix lie together, and the earliest of them is found by looking at the earliest
// of each page.
type turnPages struct {
	pages []*turnPage
	first []moment // when the earliest of each page is due
}

// turnPage is a few turns that follow each other, and when each may be claimed: never
// while it is held. It is not empty.
type turnPage struct {
	at    int // its place among the pages
	turns []*turn
	wakes []moment
}

// maxPage bounds a page: a claim among n streams looks at n/maxPage pages and at the
// turns of a few.
const maxPage = 256

// turnPlace is the one before a turn: that of a page.
type turnPlace struct{ page, turn int }

// turnSpan is from one place to another.
type turnSpan struct{ from, to turnPlace }

// search is the place before the first turn whose stream is beyond something. Streams
// that are beyond come after those that are not.
func (p *turnPages) search(beyond func(stream string) bool) turnPlace {
	i := sort.Search(len(p.pages), func(i int) bool { return beyond(p.pages[i].turns[0].stream) }) - 1
	if i < 0 {
		return turnPlace{}
	}
	turns := p.pages[i].turns
	return turnPlace{i, sort.Search(len(turns), func(k int) bool { return beyond(turns[k].stream) })}
}

// withPrefix is where the streams with this prefix lie.
func (p *turnPages) withPrefix(prefix string) turnSpan {
	return turnSpan{
		p.search(func(stream string) bool { return stream >= prefix }),
		p.search(func(stream string) bool { return stream > prefix && !strings.HasPrefix(stream, prefix) }),
	}
}

// insert adds a turn that is not due.
func (p *turnPages) insert(t *turn) {
	to := p.search(func(stream string) bool { return stream > t.stream })
	if len(p.pages) == 0 {
		p.add(0, new(turnPage))
	}
	page := p.pages[to.page]
	if len(page.turns) == maxPage {
		cut := maxPage / 2
		if to == (turnPlace{len(p.pages) - 1, maxPage}) { // names that come in order fill their pages
			cut = maxPage
		}
		next := &turnPage{turns: slices.Clone(page.turns[cut:]), wakes: slices.Clone(page.wakes[cut:])}
		clear(page.turns[cut:])
		page.turns, page.wakes = page.turns[:cut], page.wakes[:cut]
		for _, moved := range next.turns {
			moved.page = next
		}
		p.add(to.page+1, next)
		p.refresh(page)
		if to.turn >= cut {
			page, to.turn = next, to.turn-cut
		}
	}
	t.page = page
	page.turns = slices.Insert(page.turns, to.turn, t)
	page.wakes = slices.Insert(page.wakes, to.turn, neverDue)
}

// add puts a page at a place among the others.
func (p *turnPages) add(at int, page *turnPage) {
	p.pages = slices.Insert(p.pages, at, page)
	p.first = slices.Insert(p.first, at, neverDue)
	for i := at; i < len(p.pages); i++ {
		p.pages[i].at = i
	}
	p.refresh(page)
}

// refresh finds the earliest of a page anew.
func (p *turnPages) refresh(page *turnPage) {
	p.first[page.at], _ = earliestOf(page.wakes)
}

// set changes when a turn may be claimed.
func (p *turnPages) set(t *turn, wake moment) {
	i := slices.Index(t.page.turns, t)
	old := t.page.wakes[i]
	t.page.wakes[i] = wake
	switch first := &p.first[t.page.at]; {
	case wake <= *first:
		*first = wake
	case old == *first:
		p.refresh(t.page)
	}
}

// earliest is the turn in a span that may be claimed first, nil if there is none that
// ever may. Of several it is the one whose stream's name comes first.
func (p *turnPages) earliest(s turnSpan) *turn {
	if len(p.pages) == 0 {
		return nil
	}
	if s.from.page == s.to.page {
		return p.pages[s.from.page].earliest(s.from.turn, s.to.turn)
	}
	from := p.pages[s.from.page]
	best := from.earliest(s.from.turn, len(from.turns))
	if first, i := earliestOf(p.first[s.from.page+1 : s.to.page]); first < neverDue {
		between := p.pages[s.from.page+1+i]
		best = earlier(best, between.earliest(0, len(between.turns)))
	}
	return earlier(best, p.pages[s.to.page].earliest(0, s.to.turn))
}

// earliest is the one of a part of the page that may be claimed first.
func (p *turnPage) earliest(from, to int) *turn {
	if first, i := earliestOf(p.wakes[from:to]); first < neverDue {
		return p.turns[from+i]
	}
	return nil
}

// earlier is b if only b may be claimed, or if it may be before a.
func earlier(a, b *turn) *turn {
	if a == nil || b != nil && b.wake < a.wake {
		return b
	}
	return a
}

// earliestOf is the least of some moments, and where it is first; never if there are none.
func earliestOf(m []moment) (moment, int) {
	least, at := neverDue, 0
	for i, v := range m {
		if v < least {
			least, at = v, i
		}
	}
	return least, at
}
