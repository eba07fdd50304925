package calendar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// Every set of days has one text of its own, which is read back.
func TestDaysText(t *testing.T) {
	t.Parallel()
	texts := map[string]calendar.Days{}
	for d := calendar.Days(1); d <= calendar.EveryDay; d++ {
		text, err := d.MarshalText()
		require.NoError(t, err)
		require.NotContains(t, texts, string(text))
		texts[string(text)] = d
		require.Equal(t, string(text), d.String())
		back, err := calendar.ParseDays(string(text))
		require.NoError(t, err)
		require.Equal(t, d, back)
		var days []string // what the text must mean, in the longest way to write it
		for w := range 7 {
			if day := time.Weekday((w + 1) % 7); d.Has(day) {
				days = append(days, strings.ToLower(day.String()[:3]))
			}
		}
		back, err = calendar.ParseDays(strings.Join(days, ","))
		require.NoError(t, err)
		require.Equal(t, d, back)
	}
	require.Len(t, texts, 127)
	for text, want := range map[string]calendar.Days{
		"mon": calendar.Monday, "sun": calendar.Sunday, "mon-fri": calendar.Weekdays, "sat,sun": calendar.Weekend, "mon-sun": calendar.EveryDay,
		"mon,tue": calendar.Monday | calendar.Tuesday, "mon,wed,fri-sun": calendar.Monday | calendar.Wednesday | calendar.Friday | calendar.Weekend,
	} {
		require.Equal(t, text, want.String())
	}
	// Other orders and ranges are read, and written in the one way.
	for text, want := range map[string]string{"sun,sat": "sat,sun", "mon-tue": "mon,tue", "fri,mon-thu": "mon-fri", "tue,mon,wed": "mon-wed"} {
		d, err := calendar.ParseDays(text)
		require.NoError(t, err)
		require.Equal(t, want, d.String())
	}
}

func TestDaysRefuse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ",", "mon,", ",mon", "Mon", "MON", "monday", "mo", "mon fri", "mon, fri", "mon–fri", "mon-", "-mon", "mon-fri-sun", "fri-mon", "sat-mon", "mon-mon",
		"mon,mon", "mon-fri,wed", "wed,mon-fri", "daily", "*", "1-5", "mon-fri\x00", "calendar.Days(0)", strings.Repeat("mon,", 1<<16)} {
		d := calendar.Friday
		require.Error(t, d.UnmarshalText([]byte(text)), text)
		require.Equal(t, calendar.Friday, d, "an error changes nothing")
		v, err := calendar.ParseDays(text)
		require.Zero(t, v)
		require.Error(t, err)
		require.Less(t, len(err.Error()), 400)
	}
	for _, d := range []calendar.Days{0, 1 << 7, 255} {
		_, err := d.MarshalText()
		require.Error(t, err)
		_, err = calendar.ParseDays(d.String())
		require.Error(t, err, "what is printed of it is not read")
	}
	require.False(t, calendar.EveryDay.Has(-1))
	require.False(t, calendar.EveryDay.Has(7))
	require.False(t, calendar.Days(1<<7).Has(time.Sunday))
}

// The bytes of a calendar are part of the digests of plans: they never change.
func TestBytes(t *testing.T) {
	t.Parallel()
	c := calendar.Calendar{Zone: "Europe/Berlin",
		Open:    []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "17:00"}, {Days: calendar.Sunday, From: "22:00", To: "24:00"}},
		Freezes: []calendar.Freeze{{Name: "Weihnachten & <Neujahr>", From: "2026-12-20T00:00", To: "2027-01-04T00:00"}}}
	b, err := canon.Marshal(c)
	require.NoError(t, err)
	require.Equal(t, `{"freezes":[{"from":"2026-12-20T00:00","name":"Weihnachten & <Neujahr>","to":"2027-01-04T00:00"}],"open":[{"days":"mon-fri","from":"09:00","to":"17:00"},{"days":"sun","from":"22:00","to":"24:00"}],"zone":"Europe/Berlin"}`, string(b))
	var back calendar.Calendar
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, c, back)

	// Empty and missing are the same calendar.
	for _, same := range []calendar.Calendar{{Zone: "UTC"}, {Zone: "UTC", Open: []calendar.Hours{}, Freezes: []calendar.Freeze{}}} {
		b, err := canon.Marshal(same)
		require.NoError(t, err)
		require.Equal(t, `{"zone":"UTC"}`, string(b))
	}
	// A set of no days has no bytes, rather than some that mean another set.
	_, err = canon.Marshal(calendar.Calendar{Zone: "UTC", Open: []calendar.Hours{{From: "09:00", To: "17:00"}}})
	require.ErrorContains(t, err, "no set of days")

	// A status keeps its meaning in a record.
	st, err := c.At(utc(t, "2026-12-24T12:00"))
	require.NoError(t, err)
	b, err = json.Marshal(st)
	require.NoError(t, err)
	require.Equal(t, `{"open":false,"until":"2027-01-04T08:00:00Z","freeze":"Weihnachten \u0026 \u003cNeujahr\u003e","why":"closed by freeze \"Weihnachten \u0026 \u003cNeujahr\u003e\" until Mon 2027-01-04 09:00 +01:00"}`, string(b))
	var again calendar.Status
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, st, again)
	b, err = json.Marshal(calendar.Status{Open: true, Why: "open for ever"})
	require.NoError(t, err)
	require.Equal(t, `{"open":true,"why":"open for ever"}`, string(b))
}
