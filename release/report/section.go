package report

// Section is a heading and what stands below it.
type Section struct {
	// Title is the heading, one line of plain text. Blocks stand below it in their
	// order; there may be none.
	Title  string
	Blocks []Block
}

// Block is one paragraph, list or table; exactly one of the three is set.
type Block struct {
	// Paragraph is running text.
	Paragraph string
	// List is one line for each item.
	List []Cell
	// Table is rows under a header.
	Table *Table
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
