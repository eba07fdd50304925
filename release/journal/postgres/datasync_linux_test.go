package postgres_test

import (
	"os"
	"syscall"
)

// datasync is fdatasync, as the server's default.
func datasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
