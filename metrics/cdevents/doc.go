// Package cdevents reads events of the CDEvents specification, 0.3 to 0.5, and the
// approvals of its draft, into facts of package metrics, and writes facts as events.
//
//	var d cdevents.Decoder
//	e, err := d.DecodeHTTP(r.Header, body) // or d.Decode(text), or d.Reset(stream) and d.All()
//	told, err := joiner.Add(e, now)
//	tally, err := log.Add(told.Facts...)
//
// # Reading
//
// A [Decoder] reads a stream of events, one event, or the parts of a CloudEvent over
// HTTP, with a scanner of its own: no reflection, no copy of what is not kept. Each
// [Event] says by its [Verdict] what is to be made of it; a type that means nothing for
// the metrics is skipped with its reason and never silently dropped.
//
// # What becomes of an event
//
//	service.deployed, upgraded     Deployment, named by the event's own source and id; it succeeded
//	service.rolledback             the same, with RollbackOf
//	pipelinerun.finished           of a pipeline in JoinerOptions.Pipelines that ended in failure or error: the
//	                               deployment that it made failed; where none is known, a Deployment of its own
//	change.created, reviewed       times of a change
//	change.merged                  Change, named by the subject; At is the time of the merge
//	artifact.packaged              says which change a deployment of the artifact brought
//	incident.detected, reported    Incident, named by the subject
//	incident.resolved              its end
//	approval.*                     no fact: [Event.Approval] reads it
//	any other                      skipped; service.removed, too, since nothing runs a version behind it
//
// A subject's id is the service, and not the deployment: a service is deployed many times.
// The service of an incident is the one that it names. A fact's Artifact is the
// artifactId with the colons of a purl as they are, its Version that of the purl, or all of what
// is no purl.
//
// # How events are joined
//
// The changes of a deployment are those that its artifact was packaged of, and those that
// it links to, itself or through a package. Artifacts are compared without the qualifiers
// and the subpath of a purl. Where there is no such change, those count that are in the
// same chain and no later. A package that does not name its change's source means the
// change of that id, if one source alone has merged one.
//
// A rollback takes back the deployment that it links to, and else what its place ran: the
// same service, environment and environment's source. A deployment runs until the next
// one, and a rollback to an artifact uncovers the last deployment of it.
//
// A failed run is that of the deployment of its service and environment that it links to
// or that links to it, and else of the last one before it in its chain. The deployment
// then started when its service event says, and was found to fail when the run ended.
//
// An incident was caused by the deployment that its detection or report links to, if that is one.
// To detect it again after it was resolved opens it again.
//
// Links are those that events carry themselves. They lead to the event whose context has
// the id, unless two sources have one. Links to events of which no fact is made lead
// nowhere. What is shared by more than 256 events, such as a chain, joins nothing.
//
// What could not be joined is listed by [Joiner.Unjoined]: each event with its [Gap].
//
// # Any order, any number of times
//
// A [Joiner] keeps events as a set; the facts and their revisions follow from the set
// alone, and an event that changes what a fact depends on raises its revision. A fact
// that no longer stands is told as a tombstone. Two Joiners that heard of different
// halves can contradict each other, which the log reports: let one hear of all.
//
// # What the format cannot say
//
// There are no commits and no times of them: a lead time begins with the merge. There is
// no failed deployment, no event for its beginning, and nothing that marks a hotfix. An
// incident may be a security finding as well. [Encode] says what is lost in writing.
package cdevents
