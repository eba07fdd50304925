package canon_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errSlow = errors.New("refused")

// slow is RFC 8785 written down a second time: its own parser, strings as UTF-16
// code units as in ECMAScript, numbers by the steps of Number::toString.
type slow struct {
	in string
	at int
}

func slowTransform(in []byte) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = "", errSlow
		}
	}()
	s := &slow{in: string(in)}
	s.must(utf8.Valid(in))
	out = s.value(0)
	s.space()
	s.must(s.at == len(in))
	return out, nil
}

func (s *slow) must(ok bool) {
	if !ok {
		panic(errSlow)
	}
}

func (s *slow) space() {
	for s.at < len(s.in) && strings.IndexByte(" \t\r\n", s.in[s.at]) >= 0 {
		s.at++
	}
}

// take skips white space and then text, if that comes next.
func (s *slow) take(text string) bool {
	s.space()
	if strings.HasPrefix(s.in[s.at:], text) {
		s.at += len(text)
		return true
	}
	return false
}

func (s *slow) value(depth int) string {
	s.must(depth <= 200)
	for _, literal := range []string{"null", "true", "false"} {
		if s.take(literal) {
			return literal
		}
	}
	switch {
	case s.take("["):
		var parts []string
		for first := true; !s.take("]"); first = false {
			s.must(first || s.take(","))
			parts = append(parts, s.value(depth+1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case s.take("{"):
		var names [][]uint16
		var parts []string
		for first := true; !s.take("}"); first = false {
			s.must(first || s.take(","))
			s.space()
			name := s.text()
			s.must(s.take(":"))
			i, twice := slices.BinarySearchFunc(names, name, slices.Compare)
			s.must(!twice)
			names = slices.Insert(names, i, name)
			parts = slices.Insert(parts, i, slowQuote(name)+":"+s.value(depth+1))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case strings.HasPrefix(s.in[s.at:], `"`):
		return slowQuote(s.text())
	}
	return s.number()
}

func (s *slow) text() []uint16 {
	s.must(s.in[s.at] == '"')
	s.at++
	var out []uint16
	for s.in[s.at] != '"' {
		r, size := utf8.DecodeRuneInString(s.in[s.at:])
		s.must(r >= 0x20)
		if r != '\\' {
			out = utf16.AppendRune(out, r)
			s.at += size
			continue
		}
		c := s.in[s.at+1]
		s.at += 2
		if c == 'u' {
			v, err := strconv.ParseUint(s.in[s.at:s.at+4], 16, 16)
			s.must(err == nil && s.in[s.at] != '+' && s.in[s.at] != '_')
			out = append(out, uint16(v))
			s.at += 4
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, c)
		s.must(i >= 0)
		out = append(out, uint16("\"\\/\b\f\n\r\t"[i]))
	}
	s.at++
	for i := 0; i < len(out); i++ { // each surrogate stands in a pair
		if out[i] >= 0xd800 && out[i] < 0xdc00 {
			s.must(out[i+1] >= 0xdc00 && out[i+1] < 0xe000)
			i++
		} else {
			s.must(out[i] < 0xdc00 || out[i] > 0xdfff)
		}
	}
	return out
}

func slowQuote(units []uint16) string {
	var b strings.Builder
	for _, r := range utf16.Decode(units) {
		switch short := strings.IndexRune("\"\\\b\f\n\r\t", r); {
		case short >= 0:
			b.WriteString(`\` + string(`"\bfnrt`[short]))
		case r < 0x20:
			b.WriteString(`\u00` + strconv.FormatInt(int64(r)+0x100, 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

func (s *slow) number() string {
	from := s.at
	digits := func() {
		start := s.at
		for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
			s.at++
		}
		s.must(s.at > start)
	}
	next := func(set string) bool {
		if s.at < len(s.in) && strings.IndexByte(set, s.in[s.at]) >= 0 {
			s.at++
			return true
		}
		return false
	}
	next("-")
	if !next("0") {
		digits()
	}
	whole := true
	if next(".") {
		whole = false
		digits()
	}
	if next("eE") {
		whole = false
		next("+-")
		digits()
	}
	f, err := strconv.ParseFloat(s.in[from:s.at], 64)
	s.must(err == nil && (math.Abs(f) < 1<<53 || math.Abs(f) >= 1e21 && !whole))
	return slowNumber(f)
}

// slowNumber is ECMAScript's Number::toString, ECMA-262 6.1.6.1.20, by its steps.
func slowNumber(f float64) string {
	if f == 0 {
		return "0"
	}
	if f < 0 {
		return "-" + slowNumber(-f)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	d := strings.Replace(mantissa, ".", "", 1)
	e, _ := strconv.Atoi(exponent)
	k, n := len(d), e+1
	switch {
	case k <= n && n <= 21:
		return d + strings.Repeat("0", n-k)
	case 0 < n && n <= 21:
		return d[:n] + "." + d[n:]
	case -6 < n && n <= 0:
		return "0." + strings.Repeat("0", -n) + d
	}
	sign := "+"
	if n-1 < 0 {
		sign = "-"
	}
	exp := sign + strconv.Itoa(max(n-1, 1-n))
	if k == 1 {
		return d + "e" + exp
	}
	return d[:1] + "." + d[1:] + "e" + exp
}
