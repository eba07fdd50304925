package chart

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// Sample is values of which the distribution is drawn.
type Sample struct {
	// Title stands above the picture, Description is read to those who cannot see it;
	// if empty, it is made of the data.
	Title       string
	Description string
	// X names the axis of the values, Y what is counted, such as "changes". Neither may
	// be empty.
	X, Y string
	// Unit is the unit of the values.
	Unit Unit
	// Values may be in any order; they are not changed. Those that are not finite are
	// not drawn: the picture says how many there are.
	Values []float64
	// Marks are drawn as lines across the picture; at most eight.
	Marks []Mark
}

// Mark is a value that has a name, such as the median.
type Mark struct {
	// Label names it.
	Label string
	// Value is in the unit of the sample. Where it is not finite nothing is drawn.
	Value float64
}

// Histogram draws how many of the values lie where, in bins of equal width from
// the lower end, which belongs to the bin, to the upper one, which does not. Their
// width is a round number near that of D. Freedman and P. Diaconis, Zeitschrift für
// Wahrscheinlichkeitstheorie 57 (1981), 453-476: twice the interquartile range over
// the cube root of the number, but there are between 5 and 60.
func Histogram(w io.Writer, s Sample, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if err := axes(s.X, s.Y, s.Unit); err != nil {
		return err
	}
	if len(s.Values) > maxPoints || len(s.Marks) > 8 {
		return fmt.Errorf("chart: %d values and %d marks are more than %d and 8", len(s.Values), len(s.Marks), maxPoints)
	}
	sorted := make([]float64, 0, len(s.Values))
	for i, v := range s.Values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
		case math.Abs(v) > maxValue:
			return fmt.Errorf("chart: value %d: %v is too large to be drawn", i, v)
		default:
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	bins, counts := s.bins(sorted)
	top := slices.Max(append([]int{1}, counts...))
	f := newFrame(o, words{s.Title, s.description(sorted), s.X + bins.unit(), s.Y}, UnitNumber, 0, float64(top), 20)
	f.x0, f.x1 = bins.bottom(), bins.top()
	f.axes(len(sorted) > 0)
	if len(sorted) == 0 {
		f.x0, f.x1 = 0, 1
		f.hatched(0, 1, "no data")
		f.text("text", (f.left+f.right)/2, (f.top+f.bottom)/2, "middle", "no data")
		return f.finish(w)
	}
	f.bars(s, bins, counts)
	f.marks(s)
	if missing := len(s.Values) - len(sorted); missing > 0 {
		f.text("muted", f.right, 40, "end", fmt.Sprintf("%d without a value", missing))
	}
	return f.finish(w)
}

// bins are the bins and how many values each holds.
func (s *Sample) bins(sorted []float64) (scale, []int) {
	if len(sorted) == 0 {
		return s.Unit.scale(0, 1, 5), nil
	}
	n := len(sorted)
	lo, hi := sorted[0], sorted[n-1]
	want := 5.0
	if width := 2 * (sorted[n*3/4] - sorted[n/4]) / math.Cbrt(float64(n)); width > 0 {
		want = min(max(math.Ceil((hi-lo)/width), 5), 60)
	}
	bins := s.Unit.scale(lo, hi, int(want))
	if scale := math.Max(math.Abs(lo), math.Abs(hi)); hi-lo < 1e-9*scale { // all the same, as far as can be told
		bins = s.Unit.scale(lo-0.5*scale, hi+0.5*scale, 5)
	}
	if bins.top() <= hi { // the last bin does not hold its upper end
		bins.hi++
	}
	counts := make([]int, int(bins.hi-bins.lo))
	for _, v := range sorted {
		k := int(math.Floor(v/bins.per/bins.step)) - int(bins.lo)
		counts[min(max(k, 0), len(counts)-1)]++
	}
	return bins, counts
}

func (f *frame) bars(s Sample, bins scale, counts []int) {
	free := math.Inf(-1)
	for i, n := range counts {
		from, to := bins.at(bins.lo+float64(i)), bins.at(bins.lo+float64(i)+1)
		l, r := f.px(from), f.px(to)
		if n > 0 {
			fmt.Fprintf(&f.b, `<path class="bar" stroke-width="1" d="%s"><title>%s</title></path>`+"\n",
				box(l+1, f.py(float64(n)), max(r-1, l+1.5), f.bottom),
				escape(fmt.Sprintf("%s to below %s: %d", s.Unit.Format(from), s.Unit.Format(to), n)))
		}
		label := bins.label(bins.lo + float64(i))
		if half := textWidth(label) / 2; l-half >= free && l-half >= 2 {
			fmt.Fprintf(&f.b, `<path class="axis" d="M%s %sv4"/>`, coordinate(l), coordinate(f.bottom))
			f.text("muted", l, f.bottom+17, "middle", label)
			free = l + half + 12
		}
	}
}

func (f *frame) marks(s Sample) {
	row := 0.0
	for _, m := range s.Marks {
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Value < f.x0 || m.Value > f.x1 {
			continue
		}
		x, anchor, at := f.px(m.Value), "start", 4.0
		if x > (f.left+f.right)/2 {
			anchor, at = "end", -4
		}
		fmt.Fprintf(&f.b, `<path class="limit" stroke-width="1.5" stroke-dasharray="6 3" d="M%s %sV%s"/>`, coordinate(x), coordinate(f.top), coordinate(f.bottom))
		y := f.top + 10 + row
		label := fit(m.Label+" "+s.Unit.Format(m.Value), (f.right-f.left)/2)
		l := x + at
		if anchor == "end" {
			l -= textWidth(label)
		}
		fmt.Fprintf(&f.b, `<path class="ground" d="%s"/>`, box(l-1, y-11, l+textWidth(label)+1, y+3))
		f.text("limit-text", x+at, y, anchor, label)
		row += 16
	}
}

func (s *Sample) description(sorted []float64) string {
	if s.Description != "" {
		return s.Description
	}
	out := fmt.Sprintf("%s by %s: %d values", s.Y, s.X, len(sorted))
	if n := len(sorted); n > 0 {
		out += fmt.Sprintf(" from %s to %s", s.Unit.Format(sorted[0]), s.Unit.Format(sorted[n-1]))
	}
	if missing := len(s.Values) - len(sorted); missing > 0 {
		out += fmt.Sprintf(", %d without a value", missing)
	}
	out += "."
	for _, m := range s.Marks {
		out += fmt.Sprintf(" %s: %s.", shorten(m.Label, 60), s.Unit.Format(m.Value))
	}
	return out
}
