package strictjson

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
)

// name is the name of a member in the text: b[from:to], without its quotes.
type name struct {
	mark     uint64 // equal for equal names of one scanner
	from, to int
	escaped  bool
}

// few is how many names are compared each with each.
const few = 8

// mark is the name itself with its length if it is shorter than a word, else a hash
// of it. Nobody can choose names that differ and have one mark, but by luck.
func (s *Scanner) mark(name []byte) uint64 {
	if len(name) >= 8 {
		return maphash.Bytes(s.seed, name)
	}
	x := uint64(len(name)) << 56
	for i, c := range name {
		x |= uint64(c) << (8 * i)
	}
	return x
}

// spelt is a name without escape sequences.
func (s *Scanner) spelt(n name) []byte {
	raw := s.b[n.from:n.to]
	if n.escaped {
		return unquote(raw)
	}
	return raw
}

// distinct takes the names from index first on away, and checks that no two of
// them are the same. Of several that stand twice, the one that does so first is
// told.
func (s *Scanner) distinct(first int) error {
	names := s.names[first:]
	s.names = s.names[:first]
	if len(names) > few {
		return s.distinctOf(names)
	}
	for i := 1; i < len(names); i++ {
		for j := range names[:i] {
			if names[i].mark == names[j].mark && s.same(names[i], names[j]) {
				return s.twice(names[i])
			}
		}
	}
	return nil
}

// distinctOf is distinct for many names, which it sorts. Those of one mark follow
// each other as they do in the text, so that each needs to be compared with the next
// ones only as far as the first that is the same.
func (s *Scanner) distinctOf(names []name) error {
	slices.SortFunc(names, func(a, b name) int {
		if c := cmp.Compare(a.mark, b.mark); c != 0 {
			return c
		}
		return a.from - b.from
	})
	var again *name
	for i := range names {
		for j := i + 1; j < len(names) && names[j].mark == names[i].mark; j++ {
			if s.same(names[i], names[j]) {
				if again == nil || names[j].from < again.from {
					again = &names[j]
				}
				break
			}
		}
	}
	if again == nil {
		return nil
	}
	return s.twice(*again)
}

func (s *Scanner) same(a, b name) bool { return bytes.Equal(s.spelt(a), s.spelt(b)) }

func (s *Scanner) twice(n name) error {
	return s.ErrorfAt(n.from, "the name %s stands twice in one object", Quoted(s.spelt(n)))
}
