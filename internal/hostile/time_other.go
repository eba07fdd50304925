//go:build !linux

package hostile

import "time"

var start = time.Now()

func threadTime() time.Duration { return time.Since(start) }
