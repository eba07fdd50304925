package report

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown writes a title and sections as GitHub-flavoured Markdown.
func Markdown(w io.Writer, title string, sections []Section) error {
	var b strings.Builder
	b.WriteString("# " + escape(title) + "\n")
	for _, s := range sections {
		b.WriteString("\n## " + escape(s.Title) + "\n")
		for _, block := range s.Blocks {
			b.WriteByte('\n')
			switch {
			case block.Table != nil:
				markdownTable(&b, block.Table)
			case len(block.List) > 0:
				for _, item := range block.List {
					b.WriteString("- " + markdown(item) + "\n")
				}
			case block.Steps != nil:
				b.WriteString(escape(block.Steps.Title) + "\n\n")
				markdownTable(&b, block.Steps.table())
			case block.Diagram != "":
				fenced(&b, "mermaid", block.Diagram)
			default:
				b.WriteString(escape(block.Paragraph) + "\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownTable(b *strings.Builder, t *Table) {
	row := func(cell func(i int) string) {
		b.WriteByte('|')
		for i := range t.Header {
			b.WriteString(" " + cell(i) + " |")
		}
		b.WriteByte('\n')
	}
	row(func(i int) string { return escape(t.Header[i]) })
	row(func(int) string { return "---" })
	for _, cells := range t.Rows {
		row(func(i int) string {
			if i >= len(cells) {
				return ""
			}
			return markdown(cells[i])
		})
	}
}

// fenced writes a code block with a fence that the text does not have (CommonMark
// 0.31, section 4.5). Line breaks stay; what cannot be printed does not.
func fenced(b *strings.Builder, info, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	b.WriteString(fence + info + "\n" + printable(text) + "\n" + fence + "\n")
}

// printable is the lines of a text without what moves a cursor or turns the direction
// of writing.
func printable(text string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		if r == '\t' {
			return ' '
		}
		return utf8.RuneError
	}, text), "\n")
}

func markdown(c Cell) string {
	if !c.Code {
		return escape(c.Text)
	}
	return codeSpan(c.Text)
}

// oneLine makes text that others wrote safe to print on one line. It differs from
// [release.Text] in that a line break is only a space, and that a quoted literal
// that another package made of such text is not quoted again. Spaces around it go
// too: four of them in front would be a code block.
func oneLine(s string) string {
	s = strings.TrimSpace(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "))
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(s)
	}
	return s
}

// escape makes text of what others wrote. Words that a renderer might make a link
// or a mention of become code spans: GitHub and other hosts look for addresses,
// "@name" and "#12" in the finished text, where a backslash is gone, and leave
// code alone. The rest is escaped.
func escape(s string) string {
	words := strings.Split(oneLine(s), " ")
	for i, word := range words {
		if linkable(word) && !unspeakable(word) {
			words[i] = codeSpan(word)
		} else {
			words[i] = punctuation.Replace(word)
		}
	}
	return begun(strings.Join(words, " "))
}

// begun keeps text from being taken for more at the beginning of a line.
func begun(s string) string {
	switch {
	case s == "":
	case s[0] == '-' || s[0] == '=': // would start a list or underline a heading
		return `\` + s
	case leadingNumber(s):
		i := strings.IndexAny(s, ".)")
		return s[:i] + `\` + s[i:]
	}
	return s
}

// linkable reports whether a word has what links and mentions are known by.
func linkable(word string) bool {
	lower := strings.ToLower(word)
	return strings.ContainsAny(word, "@#") || strings.Contains(lower, "://") || strings.Contains(lower, "www.")
}

// unspeakable reports whether a code span in a table cannot say s: see codeSpan.
func unspeakable(s string) bool { return strings.Contains(s, "|") && strings.Contains(s, `\`) }

// punctuation puts a backslash before the ASCII punctuation that Markdown gives a
// meaning, and entities for what HTML would take (CommonMark 0.31, section 2.4).
var punctuation = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`,
	"{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "#", `\#`, "+", `\+`, "!", `\!`, "|", `\|`, "~", `\~`, "$", `\$`, "@", `\@`,
	"://", `\://`, "www.", `www\.`)

// leadingNumber reports whether s would begin an ordered list.
func leadingNumber(s string) bool {
	digits := strings.TrimLeft(s, "0123456789")
	return digits != s && digits != "" && (digits[0] == '.' || digits[0] == ')') && (len(digits) == 1 || digits[1] == ' ')
}

// codeSpan encloses s in more backticks than it holds (CommonMark 0.31, section
// 6.1). A vertical bar would end a table's cell even there, so it gets a
// backslash (GFM, section 4.10), and that cannot be told from a backslash of the
// text's own: text with both is shown as plain text.
func codeSpan(s string) string {
	s = oneLine(s)
	switch {
	case s == "":
		return ""
	case unspeakable(s):
		return begun(punctuation.Replace(s))
	}
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 {
		s = " " + s + " "
	}
	return fence + strings.ReplaceAll(s, "|", `\|`) + fence
}
