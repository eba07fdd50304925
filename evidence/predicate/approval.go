package predicate

import (
	_ "embed"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// ApprovalSchema is the JSON Schema (2020-12) of [Approval]. approval.md beside
// it is the specification.
//
//go:embed approval.schema.json
var ApprovalSchema string

// Approval is one person's decision about one release, made after looking at a
// certain set of evidence. It counts for exactly that release and rests on
// exactly that evidence: whatever was added later was not looked at.
//
// It is specified in approval.md. Package evidence fills in what it is bound to
// (NewApproval).
type Approval struct {
	// Decision is what the signer decided; unknown, the zero value, is refused.
	Decision ApprovalDecision `json:"decision"`
	// Release is [release.Release.Digest].
	Release release.Digest `json:"release"`
	// Changes is the digest of the release's change set, if it has one.
	Changes release.Digest `json:"changes,omitzero"`
	// Evidence are the envelopes that were looked at, sorted; EvidenceSet is their
	// [SetDigest].
	Evidence    []release.Digest `json:"evidence"`
	EvidenceSet release.Digest   `json:"evidenceSet"`
	// Role is what the approver acts as. It narrows: the approval then counts for
	// that role only, and only if the trust gives the principal that role.
	Role string `json:"role,omitempty"`
	// Environment, if set, is the only environment that the approval is for.
	Environment string `json:"environment,omitempty"`
	// Comment is for people; nothing is decided by it.
	Comment string `json:"comment,omitempty"`
	// Expires is when the approval ends; zero is never.
	Expires time.Time `json:"expires,omitzero"`
}

// ApprovalDecision is what somebody decided.
type ApprovalDecision uint8

// The decisions. An abstention counts for nothing.
const (
	DecisionUnknown ApprovalDecision = iota
	Approve
	Reject
	Abstain
)

var approvalDecisions = enum.Table[ApprovalDecision]{Type: "predicate.ApprovalDecision", Names: []string{"unknown", "approve", "reject", "abstain"}}

// String is the decision's name.
func (d ApprovalDecision) String() string { return approvalDecisions.Text(d) }

// ParseApprovalDecision reads a decision's name.
func ParseApprovalDecision(s string) (ApprovalDecision, error) { return approvalDecisions.Parse(s) }

// MarshalText is the decision's name.
func (d ApprovalDecision) MarshalText() ([]byte, error) { return approvalDecisions.Marshal(d) }

// UnmarshalText reads a decision's name.
func (d *ApprovalDecision) UnmarshalText(b []byte) error { return approvalDecisions.Unmarshal(d, b) }

// PredicateType is [TypeApproval].
func (Approval) PredicateType() string { return TypeApproval }

// closed: a field that is not understood might be a condition.
func (Approval) closed() {}

// decode refuses a condition that is written and empty, as a template leaves it
// whose value was not set. It would read as no condition.
func (a *Approval) decode(_ string, raw []byte) error {
	a.Role, a.Environment = unwritten, unwritten
	if err := decodeObject(raw, a); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text *string
	}{{"role", &a.Role}, {"environment", &a.Environment}} {
		switch *f.text {
		case "":
			return fmt.Errorf("%s is empty: it has a value or is left out", f.name)
		case unwritten:
			*f.text = ""
		}
	}
	return nil
}

// unwritten is a text that no JSON can have: it is not UTF-8.
const unwritten = "\xff"

// maxText bounds each text that a person writes into a predicate of ours, in
// characters.
const maxText = 4096

// Validate demands what approval.md does.
func (a Approval) Validate() error {
	var errs []error
	if a.Decision == DecisionUnknown || a.Decision > Abstain {
		errs = append(errs, errors.New("no decision"))
	}
	if a.Release.IsZero() {
		errs = append(errs, errors.New("no release"))
	}
	errs = append(errs, ascending("evidence", a.Evidence))
	if a.EvidenceSet != SetDigest(a.Evidence) {
		errs = append(errs, errors.New("evidenceSet is not the digest of evidence"))
	}
	for _, f := range []struct{ name, text string }{{"role", a.Role}, {"environment", a.Environment}, {"comment", a.Comment}} {
		if utf8.RuneCountInString(f.text) > maxText {
			errs = append(errs, fmt.Errorf("%s is longer than %d characters", f.name, maxText))
		}
	}
	return invalid(a, errs...)
}
