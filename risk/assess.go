package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Input is everything that an assessment comes from, besides the time.
type Input struct {
	// Changes is what is changing. Assess does not change it, nor keep it.
	Changes release.ChangeSet
	// Digest is Changes.Digest() where the caller has it already, since computing it
	// takes longer than all the rest; zero: it is computed.
	Digest release.Digest
	// Policy is the base revision's; nil is [Default].
	Policy *Policy
	// Model is the likelihood's; nil is [Prior].
	Model *Model
	// Impact is what the host declares for the service.
	Impact Impact
	// History is what came before this release.
	History History
}

// Assess says how careful to be. An error means that there is no verdict, because
// the policy cannot be used or the change set has no digest, and callers must treat it as no.
func Assess(in Input, now time.Time) (Assessment, error) {
	if now.IsZero() {
		return Assessment{}, errors.New("risk: no time of assessment")
	}
	r, err := prepare(in)
	if err != nil {
		return Assessment{}, err
	}
	return r.assess(in, now), nil
}

// ready is an input whose policy was checked, with its digests and labels: all that
// may fail, and nearly all that takes time.
type ready struct {
	policy  *Policy
	model   *Model
	changes *release.ChangeSet // labelled
	digests [3]release.Digest  // policy, model, changes
}

func prepare(in Input) (ready, error) {
	r := ready{policy: in.Policy, model: in.Model}
	if r.policy == nil {
		r.policy = Default()
	}
	if r.model == nil {
		r.model = Prior()
	}
	if err := r.policy.Validate(); err != nil {
		return ready{}, err
	}
	var err error
	if r.digests[0], err = r.policy.Digest(); err != nil {
		return ready{}, fmt.Errorf("risk: digest of the policy: %w", err)
	}
	if r.digests[1], err = r.model.Digest(); err != nil {
		return ready{}, fmt.Errorf("risk: digest of the model: %w", err)
	}
	if r.digests[2] = in.Digest; in.Digest.IsZero() {
		if r.digests[2], err = in.Changes.Digest(); err != nil {
			return ready{}, fmt.Errorf("risk: digest of the change set: %w", err)
		}
	}
	r.changes = labelledCopy(&in.Changes, r.policy.Labelers)
	return r, nil
}

func (r ready) assess(in Input, now time.Time) Assessment {
	a := Assessment{At: now.UTC(), Policy: r.digests[0], Model: r.digests[1], Changes: r.digests[2]}
	a.Features = FeaturesOf(r.changes, in.History)
	a.Impact, a.DeclaredImpact = r.policy.impact(in.Impact), in.Impact
	if in.Impact > ImpactSevere {
		a.DeclaredImpact = ImpactUnknown // a value outside the scale has no name
	}
	a.Likelihood = r.model.Estimate(a.Features)
	a.judge(r.policy)
	a.Findings = findings(r.policy.Rules, r.changes)
	a.conclude(r.policy)
	return a
}

// labelledCopy is cs with labels on copies of its files, resources and settings:
// drift too: those that are there, those of the default labelers, and those of the policy's.
// "docs", which makes a release less risky, is believed only from the default labelers.
func labelledCopy(cs *release.ChangeSet, extra []label.Labeler) *release.ChangeSet {
	out, def := *cs, label.Default()
	out.Files = slices.Clone(cs.Files)
	for i := range out.Files {
		out.Files[i].Labels = fileLabels(out.Files[i], def, extra)
	}
	out.Resources, out.Drift = resourceLabels(cs.Resources, def, extra), resourceLabels(cs.Drift, def, extra)
	out.Settings = slices.Clone(cs.Settings)
	for i := range out.Settings {
		s := &out.Settings[i]
		known := slices.Concat(s.Labels, keyLabels(s.Key, def))
		s.Labels = fileLabels(release.FileChange{Path: s.File, Op: s.Op, Labels: known}, def, extra)
	}
	return &out
}

// resourceLabels are labelled copies.
func resourceLabels(rs []release.ResourceChange, def, extra []label.Labeler) []release.ResourceChange {
	out := slices.Clone(rs)
	for i := range out {
		r := &out[i]
		r.Labels = label.Resource(*r, def)
		if len(extra) > 0 {
			r.Labels = label.Resource(*r, extra)
		}
	}
	return out
}

// keyLabels are the sensitive labels that the words of a setting's key give.
func keyLabels(key string, def []label.Labeler) []release.Label {
	return slices.DeleteFunc(label.File(release.FileChange{Path: release.Path(key)}, def), func(l release.Label) bool {
		return !slices.ContainsFunc(sensitive, func(s sensitivity) bool { return s.label == l })
	})
}

func fileLabels(f release.FileChange, def, extra []label.Labeler) []release.Label {
	f.Labels = withoutDocs(f.Labels)
	f.Labels = label.File(f, def)
	if len(extra) == 0 {
		return f.Labels
	}
	ls := label.File(f, extra)
	if !slices.Contains(f.Labels, release.LabelDocs) {
		ls = withoutDocs(ls)
	}
	return ls
}

func withoutDocs(ls []release.Label) []release.Label {
	if !slices.Contains(ls, release.LabelDocs) {
		return ls
	}
	return slices.DeleteFunc(slices.Clone(ls), func(l release.Label) bool { return l == release.LabelDocs })
}

// findings runs the rules and puts what they found into an order that depends on
// nothing but the findings: the most severe first.
func findings(rules []Rule, cs *release.ChangeSet) []Hit {
	var out []Hit
	for i := range rules {
		for _, f := range rules[i].Run(cs) {
			f.Floor = f.Floor.Effective()
			out = append(out, Hit{Rule: rules[i].ID, Version: rules[i].Version, Finding: f})
		}
	}
	slices.SortFunc(out, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Floor, a.Floor), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(out)
}
