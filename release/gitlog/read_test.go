package gitlog_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

func TestReadWhole(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := newWork(t, "--object-format="+format)
			w.write("keep.txt", "1\n2\n3\n")
			w.write("gone.txt", "a\nb\n")
			w.write("script", "x\n")
			w.write("kind", "one\ntwo\n")
			one := w.commit("one")
			w.write("keep.txt", "1\n2\nthree\nfour\n")
			require.NoError(t, os.Remove(filepath.Join(w.dir, "gone.txt")))
			require.NoError(t, os.Chmod(filepath.Join(w.dir, "script"), 0o755))
			require.NoError(t, os.Remove(filepath.Join(w.dir, "kind")))
			require.NoError(t, os.Symlink("keep.txt", filepath.Join(w.dir, "kind")))
			w.write("blob", "a\x00b")
			two := w.commit("two\nlines\n\nThe body.\n\nCo-authored-by: Bo <BO@example.com>\nSigned-off-by: Ada <ada@example.com>\n")

			c := w.read(string(one), "main")
			require.Empty(t, c.Gaps)
			require.Equal(t, release.CoverageComplete, c.Coverage[release.KindCode])
			require.Equal(t, one, c.Base)
			require.Equal(t, two, c.Head)
			require.Len(t, c.Commits, 1)
			got := c.Commits[0]
			require.Equal(t, two, got.ID)
			require.Equal(t, []release.Revision{one}, got.Parents)
			require.Equal(t, "two lines", got.Subject.String())
			require.Equal(t, release.Actor{Name: "Ada", ID: "email:ada@example.com"}, got.Author)
			require.Equal(t, release.Actor{Name: "Carl", ID: "email:carl@example.com"}, got.Committer)
			require.Equal(t, []release.Actor{{Name: "Bo", ID: "email:bo@example.com"}}, got.CoAuthors)
			require.Equal(t, []release.Actor{{Name: "Ada", ID: "email:ada@example.com"}}, got.SignedOffBy)
			require.Equal(t, "2023-11-14T23:45:20+01:30", got.Authored.Format(time.RFC3339))
			require.False(t, got.Signature)
			require.Equal(t, []string{
				"added blob >100644 +0 -0 binary",
				"removed gone.txt 100644> +0 -2",
				"modified keep.txt 100644>100644 +2 -1",
				"replaced kind 100644>120000 +1 -2",
				"modified script 100644>100755 +0 -0",
			}, brief(c.Files))
			require.Equal(t, c.Files, got.Files, "of one commit the net is the commit")
			require.Equal(t, w.git("rev-parse", "HEAD:keep.txt"), string(c.Files[2].New))
			require.Equal(t, w.git("rev-parse", "HEAD~1:keep.txt"), string(c.Files[2].Old))
			require.Empty(t, c.Files[0].Old)
			_, err := c.Digest()
			require.NoError(t, err)

			all := w.read(gitlog.Root, "HEAD")
			require.True(t, all.FromNothing)
			require.Empty(t, all.Base)
			require.Equal(t, []string{"one", "two lines"}, subjects(all))
			require.Len(t, all.Files, 4)
			require.Len(t, all.Commits[0].Files, 4, "the first commit is compared with nothing")
			require.Empty(t, all.Gaps)
		})
	}
}

func TestReadOddPaths(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("none")
	paths := []string{"-rf", "a\tb", "a\nb", "\"quoted\"", "caf\xe9", ":000000 100644", "1\t2\tx", " lead", "s p/\\back", "€", "a\n\x01:100644"}
	for _, p := range paths {
		w.write(p, "x\n")
	}
	w.commit("odd")
	c := w.read("HEAD~1", "HEAD")
	got := map[string]bool{}
	for _, f := range c.Files {
		got[string(f.Path)] = true
		require.EqualValues(t, 1, f.Added, "%q", f.Path)
	}
	require.Len(t, c.Files, len(paths))
	for _, p := range paths {
		require.True(t, got[p], "%q", p)
		data, ok, err := w.open().File(t.Context(), w.head(), release.Path(p))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "x\n", string(data))
	}
}

// A message may hold anything, what git prints between commits included.
func TestReadForgedMessage(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	base := w.commit("base")
	w.write("real", "1\n")
	evil := "subject\n\n" + string(base) + " commit 0\n\ntree " + strings.Repeat("0", 40) + "\nauthor Eve <eve@example.com> 1 +0000\n" +
		"parent " + strings.Repeat("1", 40) + "\ngpgsig x\n:100644 100644 a b M\n1\t2\tfake\n" + strings.Repeat("a", 40) + " missing\n"
	w.n++
	id := w.object("commit", "tree "+w.tree()+"\nparent "+string(base)+"\nauthor A\x1b[31m <a@b> 1700000000 +0000\ncommitter C <c@d> 1700000000 -0800\n\n"+evil+"\x00\x00after\x00")
	c := w.read(string(base), id)
	require.Empty(t, c.Gaps)
	require.Len(t, c.Commits, 1)
	require.Equal(t, []release.Revision{base}, c.Commits[0].Parents)
	require.Equal(t, "email:a@b", c.Commits[0].Author.ID)
	require.NotContains(t, c.Commits[0].Author.String(), "\x1b")
	require.False(t, c.Commits[0].Signature)
	require.Equal(t, []string{"added real >100644 +1 -0"}, brief(c.Files))
}

// tree is the id of the tree of what is in the directory.
func (w *work) tree() string {
	w.t.Helper()
	w.git("add", "-A")
	return w.git("write-tree")
}

func TestReadMergesRevertsAndOrder(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.commit("one")
	w.git("checkout", "-q", "-b", "side")
	w.write("b", "1\n2\n")
	side := w.commit("side")
	w.git("checkout", "-q", "main")
	w.write("c", "1\n")
	w.commit("main")
	w.n++
	w.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	require.NoError(t, os.Remove(filepath.Join(w.dir, "b")))
	w.git("branch", "deadbee", "main~1") // an abbreviation that is a branch too
	last := w.commit("Revert \"side\"\n\nThis reverts commit " + string(side) + ".\nThis reverts\ncommit " + string(side[:9]) +
		". This reverts commit 0123456. this reverts commit DEADBEE.\n")
	c := w.read("main~3", "main")
	require.Equal(t, []string{"side", "main", "merge", `Revert "side"`}, subjects(c))
	require.Empty(t, c.Commits[2].Files, "a merge has no files of its own")
	require.Len(t, c.Commits[2].Parents, 2)
	require.Equal(t, last, c.Commits[3].ID)
	require.Equal(t, []release.Revision{side, side}[:1], c.Commits[3].Reverts[:1])
	for _, r := range c.Commits[3].Reverts {
		require.Equal(t, side, r)
	}
	require.Equal(t, []string{"added c >100644 +1 -0"}, brief(c.Files), "what was reverted is not in the net")
	require.Empty(t, c.Gaps)
}

func TestReadSubmoduleAndSignature(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	base := w.commit("base")
	w.git("update-index", "--add", "--cacheinfo", "160000,"+string(base)+",vendor/sub")
	tree := w.git("write-tree")
	id := w.object("commit", "tree "+tree+"\nparent "+string(base)+"\nauthor A <a@b> 1700000000 +0000\ncommitter C <c@d> 1700000000 +0000\n"+
		"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n author Mallory <m@m> 1 +0000\n -----END PGP SIGNATURE-----\n\nsigned\n")
	c := w.read(string(base), id)
	require.Equal(t, []string{"added vendor/sub >160000 +0 -0"}, brief(c.Files))
	require.True(t, c.Files[0].Submodule())
	require.Equal(t, base, c.Files[0].New)
	require.True(t, c.Commits[0].Signature)
	require.Equal(t, "email:a@b", c.Commits[0].Author.ID)
	_, ok, err := w.open().File(t.Context(), release.Revision(id), "vendor/sub")
	require.ErrorContains(t, err, "160000")
	require.False(t, ok)
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("one")
	w.git("tag", "tree", "HEAD^{tree}")
	r := w.open()
	for name, ends := range map[string][2]string{
		"no head":              {"HEAD", "nothing"},
		"head is a tree":       {gitlog.Root, "tree"},
		"head is root":         {"HEAD", gitlog.Root},
		"head is empty":        {"HEAD", ""},
		"base is an option":    {"--all", "HEAD"},
		"head is an option":    {"HEAD", "--output=/tmp/x"},
		"head is two lines":    {"HEAD", "HEAD\nHEAD"},
		"base searches":        {":/one", "HEAD"},
		"head has a zero byte": {"HEAD", "a\x00b"},
		"head is a range":      {gitlog.Root, "HEAD..HEAD"},
		"head is in a reflog":  {gitlog.Root, "HEAD@{0}"},
	} {
		c, err := r.Read(t.Context(), ends[0], ends[1])
		require.ErrorIs(t, err, gitlog.ErrUnknownRevision, name)
		require.Zero(t, c, name)
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := r.Read(t.Context(), "main", "HEAD")
	require.ErrorIs(t, err, gitlog.ErrEmptyRange)
	_, err = gitlog.Read(t.Context(), t.TempDir(), "a", "b")
	require.ErrorIs(t, err, gitlog.ErrNotRepository)
	_, err = gitlog.Read(t.Context(), filepath.Join(w.dir, "none"), "a", "b")
	require.ErrorIs(t, err, gitlog.ErrNotRepository)
	_, err = gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{MaxCommits: -1, Timeout: -1})
	require.ErrorContains(t, err, "MaxCommits is negative")
	require.ErrorContains(t, err, "Timeout is negative")
	_, err = gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: "/nonexistent/git"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NotErrorIs(t, err, exec.ErrDot)
	empty := newWork(t)
	_, err = empty.open().Read(t.Context(), gitlog.Root, "HEAD")
	require.ErrorIs(t, err, gitlog.ErrUnknownRevision, "no commit yet")
	w.git("config", "extensions.refStorage", "reftable")
	_, err = gitlog.Open(t.Context(), w.dir)
	require.ErrorContains(t, err, "reftable")
}

func TestOpenAnywhere(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("deep/er/x", "1\n")
	head := w.commit("one")
	w.git("tag", "-a", "-m", "t", "v1")
	w.git("pack-refs", "--all")
	w.git("gc", "-q")
	require.NoError(t, exec.Command("git", "clone", "-q", "--bare", w.dir, w.dir+"/bare.git").Run())
	require.NoError(t, exec.Command("git", "clone", "-q", "--shared", w.dir, w.dir+"/shared").Run())
	w.git("worktree", "add", "-q", "--detach", filepath.Join(w.dir, "linked"))
	for dir, name := range map[string]string{"deep/er": filepath.Base(w.dir), ".": filepath.Base(w.dir), ".git": filepath.Base(w.dir),
		"bare.git": "bare", "shared": "shared", "linked": "linked"} {
		r, err := gitlog.Open(t.Context(), filepath.Join(w.dir, dir))
		require.NoError(t, err, dir)
		require.Equal(t, name, r.Name(), dir)
		require.True(t, filepath.IsAbs(r.Dir()))
		for _, rev := range []string{"HEAD", "v1", string(head), string(head[:8]), "v1^{}"} {
			got, err := r.Resolve(t.Context(), rev)
			require.NoError(t, err, "%s %s", dir, rev)
			require.Equal(t, head, got)
		}
		tags, err := r.Tags(t.Context(), head)
		require.NoError(t, err)
		require.Equal(t, []string{"v1"}, tags)
	}
}

func TestDefaultBase(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	base := func() string {
		t.Helper()
		b, err := w.open().DefaultBase(t.Context(), "HEAD")
		require.NoError(t, err)
		return b
	}
	w.commit("one")
	require.Equal(t, gitlog.Root, base())
	w.git("tag", "v1")
	require.Equal(t, gitlog.Root, base(), "a tag at head is not before it")
	w.commit("two")
	w.git("tag", "-a", "-m", "x", "v2-rc.1")
	w.git("tag", "v2")
	w.git("branch", "refs/tags/v2", "HEAD~1") // a branch of a name like that
	require.Equal(t, "refs/tags/v1", base())
	w.commit("three")
	require.Equal(t, "refs/tags/v2", base(), "the shorter of two at one commit")
	w.git("checkout", "-q", "-b", "old", "v1")
	w.commit("fix")
	w.git("tag", "v1.1")
	w.git("checkout", "-q", "main")
	w.git("merge", "-q", "--no-ff", "-m", "m", "old")
	require.Equal(t, "refs/tags/v1.1", base(), "both are 3 commits away, and v1.1 is the newer")
	w.git("checkout", "-q", "--detach", "HEAD~1")
	require.Equal(t, "refs/tags/v2", base(), "a tag that head does not reach is not before it")
	w.git("tag", "blob", "HEAD^{tree}")
	require.Equal(t, "refs/tags/v2", base())
}

// A tag that is too far away is not passed over: what follows it would be a base
// that is older, or none.
func TestDefaultBaseFarAway(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("one")
	w.git("tag", "v1")
	w.git("tag", "-a", "-m", "same", "v1-again")
	w.commit("two")
	w.git("branch", "side")
	w.commit("three")
	w.commit("four")
	base := func(limit int) (string, error) {
		return w.open(gitlog.Options{MaxCommits: limit}).DefaultBase(t.Context(), "HEAD")
	}
	got, err := base(3)
	require.NoError(t, err)
	require.Equal(t, "refs/tags/v1", got)
	for _, limit := range []int{1, 2} {
		got, err = base(limit)
		require.ErrorIs(t, err, gitlog.ErrTooLarge)
		require.ErrorContains(t, err, `no tag in the last `)
		require.ErrorContains(t, err, `"HEAD"`)
		require.Empty(t, got)
	}
	// Of two tags, the one that is near enough is the nearest.
	w.git("checkout", "-q", "side")
	w.commit("side")
	w.git("tag", "v1.1")
	w.git("checkout", "-q", "main")
	w.git("tag", "v2", "HEAD~1")
	w.n++
	w.git("merge", "-q", "--no-ff", "-m", "m", "side")
	got, err = base(2) // v2 is 3 commits away, v1.1 is 3 too, and 2 are in neither
	require.ErrorIs(t, err, gitlog.ErrTooLarge)
	require.ErrorContains(t, err, `no tag in the last `)
	require.Empty(t, got)
	w.git("tag", "v2.1", "HEAD^1")
	got, err = base(2) // v2.1 is 2 commits away
	require.NoError(t, err)
	require.Equal(t, "refs/tags/v2.1", got)
}

// What a merge itself changes is in none of the commits that it merges.
func TestReadEvilMerge(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.commit("one")
	w.git("checkout", "-q", "-b", "side")
	w.write("b", "1\n")
	w.commit("side")
	w.git("checkout", "-q", "main")
	w.write("c", "1\n")
	w.commit("main")
	w.n++
	w.git("merge", "-q", "--no-ff", "--no-commit", "side")
	w.write("evil", "1\n")
	w.commit("merge")
	c := w.read("main~2", "main")
	require.Empty(t, c.Gaps)
	require.Len(t, c.Commits, 3)
	require.Equal(t, []string{"added b >100644 +1 -0", "added c >100644 +1 -0", "added evil >100644 +1 -0"}, brief(c.Files))
	for i := range c.Commits {
		require.NotContains(t, brief(c.Commits[i].Files), "added evil >100644 +1 -0")
	}
}
