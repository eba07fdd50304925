package gitlog_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// BenchmarkGitLog reads a range, and has "git log --numstat" show the same range in
// the same loop: x-gitlog is how many times as long ours took. The range is 2,000
// generated commits, and the whole history of a checkout: that which SALLYPORT_REPO
// names, or the one that the test stands in.
func BenchmarkGitLog(b *testing.B) {
	b.Run("generated", func(b *testing.B) { besideGit(b, generated(b, 2000), "main") })
	b.Run("checkout", func(b *testing.B) {
		dir := os.Getenv("SALLYPORT_REPO")
		if dir == "" {
			dir = "."
		}
		if _, err := gitlog.Open(b.Context(), dir); err != nil {
			b.Skipf("no repository: %v", err)
		}
		besideGit(b, dir, "HEAD")
	})
}

func besideGit(b *testing.B, dir, head string) {
	var ours, gits time.Duration
	commits := 0
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		c, err := gitlog.Read(b.Context(), dir, gitlog.Root, head)
		ours += time.Since(start)
		require.NoError(b, err)
		require.NotEmpty(b, c.Commits)
		commits = len(c.Commits)

		start = time.Now()
		cmd := exec.Command("git", "-C", dir, "log", "--numstat", head)
		cmd.Stdout = io.Discard
		require.NoError(b, cmd.Run())
		gits += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(gits), "x-gitlog")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/read")
	b.ReportMetric(float64(commits), "commits")
}

// generated is a bare repository with some commits.
func generated(b *testing.B, commits int) string {
	dir := b.TempDir()
	for _, d := range []string{"objects/pack", "refs/heads"} {
		require.NoError(b, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	require.NoError(b, os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/main\n"), 0o644))
	require.NoError(b, os.WriteFile(filepath.Join(dir, "config"), []byte("[core]\n\tbare = true\n"), 0o644))
	random := rand.New(rand.NewPCG(1, 2))
	files := make([][]string, 400)
	for i := range files {
		for range 200 {
			files[i] = append(files[i], fmt.Sprintf("some line of a source file, number %d\n", random.IntN(1000)))
		}
	}
	var in strings.Builder
	for i := range commits {
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter M <m@example.com> %d +0000\ndata <<END\nChange %d\n\nWith a body.\n\nSigned-off-by: M <m@example.com>\nEND\n", 1_700_000_000+i, i)
		for range 1 + random.IntN(5) {
			f := random.IntN(len(files))
			for range 1 + random.IntN(10) {
				files[f][random.IntN(200)] = fmt.Sprintf("changed line %d\n", random.IntN(1_000_000))
			}
			text := strings.Join(files[f], "")
			fmt.Fprintf(&in, "M 100644 inline pkg%d/sub%d/file%d.go\ndata %d\n%s\n", f%7, f%31, f, len(text), text)
		}
	}
	cmd := exec.Command("git", "--git-dir="+dir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, "%s", out)
	return dir
}
