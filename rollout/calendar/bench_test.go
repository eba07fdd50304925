package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// berlin is a calendar with n freezes, a year apart and a month long each.
func berlin(n int) calendar.Calendar {
	c := calendar.Calendar{Zone: "Europe/Berlin", Open: []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "17:00"}}}
	for i := range n {
		c.Freezes = append(c.Freezes, calendar.Freeze{Name: fmt.Sprint("freeze ", i),
			From: calendar.DateTime(fmt.Sprintf("%d-12-10T00:00", 2026+i)), To: calendar.DateTime(fmt.Sprintf("%d-01-10T00:00", 2027+i))})
	}
	return c
}

// What an engine pays for a question: Calendar reads the zone's rules each time, a
// Schedule once.
func BenchmarkAt(b *testing.B) {
	year := calendar.Calendar{Zone: "Europe/Berlin", Freezes: []calendar.Freeze{{Name: "year", From: "2027-01-01T00:00", To: "2028-01-01T00:00"}}}
	for _, c := range []struct {
		name  string
		c     calendar.Calendar
		now   time.Time
		until time.Duration
	}{
		{"hours", berlin(5), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), 4 * time.Hour},
		{"month", berlin(5), time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC), 31*24*time.Hour + 20*time.Hour},
		{"year", year, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), 365 * 24 * time.Hour},
		{"500 freezes", berlin(calendar.MaxFreezes), time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC), 31*24*time.Hour + 20*time.Hour},
	} {
		s := schedule(b, c.c)
		require.Equal(b, c.until, at(b, s, c.now).Until.Sub(c.now))
		b.Run("Schedule/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.At(c.now)
			}
		})
		b.Run("Calendar/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.c.At(c.now)
			}
		})
	}
	b.Run("LoadLocation", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = time.LoadLocation("Europe/Berlin")
		}
	})
}
