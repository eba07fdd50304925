package crashtest

import "syscall"

// bound makes a process end with the one that starts it, also if it is stopped then and
// cannot see that its input has ended.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
