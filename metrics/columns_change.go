package metrics

import "hash/maphash"

// changes resolves the changes that the rows bring.
func (c *columns) changes(s *Snapshot, entries int) {
	index := newColIndex(s.changes)
	c.change = make([]int32, 0, entries)
	for r, i := range c.fact {
		for _, ref := range s.deployments[i].Changes {
			c.change = append(c.change, index.find(ref))
		}
		c.brings[r+1] = int32(len(c.change))
	}
}

// colShared is an entry whose change another entry of the same stream has too:
// only for these it matters which row was first. Slot is the same for the same
// change of the same stream.
type colShared struct{ row, entry, slot int32 }

// share finds the shared entries.
func (c *columns) share(changes int) {
	last := make([]int32, changes) // the entry that brings it, from 1
	slot := make([]int32, len(c.change))
	for k := range c.streams {
		st := &c.streams[k]
		for e := c.brings[st.lo]; e < c.brings[st.hi]; e++ {
			ch := c.change[e]
			if ch < 0 {
				continue
			}
			if l := last[ch] - 1; l >= c.brings[st.lo] {
				if slot[l] == 0 {
					c.slots++
					slot[l] = c.slots
				}
				slot[e] = slot[l]
			}
			last[ch] = e + 1
		}
		st.shared = len(c.shared)
		for r := st.lo; r < st.hi; r++ {
			for e := c.brings[r]; e < c.brings[r+1]; e++ {
				if slot[e] != 0 {
					c.flags[r] |= colShares
					c.shared = append(c.shared, colShared{r, e, slot[e] - 1})
				}
			}
		}
		st.sharedTo = len(c.shared)
	}
}

// start gives, for each entry of change, where its lead time starts: colNever
// where that is not known.
func (c *columns) start(s *Snapshot, from LeadStart) []int64 {
	col := &c.starts[from]
	col.once.Do(func() {
		d := Definition{LeadFrom: from}
		at := make([]int64, len(s.changes))
		for i := range s.changes {
			at[i] = colTime(d.leadStart(&s.changes[i]))
		}
		col.at = make([]int64, len(c.change))
		for e, ch := range c.change {
			col.at[e] = colNever
			if ch >= 0 {
				col.at[e] = at[ch]
			}
		}
	})
	return col.at
}

// colIndex finds changes by name: a hash table with open addressing, of which a
// slot holds the upper half of the name's hash and the index of the change.
type colIndex struct {
	changes []Change
	seed    maphash.Seed
	slots   []colSlot
}

type colSlot struct {
	tag uint32
	at  int32 // index of the change from 1; 0 is empty
}

func newColIndex(changes []Change) *colIndex {
	size := 16
	for size < 2*len(changes) {
		size *= 2
	}
	x := &colIndex{changes: changes, seed: maphash.MakeSeed(), slots: make([]colSlot, size)}
	for i := range changes {
		h := x.hash(changes[i].Source, changes[i].ID)
		k := int(h) & (size - 1)
		for x.slots[k].at != 0 {
			k = (k + 1) & (size - 1)
		}
		x.slots[k] = colSlot{uint32(h >> 32), int32(i + 1)}
	}
	return x
}

func (x *colIndex) hash(source, id string) uint64 {
	h := maphash.String(x.seed, id)
	return h ^ maphash.String(x.seed, source)*0x9e3779b97f4a7c15
}

func (x *colIndex) find(r Ref) int32 {
	h := x.hash(r.Source, r.ID)
	for k := int(h) & (len(x.slots) - 1); x.slots[k].at != 0; k = (k + 1) & (len(x.slots) - 1) {
		if s := x.slots[k]; s.tag == uint32(h>>32) {
			if c := &x.changes[s.at-1]; c.ID == r.ID && c.Source == r.Source {
				return s.at - 1
			}
		}
	}
	return colNone
}
