// Package calendar says when a rollout may widen: in business hours, and not while
// changes are frozen, by the wall clock of a named time zone.
//
// A [Calendar] is a plain value that is part of a plan: the same value has the same
// JSON, and so the same digest. [Calendar.At] answers for one moment whether it is
// open, why, and until when. The package has no clock: the moment is an argument.
//
// # What open means
//
// A moment is open if the hours are open and no freeze is in force. Without hours the
// week is always open. Hours and freezes are half-open: from 09:00 to 17:00 is open
// at 09:00 and closed at 17:00. Several hours are open together where any of them is,
// so that they may overlap, and two of which one begins where the other ends are one.
// The same holds for freezes.
//
// # When clocks are changed
//
// Hours are what the local clock shows. A moment is within hours if the day of the
// week and the time of the day that a clock in the zone shows at this moment are
// within them, and nothing else counts:
//
//   - In a gap, where the clock is put forward from 02:00 to 03:00, no moment shows
//     02:30. Hours from 02:15 to 02:45 are not open at all on that day, and hours from
//     02:30 to 05:00 are open from the change on, at 03:00. If midnight is skipped,
//     hours from 00:00 are open from the first moment of the day. A day that the zone
//     skips has no hours.
//   - In an overlap, where the clock is put back from 03:00 to 02:00, each moment from
//     02:00 to 03:00 is shown twice. Hours from 02:15 to 02:45 are open twice, for half
//     an hour each, and hours from 00:00 to 02:30 are open until the first 02:30, and
//     again from the second 02:00 to the second 02:30. Hours from 00:00 to 05:00 are
//     open for six hours.
//
// A freeze is one stretch of time without a hole, and in doubt the longer one. It
// begins at the first moment at which the local clock shows From or later, and it
// ends after the last moment at which the clock shows anything before To:
//
//   - In a gap, a From or To that no clock shows stands for the moment of the change.
//     A freeze of which both ends are in one gap has no moment, and is never in force.
//   - In an overlap, From is the first of the two moments and To the second. A freeze
//     from 02:15 to 02:45 of that night is in force from the first 02:15 to the second
//     02:45, an hour and a half.
//
// # The zone
//
// The zone is named, and never the machine's own: two machines that drive the same
// rollout must agree. [Calendar.Validate] looks at the name's form alone, so that it
// says the same everywhere. [Calendar.Load] and what rests on it ([Calendar.At],
// [Calendar.Windows]) read the zone's rules with [time.LoadLocation], which is the one
// thing that this package takes from its surroundings: from the machine's zone files or
// from the package time/tzdata. A program for hosts without zone files (a container
// made from scratch, Windows) imports it:
//
//	import _ "time/tzdata"
//
// Old aliases, such as "US/Pacific", are not on every machine that has zone files; the
// names by continent or ocean and place are. A zone that is not found is
// [ErrUnknownZone], and no verdict. A caller that starts something for this calendar
// asks At once at the start, so that a misspelt zone is found then and not on a Friday
// evening. [Calendar.In] takes the rules from the caller and reads nothing.
//
// Governments change the rules, sometimes days ahead, and machines get the new rules
// at different times. A verdict is therefore what one machine knew at one moment:
// record it, and ask again when it is due and before each use.
//
// # Bounds
//
// A calendar has at most [MaxHours] hours and [MaxFreezes] freezes, which are within
// the years 1970 to 2999, as the moments are that may be asked about: a machine whose
// clock shows anything else has lost it, and gets an error. The next change is looked
// for within [Horizon] of the moment asked about, and of the end of each freeze that
// is met. In the zones of this world a calendar always opens again, within two weeks
// of the last freeze; a made-up zone in which none of the hours is ever shown is
// reported as closed without an end.
package calendar
