package evidence

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// Supporting is what an approver looks at: the statements of set about r (about
// any of its artifacts), each envelope once, sorted by digest. Approvals,
// decisions, verification summaries and deployments are not among them, because
// they come after; nor are checkpoints and revocations, and what revocations in
// set revoke.
func Supporting(r release.Release, set []Verified) ([]Verified, error) {
	ordered, err := order(set)
	if err != nil {
		return nil, err
	}
	t, revoked := newTarget(r), newRevocations(ordered)
	return slices.DeleteFunc(ordered, func(v Verified) bool { return !supports(v) || !t.any(&v.v.statement) || revoked.of(v.v) != nil }), nil
}

func supports(v Verified) bool { return supportsType(v.v.statement.predicateType) }

func supportsType(predicateType string) bool {
	switch predicateType {
	case predicate.TypeApproval, predicate.TypeVSA, predicate.TypeSVR, predicate.TypeDecision, predicate.TypeDeployment,
		predicate.TypeRevocation, predicate.TypeCheckpoint:
		return false
	}
	return true
}

// order is set sorted, each envelope once for each identity that it was verified
// as: two trusts may know one key by two names.
func order(set []Verified) ([]Verified, error) {
	for i, v := range set {
		if v.IsZero() {
			return nil, fmt.Errorf("evidence: item %d was never verified", i)
		}
	}
	type keyed struct { // beside its digest, which is what most comparisons look at
		digest release.Digest
		v      Verified
	}
	keys := make([]keyed, len(set))
	for i, v := range set {
		keys[i] = keyed{v.Digest(), v}
	}
	compare := func(a, b keyed) int {
		if c := a.digest.Compare(b.digest); c != 0 || a.v == b.v {
			return c
		}
		return cmp.Compare(a.v.v.by.text(), b.v.v.by.text())
	}
	slices.SortFunc(keys, compare)
	keys = slices.CompactFunc(keys, func(a, b keyed) bool { return compare(a, b) == 0 })
	out := make([]Verified, len(keys))
	for i, k := range keys {
		out[i] = k.v
	}
	return out, nil
}

func digestsOf(set []Verified) []release.Digest {
	out := make([]release.Digest, len(set))
	for i, v := range set {
		out[i] = v.Digest()
	}
	return slices.Compact(out)
}

// SetDigest identifies a set of evidence: the canonical digest of the sorted
// envelope digests of what may support a decision, which leaves out approvals,
// decisions, verification summaries, deployments, revocations, checkpoints, and
// zero values. It looks at no release: pass what [Supporting] returned.
func SetDigest(set []Verified) release.Digest {
	var ds []release.Digest
	for _, v := range set {
		if !v.IsZero() && supports(v) {
			ds = append(ds, v.Digest())
		}
	}
	slices.SortFunc(ds, release.Digest.Compare)
	return predicate.SetDigest(slices.Compact(ds))
}
