package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	// Named is an error unless the path still leads to the file.
	Named() error
	// Beside makes an empty file beside this one, locked, and with its rights.
	Beside() (backing, error)
	// Replace gives this file's name to one that Beside made. After an error, Named
	// says whether it was done.
	Replace(by backing) error
	// Clear removes what Beside made, or what a crash has left of it, if it is there.
	Clear() error
	// Close also gives up the lock.
	Close() error
}

// besideSuffix ends the name of the file that is written beside a journal to take its
// place. No journal has such a name, so what has it may be removed.
const besideSuffix = ".compacting"

// reserved reports whether a name is that of a file beside a journal, also where letters
// of either case are the same.
func reserved(path string) bool {
	n := max(0, len(path)-len(besideSuffix))
	return strings.EqualFold(path[n:], besideSuffix)
}

// checkName refuses names that a journal cannot have.
func checkName(path string) error {
	if reserved(path) {
		return fmt.Errorf("journal: open %q: names that end in %q are for files that are being written anew", path, besideSuffix)
	}
	return nil
}

// osFile is a locked file of the operating system.
type osFile struct {
	*os.File
	path   string // absolute, so that it means the same after a change of directory
	unlock func() error
	naming naming
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
		if o.Named() == nil {
			target, err := o.target()
			if err == nil {
				err = checkName(target) // it would be removed when the journal beside it is opened
			}
			if err != nil {
				return nil, errors.Join(err, o.Close())
			}
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

// Named implements backing.
func (o *osFile) Named() error {
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
	return o.naming.check(o)
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
	path, err := o.target()
	return filepath.Dir(path), err
}

// target is where the file is, links followed.
func (o *osFile) target() (string, error) { return filepath.EvalSymlinks(o.path) }

// Beside implements backing. A file that has other names is refused: they would go on
// leading to the old content.
func (o *osFile) Beside() (backing, error) {
	info, err := o.Stat()
	if err != nil {
		return nil, err
	}
	if err := replaceable(info); err != nil {
		return nil, err
	}
	path, err := o.target()
	if err != nil {
		return nil, err
	}
	path += besideSuffix
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(file)
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	by := &osFile{File: file, path: path, unlock: unlock}
	if err := sameRights(file, info); err != nil {
		return nil, errors.Join(err, by.Close(), os.Remove(path))
	}
	return by, nil
}

// Replace implements backing.
func (o *osFile) Replace(by backing) error {
	b := by.(*osFile)
	if err := o.Named(); err != nil {
		return err
	}
	path, err := o.target()
	if err != nil {
		return err
	}
	if err := os.Rename(b.path, path); err != nil {
		return err
	}
	b.path, b.naming = o.path, naming{}
	return nil
}

// Clear implements backing. What is no regular file was made by somebody else, and is
// left to be in the way of Beside.
func (o *osFile) Clear() error {
	path, err := o.target()
	if err != nil {
		return err
	}
	path += besideSuffix
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// Close implements backing.
func (o *osFile) Close() error {
	// Unlock first: where the lock is a file of its own, it must not outlive this
	// one when closing fails. The process has stopped writing by now.
	return errors.Join(o.unlock(), o.File.Close())
}
