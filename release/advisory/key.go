package advisory

import (
	"bytes"
	"net/url"
	"strings"
)

// keyRoom is room for a key that needs no heap.
const keyRoom = 256

// cutPlain cuts most purls: without qualifiers, without anything that must be escaped or
// folded, of an ecosystem without rules of its own. Then the purl is its key, as splitKey
// has it.
func cutPlain(purl string) (kind, key, version string, ok bool) {
	const start = len("pkg:")
	if len(purl) < start || purl[:start] != "pkg:" {
		return "", "", "", false
	}
	end, slash := start, 0
	for last := byte('/'); end < len(purl) && plain[purl[end]]; end++ {
		c := purl[end]
		if c == '/' {
			if last == '/' {
				return "", "", "", false
			}
			if slash == 0 {
				slash = end
			}
		}
		last = c
	}
	if slash == 0 || purl[end-1] == '/' {
		return "", "", "", false
	}
	kind, key = purl[start:slash], purl[start:end]
	if kind == "pypi" || distribution(kind) || key == "golang/std" {
		return "", "", "", false
	}
	if end == len(purl) {
		return kind, key, "", true
	}
	version = purl[end+1:]
	for i := range len(version) {
		if !plain[version[i]] || version[i] == '/' {
			return "", "", "", false
		}
	}
	return kind, key, version, purl[end] == '@' && version != ""
}

// plain are the characters that need no look.
var plain = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789/.-_~") {
		t[c] = true
	}
	return t
}()

// splitKey is the area and the key of a canonical package URL, appended to room: type,
// namespace and name as they stand in the purl, without case, and for pypi as PEP 503 has
// names. It is false where the purl may not be canonical; parsed says that it surely is.
func splitKey(purl string, room []byte, parsed bool) (area, key []byte, ok bool) {
	const start = len("pkg:")
	if len(purl) < start || purl[:start] != "pkg:" {
		return nil, nil, false
	}
	key = room[:0]
	kind := 0 // how long the type is
	pypi, last := false, byte('/')
	for i := start; i < len(purl); i++ {
		c := folded[purl[i]]
		if c == 0 {
			if c = purl[i]; c == '@' || c == '?' || c == '#' {
				if c == '@' && !parsed && !plainVersion(purl[i+1:]) {
					return nil, nil, false
				}
				break
			}
			if c != '%' || i+2 >= len(purl) || !escape(purl[i+1:i+3], parsed) {
				return nil, nil, false
			}
			key = append(key, c, purl[i+1], purl[i+2])
			i += 2
			last = c
			continue
		}
		switch {
		case c == '/':
			if last == '/' {
				return nil, nil, false
			}
			if kind == 0 {
				kind = len(key)
				pypi = string(key) == "pypi"
			}
		case kind == 0 && c != purl[i], kind > 0 && c == '+':
			return nil, nil, false
		case pypi && (c == '-' || c == '_' || c == '.'):
			if c = '-'; last == '-' {
				continue
			}
		}
		key = append(key, c)
		last = c
	}
	if kind == 0 || last == '/' {
		return nil, nil, false
	}
	if string(key) == "golang/std" { // as cyclonedx-gomod calls it
		key = append(key, "lib"...)
	}
	area = key[:kind]
	if distribution(string(area)) {
		if i := bytes.IndexByte(key[kind+1:], '/'); i >= 0 {
			area = key[:kind+1+i]
			if other, ok := namespaces[string(area)]; ok {
				key = append([]byte(other), key[len(area):]...)
				area = key[:len(other)]
			}
		}
	}
	return area, key, true
}

// folded are the characters that stand for themselves in the path of a canonical purl,
// without case; 0 for all others.
var folded = func() (t [256]byte) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789/.-_~:+") {
		t[c] = c
	}
	for c := byte('A'); c <= 'Z'; c++ {
		t[c] = c + 'a' - 'A'
	}
	return t
}()

// escape reports whether two characters are the hexadecimal digits of a byte that a
// canonical purl cannot write as itself. What is not printable ASCII is for ParsePURL to judge.
func escape(hex string, parsed bool) bool {
	var b byte
	for i := range 2 {
		c := hex[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return false
		}
		b = b<<4 | c
	}
	plain := folded[b] != 0 && b != '/' && b != '+' && b != ':'
	return !plain && (parsed || ' ' < b && b <= '~')
}

// plainVersion reports whether what stands behind the first @ has no other one, and no slash: a
// purl that is not canonical could have its name there.
func plainVersion(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '?', '#':
			return true
		case '@', '/':
			return false
		}
	}
	return true
}

// purlVersion is the version of a canonical purl, "" where it has none.
func purlVersion(purl string) string {
	at, end := -1, len(purl)
	for i := range len(purl) {
		if c := purl[i]; c == '@' && at < 0 {
			at = i
		} else if c == '?' || c == '#' {
			end = i
			break
		}
	}
	if at < 0 {
		return ""
	}
	v := purl[at+1 : end]
	if strings.IndexByte(v, '%') >= 0 {
		if plain, err := url.PathUnescape(v); err == nil {
			return plain
		}
	}
	return v
}

// fullName is the name with its namespace in a key.
func fullName(key []byte) []byte { return key[bytes.IndexByte(key, '/')+1:] }
