package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

const (
	dirSyncOptional = false
	countsLinks     = true
)

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 1
}

// networkFS are the file systems, by the numbers of statfs(2), on which processes of
// different machines, or of different views of one, do not share memory of a file.
var networkFS = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x01021997: "9P",
	0x00c36400: "Ceph",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x0bd00bd0: "Lustre",
	0x7461636f: "OCFS2",
	0x01161970: "GFS2",
	0x73757245: "Coda",
	0x564c:     "NCP",
	0x19830326: "BeeGFS",
	0x47504653: "GPFS",
}

// checkPlace refuses a file on a network file system: the log's index is memory that
// all processes share, and there they do not.
func checkPlace(path string) error {
	var s syscall.Statfs_t
	err := syscall.Statfs(path, &s)
	if errors.Is(err, fs.ErrNotExist) {
		err = syscall.Statfs(filepath.Dir(path), &s)
	}
	if err != nil {
		return fmt.Errorf("look at the file system of %q: %w", path, err)
	}
	return checkFS(path, uint32(s.Type))
}

func checkFS(path string, typ uint32) error {
	if name, ok := networkFS[typ]; ok {
		return fmt.Errorf("%q is on a network file system (%s): processes cannot share the write-ahead log there", path, name)
	}
	return nil
}
