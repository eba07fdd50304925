package risk

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release/label"
)

// PolicySchema is the name of the shape that a policy has as text, and of its JSON
// Schema, policy.v1.schema.json.
const PolicySchema = "https://sallyport.dev/schema/risk-policy/v1"

// MaxPolicyBytes is the size of the largest text of a policy.
const MaxPolicyBytes = 256 << 10

// Code is what the text of a policy can only name: rules and labelers of the host,
// beside those of this module, and policies to extend. The zero Code has none.
type Code struct {
	// Rules are the host's. There may be several versions of one rule. None has the
	// name of one of this module's.
	Rules []Rule
	// Labelers are the host's, in the same way.
	Labelers []label.Labeler
	// Bases are policies that a text may extend, beside [Default]. No two have one id.
	Bases []*Policy
}

// codeName is how a text names code.
type codeName struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// String is "id version 3".
func (n codeName) String() string { return fmt.Sprintf("%q version %d", n.ID, n.Version) }

// policyText is the shape of [PolicySchema]. It has the names that problems of
// [Policy.Lint] have in their paths.
type policyText struct {
	Schema        string          `json:"schema"`
	ID            string          `json:"id"`
	Rules         []codeName      `json:"rules"`
	Labelers      []codeName      `json:"labelers,omitempty"`
	Cuts          [3]float64      `json:"cuts"`
	UnknownImpact Impact          `json:"unknownImpact"`
	Table         Table           `json:"table"`
	Demands       []Demand        `json:"demands"`
	Window        string          `json:"window"`
	Advisories    AdvisoryPolicy  `json:"advisories"`
	Firm          []string        `json:"firm"`
	MaxWaiver     string          `json:"maxWaiver"`
	Expedite      *ExpeditePolicy `json:"expedite,omitempty"`
	BreakGlass    glassText       `json:"breakGlass"`
}

// glassText is a BreakGlassPolicy with its durations as text.
type glassText struct {
	BreakGlassPolicy
	Due    string `json:"due"`
	MaxAge string `json:"maxAge"`
}

// text is the policy with these labelers as text. No list in it is nil, which JSON
// writes as null.
func (p *Policy) text(labelers []label.Labeler) policyText {
	t := policyText{Schema: PolicySchema, ID: p.ID, Rules: []codeName{}, Cuts: p.Cuts, UnknownImpact: p.UnknownImpact,
		Table: p.Table, Demands: p.Demands, Window: p.Window.String(), Advisories: p.Advisories, Firm: notNil(p.Firm),
		MaxWaiver:  p.MaxWaiver.String(),
		BreakGlass: glassText{p.BreakGlass, p.BreakGlass.Due.String(), p.BreakGlass.MaxAge.String()}}
	t.Advisories.Floors = notNil(t.Advisories.Floors)
	if p.Expedite.From != "" || len(p.Expedite.Demands) > 0 { // there is such a lane
		t.Expedite = &ExpeditePolicy{p.Expedite.From, notNil(p.Expedite.Demands)}
	}
	t.BreakGlass.Requirements = notNil(t.BreakGlass.Requirements)
	for _, r := range p.Rules {
		t.Rules = append(t.Rules, codeName{r.ID, r.Version})
	}
	for _, l := range labelers {
		t.Labelers = append(t.Labelers, codeName{l.ID, l.Version})
	}
	return t
}

// notNil is the list, and not nil.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// MarshalJSON writes the policy in the shape of [PolicySchema]: canonical JSON (RFC
// 8785), rules and labelers by id and version. A policy that [Policy.Validate]
// refuses or that [ParsePolicy] could not read back is an error.
func (p Policy) MarshalJSON() ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	own := Code{Labelers: p.Labelers, Rules: slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { return isOurs(r.ID) })}
	b, err := canon.Marshal(p.text(p.Labelers))
	if err != nil {
		return nil, err
	}
	if _, err := ParsePolicy(b, own); err != nil {
		return nil, fmt.Errorf("risk: policy %q could not be read back: %w", p.ID, err)
	}
	return b, nil
}

// UnmarshalJSON is [ParsePolicy] for a policy that names no code of the host.
func (p *Policy) UnmarshalJSON(b []byte) error {
	q, err := ParsePolicy(b, Code{})
	if err != nil {
		return err
	}
	*p = *q
	return nil
}

// ParsePolicy reads a policy in the shape of [PolicySchema]. The result is valid,
// has the digest of the policy that was written, and is the caller's.
//
// # What must be there
//
// Everything that has a meaning: were what is left out taken from the defaults of this
// build, a new build could change a policy that nobody touched. So every member must be there but
// those that ask for nothing where they are missing: labelers, expedite (there is no such lane),
// owners, maxAge, independent, roles, maxFirstPercent, maxStepPercent, maxPercentHours, and the why of
// a rollout.
//
// A small policy names the one that it extends, the default one or one of own's, by id
// and digest, and has only the members in which it differs, each of them whole:
//
//	"extends": {"id": "sallyport/default/1", "digest": "sha256:…"}
//
// Where that policy has another digest here, it is a mistake, which says the digest. What is read is
// the whole policy, as if all of it stood in the text, and so is what [Policy.MarshalJSON] writes of it.
//
// # Strict
//
// Names are exact, null stands nowhere, whole numbers are digits, durations are text such as
// "24h0m0s" or "24h". What reads as the opposite of what it would mean is refused: a maxAge of "0s",
// a maxFirstPercent of 0, an empty list of roles; without them any age, share or role will do.
//
// Rules and labelers are code. A text names the version that it was written for, and
// one that this build and own do not have is an error: the policy would not be the
// one that was agreed on ([UpgradePolicy] says what rose). For the same reason most rules of this module must be
// named: see [Rules]. The default labelers always apply, as they are in this build, and are not named: where
// one of them is another, the digest is.
//
// All mistakes are told at once, in a [*TextError], each with its place; but what
// merely follows from a value that could not be read is not told, and reading ends
// where the text is not JSON or a name stands twice. Another error is about own.
func ParsePolicy(b []byte, own Code) (*Policy, error) {
	r, err := own.reader(b)
	if err != nil {
		return nil, err
	}
	return r.parse()
}

// isOurs reports whether a rule of this module has the id.
func isOurs(id string) bool {
	return slices.ContainsFunc(ours, func(o Rule) bool { return o.ID == id })
}

// reader is what reads a text that may name c.
func (c Code) reader(b []byte) (*policyReader, error) {
	r := &policyReader{textReader: newTextReader("policy", b), rules: map[string][]Rule{}, labelers: map[string][]label.Labeler{}, bases: map[string]*Policy{}}
	for _, o := range ours {
		r.rules[o.ID] = []Rule{o}
	}
	for _, own := range c.Rules {
		if isOurs(own.ID) || slices.ContainsFunc(r.rules[own.ID], func(q Rule) bool { return q.Version == own.Version }) {
			return nil, fmt.Errorf("risk: own rule %s stands twice or is one of this module's", codeName{own.ID, own.Version})
		}
		r.rules[own.ID] = append(r.rules[own.ID], own)
	}
	for _, l := range c.Labelers {
		if slices.ContainsFunc(r.labelers[l.ID], func(m label.Labeler) bool { return m.Version == l.Version }) {
			return nil, fmt.Errorf("risk: own labeler %s stands twice", codeName{l.ID, l.Version})
		}
		r.labelers[l.ID] = append(r.labelers[l.ID], l)
	}
	for _, p := range append([]*Policy{Default()}, c.Bases...) {
		if p == nil || r.bases[p.ID] != nil {
			return nil, errors.New("risk: own policy to extend is none, or has the id of another")
		}
		r.bases[p.ID] = p
	}
	return r, nil
}
