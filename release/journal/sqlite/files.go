package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// files are the database and its log as they were found when the journal was opened.
type files []found

type found struct {
	path string
	id   fileID
}

func findFiles(database string) (files, error) {
	var out files
	for _, path := range []string{database, database + "-wal"} {
		id, err := identify(path)
		if err != nil {
			return nil, fmt.Errorf("look for the files of the database: %w", err)
		}
		out = append(out, found{path, id})
	}
	return out, nil
}

// checkLinks refuses a database that has several names: whoever opens it by another one
// has another log.
func checkLinks(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if n := links(info); n > 1 {
		return fmt.Errorf("the file %q has %d names (hard links): each would have a log of its own", path, n)
	}
	return nil
}

// check reports whether the paths still lead to the files. If somebody has removed or
// replaced one, what is written goes where nobody will find it. It must not open them:
// closing one again would drop the locks that SQLite has on it.
func (f files) check() error {
	for _, was := range f {
		is, err := identify(was.path)
		if err != nil {
			return fmt.Errorf("the file was removed while the journal was open: %w", err)
		}
		if !was.id.same(is) {
			return fmt.Errorf("the file %q was replaced while the journal was open", was.path)
		}
	}
	return nil
}
