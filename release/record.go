package release

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
)

// The names of the JSON Schemas that package schema has, and so of the shapes.
const (
	RecordSchema    = "https://sallyport.dev/schema/record/v1"
	ChangeSetSchema = "https://sallyport.dev/schema/changeset/v2"
)

// Record is the whole story of one release as one JSON value: what changed and
// why, how careful that called for, who approved and what was tested, how it
// was rolled out and what became of it. The parts are in the order in which an
// auditor asks. A part that did not happen is empty; a record is written as
// often as wanted and never changed in place.
type Record struct {
	// Schema is [RecordSchema], At when the record was written.
	Schema string    `json:"schema"`
	At     time.Time `json:"at"`
	// Release is the one that the record is about.
	Release Release `json:"release"`
	// Reason and description: Description is what the host says of the release,
	// Changes all that differs from the one before.
	Description string    `json:"description,omitempty"`
	Changes     ChangeSet `json:"changes"`
	// Security impact.
	Assessment AssessmentRecord `json:"assessment"`
	// Approvals and testing: Evidence are the verified statements, Decisions what was
	// decided on them.
	Evidence  []EvidenceRecord `json:"evidence"`
	Decisions []DecisionRecord `json:"decisions"`
	// Fall-back: what is restored when it goes wrong.
	FallBack Ref `json:"fallBack,omitzero"`
	// Rollout and outcome: Rollout has the events in their order, Outcome is what
	// became of the release.
	Rollout []Event `json:"rollout"`
	Outcome Outcome `json:"outcome"`
	// Notes are statements that a reader must know, such as which parts were simulated.
	Notes []string `json:"notes,omitempty"`
}

// AssessmentRecord is what risk said of the change set.
type AssessmentRecord struct {
	// Tier is how careful to be; unknown where nothing was assessed.
	Tier Tier `json:"tier"`
	// Lane is the way by which it may go out.
	Lane Lane `json:"lane,omitzero"`
	// Policy, Model and Changes are the digests of what it was assessed by and of the
	// change set that was assessed.
	Policy  Digest `json:"policy"`
	Model   Digest `json:"model"`
	Changes Digest `json:"changes"`
	// Circumstances is the digest of what else it was assessed on.
	Circumstances Digest `json:"circumstances,omitzero"`
	// At is when it was assessed.
	At time.Time `json:"at"`
	// Reasons are why the tier is what it is, the most severe first.
	Reasons []Reason `json:"reasons"`
	// Requirements are the evidence that the tier demands, Rollout how slowly the
	// release must be exposed.
	Requirements []Requirement      `json:"requirements"`
	Rollout      RolloutRequirement `json:"rollout"`
	// Waivers are those that were followed. Debts are what this release and earlier ones of
	// the service owe.
	Waivers []Waiver `json:"waivers,omitempty"`
	Debts   []Debt   `json:"debts,omitempty"`
}

// Canonical is the record as canonical JSON (RFC 8785): one value has one text.
func (r *Record) Canonical() ([]byte, error) { return canon.Marshal(r) }

// Digest identifies the record by its canonical bytes.
func (r *Record) Digest() (Digest, error) {
	d, err := canon.Digest("sallyport.release.record.v1", r)
	return Digest(d), err
}

// EvidenceRecord is one verified statement: what it is, who signed it, and when.
type EvidenceRecord struct {
	// Digest is the envelope's, under which it is stored.
	Digest Digest `json:"digest"`
	// Kind is what it shows, "" where no requirement can ask for it. PredicateType is
	// the URI of its in-toto predicate type.
	Kind          EvidenceKind `json:"kind,omitempty"`
	PredicateType string       `json:"predicateType"`
	// By is the principal as text.
	By string `json:"by"`
	// At is the trusted time, zero when there is none.
	At time.Time `json:"at,omitzero"`
	// Summary is what it says, in a few words for people.
	Summary string `json:"summary,omitempty"`
}

// DecisionRecord is one decision, with everything needed to make it again.
type DecisionRecord struct {
	// Release is the digest of the release that was decided on, Changes that of its change set.
	// They are zero in records that were made before there were these fields.
	Release Digest `json:"release,omitzero"`
	Changes Digest `json:"changes,omitzero"`
	// Requirements are what was asked for; an allow says that all of them were met.
	Requirements []Requirement `json:"requirements,omitempty"`
	// Verdict is what was decided, At for which moment, Policy the digest of the rules.
	Verdict Verdict   `json:"verdict"`
	At      time.Time `json:"at"`
	Policy  Digest    `json:"policy"`
	// Reasons are what the verdict came from.
	Reasons []Reason `json:"reasons"`
	// Used are the digests of the evidence that the verdict rests on.
	Used []Digest `json:"used"`
	// Until is when an allow ends, zero when it has no end.
	Until time.Time `json:"until,omitzero"`
}
