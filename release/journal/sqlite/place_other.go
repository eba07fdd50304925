//go:build !linux

package sqlite

import (
	"io/fs"
	"runtime"
)

// dirSyncOptional says that the system has no way to sync a folder.
const dirSyncOptional = runtime.GOOS == "windows"

// links would be how many names a file has, if that could be told here.
func links(fs.FileInfo) uint64 { return 1 }

const countsLinks = false

// checkPlace would refuse a network file system, if it could be told here.
func checkPlace(string) error { return nil }
