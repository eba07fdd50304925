package gitlog_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// trap is a program that leaves a mark when it is run, and then fails.
type trap struct{ program, marker string }

func newTrap(t *testing.T) trap {
	dir := t.TempDir()
	tr := trap{filepath.Join(dir, "trap"), filepath.Join(dir, "marker")}
	program(t, tr.program, "#!/bin/sh\necho sprung >> '"+tr.marker+"'\nexit 1\n")
	return tr
}

func (tr trap) sprung() bool {
	_, err := os.Stat(tr.marker)
	return err == nil
}

// useAll calls everything that reads a repository.
func useAll(t *testing.T, w *work) release.ChangeSet {
	t.Helper()
	ctx := t.Context()
	r, err := gitlog.Open(ctx, w.dir)
	require.NoError(t, err)
	base, err := r.DefaultBase(ctx, "HEAD")
	require.NoError(t, err)
	c, err := r.Read(ctx, base, "HEAD")
	require.NoError(t, err)
	head, err := r.Resolve(ctx, "HEAD")
	require.NoError(t, err)
	_, err = r.Tags(ctx, head)
	require.NoError(t, err)
	_, _, fileErr := r.File(ctx, head, "a.txt")
	exportErr := r.Export(ctx, head, t.TempDir())
	if len(c.Gaps) == 0 {
		require.NoError(t, fileErr)
		require.NoError(t, exportErr)
	}
	return c
}

// Each trap is shown to spring under git as one uses it, and must not under us.
func TestHostileNothingRuns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		set   func(w *work, tr trap)
		naive []string
	}{
		"file system monitor": {
			func(w *work, tr trap) { w.git("config", "core.fsmonitor", tr.program) },
			[]string{"status"}},
		"external diff": {
			func(w *work, tr trap) { w.git("config", "diff.external", tr.program) },
			[]string{"diff", "HEAD~1", "HEAD"}},
		"included configuration": {
			func(w *work, tr trap) {
				w.write(".git/more", "[diff]\n\texternal = "+tr.program+"\n")
				w.git("config", "include.path", "more")
			},
			[]string{"diff", "HEAD~1", "HEAD"}},
		"diff driver": {
			func(w *work, tr trap) {
				w.write(".git/info/attributes", "* diff=x\n")
				w.git("config", "diff.x.command", tr.program)
			},
			[]string{"diff", "HEAD~1", "HEAD"}},
		"text conversion": {
			func(w *work, tr trap) {
				w.write(".git/info/attributes", "* diff=x\n")
				w.git("config", "diff.x.textconv", tr.program)
			},
			[]string{"log", "-p", "HEAD"}},
		"smudge filter": {
			func(w *work, tr trap) {
				w.write(".git/info/attributes", "* filter=x\n")
				w.git("config", "filter.x.smudge", tr.program)
			},
			[]string{"archive", "HEAD"}},
		"filter process": {
			func(w *work, tr trap) {
				w.write(".git/info/attributes", "* filter=x\n")
				w.git("config", "filter.x.process", tr.program)
			},
			[]string{"worktree", "add", "-q", "--detach", "out"}},
		"hook": {
			func(w *work, tr trap) {
				require.NoError(w.t, os.Symlink(tr.program, w.dir+"/.git/hooks/post-checkout"))
			},
			[]string{"worktree", "add", "-q", "--detach", "out"}},
		"hooks path": {
			func(w *work, tr trap) {
				require.NoError(w.t, os.Symlink(tr.program, filepath.Join(filepath.Dir(tr.program), "post-checkout")))
				w.git("config", "core.hooksPath", filepath.Dir(tr.program))
			},
			[]string{"worktree", "add", "-q", "--detach", "out"}},
		"signature program": {
			func(w *work, tr trap) {
				id := w.object("commit", "tree "+w.git("rev-parse", "HEAD^{tree}")+"\nparent "+string(w.head())+
					"\nauthor A <a@b> 1700000900 +0000\ncommitter C <c@d> 1700000900 +0000\n"+
					"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\nsigned\n")
				w.git("reset", "-q", "--hard", id)
				w.git("config", "gpg.program", tr.program)
				w.git("config", "log.showSignature", "true")
			},
			[]string{"log", "HEAD"}},
		"alias": {
			func(w *work, tr trap) { w.git("config", "alias.rev-list2", "!"+tr.program) },
			[]string{"rev-list2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := history(t)
			tr := newTrap(t)
			tc.set(w, tr)
			c := useAll(t, w)
			require.False(t, tr.sprung(), "reading ran the trap")
			require.Equal(t, []string{"modified a.txt 100644>100644 +2 -1"}, brief(c.Files)[:1])
			_, _ = w.run("", tc.naive...)
			require.True(t, tr.sprung(), "the trap does not work")
		})
	}
}

// partial takes a content out of a repository, as a partial clone lacks it.
func partial(t *testing.T, w *work, rev string) {
	id := w.git("rev-parse", rev)
	require.NoError(t, os.Remove(filepath.Join(w.dir, ".git/objects", id[:2], id[2:])))
}

func TestHostileNothingIsFetched(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(w *work, tr trap){
		"upload pack": func(w *work, tr trap) {
			w.git("config", "remote.origin.url", w.dir)
			w.git("config", "remote.origin.uploadpack", tr.program)
		},
		"ssh command": func(w *work, tr trap) {
			w.git("config", "remote.origin.url", "ssh://localhost/x")
			w.git("config", "core.sshCommand", tr.program)
		},
		"external transport": func(w *work, tr trap) {
			w.git("config", "remote.origin.url", "ext::"+tr.program)
			w.git("config", "protocol.ext.allow", "always")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := history(t)
			tr := newTrap(t)
			partial(t, w, "HEAD:a.txt")
			w.git("config", "core.repositoryFormatVersion", "1")
			w.git("config", "extensions.partialClone", "origin")
			w.git("config", "remote.origin.promisor", "true")
			set(w, tr)
			c := useAll(t, w)
			require.False(t, tr.sprung(), "reading fetched")
			require.Contains(t, gapKinds(c), release.GapPartial)
			_, _ = w.run("", "cat-file", "-p", "HEAD:a.txt")
			require.True(t, tr.sprung(), "the trap does not work")
		})
	}
}

// The user's and the system's configuration and the environment are not obeyed.
// Not parallel: the environment is the process's.
func TestHostEnvironment(t *testing.T) {
	w := history(t)
	tr := newTrap(t)
	want := useAll(t, w)
	other := newWork(t)
	home := t.TempDir()
	require.NoError(t, os.WriteFile(home+"/.gitconfig", []byte("[diff]\n\texternal = "+tr.program+"\n"), 0o644))
	naive := func() {
		cmd := exec.Command("git", "diff", "HEAD~1", "HEAD")
		cmd.Dir = w.dir
		_ = cmd.Run()
		require.True(t, tr.sprung(), "the trap does not work")
		require.NoError(t, os.Remove(tr.marker))
	}
	t.Setenv("HOME", home)
	naive()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GIT_EXTERNAL_DIFF", tr.program)
	naive()
	for key, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_EXTERNAL_DIFF": tr.program, "GIT_PAGER": tr.program, "PAGER": tr.program,
		"GIT_DIR": other.dir + "/.git", "GIT_WORK_TREE": other.dir, "GIT_INDEX_FILE": "/none", "GIT_OBJECT_DIRECTORY": other.dir,
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "diff.external", "GIT_CONFIG_VALUE_0": tr.program,
		"GIT_CONFIG_PARAMETERS": "'core.fsmonitor=" + tr.program + "'", "GIT_SSH_COMMAND": tr.program, "GIT_ASKPASS": tr.program,
		"GIT_NAMESPACE": "x", "GIT_CEILING_DIRECTORIES": "/", "GIT_TRACE": filepath.Join(home, "trace"), "GIT_EXEC_PATH": "/none",
		"GIT_REPLACE_REF_BASE": "refs/heads", "GIT_SHALLOW_FILE": "/none", "GIT_ALTERNATE_OBJECT_DIRECTORIES": other.dir, "LC_ALL": "de_DE.UTF-8",
		"GIT_LITERAL_PATHSPECS": "x", "GIT_FLUSH": "x",
	} {
		t.Setenv(key, value)
	}
	require.Equal(t, want, useAll(t, w))
	require.False(t, tr.sprung())
	require.NoFileExists(t, filepath.Join(home, "trace"))
}

// Nothing in the repository changes what its commits say.
func TestHostileLies(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		set   func(w *work)
		naive []string // whose output the lie changes; nil if this git shows no difference
	}{
		"replaced commit": {func(w *work) {
			fake := w.object("commit", "tree "+w.git("rev-parse", "HEAD~1^{tree}")+"\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\n\nfake\n")
			w.git("replace", "HEAD", fake)
		}, []string{"log", "--numstat", "HEAD"}},
		"replaced content": {func(w *work) { w.git("replace", "HEAD:a.txt", "HEAD~1:a.txt") },
			[]string{"log", "--numstat", "HEAD"}},
		"graft": {func(w *work) { w.write(".git/info/grafts", string(w.head())+"\n") },
			[]string{"log", "--numstat", "HEAD"}},
		"binary by attribute": {func(w *work) { w.write(".git/info/attributes", "* binary\n") },
			[]string{"log", "--numstat", "HEAD"}},
		"attributes in the git directory": {func(w *work) { w.write(".git/.gitattributes", "* binary\n") }, nil},
		"renames": {func(w *work) {
			w.git("config", "diff.renames", "copies")
			w.git("config", "diff.orderFile", "/etc/passwd")
			w.git("config", "diff.noprefix", "true")
			w.git("config", "diff.ignoreSubmodules", "all")
			w.git("config", "diff.algorithm", "patience")
			w.git("config", "diff.relative", "true")
			w.git("config", "core.quotePath", "false")
			w.git("config", "core.abbrev", "4")
			w.git("config", "color.ui", "always")
			w.git("config", "log.mailmap", "true")
			w.git("config", "log.follow", "true")
			w.git("config", "log.date", "relative")
			w.git("config", "format.pretty", "%H")
			w.git("config", "i18n.logOutputEncoding", "UTF-16")
			w.git("config", "core.bigFileThreshold", "1")
			w.write(".mailmap", "Mallory <mallory@example.com> <carl@example.com>\n")
		}, []string{"log", "--numstat", "HEAD"}},
		"work tree elsewhere": {func(w *work) { w.git("config", "core.worktree", "/nonexistent") },
			[]string{"status"}},
		"broken index": {func(w *work) { w.write(".git/index", "nonsense") },
			[]string{"diff-tree", "HEAD"}},
		"broken configuration value": {func(w *work) { w.git("config", "diff.renameLimit", "x") },
			[]string{"log", "--numstat", "HEAD"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := history(t)
			want := useAll(t, w)
			require.Equal(t, []string{"modified a.txt 100644>100644 +2 -1", "added b/c.txt >100644 +1 -0"}, brief(want.Files))
			honest, _ := w.run("", tc.naive...)
			tc.set(w)
			if tc.naive != nil {
				lied, _ := w.run("", tc.naive...)
				require.NotEqual(t, honest, lied, "the lie does not work")
			}
			require.Equal(t, want, useAll(t, w))
		})
	}
}

// A commit-graph file says what the parents of a commit are. Ours is one of
// another history, so that git, which believes it, shows something else.
func TestHostileCommitGraph(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.commit("one")
	w.git("tag", "v1")
	for _, s := range []string{"2", "3", "4"} {
		w.write("a", s+"\n")
		w.commit(s)
	}
	want := useAll(t, w)
	w.git("commit-graph", "write", "--reachable")
	file := filepath.Join(w.dir, ".git/objects/info/commit-graph")
	graph, err := os.ReadFile(file)
	require.NoError(t, err)
	data := strings.Index(string(graph), string(raw(t, w.git("rev-parse", "HEAD^{tree}"))))
	require.Positive(t, data)
	// The tree's id is followed by the position of the parent: 0x70000000 is none.
	copy(graph[data+20:], []byte{0x70, 0, 0, 0})
	require.NoError(t, os.Chmod(file, 0o644))
	require.NoError(t, os.WriteFile(file, graph, 0o644))
	require.Equal(t, "1", w.git("rev-list", "--count", "HEAD"), "the lie does not work")
	require.Equal(t, want, useAll(t, w))
	require.Len(t, want.Commits, 3)
}

func raw(t testing.TB, id string) []byte {
	b := make([]byte, len(id)/2)
	for i := range b {
		const digits = "0123456789abcdef"
		b[i] = byte(strings.IndexByte(digits, id[2*i])<<4 | strings.IndexByte(digits, id[2*i+1]))
	}
	return b
}

// A commit, tree or content that was put in the place of another is noticed.
func TestHostileObject(t *testing.T) {
	t.Parallel()
	for rev, name := range map[string]string{"HEAD": "commit", "HEAD^{tree}": "tree", "HEAD:a.txt": "content"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := history(t)
			id, other := w.git("rev-parse", rev), w.git("rev-parse", strings.Replace(rev, "HEAD", "HEAD~1", 1))
			at := func(id string) string { return filepath.Join(w.dir, ".git/objects", id[:2], id[2:]) }
			forged, err := os.ReadFile(at(other))
			require.NoError(t, err)
			require.NoError(t, os.Remove(at(id)))
			require.NoError(t, os.WriteFile(at(id), forged, 0o444))
			r := w.open()
			head := release.Revision(w.git("rev-parse", "refs/heads/main"))
			dir := t.TempDir()
			require.ErrorContains(t, r.Export(t.Context(), head, dir), id)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
			_, ok, err := r.File(t.Context(), head, "a.txt")
			require.ErrorContains(t, err, id)
			require.False(t, ok)
			if name == "commit" {
				_, err = r.Read(t.Context(), "v1", "HEAD")
				require.Error(t, err) // git itself notices this one
			}
		})
	}
}

func TestHostilePipe(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"HEAD", "shallow", "config"} {
		w := history(t)
		require.NoError(t, exec.Command("rm", "-f", w.dir+"/.git/"+file).Run())
		require.NoError(t, exec.Command("mkfifo", w.dir+"/.git/"+file).Run())
		_, err := gitlog.Read(t.Context(), w.dir, "v1", "main")
		require.ErrorContains(t, err, "not a regular file", file)
	}
	w := history(t)
	want := w.read("v1", "HEAD")
	require.NoError(t, os.Remove(w.dir+"/.git/config"))
	require.Equal(t, want, w.read("v1", "HEAD"), "a repository needs no configuration")
}
