package rollout_test

import "syscall"

// fleetBound makes a process end with the one that starts it, also if it is stopped then
// and cannot see that its input has ended.
func fleetBound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
