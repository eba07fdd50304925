package predicate

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// TypeDecision is the predicate type of [Decision].
const TypeDecision = "https://sallyport.dev/decision/v1"

// DecisionSchema is the JSON Schema (2020-12) of [Decision]. decision.md beside
// it is the specification.
//
//go:embed decision.schema.json
var DecisionSchema string

// Decision is what was decided about one release at one moment: by which policy,
// on which evidence, and why. Unlike the summaries that other tools read ([VSA],
// [SVR]) it tells a hold too, when an allow ends, and enough to decide again:
// the same question and the same evidence at the same time must give the same
// predicate, to the byte.
//
// It is specified in decision.md. Package evidence makes it of its Decision.
type Decision struct {
	// Verdict is allow, hold or deny.
	Verdict release.Verdict `json:"verdict"`
	// Release is [release.Release.Digest]. Changes is the digest of the release's change
	// set, if it has one.
	Release release.Digest `json:"release"`
	Changes release.Digest `json:"changes,omitzero"`
	// Environment is where the release was to go, "" for none in particular.
	Environment string `json:"environment,omitempty"`
	// Policy identifies what was asked for, and who counts as whom.
	Policy release.Digest `json:"policy"`
	// EvidenceSet is the [SetDigest] of all the supporting evidence that was there.
	EvidenceSet release.Digest `json:"evidenceSet"`
	// Used are the envelopes that the verdict rests on, sorted, each once: those that
	// count, those that speak against the release, and those that a reason names.
	Used []release.Digest `json:"used"`
	// Results is how each requirement and each rule fared, in the policy's order.
	Results []DecisionResult `json:"results"`
	// Reasons is what the verdict came from. There is always one.
	Reasons []release.Reason `json:"reasons"`
	// At is the moment for which it was decided, in UTC.
	At time.Time `json:"at"`
	// Until is when an allow ends, later than At; zero is never. Only an allow has one.
	Until time.Time `json:"until,omitzero"`
}

// DecisionResult is how one requirement or one rule fared.
type DecisionResult struct {
	// ID is the requirement's or the rule's.
	ID string `json:"id"`
	// Requirement is what was asked for; nil in the result of a rule, whose content
	// is part of the policy alone.
	Requirement *DecisionRequirement `json:"requirement,omitempty"`
	// Status is "met", "missing", "stale" or "failed".
	Status string `json:"status"`
	// Have is how many distinct people or services count, of Need; both are zero where
	// nothing is counted.
	Have int `json:"have"`
	Need int `json:"need"`
	// Levels are the SLSA levels that were verified, sorted.
	Levels []string `json:"levels,omitempty"`
	// Used are the envelopes that count, sorted, each once, all of them in
	// [Decision.Used].
	Used []release.Digest `json:"used"`
	// Reasons say why it is as it is.
	Reasons []release.Reason `json:"reasons"`
	// Until is when a met requirement stops being met; zero is never.
	Until time.Time `json:"until,omitzero"`
}

// DecisionRequirement is a [release.Requirement] without its ID.
type DecisionRequirement struct {
	// Evidence is the kind that was asked for.
	Evidence release.EvidenceKind `json:"evidence"`
	// Count is how many distinct principals there must be; less than 1 means 1.
	Count int `json:"count"`
	// MaxAge is how old the evidence may be, as [time.Duration.String] writes it; ""
	// is any age.
	MaxAge string `json:"maxAge,omitempty"`
	// Independent demands people who neither wrote, nor requested, nor built it.
	Independent bool `json:"independent,omitempty"`
	// Roles, when there are any, are the roles of which a principal must hold one.
	Roles []string `json:"roles,omitempty"`
	// Why is the sentence that a person reads beside it.
	Why string `json:"why,omitempty"`
}

// The statuses of a [DecisionResult].
const (
	DecisionMet     = "met"
	DecisionMissing = "missing"
	DecisionStale   = "stale"
	DecisionFailed  = "failed"
)

// NewDecisionRequirement is r as it stands in a decision.
func NewDecisionRequirement(r release.Requirement) DecisionRequirement {
	out := DecisionRequirement{Evidence: r.Evidence, Count: r.Count, Independent: r.Independent, Roles: slices.Clone(r.Roles), Why: r.Why}
	if r.MaxAge != 0 {
		out.MaxAge = r.MaxAge.String()
	}
	return out
}

func (r DecisionRequirement) requirement(id string) release.Requirement {
	age, _ := time.ParseDuration(r.MaxAge) // what Validate accepts, or none
	return release.Requirement{ID: id, Evidence: r.Evidence, Count: r.Count, MaxAge: age, Independent: r.Independent, Roles: slices.Clone(r.Roles), Why: r.Why}
}

// Record is the decision as it stands in a release record, which has no place for
// rules. It shares no memory with d.
func (d Decision) Record() release.DecisionRecord {
	r := release.DecisionRecord{Release: d.Release, Changes: d.Changes, Verdict: d.Verdict, At: d.At, Policy: d.Policy,
		Used: append([]release.Digest(nil), d.Used...), Until: d.Until}
	for _, result := range d.Results {
		if result.Requirement != nil {
			r.Requirements = append(r.Requirements, result.Requirement.requirement(result.ID))
		}
	}
	for _, reason := range d.Reasons {
		reason.Refs = slices.Clone(reason.Refs)
		r.Reasons = append(r.Reasons, reason)
	}
	return r
}

// PredicateType is [TypeDecision].
func (Decision) PredicateType() string { return TypeDecision }

// closed: a field that is not understood might be a condition.
func (Decision) closed() {}

// Validate demands what decision.md does.
func (d Decision) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch d.Verdict {
	case release.VerdictAllow, release.VerdictHold, release.VerdictDeny:
	default:
		wrong("no verdict")
	}
	if d.Release.IsZero() {
		wrong("no release")
	}
	if d.Policy.IsZero() {
		wrong("no policy")
	}
	if d.EvidenceSet.IsZero() {
		wrong("no evidenceSet")
	}
	if d.At.IsZero() {
		wrong("no at")
	}
	if !d.Until.IsZero() && (!d.Verdict.Allowed() || !d.Until.After(d.At)) {
		wrong("until is of an allow alone, and later than at")
	}
	if utf8.RuneCountInString(d.Environment) > maxText {
		wrong("environment is longer than %d characters", maxText)
	}
	if d.Results == nil {
		wrong("no results")
	}
	if len(d.Reasons) == 0 {
		wrong("no reasons")
	}
	errs = append(errs, ascending("used", d.Used), coded("reasons", d.Reasons))
	verdict, used := release.VerdictAllow, map[release.Digest]bool{}
	for _, u := range d.Used {
		used[u] = true
	}
	for _, r := range d.Reasons {
		if slices.ContainsFunc(r.Refs, func(u release.Digest) bool { return !used[u] }) {
			wrong("a reason rests on an envelope that is not in used")
			break
		}
	}
	for i, r := range d.Results {
		if err := r.validate(used); err != nil {
			wrong("results[%d]: %w", i, err)
			break // one of a hundred thousand is enough
		}
		verdict = verdict.And(r.verdict())
	}
	if d.Verdict > verdict {
		wrong("it says %s, and its results say %s", d.Verdict, verdict)
	}
	if d.Verdict.Allowed() && len(d.Results) == 0 {
		wrong("an allow without a result")
	}
	return invalid(d, errs...)
}

func (r *DecisionResult) verdict() release.Verdict {
	switch r.Status {
	case DecisionMet:
		return release.VerdictAllow
	case DecisionMissing, DecisionStale:
		return release.VerdictHold
	case DecisionFailed:
		return release.VerdictDeny
	}
	return release.VerdictUnknown
}

func (r *DecisionResult) validate(used map[release.Digest]bool) error {
	switch {
	case r.ID == "" && r.Requirement == nil:
		return errors.New("no id")
	case r.verdict() == release.VerdictUnknown:
		return errors.New("no status")
	case r.Have < 0 || r.Need < 0:
		return fmt.Errorf("it has %d of %d", r.Have, r.Need)
	case r.Status == DecisionMet && r.Have < r.Need:
		return fmt.Errorf("it is met by %d of %d", r.Have, r.Need)
	case !r.Until.IsZero() && r.Status != DecisionMet:
		return errors.New("until is of what is met alone")
	case slices.ContainsFunc(r.Used, func(u release.Digest) bool { return !used[u] }):
		return errors.New("it rests on an envelope that is not in used")
	case len(r.Reasons) == 0:
		return errors.New("no reasons")
	case !sortedOnce(r.Levels):
		return errors.New("levels are empty, stand twice or are out of order")
	}
	if q := r.Requirement; q != nil && q.MaxAge != "" {
		if age, err := time.ParseDuration(q.MaxAge); err != nil || age == 0 || age.String() != q.MaxAge {
			return fmt.Errorf("maxAge is not written like %q", 90*time.Minute)
		}
	}
	return errors.Join(ascending("used", r.Used), coded("reasons", r.Reasons))
}

func coded(name string, rs []release.Reason) error {
	for i, r := range rs {
		if r.Code == "" || slices.ContainsFunc(r.Refs, release.Digest.IsZero) {
			return fmt.Errorf("%s[%d] has no code, or an empty reference", name, i)
		}
	}
	return nil
}

func sortedOnce(texts []string) bool {
	for i, t := range texts {
		if t == "" || (i > 0 && texts[i-1] >= t) {
			return false
		}
	}
	return true
}
