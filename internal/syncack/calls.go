package syncack

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var (
	errUnknownCall = errors.New("a call on a file of the store that the reader does not know")
	errMapping     = errors.New("a shared mapping of a file of the store: no trace shows what is written to it, now or when it is made writable")
	errAsync       = errors.New("asynchronous calls, io_uring or io_submit: no trace shows what is written with them")
	errScratch     = errors.New("a file that need never be flushed is given a name as data")
)

// harmless are calls on files that change neither content nor names.
var harmless = []string{
	"read", "pread64", "readv", "preadv", "preadv2", "lseek", "close", "fcntl", "flock", "fstat", "stat", "lstat", "newfstatat",
	"statx", "fstatfs", "statfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "fadvise64",
	"readahead", "munmap", "msync", "madvise", "mprotect", "sync_file_range", "dup", "dup2", "dup3", "epoll_ctl", "chdir", "fchdir", "getcwd",
	"fchmod", "chmod", "fchmodat", "fchown", "chown", "lchown", "fchownat", "utimensat", "futimesat", "utime", "utimes",
	"getxattr", "lgetxattr", "fgetxattr", "listxattr", "poll", "ppoll", "select", "pselect6", "execve", "inotify_add_watch",
}

// changing are calls whose first argument is the file they change.
var changing = []string{"write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate", "sendfile"}

// begin takes the beginning of a call. What it may change counts from here on.
func (j *judge) begin(c *call) error {
	if strings.HasPrefix(c.name, "io_") {
		return errAsync
	}
	paths, err := j.paths(c)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		if len(c.args) > 1 {
			j.outside(c)
		}
		return nil
	}
	switch {
	case slices.Contains(changing, c.name):
		if c.args[0][0] == '"' {
			j.write(c, paths[0], false) // truncate
			return nil
		}
		return j.change(c, c.args[0])
	case c.name == "copy_file_range" || c.name == "splice":
		if len(c.args) < 3 {
			return errForm
		}
		if path, err := pathOf(c.args[2]); err != nil || !j.inside(path) {
			return err
		}
		return j.change(c, c.args[2])
	case c.name == "mmap":
		if len(c.args) > 3 && strings.Contains(c.args[3], "MAP_SHARED") && !j.scratch(paths) {
			return errMapping
		}
	case c.name == "fsync" || c.name == "fdatasync" || c.name == "syncfs":
	case c.name == "open" || c.name == "openat" || c.name == "openat2" || c.name == "creat":
		return j.opening(c, paths[0])
	case strings.HasPrefix(c.name, "rename"), strings.HasPrefix(c.name, "link"):
		if len(paths) == 2 && j.kind(paths[0]) == Scratch && j.kind(paths[1]) != Scratch {
			return errScratch
		}
	case strings.HasPrefix(c.name, "unlink"), strings.HasPrefix(c.name, "mkdir"), c.name == "rmdir", strings.HasPrefix(c.name, "symlink"):
	case slices.Contains(harmless, c.name), j.scratch(paths):
	default:
		return fmt.Errorf("%w: %s", errUnknownCall, c.name)
	}
	return nil
}

func (j *judge) scratch(paths []string) bool {
	return !slices.ContainsFunc(paths, func(p string) bool { return j.kind(p) != Scratch })
}

// outside takes a call on something that is not the store's: it may acknowledge.
func (j *judge) outside(c *call) {
	switch c.name {
	case "write", "writev", "sendto", "sendmsg", "pwrite64":
	default:
		return
	}
	said := c.args[1]
	if at := strings.IndexByte(said, '"'); at >= 0 {
		if end := quoted(said[at:]); end > 0 {
			said, _ = text(said[at : at+end])
		}
	}
	isAck := j.rules.Ack
	if isAck == nil {
		isAck = func(_, text string) bool { return strings.HasPrefix(text, ackLine) }
	}
	if isAck(c.name, said) {
		j.ack(c)
	}
}

// change notes a write through a descriptor.
func (j *judge) change(c *call, arg string) error {
	if strings.HasSuffix(arg, "(deleted)") {
		return nil
	}
	fd, path, err := descriptor(arg)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(fd)
	if err != nil {
		return errForm
	}
	last := c.args[len(c.args)-1]
	// A new length is not flushed by the way in which the file was opened.
	durable := strings.Contains(c.name, "write") && j.synced[[2]int64{int64(j.groupOf(c.pid)), int64(n)}] ||
		c.name == "pwritev2" && (strings.Contains(last, "RWF_DSYNC") || strings.Contains(last, "RWF_SYNC"))
	j.write(c, path, durable)
	return nil
}

// opening notes that a file may be cut to nothing.
func (j *judge) opening(c *call, path string) error {
	flags := c.flags()
	if c.name == "openat2" || strings.Contains(flags, "O_TMPFILE") {
		return fmt.Errorf("%w: %s", errUnknownCall, c.name)
	}
	if j.exists[path] && (strings.Contains(flags, "O_TRUNC") || c.name == "creat") {
		j.write(c, path, false)
	}
	return nil
}

// end takes the end of a call.
func (j *judge) end(c *call) error {
	for _, f := range j.running[c] {
		f(c.ended)
	}
	delete(j.running, c)
	if c.result < 0 {
		return j.failed(c)
	}
	if len(c.args) == 0 && c.name != "sync" {
		return nil // it is about no file
	}
	switch c.name {
	case "clone", "clone3", "fork", "vfork":
		return j.cloned(c)
	case "sync":
		j.flush(c, func(string) bool { return true })
		return nil
	case "dup", "dup2", "dup3":
		j.copied(c, c.result)
		return nil
	case "fcntl":
		if len(c.args) > 1 && strings.HasPrefix(c.args[1], "F_DUPFD") {
			j.copied(c, c.result)
		}
		return nil
	case "close":
		fd, _, err := descriptor(c.args[0])
		n, _ := strconv.ParseInt(fd, 10, 64)
		delete(j.synced, [2]int64{int64(j.groupOf(c.pid)), n})
		return err
	}
	paths, err := j.paths(c)
	if err == nil && (c.name == "open" || c.name == "openat" || c.name == "creat") {
		j.opened(c, paths)
		return nil
	}
	if err != nil || len(paths) == 0 {
		return err
	}
	switch c.name {
	case "fsync", "fdatasync":
		if strings.HasSuffix(c.args[0], "(deleted)") {
			return nil
		}
		j.flush(c, func(p string) bool { return p == paths[0] })
	case "syncfs":
		j.flush(c, func(string) bool { return true })
	case "rename", "renameat", "renameat2":
		if len(paths) != 2 {
			return fmt.Errorf("%w: it moves a file into the store or out of it", errUnknownCall)
		}
		if strings.Contains(strings.Join(c.args, " "), "RENAME_EXCHANGE") {
			return fmt.Errorf("%w: an exchange", errUnknownCall)
		}
		j.rename(paths[0], paths[1])
		j.gone(c, paths[0])
		j.name(c, paths[1])
	case "link", "linkat":
		if len(paths) != 2 {
			return fmt.Errorf("%w: it links a file into the store or out of it", errUnknownCall)
		}
		j.dirty[paths[1]] = append(j.dirty[paths[1]], j.dirty[paths[0]]...)
		j.exists[paths[1]] = true
		j.twin[paths[0]], j.twin[paths[1]] = paths[1], paths[0]
		j.name(c, paths[1])
	case "symlink", "symlinkat", "mkdir", "mkdirat":
		path := paths[len(paths)-1]
		j.exists[path] = true
		j.name(c, path)
	case "unlink", "unlinkat", "rmdir":
		j.unlink(paths[0])
		j.gone(c, paths[0])
	}
	return nil
}

// failed takes a call that returned an error. A flush that failed may have forgotten
// what it did not write: no other flushes that.
func (j *judge) failed(c *call) error {
	if !c.failed || c.name != "fsync" && c.name != "fdatasync" {
		return nil
	}
	paths, err := j.paths(c)
	if err == nil && len(paths) > 0 {
		j.flush(c, func(p string) bool { return p == paths[0] })
	}
	return err
}
