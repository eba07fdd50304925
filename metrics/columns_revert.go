package metrics

import "slices"

// colReverts are the reverts of one stream. Each of them is a row with the rows that it
// may have to do with: rows from lo to hi, in their order.
type colReverts struct {
	brings  []colRevert // a row that brings a change which others revert, by begin
	reverts []colRevert // a row that brings a change which reverts what others bring
	rows    []int32
}

type colRevert struct {
	k      int32 // of brings: where the row stands by begin
	row    int32
	lo, hi int32
}

// revert finds the reverts of all streams; none where no change takes another one back.
func (c *columns) revert(s *Snapshot) {
	if !slices.ContainsFunc(s.changes, func(x Change) bool { return !x.RevertOf.IsZero() }) {
		return
	}
	c.reverts = make([]colReverts, len(c.streams))
	for k := range c.streams {
		c.reverts[k].find(c, s, &c.streams[k])
	}
}

func (v *colReverts) find(c *columns, s *Snapshot, st *colStream) {
	by := map[Ref][]int32{} // of each change, the rows that bring a revert of it
	for r := st.lo; r < st.hi; r++ {
		for _, ch := range c.change[c.brings[r]:c.brings[r+1]] {
			if ch < 0 {
				continue
			}
			if of := s.changes[ch].RevertOf; !of.IsZero() {
				by[of] = append(by[of], r)
			}
		}
	}
	if len(by) == 0 {
		return
	}
	brought := map[Ref][]int32{} // of those changes, the rows that bring them
	span := func(rows []int32) (lo, hi int32) {
		lo = int32(len(v.rows))
		v.rows = append(v.rows, rows...)
		return lo, int32(len(v.rows))
	}
	spans := map[Ref][2]int32{}
	rows := st.byBegin
	if rows == nil {
		rows = st.rows(nil)
	}
	for k, r := range rows {
		for _, ref := range s.deployments[c.fact[r]].Changes {
			if by[ref] == nil {
				continue
			}
			brought[ref] = append(brought[ref], r)
			at, ok := spans[ref]
			if !ok {
				at[0], at[1] = span(by[ref])
				spans[ref] = at
			}
			v.brings = append(v.brings, colRevert{int32(k), r, at[0], at[1]})
		}
	}
	clear(spans)
	for r := st.lo; r < st.hi; r++ {
		for _, ch := range c.change[c.brings[r]:c.brings[r+1]] {
			if ch < 0 || brought[s.changes[ch].RevertOf] == nil {
				continue
			}
			of := s.changes[ch].RevertOf
			at, ok := spans[of]
			if !ok {
				at[0], at[1] = span(brought[of])
				spans[of] = at
			}
			v.reverts = append(v.reverts, colRevert{row: r, lo: at[0], hi: at[1]})
		}
	}
}
