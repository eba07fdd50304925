package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// configuration is what a plan's configuration has that changes do not: which
// provisioners a resource has. Nothing else of it is kept.
type configuration struct {
	set  bool
	odd  bool                // not all of it could be read
	runs map[string][]string // types of provisioners, by the address without keys
	left int                 // bytes of addresses that may still be kept
}

const maxProvisioners = 10 // types of one resource

// UnmarshalJSON reads what configuration keeps. What is of another shape than the
// format has is noted, and no error.
func (c *configuration) UnmarshalJSON(b []byte) error {
	*c = configuration{set: string(b) != "null", runs: map[string][]string{}, left: 4 << 20}
	s, err := strictjson.NewScanner(b, limits)
	if err == nil {
		err = object(s, []string{"root_module"}, func(int) error { return c.module(s, "") })
	}
	c.odd = err != nil
	return nil
}

// object passes over an object, or null, and visits the values of known names.
func object(s *strictjson.Scanner, names []string, visit func(int) error) error {
	if k, err := s.Peek(); err != nil || k == strictjson.Null {
		return errors.Join(err, skip(s))
	}
	known := make([][]string, len(names))
	for i, name := range names {
		known[i] = []string{name}
	}
	return s.Object(func(name []byte) error {
		i, err := s.Field(name, known)
		if err != nil {
			return err
		}
		if i < 0 {
			return skip(s)
		}
		return visit(i)
	})
}

// list passes over an array, or null, and visits its elements.
func list(s *strictjson.Scanner, visit func() error) error {
	if k, err := s.Peek(); err != nil || k == strictjson.Null {
		return errors.Join(err, skip(s))
	}
	return s.Array(func(int) error { return visit() })
}

func skip(s *strictjson.Scanner) error {
	_, err := s.Value()
	return err
}

// module reads a module, whose resources' addresses begin with prefix.
func (c *configuration) module(s *strictjson.Scanner, prefix string) error {
	return object(s, []string{"resources", "module_calls"}, func(i int) error {
		if i == 0 {
			return list(s, func() error { return c.resource(s, prefix) })
		}
		if k, err := s.Peek(); err != nil || k == strictjson.Null {
			return errors.Join(err, skip(s))
		}
		return s.Object(func(name []byte) error {
			in := prefix + "module." + string(name) + "."
			if len(in) > MaxAddress {
				return s.Errorf("an address is too long")
			}
			return object(s, []string{"module"}, func(int) error { return c.module(s, in) })
		})
	})
}

func (c *configuration) resource(s *strictjson.Scanner, prefix string) error {
	address, types := "", []string(nil)
	err := object(s, []string{"address", "provisioners"}, func(i int) (err error) {
		if i == 0 {
			address, err = s.Str()
			return err
		}
		return list(s, func() error {
			return object(s, []string{"type"}, func(int) error {
				t, err := s.Str()
				if !nameLike(t) {
					t = "*"
				}
				if len(types) < maxProvisioners && !slices.Contains(types, t) {
					types = append(types, t)
				}
				return err
			})
		})
	})
	if err != nil || len(types) == 0 {
		return err
	}
	if c.left -= len(prefix) + len(address); c.left < 0 {
		return s.Errorf("more provisioners than can be kept")
	}
	slices.Sort(types)
	c.runs[prefix+address] = types
	return nil
}

// bare is an address without the keys and indexes of instances, as the configuration
// has it.
func bare(address string) string {
	var b strings.Builder
	for i := 0; i < len(address); i++ {
		if address[i] != '[' {
			b.WriteByte(address[i])
			continue
		}
		quoted := false
		for i++; i < len(address) && (quoted || address[i] != ']'); i++ {
			switch {
			case address[i] == '"':
				quoted = !quoted
			case quoted && address[i] == '\\':
				i++
			}
		}
	}
	return b.String()
}
