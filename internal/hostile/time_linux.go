package hostile

import (
	"syscall"
	"time"
)

// threadTime is what this thread has used of a processor: other programs on a busy
// machine do not count.
func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
