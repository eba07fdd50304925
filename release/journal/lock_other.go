//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const openFlags = 0

// lock makes a file beside f, named f with ".lock" behind it. Here the lock does
// not end with the process: after a crash somebody has to remove the file, which
// says who made it.
func lock(f *os.File) (unlock func() error, err error) {
	name := f.Name() + ".lock"
	l, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(l, "process %d\n", os.Getpid())
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(name))
	}
	return func() error { return os.Remove(name) }, nil
}

// replaceable is an error: these systems do not give an open file's name to another.
func replaceable(os.FileInfo) error { return errors.ErrUnsupported }

// sameRights does nothing: nothing is replaced here.
func sameRights(*os.File, os.FileInfo) error { return nil }

// syncDir does nothing: these systems have no way to ask for it, or order the
// names themselves.
func syncDir(string) error { return nil }
