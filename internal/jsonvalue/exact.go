package jsonvalue

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Exact is the text that the value in raw has in common with all that are the same:
// itself JSON of that value. A number whose exponent has more than nine digits is an
// error.
func Exact(raw []byte, limits strictjson.Limits) (string, error) {
	return exact(raw, limits, math.MaxInt)
}

// errLonger says that a text would be longer than anybody asks for.
var errLonger = errors.New("the value is longer")

// exact is Exact, or errLonger soon after the text has more than most bytes.
func exact(raw []byte, limits strictjson.Limits, most int) (string, error) {
	s, err := strictjson.NewScanner(raw, limits)
	if err != nil {
		return "", err
	}
	// A text is rarely longer than raw, and by a third at most, where 10 is written 1e1.
	w := writer{s: s, most: most, out: make([]byte, 0, min(most, len(raw))+1)}
	if err := w.value(); err != nil {
		return "", err
	}
	if err := s.End(); err != nil {
		return "", err
	}
	return string(w.out), nil
}

// writer writes what a scanner passes over.
type writer struct {
	s    *strictjson.Scanner
	most int
	out  []byte
	room []byte // for putting members in order
}

func (w *writer) value() error {
	if len(w.out) > w.most {
		return errLonger
	}
	w.s.Space()
	from := w.s.Offset()
	kind, err := w.s.Peek()
	if err != nil {
		return err
	}
	switch kind {
	case strictjson.Object:
		return w.object()
	case strictjson.Array:
		w.out = append(w.out, '[')
		err := w.s.Array(func(i int) error {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			return w.value()
		})
		w.out = append(w.out, ']')
		return err
	case strictjson.String:
		text, _, err := w.s.Bytes()
		if err != nil {
			return err
		}
		return w.quote(text)
	}
	if _, err := w.s.Value(); err != nil {
		return err
	}
	raw := w.s.Since(from)
	if kind == strictjson.Number {
		n, err := number(string(raw))
		w.out = append(w.out, n...)
		return err
	}
	w.out = append(w.out, raw...)
	return nil
}

// object writes the members in the order of their names as they are written.
func (w *writer) object() error {
	w.out = append(w.out, '{')
	start := len(w.out)
	type member struct{ from, colon, to int } // from start
	var members []member
	err := w.s.Object(func(name []byte) error {
		if len(members) > 0 {
			w.out = append(w.out, ',')
		}
		m := member{from: len(w.out) - start}
		if err := w.quote(name); err != nil {
			return err
		}
		m.colon = len(w.out) - start
		w.out = append(w.out, ':')
		err := w.value()
		m.to = len(w.out) - start
		members = append(members, m)
		return err
	})
	if err != nil {
		return err
	}
	written := w.out[start:]
	byName := func(a, b member) int { return bytes.Compare(written[a.from:a.colon], written[b.from:b.colon]) }
	if !slices.IsSortedFunc(members, byName) {
		slices.SortFunc(members, byName)
		w.room = append(w.room[:0], w.out[start:]...)
		w.out = w.out[:start]
		for i, m := range members {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.out = append(w.out, w.room[m.from:m.to]...)
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// quote writes a string with as few and as short escapes as JSON allows, which is one
// text for each.
func (w *writer) quote(text []byte) error {
	if len(text) > w.most-len(w.out) {
		return errLonger
	}
	w.out = append(w.out, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c < ' ':
			const digits, short = "0123456789abcdef", "uuuuuuuubtnufruu" // of \x08 and so on
			if c >= 16 || short[c] == 'u' {
				w.out = append(w.out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			} else {
				w.out = append(w.out, '\\', short[c])
			}
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
	return nil
}

// number is a decimal number in one form: its digits from the first to the last
// that is not 0, and a power of ten where that is not 0.
func number(text string) (string, error) {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	mantissa, power := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		digits := strings.TrimLeft(text[i+1:], "+-0")
		if len(digits) > 9 {
			return "", errors.New("the exponent of a number is too large")
		}
		power, _ = strconv.Atoi("0" + digits)
		if text[i+1] == '-' {
			power = -power
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	power -= len(fraction)
	digits := strings.TrimLeft(whole+fraction, "0")
	short := strings.TrimRight(digits, "0")
	power += len(digits) - len(short)
	switch {
	case short == "":
		return "0", nil
	case power == 0:
		return sign + short, nil
	}
	return sign + short + "e" + strconv.Itoa(power), nil
}
