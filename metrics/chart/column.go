package chart

import (
	"fmt"
	"math"
	"strings"
)

// maxColumns bounds how many places a picture has. More points than that share
// them, so that the size of the picture is bounded.
const maxColumns = 360

// column is one place: one point, or several that share it.
type column struct {
	cell
	known                  bool // one of the points has a value
	first, last, low, high float64
	at                     float64 // where its values stand
	lo, hi                 float64 // the band, NaN where there is none
	partial, signal        bool
	gap, broken            bool // some point has no value; the line does not go on from the column before
	gapL, gapR             float64
	text                   string
	points                 int
	limits                 Limits
}

// columns are the places of the points, and the holes between them where no point
// stands.
func (s *Series) columns(cells []cell, limits []Limits) (cols []column, holes [][2]float64) {
	n, longest := min(len(s.Points), maxColumns), 400
	if n > 120 {
		longest = 120
	}
	cols = make([]column, 0, n)
	broken := true
	for c := range n {
		from, to := c*len(s.Points)/n, (c+1)*len(s.Points)/n
		col := column{cell: cell{l: cells[from].l, r: cells[to-1].r}, lo: math.NaN(), hi: math.NaN(), points: to - from,
			limits: Limits{math.NaN(), math.NaN(), math.NaN()}}
		col.mid = col.l + (col.r-col.l)/2
		if to-from == 1 {
			col.mid = cells[from].mid
		}
		for i := from; i < to; i++ {
			p := &s.Points[i]
			if i > 0 && cells[i].l > cells[i-1].r {
				broken = true
				if len(holes) > 0 && cells[i-1].l-holes[len(holes)-1][1] < (cells[i].r-cells[0].l)/maxColumns {
					holes[len(holes)-1][1] = cells[i].l // two holes too near to tell apart
				} else {
					holes = append(holes, [2]float64{cells[i-1].r, cells[i].l})
				}
			}
			if len(limits) > 0 {
				col.limits = col.limits.widen(limits[min(i, len(limits)-1)])
			}
			if !p.known() {
				if !col.gap {
					col.gap, col.gapL = true, cells[i].l
				}
				col.gapR = cells[i].r
				broken = true
				continue
			}
			if !col.known {
				col.known, col.first, col.low, col.high, col.broken = true, p.Value, p.Value, p.Value, broken
			}
			broken = false
			col.last, col.low, col.high = p.Value, min(col.low, p.Value), max(col.high, p.Value)
			col.lo, col.hi = least(col.lo, p.Lo), most(col.hi, p.Hi)
			col.partial, col.signal = col.partial || p.Partial, col.signal || p.Signal != ""
		}
		col.at = col.mid
		col.text = shorten(s.describe(from, to, &col), longest)
		cols = append(cols, col)
	}
	return cols, holes
}

func least(a, b float64) float64 {
	if math.IsNaN(a) || b < a {
		return b
	}
	return a
}

func most(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}

// describe is the text of a column.
func (s *Series) describe(from, to int, c *column) string {
	p := &s.Points[from]
	parts := []string{shorten(p.Label, 60)}
	if to-from > 1 {
		parts[0] = fmt.Sprintf("%s to %s", shorten(p.Label, 60), shorten(s.Points[to-1].Label, 60))
	}
	if !c.known {
		parts = append(parts, "no value")
	} else if c.low == c.high {
		parts = append(parts, s.Unit.Format(c.low))
	} else {
		parts = append(parts, s.Unit.Format(c.low)+" to "+s.Unit.Format(c.high))
	}
	if c.known && !math.IsNaN(c.lo) && !math.IsNaN(c.hi) {
		parts = append(parts, "interval "+s.Unit.Format(c.lo)+" to "+s.Unit.Format(c.hi))
	}
	if c.partial {
		parts = append(parts, "partial window")
	}
	for i, more := from, 0; i < to && more < 3; i++ {
		for _, t := range []string{s.Points[i].Signal, s.Points[i].Note} {
			if t != "" {
				parts = append(parts, shorten(t, 160))
				more++
			}
		}
	}
	return strings.Join(parts, ", ")
}
