package gitlog

import (
	"bufio"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The sides of an entry of "git rev-list --left-right --boundary".
const (
	sideBase     = '<' // reachable from base only
	sideHead     = '>' // reachable from head only
	sideBoundary = '-' // a parent of one of those, reachable from both
)

// entry is one commit of a history.
type entry struct {
	side    byte
	id      release.Revision
	parents []release.Revision
}

// parseHistory reads the output of "git rev-list --left-right --boundary
// --parents": side, id, and the ids of the parents, a line each. It stops with
// ErrTooLarge before the entry after the limit.
func (f hashFormat) parseHistory(r *bufio.Reader, limit int) ([]entry, error) {
	var entries []entry
	commits := 0
	for {
		line, err := readToken(r, '\n')
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
		if len(line) == 0 || line[0] != sideBase && line[0] != sideHead && line[0] != sideBoundary {
			return nil, fmt.Errorf("history line %q", line)
		}
		if line[0] != sideBoundary {
			if commits++; commits > limit {
				return entries, ErrTooLarge
			}
		}
		e := entry{side: line[0]}
		for i, field := range strings.Split(string(line[1:]), " ") {
			id, err := f.parse(field)
			switch {
			case err != nil:
				return nil, fmt.Errorf("history line %q: %w", line, err)
			case i == 0:
				e.id = id
			default:
				e.parents = append(e.parents, id)
			}
		}
		entries = append(entries, e)
	}
}

// closed checks that nothing is missing from a history: head and base (if there
// is one) are in it, no commit twice, and each parent is in it too. Git lists the
// boundary, so this holds for each whole output, and for no beginning of one.
func closed(entries []entry, base, head release.Revision) error {
	there := make(map[release.Revision]bool, len(entries))
	for _, e := range entries {
		if there[e.id] {
			return fmt.Errorf("history has commit %s twice", e.id)
		}
		there[e.id] = true
	}
	if !there[head] || base != "" && !there[base] {
		return fmt.Errorf("%w: history without its ends", io.ErrUnexpectedEOF)
	}
	for _, e := range entries {
		if e.side == sideBoundary {
			continue
		}
		for _, p := range e.parents {
			if !there[p] {
				return fmt.Errorf("%w: history without %s, a parent of %s", io.ErrUnexpectedEOF, p, e.id)
			}
		}
	}
	return nil
}

// order sorts commits: parents before children, else by committer time, else by
// id. It does not depend on the order that they come in.
func order(commits []release.Commit) []release.Commit {
	at := make(map[release.Revision]int, len(commits))
	for i := range commits {
		at[commits[i].ID] = i
	}
	waits := make([]int, len(commits)) // for so many parents
	children := make([][]int, len(commits))
	for i := range commits {
		for _, p := range commits[i].Parents {
			if j, ok := at[p]; ok {
				waits[i]++
				children[j] = append(children[j], i)
			}
		}
	}
	ready := &oldest{of: commits}
	for i, n := range waits {
		if n == 0 {
			heap.Push(ready, i)
		}
	}
	out := make([]release.Commit, 0, len(commits))
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		out = append(out, commits[i])
		for _, c := range children[i] {
			if waits[c]--; waits[c] == 0 {
				heap.Push(ready, c)
			}
		}
	}
	return out
}

// oldest is a heap of indices of commits.
type oldest struct {
	of  []release.Commit
	ids []int
}

func (h *oldest) Len() int { return len(h.ids) }
func (h *oldest) Less(i, j int) bool {
	a, b := &h.of[h.ids[i]], &h.of[h.ids[j]]
	if !a.Committed.Equal(b.Committed) {
		return a.Committed.Before(b.Committed)
	}
	return a.ID < b.ID
}
func (h *oldest) Swap(i, j int) { h.ids[i], h.ids[j] = h.ids[j], h.ids[i] }
func (h *oldest) Push(x any)    { h.ids = append(h.ids, x.(int)) }
func (h *oldest) Pop() any {
	last := h.ids[len(h.ids)-1]
	h.ids = h.ids[:len(h.ids)-1]
	return last
}
