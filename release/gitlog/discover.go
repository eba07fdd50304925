package gitlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// location is where a repository keeps its things.
type location struct {
	top    string // the directory with the files; of a bare repository the git directory
	git    string // HEAD
	common string // objects, references, shallow; differs from git in a linked worktree
}

// locate finds the repository that dir is in, as git does: the first of dir and
// its parents that has a .git (a directory, or a file that names one), or that is
// a git directory itself. Unlike git it does not stop at file system boundaries,
// and does not pass over a .git that is broken.
func locate(dir string) (location, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return location{}, fmt.Errorf("gitlog: %w", err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return location{}, fmt.Errorf("gitlog: open %q: %w: %w", dir, ErrNotRepository, err)
	}
	if info, err := os.Stat(abs); err != nil || !info.IsDir() {
		return location{}, fmt.Errorf("gitlog: open %q: %w: not a directory", dir, ErrNotRepository)
	}
	for d := abs; ; d = filepath.Dir(d) {
		dot := filepath.Join(d, ".git")
		info, err := os.Stat(dot)
		if err == nil && info.Mode().IsRegular() {
			linked, err := readLink(dot, "gitdir: ")
			if err != nil {
				return location{}, fmt.Errorf("gitlog: open %q: %w: %w", dir, ErrNotRepository, err)
			}
			if l, ok := gitDir(linked); ok {
				l.top = d
				return l, nil
			}
			return location{}, fmt.Errorf("gitlog: open %q: %w: %q names %q, which is none", dir, ErrNotRepository, dot, linked)
		}
		if l, ok := gitDir(dot); ok {
			l.top = d
			return l, nil
		}
		if _, err := os.Lstat(dot); !errors.Is(err, fs.ErrNotExist) {
			// A broken repository. One around it is not what was asked for.
			return location{}, fmt.Errorf("gitlog: open %q: %w: %q is no git directory", dir, ErrNotRepository, dot)
		}
		if l, ok := gitDir(d); ok {
			l.top = d
			return l, nil
		}
		if filepath.Dir(d) == d {
			return location{}, fmt.Errorf("gitlog: open %q: %w", dir, ErrNotRepository)
		}
	}
}

// gitDir reports whether d is a git directory: HEAD, objects and refs.
func gitDir(d string) (location, bool) {
	l := location{git: d, common: d}
	if info, err := os.Lstat(filepath.Join(d, "HEAD")); err != nil || info.IsDir() {
		return location{}, false
	}
	if _, err := os.Stat(filepath.Join(d, "commondir")); err == nil {
		common, err := readLink(filepath.Join(d, "commondir"), "")
		if err != nil {
			return location{}, false
		}
		l.common = common
	}
	for _, sub := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(l.common, sub)); err != nil || !info.IsDir() {
			return location{}, false
		}
	}
	return l, true
}

// readLink reads a file that names a directory, relative to where the file is.
func readLink(file, prefix string) (string, error) {
	b, err := readSmall(file, 1<<14)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(b), "\r\n"), prefix)
	if !ok || target == "" {
		return "", fmt.Errorf("%q does not name a git directory", file)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(file), target)
	}
	return filepath.Clean(target), nil
}

// readSmall reads a regular file of at most limit bytes. What is no regular file
// (a named pipe would block the reader) is refused.
func readSmall(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file", file)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%q: %w", file, ErrTooLarge)
	}
	return os.ReadFile(file)
}

// readShallow reads the list of commits whose parents were left out of a clone.
// No such file is an empty list.
func readShallow(common string, format hashFormat) (text []byte, ids map[release.Revision]bool, err error) {
	text, err = readSmall(filepath.Join(common, "shallow"), 64<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("gitlog: list of shallow commits: %w", err)
	}
	ids = map[release.Revision]bool{}
	for line := range bytes.Lines(text) {
		id, err := format.parse(strings.TrimSpace(string(line)))
		if err != nil {
			return nil, nil, fmt.Errorf("gitlog: list of shallow commits: %w", err)
		}
		ids[id] = true
	}
	return text, ids, nil
}
