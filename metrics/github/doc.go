// Package github reads what GitHub tells of deployments, changes and incidents into
// the facts of package metrics: webhook deliveries, and the deployment records of the
// REST API.
//
//	j, err := github.NewJoiner(github.Options{})
//	if !github.VerifySignature(secret, r.Header.Get("X-Hub-Signature-256"), body) { … }
//	told, err := j.Add(r.Header.Get("X-GitHub-Event"), body, now)
//	tally, err := log.Add(told.Facts...)
//
// # What becomes of a delivery
//
//	event                 fact
//	deployment            Deployment "deployment/ID", outcome unknown
//	deployment_status     the same; outcome by its statuses, see below
//	workflow_run          Deployment "run/ID" of a completed run, if Options.Environment names one
//	release               Deployment "release/ID" of a published release, if Options.Environment names one
//	pull_request          Change "owner/name#number", once it is merged
//	pull_request_review   times of that change: first review, last approval
//	push                  Change "owner/name@commit" for each commit pushed to a branch
//	issues                Incident "owner/name#number", once it carries a label of Options.IncidentLabels
//	any other             skipped, with the reason
//
// A deployment's statuses decide by their own times, whatever order they come in:
//
//	success                            succeeded, at the first success since the last failure
//	failure, error after a success     failed: users were exposed; found when it was told
//	failure, error without a success   what Options.Failure says: GitHub does not know whether users were exposed
//	inactive                           no change: a later deployment took its place
//	queued, pending, in_progress, waiting, requested, or none   no change: unknown as long as nothing else came
//
// A commit is the version: a branch's name would make every deployment of it a
// repetition. Deployments do not say which changes they brought; the host adds
// [metrics.Deployment.Changes] from its repository, as package gittags does, or from
// what was pushed, with [Joiner.Pushed].
//
// A pull request reverts another one where both its title is Revert "…" and its
// body has a line "Reverts owner/name#number" of the same repository: what GitHub's
// button writes.
//
// # Any order, any number of times
//
// GitHub delivers out of order, again, and not always. A [Joiner] keeps what was told
// of each thing as a set; the fact and its revision follow from the set alone, and a
// larger set has a higher revision. The time of the latest part leads the revision, so that a
// Joiner which has forgotten earlier deliveries still corrects what it said of them.
// Two Joiners that heard of different halves of a thing can contradict each other,
// which the log reports: let one hear of all of it.
//
// # Limits
//
// Payloads are strict JSON, of at most Options.MaxBytes; a name that stands twice is an
// error, as is text that no fact may hold. A Joiner holds at most Options.MaxPieces
// parts and refuses more with [ErrFull]. Nothing is taken of people: of a review it is
// only asked whether the author of the change or an automation made it.
package github
