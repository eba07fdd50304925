package gitlog_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

func tagNames(tags []gitlog.Tag) []string {
	var out []string
	for _, t := range tags {
		out = append(out, t.Name)
	}
	return out
}

func TestTagHistory(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	first := w.commit("one")
	w.git("tag", "v1.0.0")
	w.git("tag", "v1.0.0-same") // of the same commit and time
	w.git("checkout", "-q", "-b", "side")
	w.commit("two")
	w.git("checkout", "-q", "main")
	w.commit("three\n\nThis reverts commit " + string(first) + ".\nThis reverts\ncommit " + string(first) + ", and this reverts commit " + string(first[:12]) + ".")
	w.n++
	w.git("tag", "-a", "-m", "x", "v1.1.0")
	w.n += 10
	w.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	w.git("tag", "-a", "-m", "x", "v1.2.0")
	w.git("tag", "-a", "-m", "of a tag", "v1.2.0-again", "v1.2.0")
	w.git("tag", "a-tree", "HEAD^{tree}")
	w.git("tag", "a-blob", w.object("blob", "x"))
	w.git("tag", "-a", "-m", "x", "tag-of-a-tree", "HEAD^{tree}")

	tags, gaps, err := w.open().TagHistory(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"v1.0.0", "v1.0.0-same", "v1.1.0", "v1.2.0", "v1.2.0-again"}, tagNames(tags))
	var brought []int
	for _, g := range tags {
		brought = append(brought, len(g.New))
		require.False(t, g.Cut)
	}
	require.Equal(t, []int{1, 0, 1, 2, 0}, brought, "by ancestry: the side branch came with the merge")
	require.Equal(t, []release.Revision{first}, tags[2].New[0].Reverts, "an abbreviation is not resolved")
	require.Equal(t, []bool{false, false, true, true, true}, []bool{tags[0].Annotated, tags[1].Annotated, tags[2].Annotated, tags[3].Annotated, tags[4].Annotated})
	require.Equal(t, w.head(), tags[4].Commit)
	require.True(t, tags[2].At.After(tags[2].New[0].At), "an annotated tag has a time of its own")

	tags, _, err = w.open().TagHistory(t.Context(), func(name string) bool { return name == "v1.2.0" })
	require.NoError(t, err)
	require.Len(t, tags, 1)
	require.Len(t, tags[0].New, 4, "with no tag before it, all of it is new")
	_, _, err = w.open(gitlog.Options{MaxCommits: 3}).TagHistory(t.Context(), nil)
	require.ErrorIs(t, err, gitlog.ErrTooLarge)
	tags, gaps, err = w.open().TagHistory(t.Context(), func(string) bool { return false })
	require.NoError(t, err)
	require.Empty(t, tags)
	require.Empty(t, gaps)
}

// TestTagHistoryOfAShallowClone: what was cut off is said, and of later tags too.
func TestTagHistoryOfAShallowClone(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	for i := range 4 {
		w.commit(fmt.Sprint(i))
		w.git("tag", fmt.Sprintf("v%d", i))
	}
	dir := t.TempDir()
	out, err := exec.Command("git", "clone", "-q", "--depth", "2", "file://"+w.dir, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	r, err := gitlog.Open(t.Context(), dir)
	require.NoError(t, err)
	tags, gaps, err := r.TagHistory(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"v2", "v3"}, tagNames(tags))
	require.True(t, tags[0].Cut && tags[1].Cut)
	require.Len(t, gaps, 1)
	require.Equal(t, release.GapShallow, gaps[0].Kind)
}

// TestTagHistoryIsRevList compares with git's own answer in random repositories.
func TestTagHistoryIsRevList(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(2, seed))
		w := newWork(t)
		ids := []release.Revision{w.commit("first")}
		for i := range 12 {
			w.git("checkout", "-q", string(ids[r.IntN(len(ids))]))
			if other := ids[r.IntN(len(ids))]; r.IntN(3) == 0 {
				if _, err := w.run("", "merge", "-q", "--no-ff", "-m", "m", string(other)); err == nil {
					ids = append(ids, w.head())
				}
			}
			ids = append(ids, w.commit(fmt.Sprint("c", i)))
			if r.IntN(2) == 0 {
				w.git("tag", fmt.Sprintf("t%02d", r.IntN(1000)), string(ids[r.IntN(len(ids))]), "-f")
			}
		}
		w.git("tag", "-f", "last")
		tags, _, err := w.open().TagHistory(t.Context(), nil)
		require.NoError(t, err)
		require.True(t, slices.IsSortedFunc(tags, func(a, b gitlog.Tag) int { return a.At.Compare(b.At) }))
		for k, g := range tags {
			want := strings.Fields(w.git("rev-list", "refs/tags/"+g.Name))
			for _, before := range tags[:k] {
				have := strings.Fields(w.git("rev-list", "refs/tags/"+before.Name))
				want = slices.DeleteFunc(want, func(id string) bool { return slices.Contains(have, id) })
			}
			var got []string
			for _, c := range g.New {
				got = append(got, string(c.ID))
			}
			require.ElementsMatch(t, want, got, "seed %d, tag %s", seed, g.Name)
		}
	}
}

// TestTagHistoryIsNotFooled: names and messages are data.
func TestTagHistoryIsNotFooled(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	id := w.commit("one\n\x01\n" + strings.Repeat("x", 100) + "\ncommit 0000000000000000000000000000000000000000")
	w.git("tag", "-f", "--", "ünïcode")
	tags, _, err := w.open().TagHistory(t.Context(), nil)
	require.NoError(t, err)
	require.Contains(t, tagNames(tags), "ünïcode")
	for _, g := range tags {
		require.Equal(t, id, g.Commit)
	}
	require.NoError(t, os.WriteFile(w.dir+"/.git/refs/tags/gone", []byte(strings.Repeat("1", 40)+"\n"), 0o600))
	_, _, err = w.open().TagHistory(t.Context(), nil)
	require.Error(t, err, "a tag of what is not there")
}
