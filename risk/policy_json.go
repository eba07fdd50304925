package risk

import (
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
// beside those of this module. The zero Code has none.
type Code struct {
	// Rules are the host's. There may be several versions of one rule. None has the
	// name of one of this module's.
	Rules []Rule
	// Labelers are the host's, in the same way.
	Labelers []label.Labeler
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
	// Schema is the name of the shape.
	Schema string `json:"schema"`
	// ID names the policy, for people.
	ID string `json:"id"`
	// Rules are the rules by name, in the policy's order, Labelers those beside the
	// default ones.
	Rules    []codeName `json:"rules"`
	Labelers []codeName `json:"labelers,omitempty"`
	// Cuts, UnknownImpact, Table and Demands are the policy's.
	Cuts          [3]float64 `json:"cuts"`
	UnknownImpact Impact     `json:"unknownImpact"`
	Table         Table      `json:"table"`
	Demands       []Demand   `json:"demands"`
}

// MarshalJSON writes the policy in the shape of [PolicySchema]: canonical JSON (RFC
// 8785), rules and labelers by id and version. A policy that [Policy.Validate]
// refuses or that [ParsePolicy] could not read back is an error.
func (p Policy) MarshalJSON() ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	text := policyText{Schema: PolicySchema, ID: p.ID, Cuts: p.Cuts, UnknownImpact: p.UnknownImpact, Table: p.Table, Demands: p.Demands}
	own := Code{Labelers: p.Labelers}
	for _, r := range p.Rules {
		text.Rules = append(text.Rules, codeName{r.ID, r.Version})
		if !slices.ContainsFunc(ours, func(o Rule) bool { return o.ID == r.ID }) {
			own.Rules = append(own.Rules, r)
		}
	}
	for _, l := range p.Labelers {
		text.Labelers = append(text.Labelers, codeName{l.ID, l.Version})
	}
	b, err := canon.Marshal(text)
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
// It is strict: every member must be there but labelers, maxAge, independent, roles
// and maxFirstPercent; names are exact, null stands nowhere, whole numbers are
// digits, durations are text such as "24h0m0s" or "24h". What reads as the
// opposite of what it would mean is refused: a maxAge of "0s", a maxFirstPercent of 0,
// an empty list of roles; without them any age, share or role will do.
//
// Rules and labelers are code. A text names the version that it was written for, and
// one that this build and own do not have is an error: the policy would not be the
// one that was agreed on. For the same reason most rules of this module must be
// named: see [Rules].
//
// All mistakes are told at once, in a [*PolicyError], each with its place; but what
// merely follows from a value that could not be read is not told, and reading ends
// where the text is not JSON or a name stands twice. Another error is about own.
func ParsePolicy(b []byte, own Code) (*Policy, error) {
	rules, labelers, err := own.named()
	if err != nil {
		return nil, err
	}
	r := policyReader{b: b, places: map[string]int{}, doubts: map[string]bool{}, around: map[string]bool{}, rules: rules, labelers: labelers}
	p := &Policy{}
	r.read(p)
	r.lint(p)
	if len(r.mistakes) > 0 {
		return nil, r.error()
	}
	return p, nil
}

// named are all rules and labelers that a text may name, by id.
func (c Code) named() (map[string][]Rule, map[string][]label.Labeler, error) {
	rules, labelers := map[string][]Rule{}, map[string][]label.Labeler{}
	for _, r := range ours {
		rules[r.ID] = []Rule{r}
	}
	for _, r := range c.Rules {
		for _, q := range rules[r.ID] {
			if isOurs := slices.ContainsFunc(ours, func(o Rule) bool { return o.ID == r.ID }); isOurs || q.Version == r.Version {
				return nil, nil, fmt.Errorf("risk: own rule %s stands twice or is one of this module's", codeName{r.ID, r.Version})
			}
		}
		rules[r.ID] = append(rules[r.ID], r)
	}
	for _, l := range c.Labelers {
		if slices.ContainsFunc(labelers[l.ID], func(m label.Labeler) bool { return m.Version == l.Version }) {
			return nil, nil, fmt.Errorf("risk: own labeler %s stands twice", codeName{l.ID, l.Version})
		}
		labelers[l.ID] = append(labelers[l.ID], l)
	}
	return rules, labelers, nil
}
