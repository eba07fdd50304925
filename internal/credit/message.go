// Package credit reads who had a part in a commit, as names, addresses and messages
// claim it: people, automation and AI agents.
package credit

import (
	"bytes"
	"strings"
)

// Person is a name and an address. Without an address it is somebody without an
// identity.
type Person struct {
	Name  string // as it is written
	Email string // the address, as it is written; "" where there is none
}

// People are those whom a message names as co-authors (Co-authored-by, and the Linux
// kernel's Co-developed-by) and those who signed it off, wherever in it a line
// begins with the trailer's name. A line that is indented quotes something. Line
// ends are those that somebody sees who reads the message in a browser.
func People(message []byte) (coAuthors, signedOff []Person) {
	lines := bytes.Split(LineEnds(message), []byte("\n"))
	for i, line := range lines {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || blank(line[0]) {
			continue
		}
		var to *[]Person
		switch key = bytes.TrimSpace(key); {
		case bytes.EqualFold(key, []byte("Co-authored-by")), bytes.EqualFold(key, []byte("Co-developed-by")):
			to = &coAuthors
		case bytes.EqualFold(key, []byte("Signed-off-by")):
			to = &signedOff
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
	return coAuthors, signedOff
}

// maxTrailer is about how long a trailer that goes on in further lines may get.
const maxTrailer = 4 << 10

func blank(c byte) bool { return c == ' ' || c == '\t' }

// LineEnds makes each line end one line feed.
func LineEnds(message []byte) []byte {
	if bytes.IndexByte(message, '\r') < 0 {
		return message
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// people reads "Name <address>", or several of them one after the other. Text
// without an address is somebody without an identity; no text is nobody.
func people(s string) []Person {
	var out []Person
	for {
		name, rest, ok := strings.Cut(s, "<")
		name = strings.Trim(name, " \t\r,;&")
		if !ok {
			if name != "" && out == nil {
				out = append(out, Person{Name: name})
			}
			return out
		}
		email, after, _ := strings.Cut(rest, ">")
		out = append(out, Person{name, strings.TrimSpace(email)})
		s = after
	}
}
