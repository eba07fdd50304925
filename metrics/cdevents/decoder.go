package cdevents

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// DefaultMaxEvent is how large an event may be where nothing else is said, in bytes.
const DefaultMaxEvent = 1 << 20

// Decoder reads events. It may be reused, by one goroutine at a time, and then
// allocates nothing more: the [Event] that it returns is its own, and valid until its
// next call. The zero Decoder is ready for [Decoder.Decode], [Decoder.DecodeHTTP] and
// [Decoder.Reset].
type Decoder struct {
	// MaxEvent is how many bytes an event may have; 0 is [DefaultMaxEvent]. A Decoder holds at
	// most four times as many, and 64 KiB.
	MaxEvent int

	reader

	r        io.Reader
	buf      []byte
	from, to int   // what was read of the stream and not yet of its events: buf[from:to]
	base     int64 // the offset of buf[0] in the stream
	lines    int   // how many lines end before buf[counted]
	counted  int   // at most from
	ended    bool  // the stream has no more
	brackets brackets
	state    state
	done     error // what every further call returns
}

// state says what may stand next in a stream.
type state uint8

const (
	between    state = iota // an event, or an array of events
	arrayFirst              // an event, or the end of the array
	arrayNext               // a comma, or the end of the array
	arrayMore               // an event
)

func (d *Decoder) max() int {
	if d.MaxEvent > 0 {
		return min(d.MaxEvent, behind-1)
	}
	return DefaultMaxEvent
}

// Reset makes the Decoder read r from now on: events one after another, such as JSON
// Lines, or arrays of them, such as the batches of CloudEvents. Each is a CDEvent, or a
// CloudEvent in structured mode around one.
func (d *Decoder) Reset(r io.Reader) {
	d.r, d.from, d.to, d.base, d.lines, d.counted = r, 0, 0, 0, 0, 0
	d.ended, d.state, d.done, d.brackets = false, between, nil, brackets{}
}

// All yields what [Decoder.Next] returns until the end of the stream, or until an error
// that is fatal, which is the last that it yields.
func (d *Decoder) All() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for {
			e, err := d.Next()
			if err == io.EOF || !yield(e, err) || d.done != nil {
				return
			}
		}
	}
}

// Next is the next event of the stream, or [io.EOF]. An error about an event is an
// [*Error]; if it is not fatal, the next call reads the event that follows.
func (d *Decoder) Next() (*Event, error) {
	if d.r == nil && d.done == nil {
		d.done = io.EOF
	}
	for d.done == nil {
		d.from = space(d.buf[:d.to], d.from)
		if d.from >= d.to {
			if d.ended {
				d.done = io.EOF
				if d.state != between {
					d.done = d.fatal(d.from, "the stream ends within an array")
				}
				break
			}
			d.fill()
			continue
		}
		switch c := d.buf[d.from]; {
		case c == '{' && d.state != arrayNext:
			if e, err, ok := d.event1(); ok {
				return e, err
			}
			continue
		case c == '[' && d.state == between:
			d.state = arrayFirst
		case c == ']' && (d.state == arrayFirst || d.state == arrayNext):
			d.state = between
		case c == ',' && d.state == arrayNext:
			d.state = arrayMore
		default:
			d.done = d.fatal(d.from, "an event must begin here")
			continue
		}
		d.from++
	}
	return nil, d.done
}

// event1 reads the event that begins at from. It is not ok where more of the stream is
// needed, or where the stream is done.
func (d *Decoder) event1() (e *Event, err error, ok bool) {
	window := d.buf[d.from:d.to]
	if len(window) > d.max() {
		window = window[:d.max()]
	}
	if d.brackets.at > 0 && !d.brackets.pass(window) && len(window) < d.max() && !d.ended {
		d.fill()
		return nil, nil, false
	}
	n, f := d.read(window)
	switch {
	case f == short && len(window) == d.max():
		d.done = d.fatal(d.from, d.tooLarge())
		return nil, nil, false
	case f == short && !d.ended:
		d.brackets.pass(window)
		d.fill()
		return nil, nil, false
	case f != fine:
		d.done = d.fatal(d.from+n, faults[f])
		return nil, nil, false
	}
	at := d.from
	d.from += n
	d.brackets = brackets{}
	if d.state != between {
		d.state = arrayNext
	}
	d.count(at)
	if p, ok := d.judge(); !ok {
		return nil, d.here(at+p.at, false, p.failure()), true
	}
	d.event.Offset, d.event.Line = d.base+int64(at), d.lines+1
	return &d.event, nil, true
}

// fill reads more of the stream. What was not read of the events yet moves to the
// buffer's beginning, and the buffer grows where it is full.
func (d *Decoder) fill() {
	d.count(d.from)
	d.counted = 0
	d.base += int64(d.from)
	if d.from > 0 {
		d.to = copy(d.buf, d.buf[d.from:d.to])
		d.from = 0
	}
	if d.to > len(d.buf)/2 || len(d.buf) == 0 {
		size := max(64<<10, min(2*len(d.buf), 2*d.max()))
		if size > len(d.buf) {
			grown := make([]byte, size)
			copy(grown, d.buf[:d.to])
			d.buf = grown
		}
	}
	for range 100 {
		n, err := d.r.Read(d.buf[d.to:])
		if n < 0 || n > len(d.buf)-d.to {
			d.done = errors.New("cdevents: the reader returned a count that cannot be")
			return
		}
		d.to += n
		if err == io.EOF {
			d.ended = true
			return
		}
		if err != nil {
			d.done = fmt.Errorf("cdevents: read at byte %d: %w", d.base+int64(d.to), err)
			return
		}
		if n > 0 {
			return
		}
	}
	d.done = fmt.Errorf("cdevents: read at byte %d: %w", d.base+int64(d.to), io.ErrNoProgress)
}

func (d *Decoder) tooLarge() string { return fmt.Sprintf("the event is larger than %d bytes", d.max()) }

// count counts the lines that end before an index of the buffer.
func (d *Decoder) count(to int) {
	d.lines += bytes.Count(d.buf[d.counted:to], newline)
	d.counted = to
}

var newline = []byte{'\n'}

func (d *Decoder) fatal(at int, reason string) error { return d.here(at, true, reason) }

// here is an error at an index of the buffer, at or behind counted.
func (d *Decoder) here(at int, fatal bool, reason string) error {
	return &Error{Offset: d.base + int64(at), Line: d.lines + bytes.Count(d.buf[d.counted:at], newline) + 1, Fatal: fatal, Reason: reason}
}

// wrong is an error at an index of a text that was given whole.
func wrong(b []byte, at int, fatal bool, reason string) error {
	return &Error{Offset: int64(at), Line: bytes.Count(b[:at], newline) + 1, Fatal: fatal, Reason: reason}
}
