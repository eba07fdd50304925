//go:build !linux

package journal

import "os"

func datasync(f *os.File) error { return f.Sync() }

// naming is what is known of the path. Here that is nothing.
type naming struct{}

func (*naming) check(o *osFile) error { return o.Named() }
