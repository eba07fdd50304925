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

// A named pipe that was planted where git reads would keep it until the time
// limit. It is found before git runs.
func TestPlantedPipe(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]string{
		"branch":         "refs/heads/pipe",
		"tag":            "refs/tags/deep/pipe",
		"packed refs":    "packed-refs",
		"alternates":     "objects/info/alternates",
		"object":         "objects/ab/" + strings.Repeat("0", 38),
		"pack":           "objects/pack/pack-" + strings.Repeat("0", 40) + ".pack",
		"pack index":     "objects/pack/pack-" + strings.Repeat("0", 40) + ".idx",
		"many packs":     "objects/pack/multi-pack-index",
		"link to a pipe": "refs/heads/link",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := history(t)
			file := filepath.Join(w.dir, ".git", at)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			if name == "link to a pipe" {
				pipe := filepath.Join(t.TempDir(), "pipe")
				require.NoError(t, os.Symlink(pipe, file))
				file = pipe
			}
			require.NoError(t, exec.Command("mkfifo", file).Run())
			// No run of git that hangs has this message.
			_, err := gitlog.Open(t.Context(), w.dir)
			require.ErrorContains(t, err, "is not a regular file")
		})
	}
}

// Directories that are links could lead anywhere and around in circles.
func TestPlantedLinks(t *testing.T) {
	t.Parallel()
	w := history(t)
	refs := filepath.Join(w.dir, ".git/refs")
	require.NoError(t, os.Symlink("refs/heads/none", refs+"/heads/dangling"))
	require.NoError(t, os.Symlink("refs/heads/main", refs+"/heads/old")) // what a symbolic reference once was
	c := useAll(t, w)
	require.Len(t, c.Commits, 1)
	require.NoError(t, os.Symlink("..", refs+"/heads/loop"))
	_, err := gitlog.Read(t.Context(), w.dir, "v1", "HEAD")
	require.ErrorContains(t, err, "is not a regular file")
}

// A .git that is none must not make us read the repository around it.
func TestPlantedDotGit(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(t *testing.T, dot string){
		"pipe":          func(t *testing.T, dot string) { require.NoError(t, exec.Command("mkfifo", dot).Run()) },
		"empty":         func(t *testing.T, dot string) { require.NoError(t, os.Mkdir(dot, 0o755)) },
		"dangling link": func(t *testing.T, dot string) { require.NoError(t, os.Symlink("nowhere", dot)) },
		"file": func(t *testing.T, dot string) {
			require.NoError(t, os.WriteFile(dot, []byte("gitdir: nowhere\n"), 0o644))
		},
		"no references": func(t *testing.T, dot string) { require.NoError(t, os.MkdirAll(dot+"/objects", 0o755)) },
		"common, a pipe": func(t *testing.T, dot string) {
			for _, d := range []string{"/objects", "/refs"} {
				require.NoError(t, os.MkdirAll(dot+d, 0o755))
			}
			require.NoError(t, os.WriteFile(dot+"/HEAD", []byte("ref: refs/heads/main\n"), 0o644))
			require.NoError(t, exec.Command("mkfifo", dot+"/commondir").Run())
		},
	} {
		w := history(t)
		require.NoError(t, os.Mkdir(w.dir+"/inner", 0o755))
		set(t, w.dir+"/inner/.git")
		_, err := gitlog.Open(t.Context(), w.dir+"/inner")
		require.ErrorIs(t, err, gitlog.ErrNotRepository, name)
	}
}

// A tree that was put in the place of another would hide files. (That the
// repository says so to us, and something else to who clones it, is the point.)
func TestPlantedTree(t *testing.T) {
	t.Parallel()
	at := func(w *work, id string) string { return filepath.Join(w.dir, ".git/objects", id[:2], id[2:]) }
	forge := func(w *work, id, as string) {
		forged, err := os.ReadFile(at(w, as))
		require.NoError(t, err)
		require.NoError(t, os.Remove(at(w, id)))
		require.NoError(t, os.WriteFile(at(w, id), forged, 0o444))
	}
	for _, name := range []string{"root", "below"} {
		w := history(t)
		w.write("b/c.txt", "y\n")
		w.write("b/secret.txt", "y\n")
		w.commit("three")
		tree := map[string]string{"root": "HEAD^{tree}", "below": "HEAD:b"}[name]
		id, other := w.git("rev-parse", tree), w.git("rev-parse", strings.Replace(tree, "HEAD", "HEAD~1", 1))
		require.Len(t, w.read("HEAD~1", "HEAD").Files, 2)
		forge(w, id, other)
		require.Empty(t, w.git("diff-tree", "-r", "HEAD~1", "HEAD"), "the lie does not work")
		c, err := w.open().Read(t.Context(), "HEAD~1", "HEAD")
		require.ErrorContains(t, err, id, name)
		require.Zero(t, c)
	}
}

// Git 2.43 to 2.45 read the attributes of a bare repository out of HEAD's tree,
// unless they are told of another. There are none in ours.
func TestHostileAttributesInTree(t *testing.T) {
	t.Parallel()
	for format, empty := range map[string]string{"sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
		"sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"} {
		w := newWork(t, "--object-format="+format)
		w.commit("one")
		w.write(".gitattributes", "* -diff\n")
		w.write("login.go", "package login\n")
		w.commit("two")
		seen := filepath.Join(t.TempDir(), "env")
		r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, everyRun, `case "$2" in diff-tree) env > `+seen+";; esac")})
		require.NoError(t, err)
		c, err := r.Read(t.Context(), "HEAD~1", "HEAD")
		require.NoError(t, err)
		require.Equal(t, []string{"added .gitattributes >100644 +1 -0", "added login.go >100644 +1 -0"}, brief(c.Files))
		env, err := os.ReadFile(seen)
		require.NoError(t, err)
		require.Contains(t, string(env), "GIT_ATTR_SOURCE="+empty+"\n")
	}
}

// Of a branch and a tag of one name git takes the tag: whoever may push a tag could
// choose what is compared.
func TestNameOfTwo(t *testing.T) {
	t.Parallel()
	w := history(t)
	w.git("branch", "release", "v1")
	w.git("tag", "same", "main")
	w.git("branch", "same", "main")
	r := w.open()
	one, err := r.Resolve(t.Context(), "release")
	require.NoError(t, err)
	w.git("tag", "release", "main")
	for _, name := range []string{"release", "release~0", "heads/release"} {
		_, err := r.Resolve(t.Context(), name)
		if name == "heads/release" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, gitlog.ErrUnknownRevision)
		require.ErrorContains(t, err, "both a branch and a tag")
		_, err = r.Read(t.Context(), gitlog.Root, name)
		require.ErrorIs(t, err, gitlog.ErrUnknownRevision)
		c, err := r.Read(t.Context(), name, "main")
		require.NoError(t, err)
		requirePartial(t, c, release.GapBaseMissing)
	}
	got, err := r.Resolve(t.Context(), "refs/heads/release")
	require.NoError(t, err)
	require.Equal(t, one, got)
	_, err = r.Resolve(t.Context(), "same")
	require.NoError(t, err, "both say the same")
	// Nobody takes away an id or HEAD by giving a tag and a branch that name.
	for _, name := range []string{string(one), "HEAD"} {
		w.write(".git/refs/heads/"+name, string(w.head())+"\n")
		w.write(".git/refs/tags/"+name, string(one)+"\n")
	}
	got, err = r.Resolve(t.Context(), string(one))
	require.NoError(t, err)
	require.Equal(t, one, got)
	got, err = r.Resolve(t.Context(), "HEAD")
	require.NoError(t, err)
	require.Equal(t, w.git("rev-parse", "refs/heads/main"), string(got))
}

// Git's comparison must be that of the trees.
func TestPlantedComparison(t *testing.T) {
	t.Parallel()
	w := history(t)
	lie := `case "$2" in diff-tree) $real "$@" | sed s/c.txt/d.txt/g; exit 0;; esac`
	r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, everyRun, lie)})
	require.NoError(t, err)
	c, err := r.Read(t.Context(), "v1", "HEAD")
	require.ErrorContains(t, err, "not those that differ in the trees")
	require.Zero(t, c)
}
