package syncack_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
)

// early are ways to acknowledge too early, done by real system calls in a folder that
// has a file "old", flushed with its name. What they must be called is the value's want.
var early = map[string]struct {
	do   func(dir string, old *os.File) error
	want string // in the first finding, or in the error
}{
	"nothing is flushed": {func(_ string, old *os.File) error { return put(old) }, "old since"},
	"in order":           {func(_ string, old *os.File) error { return errors.Join(put(old), old.Sync()) }, ""},
	"another file is flushed": {func(dir string, old *os.File) error {
		return errors.Join(put(old), newFile(filepath.Join(dir, "other")), syncDir(dir))
	}, "old since"},
	"another directory is flushed": {func(dir string, _ *os.File) error {
		sub := filepath.Join(dir, "sub")
		return errors.Join(os.Mkdir(sub, 0o700), newFile(filepath.Join(sub, "new")), syncDir(dir))
	}, "the names in "},
	"a rename alone": {func(dir string, _ *os.File) error {
		return errors.Join(newFile(filepath.Join(dir, "new")), syncDir(dir), os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "old")))
	}, "the names in "},
	"appended": {func(dir string, old *os.File) error {
		f, err := os.OpenFile(old.Name(), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(old.Sync(), put(f))
	}, "old since"},
	"written to a copy of the descriptor": {func(_ string, old *os.File) error {
		fd, err := syscall.Dup(int(old.Fd()))
		if err != nil {
			return err
		}
		_, err = syscall.Write(fd, []byte("x"))
		return err
	}, "old since"},
	"flushed by a copy of the descriptor": {func(_ string, old *os.File) error {
		fd, err := syscall.Dup(int(old.Fd()))
		if err != nil {
			return err
		}
		return errors.Join(put(old), syscall.Fsync(fd))
	}, ""},
	"written by a child": {func(_ string, old *os.File) error {
		cmd := exec.Command("/bin/sh", "-c", "echo x >&3")
		cmd.ExtraFiles = []*os.File{old}
		return cmd.Run()
	}, "old since"},
	"mapped, and made writable": {func(_ string, old *os.File) error {
		b, err := syscall.Mmap(int(old.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
		if err != nil {
			return err
		}
		if err := syscall.Mprotect(b, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
			return err
		}
		b[0]++
		return nil
	}, "shared mapping"},
	"asynchronous": {func(string, *os.File) error {
		syscall.Syscall(syscall.SYS_IO_SETUP, 1, 0, 0) // that it fails does not matter here
		return nil
	}, "asynchronous"},
	"cut by another name": {func(dir string, old *os.File) error {
		link := filepath.Join(filepath.Dir(dir), "link") // outside
		if err := os.Symlink(old.Name(), link); err != nil {
			return err
		}
		_, err := os.OpenFile(link, os.O_WRONLY|os.O_TRUNC, 0)
		return err
	}, "old since"},
	"committed by removing a file": {func(dir string, old *os.File) error {
		return errors.Join(put(old), old.Sync(), os.Remove(filepath.Join(dir, "mark")))
	}, "the names in "},
}

func put(f *os.File) error {
	_, err := f.Write([]byte("x"))
	return err
}

// newFile makes a file and flushes it, and not its name.
func newFile(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(put(f), f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const earlyEnv = "SALLYPORT_SYNCACK_EARLY"

// TestEarly is not a test but the process that TestRealCalls traces.
func TestEarly(t *testing.T) {
	dir := syncack.Place(t)
	old, err := os.Create(filepath.Join(dir, "old"))
	require.NoError(t, err)
	require.NoError(t, old.Truncate(4096))
	require.NoError(t, old.Sync())
	require.NoError(t, newFile(filepath.Join(dir, "mark")))
	require.NoError(t, syncDir(dir))
	require.NoError(t, early[os.Getenv(earlyEnv)].do(dir, old))
	syncack.Ack()
}

// Whoever acknowledges too early by any of these ways is seen.
func TestRealCalls(t *testing.T) {
	strace := syncack.Strace(t)
	require.NotEmpty(t, strace)
	for name, way := range early {
		t.Run(name, func(t *testing.T) {
			t.Setenv(earlyEnv, name)
			log, dir := syncack.Trace(t, "TestEarly")
			f, err := os.Open(log)
			require.NoError(t, err)
			defer f.Close()
			report, err := syncack.Read(f, syncack.Rules{Dir: dir})
			switch {
			case way.want == "":
				require.NoError(t, err)
				require.Equal(t, 1, report.Acks)
				require.Empty(t, report.Unflushed)
			case err != nil:
				require.ErrorContains(t, err, way.want)
			default:
				require.Len(t, report.Unflushed, 1)
				require.Contains(t, report.Unflushed[0].String(), way.want)
			}
		})
	}
}
