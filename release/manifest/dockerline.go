package manifest

import (
	"regexp"
	"strings"
	"unicode"
)

// instruction is one instruction of a Dockerfile with its continuation lines.
type instruction struct {
	name string // in upper case
	rest string
	line int
}

var (
	directive = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$`)
	heredoc   = regexp.MustCompile(`^[0-9]*<<(-?)([^<]+)$`)
)

// directives are the parser directives: the first lines of a Dockerfile, after one
// that begins with "#!", that are comments of the form "name=value", of a known name.
func directives(lines []string, comment string) map[string]string {
	out := map[string]string{}
	for i, line := range lines {
		if i == 0 && strings.HasPrefix(line, "#!") {
			continue
		}
		line, ok := strings.CutPrefix(line, comment)
		m := directive.FindStringSubmatch(line)
		if !ok || m == nil {
			break
		}
		switch name := strings.ToLower(m[1]); name {
		case "escape", "syntax", "check":
			if out[name] == "" {
				out[name] = m[2]
			}
		default:
			return out
		}
	}
	return out
}

// syntaxOf is the image that reads a Dockerfile in place of the builder. BuildKit looks
// for it in comments of two kinds.
func syntaxOf(lines []string) string {
	syntax, ok := directives(lines, "#")["syntax"]
	if !ok {
		syntax = directives(lines, "//")["syntax"]
	}
	syntax, _, _ = strings.Cut(syntax, " ")
	return syntax
}

// instructions splits a Dockerfile: parser directives at its beginning, comments,
// continuation lines with the escape character, here-documents.
func instructions(s string) (out []instruction, syntax, problem string) {
	lines := strings.Split(s, "\n")
	syntax = syntaxOf(lines)
	escape := byte('\\')
	switch e := directives(lines, "#")["escape"]; e {
	case "":
	case "`", `\`:
		escape = e[0]
	default:
		return nil, "", "its escape directive is none"
	}
	for i := 0; i < len(lines); i++ {
		line := strings.TrimLeftFunc(strings.TrimSuffix(lines[i], "\r"), unicode.IsSpace)
		if line == "" || line[0] == '#' {
			continue
		}
		start := i
		var b strings.Builder
		for {
			body, more := continued(line, escape)
			b.WriteString(body)
			if !more {
				break
			}
			// Comments and empty lines within a continuation are left out.
			for i++; i < len(lines); i++ {
				line = strings.TrimSuffix(lines[i], "\r")
				if t := strings.TrimLeftFunc(line, unicode.IsSpace); t != "" && t[0] != '#' {
					break
				}
			}
			if i >= len(lines) {
				break
			}
		}
		name, rest, _ := strings.Cut(blanks.Replace(b.String()), " ")
		in := instruction{name: strings.ToUpper(name), rest: strings.TrimSpace(rest), line: start + 1}
		out = append(out, in)
		if in.name == "RUN" || in.name == "COPY" || in.name == "ADD" || in.name == "ONBUILD" {
			end, ok := documentsEnd(in.rest, lines, i)
			if !ok {
				return nil, "", "a here-document has no end"
			}
			i = end
		}
	}
	return out, syntax, ""
}

// blanks are what stands between words beside spaces.
var blanks = strings.NewReplacer("\t", " ", "\v", " ", "\f", " ", "\r", " ")

// continued is a line without its escape character at the end.
func continued(line string, escape byte) (string, bool) {
	t := strings.TrimRight(line, " \t")
	if t == "" || t[len(t)-1] != escape {
		return line, false
	}
	if len(t) > 1 && t[len(t)-2] == escape {
		return line, false
	}
	return t[:len(t)-1], true
}

// documentsEnd is the last line of the here-documents that an instruction begins.
func documentsEnd(rest string, lines []string, at int) (int, bool) {
	for _, word := range shellWords(rest) {
		m := heredoc.FindStringSubmatch(word)
		if m == nil {
			continue
		}
		end := strings.NewReplacer(`"`, "", `'`, "", `\`, "").Replace(m[2])
		for at++; ; at++ {
			if at >= len(lines) {
				return at, false
			}
			line := strings.TrimSuffix(lines[at], "\r")
			if m[1] == "-" {
				line = strings.TrimLeft(line, "\t")
			}
			if line == end {
				break
			}
		}
	}
	return at, true
}

// shellWords splits at white space outside of quotes; quotes stay.
func shellWords(s string) []string {
	var out []string
	var quote byte
	from := -1
	for i := 0; i < len(s); i++ {
		c := s[i]
		if from < 0 && c != ' ' && c != '\t' {
			from = i
		}
		switch {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case (c == ' ' || c == '\t') && from >= 0:
			out = append(out, s[from:i])
			from = -1
		}
	}
	if from >= 0 {
		out = append(out, s[from:])
	}
	return out
}

var variable = regexp.MustCompile(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?([-+])([^{}$]*))?\})`)

// expand puts build arguments into s. known is false where one has no default, or
// where something is left that is no plain text.
func (d *dockerfile) expand(s string) (out string, known bool) {
	if len(s) > 5000 {
		return "", false
	}
	known = true
	out = variable.ReplaceAllStringFunc(s, func(v string) string {
		m := variable.FindStringSubmatch(v)
		value := d.args[m[1]+m[2]]
		set := value != nil && *value != ""
		switch {
		case m[3] == "-" && !set:
			return m[4]
		case m[3] == "+" && set:
			return m[4]
		case m[3] == "+":
			return ""
		case !set:
			known = false
			return ""
		}
		return *value
	})
	return out, known && len(out) <= 5000 && !strings.ContainsAny(out, "$`\\")
}
