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
	message = lineEnds(message)
	lines := bytes.Split(message, []byte("\n"))
	for i, line := range lines {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || blank(line[0]) { // indented, it is quoted
			continue
		}
		var to *[]release.Actor
		switch key = bytes.TrimSpace(key); {
		case bytes.EqualFold(key, []byte("Co-authored-by")), bytes.EqualFold(key, []byte("Co-developed-by")):
			to = &c.CoAuthors
		case bytes.EqualFold(key, []byte("Signed-off-by")):
			to = &c.SignedOffBy
		default:
			continue
		}
		text := string(value)
		for _, more := range lines[i+1:] { // a long trailer goes on in indented lines
			if len(more) == 0 || !blank(more[0]) || len(text) > maxTrailer {
				break
			}
			text += " " + string(bytes.TrimSpace(more))
		}
		*to = append(*to, people(text)...)
	}
	c.CoAuthors, c.SignedOffBy = distinct(c.CoAuthors), distinct(c.SignedOffBy)
	if !bytes.Contains(message, []byte("everts")) && !bytes.Contains(message, []byte("EVERTS")) {
		return // spares nearly all messages the search
	}
	seen := map[string]bool{}
	// One space for each white space, because a message may break the line there.
	for _, m := range reverts.FindAllSubmatch(bytes.Join(bytes.Fields(message), []byte(" ")), -1) {
		id := strings.ToLower(string(m[1]))
		switch {
		case seen[id] || len(id) > len(c.ID):
		case len(id) == len(c.ID):
			c.Reverts = append(c.Reverts, release.Revision(id))
		default:
			c.short = append(c.short, id)
		}
		seen[id] = true
	}
}

// maxTrailer is about how long a trailer that goes on in further lines may get.
const maxTrailer = 4 << 10

func blank(c byte) bool { return c == ' ' || c == '\t' }

// lineEnds makes each line end one line feed, as those see it who read a message
// in a browser.
func lineEnds(message []byte) []byte {
	if bytes.IndexByte(message, '\r') < 0 {
		return message
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
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
