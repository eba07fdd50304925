package predicate

import (
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// TypeCheckpoint is the predicate type of [Checkpoint].
const TypeCheckpoint = "https://sallyport.dev/checkpoint/v1"

// CheckpointSchema is the JSON Schema (2020-12) of [Checkpoint]. checkpoint.md
// beside it is the specification.
//
//go:embed checkpoint.schema.json
var CheckpointSchema string

// Checkpoint is a store's word about which envelopes concern a release: all that
// it holds, whatever they say. Whoever shows evidence to somebody else and leaves
// one of them out is found out by it.
//
// It is specified in checkpoint.md. Package evidence makes one (NewCheckpoint).
type Checkpoint struct {
	// Release is [release.Release.Digest].
	Release release.Digest `json:"release"`
	// Evidence are the envelopes, sorted; EvidenceSet is their [SetDigest].
	Evidence    []release.Digest `json:"evidence"`
	EvidenceSet release.Digest   `json:"evidenceSet"`
	// Sequence numbers the checkpoints that the store has issued about the release,
	// from 1 upwards.
	Sequence uint64 `json:"sequence"`
	// Issued is when the store looked, by its own clock. Required. It only narrows: a
	// checkpoint is as old as the earlier of it and the first trusted time.
	Issued time.Time `json:"issued"`
}

// MaxSequence is the largest sequence number: JSON readers that know one kind of
// number alone tell all up to it apart.
const MaxSequence = 1<<53 - 1

// PredicateType is [TypeCheckpoint].
func (Checkpoint) PredicateType() string { return TypeCheckpoint }

// closed: a field that is not understood might be a condition.
func (Checkpoint) closed() {}

// Validate demands what checkpoint.md does.
func (c Checkpoint) Validate() error {
	var errs []error
	if c.Release.IsZero() {
		errs = append(errs, errors.New("no release"))
	}
	errs = append(errs, ascending("evidence", c.Evidence))
	if c.EvidenceSet != SetDigest(c.Evidence) {
		errs = append(errs, errors.New("evidenceSet is not the digest of evidence"))
	}
	if c.Sequence == 0 || c.Sequence > MaxSequence {
		errs = append(errs, fmt.Errorf("sequence %d is not from 1 to %d", c.Sequence, uint64(MaxSequence)))
	}
	if c.Issued.IsZero() {
		errs = append(errs, errors.New("no issued"))
	}
	return invalid(c, errs...)
}
