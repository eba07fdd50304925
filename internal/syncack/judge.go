package syncack

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Kind says what a file of the store is, and so what must hold at an acknowledgement.
type Kind int

const (
	// Data must be flushed.
	Data Kind = iota + 1
	// Beside need not be flushed as long as it has this name: it is being made, and
	// counts once it was renamed to be data.
	Beside
	// Scratch need never be flushed: it is made anew after a crash, as SQLite's -shm.
	Scratch
)

// Rules say how a log is to be read.
type Rules struct {
	// Dir is the folder that the store is in. It must be a path without symbolic links.
	Dir string
	// Work is the working directory of what is traced, for calls that do not show it. If
	// empty, such a call with a relative path fails the reading.
	Work string
	// Exists are the names in Dir of what was there when the trace began, with slashes.
	Exists []string
	// Kind says what the file with this name in Dir is; nil means Data for all.
	Kind func(name string) Kind
	// Ack reports whether this call, with the text it begins with, acknowledges: it is
	// asked of all calls that write to something outside of Dir. If nil, that is a
	// write of a line of [Ack].
	Ack func(call, text string) bool
}

// Report is what a log shows.
type Report struct {
	// Acks is how many acknowledgements there were.
	Acks int
	// Unflushed are those before which something was written that was not flushed, and
	// Idle those before which nothing of the data was flushed since the one before: what they
	// acknowledge cannot be on the disk. An acknowledgement may be in both.
	Unflushed, Idle []Finding
	// Flushes is how many calls flushed something that was written.
	Flushes int
}

// Finding is one acknowledgement that came too early.
type Finding struct {
	// Line is the line of the log at which it began.
	Line int
	// Files are the names of what was not flushed, and since which line.
	Files []string
}

// String names the line and the files.
func (f Finding) String() string {
	return fmt.Sprintf("line %d: %s", f.Line, strings.Join(f.Files, ", "))
}

// span is a call that changed something: from the line at which it began to the one
// at which it ended, and without an end as long as it has not.
type span struct {
	begun, ended int
	// lost says that a flush of it failed: it may never be on the disk.
	lost bool
}

// judge is the state of the store as a log tells it.
type judge struct {
	rules   Rules
	dirty   map[string][]*span        // by path: what was written and not flushed
	entries map[string][]*span        // by directory: names that were made and not flushed
	exists  map[string]bool           // paths
	twin    map[string]string         // by path: another name of the same file
	synced  map[[2]int64]bool         // by group and descriptor: opened with O_DSYNC or O_SYNC
	group   map[int]int               // the processes that share descriptors, by thread
	running map[*call][]func(end int) // what is to be done when it ends
	flushed bool                      // something was, since the last acknowledgement
	report  Report
}

// Read judges a log of strace -f -y. It fails on a line or a call that it does not
// know.
func Read(log io.Reader, rules Rules) (Report, error) {
	j := &judge{rules: rules, dirty: map[string][]*span{}, entries: map[string][]*span{}, exists: map[string]bool{rules.Dir: true},
		twin: map[string]string{}, synced: map[[2]int64]bool{}, group: map[int]int{}, running: map[*call][]func(int){}}
	for _, name := range rules.Exists {
		j.exists[filepath.Join(rules.Dir, filepath.FromSlash(name))] = true
	}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 16<<20)
	var d decoder
	for lines.Scan() {
		begun, ended, err := d.decode(lines.Text())
		if err == nil && begun != nil {
			err = j.begin(begun)
		}
		if err == nil && ended != nil {
			err = j.end(ended)
		}
		if err != nil {
			return Report{}, fmt.Errorf("syncack: line %d: %.300q: %w", d.line, lines.Text(), err)
		}
	}
	if err := lines.Err(); err != nil {
		return Report{}, fmt.Errorf("syncack: line %d: %w", d.line, err)
	}
	return j.report, nil
}

// inside reports whether a path is the store's folder or in it.
func (j *judge) inside(path string) bool {
	return path == j.rules.Dir || strings.HasPrefix(path, j.rules.Dir+"/")
}

func (j *judge) kind(path string) Kind {
	if j.rules.Kind == nil {
		return Data
	}
	name, err := filepath.Rel(j.rules.Dir, path)
	if err != nil {
		return Data
	}
	return j.rules.Kind(filepath.ToSlash(name))
}

// write notes that a call changes a file: from when it begins, whatever it returns.
func (j *judge) write(c *call, path string, durable bool) {
	if j.kind(path) == Scratch {
		return
	}
	s := &span{begun: c.begun}
	j.dirty[path] = append(j.dirty[path], s)
	j.then(c, func(end int) {
		s.ended, s.lost = end, durable && c.failed
		if durable && c.result >= 0 {
			j.flushed = j.flushed || j.kind(path) == Data
			j.report.Flushes++
			for path := range j.dirty { // it may have been renamed meanwhile
				j.drop(j.dirty, path, func(o *span) bool { return o == s })
			}
		}
	})
}

// flush clears what had been done to the files for which which is true before the call
// began, or if it failed gives it up.
func (j *judge) flush(c *call, which func(path string) bool) {
	before := func(s *span) bool { return s.ended > 0 && s.ended <= c.begun && !s.lost }
	for _, m := range []map[string][]*span{j.dirty, j.entries} {
		for path := range m {
			if !which(path) {
				continue
			}
			if c.failed {
				for _, s := range m[path] {
					s.lost = s.lost || before(s)
				}
			} else if j.drop(m, path, before) {
				j.flushed = j.flushed || j.kind(path) == Data
				j.report.Flushes++
			}
		}
	}
}

// drop removes the spans for which which is true, and reports whether there were any.
func (j *judge) drop(m map[string][]*span, path string, which func(*span) bool) bool {
	n := len(m[path])
	if m[path] = slices.DeleteFunc(m[path], which); len(m[path]) == n {
		return false
	}
	if len(m[path]) == 0 {
		delete(m, path)
	}
	return true
}

// then does something when a call has ended.
func (j *judge) then(c *call, f func(end int)) {
	j.running[c] = append(j.running[c], f)
}

// ack judges the state at an acknowledgement.
func (j *judge) ack(c *call) {
	j.report.Acks++
	var files []string
	for _, path := range slices.Sorted(maps.Keys(j.dirty)) {
		if j.kind(path) == Data {
			files = append(files, fmt.Sprintf("%s since line %d", path, j.dirty[path][0].begun))
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(j.entries)) {
		files = append(files, fmt.Sprintf("the names in %s since line %d", dir, j.entries[dir][0].begun))
	}
	if len(files) > 0 {
		j.report.Unflushed = append(j.report.Unflushed, Finding{c.begun, files})
	}
	if !j.flushed {
		j.report.Idle = append(j.report.Idle, Finding{Line: c.begun})
	}
	j.flushed = false
}
