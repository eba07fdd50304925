package calendar

import (
	"cmp"
	"slices"
	"sort"
)

// span is [from, to), in seconds.
type span struct{ from, to int64 }

const (
	day  = 24 * 60 * 60
	week = 7 * day
)

// rules are a calendar's hours and freezes by the local clock.
type rules struct {
	// hours are in seconds since Monday, 00:00.
	hours   []span
	freezes []frozen
}

// frozen is a freeze, by the local clock or in Unix seconds.
type frozen struct {
	name string
	span
}

func (r *rules) addHours(days Days, from, to int64) {
	for i := range int64(7) {
		if days.has(int(i)) {
			r.hours = append(r.hours, span{i*day + from, i*day + to})
		}
	}
}

// merge sorts spans and makes one of those that overlap or touch; those without
// content are left out. It owns its argument.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	merged := spans[:0]
	for _, s := range spans {
		switch last := len(merged) - 1; {
		case s.from >= s.to:
		case last >= 0 && s.from <= merged[last].to:
			merged[last].to = max(merged[last].to, s.to)
		default:
			merged = append(merged, s)
		}
	}
	return merged
}

// after is the index of the first of merged spans that ends after t: the one that t is
// in, or the next.
func after(spans []span, t int64) int {
	return sort.Search(len(spans), func(i int) bool { return t < spans[i].to })
}

// within reports whether t is in one of merged spans.
func within(spans []span, t int64) bool {
	i := after(spans, t)
	return i < len(spans) && spans[i].from <= t
}
