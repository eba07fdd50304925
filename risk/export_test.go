package risk

import (
	"path"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Prepared does all of Assess that comes before judging, and returns the judging.
func Prepared(in Input) (func(now time.Time) Assessment, error) {
	a, err := New(nil, nil)
	if err != nil {
		return nil, err
	}
	digest, err := in.Changes.Digest()
	cs := a.labels.copyOf(&in.Changes)
	return func(now time.Time) Assessment { return a.assess(in, cs, digest, now) }, err
}

// Pieces are the paths that only move together, in the order of splits.
func Pieces(a *Assessor, cs *release.ChangeSet) [][]release.Path {
	var out [][]release.Path
	for _, q := range divide(a.labels.copyOf(cs)).list {
		out = append(out, q.paths)
	}
	return out
}

// Judge is Assess of change sets that carry their labels, and Labelled puts them on.
func Judge(a *Assessor, in Input, labelled *release.ChangeSet, now time.Time) Assessment {
	return a.assess(in, labelled, in.Digest, now)
}

// Labelled is the change set with labels.
func Labelled(a *Assessor, cs *release.ChangeSet) release.ChangeSet {
	return *a.labels.copyOf(cs)
}

// WhatIfGreedy is WhatIf as it is where there are too many smaller splits to try.
func WhatIfGreedy(a *Assessor, in Input, now time.Time) []Counterfactual {
	s := newSearch(a, in, now)
	s.greedy = true
	return s.ways()
}

// WhatIfWithin is WhatIf with a budget.
func WhatIfWithin(a *Assessor, in Input, now time.Time, budget int) []Counterfactual {
	s := newSearch(a, in, now)
	s.limit = budget
	return s.ways()
}

// Circumstances is the digest of all of the input but the change set.
func Circumstances(in *Input, now time.Time) release.Digest { return circumstances(in, now) }

// SlowCircumstances is Circumstances by reflection.
func SlowCircumstances(in *Input, now time.Time) release.Digest { return slowCircumstances(in, now) }

// SlowLabelled is Labelled by asking each labeler about each thing.
func SlowLabelled(a *Assessor, cs *release.ChangeSet) release.ChangeSet {
	return *slowLabels(cs, a.policy.Labelers)
}

// SlowAssess is Assess, of a change set whose digest is known, with its labels and circumstances the slow way.
func SlowAssess(a *Assessor, in Input, now time.Time) Assessment {
	out := a.assess(in, slowLabels(&in.Changes, a.policy.Labelers), in.Digest, now.UTC())
	out.Circumstances = slowCircumstances(&in, now)
	return out
}

// FactsOf are what the rules of an assessor look at.
func FactsOf(a *Assessor, in Input, now time.Time) *Facts {
	return a.facts(&in, a.labels.copyOf(&in.Changes), now)
}

// DeclaresResources goes by a path's extension.
func DeclaresResources(p release.Path) bool { return declaresResources(p) }

// SlowDeclaresResources is DeclaresResources of the whole path in small letters.
func SlowDeclaresResources(p release.Path) bool {
	switch path.Ext(strings.TrimSuffix(strings.ToLower(string(p)), ".json")) {
	case ".tf", ".tfvars", ".tofu", ".hcl", ".bicep":
		return true
	}
	return false
}
