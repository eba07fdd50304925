package journal

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// memoryFeed is the feed of a Memory: records in the order of their positions, in pages
// of which only the last grows. What a reader has seen of it is never changed, only
// replaced, so a reader needs no lock once it has it. Its zero value is empty.
type memoryFeed struct {
	pages   [][]*kept // none is empty
	last    uint64    // the position that was given last
	dropped uint64    // the highest position that was forgotten
}

// maxFeedPage bounds a page: forgetting a record costs at most copying a page, and the
// list of pages.
const maxFeedPage = 1024

// add puts a record at the end.
func (f *memoryFeed) add(r Record) *kept {
	f.last++
	k := &kept{r, f.last}
	if n := len(f.pages); n > 0 && len(f.pages[n-1]) < maxFeedPage {
		f.pages[n-1] = append(f.pages[n-1], k)
	} else {
		f.pages = append(f.pages, []*kept{k})
	}
	return k
}

// after is what the feed now holds behind a cursor.
func (f *memoryFeed) after(c Cursor) (iter.Seq[*kept], error) {
	position, err := c.Position()
	if err != nil {
		return nil, err
	}
	page, i := f.search(position)
	switch {
	case position == 0 || position == f.dropped:
	case position < f.dropped:
		return nil, fmt.Errorf("%w: they came after the cursor %s", ErrCompacted, c)
	case page == len(f.pages) || f.pages[page][i].position != position || !c.Of(f.pages[page][i].Hash):
		return nil, fmt.Errorf("%w: %s", ErrCursor, c)
	default:
		i++
	}
	if page == len(f.pages) {
		return func(func(*kept) bool) {}, nil
	}
	// The last page is the one that add replaces in the list.
	full, last := f.pages[page:len(f.pages)-1:len(f.pages)-1], f.pages[len(f.pages)-1]
	return func(yield func(*kept) bool) {
		skip := i
		for p := 0; p <= len(full); p++ {
			records := last
			if p < len(full) {
				records = full[p]
			}
			for _, k := range records[skip:] {
				if !yield(k) {
					return
				}
			}
			skip = 0
		}
	}, nil
}

// search is where the first record at or after a position is: its page, and its place
// there; the number of pages if there is none.
func (f *memoryFeed) search(position uint64) (page, i int) {
	page, _ = slices.BinarySearchFunc(f.pages, position, func(p []*kept, position uint64) int {
		return cmp.Compare(p[len(p)-1].position, position)
	})
	if page < len(f.pages) {
		i, _ = slices.BinarySearchFunc(f.pages[page], position, func(k *kept, position uint64) int {
			return cmp.Compare(k.position, position)
		})
	}
	return page, i
}

// forget drops records, which are sorted by their positions and all there.
func (f *memoryFeed) forget(records []*kept) {
	pages := slices.Clone(f.pages)
	for len(records) > 0 {
		at, _ := f.search(records[0].position)
		page := make([]*kept, 0, len(f.pages[at]))
		for _, k := range f.pages[at] {
			if len(records) > 0 && k == records[0] {
				f.dropped, records = max(f.dropped, k.position), records[1:]
			} else {
				page = append(page, k)
			}
		}
		pages[at] = page
	}
	f.pages = joined(pages)
}

// joined is pages without the empty ones, and with small neighbours put together, so that
// there are not many more of them than records need.
func joined(pages [][]*kept) [][]*kept {
	out := pages[:0]
	for _, p := range pages {
		n := len(out)
		switch {
		case len(p) == 0:
		case n > 0 && len(out[n-1])+len(p) <= maxFeedPage/2:
			out[n-1] = slices.Concat(out[n-1], p)
		default:
			out = append(out, p)
		}
	}
	clear(pages[len(out):])
	return out
}
