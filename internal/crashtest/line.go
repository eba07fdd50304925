package crashtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Notice is what a writer says on its pipe, one a line.
type Notice struct {
	// Kind is what it says.
	Kind NoticeKind
	// Head is the head after an acknowledged append, the stream of a claimed lease, or
	// what is about to be compacted up to.
	Head journal.Head
	// Token is that of a claimed lease.
	Token uint64
	// Text says what went wrong.
	Text string
}

// NoticeKind says what a [Notice] is about.
type NoticeKind string

// What a writer says.
const (
	// Acked says that an append was acknowledged.
	Acked NoticeKind = "acked"
	// Claimed says that a stream was claimed.
	Claimed NoticeKind = "claimed"
	// Compacting says that records are about to be forgotten.
	Compacting NoticeKind = "compacting"
	// Fenced says that an append or a renewal was refused because of its token.
	Fenced NoticeKind = "fenced"
	// Broken says that the journal broke its contract, or failed where it must not.
	Broken NoticeKind = "broken"
)

// mark begins every line of a writer: the test binary writes others to the same pipe.
const mark = "crash:"

// String is the line, without its end.
func (n Notice) String() string {
	return fmt.Sprintf("%s %s %q %d %x %d %q", mark, n.Kind, n.Head.Stream, n.Head.Seq, n.Head.Hash[:], n.Token, n.Text)
}

// parseNotice reads a line. It is false for what others wrote.
func parseNotice(line string) (Notice, bool) {
	if !strings.HasPrefix(line, mark) {
		return Notice{}, false
	}
	var n Notice
	var hash []byte
	_, err := fmt.Sscanf(line, mark+" %s %q %d %x %d %q", &n.Kind, &n.Head.Stream, &n.Head.Seq, &hash, &n.Token, &n.Text)
	if copy(n.Head.Hash[:], hash); err != nil || len(hash) != len(n.Head.Hash) {
		return Notice{Kind: Broken, Text: fmt.Sprintf("the line %.200q: %v", line, err)}, true
	}
	return n, true
}

// readNotices calls yield for each whole line until the pipe ends: a line that was cut
// off by a kill says nothing.
func readNotices(pipe io.Reader, yield func(Notice)) {
	for lines := bufio.NewReader(pipe); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if n, ok := parseNotice(strings.TrimSuffix(line, "\n")); ok {
			yield(n)
		}
	}
}

// say writes a notice to the pipe: in one call, so that the lines of many goroutines
// do not mix.
func say(n Notice) { os.Stdout.WriteString(n.String() + "\n") }
