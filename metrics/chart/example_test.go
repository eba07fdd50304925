package chart_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics/chart"
)

// Four weeks, of which the third has no value.
func ExampleTrend() {
	week := func(i int) time.Time { return time.Date(2026, time.June, 1+7*i, 0, 0, 0, 0, time.UTC) }
	s := chart.Series{Title: "Change fail rate: shop", X: "ISO week (UTC)", Y: "change fail rate", Unit: chart.UnitShare, Level: 0.95}
	for i, v := range []float64{0.10, 0.14, math.NaN(), 0.08} {
		s.Points = append(s.Points, chart.Point{Label: fmt.Sprintf("2026-W%d", 23+i), From: week(i), To: week(i + 1),
			OK: i != 2, Value: v, Lo: v / 2, Hi: v * 2, Partial: i == 3})
	}
	var svg bytes.Buffer
	if err := chart.Trend(&svg, s, chart.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	_, after, _ := strings.Cut(svg.String(), "<desc")
	_, description, _ := strings.Cut(after, ">")
	description, _, _ = strings.Cut(description, "</desc>")
	fmt.Println(description)
	// Output:
	// change fail rate by ISO week (UTC): 4 points, 1 of them without a value. Values from 8 % to 14 %. The last one is 8 % (2026-W26). 1 of partial windows.
}
