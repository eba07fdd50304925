package release

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Event is one step of a rollout that others want to know of: evidence makes a
// deployment statement of it, metrics a deployment.
type Event struct {
	// ID is the same however often the event is told; it is unique among all events.
	ID string `json:"id"`
	// Kind is what happened, and At when.
	Kind EventKind `json:"kind"`
	At   time.Time `json:"at"`
	// Release is what the event is about, Previous what it takes the place of.
	Release  Ref `json:"release"`
	Previous Ref `json:"previous,omitzero"`
	// Environment is where, such as "production".
	Environment string `json:"environment"`
	// Rollout names the rollout that the event is part of.
	Rollout string `json:"rollout"`
	// Stage names the stage that was exposed, that regressed, or that slices were
	// withdrawn from; "" for other events.
	Stage string `json:"stage,omitempty"`
	// Percent is the share of all traffic that Release gets after the event, as far as
	// the plan tells: after slices of a stage were withdrawn, still that of the stage.
	Percent float64 `json:"percent"`
	// Actor is who caused it: a person who commanded, or the engine itself.
	Actor Actor `json:"actor"`
	// Reason is why it happened; zero where there is nothing to say.
	Reason Reason `json:"reason,omitzero"`
	// Started is when the rollout began, set on events that end it.
	Started time.Time `json:"started,omitzero"`
}

// EventKind says what happened.
type EventKind string

// The events of a rollout. Exactly one of deployed, rolled-back, stopped, halted and
// replaced ends it.
const (
	EventStarted    EventKind = "started"     // the rollout was accepted
	EventExposed    EventKind = "exposed"     // a stage is exposed, as observed
	EventRegressed  EventKind = "regressed"   // health says that the new release is worse
	EventDeployed   EventKind = "deployed"    // everything runs Release
	EventRolledBack EventKind = "rolled-back" // everything runs Previous again, as observed
	EventStopped    EventKind = "stopped"     // it ended before anything was exposed
	EventWithdrawn  EventKind = "withdrawn"   // slices of a stage run Previous again, as observed; the rest of it goes on
	EventHalted     EventKind = "halted"      // it ended where it stood: what is exposed cannot be taken back
	EventReplaced   EventKind = "replaced"    // it ended where it stood: another release took over what it exposed
)

// Ends reports whether the event ends its rollout.
func (k EventKind) Ends() bool {
	switch k {
	case EventDeployed, EventRolledBack, EventStopped, EventHalted, EventReplaced:
		return true
	}
	return false
}

// OutcomeKind is what became of a release. The zero value is "not known yet",
// which is never success.
type OutcomeKind uint8

// The outcomes.
const (
	OutcomeUnknown OutcomeKind = iota
	OutcomeFine
	OutcomeFailed
)

var outcomes = enum.Table[OutcomeKind]{Type: "release.OutcomeKind", Names: []string{"unknown", "fine", "failed"}}

// String is the outcome's name.
func (o OutcomeKind) String() string { return outcomes.Text(o) }

// ParseOutcomeKind reads an outcome's name.
func ParseOutcomeKind(s string) (OutcomeKind, error) { return outcomes.Parse(s) }

// MarshalText is the outcome's name.
func (o OutcomeKind) MarshalText() ([]byte, error) { return outcomes.Marshal(o) }

// UnmarshalText reads an outcome's name.
func (o *OutcomeKind) UnmarshalText(b []byte) error { return outcomes.Unmarshal(o, b) }

// Outcome is what became of a release, as known at a moment. metrics and rollout
// tell it, risk learns from it.
type Outcome struct {
	// Release is the release's digest, Kind what became of it.
	Release Digest      `json:"release"`
	Kind    OutcomeKind `json:"kind"`
	// Deployed is when the release was first exposed.
	Deployed time.Time `json:"deployed"`
	// At is when this was known. An outcome "fine" is a statement about the time
	// from Deployed to At and no longer: At minus Deployed is how long it was watched.
	At time.Time `json:"at"`
	// Cause names the incident or verdict that failed it.
	Cause string `json:"cause,omitempty"`
}
