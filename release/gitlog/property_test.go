package gitlog_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// model is a history whose every line is written once and for all: a line's
// number tells it from all others and says where it stands among them. So the
// lines that two versions of a file have in common are simply the numbers that are
// in both, and what git must count follows without a diff.
type model struct {
	commits []modelCommit
	lines   int
}

type modelCommit struct {
	parents []int
	files   map[string][]int // path -> numbers of lines, rising
}

var modelPaths = []string{"a", "b/c", "b/d", "-x", "ta\tb", "new\nline", "\"q\"", "b\xff\xfe", "café", ":0 1"}

// grow adds a commit: a child of one commit, or of two.
func (m *model) grow(t *rapid.T) {
	c := modelCommit{files: map[string][]int{}}
	if len(m.commits) > 0 && rapid.IntRange(0, 19).Draw(t, "orphan") > 0 {
		c.parents = []int{rapid.IntRange(max(0, len(m.commits)-3), len(m.commits)-1).Draw(t, "parent")}
		maps.Copy(c.files, m.commits[c.parents[0]].files)
		if other := rapid.IntRange(0, len(m.commits)-1).Draw(t, "other"); other != c.parents[0] && rapid.IntRange(0, 3).Draw(t, "merge") == 0 {
			c.parents = append(c.parents, other)
			for path, lines := range m.commits[other].files {
				if rapid.Bool().Draw(t, "take") {
					c.files[path] = lines
				}
			}
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		path := rapid.SampledFrom(modelPaths).Draw(t, "path")
		kept := slices.DeleteFunc(slices.Clone(c.files[path]), func(int) bool { return rapid.IntRange(0, 2).Draw(t, "cut") == 0 })
		for range rapid.IntRange(0, 4).Draw(t, "more") {
			m.lines++
			kept = append(kept, m.lines)
		}
		c.files[path] = kept
		if len(kept) == 0 {
			delete(c.files, path)
		}
	}
	m.commits = append(m.commits, c)
}

// write makes a repository of the model and returns the commits' ids.
func (m *model) write(t require.TestingT, dir string) []release.Revision {
	for _, d := range []string{"objects/pack", "refs/heads"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/c0\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config"), []byte("[core]\n\tbare = true\n"), 0o644))
	var in bytes.Buffer
	for i, c := range m.commits {
		fmt.Fprintf(&in, "commit refs/heads/c%d\nmark :%d\ncommitter M <m@example.com> %d +0000\ndata <<END\n%d\nEND\n", i, i+1, 1_700_000_000-i%3, i)
		for j, p := range c.parents {
			fmt.Fprintf(&in, "%s :%d\n", []string{"from", "merge"}[j], p+1)
		}
		fmt.Fprintln(&in, "deleteall")
		for _, path := range slices.Sorted(maps.Keys(c.files)) {
			var text strings.Builder
			for _, n := range c.files[path] {
				fmt.Fprintf(&text, "line %d\n", n)
			}
			fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", cQuote(path), text.Len(), text.String())
		}
	}
	cmd := exec.Command("git", "--git-dir="+dir, "fast-import", "--quiet", "--force", "--export-marks="+filepath.Join(dir, "marks"))
	cmd.Stdin = &in
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	marks, err := os.ReadFile(filepath.Join(dir, "marks"))
	require.NoError(t, err)
	ids := make([]release.Revision, len(m.commits))
	for line := range strings.Lines(string(marks)) {
		mark, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(mark[1:])
		require.NoError(t, err)
		ids[n-1] = release.Revision(id)
	}
	return ids
}

func cQuote(path string) string {
	var b strings.Builder
	for i := range len(path) {
		fmt.Fprintf(&b, "\\%03o", path[i])
	}
	return `"` + b.String() + `"`
}

// want is what git must say of two states of the files.
func want(before, after map[string][]int) []string {
	var out []string
	for _, path := range modelPaths {
		b, wasThere := before[path]
		a, isThere := after[path]
		if slices.Equal(a, b) {
			continue
		}
		added, deleted := 0, 0
		for _, n := range a {
			if !slices.Contains(b, n) {
				added++
			}
		}
		for _, n := range b {
			if !slices.Contains(a, n) {
				deleted++
			}
		}
		op := "modified"
		switch {
		case !wasThere:
			op = "added"
		case !isThere:
			op = "removed"
		}
		out = append(out, fmt.Sprintf("%s %q +%d -%d", op, path, added, deleted))
	}
	slices.Sort(out)
	return out
}

func said(files []release.FileChange) []string {
	var out []string
	for _, f := range files {
		out = append(out, fmt.Sprintf("%s %q +%d -%d", f.Op, string(f.Path), f.Added, f.Deleted))
	}
	slices.Sort(out)
	return out
}

// reach is a commit and all that came before it.
func (m *model) reach(i int, into map[int]bool) map[int]bool {
	if !into[i] {
		into[i] = true
		for _, p := range m.commits[i].parents {
			m.reach(p, into)
		}
	}
	return into
}

func TestReadProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m model
		for range rapid.IntRange(2, 12).Draw(t, "commits") {
			m.grow(t)
		}
		dir, err := os.MkdirTemp("", "gitlog-property-")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		ids := m.write(t, dir)
		head := rapid.IntRange(1, len(ids)-1).Draw(t, "head")
		base := rapid.IntRange(-1, head-1).Draw(t, "base")
		name, before, old := gitlog.Root, map[string][]int(nil), map[int]bool{}
		if base >= 0 {
			name, before, old = string(ids[base]), m.commits[base].files, m.reach(base, map[int]bool{})
			if ids[base] == ids[head] {
				t.Skip("the same commit twice")
			}
		}
		c, err := gitlog.Read(t.Context(), dir, name, string(ids[head]))
		require.NoError(t, err)
		require.Equal(t, want(before, m.commits[head].files), said(c.Files))

		at := map[release.Revision]int{}
		for i, id := range ids {
			at[id] = i
		}
		new := m.reach(head, map[int]bool{})
		distinct := map[release.Revision]bool{} // two commits of a model may be the same to git
		for i := range new {
			if !old[i] {
				distinct[ids[i]] = true
			}
		}
		for i := range old {
			delete(distinct, ids[i])
		}
		require.Len(t, c.Commits, len(distinct))
		seen := map[release.Revision]bool{}
		for _, got := range c.Commits {
			require.True(t, distinct[got.ID] && !seen[got.ID])
			seen[got.ID] = true
			for _, p := range got.Parents {
				require.True(t, seen[p] || !distinct[p], "a parent comes before its child")
			}
			i := at[got.ID]
			require.Len(t, got.Parents, len(m.commits[i].parents))
			switch len(got.Parents) {
			case 0:
				require.Equal(t, want(nil, m.commits[i].files), said(got.Files))
			case 1:
				require.Equal(t, want(m.commits[m.commits[i].parents[0]].files, m.commits[i].files), said(got.Files))
			default:
				require.Nil(t, got.Files)
			}
		}
		common := false
		for i := range old {
			common = common || new[i]
		}
		var gaps []release.GapKind
		if base >= 0 && !new[base] {
			gaps = []release.GapKind{release.GapDiverged}
			if !common {
				gaps = []release.GapKind{release.GapUnrelated}
			}
		}
		require.Equal(t, gaps, gapKinds(c))
	})
}
