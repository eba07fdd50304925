//go:build unix && !linux

package crashtest

import "syscall"

// bound is nothing here: a writer that is stopped when its test dies stays.
func bound() *syscall.SysProcAttr { return nil }
