package gitlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// plain refuses a repository with something other than files and directories
// where git reads: to open a named pipe would block git until its time limit.
// Alternate object directories, which belong to others, are not looked at.
func (l location) plain() error {
	for _, name := range []string{"packed-refs", "refs", "objects"} {
		// Git goes down as deep as references go, but for objects only into the
		// directories that it knows: there links to directories lead in no circle.
		depth := 0
		if name == "objects" {
			depth = 3
		}
		if err := plainFile(filepath.Join(l.common, name), true, depth); err != nil {
			return fmt.Errorf("gitlog: %q: %w", l.top, err)
		}
	}
	return nil
}

// plainFile checks a file, or a directory with all in it. Linked says that it may
// be a link to a directory, and depth down to which level below others may be.
func plainFile(file string, linked bool, depth int) error {
	info, err := os.Lstat(file)
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	if link {
		info, err = os.Stat(file)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // also gone since its directory was listed
		return nil
	case err != nil:
		return err
	case info.Mode().IsRegular():
		return nil
	case !info.IsDir() || link && !linked:
		return fmt.Errorf("%q is not a regular file", file)
	}
	entries, err := os.ReadDir(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			continue // spares the look at each of many objects
		}
		if err := plainFile(filepath.Join(file, e.Name()), depth > 0, depth-1); err != nil {
			return err
		}
	}
	return nil
}
