// Package prometheus reads samples for [health.Monitor] from the HTTP API of
// Prometheus, or of a store that speaks it.
//
// # What is counted
//
// A counter only says how much there was since its process began. What happened in
// a window is the difference of two raw values, and so that is what a [Reader]
// asks for: the raw samples of each series from some time before the window to its
// end (a range selector in an instant query, /api/v1/query), from which it takes
//
//	value of the last scrape at or before End - value of the last one at or before Start
//
// for each series by itself, and only then sums. It never asks for increase() or
// rate(): they extrapolate to the window's borders, so that four errors become
// 4.37, an error in two windows becomes two, and nothing adds up. Here each event
// that was scraped counts in exactly one of the windows that follow each other.
//
// Of a window [Start, End) the two sides are therefore known up to their scrapes:
// each target's part is shifted by less than its own scrape interval, and its
// good and bad events by the same. A window should be several scrape intervals
// long; one that is shorter than an interval is an error, and so is a Lookback.
//
// # Series that begin, begin again and end
//
// A counter that falls has begun again, from 0. Many libraries make the series of
// a label only when it is first used, which for errors is when it matters: the
// first error of each instance must not be taken for where its counter stood. So
// series are looked at by target ([Options.Target]: one scraped process), and one
// that appears although its target was scraped without it before stood at 0 then. So
// did one that is gone for a while in which another one of its target falls.
//
// A target that is new as a whole is another thing: nobody can see whether it
// just started, or was there for a year and is only scraped from now on. Its first
// scrape is where counting begins, and what it counted before that is in no
// window; unless [Options.Start] names the series of the time at which its process
// started, and that is within what the reader looked at: then it counts from 0.
// That series also shows restarts after which a counter is soon higher than before;
// a start that only moves because the target's clock was set is none.
//
// Where the series of one target were not scraped together (they have different
// times, as from exporters that set them), absence says nothing, and each series
// counts from its own first value. What a process counted after its last scrape is
// lost with it; a canary that crashes before anybody scrapes it shows as one
// without traffic. A gap of scrapes up to [Options.Lookback] is bridged: its events
// count in the window in which the target is scraped again. Staleness markers do
// not appear in raw answers and are not needed.
//
// # What is refused
//
// No series is no data: no sample, or one whose other side counts nothing. All
// else is an error, and means that nothing is known: a failed or late answer, a
// redirect, another content type, an answer that is too large, warnings and
// infos, partial answers, series that were not asked for, series that are both
// canary and control, counters that are negative, not finite or above 2^53,
// numbers of events that are not whole, more bad events than events. A window that
// is not closed yet, by the reader's clock or the store's, is a [health.OpenError],
// which says when to come back.
//
// # Expressions
//
// What a selector cannot say may be PromQL ([Query.Expr]), which is asked for at
// equal steps (/api/v1/query_range). Each series of the answer must still be of one
// target: the sum of counters falls when an instance goes, and nothing tells that
// from a restart.
//
// # What cannot be seen
//
// A counter that begins again and is higher than before by the next scrape, without
// [Options.Start]; a process that no scrape saw; a selector of bad events that finds none on one side because it is
// wrong there, without [Query.Initialised]; and two scrapers whose series of the same
// process are both in the store: they count everything twice, which doubles the
// evidence. Select one of them, or let the store do it.
//
// A store that takes samples late or out of order must be read with a Lag beyond
// its tolerance: a window is final once it was read, and the Monitor refuses one
// that comes back with other counts.
package prometheus
