package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Chart is a control chart: what a stable process would do, and what this one did.
type Chart struct {
	// Kind is the kind of chart.
	Kind ChartKind `json:"kind"`
	// Centre is the middle line, in the metric's unit; seconds for [ChartT]. It is
	// NaN without data.
	Centre float64 `json:"centre"`
	// RangeCentre and RangeLimit are the mean moving range and its upper limit, of
	// [ChartXmR] alone; NaN elsewhere.
	RangeCentre float64 `json:"rangeCentre"`
	RangeLimit  float64 `json:"rangeLimit"`
	// Points are the windows, or the times between events, in order, gaps among them.
	Points []ChartPoint `json:"points"`
}

// ChartPoint is one window of a chart, or one time between events.
type ChartPoint struct {
	// From and To are the window, or the two events.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Gap says why there is no point: no data, or a partial window. "" means that there
	// is one. A gap is no zero; no moving range and no run goes across it.
	Gap string `json:"gap,omitempty"`
	// Value is in the metric's unit, Lo and Hi are the natural limits there; NaN in a
	// gap. Range is the moving range to the point before, of [ChartXmR], NaN elsewhere.
	Value float64 `json:"value"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Range float64 `json:"range"`
	// Beyond says that the value lies outside of the limits, Jumped that the moving
	// range lies above its limit, Run that it is one of at least eight points in a row on
	// one side of the centre (the Western Electric rules 1 and 4).
	Beyond bool `json:"beyond,omitempty"`
	Jumped bool `json:"jumped,omitempty"`
	Run    bool `json:"run,omitempty"`
}

// Signal reports whether one of the rules holds.
func (p *ChartPoint) Signal() bool { return p.Beyond || p.Jumped || p.Run }

// MarshalJSON writes numbers that are not finite as null.
func (c Chart) MarshalJSON() ([]byte, error) {
	type plain Chart
	return json.Marshal(struct {
		plain
		Centre      *float64 `json:"centre"`
		RangeCentre *float64 `json:"rangeCentre"`
		RangeLimit  *float64 `json:"rangeLimit"`
	}{plain(c), finiteOrNil(c.Centre), finiteOrNil(c.RangeCentre), finiteOrNil(c.RangeLimit)})
}

// MarshalJSON writes numbers that are not finite as null.
func (p ChartPoint) MarshalJSON() ([]byte, error) {
	type plain ChartPoint
	return json.Marshal(struct {
		plain
		Value *float64 `json:"value"`
		Lo    *float64 `json:"lo"`
		Hi    *float64 `json:"hi"`
		Range *float64 `json:"range"`
	}{plain(p), finiteOrNil(p.Value), finiteOrNil(p.Lo), finiteOrNil(p.Hi), finiteOrNil(p.Range)})
}

// runLength is how many points on one side of the centre are a run.
const runLength = 8

// minChart is how many points limits need.
const minChart = 2

// ControlChart draws a series of one metric and one group: [ChartXmR] of any metric,
// [ChartP] of a rate, [ChartU] of a frequency. Limits come from the same points that
// they judge. They are no intervals and have no confidence level: with three standard
// deviations and a run of eight a stable series signals about once in 150 points
// (D. Champ and W. Woodall, Technometrics 29 (1987), 393-399), so charts of a thousand
// services are for looking at and not for alarms; [Watch] is for these.
func ControlChart(series []Result, kind ChartKind) (Chart, error) {
	s, err := checkSeries(series)
	if err != nil {
		return Chart{}, err
	}
	m := series[0].Metric
	switch {
	case kind == ChartXmR, kind == ChartP && isRate(m), kind == ChartU && m == Frequency:
	default:
		return Chart{}, fmt.Errorf("metrics: there is no %s chart of a %s", kind, m)
	}
	if kind == ChartP {
		if err := s.shares(); err != nil {
			return Chart{}, err
		}
	}
	nan := math.NaN()
	c := Chart{Kind: kind, Centre: nan, RangeCentre: nan, RangeLimit: nan, Points: make([]ChartPoint, len(series))}
	for i := range series {
		p := &c.Points[i]
		*p = ChartPoint{From: series[i].Window.From, To: series[i].Window.To, Gap: s.out[i], Value: nan, Lo: nan, Hi: nan, Range: nan}
		if p.Gap == "" {
			p.Value = series[i].Value
		}
	}
	c.limit(s)
	c.judge()
	return c, nil
}

// limit fills in the limits.
func (c *Chart) limit(s *signalSeries) {
	points, n := c.Points, len(c.Points)
	switch c.Kind {
	case ChartXmR:
		x := make([]float64, n)
		for i := range points {
			x[i] = points[i].Value
			if i > 0 {
				points[i].Range = math.Abs(x[i] - x[i-1])
			}
		}
		values, ranges := stats.XmR(x)
		c.Centre, c.RangeCentre, c.RangeLimit = values.Centre, ranges.Centre, ranges.Hi
		for i := range points {
			if points[i].Gap == "" {
				points[i].Lo, points[i].Hi = values.Lo, values.Hi
			}
		}
	case ChartP:
		k, of := make([]int, n), make([]int, n)
		for i := range points {
			if points[i].Gap == "" {
				k[i], of[i] = numerator(&s.results[i]), s.results[i].N
			}
		}
		c.set(stats.Laney(k, of))
	case ChartU:
		counts := make([]stats.Count, n)
		for i := range points {
			if points[i].Gap == "" {
				counts[i] = countOf(&s.results[i])
			}
		}
		c.set(stats.U(counts))
	}
}

func (c *Chart) set(limits []stats.Limits) {
	for i, l := range limits {
		if c.Points[i].Gap == "" {
			c.Centre, c.Points[i].Lo, c.Points[i].Hi = l.Centre, l.Lo, l.Hi
		}
	}
}

// judge applies the rules.
func (c *Chart) judge() {
	side, start := 0, 0
	for i := range c.Points {
		p := &c.Points[i]
		p.Beyond = p.Value < p.Lo || p.Value > p.Hi
		p.Jumped = p.Range > c.RangeLimit
		now := 0
		switch {
		case p.Value > c.Centre:
			now = 1
		case p.Value < c.Centre:
			now = -1
		}
		if now != side {
			side, start = now, i
		}
		if side != 0 && i-start+1 >= runLength {
			for j := start; j <= i; j++ {
				c.Points[j].Run = true
			}
		}
	}
}

// TimesBetween is a [ChartT]: the times between events that are too rare for a
// rate by week, such as failed deployments. at are the events' moments, in any order;
// [Report.Explain] lists those of a fail rate as [UseNumerator]. A point below its
// lower limit came too soon, one above the upper is good news. There must be at
// least three events.
func TimesBetween(at []time.Time) (Chart, error) {
	if len(at) <= minChart {
		return Chart{}, fmt.Errorf("metrics: %d events are too few for a chart", len(at))
	}
	if len(at) > maxSeries {
		return Chart{}, fmt.Errorf("metrics: %d events are more than %d", len(at), maxSeries)
	}
	at = slices.SortedFunc(slices.Values(at), time.Time.Compare)
	nan := math.NaN()
	c := Chart{Kind: ChartT, RangeCentre: nan, RangeLimit: nan}
	times := make([]float64, len(at)-1)
	for i := range times {
		times[i] = at[i+1].Sub(at[i]).Seconds()
	}
	l := stats.T(times)
	c.Centre = l.Centre
	for i, v := range times {
		c.Points = append(c.Points, ChartPoint{From: at[i], To: at[i+1], Value: v, Lo: l.Lo, Hi: l.Hi, Range: nan})
	}
	c.judge()
	return c, nil
}
