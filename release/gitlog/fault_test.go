package gitlog_test

import (
	"context"
	"fmt"
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

// everyRun makes faulty do it each time.
const everyRun = 0

// faulty writes a git program that counts its runs by creating files (which is
// atomic: two of them run at a time), and does something else at the k-th. The
// shell creates them itself: a child of one that was killed would still create one
// when the test is over and removes the directory.
func faulty(t *testing.T, k int, instead string) string {
	git, err := exec.LookPath("git")
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "git")
	program(t, file, fmt.Sprintf("#!/bin/sh\nreal=%[1]s\nn=1\nset -C\nwhile ! true 2>/dev/null >%[2]s/run$n; do n=$((n+1)); done\nset +C\n"+
		"if [ %[3]d = 0 ] || [ $n = %[3]d ]; then\n%[4]s\nfi\nexec $real \"$@\"\n", git, dir, k, instead))
	return file
}

func faultyRepo(t *testing.T) *work {
	w := history(t)
	w.write("a.txt", "5\n")
	w.commit("three\n\nThis reverts commit " + string(w.head())[:10] + ".\n")
	return w
}

// The runs of one Open and Read: config, cat-file (names), rev-list, cat-file
// (commits) beside cat-file (trees) and two of diff-tree, cat-file (abbreviations).
const runs = 8

func TestFaultEachCall(t *testing.T) {
	t.Parallel()
	w := faultyRepo(t)
	whole := w.read("v1", "HEAD")
	require.Len(t, whole.Commits, 2)
	require.Len(t, whole.Commits[1].Reverts, 1)
	for instead, says := range map[string]string{
		"echo 'bad\tthings' >&2; exit 3":               `bad\tthings`,
		`$real "$@"; echo late >&2; exit 1`:            "late", // all of the output, and then a failure
		"kill -9 $$":                                   "killed",
		"exit 0":                                       "",
		`$real "$@"; echo more; exit 0`:                "",
		`$real "$@"; head -c 100000 /dev/zero; exit 0`: "",
		`i=0; while [ $i -lt 3000 ]; do echo bad; i=$((i+1)); done >&2; exit 1`: "bad",
	} {
		for k := 1; ; k++ {
			r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, k, instead)})
			var c release.ChangeSet
			if err == nil {
				c, err = r.Read(t.Context(), "v1", "HEAD")
			}
			if k > runs {
				require.NoError(t, err)
				require.Equal(t, whole, c)
				break
			}
			if k == 1 && instead == "exit 0" {
				require.NoError(t, err) // an empty configuration is a configuration
				require.Equal(t, whole, c)
				continue
			}
			require.Error(t, err, "%s at %d", instead, k)
			require.Contains(t, err.Error(), says)
			require.Less(t, len(err.Error()), 4<<10)
			require.NotContains(t, err.Error(), "\n")
			require.Zero(t, c)
		}
	}
}

// An output that is cut short is an error wherever it is cut, although git then
// claims success.
func TestFaultTruncated(t *testing.T) {
	t.Parallel()
	w := faultyRepo(t)
	whole := w.read("v1", "HEAD")
	cut := 0
	for k := 2; k <= runs; k++ {
		for n := 0; n < 1200; n += 97 {
			var marker = filepath.Join(t.TempDir(), "whole")
			program := faulty(t, k, fmt.Sprintf(`case "$*" in *--batch) touch %[2]s; exec $real "$@";; esac # a conversation: see TestFaultEachCall
$real "$@" > %[2]s.out; head -c %[1]d %[2]s.out; [ $(wc -c < %[2]s.out) -gt %[1]d ] || touch %[2]s; exit 0`, n, marker))
			r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: program})
			require.NoError(t, err)
			c, err := r.Read(t.Context(), "v1", "HEAD")
			if _, e := os.Stat(marker); e == nil {
				require.NoError(t, err)
				require.Equal(t, whole, c)
				break
			}
			require.Error(t, err, "run %d cut at %d", k, n)
			require.Zero(t, c)
			cut++
		}
	}
	require.Greater(t, cut, 16)
}

// Cut behind the line that names the last commit that is compared, git's output
// looks like that of a commit which changed nothing. What is asked for after it
// gives it away.
func TestFaultTruncatedBetweenCommits(t *testing.T) {
	t.Parallel()
	w := faultyRepo(t)
	file := filepath.Join(t.TempDir(), "out")
	last := w.git("rev-parse", "HEAD~1")
	for _, more := range []int{0, len(last) + 1} {
		instead := fmt.Sprintf(`case "$2" in diff-tree) $real "$@" > %[1]s.$$; at=$(LC_ALL=C grep -abo %[2]s %[1]s.$$ | head -n 1 | cut -d: -f1)
if [ -z "$at" ]; then cat %[1]s.$$; else touch %[1]s; head -c $((at + %[3]d)) %[1]s.$$; fi; exit 0;; esac`,
			file, last, more)
		// Any run: the program itself looks which one it is.
		r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, everyRun, instead)})
		require.NoError(t, err)
		c, err := r.Read(t.Context(), "v1", "HEAD")
		require.FileExists(t, file)
		require.ErrorContains(t, err, "ends early")
		require.Zero(t, c)
	}
}

func TestFaultHang(t *testing.T) {
	t.Parallel()
	w := faultyRepo(t)
	// A child of the program, which is not killed with it, stays for as long as the
	// test's directory is there.
	const stay = `(while [ -d "${0%/*}" ]; do sleep 1; done)`
	for i, hang := range []string{"exec sleep 600", stay, stay + ` & exec $real "$@"`, "$real \"$@\"; exec sleep 600", "exec >&-; exec sleep 600"} {
		for _, k := range []int{1, 4} {
			t.Run(fmt.Sprintf("%d at run %d", i, k), func(t *testing.T) {
				t.Parallel()
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				r, err := gitlog.OpenWith(ctx, w.dir, gitlog.Options{Git: faulty(t, k, hang)})
				if err == nil {
					_, err = r.Read(ctx, "v1", "HEAD")
				}
				require.ErrorIs(t, err, context.DeadlineExceeded)
				// Long before a command's limit of 5 minutes, however busy the machine is.
				require.Less(t, time.Since(start), 3*time.Minute)
			})
		}
	}
	_, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, 1, "exec sleep 600"), Timeout: 50 * time.Millisecond})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "time allowed")
	// The same, if it is over before git was started.
	_, err = gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Timeout: time.Nanosecond})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "time allowed")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = gitlog.Read(ctx, w.dir, "v1", "HEAD")
	require.ErrorIs(t, err, context.Canceled)
}

// Nothing is left in the directory for temporary files, after success or failure.
// Not parallel: the environment is the process's.
func TestLeavesNothing(t *testing.T) {
	w := faultyRepo(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	useAll(t, w)
	_, err := w.open().Resolve(t.Context(), "none")
	require.Error(t, err)
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, strings.HasPrefix(e.Name(), "sallyport-"), e.Name())
	}
	out, err := exec.Command("ps", "-o", "stat=", "--ppid", fmt.Sprint(os.Getpid())).Output()
	if err == nil {
		require.NotContains(t, string(out), "Z", "a zombie")
	}
}
