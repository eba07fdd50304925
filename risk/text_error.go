package risk

import (
	"fmt"
	"strings"
)

// TextError is everything that is wrong with a text that people write: a policy or
// waivers. What it says may change from version to version.
type TextError struct {
	// Of is what the text was read as: "policy" or "waivers".
	Of string
	// Mistakes are in the order of the text: at least one, at most [MaxMistakes].
	Mistakes []Mistake
	// More is how many there are besides, at least.
	More int
}

// MaxMistakes is how many mistakes of one text are told one by one.
const MaxMistakes = 100

// Mistake is one thing that is wrong with a text, and where.
type Mistake struct {
	// Pointer is the JSON pointer (RFC 6901) of the value; "" is the whole text. Of what
	// is missing it is that of the object where it is.
	Pointer string `json:"pointer"`
	// Line and Column count from 1, the column of JSON in bytes; both are 0 where
	// there is no such place.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Text says what is wrong, for people.
	Text string `json:"text"`
}

// String is the place and the text.
func (m Mistake) String() string {
	var b strings.Builder
	if m.Line > 0 {
		fmt.Fprintf(&b, "line %d, column %d: ", m.Line, m.Column)
	}
	if m.Pointer != "" {
		b.WriteString(m.Pointer + ": ")
	}
	return b.String() + m.Text
}

// Error has one line for each mistake.
func (e *TextError) Error() string {
	if len(e.Mistakes) == 1 && e.More == 0 {
		return "risk: " + e.Of + ": " + e.Mistakes[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "risk: %s: %d mistakes", e.Of, len(e.Mistakes)+e.More)
	for _, m := range e.Mistakes {
		b.WriteString("\n\t" + m.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n\tand %d more", e.More)
	}
	return b.String()
}
