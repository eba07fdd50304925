//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
		"moved with its directory": func(path string) error {
			dir := filepath.Dir(path)
			return errors.Join(os.Rename(dir, dir+".old"), os.Mkdir(dir, 0o700))
		},
	} {
		for _, settle := range []bool{false, true} {
			t.Run(fmt.Sprint(what, settle), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "dir", name)
				require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
				first, err := journal.Open(path, nil)
				require.NoError(t, err)
				require.NoError(t, appendTo(first, "s", 0, "before"))
				if settle { // the directory has not changed for so long that it alone is looked at
					time.Sleep(70 * time.Millisecond)
					require.NoError(t, appendTo(first, "t", 0, "and then"))
					require.NoError(t, appendTo(first, "t", 1, "once more"))
				}
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
}

// A link to the file is followed, each time: where it leads elsewhere, nothing is
// acknowledged.
func TestLinkThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	dir, links := t.TempDir(), t.TempDir()
	link := filepath.Join(links, name)
	require.NoError(t, os.Symlink(filepath.Join(dir, "first"), link))
	j, err := journal.Open(link, nil)
	require.NoError(t, err)
	time.Sleep(70 * time.Millisecond)
	require.NoError(t, appendTo(j, "s", 0, "1"))
	require.NoError(t, appendTo(j, "s", 1, "2"))
	require.NoError(t, os.Remove(filepath.Join(dir, "first")))
	require.ErrorIs(t, appendTo(j, "s", 2, "3"), journal.ErrUnknown)
	require.NoError(t, j.Close())
}

// What is written anew has the rights of the file, is where a link leads, and the lock.
func TestRewrittenFileIsInItsPlace(t *testing.T) {
	t.Parallel()
	dir, links := t.TempDir(), t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(links, name)
	require.NoError(t, os.Symlink(file, link))
	j, err := journal.Open(link, nil)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(file, 0o640))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(file, 1234, 1235))
	}
	before, err := os.Stat(file)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "s", 0, "1", "2"))
	require.NoError(t, j.Rewrite(t.Context()))
	require.NoError(t, appendTo(j, "s", 2, "3"))
	after, err := os.Stat(file)
	require.NoError(t, err)
	require.False(t, os.SameFile(before, after))
	require.Equal(t, before.Mode(), after.Mode())
	require.Equal(t, before.Sys().(*syscall.Stat_t).Uid, after.Sys().(*syscall.Stat_t).Uid)
	require.Equal(t, before.Sys().(*syscall.Stat_t).Gid, after.Sys().(*syscall.Stat_t).Gid)
	to, err := os.Readlink(link)
	require.NoError(t, err)
	require.Equal(t, file, to, "the link is still one")
	require.NoFileExists(t, journal.Beside(file))
	for _, path := range []string{file, link} {
		_, err = journal.Open(path, nil)
		require.ErrorIs(t, err, journal.ErrLocked)
	}
	require.NoError(t, j.Close())
	j, err = journal.Open(file, nil)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

// What cannot take the file's place leaves the journal as it was and working.
func TestRewritingIsRefused(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		prepare, undo func(path string) error
	}{
		"a second name": {
			func(path string) error { return os.Link(path, path+".other") },
			func(path string) error { return os.Remove(path + ".other") },
		},
		"a directory in the way": {
			func(path string) error { return os.Mkdir(journal.Beside(path), 0o700) },
			func(path string) error { return os.Remove(journal.Beside(path)) },
		},
		"a link in the way": {
			func(path string) error { return os.Symlink(path, journal.Beside(path)) },
			func(path string) error { return os.Remove(journal.Beside(path)) },
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			j, err := journal.Open(path, &small)
			require.NoError(t, err)
			require.NoError(t, appendTo(j, "s", 0, strings.Repeat("x", 9000), "2"))
			require.NoError(t, c.prepare(path))
			require.Error(t, j.Rewrite(t.Context()))
			all, err := loaded(j, "s", 0)
			require.NoError(t, err)
			err = j.Compact(t.Context(), all[0].Head())
			require.ErrorContains(t, err, "not written anew")
			require.NotErrorIs(t, err, journal.ErrClosed)
			require.NoError(t, appendTo(j, "s", 2, "3"))
			require.NoError(t, j.Close())
			j, err = journal.Open(path, &small)
			require.NoError(t, err, "it is in the way of nothing else")
			require.NoError(t, c.undo(path))
			before, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, j.Compact(t.Context(), all[0].Head()), "asked again, it tries again")
			after, err := os.Stat(path)
			require.NoError(t, err)
			require.Less(t, after.Size(), before.Size())
			got, err := contents(j)
			require.NoError(t, err)
			require.Equal(t, map[string][]string{"s": {"2", "3"}}, got)
			require.NoError(t, j.Close())
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
