// Package cdevents reads events of the CDEvents specification, 0.3 to 0.5, and the
// approvals of its draft, into facts of package metrics.
//
// A [Decoder] reads a stream of events, one event, or the parts of a CloudEvent over
// HTTP, with a scanner of its own: no reflection, no copy of what is not kept. Each
// [Event] says by its [Verdict] what is to be made of it; a type that means nothing for
// the metrics is skipped with its reason and never silently dropped.
package cdevents
