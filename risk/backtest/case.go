package backtest

import (
	"iter"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// Case is one release of the past: what was known of it before it went out, and what
// became of it.
type Case struct {
	// Input is what would have been assessed, with nothing in it that was published,
	// scored, said or shipped after At; a case that has such a thing is refused. Most of the time
	// goes into Input.Digest where it is zero.
	Input risk.Input
	// At is when it would have been assessed: not after Outcome.Deployed.
	At time.Time
	// Outcome is the last that is known of it, and names it. Unknown stays unknown: it
	// is not counted as fine.
	Outcome release.Outcome
	// Shown is the tier that people were shown at the time, unknown where there was
	// none. It is the treatment: what was shown as high got more care.
	Shown release.Tier
}

// AsOf adds to the change set of each case what look says of that case as of its time,
// and never as of today. A look through an advisory database is
//
//	func(c backtest.Case, at time.Time) (release.ChangeSet, error) {
//		before, after := inventories(c.Outcome.Release) // what the release listed
//		return db.Delta(before, after, at), nil
//	}
//
// An error of look ends the sequence.
func AsOf(cases iter.Seq2[Case, error], look func(c Case, at time.Time) (release.ChangeSet, error)) iter.Seq2[Case, error] {
	return func(yield func(Case, error) bool) {
		for c, err := range cases {
			if err == nil {
				var more release.ChangeSet
				if more, err = look(c, c.At); err == nil {
					c.Input.Changes.Add(more)
					c.Input.Digest = release.Digest{} // it is another change set now
				}
			}
			if err != nil {
				yield(Case{}, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}
