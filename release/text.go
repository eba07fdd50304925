package release

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Path is a file's path in a repository, exactly as git keeps it: bytes,
// separated by slashes, in any encoding or none.
//
// Its text (String, MarshalText) is the path itself where that is printable
// UTF-8, and otherwise a Go string literal in double quotes: no path can break
// a line, steer a terminal, or be mistaken for another path.
//
// A map with Path keys must not be encoded as JSON: encoding/json writes the keys
// of such a map raw, without MarshalText, and reads them with UnmarshalText.
type Path string

// String is safe to print; ParsePath reads it back.
func (p Path) String() string { return quote(string(p)) }

// ParsePath reads what String wrote.
func ParsePath(s string) (Path, error) {
	v, err := unquote(s)
	if err != nil {
		return "", fmt.Errorf("release: path %s: %w", strconv.QuoteToASCII(s), err)
	}
	return Path(v), nil
}

// MarshalText is String.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePath.
func (p *Path) UnmarshalText(b []byte) error {
	v, err := ParsePath(string(b))
	if err != nil {
		return err
	}
	*p = v
	return nil
}

// Text is one line that somebody else wrote: a commit's subject, a person's
// name. It holds the bytes as they came and prints like a [Path].
type Text string

// String is safe to print; ParseText reads it back.
func (t Text) String() string { return quote(string(t)) }

// ParseText reads what String wrote.
func ParseText(s string) (Text, error) {
	v, err := unquote(s)
	if err != nil {
		return "", fmt.Errorf("release: text %s: %w", strconv.QuoteToASCII(s), err)
	}
	return Text(v), nil
}

// MarshalText is String.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText is ParseText.
func (t *Text) UnmarshalText(b []byte) error {
	v, err := ParseText(string(b))
	if err != nil {
		return err
	}
	*t = v
	return nil
}

// quote leaves printable text alone. Text that begins with a double quote is
// quoted too, or it could not be told from a literal. U+FFFD is quoted, since
// encoding/json would write it for any bad byte.
func quote(s string) string {
	if plain(s) {
		return s
	}
	if strings.HasPrefix(s, `"`) || strings.ContainsRune(s, utf8.RuneError) || strings.ContainsFunc(s, unprintable) {
		return strconv.QuoteToASCII(s)
	}
	return s
}

// plain is true for most texts: printable ASCII alone that does not begin with a double quote.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || s[0] != '"'
}

// unprintable is true for control characters, line and paragraph separators,
// and the format characters (category Cf) that reorder or hide text.
func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func unquote(s string) (string, error) {
	if !strings.HasPrefix(s, `"`) {
		if quote(s) != s {
			return "", fmt.Errorf("unprintable characters outside a quoted literal")
		}
		return s, nil
	}
	v, err := strconv.Unquote(s)
	if err != nil {
		return "", fmt.Errorf("not a quoted literal")
	}
	if quote(v) != s {
		return "", fmt.Errorf("not the canonical literal of what it says")
	}
	return v, nil
}
