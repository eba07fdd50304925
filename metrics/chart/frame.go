package chart

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// frame is a picture being drawn: the plot lies between left and right, top and
// bottom, in pixels.
type frame struct {
	b                        strings.Builder
	o                        Options
	class                    string
	left, right, top, bottom float64
	x0, x1                   float64 // the ends of the horizontal axis, in its unit
	y                        scale
	legendFrom               float64
}

// words are the texts of a picture.
type words struct{ title, description, x, y string }

// newFrame begins a picture. lo to hi is what the vertical axis covers; margin is
// the room on the right.
func newFrame(o Options, t words, u Unit, lo, hi, margin float64) *frame {
	f := &frame{o: o, class: "sallyport-chart"}
	w, h := float64(o.Width), float64(o.Height)
	f.top, f.bottom, f.right = 56, h-44, w-margin
	f.y = u.scale(lo, hi, max(2, int((f.bottom-f.top)/44)))
	wide := 0.0
	for k := f.y.lo; k <= f.y.hi; k++ {
		wide = max(wide, textWidth(f.y.label(k)))
	}
	f.left = min(36+wide, w/3)
	fmt.Fprintf(&f.b, `<svg xmlns="http://www.w3.org/2000/svg" class="%s" role="img" aria-labelledby="%s-title %s-desc" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n",
		f.class, o.ID, o.ID, o.Width, o.Height, o.Width, o.Height)
	fmt.Fprintf(&f.b, "<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n", o.ID, escape(shorten(t.title, maxTitle)), o.ID, escape(shorten(t.description, maxDescription)))
	fmt.Fprintf(&f.b, "<style>%s</style>\n", style(f.class))
	fmt.Fprintf(&f.b, `<defs><pattern id="%s-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern>`+"\n", o.ID)
	fmt.Fprintf(&f.b, `<clipPath id="%s-plot"><path d="%s"/></clipPath></defs>`+"\n", o.ID, box(f.left, f.top, f.right, f.bottom))
	fmt.Fprintf(&f.b, `<path class="ground" d="%s"/>`+"\n", box(0, 0, w, h))
	f.text("title", 12, 22, "start", fit(t.title, (w-24)/1.35))
	y := fit(t.y, w/4) + f.y.unit()
	f.legendFrom = 12 + textWidth(y) + 12
	f.text("muted", 12, 40, "start", y)
	f.text("muted", f.right, h-8, "end", fit(t.x, w/2))
	return f
}

// measured says whether the vertical axis has marks: without a value it has none.
func (f *frame) axes(measured bool) {
	for k := f.y.lo; measured && k <= f.y.hi; k++ {
		y := f.py(f.y.at(k))
		kind := "grid"
		if k == 0 {
			kind = "axis"
		}
		fmt.Fprintf(&f.b, `<path class="%s" d="M%s %sH%s"/>`, kind, coordinate(f.left), coordinate(y), coordinate(f.right))
		f.text("muted", f.left-6, y+4, "end", f.y.label(k))
	}
	fmt.Fprintf(&f.b, `<path class="axis" d="M%s %sV%sH%s"/>`+"\n", coordinate(f.left), coordinate(f.top), coordinate(f.bottom), coordinate(f.right))
}

// px and py are places in the picture.
func (f *frame) px(x float64) float64 {
	return f.left + float64((x-f.x0)/(f.x1-f.x0)*(f.right-f.left))
}

func (f *frame) py(y float64) float64 {
	lo, hi := f.y.bottom(), f.y.top()
	return f.bottom - float64((y-lo)/(hi-lo)*(f.bottom-f.top))
}

// edge is py of an end of an interval: without a bound, or beyond the axis, it is
// the edge of the plot.
func (f *frame) edge(y float64) float64 { return min(max(f.py(y), f.top), f.bottom) }

func (f *frame) text(class string, x, y float64, anchor, s string) {
	if s == "" {
		return
	}
	fmt.Fprintf(&f.b, `<text class="%s" x="%s" y="%s"`, class, coordinate(x), coordinate(y))
	if anchor != "start" {
		fmt.Fprintf(&f.b, ` text-anchor="%s"`, anchor)
	}
	fmt.Fprintf(&f.b, ">%s</text>\n", escape(s))
}

func (f *frame) path(class, d string) {
	if d != "" {
		fmt.Fprintf(&f.b, `<path class="%s" d="%s" clip-path="url(#%s-plot)"/>`+"\n", class, d, f.o.ID)
	}
}

// hatched marks a place from l to r of the horizontal axis where nothing is known.
func (f *frame) hatched(l, r float64, why string) {
	a, b := f.px(l), f.px(r)
	if b-a < 1 { // also the shortest gap can be seen
		a, b = (a+b)/2-0.5, (a+b)/2+0.5
	}
	fmt.Fprintf(&f.b, `<path class="gap" fill="url(#%s-hatch)" d="%s"><title>%s</title></path>`+"\n", f.o.ID, box(a, f.top, b, f.bottom), escape(why))
}

// entry is one line of the legend.
type entry struct{ draw, text string }

// legend stands above the plot, to the right; what finds no room is left out from
// the end, and stands in the description.
func (f *frame) legend(entries []entry) {
	x := f.right
	for i := len(entries) - 1; i >= 0; i-- {
		x -= textWidth(entries[i].text)*0.93 + 32
	}
	x = max(x, f.legendFrom)
	y := 40.0
	for _, e := range entries {
		wide := textWidth(e.text)*0.93 + 32
		if x+wide > float64(f.o.Width) {
			return
		}
		switch e.draw {
		case "band":
			fmt.Fprintf(&f.b, `<path class="band" d="%s"/>`, box(x, y-10, x+18, y))
		case "hatch":
			fmt.Fprintf(&f.b, `<path fill="url(#%s-hatch)" d="%s"/>`, f.o.ID, box(x, y-10, x+18, y))
		case "line":
			fmt.Fprintf(&f.b, `<path class="line" stroke-width="2" d="M%s %sh18"/>`, coordinate(x), coordinate(y-4))
		case "limit":
			fmt.Fprintf(&f.b, `<path class="limit" stroke-dasharray="6 3" d="M%s %sh18"/>`, coordinate(x), coordinate(y-4))
		case "hollow":
			fmt.Fprintf(&f.b, `<circle class="hollow" stroke-width="1.5" cx="%s" cy="%s" r="3.5"/>`, coordinate(x+9), coordinate(y-4))
		case "signal":
			f.diamond("signal", x+9, y-4, "")
		}
		f.text("muted", x+23, y, "start", e.text)
		x += wide
	}
}

func (f *frame) diamond(class string, x, y float64, title string) {
	fmt.Fprintf(&f.b, `<path class="%s" stroke-width="1.5" d="M%s %sl5.5 5.5-5.5 5.5-5.5-5.5z">`, class, coordinate(x), coordinate(y-5.5))
	if title != "" {
		fmt.Fprintf(&f.b, "<title>%s</title>", escape(title))
	}
	f.b.WriteString("</path>\n")
}

// finish writes the picture at once, so that an error leaves no half of it.
func (f *frame) finish(w io.Writer) error {
	f.b.WriteString("</svg>\n")
	text := f.b.String()
	n, err := io.WriteString(w, text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	return nil
}

func box(l, t, r, b float64) string {
	return "M" + coordinate(l) + " " + coordinate(t) + "H" + coordinate(r) + "V" + coordinate(b) + "H" + coordinate(l) + "z"
}

// extent is the range that an axis must show. It always holds 0, so that a height is
// a quantity.
type extent struct{ lo, hi float64 }

// add widens the extent by what can be drawn.
func (e *extent) add(vs ...float64) {
	for _, v := range vs {
		if !math.IsNaN(v) && math.Abs(v) <= maxValue {
			e.lo, e.hi = min(e.lo, v), max(e.hi, v)
		}
	}
}

// around widens the extent by intervals, but not beyond what keeps the values
// visible: an interval of few data may be a hundred times as long as they are high.
func (e *extent) around(lo, hi float64) {
	reach := 3 * (e.hi - e.lo)
	e.add(max(lo, e.lo-reach), min(hi, e.hi+reach))
}
