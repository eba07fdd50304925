package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// windowZone is a date's midnight in a zone, for queries.
func windowZone(t *testing.T, zone, day string) (time.Time, *time.Location) {
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	at, err := time.ParseInLocation(time.DateOnly, day, loc)
	require.NoError(t, err)
	return at, loc
}

// TestWindowsOfEachKind names the windows that a range touches, and how many hours
// each one has: over the ends of years, and over clock changes.
func TestWindowsOfEachKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, zone, from, to string
		q                    metrics.Query
		want                 []string
		hours                []float64
	}{
		{"ISO weeks of a year with 53", "Europe/Berlin", "2026-12-21", "2027-01-11", metrics.Query{Window: metrics.WindowWeek},
			[]string{"2026-W52", "2026-W53", "2027-W01"}, []float64{168, 168, 168}},
		{"Sunday weeks over the end of a year", "Europe/Berlin", "2026-12-28", "2027-01-04", metrics.Query{Window: metrics.WindowSundayWeek},
			[]string{"2026-12-27/2027-01-03", "2027-01-03/2027-01-10"}, []float64{168, 168}},
		{"a Sunday week with 167 hours", "America/New_York", "2026-03-08", "2026-03-15", metrics.Query{Window: metrics.WindowSundayWeek},
			[]string{"2026-03-08/2026-03-15"}, []float64{167}},
		{"quarters", "Europe/Berlin", "2026-11-15", "2027-01-02", metrics.Query{Window: metrics.WindowQuarter},
			[]string{"2026-Q4", "2027-Q1"}, []float64{92*24 + 1, 90*24 - 1}},
		{"a day of 23 hours", "Europe/Berlin", "2026-03-28", "2026-03-31", metrics.Query{Window: metrics.WindowDay},
			[]string{"2026-03-28", "2026-03-29", "2026-03-30"}, []float64{24, 23, 24}},
		{"a day of 25 hours", "Europe/Berlin", "2026-10-24", "2026-10-27", metrics.Query{Window: metrics.WindowDay},
			[]string{"2026-10-24", "2026-10-25", "2026-10-26"}, []float64{24, 25, 24}},
		{"a day without a midnight", "America/Sao_Paulo", "2017-10-14", "2017-10-16", metrics.Query{Window: metrics.WindowDay},
			[]string{"2017-10-14", "2017-10-15"}, []float64{24, 23}},
		{"a day with two midnights", "America/Havana", "2025-11-01", "2025-11-03", metrics.Query{Window: metrics.WindowDay},
			[]string{"2025-11-01", "2025-11-02"}, []float64{24, 25}},
		{"a day that did not happen", "Pacific/Apia", "2011-12-29", "2012-01-01", metrics.Query{Window: metrics.WindowDay},
			[]string{"2011-12-29", "2011-12-31"}, []float64{24, 24}},
		{"rolling", "UTC", "2026-12-30", "2027-01-06", metrics.Query{Window: metrics.WindowRolling, Length: 3, Step: 2},
			[]string{"2026-12-30/2027-01-02", "2027-01-01/2027-01-04", "2027-01-03/2027-01-06"}, []float64{72, 72, 72}},
		{"rolling, with gaps", "UTC", "2026-01-01", "2026-01-08", metrics.Query{Window: metrics.WindowRolling, Length: 1, Step: 3},
			[]string{"2026-01-01/2026-01-02", "2026-01-04/2026-01-05", "2026-01-07/2026-01-08"}, []float64{24, 24, 24}},
		{"rolling, longer than the range", "UTC", "2026-01-01", "2026-01-04", metrics.Query{Window: metrics.WindowRolling, Length: 28, Step: 1},
			[]string{"2026-01-01/2026-01-29"}, []float64{672}},
		{"rolling over a day that did not happen", "Pacific/Apia", "2011-12-28", "2012-01-03", metrics.Query{Window: metrics.WindowRolling, Length: 2, Step: 1},
			[]string{"2011-12-28/2011-12-31", "2011-12-29/2011-12-31", "2011-12-31/2012-01-02", "2012-01-01/2012-01-03"}, []float64{48, 24, 48, 48}},
		{"sprints", "Europe/Berlin", "2026-03-20", "2026-04-10", metrics.Query{Window: metrics.WindowSprint, Sprint: metrics.Sprint{Days: 14}},
			[]string{"2026-03-18/2026-04-01", "2026-04-01/2026-04-15"}, []float64{335, 336}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q := test.q
			q.From, q.Location = windowZone(t, test.zone, test.from)
			q.To, _ = windowZone(t, test.zone, test.to)
			if q.Window == metrics.WindowSprint {
				for _, start := range []string{"2026-01-07", "2026-03-18", "2026-12-23"} { // any one of them, also a later one
					q.Sprint.Start, _ = windowZone(t, test.zone, start)
					require.Equal(t, test.want, windowNames(windowsOf(t, q)), start)
				}
			}
			ws := windowsOf(t, q)
			require.Equal(t, test.want, windowNames(ws))
			for k, h := range test.hours {
				require.Equal(t, h, ws[k].To.Sub(ws[k].From).Hours(), "%s", ws[k])
			}
			for k, w := range ws {
				require.True(t, w.From.Before(w.To))
				require.True(t, k == 0 || ws[k-1].From.Before(w.From), "each begins later than the last")
			}
		})
	}
}

func windowNames(ws []metrics.Window) (out []string) {
	for _, w := range ws {
		out = append(out, w.String())
	}
	return out
}

// TestWindowsThatAreRefused: what a kind needs must be there, and nothing else.
func TestWindowsThatAreRefused(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	sprint := metrics.Sprint{Start: epoch, Days: 14}
	for name, q := range map[string]metrics.Query{
		"no length":              {Window: metrics.WindowRolling, Step: 1},
		"no step":                {Window: metrics.WindowRolling, Length: 7},
		"negative step":          {Window: metrics.WindowRolling, Length: 7, Step: -1},
		"too long":               {Window: metrics.WindowRolling, Length: 3661, Step: 3660},
		"too many at once":       {Window: metrics.WindowRolling, Length: 401, Step: 1},
		"a step of weeks":        {Window: metrics.WindowWeek, Step: 2},
		"a length of days":       {Window: metrics.WindowDay, Length: 2},
		"no start":               {Window: metrics.WindowSprint, Sprint: metrics.Sprint{Days: 14}},
		"no days":                {Window: metrics.WindowSprint, Sprint: metrics.Sprint{Start: epoch}},
		"a sprint of years":      {Window: metrics.WindowSprint, Sprint: metrics.Sprint{Start: epoch, Days: 367}},
		"a start long ago":       {Window: metrics.WindowSprint, Sprint: metrics.Sprint{Start: epoch.AddDate(-1000, 0, 0), Days: 14}},
		"sprints of weeks":       {Window: metrics.WindowWeek, Sprint: sprint},
		"rolling and sprints":    {Window: metrics.WindowRolling, Length: 7, Step: 1, Sprint: sprint},
		"a kind that is not one": {Window: metrics.WindowSprint + 1},
	} {
		q.From, q.To = epoch, hours(24*7)
		_, err := metrics.Compute(log.Snapshot(hours(1)), metrics.DORA(), q)
		require.Error(t, err, name)
	}
}

// TestRollingWindowsOverlap: a deployment counts in each window that it lies in,
// and each window is what a query of its own would give.
func TestRollingWindowsOverlap(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for k, h := range []int{1, 30, 31, 100, 150, 160, 300, 400} {
		_, err := log.Add(deploy(string(rune('a'+k)), h, string(rune('a'+k))))
		require.NoError(t, err)
	}
	s := log.Snapshot(hours(24 * 20))
	q := metrics.Query{From: epoch, To: hours(24 * 20), Window: metrics.WindowRolling, Length: 7, Step: 2, ObservedFrom: epoch, ObservedTo: hours(24 * 20)}
	report, err := metrics.Compute(s, metrics.DORA(), q)
	require.NoError(t, err)
	seen := 0
	for res := range report.All() {
		seen++
		require.False(t, res.Partial)
		alone := q
		alone.Window, alone.Length, alone.Step, alone.From, alone.To = metrics.WindowWhole, 0, 0, res.Window.From, res.Window.To
		other, err := metrics.Compute(s, metrics.DORA(), alone)
		require.NoError(t, err)
		for o := range other.All() {
			if o.Metric == res.Metric {
				require.Equal(t, o.N, res.N, "%s", res.Window)
				require.Equal(t, o.String(), res.String())
			}
		}
		e, err := report.Explain(res)
		require.NoError(t, err)
		require.NoError(t, check(e))
	}
	require.Equal(t, 7*5, seen)
}
