package journal

import (
	"os"
	"syscall"
)

// datasync waits for data and length, but not for the times of the file, which
// would cost a second write on most file systems.
func datasync(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	err = conn.Control(func(fd uintptr) {
		for {
			// Interrupted before anything was written: not the failed sync that
			// must not be repeated.
			if syncErr = syscall.Fdatasync(int(fd)); syncErr != syscall.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("fdatasync", syncErr)
}
