// Package pagerduty reads what PagerDuty tells of incidents into the facts of package
// metrics: webhook deliveries (version 3), and the incidents of the REST API.
//
//	j, err := pagerduty.NewJoiner(pagerduty.Options{Service: …})
//	if !pagerduty.VerifySignature(secrets, r.Header.Get(pagerduty.SignatureHeader), body) { … }
//	told, err := j.Add(body, now)
//	tally, err := log.Add(told.Facts...)
//
// # What becomes of a delivery
//
// An event "incident.…" whose data is an incident is what that incident was at the
// time of the event; together they make one [metrics.Incident], whose ID is
// PagerDuty's own. It began when it was created. It is resolved at the time of the
// first event that tells so after the last one that found it open: a reopened incident
// is open again, and its episodes are one incident. Severity is the priority's name, or else
// the urgency. PagerDuty says neither what users felt nor which deployment did it, so
// Mitigated, CausedBy and NoticedBy are not set. Any other event is skipped, with the
// reason.
//
// # Any order, any number of times
//
// PagerDuty delivers again, and not in order. A [Joiner] keeps what was told of each
// incident as a set; the fact and its revision follow from the set alone. The time of
// the latest event leads the revision, so that a Joiner which has forgotten earlier
// deliveries still corrects what it said of them. Two Joiners that heard of different
// halves of an incident can contradict each other, which the log reports: let one hear
// of all of it.
//
// # Limits
//
// Payloads are strict JSON of at most Options.MaxBytes; a name that stands twice is
// an error, as is text that no fact may hold. A Joiner holds at most Options.MaxPieces
// events and refuses more with [ErrFull]. Nothing is taken of people.
package pagerduty
