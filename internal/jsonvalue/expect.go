package jsonvalue

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Expectation is what a value must be, and nothing besides. Null and an empty object
// are nothing, where no other value is expected.
type Expectation struct {
	// Values has the exact value, as [Exact] writes it, by the text of its pointer.
	Values map[string]string
	// Ignored has the pointers, as text, to what may be there with any value.
	Ignored map[string]bool
}

// Validate reports values that cannot be found, because they are inside of another or
// of what is ignored, and what is ignored in vain, because it is expected.
func (e *Expectation) Validate() error {
	for _, p := range slices.Sorted(maps.Keys(e.Values)) {
		for at := range above(p) {
			if _, ok := e.Values[at]; ok || e.Ignored[at] {
				return fmt.Errorf("%s is inside of %s, which is expected or ignored as a whole", strictjson.Quoted(p), strictjson.Quoted(at))
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(e.Ignored)) {
		if _, ok := e.Values[p]; ok {
			return fmt.Errorf("%s is expected and ignored", strictjson.Quoted(p))
		}
		for at := range above(p) {
			if _, ok := e.Values[at]; ok {
				return fmt.Errorf("%s is ignored inside of %s, which is expected as a whole", strictjson.Quoted(p), strictjson.Quoted(at))
			}
		}
	}
	return nil
}

// above are the pointers to what a value is inside of.
func above(pointer string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range len(pointer) {
			if pointer[i] == '/' && !yield(pointer[:i]) {
				return
			}
		}
	}
}

// Check reports the first place in raw where the value is not as expected, or else
// the first value, in the order of pointers, that is missing. A raw that is nil or
// null is an empty object. What it takes besides the time to read raw once does not
// grow with it.
func (e *Expectation) Check(raw []byte, limits strictjson.Limits) error {
	if len(raw) == 0 || string(raw) == "null" {
		raw = []byte("{}")
	}
	s, err := strictjson.NewScanner(raw, limits)
	if err != nil {
		return err
	}
	c := checker{e, s, limits, map[string]bool{}, 100}
	for p := range e.Values {
		c.longest = max(c.longest, len(p))
	}
	for p := range e.Ignored {
		c.longest = max(c.longest, len(p))
	}
	if err := c.value(""); err != nil {
		return err
	}
	if err := s.End(); err != nil {
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(e.Values)) {
		if !c.seen[p] {
			return fmt.Errorf("nothing stands at %s", strictjson.Quoted(p))
		}
	}
	return nil
}

type checker struct {
	*Expectation
	s      *strictjson.Scanner
	limits strictjson.Limits
	seen   map[string]bool // of Values
	// longest is at least as long as every pointer that says something. A name of more
	// is cut, because nothing is expected there and only people see it.
	longest int
}

// value passes over the value at a pointer.
func (c *checker) value(at string) error {
	c.s.Space()
	from := c.s.Offset()
	kind, err := c.s.Peek()
	if err != nil {
		return err
	}
	if want, ok := c.Values[at]; ok {
		if _, err := c.s.Value(); err != nil {
			return err
		}
		c.seen[at] = true
		if have, err := exact(c.s.Since(from), c.limits, len(want)); err != nil || have != want {
			other := fmt.Errorf("another value than is expected stands at %s", strictjson.Quoted(at))
			if err != nil && !errors.Is(err, errLonger) {
				return fmt.Errorf("%w: %w", other, err)
			}
			return other
		}
		return nil
	}
	below := c.below(at)
	switch {
	case c.Ignored[at] || kind == strictjson.Null:
		_, err := c.s.Value()
		return err
	case kind == strictjson.Object:
		return c.s.Object(func(name []byte) error {
			if at != "" && !below {
				return unexpected(at)
			}
			return c.value(at + Pointer{string(name[:min(len(name), c.longest)])}.String())
		})
	case kind == strictjson.Array && below:
		return c.s.Array(func(i int) error { return c.value(at + "/" + strconv.Itoa(i)) })
	}
	return unexpected(at)
}

func unexpected(at string) error {
	return fmt.Errorf("nothing is expected at %s", strictjson.Quoted(at))
}

// below reports whether anything is expected or ignored inside of a value.
func (e *Expectation) below(at string) bool {
	for p := range e.Values {
		if strings.HasPrefix(p, at+"/") {
			return true
		}
	}
	for p := range e.Ignored {
		if strings.HasPrefix(p, at+"/") {
			return true
		}
	}
	return false
}
