package gitlog_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// Where all directories are there, links lead where the standard library says.
func TestFollowProperty(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	var every []string // paths of up to three names
	for _, a := range names {
		every = append(every, a)
		for _, b := range names {
			every = append(every, a+"/"+b)
			for _, c := range names {
				every = append(every, a+"/"+b+"/"+c)
			}
		}
	}
	slices.Sort(every) // parents first
	ended, escaped := 0, 0
	step := rapid.SampledFrom(append([]string{"..", "..", ".", ""}, names...))
	rapid.Check(t, func(t *rapid.T) {
		for range 8 {
			dir, err := os.MkdirTemp("", "gitlog-follow-")
			require.NoError(t, err)
			defer os.RemoveAll(dir)
			root, err := os.OpenRoot(dir)
			require.NoError(t, err)
			defer root.Close()
			links := map[string]string{}
			for range rapid.IntRange(1, 5).Draw(t, "links") {
				target := strings.Join(rapid.SliceOfN(step, 1, 5).Draw(t, "target"), "/")
				if target != "" && target[0] != '/' {
					links[rapid.SampledFrom(every).Draw(t, "path")] = target
				}
			}
			for _, p := range every {
				if _, ok := links[path.Dir(p)]; ok || links[path.Dir(path.Dir(p))] != "" {
					delete(links, p) // below a link there is nothing
				} else if target, ok := links[p]; ok {
					require.NoError(t, root.Symlink(target, p))
				} else {
					require.NoError(t, root.Mkdir(p, 0o755))
				}
			}
			for _, p := range slices.Sorted(maps.Keys(links)) {
				_, err := root.Stat(p)
				if errors.Is(err, fs.ErrNotExist) {
					continue // deeper than three
				}
				require.Equal(t, err == nil, gitlog.Follow(links, p) == nil, "%s of %q: %v", p, links, err)
				ended++
				if err != nil {
					escaped++
				}
			}
		}
	})
	require.Greater(t, ended, 20)
	require.Greater(t, escaped, 3)
}
