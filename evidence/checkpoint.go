package evidence

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// NewCheckpoint is a store's word that of all that it holds, set, these envelopes
// concern r. The store counts sequence up from 1 for each release, and issued is
// when it looked. What concerns a release is in checkpoint.md: everything about one
// of its artifacts, approvals and rejections that name it, and revocations, those
// of keys and principals always.
func NewCheckpoint(r release.Release, set []Verified, sequence uint64, issued time.Time) (predicate.Checkpoint, error) {
	if err := r.Validate(); err != nil {
		return predicate.Checkpoint{}, fmt.Errorf("evidence: checkpoint: %w", err)
	}
	digest, err := r.Digest()
	if err != nil {
		return predicate.Checkpoint{}, fmt.Errorf("evidence: checkpoint: %w", err)
	}
	ordered, err := order(set)
	if err != nil {
		return predicate.Checkpoint{}, err
	}
	c := predicate.Checkpoint{Release: digest, Evidence: digestsOf(concerning(r, digest, ordered)), Sequence: sequence, Issued: issued.UTC()}
	c.EvidenceSet = predicate.SetDigest(c.Evidence)
	return c, c.Validate()
}

// concerning is what of an ordered set concerns a release.
func concerning(r release.Release, digest release.Digest, ordered []Verified) []Verified {
	t := newTarget(r)
	held := make(map[release.Digest]holding, len(ordered)) // revocations aside
	for _, v := range ordered {
		if v.v.statement.predicateType == predicate.TypeRevocation {
			continue // what revokes one may concern the release as it does
		}
		concerns := t.any(&v.v.statement)
		if v.v.statement.predicateType == predicate.TypeApproval && !concerns {
			pred, _ := v.v.predicate()
			a, ok := pred.(predicate.Approval)
			concerns = ok && a.Release == digest
		}
		held[v.Digest()] = holding{v.v, concerns}
	}
	var out []Verified
	for _, v := range ordered {
		switch v.v.statement.predicateType {
		case predicate.TypeCheckpoint:
		case predicate.TypeRevocation:
			if revokes(v, t, held) {
				out = append(out, v)
			}
		default:
			if held[v.Digest()].concerns {
				out = append(out, v)
			}
		}
	}
	return out
}

// holding is an envelope that a store holds, and whether it concerns a release.
type holding struct {
	v        *verified
	concerns bool
}

// revokes reports whether a revocation may concern a release: only artifacts of
// others and envelopes about others do not.
func revokes(v Verified, t *target, held map[release.Digest]holding) bool {
	pred, err := v.v.predicate()
	if err != nil || t.any(&v.v.statement) {
		return true
	}
	for _, target := range pred.(predicate.Revocation).Targets {
		switch {
		case target.Envelope != nil:
			// One with another statement or key revokes by these, whatever has them.
			h, known := held[target.Envelope.Digest]
			if !known || h.concerns || h.v.by.Key != target.Envelope.Key || h.v.statementDigest() != target.Envelope.Statement {
				return true
			}
		case target.Artifact.IsZero() || t.byDigest[target.Artifact.Hex()]:
			return true
		}
	}
	return false
}
