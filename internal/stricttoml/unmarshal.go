package stricttoml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

// Limits are what a text may claim before it is refused. Package, Bytes, Lines and
// Depth must be set.
type Limits struct {
	// Package begins every message: "lockfile".
	Package string
	// Bytes is the size of the largest text, Lines how many lines it may have.
	Bytes int
	Lines int
	// Depth is how deep values may be nested: parts of names count as well as brackets.
	Depth int
	// Values is how many values there may be, the elements of arrays among them. If
	// zero, four times Lines.
	Values int
}

// SyntaxError says where a text is not what it must be. Its message may change from
// version to version.
type SyntaxError struct {
	// Package is whose input it is.
	Package string
	// Line and Column count from 1, the column in bytes.
	Line, Column int
	// TooLarge says that a limit was reached: the text may be well formed.
	TooLarge bool
	// Reason says what is wrong there, for people.
	Reason string
}

// Error is the reason with the place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: line %d, column %d: %s", e.Package, e.Line, e.Column, e.Reason)
}

// Unmarshal reads a TOML document into *v, which must be a pointer to a structure or
// to a map. A structure's fields need a toml tag with their name each, and none may be
// embedded. Names that no field has are passed over. Into a *map[string]any, tables are
// map[string]any, arrays []any, and scalars string, int64, float64, bool, time.Time or
// one of go-toml's local dates and times. On an error, *v may have been written in part.
func Unmarshal(b []byte, v any, limits Limits) error {
	t := text{b: b, limits: limits}
	if err := t.check(v); err != nil {
		return err
	}
	if err := toml.Unmarshal(b, v); err != nil {
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := at.Position()
			return t.errorAt(line, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return t.errorAt(1, 1, strings.TrimPrefix(err.Error(), "toml: "))
	}
	return nil
}

// text is a text that is checked.
type text struct {
	b      []byte
	limits Limits
}

func (t *text) check(v any) error {
	if len(t.b) > t.limits.Bytes {
		return t.tooLarge(t.limits.Bytes, "%d bytes are more than %d", len(t.b), t.limits.Bytes)
	}
	if !utf8.Valid(t.b) {
		i := 0
		for r, n := utf8.DecodeRune(t.b); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRune(t.b[i:]) {
			i += n
		}
		return t.error(i, "the text is not valid UTF-8")
	}
	if lines := bytes.Count(t.b, []byte{'\n'}) + 1; lines > t.limits.Lines {
		return t.tooLarge(len(t.b), "%d lines are more than %d", lines, t.limits.Lines)
	}
	if err := t.shape(); err != nil {
		return err
	}
	return t.names(v)
}

// error is about the byte at an offset.
func (t *text) error(offset int, format string, args ...any) *SyntaxError {
	before := t.b[:min(offset, len(t.b))]
	return t.errorAt(bytes.Count(before, []byte{'\n'})+1, len(before)-bytes.LastIndexByte(before, '\n'), fmt.Sprintf(format, args...))
}

func (t *text) tooLarge(offset int, format string, args ...any) *SyntaxError {
	e := t.error(offset, format, args...)
	e.TooLarge = true
	return e
}

func (t *text) errorAt(line, column int, reason string) *SyntaxError {
	return &SyntaxError{Package: t.limits.Package, Line: line, Column: column, Reason: clip.Text(reason, 300)}
}
