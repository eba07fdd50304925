package sbom

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// maxExpression is the length of the longest licence expression that is kept as it is.
const maxExpression = 1000

// licenseID is an SPDX licence identifier, or a LicenseRef for a name that is none
// (SPDX 2.3, annex D). Where characters had to be replaced, digits of the name's hash
// keep two names apart. NOASSERTION is "".
func licenseID(name string) string {
	name = withoutUsers(strings.TrimSpace(name))
	if name == "" || name == "NOASSERTION" {
		return ""
	}
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.'
	}
	rest := strings.TrimSuffix(name, "+") // "or later" of old identifiers
	if len(name) <= 64 && strings.IndexFunc(rest, func(r rune) bool { return !plain(r) }) < 0 && rest != "" {
		return name
	}
	short := []byte{}
	for _, r := range name {
		switch {
		case len(short) >= 40:
		case plain(r):
			short = append(short, byte(r))
		case len(short) > 0 && short[len(short)-1] != '-':
			short = append(short, '-')
		}
	}
	hash := release.DigestOf([]byte(name))
	return "LicenseRef-" + strings.Trim(string(short), "-") + "-" + hex.EncodeToString(hash[:4])
}

// expression is an SPDX licence expression in one spelling of white space, or a
// LicenseRef for text that cannot be one. NOASSERTION is "".
func expression(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || text == "NOASSERTION" {
		return ""
	}
	ok := len(text) <= maxExpression && strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-.+:() /", r))
	}) < 0
	if !ok {
		return licenseID(text)
	}
	return text
}

// allOf joins licences with AND: each once, sorted. With one unknown among them, all
// that is known remains.
func allOf(list []string) string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 1 {
		return list[0]
	}
	for i, l := range list {
		if strings.Contains(l, " ") {
			list[i] = "(" + l + ")"
		}
	}
	text := strings.Join(list, " AND ")
	if len(text) > maxExpression {
		return licenseID(text)
	}
	return text
}
