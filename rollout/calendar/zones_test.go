package calendar_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
	_ "time/tzdata" // tests do not need the machine's zone files

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

func zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// schedule is a calendar's, over a zone that the test has.
func schedule(t require.TestingT, c calendar.Calendar) *calendar.Schedule {
	s, err := c.Load()
	require.NoError(t, err)
	return s
}

func at(t require.TestingT, s *calendar.Schedule, now time.Time) calendar.Status {
	st, err := s.At(now)
	require.NoError(t, err)
	return st
}

// utc reads "2026-03-29T01:30" or with seconds.
func utc(t require.TestingT, s string) time.Time {
	if len(s) == len("2026-03-29T01:30") {
		s += ":00"
	}
	v, err := time.Parse("2006-01-02T15:04:05", s)
	require.NoError(t, err)
	return v
}

// shift is a change of a made-up zone's clock.
type shift struct {
	at     int64 // Unix seconds
	offset int32 // from then on
}

// madeUp is a zone named "Made/Up" in the TZif format, RFC 8536, version 2: first the
// offset before all shifts, and rule what follows the last of them, "" for nothing.
func madeUp(t require.TestingT, first int32, rule string, shifts ...shift) *time.Location {
	var b bytes.Buffer
	header := func(n, types int) {
		b.WriteString("TZif2")
		b.Write(make([]byte, 15))
		for _, count := range []int{0, 0, 0, n, types, 4} {
			_ = binary.Write(&b, binary.BigEndian, uint32(count))
		}
	}
	header(0, 1) // the block of version 1, which nobody reads
	_ = binary.Write(&b, binary.BigEndian, int32(0))
	b.WriteString("\x00\x00LMT\x00")

	offsets := []int32{first}
	index := map[int32]byte{first: 0}
	for _, s := range shifts {
		if _, ok := index[s.offset]; !ok {
			index[s.offset] = byte(len(offsets))
			offsets = append(offsets, s.offset)
		}
	}
	header(len(shifts), len(offsets))
	for _, s := range shifts {
		_ = binary.Write(&b, binary.BigEndian, s.at)
	}
	for _, s := range shifts {
		b.WriteByte(index[s.offset])
	}
	for _, o := range offsets {
		_ = binary.Write(&b, binary.BigEndian, o)
		b.WriteString("\x00\x00")
	}
	b.WriteString("LMT\x00\n" + rule + "\n")
	loc, err := time.LoadLocationFromTZData("Made/Up", b.Bytes())
	require.NoError(t, err)
	return loc
}

// Berlin's rules as a formula alone, as slim zone files have them: Go's ZoneBounds then
// ends a year after 365 days.
func TestFormulaOnTheLastDayOfALeapYear(t *testing.T) {
	t.Parallel()
	loc := madeUp(t, 3600, "CET-1CEST,M3.5.0,M10.5.0/3", shift{0, 7200}, shift{86400, 3600})
	c := calendar.Calendar{Zone: "Made/Up", Open: []calendar.Hours{{Days: calendar.EveryDay, From: "09:00", To: "17:00"}},
		Freezes: []calendar.Freeze{{Name: "new year", From: "2028-12-31T12:00", To: "2029-01-01T12:00"}}}
	s, err := c.In(loc)
	require.NoError(t, err)
	last := time.Date(2028, 12, 31, 8, 30, 0, 0, time.UTC)
	_, end := last.In(loc).ZoneBounds()
	if end.After(last) {
		t.Log("this version of Go no longer has the error that is worked around")
	}
	for now, want := range map[string]calendar.Status{
		"2028-12-31T08:30": {Open: true, Until: utc(t, "2028-12-31T11:00"), Why: `open until Sun 2028-12-31 12:00 +01:00, when freeze "new year" begins`},
		"2028-12-31T20:00": {Freeze: "new year", Until: utc(t, "2029-01-01T11:00"), Why: `closed by freeze "new year" until Mon 2029-01-01 12:00 +01:00`},
		"2029-01-01T20:00": {Until: utc(t, "2029-01-02T08:00"), Why: `closed outside of business hours until Tue 2029-01-02 09:00 +01:00`},
		"2032-12-31T23:59": {Until: utc(t, "2033-01-01T08:00"), Why: `closed outside of business hours until Sat 2033-01-01 09:00 +01:00`},
	} {
		require.Equal(t, want, at(t, s, utc(t, now)), now)
	}
}

// A zone that puts its clock forward over the only hours each Sunday, and back on each
// Monday: no moment is ever open, and the search ends.
func TestHoursThatNoClockShows(t *testing.T) {
	t.Parallel()
	var shifts []shift
	sunday := time.Date(2026, 1, 4, 2, 0, 0, 0, time.UTC).Unix()
	for range 52 * 4 {
		shifts = append(shifts, shift{sunday, 3600}, shift{sunday + 86400, 0})
		sunday += 7 * 86400
	}
	loc := madeUp(t, 0, "UTC0", shifts...)
	c := calendar.Calendar{Zone: "Made/Up", Open: []calendar.Hours{{Days: calendar.Sunday, From: "02:00", To: "03:00"}}}
	s, err := c.In(loc)
	require.NoError(t, err)
	now := utc(t, "2026-01-05T00:00")
	require.Equal(t, calendar.Status{Why: "closed outside of business hours for ever"}, at(t, s, now))
	next, err := s.NextOpen(now)
	require.NoError(t, err)
	require.Zero(t, next)
	for w := range s.Windows(now) {
		require.Fail(t, "a window", "%v", w)
	}

	// The horizon is counted from the end of a freeze, so that a long one is no reason
	// to say never.
	c.Freezes = []calendar.Freeze{{Name: "long", From: "2026-02-01T00:00", To: "2028-12-01T00:00"}}
	s, err = c.In(loc)
	require.NoError(t, err)
	st := at(t, s, utc(t, "2026-03-01T00:00"))
	require.Equal(t, "long", st.Freeze)
	require.Equal(t, utc(t, "2029-12-30T02:00"), st.Until, "the first Sunday after the zone's shifts are over")
}

// A zone of any shape that the time package reads is searched to an end, and what is
// said of it holds.
func TestZonesWithoutReason(t *testing.T) {
	t.Parallel()
	const years = int32(68 * 365 * 86400)
	for name, loc := range map[string]*time.Location{
		"far east":     madeUp(t, years, ""),
		"far west":     madeUp(t, -years, ""),
		"unsorted":     madeUp(t, 0, "UTC0", shift{1_800_000_000, 3600}, shift{1_700_000_000, -3600}, shift{1_900_000_000, 0}),
		"at once":      madeUp(t, 0, "UTC0", shift{1_700_000_000, 3600}, shift{1_700_000_000, -3600}),
		"no such rule": madeUp(t, 0, "nonsense", shift{1_700_000_000, 3600}),
		"all year":     madeUp(t, 0, "XXX3EDT4,0/0,J365/23", shift{0, 3600}),
		"week-long":    madeUp(t, 0, "AAA-167BBB-24,M1.1.0/-167,M12.5.6/167", shift{0, 3600}),
	} {
		c := calendar.Calendar{Zone: "Made/Up", Open: []calendar.Hours{{Days: calendar.Tuesday, From: "01:00", To: "02:00"}},
			Freezes: []calendar.Freeze{{Name: "f", From: "2026-01-01T00:00", To: "2027-01-01T00:00"}}}
		s, err := c.In(loc)
		require.NoError(t, err, name)
		for now := utc(t, "2022-11-01T00:00"); now.Year() < 2030; now = now.Add(31 * time.Hour) {
			st := at(t, s, now)
			local := now.In(loc)
			if y, _, _ := now.Date(); y != 2025 && y != 2026 && y != 2027 {
				require.Equal(t, local.Weekday() == time.Tuesday && local.Hour() == 1 && st.Freeze == "", st.Open, "%s: %v at %v", name, st, now)
			}
			if !st.Until.IsZero() {
				require.True(t, st.Until.After(now), "%s: %v at %v", name, st, now)
				require.NotEqual(t, st.Open, at(t, s, st.Until).Open, "%s: %v at %v", name, st, now)
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, want string }{
		{"Mars/Olympus", "not known on this machine"},
		{"europe/nowhere", "not known on this machine"},
		{"Europe", "not known on this machine"},
		{"leapseconds", "not known on this machine"}, // a file that stands beside the zones on many machines
	} {
		cal := calendar.Calendar{Zone: c.zone}
		require.NoError(t, cal.Validate(), "the form is that of a name")
		s, err := cal.Load()
		require.ErrorIs(t, err, calendar.ErrUnknownZone)
		require.ErrorContains(t, err, c.want)
		require.Nil(t, s)
		st, err := cal.At(utc(t, "2026-11-23T12:00"))
		require.ErrorIs(t, err, calendar.ErrUnknownZone)
		require.Zero(t, st)
		next, err := cal.NextOpen(utc(t, "2026-11-23T12:00"))
		require.ErrorIs(t, err, calendar.ErrUnknownZone)
		require.Zero(t, next)
		windows, err := cal.Windows(utc(t, "2026-11-23T12:00"), 3)
		require.ErrorIs(t, err, calendar.ErrUnknownZone)
		require.Nil(t, windows)
	}
	// What is not valid is not loaded, and is not called an unknown zone.
	_, err := calendar.Calendar{Zone: "Local"}.Load()
	require.Error(t, err)
	require.NotErrorIs(t, err, calendar.ErrUnknownZone)

	// In takes the calendar's zone and no other.
	berlin := calendar.Calendar{Zone: "Europe/Berlin"}
	_, err = berlin.In(zone(t, "Europe/Berlin"))
	require.NoError(t, err)
	for _, other := range []*time.Location{nil, time.UTC, time.Local, zone(t, "Europe/Paris")} {
		_, err := berlin.In(other)
		require.ErrorContains(t, err, `not that of the calendar, "Europe/Berlin"`)
	}
	_, err = calendar.Calendar{}.In(time.UTC)
	require.ErrorContains(t, err, "no zone")
}
