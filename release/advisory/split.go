package advisory

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// errTooLarge is the reason of a record that is larger than MaxRecord.
var errTooLarge = fmt.Errorf("it is larger than %d bytes", MaxRecord)

// splitter cuts a stream of JSON into values without building any of them. What it
// cuts out has matching brackets and quotes; the rest is for others to check.
type splitter struct {
	r    io.Reader
	buf  []byte // room to read into
	i, n int
	off  int64 // of buf[0] in the stream
	err  error
	// any says that what is no object may stand where a record is looked for
	any bool
}

// fill reads on; it is false at the end and on errors.
func (s *splitter) fill() bool {
	for s.i == s.n && s.err == nil {
		s.off += int64(s.n)
		s.i = 0
		s.n, s.err = s.r.Read(s.buf)
		if s.off+int64(s.n) > MaxBytes {
			s.n, s.err = 0, fmt.Errorf("more than %d bytes", int64(MaxBytes))
		}
	}
	return s.i < s.n
}

// fail is the error at this place.
func (s *splitter) fail(reason string) error {
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return s.err
	}
	return fmt.Errorf("at byte %d: %s", s.off+int64(s.i), reason)
}

// peek passes over white space; it is 0 at the end.
func (s *splitter) peek() (byte, error) {
	for space := 0; s.fill(); s.i++ {
		switch c := s.buf[s.i]; c {
		case ' ', '\t', '\r', '\n':
			if space++; space > MaxSpace {
				return 0, s.fail("too much white space")
			}
		case 0:
			return 0, s.fail("a zero byte")
		default:
			return c, nil
		}
	}
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return 0, s.err
	}
	return 0, nil
}

// skip passes over a character that must stand here.
func (s *splitter) skip(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return s.fail(fmt.Sprintf("%q must stand here", want))
	}
	s.i++
	return nil
}

// value appends the value that comes next to out. One that is too large is passed over,
// and the second result says so.
func (s *splitter) value(out []byte) (raw []byte, large bool, err error) {
	c, err := s.peek()
	if err != nil {
		return out, false, err
	}
	if c != '{' && c != '[' && c != '"' {
		return s.scalar(out)
	}
	var depth int
	var quoted, escaped bool
	start := len(out)
	for s.fill() {
		from := s.i
		done := false
		for ; s.i < s.n && !done; s.i++ {
			c := s.buf[s.i]
			switch {
			case escaped:
				escaped = false
			case quoted:
				escaped, quoted = c == '\\', c != '"'
				done = !quoted && depth == 0
			case c == '"':
				quoted = true
			case c == '{' || c == '[':
				if depth++; depth > MaxDepth {
					return out, false, s.fail("nested too deep")
				}
			case c == '}' || c == ']':
				depth--
				done = depth == 0
			}
		}
		if large = large || len(out)-start+s.i-from > MaxRecord; !large {
			out = append(out, s.buf[from:s.i]...)
		}
		if done {
			return out, large, nil
		}
	}
	return out, false, s.fail("the text ends within a value")
}

// scalar appends a number, true, false, null, or what stands there instead.
func (s *splitter) scalar(out []byte) ([]byte, bool, error) {
	start := len(out)
	for ; s.fill(); s.i++ {
		c := s.buf[s.i]
		if bytes.IndexByte([]byte(" \t\r\n,]}:"), c) >= 0 {
			break
		}
		if len(out)-start > 100 {
			return out, false, s.fail("no value begins here")
		}
		out = append(out, c)
	}
	if len(out) == start {
		return out, false, s.fail("a value must stand here")
	}
	return out, false, nil
}

// line appends the rest of the line to out, as value does with values.
func (s *splitter) line(out []byte) (raw []byte, large bool, err error) {
	start := len(out)
	for s.fill() {
		part := s.buf[s.i:s.n]
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end]
		}
		if large = large || len(out)-start+len(part) > MaxRecord; !large {
			out = append(out, part...)
		}
		s.i += len(part)
		if end >= 0 {
			s.i++
			return out, large, nil
		}
	}
	if !errors.Is(s.err, io.EOF) {
		return out, large, s.err
	}
	return out, large, nil
}

// topNames are the names that a record has at its top (OSV schema, "Format Overview").
var topNames = map[string]bool{"schema_version": true, "id": true, "modified": true, "published": true, "withdrawn": true,
	"aliases": true, "upstream": true, "related": true, "summary": true, "details": true, "severity": true, "affected": true,
	"references": true, "credits": true, "database_specific": true}

// records calls visit with each record of a stream: a JSON array, a JSON object by id,
// one record, or one a line. raw is only good during the call. An error means that the rest
// was not read. Where anything may stand, visit gets other values, too, and an object
// whose first member is none as a whole.
func records(s *splitter, visit func(id string, raw []byte, large bool) error) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch c {
	case '[':
		return s.array(visit)
	case '{':
		return s.object(visit)
	case 0:
		return s.fail("nothing stands here")
	}
	return s.fail("neither an object nor an array begins here")
}

func (s *splitter) array(visit func(string, []byte, bool) error) error {
	s.i++
	var buf []byte
	for first := true; ; first = false {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c == ']' && first {
			break
		}
		if c != '{' && !s.any {
			return s.fail("an object must stand here")
		}
		raw, large, err := s.value(buf[:0])
		if err != nil {
			return err
		}
		buf = raw
		if err := visit("", raw, large); err != nil {
			return err
		}
		if c, err = s.peek(); err != nil {
			return err
		}
		if c != ',' {
			break
		}
		s.i++
	}
	if err := s.skip(']'); err != nil {
		return err
	}
	return s.end()
}

// object reads records by id, or one record, or one a line. They are told apart by the
// first name.
func (s *splitter) object(visit func(string, []byte, bool) error) error {
	s.i++
	if c, err := s.peek(); err == nil && c == '}' && s.any {
		s.i++
		return s.end()
	}
	name, _, err := s.value([]byte{'{'})
	if err != nil {
		return err
	}
	var id string
	if err := strictjson.Unmarshal(name[1:], &id, limits); err != nil {
		return err
	}
	if topNames[id] {
		if err := s.skip(':'); err != nil {
			return err
		}
		return s.lines(append(name, ':'), visit)
	}
	var buf []byte
	for first := true; ; first = false {
		if err := s.skip(':'); err != nil {
			return err
		}
		switch c, err := s.peek(); {
		case err != nil:
			return err
		case c != '{' && !s.any:
			return s.fail("an object must stand here")
		case c != '{' && first:
			return s.lines(append(name, ':'), visit)
		}
		raw, large, err := s.value(buf[:0])
		if err != nil {
			return err
		}
		buf = raw
		if err := visit(id, raw, large); err != nil {
			return err
		}
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c != ',' {
			break
		}
		s.i++
		raw, _, err = s.value(buf[:0])
		if err != nil {
			return err
		}
		if err := strictjson.Unmarshal(raw, &id, limits); err != nil {
			return err
		}
	}
	if err := s.skip('}'); err != nil {
		return err
	}
	return s.end()
}

// lines reads one record, of which the first name and colon were read already, and those on
// the lines that follow.
func (s *splitter) lines(begun []byte, visit func(string, []byte, bool) error) error {
	raw, large, err := s.rest(begun)
	if err != nil {
		return err
	}
	if err := visit("", raw, large); err != nil {
		return err
	}
	buf := raw
	for {
		c, err := s.peek()
		if err != nil || c == 0 {
			return err
		}
		raw, large, err := s.line(buf[:0])
		if err != nil {
			return err
		}
		buf = raw
		if err := visit("", raw, large); err != nil {
			return err
		}
	}
}

// rest appends what is left of an object behind its first colon.
func (s *splitter) rest(begun []byte) ([]byte, bool, error) {
	for {
		var large bool
		var err error
		if begun, large, err = s.value(begun); err != nil || large || len(begun) > MaxRecord {
			return s.tooLarge(err)
		}
		c, err := s.peek()
		if err != nil {
			return nil, false, err
		}
		if c == '}' {
			s.i++
			return append(begun, '}'), false, nil
		}
		if err := s.skip(','); err != nil {
			return nil, false, err
		}
		if begun, large, err = s.value(append(begun, ',')); err != nil || large {
			return s.tooLarge(err)
		}
		if err := s.skip(':'); err != nil {
			return nil, false, err
		}
		begun = append(begun, ':')
	}
}

func (s *splitter) tooLarge(err error) ([]byte, bool, error) {
	if err == nil {
		err = s.fail(errTooLarge.Error())
	}
	return nil, false, err
}

// end checks that nothing follows.
func (s *splitter) end() error {
	c, err := s.peek()
	if err == nil && c != 0 {
		err = s.fail("something follows")
	}
	return err
}
