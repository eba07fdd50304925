//go:build unix

package rollout_test

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that the process has used: what a benchmark takes of it
// depends less on what else the machine does than how long it takes.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
