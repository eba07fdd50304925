package syncack

import (
	"fmt"
	"path/filepath"
	"strings"
)

// paths are the files of the store that a call names, in the order of its arguments.
func (j *judge) paths(c *call) ([]string, error) {
	var paths []string
	dir := ""
	for i, arg := range c.args {
		if arg == "" {
			continue
		}
		switch {
		case strings.HasPrefix(arg, "AT_FDCWD"), arg[0] >= '0' && arg[0] <= '9' && strings.Contains(arg, "<") && !strings.Contains(arg, "<<"):
			_, path, err := descriptor(arg)
			if err != nil {
				return nil, err
			}
			dir = path
			// The folder that a name begins in is not what the call is about.
			if at := i + 1; at < len(c.args) && c.args[at][0] == '"' && strings.HasSuffix(strings.TrimSuffix(c.name, "2"), "at") && c.args[at] != `""` {
				continue
			}
			if strings.HasPrefix(path, "/") && j.inside(path) {
				paths = append(paths, path)
			}
		case arg[0] == '"' && namesPath(c.name, i):
			path, err := text(arg)
			if err != nil {
				return nil, err
			}
			if path == "" {
				continue
			}
			if !filepath.IsAbs(path) {
				if dir == "" {
					dir = j.rules.Work // the call does not show it
				}
				if dir == "" {
					return nil, fmt.Errorf("%w: a relative path", errUnknownCall)
				}
				path = filepath.Join(dir, path)
			}
			if path = filepath.Clean(path); j.inside(path) {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}

// namesPath reports whether a quoted argument of a call is a path and not content.
func namesPath(name string, arg int) bool {
	switch name {
	case "write", "pwrite64", "read", "pread64", "sendto", "recvfrom", "sendmsg", "recvmsg", "execve", "execveat", "readv", "writev":
		return false
	case "readlink", "getxattr", "lgetxattr", "listxattr", "getcwd":
		return arg == 0 && name != "getcwd"
	case "readlinkat":
		return arg == 1
	case "symlink":
		return arg == 1
	case "symlinkat":
		return arg == 2
	}
	return true
}

func pathOf(arg string) (string, error) {
	if strings.HasSuffix(arg, "(deleted)") {
		return "", nil
	}
	_, path, err := descriptor(arg)
	return path, err
}
