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
// verification summaries and deployments are not among them, because they come
// after.
func Supporting(r release.Release, set []Verified) ([]Verified, error) {
	ordered, err := order(set)
	if err != nil {
		return nil, err
	}
	t := newTarget(r)
	return slices.DeleteFunc(ordered, func(v Verified) bool { return !supports(v) || !t.any(&v.v.statement) }), nil
}

func supports(v Verified) bool {
	switch v.v.statement.predicateType {
	case predicate.TypeApproval, predicate.TypeVSA, predicate.TypeDeployment:
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
	compare := func(a, b Verified) int {
		if c := a.v.digest.Compare(b.v.digest); c != 0 {
			return c
		}
		return cmp.Compare(a.v.by.text(), b.v.by.text())
	}
	out := slices.Clone(set)
	slices.SortFunc(out, compare)
	return slices.CompactFunc(out, func(a, b Verified) bool { return compare(a, b) == 0 }), nil
}

func digestsOf(set []Verified) []release.Digest {
	out := make([]release.Digest, len(set))
	for i, v := range set {
		out[i] = v.v.digest
	}
	return slices.Compact(out)
}

// SetDigest identifies a set of evidence: the canonical digest of the sorted
// envelope digests of what may support a decision, which leaves out approvals,
// verification summaries, deployments, and zero values. It looks at no release:
// pass what [Supporting] returned.
func SetDigest(set []Verified) release.Digest {
	var ds []release.Digest
	for _, v := range set {
		if !v.IsZero() && supports(v) {
			ds = append(ds, v.v.digest)
		}
	}
	slices.SortFunc(ds, release.Digest.Compare)
	return predicate.SetDigest(slices.Compact(ds))
}
