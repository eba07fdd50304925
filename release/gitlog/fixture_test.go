package gitlog_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fixture is a repository that is built once, and copied by each test that wants it:
// to copy its files is much faster than to start ten processes.
type fixture struct {
	dir  string // set by TestMain, which also removes it
	once sync.Once
	made work
}

var historyFixture fixture

// history is a tag, and a commit after it.
func history(t *testing.T) *work {
	t.Helper()
	historyFixture.once.Do(func() {
		w := &work{t: t, dir: historyFixture.dir}
		w.git("init", "-q", "--template=", "-b", "main")
		require.NoError(t, os.Mkdir(filepath.Join(w.dir, ".git/hooks"), 0o755))
		w.write("a.txt", "1\n2\n")
		w.commit("one")
		w.git("tag", "v1")
		w.write("a.txt", "1\n3\n4\n")
		w.write("b/c.txt", "x\n")
		w.commit("two")
		historyFixture.made = work{n: w.n}
	})
	require.NotZero(t, historyFixture.made.n, "the fixture was not made")
	w := historyFixture.made
	w.t, w.dir = t, t.TempDir()
	require.NoError(t, os.CopyFS(w.dir, os.DirFS(historyFixture.dir)))
	return &w
}
