package risk

import (
	"cmp"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// Observed is what is known of one release: what became of it, what a model saw of
// it, and what was demanded of it. [Assessment.Observed] makes one.
type Observed struct {
	// Outcome is what became of it.
	Outcome release.Outcome `json:"outcome"`
	// Features are those that it was assessed by.
	Features Features `json:"features"`
	// Tier is the one that people were shown when it went out, unknown where nobody was shown one. Lane
	// is the way by which it went. They are how it was treated: a release that was treated with more care
	// fails less, and [Learner.Health] keeps the two apart.
	Tier release.Tier `json:"tier"`
	Lane release.Lane `json:"lane"`
}

// Observed is what a [Learner] is to be told once it is known what became of the release.
func (a *Assessment) Observed(o release.Outcome) Observed {
	return Observed{Outcome: o, Features: a.Features, Tier: a.Tier, Lane: a.Lane}
}

// maxCause bounds a cause in bytes: with it a full learner's JSON stays below maxState.
const maxCause = 1_000

// check refuses what cannot be learned from or not be stored.
func (o *Observed) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("risk: "+format, args...)) }
	k := &o.Outcome
	if k.Release.IsZero() {
		bad("outcome of no release")
	}
	if k.Kind > release.OutcomeFailed {
		bad("outcome %q", k.Kind)
	}
	if k.Deployed.IsZero() || k.At.IsZero() {
		bad("outcome without the times of deployment and of knowledge")
	} else if k.At.Before(k.Deployed) {
		bad("outcome known at %s, before its release was deployed at %s", k.At.Format(time.RFC3339), k.Deployed.Format(time.RFC3339))
	}
	for _, t := range []time.Time{k.Deployed, k.At} {
		if y := t.UTC().Year(); y < 0 || y > 9999 {
			bad("outcome in the year %d, which no text can hold", y)
		}
	}
	if len(k.Cause) > maxCause || !utf8.ValidString(k.Cause) {
		bad("outcome with a cause of %d bytes: it is text of at most %d", len(k.Cause), maxCause)
	}
	if o.Tier > release.TierCritical || o.Lane > release.LaneBreakGlass {
		bad("outcome of a release of tier %s in lane %s", o.Tier, o.Lane)
	}
	return errors.Join(append(errs, o.Features.Validate())...)
}

// compare orders what is known of one release: anything known over nothing, then
// the later, then the worse, and then by content, so that the order of arrival
// never matters.
func (o *Observed) compare(p *Observed) int {
	known := func(o *Observed) int { return min(int(o.Outcome.Kind), 1) }
	return cmp.Or(cmp.Compare(known(o), known(p)), o.Outcome.At.Compare(p.Outcome.At),
		cmp.Compare(o.Outcome.Kind, p.Outcome.Kind), p.Outcome.Deployed.Compare(o.Outcome.Deployed),
		cmp.Compare(o.Outcome.Cause, p.Outcome.Cause), o.Features.compare(p.Features))
}

// treatment orders how a release was treated, from the least that is known or demanded up.
func (o *Observed) treatment(p *Observed) int {
	return cmp.Or(cmp.Compare(o.Tier, p.Tier), cmp.Compare(o.Lane, p.Lane))
}

// merge is what is known from both: the outcome and features of the one that [Observed.compare]
// prefers, and the greater treatment, whoever told it.
func (o *Observed) merge(p Observed) Observed {
	out, other := *o, p
	if out.compare(&other) < 0 {
		out, other = other, out
	}
	if out.treatment(&other) < 0 {
		out.Tier, out.Lane = other.Tier, other.Lane
	}
	return out
}

func (o *Observed) compareRelease(d release.Digest) int { return o.Outcome.Release.Compare(d) }

// compareAge orders observations from the oldest deployment to the newest.
func (o *Observed) compareAge(p *Observed) int {
	return cmp.Or(o.Outcome.Deployed.Compare(p.Outcome.Deployed), o.Outcome.Release.Compare(p.Outcome.Release))
}

// asOf is what was known of the release at a moment, and whether there was anything: of a
// release that is known to have failed later that it had not failed yet, of one that was watched for
// longer that it had been fine until then. What happened at the moment itself was not known before.
func (o *Observed) asOf(t time.Time) (*Observed, bool) {
	switch {
	case !o.Outcome.Deployed.Before(t):
		return nil, false
	case o.Outcome.At.Before(t):
		return o, true
	}
	then := *o
	if then.Outcome.Kind == release.OutcomeFailed {
		then.Outcome.Kind = release.OutcomeFine
	}
	then.Outcome.At, then.Outcome.Cause = t, ""
	return &then, true
}
