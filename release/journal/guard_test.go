//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package journal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// What is no file is refused at once, and nothing waits for the other end of a pipe.
func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, os.DevNull, t.TempDir()} {
		for _, readOnly := range []bool{false, true} {
			done := make(chan error, 1)
			go func() {
				_, err := journal.Open(path, &journal.Options{ReadOnly: readOnly})
				done <- err
			}()
			select {
			case err := <-done:
				require.Error(t, err, path)
			case <-time.After(10 * time.Second):
				require.Fail(t, "Open waits", "%s, read only: %v", path, readOnly)
			}
		}
	}
}

// Other names of one file are the same journal.
func TestLinksAreLockedToo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(path, path+".symbolic"))
	require.NoError(t, os.Link(path, path+".hard"))
	for _, other := range []string{".symbolic", ".hard"} {
		_, err = journal.Open(path+other, nil)
		require.ErrorIs(t, err, journal.ErrLocked)
	}
	require.NoError(t, appendTo(j, "s", 0, "1"))
	require.NoError(t, j.Close())
	for i, other := range []string{".symbolic", ".hard"} {
		j, err = journal.Open(path+other, nil)
		require.NoError(t, err)
		require.NoError(t, appendTo(j, "s", uint64(i+1), "and more"))
		require.NoError(t, j.Close())
	}
}

// A file that is made through a symbolic link is in the link's target's directory.
func TestDirectoryOfALinkedFileIsSynced(t *testing.T) {
	t.Parallel()
	there, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.Symlink(filepath.Join(there, "target"), link))
	j, err := journal.Open(link, nil)
	require.NoError(t, err)
	defer j.Close()
	dir, err := j.Dir()
	require.NoError(t, err)
	require.Equal(t, there, dir)
}

// Closing unlocks, also while somebody has a copy of the file: a process that is
// just being started has one.
func TestCloseUnlocksInSpiteOfACopy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	fd, err := syscall.Dup(int(j.Fd()))
	require.NoError(t, err)
	defer syscall.Close(fd)
	require.NoError(t, j.Close())
	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

// When the file is moved, replaced or removed, another process can open what is at
// the path then. From then on the first acknowledges nothing.
func TestReplacedFileAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	for what, replace := range map[string]func(path string) error{
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"removed": os.Remove,
		"replaced": func(path string) error {
			b, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path+".new", b, 0o600), os.Rename(path+".new", path))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			first, err := journal.Open(path, nil)
			require.NoError(t, err)
			require.NoError(t, appendTo(first, "s", 0, "before"))
			require.NoError(t, replace(path))

			err = appendTo(first, "s", 1, "by the first")
			require.ErrorIs(t, err, journal.ErrUnknown)
			require.ErrorContains(t, err, path)
			require.ErrorIs(t, appendTo(first, "s", 1, "again"), journal.ErrClosed)

			second, err := journal.Open(path, nil)
			require.NoError(t, err)
			got, err := contents(second)
			require.NoError(t, err)
			require.NoError(t, appendTo(second, "s", uint64(len(got["s"])), "by the second"))
			require.NoError(t, first.Close())
			require.NoError(t, second.Close())
		})
	}
}

// A file that is cut off under an open journal is corrupt, not merely unreadable.
func TestCutOffWhileOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	defer j.Close()
	require.NoError(t, appendTo(j, "s", 0, "1"))
	require.NoError(t, os.Truncate(path, journal.HeaderSize+20))
	_, err = contents(j)
	require.ErrorIs(t, err, journal.ErrCorrupt)
}

// A file of nothing but a hole behind its frames is not read to its end.
func TestHugeHoleIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "s", 0, "1"))
	require.NoError(t, j.Close())
	if err := os.Truncate(path, 1<<42); err != nil {
		t.Skip("the file system makes no file of 4 TiB: ", err)
	}
	for _, readOnly := range []bool{false, true} {
		_, err = journal.Open(path, &journal.Options{ReadOnly: readOnly})
		require.ErrorIs(t, err, journal.ErrCorrupt)
	}
}

// Without the right to write there is an error and no file.
func TestNoRightToWrite(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write anywhere")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	_, err := journal.Open(filepath.Join(dir, name), nil)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NotErrorIs(t, err, journal.ErrLocked)
	require.NoFileExists(t, filepath.Join(dir, name))
}
