package syncack

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// call is one system call of the log.
type call struct {
	pid  int
	name string
	args []string
	// begun and ended are the lines at which it began and ended, from 1.
	begun, ended int
	// result is what it returned, and -1 if it failed; resultPath the file behind it,
	// where it is a descriptor.
	result     int64
	resultPath string
	// failed says that it returned an error, and was not merely interrupted to be begun
	// again or by the end of its process.
	failed bool
}

// decoder puts the lines of a log together to calls: a call during which others ran
// stands in two lines.
type decoder struct {
	line int
	open map[int]*call // by process
	text map[int]string
}

// What lines begin with. The rest may be long, and is not matched.
var (
	lineForm = regexp.MustCompile(`^(\d+) +(?:\d+\.\d+ +)?`)
	// A process that is ended in the middle of a call leaves one that is named ???.
	callForm   = regexp.MustCompile(`^([a-z0-9_]+|\?\?\?)\(`)
	resumeForm = regexp.MustCompile(`^<\.\.\. ([a-z0-9_]+|\?\?\?) resumed> ?`)
)

var errForm = errors.New("not a line of strace -f -y")

// A call during which others are shown, and one that strace did not see the end of
// because it was told to stop.
const (
	unfinished = " <unfinished ...>"
	detached   = " <detached ...>"
)

// decode takes one line. It returns the calls that began and that ended in it: usually
// one that did both.
func (d *decoder) decode(line string) (begun, ended *call, err error) {
	d.line++
	m := lineForm.FindStringSubmatch(line)
	if m == nil {
		return nil, nil, errForm
	}
	pid, err := strconv.Atoi(m[1])
	if err != nil {
		return nil, nil, err
	}
	rest := line[len(m[0]):]
	if strings.HasPrefix(rest, "+++ ") || strings.HasPrefix(rest, "--- ") {
		return nil, nil, nil // the end of a process, a signal
	}
	if m := resumeForm.FindStringSubmatch(rest); m != nil {
		c := d.open[pid]
		if c == nil || c.name != m[1] {
			return nil, nil, fmt.Errorf("it resumes a call of %s that did not begin", m[1])
		}
		delete(d.open, pid)
		c.ended = d.line
		return nil, c, c.parse(d.text[pid] + rest[len(m[0]):])
	}
	m = callForm.FindStringSubmatch(rest)
	if m == nil {
		return nil, nil, errForm
	}
	if c := d.open[pid]; c != nil {
		return nil, nil, fmt.Errorf("process %d makes a call in the middle of another, %s", pid, c.name)
	}
	c := &call{pid: pid, name: m[1], begun: d.line}
	if text, ok := strings.CutSuffix(strings.Replace(rest[len(m[0]):], detached, unfinished, 1), unfinished); ok {
		if d.open == nil {
			d.open, d.text = map[int]*call{}, map[int]string{}
		}
		d.open[pid], d.text[pid] = c, text
		c.args, _, _ = arguments(text) // as many as there are
		return c, nil, nil
	}
	c.ended = d.line
	return c, c, c.parse(rest[len(m[0]):])
}

// parse reads the arguments and the result.
func (c *call) parse(text string) error {
	args, rest, closed := arguments(text)
	if !closed {
		return errForm
	}
	c.args = args
	value, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "= ")
	if !ok {
		return errForm
	}
	value, _, _ = strings.Cut(value, " ")
	number, path, _ := strings.Cut(value, "<")
	if number == "?" {
		c.result = -1
		return nil
	}
	n, err := strconv.ParseInt(number, 0, 64)
	if err != nil {
		var u uint64 // an address
		if u, err = strconv.ParseUint(number, 0, 64); err != nil {
			return errForm
		}
		n = int64(u)
	}
	c.result, c.failed = n, n < 0
	if path != "" {
		// The path may hold spaces: take it from the whole.
		_, c.resultPath, _ = descriptor(strings.TrimPrefix(strings.TrimLeft(rest, " "), "= "))
	}
	return nil
}

// arguments splits at the commas that are not inside of something, up to the closing
// parenthesis, and returns what stands behind that. closed is false if the text ends
// before it.
func arguments(text string) (args []string, rest string, closed bool) {
	depth, from := 0, 0
	add := func(to int) {
		if a := strings.TrimSpace(text[from:to]); a != "" {
			args = append(args, a)
		}
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if end := quoted(text[i:]); end > 0 {
				i += end - 1
			} else {
				i = len(text)
			}
		case '<':
			// A path: strace writes < and > inside of it as octal numbers. But there are
			// shifts too, as 1<<3.
			if i+1 < len(text) && text[i+1] == '<' {
				i++
			} else if end := strings.IndexByte(text[i:], '>'); end > 0 {
				i += end
			}
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				add(i)
				return args, text[i+1:], true
			}
		case ',':
			if depth == 0 {
				add(i)
				from = i + 1
			}
		}
	}
	add(len(text))
	return args, "", false
}

// quoted is the length of the quoted text that s begins with, 0 if it does not end.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// text is what a quoted argument says, as far as strace shows it.
func text(arg string) (string, error) {
	if arg == "" || arg[0] != '"' {
		return "", fmt.Errorf("%q is not a quoted text", arg)
	}
	end := quoted(arg)
	if end == 0 || arg[end:] != "" && arg[end:] != "..." {
		return "", fmt.Errorf("%q is not a quoted text", arg)
	}
	return unescape(arg[1 : end-1])
}

// unescape undoes strace's escapes: those of C, with octal numbers of one to three
// digits.
func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return "", fmt.Errorf("%q ends in an escape", s)
		}
		if at := strings.IndexByte(`abfnrtv"\'`, s[i]); at >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v\"\\'"[at])
			continue
		}
		n, digits := 0, 0
		for ; digits < 3 && i+digits < len(s) && s[i+digits] >= '0' && s[i+digits] <= '7'; digits++ {
			n = n*8 + int(s[i+digits]-'0')
		}
		if digits == 0 || n > 255 {
			return "", fmt.Errorf("%q has an unknown escape", s)
		}
		b.WriteByte(byte(n))
		i += digits - 1
	}
	return b.String(), nil
}

// descriptor reads a descriptor with its path, 3</a/b>, or AT_FDCWD</a>. The path is
// empty if there is none, as behind a closed descriptor.
func descriptor(arg string) (fd string, path string, err error) {
	fd, rest, ok := strings.Cut(arg, "<")
	if !ok {
		return arg, "", nil
	}
	end := strings.IndexByte(rest, '>')
	if end < 0 {
		return "", "", fmt.Errorf("%q is not a descriptor", arg)
	}
	path, err = unescape(rest[:end])
	return fd, path, err
}

// flags are the arguments that are no paths, texts or descriptors.
func (c *call) flags() string {
	var flags []string
	for _, arg := range c.args {
		if !strings.ContainsAny(arg, "\"<") {
			flags = append(flags, arg)
		}
	}
	return strings.Join(flags, " ")
}
