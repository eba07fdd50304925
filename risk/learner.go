package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// DefaultHorizon is how long a release must have been watched before "fine" counts.
// It is a compromise: of the defects of 17 Apache projects only one in eight was
// reported within 30 days, and half within 309, but failed releases show sooner
// than defects. A host that knows its own delays should set its own.
const DefaultHorizon = 30 * 24 * time.Hour

// The learner keeps the newest outcomes and fits the newest of the mature: older
// ones are of another system, and the newest 500 to 1,000 were calibrated better than all.
const (
	maxKept   = 4_000
	maxFitted = 1_000
	maxCause  = 1_000 // bytes: with it a full learner's JSON stays below maxState
)

// Learner remembers what became of releases and makes a [Model] of it. The zero
// value is ready. Its state is JSON, which the host stores between runs. A Learner
// must not be used by several goroutines at once.
//
// A failure counts at once and "fine" only after the horizon, so while outcomes are young the
// failures are over-represented: the estimate errs towards more care.
type Learner struct {
	// Horizon is how long a release must have been watched before "fine" counts;
	// 0 is [DefaultHorizon]. It is part of the state.
	Horizon time.Duration
	// Base is the model to recalibrate; nil is [Prior]. It is not part of the state.
	Base *Model

	kept []observation // by release, each once
}

// observation is the newest that is known of one release.
type observation struct {
	Outcome  release.Outcome `json:"outcome"`
	Features Features        `json:"features"`
}

// Observe takes what is known of a release. It may be told the same any number of
// times, and in any order: of two outcomes of one release the one that was known
// later counts, of two known at the same time the worse, and "not known yet" never
// takes the place of anything. Beyond 4,000 releases those that were deployed first
// are forgotten, and an outcome of a forgotten one is taken as new. An outcome
// without a release or times, one known before its release was deployed, or one that JSON
// cannot hold is an error and changes nothing.
func (l *Learner) Observe(o release.Outcome, f Features) error {
	if err := checkOutcome(o, f); err != nil {
		return err
	}
	o.Deployed, o.At = o.Deployed.UTC(), o.At.UTC()
	seen := observation{o, f}
	i, found := slices.BinarySearchFunc(l.kept, o.Release, func(a observation, d release.Digest) int { return a.Outcome.Release.Compare(d) })
	switch {
	case !found:
		l.kept = slices.Insert(l.kept, i, seen)
	case seen.compare(l.kept[i]) > 0:
		l.kept[i] = seen
	}
	l.forget()
	return nil
}

func checkOutcome(o release.Outcome, f Features) error {
	var errs []error
	if o.Release.IsZero() {
		errs = append(errs, errors.New("risk: outcome of no release"))
	}
	if o.Kind > release.OutcomeFailed {
		errs = append(errs, fmt.Errorf("risk: outcome %q", o.Kind))
	}
	if o.Deployed.IsZero() || o.At.IsZero() {
		errs = append(errs, errors.New("risk: outcome without the times of deployment and of knowledge"))
	} else if o.At.Before(o.Deployed) {
		errs = append(errs, fmt.Errorf("risk: outcome known at %s, before its release was deployed at %s",
			o.At.Format(time.RFC3339), o.Deployed.Format(time.RFC3339)))
	}
	for _, t := range []time.Time{o.Deployed, o.At} {
		if y := t.UTC().Year(); y < 0 || y > 9999 {
			errs = append(errs, fmt.Errorf("risk: outcome in the year %d, which no text can hold", y))
		}
	}
	if len(o.Cause) > maxCause || !utf8.ValidString(o.Cause) {
		errs = append(errs, fmt.Errorf("risk: outcome with a cause of %d bytes: it is text of at most %d", len(o.Cause), maxCause))
	}
	return errors.Join(append(errs, f.Validate())...)
}

// compare orders what is known of one release: anything known over nothing, then
// the later, then the worse, and then by content, so that the order of arrival
// never matters.
func (a observation) compare(b observation) int {
	known := func(o observation) int { return min(int(o.Outcome.Kind), 1) }
	return cmp.Or(cmp.Compare(known(a), known(b)), a.Outcome.At.Compare(b.Outcome.At),
		cmp.Compare(a.Outcome.Kind, b.Outcome.Kind), b.Outcome.Deployed.Compare(a.Outcome.Deployed),
		cmp.Compare(a.Outcome.Cause, b.Outcome.Cause), a.Features.compare(b.Features))
}

// byAge orders observations from the oldest deployment to the newest.
func byAge(a, b observation) int {
	return cmp.Or(a.Outcome.Deployed.Compare(b.Outcome.Deployed), a.Outcome.Release.Compare(b.Outcome.Release))
}

// forget drops the oldest deployment when there are too many.
func (l *Learner) forget() {
	if len(l.kept) <= maxKept {
		return
	}
	oldest := 0
	for i := range l.kept {
		if byAge(l.kept[i], l.kept[oldest]) < 0 {
			oldest = i
		}
	}
	l.kept = slices.Delete(l.kept, oldest, oldest+1)
}

func (l *Learner) horizon() time.Duration {
	if l.Horizon <= 0 {
		return DefaultHorizon
	}
	return l.Horizon
}

// mature reports whether the outcome counts.
func (l *Learner) mature(o release.Outcome) bool {
	return o.Kind == release.OutcomeFailed ||
		o.Kind == release.OutcomeFine && o.At.Sub(o.Deployed) >= l.horizon()
}

// fitted are the mature outcomes to learn from, oldest first, and how many are censored.
func (l *Learner) fitted() ([]observation, int) {
	var out []observation
	for _, o := range l.kept {
		if l.mature(o.Outcome) {
			out = append(out, o)
		}
	}
	censored := len(l.kept) - len(out)
	slices.SortFunc(out, byAge)
	return out[max(0, len(out)-maxFitted):], censored
}

// Health is how much the learner knows.
func (l *Learner) Health() Counts {
	mature, censored := l.fitted()
	c := Counts{Mature: len(mature), Censored: censored}
	for _, o := range mature {
		if o.Outcome.Kind == release.OutcomeFailed {
			c.Failed++
		}
	}
	return c
}

func (l *Learner) base() Model {
	if l.Base == nil {
		return *Prior()
	}
	m := *l.Base
	m.Weights = slices.Clone(m.Weights)
	return m
}

// Model is the base with what was learned: as it is until enough outcomes are
// known, and recalibrated from then on. The caller owns it.
func (l *Learner) Model() *Model {
	m := l.base()
	m.Outcomes, m.Calibration = l.Health(), nil
	if !m.Outcomes.Enough() || m.Validate() != nil {
		return &m
	}
	mature, _ := l.fitted()
	data := make([]sample, len(mature))
	for i, o := range mature {
		data[i] = sample{m.score(o.Features), o.Outcome.Kind == release.OutcomeFailed}
	}
	if c, ok := calibrate(data); ok {
		m.Calibration = &c
	}
	return &m
}
