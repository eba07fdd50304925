package evidence

import (
	"fmt"
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
	// Environment is the question's: where the release was to go.
	Environment string
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
	// Until is when an allow ends, in UTC; zero is never. Before it, the same question with
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
	// Until is when a met requirement stops being met, in UTC; zero is never.
	Until time.Time
	// Levels are the SLSA levels that a met rule has shown, such as
	// "SLSA_BUILD_LEVEL_3": at most one of each track, sorted. Other results have none.
	Levels []string
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

// code sums a status up in a reason.
func (s Status) code() string {
	switch s {
	case StatusMet:
		return CodeMet
	case StatusStale:
		return CodeStale
	case StatusFailed:
		return CodeFailed
	}
	return CodeMissing
}

// The codes of the reasons that [Decide] gives. They are stable.
const (
	CodeMet            = "evidence/met"
	CodeMissing        = "evidence/missing"
	CodeStale          = "evidence/stale"
	CodeFailed         = "evidence/failed"          // a test failed, a scanner found something
	CodeRejected       = "evidence/rejected"        // somebody rejected the release
	CodeRevoked        = "evidence/revoked"         // an artifact is revoked; or a statement, its signer, or what an approval rests on
	CodeIncomplete     = "evidence/incomplete"      // a store lists an envelope that is not here
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
	CodeNoCommit       = "evidence/no-commit"       // it does not name the release's commit
	CodeOtherRef       = "evidence/other-ref"       // the provenance names another ref of the source than the tag, or none
	CodeNoValue        = "evidence/no-value"        // it has no value in a field in which statements must agree
	CodeOtherValue     = "evidence/other-value"     // it has another value there than those that count
	CodeBuilder        = "evidence/builder"         // no trusted builder, or not one that the signer may speak for
	CodeLevel          = "evidence/slsa-level"      // nobody trusted says that the SLSA level is reached
	CodeBuildType      = "evidence/build-type"      // no build type that is expected
	CodeSource         = "evidence/source"          // built from another source repository, or nobody knows from which
	CodeParameters     = "evidence/parameters"      // external parameters are not as expected, or not expected
	CodeVerifier       = "evidence/verifier"        // the summary's verifier is not trusted, or not through this signer
	CodeResource       = "evidence/resource"        // the summary is about another resource
	CodePolicy         = "evidence/policy"          // the summary is for another policy
	CodeNotPassed      = "evidence/not-passed"      // the summary does not say PASSED

	// Why a rule is not met although there are enough statements.
	CodeNotSeparate = "evidence/not-separate" // too few different people for the duties that are kept apart
	CodeOtherTag    = "evidence/other-tag"    // the tag points at another commit than the release's
)

// used are the envelopes that results and reasons name.
func (d *Decision) used() []release.Digest {
	seen := map[release.Digest]bool{}
	add := func(ds []release.Digest) {
		for _, one := range ds {
			seen[one] = true
		}
	}
	for i := range d.Results {
		add(d.Results[i].Used)
	}
	for i := range d.Reasons {
		add(d.Reasons[i].Refs)
	}
	out := make([]release.Digest, 0, len(seen))
	for one := range seen {
		out = append(out, one)
	}
	return sorted(out)
}

// ExitCode is the verdict as the exit code of a program: see the function of that
// name, which takes the error of [Decide] too.
func (d *Decision) ExitCode() int { return ExitCode(*d, nil) }

// Record is the decision as it stands in a release record, with times in UTC. It
// shares no memory with d.
func (d *Decision) Record() release.DecisionRecord {
	r := release.DecisionRecord{Changes: d.Release.Changes, Verdict: d.Verdict, At: moment(d.At), Policy: d.Policy, Used: slices.Clone(d.Used), Until: moment(d.Until)}
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
	return release.EvidenceRecord{Digest: v.Digest(), Kind: KindOf(st.predicateType), PredicateType: st.predicateType,
		By: v.v.by.Principal.String(), At: moment(v.v.by.first()), Summary: summary(*st)}
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
	case predicate.TypeDecision:
		if d, err := As[predicate.Decision](st); err == nil {
			return d.Verdict.String()
		}
	case predicate.TypeRevocation:
		if r, err := As[predicate.Revocation](st); err == nil {
			return r.Reason.String()
		}
	case predicate.TypeCheckpoint:
		if c, err := As[predicate.Checkpoint](st); err == nil {
			return fmt.Sprintf("%d envelopes", len(c.Evidence))
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
