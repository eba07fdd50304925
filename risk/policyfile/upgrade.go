package policyfile

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/risk"
)

// Upgrade is [risk.UpgradePolicy] for a file: it changes the versions of the rules that
// rose, and no other byte, so that comments and layout stay. Where a version does not stand by itself
// in the file, as one that several rules share by an alias, the error, a
// [*risk.TextError], says what to write where.
func Upgrade(b []byte, own risk.Code) (*risk.Upgrade, error) {
	c, err := policies.convert(b)
	if err != nil {
		return nil, err
	}
	u, err := risk.UpgradePolicy(c.json, own)
	if err := c.told(err); err != nil {
		return nil, err
	}
	for i := range u.Rises {
		at := c.scalars[u.Rises[i].Pointer]
		u.Rises[i].Line, u.Rises[i].Column = at.line, at.column
	}
	if u.Text = risen(b, u.Rises); !is(u.Text, own, u) {
		return nil, byHand(u.Rises)
	}
	return u, nil
}

// risen is the file with the new versions in it; nil where one is not found.
func risen(b []byte, rises []risk.Rise) []byte {
	byPlace := slices.Clone(rises)
	slices.SortFunc(byPlace, func(a, b risk.Rise) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	var out []byte
	done := 0
	for _, r := range byPlace {
		begin := offset(b, r.Line, r.Column)
		from := strconv.Itoa(r.From)
		if begin < done || !bytes.HasPrefix(b[begin:], []byte(from)) {
			return nil
		}
		out = strconv.AppendInt(append(out, b[done:begin]...), int64(r.To), 10)
		done = begin + len(from)
	}
	return append(out, b[done:]...)
}

// is reports whether a file is the policy that the upgrade makes.
func is(b []byte, own risk.Code, u *risk.Upgrade) bool {
	p, err := Parse(b, own)
	if err != nil {
		return false
	}
	d, err := p.Digest()
	return err == nil && d == u.After
}

// byHand says what to write where.
func byHand(rises []risk.Rise) *risk.TextError {
	e := &risk.TextError{Of: policies.of}
	for _, r := range rises {
		e.Mistakes = append(e.Mistakes, risk.Mistake{Pointer: r.Pointer, Line: r.Line, Column: r.Column,
			Text: fmt.Sprintf("write version %d for rule %q here, by hand: version %d does not stand by itself in the file", r.To, r.Rule, r.From)})
	}
	return e
}

// offset is the number of bytes before a line and a column, both from 1; the column
// counts characters.
func offset(b []byte, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := bytes.IndexAny(b[at:], "\r\n")
		if i < 0 {
			return len(b)
		}
		if at += i + 1; b[at-1] == '\r' && at < len(b) && b[at] == '\n' {
			at++
		}
	}
	for ; column > 1 && at < len(b); column-- {
		_, n := utf8.DecodeRune(b[at:])
		at += n
	}
	return at
}
