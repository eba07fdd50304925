package prometheus

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// bounds are a window's instants in milliseconds since 1970.
type bounds struct {
	from       int64 // how far back the answer reaches
	start, end int64
	skew       int64         // by how much clocks may differ
	closes     time.Time     // when the window is closed, by any clock
	window     health.Window // itself
}

// bounds checks that the window can be read now.
func (r *Reader) bounds(w health.Window, exprs bool) (bounds, error) {
	if err := w.Validate(); err != nil {
		return bounds{}, fmt.Errorf("prometheus: %w", err)
	}
	until := w.End.Add(r.o.Lag)
	if r.o.Now().Before(until) {
		return bounds{}, &health.OpenError{Window: w, Until: until}
	}
	if w.Start.Nanosecond()%1e6 != 0 || w.End.Nanosecond()%1e6 != 0 {
		return bounds{}, fmt.Errorf("prometheus: window %s: times are kept in whole milliseconds", w.ID())
	}
	if exprs && (w.Length()%r.o.Step != 0 || w.Length()/r.o.Step > 10_000) {
		return bounds{}, fmt.Errorf("prometheus: window %s is not a multiple of the step %v, or more than 10000", w.ID(), r.o.Step)
	}
	return bounds{from: w.Start.Add(-r.o.Lookback).UnixMilli(), start: w.Start.UnixMilli(), end: w.End.UnixMilli(),
		skew: max(restart, r.o.Lag.Milliseconds()), closes: until, window: w}, nil
}

// dated checks that the window is closed by the clock of the store too, if it says
// what time it has: Date is cut to the second, and may be older by another.
func (r *Reader) dated(answer http.Header, b bounds) error {
	date, err := http.ParseTime(answer.Get("Date"))
	if err != nil || !date.Add(time.Second).Before(b.closes) {
		return nil
	}
	return &health.OpenError{Window: b.window, Until: r.o.Now().Add(b.closes.Sub(date))}
}
