package calendar

import "github.com/sallyport-dev/sallyport/internal/strictjson"

// maxBytes bounds the JSON of a calendar: as many freezes as there may be, with names
// in escapes.
const maxBytes = 1 << 20

// UnmarshalJSON reads a calendar. It is stricter than encoding/json: null, a name that
// stands twice and a name that it does not know are errors. A freeze under a misspelt
// name would else be no freeze. What it reads may still be refused by
// [Calendar.Validate]; on error c is not changed.
func (c *Calendar) UnmarshalJSON(b []byte) error {
	type plain Calendar // without this method
	var p plain
	limits := strictjson.Limits{Package: "calendar", Bytes: maxBytes, Depth: 3, Names: 8, Elements: max(MaxHours, MaxFreezes)}
	if err := strictjson.UnmarshalClosed(b, &p, limits, nil); err != nil {
		return err
	}
	*c = Calendar(p)
	return nil
}
