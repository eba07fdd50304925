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

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
