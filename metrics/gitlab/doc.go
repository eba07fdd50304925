// Package gitlab reads what GitLab tells of deployments, changes and incidents into
// the facts of package metrics: webhook deliveries, and the records of the REST API.
//
//	j, err := gitlab.NewJoiner(gitlab.Options{})
//	if !gitlab.VerifyToken(token, r.Header.Get(gitlab.TokenHeader)) { … }
//	told, err := j.Add(body, now)
//	tally, err := log.Add(told.Facts...)
//
// # What becomes of a delivery
//
//	object_kind         fact
//	deployment          Deployment "deployment/ID"
//	merge_request       Change "group/project!iid", once it is merged
//	issue, work_item    Incident "group/project#iid", if its type is incident
//	any other           skipped, with the reason
//
// A deployment's statuses decide by their own times, whatever order they come in:
//
//	success                     succeeded, at the first success since the last failure
//	failed after a success      failed: users were exposed; found when it was told
//	failed without a success    what Options.Failure says: GitLab does not know whether users were exposed
//	canceled, skipped           no change: nobody knows what was exposed
//	created, running, blocked   no change: unknown as long as nothing else came
//
// The version is the commit, from the link to it where the delivery holds an
// abbreviation alone. Deployments do not say which changes they brought; the host adds
// [metrics.Deployment.Changes]. A merge request's webhook does not say when it was
// merged: it is when it was last updated in the delivery whose action is "merge".
// The records of the API say it, and so do not depend on the delivery. A merge request
// reverts another one where its title is Revert "…" and its description has a line
// "This reverts merge request !iid" of the same project, as GitLab's button writes.
//
// # Any order, any number of times
//
// A [Joiner] keeps what was told of each thing as a set; the fact and its revision
// follow from the set alone, and the time of its latest part leads the revision, so
// that a Joiner which has forgotten earlier deliveries still corrects what it said of
// them. Two Joiners that heard of different halves of a thing can contradict each
// other, which the log reports: let one hear of all of it.
//
// # Limits
//
// Payloads are strict JSON of at most Options.MaxBytes; a name that stands twice is
// an error, as is text that no fact may hold, and a time without its zone. A Joiner
// holds at most Options.MaxPieces parts and refuses more with [ErrFull]. Nothing is
// taken of people.
package gitlab
