package gitlog_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

func requirePartial(t *testing.T, c release.ChangeSet, kinds ...release.GapKind) {
	t.Helper()
	require.Equal(t, kinds, gapKinds(c))
	require.Equal(t, release.CoveragePartial, c.Coverage[release.KindCode])
	require.False(t, c.Empty())
}

func TestGapBaseMissing(t *testing.T) {
	t.Parallel()
	w := history(t)
	for _, base := range []string{"v0", strings.Repeat("ab", 20), "abcd123"} {
		c := w.read(base, "HEAD")
		requirePartial(t, c, release.GapBaseMissing)
		require.False(t, c.FromNothing)
		require.Empty(t, c.Base)
		require.Equal(t, w.head(), c.Head)
		require.Empty(t, c.Files)
	}
}

func TestGapShallow(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	for _, s := range []string{"1", "2", "3", "4"} {
		w.write("a", s+"\n")
		w.commit(s)
	}
	clone := &work{t: t, dir: t.TempDir()}
	require.NoError(t, exec.Command("git", "clone", "-q", "--depth=2", "file://"+w.dir, clone.dir).Run())

	c := clone.read(gitlog.Root, "HEAD")
	requirePartial(t, c, release.GapShallow)
	require.Equal(t, []string{"3", "4"}, subjects(c))
	require.Empty(t, c.Commits[0].Files, "its parent was cut off: what it changed is not known")
	require.NotEmpty(t, c.Commits[1].Files)
	require.NotEmpty(t, c.Commits[0].Parents, "the commit itself says that it has one")

	c = clone.read(w.git("rev-parse", "HEAD~3"), "HEAD")
	requirePartial(t, c, release.GapBaseMissing, release.GapShallow)

	c = clone.read("HEAD~1", "HEAD")
	require.Empty(t, c.Gaps, "all between is there")
	require.Equal(t, []string{"4"}, subjects(c))

	base, err := clone.open().DefaultBase(t.Context(), "HEAD")
	require.NoError(t, err)
	require.Equal(t, gitlog.Root, base)
}

func TestGapUnrelatedAndDiverged(t *testing.T) {
	t.Parallel()
	w := history(t)
	w.git("checkout", "-q", "-b", "side", "v1")
	w.write("s", "1\n")
	w.commit("side")
	c := w.read("main", "side")
	requirePartial(t, c, release.GapDiverged)
	require.Equal(t, []string{"side"}, subjects(c))
	require.Equal(t, []string{"modified a.txt 100644>100644 +1 -2", "removed b/c.txt 100644> +0 -1", "added s >100644 +1 -0"}, brief(c.Files))

	c = w.read("main", "v1")
	requirePartial(t, c, release.GapDiverged)
	require.Empty(t, c.Commits, "a step back")
	require.Len(t, c.Files, 2)

	w.git("checkout", "-q", "--orphan", "alone")
	w.commit("alone")
	c = w.read("main", "alone")
	requirePartial(t, c, release.GapUnrelated)
	require.Equal(t, []string{"alone"}, subjects(c))
	require.Len(t, c.Files, 3)
	require.Len(t, c.Commits[0].Files, 2, "it began with nothing")
}

func TestGapPartial(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.commit("one")
	w.write("a", "2\n")
	two := w.commit("two")
	w.write("a", "3\n")
	w.write("b", "1\n2\n")
	w.commit("three")
	w.git("config", "uploadpack.allowFilter", "true")
	for filter, files := range map[string]int{"blob:none": 2, "tree:0": 0} {
		clone := &work{t: t, dir: t.TempDir()}
		require.NoError(t, exec.Command("git", "clone", "-q", "--bare", "--filter="+filter, "file://"+w.dir, clone.dir).Run())
		c := clone.read("HEAD~2", "HEAD")
		require.Contains(t, gapKinds(c), release.GapPartial, filter)
		require.Equal(t, release.CoveragePartial, c.Coverage[release.KindCode])
		require.Equal(t, []string{"two", "three"}, subjects(c))
		require.Len(t, c.Files, files)
		_, ok, err := clone.open().File(t.Context(), c.Head, "a")
		require.ErrorContains(t, err, "is not in the repository")
		require.False(t, ok)
		require.ErrorContains(t, clone.open().Export(t.Context(), c.Head, t.TempDir()), "is not in the repository")
		if files > 0 {
			require.Equal(t, "a", c.Gaps[1].Subject)
			require.NotEmpty(t, c.Files[0].Old)
			require.Equal(t, []string{"modified a 100644>100644 +0 -0 uncounted", "added b >100644 +0 -0 uncounted"}, brief(c.Files))
			require.Equal(t, brief(c.Files), brief(c.Commits[1].Files), "of the commits too")
			require.Equal(t, []string{"modified a 100644>100644 +0 -0 uncounted"}, brief(c.Commits[0].Files))
		}
	}
	w.git("update-index", "--add", "--cacheinfo", "160000,"+string(two)+",sub")
	w.git("commit", "-q", "-m", "four")
	w.git("branch", "four")
	w.git("reset", "-q", "--soft", "HEAD~1")
	// Where only some are missing, the others are counted.
	partial(t, w, "HEAD:b")
	_, err := w.open().Read(t.Context(), "HEAD~2", "HEAD")
	require.ErrorContains(t, err, "unable to read", "an object that a whole clone lacks is an error")
	w.git("config", "remote.origin.promisor", "true")
	c := w.read("HEAD~2", "HEAD")
	requirePartial(t, c, release.GapPartial, release.GapPartial)
	require.Equal(t, two, c.Commits[0].ID)
	require.Equal(t, []string{"modified a 100644>100644 +1 -1"}, brief(c.Commits[0].Files))
	require.Equal(t, []string{"modified a 100644>100644 +0 -0 uncounted", "added b >100644 +0 -0 uncounted"}, brief(c.Commits[1].Files),
		"a comparison is counted whole or not at all")
	require.Equal(t, brief(c.Commits[1].Files), brief(c.Files))
	require.Equal(t, "b", c.Gaps[1].Subject)
	// Of a submodule there are no lines that could be counted.
	c = w.read("HEAD~1", "four")
	require.Equal(t, []string{"modified a 100644>100644 +0 -0 uncounted", "added b >100644 +0 -0 uncounted", "added sub >160000 +0 -0"}, brief(c.Files))
	require.Equal(t, []string{"added sub >160000 +0 -0"}, brief(c.Commits[1].Files))
}

// The counts make git say more. Where that is more than allowed, it is still known
// which files changed.
func TestGapPartialTooLarge(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("one")
	long := strings.Repeat("n", 200)
	w.write(long, "1\n")
	w.commit("two")
	w.git("config", "remote.origin.promisor", "true")
	require.Empty(t, w.read("HEAD~1", "HEAD").Gaps, "nothing is missing")
	c := w.read("HEAD~1", "HEAD", gitlog.Options{MaxBytes: 1000})
	requirePartial(t, c, release.GapTooLarge)
	require.Equal(t, []string{"added " + long + " >100644 +1 -0"}, brief(c.Files), "the net comes first")
	require.Equal(t, []string{"added " + long + " >100644 +0 -0 uncounted"}, brief(c.Commits[0].Files))
}

func TestGapTooLarge(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("one")
	for _, s := range []string{"2", "3", "4"} {
		w.write("a", s+"\n")
		w.write("b", s+"\n")
		w.commit(s)
	}
	c := w.read("HEAD~3", "HEAD", gitlog.Options{MaxCommits: 2})
	requirePartial(t, c, release.GapTooLarge)
	require.Equal(t, []string{"3", "4"}, subjects(c), "the newest")
	require.Len(t, c.Files, 2)
	require.Empty(t, w.read("HEAD~3", "HEAD", gitlog.Options{MaxCommits: 3}).Gaps)

	c = w.read("HEAD~3", "HEAD", gitlog.Options{MaxFiles: 4})
	requirePartial(t, c, release.GapTooLarge)
	require.Len(t, c.Files, 2, "the net comes first")
	require.Len(t, c.Commits[2].Files, 2, "then the newest")
	require.Empty(t, c.Commits[0].Files)
	require.Empty(t, w.read("HEAD~3", "HEAD", gitlog.Options{MaxFiles: 8}).Gaps)
	c = w.read("HEAD~3", "HEAD", gitlog.Options{MaxFiles: 1})
	requirePartial(t, c, release.GapTooLarge)
	require.Empty(t, c.Files)

	c = w.read("HEAD~3", "HEAD", gitlog.Options{MaxBytes: 700})
	require.Contains(t, gapKinds(c), release.GapTooLarge)

	long := w.commit("5\n\n" + strings.Repeat("long lines in a long message\n", 50_000) + "Co-authored-by: Late <late@example.com>\n")
	c = w.read("HEAD~1", "HEAD")
	requirePartial(t, c, release.GapTooLarge)
	require.Equal(t, string(long), c.Gaps[0].Subject)
	require.Equal(t, []string{"5"}, subjects(c))
	w.commit(strings.Repeat("é", 5_000))
	c = w.read("HEAD~1", "HEAD")
	require.Empty(t, c.Gaps)
	require.LessOrEqual(t, len(c.Commits[0].Subject), 1<<10)
	require.Equal(t, "é…", string(c.Commits[0].Subject[len(c.Commits[0].Subject)-len("é…"):]))
}

func TestGapUnreadable(t *testing.T) {
	t.Parallel()
	w := history(t)
	for name, people := range map[string]string{
		"no time":         "author A <a@b>\ncommitter C <c@d> 1700000000 +0000\n",
		"year 10000":      "author A <a@b> 253402300800 +0000\ncommitter C <c@d> 1700000000 +0000\n",
		"no such zone":    "author A <a@b> 1700000000 +9900\ncommitter C <c@d> 1700000000 +0000\n",
		"time overflows":  "author A <a@b> 99999999999999999999 +0000\ncommitter C <c@d> 1700000000 +0000\n",
		"no address":      "author A\ncommitter C <c@d> 1700000000 +0000\n",
		"no author":       "committer C <c@d> 1700000000 +0000\n",
		"time before 0":   "author A <a@b> -5 +0000\ncommitter C <c@d> 1700000000 +0000\n",
		"minutes over 59": "author A <a@b> 1700000000 +0060\ncommitter C <c@d> 1700000000 +0000\n",
	} {
		id := w.object("commit", "tree "+w.git("rev-parse", "HEAD^{tree}")+"\nparent "+string(w.head())+"\n"+people+"\nx\n")
		c := w.read("HEAD", id)
		requirePartial(t, c, release.GapUnreadable)
		require.Equal(t, id, c.Gaps[0].Subject, name)
		require.True(t, c.Commits[0].Authored.IsZero(), name)
		require.False(t, c.Commits[0].Committed.IsZero(), name)
		_, err := c.Digest()
		require.NoError(t, err, name)
	}
	require.NoError(t, os.WriteFile(w.dir+"/.git/shallow", []byte("nonsense\n"), 0o644))
	_, err := gitlog.Open(t.Context(), w.dir)
	require.ErrorContains(t, err, "shallow")
}
