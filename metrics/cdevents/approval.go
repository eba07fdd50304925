package cdevents

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Decision is what a responder did with a request for approval. It is not the end of
// the approval: see [Status].
type Decision uint8

// The decisions of the draft.
const (
	DecisionUnknown Decision = iota
	DecisionEscalated
	DecisionDelegated
	DecisionDeferred
	DecisionRequestChanges
	DecisionApproved
	DecisionRejected
)

// The names are the draft's own.
var decisions = enum.Table[Decision]{Type: "cdevents.Decision",
	Names: []string{"unknown", "escalated", "delegate", "deferred", "requestChanges", "approved", "rejected"}}

// String is the decision's name.
func (d Decision) String() string { return decisions.Text(d) }

// ParseDecision reads a decision's name.
func ParseDecision(s string) (Decision, error) { return decisions.Parse(s) }

// MarshalText is the decision's name.
func (d Decision) MarshalText() ([]byte, error) { return decisions.Marshal(d) }

// UnmarshalText reads a decision's name.
func (d *Decision) UnmarshalText(b []byte) error { return decisions.Unmarshal(d, b) }

// Status is how an approval ended.
type Status uint8

// The ends of an approval. All but the first deny.
const (
	StatusUnknown   Status = iota // it has not ended
	StatusApproved                // to proceed is authorized
	StatusRejected                // it is denied
	StatusCancelled               // the request was withdrawn
	StatusExpired                 // nobody decided in time
)

var statuses = enum.Table[Status]{Type: "cdevents.Status", Names: []string{"unknown", "approved", "rejected", "cancelled", "expired"}}

// String is the status's name.
func (s Status) String() string { return statuses.Text(s) }

// ParseStatus reads a status's name.
func ParseStatus(s string) (Status, error) { return statuses.Parse(s) }

// MarshalText is the status's name.
func (s Status) MarshalText() ([]byte, error) { return statuses.Marshal(s) }

// UnmarshalText reads a status's name.
func (s *Status) UnmarshalText(b []byte) error { return statuses.Unmarshal(s, b) }

// Approval is one event of an approval, by the draft of CDEvents 0.6. It is what
// somebody told, and no evidence: nothing says that Responder sent it. No fact is
// made of it, since people are no dimension of a metric.
type Approval struct {
	// Source and ID name the approval; its events share them.
	Source string
	ID     string
	// Kind says whether it was requested, answered or closed, and At when.
	Kind Kind
	At   time.Time
	// Target is the URL of what the approval lets go on, Details that of the approval.
	Target  string
	Details string
	// Requestor is the URN of who asked, set in [ApprovalCreated]; Responder that of who
	// answered, set in the others.
	Requestor string
	Responder string
	// Decision is what the responder did; unknown in ApprovalCreated.
	Decision Decision
	// Status is how it ended; unknown in all but [ApprovalClosed].
	Status Status
}

// Approval is what the event says of an approval; of an event of another kind the
// answer is false.
func (e *Event) Approval() (Approval, bool) {
	if e.Verdict != VerdictApproval {
		return Approval{}, false
	}
	a := Approval{Source: string(e.Subject.Source), ID: string(e.Subject.ID), Kind: e.Kind, At: e.Time, Target: string(e.Resource), Details: string(e.Details)}
	if e.Kind == ApprovalCreated {
		a.Requestor = string(e.Requestor)
		return a, true
	}
	a.Responder = string(e.Responder)
	a.Decision, _ = ParseDecision(string(e.Decision))
	if e.Kind == ApprovalClosed {
		a.Status, _ = ParseStatus(string(e.Status))
	}
	return a, true
}

// lacksOfApproval is the first thing that an approval must have and does not.
func (e *Event) lacksOfApproval() problem {
	switch {
	case e.Details == nil:
		return problem{0, "subject.content.approvalDetailsUrl", "is missing"}
	case e.Resource == nil:
		return problem{0, "subject.content.resourceTargetUrl", "is missing"}
	case e.Kind == ApprovalCreated && e.Requestor == nil:
		return problem{0, "subject.content.requestor", "is missing"}
	case e.Kind == ApprovalCreated:
		return problem{}
	case e.Responder == nil:
		return problem{0, "subject.content.responder", "is missing"}
	case !among(decisions.Names, e.Decision):
		return problem{0, "subject.content.decision", "is none that is known"}
	case e.Kind == ApprovalClosed && !among(statuses.Names, e.Status):
		return problem{0, "subject.content.status", "is none that is known"}
	}
	return problem{}
}

// among reports whether text is a name of an enumeration, and not that of its unknown
// value.
func among(names []string, text []byte) bool {
	for _, n := range names[1:] {
		if string(text) == n {
			return true
		}
	}
	return false
}
