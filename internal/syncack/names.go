package syncack

import (
	"path/filepath"
	"strings"
)

// gone notes that a call takes a name of data away, which may be how a store commits.
func (j *judge) gone(c *call, path string) {
	if j.kind(path) == Data {
		j.name(c, path)
	}
}

// name notes that a call changes a name in a directory.
func (j *judge) name(c *call, path string) {
	if j.kind(path) == Scratch {
		return
	}
	dir := filepath.Dir(path)
	j.entries[dir] = append(j.entries[dir], &span{begun: c.begun, ended: c.ended})
}

// rename moves what is known of a file, or of all in a folder, to another name.
func (j *judge) rename(from, to string) {
	j.part(to)
	if other, ok := j.twin[from]; ok {
		j.twin[to], j.twin[other] = other, to
		delete(j.twin, from)
	}
	for _, m := range []map[string][]*span{j.dirty, j.entries} {
		delete(m, to)
		for path, spans := range m {
			if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '/') {
				delete(m, path)
				m[to+rest] = spans
			}
		}
	}
	delete(j.exists, from)
	j.exists[to] = true
}

// part takes a name from a file. What was written under it is that of the file's other
// name, if it has one.
func (j *judge) part(path string) {
	if other, ok := j.twin[path]; ok {
		j.dirty[other] = append(j.dirty[other], j.dirty[path]...)
		delete(j.twin, path)
		delete(j.twin, other)
		if len(j.dirty[other]) == 0 {
			delete(j.dirty, other)
		}
	}
}

// unlink forgets a name: what was written to a file without one is nobody's any more.
func (j *judge) unlink(path string) {
	j.part(path)
	delete(j.dirty, path)
	delete(j.entries, path)
	delete(j.exists, path)
}
