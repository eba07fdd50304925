package advisory

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// limits are those of one record.
var limits = strictjson.Limits{Package: "advisory", Bytes: MaxRecord, Depth: MaxDepth, Names: MaxNames, Elements: MaxPoints}

// canonical writes JSON in one form, whatever its white space, escapes and order of
// names, and returns the digest of that. Numbers count as they are written. Room is
// reused from call to call.
type canonical struct {
	out, spare []byte
	members    []member
	depth      int
	// advisory is false where JSON has nothing of an advisory: no object with the names of
	// one, in whatever case, and none of these names at the top.
	advisory bool
}

// member is one member of an object: out[from:to] is all of it, its name up to at.
type member struct{ from, at, to int }

// digest is that of one JSON text, or an error if it is none.
func (c *canonical) digest(raw []byte) (release.Digest, error) {
	s, err := strictjson.NewScanner(raw, limits)
	if err != nil {
		return release.Digest{}, err
	}
	c.out, c.members, c.depth, c.advisory = c.out[:0], c.members[:0], 0, false
	if err := c.value(s); err != nil {
		return release.Digest{}, err
	}
	if err := s.End(); err != nil {
		return release.Digest{}, err
	}
	d := release.Digest(sha256.Sum256(c.out))
	if cap(c.out) > 1<<20 { // an unusual one: its room is not worth keeping
		*c = canonical{advisory: c.advisory}
	}
	return d, nil
}

func (c *canonical) value(s *strictjson.Scanner) error {
	kind, err := s.Peek()
	if err != nil {
		return err
	}
	switch kind {
	case strictjson.Object:
		return c.object(s)
	case strictjson.Array:
		c.out = append(c.out, '[')
		c.depth++
		err := s.Array(func(int) error { return c.value(s) })
		c.depth--
		c.out = append(c.out, ']')
		return err
	case strictjson.String:
		text, _, err := s.Bytes()
		c.text(text)
		return err
	}
	s.Space()
	from := s.Offset()
	_, err = s.Value()
	c.out = append(append(c.out, byte(kind)), s.Since(from)...)
	c.out = append(c.out, ' ')
	return err
}

// text writes the length first, so that no text can look like another's end.
func (c *canonical) text(b []byte) {
	c.out = append(c.out, '"')
	c.out = strconv.AppendInt(c.out, int64(len(b)), 10)
	c.out = append(append(c.out, ':'), b...)
}

func (c *canonical) object(s *strictjson.Scanner) error {
	c.out = append(c.out, '{')
	start, first := len(c.out), len(c.members)
	c.depth++
	var id, rest bool
	err := s.Object(func(name []byte) error {
		switch len(name) {
		case len("id"):
			id = id || strings.EqualFold(string(name), "id")
		case len("affected"):
			rest = rest || strings.EqualFold(string(name), "affected")
		case len("schema_version"):
			rest = rest || strings.EqualFold(string(name), "schema_version")
		}
		m := member{from: len(c.out)}
		c.text(name)
		m.at = len(c.out)
		if err := c.value(s); err != nil {
			return err
		}
		m.to = len(c.out)
		c.members = append(c.members, m)
		return nil
	})
	if err != nil {
		return err
	}
	c.depth--
	c.advisory = c.advisory || id && rest || c.depth == 0 && (id || rest)
	own := c.members[first:]
	order := func(a, b member) int { return bytes.Compare(c.out[a.from:a.at], c.out[b.from:b.at]) }
	if !slices.IsSortedFunc(own, order) {
		slices.SortFunc(own, order)
		c.spare = append(c.spare[:0], c.out[start:]...)
		to := c.out[:start]
		for _, m := range own {
			to = append(to, c.spare[m.from-start:m.to-start]...)
		}
	}
	c.members = c.members[:first]
	c.out = append(c.out, '}')
	return nil
}
