package chart

import (
	"fmt"
	"math"
	"time"
)

// Series is values over time.
type Series struct {
	// Title stands above the picture, Description is read to those who cannot see it;
	// if empty, it is made of the data.
	Title       string
	Description string
	// X names the horizontal axis, such as "ISO week (UTC)", Y the vertical one, such as
	// "change fail rate"; the unit is added to it. Neither may be empty.
	X, Y string
	// Unit is the unit of the values.
	Unit Unit
	// Level is the confidence of the intervals, 0 to 1, for the legend; 0 where there
	// are none.
	Level float64
	// Points are in order of time. Either all have From and To, and stand where these
	// lie, or none has, and they stand side by side.
	Points []Point
}

// Point is one value.
type Point struct {
	// Label names the point: "2026-W53".
	Label string
	// From and To bound the window of the value. Windows may overlap, but neither their
	// beginnings nor their ends may go back.
	From, To time.Time
	// OK says that there is a value. Where false, the place is a gap, and Note says why.
	OK bool
	// Value is in the series' unit, from Lo to Hi. A Value that is not finite is a
	// gap. An end that is NaN is not known; an infinite one has no bound, and its band
	// reaches to the edge.
	Value, Lo, Hi float64
	// Partial says that the window was observed in part only.
	Partial bool
	// Signal, where it is not empty, marks the point and says what is special about it.
	Signal string
	// Note is added to the point's text.
	Note string
}

// maxPoints bounds the points and values of one picture, maxValue what can be drawn.
const (
	maxPoints = 1_000_000
	maxValue  = 1e15
)

// known reports whether the point has a value.
func (p *Point) known() bool { return p.OK && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) }

// cell is the place of one point: from l to r, in the unit of the axis, with its
// middle at mid.
type cell struct{ l, mid, r float64 }

// cells places the points.
func (s *Series) cells() (cells []cell, timed bool, err error) {
	cells = make([]cell, len(s.Points))
	for i := range s.Points {
		p := &s.Points[i]
		has := !p.From.IsZero() || !p.To.IsZero()
		switch {
		case i == 0:
			timed = has
		case has != timed:
			return nil, false, fmt.Errorf("chart: point %d: either all points have from and to, or none", i)
		}
		if !has {
			cells[i] = cell{float64(i), float64(i) + 0.5, float64(i) + 1}
			continue
		}
		if !p.From.Before(p.To) {
			return nil, false, fmt.Errorf("chart: point %d: from %s to %s is empty", i, p.From, p.To)
		}
		l, r := unix(p.From), unix(p.To)
		cells[i] = cell{l, l + float64((r-l)/2), r}
		if i == 0 {
			continue
		}
		before := &s.Points[i-1]
		if p.From.Before(before.From) || p.To.Before(before.To) || p.From.Equal(before.From) && p.To.Equal(before.To) {
			return nil, false, fmt.Errorf("chart: point %d: it is not after point %d", i, i-1)
		}
		if p.From.Before(before.To) { // windows overlap: each has the half towards its neighbour
			mid := cells[i-1].mid + float64((cells[i].mid-cells[i-1].mid)/2)
			cells[i-1].r, cells[i].l = mid, mid
		}
	}
	return cells, timed, nil
}

func unix(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

func (s *Series) validate() error {
	if len(s.Points) > maxPoints {
		return fmt.Errorf("chart: %d points are more than %d", len(s.Points), maxPoints)
	}
	if !(s.Level >= 0 && s.Level < 1) {
		return fmt.Errorf("chart: the level %v is not between 0 and 1", s.Level)
	}
	for i := range s.Points {
		if p := &s.Points[i]; p.known() {
			if math.Abs(p.Value) > maxValue {
				return fmt.Errorf("chart: point %d: %v is too large to be drawn", i, p.Value)
			}
			if p.Lo > p.Hi {
				return fmt.Errorf("chart: point %d: the interval from %v to %v is empty", i, p.Lo, p.Hi)
			}
		}
	}
	return axes(s.X, s.Y, s.Unit)
}

func axes(x, y string, u Unit) error {
	if x == "" || y == "" {
		return fmt.Errorf("chart: an axis has no name")
	}
	if u == UnitUnknown || u > UnitPerWeek {
		return fmt.Errorf("chart: the values have no unit")
	}
	return nil
}
