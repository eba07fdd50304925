package predicate

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// validateType refuses a value of a family whose type is not one of the
// family's: it would be written as something that its reader refuses.
func validateType(p interface {
	Predicate
	family
}) error {
	if t := p.PredicateType(); !p.reads(t) {
		return fmt.Errorf("type %s is of another predicate", strictjson.Quoted(t))
	}
	return nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// at says where an error is.
func at(where string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// versionOf is the version that a URI has after base, such as "1.4" of
// ".../bom/v1.4", "" if it is base itself. ok is false for every other URI.
func versionOf(uri, base string) (version string, ok bool) {
	if uri == base {
		return "", true
	}
	version, ok = strings.CutPrefix(uri, base+"/v")
	return version, ok && isVersion(version)
}

// isVersion reports whether v is numbers, written in one way only, with points
// between them.
func isVersion(v string) bool {
	for n := range strings.SplitSeq(v, ".") {
		if n == "" || len(n) > 9 || n[0] == '0' && n != "0" || strings.Trim(n, "0123456789") != "" {
			return false
		}
	}
	return true
}

// covers reports whether a version is short, or short and more parts: 3 covers
// 3.0.1.
func covers(short, version string) bool {
	return short == "" || version == short || strings.HasPrefix(version, short+".")
}
