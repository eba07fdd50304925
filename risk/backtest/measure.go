package backtest

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Measure is a number, if it is known, and its interval, if that is. No data is not the
// number 0: it says so, and why.
type Measure struct {
	// Value is the number if Known says so.
	Value float64 `json:"value"`
	Known bool    `json:"known"`
	// Lo and Hi are the ends of the interval if Bounded says so.
	Lo      float64 `json:"lo"`
	Hi      float64 `json:"hi"`
	Bounded bool    `json:"bounded"`
	// N is how many releases it is of.
	N int `json:"n"`
	// Why says what is missing, the number or its interval.
	Why string `json:"why,omitempty"`
}

// String is the number with its interval, "0.75 (0.70 to 0.79)", or why there is none.
func (m Measure) String() string { return m.text("%.2f", 1) }

// Percent is String in percent: "75 % (70 to 79 %)".
func (m Measure) Percent() string { return m.text("%.0f %%", 100) }

func (m Measure) text(format string, by float64) string {
	switch {
	case !m.Known:
		return "no data: " + m.Why
	case !m.Bounded:
		return fmt.Sprintf(format+" (no interval: %s)", by*m.Value, m.Why)
	}
	return fmt.Sprintf(format+" ("+strings.TrimSuffix(format, " %%")+" to "+format+")", by*m.Value, by*m.Lo, by*m.Hi)
}

// proportion is k of n with its exact interval (Clopper and Pearson, 1934).
func proportion(k, n int, level float64, none string) Measure {
	if n == 0 {
		return Measure{Why: none}
	}
	i := stats.ClopperPearson(k, n, level)
	return Measure{Value: float64(k) / float64(n), Known: true, Lo: i.Lo, Hi: i.Hi, Bounded: true, N: n}
}

// estimated is a bootstrap estimate from n releases.
func estimated(e skill.Estimate, n int, none string) Measure {
	m := Measure{Value: e.Value, Known: e.Known, Lo: e.Interval.Lo, Hi: e.Interval.Hi, Bounded: e.Bounded, N: n}
	switch {
	case !e.Known:
		m.Why = none
	case !e.Bounded:
		m.Why = "the data give none"
	}
	return m
}
