package gitlog_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

func TestExport(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a/b/c.txt", "$Id$ as it is\r\n")
	w.write("run", "#!/bin/sh\n")
	w.write("ignored", "x\n")
	w.write("z", strings.Repeat("z", 3000))
	w.write(".gitattributes", "*.txt ident export-subst eol=crlf text\nignored export-ignore\n")
	require.NoError(t, os.Chmod(filepath.Join(w.dir, "run"), 0o755))
	require.NoError(t, os.Symlink("b/../b/c.txt", filepath.Join(w.dir, "a/link")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(w.dir, "dangling")))
	w.commit("one")
	w.git("update-index", "--add", "--cacheinfo", "160000,"+string(w.head())+",sub")
	w.git("commit", "-q", "-m", "two")
	before := w.git("status", "--porcelain=v2", "--branch")
	r, head := w.open(), w.head()

	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, r.Export(t.Context(), head, dir))
	var got []string
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		info, _ := d.Info()
		rel, _ := filepath.Rel(dir, p)
		got = append(got, info.Mode().String()[:1]+" "+rel)
		return err
	}))
	require.Equal(t, []string{"d .", "- .gitattributes", "d a", "d a/b", "- a/b/c.txt", "L a/link", "L dangling", "- ignored", "- run", "d sub", "- z"}, got)
	text, err := os.ReadFile(filepath.Join(dir, "a/link"))
	require.NoError(t, err)
	require.Equal(t, w.git("cat-file", "-p", "HEAD:a/b/c.txt"), strings.TrimSuffix(string(text), "\n"))
	info, err := os.Stat(filepath.Join(dir, "run"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100)
	require.Equal(t, before, w.git("status", "--porcelain=v2", "--branch"))

	require.ErrorIs(t, r.Export(t.Context(), head, dir), gitlog.ErrNotEmpty)
	require.FileExists(t, filepath.Join(dir, "run"), "what was there stays")
	require.ErrorIs(t, r.Export(t.Context(), release.Revision(strings.Repeat("1", 40)), t.TempDir()), gitlog.ErrUnknownRevision)
	require.ErrorIs(t, r.Export(t.Context(), "HEAD", t.TempDir()), gitlog.ErrUnknownRevision)
	for _, o := range []gitlog.Options{{MaxFiles: 5}, {MaxBytes: 2500}} {
		dir := t.TempDir()
		require.ErrorIs(t, w.open(o).Export(t.Context(), head, dir), gitlog.ErrTooLarge)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// hostileTree makes a commit of a tree that git itself would not make.
func (w *work) hostileTree(entries ...[3]string) release.Revision {
	w.t.Helper()
	var tree strings.Builder
	for _, e := range entries { // mode, name, content or (of a tree) id
		id := e[2]
		if e[0] != "40000" {
			id = w.object("blob", e[2])
		}
		tree.WriteString(e[0] + " " + e[1] + "\x00" + string(raw(w.t, id)))
	}
	id := w.object("tree", tree.String())
	return release.Revision(w.object("commit", "tree "+id+"\nauthor A <a@b> 1700000000 +0000\ncommitter C <c@d> 1700000000 +0000\n\nx\n"))
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("one")
	r := w.open()
	blob := w.object("blob", "pwned\n")
	sub := w.object("tree", "100644 x\x00"+string(raw(t, blob)))
	outside := t.TempDir()
	const file, link, dir = "100644", "120000", "40000"
	for name, entries := range map[string][][3]string{
		"parent":                    {{dir, "..", sub}},
		"parent file":               {{file, "..", "x"}},
		"itself":                    {{dir, ".", sub}},
		"git directory":             {{dir, ".git", sub}},
		"git directory, case":       {{dir, ".GiT", sub}},
		"git directory, dots":       {{dir, ".git. .", sub}},
		"git directory, short name": {{dir, "GIT~1", sub}},
		"git directory, stream":     {{dir, ".git::$INDEX_ALLOCATION", sub}},
		"git directory, ignored":    {{dir, ".g\u200cit", sub}},
		"slash in a name":           {{file, "../x", "x"}},
		"absolute name":             {{file, "/tmp/x", "x"}},
		"empty name":                {{file, "", "x"}},
		"absolute link":             {{link, "l", outside}},
		"link out":                  {{link, "l", "../x"}},
		"link to parent":            {{link, "l", ".."}},
		"empty link":                {{link, "l", ""}},
		"link to git":               {{link, "l", ".GIT/hooks"}},
		"link with a zero byte":     {{link, "l", "a\x00b"}},
		"link through a link":       {{dir, "d", w.object("tree", "40000 e\x00"+string(raw(t, sub)))}, {link, "up", "d/e/x2/.."}, {link, "z", "d/e/../../up/../../.."}},
		"links that climb":          {{dir, "d", sub}, {link, "d2", "d"}, {link, "l", "d2/../../x"}},
		"loop":                      {{link, "l", "l"}},
		"link and directory, same":  {{link, "a", "b"}, {dir, "a", sub}},
		"link and directory, case":  {{link, "A", "b"}, {dir, "a", sub}},
		"link and file, case":       {{file, "STRASSE\u212a", "x"}, {link, "strassek", "b"}},
		"two of a name":             {{file, "a", "1"}, {file, "a", "2"}},
		"unknown mode":              {{"100600", "a", "1"}},
		"link as a tree":            {{dir, "a", blob}},
	} {
		rev := w.hostileTree(entries...)
		into := filepath.Join(outside, "into")
		err := r.Export(t.Context(), rev, into)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "could not be removed", name)
		left, err := os.ReadDir(into)
		require.NoError(t, err)
		require.Empty(t, left, name)
		beside, err := os.ReadDir(outside)
		require.NoError(t, err)
		require.Len(t, beside, 1, name)
	}
	// Lexically inside, and outside once followed.
	deep := w.object("tree", "120000 up\x00"+string(raw(t, w.object("blob", "../.."))))
	err := r.Export(t.Context(), w.hostileTree([3]string{dir, "a", w.object("tree", "40000 b\x00"+string(raw(t, deep)))},
		[3]string{link, "l", "a/b/up/../x"}), t.TempDir())
	unsafe, ok := errors.AsType[*gitlog.UnsafePathError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, release.Path("l"), unsafe.Path)
	// Nowhere, until a build makes the directory nx: then it leads outside. The other
	// way around, what is a file or missing does no harm.
	for name, refused := range map[string]bool{"a/b/up/nx/../../x": true, "a/b/up/a/nx/../../../x": true, "f/../a/b/up/f/../../x": true,
		"a/b/UP/nx/../../x": true, // where case does not matter
		"a/b/up/nx/../x":    false, "a/b/nx/../../x": false, "f/../x": false, "a/b/up/a/nx/../../x": false} {
		err := r.Export(t.Context(), w.hostileTree([3]string{dir, "a", w.object("tree", "40000 b\x00"+string(raw(t, deep)))},
			[3]string{file, "f", "x"}, [3]string{link, "l", name}), t.TempDir())
		require.Equal(t, refused, err != nil, "%s: %v", name, err)
	}
	// Where case does matter, these are two links.
	up := func(target string) string {
		return w.object("tree", "120000 up\x00"+string(raw(t, w.object("blob", target))))
	}
	require.Error(t, r.Export(t.Context(), w.hostileTree([3]string{dir, "A", up("..")}, [3]string{dir, "a", up("x/y")},
		[3]string{link, "l", "A/up/nx/../../x"}), t.TempDir()))
	// Through more links than the standard library follows.
	var chain [][3]string
	for i := range 12 {
		chain = append(chain, [3]string{link, "c" + string(rune('a'+i)), "c" + string(rune('b'+i))})
	}
	require.Error(t, r.Export(t.Context(), w.hostileTree(chain...), t.TempDir()))
	// Two names that differ by case only are two files here.
	require.NoError(t, r.Export(t.Context(), w.hostileTree([3]string{file, "A", "1"}, [3]string{file, "a", "2"}), t.TempDir()))
}

// What of unsafe links is written as a file, and what is refused all the same.
func TestExportUnsafeLinksAsFiles(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("one")
	blob := w.object("blob", "inside\n")
	sub := w.object("tree", "100644 x\x00"+string(raw(t, blob)))
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "x"), []byte("outside\n"), 0o644))
	const file, link, dir = "100644", "120000", "40000"
	deep := w.object("tree", "120000 up\x00"+string(raw(t, w.object("blob", "../.."))))
	deep = w.object("tree", "40000 b\x00"+string(raw(t, deep)))
	long := strings.Repeat("d/", 10_000) + "x"
	for name, tc := range map[string]struct {
		entries [][3]string
		unsafe  []string // paths
		links   []string // those that stay links
	}{
		"none":                         {[][3]string{{dir, "d", sub}, {link, "l", "d/x"}, {link, "m", "l"}}, nil, []string{"l", "m"}},
		"absolute":                     {[][3]string{{dir, "d", sub}, {link, "l", outside}, {link, "m", "d"}}, []string{"l"}, []string{"m"}},
		"out":                          {[][3]string{{link, "l", "../x"}, {link, "k", ".."}}, []string{"l", "k"}, nil},
		"to git":                       {[][3]string{{link, "l", ".GIT/hooks"}}, []string{"l"}, nil},
		"empty":                        {[][3]string{{link, "l", ""}}, []string{"l"}, nil},
		"a zero byte":                  {[][3]string{{link, "l", "a\x00b"}}, []string{"l"}, nil},
		"too long":                     {[][3]string{{dir, "d", sub}, {link, "l", long}, {link, "m", "d/x"}}, []string{"l"}, []string{"m"}},
		"to itself":                    {[][3]string{{link, "l", "l"}}, []string{"l"}, nil},
		"loop":                         {[][3]string{{link, "a", "b"}, {link, "b", "a"}, {link, "c", "none"}}, []string{"a", "b"}, []string{"c"}},
		"out once followed":            {[][3]string{{dir, "a", deep}, {link, "l", "a/b/up/../x"}}, []string{"l"}, []string{"a/b/up"}},
		"through one that goes out":    {[][3]string{{dir, "a", deep}, {link, "k", "l"}, {link, "l", "a/b/up/../x"}}, []string{"k", "l"}, nil},
		"out once a directory is made": {[][3]string{{dir, "a", deep}, {link, "l", "a/b/up/nx/../../x"}}, []string{"l"}, []string{"a/b/up"}},
		// The one is a file before the other is followed.
		"through one that is absolute": {[][3]string{{link, "k", "l/x"}, {link, "l", outside}}, []string{"l"}, []string{"k"}},
	} {
		var got []*gitlog.UnsafePathError
		r := w.open(gitlog.Options{UnsafeLinksAsFiles: func(e *gitlog.UnsafePathError) { got = append(got, e) }})
		into := filepath.Join(outside, "into")
		require.NoError(t, os.RemoveAll(into))
		rev := w.hostileTree(tc.entries...)
		require.NoError(t, r.Export(t.Context(), rev, into), name)
		var paths []string
		for _, e := range got {
			paths = append(paths, string(e.Path))
			require.Contains(t, e.Reason, "symbolic link")
			info, err := os.Lstat(filepath.Join(into, string(e.Path)))
			require.NoError(t, err, name)
			require.True(t, info.Mode().IsRegular(), "%s: %s", name, e.Path)
			for _, x := range tc.entries {
				if x[1] == string(e.Path) {
					text, err := os.ReadFile(filepath.Join(into, x[1]))
					require.NoError(t, err)
					require.Equal(t, x[2], string(text), name)
				}
			}
		}
		require.Equal(t, tc.unsafe, paths, name)
		for _, l := range tc.links {
			info, err := os.Lstat(filepath.Join(into, l))
			require.NoError(t, err)
			require.NotZero(t, info.Mode()&fs.ModeSymlink, "%s: %s", name, l)
		}
		require.NoError(t, os.Mkdir(filepath.Join(into, "nx"), 0o755))
		// Who writes to what was exported, by any path that there is, writes inside.
		require.NoError(t, filepath.WalkDir(into, func(p string, d fs.DirEntry, err error) error {
			if !d.IsDir() {
				_ = os.WriteFile(p, []byte("later"), 0o644) // a link to a directory cannot be written to
				_ = os.WriteFile(filepath.Join(p, "x"), []byte("later"), 0o644)
			}
			return err
		}))
		text, err := os.ReadFile(filepath.Join(outside, "x"))
		require.NoError(t, err)
		require.Equal(t, "outside\n", string(text), name)
		beside, err := os.ReadDir(outside)
		require.NoError(t, err)
		require.Len(t, beside, 2, name)
		if len(tc.unsafe) > 0 {
			require.Error(t, w.open().Export(t.Context(), rev, t.TempDir()), name)
		}
	}
	called := false
	r := w.open(gitlog.Options{MaxBytes: 1 << 15, UnsafeLinksAsFiles: func(*gitlog.UnsafePathError) { called = true }})
	for name, entries := range map[string][][3]string{
		"parent":                  {{link, "..", "/etc"}},
		"git directory":           {{link, "l", "/etc"}, {dir, ".git", sub}},
		"git, a link":             {{link, ".git", "/etc"}},
		"link and directory":      {{link, "a", "/etc"}, {dir, "a", sub}},
		"link and directory case": {{link, "A", "/etc"}, {dir, "a", sub}},
		"link and file, case":     {{file, "STRASSE\u212a", "x"}, {link, "strassek", "/etc"}},
		"too much":                {{link, "l", "/" + strings.Repeat("x", 1<<16)}},
	} {
		into := t.TempDir()
		require.Error(t, r.Export(t.Context(), w.hostileTree(entries...), into), name)
		left, err := os.ReadDir(into)
		require.NoError(t, err)
		require.Empty(t, left, name)
	}
	require.False(t, called, "nothing was written")
}

func TestFile(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("dir/go.mod", "module x\n")
	w.write("big", strings.Repeat("x", 101))
	require.NoError(t, os.Symlink("dir", filepath.Join(w.dir, "link")))
	head := w.commit("one")
	r := w.open(gitlog.Options{MaxFile: 100})
	data, ok, err := r.File(t.Context(), head, "dir/go.mod")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "module x\n", string(data))
	for _, p := range []release.Path{"none", "", "dir/none", "dir/go.mod/x", "link/go.mod", "dir//go.mod", "/dir/go.mod", "./dir/go.mod", "dir/../big"} {
		data, ok, err := r.File(t.Context(), head, p)
		require.NoError(t, err, "%q", p)
		require.False(t, ok)
		require.Nil(t, data)
	}
	for _, p := range []release.Path{"dir", "link", "big"} {
		_, ok, err := r.File(t.Context(), head, p)
		require.Error(t, err, "%q", p)
		require.False(t, ok)
	}
	_, _, err = r.File(t.Context(), head, "big")
	require.ErrorIs(t, err, gitlog.ErrTooLarge)
	_, _, err = r.File(t.Context(), release.Revision(strings.Repeat("1", 40)), "big")
	require.ErrorIs(t, err, gitlog.ErrUnknownRevision)
	_, _, err = r.File(t.Context(), "-x", "big")
	require.ErrorIs(t, err, gitlog.ErrUnknownRevision)
}
