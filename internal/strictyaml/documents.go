package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

// Limits are what a text may claim before it is refused. All must be set. A node
// costs about 250 bytes of memory while it is read.
type Limits struct {
	// Package begins every message: "manifest".
	Package string
	// Bytes is the size of the largest text.
	Bytes int
	// Nodes is how many nodes all documents may have together, every mapping, sequence,
	// key and value counted, and what aliases name counted each time. A text is refused
	// before it is parsed where [Bound] is more than twice as many.
	Nodes int
	// Depth is how deep mappings and sequences may be nested.
	Depth int
	// Documents is how many documents a text may have.
	Documents int
}

// SyntaxError says where untrusted YAML is not what it must be. The text may change
// from version to version. It has no content of the text in it other than the name of
// a key that stands twice.
type SyntaxError struct {
	// Package is whose input it is.
	Package string
	// Line and Column count from 1, the column in characters; 0 where they are not known.
	Line, Column int
	// Reason says what is wrong there, for people.
	Reason string
	// TooLarge says that the text may be well-formed and is beyond a limit.
	TooLarge bool
}

// Error is the reason with the place.
func (e *SyntaxError) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.Package, e.Reason)
	case e.Column == 0:
		return fmt.Sprintf("%s: line %d: %s", e.Package, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s: line %d, column %d: %s", e.Package, e.Line, e.Column, e.Reason)
}

// Documents reads all documents of a text and returns the root of each. An empty
// document between two markers is a null scalar; a text without any content has no
// documents. Errors are [*SyntaxError].
func Documents(b []byte, limits Limits) ([]*yaml.Node, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if err := measure(b, limits); err != nil {
		return nil, err
	}
	roots, err := parse(b, limits)
	if err != nil {
		return nil, err
	}
	c := checker{limits: limits}
	for i, root := range roots {
		if roots[i], err = c.document(root); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

// parse is the library's reading. It keeps the program alive whatever the library
// does.
func parse(b []byte, limits Limits) (roots []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			roots, err = nil, &SyntaxError{Package: limits.Package, Reason: "the parser gave up"}
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(b))
	for {
		var doc yaml.Node
		switch err := d.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return roots, nil
		case err != nil:
			return nil, syntaxError(err, limits.Package)
		case doc.Kind != yaml.DocumentNode || len(doc.Content) != 1:
			return nil, &SyntaxError{Package: limits.Package, Line: doc.Line, Column: doc.Column, Reason: "a document must stand here"}
		case len(roots) == limits.Documents:
			return nil, &SyntaxError{Package: limits.Package, Line: doc.Line, Column: doc.Column, TooLarge: true,
				Reason: fmt.Sprintf("more than %d documents", limits.Documents)}
		}
		roots = append(roots, doc.Content[0])
	}
}

var libraryLine = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?`)

// syntaxError takes the place out of the library's message.
func syntaxError(err error, pkg string) error {
	text := err.Error()
	e := &SyntaxError{Package: pkg}
	if m := libraryLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		e.Line, _ = strconv.Atoi(m[1])
	}
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	if strings.HasPrefix(text, "unknown anchor") {
		text = "the alias names no anchor before it" // its name may be a password that begins with an asterisk
	}
	e.Reason = quotedCut(text)
	return e
}

// quotedCut is text of others in an error: printable, and cut where it is long.
func quotedCut(s string) string {
	s = clip.Text(s, 100)
	q := strconv.QuoteToGraphic(s)
	if q == `"`+s+`"` {
		return s
	}
	return q
}

// measure checks what can be checked before anything is built.
func measure(b []byte, limits Limits) error {
	if len(b) > limits.Bytes {
		return &SyntaxError{Package: limits.Package, TooLarge: true, Reason: fmt.Sprintf("%d bytes are more than %d", len(b), limits.Bytes)}
	}
	line, start := 1, 0
	for i := 0; i < len(b); {
		c := b[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		if c == '\n' || c == '\t' || c == '\r' {
			if i++; c == '\n' {
				line, start = line+1, i
			}
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		var reason string
		switch {
		case r == utf8.RuneError && n == 1:
			reason = "the text is not valid UTF-8"
		case r < 0xa0 && r != 0x85, r == 0xfffe, r == 0xffff:
			reason = "a control character stands in the text"
		case r == 0x85 || r == 0x2028 || r == 0x2029:
			reason = "a character stands in the text that is a line break for some parsers only"
		case r == 0xfeff:
			reason = "a byte order mark stands within the text"
		}
		if reason != "" {
			return &SyntaxError{Package: limits.Package, Line: line, Column: utf8.RuneCount(b[start:i]) + 1, Reason: reason}
		}
		i += n
	}
	if n := Bound(b); n/2 > limits.Nodes {
		return &SyntaxError{Package: limits.Package, TooLarge: true, Reason: fmt.Sprintf("up to %d nodes are more than %d", n, limits.Nodes)}
	}
	return nil
}
