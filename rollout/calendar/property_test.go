package calendar_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// changes are nights, and in Apia a day, on which clocks were changed.
var changes = []struct{ zone, day, what string }{
	{"UTC", "2026-06-01", "nothing"},
	{"Europe/Berlin", "2026-03-29", "02:00 to 03:00"},
	{"Europe/Berlin", "2026-10-25", "03:00 to 02:00"},
	{"America/New_York", "2026-03-08", "02:00 to 03:00"},
	{"America/New_York", "2026-11-01", "02:00 to 01:00"},
	{"Europe/Dublin", "2026-10-25", "02:00 to 01:00, and summer is called standard"},
	{"Australia/Lord_Howe", "2026-04-05", "02:00 to 01:30"},
	{"Australia/Lord_Howe", "2026-10-04", "02:00 to 02:30"},
	{"Antarctica/Troll", "2024-03-31", "01:00 to 03:00"},
	{"Antarctica/Troll", "2024-10-27", "03:00 to 01:00"},
	{"Africa/Casablanca", "2024-03-10", "03:00 to 02:00, for Ramadan"},
	{"Africa/Casablanca", "2024-04-14", "02:00 to 03:00"},
	{"America/Sao_Paulo", "2018-11-04", "00:00 to 01:00: no midnight"},
	{"America/Sao_Paulo", "2018-02-18", "00:00 to 23:00: 23:00 twice"},
	{"America/Havana", "2024-03-10", "00:00 to 01:00"},
	{"America/Havana", "2024-11-03", "01:00 to 00:00: midnight twice"},
	{"Asia/Beirut", "2022-03-27", "00:00 to 01:00"},
	{"Pacific/Apia", "2011-12-30", "the whole day is skipped"},
	{"Pacific/Kwajalein", "1993-08-21", "the whole day is skipped"},
	{"Asia/Kathmandu", "1986-01-01", "00:00 to 00:15"},
	{"Asia/Pyongyang", "2018-05-05", "23:30 to 00:00 of the day after"},
	{"America/Caracas", "2016-05-01", "02:30 to 03:00"},
	{"Asia/Kolkata", "2026-06-01", "nothing, at +05:30"},
}

const (
	before = 3 * 24 * time.Hour // of each change that the oracle looks at
	behind = 5 * 24 * time.Hour
)

func around(t require.TestingT, zoneName, day string) []minute {
	middle := utc(t, day+"T00:00")
	return minutes(zone(t, zoneName), middle.Add(-before), middle.Add(behind))
}

func clocks(rt *rapid.T, first, last int) calendar.Clock {
	m := rapid.OneOf(rapid.IntRange(first, last), rapid.Map(rapid.IntRange(0, 16), func(i int) int { return min(max(i*15, first), last) })).Draw(rt, "clock")
	return calendar.Clock(fmt.Sprintf("%02d:%02d", m/60, m%60))
}

// calendars are any for the zone, with ends of hours and freezes where clocks are
// changed more often than not.
func calendars(rt *rapid.T, zone, day string) calendar.Calendar {
	c := calendar.Calendar{Zone: zone}
	for range rapid.IntRange(0, 5).Draw(rt, "hours") {
		from := clocks(rt, 0, 23*60+59)
		minute := int(from[0]-'0')*600 + int(from[1]-'0')*60 + int(from[3]-'0')*10 + int(from[4]-'0')
		h := calendar.Hours{Days: calendar.Days(rapid.IntRange(1, 127).Draw(rt, "days")), From: from, To: clocks(rt, minute+1, 24*60)}
		if !slices.Contains(c.Open, h) {
			c.Open = append(c.Open, h)
		}
	}
	middle := utc(rt, day+"T00:00")
	end := func(what string) time.Time {
		m := rapid.OneOf(rapid.IntRange(-2*24*60, 4*24*60), rapid.IntRange(-90, 240)).Draw(rt, what)
		return middle.Add(time.Duration(m) * time.Minute)
	}
	for range rapid.IntRange(0, 4).Draw(rt, "freezes") {
		from, to := end("from"), end("to")
		if to.Before(from) {
			from, to = to, from
		}
		f := calendar.Freeze{Name: "f", From: calendar.DateTime(from.Format("2006-01-02T15:04")), To: calendar.DateTime(to.Format("2006-01-02T15:04"))}
		if f.From != f.To && !slices.Contains(c.Freezes, f) {
			c.Freezes = append(c.Freezes, f)
		}
	}
	return c
}

func TestAgreesWithTheClockMinuteByMinute(t *testing.T) {
	t.Parallel()
	for _, d := range changes {
		t.Run(d.zone+" "+d.day, func(t *testing.T) {
			t.Parallel()
			all := around(t, d.zone, d.day)
			end := all[len(all)-1].at.Add(time.Minute)
			rapid.Check(t, func(rt *rapid.T) {
				c := calendars(rt, d.zone, d.day)
				require.NoError(rt, c.Validate())
				s := schedule(rt, c)
				open := oracle(c, all)
				// next[i] is the first minute after i that differs, len(all) if none does.
				next := make([]int, len(all))
				for i := len(all) - 1; i >= 0; i-- {
					switch {
					case i == len(all)-1 || open[i+1] != open[i]:
						next[i] = i + 1
					default:
						next[i] = next[i+1]
					}
				}
				check := func(i int, within time.Duration) {
					now := all[i].at.Add(within)
					st, err := s.At(now)
					opens, err2 := s.NextOpen(now)
					if err != nil || err2 != nil || st.Open != open[i] {
						rt.Fatalf("%v: at %s it is %v, %v, %v", c, all[i].reading, st, err, err2)
					}
					if next[i] < len(all) && !st.Until.Equal(all[next[i]].at) || next[i] == len(all) && !st.Until.IsZero() && st.Until.Before(end) {
						rt.Fatalf("%v: at %s until %v", c, all[i].reading, st.Until)
					}
					if st.Open && opens != now || !st.Open && opens != st.Until {
						rt.Fatalf("%v: at %s it opens at %v", c, all[i].reading, opens)
					}
				}
				within := time.Duration(rapid.Int64Range(0, int64(time.Minute)-1).Draw(rt, "within"))
				for i := 0; i < len(all); i += 47 {
					check(i, within)
				}
				for i := range all { // just before and at each edge
					if i > 0 && open[i] != open[i-1] {
						check(i-1, time.Minute-1)
						check(i, 0)
					}
				}
			})
		})
	}
}

// The windows of a year and more are those of a clock that is read each minute.
func TestWindowsOfAYear(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := calendar.Calendar{Zone: name,
				Open: []calendar.Hours{
					{Days: calendar.Weekdays, From: "09:00", To: "12:30"},
					{Days: calendar.Weekdays, From: "12:30", To: "17:00"}, // adjacent
					{Days: calendar.Friday, From: "16:00", To: "24:00"},   // overlapping
					{Days: calendar.Saturday | calendar.Sunday, From: "00:00", To: "02:20"},
				},
				Freezes: []calendar.Freeze{
					{Name: "Christmas", From: "2023-12-20T00:00", To: "2024-01-04T00:00"},
					{Name: "spring", From: "2024-03-31T02:10", To: "2024-03-31T02:40"},
					{Name: "autumn", From: "2024-10-27T01:10", To: "2024-10-27T01:40"},
					{Name: "Christmas", From: "2024-12-20T00:00", To: "2024-12-27T00:00"},
					{Name: "between the years", From: "2024-12-26T00:00", To: "2025-01-06T10:15"},
				}}
			from, to := utc(t, "2023-12-01T00:00"), utc(t, "2025-02-01T00:00")
			all := minutes(zone(t, name), from, to)
			want := windows(all, oracle(c, all))
			if last := len(want) - 1; want[last].To.IsZero() {
				want = want[:last]
			}
			require.Greater(t, len(want), 300)
			got, err := c.Windows(from, len(want))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}
