package backtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// DefaultHorizon is how long a release must have been watched before "fine" counts. It
// is a compromise: of the defects of 17 Apache projects only one in eight was reported
// within 30 days, and half within 309, but failed releases show sooner than defects.
const DefaultHorizon = 30 * 24 * time.Hour

// Options say what is tried on the history. The zero value tries the default policy
// with a model that learns as it goes.
type Options struct {
	// Policy is the one to try; nil is [risk.Default].
	Policy *risk.Policy
	// Hypothetical are rules that the policy does not have. What they would have done
	// is told beside the others; the tiers stay the policy's.
	Hypothetical []risk.Rule
	// Gate is the tier from which on a release counts as blocked where rules are
	// compared. If zero, high.
	Gate release.Tier

	// Model, if not nil, is used for all releases as it is. What it was fitted on is
	// the caller's to know: one that has seen these outcomes foretells them too well.
	Model *risk.Model
	// Learner learns as the history goes: at each release it knows the outcomes that
	// were known then. It must know none to begin with, and knows all in the end. If nil, a
	// new one. It does not go with Model.
	Learner *risk.Learner
	// Refit is after how many releases the learner's model is made anew, which is what
	// most of the time of a back-test goes into. If zero, 25, and from 500 releases on a twentieth of those so far,
	// up to 100: a tenth of what a model is fitted to.
	Refit int

	// Each, if not nil, is told of each case that was assessed, in their order.
	Each func(Case, risk.Assessment)

	// Horizon is how long a release must have been watched before "fine" counts. If
	// zero, the learner's, or [DefaultHorizon].
	Horizon time.Duration
	// End is as of when outcomes are known. If zero, the latest time in the history.
	End time.Time

	// Seed, Draws and Level are of the bootstrap intervals: the same seed, the same
	// interval. If zero, Draws is 1000 and Level 0.95, which is that of all intervals.
	Seed  uint64
	Draws int
	Level float64
	// Block is how many releases that follow each other are drawn together, for
	// histories in which failures come in bursts. If zero, 1: each by itself.
	Block int
}

const maxDraws = 100_000

// withDefaults is o with its defaults, or all that is wrong with it.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("backtest: "+format, args...))
	}
	if o.Model != nil && o.Learner != nil {
		bad("a model that is held fixed and a learner")
	}
	if o.Learner != nil {
		if n := o.Learner.Counts(); n != (risk.Counts{}) {
			bad("a learner that knows outcomes to begin with (%s): they may be of the future", n)
		}
	}
	if o.Gate == release.TierUnknown {
		o.Gate = release.TierHigh
	}
	if o.Gate > release.TierCritical {
		bad("gate %s", o.Gate)
	}
	if o.Refit < 0 {
		bad("refit after %d releases", o.Refit)
	}
	if o.Horizon < 0 {
		bad("horizon %s", o.Horizon)
	}
	if o.Horizon == 0 && o.Learner != nil {
		o.Horizon = max(o.Learner.Horizon, 0)
	}
	if o.Horizon == 0 {
		o.Horizon = DefaultHorizon
	}
	if !writable(o.End) {
		bad("outcomes as of the year %d, which no text can hold", o.End.UTC().Year())
	}
	if o.Draws == 0 {
		o.Draws = 1000
	}
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.Block == 0 {
		o.Block = 1
	}
	if !(o.Level > 0 && o.Level < 1) {
		bad("level %v is not between 0 and 1", o.Level)
	} else if o.Draws > maxDraws || float64(o.Draws)*(1-o.Level) < 2 {
		bad("%d draws for a level of %v: they must leave two in the tails, and be at most %d", o.Draws, o.Level, maxDraws)
	}
	if o.Block < 0 {
		bad("blocks of %d releases", o.Block)
	}
	if o.Policy == nil {
		o.Policy = risk.Default()
	}
	if o.Model == nil && o.Learner == nil {
		o.Learner = &risk.Learner{Horizon: o.Horizon}
	}
	return o, errors.Join(errs...)
}

func (o Options) resampling() skill.Resampling {
	return skill.Resampling{Seed: o.Seed, Draws: o.Draws, Level: o.Level, Block: o.Block}
}
