package cdevents

import "time"

// Event is what is read of one event. Its texts are views: they share the memory of the
// text that was read, or of the [Decoder], and are valid until the Decoder's next call.
// A text that the event does not have is nil.
type Event struct {
	// Kind is what the event says, Verdict what is made of it. A skipped event may lack
	// anything but its Type.
	Kind    Kind
	Verdict Verdict
	// Type is the event's type as it stands there, SpecVersion the version of the
	// specification that it goes by.
	Type        []byte
	SpecVersion []byte
	// ID and Source are those of the context: together they name the event. ChainID names
	// the chain of events that it is part of.
	ID      []byte
	Source  []byte
	ChainID []byte
	// Time is the context's timestamp, in UTC.
	Time time.Time
	// Links are the links that are embedded in the context.
	Links []Link
	// Subject is what the event is about. Its Source is the context's where the subject
	// names none: CDEvents, section "source (subject)".
	Subject Reference
	// Environment, Service, Change and Repository are the content's references of that
	// name.
	Environment Reference
	Service     Reference
	Change      Reference
	Repository  Reference
	// ArtifactID is the purl of what a service runs, TicketURI the ticket of an incident.
	ArtifactID []byte
	TicketURI  []byte
	// PipelineName and Outcome are those of a pipeline run.
	PipelineName []byte
	Outcome      []byte
	// Requestor asked for the approval that the event tells of, Responder answered.
	Requestor []byte
	Responder []byte
	// Decision is the answer, Status where the approval stands: see [Approval].
	Decision []byte
	Status   []byte
	// Resource is what is to be approved, Details what was said of it.
	Resource []byte
	Details  []byte
	// Offset is where the event begins in the stream that it was read from, in bytes, and
	// Line the line, from 1.
	Offset int64
	Line   int
}

// Reference names something that events are about. Its ID is unique within its Source.
type Reference struct {
	// ID is what it is called, Source who calls it so.
	ID     []byte
	Source []byte
}

// Link is a link to another event: CDEvents, links.
type Link struct {
	// Type is PATH, RELATION or END, Kind the kind of a relation, such as TRIGGER.
	Type []byte
	Kind []byte
	// Event is the context id of the event at the other end.
	Event []byte
}

// Error says what is wrong with an event, and where. Its text may change.
type Error struct {
	// Offset is the place in the stream, in bytes, and Line its line, from 1.
	Offset int64
	Line   int
	// Fatal says that the place at which the next event begins is not known: it is not JSON, or
	// it is too large. After another error the next event can be read.
	Fatal bool
	// Reason is for people.
	Reason string
}
