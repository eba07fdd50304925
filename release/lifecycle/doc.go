// Package lifecycle says which components of a release are behind, and which their
// makers gave up: deprecated, retracted, at their end of life.
//
// What there is of a package and since when, the host supplies as a file of dates;
// nothing is downloaded. [Read] reads the format below, and [ReadGoList] what
// "go list -m -u -versions -json all" prints:
//
//	dates := lifecycle.Read("dates.json", b)
//	changes.Add(dates.Outdated(&after, asOf, lifecycle.Options{}))
//
// # Behind
//
// How far a component is behind is told in two numbers. Releases counts the versions
// above the used one, by the order of their ecosystem (package version). Days is the
// time from the used version's publication to that of the newest: 365.25 of them are
// a libyear (Cox, Bouwers, van Eekelen, Visser: Measuring Dependency Freshness in
// Software Systems, ICSE 2015). A newest version that was published before the used
// one, as after a fix of an older line, is 0 days away.
//
// A pre-release is not newer than a version that is none. Retracted versions are
// newer than nothing: nobody should go there.
//
// # As of a moment
//
// Answers are as of a moment: versions that were published later do not exist yet,
// and what was retracted or deprecated later was not yet. Dates that were collected
// long before the moment, [Options.MaxAge], do not know what is the newest.
//
// # Unknown
//
// What the file does not say is unknown, never "current". A component that the file
// does not have, whose version it does not list, or whose ecosystem has no known order
// makes the coverage partial, and a gap names the first few for each reason. So does
// one of which nobody told whether it is deprecated or retracted. End of life is
// announced for few packages; where it is not known, it is unknown in the result and
// has no bearing on the coverage.
//
// # The format
//
//	{
//	  "schema": "https://sallyport.dev/schema/lifecycle/v1",
//	  "collected": "2026-11-01T04:00:00Z",
//	  "packages": [
//	    {
//	      "package": "pkg:npm/left-pad",
//	      "complete": true,
//	      "deprecated": true, "deprecatedAt": "2020-01-01", "note": "use padStart",
//	      "versions": [
//	        {"version": "1.2.0", "published": "2017-05-30T12:00:00Z"},
//	        {"version": "1.3.0", "published": "2018-04-09T01:10:45Z",
//	         "retracted": true, "retractedAt": "2018-05-01", "note": "broken"}
//	      ],
//	      "endOfLife": [{"line": "1", "from": "2021-01-01"}, {"line": "2"}]
//	    }
//	  ]
//	}
//
// Names are as here, and a name that is not here makes the file unreadable. Times are
// RFC 3339, or a date, which is its first moment in UTC.
//
//   - collected is when the file was true. Required.
//   - package is a package URL without a version. It may have the qualifiers that
//     tell a distribution's package from another's.
//   - complete says that versions has every version that was published by then.
//     Without it, it is not known how far behind a component is.
//   - published is when a version was. Without it, it was by the time of collected.
//   - retracted (also called yanked) and deprecated are true, false, or left out where
//     that is not known; deprecated may stand at the package, at the version, or both.
//     retractedAt and deprecatedAt are since when; without them, since some time before
//     collected.
//   - note is a word of the makers for people.
//   - endOfLife has the lines that the makers support or no longer do: line is how
//     the numbers of its versions begin, the longest line that fits counts, and from
//     is when support ends. A line without from has no announced end, and an empty
//     list says that none is announced for any version.
package lifecycle
