package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// What is read and valid has one form, and that form is read back as the same. What is
// not valid answers nothing.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"zone":"Europe/Berlin","open":[{"days":"fri,mon-thu","from":"09:00","to":"17:00"}],"freezes":[{"name":"x","from":"2026-12-20T00:00","to":"2027-01-04T00:00"}]}`))
	f.Add([]byte(`{"zone":"UTC","open":[{"days":"sun","from":"00:00","to":"24:00"}]}`))
	f.Add([]byte(`{"zone":"Local"}`))
	f.Add([]byte(`{"zone":"../../etc/passwd","open":[{}],"freezes":[{"from":"2027-02-29T00:00"}]}`))
	f.Add([]byte(`{"zone":"UTC","freezes":[{"name":"\ud800","from":"9999-12-31T23:59","to":""}]}`))
	f.Add([]byte(`null`))
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, b []byte) {
		var c calendar.Calendar
		if json.Unmarshal(b, &c) != nil {
			return
		}
		if c.Validate() != nil {
			st, err := c.At(now)
			require.Error(t, err)
			require.Zero(t, st)
			return
		}
		once, err := canon.Marshal(c)
		require.NoError(t, err)
		var back calendar.Calendar
		require.NoError(t, json.Unmarshal(once, &back))
		require.NoError(t, back.Validate())
		twice, err := canon.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
		require.Equal(t, c.String(), back.String())
		for _, h := range c.Open {
			require.Equal(t, string(h.From), clock(t, h.From))
			require.Less(t, h.From, h.To)
		}
		for _, f := range c.Freezes {
			from, err := time.Parse("2006-01-02T15:04", string(f.From))
			require.NoError(t, err)
			require.Equal(t, string(f.From), from.Format("2006-01-02T15:04"), "one spelling")
			require.Less(t, f.From, f.To)
		}
		st, err := c.At(now)
		if err != nil {
			require.ErrorIs(t, err, calendar.ErrUnknownZone)
			require.Zero(t, st)
			return
		}
		again, err := back.At(now)
		require.NoError(t, err)
		require.Equal(t, st, again)
	})
}

func clock(t *testing.T, c calendar.Clock) string {
	at, err := time.Parse("15:04", string(c))
	require.NoError(t, err)
	return at.Format("15:04")
}

// Whatever the calendar, zone and moment: Until is after now, open is the same until
// just before, and different from then on.
func FuzzAt(f *testing.F) {
	zones := []string{"UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "America/Havana", "America/Scoresbysund", "America/Nuuk",
		"Africa/Casablanca", "Africa/Cairo", "Africa/Monrovia", "Asia/Gaza", "Asia/Beirut", "Asia/Tehran", "Asia/Kathmandu", "Asia/Pyongyang", "Australia/Lord_Howe", "Antarctica/Troll",
		"Antarctica/Macquarie", "Antarctica/Casey", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kwajalein", "Pacific/Kiritimati", "Pacific/Norfolk", "Europe/Istanbul", "Europe/Volgograd"}
	for i := range zones {
		f.Add(byte(i), int64(1_800_000_000), byte(0x1f), uint16(540), uint16(1020), byte(0x60), uint16(0), uint16(150), int64(1_790_000_000), int64(1_800_100_000), int64(1_801_000_000), int64(1_802_000_000))
	}
	// The last day of a leap year that only a zone's formula covers; a day that Apia skipped.
	f.Add(byte(1), int64(2_240_596_800), byte(0x7f), uint16(540), uint16(1020), byte(0), uint16(0), uint16(0), int64(2_240_600_000), int64(2_240_700_000), int64(0), int64(0))
	f.Add(byte(21), int64(1_325_152_800), byte(0x7f), uint16(0), uint16(600), byte(0x10), uint16(0), uint16(1440), int64(1_325_203_200), int64(1_325_289_600), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, z byte, now int64, days1 byte, from1, to1 uint16, days2 byte, from2, to2 uint16, a, b, c, d int64) {
		cal := calendar.Calendar{Zone: zones[int(z)%len(zones)]}
		for _, h := range []struct {
			days     byte
			from, to uint16
		}{{days1, from1, to1}, {days2, from2, to2}} {
			if h.days&0x7f == 0 {
				continue
			}
			from := h.from % 1440
			to := from + 1 + h.to%(1440-from)
			text := func(m uint16) calendar.Clock {
				if m == 1440 {
					return "24:00"
				}
				return calendar.Clock(time.Unix(int64(m)*60, 0).UTC().Format("15:04"))
			}
			cal.Open = append(cal.Open, calendar.Hours{Days: calendar.Days(h.days & 0x7f), From: text(from), To: text(to)})
		}
		for _, ends := range [][2]int64{{a, b}, {c, d}} {
			text := func(s int64) calendar.DateTime {
				const span = 1030 * 365 * 86400 // from 1970 into 2999
				return calendar.DateTime(time.Unix((s%span+span)%span, 0).UTC().Format("2006-01-02T15:04"))
			}
			from, to := min(text(ends[0]), text(ends[1])), max(text(ends[0]), text(ends[1]))
			if from != to {
				cal.Freezes = append(cal.Freezes, calendar.Freeze{Name: "f", From: from, To: to})
			}
		}
		if err := cal.Validate(); err != nil {
			require.ErrorContains(t, err, "again", "all else is made to be valid")
			return
		}
		s := schedule(t, cal)
		moment := time.Unix(now, 0)
		st, err := s.At(moment)
		if y := moment.UTC().Year(); y < 1970 || y > 2999 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.NotEmpty(t, st.Why)
		if st.Until.IsZero() {
			require.True(t, st.Open, "it always opens again")
			require.Empty(t, st.Freeze)
			for k := 1; k < 400; k += 7 {
				later, err := s.At(moment.Add(time.Duration(k) * 11 * time.Hour))
				require.True(t, err != nil || later.Open)
			}
			return
		}
		require.True(t, st.Until.After(moment))
		same := func(t2 time.Time) (calendar.Status, bool) {
			st, err := s.At(t2)
			return st, err == nil
		}
		if at, ok := same(st.Until); ok {
			require.NotEqual(t, st.Open, at.Open, "%v: %v", cal, st)
		}
		for k := int64(0); k <= 20; k++ { // until just before
			between := moment.Add(st.Until.Sub(moment)/20*time.Duration(k) - time.Duration(k/20))
			if at, ok := same(between); ok && between.Before(st.Until) {
				require.Equal(t, st.Open, at.Open, "%v: %v, but at %v %v", cal, st, between, at)
				require.Equal(t, st.Until, at.Until)
			}
		}
	})
}
