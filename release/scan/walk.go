package scan

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// object passes over an object, or null, and calls for each known name what reads
// its value.
func (r *reader) object(fields map[string]func() error) error {
	return r.objectOf(fields, func([]byte) {})
}

// objectOf is object, and tells of each other name.
func (r *reader) objectOf(fields map[string]func() error, other func(name []byte)) error {
	if null, err := r.null(); null || err != nil {
		return err
	}
	if err := r.count(); err != nil {
		return err
	}
	known := make([][]string, 0, len(fields))
	for name := range fields {
		known = append(known, []string{name})
	}
	return r.Object(func(name []byte) error {
		i, err := r.Field(name, known)
		if err != nil {
			return err
		}
		if i < 0 {
			other(name)
			return r.pass()
		}
		return fields[known[i][0]]()
	})
}

// pass passes over one value.
func (r *reader) pass() error {
	_, err := r.Value()
	return err
}

// each passes over an array, or null, and calls visit before each element.
func (r *reader) each(visit func() error) error {
	if null, err := r.null(); null || err != nil {
		return err
	}
	return r.Array(func(int) error { return visit() })
}

// count refuses a file with more objects than anybody's report has.
func (r *reader) count() error {
	if r.items++; r.items > maxItems {
		return &refusal{release.GapTooLarge, fmt.Sprintf("more than %d objects at byte %d", maxItems, r.Offset())}
	}
	return nil
}

// null passes over null, if that comes next.
func (r *reader) null() (bool, error) {
	k, err := r.Peek()
	if err != nil || k != strictjson.Null {
		return false, err
	}
	_, err = r.Value()
	return true, err
}

// item reads one value into *v. If it is well-formed JSON but not what it must be,
// ok is false and there is a gap.
func (r *reader) item(what string, v any) (ok bool, err error) {
	if err := r.count(); err != nil {
		return false, err
	}
	r.Space()
	from := r.Offset()
	if _, err := r.Value(); err != nil {
		return false, err
	}
	l := limits()
	l.Bytes = MaxItem
	if err := strictjson.Unmarshal(r.Since(from), v, l); err != nil {
		kind := release.GapUnreadable
		if r.Offset()-from > MaxItem {
			kind = release.GapTooLarge
		}
		why := err.Error()
		if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
			why = e.Reason // the place is within the value
		}
		r.gap(kind, "%s at byte %d: %s", what, from, why)
		return false, nil
	}
	return true, nil
}

// str reads a string, or null as "".
func (r *reader) str() (string, error) {
	if null, err := r.null(); null || err != nil {
		return "", err
	}
	raw, _, err := r.Bytes()
	return string(raw), err
}

// strOr reads a string, and passes over anything else.
func (r *reader) strOr() (string, error) {
	if k, err := r.Peek(); err != nil || k != strictjson.String {
		if err == nil {
			_, err = r.Value()
		}
		return "", err
	}
	return r.str()
}
