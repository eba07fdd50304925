// Package factlog keeps the facts of package metrics in a journal: a file, a database,
// or memory. What [Log.Add] has acknowledged is in the journal, and is there again
// after a crash.
//
//	j, err := journal.Open("metrics.journal", nil)
//	log, err := factlog.Open(ctx, j, "metrics/facts", nil)
//	tally, err := log.Add(ctx, deployment, incident)
//	report, err := metrics.Compute(log.Snapshot(now), metrics.DORA(), query)
//
// # One state
//
// The state is that of a [metrics.Log] that was given the same facts: it depends on
// which facts were written, and neither on their order nor on how often they came, nor
// on which process wrote them. So several writers may share a stream, each with a Log
// of its own: who finds that another one has written reads that and tries again.
// [Log.Refresh] and [Log.Follow] keep up a process that only reads.
//
// # Records
//
// A record's kind is [Kind], which carries the version of the format. Its data are
// facts, each in the JSON of [metrics.AppendFact] with a line feed behind it. Its time
// is when the latest of its facts was seen. A fact is written only if it changes the
// state, so that what is delivered again costs nothing. Whatever a reader does not
// understand is a [*RecordError] that says where it stands; nothing is skipped.
//
// A stream holds facts and nothing else, and must not be compacted: each fact counts.
package factlog
