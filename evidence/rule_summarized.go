package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// Summarized demands a verification summary (VSA) by a verifier that the host relies
// on, in place of what it verified: https://slsa.dev/spec/v1.2/verification_summary,
// "How to verify". The signature was verified by [Verify], and the subjects are those
// of the release, as for all evidence; the rest is here: the verifier is paired with
// its signers, the resource is the expected one, the result is PASSED, and the levels
// are reached.
//
// A summary that says FAILED, of one of the verifiers about the resource (and the
// policy, if PolicyURI is set), denies, whatever others say. As for all evidence
// against a release it needs only one artifact among its subjects, and any signer whom
// the trust knows: who signs for another verifier can stop a release, and not let it
// out. It stands until the same principal signs, at a later trusted time, a summary
// of the same verifier that counts; without trusted times it stands.
//
// Summaries are no supporting evidence ([Supporting]), and an approval does not rest
// on them. What a verifier says of the time is a claim that is not looked at.
type Summarized struct {
	// Verifiers are those that are relied on. At least one.
	Verifiers []Verifier
	// ResourceURI is the resourceUri, exactly. Required: a summary that was made for
	// another purpose must not count.
	ResourceURI string
	// Levels are what verifiedLevels must contain. At least one. A level of a SLSA
	// track, such as "SLSA_BUILD_LEVEL_2", is contained in that and in each higher one
	// of the track; everything else ("SLSA_BUILD_LEVEL_UNEVALUATED", a property) in itself
	// alone.
	Levels []string
	// PolicyURI is the policy.uri, exactly; "" is any.
	PolicyURI string
	// MaxAge is how old a summary may be by the first trusted time; 0 is any age.
	MaxAge time.Duration
}

// Verifier is a verifier with those who sign for it: a pair that SLSA demands.
type Verifier struct {
	// ID is the verifier.id, exactly.
	ID string
	// By are the principals that sign its summaries. At least one.
	By []Principal
}

// ID is "summarized" and the resource.
func (r Summarized) ID() string { return "summarized " + r.ResourceURI }

func (r Summarized) validate() error {
	errs := []error{texts(append([]string{r.ResourceURI, r.PolicyURI}, r.Levels...))}
	if len(r.Verifiers) == 0 {
		errs = append(errs, errors.New("no verifier"))
	}
	for i, v := range r.Verifiers {
		err := errors.Join(texts([]string{v.ID}, v.By...), signers(v.By))
		if v.ID == "" {
			err = errors.New("no id")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("verifiers[%d]: %w", i, err))
		}
	}
	if r.ResourceURI == "" {
		errs = append(errs, errors.New("no resource"))
	}
	if len(r.Levels) == 0 || slices.Contains(r.Levels, "") {
		errs = append(errs, errors.New("no level, or an empty one"))
	}
	if slices.Contains(r.Levels, predicate.LevelFailed) {
		errs = append(errs, errors.New("FAILED is no level to ask for"))
	}
	if r.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("negative maximal age %s", r.MaxAge))
	}
	return errors.Join(errs...)
}

func (r Summarized) policy() any {
	return struct {
		Verifiers   []Verifier
		ResourceURI string
		Levels      []string
		PolicyURI   string
		MaxAge      string
	}{r.Verifiers, r.ResourceURI, r.Levels, r.PolicyURI, r.MaxAge.String()}
}

func (r Summarized) demand() demand {
	return demand{typ: predicate.TypeVSA, need: 1, maxAge: r.MaxAge, fits: r.fits}
}

func (r Summarized) fits(_ *judge, it *item) (code string, until time.Time) {
	s, ok := it.pred.(predicate.VSA)
	switch {
	case !ok || !slices.ContainsFunc(r.Verifiers, func(v Verifier) bool { return v.ID == s.Verifier.ID && slices.Contains(v.By, it.by.Principal) }):
		return CodeVerifier, until
	case s.ResourceURI != r.ResourceURI:
		return CodeResource, until
	case r.PolicyURI != "" && s.Policy.URI != r.PolicyURI:
		return CodePolicy, until
	case s.VerificationResult != predicate.ResultPassed:
		return CodeNotPassed, until
	}
	for _, want := range r.Levels {
		if !slices.ContainsFunc(s.VerifiedLevels, func(have string) bool { return reaches(have, want) }) {
			return CodeLevel, until
		}
	}
	return "", until
}

// reaches reports whether a level implies another.
func reaches(have, want string) bool {
	track, least, ok := levelOf(want)
	if !ok {
		return have == want
	}
	other, level, ok := levelOf(have)
	return ok && other == track && level >= least
}

// levels are those of the tracks that are asked for, the highest that a summary has.
func (r Summarized) levels(o *outcome, demand int) []string {
	highest := map[string]int{}
	for _, want := range r.Levels {
		track, _, ok := levelOf(want)
		if !ok {
			continue
		}
		for _, e := range o.entries[demand] {
			if o.apart(e.it) {
				continue
			}
			for _, have := range e.it.pred.(predicate.VSA).VerifiedLevels {
				if t, level, ok := levelOf(have); ok && t == track {
					highest[track] = max(highest[track], level)
				}
			}
		}
	}
	var out []string
	for track, level := range highest {
		out = append(out, levelText(track, level))
	}
	slices.Sort(out)
	return out
}

// against are the summaries that say FAILED and stand.
func (r Summarized) against(j *judge) (reasons []release.Reason, until time.Time) {
	var passed []entry
	for _, it := range j.items {
		s, ok := it.pred.(predicate.VSA)
		if !ok || s.VerificationResult != predicate.ResultFailed || s.ResourceURI != r.ResourceURI ||
			r.PolicyURI != "" && s.Policy.URI != r.PolicyURI ||
			!slices.ContainsFunc(r.Verifiers, func(v Verifier) bool { return v.ID == s.Verifier.ID }) {
			continue
		}
		if passed == nil {
			passed = r.passed(j)
		}
		lifted, end := lift(passed, it, s.Verifier.ID)
		if lifted {
			until = sooner(until, end)
			continue
		}
		reasons = append(reasons, it.reason(CodeNotPassed, "the verifier %s says FAILED, through %s", release.Text(s.Verifier.ID), it.by.Principal))
	}
	return reasons, until
}

// passed are the summaries that count, never nil.
func (r Summarized) passed(j *judge) []entry {
	d, out := r.demand(), []entry{}
	for _, it := range j.items {
		if d.mayCount(it) {
			if code, end := j.counts(it, &d); code == "" {
				out = append(out, entry{it: it, end: end})
			}
		}
	}
	return out
}

// lift reports whether the signer of a summary that says FAILED has later signed one of
// the same verifier that counts, and until when one of those does.
func lift(passed []entry, failed *item, verifier string) (ok bool, until time.Time) {
	after := failed.by.last()
	if after.IsZero() {
		return false, until
	}
	for _, e := range passed {
		if e.it.by.first().After(after) && e.it.by.Principal == failed.by.Principal && e.it.pred.(predicate.VSA).Verifier.ID == verifier {
			if !ok {
				until = e.end
			}
			ok, until = true, later(until, e.end)
		}
	}
	return ok, until
}
