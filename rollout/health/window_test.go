package health_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

func TestWindowID(t *testing.T) {
	t.Parallel()
	zurich, err := time.LoadLocation("Europe/Zurich")
	require.NoError(t, err)
	// The clock goes back at 01:00 UTC: 02:30 comes twice, and is not the same.
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC).In(zurich)
	again := first.Add(time.Hour)
	require.Equal(t, first.Format("15:04"), again.Format("15:04"))
	minute := func(from time.Time) health.Window { return health.Window{Start: from, End: from.Add(time.Minute)} }
	require.Equal(t, "2026-10-25T00:30:00Z/1m0s", minute(first).ID())
	require.Equal(t, "2026-10-25T01:30:00Z/1m0s", minute(again).ID())
	require.False(t, minute(first).Equal(minute(again)))

	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) health.Window {
			start := time.Unix(0, rapid.Int64Range(-4e18, 4e18).Draw(t, label))
			return health.Window{Start: start, End: start.Add(time.Duration(rapid.Int64Range(1, 4e18).Draw(t, label)))}
		}
		a, b := at("a"), at("b")
		if rapid.Bool().Draw(t, "same") {
			b = health.Window{Start: a.Start.In(zurich), End: a.End.UTC()}
		}
		require.Equal(t, a.Equal(b), a.ID() == b.ID())
		text, err := json.Marshal(a)
		require.NoError(t, err)
		var back health.Window
		require.NoError(t, json.Unmarshal(text, &back))
		require.True(t, back.Equal(a))
	})
}

func TestWindowValidate(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	old, far := time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name       string
		start, end time.Time
		why        string
	}{
		{"a minute", noon, noon.Add(time.Minute), ""},
		{"a nanosecond", noon, noon.Add(1), ""},
		{"292 years", old, old.Add(math.MaxInt64 - 1), ""},
		{"empty", noon, noon, "not before"},
		{"backward", noon, noon.Add(-1), "not before"},
		{"nothing", time.Time{}, time.Time{}, "both be given"},
		{"no start", time.Time{}, noon, "both be given"},
		{"no end", noon, time.Time{}, "both be given"},
		{"a year 1", noon.AddDate(-2025, 0, 0), noon, "1678"},
		{"a year 9999", noon, noon.AddDate(7973, 0, 0), "2261"},
		{"all of time", old, far, "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := health.Window{Start: c.start, End: c.end}.Validate()
			if c.why == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.why)
		})
	}
}

func TestWindowAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 3, 17, 5, time.UTC)
	require.Equal(t, "2026-03-01T12:02:00Z/1m0s", health.WindowAt(at, time.Minute).ID())
	require.Equal(t, "2026-03-01T12:02:00Z/1m0s", health.WindowAt(at.Truncate(time.Minute), time.Minute).ID(), "a window that ends now has ended")
	require.Equal(t, "1969-12-31T23:58:00Z/1m0s", health.WindowAt(time.Unix(-30, 0), time.Minute).ID())
	for _, zero := range []health.Window{
		health.WindowAt(at, 0), health.WindowAt(at, -time.Minute), health.WindowAt(time.Time{}, time.Minute),
		health.WindowAt(time.Date(1678, 1, 1, 0, 0, 30, 0, time.UTC), time.Hour),
	} {
		require.Equal(t, health.Window{}, zero)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(0, rapid.Int64Range(-4e18, 4e18).Draw(t, "at"))
		length := time.Duration(rapid.Int64Range(1, int64(1000*time.Hour)).Draw(t, "length"))
		w := health.WindowAt(at, length)
		require.NoError(t, w.Validate())
		require.Equal(t, length, w.Length())
		require.False(t, w.End.After(at))
		require.True(t, w.Next().End.After(at))
		require.Zero(t, w.End.UnixNano()%int64(length))
		require.Equal(t, w, health.WindowAt(w.End, length))
	})
}
