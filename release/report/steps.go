package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// exposure is how much of the traffic a release got, by its events.
func exposure(events []release.Event) Steps {
	s := Steps{Title: "Exposure over time, in percent of all traffic"}
	for _, e := range events {
		label := string(e.Kind)
		if e.Stage != "" {
			label += " " + e.Stage
		}
		s.At = append(s.At, Step{Time: e.At, Percent: e.Percent, Label: label, Bad: e.Kind == release.EventRegressed ||
			e.Kind == release.EventWithdrawn || e.Kind == release.EventRolledBack || e.Kind == release.EventHalted})
	}
	slices.SortStableFunc(s.At, func(a, b Step) int { return a.Time.Compare(b.Time) })
	return s
}

// table is the same for where nothing can be drawn.
func (s *Steps) table() *Table {
	t := &Table{Header: []string{"from", "percent", "what"}}
	for _, p := range s.At {
		t.Rows = append(t.Rows, []Cell{Text(stamp(p.Time)), Text(percent(p.Percent)), Text(p.Label)})
	}
	return t
}

// percent is a share as text; one that is none is not known.
func percent(p float64) string {
	if !(p >= 0 && p <= 100) {
		return "not known"
	}
	return strconv.FormatFloat(math.Round(p*1000)/1000, 'f', -1, 64) + " %"
}

// The picture's measures, in its own units.
const (
	wide, high              = 640.0, 220.0
	left, right, above, low = 44.0, 16.0, 14.0, 40.0
)

// svg draws the steps as one element of HTML. Nothing is said by colour alone: what is
// bad has a cross, what is not known is left out and said below.
func (s *Steps) svg(b *strings.Builder) {
	at := slices.Clone(s.At)
	slices.SortStableFunc(at, func(x, y Step) int { return x.Time.Compare(y.Time) })
	if len(at) == 0 {
		b.WriteString("<p>" + htmlText(s.Title) + ": nothing is known.</p>\n")
		return
	}
	from, to := at[0].Time, at[len(at)-1].Time
	if s.End.After(to) {
		to = s.End
	}
	span := cmp.Or(to.Sub(from), time.Second)
	x := func(t time.Time) float64 {
		return left + float64(float64(t.Sub(from))/float64(span)*(wide-left-right))
	}
	y := func(p float64) float64 { return above + float64((100-p)/100*(high-above-low)) }
	fmt.Fprintf(b, "<figure><svg class=\"steps\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">\n", wide, high, htmlText(s.Title))
	for _, p := range []float64{0, 25, 50, 75, 100} {
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M%s %sH%s\"/><text class=\"axis\" x=\"%s\" y=\"%s\" text-anchor=\"end\">%g %%</text>\n",
			num(left), num(y(p)), num(wide-right), num(left-6), num(y(p)+4), p)
	}
	fmt.Fprintf(b, "<text class=\"axis\" x=\"%s\" y=\"%s\">%s</text><text class=\"axis\" x=\"%s\" y=\"%s\" text-anchor=\"end\">%s</text>\n",
		num(left), num(high-low+18), stamp(from), num(wide-right), num(high-low+34), stamp(to))
	open := false
	var line strings.Builder
	for i, p := range at {
		if !(p.Percent >= 0 && p.Percent <= 100) {
			open = false
			continue
		}
		until := to
		if i+1 < len(at) {
			until = at[i+1].Time
		}
		if open {
			fmt.Fprintf(&line, "V%s", num(y(p.Percent)))
		} else {
			fmt.Fprintf(&line, "M%s %s", num(x(p.Time)), num(y(p.Percent)))
		}
		fmt.Fprintf(&line, "H%s", num(x(until)))
		open = true
	}
	fmt.Fprintf(b, "<path class=\"line\" d=\"%s\"/>\n", line.String())
	for _, p := range at {
		if !(p.Percent >= 0 && p.Percent <= 100) {
			continue
		}
		label := htmlText(fmt.Sprintf("%s: %s, %s", stamp(p.Time), p.Label, percent(p.Percent)))
		cx, cy := x(p.Time), y(p.Percent)
		if p.Bad {
			fmt.Fprintf(b, "<path class=\"bad\" d=\"M%s %sl10 10m0 -10l-10 10\"><title>%s</title></path>\n", num(cx-5), num(cy-5), label)
		} else {
			fmt.Fprintf(b, "<circle class=\"good\" cx=\"%s\" cy=\"%s\" r=\"3.5\"><title>%s</title></circle>\n", num(cx), num(cy), label)
		}
	}
	b.WriteString("</svg>\n<figcaption>" + htmlText(s.Title) + ". A cross marks what went wrong.</figcaption></figure>\n")
}

// num is a coordinate to a tenth, which is the same on every machine.
func num(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
