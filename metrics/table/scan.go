package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxRecord is how many bytes a row may have.
const maxRecord = 1 << 20

// Error says what is wrong with a row, and where.
type Error struct {
	// Line is where the row begins, from 1. Column names the column, "" where it is not
	// one of them that is wrong.
	Line   int
	Column string
	// Err is what is wrong.
	Err error
}

// Error is one line. Its text may change.
func (e *Error) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("table: line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("table: line %d: column %q: %v", e.Line, e.Column, e.Err)
}

// Unwrap is what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// scanner splits CSV into rows and fields by RFC 4180. A line ends with LF or CRLF,
// also within quotes, where both are read as LF; empty lines are no rows; a byte
// order mark at the beginning is none of the text.
type scanner struct {
	r      *bufio.Reader
	comma  byte
	line   int // of the row's first line
	lines  int // that were read
	record []byte
	fields [][]byte
	ends   []int
	part   []byte // of the line that is read
}

func newScanner(r io.Reader, comma byte) (*scanner, error) {
	s := &scanner{r: bufio.NewReaderSize(r, 1<<16), comma: comma}
	if mark, err := s.r.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := s.r.Discard(3); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// next is the next row, or io.EOF. Its fields are valid until the following call.
func (s *scanner) next() ([][]byte, error) {
	for {
		s.line = s.lines + 1
		line, err := s.readLine(0)
		if err != nil {
			return nil, err
		}
		if len(line) > 0 {
			return s.split(line)
		}
	}
}

// readLine is the next line without its end. held is how many bytes its row has
// already.
func (s *scanner) readLine(held int) ([]byte, error) {
	s.part = s.part[:0]
	for {
		b, err := s.r.ReadSlice('\n')
		if len(s.part)+len(b)+held > maxRecord {
			return nil, &Error{Line: s.line, Err: fmt.Errorf("a row of more than %d bytes", maxRecord)}
		}
		switch {
		case err == nil && len(s.part) == 0:
			s.lines++
			return chomp(b), nil
		case err == nil, errors.Is(err, io.EOF) && len(s.part)+len(b) > 0:
			s.part = append(s.part, b...)
			s.lines++
			return chomp(s.part), nil
		case errors.Is(err, bufio.ErrBufferFull):
			s.part = append(s.part, b...)
		default:
			return nil, err
		}
	}
}

func chomp(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// split cuts a line into fields. The fields of a row without quotes are views of the
// line, others are copied without their quotes.
func (s *scanner) split(line []byte) ([][]byte, error) {
	s.fields = s.fields[:0]
	if bytes.IndexByte(line, '"') >= 0 {
		return s.quoted(line)
	}
	if !utf8.Valid(line) {
		return nil, &Error{Line: s.line, Err: errors.New("it is not UTF-8")}
	}
	for {
		i := bytes.IndexByte(line, s.comma)
		if i < 0 {
			s.fields = append(s.fields, line)
			return s.fields, nil
		}
		s.fields = append(s.fields, line[:i])
		line = line[i+1:]
	}
}

func (s *scanner) quoted(line []byte) ([][]byte, error) {
	wrong := func(what string) ([][]byte, error) { return nil, &Error{Line: s.line, Err: errors.New(what)} }
	s.record, s.ends = s.record[:0], s.ends[:0]
	for more := true; more; {
		if len(line) == 0 || line[0] != '"' {
			i := bytes.IndexByte(line, s.comma)
			if more = i >= 0; !more {
				i = len(line)
			}
			if bytes.IndexByte(line[:i], '"') >= 0 {
				return wrong("a quote within a field that does not begin with one")
			}
			s.record = append(s.record, line[:i]...)
			line = line[min(i+1, len(line)):]
			s.ends = append(s.ends, len(s.record))
			continue
		}
		line = line[1:]
		for {
			i := bytes.IndexByte(line, '"')
			if i < 0 { // the field goes on in the next line
				s.record = append(append(s.record, line...), '\n')
				var err error
				if line, err = s.readLine(len(s.record)); errors.Is(err, io.EOF) {
					return wrong("a quoted field has no end")
				} else if err != nil {
					return nil, err
				}
				continue
			}
			s.record = append(s.record, line[:i]...)
			line = line[i+1:]
			if len(line) == 0 || line[0] != '"' {
				break
			}
			s.record = append(s.record, '"')
			line = line[1:]
		}
		s.ends = append(s.ends, len(s.record))
		if more = len(line) > 0; more {
			if line[0] != s.comma {
				return wrong("text after the quote that ends a field")
			}
			line = line[1:]
		}
	}
	if !utf8.Valid(s.record) {
		return wrong("it is not UTF-8")
	}
	from := 0
	for _, to := range s.ends {
		s.fields = append(s.fields, s.record[from:to])
		from = to
	}
	return s.fields, nil
}
