package gitlog_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// work is a repository that a test builds with git.
type work struct {
	t   testing.TB
	dir string
	n   int // commits made; each is a minute after the one before
}

func newWork(t testing.TB, args ...string) *work {
	t.Helper()
	w := &work{t: t, dir: t.TempDir()}
	w.git(append([]string{"init", "-q", "--template=", "-b", "main"}, args...)...)
	return w
}

// env is an environment in which git gives the same ids everywhere.
func (w *work) env() []string {
	date := fmt.Sprintf("%d +0130", 1_700_000_000+60*w.n)
	env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "GIT_") })
	return append(env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=maintenance.auto", "GIT_CONFIG_VALUE_0=false", // a process less for each commit
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=Ada@Example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Carl", "GIT_COMMITTER_EMAIL=carl@example.com", "GIT_COMMITTER_DATE="+date)
}

func (w *work) run(stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = w.dir, w.env(), strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("git %q: %w: %s", args, err, errs.String())
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func (w *work) git(args ...string) string {
	w.t.Helper()
	out, err := w.run("", args...)
	require.NoError(w.t, err)
	return out
}

// object writes any object, sound or not, and returns its id.
func (w *work) object(kind, content string) string {
	w.t.Helper()
	id, err := w.run(content, "hash-object", "-t", kind, "-w", "--stdin", "--literally")
	require.NoError(w.t, err)
	return id
}

func (w *work) write(path, content string) {
	w.t.Helper()
	file := filepath.Join(w.dir, path)
	require.NoError(w.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(w.t, os.WriteFile(file, []byte(content), 0o644))
}

// commit records everything that is in the directory.
func (w *work) commit(message string) release.Revision {
	w.t.Helper()
	w.n++
	w.git("add", "-A")
	_, err := w.run(message, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-")
	require.NoError(w.t, err)
	return w.head()
}

// head is the id of HEAD, read from the files, which is faster than to ask git.
func (w *work) head() release.Revision {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, ".git/HEAD"))
	require.NoError(w.t, err)
	if ref, ok := strings.CutPrefix(string(text), "ref: "); ok {
		text, err = os.ReadFile(filepath.Join(w.dir, ".git", strings.TrimSpace(ref)))
		require.NoError(w.t, err)
	}
	return release.Revision(strings.TrimSpace(string(text)))
}

// program writes a program. No process is started while it is open: one started then
// would have it open too, and what is being written cannot be run ("text file busy").
func program(t testing.TB, file, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o755))
}

func (w *work) open(options ...gitlog.Options) *gitlog.Repo {
	w.t.Helper()
	options = append(options, gitlog.Options{})
	r, err := gitlog.OpenWith(w.t.Context(), w.dir, options[0])
	require.NoError(w.t, err)
	return r
}

func (w *work) read(base, head string, options ...gitlog.Options) release.ChangeSet {
	w.t.Helper()
	c, err := w.open(options...).Read(w.t.Context(), base, head)
	require.NoError(w.t, err)
	return c
}

func gapKinds(c release.ChangeSet) []release.GapKind {
	var kinds []release.GapKind
	for _, g := range c.Gaps {
		kinds = append(kinds, g.Kind)
	}
	return kinds
}

func subjects(c release.ChangeSet) []string {
	var out []string
	for _, x := range c.Commits {
		out = append(out, x.Subject.String())
	}
	return out
}

// brief is a file change without its ids.
func brief(files []release.FileChange) []string {
	var out []string
	for _, f := range files {
		s := fmt.Sprintf("%s %s %s>%s +%d -%d", f.Op, f.Path, f.OldMode, f.NewMode, f.Added, f.Deleted)
		if f.Binary {
			s += " binary"
		}
		if f.Uncounted {
			s += " uncounted"
		}
		out = append(out, s)
	}
	return out
}
