package compare_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// repository commits each set of files in turn, with tags v1, v2, … "-> a" is a link to a.
func repository(t *testing.T, trees ...map[string]string) *gitlog.Repo {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "GIT_") }),
			"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	git("init", "-q", "--template=", "-b", "main")
	for i, tree := range trees {
		git("rm", "-rq", "--ignore-unmatch", ".")
		for name, text := range tree {
			file := filepath.Join(dir, filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			if target, ok := strings.CutPrefix(text, "-> "); ok {
				require.NoError(t, os.Symlink(target, file))
				continue
			}
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		}
		git("add", "-A")
		git("commit", "-q", "--allow-empty", "-m", "c")
		git("tag", "v"+string(rune('1'+i)))
	}
	repo, err := gitlog.Open(t.Context(), dir)
	require.NoError(t, err)
	return repo
}

var (
	first = map[string]string{"go.mod": "module m\ngo 1.22\nrequire a.io/x v1.1.0\n", "go.sum": "a.io/x v1.1.0 h1:a=\n", "web/package-lock.json": lock, "k8s/shop.yaml": service,
		"Dockerfile": "FROM alpine:3.19\n", "config/app.yaml": "a: 1\n", "db/migrations/1.sql": "CREATE TABLE a (id int);\n", "keep.txt": ""}
	second = map[string]string{"go.mod": "module m\ngo 1.22\nrequire a.io/x v1.0.0\n", "go.sum": "a.io/x v1.0.0 h1:b=\n", "web/package-lock.json": strings.ReplaceAll(lock, "1.0.0", "1.2.0"),
		"k8s/shop.yaml": strings.ReplaceAll(service, "ClusterIP", "NodePort"), "Dockerfile": "FROM alpine:3.20\n", "config/app.yaml": "a: 2\n",
		"db/migrations/1.sql": "CREATE TABLE a (id int);\n", "db/migrations/2.sql": "DROP TABLE a;\n", "keep.txt": ""}
)

// A range of a repository and the two directories tell the same.
func TestRangeIsReleases(t *testing.T) {
	t.Parallel()
	repo := repository(t, first, second)
	got, err := compare.Range(t.Context(), repo, "v1", "v2", compare.Options{})
	require.NoError(t, err)
	want := releases(t, first, second, compare.Options{})
	require.Equal(t, want.Changes.Dependencies, got.Changes.Dependencies)
	require.Equal(t, want.Changes.Resources, got.Changes.Resources)
	require.Equal(t, want.Changes.Settings, got.Changes.Settings)
	require.Equal(t, want.Inventories, got.Inventories)
	require.Equal(t, want.Marks, got.Marks)
	require.Len(t, got.Changes.Dependencies, 2)
	require.Len(t, got.Changes.Resources, 2)
	require.Len(t, got.Changes.Settings, 1)
	require.NotEmpty(t, got.Marks)
	require.Empty(t, got.Changes.Gaps)
	for k, v := range got.Changes.Coverage {
		require.Equal(t, release.CoverageComplete, v, k)
	}
	for i, f := range got.Changes.Files { // git counts lines and knows no more besides
		w := want.Changes.Files[i]
		w.Uncounted, w.Added, w.Deleted = false, f.Added, f.Deleted
		require.Equal(t, w, f)
	}
	i := slices.IndexFunc(got.Changes.Files, func(f release.FileChange) bool { return f.Path == "db/migrations/2.sql" })
	require.Contains(t, got.Changes.Files[i].Labels, release.LabelDestructive)
}

func TestRangeEnds(t *testing.T) {
	t.Parallel()
	repo := repository(t, first, second)
	r, err := compare.Range(t.Context(), repo, gitlog.Root, "v1", compare.Options{})
	require.NoError(t, err)
	require.True(t, r.Changes.FromNothing)
	require.Len(t, r.Changes.Settings, 1)
	require.Nil(t, r.Inventories[0].Before)

	r, err = compare.Range(t.Context(), repo, "v9", "v2", compare.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{"base-missing v9"}, gaps(r.Changes))
	require.Empty(t, r.Changes.Dependencies)
	require.Equal(t, release.CoverageMissing, r.Changes.Coverage[release.KindDependency])

	_, err = compare.Range(t.Context(), repo, "v1", "v9", compare.Options{})
	require.ErrorIs(t, err, gitlog.ErrUnknownRevision)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err = compare.Range(ctx, repo, "v1", "v2", compare.Options{})
	require.Error(t, err)
	require.Empty(t, r)
}

// A file that is larger than the repository's reader takes is a gap.
func TestRangeLargeFile(t *testing.T) {
	t.Parallel()
	dir := repository(t, first, second).Dir()
	repo, err := gitlog.OpenWith(t.Context(), dir, gitlog.Options{MaxFile: 60})
	require.NoError(t, err)
	r, err := compare.Range(t.Context(), repo, "v1", "v2", compare.Options{})
	require.NoError(t, err)
	require.Contains(t, gaps(r.Changes), "unreadable web/package-lock.json")
	require.Equal(t, release.CoveragePartial, r.Changes.Coverage[release.KindDependency])
	require.Len(t, r.Changes.Dependencies, 1, "go.mod's")
}
