package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds names of zones and freezes, in bytes.
const maxName = 120

// Validate reports every mistake of the calendar at once, or nil. It reads nothing and
// says the same on every machine: that a zone has the form of a name does not mean that
// there is one, see [Calendar.Load].
func (c Calendar) Validate() error {
	_, errs := c.compile()
	return errors.Join(errs...)
}

// compile is the week and the freezes by the local clock, or what is wrong with them.
func (c Calendar) compile() (rules, []error) {
	var r rules
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("calendar: "+format, args...)) }
	if err := checkZone(c.Zone); err != nil {
		errs = append(errs, err)
	}
	if len(c.Open) > MaxHours || len(c.Freezes) > MaxFreezes {
		bad("%d hours and %d freezes are more than %d and %d", len(c.Open), len(c.Freezes), MaxHours, MaxFreezes)
		return r, errs // what else is wrong with so many is not worth the work
	}
	for i, h := range c.Open {
		from, to, wrong := h.check()
		for _, err := range wrong {
			bad("hours %d: %w", i+1, err)
		}
		if k := slices.Index(c.Open, h); k < i {
			bad("hours %d are those of %d again", i+1, k+1)
		}
		r.addHours(h.Days, from, to)
	}
	places := make(map[Freeze]int, len(c.Freezes))
	for i, f := range c.Freezes {
		from, to, wrong := f.check()
		for _, err := range wrong {
			bad("freeze %d %.120q: %w", i+1, f.Name, err)
		}
		if k, ok := places[f]; ok { // a line that was copied and not changed
			bad("freeze %d %.120q is that of %d again", i+1, f.Name, k+1)
		}
		places[f] = i
		r.freezes = append(r.freezes, frozen{f.Name, span{from, to}})
	}
	return r, errs
}

// checkZone reports what cannot be the IANA name of a zone, or is one that says
// nothing about where it is. Names are a directory's, and become a file's.
func checkZone(name string) error {
	const hint = `; name one, such as "Europe/Berlin" or "UTC"`
	switch {
	case name == "":
		return errors.New("calendar: no zone" + hint)
	case len(name) > maxName:
		return fmt.Errorf("calendar: zone %.20q… is longer than %d bytes", name, maxName)
	}
	first, _, _ := strings.Cut(name, "/")
	for _, own := range []string{"Local", "localtime", "posixrules", "Factory"} {
		if strings.EqualFold(name, own) {
			return fmt.Errorf("calendar: zone %q is whatever one machine is set to%s", name, hint)
		}
	}
	if strings.EqualFold(first, "posix") || strings.EqualFold(first, "right") {
		return fmt.Errorf("calendar: zone %q is one machine's name for a copy, in part with leap seconds%s", name, hint)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			return fmt.Errorf("calendar: zone %q is not a name%s", name, hint)
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/_+-", r))
	}) {
		return fmt.Errorf("calendar: zone %q is not a name of letters, digits and /_+-%s", name, hint)
	}
	return nil
}

// check returns the seconds of the day.
func (h Hours) check() (from, to int64, errs []error) {
	if !h.Days.valid() {
		errs = append(errs, errors.New("no days"))
	}
	from, fromOK := h.From.seconds()
	if !fromOK || h.From == "24:00" {
		errs = append(errs, fmt.Errorf("from %.20q is not a time of the day from %q to %q", string(h.From), "00:00", "23:59"))
	}
	to, toOK := h.To.seconds()
	if !toOK {
		errs = append(errs, fmt.Errorf("to %.20q is not a time of the day from %q to %q", string(h.To), "00:01", "24:00"))
	}
	if fromOK && toOK && from >= to && h.From != "24:00" {
		errs = append(errs, fmt.Errorf("from %q is not before to %q; hours that pass midnight are two entries, one to %q and one from %q", string(h.From), string(h.To), "24:00", "00:00"))
	}
	return from, to, errs
}

// check returns the ends by the local clock.
func (f Freeze) check() (from, to int64, errs []error) {
	switch {
	case f.Name == "":
		errs = append(errs, errors.New("no name"))
	case len(f.Name) > maxName:
		errs = append(errs, fmt.Errorf("the name is longer than %d bytes", maxName))
	case !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
		errs = append(errs, errors.New("the name is not printable text"))
	}
	from, fromOK := f.From.seconds()
	to, toOK := f.To.seconds()
	for _, end := range []struct {
		what string
		at   DateTime
		ok   bool
	}{{"from", f.From, fromOK}, {"to", f.To, toOK}} {
		if !end.ok {
			errs = append(errs, fmt.Errorf("%s %.40q is not a date and time such as %q from %d to %d", end.what, string(end.at), "2026-12-20T00:00", firstYear, lastYear))
		}
	}
	if fromOK && toOK && from >= to {
		errs = append(errs, fmt.Errorf("from %q is not before to %q", string(f.From), string(f.To)))
	}
	return from, to, errs
}
