package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// printer writes the story. On a terminal it shows progress on a line that is
// written over; elsewhere progress is a line of its own, and only when something
// takes longer than a moment.
type printer struct {
	w        io.Writer
	terminal bool
	pending  bool // an unfinished progress line stands on the terminal
}

func newPrinter(w io.Writer) *printer {
	p := &printer{w: w}
	if f, ok := w.(*os.File); ok {
		stat, err := f.Stat()
		p.terminal = err == nil && stat.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	return p
}

func (p *printer) line(format string, args ...any) {
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// step begins a numbered part of the story.
func (p *printer) step(n int, title string) { p.line("\n%d  %s", n, title) }

// count is a number and a noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// item prints a line of a part: a word, and what there is to say of it.
func (p *printer) item(word, format string, args ...any) {
	p.line("%s", strings.TrimRight(fmt.Sprintf("   %-12s ", word)+fmt.Sprintf(format, args...), " "))
}

// reasons prints reasons, those of one code together and only so many of each.
func (p *printer) reasons(rs []release.Reason, most int) {
	var codes []string
	byCode := map[string][]release.Reason{}
	for _, r := range rs {
		if byCode[r.Code] == nil {
			codes = append(codes, r.Code)
		}
		byCode[r.Code] = append(byCode[r.Code], r)
	}
	for _, code := range codes {
		same := byCode[code]
		for _, r := range same[:min(len(same), most)] {
			subject := ""
			if r.Subject != "" {
				subject = " " + release.Text(r.Subject).String()
			}
			p.line("     %s%s: %s", r.Code, subject, release.Text(r.Text))
		}
		if len(same) > most {
			p.line("     %s: and %d more, in report.md", code, len(same)-most)
		}
	}
}

// progress shows what takes time.
func (p *printer) progress(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !p.terminal {
		fmt.Fprintf(p.w, "   … %s\n", text)
		return
	}
	const width = 74 // narrower than any terminal: a second line could not be taken back
	if line := []rune(text); len(line) > width {
		text = string(line[:width-1]) + "…"
	}
	fmt.Fprintf(p.w, "%s   %s", eraseLine, text)
	p.pending = true
}

// eraseLine goes to the line's beginning and erases to its end (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

func (p *printer) clear() {
	if p.pending {
		fmt.Fprint(p.w, eraseLine)
		p.pending = false
	}
}

// during shows progress with the seconds that passed, until f returns.
func (p *printer) during(what string, f func() error) error {
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- f() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	p.progress("%s", what)
	for {
		select {
		case err := <-done:
			p.clear()
			return err
		case <-tick.C:
			if s := int(time.Since(began).Seconds()); p.terminal || s%5 == 0 {
				p.progress("%s (%d s)", what, s)
			}
		}
	}
}
