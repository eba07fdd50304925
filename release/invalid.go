package release

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

// InvalidError says why a waiver, a debt or a break-glass cannot be relied on. Its text may change.
type InvalidError struct {
	// Kind says what it is, such as "waiver", and ID which one, printable and short.
	Kind, ID string
	// Problems are all that is wrong with it, each in a few words.
	Problems []string
}

// Error is all of it on one line.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("release: %s %s: %s", e.Kind, e.ID, strings.Join(e.Problems, "; "))
}

// How long the texts of a waiver, a debt and a break-glass may be, in bytes.
const (
	maxNameBytes    = 200
	maxSubjectBytes = 16 << 10
	maxReasonBytes  = 4 << 10
)

// problems gathers what is wrong with something. Where nothing is, it costs no memory.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// err is nil where nothing is wrong.
func (p problems) err(kind, id string) error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Kind: kind, ID: clip.Text(Text(id).String(), maxNameBytes), Problems: p}
}

// name wants a text that people can read out to each other.
func (p *problems) name(what, s string) {
	switch {
	case s == "":
		p.add("no %s", what)
	case len(s) > maxNameBytes:
		p.add("the %s has more than %d bytes", what, maxNameBytes)
	case !legible(s) || s != strings.TrimSpace(s):
		p.add("the %s cannot be read: %s", what, Text(s))
	}
}

// reason wants a text that says something.
func (p *problems) reason(t Text) {
	switch {
	case len(t) > maxReasonBytes:
		p.add("a reason of more than %d bytes", maxReasonBytes)
	case !strings.ContainsFunc(string(t), func(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }):
		p.add("no reason")
	}
}

// time wants a moment that has a text in JSON, which says the same.
func (p *problems) time(what string, t time.Time) {
	_, offset := t.Zone()
	if y := t.Year(); t.IsZero() || y < 1 || y > 9998 || offset%60 != 0 || offset <= -86400 || offset >= 86400 {
		p.add("no time at which it %s", what)
	}
}

// two wants two people who are not surely the same.
func (p *problems) two(what string, a Actor, second Actor) {
	p.human(what, a)
	p.human("second person", second)
	if a.ID != "" && strings.EqualFold(a.ID, second.ID) {
		p.add("the %s and the second person are the same", what)
	}
}

// human wants somebody who can answer for it.
func (p *problems) human(what string, a Actor) {
	if a.Kind != ActorHuman {
		p.add("the %s is %s and not human", what, a.Kind)
	}
	scheme, rest, _ := strings.Cut(a.ID, ":")
	switch {
	case a.ID == "":
		p.add("the %s has no identity", what)
	case len(a.ID) > maxNameBytes || len(a.Name) > maxReasonBytes:
		p.add("the %s has an identity or a name that is too long", what)
	case scheme == "" || rest == "" || !legible(a.ID) || strings.ContainsRune(a.ID, ' '):
		p.add("the %s has an identity that is none: %s", what, Text(a.ID))
	}
}

// legible reports whether each character of s can be seen, and encodes as itself.
func legible(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return utf8.ValidString(s) && !strings.ContainsRune(s, utf8.RuneError) && !strings.ContainsFunc(s, unprintable)
		}
	}
	return true
}
