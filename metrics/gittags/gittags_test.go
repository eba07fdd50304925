package gittags_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/gittags"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

const begin = 1_780_300_800

// git runs git in a directory, at an hour after the beginning.
func git(t *testing.T, dir string, hour int, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	date := fmt.Sprintf("%d +0000", begin+3600*hour)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a",
		"GIT_COMMITTER_EMAIL=a@b", "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}

// repository is made by git: each step is an hour after the one before.
func repository(t *testing.T, steps ...[]string) string {
	t.Helper()
	dir := t.TempDir()
	for i, args := range append([][]string{{"init", "-q", "-b", "main"}}, steps...) {
		git(t, dir, i, args...)
	}
	return dir
}

func commit(message string) []string { return []string{"commit", "-q", "--allow-empty", "-m", message} }

func open(t *testing.T, dir string) *gitlog.Repo {
	t.Helper()
	r, err := gitlog.Open(t.Context(), dir)
	require.NoError(t, err)
	return r
}

func hour(n int) time.Time { return time.Unix(begin+int64(3600*n), 0).UTC() }

func TestRead(t *testing.T) {
	t.Parallel()
	dir := repository(t, commit("one"), []string{"tag", "v1"}, commit("two"), commit("three"), []string{"tag", "-a", "-m", "x", "v2-rc1"}, commit("four"))
	git(t, dir, 7, commit("Revert \"three\"\n\nThis reverts commit "+git(t, dir, 7, "rev-parse", "HEAD~1")+".")...)
	git(t, dir, 8, "tag", "-a", "-m", "x", "v2")
	facts, gaps, err := gittags.Read(t.Context(), open(t, dir), gittags.Options{Service: "shop", Match: func(name string) bool { return !strings.Contains(name, "-") }})
	require.NoError(t, err)
	require.Empty(t, gaps)
	var deployments []metrics.Deployment
	changes := map[string]metrics.Change{}
	for _, f := range facts {
		switch f := f.(type) {
		case metrics.Deployment:
			deployments = append(deployments, f)
		case metrics.Change:
			changes[f.ID] = f
		}
	}
	require.Len(t, deployments, 2)
	require.Len(t, changes, 5)
	v1, v2 := deployments[0], deployments[1]
	require.Equal(t, []any{"tag/v1", "v1", "shop", "production", hour(1), 0}, []any{v1.ID, v1.Version, v1.Service, v1.Environment, v1.At, len(v1.Changes)})
	require.Equal(t, []any{"tag/v2", "v2", "v1", hour(8), 4}, []any{v2.ID, v2.Version, v2.Follows, v2.At, len(v2.Changes)})
	reverts := 0
	for _, c := range changes {
		if !c.RevertOf.IsZero() {
			reverts++
			require.Contains(t, changes, c.RevertOf.ID)
			require.Equal(t, hour(4), changes[c.RevertOf.ID].At)
		}
	}
	require.Equal(t, 1, reverts)

	// A log takes them, twice too, and gives lead times.
	var log metrics.Log
	for range 2 {
		_, err = log.Add(facts...)
		require.NoError(t, err)
	}
	require.Equal(t, len(facts), log.Len())
	report, err := metrics.Compute(log.Snapshot(hour(48)), metrics.DORA(), metrics.Query{From: hour(0), To: hour(48), Window: metrics.WindowWhole})
	require.NoError(t, err)
	for res := range report.All() {
		if res.Metric == metrics.LeadTime {
			require.Equal(t, 4, res.N)
			require.Equal(t, 3.0*3600, res.Value, "5, 4, 2 and 1 hours: the median is between 4 and 2")
		}
	}
}

func TestShallow(t *testing.T) {
	t.Parallel()
	dir := repository(t, commit("one"), []string{"tag", "v1"}, commit("two"), []string{"tag", "v2"}, commit("three"), []string{"tag", "v3"})
	clone := t.TempDir()
	out, err := exec.Command("git", "clone", "-q", "--depth", "2", "file://"+dir, clone).CombinedOutput()
	require.NoError(t, err, string(out))
	facts, gaps, err := gittags.Read(t.Context(), open(t, clone), gittags.Options{Service: "shop"})
	require.NoError(t, err)
	require.Equal(t, release.GapShallow, gaps[0].Kind)
	for _, f := range facts {
		if d, ok := f.(metrics.Deployment); ok {
			require.Empty(t, d.Changes, "what is not known is not told")
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	_, _, err := gittags.Read(t.Context(), open(t, dir), gittags.Options{})
	require.ErrorContains(t, err, "no service")
	facts, gaps, err := gittags.Read(t.Context(), open(t, dir), gittags.Options{Service: "shop"})
	require.NoError(t, err)
	require.Empty(t, facts)
	require.Empty(t, gaps)
}

func ExampleRead() {
	dir, err := os.MkdirTemp("", "gittags")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	run := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_AUTHOR_DATE=2026-06-01T09:00:00Z", "GIT_COMMITTER_DATE=2026-06-01T09:00:00Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Println(string(out), err)
		}
	}
	run("init", "-q")
	run("commit", "-q", "--allow-empty", "-m", "first")
	run("tag", "v1.0.0")

	ctx := context.Background()
	repo, err := gitlog.Open(ctx, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	facts, _, err := gittags.Read(ctx, repo, gittags.Options{Service: "shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range facts {
		if d, ok := f.(metrics.Deployment); ok {
			fmt.Println(d.ID, d.Service, d.At.Format(time.DateTime))
		}
	}
	// Output: tag/v1.0.0 shop 2026-06-01 09:00:00
}
