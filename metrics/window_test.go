package metrics_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones below on any machine

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// windowsOf gives the windows of a query by the results of one deployment.
func windowsOf(t *testing.T, q metrics.Query) (out []metrics.Window) {
	var log metrics.Log
	d := deploy("1", 0, "v1")
	d.At, d.Seen = q.From, q.From
	_, err := log.Add(d)
	require.NoError(t, err)
	r, err := metrics.Compute(log.Snapshot(q.To), metrics.DORA(), q)
	require.NoError(t, err)
	for res := range r.All() {
		if res.Metric == metrics.Frequency {
			out = append(out, res.Window)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// TestWindowsBeginAtTheFirstMomentOfADay compares with a search minute by minute,
// in zones that skip midnight, repeat it, or skip a whole day.
func TestWindowsBeginAtTheFirstMomentOfADay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone     string
		from, to string
	}{
		{"Europe/Berlin", "2026-03-16", "2026-04-13"},
		{"Europe/Berlin", "2026-10-12", "2026-11-09"},
		{"America/Sao_Paulo", "2017-09-25", "2017-10-30"}, // 15 October had no midnight
		{"America/Havana", "2025-10-20", "2025-11-17"},    // 2 November has two
		{"Asia/Beirut", "2025-03-17", "2025-04-14"},
		{"Pacific/Apia", "2011-12-05", "2012-01-16"}, // 30 December 2011 did not happen
		{"Asia/Kathmandu", "2026-01-05", "2026-02-02"},
	} {
		loc, err := time.LoadLocation(test.zone)
		require.NoError(t, err)
		from, err := time.ParseInLocation(time.DateOnly, test.from, loc)
		require.NoError(t, err)
		to, err := time.ParseInLocation(time.DateOnly, test.to, loc)
		require.NoError(t, err)
		for _, kind := range []metrics.WindowKind{metrics.WindowWeek, metrics.WindowMonth} {
			ws := windowsOf(t, metrics.Query{From: from, To: to, Window: kind, Location: loc})
			for i, w := range ws {
				if i > 0 {
					require.True(t, ws[i-1].To.Equal(w.From), "no gap, no overlap")
				}
				before, at := w.From.Add(-time.Minute).In(loc), w.From.In(loc)
				require.NotEqual(t, before.Format(time.DateOnly), at.Format(time.DateOnly), "%s %s", test.zone, w)
				for m := w.From.Add(-30 * time.Hour); m.Before(w.From); m = m.Add(time.Minute) {
					require.Less(t, m.In(loc).Format(time.DateOnly), at.Format(time.DateOnly), "%s %s: %s is of that day already", test.zone, w, m)
				}
				if kind == metrics.WindowWeek {
					require.Equal(t, time.Monday, at.Weekday())
				} else {
					require.Equal(t, 1, at.Day())
				}
			}
		}
	}
}

func TestWindowNamesAndLengths(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, berlin) }
	names := func(ws []metrics.Window) (out []string) {
		for _, w := range ws {
			out = append(out, w.String())
		}
		return out
	}
	weeks := windowsOf(t, metrics.Query{From: at(2026, 12, 21), To: at(2027, 1, 12), Window: metrics.WindowWeek, Location: berlin})
	require.Equal(t, []string{"2026-W52", "2026-W53", "2027-W01", "2027-W02"}, names(weeks))
	weeks = windowsOf(t, metrics.Query{From: at(2026, 3, 23), To: at(2026, 3, 30), Window: metrics.WindowWeek, Location: berlin})
	require.Len(t, weeks, 1)
	require.Equal(t, 167*time.Hour, weeks[0].To.Sub(weeks[0].From))
	months := windowsOf(t, metrics.Query{From: at(2024, 1, 31), To: at(2024, 3, 31), Window: metrics.WindowMonth, Location: berlin})
	require.Equal(t, []string{"2024-01", "2024-02", "2024-03"}, names(months), "from the 31st there is still a February")
	require.Equal(t, 29*24*time.Hour, months[1].To.Sub(months[1].From))
	whole := windowsOf(t, metrics.Query{From: at(2024, 1, 31), To: at(2024, 3, 31), Window: metrics.WindowWhole, Location: berlin})
	require.Equal(t, []string{"2024-01-31/2024-03-31"}, names(whole))
}

// TestAWeekIsAWeek: seven deployments make 7/week, in a week of 167 hours too.
func TestAWeekIsAWeek(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	from, to := time.Date(2026, 3, 23, 0, 0, 0, 0, berlin), time.Date(2026, 3, 30, 0, 0, 0, 0, berlin)
	var log metrics.Log
	for i := range 7 {
		d := deploy(time.Weekday(i).String(), 0, "")
		d.At = time.Date(2026, 3, 23+i, 12, 0, 0, 0, berlin)
		_, err := log.Add(d)
		require.NoError(t, err)
	}
	r, err := metrics.Compute(log.Snapshot(to), metrics.DORA(), metrics.Query{From: from, To: to, Window: metrics.WindowWeek,
		Location: berlin, ObservedFrom: from, ObservedTo: to})
	require.NoError(t, err)
	for res := range r.All() {
		if res.Metric == metrics.Frequency {
			require.Equal(t, 7.0, res.Value)
			require.False(t, res.Partial)
		}
	}
}
