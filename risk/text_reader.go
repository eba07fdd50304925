package risk

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// textReader reads a JSON text in one pass and notes what is wrong. Its readers return
// an error only where reading cannot go on.
type textReader struct {
	of string // what the text is
	b  []byte
	s  *strictjson.Scanner

	places   map[string]int // where values begin, by pointer
	mistakes []placed
	more     int

	doubts map[string]bool // pointers of values that could not be read
	around map[string]bool // and of what is around those
}

func newTextReader(of string, b []byte) textReader {
	return textReader{of: of, b: b, places: map[string]int{}, doubts: map[string]bool{}, around: map[string]bool{}}
}

// placed is a mistake with the number of bytes before it; -1 is no place.
type placed struct {
	Mistake
	offset int
}

// read reads the whole text as far as it can be read.
func (r *textReader) read(limits strictjson.Limits, whole func() error) {
	var err error
	if r.s, err = strictjson.NewScanner(r.b, limits); err == nil {
		if err = whole(); err == nil {
			err = r.s.End()
		}
	}
	if err == nil {
		return
	}
	offset, text := -1, err.Error()
	if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
		offset, text = e.Offset, e.Reason
	}
	r.note("", offset, "%s", text)
	r.doubt("") // what comes after is not known
}

// note keeps a mistake.
func (r *textReader) note(at string, offset int, format string, args ...any) {
	if len(r.mistakes) == MaxMistakes {
		r.more++
		return
	}
	r.mistakes = append(r.mistakes, placed{Mistake{Pointer: at, Text: fmt.Sprintf(format, args...)}, offset})
}

// wrong is a mistake of the value at a pointer, or of what stands nearest around it.
func (r *textReader) wrong(at, format string, args ...any) {
	near := at
	for near != "" {
		if _, ok := r.places[near]; ok {
			break
		}
		near = near[:strings.LastIndexByte(near, '/')]
	}
	r.note(at, r.places[near], format, args...)
}

// unread is wrong for a value that has to be left out.
func (r *textReader) unread(at, format string, args ...any) error {
	r.wrong(at, format, args...)
	r.doubt(at)
	return nil
}

func (r *textReader) doubt(at string) {
	r.doubts[at] = true
	for at != "" && !r.around[at[:strings.LastIndexByte(at, '/')]] {
		at = at[:strings.LastIndexByte(at, '/')]
		r.around[at] = true
	}
}

// lost reports whether the value at a pointer, or one that it is in, could not be read.
func (r *textReader) lost(at string) bool {
	for at != "" && !r.doubts[at] {
		at = at[:strings.LastIndexByte(at, '/')]
	}
	return r.doubts[at]
}

// doubtful reports whether something at, around or in a pointer could not be read.
func (r *textReader) doubtful(at string) bool { return r.around[at] || r.lost(at) }

// error is all mistakes in the order of the text.
func (r *textReader) error() *TextError {
	arrange(r.mistakes, func(a, b placed) int { return cmp.Compare(a.offset, b.offset) })
	e := &TextError{Of: r.of, More: r.more}
	for _, m := range r.mistakes {
		if m.offset >= 0 {
			m.Line, m.Column = r.place(m.offset)
		}
		e.Mistakes = append(e.Mistakes, m.Mistake)
	}
	return e
}

// place is the line and the column behind so many bytes.
func (r *textReader) place(offset int) (line, column int) {
	before := r.b[:min(offset, len(r.b))]
	return bytes.Count(before, []byte{'\n'}) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// reader reads the value at a pointer.
type reader func(at string) error

// member is one member of an object.
type member struct {
	name     string
	optional bool
	read     reader
}

// shape reads the object that is the whole text, whose member schema names its shape.
func (r *textReader) shape(name string, members ...member) error {
	var schema string
	err := r.object("", append([]member{{name: "schema", read: r.text(&schema)}}, members...)...)
	if err == nil && schema != "" && schema != name {
		r.wrong("/schema", "%s is not %q: this build does not know the shape", strictjson.Quoted(schema), name)
	}
	return err
}

// plainName are the names of others that a pointer may show.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

func (r *textReader) object(at string, members ...member) error {
	if ok, err := r.expect(at, strictjson.Object, "an object"); !ok {
		return err
	}
	known, seen := make([][]string, len(members)), make([]bool, len(members))
	for i, m := range members {
		known[i] = []string{m.name}
	}
	err := r.s.Object(func(name []byte) error {
		i, err := r.s.Field(name, known)
		if err == nil && i >= 0 {
			seen[i] = true
			return members[i].read(at + "/" + members[i].name)
		}
		here := at
		if plainName.Match(name) {
			here += "/" + string(name)
		}
		text := fmt.Sprintf("there is no member %s here", strictjson.Quoted(name))
		if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
			text = e.Reason
		}
		r.s.Space()
		r.note(here, r.s.Offset(), "%s", text)
		_, err = r.s.Value()
		return err
	})
	for i, m := range members {
		if err == nil && !seen[i] && !m.optional {
			r.missing(at, m.name)
		}
	}
	return err
}

// missing is a mistake of an object that has no such member.
func (r *textReader) missing(at, name string) {
	r.wrong(at, "%q is missing", name)
	r.doubt(at + "/" + name)
}

var jsonKinds = map[strictjson.Kind]string{strictjson.Object: "an object", strictjson.Array: "an array", strictjson.String: "text",
	strictjson.Number: "a number", strictjson.Bool: "a boolean", strictjson.Null: "null"}

// expect passes over a value of another kind than it must be.
func (r *textReader) expect(at string, kind strictjson.Kind, what string) (bool, error) {
	r.s.Space()
	r.places[at] = r.s.Offset()
	k, err := r.s.Peek()
	if err != nil || k == kind {
		return err == nil, err
	}
	if _, err := r.s.Value(); err != nil {
		return false, err
	}
	return false, r.unread(at, "%s stands where %s must", jsonKinds[k], what)
}

func (r *textReader) array(most int, each reader) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.Array, "an array"); !ok {
			return err
		}
		n := 0
		err := r.s.Array(func(i int) error {
			if n++; i < most {
				return each(at + "/" + strconv.Itoa(i))
			}
			_, err := r.s.Value()
			return err
		})
		if err == nil && n > most {
			return r.unread(at, "%d elements are more than %d", n, most)
		}
		return err
	}
}
