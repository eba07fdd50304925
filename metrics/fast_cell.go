package metrics

import (
	"cmp"
	"slices"
)

// fastCell counts the rows of one group in one window.
type fastCell struct {
	seenFrom, seenTo                int64
	n, failed, censored             int32 // of the fail rate
	frequency, edges                int32
	reworkN, rework, assumed, known int32
	leads                           bool // a row lists a change
}

// fastSegment is some lead times of one window: those from lo to hi.
type fastSegment struct{ window, lo, hi int32 }

// fastRepair is the recovery of a row, in nanoseconds.
type fastRepair struct {
	window int32
	open   bool
	ns     int64
}

// fastScratch is what the groups use one after another.
type fastScratch struct {
	back     []fastBack
	brought  []bool // the slots of shared changes
	rows     []int32
	cells    []fastCell
	leads    []int64
	gathered []int64
	segments []fastSegment
	repairs  []fastRepair
}

// measureAll measures the groups that are reported.
func (f *fast) measureAll() {
	reported := 0
	for g := range f.groups {
		if f.groups[g].reported {
			reported++
		}
	}
	f.out.init(f, reported)
	f.memo.init(f)
	f.scratch.cells = make([]fastCell, len(f.windows))
	starts := f.c.start(f.s, f.def.LeadFrom)
	for g := range f.groups {
		x := &f.groups[g]
		if !x.reported {
			continue
		}
		rows := f.scratch.rows[:0]
		if f.order != nil {
			rows = f.order[x.lo:x.hi]
		} else {
			for r := x.lo; r < x.hi; r++ {
				rows = append(rows, r)
			}
			f.scratch.rows = rows
		}
		f.observe(x, rows)
		f.count(x, rows, starts)
		f.settle(x)
	}
}

// count goes through the rows of a group.
func (f *fast) count(g *fastGroup, rows []int32, starts []int64) {
	s, c, def := &f.scratch, f.c, &f.def
	for w := range s.cells {
		s.cells[w] = fastCell{seenFrom: max(g.from, f.from[w]), seenTo: min(g.to, f.to[w])}
	}
	s.leads, s.segments, s.repairs = s.leads[:0], s.segments[:0], s.repairs[:0]
	w := -1
	segment := fastSegment{window: -1}
	for _, r := range rows {
		state, m := f.state[r], f.moment[r]
		flags := c.flags[r]
		if state&fastFailed != 0 && flags.outcome() != DeploymentNotExposed {
			at := m
			if def.RecoveryWindow == RecoveryByStart {
				at = f.failedAt(r)
			}
			if in := f.window(at, w); in >= 0 {
				ns, open := f.recovery(r)
				s.repairs = append(s.repairs, fastRepair{int32(in), open, ns})
			}
		}
		in := f.window(m, w)
		if in < 0 {
			continue
		}
		w = in
		cell := &s.cells[w]
		e0, e1 := c.brings[r], c.brings[r+1]
		if e0 < e1 {
			cell.leads = true
		}
		if state&fastWhy != fastCounts {
			if state&fastWhy == fastAside && def.RollbackIsRework {
				cell.reworkN++
				cell.rework++
			}
			continue
		}
		f.rates(cell, state, flags, m)
		succeeded := flags.outcome() == DeploymentSucceeded
		if (succeeded || def.Frequency == FrequencyOfAll) && m >= cell.seenFrom && m <= cell.seenTo {
			if f.edge(g, cell, r, m) {
				cell.edges++
			} else {
				cell.frequency++
			}
		}
		if e0 == e1 || !f.brings(r) || state&fastFirst != 0 && def.First == FirstExcluded {
			continue
		}
		if int32(w) != segment.window {
			s.close(segment)
			segment = fastSegment{window: int32(w), lo: int32(len(s.leads))}
		}
		f.leads(e0, e1, flags&colShares != 0, m, starts)
	}
	s.close(segment)
}

// close ends a segment of lead times.
func (s *fastScratch) close(x fastSegment) {
	if x.hi = int32(len(s.leads)); x.window >= 0 && x.hi > x.lo {
		s.segments = append(s.segments, x)
	}
}

// rates counts a row that counts in the fail rate and the rework rate.
func (f *fast) rates(cell *fastCell, state fastState, flags colFlags, m int64) {
	cell.n++
	if state&fastFailed != 0 {
		cell.failed++
	} else if f.asOf-m < int64(f.def.LinkWithin) {
		cell.censored++
	}
	cell.reworkN++
	switch planned := flags.planned(); {
	case state&fastRollback != 0 && f.def.RollbackIsRework, planned == PlannedNo, flags&colFixes != 0, state&fastReverts != 0:
		cell.rework++
	case planned == PlannedUnknown:
		cell.assumed++
	default:
		cell.known++
	}
}

// leads takes the lead times of the entries from e0 to e1.
func (f *fast) leads(e0, e1 int32, shares bool, m int64, starts []int64) {
	s := &f.scratch
	from := len(s.leads)
	for e, start := range starts[e0:e1] {
		if start == colNever {
			continue
		}
		if k := int(e0) + e; shares && f.again != nil && f.again[k/64]>>(k%64)&1 != 0 {
			continue
		}
		s.leads = append(s.leads, m-start)
	}
	if f.def.LeadPer == LeadPerDeployment && len(s.leads) > from {
		s.leads[from] = slices.Max(s.leads[from:])
		s.leads = s.leads[:from+1]
	}
}

// edge is analysis.edge. Where the observed time is closed, it ends no sooner than any
// source of its rows was last heard of.
func (f *fast) edge(g *fastGroup, cell *fastCell, r int32, m int64) bool {
	return g.opened && m == g.from ||
		g.closed && cell.seenTo == g.to && (m == g.to || f.c.flags[r]&colNewest != 0 && colTime(f.s.deployments[f.c.fact[r]].Seen) == g.to)
}

// settle measures the cells of a group.
func (f *fast) settle(g *fastGroup) {
	s := &f.scratch
	if !slices.IsSortedFunc(s.segments, func(x, y fastSegment) int { return cmp.Compare(x.window, y.window) }) {
		slices.SortFunc(s.segments, func(x, y fastSegment) int { return cmp.Or(cmp.Compare(x.window, y.window), cmp.Compare(x.lo, y.lo)) })
	}
	if !slices.IsSortedFunc(s.repairs, func(x, y fastRepair) int { return cmp.Compare(x.window, y.window) }) {
		slices.SortStableFunc(s.repairs, func(x, y fastRepair) int { return cmp.Compare(x.window, y.window) })
	}
	segments, repairs := s.segments, s.repairs
	for w := range s.cells {
		var leads []int64
		n := 0
		for n < len(segments) && int(segments[n].window) == w {
			n++
		}
		switch {
		case n == 1:
			leads = s.leads[segments[0].lo:segments[0].hi]
		case n > 1:
			s.gathered = s.gathered[:0]
			for _, x := range segments[:n] {
				s.gathered = append(s.gathered, s.leads[x.lo:x.hi]...)
			}
			leads = s.gathered
		}
		segments = segments[n:]
		n = 0
		for n < len(repairs) && int(repairs[n].window) == w {
			n++
		}
		f.measure(g, w, leads, repairs[:n])
		repairs = repairs[n:]
	}
	f.out.keys = append(f.out.keys, g.key)
}
