//go:build unix

package postgres_test

import (
	"os"
	"syscall"
	"time"
)

// pauseProcess stops a process for a while.
func pauseProcess(p *os.Process, d time.Duration) {
	p.Signal(syscall.SIGSTOP)
	time.Sleep(d)
	p.Signal(syscall.SIGCONT)
}
