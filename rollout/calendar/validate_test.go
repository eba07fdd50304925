package calendar_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	hours := func(h ...calendar.Hours) calendar.Calendar { return calendar.Calendar{Zone: "UTC", Open: h} }
	freezes := func(f ...calendar.Freeze) calendar.Calendar { return calendar.Calendar{Zone: "UTC", Freezes: f} }
	const from, to = "2026-12-20T00:00", "2027-01-04T00:00"
	for name, c := range map[string]calendar.Calendar{
		"always":               {Zone: "UTC"},
		"an old name":          {Zone: "Etc/GMT+12"},
		"a name in parts":      {Zone: "America/Argentina/ComodRivadavia"},
		"dashes and underline": {Zone: "America/Port-au-Prince"},
		"a whole day":          hours(calendar.Hours{Days: calendar.Monday, From: "00:00", To: "24:00"}),
		"a minute":             hours(calendar.Hours{Days: calendar.Monday, From: "23:59", To: "24:00"}),
		"overlapping hours":    hours(calendar.Hours{Days: calendar.Weekdays, From: "09:00", To: "17:00"}, calendar.Hours{Days: calendar.Friday, From: "08:00", To: "12:00"}),
		"a freeze each year":   freezes(calendar.Freeze{Name: "x", From: from, To: to}, calendar.Freeze{Name: "x", From: "2027-12-20T00:00", To: "2028-01-04T00:00"}),
		"overlapping freezes":  freezes(calendar.Freeze{Name: "x", From: from, To: to}, calendar.Freeze{Name: "y", From: from, To: to}),
		"a freeze in a script": freezes(calendar.Freeze{Name: "Рождество 🎄", From: from, To: to}),
		"the years' ends":      freezes(calendar.Freeze{Name: "x", From: "1970-01-01T00:00", To: "2999-12-31T23:59"}),
		"a leap day":           freezes(calendar.Freeze{Name: "x", From: "2028-02-29T00:00", To: "2028-03-01T00:00"}),
	} {
		require.NoError(t, c.Validate(), name)
	}

	bad := map[string]struct {
		c    calendar.Calendar
		want string
	}{
		"no zone":       {calendar.Calendar{}, "no zone"},
		"local":         {calendar.Calendar{Zone: "Local"}, "one machine"},
		"localtime":     {calendar.Calendar{Zone: "localtime"}, "one machine"},
		"LOCAL":         {calendar.Calendar{Zone: "LOCAL"}, "one machine"},
		"posixrules":    {calendar.Calendar{Zone: "posixrules"}, "one machine"},
		"Factory":       {calendar.Calendar{Zone: "Factory"}, "one machine"},
		"leap seconds":  {calendar.Calendar{Zone: "right/Europe/Berlin"}, "leap seconds"},
		"posix":         {calendar.Calendar{Zone: "posix/Europe/Berlin"}, "copy"},
		"parent":        {calendar.Calendar{Zone: "../etc/localtime"}, "letters"},
		"a dot":         {calendar.Calendar{Zone: "zone.tab"}, "letters"},
		"absolute":      {calendar.Calendar{Zone: "/usr/share/zoneinfo/UTC"}, "not a name"},
		"ends in /":     {calendar.Calendar{Zone: "Europe/"}, "not a name"},
		"twice /":       {calendar.Calendar{Zone: "Europe//Berlin"}, "not a name"},
		"a space":       {calendar.Calendar{Zone: "Europe/ Berlin"}, "letters"},
		"a backslash":   {calendar.Calendar{Zone: `Europe\Berlin`}, "letters"},
		"a zero":        {calendar.Calendar{Zone: "UTC\x00"}, "letters"},
		"an offset":     {calendar.Calendar{Zone: "+02:00"}, "letters"},
		"not UTF-8":     {calendar.Calendar{Zone: "UTC\xff"}, "letters"},
		"other letters": {calendar.Calendar{Zone: "Europе/Berlin"}, "letters"}, // a Cyrillic e
		"a long name":   {calendar.Calendar{Zone: strings.Repeat("x", 121)}, "longer than 120"},
		"too many hours": {calendar.Calendar{Zone: "UTC", Open: make([]calendar.Hours, calendar.MaxHours+1)},
			"101 hours and 0 freezes are more than 100 and 500"},
		"too many freezes": {calendar.Calendar{Zone: "UTC", Freezes: make([]calendar.Freeze, calendar.MaxFreezes+1)},
			"0 hours and 501 freezes are more than 100 and 500"},
		"no days":        {hours(calendar.Hours{From: "09:00", To: "17:00"}), "no days"},
		"an eighth day":  {hours(calendar.Hours{Days: 1 << 7, From: "09:00", To: "17:00"}), "no days"},
		"past midnight":  {hours(calendar.Hours{Days: calendar.Monday, From: "22:00", To: "06:00"}), "two entries"},
		"until midnight": {hours(calendar.Hours{Days: calendar.Monday, From: "22:00", To: "00:00"}), `one to "24:00"`},
		"empty":          {hours(calendar.Hours{Days: calendar.Monday, From: "09:00", To: "09:00"}), "not before"},
		"from 24:00":     {hours(calendar.Hours{Days: calendar.Monday, From: "24:00", To: "24:00"}), `from "24:00" is not`},
		"twice":          {hours(calendar.Hours{Days: calendar.Monday, From: "09:00", To: "17:00"}, calendar.Hours{Days: calendar.Monday, From: "09:00", To: "17:00"}), "hours 2 are those of 1 again"},
		"no name":        {freezes(calendar.Freeze{From: from, To: to}), "no name"},
		"a line":         {freezes(calendar.Freeze{Name: "a\nb", From: from, To: to}), "not printable"},
		"name not UTF-8": {freezes(calendar.Freeze{Name: "a\xff", From: from, To: to}), "not printable"},
		"a long freeze":  {freezes(calendar.Freeze{Name: strings.Repeat("x", 121), From: from, To: to}), "longer than 120"},
		"backwards":      {freezes(calendar.Freeze{Name: "x", From: to, To: from}), "not before"},
		"an empty one":   {freezes(calendar.Freeze{Name: "x", From: to, To: to}), "not before"},
		"copied":         {freezes(calendar.Freeze{Name: "x", From: from, To: to}, calendar.Freeze{Name: "x", From: from, To: to}), `freeze 2 "x" is that of 1 again`},
	}
	for _, clock := range []calendar.Clock{"", "9:00", "09:0", "09:60", "24:01", "25:00", "0900", "09.00", "09:00 ", "09:00:00", "-9:00", "+9:00", "٠٩:٠٠", "9am", "99:99", "09:00Z"} {
		bad["from "+string(clock)] = struct {
			c    calendar.Calendar
			want string
		}{hours(calendar.Hours{Days: calendar.Monday, From: clock, To: "17:00"}), "is not a time of the day"}
		bad["to "+string(clock)] = struct {
			c    calendar.Calendar
			want string
		}{hours(calendar.Hours{Days: calendar.Monday, From: "08:00", To: clock}), "is not a time of the day"}
	}
	for _, at := range []calendar.DateTime{"", "2026-12-20", "2026-12-20 00:00", "2026-12-20T00:00:00", "2026-12-20T00:00Z", "2026-12-20T24:00", "2026-12-20T00:60",
		"2026-13-01T00:00", "2026-00-01T00:00", "2026-02-29T00:00", "2026-04-31T00:00", "2026-01-00T00:00", "2026-1-020T00:00", "1969-12-31T23:59", "3000-01-01T00:00",
		"0000-01-01T00:00", "9999-12-31T00:00", "+026-12-20T00:00", "2026-12-20t00:00", "2026-12-20T0:000", "2026-12-20T9:00", "2026-12-20T00:0 ", "２０２６-12-20T00:00"} {
		bad["from "+string(at)] = struct {
			c    calendar.Calendar
			want string
		}{freezes(calendar.Freeze{Name: "x", From: at, To: "2999-01-01T00:00"}), "from 1970 to 2999"}
		bad["to "+string(at)] = struct {
			c    calendar.Calendar
			want string
		}{freezes(calendar.Freeze{Name: "x", From: "1970-01-01T00:00", To: at}), "from 1970 to 2999"}
	}
	for name, b := range bad {
		err := b.c.Validate()
		require.ErrorContains(t, err, b.want, name)
		require.NotContains(t, err.Error(), "\x00", name)
		// Nothing answers for it.
		s, err := b.c.Load()
		require.ErrorContains(t, err, b.want, name)
		require.Nil(t, s, name)
		st, err := b.c.At(utc(t, "2026-11-23T12:00"))
		require.ErrorContains(t, err, b.want, name)
		require.Zero(t, st, name)
	}
}

// Every mistake is reported, each with its place, and not more than fits a screen of
// each.
func TestValidateReportsAll(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	err := calendar.Calendar{
		Zone:    long,
		Open:    []calendar.Hours{{From: calendar.Clock(long), To: "9"}, {Days: calendar.Friday, From: "09:00", To: "17:00"}, {Days: calendar.Monday, From: "17:00", To: "09:00"}},
		Freezes: []calendar.Freeze{{Name: long, From: calendar.DateTime(long), To: "tomorrow"}, {From: "2027-01-04T00:00", To: "2026-12-20T00:00"}},
	}.Validate()
	require.Error(t, err)
	require.Less(t, len(err.Error()), 4000)
	for _, want := range []string{"zone", "hours 1: no days", "from \"xxx", `to "9"`, "hours 3: from", "freeze 1", "longer than 120", "from \"xxx", `to "tomorrow"`, `freeze 2 "": no name`, `from "2027-01-04T00:00" is not before`} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "hours 2")
}

// As large as a calendar may be.
func TestLimits(t *testing.T) {
	t.Parallel()
	c := calendar.Calendar{Zone: "Europe/Berlin"}
	for i := range calendar.MaxHours {
		c.Open = append(c.Open, calendar.Hours{Days: calendar.EveryDay, From: calendar.Clock(fmt.Sprintf("%02d:%02d", i/10+8, i%10*6)), To: calendar.Clock(fmt.Sprintf("%02d:%02d", i/10+8, i%10*6+3))})
	}
	for i := range calendar.MaxFreezes {
		c.Freezes = append(c.Freezes, calendar.Freeze{Name: strings.Repeat("x", 120), From: calendar.DateTime(fmt.Sprintf("%d-11-23T00:00", 2026+i)), To: calendar.DateTime(fmt.Sprintf("%d-11-24T00:00", 2026+i))})
	}
	require.NoError(t, c.Validate())
	st, err := c.At(utc(t, "2026-11-23T08:00"))
	require.NoError(t, err)
	require.Equal(t, utc(t, "2026-11-24T07:00"), st.Until)
}
