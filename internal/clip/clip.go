// Package clip shortens text of others.
package clip

import "strings"

// Text is s, or where it is longer than most bytes the beginning of it in valid
// UTF-8, with "..." behind.
func Text(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
