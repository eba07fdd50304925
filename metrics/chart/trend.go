package chart

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Trend draws values over time as a line, with their intervals as a band around
// it. The line is broken and the place hatched where a point has no value, or
// between points no point stands. Above 360 points, several share a place, which
// shows the range of their values. An error means that the series cannot be drawn,
// or that w failed.
func Trend(w io.Writer, s Series, o Options) error { return s.draw(w, o, nil) }

// plotted is what all the drawing of a series shares.
type plotted struct {
	*frame
	s     *Series
	cols  []column
	holes [][2]float64
}

func (s *Series) draw(w io.Writer, o Options, limits []Limits) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if err := s.validate(); err != nil {
		return err
	}
	cells, _, err := s.cells()
	if err != nil {
		return err
	}
	p := plotted{s: s}
	p.cols, p.holes = s.columns(cells, limits)
	var e extent
	measured := false
	for i := range p.cols {
		c := &p.cols[i]
		if c.known {
			measured = true
			e.add(c.low, c.high)
		}
		e.add(c.limits.Lower, c.limits.Centre, c.limits.Upper)
	}
	values := e
	for i := range p.cols {
		if c := &p.cols[i]; c.known {
			r := values
			r.around(c.lo, c.hi)
			e.add(r.lo, r.hi)
		}
	}
	if s.Unit == UnitShare && e.lo >= 0 && values.hi <= 1 {
		e.hi = min(e.hi, 1)
	}
	margin := 20.0
	if limits != nil {
		margin = 96
	}
	p.frame = newFrame(o, words{s.Title, s.description(p.cols, p.holes, limits), s.X, s.Y}, s.Unit, e.lo, e.hi, margin)
	p.x0, p.x1 = 0, 1
	if len(cells) > 0 {
		p.x0, p.x1 = cells[0].l, cells[len(cells)-1].r
	}
	p.band()
	p.axes(measured || limits != nil)
	p.gaps()
	if limits != nil {
		p.limits()
	}
	p.line()
	p.markers()
	p.labels()
	p.key(limits != nil)
	return p.finish(w)
}

// band draws the intervals, broken where the line is.
func (p *plotted) band() {
	var up, down []string
	var d, edge strings.Builder
	flush := func() {
		if len(up) == 0 {
			return
		}
		d.WriteString("M" + strings.Join(up, "L"))
		edge.WriteString("M" + strings.Join(up, "L") + "M" + strings.Join(down, "L"))
		for i := len(down) - 1; i >= 0; i-- {
			d.WriteString("L" + down[i])
		}
		d.WriteString("z")
		up, down = nil, nil
	}
	for i := range p.cols {
		c := &p.cols[i]
		has := c.known && !math.IsNaN(c.lo) && !math.IsNaN(c.hi)
		if !has || c.broken {
			flush()
		}
		if !has {
			continue
		}
		hi, lo := coordinate(p.edge(c.hi)), coordinate(p.edge(c.lo))
		last := i == len(p.cols)-1 || p.cols[i+1].broken || !p.cols[i+1].known || math.IsNaN(p.cols[i+1].lo) || math.IsNaN(p.cols[i+1].hi)
		if len(up) == 0 && last { // alone it would have no width
			l, r := p.px(c.at), p.px(c.at)
			wide := min(6, max(1.5, float64(0.4*(p.px(c.r)-p.px(c.l)))))
			l, r = l-wide, r+wide
			up = []string{coordinate(l) + " " + hi, coordinate(r) + " " + hi}
			down = []string{coordinate(l) + " " + lo, coordinate(r) + " " + lo}
			flush()
			continue
		}
		x := coordinate(p.px(c.at))
		up, down = append(up, x+" "+hi), append(down, x+" "+lo)
	}
	flush()
	p.path("band", d.String())
	p.path("edge", edge.String())
}

// gaps hatches what has no value.
func (p *plotted) gaps() {
	if len(p.cols) == 0 {
		p.x0, p.x1 = 0, 1
		p.hatched(0, 1, "no data")
		p.text("text", (p.left+p.right)/2, (p.top+p.bottom)/2, "middle", "no data")
		return
	}
	for _, h := range p.holes {
		p.hatched(h[0], h[1], "no data")
	}
	for i := range p.cols {
		if c := &p.cols[i]; c.gap {
			p.hatched(c.gapL, c.gapR, c.text)
		}
	}
}

// line draws the values; a place of several points shows their range.
func (p *plotted) line() {
	var d strings.Builder
	for i := range p.cols {
		c := &p.cols[i]
		if !c.known {
			continue
		}
		x, pen := coordinate(p.px(c.at)), "L"
		if c.broken {
			pen = "M"
		}
		d.WriteString(pen + x + " " + coordinate(p.py(c.first)))
		if c.low != c.high {
			d.WriteString("V" + coordinate(p.py(c.low)) + "V" + coordinate(p.py(c.high)) + "V" + coordinate(p.py(c.last)))
		}
	}
	if d.Len() > 0 {
		fmt.Fprintf(&p.b, `<path class="line" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" d="%s"/>`+"\n", d.String())
	}
}

// markers draws the points: full, hollow where the window is partial, a diamond
// where there is a signal.
func (p *plotted) markers() {
	for i := range p.cols {
		c := &p.cols[i]
		if !c.known {
			continue
		}
		x, y := p.px(c.at), p.py(c.last)
		switch {
		case c.signal && c.partial:
			p.diamond("signal-hollow", x, y, c.text)
		case c.signal:
			p.diamond("signal", x, y, c.text)
		default:
			class, r := "full", 3.0
			if c.partial {
				class, r = "hollow", 3.5
			}
			if len(p.cols) > 120 {
				r = 1.2
			}
			fmt.Fprintf(&p.b, `<circle class="%s" stroke-width="1.5" cx="%s" cy="%s" r="%s"><title>%s</title></circle>`+"\n",
				class, coordinate(x), coordinate(y), coordinate(r), escape(c.text))
		}
	}
}

// labels writes as many of the points' labels below the axis as there is room for.
func (p *plotted) labels() {
	if len(p.cols) == 0 {
		return
	}
	wide := 0.0
	for i := range p.s.Points {
		wide = max(wide, textWidth(shorten(p.s.Points[i].Label, 16)))
	}
	if wide == 0 {
		return
	}
	free := -math.MaxFloat64
	n := len(p.s.Points)
	for i := range p.cols {
		label := fit(p.s.Points[i*n/len(p.cols)].Label, 16*runeWidth)
		x := p.px(p.cols[i].mid)
		half := textWidth(label) / 2
		if label == "" || x-half < free || x+half > float64(p.o.Width) || x-half < 2 {
			continue
		}
		fmt.Fprintf(&p.b, `<path class="axis" d="M%s %sv4"/>`, coordinate(x), coordinate(p.bottom))
		p.text("muted", x, p.bottom+17, "middle", label)
		free = x + wide + 10 - half
	}
}

func (p *plotted) key(limits bool) {
	var partial, gap, band, signal bool
	for i := range p.cols {
		c := &p.cols[i]
		partial, gap, signal = partial || c.known && c.partial, gap || c.gap, signal || c.signal
		band = band || c.known && !math.IsNaN(c.lo) && !math.IsNaN(c.hi)
	}
	entries := []entry{{"line", "value"}}
	if band {
		text := "interval"
		if p.s.Level > 0 {
			text = strings.TrimSuffix(UnitShare.Format(p.s.Level), " %") + " % interval"
		}
		entries = append(entries, entry{"band", text})
	}
	if limits {
		entries = append(entries, entry{"limit", "control limits"})
	}
	if signal {
		entries = append(entries, entry{"signal", "signal"})
	}
	if partial {
		entries = append(entries, entry{"hollow", "partial window"})
	}
	if gap || len(p.holes) > 0 || len(p.cols) == 0 {
		entries = append(entries, entry{"hatch", "no data"})
	}
	p.legend(entries)
}

// description is what the picture shows, in words.
func (s *Series) description(cols []column, holes [][2]float64, limits []Limits) string {
	if s.Description != "" {
		return s.Description
	}
	known, partial, signals := 0, 0, 0
	e, last := extent{math.Inf(1), math.Inf(-1)}, ""
	for i := range s.Points {
		p := &s.Points[i]
		if p.Signal != "" {
			signals++
		}
		if !p.known() {
			continue
		}
		known++
		if p.Partial {
			partial++
		}
		e.add(p.Value)
		last = fmt.Sprintf(" The last one is %s (%s).", s.Unit.Format(p.Value), shorten(p.Label, 60))
	}
	out := fmt.Sprintf("%s by %s: %d points, %d of them without a value.", s.Y, s.X, len(s.Points), len(s.Points)-known)
	if known > 0 {
		out += fmt.Sprintf(" Values from %s to %s.%s", s.Unit.Format(e.lo), s.Unit.Format(e.hi), last)
	}
	if partial > 0 {
		out += fmt.Sprintf(" %d of partial windows.", partial)
	}
	if len(holes) > 0 {
		out += " Some times have no point."
	}
	if limits != nil {
		out += fmt.Sprintf(" %d signals.", signals)
		if l := limits[len(limits)-1]; len(cols) > 0 {
			out += fmt.Sprintf(" Centre %s, limits %s and %s at the end.", s.Unit.Format(l.Centre), s.Unit.Format(l.Lower), s.Unit.Format(l.Upper))
		}
	}
	if len(s.Points) > maxColumns {
		out += fmt.Sprintf(" Drawn in %d places, each with the range of its values.", len(cols))
	}
	return out
}
