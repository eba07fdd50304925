package health

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Window is a closed span of time, Start included and End not. Closed means that
// nothing that is counted in it can still change: End has passed, and so has the
// time that events need to be counted. Windows are equal when they span the same
// instants, in whatever time zone these are written.
type Window struct {
	// Start is the first instant of the window. End is the first after it.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// WindowAt is the window of a length that ends last at or before t, among those
// that follow each other from the Unix epoch on: two readers that are started at
// different times read the same windows. A length that is not positive, and a
// window that [Window.Validate] refuses, give the zero Window.
func WindowAt(t time.Time, length time.Duration) Window {
	if length <= 0 || !inRange(t) {
		return Window{}
	}
	since := t.UnixNano() % int64(length)
	if since < 0 {
		since += int64(length)
	}
	end := t.Add(-time.Duration(since)).UTC()
	w := Window{Start: end.Add(-length), End: end}
	if w.Validate() != nil {
		return Window{}
	}
	return w
}

// ID names the window: when it starts, in RFC 3339 and UTC, then "/", then how long
// it is, such as "2026-03-01T12:00:00Z/1m0s". Windows have the same ID exactly if
// they span the same instants.
func (w Window) ID() string {
	return w.Start.UTC().Format(time.RFC3339Nano) + "/" + w.Length().String()
}

// Length is how long the window is.
func (w Window) Length() time.Duration { return w.End.Sub(w.Start) }

// Equal reports whether two windows span the same instants.
func (w Window) Equal(v Window) bool { return w.Start.Equal(v.Start) && w.End.Equal(v.End) }

// Next is the window of the same length that follows.
func (w Window) Next() Window { return Window{Start: w.End, End: w.End.Add(w.Length())} }

// Validate reports why the window is none: it must not be empty or backward, and
// must lie between 1678 and 2261, where nanoseconds can be counted.
func (w Window) Validate() error {
	switch {
	case w.Start.IsZero() || w.End.IsZero():
		return errors.New("health: window: start and end must both be given")
	case !inRange(w.Start) || !inRange(w.End):
		return fmt.Errorf("health: window: %v to %v is not between the years 1678 and 2261", w.Start, w.End)
	case !w.Start.Before(w.End):
		return fmt.Errorf("health: window: the start %v is not before the end %v", w.Start, w.End)
	case w.Length() == math.MaxInt64:
		return fmt.Errorf("health: window: %v to %v is too long", w.Start, w.End)
	}
	return nil
}

// firstInstant and lastInstant bound the times that windows may have. Nanoseconds
// since 1970 overflow a hundred days outside them: a rule's longest span is shorter.
func firstInstant() time.Time { return time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC) }
func lastInstant() time.Time  { return time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC) }

// inRange reports whether t has a number of nanoseconds since 1970.
func inRange(t time.Time) bool { return !t.Before(firstInstant()) && !t.After(lastInstant()) }
