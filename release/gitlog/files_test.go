package gitlog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// One process answers what a process for each file does, errors between them too.
func TestFiles(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	for i := range 5 {
		w.write(fmt.Sprintf("dir/%d", i), strings.Repeat("y", 90+i))
	}
	w.write("big", strings.Repeat("x", 101))
	require.NoError(t, os.Symlink("dir", filepath.Join(w.dir, "link")))
	one := w.commit("one")
	w.write("dir/1", "changed\n")
	two := w.commit("two")
	// What a process may write suffices for a file or two.
	r := w.open(gitlog.Options{MaxFile: 100, MaxBytes: 1_000})
	files := r.Files(t.Context())
	for range 2 {
		for _, rev := range []release.Revision{one, two, "-x", release.Revision(strings.Repeat("1", 40))} {
			for _, p := range []release.Path{"dir/0", "dir/1", "none", "", "dir", "dir/2", "link", "big", "dir/3", "dir/1/x", "link/1", "dir/4", "dir//1", "./dir/1"} {
				want, wantOK, wantErr := r.File(t.Context(), rev, p)
				got, ok, err := files.File(rev, p)
				require.Equal(t, want, got, "%s %q", rev, p)
				require.Equal(t, wantOK, ok)
				if wantErr == nil {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, wantErr.Error())
				}
			}
		}
		files.Close() // and it may be used again
	}
	files.Close()
}

// An object whose content is another's is an error, also after good ones.
func TestFilesChecksHashes(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "a\n")
	w.write("b", "b\n")
	head := w.commit("one")
	object := func(p string) string {
		id := strings.TrimSpace(w.git("rev-parse", "HEAD:"+p))
		return filepath.Join(w.dir, ".git/objects", id[:2], id[2:])
	}
	a, err := os.ReadFile(object("a"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(object("b")))
	require.NoError(t, os.WriteFile(object("b"), a, 0o444))
	files := w.open(gitlog.Options{}).Files(t.Context())
	defer files.Close()
	for range 2 {
		data, ok, err := files.File(head, "a")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "a\n", string(data))
		_, ok, err = files.File(head, "b")
		require.Error(t, err)
		require.False(t, ok)
	}
}

func TestFilesEnds(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "a\n")
	head := w.commit("one")
	r := w.open(gitlog.Options{Timeout: 300 * time.Millisecond})
	files := r.Files(t.Context())
	for range 3 {
		_, ok, err := files.File(head, "a")
		require.NoError(t, err, "the time that one process may take is not that of all")
		require.True(t, ok)
		time.Sleep(320 * time.Millisecond)
	}
	files.Close()
	ctx, cancel := context.WithCancel(t.Context())
	files = w.open(gitlog.Options{}).Files(ctx)
	_, _, err := files.File(head, "a")
	require.NoError(t, err)
	cancel()
	for range 2 {
		_, _, err = files.File(head, "a")
		require.ErrorIs(t, err, context.Canceled)
	}
	files.Close()
}
