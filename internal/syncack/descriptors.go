package syncack

import (
	"slices"
	"strconv"
	"strings"
)

// opened notes a new file, one that was cut under another name than its own, and
// whether what is written to the descriptor is flushed at once.
func (j *judge) opened(c *call, named []string) {
	flags := c.flags()
	if path := c.resultPath; j.inside(path) {
		if !slices.Contains(named, path) && j.exists[path] && (strings.Contains(flags, "O_TRUNC") || c.name == "creat") {
			j.write(c, path, false)
			j.dirty[path][len(j.dirty[path])-1].ended = c.ended
		}
		if (strings.Contains(flags, "O_CREAT") || c.name == "creat") && !j.exists[path] {
			j.exists[path] = true
			j.name(c, path)
		}
	}
	key := [2]int64{int64(j.groupOf(c.pid)), c.result}
	delete(j.synced, key)
	if strings.Contains(flags, "O_DSYNC") || strings.Contains(flags, "O_SYNC") {
		j.synced[key] = true
	}
}

// copied notes that a descriptor was copied.
func (j *judge) copied(c *call, to int64) {
	fd, _, _ := descriptor(c.args[0])
	from, err := strconv.ParseInt(fd, 10, 64)
	group := int64(j.groupOf(c.pid))
	delete(j.synced, [2]int64{group, to})
	if err == nil && j.synced[[2]int64{group, from}] {
		j.synced[[2]int64{group, to}] = true
	}
}

// groupOf is the process whose descriptors a thread uses.
func (j *judge) groupOf(pid int) int {
	if g, ok := j.group[pid]; ok {
		return g
	}
	return pid
}

// cloned notes a new thread or process. The first calls of a new one may stand before
// the end of the call that made it; it has then no descriptors that are flushed at once,
// which errs on the strict side.
func (j *judge) cloned(c *call) error {
	parent, child := j.groupOf(c.pid), int(c.result)
	if strings.Contains(strings.Join(c.args, " "), "CLONE_FILES") {
		j.group[child] = parent
		return nil
	}
	for key := range j.synced {
		if key[0] == int64(parent) {
			j.synced[[2]int64{int64(child), key[1]}] = true
		}
	}
	return nil
}
