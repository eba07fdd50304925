package lockfile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// yamlItem is what stands at one place of a text: a mapping's key that opens, or a
// scalar, which is a key's value or an element of a list.
type yamlItem struct {
	// path are the keys that lead there; it is only valid during the call.
	path []string
	// scalar says that text is a value. Else the last key has a mapping or a list, which
	// may be empty.
	scalar bool
	text   string
	line   int
	// opaque says that it is an element that is a mapping, which is passed over.
	opaque bool
	// block says that text is the first line of several.
	block bool
}

// yamlLines reads the part of YAML that pnpm and Yarn write: mappings and lists by
// indentation; keys that are plain, or quoted; values that are plain, quoted, a
// mapping or list in braces or brackets on the same line, or a block of text, of which
// only the first line is told. Elements of lists that are mappings or lists are passed
// over. Everything else is an error, as are keys that stand twice.
type yamlLines struct {
	lines  []string
	n      int // the next line
	before int // lines before the first
	levels []yamlLevel
	path   []string
	visit  func(yamlItem) error
}

// yamlLevel is a mapping that is open, or, with no keys yet, whatever comes below a key.
type yamlLevel struct {
	indent int
	keys   []string
	seen   map[string]bool // of keys, where there are many
	list   bool
}

type yamlError struct {
	line   int
	reason string
}

func (e *yamlError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// readYAML calls visit for each item of a document, before which there are some lines.
func readYAML(text string, before int, visit func(yamlItem) error) error {
	y := yamlLines{lines: strings.Split(text, "\n"), before: before, visit: visit}
	if i := strings.IndexFunc(text, noYAML); i >= 0 {
		y.n = strings.Count(text[:i], "\n") + 1
		return y.err("a control character")
	}
	for y.n < len(y.lines) {
		line := strings.TrimSuffix(y.lines[y.n], "\r")
		y.n++
		if strings.Contains(line, "\r") {
			return y.err("a control character")
		}
		if len(line) > MaxLine {
			return y.err("a line of more than %d bytes", MaxLine)
		}
		text := strings.TrimLeft(line, " ")
		if text == "" || text[0] == '#' {
			continue
		}
		if strings.ContainsRune(text, '\t') {
			return y.err("a tab")
		}
		if err := y.line(len(line)-len(text), strings.TrimRight(text, " ")); err != nil {
			return err
		}
	}
	return nil
}

// noYAML is true for characters that are not allowed in YAML, or that some versions of
// it take for the end of a line.
func noYAML(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

func (y *yamlLines) err(format string, args ...any) error {
	return &yamlError{y.before + y.n, fmt.Sprintf(format, args...)}
}

// line reads one line that is not empty.
func (y *yamlLines) line(indent int, text string) error {
	popped := false
	for ; len(y.levels) > 0 && indent < y.levels[len(y.levels)-1].indent; popped = true {
		y.pop()
	}
	isItem := text == "-" || strings.HasPrefix(text, "- ")
	if n := len(y.levels); n > 0 && y.levels[n-1].list && y.levels[n-1].indent == indent && !isItem {
		y.pop() // a list may stand below its key without more spaces
		popped = true
	}
	switch n := len(y.levels); {
	case n == 0 && indent == 0 && len(y.path) == 0:
		y.levels = append(y.levels, yamlLevel{})
	case n > 0 && y.levels[n-1].indent == indent && (y.levels[n-1].list || !isItem):
		if !y.levels[n-1].list {
			y.path = y.path[:n-1]
		}
	case n > 0 && !popped && len(y.path) == n && (indent > y.levels[n-1].indent || isItem && indent == y.levels[n-1].indent):
		if n >= MaxDepth {
			return y.err("nested deeper than %d", MaxDepth)
		}
		y.levels = append(y.levels, yamlLevel{indent: indent, list: isItem})
	default:
		return y.err("it is not indented like anything above")
	}
	top := &y.levels[len(y.levels)-1]
	if isItem {
		if !top.list {
			return y.err("an element where a key must stand")
		}
		text = strings.TrimLeft(text[1:], " ")
		if _, _, err := y.token(text, false); err == nil && text[0] != '\'' && text[0] != '"' || text == "" || strings.ContainsAny(text[:1], "[{") || strings.HasPrefix(text+" ", "- ") || strings.HasPrefix(text+" ", "? ") {
			if below := y.skip(indent); below != "" && text == "" {
				return y.err("an element that begins in the line below")
			}
			return y.visit(yamlItem{path: y.path, line: y.before + y.n, opaque: true})
		}
		value, err := y.scalar(text)
		if err != nil {
			return err
		}
		return y.visit(yamlItem{path: y.path, scalar: true, text: value, line: y.before + y.n})
	}
	key, rest, err := y.key(text, indent)
	if err != nil {
		return err
	}
	if !top.add(key) {
		return y.err("%s stands twice in one mapping", short(key))
	}
	y.path = append(y.path, key)
	return y.value(rest, indent)
}

func (y *yamlLines) pop() {
	n := len(y.levels) - 1
	y.levels = y.levels[:n]
	y.path = y.path[:min(n, len(y.path))]
}

// add notes a key and is false if it was there.
func (l *yamlLevel) add(key string) bool {
	const few = 8
	if l.seen == nil {
		for _, k := range l.keys {
			if k == key {
				return false
			}
		}
		if l.keys = append(l.keys, key); len(l.keys) > few {
			l.seen = make(map[string]bool, 4*few)
			for _, k := range l.keys {
				l.seen[k] = true
			}
		}
		return true
	}
	if l.seen[key] {
		return false
	}
	l.seen[key] = true
	return true
}

// key takes a key off a line. Yarn writes a long one as "? key", and ":" on the next.
func (y *yamlLines) key(text string, indent int) (key, rest string, err error) {
	if long, ok := strings.CutPrefix(text, "? "); ok {
		key, tail, err := y.token(strings.TrimLeft(long, " "), true)
		if err != nil || tail != "" || y.n >= len(y.lines) || strings.TrimRight(y.lines[y.n], " \r") != strings.Repeat(" ", indent)+":" {
			return "", "", y.err("a long key without a colon in the next line")
		}
		y.n++
		return key, "", nil
	}
	key, rest, err = y.token(text, false)
	if err != nil {
		return "", "", err
	}
	if rest == ":" {
		return key, "", nil
	}
	rest, ok := strings.CutPrefix(rest, ": ")
	if !ok || key == "<<" {
		return "", "", y.err("no key with a colon")
	}
	return key, strings.TrimLeft(rest, " "), nil
}

// token takes a quoted text, or a plain one up to the colon that ends a key, off s.
func (y *yamlLines) token(s string, whole bool) (text, rest string, err error) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		return y.quoted(s)
	}
	if whole {
		return s, "", y.plain(s)
	}
	for i := 0; i < len(s); i++ {
		if s[i] == ':' && (i+1 == len(s) || s[i+1] == ' ') {
			return s[:i], s[i:], y.plain(s[:i])
		}
	}
	return "", "", y.err("no key with a colon")
}

// quoted takes a text in quotes off s.
func (y *yamlLines) quoted(s string) (text, rest string, err error) {
	q := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case q == '"' && s[i] == '\\':
			i++
		case s[i] == q && q == '\'' && i+1 < len(s) && s[i+1] == q:
			i++
		case s[i] == q:
			if q == '\'' {
				return strings.ReplaceAll(s[1:i], "''", "'"), s[i+1:], nil
			}
			if !strings.Contains(s[1:i], `\`) {
				return s[1:i], s[i+1:], nil
			}
			j, err := strictjson.NewScanner([]byte(s[:i+1]), strictjson.Limits{Package: "yaml", Bytes: MaxBytes, Depth: 1})
			if err == nil {
				text, err = j.Str()
			}
			if err != nil {
				var ok bool
				if text, ok = unescape(s[1:i]); !ok {
					return "", "", y.err("an escape that is not known")
				}
			}
			return text, s[i+1:], nil
		}
	}
	return "", "", y.err("a text in quotes does not end in its line")
}

// unescape resolves the escapes of YAML (https://yaml.org/spec/1.2.2/#57-escaped-characters).
func unescape(s string) (string, bool) {
	const plain, means = `0abtnvfre "/\N_LP`, "\x00\a\b\t\n\v\f\r\x1b \"/\\\u0085\u00a0\u2028\u2029"
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			return b.String(), true
		}
		b.WriteString(s[:i])
		if s = s[i+1:]; s == "" {
			return "", false
		}
		if at := strings.IndexByte(plain, s[0]); at >= 0 {
			b.WriteRune([]rune(means)[at])
			s = s[1:]
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
		if digits == 0 || len(s) <= digits {
			return "", false
		}
		r, err := strconv.ParseUint(s[1:1+digits], 16, 32)
		if err != nil || r > unicode.MaxRune || utf16.IsSurrogate(rune(r)) {
			return "", false
		}
		b.WriteRune(rune(r))
		s = s[1+digits:]
	}
}

// plain checks that a text without quotes means what it says.
func (y *yamlLines) plain(s string) error {
	switch {
	case s == "" || s[0] == ' ' || s[len(s)-1] == ' ':
		return y.err("an empty key or value, or spaces around it")
	case strings.ContainsRune("&*!|>%@`\"'{}[],#", rune(s[0])), strings.HasPrefix(s, "- "), strings.HasPrefix(s, "? "), s == "-", s == "?", s == "---", s == "...":
		return y.err("%s is no plain text", short(s))
	case strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") || strings.HasPrefix(s, "--- "), strings.ContainsRune(s, '\t'):
		return y.err("%s is no plain text", short(s))
	}
	return nil
}

// comment cuts a comment off what stands behind a value.
func comment(s string) string {
	if t := strings.TrimLeft(s, " "); t == "" || t[0] == '#' && len(t) < len(s) {
		return ""
	}
	return s
}

// scalar reads a whole value.
func (y *yamlLines) scalar(s string) (string, error) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		text, rest, err := y.quoted(s)
		if err == nil && comment(rest) != "" {
			err = y.err("something follows a text in quotes")
		}
		return text, err
	}
	if i := strings.Index(s, " #"); i >= 0 {
		s = strings.TrimRight(s[:i], " ")
	}
	return s, y.plain(s)
}

// value reads what stands behind a key's colon.
func (y *yamlLines) value(s string, indent int) error {
	if comment(" "+s) == "" {
		return y.visit(yamlItem{path: y.path, line: y.before + y.n}) // what it is, the next lines say
	}
	switch s[0] {
	case '{':
		return y.braces(s)
	case '[':
		return y.brackets(s)
	case '|', '>':
		if strings.Trim(s[1:], "+-0123456789") != "" {
			return y.err("a block of text that begins oddly")
		}
		return y.block(indent)
	}
	text, err := y.scalar(s)
	if err != nil {
		return err
	}
	if err := y.visit(yamlItem{path: y.path, scalar: true, text: text, line: y.before + y.n}); err != nil {
		return err
	}
	y.path = y.path[:len(y.path)-1]
	return nil
}

// block reads a text of several lines.
func (y *yamlLines) block(indent int) error {
	from := y.n
	first := y.skip(indent)
	within := -1
	for i, line := range y.lines[from:y.n] {
		text := strings.TrimLeft(strings.TrimSuffix(line, "\r"), " ")
		if text == "" {
			continue
		}
		if at := len(strings.TrimSuffix(line, "\r")) - len(text); within < 0 {
			within = at
		} else if at < within {
			y.n = from + i + 1
			return y.err("a line of a block of text is indented less than its first")
		}
	}
	if err := y.visit(yamlItem{path: y.path, scalar: true, text: first, line: y.before + y.n, block: true}); err != nil {
		return err
	}
	y.path = y.path[:len(y.path)-1]
	return nil
}

// skip passes over the lines that are indented more, and is the first of them.
func (y *yamlLines) skip(indent int) (first string) {
	for ; y.n < len(y.lines); y.n++ {
		line := strings.TrimRight(strings.TrimSuffix(y.lines[y.n], "\r"), " ")
		text := strings.TrimLeft(line, " ")
		if text != "" && len(line)-len(text) <= indent {
			break
		}
		if first == "" {
			first = text
		}
	}
	return first
}

// braces reads {a: b, 'c': "d", e: [f]} on one line.
func (y *yamlLines) braces(s string) error {
	if err := y.visit(yamlItem{path: y.path, line: y.before + y.n}); err != nil {
		return err
	}
	level := yamlLevel{}
	rest := strings.TrimLeft(s[1:], " ")
	for first := true; !strings.HasPrefix(rest, "}"); first = false {
		if !first {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, ","); !ok {
				return y.err("no comma or closing brace")
			}
			rest = strings.TrimLeft(rest, " ")
		}
		key, tail, err := y.token(rest, false)
		if err != nil {
			return err
		}
		tail, ok := strings.CutPrefix(tail, ": ")
		tail = strings.TrimLeft(tail, " ")
		if !ok || !level.add(key) || strings.ContainsAny(key, "{}[],") && rest[0] != '"' && rest[0] != '\'' || key == "<<" {
			return y.err("%s is no key, or stands twice", short(key))
		}
		y.path = append(y.path, key)
		if strings.HasPrefix(tail, "[") {
			rest, err = y.elements(tail)
		} else {
			var text string
			if text, rest, err = y.flow(tail); err == nil {
				err = y.visit(yamlItem{path: y.path, scalar: true, text: text, line: y.before + y.n})
			}
		}
		if err != nil {
			return err
		}
		y.path = y.path[:len(y.path)-1]
		rest = strings.TrimLeft(rest, " ")
	}
	if comment(rest[1:]) != "" {
		return y.err("something follows the closing brace")
	}
	y.path = y.path[:len(y.path)-1]
	return nil
}

// brackets reads [a, 'b'] on one line.
func (y *yamlLines) brackets(s string) error {
	rest, err := y.elements(s)
	if err == nil && comment(rest) != "" {
		err = y.err("something follows the closing bracket")
	}
	if err != nil {
		return err
	}
	y.path = y.path[:len(y.path)-1]
	return nil
}

func (y *yamlLines) elements(s string) (rest string, err error) {
	if err := y.visit(yamlItem{path: y.path, line: y.before + y.n}); err != nil {
		return "", err
	}
	rest = strings.TrimLeft(s[1:], " ")
	for first := true; !strings.HasPrefix(rest, "]"); first = false {
		if !first {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, ","); !ok {
				return "", y.err("no comma or closing bracket")
			}
			rest = strings.TrimLeft(rest, " ")
		}
		var text string
		if text, rest, err = y.flow(rest); err != nil {
			return "", err
		}
		if err = y.visit(yamlItem{path: y.path, scalar: true, text: text, line: y.before + y.n}); err != nil {
			return "", err
		}
		rest = strings.TrimLeft(rest, " ")
	}
	return rest[1:], nil
}

// flow takes a scalar within braces or brackets off s.
func (y *yamlLines) flow(s string) (text, rest string, err error) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		return y.quoted(s)
	}
	end := strings.IndexAny(s, ",{}[]")
	if end < 0 {
		return "", "", y.err("braces or brackets that do not end in their line")
	}
	text = strings.TrimRight(s[:end], " ")
	return text, s[end:], y.plain(text)
}
