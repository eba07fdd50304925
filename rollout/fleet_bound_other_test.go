//go:build unix && !linux

package rollout_test

import "syscall"

func fleetBound() *syscall.SysProcAttr { return nil }
