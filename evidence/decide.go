package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// Decide says whether a release may go out, as of now. It is a pure function:
// the order of set, and statements that stand in it twice, change nothing.
//
// # What counts
//
// A statement counts for the release if its subjects are all of the release's
// artifacts, by name and SHA-256 ([Statement.MatchAll]). For a requirement it
// counts if its predicate shows that kind of evidence ([KindOf]) and says
// success; if it is not older than MaxAge by the first trusted time, and has one
// if MaxAge is set; if its signer holds one of Roles by the word of the trust;
// and if it is not from after now. What is counted is people, not keys: see
// [Principal].
//
// An approval counts if besides
//   - it is bound to this release's digest and change set, is for this
//     environment or for any, and has not expired;
//   - all the evidence that it says was looked at is here, and would by itself
//     meet every other requirement. Evidence that came later inherits no approval,
//     and taking evidence away makes no approval good;
//   - its signer holds the role that it names, if it names one;
//   - its signer is a human who is none of the authors. That holds for every
//     requirement. One with Independent excludes the requester and the signers of
//     the evidence that was looked at too: who built or tested it.
//
// A review ([predicate.Review]) is a witness's word on what people said on a forge.
// Its reviewers are counted, not its signer, who must be a service unless a role or a
// name is asked for, and none of the authors. A reviewer counts if the review is of
// the release's commit, by its head or by what it was merged as; if
// Question.Identities knows the reviewer and every contributor of the change; and if
// the reviewer is none of these, no author and, where independence is asked for, not
// the requester.
//
// Rules narrow down what counts ([Rule]). Where [SameField] leaves a choice of values,
// there is one in which everything that is required is met, for as long as
// possible, or the answer is no.
//
// # What counts against
//
// Evidence against a release needs only one subject with the SHA-256 of one
// artifact, under any name, and any signer whom the trust knows: a failed test
// denies, whatever else passed and whatever was required; a rejection denies;
// a scan with findings denies if a scan is required. A statement about the
// release that is of a known type and cannot be understood holds. A verification
// summary that says FAILED denies if [Summarized] asks for its verifier and resource,
// and a tag that points at another commit if [CommitMatches] names it.
//
// A rejection stands until the same principal approves the release at a later
// trusted time. Without trusted times nobody knows which came last, and the
// rejection stands. An abstention counts for nothing; where both have trusted
// times, it takes back the person's approvals that are not later, and with them
// what they lifted.
//
// An objection on a forge that stands holds the release until it is resolved: until
// the same witness states, at a later trusted time, a review of the same change
// without objections.
//
// A revocation, whoever signed it and whatever its subjects are, takes effect wherever
// it is in set. A revoked artifact denies. A revoked envelope, or one by a revoked
// key or principal, counts for nothing that it says in favour, nor does an approval
// that rests on it; what it says against the release stays. Nothing takes a
// revocation back. One that cannot be understood holds. What is not in set is found
// out by [NotRevoked].
//
// # Verdict
//
// Deny if anything denies; otherwise hold if a requirement is missing or stale,
// an author is unknown, something cannot be understood, or nothing is required;
// otherwise allow. An error means that there is no verdict: a zero [Verified], a
// release without artifacts, no time, a rule that makes no sense, [ErrWorlds].
func Decide(q Question, set []Verified, now time.Time) (Decision, error) {
	if now.IsZero() {
		return Decision{}, errors.New("evidence: decide: no time")
	}
	if err := q.validate(); err != nil {
		return Decision{}, err
	}
	ordered, err := order(set)
	if err != nil {
		return Decision{}, err
	}
	policy, err := q.policy()
	if err != nil {
		return Decision{}, err
	}
	j, err := newJudge(&q, ordered, now)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{Verdict: release.VerdictAllow, Release: q.Release, Environment: q.Environment, Policy: policy, Evidence: j.evidence, At: now}
	d.Release.Artifacts = slices.Clone(q.Release.Artifacts)
	for _, a := range []against{j.revokedArtifacts(), j.rejections(), j.failures(), j.objections(), j.unreadable(), j.unknownPeople()} {
		d.Verdict = d.Verdict.And(a.verdict)
		d.Reasons = append(d.Reasons, a.reasons...)
		d.Until = sooner(d.Until, a.until)
	}
	if len(q.Requirements)+len(q.Rules) == 0 {
		d.Verdict = d.Verdict.And(release.VerdictHold)
		d.Reasons = append(d.Reasons, release.Reason{Code: CodeNoRequirements, Text: "nothing is required, so nothing can be shown"})
	}
	best, err := j.best()
	if err != nil {
		return Decision{}, err
	}
	d.Results = best.results()
	for i := range d.Results {
		r := &d.Results[i]
		r.Until = moment(r.Until)
		d.Verdict = d.Verdict.And(r.Status.verdict())
		d.Reasons = append(d.Reasons, r.Reasons...)
		d.Until = sooner(d.Until, r.Until)
	}
	d.Used = d.used()
	if !d.Verdict.Allowed() {
		d.Until = time.Time{}
	}
	d.Until = moment(d.Until)
	return d, nil
}

// against is what speaks against a release as a whole, whatever is required.
type against struct {
	verdict release.Verdict
	reasons []release.Reason
	// until is when something that was overcome comes back.
	until time.Time
}

func (a *against) add(v release.Verdict, r release.Reason) {
	a.verdict = a.verdict.And(v)
	a.reasons = append(a.reasons, r)
}

// rejections are those that stand.
func (j *judge) rejections() against {
	out := against{verdict: release.VerdictAllow}
	for _, it := range j.saying[predicate.Reject] {
		if it.lifted {
			out.until = sooner(out.until, it.until)
			continue
		}
		out.add(release.VerdictDeny, it.reason(CodeRejected, "rejected by %s", it.by.Principal))
	}
	return out
}

// requires reports whether any requirement or rule asks for a kind of evidence.
func (j *judge) requires(kind release.EvidenceKind) bool {
	return slices.ContainsFunc(j.demands, func(d demand) bool { return d.asksFor(kind) })
}

// failures are tests that failed, and findings of scanners if a scan is required.
func (j *judge) failures() against {
	out := against{verdict: release.VerdictAllow}
	for _, it := range j.items {
		if it.settled != nil && it.negative == "" {
			out.until = sooner(out.until, it.settled.until)
		}
		if it.negative != "" && (it.kind != release.EvidenceScan || j.requires(release.EvidenceScan)) {
			out.add(release.VerdictDeny, it.reason(CodeFailed, "%s, says %s", it.negative, it.by.Principal))
		}
	}
	return out
}

func (j *judge) unreadable() against {
	out := against{verdict: release.VerdictAllow}
	for _, it := range j.items {
		if it.broken != nil {
			out.add(release.VerdictHold, it.reason(CodeUnreadable, "a statement by %s cannot be understood: %v", it.by.Principal, it.broken))
		}
	}
	return out
}

// unknownPeople are those whom an approver must not be, where nobody knows who
// they are.
func (j *judge) unknownPeople() against {
	out := against{verdict: release.VerdictAllow}
	unknown := func(a release.Actor, code, role string) {
		switch _, known := j.q.Identities[a.ID]; {
		case a.ID == "":
			out.add(release.VerdictHold, release.Reason{Code: code, Subject: a.String(), Text: fmt.Sprintf("the %s has no identity, so an approver could be the same", role)})
		case !known:
			out.add(release.VerdictHold, release.Reason{Code: code, Subject: a.ID, Text: fmt.Sprintf("no principal is known for the %s, so an approver could be the same", role)})
		}
	}
	if j.requires(release.EvidenceApproval) || j.requires(release.EvidenceReview) || j.q.independent() || j.q.separates(DutyAuthor) {
		if len(j.q.Authors) == 0 {
			out.add(release.VerdictHold, release.Reason{Code: CodeAuthorUnknown, Text: "nobody is named as the author, so an approver could be"})
		}
		for _, a := range j.q.Authors {
			unknown(a, CodeAuthorUnknown, "author")
		}
	}
	if j.q.independent() || j.q.separates(DutyRequester) {
		unknown(j.q.Requester, CodeRequester, "requester")
	}
	return out
}
