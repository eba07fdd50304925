package label

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// dialect is one reading of SQL text where databases differ. A text is read in every
// way that makes a difference to it, and counts as the worst of them: what is a
// comment to one database is a statement to another.
type dialect struct {
	hash      bool // "#" begins a comment within a statement (MySQL)
	backslash bool // a backslash in '…' and "…" takes the next character with it (MySQL)
	nested    bool // comments nest (PostgreSQL, SQL Server)
	dash      bool // "--" begins a comment only before white space (MySQL)
	bang      bool // "/*!" and "/*M!" are run (MySQL, MariaDB)
	bracket   bool // whatever stands between brackets is a name (SQL Server, SQLite)
	quotes    bool // q'[…]' is a text between any two characters (Oracle)
}

// dialects are the readings that a text can have.
func dialects(text string) []dialect {
	out := []dialect{{}}
	fork := func(set func(*dialect)) {
		for _, d := range out[:len(out):len(out)] {
			set(&d)
			out = append(out, d)
		}
	}
	if strings.Contains(text, "#") {
		fork(func(d *dialect) { d.hash = true })
	}
	if strings.Contains(text, `\`) {
		fork(func(d *dialect) { d.backslash = true })
	}
	if strings.Count(text, "/*") > 1 {
		fork(func(d *dialect) { d.nested = true })
	}
	if strings.Contains(text, "/*!") || strings.Contains(text, "/*M!") {
		fork(func(d *dialect) { d.bang = true })
	}
	if oddBracket(text) {
		fork(func(d *dialect) { d.bracket = true })
	}
	if dashWord(text) {
		fork(func(d *dialect) { d.dash = true })
	}
	if strings.Contains(text, "q'") || strings.Contains(text, "Q'") {
		fork(func(d *dialect) { d.quotes = true })
	}
	return out
}

// oddBracket reports whether a name in brackets would be something else without
// them.
func oddBracket(text string) bool {
	open := false
	for i := range len(text) {
		switch text[i] {
		case '[':
			open = true
		case ']', '\n':
			open = false
		case '\'', '"', ';', '`', '/', '#', '$', '-':
			if open {
				return true
			}
		}
	}
	return false
}

// dashWord reports whether "--" stands anywhere before something else than white
// space or another dash.
func dashWord(text string) bool {
	for i := 0; i+2 < len(text); i++ {
		if text[i] == '-' && text[i+1] == '-' && text[i+2] > ' ' && text[i+2] != '-' {
			return true
		}
	}
	return false
}

// tokenKind is what a token is.
type tokenKind uint8

const (
	tokenWord   tokenKind = iota // a bare word, in upper case and Latin letters
	tokenName                    // a quoted identifier, with its text as written: "x", `x`, [x]
	tokenText                    // a string; its text is left out but for dollar quotes
	tokenNumber                  // a number
	tokenSymbol                  // one other character
)

// token is one token of SQL.
type token struct {
	kind tokenKind
	text string
	at   int // the offset in the text
}

func (t token) is(word string) bool { return t.kind == tokenWord && t.text == word }

func (t token) symbol(c byte) bool { return t.kind == tokenSymbol && t.text[0] == c }

// statement is the tokens between two ends of statements.
type statement []token

func (s statement) word(i int) string {
	if i < len(s) && s[i].kind == tokenWord {
		return s[i].text
	}
	return ""
}

// lexer cuts SQL text into statements.
type lexer struct {
	dialect
	text    string
	i       int
	delim   string // what ends a statement
	current statement
	out     []statement
	broken  int // the offset of a quote or comment that never ends, or -1
	inner   int // how many /*! comments are open
}

// split cuts a text into statements by one dialect. broken is where a string or a
// comment begins that never ends, or -1.
func (d dialect) split(text string) (out []statement, broken int) {
	l := lexer{dialect: d, text: text, delim: ";", broken: -1}
	for l.i < len(text) && l.broken < 0 {
		l.next()
	}
	l.end()
	return l.out, l.broken
}

func (l *lexer) end() {
	if len(l.current) > 0 {
		l.out = append(l.out, l.current)
		l.current = nil
	}
}

func (l *lexer) add(k tokenKind, text string, at int) {
	l.current = append(l.current, token{k, text, at})
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.text[l.i:], prefix) }

// next passes over one token, comment or space.
func (l *lexer) next() {
	at := l.i
	r, size := utf8.DecodeRuneInString(l.text[at:])
	switch {
	case l.has(l.delim):
		l.i += len(l.delim)
		l.end()
	case r == '/' && l.slashLine(): // SQL*Plus
		l.i++
		l.end()
	case unicode.IsSpace(r) || r == 0xfeff:
		l.i += size
	case l.has("--") && l.dashComment(), r == '#' && (l.hash || len(l.current) == 0):
		l.line()
	case l.bang && (l.has("/*!") || l.has("/*M!")): // whatever the version behind it
		l.i += strings.IndexByte(l.text[at:], '!') + 1
		for l.i < len(l.text) && l.text[l.i] >= '0' && l.text[l.i] <= '9' {
			l.i++
		}
		l.inner++
	case l.inner > 0 && l.has("*/"):
		l.i += 2
		l.inner--
	case l.has("/*"):
		l.comment()
	case r == '\'' && l.quotes && l.follows("Q", "NQ"):
		l.oracleText()
	case r == '\'':
		l.quoted('\'', l.backslash || l.follows("E"), tokenText)
	case r == '"':
		l.quoted('"', l.backslash, tokenName)
	case r == '`':
		l.quoted('`', false, tokenName)
	case r == '[' && l.bracket:
		l.quoted(']', false, tokenName)
	case r == '[' && l.bracketName():
		l.i = at + strings.IndexByte(l.text[at:], ']') + 1
		l.add(tokenName, l.text[at:l.i], at)
	case r == '$' && l.dollar():
	case wordRune(r):
		l.word()
	case r >= '0' && r <= '9':
		for l.i < len(l.text) && (l.text[l.i] >= '0' && l.text[l.i] <= '9' || l.text[l.i] == '.') {
			l.i++
		}
		l.add(tokenNumber, "", at)
	default:
		l.i += size
		l.add(tokenSymbol, l.text[at:l.i], at)
	}
}

// dashComment reports whether the two dashes begin a comment. Where a statement must
// begin, nothing else can be meant.
func (l *lexer) dashComment() bool {
	return !l.dash || len(l.current) == 0 || l.i+2 >= len(l.text) || l.text[l.i+2] <= ' '
}

func (l *lexer) line() {
	if n := strings.IndexAny(l.text[l.i:], "\n\r"); n >= 0 {
		l.i += n
	} else {
		l.i = len(l.text)
	}
}

func (l *lexer) comment() {
	start, depth := l.i, 1
	for l.i += 2; l.i < len(l.text); {
		switch {
		case l.has("*/"):
			l.i += 2
			if depth--; depth == 0 {
				return
			}
		case l.nested && l.has("/*"):
			l.i += 2
			depth++
		default:
			l.i++
		}
	}
	l.broken = start
}

// quoted passes over a quoted text; the quote doubled stands for itself.
func (l *lexer) quoted(quote byte, backslash bool, k tokenKind) {
	start := l.i
	for l.i++; l.i < len(l.text); l.i++ {
		switch c := l.text[l.i]; {
		case c == '\\' && backslash:
			l.i++
		case c == quote && l.i+1 < len(l.text) && l.text[l.i+1] == quote:
			l.i++
		case c == quote:
			l.i++
			text := "" // a name's is kept, a string's may be a value
			if k == tokenName {
				text = l.text[start:l.i]
			}
			l.add(k, text, start)
			return
		}
	}
	l.i = len(l.text)
	l.broken = start
}

// follows reports whether the quote follows one of the words at once: the E of
// PostgreSQL, the Q of Oracle.
func (l *lexer) follows(words ...string) bool {
	n := len(l.current)
	return n > 0 && slices.ContainsFunc(words, func(w string) bool { return l.current[n-1].is(w) && l.current[n-1].at == l.i-len(w) })
}

// oracleText passes over the rest of q'[…]': the character behind the quote, or the
// bracket that belongs to it, ends the text where a quote follows.
func (l *lexer) oracleText() {
	start := l.i
	open, size := utf8.DecodeRuneInString(l.text[start+1:])
	end := string(open) + "'"
	if i := strings.IndexRune("[{(<", open); i >= 0 && size > 0 {
		end = "]})>"[i:i+1] + "'"
	}
	n := strings.Index(l.text[start+1+size:], end)
	if n < 0 || size == 0 {
		l.i, l.broken = len(l.text), start
		return
	}
	l.i = start + 1 + size + n + len(end)
	l.add(tokenText, "", start)
}

// slashLine reports whether the slash stands alone on its line.
func (l *lexer) slashLine() bool {
	rest := l.text[l.i+1 : min(len(l.text), l.i+100)]
	if n := strings.IndexAny(rest, "\n\r"); n >= 0 {
		rest = rest[:n]
	}
	return strings.TrimSpace(rest) == "" && strings.TrimSpace(l.startOfLine(l.i)) == ""
}

// bracketName reports whether a bracket begins a name of SQL Server or SQLite, and
// no array: it follows no name and holds no quotes, semicolons or ends of lines.
func (l *lexer) bracketName() bool {
	n := strings.IndexByte(l.text[l.i:min(len(l.text), l.i+130)], ']') // SQL Server's names have 128
	if n < 2 || strings.ContainsAny(l.text[l.i:l.i+n], "'\";\n,/-`#$\\") {
		return false
	}
	if c := l.text[l.i+1]; c >= '0' && c <= '9' {
		return false
	}
	return len(l.current) > 0
}

// dollar passes over a dollar-quoted text of PostgreSQL, $$…$$ or $tag$…$tag$.
// Elsewhere a dollar belongs to names: the text is kept, so that it is looked at
// unless it surely is the body of a function.
func (l *lexer) dollar() bool {
	start := l.i
	n := strings.IndexByte(l.text[start+1:min(len(l.text), start+66)], '$') // PostgreSQL's names have 63
	if n < 0 {
		return false
	}
	tag := l.text[start : start+n+2]
	for _, r := range tag[1 : len(tag)-1] {
		if !wordRune(r) && (r < '0' || r > '9') || r == '$' {
			return false
		}
	}
	if tag == l.delim {
		return false
	}
	end := strings.Index(l.text[start+len(tag):], tag)
	if end < 0 {
		l.broken = start
		l.i = len(l.text)
		return true
	}
	body := l.text[start+len(tag) : start+len(tag)+end]
	l.i = start + 2*len(tag) + end
	l.add(tokenText, body, start+len(tag))
	return true
}

// wordRune is true for what a bare word begins with. Anything beyond ASCII that is
// no space counts: letters that look like others must not end a word.
func wordRune(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f
}

func (l *lexer) word() {
	start := l.i
	for l.i < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.i:])
		if !wordRune(r) && (r < '0' || r > '9') && r != '$' || r > 0x7f && unicode.IsSpace(r) {
			break
		}
		if r == '$' && l.has(l.delim) {
			break
		}
		l.i += size
	}
	w := strings.ToUpper(fold(l.text[start:l.i]))
	if len(l.current) == 0 && w == "DELIMITER" { // the mysql program's, to the end of the line
		at := l.i
		l.line()
		d := strings.TrimSpace(l.text[at:l.i])
		if d != "" && len(d) <= 16 && (d == ";" || d == ";;" || !strings.ContainsAny(d, ";'\"`-#") && !strings.ContainsFunc(d, wordRune)) {
			l.delim = d
			return
		}
		l.add(tokenWord, w, start) // no delimiter that anybody uses: not understood
		l.end()
		return
	}
	if len(l.current) == 0 && w == "GO" && strings.TrimSpace(l.restOfLine()) == "" { // SQL Server's tools
		return
	}
	l.add(tokenWord, w, start)
	if len(l.current) > 1 && w == "GO" && strings.TrimSpace(l.restOfLine()) == "" && strings.TrimSpace(l.startOfLine(start)) == "" {
		l.current = l.current[:len(l.current)-1]
		l.end()
	}
}

// restOfLine and startOfLine are what stands on a line behind and before a place, as
// far as it matters to a word that must stand alone.
func (l *lexer) restOfLine() string {
	rest := l.text[l.i:min(len(l.text), l.i+100)]
	if n := strings.IndexAny(rest, "\n\r"); n >= 0 {
		rest = rest[:n]
	} else if l.i+100 < len(l.text) {
		return "…"
	}
	return rest
}

func (l *lexer) startOfLine(at int) string {
	from := max(0, at-100)
	n := strings.LastIndexAny(l.text[from:at], "\n\r")
	if n < 0 && from > 0 {
		return "…"
	}
	return l.text[from+n+1 : at]
}
