package review

import "strings"

// person is a name and an address as a commit writes them.
type person struct{ name, email string }

// maxTrailer is about how long a trailer that goes on in further lines may get, and
// maxPeople how many people a message may name.
const (
	maxTrailer = 4 << 10
	maxPeople  = 1000
)

// coAuthors are those whom a message names as such, wherever in it the trailer
// stands: Co-authored-by, and the Linux kernel's Co-developed-by. A line that is
// indented quotes something. The last answer says whether there are more than can be
// read.
func coAuthors(message string) (out []person, more bool) {
	message = strings.ReplaceAll(strings.ReplaceAll(message, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(message, "\n")
	for i, l := range lines {
		key, value, ok := strings.Cut(l, ":")
		key = strings.TrimRight(key, " \t")
		if !ok || !strings.EqualFold(key, "Co-authored-by") && !strings.EqualFold(key, "Co-developed-by") {
			continue
		}
		for _, next := range lines[i+1:] { // a long trailer goes on in indented lines
			if next == "" || next[0] != ' ' && next[0] != '\t' || len(value) > maxTrailer {
				break
			}
			value += " " + strings.TrimSpace(next)
		}
		out = append(out, people(value)...)
		if len(out) > maxPeople {
			return out[:maxPeople], true
		}
	}
	return out, false
}

// people reads "Name <address>", or several of them one after the other. Text without
// an address is somebody without one; no text is nobody.
func people(s string) []person {
	var out []person
	for {
		name, rest, ok := strings.Cut(s, "<")
		name = strings.Trim(name, " \t,;&")
		if !ok {
			if name != "" && out == nil {
				out = append(out, person{name: name})
			}
			return out
		}
		email, after, _ := strings.Cut(rest, ">")
		out = append(out, person{name, strings.TrimSpace(email)})
		s = after
	}
}
