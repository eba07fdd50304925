package predicate

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// DeploymentSchema is the JSON Schema (2020-12) of [Deployment]. deployment.md
// beside it is the specification.
//
//go:embed deployment.schema.json
var DeploymentSchema string

// Deployment says what a rollout did: that a release was exposed, deployed, or
// rolled back, where and when, and on which evidence. Its subjects are the
// release's artifacts.
//
// It is specified in deployment.md. Package evidence fills in what it is bound to
// (NewDeployment).
type Deployment struct {
	// Event is what happened. Its Release is the one whose artifacts are the subjects.
	Event release.Event `json:"event"`
	// EvidenceSet is the [SetDigest] of the supporting evidence that was there when
	// the rollout was decided on: [Decision.EvidenceSet].
	EvidenceSet release.Digest `json:"evidenceSet"`
	// Decisions are the envelopes of the decisions and verification summaries that it
	// went by, sorted, each once. None says that nobody signed one.
	Decisions []release.Digest `json:"decisions,omitempty"`
}

// PredicateType is [TypeDeployment].
func (Deployment) PredicateType() string { return TypeDeployment }

// closed: a field that is not understood might be a condition.
func (Deployment) closed() {}

// Validate demands what deployment.md does.
func (d Deployment) Validate() error {
	var errs []error
	e := d.Event
	if e.ID == "" {
		errs = append(errs, errors.New("no event.id"))
	}
	switch e.Kind {
	case release.EventStarted, release.EventExposed, release.EventRegressed, release.EventWithdrawn, release.EventDeployed,
		release.EventRolledBack, release.EventStopped, release.EventHalted, release.EventReplaced:
	default:
		errs = append(errs, fmt.Errorf("event.kind %s is unknown", strictjson.Quoted(string(e.Kind))))
	}
	if e.At.IsZero() {
		errs = append(errs, errors.New("no event.at"))
	}
	if e.Release.Service == "" || e.Release.Digest.IsZero() {
		errs = append(errs, errors.New("no event.release"))
	}
	if !e.Previous.IsZero() && (e.Previous.Service == "" || e.Previous.Digest.IsZero()) {
		errs = append(errs, errors.New("event.previous names no release"))
	}
	if e.Environment == "" {
		errs = append(errs, errors.New("no event.environment"))
	}
	if !(e.Percent >= 0 && e.Percent <= 100) {
		errs = append(errs, fmt.Errorf("event.percent %v is not from 0 to 100", e.Percent))
	}
	if e.Actor.Kind > release.ActorService {
		errs = append(errs, errors.New("event.actor is of no kind"))
	}
	if slices.ContainsFunc(e.Reason.Refs, release.Digest.IsZero) {
		errs = append(errs, errors.New("event.reason has an empty reference"))
	}
	if d.EvidenceSet.IsZero() {
		errs = append(errs, errors.New("no evidenceSet: if there was no evidence, it must be the digest of the empty set"))
	}
	if d.Decisions != nil {
		errs = append(errs, ascending("decisions", d.Decisions))
	}
	return invalid(d, errs...)
}
