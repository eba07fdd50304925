package sqlite

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// fileID is which file it is, among all of the machine.
type fileID struct {
	major, minor uint32
	inode        uint64
}

func (id fileID) same(as fileID) bool { return id == as }

// identify says which file a path leads to, and asks for nothing else. Since Linux 6.13 a
// file gets a new time of modification with the first write after somebody asked for the
// old one, and the next sync has to write that too, so that it takes twice as long.
func identify(path string) (fileID, error) {
	var s unix.Statx_t
	for {
		err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO, &s)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fileID{}, &fs.PathError{Op: "statx", Path: path, Err: err}
		}
		return fileID{s.Dev_major, s.Dev_minor, s.Ino}, nil
	}
}
