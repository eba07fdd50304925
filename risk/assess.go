package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Input is what an assessment is about: the release, and what the host says of the
// service. How it is judged, an [Assessor] knows.
type Input struct {
	// Changes is what is changing. Assess does not change it, nor keep it.
	Changes release.ChangeSet
	// Digest is Changes.Digest() where the caller has it already, since computing it
	// takes longer than all the rest; zero: it is computed.
	Digest release.Digest
	// Impact is what the host declares for the service.
	Impact Impact
	// Exposed is whether the service can be reached by the public. Unknown counts as yes.
	Exposed release.Answer
	// History is what came before this release.
	History History
	// Owners are the code owners as of the base revision; nil where there are none.
	Owners *label.Owners
	// Same are groups of identities ([release.Actor.ID]) of which the host knows that each is one person; groups that share one
	// are one. A waiver or an emergency whose second person cannot be told from the authors is not followed: nobody is told
	// from others by a key alone, of which one person may have many, or by an identity that can be written in several ways.
	Same [][]string
	// Waivers are those of the base revision, or that people signed. The host has checked who says so.
	Waivers []release.Waiver
	// BreakGlass, when it is not nil, asks for that lane. The host has checked who says so.
	BreakGlass *release.BreakGlass
	// Debts are what earlier releases of the service owe.
	Debts []release.Debt
}

// Assessor assesses by one policy and one model, which it has checked and keeps a
// copy of. It may be used by many goroutines.
type Assessor struct {
	policy  *Policy
	model   *Model
	labels  labelling
	digests [2]release.Digest // policy, model
}

// New is an assessor. The policy is that of the base revision, nil is [Default]; the model
// nil is [Prior]. An error says why the policy cannot be used; a model that is not sound
// is no error, and is not believed.
func New(p *Policy, m *Model) (*Assessor, error) {
	if p == nil {
		p = Default()
	}
	if m == nil {
		m = Prior()
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	a := &Assessor{policy: p.clone(), model: m.clone()}
	a.labels = newLabelling(a.policy.Labelers)
	var err error
	if a.digests[0], err = p.Digest(); err != nil {
		return nil, fmt.Errorf("risk: digest of the policy: %w", err)
	}
	if a.digests[1], err = m.Digest(); err != nil {
		return nil, fmt.Errorf("risk: digest of the model: %w", err)
	}
	return a, nil
}

// byDefault is made when it is first needed; no assessment changes it.
var byDefault = sync.OnceValues(func() (*Assessor, error) { return New(nil, nil) })

// Assess is [Assessor.Assess] by the default policy and the prior.
func Assess(in Input, now time.Time) (Assessment, error) {
	a, err := byDefault()
	if err != nil {
		return Assessment{}, err
	}
	return a.Assess(in, now)
}

// Assess says how careful to be. An error means that there is no verdict, because
// there is no time or the change set has no digest, and callers must treat it as no.
func (a *Assessor) Assess(in Input, now time.Time) (Assessment, error) {
	if now.IsZero() {
		return Assessment{}, errors.New("risk: no time of assessment")
	}
	digest := in.Digest
	if digest.IsZero() {
		var err error
		if digest, err = in.Changes.Digest(); err != nil {
			return Assessment{}, fmt.Errorf("risk: digest of the change set: %w", err)
		}
	}
	out := a.assess(in, a.labels.copyOf(&in.Changes), digest, now.UTC())
	out.Circumstances = circumstances(&in, now)
	return out, nil
}

// assess judges a labelled change set.
func (a *Assessor) assess(in Input, cs *release.ChangeSet, digest release.Digest, now time.Time) Assessment {
	out := Assessment{At: now, Policy: a.digests[0], Model: a.digests[1], Changes: digest}
	facts := a.facts(&in, cs, now)
	out.Features = facts.Features
	out.Impact, out.DeclaredImpact = a.policy.impact(in.Impact), in.Impact
	if in.Impact > ImpactSevere {
		out.DeclaredImpact = ImpactUnknown // a value outside the scale has no name
	}
	out.Likelihood = a.model.Estimate(out.Features)
	out.judge(a.policy)
	out.Findings = findings(a.policy.Rules, facts)
	out.waive(a.policy, &in, cs)
	out.conclude(a.policy)
	out.demand(a.policy, &in, facts)
	out.breakGlass(a.policy, &in, cs)
	return out
}

// facts are what the rules look at.
func (a *Assessor) facts(in *Input, cs *release.ChangeSet, now time.Time) *Facts {
	recent := in.History.since(now.Add(-a.policy.Window))
	recent.At = now
	f := &Facts{Changes: cs, Recent: recent.Recent, Exposed: in.Exposed, Debts: in.Debts, At: now, policy: a.policy}
	f.Features, f.seen = measure(cs, &recent)
	return f
}

// findings runs the rules and puts what they found into an order that depends on
// nothing but the findings: the most severe first.
func findings(rules []Rule, facts *Facts) []Hit {
	var out []Hit
	for i := range rules {
		for _, f := range rules[i].Run(facts) {
			f.Floor = f.Floor.Effective()
			out = append(out, Hit{Rule: rules[i].ID, Version: rules[i].Version, Finding: f})
		}
	}
	arrange(out, compareHits)
	return slices.Compact(out)
}

// compareHits puts the most severe first.
func compareHits(a, b Hit) int {
	return cmp.Or(cmp.Compare(b.Floor, a.Floor), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Text, b.Text))
}
