package gitlog

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// reverts finds what "git revert" writes into a message, also with an abbreviated
// id, as people write it.
var reverts = regexp.MustCompile(`(?i)\bthis reverts commit ([0-9a-f]{7,64})\b`)

// readMessage takes from a message who else wrote and signed off the change, and
// what it reverts.
func (c *commitObject) readMessage(message []byte) {
	lines := bytes.Split(message, []byte("\n"))
	for i, line := range lines {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		var to *[]release.Actor
		switch key = bytes.TrimSpace(key); {
		case len(line) == 0 || line[0] == ' ' || line[0] == '\t': // quoted
		case bytes.EqualFold(key, []byte("Co-authored-by")):
			to = &c.CoAuthors
		case bytes.EqualFold(key, []byte("Signed-off-by")):
			to = &c.SignedOffBy
		}
		if to == nil {
			continue
		}
		text := string(value)
		if i+1 < len(lines) && !strings.Contains(text, "<") && bytes.HasPrefix(lines[i+1], []byte(" ")) {
			text += string(lines[i+1]) // a long trailer goes on in an indented line
		}
		*to = append(*to, people(text)...)
	}
	c.CoAuthors, c.SignedOffBy = distinct(c.CoAuthors), distinct(c.SignedOffBy)
	if !bytes.Contains(message, []byte("everts")) && !bytes.Contains(message, []byte("EVERTS")) {
		return // spares nearly all messages the search
	}
	// One space for each white space, because a message may break the line there.
	for _, m := range reverts.FindAllSubmatch(bytes.Join(bytes.Fields(message), []byte(" ")), -1) {
		id := strings.ToLower(string(m[1]))
		if len(id) == len(c.ID) {
			if !slices.Contains(c.Reverts, release.Revision(id)) {
				c.Reverts = append(c.Reverts, release.Revision(id))
			}
		} else if len(id) < len(c.ID) && !slices.Contains(c.short, id) {
			c.short = append(c.short, id)
		}
	}
}

// people reads "Name <address>", or several of them one after the other. Text
// without an address is somebody without an identity; no text is nobody.
func people(s string) []release.Actor {
	var out []release.Actor
	for {
		name, rest, ok := strings.Cut(s, "<")
		name = strings.Trim(name, " \t\r,;&")
		if !ok {
			if name != "" && out == nil {
				out = append(out, actor(name, ""))
			}
			return out
		}
		email, after, _ := strings.Cut(rest, ">")
		out = append(out, actor(name, strings.TrimSpace(email)))
		s = after
	}
}

// distinct is who with those left out that stood there before. Two without an
// identity are told apart, since they may be two people.
func distinct(who []release.Actor) []release.Actor {
	seen := map[string]bool{}
	return slices.DeleteFunc(who, func(a release.Actor) bool {
		again := a.ID != "" && seen[a.ID]
		seen[a.ID] = true
		return again
	})
}
