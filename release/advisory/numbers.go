package advisory

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release/version"
)

// numbers are the three of a Semantic Version; pre says that a pre-release follows, which
// puts it in front of the same numbers without.
type numbers struct {
	n   [3]uint32
	pre bool
}

// numbered are the orders in which versions of three numbers go by these, and may begin
// with "v". Package version's tests have the orders, this package's that both agree.
var numbered = map[string]bool{"golang": true, "npm": true, "semver": true}

// readNumbers reads "1.2.3" and what stands behind it, build metadata left out. It is false
// for all that is written otherwise, or has a number with more than nine digits.
func readNumbers(s string) (out numbers, ok bool) {
	s = strings.TrimPrefix(s, "v")
	for i := range out.n {
		digits := 0
		for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
			out.n[i] = out.n[i]*10 + uint32(s[digits]-'0')
			digits++
		}
		if digits == 0 || digits > 9 || digits > 1 && s[0] == '0' {
			return out, false
		}
		if s = s[digits:]; i < 2 {
			if s == "" || s[0] != '.' {
				return out, false
			}
			s = s[1:]
		}
	}
	if s == "" || s[0] == '+' {
		return out, true
	}
	out.pre = true
	return out, s[0] == '-'
}

// before reports whether a is surely before b, which has no pre-release.
func (a numbers) before(b numbers) bool {
	for i := range a.n {
		if a.n[i] != b.n[i] {
			return a.n[i] < b.n[i]
		}
	}
	return a.pre
}

// number reads the keys of a part in an order that goes by numbers; none if any is written
// otherwise.
func (p *part) number() {
	if !numbered[p.order.String()] {
		return
	}
	out := make([]numbers, len(p.keys))
	for i, k := range p.keys {
		var ok bool
		if out[i], ok = readNumbers(k.String()); !ok {
			return
		}
	}
	p.numbers, p.byNumber = out, true
}

// quick is the position of most versions, without parsing them: those of three numbers
// alone. The numbers of a version that has nothing behind them decide by themselves.
func (p *part) quick(v string) (position int32, ok bool) {
	if !p.byNumber {
		return 0, false
	}
	n, ok := readNumbers(v)
	if !ok || n.pre || strings.IndexByte(v, '+') >= 0 {
		return 0, false
	}
	from, to := 0, len(p.numbers)
	for from < to {
		if at := int(uint(from+to) >> 1); p.numbers[at].before(n) {
			from = at + 1
		} else {
			to = at
		}
	}
	if from < len(p.numbers) && p.numbers[from] == n {
		return int32(2 * from), true
	}
	return int32(2*from - 1), true
}

// position is where a version lies among keys.
func (p *part) position(v version.Version) int32 {
	i, found := slices.BinarySearchFunc(p.keys, v, version.Version.Compare)
	if found {
		return int32(2 * i)
	}
	return int32(2*i - 1)
}
