package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release/label"
)

// blanks are what stands between words on a line. Other white space of Unicode is text
// to most programs.
const blanks = " \t\r\f"

// plainText checks what every format of lines needs. marked says that there was a byte
// order mark.
func plainText(b []byte) (text string, marked bool, err error) {
	if len(b) > MaxBytes {
		return "", false, fmt.Errorf("%w: %d bytes, more than %d", errTooLarge, len(b), MaxBytes)
	}
	if !utf8.Valid(b) {
		return "", false, fmt.Errorf("it is not UTF-8")
	}
	text, marked = strings.CutPrefix(string(b), "\ufeff")
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f {
			return "", false, fmt.Errorf("line %d: a control character", strings.Count(text[:i], "\n")+1)
		}
	}
	return text, marked, nil
}

// loneReturn refuses carriage returns that end no line: to some programs they do, so
// that a comment ends there too.
func loneReturn(text string) error {
	for i := strings.IndexByte(text, '\r'); i >= 0; {
		if i+1 == len(text) || text[i+1] != '\n' {
			return fmt.Errorf("line %d: a carriage return that ends a line to some programs", strings.Count(text[:i], "\n")+1)
		}
		next := strings.IndexByte(text[i+1:], '\r')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return nil
}

func tooMany(f *fields) error {
	if f.total >= MaxNodes {
		return fmt.Errorf("%w: more than %d settings", errTooLarge, MaxNodes)
	}
	return nil
}

// readDotenv reads lines of "export KEY=value". A value is bare (up to a "#" behind
// white space), or in single quotes, double quotes or backticks, and then it may
// have many lines. What is read is compared together with how it is written: dotenv
// libraries, Docker and shells agree on neither quotes nor comments.
func readDotenv(b []byte) (*value, notes, error) {
	text, marked, err := plainText(b)
	if err == nil {
		err = loneReturn(text)
	}
	if err != nil {
		return nil, notes{}, err
	}
	var f fields
	var said notes
	for line := 1; text != ""; {
		if err := tooMany(&f); err != nil {
			return nil, notes{}, err
		}
		row, rest, _ := strings.Cut(text, "\n")
		trimmed := strings.Trim(row, blanks)
		if trimmed == "" || trimmed[0] == '#' {
			text, line = rest, line+1
			continue
		}
		left := strings.TrimLeft(text, blanks)
		start := len(text) - len(left)
		if after, ok := strings.CutPrefix(left, "export"); ok && after != "" && (after[0] == ' ' || after[0] == '\t') {
			left = strings.TrimLeft(after, " \t")
		}
		n := 0
		for n < len(left) && envRune(left[n], n) {
			n++
		}
		name, left := left[:n], strings.TrimLeft(left[n:], blanks)
		switch {
		case name == "":
			return nil, notes{}, fmt.Errorf("line %d: no name of a variable", line)
		case len(name) > MaxName:
			return nil, notes{}, fmt.Errorf("%w: line %d: a name of %d bytes", errTooLarge, line, len(name))
		case left == "" || left[0] == '\n' || left[0] == '#':
			f.add(name, &value{kind: kindNothing, form: row})
			if !envName.MatchString(name) {
				said.broken = append(said.broken, name)
			}
			text, line = rest, line+1
			continue
		case left[0] != '=':
			return nil, notes{}, fmt.Errorf("line %d: no \"=\" behind the name", line)
		}
		raw, what, ok := envValue(left[1:])
		if !ok {
			return nil, notes{}, fmt.Errorf("line %d: a quote that never ends, or text behind one", line)
		}
		consumed := len(text) - len(left) + 1 + len(raw)
		f.add(name, &value{kind: kindText, text: what, form: text[start:consumed]})
		f.refers = f.refers || strings.ContainsAny(raw, "$`")
		line += strings.Count(text[:consumed], "\n") + 1
		if text = text[consumed:]; text != "" {
			text = text[1:] // the end of the line
		}
	}
	v := f.value()
	v.marked, said.twice = marked, f.twice
	return v, said, nil
}

// envName is what the name of a variable without a value looks like, and no line of a
// value does.
var envName = regexp.MustCompile(`^[A-Z]+$|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`)

func envRune(c byte, at int) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || at > 0 && (c >= '0' && c <= '9' || c == '.' || c == '-')
}

// envValue is what stands behind the "=" up to the end of its last line, and what it
// is read as.
func envValue(text string) (raw, what string, ok bool) {
	lead := len(text) - len(strings.TrimLeft(text, " \t"))
	body := text[lead:]
	if body == "" || body[0] != '"' && body[0] != '\'' && body[0] != '`' {
		raw, _, _ = strings.Cut(text, "\n")
		what = raw
		for i := range len(what) {
			if what[i] == '#' && (i == 0 || what[i-1] == ' ' || what[i-1] == '\t') {
				what = what[:i]
				break
			}
		}
		return raw, strings.Trim(what, blanks), true
	}
	quote := body[0]
	i := 1
	for ; i < len(body) && body[i] != quote; i++ {
		if body[i] == '\\' && quote == '"' {
			i++
		}
	}
	if i >= len(body) {
		return "", "", false
	}
	rest, _, _ := strings.Cut(body[i+1:], "\n")
	if t := strings.Trim(rest, blanks); t != "" && t[0] != '#' {
		return "", "", false // "a"b: shells read one thing, libraries another
	}
	return text[:lead+i+1+len(rest)], body[1:i], true
}

// readProperties reads what java.util.Properties.load reads, of text in UTF-8.
func readProperties(b []byte) (*value, notes, error) {
	text, marked, err := plainText(b)
	if err != nil {
		return nil, notes{}, err
	}
	var f fields
	var said notes
	rest, number := strings.ReplaceAll(text, "\r\n", "\n"), 0
	next := func() (line string) {
		number++
		if n := strings.IndexAny(rest, "\n\r"); n >= 0 {
			line, rest = rest[:n], rest[n+1:]
		} else {
			line, rest = rest, ""
		}
		return strings.TrimLeft(line, " \t\f")
	}
	for rest != "" {
		line := next()
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		at := number
		var joined strings.Builder
		for continued(line) {
			joined.WriteString(line[:len(line)-1])
			line = next() // nothing at the end of the text
		}
		joined.WriteString(line)
		line = joined.String()
		n := 0
		for n < len(line) && !strings.ContainsRune("=: \t\f", rune(line[n])) {
			if line[n] == '\\' {
				n++
			}
			n++
		}
		n = min(n, len(line))
		behind := strings.TrimLeft(line[n:], " \t\f")
		if behind != "" && (behind[0] == '=' || behind[0] == ':') {
			behind = strings.TrimLeft(behind[1:], " \t\f")
		}
		name, ok1 := unescape(line[:n])
		what, ok2 := unescape(behind)
		if !ok1 || !ok2 {
			return nil, notes{}, fmt.Errorf("line %d: a \\u that four hexadecimal digits do not follow", at)
		}
		if len(name) > MaxName {
			return nil, notes{}, fmt.Errorf("%w: line %d: a name of %d bytes", errTooLarge, at, len(name))
		}
		if err := tooMany(&f); err != nil {
			return nil, notes{}, err
		}
		f.add(name, &value{kind: kindText, text: what})
		if n == len(line) && lineOfValue(name) {
			said.broken = append(said.broken, name)
		}
	}
	v := f.value()
	v.marked, said.twice = marked, f.twice
	return v, said, nil
}

// lineOfValue reports whether a name that stands alone on its line, or is indented
// below another, may be a part of a value that was broken: it is more than words.
func lineOfValue(name string) bool {
	return strings.ContainsAny(name, "0123456789+/=") || strings.ToLower(name) != name && strings.ToUpper(name) != name
}

// continued reports whether an odd number of backslashes ends the line.
func continued(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}

func unescape(s string) (string, bool) {
	if !strings.Contains(s, `\`) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			if i+5 > len(s) {
				return "", false
			}
			r, err := strconv.ParseUint(s[i+1:i+5], 16, 16)
			if err != nil {
				return "", false
			}
			if r >= 0xd800 && r < 0xe000 { // half of a pair: kept apart from every character
				fmt.Fprintf(&b, "\\u%04x", r)
			} else {
				b.WriteRune(rune(r))
			}
			i += 4
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

// readINI reads sections of "name = value" or "name: value". Comments stand on lines
// of their own (";" or "#"); what stands behind a value belongs to it, because readers differ. A
// line that is indented and has no separator goes on with the value above.
func readINI(b []byte) (*value, notes, error) {
	text, marked, err := plainText(b)
	if err == nil {
		err = loneReturn(text)
	}
	if err != nil {
		return nil, notes{}, err
	}
	var top fields
	sections := map[string]*fields{}
	var order []string
	var said notes
	current, last, lastName := &top, (*value)(nil), ""
	more := map[*value][]string{}
	between := "" // comments and empty lines: some programs end a value there
	count := 0
	i := -1
	for row := range strings.SplitSeq(text, "\n") {
		i++
		row = strings.TrimRight(row, blanks)
		line := strings.TrimLeft(row, blanks)
		switch {
		case line == "" || line[0] == ';' || line[0] == '#':
			between = "\n"
			continue
		case line[0] == '[':
			end := strings.LastIndexByte(line, ']')
			if end < 0 || strings.TrimSpace(line[end+1:]) != "" && !strings.ContainsAny(strings.TrimSpace(line[end+1:])[:1], ";#") {
				return nil, notes{}, fmt.Errorf("line %d: a section that is not finished", i+1)
			}
			name := strings.Trim(line[1:end], blanks)
			if len(name) > MaxName {
				return nil, notes{}, fmt.Errorf("%w: line %d: a name of %d bytes", errTooLarge, i+1, len(name))
			}
			if sections[name] == nil {
				sections[name] = &fields{}
				order = append(order, name)
			} else {
				said.twice = append(said.twice, name)
			}
			current, last = sections[name], nil
		default:
			n := strings.IndexAny(line, "=:")
			indented := last != nil && strings.IndexByte(blanks, row[0]) >= 0
			if n < 0 && indented {
				more[last] = append(more[last], between+line)
				between = ""
				break
			}
			v := &value{kind: kindNothing}
			name := line
			if n >= 0 {
				name = line[:n]
				v = &value{kind: kindText, text: strings.Trim(line[n+1:], blanks)}
			}
			if indented { // to some programs it goes on with the value above
				v.form = between + line
			}
			between = ""
			name = strings.Trim(name, blanks)
			if name == "" {
				return nil, notes{}, fmt.Errorf("line %d: a value without a name", i+1)
			}
			if len(name) > MaxName {
				return nil, notes{}, fmt.Errorf("%w: line %d: a name of %d bytes", errTooLarge, i+1, len(name))
			}
			if (indented || n < 0) && (lineOfValue(name) || last != nil && label.SecretKey(lastName)) {
				said.broken = append(said.broken, name)
			}
			if v.kind == kindText {
				last, lastName = v, name
			}
			current.add(name, v)
		}
		if count++; count > MaxNodes {
			return nil, notes{}, fmt.Errorf("%w: more than %d settings", errTooLarge, MaxNodes)
		}
	}
	for v, lines := range more { // in any order: each is another value
		v.text += "\n" + strings.Join(lines, "\n")
	}
	root := top.value()
	said.twice = append(said.twice, top.twice...)
	names, items := slices.Clone(root.names), slices.Clone(root.items)
	for _, name := range order {
		said.twice = append(said.twice, sections[name].twice...)
		if root.get(name) != nil {
			return nil, notes{}, fmt.Errorf("a section and a setting above it have one name")
		}
		names, items = append(names, name), append(items, sections[name].value())
	}
	v := mapping(names, items)
	v.marked = marked
	return v, said, nil
}
