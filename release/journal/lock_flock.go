//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package journal

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the file for this File alone. The lock belongs to the open file: it
// ends with the process, however that ends, so a killed process blocks nobody.
func lock(f *os.File) (unlock func() error, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if lockErr = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB); lockErr != syscall.EINTR {
				return
			}
		}
	})
	if err := errors.Join(err, os.NewSyscallError("flock", lockErr)); err != nil {
		return nil, err
	}
	return func() error { return nil }, nil // closing the file unlocks it
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
