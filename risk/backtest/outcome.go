package backtest

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Outcomes says of how many releases it is known what became of them. Those of which
// it is not are censored: they count in no rate, and never as fine.
type Outcomes struct {
	// Mature are the releases that count: deployed at least the horizon before the end
	// of the history, and either failed or fine for the whole horizon. Failed are those
	// of them that failed.
	Mature int `json:"mature"`
	Failed int `json:"failed"`
	// Late are the failures that were known only after the horizon. About as large a
	// share is still missing among the newest of the mature.
	Late int `json:"late"`
	// Young were deployed less than the horizon before the end, whatever came of them;
	// YoungFailed of them failed already. Counting these alone would make the
	// newest releases look worse than they are.
	Young       int `json:"young"`
	YoungFailed int `json:"youngFailed"`
	// Unwatched are said to be fine, and were not watched for the horizon.
	Unwatched int `json:"unwatched"`
	// Unknown are those of which nobody said what became of them.
	Unknown int `json:"unknown"`
}

// Censored is how many do not count.
func (o Outcomes) Censored() int { return o.Young + o.Unwatched + o.Unknown }

// knownAt is what was known of a release at an earlier moment, where o is the last that
// became known: until then nothing had been seen.
func knownAt(o release.Outcome, at time.Time) release.Outcome {
	switch {
	case o.Kind == release.OutcomeUnknown || !o.At.After(at):
	case o.Deployed.After(at):
		o.Kind, o.Cause = release.OutcomeUnknown, ""
	default:
		o.Kind, o.At, o.Cause = release.OutcomeFine, at, ""
	}
	return o
}

// state is what an outcome counts as.
type state uint8

const (
	censored state = iota
	fine
	failed
)

// settle says what an outcome counts as at the end of the history, and counts it.
func (n *Outcomes) settle(o release.Outcome, end time.Time, horizon time.Duration) state {
	young := end.Sub(o.Deployed) < horizon
	switch o = knownAt(o, end); {
	case o.Kind == release.OutcomeUnknown:
		n.Unknown++
		return censored
	case young:
		n.Young++
		if o.Kind == release.OutcomeFailed {
			n.YoungFailed++
		}
		return censored
	case o.Kind == release.OutcomeFailed:
		n.Mature++
		n.Failed++
		if o.At.Sub(o.Deployed) > horizon {
			n.Late++
		}
		return failed
	case o.At.Sub(o.Deployed) < horizon:
		n.Unwatched++
		return censored
	}
	n.Mature++
	return fine
}
