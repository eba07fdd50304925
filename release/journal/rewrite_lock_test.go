//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// watched is a disk that looks around before and after each of its changes.
type watched struct {
	journal.Disk
	look func(what string)
}

func (w watched) around(what string, do func() error) error {
	w.look("before " + what)
	defer w.look("after " + what)
	return do()
}

func (w watched) Sync() error    { return w.around("sync", w.Disk.Sync) }
func (w watched) SyncDir() error { return w.around("sync of the directory", w.Disk.SyncDir) }
func (w watched) Clear() error   { return w.around("clear", w.Disk.Clear) }

func (w watched) WriteAt(b []byte, off int64) (n int, err error) {
	err = w.around("write", func() error {
		n, err = w.Disk.WriteAt(b, off)
		return err
	})
	return n, err
}

func (w watched) Beside() (by journal.Disk, err error) {
	err = w.around("beside", func() error {
		by, err = w.Disk.Beside()
		return err
	})
	return watched{by, w.look}, err
}

func (w watched) Replace(by journal.Disk) error {
	return w.around("replace", func() error { return w.Disk.Replace(by.(watched).Disk) })
}

// Around each step of a rewriting nobody else can open the journal to write, also not who
// had come to the old file before, and whoever only reads finds all of it.
func TestLockIsHandedOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	looks, rewriting := 0, false
	want := map[string][]string{"a": {"2"}, "b": {"1"}}
	look := func(what string) {
		if !rewriting {
			return
		}
		looks++
		_, err := journal.Open(path, nil)
		require.ErrorIs(t, err, journal.ErrLocked, what)
		r, err := journal.Open(path, &journal.Options{ReadOnly: true})
		require.NoError(t, err, what)
		got, err := contents(r)
		require.NoError(t, err, what)
		require.Equal(t, want, got, what)
		require.NoError(t, r.Close())
	}
	j, err := journal.OpenOn(func(path string) (journal.Disk, error) {
		d, err := journal.OpenDisk(path)
		return watched{d, look}, err
	}, path, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, strings.Repeat("x", 3000), "2"))
	require.NoError(t, appendTo(j, "b", 0, "1"))
	all, err := loaded(j, "a", 0)
	require.NoError(t, err)
	require.NoError(t, j.Compact(t.Context(), all[0].Head()))
	for range 2 {
		old, err := os.Stat(path)
		require.NoError(t, err)
		rewriting = true
		require.NoError(t, j.Rewrite(t.Context()))
		rewriting = false
		now, err := os.Stat(path)
		require.NoError(t, err)
		require.False(t, os.SameFile(old, now))
		_, err = journal.Open(path, nil)
		require.ErrorIs(t, err, journal.ErrLocked)
	}
	require.Greater(t, looks, 30)
	require.NoError(t, j.Close())
	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

// A file that somebody has put at the path while the journal is rewritten is not replaced.
func TestRewritingReplacesNobody(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	look := func(what string) {
		if what == "before replace" {
			require.NoError(t, os.WriteFile(path+".theirs", []byte("theirs"), 0o600))
			require.NoError(t, os.Rename(path+".theirs", path))
		}
	}
	j, err := journal.OpenOn(func(path string) (journal.Disk, error) {
		d, err := journal.OpenDisk(path)
		return watched{d, look}, err
	}, path, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "1"))
	require.ErrorIs(t, j.Rewrite(t.Context()), journal.ErrClosed)
	require.ErrorIs(t, appendTo(j, "a", 1, "2"), journal.ErrClosed)
	require.NoError(t, j.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "theirs", string(b))
}

// meddled is a disk that does something once, before the next read.
type meddled struct {
	journal.Disk
	meddle *func()
}

func (m meddled) ReadAt(b []byte, off int64) (int, error) {
	if do := *m.meddle; do != nil {
		*m.meddle = nil
		do()
	}
	return m.Disk.ReadAt(b, off)
}

// A stream may be forgotten up to a record that came after the copying began.
func TestCompactBesideRewriting(t *testing.T) {
	t.Parallel()
	d, meddle := faulty.NewDisk(), new(func())
	j, err := journal.OpenOn(func(path string) (journal.Disk, error) {
		f, err := onDisk(d)(path)
		return meddled{f, meddle}, err
	}, name, journal.Options{Preallocate: 1 << 16})
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "1", "2"))
	require.NoError(t, appendTo(j, "b", 0, "1"))
	*meddle = func() {
		require.NoError(t, appendTo(j, "a", 2, "3", "4"))
		all, err := loaded(j, "a", 0)
		require.NoError(t, err)
		require.NoError(t, j.Compact(t.Context(), all[2].Head()))
	}
	require.NoError(t, j.Rewrite(t.Context()))
	require.Nil(t, *meddle)
	for range 2 {
		got, err := contents(j)
		require.NoError(t, err)
		require.Equal(t, map[string][]string{"a": {"4"}, "b": {"1"}}, got)
		require.NoError(t, j.Rewrite(t.Context()))
	}
	require.NoError(t, j.Close())
}
