package report

import "time"

// Section is a heading and what stands below it.
type Section struct {
	// Title is the heading, one line of plain text. Blocks stand below it in their
	// order; there may be none.
	Title  string
	Blocks []Block
}

// Block is one paragraph, list, table, series or diagram; exactly one of them is set.
type Block struct {
	// Paragraph is running text.
	Paragraph string
	// List is one line for each item.
	List []Cell
	// Table is rows under a header.
	Table *Table
	// Steps is a value that changes at moments: HTML draws it, Markdown lists it.
	Steps *Steps
	// Diagram is the text of a diagram in the language of Mermaid, such as that of
	// rollout.Diagram. It is shown as such: Markdown's hosts draw it, and HTML, which has
	// no script, shows the text.
	Diagram string
}

// Steps is a share of something, in percent from 0 to 100, that stays what it is until
// the next step.
type Steps struct {
	// Title says what is shown, for those too who cannot see it.
	Title string
	// At are the steps in the order of time. What was before the first is not known.
	At []Step
	// End is until when the last one is known to hold; zero is no longer than its own
	// moment. What is later is not drawn.
	End time.Time
}

// Step is a change of what [Steps] shows.
type Step struct {
	// Time is when, Percent what it is from then on.
	Time    time.Time
	Percent float64
	// Label is what happened, for people.
	Label string
	// Bad marks what somebody should look at: a regression, a rollback.
	Bad bool
}

// Table is a header and rows; a row that is shorter than the header is filled up
// with empty cells, one that is longer is cut.
type Table struct {
	// Header has one text for each column, and Rows one cell for each.
	Header []string
	Rows   [][]Cell
}

// Cell is a piece of text on one line.
type Cell struct {
	// Text may hold anything: it is escaped when it is rendered.
	Text string
	// Code is set for what a machine reads: paths, digests, identities. It is shown
	// in a fixed-width face, letter for letter.
	Code bool
}

// Text is a cell of running text.
func Text(s string) Cell { return Cell{Text: s} }

// Code is a cell of machine-readable text.
func Code(s string) Cell { return Cell{Text: s, Code: true} }
