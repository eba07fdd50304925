package version

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// pypiKey is a version of https://packaging.python.org/specifications/version-specifiers
// (PEP 440): [epoch!]release[pre][.post][.dev][+local].
type pypiKey struct {
	epoch   int64
	release []int64 // without trailing zeros
	// rank orders what stands after the release: a bare .dev comes first, then a, b
	// and rc, then none; pre is the number behind a, b or rc.
	rank, pre int64
	post, dev int64    // -1 for no .post, none for no .dev
	local     []string // without "+", lower case
}

// none is above all numbers.
const none = 1<<63 - 1

var pypiSyntax = syntax{
	name:  "pypi",
	parse: func(s string) (any, error) { return parsePyPI(s) },
	compare: func(a, b any) int {
		v, w := a.(*pypiKey), b.(*pypiKey)
		return cmp.Or(cmp.Compare(v.epoch, w.epoch), slices.Compare(v.release, w.release), cmp.Compare(v.rank, w.rank),
			cmp.Compare(v.pre, w.pre), cmp.Compare(v.post, w.post), cmp.Compare(v.dev, w.dev), slices.CompareFunc(v.local, w.local, compareLocal))
	},
	major: func(key any, _ string) (string, bool) {
		v, first := key.(*pypiKey), int64(0)
		if len(v.release) > 0 {
			first = v.release[0]
		}
		return strconv.FormatInt(v.epoch, 10) + "!" + strconv.FormatInt(first, 10), true
	},
}

// compareLocal orders the parts of local versions: numbers above all else.
func compareLocal(a, b string) int {
	if x, y := digits(a), digits(b); x && y {
		return compareNumbers(trimZeros(a), trimZeros(b))
	} else if x != y {
		if x {
			return 1
		}
		return -1
	}
	return strings.Compare(a, b)
}

// The words of the specification's grammar, longest first where one begins another.
var (
	pypiPre = []struct {
		word string
		rank int64
	}{{"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2}, {"preview", 3}, {"pre", 3}, {"rc", 3}, {"c", 3}}
	pypiPost = []string{"post", "rev", "r"}
)

func parsePyPI(s string) (*pypiKey, error) {
	v := &pypiKey{rank: 4, post: -1, dev: none}
	s = trimV(strings.ToLower(strings.Trim(s, " \t\r\n")))
	s, local, hasLocal := strings.Cut(s, "+")
	if i := strings.IndexByte(s, '!'); i >= 0 {
		if !number(s[:i]) {
			return nil, errSyntax
		}
		v.epoch, _ = strconv.ParseInt(s[:i], 10, 64)
		s = s[i+1:]
	}
	for {
		n, rest, ok := cutNumber(s)
		if !ok {
			return nil, errSyntax
		}
		v.release = append(v.release, n)
		s = rest
		if len(s) < 2 || s[0] != '.' || !digit(s[1]) {
			break
		}
		s = s[1:]
	}
	for len(v.release) > 0 && v.release[len(v.release)-1] == 0 {
		v.release = v.release[:len(v.release)-1]
	}
	rest := cutSeparator(s)
	for _, p := range pypiPre {
		if after, ok := strings.CutPrefix(rest, p.word); ok {
			v.rank = p.rank
			v.pre, s = wordNumber(after)
			break
		}
	}
	if n, after, ok := cutNumber(strings.TrimPrefix(s, "-")); ok && strings.HasPrefix(s, "-") { // 1.0-1 is 1.0.post1
		v.post, s = n, after
	} else {
		rest = cutSeparator(s)
		for _, word := range pypiPost {
			if after, ok := strings.CutPrefix(rest, word); ok {
				v.post, s = wordNumber(after)
				break
			}
		}
	}
	if after, ok := strings.CutPrefix(cutSeparator(s), "dev"); ok {
		v.dev, s = wordNumber(after)
		if v.rank == 4 && v.post < 0 {
			v.rank = 0
		}
	}
	if s != "" {
		return nil, errSyntax
	}
	if hasLocal {
		for part := range strings.FieldsFuncSeq(local, func(r rune) bool { return strings.ContainsRune("-_.", r) }) {
			v.local = append(v.local, part)
		}
		if len(v.local) != 1+strings.Count(local, "-")+strings.Count(local, "_")+strings.Count(local, ".") || !of(local, "-_.") {
			return nil, errSyntax
		}
	}
	return v, nil
}

// cutNumber cuts a number off.
func cutNumber(s string) (n int64, rest string, ok bool) {
	i := countDigits(s)
	if i == 0 || i > maxDigits {
		return 0, s, false
	}
	n, _ = strconv.ParseInt(s[:i], 10, 64)
	return n, s[i:], true
}

// cutSeparator cuts off what may stand in front of a word.
func cutSeparator(s string) string {
	if s != "" && strings.IndexByte("-_.", s[0]) >= 0 {
		return s[1:]
	}
	return s
}

// wordNumber is the number behind a word, which is 0 where there is none.
func wordNumber(s string) (int64, string) {
	if n, rest, ok := cutNumber(cutSeparator(s)); ok {
		return n, rest
	}
	return 0, s
}
