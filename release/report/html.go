package report

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HTML writes a title and sections as one page that needs nothing else: no script, no
// address, no font but the reader's. It follows the reader's choice of light or dark,
// and prints in black on white with no row torn. Its Content-Security-Policy allows the
// page's own style and nothing else, so that a reader is safe even from a mistake here.
func HTML(w io.Writer, title string, sections []Section) error {
	var b strings.Builder
	t := htmlText(title)
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n" +
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"/>\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n" +
		"<title>" + t + "</title>\n<style>\n" + sheet + "</style>\n</head>\n<body>\n<main>\n<h1>" + t + "</h1>\n")
	if len(sections) > 1 {
		b.WriteString("<nav aria-label=\"Contents\"><ol>\n")
		for i, s := range sections {
			fmt.Fprintf(&b, "<li><a href=\"#s%d\">%s</a></li>\n", i+1, htmlText(s.Title))
		}
		b.WriteString("</ol></nav>\n")
	}
	for i, s := range sections {
		fmt.Fprintf(&b, "<section id=\"s%d\">\n<h2>%s</h2>\n", i+1, htmlText(s.Title))
		for _, block := range s.Blocks {
			htmlBlock(&b, block, s.Title)
		}
		b.WriteString("</section>\n")
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func htmlBlock(b *strings.Builder, block Block, section string) {
	switch {
	case block.Table != nil:
		htmlTable(b, block.Table, section)
	case len(block.List) > 0:
		b.WriteString("<ul>\n")
		for _, item := range block.List {
			b.WriteString("<li>" + htmlCell(item) + "</li>\n")
		}
		b.WriteString("</ul>\n")
	case block.Steps != nil:
		block.Steps.svg(b)
	case block.Diagram != "":
		// Who scrolls by keyboard must be able to get there (WCAG 2.2, 2.1.1).
		b.WriteString("<pre tabindex=\"0\" role=\"region\" aria-label=\"Diagram\">" + html.EscapeString(printable(block.Diagram)) + "</pre>\n")
	default:
		b.WriteString("<p>" + htmlText(block.Paragraph) + "</p>\n")
	}
}

func htmlTable(b *strings.Builder, t *Table, section string) {
	fmt.Fprintf(b, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>\n<thead><tr>", htmlText(section))
	for _, h := range t.Header {
		if h == "" { // a header cell must say something to who cannot see it
			b.WriteString("<td></td>")
			continue
		}
		b.WriteString("<th scope=\"col\">" + htmlText(h) + "</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range t.Rows {
		b.WriteString("<tr>")
		for i := range t.Header {
			c := Cell{}
			if i < len(row) {
				c = row[i]
			}
			b.WriteString("<td>" + htmlCell(c) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
}

func htmlCell(c Cell) string {
	if c.Code && c.Text != "" {
		return "<code>" + htmlText(c.Text) + "</code>"
	}
	return htmlText(c.Text)
}

// htmlText is text of others as the content of an element or of a quoted attribute.
// Each part keeps its own direction of writing, so that none can turn another's.
func htmlText(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, s))
}

// sheet is the page's style. Each text has a contrast of at least 4.5 to 1 with its
// ground (WCAG 2.2, 1.4.3).
const sheet = `:root{--ground:#fff;--text:#1f2328;--muted:#505860;--edge:#d0d7de;--code:#f3f5f7;--line:#0a4a8f;--bad:#a40e26;--link:#0a4a8f}
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--text:#e6edf3;--muted:#a4aeb8;--edge:#30363d;--code:#1b222b;--line:#8cc4ff;--bad:#ff9a90;--link:#8cc4ff}}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid var(--edge);padding-bottom:.2rem;overflow-wrap:anywhere}
a{color:var(--link)}a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav ol{columns:16rem;padding-left:1.5rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{border:1px solid var(--edge);padding:.3rem .5rem;text-align:left;vertical-align:top;unicode-bidi:isolate}
code,pre{font:.85em ui-monospace,'DejaVu Sans Mono',monospace;background:var(--code)}
code{overflow-wrap:anywhere;unicode-bidi:isolate;padding:0 .2em}pre{padding:.8rem;overflow-x:auto}
li,p{unicode-bidi:isolate;overflow-wrap:anywhere}
figure{margin:1rem 0}figcaption{color:var(--muted);font-size:.85rem}
.steps{width:100%;height:auto;font:11px system-ui,'DejaVu Sans',sans-serif}
.steps .grid{stroke:var(--edge);fill:none}.steps .axis{fill:var(--muted)}.steps .line{stroke:var(--line);stroke-width:2;fill:none}
.steps .good{fill:var(--line)}.steps .bad{stroke:var(--bad);stroke-width:3;fill:none}
@media print{:root{--ground:#fff;--text:#000;--muted:#333;--edge:#999;--code:#fff;--line:#000;--bad:#000;--link:#000}
main{max-width:none;padding:0}nav{display:none}tr,figure,li{break-inside:avoid}h2{break-after:avoid}.wide{overflow:visible}thead{display:table-header-group}}
`
