package journal

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// datasync waits for data and length, but not for the times of the file, which
// would cost a second write on most file systems.
func datasync(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	err = conn.Control(func(fd uintptr) {
		for {
			// Interrupted before anything was written: not the failed sync that
			// must not be repeated.
			if syncErr = syscall.Fdatasync(int(fd)); syncErr != syscall.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("fdatasync", syncErr)
}

// naming is what was seen of the directory when the path last led to the file. While the
// directory is the same one and unchanged, the path still does, unless something was
// mounted over the file itself, which no directory shows.
//
// The directory is asked and not the file, because the kernel (from 6.13 on) gives a file
// whose times were looked at a new time with the next write, which costs a sync a third
// of its speed.
type naming struct {
	known    bool // else the rest means nothing
	dev, ino uint64
	changed  syscall.Timespec
}

// check is an error unless the path still leads to the file.
func (n *naming) check(o *osFile) error {
	now := directory(o.path)
	if now.known && now == *n {
		return nil
	}
	*n = naming{}
	// The directory was looked at first: what changes from here on is seen next time.
	if err := o.Named(); err != nil {
		return err
	}
	if info, err := os.Lstat(o.path); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return nil // what a link leads to is in another directory
	}
	if timesNames(filepath.Dir(o.path)) {
		*n = now
	}
	return nil
}

// timesNames reports whether a directory is of a file system that is known to give it a
// new time, by this machine's clock, whenever a name in it changes. Those of a network or
// of another program may answer from what they remember, or never change the time: there
// the path itself is looked at after each sync.
func timesNames(dir string) bool {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return false
	}
	switch uint32(st.Type) {
	case 0xEF53, // ext2, ext3, ext4
		0x58465342, // xfs
		0x9123683E, // btrfs
		0x2FC12FC1, // zfs
		0xF2F52010, // f2fs
		0xCA451A4E, // bcachefs
		0x01021994, // tmpfs
		0x794C7630: // overlayfs
		return true
	}
	return false
}

// directory is what is seen of the directory of path. It is known only if its last change
// is so long ago that a later one has another time.
func directory(path string) naming {
	var st syscall.Stat_t
	if syscall.Stat(filepath.Dir(path), &st) != nil {
		return naming{}
	}
	grain := 50 * time.Millisecond
	if st.Ctim.Nsec == 0 {
		grain = 3 * time.Second // the file system may count in seconds
	}
	age := time.Since(time.Unix(st.Ctim.Unix()))
	return naming{known: age > grain, dev: uint64(st.Dev), ino: st.Ino, changed: st.Ctim}
}
