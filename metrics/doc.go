// Package metrics measures what came of releases: the five metrics of DORA, each
// with an interval, with the definition that it was measured by, and with the
// facts behind it.
//
// # Facts
//
// A [Log] takes [Deployment]s, [Change]s and [Incident]s in any order, any number
// of times. A fact is named by its source and ID; a higher revision corrects it,
// a tombstone takes it away. [Log.Snapshot] is what was known at a moment, so
// that last month's report can be made again as it was. [FromEvent] and
// [FromEvents] make deployments of what a rollout tells. [Live] keeps the results of
// one query at hand while facts come; package factlog keeps facts in a journal.
//
// # Definitions
//
// DORA's words leave much open: which deployments count, where a lead time
// begins, when a failure has been recovered from. Each such question is a field
// of [Definition], [DORA] answers them, and each [Result] carries the digest of
// the answers.
//
// # Honest numbers
//
// No data is a [Status] and never 0. A frequency of 0 is said of a time that was
// observed: see [Query.ObservedFrom]. Open failures are not left out of the
// recovery time, which would make it look short; they enter as censored. Lead
// times below zero are kept and counted. Incidents without a deployment are
// listed by [Report.Unlinked]. [Report.Explain] lists what each value rests on,
// and what was left out and why.
//
// The interval of a result covers the true value of a process like the one that
// was observed with the confidence [Result.Level]. It says nothing of what was
// not recorded.
//
// # Not for people
//
// A query that would group by individuals is refused with [ErrIndividual].
//
// # Units
//
// Times are in seconds, frequencies in deployments per week of seven civil days,
// rates are shares from 0 to 1; [Metric.Format] prints them.
package metrics
