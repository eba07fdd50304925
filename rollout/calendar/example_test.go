package calendar_test

import (
	"encoding/json"
	"fmt"
	"time"
	_ "time/tzdata" // for a machine without zone files

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// A team in Berlin widens rollouts while it is at work, and not over Christmas.
func Example() {
	c := calendar.Calendar{
		Zone: "Europe/Berlin",
		Open: []calendar.Hours{
			{Days: calendar.Monday | calendar.Tuesday | calendar.Wednesday | calendar.Thursday, From: "09:00", To: "17:00"},
			{Days: calendar.Friday, From: "09:00", To: "13:00"},
		},
		Freezes: []calendar.Freeze{{Name: "Christmas", From: "2026-12-20T00:00", To: "2027-01-04T00:00"}},
	}
	fmt.Println(c)
	for _, now := range []time.Time{
		time.Date(2026, 12, 17, 13, 30, 0, 0, time.UTC),
		time.Date(2026, 12, 17, 16, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 18, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC),
	} {
		s, err := c.At(now)
		if err != nil {
			fmt.Println(err) // no verdict: hold
			return
		}
		fmt.Println(s)
	}
	// Output:
	// Europe/Berlin: mon-thu 09:00-17:00, fri 09:00-13:00; freeze "Christmas" 2026-12-20T00:00 to 2027-01-04T00:00
	// open until Thu 2026-12-17 17:00 +01:00
	// closed outside of business hours until Fri 2026-12-18 09:00 +01:00
	// closed outside of business hours and then by freeze "Christmas" until Mon 2027-01-04 09:00 +01:00
	// closed by freeze "Christmas" until Mon 2027-01-04 09:00 +01:00
}

// The next openings, for a preview of a plan.
func ExampleCalendar_Windows() {
	c := calendar.Calendar{
		Zone:    "Europe/Berlin",
		Open:    []calendar.Hours{{Days: calendar.Saturday | calendar.Sunday, From: "22:00", To: "24:00"}, {Days: calendar.Sunday, From: "00:00", To: "04:00"}},
		Freezes: []calendar.Freeze{{Name: "election", From: "2026-10-25T03:30", To: "2026-10-26T00:00"}},
	}
	windows, err := c.Windows(time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	berlin, err := c.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range windows {
		// The first is an hour longer than the clock tells: it shows 02:00 to 03:00 twice.
		fmt.Println(berlin.Format(w.From), "to", berlin.Format(w.To), "is", w.To.Sub(w.From))
	}
	// Output:
	// Sat 2026-10-24 22:00 +02:00 to Sun 2026-10-25 03:30 +01:00 is 6h30m0s
	// Sat 2026-10-31 22:00 +01:00 to Sun 2026-11-01 04:00 +01:00 is 6h0m0s
	// Sun 2026-11-01 22:00 +01:00 to Mon 2026-11-02 00:00 +01:00 is 2h0m0s
}

// A calendar as text, and its mistakes, all at once.
func ExampleCalendar_Validate() {
	var c calendar.Calendar
	err := json.Unmarshal([]byte(`{
		"zone": "Local",
		"open": [{"days": "mon-fri", "from": "22:00", "to": "06:00"}],
		"freezes": [{"name": "leap day", "from": "2027-02-29T00:00", "to": "2027-03-01T00:00"}]
	}`), &c)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Validate())
	// Output:
	// calendar: zone "Local" is whatever one machine is set to; name one, such as "Europe/Berlin" or "UTC"
	// calendar: hours 1: from "22:00" is not before to "06:00"; hours that pass midnight are two entries, one to "24:00" and one from "00:00"
	// calendar: freeze 1 "leap day": from "2027-02-29T00:00" is not a date and time such as "2026-12-20T00:00" from 1970 to 2999
}
