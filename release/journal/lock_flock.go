//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package journal

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// openFlags keep opening a pipe from waiting for its other end; they mean nothing to
// a regular file.
const openFlags = syscall.O_NONBLOCK

// lock takes the file for this File alone. The lock belongs to the open file: it
// ends with the process, however that ends, so a killed process blocks nobody.
func lock(f *os.File) (unlock func() error, err error) {
	if err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %w", ErrLocked, err)
		}
		return nil, err
	}
	// Closing the file would not be enough: a process that is being started just now
	// has a copy of it until it execs.
	return func() error { return flock(f, syscall.LOCK_UN) }, nil
}

func flock(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if lockErr = syscall.Flock(int(fd), how); lockErr != syscall.EINTR {
				return
			}
		}
	})
	return errors.Join(err, os.NewSyscallError("flock", lockErr))
}

// replaceable is an error if another file cannot take the place of this one.
func replaceable(info os.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return fmt.Errorf("%q has %d names: the others would keep what is in it now", info.Name(), st.Nlink)
	}
	return nil
}

// sameRights gives a file the owner and the rights of another.
func sameRights(f *os.File, info os.FileInfo) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	a, ok := mine.Sys().(*syscall.Stat_t)
	b, too := info.Sys().(*syscall.Stat_t)
	if ok && too && (a.Uid != b.Uid || a.Gid != b.Gid) {
		if err := f.Chown(int(b.Uid), int(b.Gid)); err != nil {
			return err
		}
	}
	return f.Chmod(info.Mode().Perm())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
