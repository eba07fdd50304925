package syncack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// History is what a log says that was done to a store, with what was written, so that
// it can be told what a power cut would have left of it at any moment.
type History struct {
	dir     string
	changes []*change
	flushes []flush
	acks    []int // the lines at which they began
	lines   int
}

// inode is a file, whatever its name.
type inode struct{ first string } // its first name; two of no size could be at one address

// change is one change of a file, or of the names in the folder.
type change struct {
	span
	file *inode
	// A change of content: data at an offset, or if cut a new length.
	offset int64
	data   []byte
	cut    bool
	// A change of names: the file has this name from now on, and loses another.
	name, gone string
}

func (c *change) names() bool { return c.name != "" || c.gone != "" }

// flush is one flush: of a file, or of the folder if file is nil. If it failed, what it
// was asked for may be lost, whatever is flushed later.
type flush struct {
	span
	file   *inode
	failed bool
}

var errNotReplayed = errors.New("a call that a history cannot repeat")

// ReadHistory reads a log of strace -f -y with all that was written, of a store in one
// folder that was empty. It knows fewer calls than [Read], and refuses the others; the
// log must have passed that.
func ReadHistory(log io.Reader, rules Rules) (*History, error) {
	h := &History{dir: rules.Dir}
	j := &judge{rules: rules}
	files := map[string]*inode{}
	pending := map[*call]*change{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 64<<20)
	var d decoder
	for lines.Scan() {
		begun, ended, err := d.decode(lines.Text())
		if err == nil && begun != nil {
			var paths []string
			if paths, err = j.paths(begun); err == nil && len(paths) == 0 && begun.name == "write" && len(begun.args) > 1 && strings.HasPrefix(begun.args[1], `"`+ackLine) {
				h.acks = append(h.acks, begun.begun)
			}
			if c, isChange := changeOf(begun, paths); isChange {
				pending[begun] = c
				h.changes = append(h.changes, c)
			}
		}
		if err == nil && ended != nil {
			err = h.take(j, ended, pending[ended], files)
			delete(pending, ended)
		}
		if err != nil {
			return nil, fmt.Errorf("syncack: line %d: %.300q: %w", d.line, lines.Text(), err)
		}
	}
	h.lines = d.line
	return h, lines.Err()
}

// changeOf is the beginning of a change. What it changes is known when it has ended.
func changeOf(c *call, paths []string) (*change, bool) {
	if len(paths) == 0 {
		return nil, false
	}
	switch {
	case slices.Contains(changing, c.name), strings.HasPrefix(c.name, "rename"), strings.HasPrefix(c.name, "unlink"),
		c.name == "open", c.name == "openat", strings.HasPrefix(c.name, "link"), strings.HasPrefix(c.name, "mkdir"):
		return &change{span: span{begun: c.begun}}, true
	}
	return nil, false
}

// take takes a call that has ended. A change that changes nothing stays without a file.
func (h *History) take(j *judge, c *call, ch *change, files map[string]*inode) error {
	paths, err := j.paths(c)
	isFlush := c.name == "fsync" || c.name == "fdatasync"
	if err != nil || len(paths) == 0 || c.result < 0 && !(isFlush && c.failed) {
		return err
	}
	path := paths[0]
	if j.kind(path) == Scratch || len(c.args) > 0 && strings.HasSuffix(c.args[0], "(deleted)") {
		return nil
	}
	name := func(path string) (string, error) {
		if filepath.Dir(path) != h.dir {
			return "", fmt.Errorf("%w: in a folder of the folder", errNotReplayed)
		}
		return filepath.Base(path), nil
	}
	if ch != nil {
		ch.ended = c.ended
	}
	switch c.name {
	case "open", "openat":
		if files[path] != nil || path == h.dir {
			if strings.Contains(strings.Join(c.args, " "), "O_TRUNC") {
				return errNotReplayed
			}
			return nil
		}
		files[path] = &inode{path}
		ch.file = files[path]
		ch.name, err = name(path)
		return err
	case "pwrite64":
		if len(c.args) != 4 {
			return errForm
		}
		data, err := text(c.args[1])
		if err != nil {
			return err
		}
		if int64(len(data)) < c.result {
			return fmt.Errorf("%w: it shows %d bytes of %d", errNotReplayed, len(data), c.result)
		}
		ch.file, ch.data = files[path], []byte(data[:c.result])
		ch.offset, err = strconv.ParseInt(c.args[3], 0, 64)
		return err
	case "ftruncate":
		ch.file, ch.cut = files[path], true
		ch.offset, err = strconv.ParseInt(c.args[1], 0, 64)
		return err
	case "unlink", "unlinkat":
		ch.file = files[path]
		ch.gone, err = name(path)
		delete(files, path)
		return err
	case "rename", "renameat", "renameat2":
		ch.file = files[path]
		if ch.gone, err = name(path); err != nil {
			return err
		}
		delete(files, path)
		files[paths[1]] = ch.file
		ch.name, err = name(paths[1])
		return err
	case "fsync", "fdatasync":
		if path != h.dir && files[path] == nil {
			return fmt.Errorf("%w: a file that nobody made", errNotReplayed)
		}
		h.flushes = append(h.flushes, flush{span{begun: c.begun, ended: c.ended}, files[path], c.failed})
		return nil
	}
	if ch != nil {
		return fmt.Errorf("%w: %s", errNotReplayed, c.name)
	}
	return nil
}

// Lines is how many lines the log has.
func (h *History) Lines() int { return h.lines }

// Acked is how many acknowledgements had begun before a line.
func (h *History) Acked(line int) int {
	n, _ := slices.BinarySearch(h.acks, line)
	return n
}

// Image makes, in an empty folder, what may be left of the store if the power is cut at a
// line: all that was flushed, and of the rest some, whatever its order, whole or in part:
// a disk writes sectors of 512 bytes. With no random numbers nothing of the rest is left.
func (h *History) Image(line int, r *rand.Rand, folder string) error {
	content, names := map[*inode][]byte{}, map[string]*inode{}
	for _, c := range h.changes {
		if c.begun >= line || c.file == nil {
			continue
		}
		flushed := h.flushed(c, line)
		switch {
		case !flushed && (r == nil || r.IntN(2) == 0):
		case c.names():
			delete(names, c.gone)
			if c.name != "" {
				names[c.name] = c.file
			}
		case c.cut:
			content[c.file] = resize(content[c.file], c.offset)
		default:
			to := resize(content[c.file], max(int64(len(content[c.file])), c.offset+int64(len(c.data))))
			content[c.file] = to
			for from := int64(0); from < int64(len(c.data)); {
				// Up to the end of the sector.
				n := min(int64(len(c.data))-from, 512-(c.offset+from)%512)
				if flushed || r.IntN(4) > 0 {
					copy(to[c.offset+from:], c.data[from:from+n])
				}
				from += n
			}
		}
	}
	for name, file := range names {
		if err := os.WriteFile(filepath.Join(folder, name), content[file], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// flushed reports whether a change had been flushed before a line.
func (h *History) flushed(c *change, line int) bool {
	of := c.file
	if c.names() {
		of = nil
	}
	for _, f := range h.flushes {
		if f.file == of && f.begun >= c.ended && c.ended > 0 && f.ended < line {
			return !f.failed
		}
	}
	return false
}

func resize(b []byte, n int64) []byte {
	if n <= int64(len(b)) {
		return b[:n:n]
	}
	return append(b, make([]byte, n-int64(len(b)))...)
}

// Each makes n images, at random moments, and has each looked at in a folder of its
// own, together with how much had been acknowledged by then. Every fourth holds nothing
// but what was flushed.
func (h *History) Each(t *testing.T, n int, look func(folder string, acked int)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for cut := range n {
		some := r
		if cut%4 == 0 {
			some = nil
		}
		line, folder := 1+r.IntN(h.Lines()+1), t.TempDir()
		if err := h.Image(line, some, folder); err != nil {
			t.Fatal(err)
		}
		look(folder, h.Acked(line))
	}
}
