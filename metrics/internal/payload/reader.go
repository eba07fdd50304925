package payload

import (
	"bytes"
	"strconv"
	"time"
	"unicode"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Reader walks over one payload.
type Reader struct{ *strictjson.Scanner }

// Open checks what holds for a payload as a whole. name begins every message, limit
// is the size of the largest payload in bytes.
func Open(name string, body []byte, limit int) (Reader, error) {
	s, err := strictjson.NewScanner(body, strictjson.Limits{Package: name, Bytes: limit, Depth: 64, Names: 1 << 16, Elements: 1 << 20})
	return Reader{s}, err
}

// Object passes over an object and calls visit with the index of each name that is
// among names; visit must pass over the value. Null has no names. Any other kind of
// value is an error.
func (r Reader) Object(names [][]string, visit func(i int) error) error {
	if null, err := r.kind(strictjson.Object, "an object"); null || err != nil {
		return err
	}
	return r.Scanner.Object(func(name []byte) error {
		i, err := r.Field(name, names)
		if err != nil {
			return err
		}
		if i >= 0 {
			return visit(i)
		}
		_, err = r.Value()
		return err
	})
}

// Each passes over an array and calls visit before each element, which visit must
// pass over. Null has none.
func (r Reader) Each(visit func() error) error {
	if null, err := r.kind(strictjson.Array, "an array"); null || err != nil {
		return err
	}
	return r.Array(func(int) error { return visit() })
}

// maxText bounds what may stand in a fact, in bytes, as package metrics does.
const maxText = 4096

// Text reads a string that may stand in a fact: printable, and no longer than one may
// be. Null is the empty one.
func (r Reader) Text(to *string) error {
	r.Space()
	from := r.Offset()
	raw, err := r.Raw()
	if err != nil {
		return err
	}
	if len(raw) > maxText {
		return r.ErrorfAt(from, "a text of %d bytes is longer than %d", len(raw), maxText)
	}
	for _, c := range string(raw) {
		if !unicode.IsPrint(c) {
			return r.ErrorfAt(from, "%s has an unprintable character", strictjson.Quoted(raw))
		}
	}
	*to = string(raw)
	return nil
}

// maxName bounds names that identifiers of facts are made of, in bytes.
const maxName = 512

// Name is Text of at most 512 bytes.
func (r Reader) Name(to *string) error {
	r.Space()
	from := r.Offset()
	if err := r.Text(to); err != nil {
		return err
	}
	if len(*to) > maxName {
		return r.ErrorfAt(from, "a name of %d bytes is longer than %d", len(*to), maxName)
	}
	return nil
}

// Raw reads a string, which is part of the payload where nothing in it is escaped;
// null is the empty one.
func (r Reader) Raw() ([]byte, error) {
	if null, err := r.kind(strictjson.String, "a string"); null || err != nil {
		return nil, err
	}
	raw, _, err := r.Bytes()
	return raw, err
}

// ID reads a number without sign, fraction and exponent, or a name, as text. Null is
// the empty one.
func (r Reader) ID(to *string) error {
	switch k, err := r.Peek(); {
	case err != nil:
		return err
	case k != strictjson.Number:
		return r.Name(to)
	}
	r.Space()
	from := r.Offset()
	if _, err := r.Value(); err != nil {
		return err
	}
	raw := r.Since(from)
	if _, err := strconv.ParseUint(string(raw), 10, 63); err != nil {
		return r.ErrorfAt(from, "%s is no number of a thing", strictjson.Quoted(raw))
	}
	*to = string(raw)
	return nil
}

// Int reads a whole number; null is 0.
func (r Reader) Int(to *int64) error {
	if null, err := r.kind(strictjson.Number, "a number"); null || err != nil {
		return err
	}
	r.Space()
	from := r.Offset()
	if _, err := r.Value(); err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(r.Since(from)), 10, 64)
	if err != nil {
		return r.ErrorfAt(from, "%s is no whole number", strictjson.Quoted(r.Since(from)))
	}
	*to = n
	return nil
}

// Bool reads a truth value; null is false.
func (r Reader) Bool(to *bool) error {
	if null, err := r.kind(strictjson.Bool, "true or false"); null || err != nil {
		return err
	}
	r.Space()
	from := r.Offset()
	if _, err := r.Value(); err != nil {
		return err
	}
	*to = bytes.Equal(r.Since(from), []byte("true"))
	return nil
}

// Facts lie between these years.
const minYear, maxYear = 1900, 2190

// Time reads a time in one of the layouts, RFC 3339 if none is given, as UTC. Null is
// the zero time, and nothing else is: an empty text is an error.
func (r Reader) Time(to *time.Time, layouts ...string) error {
	if null, err := r.kind(strictjson.String, "a time"); null || err != nil {
		return err
	}
	r.Space()
	from := r.Offset()
	raw, _, err := r.Bytes()
	if err != nil {
		return err
	}
	if len(layouts) == 0 {
		layouts = []string{time.RFC3339Nano}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, string(raw)); err == nil && t.UTC().Year() >= minYear && t.UTC().Year() <= maxYear {
			*to = t.UTC()
			return nil
		}
	}
	return r.ErrorfAt(from, "%s is no time of a fact", strictjson.Quoted(raw))
}

// kind passes over a null, and else checks what comes next.
func (r Reader) kind(want strictjson.Kind, name string) (null bool, err error) {
	switch k, err := r.Peek(); {
	case err != nil:
		return false, err
	case k == strictjson.Null:
		_, err := r.Value()
		return true, err
	case k != want:
		return false, r.Errorf("this must be %s or null", name)
	}
	return false, nil
}

// Names makes the table for [Reader.Object] of plain names.
func Names(names ...string) [][]string {
	out := make([][]string, len(names))
	for i, n := range names {
		out[i] = []string{n}
	}
	return out
}
