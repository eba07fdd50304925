package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// EvidenceKind names what a piece of evidence is about. It is a word that risk
// and evidence share; evidence says which signed predicate types show it.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceTest       EvidenceKind = "test-result" // tests ran on this release and passed
	EvidenceApproval   EvidenceKind = "approval"    // a person looked at this release and its evidence and said yes
	EvidenceProvenance EvidenceKind = "provenance"  // who built the artifacts, from what
	EvidenceScan       EvidenceKind = "scan"        // a scanner looked for vulnerabilities and found none that count
	EvidenceReview     EvidenceKind = "review"      // a person reviewed the change on the forge, by the word of who read it there
)

// Requirement is one kind of evidence that a tier demands. The zero Requirement
// asks for nothing that exists, so it can never be met.
type Requirement struct {
	// ID is stable within a policy, such as "approval/independent".
	ID string `json:"id"`
	// Evidence is the kind that is asked for.
	Evidence EvidenceKind `json:"evidence"`
	// Count is how many distinct principals must have said so; less than 1 means 1.
	Count int `json:"count"`
	// MaxAge is how old the evidence may be by trusted time; 0 means any age. In
	// JSON it is text: "24h0m0s".
	MaxAge time.Duration `json:"-"`
	// Independent demands principals who neither wrote, nor requested, nor built
	// the release, and who are people.
	Independent bool `json:"independent,omitempty"`
	// Roles, when there are any, are the roles of which a principal must hold one.
	Roles []string `json:"roles,omitempty"`
	// Why is the sentence that a person reads beside it.
	Why string `json:"why,omitempty"`
}

// Needed is Count, or 1.
func (r Requirement) Needed() int { return max(r.Count, 1) }

// Covers reports whether whatever meets r meets q too: it asks for the same kind of evidence, and for no
// less in anything.
func (r Requirement) Covers(q Requirement) bool {
	return r.Evidence == q.Evidence && r.Needed() >= q.Needed() && (r.Independent || !q.Independent) &&
		(q.MaxAge == 0 || r.MaxAge > 0 && r.MaxAge <= q.MaxAge) &&
		(len(q.Roles) == 0 || len(r.Roles) > 0 && !slices.ContainsFunc(r.Roles, func(s string) bool { return !slices.Contains(q.Roles, s) }))
}

// RolloutRequirement is how slowly a tier must be exposed. The zero value demands
// nothing.
type RolloutRequirement struct {
	// MinStages is the number of stages, the last of which exposes everything.
	MinStages int `json:"minStages"`
	// MinBake is the least bake time of each stage but the last. In JSON it is text.
	MinBake time.Duration `json:"-"`
	// MaxFirstPercent bounds the traffic that the first public stage exposes,
	// in percent; 0 sets no bound.
	MaxFirstPercent float64 `json:"maxFirstPercent,omitempty"`
	// MaxStepPercent bounds the traffic that any one stage adds to what is exposed, in
	// percent of all traffic: what a flaw that first shows there can hurt anew. 0 sets no bound.
	MaxStepPercent float64 `json:"maxStepPercent,omitempty"`
	// MaxPercentHours bounds the budget of exposure before the last stage, in percent of all
	// traffic times hours: 5 percent for 2 hours are 10. It is what a flaw may cost that nobody
	// sees, however long the rollout waits. 0 sets no bound.
	MaxPercentHours float64 `json:"maxPercentHours,omitempty"`
	// Why is the sentence that a person reads beside it.
	Why string `json:"why,omitempty"`
}

// requirementJSON is a Requirement with its duration as text, which people can
// read and which no reader of JSON rounds.
type requirementJSON struct {
	plainRequirement
	MaxAge durationText `json:"maxAge,omitzero"`
}

type plainRequirement Requirement

// MarshalJSON writes durations as text.
func (r Requirement) MarshalJSON() ([]byte, error) {
	return json.Marshal(requirementJSON{plainRequirement(r), durationText(r.MaxAge)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Requirement) UnmarshalJSON(b []byte) error {
	var v requirementJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*r = Requirement(v.plainRequirement)
	r.MaxAge = time.Duration(v.MaxAge)
	return nil
}

type rolloutRequirementJSON struct {
	plainRolloutRequirement
	MinBake durationText `json:"minBake"`
}

type plainRolloutRequirement RolloutRequirement

// MarshalJSON writes durations as text.
func (r RolloutRequirement) MarshalJSON() ([]byte, error) {
	return json.Marshal(rolloutRequirementJSON{plainRolloutRequirement(r), durationText(r.MinBake)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *RolloutRequirement) UnmarshalJSON(b []byte) error {
	var v rolloutRequirementJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*r = RolloutRequirement(v.plainRolloutRequirement)
	r.MinBake = time.Duration(v.MinBake)
	return nil
}

// durationText is a duration as text in JSON, exactly as [time.Duration.String]
// writes it, so that one duration has one text.
type durationText time.Duration

func (d durationText) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

func (d *durationText) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v.String() != string(b) {
		return fmt.Errorf("release: duration %q is not written like %q", b, 90*time.Minute)
	}
	*d = durationText(v)
	return nil
}
