package metrics

import "time"

// Change is one change of the source: a commit, or a pull request. At is when
// it was committed to version control. Its Service is not needed: a
// [Deployment] says which changes it brought.
type Change struct {
	Meta
	// FirstCommit is when the first commit of a pull request was made, Opened when
	// it was opened, Merged when it was merged; zero where that is not known.
	FirstCommit time.Time `json:"firstCommit,omitzero"`
	Opened      time.Time `json:"opened,omitzero"`
	Merged      time.Time `json:"merged,omitzero"`
	// Commit is the revision that holds the change.
	Commit string `json:"commit,omitempty"`
}

func (c Change) meta() *Meta    { return &c.Meta }
func (c Change) kind() FactKind { return KindChange }

func (c Change) validate() []error {
	return append(c.Meta.validate(), checkTime("first commit", c.FirstCommit), checkTime("opened", c.Opened),
		checkTime("merged", c.Merged), checkText("commit", c.Commit))
}

func (c Change) normal() Fact {
	c.Meta = c.Meta.normal()
	c.FirstCommit, c.Opened, c.Merged = c.FirstCommit.UTC().Round(0), c.Opened.UTC().Round(0), c.Merged.UTC().Round(0)
	return c
}
