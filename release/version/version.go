package version

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// MaxLength bounds a version, in bytes. Real ones stay below 100.
const MaxLength = 256

// ErrNoOrder is returned where an ecosystem's versions have no order that is known
// here. Callers must take every question about them for unanswered.
var ErrNoOrder = errors.New("version: this ecosystem's order is not known")

// ErrNotComparable is returned for two versions of different orders.
var ErrNotComparable = errors.New("version: versions of different orders")

// Order is the order of the versions of an ecosystem. Values may be compared with
// ==: ecosystems that order alike have the same Order. The zero value is unknown,
// and answers with [ErrNoOrder]. An Order may be used by several goroutines.
type Order struct{ s *syntax }

// syntax is how versions are written and ordered.
type syntax struct {
	name string
	// parse refuses all that is not a version; what it returns is compared by compare.
	parse   func(string) (any, error)
	compare func(a, b any) int
	// major is the number whose change means that something breaks; false where a
	// version has none.
	major func(key any, text string) (string, bool)
}

// Known reports whether there is an order.
func (o Order) Known() bool { return o.s != nil }

// String is the order's name, such as "semver" or "deb", and "unknown" for none.
func (o Order) String() string {
	if o.s == nil {
		return "unknown"
	}
	return o.s.name
}

// Version is a parsed version. Versions are values that do not change.
type Version struct {
	s    *syntax
	key  any
	text string
}

// Parse reads a version. What the ecosystem does not take for one is an error, as
// is one longer than [MaxLength].
func (o Order) Parse(s string) (Version, error) {
	if o.s == nil {
		return Version{}, ErrNoOrder
	}
	if len(s) > MaxLength {
		return Version{}, fmt.Errorf("version: %d bytes are more than %d", len(s), MaxLength)
	}
	key, err := o.s.parse(s)
	if err != nil {
		return Version{}, fmt.Errorf("version: %q is not a version of order %s", s, o.s.name)
	}
	return Version{s: o.s, key: key, text: s}, nil
}

// Compare is below 0 if a is before b, above 0 if after, and 0 if neither: versions
// that are written differently may be the same. A version that does not parse is
// an error.
func (o Order) Compare(a, b string) (int, error) {
	v, err := o.Parse(a)
	if err != nil {
		return 0, err
	}
	w, err := o.Parse(b)
	if err != nil {
		return 0, err
	}
	return v.Compare(w), nil
}

// Major reports whether the major versions of a and b differ. It is not known where
// one does not parse or has none; see [Version.Major].
func (o Order) Major(a, b string) (differs, known bool) {
	v, err := o.Parse(a)
	if err != nil {
		return false, false
	}
	w, err := o.Parse(b)
	if err != nil {
		return false, false
	}
	x, ok := v.Major()
	y, ok2 := w.Major()
	return ok && ok2 && x != y, ok && ok2
}

// Major is the number whose change announces that something breaks, or, in
// ecosystems that announce nothing, the first one; with the epoch, where there are
// epochs. It is text to be compared, and not for people. It is false for a version
// without such a number.
func (v Version) Major() (string, bool) {
	if v.s == nil {
		return "", false
	}
	return v.s.major(v.key, v.text)
}

// IsZero reports whether v is no version.
func (v Version) IsZero() bool { return v.s == nil }

// String is the version as it was written.
func (v Version) String() string { return v.text }

// Order is the order that v was parsed by.
func (v Version) Order() Order { return Order{v.s} }

// Compare is below 0 if v is before w, above 0 if after, and 0 if neither. Both
// must come from the same Order; Compare panics with [ErrNotComparable] if not.
// This is a precondition: check Order where versions come from several places.
func (v Version) Compare(w Version) int {
	if v.s == nil || v.s != w.s {
		panic(ErrNotComparable)
	}
	return v.s.compare(v.key, w.key)
}

// OfPURL is the version of a package URL by the order of its type, with the epoch
// that purls of rpm and deb may have as a qualifier. A purl without a version is an
// error.
func OfPURL(p release.PURL) (Version, error) {
	o, _ := Of(p.Type())
	return o.Parse(Text(p))
}

// Text is the version of a package URL as its ecosystem writes it: for rpm and deb
// with the epoch in front ("1:2.3-4"), which the specification has as a qualifier for
// rpm, and some tools write as one for deb.
func Text(p release.PURL) string {
	v := p.Version()
	if (strings.HasPrefix(string(p), "pkg:rpm/") || strings.HasPrefix(string(p), "pkg:deb/")) && v != "" && !strings.Contains(v, ":") {
		if epoch := p.Qualifier("epoch"); epoch != "" {
			return epoch + ":" + v
		}
	}
	return v
}
