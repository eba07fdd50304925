package sbom

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// document is a text that has been checked as JSON as a whole, with the members of
// its object.
type document struct {
	b  []byte
	at map[string]part

	lineAt, lines int // the last place whose line was asked for, and the line breaks before it
}

// part is a value in a text: b[from:to].
type part struct{ from, to int }

// members are those of a document that are read. Others may only not look like them.
var members = names("bomFormat", "specVersion", "metadata", "components", "services", "dependencies", "compositions",
	"spdxVersion", "SPDXID", "creationInfo", "packages", "relationships", "documentDescribes", "files", "snippets", "@context", "sbom")

// names are known names as strictjson wants them.
func names(list ...string) [][]string {
	out := make([][]string, len(list))
	for i, n := range list {
		out[i] = []string{n}
	}
	return out
}

// open checks all of a text and finds the members of its object.
func open(b []byte) (*document, error) {
	s, err := strictjson.NewScanner(b, limits)
	if err != nil {
		return nil, err
	}
	d := &document{b: b, at: map[string]part{}}
	err = s.Object(func(name []byte) error {
		i, err := s.Field(name, members)
		if err != nil {
			return err
		}
		from := s.Offset()
		kind, err := s.Value()
		if i >= 0 && kind != strictjson.Null {
			d.at[members[i][0]] = part{from, s.Offset()}
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// within is the document that a member is, in the same text.
func (d *document) within(name string) (*document, error) {
	p := d.at[name]
	inner, err := open(d.b[p.from:p.to])
	if err != nil {
		return nil, d.moved(err, p.from)
	}
	inner.b = d.b
	for name, at := range inner.at {
		inner.at[name] = part{p.from + at.from, p.from + at.to}
	}
	return inner, nil
}

// scan walks over one part again; nothing if the part is not there.
func (d *document) scan(p part, walk func(*strictjson.Scanner) error) error {
	if p.to == 0 {
		return nil
	}
	s, err := strictjson.NewScanner(d.b[p.from:p.to], limits)
	if err == nil {
		err = walk(s)
	}
	return d.moved(err, p.from)
}

// member is scan of a member of the document.
func (d *document) member(name string, walk func(*strictjson.Scanner) error) error {
	return d.scan(d.at[name], walk)
}

// text is a member that is a string; "" if it is not there.
func (d *document) text(name string) (text string, err error) {
	err = d.member(name, func(s *strictjson.Scanner) error {
		text, err = s.Str()
		return err
	})
	return text, err
}

// moved tells an error in a part of the document as one in the document.
func (d *document) moved(err error, from int) error {
	e, ok := errors.AsType[*strictjson.SyntaxError](err)
	if !ok {
		return err
	}
	m := *e
	m.Offset += from
	at := min(m.Offset, len(d.b))
	m.Line, m.Column = d.line(at), at-bytes.LastIndexByte(d.b[:at], '\n')
	return &m
}

// line is the line of a place, from 1. Places that rise cost one walk over the text
// together.
func (d *document) line(at int) int {
	if at < d.lineAt {
		d.lineAt, d.lines = 0, 0
	}
	d.lines += bytes.Count(d.b[d.lineAt:at], []byte{'\n'})
	d.lineAt = at
	return d.lines + 1
}

// place is a place in the document, for messages.
func (d *document) place(at int) fmt.Stringer { return place{d, at} }

type place struct {
	d  *document
	at int
}

// String is the line.
func (p place) String() string { return fmt.Sprintf("line %d", p.d.line(p.at)) }

// elements decodes elements of arrays in portions: those of their members that keep
// names, the others are passed over. A portion is bounded in bytes, so that it does
// not matter what the decoded values cost.
type elements[T any] struct {
	*document
	keep  [][]string
	visit func(v *T, tag element) error
	// inner, if set, is given each member that is not kept, and must pass over its value.
	inner func(s *strictjson.Scanner, name []byte) error

	portion []byte
	tags    []element
	spare   [][]byte // buffers of elements, of which nested ones need several
}

// element is what is remembered of an element until it is decoded.
type element struct {
	at   int // its place in the document
	node int32
}

// How many elements, and about how many bytes, are decoded at once.
const (
	portionElements = 256
	portionBytes    = 64 << 10
)

// add takes the next value of s, which begins base bytes into the document.
func (e *elements[T]) add(s *strictjson.Scanner, base int, node int32) error {
	s.Space()
	tag := element{base + s.Offset(), node}
	own := []byte{}
	if n := len(e.spare); n > 0 {
		own, e.spare = e.spare[n-1], e.spare[:n-1]
	}
	own = append(own[:0], '{')
	err := s.Object(func(name []byte) error {
		i, err := s.Field(name, e.keep)
		if err != nil {
			return err
		}
		if i < 0 && e.inner != nil {
			return e.inner(s, name)
		}
		from := s.Offset()
		if _, err := s.Value(); err != nil || i < 0 {
			return err
		}
		if len(own) > 1 {
			own = append(own, ',')
		}
		own = append(append(append(own, '"'), e.keep[i][0]...), '"', ':')
		if own = append(own, s.Since(from)...); len(own) > MaxElement {
			return tooLarge("line %d: an element of more than %d bytes", e.line(tag.at), MaxElement)
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.portion = append(e.portion, ","[:min(len(e.portion), 1)]...)
	e.portion = append(append(e.portion, own...), '}')
	e.tags = append(e.tags, tag)
	e.spare = append(e.spare, own)
	if len(e.tags) >= portionElements || len(e.portion) >= portionBytes {
		return e.flush()
	}
	return nil
}

// flush decodes what has been taken.
func (e *elements[T]) flush() error {
	if len(e.tags) == 0 {
		return nil
	}
	var values []T
	text := append(append([]byte{'['}, e.portion...), ']')
	if err := strictjson.Unmarshal(text, &values, limits); err != nil {
		// Its place is one in the portion, which nobody can look at.
		if syntax, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
			err = errors.New(syntax.Reason)
		}
		return fmt.Errorf("sbom: in the elements that begin in lines %d to %d: %w", e.line(e.tags[0].at), e.line(e.tags[len(e.tags)-1].at), err)
	}
	for i := range values {
		if err := e.visit(&values[i], e.tags[i]); err != nil {
			return err
		}
	}
	e.portion, e.tags = e.portion[:0], e.tags[:0]
	return nil
}
