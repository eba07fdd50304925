package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrLocked says that another [File] has the journal open: in this process or in
// another. Nothing was changed. Wait for it to end, or ask it.
var ErrLocked = errors.New("journal: it is open elsewhere")

// backing is what a File needs of a disk. Tests put one in its place that fails.
type backing interface {
	io.ReaderAt
	io.WriterAt
	// Size is the length in bytes.
	Size() (int64, error)
	// Truncate sets the length.
	Truncate(size int64) error
	// Sync returns when all that was written, and the length, is on the disk.
	Sync() error
	// SyncDir returns when the file's name is on the disk.
	SyncDir() error
	// Close also gives up the lock.
	Close() error
}

// osFile is a locked file of the operating system.
type osFile struct {
	*os.File
	path   string // absolute, so that it means the same after a change of directory
	unlock func() error
}

// openFile opens and locks the file at path and makes it when it is not there.
func openFile(path string) (backing, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	// The file may be replaced between opening and locking it, and then the lock
	// is on a file without a name: compare, and try again.
	for range 10 {
		f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE|openFlags, 0o600)
		if err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		unlock, err := lock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("journal: lock %q: %w", path, err)
		}
		o := &osFile{File: f, path: abs, unlock: unlock}
		if o.named() == nil {
			return o, nil
		}
		o.Close()
	}
	return nil, fmt.Errorf("%w: %q is being replaced", ErrLocked, path)
}

// openReadOnly opens the file at path for reading, without a lock.
func openReadOnly(path string) (backing, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &osFile{File: f, path: path, unlock: func() error { return nil }}, nil
}

// named is an error unless the path still leads to this file.
func (o *osFile) named() error {
	mine, err := o.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(o.path)
	if err != nil {
		return fmt.Errorf("the file is not at its path any more: %w", err)
	}
	if !os.SameFile(mine, there) {
		return fmt.Errorf("another file is at %q now", o.path)
	}
	return nil
}

// Size implements backing. What is no regular file (a directory, a pipe, a
// device) is refused here, before anything is read.
func (o *osFile) Size() (int64, error) {
	info, err := o.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%q is not a regular file", o.Name())
	}
	return info.Size(), nil
}

// Sync implements backing. It fails when the path no longer leads to the file: what
// was removed is durable for nobody, and where it was replaced, another process may
// have opened the journal that is there now.
func (o *osFile) Sync() error {
	if err := datasync(o.File); err != nil {
		return err
	}
	return o.named()
}

// SyncDir implements backing.
func (o *osFile) SyncDir() error {
	dir, err := o.dir()
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// dir is the directory that the file is in, not that of a symbolic link to it.
func (o *osFile) dir() (string, error) {
	path, err := filepath.EvalSymlinks(o.path)
	return filepath.Dir(path), err
}

// Close implements backing.
func (o *osFile) Close() error {
	// Unlock first: where the lock is a file of its own, it must not outlive this
	// one when closing fails. The process has stopped writing by now.
	return errors.Join(o.unlock(), o.File.Close())
}
