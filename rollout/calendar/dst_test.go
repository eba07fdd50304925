package calendar_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

func hours(days calendar.Days, from, to calendar.Clock) calendar.Calendar {
	return calendar.Calendar{Open: []calendar.Hours{{Days: days, From: from, To: to}}}
}

func freeze(from, to calendar.DateTime) calendar.Calendar {
	return calendar.Calendar{Freezes: []calendar.Freeze{{Name: "f", From: from, To: to}}}
}

// Where clocks are changed: the windows in UTC that follow a moment. An end that is ""
// is never.
func TestWindowsWhereClocksAreChanged(t *testing.T) {
	t.Parallel()
	const sun, every = calendar.Sunday, calendar.EveryDay
	for _, c := range []struct {
		name, zone string
		c          calendar.Calendar
		from       string
		want       []string
	}{
		// Berlin puts clocks forward at 01:00 UTC from 02:00 to 03:00, and back at 01:00
		// UTC from 03:00 to 02:00.
		{"hours in a gap are left out", "Europe/Berlin", hours(sun, "02:15", "02:45"), "2026-03-28T00:00",
			[]string{"2026-04-05T00:15 2026-04-05T00:45"}},
		{"hours from within a gap begin with the change", "Europe/Berlin", hours(sun, "02:30", "05:00"), "2026-03-28T00:00",
			[]string{"2026-03-29T01:00 2026-03-29T03:00"}},
		{"hours until within a gap end with the change", "Europe/Berlin", hours(sun, "01:00", "02:30"), "2026-03-28T00:00",
			[]string{"2026-03-29T00:00 2026-03-29T01:00"}},
		{"hours that end where a gap begins", "Europe/Berlin", hours(sun, "01:00", "02:00"), "2026-03-28T00:00",
			[]string{"2026-03-29T00:00 2026-03-29T01:00"}},
		{"hours that begin where a gap ends", "Europe/Berlin", hours(sun, "03:00", "04:00"), "2026-03-28T00:00",
			[]string{"2026-03-29T01:00 2026-03-29T02:00"}},
		{"hours on both sides of a gap are one window", "Europe/Berlin",
			calendar.Calendar{Open: []calendar.Hours{{Days: sun, From: "01:00", To: "02:00"}, {Days: sun, From: "03:00", To: "04:00"}}}, "2026-03-28T00:00",
			[]string{"2026-03-29T00:00 2026-03-29T02:00", "2026-04-04T23:00 2026-04-05T00:00", "2026-04-05T01:00 2026-04-05T02:00"}},
		{"hours in an overlap are open twice", "Europe/Berlin", hours(sun, "02:15", "02:45"), "2026-10-24T00:00",
			[]string{"2026-10-25T00:15 2026-10-25T00:45", "2026-10-25T01:15 2026-10-25T01:45", "2026-11-01T01:15 2026-11-01T01:45"}},
		{"hours until within an overlap are open again", "Europe/Berlin", hours(sun, "00:00", "02:30"), "2026-10-24T00:00",
			[]string{"2026-10-24T22:00 2026-10-25T00:30", "2026-10-25T01:00 2026-10-25T01:30"}},
		{"hours from within an overlap have a break", "Europe/Berlin", hours(sun, "02:30", "05:00"), "2026-10-24T00:00",
			[]string{"2026-10-25T00:30 2026-10-25T01:00", "2026-10-25T01:30 2026-10-25T04:00"}},
		{"hours around an overlap are six", "Europe/Berlin", hours(sun, "00:00", "05:00"), "2026-10-24T00:00",
			[]string{"2026-10-24T22:00 2026-10-25T04:00"}},
		{"hours of the overlap itself are two without a break", "Europe/Berlin", hours(sun, "02:00", "03:00"), "2026-10-24T00:00",
			[]string{"2026-10-25T00:00 2026-10-25T02:00"}},

		{"a freeze from within a gap begins with the change", "Europe/Berlin", freeze("2026-03-29T02:30", "2026-03-29T12:00"), "2026-03-28T00:00",
			[]string{"2026-03-28T00:00 2026-03-29T01:00", "2026-03-29T10:00 "}},
		{"a freeze until within a gap ends with the change", "Europe/Berlin", freeze("2026-03-28T12:00", "2026-03-29T02:30"), "2026-03-28T00:00",
			[]string{"2026-03-28T00:00 2026-03-28T11:00", "2026-03-29T01:00 "}},
		{"a freeze within a gap is never in force", "Europe/Berlin", freeze("2026-03-29T02:15", "2026-03-29T02:45"), "2026-03-28T00:00",
			[]string{"2026-03-28T00:00 "}},
		{"a freeze of the gap itself is never in force", "Europe/Berlin", freeze("2026-03-29T02:00", "2026-03-29T03:00"), "2026-03-28T00:00",
			[]string{"2026-03-28T00:00 "}},
		{"a freeze from within an overlap begins with the first", "Europe/Berlin", freeze("2026-10-25T02:30", "2026-10-25T12:00"), "2026-10-24T00:00",
			[]string{"2026-10-24T00:00 2026-10-25T00:30", "2026-10-25T11:00 "}},
		{"a freeze until within an overlap ends with the second", "Europe/Berlin", freeze("2026-10-24T12:00", "2026-10-25T02:30"), "2026-10-24T00:00",
			[]string{"2026-10-24T00:00 2026-10-24T10:00", "2026-10-25T01:30 "}},
		{"a freeze within an overlap has no hole", "Europe/Berlin", freeze("2026-10-25T02:15", "2026-10-25T02:45"), "2026-10-24T00:00",
			[]string{"2026-10-24T00:00 2026-10-25T00:15", "2026-10-25T01:45 "}},
		{"a freeze until where an overlap begins", "Europe/Berlin", freeze("2026-10-24T12:00", "2026-10-25T02:00"), "2026-10-24T00:00",
			[]string{"2026-10-24T00:00 2026-10-24T10:00", "2026-10-25T00:00 "}},
		{"a freeze from where an overlap ends", "Europe/Berlin", freeze("2026-10-25T03:00", "2026-10-25T12:00"), "2026-10-24T00:00",
			[]string{"2026-10-24T00:00 2026-10-25T02:00", "2026-10-25T11:00 "}},
		{"two freezes that meet within an overlap", "Europe/Berlin", calendar.Calendar{Freezes: []calendar.Freeze{
			{Name: "a", From: "2026-10-24T12:00", To: "2026-10-25T02:30"}, {Name: "b", From: "2026-10-25T02:30", To: "2026-10-25T12:00"}}}, "2026-10-24T00:00",
			[]string{"2026-10-24T00:00 2026-10-24T10:00", "2026-10-25T11:00 "}},

		// Half an hour.
		{"Lord Howe, gap", "Australia/Lord_Howe", hours(sun, "02:10", "03:00"), "2026-10-03T00:00",
			[]string{"2026-10-03T15:30 2026-10-03T16:00"}}, // from 02:30 on
		{"Lord Howe, overlap", "Australia/Lord_Howe", hours(sun, "01:40", "02:00"), "2026-04-04T00:00",
			[]string{"2026-04-04T14:40 2026-04-04T15:00", "2026-04-04T15:10 2026-04-04T15:30"}},
		// Two hours.
		{"Troll, gap", "Antarctica/Troll", hours(sun, "01:30", "03:30"), "2024-03-30T00:00",
			[]string{"2024-03-31T01:00 2024-03-31T01:30"}},
		{"Troll, overlap", "Antarctica/Troll", freeze("2024-10-27T01:30", "2024-10-27T02:30"), "2024-10-26T00:00",
			[]string{"2024-10-26T00:00 2024-10-26T23:30", "2024-10-27T02:30 "}},
		// Back for Ramadan.
		{"Casablanca", "Africa/Casablanca", hours(every, "09:00", "10:00"), "2024-03-09T00:00",
			[]string{"2024-03-09T08:00 2024-03-09T09:00", "2024-03-10T09:00 2024-03-10T10:00"}},
		// No midnight: the clock goes from 23:59 to 01:00.
		{"Sao Paulo, no midnight", "America/Sao_Paulo", hours(sun, "00:00", "02:00"), "2018-11-03T00:00",
			[]string{"2018-11-04T03:00 2018-11-04T04:00"}},
		{"Sao Paulo, a freeze from no midnight", "America/Sao_Paulo", freeze("2018-11-04T00:00", "2018-11-05T00:00"), "2018-11-03T00:00",
			[]string{"2018-11-03T00:00 2018-11-04T03:00", "2018-11-05T02:00 "}},
		{"Sao Paulo, the last hour of Saturday twice", "America/Sao_Paulo", hours(calendar.Saturday, "22:00", "24:00"), "2018-02-17T00:00",
			[]string{"2018-02-18T00:00 2018-02-18T03:00"}},
		{"Sao Paulo, Sunday begins after the second", "America/Sao_Paulo", hours(sun, "00:00", "01:00"), "2018-02-17T00:00",
			[]string{"2018-02-18T03:00 2018-02-18T04:00"}},
		{"Havana, midnight twice", "America/Havana", freeze("2024-11-03T00:00", "2024-11-03T00:30"), "2024-11-02T00:00",
			[]string{"2024-11-02T00:00 2024-11-03T04:00", "2024-11-03T05:30 "}},
		// Friday, 30 December 2011, was skipped: after Thursday came Saturday.
		{"Apia, hours of a day that was skipped", "Pacific/Apia", hours(calendar.Friday, "00:00", "24:00"), "2011-12-28T00:00",
			[]string{"2012-01-05T10:00 2012-01-06T10:00"}},
		{"Apia, a window over the day", "Pacific/Apia", hours(calendar.Thursday|calendar.Saturday, "00:00", "24:00"), "2011-12-28T00:00",
			[]string{"2011-12-29T10:00 2011-12-31T10:00"}},
		{"Apia, a freeze of the day", "Pacific/Apia", freeze("2011-12-30T00:00", "2011-12-31T00:00"), "2011-12-28T00:00",
			[]string{"2011-12-28T00:00 "}},
		{"Apia, a freeze from the day on", "Pacific/Apia", freeze("2011-12-30T12:00", "2012-01-01T00:00"), "2011-12-28T00:00",
			[]string{"2011-12-28T00:00 2011-12-30T10:00", "2011-12-31T10:00 "}},
		// 44 minutes and 30 seconds behind UTC until January 1972.
		{"Monrovia, seconds", "Africa/Monrovia", hours(every, "00:10", "09:00"), "1972-01-06T12:00",
			[]string{"1972-01-07T00:44:30 1972-01-07T09:00", "1972-01-08T00:10 1972-01-08T09:00"}},
		// Everybody's year has 366 days now and then.
		{"leap day", "UTC", freeze("2028-02-29T00:00", "2028-03-01T00:00"), "2028-02-28T00:00",
			[]string{"2028-02-28T00:00 2028-02-29T00:00", "2028-03-01T00:00 "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.c.Zone = c.zone
			got, err := c.c.Windows(utc(t, c.from), len(c.want))
			require.NoError(t, err)
			var want []calendar.Window
			for _, w := range c.want {
				from, to, ok := strings.Cut(w, " ")
				require.True(t, ok)
				window := calendar.Window{From: utc(t, from)}
				if to != "" {
					window.To = utc(t, to)
				}
				want = append(want, window)
			}
			require.Equal(t, want, got)
		})
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	work := []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "17:00"}}
	christmas := calendar.Freeze{Name: "Christmas", From: "2026-12-20T00:00", To: "2027-01-04T00:00"}
	for _, c := range []struct {
		name string
		c    calendar.Calendar
		now  string
		want calendar.Status
	}{
		{"always", calendar.Calendar{}, "2026-11-23T12:00", calendar.Status{Open: true, Why: "open for ever"}},
		{"the whole week in pieces", calendar.Calendar{Open: []calendar.Hours{{Days: calendar.EveryDay, From: "12:00", To: "24:00"}, {Days: calendar.EveryDay, From: "00:00", To: "12:00"}}}, "2026-11-23T12:00",
			calendar.Status{Open: true, Why: "open for ever"}},
		{"the whole week in pieces, until a freeze", calendar.Calendar{Open: []calendar.Hours{{Days: calendar.EveryDay, From: "12:00", To: "24:00"}, {Days: calendar.EveryDay, From: "00:00", To: "12:00"}},
			Freezes: []calendar.Freeze{{Name: "far", From: "2999-01-01T00:00", To: "2999-12-31T23:59"}}}, "2026-11-23T12:00",
			calendar.Status{Open: true, Until: utc(t, "2999-01-01T00:00"), Why: `open until Tue 2999-01-01 00:00 +00:00, when freeze "far" begins`}},
		{"from is within", calendar.Calendar{Open: work}, "2026-11-23T09:00",
			calendar.Status{Open: true, Until: utc(t, "2026-11-23T17:00"), Why: "open until Mon 2026-11-23 17:00 +00:00"}},
		{"to is not", calendar.Calendar{Open: work}, "2026-11-23T17:00",
			calendar.Status{Until: utc(t, "2026-11-24T09:00"), Why: "closed outside of business hours until Tue 2026-11-24 09:00 +00:00"}},
		{"the second before", calendar.Calendar{Open: work}, "2026-11-23T16:59:59",
			calendar.Status{Open: true, Until: utc(t, "2026-11-23T17:00"), Why: "open until Mon 2026-11-23 17:00 +00:00"}},
		{"over a weekend", calendar.Calendar{Open: work}, "2026-11-27T17:00",
			calendar.Status{Until: utc(t, "2026-11-30T09:00"), Why: "closed outside of business hours until Mon 2026-11-30 09:00 +00:00"}},
		{"over midnight in two entries", calendar.Calendar{Open: []calendar.Hours{{Days: calendar.Sunday, From: "22:00", To: "24:00"}, {Days: calendar.Monday, From: "00:00", To: "06:00"}}}, "2026-11-22T23:00",
			calendar.Status{Open: true, Until: utc(t, "2026-11-23T06:00"), Why: "open until Mon 2026-11-23 06:00 +00:00"}},
		{"the end of the day is not in it", calendar.Calendar{Open: []calendar.Hours{{Days: calendar.Monday, From: "22:00", To: "24:00"}}}, "2026-11-24T00:00",
			calendar.Status{Until: utc(t, "2026-11-30T22:00"), Why: "closed outside of business hours until Mon 2026-11-30 22:00 +00:00"}},
		{"until a freeze, months ahead", calendar.Calendar{Freezes: []calendar.Freeze{christmas}}, "2026-02-01T12:00",
			calendar.Status{Open: true, Until: utc(t, "2026-12-20T00:00"), Why: `open until Sun 2026-12-20 00:00 +00:00, when freeze "Christmas" begins`}},
		{"a freeze begins", calendar.Calendar{Freezes: []calendar.Freeze{christmas}}, "2026-12-20T00:00",
			calendar.Status{Freeze: "Christmas", Until: utc(t, "2027-01-04T00:00"), Why: `closed by freeze "Christmas" until Mon 2027-01-04 00:00 +00:00`}},
		{"a freeze is over", calendar.Calendar{Freezes: []calendar.Freeze{christmas}}, "2027-01-04T00:00", calendar.Status{Open: true, Why: "open for ever"}},
		{"a freeze that ends out of hours", calendar.Calendar{Open: work, Freezes: []calendar.Freeze{christmas}}, "2026-12-24T12:00",
			calendar.Status{Freeze: "Christmas", Until: utc(t, "2027-01-04T09:00"), Why: `closed by freeze "Christmas" until Mon 2027-01-04 09:00 +00:00`}},
		{"a freeze before hours begin again", calendar.Calendar{Open: work, Freezes: []calendar.Freeze{christmas}}, "2026-12-18T20:00",
			calendar.Status{Until: utc(t, "2027-01-04T09:00"), Why: `closed outside of business hours and then by freeze "Christmas" until Mon 2027-01-04 09:00 +00:00`}},
		{"overlapping freezes: the one that ends last", calendar.Calendar{Freezes: []calendar.Freeze{
			{Name: "long", From: "2026-11-20T00:00", To: "2026-12-01T00:00"}, christmas, {Name: "short", From: "2026-11-22T00:00", To: "2026-11-24T00:00"}}}, "2026-11-23T12:00",
			calendar.Status{Freeze: "long", Until: utc(t, "2026-12-01T00:00"), Why: `closed by freeze "long" until Tue 2026-12-01 00:00 +00:00`}},
		{"adjacent freezes are one closure", calendar.Calendar{Freezes: []calendar.Freeze{
			{Name: "b", From: "2026-11-24T00:00", To: "2026-11-26T00:00"}, {Name: "a", From: "2026-11-22T00:00", To: "2026-11-24T00:00"}}}, "2026-11-23T12:00",
			calendar.Status{Freeze: "a", Until: utc(t, "2026-11-26T00:00"), Why: `closed by freeze "a" until Thu 2026-11-26 00:00 +00:00`}},
		{"a gap of a minute between freezes is open", calendar.Calendar{Freezes: []calendar.Freeze{
			{Name: "b", From: "2026-11-24T00:01", To: "2026-11-26T00:00"}, {Name: "a", From: "2026-11-22T00:00", To: "2026-11-24T00:00"}}}, "2026-11-24T00:00:30",
			calendar.Status{Open: true, Until: utc(t, "2026-11-24T00:01"), Why: `open until Tue 2026-11-24 00:01 +00:00, when freeze "b" begins`}},
		{"a freeze that begins as hours end", calendar.Calendar{Open: work, Freezes: []calendar.Freeze{{Name: "evening", From: "2026-11-23T17:00", To: "2026-11-24T12:00"}}}, "2026-11-23T12:00",
			calendar.Status{Open: true, Until: utc(t, "2026-11-23T17:00"), Why: `open until Mon 2026-11-23 17:00 +00:00, when freeze "evening" begins`}},
		{"longer than the horizon", calendar.Calendar{Open: work, Freezes: []calendar.Freeze{{Name: "sold", From: "1970-01-01T00:00", To: "2999-12-31T23:59"}}}, "2026-11-23T12:00",
			calendar.Status{Freeze: "sold", Until: utc(t, "3000-01-01T09:00"), Why: `closed by freeze "sold" until Wed 3000-01-01 09:00 +00:00`}},
		{"further than the horizon", calendar.Calendar{Freezes: []calendar.Freeze{{Name: "far", From: "2999-01-01T00:00", To: "2999-12-31T23:59"}}}, "1970-01-01T00:00",
			calendar.Status{Open: true, Until: utc(t, "2999-01-01T00:00"), Why: `open until Tue 2999-01-01 00:00 +00:00, when freeze "far" begins`}},
		{"a freeze each time that hours begin", calendar.Calendar{Open: []calendar.Hours{{Days: calendar.Monday, From: "09:00", To: "10:00"}}, Freezes: []calendar.Freeze{
			{Name: "1", From: "2026-11-23T00:00", To: "2026-11-24T00:00"}, {Name: "2", From: "2026-11-30T09:00", To: "2026-11-30T10:00"}, {Name: "3", From: "2026-12-07T08:00", To: "2026-12-07T09:59"}}}, "2026-11-22T12:00",
			calendar.Status{Until: utc(t, "2026-12-07T09:59"), Why: `closed outside of business hours and then by freeze "1" until Mon 2026-12-07 09:59 +00:00`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.c.Zone = "UTC"
			got, err := c.c.At(utc(t, c.now))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, got.Why, got.String())
		})
	}
}

// A freeze that no clock shows is not told of.
func TestFreezeInAGapIsNoReason(t *testing.T) {
	t.Parallel()
	c := calendar.Calendar{Zone: "Europe/Berlin", Open: []calendar.Hours{{Days: calendar.Monday, From: "09:00", To: "17:00"}},
		Freezes: []calendar.Freeze{{Name: "gap", From: "2026-03-29T02:15", To: "2026-03-29T02:45"}}}
	st, err := c.At(utc(t, "2026-03-28T12:00"))
	require.NoError(t, err)
	require.Equal(t, calendar.Status{Until: utc(t, "2026-03-30T07:00"), Why: "closed outside of business hours until Mon 2026-03-30 09:00 +02:00"}, st)
}

// A schedule may be asked by several goroutines; the race detector looks on.
func TestScheduleIsShared(t *testing.T) {
	t.Parallel()
	s := schedule(t, berlin(5))
	now := utc(t, "2026-11-23T12:00")
	want := at(t, s, now)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				st, err := s.At(now)
				assert.NoError(t, err)
				assert.Equal(t, want, st)
				for range s.Windows(now) {
					break
				}
			}
		})
	}
	all.Wait()
}

// What now carries beside the moment makes no difference, and nothing of it comes out:
// a monotonic reading would stand still in a laptop that sleeps.
func TestOnlyTheMomentCounts(t *testing.T) {
	t.Parallel()
	c := calendar.Calendar{Zone: "Europe/Berlin", Open: []calendar.Hours{{Days: calendar.EveryDay, From: "00:00", To: "23:59"}}}
	now := time.Now()
	require.NotEqual(t, now.Round(0), now, "now has a monotonic reading")
	want, err := c.At(now.Round(0).UTC())
	require.NoError(t, err)
	for _, same := range []time.Time{now, now.UTC(), now.In(zone(t, "Asia/Kathmandu")), now.In(time.FixedZone("", -7*3600))} {
		got, err := c.At(same)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, got.Until, got.Until.Round(0))
		require.Equal(t, time.UTC, got.Until.Location())
	}
	next, err := calendar.Calendar{Zone: "UTC"}.NextOpen(now)
	require.NoError(t, err)
	require.Equal(t, now.Round(0).UTC(), next)
}

// A machine that has lost its clock gets no verdict.
func TestAtRefusesAWrongClock(t *testing.T) {
	t.Parallel()
	c := calendar.Calendar{Zone: "Pacific/Auckland"}
	for _, now := range []time.Time{{}, utc(t, "1969-12-31T23:59:59"), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(292277024627, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Unix(1<<62, 0), time.Unix(-1<<62, 0)} {
		st, err := c.At(now)
		require.ErrorContains(t, err, "the clock is wrong")
		require.Zero(t, st)
		next, err := c.NextOpen(now)
		require.ErrorContains(t, err, "the clock is wrong")
		require.Zero(t, next)
		windows, err := c.Windows(now, 1)
		require.ErrorContains(t, err, "the clock is wrong")
		require.Nil(t, windows)
		for w := range schedule(t, c).Windows(now) {
			require.Fail(t, "a window", "%v", w)
		}
	}
	for _, now := range []time.Time{time.Unix(0, 0), time.Date(2999, 12, 31, 23, 59, 59, 999999999, time.UTC)} {
		st, err := c.At(now)
		require.NoError(t, err)
		require.True(t, st.Open)
	}
}

// A list of windows ends, and may be left.
func TestWindowsEnd(t *testing.T) {
	t.Parallel()
	c := calendar.Calendar{Zone: "UTC", Open: []calendar.Hours{{Days: calendar.Wednesday, From: "09:00", To: "10:00"}}}
	for _, n := range []int{0, -1} {
		none, err := c.Windows(utc(t, "2026-11-23T12:00"), n)
		require.NoError(t, err)
		require.Empty(t, none)
	}
	all, err := c.Windows(utc(t, "2999-12-01T12:00"), 1_000_000)
	require.NoError(t, err)
	require.Len(t, all, 4)
	require.Equal(t, calendar.Window{From: utc(t, "2999-12-25T09:00"), To: utc(t, "2999-12-25T10:00")}, all[3])
	seen := 0
	for range schedule(t, c).Windows(utc(t, "2026-11-23T12:00")) {
		if seen++; seen == 2 {
			break
		}
	}
	require.Equal(t, 2, seen)
	open, err := calendar.Calendar{Zone: "UTC"}.Windows(utc(t, "2026-11-23T12:00"), 5)
	require.NoError(t, err)
	require.Equal(t, []calendar.Window{{From: utc(t, "2026-11-23T12:00")}}, open, "for ever")
}
