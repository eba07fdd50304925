package backtest

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// maxOpen bounds the releases that a teacher follows; a learner remembers fewer.
const maxOpen = 10_000

// teacher tells a learner what was known at each moment, and nothing that came later.
type teacher struct {
	learner *risk.Learner
	every   int // 0: see pause

	open  []lesson // whose last outcome was not told yet, in the order in which they were assessed
	since int      // releases since the model was made
	seen  int      // releases
	model *risk.Model
	// refused counts the releases that the learner did not take.
	refused int
}

// lesson is one release and the last that will be known of it.
type lesson struct {
	outcome  release.Outcome
	features risk.Features
	shown    release.Tier // at the time, by whatever policy there was
}

// modelAt is the model of a moment, from what was known before it: of two things at one moment nobody knows which
// came first, and where times are days, what became of a release was not known on its morning. The result
// says whether it was made anew.
func (t *teacher) modelAt(now time.Time) (*risk.Model, bool) {
	if t.model != nil && t.since < t.pause() {
		t.since++
		return t.model, false
	}
	t.tell(now.Add(-1))
	t.model, t.since = t.learner.Model(), 1
	return t.model, true
}

// pause is after how many releases the model is made anew.
func (t *teacher) pause() int {
	if t.every > 0 {
		return t.every
	}
	return min(max(25, t.seen/20), 100)
}

// tell tells what is known at a moment of each release, also that nothing was seen so far.
func (t *teacher) tell(now time.Time) {
	open := t.open[:0]
	for _, l := range t.open[max(0, len(t.open)-maxOpen):] {
		known := knownAt(l.outcome, now)
		if known.Kind != release.OutcomeUnknown && t.learner.Observe(risk.Observed{Outcome: known, Features: l.features, Tier: l.shown}) != nil {
			t.refused++
			continue
		}
		if l.outcome.At.After(now) {
			open = append(open, l)
		}
	}
	clear(t.open[len(open):])
	t.open = open
}

// add is a release that was just assessed. One of which nothing will be known teaches
// nothing.
func (t *teacher) add(c *Case, f risk.Features) {
	t.seen++
	l := lesson{c.Outcome, f, c.Shown}
	if l.shown > release.TierCritical {
		l.shown = release.TierUnknown
	}
	if c.Outcome.Kind != release.OutcomeUnknown {
		t.open = append(t.open, l)
	}
}
