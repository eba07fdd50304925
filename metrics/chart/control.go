package chart

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Limits are the lines of a control chart at a point, in the unit of its value. A
// line that is NaN is not there.
type Limits struct {
	// Lower, Centre and Upper are the lower limit, the centre line and the upper limit.
	Lower, Centre, Upper float64
}

// widen holds both limits; the centre is that of o where it has one.
func (l Limits) widen(o Limits) Limits {
	l.Lower, l.Upper = least(l.Lower, o.Lower), most(l.Upper, o.Upper)
	if !math.IsNaN(o.Centre) {
		l.Centre = o.Centre
	}
	return l
}

// Control draws a control chart: the values with the centre line and the control
// limits, and a diamond where a point has a [Point.Signal]. limits has one element
// for each point, or one for all. Where points share a place, the limits are the
// widest of them. The rest is as in [Trend].
func Control(w io.Writer, s Series, limits []Limits, o Options) error {
	if len(limits) != 1 && len(limits) != len(s.Points) || len(limits) == 0 {
		return fmt.Errorf("chart: %d limits for %d points: there must be one, or one for each", len(limits), len(s.Points))
	}
	for i, l := range limits {
		for _, v := range []float64{l.Lower, l.Centre, l.Upper} {
			if math.Abs(v) > maxValue {
				return fmt.Errorf("chart: limits %d: %v is too large to be drawn", i, v)
			}
		}
		if l.Lower > l.Upper || l.Lower > l.Centre || l.Centre > l.Upper {
			return fmt.Errorf("chart: limits %d: %v, %v, %v are not in order", i, l.Lower, l.Centre, l.Upper)
		}
	}
	return s.draw(w, o, limits)
}

// limits draws the three lines in steps, each named at its right end.
func (p *plotted) limits() {
	taken := math.Inf(-1)
	for _, l := range []struct {
		name, class, dash string
		of                func(Limits) float64
	}{
		{"upper", "limit", ` stroke-dasharray="6 3"`, func(l Limits) float64 { return l.Upper }},
		{"centre", "axis", "", func(l Limits) float64 { return l.Centre }},
		{"lower", "limit", ` stroke-dasharray="6 3"`, func(l Limits) float64 { return l.Lower }},
	} {
		var d strings.Builder
		last, drawn := math.NaN(), math.NaN()
		for i := range p.cols {
			c := &p.cols[i]
			v := l.of(c.limits)
			switch {
			case math.IsNaN(v):
			case math.IsNaN(last):
				d.WriteString("M" + coordinate(p.px(c.l)) + " " + coordinate(p.py(v)) + "H" + coordinate(p.px(c.r)))
			case v == last:
				d.WriteString("H" + coordinate(p.px(c.r)))
			default:
				d.WriteString("V" + coordinate(p.py(v)) + "H" + coordinate(p.px(c.r)))
			}
			if last = v; !math.IsNaN(v) {
				drawn = v
			}
		}
		if d.Len() == 0 {
			continue
		}
		fmt.Fprintf(&p.b, `<path class="%s"%s d="%s"/>`+"\n", l.class, l.dash, d.String())
		class := "limit-text"
		if l.class == "axis" {
			class = "muted"
		}
		y := max(p.py(drawn)+4, taken+13) // the names keep apart where the lines are near
		taken = y
		p.text(class, p.right+4, y, "start", fit(l.name+" "+p.s.Unit.Format(drawn), 90))
	}
}
