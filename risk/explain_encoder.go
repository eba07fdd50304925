package risk

import (
	"encoding/binary"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// encoder writes values so that different ones have different bytes. What has a name is left out where it is zero.
type encoder []byte

func (e *encoder) uint(n uint64) { *e = binary.BigEndian.AppendUint64(*e, n) }

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	*e = append(*e, s...)
}

// begin writes a name, and leaves room for the length of what follows until end.
func (e *encoder) begin(name string) int {
	e.text(name)
	at := len(*e)
	e.uint(0)
	return at
}

// end writes the length of what stands behind a place left for it.
func (e *encoder) end(at int) { binary.BigEndian.PutUint64((*e)[at:], uint64(len(*e)-at-8)) }

func (e *encoder) number(name string, n uint64) {
	if n != 0 {
		e.text(name)
		e.uint(8)
		e.uint(n)
	}
}

func (e *encoder) string(name, s string) {
	if s != "" {
		e.text(name)
		e.uint(8 + uint64(len(s)))
		e.text(s)
	}
}

func (e *encoder) time(name string, t time.Time) {
	if !t.IsZero() {
		e.moment(name, t)
	}
}

// moment writes a time, zero or not; in which zone it is told makes no difference.
func (e *encoder) moment(name string, t time.Time) {
	e.text(name)
	e.uint(16)
	e.uint(uint64(t.Unix()))
	e.uint(uint64(t.Nanosecond()))
}

func (e *encoder) digest(name string, d release.Digest) {
	if !d.IsZero() {
		at := e.begin(name)
		e.bytesOf(d)
		e.end(at)
	}
}

// bytesOf writes a digest as a list of numbers.
func (e *encoder) bytesOf(d release.Digest) {
	e.uint(uint64(len(d)))
	for _, b := range d {
		e.uint(8)
		e.uint(uint64(b))
	}
}

func (e *encoder) reading(name string, r Reading) {
	if r == (Reading{}) {
		return
	}
	at := e.begin(name)
	e.number("Value", uint64(r.Value))
	if r.Known {
		e.number("Known", 1)
	}
	e.end(at)
}

func (e *encoder) actor(name string, a *release.Actor) {
	if *a == (release.Actor{}) {
		return
	}
	at := e.begin(name)
	e.number("Kind", uint64(a.Kind))
	e.string("ID", a.ID)
	e.string("Name", string(a.Name))
	e.end(at)
}

// texts writes a list of texts in its order.
func (e *encoder) texts(all *[]string) {
	e.uint(uint64(len(*all)))
	for _, s := range *all {
		e.uint(8 + uint64(len(s)))
		e.text(s)
	}
}
