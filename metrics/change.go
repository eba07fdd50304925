package metrics

import (
	"errors"
	"time"
)

// Change is one change of the source: a commit, or a pull request. At is when
// it was committed to version control. Its Service is not needed: a
// [Deployment] says which changes it brought.
type Change struct {
	Meta
	// FirstCommit is when the first commit of a pull request was made, Opened when
	// it was opened, FirstReview when somebody first reviewed it, Approved when it was
	// last approved, Merged when it was merged; zero where that is not known.
	FirstCommit time.Time `json:"firstCommit,omitzero"`
	Opened      time.Time `json:"opened,omitzero"`
	FirstReview time.Time `json:"firstReview,omitzero"`
	Approved    time.Time `json:"approved,omitzero"`
	Merged      time.Time `json:"merged,omitzero"`
	// Commit is the revision that holds the change.
	Commit string `json:"commit,omitempty"`
	// RevertOf is the change that this one takes back.
	RevertOf Ref `json:"revertOf,omitzero"`
}

func (c Change) meta() *Meta    { return &c.Meta }
func (c Change) kind() FactKind { return KindChange }

func (c Change) validate() []error {
	errs := c.Meta.validate()
	if c.RevertOf == c.Ref() {
		errs = append(errs, errors.New("it reverts itself"))
	}
	return append(errs, checkTime("first commit", c.FirstCommit), checkTime("opened", c.Opened),
		checkTime("first review", c.FirstReview), checkTime("approved", c.Approved),
		checkTime("merged", c.Merged), checkText("commit", c.Commit), checkRefs("revert of", c.RevertOf))
}

func (c Change) normal() Fact {
	c.Meta = c.Meta.normal()
	c.FirstCommit, c.Opened, c.Merged = c.FirstCommit.UTC().Round(0), c.Opened.UTC().Round(0), c.Merged.UTC().Round(0)
	c.FirstReview, c.Approved = c.FirstReview.UTC().Round(0), c.Approved.UTC().Round(0)
	return c
}
