package health

import "slices"

// kept is a window as a Watch keeps it: [start, end) in nanoseconds since 1970.
type kept struct {
	start, end int64
	Count
}

// kept is the window in a trail's terms; the window must be valid.
func (w Window) kept(c Count) kept {
	return kept{start: w.Start.UnixNano(), end: w.End.UnixNano(), Count: c}
}

// trail keeps the windows of one metric, in the order of time, for as long as the
// longest rule looks back, with the running sums of spans that end with the
// newest. Windows do not overlap.
type trail struct {
	items  []kept
	head   int   // items before it are forgotten
	memory int64 // windows that ended this long before the newest one are forgotten
	spans  []keptSpan
}

// keptSpan sums the windows that ended after newest-length.
type keptSpan struct {
	length int64
	from   int // index of the first one
	Count
}

// keptPlace is what a trail says of a window.
type keptPlace uint8

const (
	keptFree    keptPlace = iota // it may be inserted
	keptKnown                    // it is there
	keptOther                    // it is there with another count
	keptOverlap                  // a different one is there that shares some of its time
	keptLate                     // it ended before what is kept begins
)

// live are the windows that are kept.
func (t *trail) live() []kept { return t.items[t.head:] }

// newest is the end of the newest window, if there is one.
func (t *trail) newest() (end int64, ok bool) {
	if t.head == len(t.items) {
		return 0, false
	}
	return t.items[len(t.items)-1].end, true
}

// search is the index of the first window that ends after start.
func (t *trail) search(start int64) int {
	if end, ok := t.newest(); !ok || end <= start {
		return len(t.items) // the usual case: later than all
	}
	lo, hi := t.head, len(t.items)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); t.items[mid].end > start {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// find says what is there in the time of v.
func (t *trail) find(v kept) keptPlace {
	i := t.search(v.start)
	switch end, ok := t.newest(); {
	case i < len(t.items) && t.items[i].start < v.end:
		return compareKept(t.items[i], v)
	case ok && v.end <= end-t.memory:
		return keptLate
	}
	return keptFree
}

// compareKept says what v is to u, if they share any time.
func compareKept(u, v kept) keptPlace {
	switch {
	case u == v:
		return keptKnown
	case u.start == v.start && u.end == v.end:
		return keptOther
	case u.start < v.end && v.start < u.end:
		return keptOverlap
	}
	return keptFree
}

// insert takes in a window whose place is free.
func (t *trail) insert(v kept) {
	if len(t.items) == cap(t.items) && t.head >= max(cap(t.items)/4, 1) {
		t.compact() // rather than grow: a quarter or more is forgotten
	}
	if end, ok := t.newest(); ok && v.end <= end {
		t.insertLate(v, end)
		return
	}
	t.items = append(t.items, v)
	for i := range t.spans {
		s := &t.spans[i]
		s.Bad, s.Total = s.Bad+v.Bad, s.Total+v.Total
		for ; t.items[s.from].end <= v.end-s.length; s.from++ {
			s.Bad, s.Total = s.Bad-t.items[s.from].Bad, s.Total-t.items[s.from].Total
		}
	}
	for t.items[t.head].end <= v.end-t.memory {
		t.head++
	}
}

// compact moves what is kept to the front.
func (t *trail) compact() {
	t.items = t.items[:copy(t.items, t.items[t.head:])]
	for i := range t.spans {
		t.spans[i].from -= t.head
	}
	t.head = 0
}

// insertLate takes in a window that ended before the newest, at end. It moves all
// that are later.
func (t *trail) insertLate(v kept, end int64) {
	i := t.search(v.start)
	t.items = slices.Insert(t.items, i, v)
	for j := range t.spans {
		s := &t.spans[j]
		if v.end > end-s.length {
			s.Bad, s.Total = s.Bad+v.Bad, s.Total+v.Total
		} else {
			s.from++ // it is before the first
		}
	}
}
