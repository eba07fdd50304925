package release

import "time"

// EvidenceKind names what a piece of evidence is about. It is a word that risk
// and evidence share; evidence says which signed predicate types show it.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceTest       EvidenceKind = "test-result" // tests ran on this release and passed
	EvidenceApproval   EvidenceKind = "approval"    // a person looked at this release and its evidence and said yes
	EvidenceProvenance EvidenceKind = "provenance"  // who built the artifacts, from what
	EvidenceScan       EvidenceKind = "scan"        // a scanner looked for vulnerabilities and found none that count
)

// Requirement is one kind of evidence that a tier demands. The zero Requirement
// asks for nothing that exists, so it can never be met.
type Requirement struct {
	// ID is stable within a policy, such as "approval/independent".
	ID       string       `json:"id"`
	Evidence EvidenceKind `json:"evidence"`
	// Count is how many distinct principals must have said so; less than 1 means 1.
	Count int `json:"count"`
	// MaxAge is how old the evidence may be by trusted time; 0 means any age.
	MaxAge time.Duration `json:"maxAge,omitempty"`
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

// RolloutRequirement is how slowly a tier must be exposed. The zero value demands
// nothing.
type RolloutRequirement struct {
	// MinStages is the number of stages, the last of which exposes everything.
	MinStages int `json:"minStages"`
	// MinBake is the least bake time of each stage but the last.
	MinBake time.Duration `json:"minBake"`
	// MaxFirstPercent bounds the traffic that the first public stage exposes,
	// in percent; 0 sets no bound.
	MaxFirstPercent float64 `json:"maxFirstPercent,omitempty"`
	// Why is the sentence that a person reads beside it.
	Why string `json:"why,omitempty"`
}
