package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// Statement makes the decision/v1 statement of d, to be signed by whoever
// decided: the verdict, a hold included, what it rests on, and until when it
// holds. Its subjects are the release's artifacts. The same question and the
// same evidence, decided again for [Decision.At], give the same bytes; that is how
// one is found out whose fields were changed before it was signed, see [VSA].
//
// [As] reads it back as a [predicate.Decision], whose Record is what
// [Decision.Record] is.
func (d *Decision) Statement() (Statement, error) {
	p, err := d.predicate()
	if err != nil {
		return Statement{}, err
	}
	return For(d.Release, p)
}

// predicate is d as a predicate. For validates it.
func (d *Decision) predicate() (predicate.Decision, error) {
	digest, err := d.Release.Digest()
	if err != nil {
		return predicate.Decision{}, fmt.Errorf("evidence: decision: %w", err)
	}
	p := predicate.Decision{Verdict: d.Verdict, Release: digest, Changes: d.Release.Changes, Environment: d.Environment, Policy: d.Policy,
		EvidenceSet: d.Evidence, Used: listed(d.Used), Results: []predicate.DecisionResult{}, Reasons: reasonsOf(d.Reasons), At: moment(d.At), Until: moment(d.Until)}
	for i := range d.Results {
		r := &d.Results[i]
		out := predicate.DecisionResult{ID: r.ID(), Status: r.Status.String(), Have: r.Have, Need: r.Need,
			Levels: slices.Compact(slices.Sorted(slices.Values(r.Levels))), Used: listed(r.Used), Reasons: reasonsOf(r.Reasons), Until: moment(r.Until)}
		if r.Rule == nil {
			q := predicate.NewDecisionRequirement(r.Requirement)
			out.Requirement = &q
		}
		p.Results = append(p.Results, out)
	}
	return p, nil
}

// listed is ds in the order of the predicate, and a list where there is nothing in
// it.
func listed(ds []release.Digest) []release.Digest {
	out := append([]release.Digest{}, ds...)
	slices.SortFunc(out, release.Digest.Compare)
	return slices.Compact(out)
}

func reasonsOf(rs []release.Reason) []release.Reason {
	out := append([]release.Reason{}, rs...)
	for i := range out {
		out[i].Refs = slices.Clone(out[i].Refs)
	}
	return out
}

// moment is t without what is of one machine: its zone and its monotonic clock.
func moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}
