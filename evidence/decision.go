package evidence

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// Decision is the answer of [Decide], with everything needed to give it again.
// The zero Decision is no verdict.
type Decision struct {
	// Verdict is the answer; only allow lets the release go out.
	Verdict release.Verdict
	// Release is the one that the question was about.
	Release release.Release
	// Results has one entry for each requirement, and then one for each rule, in the
	// question's order.
	Results []Result
	// Reasons is what the verdict came from: first what is against the release as a
	// whole, then requirement by requirement.
	Reasons []release.Reason
	// Used are the envelopes that the verdict rests on, sorted.
	Used []release.Digest
	// Policy identifies the rules, Evidence the supporting evidence that was there
	// ([SetDigest] of [Supporting]).
	Policy   release.Digest
	Evidence release.Digest
	// At is the moment for which it was decided.
	At time.Time
	// Until is when an allow ends; zero is never. Before it, the same question with
	// the same evidence is allowed too; from then on it must be asked again.
	Until time.Time
}

// Result is how one requirement or rule fared.
type Result struct {
	// Requirement is the question's; zero in the result of a rule.
	Requirement release.Requirement
	// Rule is the question's; nil in the result of a requirement.
	Rule Rule
	// Status is what became of it.
	Status Status
	// Have is how many distinct people or services count, of Need.
	Have, Need int
	// Used are the envelopes that count, sorted.
	Used []release.Digest
	// Reasons say why it is as it is: the first one sums it up, the others say what
	// was there and did not count.
	Reasons []release.Reason
	// Until is when a met requirement stops being met; zero is never.
	Until time.Time
}

// ID is the requirement's or the rule's.
func (r *Result) ID() string {
	if r.Rule != nil {
		return r.Rule.ID()
	}
	return r.Requirement.ID
}

// Status is how a requirement or rule fared.
type Status uint8

// The statuses. Missing and stale may become met; failed will not by waiting.
const (
	StatusUnknown Status = iota
	StatusFailed         // there is evidence against it
	StatusMissing        // there is not enough evidence
	StatusStale          // there would be enough, were some of it not too old
	StatusMet
)

var statuses = enum.Table[Status]{Type: "evidence.Status", Names: []string{"unknown", "failed", "missing", "stale", "met"}}

// String is the status's name.
func (s Status) String() string { return statuses.Text(s) }

// ParseStatus reads a status's name.
func ParseStatus(s string) (Status, error) { return statuses.Parse(s) }

// MarshalText is the status's name.
func (s Status) MarshalText() ([]byte, error) { return statuses.Marshal(s) }

// UnmarshalText reads a status's name.
func (s *Status) UnmarshalText(b []byte) error { return statuses.Unmarshal(s, b) }

func (s Status) verdict() release.Verdict {
	switch s {
	case StatusMet:
		return release.VerdictAllow
	case StatusMissing, StatusStale:
		return release.VerdictHold
	case StatusFailed:
		return release.VerdictDeny
	}
	return release.VerdictUnknown
}

// The codes of the reasons that [Decide] gives. They are stable.
const (
	CodeMet            = "evidence/met"
	CodeMissing        = "evidence/missing"
	CodeStale          = "evidence/stale"
	CodeFailed         = "evidence/failed"          // a test failed, a scanner found something
	CodeRejected       = "evidence/rejected"        // somebody rejected the release
	CodeNoRequirements = "evidence/no-requirements" // nothing was asked for
	CodeUnreadable     = "evidence/unreadable"      // a signed statement about the release cannot be understood
	CodeAuthorUnknown  = "evidence/author-unknown"  // an author has no identity, or no principal is known for it
	CodeRequester      = "evidence/requester-unknown"

	// Why a statement that is there does not count.
	CodeNotWhole       = "evidence/not-whole-release" // it is about some of the artifacts, or names another commit
	CodeOtherRelease   = "evidence/other-release"     // the approval is bound to another release or change set
	CodeOtherPlace     = "evidence/other-environment" // the approval is for another environment
	CodeOtherCommit    = "evidence/other-commit"      // the provenance names other commits than the release
	CodeOldEvidence    = "evidence/older-evidence"    // the approval looked at evidence that is gone or not enough
	CodeExpired        = "evidence/expired"
	CodeNoTrustedTime  = "evidence/no-trusted-time" // its age matters, and nobody trusted says when it was signed
	CodeFuture         = "evidence/future"          // it was signed after the moment of the decision
	CodeNotPerson      = "evidence/not-a-person"    // bots, agents, services and unknown signers do not approve
	CodeAuthor         = "evidence/by-author"       // who wrote it does not approve it
	CodeNotIndependent = "evidence/not-independent" // the requester, or who signed the evidence that was looked at
	CodeRole           = "evidence/role"            // the signer does not hold the role
	CodeSigner         = "evidence/signer"          // the signer is none of those whom the rule names
	CodeWithdrawn      = "evidence/withdrawn"       // the same person abstained or rejected since
	CodeInconclusive   = "evidence/inconclusive"    // neither success nor failure: WARNED
)

// ExitCode is the verdict as the exit code of a program: 0 allow, 1 deny, 3
// hold, and 2 for no verdict.
func (d *Decision) ExitCode() int {
	switch d.Verdict {
	case release.VerdictAllow:
		return 0
	case release.VerdictDeny:
		return 1
	case release.VerdictHold:
		return 3
	}
	return 2
}

// Record is the decision as it stands in a release record. It shares no memory
// with d.
func (d *Decision) Record() release.DecisionRecord {
	r := release.DecisionRecord{Changes: d.Release.Changes, Verdict: d.Verdict, At: d.At, Policy: d.Policy, Used: slices.Clone(d.Used), Until: d.Until}
	if digest, err := d.Release.Digest(); err == nil { // a release that has none pays no debt
		r.Release = digest
	}
	for _, result := range d.Results {
		if result.Rule != nil {
			continue
		}
		q := result.Requirement
		q.Roles = slices.Clone(q.Roles)
		r.Requirements = append(r.Requirements, q)
	}
	for _, reason := range d.Reasons {
		reason.Refs = slices.Clone(reason.Refs)
		r.Reasons = append(r.Reasons, reason)
	}
	return r
}

// Record is the statement as it stands in a release record; of the zero
// Verified it is empty. At is the first trusted time.
func (v Verified) Record() release.EvidenceRecord {
	if v.IsZero() {
		return release.EvidenceRecord{}
	}
	st := &v.v.statement
	return release.EvidenceRecord{Digest: v.v.digest, Kind: KindOf(st.predicateType), PredicateType: st.predicateType,
		By: v.v.by.Principal.String(), At: v.v.by.first(), Summary: summary(*st)}
}

// summary is what the statement says, in a few words.
func summary(st Statement) string {
	switch st.predicateType {
	case predicate.TypeTestResult:
		if t, err := As[predicate.TestResult](st); err == nil {
			return t.Result.String()
		}
	case predicate.TypeApproval:
		if a, err := As[predicate.Approval](st); err == nil {
			return a.Decision.String()
		}
	case predicate.TypeVSA:
		if s, err := As[predicate.VSA](st); err == nil {
			return s.VerificationResult
		}
	case predicate.TypeProvenance:
		if p, err := As[predicate.Provenance](st); err == nil {
			return "built by " + release.Text(p.RunDetails.Builder.ID).String()
		}
	}
	return ""
}
